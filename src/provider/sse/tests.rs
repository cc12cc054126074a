use super::*;
use futures_util::StreamExt;
use proptest::prelude::*;

type Event = (Option<String>, String);

struct Run {
    events: Vec<Event>,
    raw: Vec<u8>,
}

/// Feeds the pieces one by one, and takes what there is after each.
fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Run {
    let mut framer = Framer::new();
    let mut events = Vec::new();
    let mut raw = Vec::new();
    for piece in pieces {
        framer.push(piece);
        for frame in framer.by_ref() {
            let frame = frame.unwrap();
            raw.extend_from_slice(frame.raw());
            if !frame.is_comment() {
                events.push((frame.event().map(str::to_owned), frame.text().into_owned()));
            }
        }
    }
    if let Some(rest) = framer.remainder() {
        raw.extend_from_slice(rest.raw());
    }
    Run { events, raw }
}

fn events(input: &[u8]) -> Vec<Event> {
    run([input]).events
}

fn one(name: Option<&str>, data: &str) -> Vec<Event> {
    vec![(name.map(str::to_owned), data.to_owned())]
}

fn oracle(input: &[u8]) -> Vec<Event> {
    let chunks =
        futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(input))]);
    let stream = sse_stream::SseByteStream::new(chunks);
    let read = stream.map(Result::unwrap).collect::<Vec<_>>();
    futures_util::FutureExt::now_or_never(read)
        .unwrap()
        .into_iter()
        .filter_map(|e| Some((e.event.filter(|n| !n.is_empty()), e.data?)))
        .collect()
}

#[test]
fn all_three_line_ends_end_lines_and_frames() {
    for input in [
        "event: a\ndata: x\n\n",
        "event: a\rdata: x\r\r",
        "event: a\r\ndata: x\r\n\r\n",
        "event: a\r\ndata: x\r\n\n",
    ] {
        assert_eq!(events(input.as_bytes()), one(Some("a"), "x"), "{input:?}");
    }
}

#[test]
fn a_lone_cr_at_the_end_of_a_chunk_delivers_the_event_at_once() {
    let mut framer = Framer::new();
    framer.push(b"data: x\r\n\r");
    assert_eq!(framer.next().unwrap().unwrap().data(), b"x");
    framer.push(b"\ndata: y\r\n\r\n");
    assert_eq!(framer.next().unwrap().unwrap().data(), b"y");
    assert!(framer.next().is_none());
}

#[test]
fn the_space_after_the_colon_is_optional_and_only_one_is_taken() {
    assert_eq!(events(b"data:x\n\n"), one(None, "x"));
    assert_eq!(events(b"data:  x\n\n"), one(None, " x"));
    assert_eq!(events(b"data\n\n"), one(None, ""));
}

