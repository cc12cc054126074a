//! Looking back on a live screen.

use super::{Desk, scene};
use crate::model::Kind;

#[test]
fn a_screen_looks_back_by_the_second_by_the_minute_and_to_where_a_breaker_moved() {
    let mut desk = Desk::at(scene::calm());
    let start = desk.app.now();
    let live = desk
        .looking_back()
        .then(|s| s.silence(7))
        .press(">")
        .app
        .now();
    let mut at = |keys: &str| desk.press(keys).app.now();
    assert_eq!(live.since(at("[")).as_secs(), 7);
    assert_eq!(live.since(at("[")).as_secs(), 8, "a breaker had just moved");
    assert!(live.since(at("{")).as_secs() >= 68);
    let before = at("N");
    assert!(at("n") > before);
    assert_eq!(at("<"), start);
    assert_eq!(at("["), start, "there is nothing before it");
    assert_eq!(at(">"), live);
    assert!(desk.text(120, 40).contains("LIVE"), "the end is now");
}

#[test]
fn a_moment_that_has_passed_shows_what_was_known_then_in_table_and_events() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| s.silence(30));
    let calm = desk.text(120, 40);
    desk.then(|s| {
        s.silence(30);
        s.push(Kind::ReloadFailed {
            why: "later".into(),
        });
    });
    let now = desk.text(120, 40);
    assert!(now.contains("NOT reloaded"), "{now}");
    let then = desk.press("[").text(120, 40);
    assert!(!then.contains("NOT reloaded") && then.contains("FROZEN 0:30, 1 event behind"));
    let table = |text: &str| text.lines().skip(2).take(7).collect::<Vec<_>>().join("\n");
    assert_eq!(table(&then), table(&calm));
}

#[test]
fn a_typed_moment_is_gone_to_on_a_live_screen_as_in_a_replay() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| s.silence(60)).then(|s| s.silence(60));
    let live = desk.app.now();
    let mut at = |text: &str| desk.press(&format!("t{text}\n")).app.now();
    assert_eq!(live.since(at("-1m")).as_secs(), 60, "back from now");
    assert_eq!(
        live.since(at("-30s")).as_secs(),
        120,
        "and from there; the last that was known"
    );
    assert_eq!(live.since(at("+1m")).as_secs(), 60);
    assert_eq!(live.since(at("14:03:22")).as_secs(), 120);
    assert_eq!(live.since(at("2026-03-10T14:04:22Z")).as_secs(), 60);
    assert!(desk.text(120, 40).contains("FROZEN 1:00"));
    desk.press("t+1h\n");
    assert!(
        desk.text(120, 40).contains("LIVE"),
        "after the last moment comes now"
    );
}

#[test]
fn a_moment_that_no_screen_saw_is_said_above_the_line_and_can_be_typed_again() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| s.silence(60)).press("t12:00\n");
    let text = desk.text(120, 40);
    assert!(
        text.contains(
            "12:00 is not in it: it goes from 2026-03-10 14:03:22Z to 2026-03-10 14:04:22Z"
        ),
        "{text}"
    );
    desk.press("\u{8}\u{8}\u{8}\u{8}\u{8}noon\n");
    assert!(desk.text(120, 40).contains("\"noon\" is not a moment"));
    desk.press("\u{1b}");
    assert!(desk.text(120, 40).contains("LIVE"));
}
