//! Frames as pictures in `target/frames`, for a person to look at and for the documentation.

use super::{Desk, scene};
use crate::tui::{
    svg::{Ground, svg},
    theme::Palette,
};
use std::{fs, path::Path};

#[test]
fn every_situation_can_be_drawn_as_a_picture() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/frames");
    fs::create_dir_all(&dir).unwrap();
    let scenes = [
        ("calm", scene::calm as fn() -> scene::Scene),
        ("incident", scene::incident),
        ("last-tier", scene::last_tier),
        ("no-tier", scene::no_tier),
        ("forced", scene::forced),
        ("disabled", scene::disabled),
        ("blind", scene::blind),
        ("dismissed", scene::dismissed),
        ("drift", scene::drift),
        ("suspicion", scene::suspicion),
        ("looks", scene::looks),
        ("alarm", scene::alarm),
        ("quality", scene::quality),
        ("pinned", scene::pinned),
        ("pinned-calm", scene::pinned_and_calm),
    ];
    for (name, scene) in scenes {
        let desk = Desk::at(scene());
        for (w, h) in [(58, 14), (80, 24), (120, 40), (200, 60)] {
            let picture = svg(&desk.draw(w, h), Ground::DARK);
            assert!(picture.contains("users"), "{name}");
            fs::write(dir.join(format!("{name}-{w}x{h}.svg")), picture).unwrap();
        }
    }
    for (name, scene, keys) in [
        ("alarm", scene::alarm as fn() -> scene::Scene, "\n"),
        ("calm", scene::calm, "\n"),
        ("incident", scene::incident, "\n"),
        ("quality", scene::quality, "\n"),
        ("pinned", scene::pinned, "\n"),
        ("forced", scene::forced, "\n"),
        ("fault", scene::forced, "j\n"),
        ("ramp", scene::incident, "j\n"),
        ("blind", scene::blind, "\n"),
    ] {
        let mut desk = Desk::at(scene());
        desk.press(keys);
        for (w, h) in [(80, 24), (120, 40), (200, 60)] {
            let picture = svg(&desk.draw(w, h), Ground::DARK);
            fs::write(dir.join(format!("{name}-detail-{w}x{h}.svg")), picture).unwrap();
        }
    }
    for (name, scene, keys) in [
        ("drill-menu", scene::drills as fn() -> scene::Scene, "d"),
        ("drill-page", scene::real_drills, "d\nlll"),
        ("drill-runs", scene::drilling, "d"),
        ("drill-ended", scene::drilled, "d\n"),
    ] {
        let mut desk = Desk::at(scene());
        desk.press(keys);
        for (w, h) in [(58, 14), (80, 24), (120, 40), (200, 60)] {
            let picture = svg(&desk.draw(w, h), Ground::DARK);
            fs::write(dir.join(format!("{name}-{w}x{h}.svg")), picture).unwrap();
        }
    }
    let light = Desk::with(scene::pinned(), Palette::Light, false, false);
    fs::write(
        dir.join("pinned-light.svg"),
        svg(&light.draw(120, 40), Ground::LIGHT),
    )
    .unwrap();
    let light = Desk::with(scene::incident(), Palette::Light, false, false);
    fs::write(
        dir.join("incident-light.svg"),
        svg(&light.draw(120, 40), Ground::LIGHT),
    )
    .unwrap();
    for (name, keys) in [
        ("detail", "\n"),
        ("help", "?"),
        ("confirm", "jo"),
        ("fault", "f"),
        ("palette", ":force anthropic/claude-sonnet-4-5 o"),
    ] {
        let mut desk = Desk::at(scene::incident());
        desk.press(keys);
        fs::write(
            dir.join(format!("{name}.svg")),
            svg(&desk.draw(120, 40), Ground::DARK),
        )
        .unwrap();
    }
}
