//! Cuts, thousands of them: what is left of a stream arrives in pieces of any size, and what the caller gets of it is
//! never a short answer that looks whole, and never says what the provider did not.

use super::*;
use crate::provider::translate::json;
use std::{collections::HashSet, fs, path::PathBuf};

/// How streams of a dialect are told from others, and what in them says that the answer is finished.
const DIALECTS: [(Dialect, &str, &[&str]); 5] = [
    (
        Dialect::OpenAi,
        "\"choices\"",
        &["\"finish_reason\":\"", "\"finish_reason\": \""],
    ),
    (
        Dialect::Anthropic,
        "message_start",
        &["\"stop_reason\":\"", "\"stop_reason\": \""],
    ),
    (
        Dialect::Gemini,
        "\"candidates\"",
        &["\"finishReason\":\"", "\"finishReason\": \""],
    ),
    (Dialect::Bedrock, "messageStart", &["\"stopReason\":\""]),
    (
        Dialect::Responses,
        "response.created",
        &["response.completed", "response.incomplete"],
    ),
];

pub(super) const SEED: u64 = 20_261_121;

pub(super) struct Stream {
    pub(super) name: String,
    pub(super) from: Dialect,
    pub(super) bytes: Vec<u8>,
    /// Cut before this, it is not whole.
    pub(super) finish: usize,
    pub(super) said: Said,
}

/// The streams in a folder of the project, or beside it.
pub(super) fn streams(folder: &str) -> Vec<Stream> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = |dir: PathBuf| fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<Stream> = files(root)
        .map(|entry| entry.path())
        .flat_map(|path| {
            let inside: Vec<_> = files(path.clone()).map(|entry| entry.path()).collect();
            if path.is_dir() { inside } else { vec![path] }
        })
        .filter_map(|path| stream(&path))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn stream(path: &Path) -> Option<Stream> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let ending = path.extension()?.to_str()?;
    let bytes = match ending {
        "sse" | "eventstream" => fs::read(path).unwrap(),
        // Recorded without the framing.
        "txt" => {
            let events = fs::read_to_string(path).unwrap();
            let framed = |event: &str| ["data: ", event, "\n\n"].concat();
            events.lines().map(framed).collect::<String>().into()
        }
        _ => return None,
    };
    let at = |needle: &str| memchr::memmem::find(&bytes, needle.as_bytes());
    let is = |of: Dialect| (of == Dialect::Bedrock) == (ending == "eventstream");
    let mut found = DIALECTS.iter().filter(|(of, ..)| is(*of));
    let &(from, _, finish) = found.find(|(_, mark, _)| at(mark).is_some())?;
    let finish = finish.iter().filter_map(|needle| at(needle)).min();
    Some(Stream {
        name,
        from,
        finish: finish.unwrap_or(bytes.len()),
        said: said(from, &bytes),
        bytes,
    })
}

/// What a stream says to somebody who reads it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) reasoning: String,
    pub(super) calls: Vec<(String, String)>,
    pub(super) finish: Option<Finish>,
    pub(super) end: bool,
    pub(super) error: bool,
}

pub(super) fn said(dialect: Dialect, bytes: &[u8]) -> Said {
    let mut said = Said::default();
    for delta in deltas(dialect, bytes) {
        said.add(delta);
    }
    said
}

fn deltas(dialect: Dialect, bytes: &[u8]) -> Vec<Delta> {
    let (mut framer, mut reader) = (Framer::new(dialect), StreamReader::new(dialect));
    let mut deltas = Vec::new();
    framer.push(bytes);
    for frame in framer.by_ref().map(Result::unwrap) {
        if !frame.is_comment() {
            reader.event(frame.event(), frame.data(), &mut deltas);
        }
    }
    deltas
}

impl Stream {
    pub(super) fn deltas(&self) -> Vec<Delta> {
        deltas(self.from, &self.bytes)
    }
}

impl Said {
    fn add(&mut self, delta: Delta) {
        match delta {
            Delta::Text(more) => self.text += &more,
            Delta::Reasoning(more) => self.reasoning += &more,
            Delta::ToolStart { name, .. } => self.calls.push((name, String::new())),
            Delta::ToolArgs { index, json } => self.calls[index as usize].1 += &json,
            Delta::Finish(finish) => self.finish = self.finish.or(Some(finish)),
            Delta::End => self.end = true,
            Delta::Error(_) => self.error = true,
            _ => {}
        }
    }

    /// This and perhaps more was said.
    pub(super) fn begins(&self, whole: &Self) -> bool {
        let same = |a: &str, b: &str| b.starts_with(a) || same_arguments(a, b);
        whole.text.starts_with(&self.text)
            && whole.reasoning.starts_with(&self.reasoning)
            && self.calls.len() <= whole.calls.len()
            && (self.calls.iter().zip(&whole.calls)).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
    }

