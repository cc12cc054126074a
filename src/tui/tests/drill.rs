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
            origin: None,
            ticket: None,
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
fn on_a_read_only_screen_drills_are_looked_at_and_none_is_started_or_aborted() {
    let mut desk = Desk::with(scene::drills(), Palette::Dark, false, true);
    desk.press("d\n");
    let text = desk.text(80, 24);
    assert!(
        text.contains("┌ drill bad-key-tuesday") && text.contains("bad-key on 100% of the primary"),
        "{text}"
    );
    assert!(!text.contains("start it"), "{text}");
    desk.press("\ny");
    assert!(desk.sent().is_empty());
    let mut desk = Desk::with(scene::drilling(), Palette::Dark, false, true);
    desk.press("d");
    let text = desk.text(80, 24);
    assert!(
        text.contains("runs for") && !text.contains("a abort"),
        "{text}"
    );
    desk.press("ay");
    assert!(desk.sent().is_empty());
}

#[test]
fn a_screen_that_knows_the_last_drill_only_shows_that() {
    let mut scene = scene::drilled();
    scene.push(Kind::Drills { drills: Vec::new() });
    let mut desk = Desk::with(scene, Palette::Dark, false, true);
    desk.press("d");
    assert!(desk.text(80, 24).contains("FAILED:"));
}

#[test]
fn the_footer_offers_an_abort_while_a_drill_runs_and_another_one_after_it() {
    let mut desk = Desk::at(scene::drilling());
    let offers = |desk: &Desk| {
        desk.text(80, 24)
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    };
    let footer = offers(desk.press("d"));
    assert!(
        footer.contains("a abort") && !footer.contains("d another"),
        "{footer}"
    );
    desk.then(|s| {
        s.drill(DrillStep::Ended {
            result: DrillResult::Passed,
            why: String::new(),
        });
    });
    let footer = offers(&desk);
    assert!(
        !footer.contains("a abort") && footer.contains("d another"),
        "{footer}"
    );
}

const LONG: &str = "the breaker opened with the right reason within 10.0s";
const NUMBERS: &str =
    "anthropic/claude-sonnet-4-5 after 312ms: credential 401, of a bound of 10.0s";

#[test]
fn the_numbers_of_a_check_are_never_cut_before_its_words() {
    for (w, h) in [(80, 24), (80, 14), (120, 40), (200, 60)] {
        let mut desk = Desk::at(scene::drilling());
        desk.press("d").then(|s| {
            for _ in 0..5 {
                s.drill(DrillStep::Checked {
                    check: LONG.to_owned(),
                    passed: true,
                    numbers: NUMBERS.to_owned(),
                });
            }
        });
        let text = desk.text(w, h);
        let told = flat(&text)
            .matches("credential 401, of a bound of 10.0s")
            .count();
        // Where a line is shorter than the numbers, their end is cut, and none of their words is there.
        assert!(told > 0 || h < 24, "{text}");
        for line in text
            .lines()
            .filter(|l| l.trim_end_matches([' ', '│']).ends_with('…'))
        {
            assert!(
                !line.contains("the breaker"),
                "numbers are cut beside words: {text}"
            );
        }
    }
}

#[test]
fn the_path_of_a_report_is_there_to_its_end() {
    let path = "/home/somebody/with-a-long-name/.local/state/breakerbox/drills/2026-11-20T14-03-22Z-bad-key-tuesday.md";
    for (w, h) in [(58, 14), (80, 24), (120, 40), (200, 60)] {
        let mut desk = Desk::at(scene::drilled());
        desk.press("d\n").then(|s| {
            s.drill(DrillStep::Reported {
                path: path.to_owned(),
            });
        });
        let text = desk.text(w, h);
        let bare: String = flat(&text).chars().filter(|c| *c != ' ').collect();
        assert!(bare.contains(path), "{text}");
    }
}

/// The text of a frame without its borders, as one line.
fn flat(frame: &str) -> String {
    let bare = frame.replace(['│', '┌', '┐', '└', '┘', '─'], " ");
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}
