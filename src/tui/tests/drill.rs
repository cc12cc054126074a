//! Drills on the screen: from the menu over the page and the question to the end.

use super::{Desk, scene};
use crate::{
    model::{
        Kind,
        drill::{DrillResult, DrillStep},
    },
    tui::theme::Palette,
};
use scene::{DRILL, PRIMARY};

frames! {
    the_drill_menu_at_80_by_24: scene::drills(), "d", 80, 24;
    the_drill_menu_at_120_by_40: scene::drilled(), "d", 120, 40;
    the_page_at_80_by_24: scene::drills(), "d\n", 80, 24;
    the_page_at_120_by_40: scene::real_drills(), "d\n", 120, 40;
    the_page_of_one_that_will_fail: scene::real_drills(), "djj\nll", 80, 24;
    a_question_about_a_drill: scene::real_drills(), "d\n\n", 80, 24;
    a_question_about_a_drill_on_real_traffic: scene::real_drills(), "d\nlll\nanthropic", 80, 24;
    a_drill_under_way_at_80_by_24: scene::drilling(), "d", 80, 24;
    a_drill_under_way_at_120_by_40: scene::drilling(), "d", 120, 40;
    a_drill_under_way_at_58_by_14: scene::drilling(), "d", 58, 14;
    a_drill_that_failed_at_80_by_24: scene::drilled(), "d\n", 80, 24;
    a_drill_that_failed_at_120_by_40: scene::drilled(), "d\n", 120, 40;
    a_drill_seen_from_the_dashboard: scene::drilling(), "", 120, 40;
}

#[test]
fn a_drill_on_simulated_providers_is_started_by_three_keys_and_yes() {
    let mut desk = Desk::at(scene::drills());
    desk.press("d\n\n");
    assert!(desk.sent().is_empty());
    desk.press("y");
    assert_eq!(desk.sent(), [format!("drill start {DRILL} --share 100%")]);
    let text = desk.text(80, 24);
    assert!(
        text.contains("no drill has begun up to this moment") && text.contains("(waiting)"),
        "{text}"
    );
}

#[test]
fn real_users_are_drilled_only_after_the_primarys_name_was_typed() {
    let mut desk = Desk::at(scene::real_drills());
    desk.press("d\n\ny");
    assert_eq!(desk.sent(), [format!("drill start {DRILL} --only-drill")]);
    let mut desk = Desk::at(scene::real_drills());
    desk.press("d\nlll\ny\n");
    assert!(desk.sent().is_empty());
    desk.press("\u{8}").press(PRIMARY).press("\n");
    assert_eq!(desk.sent(), [format!("drill start {DRILL} --share 10%")]);
}

#[test]
fn the_command_line_asks_the_same_question() {
    let mut desk = Desk::at(scene::real_drills());
    desk.press(":")
        .press(&format!("drill start {DRILL} --share 10%\n"));
    assert!(desk.sent().is_empty());
    assert!(desk.text(120, 40).contains("THIS IS REAL TRAFFIC"));
}

#[test]
fn a_drill_is_aborted_with_one_key_and_only_its_end_says_so() {
    let mut desk = Desk::at(scene::drilling());
    desk.press("da");
    assert_eq!(desk.sent(), ["drill abort"]);
    let text = desk.text(120, 40);
    assert!(
        text.contains("sent: drill abort (waiting)") && text.contains("runs for"),
        "{text}"
    );
    desk.then(|s| {
        s.push(Kind::Command {
            actor: "ana".into(),
            command: "drill abort".into(),
            refused: None,
        });
        s.drill(DrillStep::Ended {
            result: DrillResult::Aborted,
            why: "somebody stopped it".into(),
        });
    });
    let text = desk.text(120, 40);
    assert!(text.contains("done: drill abort"), "{text}");
    assert!(
        text.contains("ABORTED: 0 of 6 checks passed") && text.contains("somebody stopped it"),
        "{text}"
    );
    desk.press("a");
    assert_eq!(desk.sent().len(), 1, "there is none to abort any more");
}

#[test]
fn one_leaves_the_view_and_the_drill_goes_on_in_the_header() {
    let mut desk = Desk::at(scene::drilling());
    assert!(
        desk.text(160, 40)
            .contains("drill bad-key-tuesday 0:19 0/6")
    );
    desk.press("d");
    assert!(!desk.text(160, 40).contains("┌ deployments"));
    desk.press("\u{1b}").then(|s| {
        s.silence(3);
        s.checked(0, true, "at once");
    });
    let text = desk.text(160, 40);
    assert!(
        text.contains("┌ deployments") && text.contains("drill bad-key-tuesday 0:22 1/6"),
        "{text}"
    );
}

#[test]
fn keys_about_rows_do_nothing_where_a_drill_hides_the_rows() {
    let mut desk = Desk::at(scene::drilling());
    desk.press("docwrpfx3y");
    assert!(desk.sent().is_empty());
}

#[test]
fn on_a_read_only_screen_no_drill_can_be_started() {
    let mut desk = Desk::with(scene::drills(), Palette::Dark, false, true);
    desk.press("d\n\ny");
    assert!(desk.sent().is_empty());
    assert!(desk.text(80, 24).contains("┌ deployments"));
}