    /// Nothing that a caller could use is missing.
    pub(super) fn is_all_of(&self, whole: &Self) -> bool {
        self.text == whole.text
            && self.calls.len() == whole.calls.len()
            && (self.calls.iter().zip(&whole.calls)).all(|(a, b)| same_arguments(&a.1, &b.1))
    }
}

/// A dialect that tells arguments whole writes them anew, and has `{}` for none.
fn same_arguments(a: &str, b: &str) -> bool {
    json::arguments(a) == json::arguments(b)
}

/// Bytes as they arrive: by one or two, by an event or so, by a whole network packet.
pub(super) fn pieces<'b>(mut bytes: &'b [u8], luck: &mut fastrand::Rng) -> Vec<&'b [u8]> {
    let largest = luck.choice([2, 60, 1_400]).unwrap_or(2);
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(luck.usize(1..=largest).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// Passes a stream's first bytes through a relay, in pieces, and checks what the caller gets.
fn cut(
    stream: &Stream,
    door: Dialect,
    at: usize,
    luck: &mut fastrand::Rng,
) -> Result<Verdict, String> {
    let reply = Reply {
        id: "id".to_owned(),
        ..Reply::default()
    };
    let mut relay = Relay::new(stream.from, door, reply, true);
    let mut out = BytesMut::new();
    for piece in pieces(&stream.bytes[..at], luck) {
        match relay.feed(piece, &mut out) {
            Ok(Progress::Error) => break,
            Ok(_) => {}
            Err(e) => return Err(format!("{e:?}")),
        }
    }
    let verdict = relay.finish(&mut out);
    if !relay.seen().content && verdict.class != Class::Ok {
        // Nothing has been sent: the next tier answers.
        return Ok(verdict);
    }
    if verdict.class != Class::Ok {
        out.extend_from_slice(&relay.break_off(Broken::Upstream));
    }
    if std::str::from_utf8(&out).is_err() {
        return Err("not UTF-8".to_owned());
    }
    let mut framer = Framer::new(door);
    framer.push(&out);
    framer.by_ref().for_each(drop);
    if framer.remainder().is_some() {
        return Err("half an event".to_owned());
    }
    let heard = said(door, &out);
    if !heard.begins(&stream.said) {
        return Err(format!("garbled: {heard:?}"));
    }
    if at < stream.finish && (verdict.class == Class::Ok || heard.finish.is_some() || heard.end) {
        return Err(format!("{verdict}, as though it were whole: {heard:?}"));
    }
    if heard.error != (verdict.class != Class::Ok) {
        return Err(format!("{verdict}, but in the stream: {heard:?}"));
    }
    Ok(verdict)
}

/// Each of these cuts, at one of the doors; how many there were.
fn check(
    stream: &Stream,
    cuts: impl IntoIterator<Item = usize>,
    luck: &mut fastrand::Rng,
) -> usize {
    let mut made = 0;
    for at in cuts {
        let door = luck.choice(Dialect::DOORS).unwrap();
        if let Err(why) = cut(stream, door, at, luck) {
            panic!(
                "{} cut at {at}, read at the {door} door: {why}",
                stream.name
            );
        }
        made += 1;
    }
    made
}

#[test]
fn a_stream_that_is_whole_says_the_same_at_every_door() {
    let mut luck = fastrand::Rng::with_seed(SEED);
    let own = streams("tests/streams");
    let dialects: HashSet<_> = own.iter().map(|s| s.from).collect();
    assert_eq!(dialects.len(), DIALECTS.len(), "a stream of every dialect");
    for stream in own {
        for door in Dialect::DOORS {
            let verdict = cut(&stream, door, stream.bytes.len(), &mut luck);
            assert_eq!(verdict, Ok(Verdict::ok()), "{} at {door}", stream.name);
        }
    }
}

#[test]
fn a_stream_that_is_cut_at_any_byte_is_never_taken_for_whole_nor_garbled() {
    println!("seed {SEED}");
    let mut luck = fastrand::Rng::with_seed(SEED);
    let mut made = 0;
    for stream in streams("tests/streams") {
        made += check(&stream, 0..stream.bytes.len(), &mut luck);
    }
    println!("{made} cuts");
    assert!(made >= 10_000);
}

#[test]
fn a_recorded_stream_that_is_cut_anywhere_is_never_taken_for_whole_nor_garbled() {
    let recorded = streams("../shared/fixtures");
    if recorded.is_empty() {
        println!("skipped: no recorded streams beside the project");
        return;
    }
    println!("seed {SEED}, {} streams", recorded.len());
    let mut luck = fastrand::Rng::with_seed(SEED);
    let mut made = 0;
    for stream in recorded {
        let cuts: Vec<_> = (0..100)
            .map(|_| luck.usize(0..=stream.bytes.len()))
            .collect();
        made += check(&stream, cuts, &mut luck);
    }
    println!("{made} cuts");
}
