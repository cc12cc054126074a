//! Streams that break off at any byte and are taken up by another provider, of any dialect: nothing repeats and
//! nothing is missing, or the caller is told.

use super::{
    cuts::{SEED, Said, Stream, pieces, said, streams},
    *,
};
use crate::{
    model::event::Manner,
    provider::{splice::anchor, translate::json},
};
use serde_json::Value;

/// About as many a stream.
const CUTS: usize = 800;

/// How a second provider that would have said the same as the first goes on.
fn second(stream: &Stream, by: Dialect, so_far: Option<&str>, manner: Manner) -> BytesMut {
    let whole = stream.deltas();
    let goes_on = so_far.filter(|_| manner != Manner::Restart).map(|text| {
        let text = text.trim_end();
        let rest = stream.said.text.strip_prefix(text).unwrap();
        let last = match manner {
            Manner::Continue => anchor(text),
            _ => "",
        };
        Delta::Text([last, rest].concat())
    });
    let kept = |d: &&Delta| goes_on.is_none() || !matches!(d, Delta::Text(_));
    let mut writer = StreamWriter::new(by, Reply::default(), true);
    let mut out = BytesMut::new();
    for delta in goes_on.iter().chain(whole.iter().filter(kept)) {
        writer.write(delta, &mut out);
    }
    writer.finish(&mut out);
    out
}

/// What the caller gets of a stream that breaks off at `at`, and whether another went on with it; none when nothing
/// had been sent yet, or when nothing was missing.
fn rescued(
    stream: &Stream,
    door: Dialect,
    at: usize,
    luck: &mut fastrand::Rng,
) -> Option<(Said, bool, String)> {
    let reply = Reply {
        id: "id".to_owned(),
        ..Reply::default()
    };
    let mut out = BytesMut::new();
    let mut first = Relay::new(stream.from, door, reply.clone(), true);
    for piece in pieces(&stream.bytes[..at], luck) {
        first.feed(piece, &mut out).unwrap();
    }
    if first.finish(&mut out).class == Class::Ok || !first.seen().content {
        return None;
    }
    if first.is_torn() {
        out.extend_from_slice(&first.break_off(Broken::Upstream));
        return Some((said(door, &out), false, "torn".to_owned()));
    }
    let so_far = first.said();
    let manner = match so_far.text() {
        None => Manner::Restart,
        Some(_) => luck.choice([Manner::Prefill, Manner::Continue, Manner::Restart])?,
    };
    let by = luck.choice(Dialect::ALL)?;
    let how = format!("{manner:?} by {by}, after {so_far:?}");
    let bytes = second(stream, by, so_far.text(), manner);
    let joint = first.joint(Splicer::new(so_far, manner));
    let mut next = Relay::join(by, door, reply, true, joint);
    // What comes before the joint is held back, and lost when there is none.
    let mut more = BytesMut::new();
    let apart = pieces(&bytes, luck)
        .into_iter()
        .any(|piece| next.feed(piece, &mut more).unwrap() >= Progress::Error);
    let seamless = !apart && next.finish(&mut more).class == Class::Ok;
    out.extend_from_slice(&if seamless {
        more.freeze()
    } else {
        first.break_off(Broken::Upstream)
    });
    match door {
        Dialect::Anthropic if seamless => tells_one_block_at_a_time(&out, &how),
        Dialect::Responses => accumulates(&out, seamless, &format!("{how}\n{}", text(&out))),
        _ => {}
    }
    Some((said(door, &out), seamless, how))
}

/// What the official clients' accumulators insist on.
fn tells_one_block_at_a_time(stream: &[u8], how: &str) {
    let mut framer = Framer::new(Dialect::Anthropic);
    framer.push(stream);
    let (mut open, mut next) = (None, 0);
    for frame in framer.map(Result::unwrap).filter(|f| !f.is_comment()) {
        let event = json::parse(frame.data()).unwrap();
        let index = event["index"].as_u64();
        match frame.event().unwrap() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(next)), "{how}");
                open = index;
                next += 1;
            }
            "content_block_delta" => assert_eq!(index, open, "{how}"),
            "content_block_stop" => assert_eq!(index, open.take(), "{how}"),
            "message_delta" => assert_eq!(open, None, "{how}"),
            _ => {}
        }
    }
}

