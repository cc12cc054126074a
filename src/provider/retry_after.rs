//! How long a provider that throttles us asks us to stay away. Everyone says it elsewhere: in one of two headers,
//! in the resets of the exhausted limits, in the error's details, in the middle of its sentence.
//!
//! Only for throttles: Anthropic sends `retry-after` on good answers too.

use crate::model::{Wall, time::parse_duration};
use http::HeaderMap;
use std::time::Duration;

/// A longer wait is a typing error of theirs or a matter for people; the gate looks again after it.
pub const LONGEST: Duration = Duration::from_hours(24);

/// The wait that was asked for: `Retry-After` in either form, else what the body said (`said`), else the resets
/// of the limits that are used up.
pub fn read(headers: &HeaderMap, said: Option<Duration>, now: Wall) -> Option<Duration> {
    explicit(headers, now)
        .or(said)
        .or_else(|| resets(headers, now))
        .map(|wait| wait.min(LONGEST))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// What the headers of that name say. The milliseconds win, being finer; but Azure sends `retry-after: 1` beside `retry-after-ms: 0`.
pub(crate) fn explicit(headers: &HeaderMap, now: Wall) -> Option<Duration> {
    let ms = text(headers, "retry-after-ms")
        .and_then(|v| v.parse::<f64>().ok())
        .and_then(|ms| seconds(ms / 1000.0));
    let header = text(headers, "retry-after").and_then(|v| {
        v.parse()
            .ok()
            .and_then(seconds)
            .or_else(|| http_date(v, now))
    });
    match (ms, header) {
        (Some(ms), Some(coarse)) if ms.is_zero() => Some(coarse),
        (ms, header) => ms.or(header),
    }
}

fn seconds(s: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(s).ok()
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`; a date that has passed is no wait.
fn http_date(value: &str, now: Wall) -> Option<Duration> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?;
    until(at, now)
}

fn until(at: jiff::Timestamp, now: Wall) -> Option<Duration> {
    let at = u64::try_from(at.as_millisecond().max(0)).ok()?;
    Some(now.until(Wall(at)))
}

/// The pairs of (what is left, when it is full again) that providers send.
const LIMITS: &[(&str, &str)] = &[
    (
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    ),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    (
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ),
    (
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ),
    (
        "anthropic-ratelimit-input-tokens-remaining",
        "anthropic-ratelimit-input-tokens-reset",
    ),
    (
        "anthropic-ratelimit-output-tokens-remaining",
        "anthropic-ratelimit-output-tokens-reset",
    ),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
];

/// The last reset among the limits that are used up. When none says that it is, the first reset of all: a reset
/// is when a limit is full again, and something is left long before that.
fn resets(headers: &HeaderMap, now: Wall) -> Option<Duration> {
    let all = LIMITS.iter().filter_map(|(left, reset)| {
        let spent = text(headers, left) == Some("0");
        Some((spent, reset_time(text(headers, reset)?, now)?))
    });
    let (spent, rest): (Vec<_>, Vec<_>) = all.partition(|(spent, _)| *spent);
    let waits = |of: Vec<(bool, Duration)>| of.into_iter().map(|(_, wait)| wait);
    waits(spent).max().or_else(|| waits(rest).min())
}

/// `8ms`, `1.2s`, `6m0s`; RFC 3339; seconds; or seconds or milliseconds since 1970.
fn reset_time(value: &str, now: Wall) -> Option<Duration> {
    if let Ok(at) = value.parse::<jiff::Timestamp>() {
        return until(at, now);
    }
    let wait = parse_duration(value).ok()?;
    let epoch = match wait.as_secs() {
        0..1_000_000_000 => return Some(wait),
        s @ 1_000_000_000..1_000_000_000_000 => s.saturating_mul(1000),
        ms => ms,
    };
    Some(now.until(Wall(epoch)))
}

/// The wait in a sentence: "Please retry in 34.4s.", "try again in 6m0s", "retry after 26 seconds".
pub fn in_message(message: &str) -> Option<Duration> {
    let lower = message.to_ascii_lowercase();
    let rest = ["retry in ", "try again in ", "retry after "]
        .iter()
        .find_map(|phrase| lower.split_once(phrase).map(|(_, rest)| rest))?;
    let mut words = rest.split_ascii_whitespace();
    let number = words.next()?.trim_end_matches(['.', ',', ')', ';']);
    let unit = words.next().unwrap_or_default();
    let wait = parse_duration(number).ok()?;
    let bare = number.ends_with(|c: char| c.is_ascii_digit());
    Some(match unit {
        u if bare && u.starts_with("milli") => wait / 1000,
        u if bare && u.starts_with("minute") => wait.saturating_mul(60),
        u if bare && u.starts_with("hour") => wait.saturating_mul(3600),
        u if bare && u.starts_with("day") => wait.saturating_mul(86_400),
        _ => wait,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    /// 2026-11-01T00:00:00Z
    const NOW: Wall = Wall(1_793_491_200_000);

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| {
                (
                    n.parse::<HeaderName>().unwrap(),
                    HeaderValue::from_str(v).unwrap(),
                )
            })
            .collect()
    }

    fn wait(pairs: &[(&str, &str)]) -> Option<u64> {
        read(&headers(pairs), None, NOW).map(|d| u64::try_from(d.as_millis()).unwrap())
    }

    #[test]
    fn every_way_of_saying_it_in_a_header_is_read() {
        for (pairs, ms) in [
            (&[("retry-after", "12")][..], Some(12_000)),
            (&[("retry-after", "0.5")], Some(500)),
            (
                &[("retry-after", "Sun, 01 Nov 2026 00:01:30 GMT")],
                Some(90_000),
            ),
            (&[("retry-after", "Sat, 31 Oct 2026 00:00:00 GMT")], Some(0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (
                &[("retry-after-ms", "250"), ("retry-after", "1")],
                Some(250),
            ),
            (&[("retry-after-ms", "0"), ("retry-after", "1")], Some(1000)),
            (&[("retry-after-ms", "0")], Some(0)),
            (&[("x-ratelimit-reset-requests", "8ms")], Some(8)),
            (&[("x-ratelimit-reset-requests", "1.2s")], Some(1200)),
            (&[("x-ratelimit-reset-tokens", "6m0s")], Some(360_000)),
            (&[("x-ratelimit-reset-tokens", "60")], Some(60_000)),
            (&[("x-ratelimit-reset", "1793491205")], Some(5_000)),
            (&[("x-ratelimit-reset", "1793491205500")], Some(5_500)),
            (
                &[("anthropic-ratelimit-tokens-reset", "2026-11-01T00:00:07Z")],
                Some(7_000),
            ),
            (
                &[(
                    "anthropic-ratelimit-input-tokens-reset",
                    "2026-10-31T23:59:00Z",
                )],
                Some(0),
            ),
            (&[("retry-after", "99999999999")], Some(86_400_000)),
            (&[], None),
        ] {
            assert_eq!(wait(pairs), ms, "{pairs:?}");
        }
    }

    #[test]
    fn the_limit_that_is_used_up_decides_and_not_the_others() {
        let pairs = [
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-reset-requests", "6m0s"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "1.2s"),
        ];
        assert_eq!(wait(&pairs), Some(1200));
    }

    #[test]
    fn with_no_limit_known_to_be_used_up_the_first_reset_decides() {
        let pairs = [
            ("x-ratelimit-reset-requests", "8ms"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        assert_eq!(wait(&pairs), Some(8));
    }

    #[test]
    fn the_body_is_asked_after_the_headers_and_before_the_resets() {
        let said = Some(Duration::from_secs(34));
        let both = headers(&[("retry-after", "2"), ("x-ratelimit-reset-tokens", "1s")]);
        assert_eq!(read(&both, said, NOW), Some(Duration::from_secs(2)));
        let reset = headers(&[("x-ratelimit-reset-tokens", "1s")]);
        assert_eq!(read(&reset, said, NOW), said);
    }

    #[test]
    fn a_wait_inside_a_sentence_is_found() {
        for (message, ms) in [
            (
                "model: gemini-2.5-flash\nPlease retry in 48.939935699s.",
                Some(48_939),
            ),
            (
                "Limit 3, Used 3. Please try again in 6m0s. Visit",
                Some(360_000),
            ),
            ("Please try again in 20ms.", Some(20)),
            ("Please retry after 26 seconds.", Some(26_000)),
            ("Try again in 2 minutes", Some(120_000)),
            ("Please try again in a while", None),
            ("try again later", None),
        ] {
            assert_eq!(in_message(message).map(|d| d.as_millis()), ms, "{message}");
        }
    }
}
