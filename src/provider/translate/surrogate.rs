//! Half characters. Some providers cut an emoji between two events and send each half as a lone surrogate escape
//! (`"\ud83d"`, then `"\udc67"`). A strict JSON reader refuses such an event; here the half is carried over as a
//! private-use character until its other half arrives.

use crate::provider::chat::Delta;
use std::collections::HashMap;

/// Lone surrogates U+D800..U+DFFF live here (plane 16, private use) between two events.
const PARKED: u32 = 0x0010_F000;
const SURROGATES: std::ops::RangeInclusive<u32> = 0xD800..=0xDFFF;

/// Rewrites lone surrogate escapes to parked characters. `None`: there are none, the JSON is broken otherwise.
pub(crate) fn park(json: &[u8]) -> Option<Vec<u8>> {
    rewrite(json, |unit| char::from_u32(PARKED + unit - 0xD800))
}

/// Rewrites lone surrogate escapes to U+FFFD.
pub(crate) fn replace(json: &[u8]) -> Option<Vec<u8>> {
    rewrite(json, |_| Some(char::REPLACEMENT_CHARACTER))
}

/// A text with parked halves in it: those that meet are one character again, the others are lost.
pub(crate) fn mend(text: &str) -> String {
    let mut joiner = Joiner::default();
    let mut out = joiner.join(Channel::Text, text);
    if joiner.is_waiting() {
        out.push(char::REPLACEMENT_CHARACTER);
    }
    out
}

fn rewrite(json: &[u8], with: impl Fn(u32) -> Option<char>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(json.len());
    let mut found = false;
    let mut rest = json;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        out.extend_from_slice(before);
        let taken = match unit(escape) {
            Some(0xD800..=0xDBFF)
                if escape
                    .get(6..)
                    .and_then(unit)
                    .is_some_and(|lo| (0xDC00..=0xDFFF).contains(&lo)) =>
            {
                12
            }
            Some(lone) if SURROGATES.contains(&lone) => {
                found = true;
                let mut utf8 = [0; 4];
                out.extend_from_slice(
                    with(lone)
                        .unwrap_or(char::REPLACEMENT_CHARACTER)
                        .encode_utf8(&mut utf8)
                        .as_bytes(),
                );
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            Some(_) => 6,
            None => 2,
        };
        let (kept, after) = escape.split_at(taken.min(escape.len()));
        out.extend_from_slice(kept);
        rest = after;
    }
    out.extend_from_slice(rest);
    found.then_some(out)
}

/// The code unit of a `\uXXXX` escape that starts here.
fn unit(escape: &[u8]) -> Option<u32> {
    let hex = escape.strip_prefix(b"\\u")?.get(..4)?;
    if !hex.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Channel {
    Text,
    Reasoning,
    Args(u32),
}

/// Joins halves that arrive in different events, separately for text, reasoning and each tool call.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    waiting: HashMap<Channel, u32>,
}

impl Joiner {
    /// Whether a half is waiting for its other half.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Mends the texts of the deltas from `start` on. Halves whose other half can no longer come (the end of the
    /// stream) become U+FFFD.
    pub(crate) fn mend(&mut self, out: &mut Vec<Delta>, start: usize) {
        for delta in out.iter_mut().skip(start) {
            let (channel, text) = match delta {
                Delta::Text(t) => (Channel::Text, t),
                Delta::Reasoning(t) => (Channel::Reasoning, t),
                Delta::ToolArgs { index, json } => (Channel::Args(*index), json),
                _ => continue,
            };
            *text = self.join(channel, text);
        }
        if let Some(at) = out
            .iter()
            .skip(start)
            .position(|d| matches!(d, Delta::Finish(_) | Delta::End))
        {
            let lost: Vec<_> = self
                .waiting
                .drain()
                .map(|(channel, _)| channel.lost())
                .collect();
            out.splice(start + at..start + at, lost);
        }
    }

    fn join(&mut self, channel: Channel, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut high = self.waiting.remove(&channel);
        for c in text.chars() {
            let parked = u32::from(c).wrapping_sub(PARKED).wrapping_add(0xD800);
            let parked = SURROGATES.contains(&parked).then_some(parked);
            match (high.take(), parked) {
                (Some(hi), Some(lo)) if lo >= 0xDC00 => {
                    let joined = 0x1_0000 + ((hi - 0xD800) << 10) + (lo - 0xDC00);
                    out.push(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER));
                    continue;
                }
                (Some(_), _) => out.push(char::REPLACEMENT_CHARACTER),
                (None, _) => {}
            }
            match parked {
                Some(hi) if hi < 0xDC00 => high = Some(hi),
                Some(_) => out.push(char::REPLACEMENT_CHARACTER),
                None => out.push(c),
            }
        }
        if let Some(hi) = high {
            self.waiting.insert(channel, hi);
        }
        out
    }
}

impl Channel {
    fn lost(self) -> Delta {
        let text = char::REPLACEMENT_CHARACTER.to_string();
        match self {
            Self::Text => Delta::Text(text),
            Self::Reasoning => Delta::Reasoning(text),
            Self::Args(index) => Delta::ToolArgs { index, json: text },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pairs_and_escaped_backslashes_are_left_alone() {
        assert_eq!(park(br#"{"a":"\ud83d\udc67 \\ud83d \n"}"#), None);
    }

    #[test]
    fn a_lone_half_in_a_whole_body_becomes_the_replacement_character() {
        let fixed = replace(br#"{"a":"x\uDC67y"}"#).unwrap();
        assert_eq!(
            std::str::from_utf8(&fixed).unwrap(),
            "{\"a\":\"x\u{FFFD}y\"}"
        );
    }

    #[test]
    fn a_half_that_never_gets_its_other_half_is_replaced_at_the_end() {
        let parked = park(br#""a\ud83d""#).unwrap();
        let mut out = vec![Delta::Text(serde_json::from_slice(&parked).unwrap())];
        let mut joiner = Joiner::default();
        joiner.mend(&mut out, 0);
        assert_eq!(out, [Delta::Text("a".to_owned())]);
        out.push(Delta::End);
        joiner.mend(&mut out, 1);
        assert_eq!(out[1], Delta::Text("\u{FFFD}".to_owned()));
        assert!(!joiner.is_waiting());
    }
}