/// What the official clients' accumulators of responses insist on: numbers that rise, items and parts that exist
/// before more of them is told, and one whole at the end that says what was told.
fn accumulates(stream: &[u8], seamless: bool, how: &str) {
    let mut framer = Framer::new(Dialect::Responses);
    framer.push(stream);
    let mut response = Value::Null;
    let (mut last, mut ended) = (None, false);
    for frame in framer.map(Result::unwrap).filter(|f| !f.is_comment()) {
        let event = json::parse(frame.data()).unwrap();
        let number = event["sequence_number"].as_u64();
        assert!(number > last && !ended, "{number:?}: {how}");
        last = number;
        let kind = event["type"].as_str().unwrap();
        match kind {
            "response.created" => response = event["response"].clone(),
            "response.completed" | "response.incomplete" => {
                ended = true;
                assert_eq!(event["response"]["id"], response["id"], "{how}");
                same(&event["response"]["output"], &response["output"], how);
            }
            _ if event["output_index"].is_u64() => tell(&mut response, kind, &event, how),
            _ => {}
        }
    }
    assert_eq!(ended, seamless, "{how}");
}

/// One event about an item.
fn tell(response: &mut Value, kind: &str, event: &Value, how: &str) {
    let output = response["output"].as_array_mut().unwrap();
    let index = |key: &str| usize::try_from(event[key].as_u64().unwrap()).unwrap();
    let at = index("output_index");
    if kind == "response.output_item.added" {
        assert_eq!(at, output.len(), "{how}");
        output.push(event["item"].clone());
        return;
    }
    let item = &mut output[at];
    assert_ne!(item["status"], "completed", "{kind} of {item}: {how}");
    if kind == "response.output_item.done" {
        assert_eq!(item["id"], event["item"]["id"], "{how}");
        for told in ["content", "arguments", "summary"] {
            same(&item[told], &event["item"][told], how);
        }
        *item = event["item"].clone();
        return;
    }
    assert_eq!(item["id"], event["item_id"], "{kind}: {how}");
    let (name, step) = kind
        .strip_prefix("response.")
        .and_then(|k| k.rsplit_once('.'))
        .unwrap();
    if name == "function_call_arguments" {
        more(&mut item["arguments"], &event["delta"]);
        return;
    }
    let (list, number) = match name {
        "reasoning_summary_part" | "reasoning_summary_text" => {
            (&mut item["summary"], index("summary_index"))
        }
        _ => (&mut item["content"], index("content_index")),
    };
    let list = list.as_array_mut().unwrap();
    if step == "added" {
        assert_eq!(number, list.len(), "{how}");
        list.push(event["part"].clone());
        return;
    }
    let part = &mut list[number];
    let (kind, key) = match name {
        "output_text" => ("output_text", "text"),
        "refusal" => ("refusal", "refusal"),
        "reasoning_summary_text" => ("summary_text", "text"),
        _ => {
            return same(part, &event["part"], how);
        }
    };
    assert_eq!(part["type"], kind, "{how}");
    if step == "done" {
        same(&part[key], &event[key], how);
    } else {
        more(&mut part[key], &event["delta"]);
    }
}

/// But for a character that came in halves, each of which this reads as none.
fn same(a: &Value, b: &Value, how: &str) {
    let text = |v: &Value| v.to_string().replace("\u{1f30d}", "\u{fffd}\u{fffd}");
    assert_eq!(text(a), text(b), "{how}");
}

fn more(told: &mut Value, delta: &Value) {
    if let Some(delta) = delta.as_str() {
        *told = [told.as_str().unwrap(), delta].concat().into();
    }
}

#[test]
fn a_stream_that_is_taken_up_says_the_whole_answer_once_or_ends_with_an_error() {
    println!("seed {SEED}");
    let mut luck = fastrand::Rng::with_seed(SEED);
    let (mut seamless, mut told) = (0, 0);
    for stream in streams("tests/streams") {
        for at in (0..stream.finish)
            .filter(|_| luck.usize(0..stream.bytes.len()) < CUTS)
            .collect::<Vec<_>>()
        {
            let door = luck.choice(Dialect::DOORS).unwrap();
            let Some((heard, whole, how)) = rescued(&stream, door, at, &mut luck) else {
                continue;
            };
            let what = format!("{} cut at {at}, {door} door, {how}: {heard:?}", stream.name);
            assert!(heard.begins(&stream.said), "garbled: {what}");
            assert_eq!(heard.error, !whole, "{what}");
            assert_eq!(heard.finish.is_some(), whole, "{what}");
            if whole {
                assert!(
                    heard.is_all_of(&stream.said),
                    "something is missing: {what}"
                );
                seamless += 1;
            } else {
                told += 1;
            }
        }
    }
    println!("{seamless} seamless, {told} told");
    assert!(seamless > 3 * told);
}
