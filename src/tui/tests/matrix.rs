//! Every view at three sizes, full, empty, frozen and stale: as text, and as a map of roles.

use super::{Desk, frames::roles, link, scene};
use crate::tui::tests::scene::Scene;

/// The keys that lead to each view.
const VIEWS: [(&str, &str); 9] = [
    ("overview", ""),
    ("detail", "\n"),
    ("requests", "R"),
    ("waterfall", "Rj\n"),
    ("routes", "T"),
    ("faults", "F"),
    ("events", "E"),
    ("wall", "W"),
    ("drill", "d"),
];
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn busy() -> Scene {
    let mut s = scene::requested();
    s.fault(1, scene::SECONDARY);
    s
}

fn check(state: &str, scene: fn() -> Scene, then: fn(&mut Desk)) {
    for (view, keys) in VIEWS {
        for (w, h) in SIZES {
            let mut desk = Desk::at(scene());
            desk.app.size = ratatui::layout::Size::new(w, h);
            desk.press(keys);
            then(&mut desk);
            let name = format!("{view}_{state}_{w}x{h}");
            let frame = format!("{}\n{}", desk.text(w, h), roles(&desk, w, h));
            insta::assert_snapshot!(name, frame);
        }
    }
}

#[test]
fn every_view_of_an_incident() {
    check("busy", busy, |_| {});
}

#[test]
fn every_view_of_nothing() {
    check("empty", scene::empty, |_| {});
}

#[test]
fn every_view_of_a_moment_that_has_passed() {
    check("frozen", busy, |desk| {
        desk.press(" ").then(|s| s.silence(42));
    });
}

#[test]
fn every_view_of_a_router_that_is_silent() {
    check("stale", busy, |desk| {
        desk.link(link::lost());
    });
}
