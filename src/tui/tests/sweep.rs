//! No window is too small or too large to be drawn.

use super::{Desk, scene};
use crate::tui::theme::Palette;

/// Everything that may lie over the dashboard, by the keys that bring it up.
const VIEWS: [&str; 18] = [
    "",
    "\n",
    "?",
    "o",
    "3\n",
    "f",
    ":fault add x",
    "/gem",
    "d",
    "d\n",
    "E",
    "W",
    "R",
    "Rj\n",
    "T",
    "F",
    "F\n",
    "\t\tz",
];

fn sweep(desk: &mut Desk, sizes: &[(u16, u16)]) {
    for keys in VIEWS {
        desk.press(keys);
        for &(w, h) in sizes {
            desk.draw(w, h);
        }
        desk.press("\u{1b}\u{1b}\u{1b}");
    }
}

#[test]
fn every_small_window_can_be_drawn() {
    let sizes = (1..=40)
        .step_by(3)
        .flat_map(|w| (1..=12).map(move |h| (w, h)))
        .collect::<Vec<_>>();
    for scene in [
        scene::forced(),
        scene::blind(),
        scene::drills(),
        scene::drilling(),
        scene::requested(),
    ] {
        sweep(&mut Desk::at(scene), &sizes);
    }
}

#[test]
fn every_large_window_can_be_drawn() {
    let sizes = [
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
    for scene in [
        scene::incident(),
        scene::blind(),
        scene::drills(),
        scene::drilled(),
    ] {
        let mut desk = Desk::with(scene, Palette::Mono, true, false);
        sweep(&mut desk, &sizes);
    }
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
            desk.press("\u{1b}\u{1b}\u{1b}");
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
        for keys in VIEWS.into_iter().filter(|keys| *keys != "W") {
            desk.press(keys);
            for cell in desk.draw(200, 60).content {
                let symbol = cell.symbol();
                let known =
                    symbol.is_ascii() || super::super::words::plain(symbol) != "?" || symbol == "◌";
                assert!(known, "{symbol:?} after {keys:?}");
            }
            desk.press("\u{1b}\u{1b}\u{1b}");
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
