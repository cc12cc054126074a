//! No window is too small or too large to be drawn.

use super::{Desk, scene, scene::Scene};
use crate::tui::{theme::Palette, view::draw};
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};

/// Everything that may be on screen, by the keys that bring it up: a new view is a new line.
pub(super) const VIEWS: &[&str] = &[
    "",
    // The detail, and its panes over the whole screen.
    "\n",
    "\n\tz",
    // The panes of the overview over the whole screen.
    "z",
    "\tz",
    "\t\tz",
    "\t\t\tz",
    "?",
    "?force",
    // Questions, menus, lines.
    "o",
    "3\n",
    "f",
    ":fault add x",
    ":nonsense\n",
    "/gem",
    "/kind:",
    "d",
    "d\n",
    "E",
    "EG",
    "W",
    "R",
    "Rj\n",
    "T",
    "F",
    "F\n",
    // What is past.
    " ",
    "[[",
];

/// Enough to leave whatever is there.
const OUT: &str = "\u{1b}\u{1b}\u{1b}\u{1b}\u{1b}";

/// Draws at each size, and moves a little: what is in sight depends on the size.
fn sweep(desk: &mut Desk, sizes: &[(u16, u16)]) {
    for keys in VIEWS {
        desk.press(keys);
        for &(w, h) in sizes {
            desk.app.size = Size::new(w, h);
            let area = Rect::new(0, 0, w, h);
            draw(&desk.app, area, &mut Buffer::empty(area));
            desk.key(KeyCode::Down, KeyModifiers::NONE);
        }
        desk.press(OUT);
    }
}

/// Each on a test of its own, so that they run side by side.
macro_rules! sweeps {
    ($($name:ident: $desk:expr, $sizes:expr;)+) => {$(
        #[test]
        fn $name() {
            sweep(&mut $desk, &$sizes);
        }
    )+};
}

sweeps! {
    every_small_window_can_be_drawn_with_hands_on_everything: Desk::at(scene::forced()), small(0);
    every_small_window_can_be_drawn_with_requests: Desk::at(scene::requested()), small(1);
    every_small_window_can_be_drawn_with_drills: Desk::at(scene::drills()), small(2);
    every_small_window_can_be_drawn_in_a_drill: Desk::at(scene::drilling()), small(3);
    every_large_window_can_be_drawn_in_an_incident: plain(scene::requested()), large(0);
    every_large_window_can_be_drawn_without_judges: plain(scene::blind()), large(1);
    every_large_window_can_be_drawn_with_drills: plain(scene::drills()), large(2);
    every_large_window_can_be_drawn_after_a_drill: plain(scene::drilled()), large(3);
}

fn plain(scene: Scene) -> Desk {
    Desk::with(scene, Palette::Mono, true, false)
}

/// Every size from 1×1 to 40×12 in one of four situations, and so in each of them every width and every height.
fn small(situation: u16) -> Vec<(u16, u16)> {
    let all = (1..=40).flat_map(|w| (1..=12).map(move |h| (w, h)));
    all.filter(|(w, h)| (w + h) % 4 == situation).collect()
}

/// Around every limit of a layout, and steps up to 250×80, other ones for each `shift`.
fn large(shift: u16) -> Vec<(u16, u16)> {
    let limits = [
        (41, 13),
        (59, 16),
        (60, 15),
        (60, 16),
        (61, 17),
        (99, 32),
        (100, 31),
        (100, 32),
        (101, 33),
        (160, 48),
        (250, 80),
    ];
    let wide = |w| (13 + shift * 8..=80).step_by(32).map(move |h| (w, h));
    let steps = (41 + shift * 16..=250).step_by(64).flat_map(wide);
    limits.into_iter().chain(steps).collect()
}

#[test]
fn nothing_at_all_can_be_drawn() {
    let mut desk = Desk::at(scene::empty());
    sweep(&mut desk, &[(1, 1), (80, 24), (120, 40), (200, 60)]);
}

#[test]
fn in_ascii_every_cell_is_ascii() {
    for scene in [
        scene::forced(),
        scene::alarm(),
        scene::drills(),
        scene::drilled(),
    ] {
        let mut desk = Desk::with(scene, Palette::Mono, true, false);
        for keys in VIEWS {
            desk.press(keys);
            for (w, h) in [(58, 14), (120, 40), (200, 60)] {
                let text = desk.text(w, h);
                assert!(text.is_ascii(), "{text}");
            }
            desk.press(OUT);
        }
    }
}

#[test]
fn every_glyph_of_the_screen_has_an_ascii_form() {
    for scene in [
        scene::forced(),
        scene::alarm(),
        scene::drills(),
        scene::drilled(),
    ] {
        let mut desk = Desk::at(scene);
        // Letters on the wall are made of other glyphs where there is only ASCII.
        for keys in VIEWS.iter().filter(|keys| **keys != "W") {
            desk.press(keys);
            for cell in desk.draw(200, 60).content {
                let symbol = cell.symbol();
                let known =
                    symbol.is_ascii() || super::super::words::plain(symbol) != "?" || symbol == "◌";
                assert!(known, "{symbol:?} after {keys:?}");
            }
            desk.press(OUT);
        }
    }
}

#[test]
fn on_the_wall_ascii_is_plain_text() {
    let mut desk = Desk::with(scene::incident(), Palette::Mono, true, false);
    let text = desk.press("W").text(200, 60);
    assert!(
        text.contains("served 100%") && text.contains("OPEN 34.4% anthropic/"),
        "{text}"
    );
}