#[test]
fn several_data_lines_are_joined() {
    assert_eq!(events(b"data: a\ndata:\ndata: b\n\n"), one(None, "a\n\nb"));
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_first_field() {
    assert_eq!(events(b"\xEF\xBB\xBFdata: x\n\n"), one(None, "x"));
    let later = events(b"data: x\n\n\xEF\xBB\xBFdata: y\n\n");
    assert_eq!(later, one(None, "x"));
}

#[test]
fn comments_and_blank_lines_are_frames_without_data() {
    let mut framer = Framer::new();
    framer.push(b": ping\n\n\nevent: x\n\n");
    let all: Vec<_> = framer.by_ref().map(Result::unwrap).collect();
    assert!(all.iter().all(Frame::is_comment));
    assert_eq!(all.len(), 3);
    assert!(framer.remainder().is_none());
}

#[test]
fn a_comment_beside_data_does_not_hide_it() {
    assert_eq!(events(b": note\ndata: x\n\n"), one(None, "x"));
}

#[test]
fn bytes_that_are_not_utf_8_do_no_harm() {
    let mut framer = Framer::new();
    framer.push(b"event: \xff\ndata: a\xffb\n\n");
    let frame = framer.next().unwrap().unwrap();
    assert_eq!(frame.data(), b"a\xffb");
    assert_eq!(frame.text(), "a\u{fffd}b");
    assert_eq!(frame.event(), None);
}

#[test]
fn a_last_event_without_its_blank_line_is_no_event_but_is_told() {
    for (input, data) in [
        (&b"data: x\n\ndata: y\n"[..], &b"y"[..]),
        (b"data: x\n\ndata: y", b"y"),
    ] {
        let mut framer = Framer::new();
        framer.push(input);
        assert_eq!(framer.by_ref().count(), 1);
        let rest = framer.remainder().unwrap();
        assert_eq!(rest.data(), data);
        assert!(!rest.is_comment());
    }
}

#[test]
fn one_data_line_is_not_copied() {
    let mut framer = Framer::new();
    framer.push(b"data: hello\n\n");
    let frame = framer.next().unwrap().unwrap();
    assert_eq!(frame.data().as_ptr(), frame.raw().slice(6..).as_ptr());
}

#[test]
fn a_frame_over_the_cap_is_an_error_whether_it_ends_or_not() {
    for end in [&b""[..], b"\n\n"] {
        let mut framer = Framer::new();
        framer.push(b"data: small\n\ndata: ");
        framer.push(&vec![b'x'; MAX_FRAME]);
        framer.push(end);
        assert_eq!(framer.next().unwrap().unwrap().data(), b"small");
        assert_eq!(framer.next().unwrap().unwrap_err(), FrameTooLong);
        framer.push(b"\n\ndata: more\n\n");
        assert!(framer.next().is_none());
    }
}

#[test]
fn a_frame_in_twenty_thousand_pieces_is_whole() {
    let mut framer = Framer::new();
    framer.push(b"data: ");
    for _ in 0..20_000 {
        framer.push(b"0123456789");
        assert!(framer.next().is_none());
    }
    framer.push(b"\n\n");
    assert_eq!(framer.next().unwrap().unwrap().data().len(), 200_000);
}

#[test]
fn every_recorded_stream_comes_out_as_it_went_in_whole_and_in_pieces() {
    let recorded = recorded_streams();
    if recorded.is_empty() {
        println!("skipped: no recorded streams beside the project");
    }
    for (path, input) in recorded {
        let whole = run([&input[..]]);
        assert!(!whole.events.is_empty(), "{}", path.display());
        assert_eq!(whole.events, oracle(&input), "{}", path.display());
        for size in [1, 7] {
            let pieces = run(input.chunks(size));
            assert!(
                pieces.events == whole.events && pieces.raw == input,
                "{} by {size}",
                path.display()
            );
        }
        assert!(whole.raw == input, "{}", path.display());
    }
}

fn recorded_streams() -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures");
    let entries = |dir: &std::path::Path| {
        std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
    };
    entries(root.as_ref())
        .flat_map(|dir| entries(&dir).collect::<Vec<_>>())
        .filter(|path| path.extension().is_some_and(|e| e == "sse"))
        .map(|path| {
            let input = std::fs::read(&path).unwrap();
            (path, input)
        })
        .collect()
}

/// Lines of the kinds that exist, with line ends of the kinds that exist.
fn stream() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "data: ?[a-zé日 :{}]{0,12}",
        1 => "data",
        2 => "event: ?[a-z_.]{0,8}",
        1 => ": ?[a-z]{0,6}",
        1 => "id: [a-z]{0,4}",
        1 => "[a-z]{1,4}: x",
        5 => "",
    ];
    let end = prop_oneof![3 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    let body = prop::collection::vec((line, end), 0..24);
    (prop_oneof![9 => Just(""), 1 => Just("\u{feff}")], body).prop_map(|(bom, lines)| {
        lines
            .into_iter()
            .fold(bom.to_owned(), |all, (line, end)| all + &line + end)
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_oracles_events_and_the_same_bytes(text in stream(), cuts in prop::collection::vec(0usize..400, 0..12)) {
        let input = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(input.len())).chain([0, input.len()]).collect();
        cuts.sort_unstable();
        let split = run(cuts.windows(2).map(|w| &input[w[0]..w[1]]));
        prop_assert_eq!(&split.events, &oracle(input));
        prop_assert_eq!(split.raw, input);
    }

    #[test]
    fn any_bytes_come_out_as_they_went_in(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let split = run(pieces.iter().map(Vec::as_slice));
        prop_assert_eq!(split.raw, pieces.concat());
    }
}
