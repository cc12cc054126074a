//! What is normal, on screen; and what a plain cooldown router would have done.

use super::{Desk, scene};
use crate::tui::theme::Palette;

frames! {
    pinned_at_58_by_14: scene::pinned(), "", 58, 14;
    pinned_at_80_by_24: scene::pinned(), "", 80, 24;
    pinned_at_120_by_40: scene::pinned(), "", 120, 40;
    pinned_at_200_by_60: scene::pinned(), "", 200, 60;
    pinned_in_detail: scene::pinned(), "\n", 120, 40;
    pinned_in_detail_at_80_by_24: scene::pinned(), "\n", 80, 24;
    pinned_in_detail_at_200_by_60: scene::pinned(), "\n", 200, 60;
    learned_in_detail: scene::learned(), "\n", 120, 40;
    pinned_and_calm_at_200_by_60: scene::pinned_and_calm(), "", 200, 60;
}

#[test]
fn what_is_normal_in_ascii() {
    let desk = Desk::with(scene::pinned(), Palette::Mono, true, false);
    insta::assert_snapshot!(desk.text(200, 60));
}

#[test]
fn b_pins_what_is_normal_and_then_unpins_it_and_asks_nothing() {
    let mut calm = Desk::at(scene::calm());
    calm.press("b");
    assert_eq!(calm.sent(), ["normal pin"]);
    let mut pinned = Desk::at(scene::pinned());
    pinned.press("b");
    assert_eq!(pinned.sent(), ["normal unpin"]);
    let mut learned = Desk::at(scene::learned());
    learned.press("b");
    assert_eq!(learned.sent(), ["normal pin"]);
}

#[test]
fn where_nothing_is_known_to_be_normal_nothing_is_said_of_it() {
    for (w, h) in [(80, 24), (120, 40), (200, 60)] {
        let text = Desk::at(scene::incident()).text(w, h);
        assert!(!text.contains("vs normal") && !text.contains('┈') && !text.contains('↑'));
    }
}

#[test]
fn what_stays_in_the_scrollback_compares_after_an_incident_only() {
    let lines = |scene: scene::Scene| crate::tui::Summary::of(&scene.snapshot()).to_string();
    assert_eq!(lines(scene::calm()).lines().count(), 5);
    let incident = lines(scene::incident());
    let last = incident.lines().last().unwrap();
    assert!(last.contains("a plain cooldown router"), "{last}");
}
