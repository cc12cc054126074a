//! Keys of the screen itself: undo, copy, save, mouse, zoom, the filter.

use super::{Desk, scene};
use crate::{
    model::{Force, ForceKind, Kind, Wall},
    tui::{errand::Errand, theme::Palette},
};
use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use scene::{PRIMARY, SECONDARY, TERTIARY};
use std::time::Duration;

/// The router carries out the last command that was sent, as `me`.
fn carried_out(desk: &mut Desk, change: impl FnOnce(Wall) -> Kind) {
    let command = desk.sent().pop().unwrap();
    let at = desk.app.now();
    desk.then(|s| {
        s.push(change(at));
        s.push(Kind::Command {
            actor: "me".into(),
            command,
            origin: None,
            ticket: None,
            refused: None,
        });
    });
}

fn forced(at: Wall, who: &str) -> Kind {
    Kind::Forced {
        deployment: SECONDARY.into(),
        force: Force {
            kind: ForceKind::Open,
            who: who.into(),
            why: String::new(),
            until: at.after(Duration::from_mins(10)),
        },
    }
}

#[test]
fn undo_takes_off_the_last_override_of_this_screen_that_is_still_on() {
    let mut desk = Desk::at(scene::calm());
    desk.press(&format!(":force {SECONDARY} open\ny"));
    carried_out(&mut desk, |at| forced(at, "me"));
    desk.press(":rung3 on summarize\ny");
    carried_out(&mut desk, |at| Kind::Rung3On {
        route: Some("summarize".into()),
        who: "me".into(),
        why: String::new(),
        until: at.after(Duration::from_mins(10)),
    });
    desk.press("u");
    assert_eq!(desk.sent().pop().unwrap(), "rung3 off summarize");
    carried_out(&mut desk, |_| Kind::Rung3Off {
        route: Some("summarize".into()),
        who: "me".into(),
    });
    desk.press("u");
    assert_eq!(desk.sent().pop().unwrap(), format!("release {SECONDARY}"));
}

#[test]
fn undo_leaves_what_somebody_else_laid() {
    let mut desk = Desk::at(scene::calm());
    desk.press("u");
    assert!(desk.text(80, 24).contains("nothing to undo"));
    desk.press(&format!(":force {SECONDARY} open\ny"));
    carried_out(&mut desk, |at| forced(at, "me"));
    desk.then(|s| {
        let at = s.snapshot().at;
        s.push(forced(at, "ana"));
    });
    let sent = desk.sent().len();
    desk.press("u");
    assert_eq!(desk.sent().len(), sent);
}

#[test]
fn the_row_is_copied_as_one_line_and_in_the_events_the_newest_in_sight() {
    let mut desk = Desk::at(scene::incident());
    desk.press("y");
    let [Errand::Copy(row)] = desk.app.errands.as_slice() else {
        panic!("{:?}", desk.app.errands)
    };
    let start = "2026-03-10 14:03:22Z anthropic/claude-sonnet-4-5 OPEN, errors 3";
    assert!(row.starts_with(start), "{row}");
    assert!(row.contains("error_rate 38.4% > 2.0%"), "{row}");
    desk.app.errands.clear();
    desk.press("Ey");
    let [Errand::Copy(event)] = desk.app.errands.as_slice() else {
        panic!("{:?}", desk.app.errands)
    };
    assert!(event.starts_with("2026-03-10 14:0"), "{event}");
}

#[test]
fn zoom_gives_the_whole_middle_to_the_panel_with_the_focus() {
    let mut desk = Desk::at(scene::incident());
    desk.press("z");
    let rows = desk.text(120, 40);
    assert!(rows.contains("deployments") && !rows.contains(" events "));
    desk.press("\t");
    assert!(desk.text(120, 40).contains(" events "));
    desk.press("\t");
    let charts = desk.text(120, 40);
    assert!(charts.contains("error rate") && !charts.contains("deployments"));
    desk.press("\t");
    assert!(desk.text(120, 40).contains("rungs, last 15 min"));
    desk.press("\u{1b}");
    assert!(desk.text(120, 40).contains("deployments"));
}

