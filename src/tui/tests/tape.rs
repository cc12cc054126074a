//! The screen over a recorded incident: its keys, and what the header says.

use super::{Desk, drawn};
use crate::{
    source::replay::Replay,
    tui::{
        app::App,
        keys::{Action, Binding, Context, Go, TABLE},
        overlay::Overlay,
        theme::Palette,
        view,
    },
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;
use std::sync::Arc;

struct Show(App);

impl Show {
    fn open() -> Self {
        let replay = Replay::open(&["bad-key-tuesday".to_owned()]).unwrap();
        let mut app = App::new(Arc::new(replay), Palette::Dark, false);
        app.size = Size::new(120, 40);
        Self(app)
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            self.0.handle(&Event::Key(key));
            self.0.update();
        }
        self
    }

    fn text(&self, w: u16, h: u16) -> String {
        view::text(&drawn(&self.0, w, h))
    }

    fn header(&self) -> String {
        let text = self.text(80, 24);
        text.lines().next().unwrap_or_default().to_owned()
    }
}

#[test]
fn a_replay_is_wound_by_its_keys_and_the_header_says_where_it_is() {
    let mut show = Show::open();
    assert!(show.header().contains(" REPLAY paused 1x 0:00 of 1:24 "));
    assert!(show.header().contains("2026-11-21 23:30:01Z"));
    show.press("n");
    assert!(show.header().contains("0:13 of 1:24"), "{}", show.header());
    assert!(show.text(120, 40).contains("■ OPEN"));
    show.press("[");
    assert!(show.header().contains("0:12 of 1:24"));
    assert!(!show.text(120, 40).contains("■ OPEN"));
    show.press("++t+20s\n");
    assert!(
        show.header().contains("5x 0:32 of 1:24"),
        "{}",
        show.header()
    );
    show.press("t23:31:00\n");
    assert!(show.header().contains("23:31:00Z"), "{}", show.header());
    show.press(">");
    assert!(show.header().contains("1:24 of 1:24"));
}

#[test]
fn a_moment_that_is_not_in_it_is_said_above_the_line_and_can_be_typed_again() {
    let mut show = Show::open();
    show.press("t12:00\n");
    assert!(
        show.text(120, 40)
            .contains("12:00 is not in it: it goes from")
    );
    show.press("\u{1b}N");
    assert!(show.text(120, 40).contains("no breaker moved before this"));
}

#[test]
fn every_key_of_a_replay_does_something_to_be_seen() {
    for b in TABLE.iter().filter(|b| b.context == Context::Tape) {
        for key in b.keys {
            let mut show = Show::open();
            show.press("n}+");
            if b.action == Action::Wind(Go::Toggle) {
                // Played, it goes on by itself; stopped, it is seen to stand.
                show.press(" ");
            }
            let before = show.text(120, 40);
            let KeyCode::Char(c) = key.code else {
                panic!("{} is no letter", b.shown)
            };
            show.press(&c.to_string());
            assert_ne!(show.text(120, 40), before, "{}", b.shown);
        }
    }
}

#[test]
fn in_a_replay_no_key_asks_for_a_command_and_the_help_has_none() {
    let mut show = Show::open();
    let says = |b: &Binding| matches!(b.action, Action::Wind(_) | Action::Copy | Action::Mouse);
    for b in TABLE
        .iter()
        .filter(|b| b.context == Context::Board && !says(b))
    {
        for key in b.keys {
            if let KeyCode::Char(c) = key.code {
                let show = &mut Show::open();
                show.press(&c.to_string());
                let asks = matches!(show.0.overlay, Overlay::Confirm(_) | Overlay::Menu(_));
                assert!(!asks && show.0.outbox.status(false, 80).is_none(), "{c}");
            }
        }
    }
    show.press("?");
    let help = show.text(120, 60);
    assert!(
        help.contains("in a replay") && !help.contains("asks first"),
        "{help}"
    );
}

#[test]
fn a_journal_that_stopped_is_on_the_screen_until_it_goes_on() {
    use crate::model::Kind;
    let mut desk = Desk::at(super::scene::calm());
    let stopped = Kind::Journal {
        stopped: Some("no space".to_owned()),
        missed: 0,
    };
    desk.then(|s| s.push(stopped));
    assert!(desk.text(80, 24).contains(" NO JOURNAL "));
    let again = Kind::Journal {
        stopped: None,
        missed: 3,
    };
    desk.then(|s| s.push(again));
    assert!(!desk.text(80, 24).contains("NO JOURNAL"));
}

#[test]
fn a_drill_in_a_recording_is_shown_as_far_as_it_had_come_and_only_looked_at() {
    let mut show = Show::open();
    show.press("d");
    assert!(
        show.text(120, 40)
            .contains("no drill has begun up to this moment")
    );
    show.press("n");
    let text = show.text(120, 40);
    assert!(
        text.contains("bad-key on 100% of anthropic/claude-sonnet-4-5")
            && text.contains("runs for 0:13"),
        "{text}"
    );
    assert!(
        text.contains("· nothing reached the user"),
        "still to be checked: {text}"
    );
    show.press(">");
    let text = show.text(120, 40);
    assert!(
        text.contains("PASSED: 6 of 6 checks passed, after 1:2"),
        "{text}"
    );
    assert!(!text.contains("a abort"), "{text}");
    show.press("ad");
    assert!(show.text(120, 40).contains("┌ deployments"));
}
