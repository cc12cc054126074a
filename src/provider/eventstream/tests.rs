use super::*;
use proptest::prelude::*;

fn event(name: &str, payload: &str) -> Vec<u8> {
    let mut out = BytesMut::new();
    put_event(&mut out, name, payload.as_bytes());
    out.to_vec()
}

type Event = (Option<String>, String);

/// What comes out of these pieces, and how it ended.
fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<BadMessage>) {
    let mut framer = Framer::new();
    let mut events = Vec::new();
    for piece in pieces {
        framer.push(piece);
        for frame in framer.by_ref() {
            match frame {
                Ok(frame) => events.push((
                    frame.event().map(str::to_owned),
                    String::from_utf8_lossy(frame.data()).into_owned(),
                )),
                Err(why) => return (events, Some(why)),
            }
        }
    }
    (events, None)
}

/// A message of Amazon's published test vectors: no headers, `{'foo':'bar'}`.
const PUBLISHED: [u8; 29] = [
    0x00, 0x00, 0x00, 0x1D, 0x00, 0x00, 0x00, 0x00, 0xFD, 0x52, 0x8C, 0x5A, 0x7B, 0x27, 0x66, 0x6F,
    0x6F, 0x27, 0x3A, 0x27, 0x62, 0x61, 0x72, 0x27, 0x7D, 0xC3, 0x65, 0x39, 0x36,
];

#[test]
fn a_published_message_is_read() {
    let (events, bad) = run([&PUBLISHED[..]]);
    assert_eq!(events, [(None, "{'foo':'bar'}".to_owned())]);
    assert_eq!(bad, None);
}

#[test]
fn every_changed_byte_is_noticed_and_nothing_after_it_is_read() {
    let good = event("messageStart", r#"{"role":"assistant"}"#);
    let after = event("messageStop", "{}");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let (events, why) = run([&bad[..], &after[..]]);
        assert_eq!(
            (events, why),
            (vec![], Some(BadMessage::Damaged)),
            "byte {at}"
        );
    }
}

#[test]
fn a_message_that_says_it_is_too_long_is_refused_before_it_comes() {
    let mut prelude = u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes().to_vec();
    prelude.extend([0; 4]);
    prelude.extend(crc32fast::hash(&prelude).to_be_bytes());
    assert_eq!(run([&prelude[..]]), (vec![], Some(BadMessage::TooLong)));
}

#[test]
fn an_exception_is_an_error_that_has_its_name_in_its_data() {
    let mut out = BytesMut::new();
    put_exception(
        &mut out,
        "throttlingException",
        br#"{"message":"slow down"}"#,
    );
    put_exception(&mut out, "oddException", b"not json");
    let (events, _) = run([&out[..]]);
    let expected = [
        r#"{"__type":"throttlingException","message":"slow down"}"#,
        r#"{"__type":"oddException","message":"not json"}"#,
    ];
    assert_eq!(
        events,
        expected.map(|data| (Some("error".to_owned()), data.to_owned()))
    );
}

#[test]
fn a_failure_of_the_service_is_read_from_its_headers() {
    let text = |value: &'static str| HeaderValue::String(value.into());
    let message = Message::new(Bytes::new())
        .add_header(Header::new(":message-type", text("error")))
        .add_header(Header::new(":error-code", text("InternalFailure")))
        .add_header(Header::new(":error-message", text("oh")));
    let mut out = BytesMut::new();
    write_message_to(&message, &mut out).unwrap();
    let (events, _) = run([&out[..]]);
    let data = r#"{"__type":"InternalFailure","message":"oh"}"#;
    assert_eq!(events, [(Some("error".to_owned()), data.to_owned())]);
}

#[test]
fn what_is_left_says_that_a_stream_was_cut() {
    let whole = event("messageStart", "{}");
    for cut in 1..whole.len() {
        let mut framer = Framer::new();
        framer.push(&whole[..cut]);
        assert!(framer.next().is_none(), "{cut}");
        assert_eq!(framer.remainder().unwrap(), whole[..cut]);
    }
    let mut framer = Framer::new();
    framer.push(&whole);
    assert_eq!(framer.next().unwrap().unwrap().into_raw(), whole);
    assert_eq!(framer.remainder(), None);
}

proptest! {
    #[test]
    fn the_pieces_a_stream_comes_in_change_nothing(
        payloads in prop::collection::vec("\\PC{0,40}", 1..6),
        cuts in prop::collection::vec(1usize..30, 1..60),
    ) {
        let all: Vec<u8> = payloads.iter().flat_map(|p| event("e", p)).collect();
        let mut rest = &all[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, tail) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        prop_assert_eq!(run(pieces), run([&all[..]]));
    }

    /// The second checksum is looked at last: what stands between is read before it is known to be damaged.
    #[test]
    fn headers_of_any_bytes_make_nothing_panic(headers in 0u32..40, body in prop::collection::vec(any::<u8>(), 0..80)) {
        let total = u32::try_from(body.len() + PRELUDE + CHECKSUM).unwrap();
        let mut message = total.to_be_bytes().to_vec();
        message.extend(headers.to_be_bytes());
        message.extend(crc32fast::hash(&message).to_be_bytes());
        message.extend(&body);
        message.extend(crc32fast::hash(&message).to_be_bytes());
        run([&message[..]]);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        run([&bytes[..]]);
    }
}