#[test]
fn where_there_is_room_for_one_panel_tab_changes_it() {
    let mut desk = Desk::at(scene::incident());
    let shown = |desk: &Desk, what| desk.text(80, 24).contains(what);
    assert!(shown(&desk, " events "));
    desk.press("\t\t");
    assert!(shown(&desk, " error rate ") && shown(&desk, " deployments "));
    desk.press("\t");
    assert!(shown(&desk, " rungs, last 15 min "));
    desk.press("\t");
    assert!(shown(&desk, " events "));
}

fn mouse(desk: &mut Desk, kind: MouseEventKind, column: u16, row: u16) {
    desk.app.handle(&Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

#[test]
fn a_click_selects_a_row_once_the_mouse_was_asked_for() {
    let click = MouseEventKind::Down(MouseButton::Left);
    let mut desk = Desk::at(scene::calm());
    mouse(&mut desk, click, 10, 5);
    assert_eq!(&*desk.app.selected().unwrap().id, PRIMARY);
    desk.press("m");
    assert_eq!(desk.app.errands, [Errand::Mouse(true)]);
    mouse(&mut desk, click, 10, 5);
    assert_eq!(&*desk.app.selected().unwrap().id, SECONDARY);
    mouse(&mut desk, MouseEventKind::ScrollDown, 10, 5);
    assert_eq!(&*desk.app.selected().unwrap().id, TERTIARY);
    mouse(&mut desk, click, 10, 3);
    assert_eq!(
        &*desk.app.selected().unwrap().id,
        TERTIARY,
        "a heading is no row"
    );
}

#[test]
fn a_click_never_answers_a_question() {
    let mut desk = Desk::at(scene::calm());
    desk.press("mo");
    for row in 0..24 {
        for column in 0..80 {
            mouse(
                &mut desk,
                MouseEventKind::Down(MouseButton::Left),
                column,
                row,
            );
        }
    }
    assert!(desk.sent().is_empty());
}

#[test]
fn a_filter_with_terms_hides_what_they_are_not_about() {
    let mut desk = Desk::at(scene::incident());
    desk.press("/tier:primary sev:bad\n");
    let text = desk.text(120, 40);
    assert!(text.contains("/tier:primary sev:bad"));
    let row = |id| {
        text.lines()
            .any(|l| l.starts_with("│") && l.contains("CLOSED") && l.contains(id))
    };
    assert!(!row(SECONDARY), "{text}");
}

#[test]
fn a_term_that_matches_nothing_is_named_while_it_is_typed() {
    let mut desk = Desk::with(scene::incident(), Palette::Dark, false, false);
    desk.press("/kind:boom");
    let text = desk.text(120, 40);
    assert!(
        text.contains("no kind of event begins with \"boom\""),
        "{text}"
    );
    assert!(
        text.contains(SECONDARY),
        "and what was filtered before stays so"
    );
}

#[test]
fn in_the_list_of_faults_one_is_cleared_and_one_is_changed_in_its_place() {
    let mut desk = Desk::at(scene::simulated());
    desk.then(|s| s.fault(1, PRIMARY))
        .then(|s| s.fault(2, SECONDARY));
    desk.press("Fjx");
    assert_eq!(desk.sent(), ["fault clear 2"]);
    desk.press("k\n").press("h\ny");
    let sent = desk.sent();
    assert_eq!(sent[1], "fault clear 1");
    assert!(
        sent[2].starts_with(&format!("fault add {PRIMARY} status=503 --rate ")),
        "{sent:?}"
    );
    assert_eq!(sent.len(), 3);
}

#[test]
fn a_fault_that_is_not_changed_after_all_stays() {
    let mut desk = Desk::at(scene::simulated());
    desk.then(|s| s.fault(1, PRIMARY)).press("F\n\nn");
    assert!(desk.sent().is_empty());
}

#[test]
fn the_list_of_requests_follows_until_somebody_reads_in_it() {
    let mut desk = Desk::at(scene::requested());
    let newest = |desk: &Desk| desk.app.request().map(|r| r.request.exchange.to_string());
    let tell = |desk: &mut Desk, n| {
        desk.then(|s| s.push(Kind::Request(Box::new(scene::request(n)))));
    };
    desk.press("R");
    let first = newest(&desk);
    tell(&mut desk, 30);
    desk.then(|s| s.silence(1));
    assert_eq!(newest(&desk), first, "but not all the time");
    desk.then(|s| s.silence(1));
    assert_eq!(
        newest(&desk).as_deref(),
        Some("0199a1c2-7730"),
        "it follows"
    );
    desk.press("j");
    let read = newest(&desk);
    let before = desk.text(120, 40);
    tell(&mut desk, 31);
    assert_eq!(newest(&desk), read);
    let after = desk.text(120, 40);
    assert!(after.contains("held, 1 newer above"), "{after}");
    let rows = |text: &str| {
        text.lines()
            .skip(4)
            .take(10)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&before), rows(&after), "no row moves under the eye");
    for n in 0..300 {
        tell(&mut desk, 100 + n);
    }
    assert_eq!(newest(&desk), read, "nor when the router has forgotten it");
    assert!(desk.text(120, 40).contains("held, 256+ newer above"));
    desk.press("g");
    assert_eq!(newest(&desk).as_deref(), Some("0199a1c2-77399"));
}

#[test]
fn the_requests_are_filtered_by_who_was_tried_and_by_how_they_ended() {
    let mut desk = Desk::at(scene::requested());
    desk.press("R/sev:bad\n");
    let text = desk.text(120, 24);
    assert!(
        text.contains("error") && !text.contains("fallback "),
        "{text}"
    );
    desk.press("/\u{1b}/deployment:gemini\n");
    assert!(desk.text(120, 24).contains("error"), "tried there");
}

#[test]
fn in_the_routes_a_key_is_about_the_tier_under_the_cursor() {
    let mut desk = Desk::at(scene::requested());
    desk.press("Tjo").press(&format!("{SECONDARY}\ny"));
    assert_eq!(desk.sent(), [format!("force {SECONDARY} open --for 10m")]);
}

#[test]
fn the_palette_goes_to_a_view_by_its_name_and_a_name_never_leads_away_from_it() {
    let mut desk = Desk::at(scene::requested());
    for (word, title) in [
        ("requests", "requests newest first"),
        ("routes", "┌ routes"),
        ("faults", "┌ faults"),
        ("events", "┌ events"),
        ("detail openai/gpt-4.1", "of openai/gpt-4.1"),
        ("overview", "┌ deployments"),
    ] {
        for _ in 0..2 {
            let text = desk.press(&format!(":{word}\n")).text(120, 40);
            assert!(text.contains(title), "{word}\n{text}");
        }
    }
    assert_eq!(desk.app.selected().map(|d| &*d.id), Some(SECONDARY));
    assert!(desk.sent().is_empty());
}

#[test]
fn a_word_of_the_screen_that_is_not_understood_can_be_typed_again() {
    let mut desk = Desk::at(scene::calm());
    let text = desk.press(":detail nobody/x\n").text(120, 40);
    assert!(
        text.contains("no deployment \"nobody/x\"; there are anthropic/"),
        "{text}"
    );
    let text = desk.press("\u{1b}:wall now\n").text(120, 40);
    assert!(text.contains("nothing comes after wall"), "{text}");
}

#[test]
fn on_a_read_only_screen_the_palette_has_the_words_of_the_screen_alone() {
    let mut desk = Desk::with(scene::requested(), Palette::Dark, false, true);
    let text = desk.press(":").text(120, 40);
    assert!(
        text.contains("requests") && !text.contains("release  "),
        "{text}"
    );
    let text = desk
        .press("force anthropic/claude-sonnet-4-5 open\n")
        .text(120, 40);
    assert!(
        text.contains("NOT SENT") && text.contains("nothing can be changed"),
        "{text}"
    );
}

#[test]
fn every_view_but_the_first_says_how_to_leave_it() {
    for keys in [
        "\n", "R", "Rj\n", "T", "F", "E", "W", "d", "z", "/gem\n", " ",
    ] {
        let mut desk = Desk::at(scene::drilling());
        let text = desk.press(keys).text(80, 24);
        if keys != "W" {
            assert!(
                text.lines().last().unwrap().contains("esc "),
                "{keys:?}\n{text}"
            );
        }
    }
    assert!(!Desk::at(scene::calm()).text(200, 60).contains("esc "));
}
