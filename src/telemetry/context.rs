//! W3C Trace Context (www.w3.org/TR/trace-context): whose trace a request belongs to. Read strictly: what is not exactly as
//! the recommendation says is as if it were not there.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{SpanId, TraceId, TraceState};
use std::str::FromStr;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The caller has recorded its span, and wants ours.
const SAMPLED: u8 = 0x01;
/// The trace's id is random enough to be sampled by.
const RANDOM: u8 = 0x02;
/// Of version 0, to the last digit of the flags.
const LENGTH: usize = 55;

/// What a caller says of its trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub flags: Flags,
    pub state: Option<HeaderValue>,
}

/// Those that this version knows. Others must not be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u8);

impl Flags {
    pub const fn of(sampled: bool) -> Self {
        Self(if sampled { SAMPLED } else { 0 })
    }

    pub const fn is_sampled(self) -> bool {
        self.0 & SAMPLED != 0
    }

    /// The same trace, with another decision.
    #[must_use]
    pub const fn sampled(self, sampled: bool) -> Self {
        Self(self.0 & RANDOM | Self::of(sampled).0)
    }
}

impl Parent {
    /// None: there is no trace to go on with.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let (only, None) = (all.next()?, all.next()) else {
            return None;
        };
        let (trace_id, span_id, flags) = traceparent(only.as_bytes())?;
        Some(Self {
            trace_id,
            span_id,
            flags,
            state: tracestate(headers),
        })
    }

    /// As the span under which the next one is to go on.
    pub fn write(&self, headers: &mut HeaderMap) {
        let (trace, span, flags) = (self.trace_id, self.span_id, self.flags.0);
        if let Ok(value) = HeaderValue::try_from(format!("00-{trace}-{span}-{flags:02x}")) {
            headers.insert(TRACEPARENT, value);
        }
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }

    pub(super) fn trace_state(&self) -> TraceState {
        parsed(self.state.as_ref()).unwrap_or_default()
    }
}

/// What a caller says of its trace goes on as it came: nobody here has a span of his own.
pub fn pass_on(caller: &HeaderMap, to: &mut HeaderMap) {
    if let Some(parent) = Parent::read(caller) {
        parent.write(to);
    }
}

fn traceparent(text: &[u8]) -> Option<(TraceId, SpanId, Flags)> {
    let (known, more) = text.split_at_checked(LENGTH)?;
    let (version, rest) = known.split_at_checked(2)?;
    let version = u8::try_from(hex(version)?).ok()?;
    // A later version may say more behind these, after a dash.
    let fits = match version {
        0 => more.is_empty(),
        u8::MAX => false,
        _ => more.first().is_none_or(|b| *b == b'-'),
    };
    if !fits {
        return None;
    }
    let mut fields = rest.strip_prefix(b"-")?.split(|b| *b == b'-');
    let (trace, span, flags) = (fields.next()?, fields.next()?, fields.next()?);
    if (trace.len(), span.len(), flags.len()) != (32, 16, 2) {
        return None;
    }
    let trace = TraceId::from(hex(trace)?);
    let span = SpanId::from(u64::try_from(hex(span)?).ok()?);
    let flags = u8::try_from(hex(flags)?).ok()?;
    let valid = trace != TraceId::INVALID && span != SpanId::INVALID;
    valid.then_some((trace, span, Flags(flags & (SAMPLED | RANDOM))))
}

/// Small letters only.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |n, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(n << 4 | u128::from(value))
    })
}

/// Several headers are one list. A list with anything wrong in it is dropped as a whole.
fn tracestate(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut all = headers.get_all(TRACESTATE).iter();
    let first = all.next()?.clone();
    let joined = all.try_fold(first, |list, more| {
        HeaderValue::from_bytes(&[list.as_bytes(), b",", more.as_bytes()].concat()).ok()
    })?;
    is_list(joined.as_bytes()).then_some(joined)
}

const MOST_MEMBERS: usize = 32;

/// Keys and values as the recommendation has them, each key once.
fn is_list(text: &[u8]) -> bool {
    let members = text.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    let mut keys = Vec::new();
    for member in members.filter(|m| !m.is_empty()) {
        let Some((key, value)) = halves(member) else {
            return false;
        };
        if keys.contains(&key) || !is_key(key) || !is_value(value) {
            return false;
        }
        keys.push(key);
    }
    (1..=MOST_MEMBERS).contains(&keys.len())
}

