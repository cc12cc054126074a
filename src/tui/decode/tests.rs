use super::*;
use proptest::prelude::*;

fn keys(bytes: &[u8]) -> Vec<(KeyCode, KeyModifiers)> {
    Decoder::default()
        .feed(bytes)
        .into_iter()
        .map(|e| match e {
            Event::Key(k) => (k.code, k.modifiers),
            other => panic!("{other:?} is no key"),
        })
        .collect()
}

#[test]
fn letters_and_control_are_keys() {
    assert_eq!(
        keys("jé\x03\r\t\x7f".as_bytes()),
        [
            (KeyCode::Char('j'), KeyModifiers::NONE),
            (KeyCode::Char('é'), KeyModifiers::NONE),
            (KeyCode::Char('c'), KeyModifiers::CONTROL),
            (KeyCode::Enter, KeyModifiers::NONE),
            (KeyCode::Tab, KeyModifiers::NONE),
            (KeyCode::Backspace, KeyModifiers::NONE),
        ]
    );
}

#[test]
fn arrows_are_known_in_both_modes_and_with_modifiers() {
    assert_eq!(
        keys(b"\x1b[A\x1bOB\x1b[1;5C\x1b[3~"),
        [
            (KeyCode::Up, KeyModifiers::NONE),
            (KeyCode::Down, KeyModifiers::NONE),
            (KeyCode::Right, KeyModifiers::CONTROL),
            (KeyCode::Delete, KeyModifiers::NONE),
        ]
    );
}

#[test]
fn an_escape_alone_is_a_key_only_after_a_while() {
    let mut d = Decoder::default();
    assert!(d.feed(b"\x1b").is_empty() && d.is_waiting());
    assert_eq!(d.settle(Duration::from_millis(10)), None);
    let escape = Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
    assert_eq!(d.settle(ESCAPE), Some(escape));
    assert!(!d.is_waiting());
}

#[test]
fn escape_and_a_letter_at_once_is_alt() {
    assert_eq!(keys(b"\x1bq"), [(KeyCode::Char('q'), KeyModifiers::ALT)]);
}

#[test]
fn a_paste_is_one_event_wherever_it_is_cut() {
    let bytes = b"j\x1b[200~oy\x1b[A q\x1b[201~k";
    for cut in 0..bytes.len() {
        let mut d = Decoder::default();
        let mut events = d.feed(&bytes[..cut]);
        events.extend(d.feed(&bytes[cut..]));
        assert_eq!(events.len(), 3, "{cut}");
        assert_eq!(events[1], Event::Paste("oy\x1b[A q".into()));
    }
}

#[test]
fn a_paste_without_an_end_does_not_hold_the_keys_for_ever() {
    let mut d = Decoder::default();
    assert!(d.feed(b"\x1b[200~abc").is_empty());
    assert_eq!(d.settle(ESCAPE), None);
    assert_eq!(d.settle(PASTE), Some(Event::Paste("abc".into())));
    assert_eq!(d.feed(b"q").len(), 1);
}

#[test]
fn the_rest_of_an_unknown_sequence_is_no_key() {
    assert_eq!(
        keys(b"\x1b[?62;c\x1b[[Aq"),
        [(KeyCode::Char('q'), KeyModifiers::NONE)]
    );
}

proptest! {
    #[test]
    fn any_bytes_are_taken_and_none_are_kept_for_ever(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut d = Decoder::default();
        d.feed(&bytes);
        d.settle(PASTE);
        prop_assert!(!d.is_waiting());
    }

    #[test]
    fn where_bytes_are_cut_makes_no_difference(text in "[a-z\u{e9}\u{4e00}\r\t]{0,20}", cut in 0_usize..40) {
        let bytes = text.as_bytes();
        let cut = cut.min(bytes.len());
        let mut d = Decoder::default();
        let mut events = d.feed(&bytes[..cut]);
        events.extend(d.feed(&bytes[cut..]));
        prop_assert_eq!(events, Decoder::default().feed(bytes));
    }
}

#[test]
fn presses_and_the_wheel_are_read_and_other_reports_are_no_key() {
    use crossterm::event::{MouseButton, MouseEventKind};
    let mut decoder = Decoder::default();
    let events = decoder.feed(b"\x1b[<0;11;6M\x1b[<0;11;6m\x1b[<64;300;1M\x1b[<35;1;1M\x1b[<0;1Mj");
    let mice: Vec<_> = events
        .iter()
        .filter_map(|e| match e {
            Event::Mouse(m) => Some((m.kind, m.column, m.row)),
            _ => None,
        })
        .collect();
    assert_eq!(
        mice,
        [
            (MouseEventKind::Down(MouseButton::Left), 10, 5),
            (MouseEventKind::ScrollUp, 299, 0)
        ]
    );
    assert_eq!(events.len(), 3, "and the key after them");
}

#[test]
fn many_keys_at_once_are_a_paste_and_a_few_or_a_held_one_are_keys() {
    let pasted = |bytes: &[u8], goes_on| together(Decoder::default().feed(bytes), goes_on);
    assert_eq!(
        pasted(b"q\ris pasted\x03\x1b[A", false),
        (vec![Event::Paste("q\nis pasted".into())], true)
    );
    for typed in [
        &b"all\r"[..],
        b"jjjjjjjjjjjjjjjjjjjj",
        b"\x1b[A\x1b[A\x1b[B\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A",
    ] {
        assert!(!pasted(typed, false).1, "{typed:?}");
    }
    assert_eq!(pasted(b"q", true), (vec![Event::Paste("q".into())], true));
    assert!(!pasted(b"\x1b[A", true).1);
}
