//! The screen over a router in another process: attached, out of reach, not there yet.

use super::{Desk, scene};
use crate::{
    source::Link,
    tui::{
        keys::{Context, Reach, TABLE},
        overlay::Overlay,
        theme::Palette,
    },
};
use crossterm::event::KeyCode;
use ratatui::style::Modifier;
use std::{sync::Arc, time::Duration};

const TO: &str = "10.0.0.7:4141";

pub(super) fn lost() -> Link {
    silent_for(Duration::from_millis(12_300))
}

fn silent_for(silent: Duration) -> Link {
    Link::Lost {
        to: TO.to_owned(),
        silent,
        why: "the connection was refused".to_owned(),
        retry_in: Some(Duration::from_millis(2600)),
    }
}

fn attached(note: Option<&str>) -> Link {
    Link::Attached {
        to: TO.to_owned(),
        note: note.map(str::to_owned),
    }
}

fn desk(scene: scene::Scene, link: Link) -> Desk {
    let mut desk = Desk::at(scene);
    desk.link(link);
    desk
}

fn header(desk: &Desk, w: u16, h: u16) -> String {
    desk.text(w, h)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

frames! {
    starting_at_80_by_24: scene::unborn(), "", 80, 24;
    starting_at_40_by_6: scene::unborn(), "", 40, 6;
    starting_on_the_wall: scene::unborn(), "W", 120, 40;
}

#[test]
fn an_attached_screen_says_to_where() {
    let desk = desk(scene::calm(), attached(None));
    let header = header(&desk, 120, 40);
    assert!(
        header.contains("ATTACHED  10.0.0.7:4141  users ok"),
        "{header}"
    );
    assert!(!header.contains(":4141  :4141"), "{header}");
}

#[test]
fn a_screen_that_may_only_look_says_so() {
    let mut desk = Desk::with(scene::calm(), Palette::Dark, false, true);
    desk.link(attached(None));
    let header = header(&desk, 120, 40);
    assert!(
        header.contains("ATTACHED  10.0.0.7:4141  read-only  users ok"),
        "{header}"
    );
}

#[test]
fn an_attached_screen_is_taken_for_no_local_one_however_little_room_there_is() {
    for read_only in [false, true] {
        for keys in ["", " ", "\n", "R", "T", "F", "E", "W"] {
            for w in [200, 120, 80, 58, 40] {
                let mut desk = Desk::with(scene::forced(), Palette::Dark, false, read_only);
                desk.link(attached(None));
                desk.press(keys);
                let text = desk.text(w, 24);
                let line = if keys == "W" {
                    text.lines().last()
                } else {
                    text.lines().next()
                };
                let line = line.unwrap_or_default();
                assert!(line.contains("ATTACHED"), "{w} {keys:?}\n{text}");
                assert!(line.contains("users FAILING"), "{w} {keys:?}\n{text}");
                let said = line.contains("read-only");
                assert!(said == read_only || w == 40, "{w} {keys:?}\n{text}");
                let frozen = line.contains("FROZEN");
                assert_eq!(frozen, keys == " ", "{w} {keys:?}\n{text}");
            }
        }
    }
}

#[test]
fn what_has_to_be_known_of_the_connection_stands_in_every_view_and_size() {
    let note = "the router runs 0.2.0, this screen 0.1.0";
    for (w, h) in [(80, 24), (120, 40), (200, 60), (58, 14), (42, 3)] {
        for keys in ["", "\n", "R", "T", "F", "E", "W"] {
            let mut desk = desk(scene::blind(), attached(Some(note)));
            let text = desk.press(keys).text(w, h);
            assert!(text.contains(note), "{w}x{h} {keys:?}\n{text}");
        }
    }
}

#[test]
fn a_silent_router_is_stale_in_every_view_and_size() {
    for (w, h) in [(40, 3), (58, 14), (80, 24), (120, 40), (200, 60)] {
        for keys in ["", "\n", "R", "Rj\n", "T", "F", "E", "W", "d", "z", " "] {
            let mut desk = desk(scene::requested(), lost());
            let text = desk.press(keys).text(w, h);
            assert!(text.contains("STALE 0:12"), "{w}x{h} {keys:?}\n{text}");
        }
    }
}

#[test]
fn the_header_of_a_silent_router_says_why_and_what_comes_next() {
    let desk = desk(scene::calm(), lost());
    assert_eq!(
        header(&desk, 120, 40).split("  ").collect::<Vec<_>>()[..3],
        [
            " STALE 0:12",
            " users were ok",
            "10.0.0.7:4141: the connection was refused, reconnect in 3 s"
        ],
    );
    let text = desk.text(80, 24);
    let second: Vec<_> = text.lines().take(3).collect();
    assert!(
        second
            .concat()
            .contains("10.0.0.7:4141: the connection was refused, reconnect in 3 s"),
        "where it does not fit it has a line: {text}"
    );
}

#[test]
fn the_last_state_is_kept_and_nothing_in_it_looks_alive() {
    let mut desk = desk(scene::requested(), attached(None));
    let alive = desk.text(120, 40);
    desk.link(lost());
    let stale = desk.text(120, 40);
    let body = |text: &str| {
        text.lines()
            .skip(2)
            .take(37)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(body(&alive), body(&stale), "not a second goes on");
    for palette in [Palette::Dark, Palette::Mono, Palette::SixteenLight] {
        let mut desk = Desk::with(scene::requested(), palette, false, false);
        desk.link(lost());
        let frame = desk.draw(120, 40);
        let strong = Modifier::BOLD | Modifier::REVERSED | Modifier::UNDERLINED;
        let body = frame.content.iter().skip(120).take(120 * 38);
        let looks: std::collections::HashSet<_> = body
            .filter(|cell| cell.symbol() != " ")
            .map(|cell| (cell.fg, cell.bg, cell.modifier))
            .collect();
        assert_eq!(looks.len(), 1, "{palette:?}: {looks:?}");
        assert!(
            looks.iter().all(|(_, _, m)| !m.intersects(strong)),
            "{looks:?}"
        );
    }
}

#[test]
fn a_silent_router_costs_a_frame_a_second_and_no_more() {
    let mut desk = desk(scene::calm(), lost());
    assert!(!desk.link(silent_for(Duration::from_millis(12_900))));
    assert!(desk.link(silent_for(Duration::from_secs(13))));
}

#[test]
fn out_of_reach_every_command_is_refused_with_a_sentence_and_none_is_kept() {
    for b in TABLE {
        if b.context != Context::Board || b.reach == Reach::Look {
            continue;
        }
        for key in b.keys {
            let KeyCode::Char(c) = key.code else {
                continue;
            };
            let mut desk = desk(scene::forced(), lost());
            let text = desk.press(&c.to_string()).text(120, 40);
            assert!(
                text.contains(
                    "STALE, nothing from 10.0.0.7:4141 for 0:12: a command would not arrive"
                ),
                "{c}\n{text}"
            );
            assert!(matches!(desk.app.overlay, Overlay::None), "{c}");
            desk.link(attached(None));
            desk.press("y");
            assert!(desk.sent().is_empty(), "{c}");
        }
    }
    let mut desk = desk(scene::calm(), lost());
    let text = desk.press(":drill abort\n").text(80, 24);
    assert!(text.contains("a command would not arrive"), "{text}");
    assert!(desk.sent().is_empty());
}

#[test]
fn a_question_that_was_open_when_the_router_went_sends_nothing() {
    let mut desk = desk(scene::calm(), attached(None));
    desk.press("o").link(lost());
    let text = desk.press("y").text(120, 40);
    assert!(text.contains("a command would not arrive"), "{text}");
    assert!(desk.sent().is_empty());
}

#[test]
fn of_a_command_that_was_on_its_way_it_says_that_nobody_knows() {
    let mut desk = desk(scene::calm(), attached(None));
    desk.press("oy").link(lost());
    let text = desk.text(120, 40);
    assert!(text.contains("what became of it is unknown"), "{text}");
    assert!(!text.contains("waiting"), "{text}");
}

#[test]
fn out_of_reach_the_footer_names_no_key_that_sends_a_command() {
    let desk = desk(scene::calm(), lost());
    let text = desk.text(200, 60);
    let footer = text.lines().last().unwrap();
    assert!(footer.contains("? help"), "{footer}");
    assert!(
        !footer.contains("force") && !footer.contains("fault "),
        "{footer}"
    );
}

#[test]
fn before_the_first_state_it_says_whom_it_tries_to_reach_and_nothing_of_users() {
    for (w, h) in [(42, 3), (80, 24), (120, 40)] {
        for keys in ["", "\n", "R", "T", "F", "E", "W", "d"] {
            let mut desk = desk(scene::unborn(), lost());
            let text = desk.press(keys).text(w, h);
            assert!(
                text.contains("connecting to 10.0.0.7:4141:"),
                "{keys:?}\n{text}"
            );
            assert!(!text.contains("users") && !text.contains("STALE"), "{text}");
            assert!(!text.contains("00:00:00"), "{text}");
        }
    }
    let desk = desk(scene::unborn(), lost());
    assert!(
        header(&desk, 120, 40)
            .contains("connecting to 10.0.0.7:4141:  the connection was refused, again in 3 s")
    );
}

#[test]
fn before_the_first_state_the_footer_offers_what_works_then_and_no_other_key_does_anything() {
    for link in [Link::Here, lost()] {
        let mut desk = desk(scene::unborn(), link);
        let text = desk.text(80, 24);
        let footer = text.lines().last().unwrap();
        assert_eq!(footer, "W wall  S save  m mouse  ? help  q quit");
        // A screen that froze now would show nothing when there is something.
        desk.press(" odR3");
        assert_eq!(desk.text(80, 24), text);
        assert!(desk.sent().is_empty());
        desk.link(attached(None));
        desk.then(|s| *s = scene::calm());
        assert!(desk.text(80, 24).contains("o force open"));
    }
}

#[test]
fn a_router_that_has_said_nothing_yet_is_starting_and_not_idle() {
    let desk = Desk::at(scene::unborn());
    let text = desk.text(80, 24);
    assert!(
        text.contains("starting") && !text.contains("idle"),
        "{text}"
    );
    assert!(!text.contains("nothing can be served"), "{text}");
}

/// The same router a second later, as another process.
fn start_again(desk: &mut Desk) {
    let mut s = (*desk.app.live_arc()).clone();
    s.at = s.at.after(Duration::from_secs(1));
    (s.started, s.seq) = (s.at, 2);
    (s.events, s.requests) = Default::default();
    *desk.fake.snapshot.lock() = Arc::new(s);
    desk.app.update();
}

#[test]
fn a_router_that_was_started_again_is_said_to_be_and_no_answer_of_the_run_before_is_waited_for() {
    let mut desk = desk(scene::requested(), attached(None));
    desk.press("oyRj");
    assert!(desk.text(120, 40).contains("held"));
    start_again(&mut desk);
    let text = desk.text(120, 40);
    let footer = text.lines().last().unwrap();
    assert!(
        footer.starts_with("the router was started again at 14:03:23; what became of force "),
        "{footer}"
    );
    assert!(footer.contains("is unknown"), "{footer}");
    assert!(
        text.contains("No request has ended yet") && !text.contains("held"),
        "{text}"
    );
    desk.press(" ");
    assert!(!desk.text(120, 40).contains("waiting"));
}

#[test]
fn events_of_another_run_are_counted_by_a_screen_that_is_frozen_in_the_one_before() {
    let mut desk = desk(scene::calm(), attached(None));
    desk.press(" ");
    start_again(&mut desk);
    let mut s = (*desk.app.live_arc()).clone();
    s.at = s.at.after(Duration::from_secs(1));
    s.events = scene::calm().snapshot().events;
    let n = s.events.len();
    *desk.fake.snapshot.lock() = Arc::new(s);
    desk.app.update();
    let text = desk.text(120, 40);
    assert!(text.contains(&format!("{n} event")) && n > 0, "{n}\n{text}");
}

#[test]
fn that_a_command_would_not_arrive_is_said_no_longer_than_it_is_so() {
    let mut desk = desk(scene::calm(), lost());
    let refused = "a command would not arrive";
    assert!(desk.press("o").text(120, 40).contains(refused));
    desk.link(attached(None));
    assert!(!desk.text(120, 40).contains(refused));
}