fn halves(member: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = member.iter().position(|b| *b == b'=')?;
    Some((member.get(..at)?, member.get(at + 1..)?))
}

fn is_key(key: &[u8]) -> bool {
    let small = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let rest = |b: &u8| small(b) || b"_-*/@".contains(b);
    key.len() <= 256 && key.first().is_some_and(small) && key.iter().all(rest)
}

fn is_value(value: &[u8]) -> bool {
    let fits = |b: &u8| matches!(b, b' '..=b'~') && *b != b'=';
    (1..=256).contains(&value.len()) && value.iter().all(fits)
}

fn parsed(state: Option<&HeaderValue>) -> Option<TraceState> {
    TraceState::from_str(state?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn passed(all: &[(&'static str, &str)]) -> Vec<(String, String)> {
        let mut out = HeaderMap::new();
        pass_on(&headers(all), &mut out);
        let text = |v: &HeaderValue| v.to_str().unwrap().to_owned();
        out.iter().map(|(n, v)| (n.to_string(), text(v))).collect()
    }

    #[test]
    fn a_valid_context_goes_on_as_it_came() {
        let sent = [("traceparent", GOOD), ("tracestate", "a=1,tenant@b=x y")];
        let sent_on = sent.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(passed(&sent), sent_on);
    }

    #[test]
    fn what_is_not_exactly_a_context_is_as_if_it_were_not_there() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
        ] {
            assert_eq!(
                passed(&[("traceparent", bad), ("tracestate", "a=1")]),
                [],
                "{bad}"
            );
        }
        let twice = [("traceparent", GOOD), ("traceparent", GOOD)];
        assert_eq!(passed(&twice), []);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known_and_said_again_as_ours() {
        let later = GOOD.replacen("00", "cc", 1) + "-what-comes-then";
        let said = Parent::read(&headers(&[("traceparent", &later)])).unwrap();
        assert_eq!(
            said,
            Parent::read(&headers(&[("traceparent", GOOD)])).unwrap()
        );
        assert_eq!(
            passed(&[("traceparent", &later)]),
            [("traceparent".to_owned(), GOOD.to_owned())]
        );
    }

    #[test]
    fn flags_that_nobody_knows_are_not_passed_on() {
        let all = GOOD.replace("-01", "-ff");
        let known = GOOD.replace("-01", "-03");
        assert_eq!(
            passed(&[("traceparent", &all)]),
            [("traceparent".to_owned(), known)]
        );
    }

    #[test]
    fn a_bad_state_goes_and_its_parent_stays() {
        let long = vec!["a=1"; 33].join(",");
        for bad in [
            "=1", "a", "a=", "A=1", "a=1,b", "a=1,a=2", "a=b=c", "a=x\ty", ",", &long,
        ] {
            let said = passed(&[("traceparent", GOOD), ("tracestate", bad)]);
            assert_eq!(said, [("traceparent".to_owned(), GOOD.to_owned())], "{bad}");
        }
    }

    #[test]
    fn several_states_are_one_list() {
        let all = [
            ("traceparent", GOOD),
            ("tracestate", "a=1"),
            ("tracestate", "b=2"),
        ];
        assert_eq!(passed(&all)[1].1, "a=1,b=2");
    }

    proptest! {
        #[test]
        fn nothing_that_a_caller_sends_gets_through_but_a_context(text in "[ -~]{0,70}") {
            let sent = [("traceparent", text.as_str())];
            for (_, value) in passed(&sent) {
                prop_assert!(Parent::read(&headers(&[("traceparent", &value)])).is_some());
                prop_assert_eq!(value.get(2..53), text.get(2..53));
            }
        }

        #[test]
        fn what_is_written_is_read_again(trace in 1_u128.., span in 1_u64.., sampled: bool) {
            let parent = Parent {
                trace_id: TraceId::from(trace),
                span_id: SpanId::from(span),
                flags: Flags::of(sampled),
                state: None,
            };
            let mut out = HeaderMap::new();
            parent.write(&mut out);
            prop_assert_eq!(Parent::read(&out), Some(parent));
        }
    }
}
