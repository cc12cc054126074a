//! A whole answer told as a stream: what a cached or canned answer looks like to a client that asked for one.

use super::{Reply, StreamWriter, json};
use crate::{
    model::Dialect,
    provider::chat::{Answer, Delta, Finish, Part},
};
use bytes::{Bytes, BytesMut};

/// About a short phrase: small enough to look like a stream, large enough that a long answer is not thousands of
/// events.
const PIECE: usize = 24;

/// The events of a stream that says `answer`, terminal events included; each item is one write.
pub fn replay(dialect: Dialect, answer: &Answer, reply: Reply, include_usage: bool) -> Vec<Bytes> {
    let mut writer = StreamWriter::new(dialect, reply, include_usage);
    let mut buffer = BytesMut::new();
    let mut out = Vec::new();
    for delta in deltas(answer) {
        writer.write(&delta, &mut buffer);
        if !buffer.is_empty() {
            out.push(buffer.split().freeze());
        }
    }
    writer.finish(&mut buffer);
    out.push(buffer.freeze());
    out
}

fn deltas(answer: &Answer) -> Vec<Delta> {
    let mut out = vec![
        Delta::Start {
            id: answer.id.clone(),
            model: answer.model.clone(),
        },
        Delta::Usage(answer.usage),
    ];
    let mut tools = 0u32;
    for part in &answer.parts {
        match part {
            Part::Text(text) => out.extend(pieces(text).map(|p| Delta::Text(p.to_owned()))),
            Part::Reasoning { text, signature } => {
                out.extend(pieces(text).map(|p| Delta::Reasoning(p.to_owned())));
                out.extend(signature.clone().map(Delta::Signature));
            }
            Part::ToolUse {
                id,
                name,
                input,
                signature,
            } => {
                let (index, id, name) = (tools, id.clone(), name.clone());
                out.push(Delta::ToolStart {
                    index,
                    id,
                    name,
                    signature: signature.clone(),
                });
                out.push(Delta::ToolArgs {
                    index,
                    json: json::arguments_text(input),
                });
                tools += 1;
            }
            Part::Image(_) | Part::File { .. } | Part::ToolResult { .. } => {}
        }
    }
    out.push(Delta::Finish(answer.finish.unwrap_or(Finish::Stop)));
    out
}

/// Cuts after spaces, so that a piece is a few words; a text without any is cut at characters.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut cut = rest.len();
        for (at, c) in rest.char_indices() {
            let end = at + c.len_utf8();
            if end >= PIECE && (c.is_whitespace() || end >= 3 * PIECE) {
                cut = end;
                break;
            }
        }
        let (piece, tail) = rest.split_at(cut);
        rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_short_and_lose_nothing() {
        let text =
            "The quick brown fox jumps over the lazy dog. ".repeat(5) + &"\u{6f22}".repeat(200);
        let cut: Vec<_> = pieces(&text).collect();
        assert!(cut.len() > 10);
        assert!(cut.iter().all(|p| p.len() <= 3 * PIECE + 4));
        assert_eq!(cut.concat(), text);
    }
}
