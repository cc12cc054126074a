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
        out.extend_from_slice(&first.break_off());
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
        first.break_off()
    });
    if seamless && door == Dialect::Anthropic {
        tells_one_block_at_a_time(&out, &how);
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

#[test]
fn a_stream_that_is_taken_up_says_the_whole_answer_once_or_ends_with_an_error() {
    println!("seed {SEED}");
    let mut luck = fastrand::Rng::with_seed(SEED);
    let (mut seamless, mut told) = (0, 0);
    for stream in streams("tests/streams") {
        for at in (0..stream.finish)
            .filter(|_| luck.bool())
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
