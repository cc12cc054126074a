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
