//! Colours that can be read, and told apart by those who do not see red and green.

use super::{Desk, scene, sweep::VIEWS};
use crate::tui::theme::{
    GROUND_DARK, GROUND_INDEXED, GROUND_LIGHT, Palette, Role, SELECTED_DARK, SELECTED_INDEXED,
    SELECTED_LIGHT, SHADE_DARK, SHADE_LIGHT, Theme,
};
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::collections::HashSet;

type Linear = [f64; 3];

fn linear(color: Color) -> Linear {
    let (r, g, b) = match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(n) => of_256(n),
        other => panic!("{other:?} has no certain look"),
    };
    [r, g, b].map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    })
}

/// xterm's table (`256colres.h`): after the sixteen a cube of six levels, then greys.
fn of_256(n: u8) -> (u8, u8, u8) {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |n: u8| LEVELS[usize::from(n % 6)];
    match n {
        0..16 => panic!("{n} is the terminal's own"),
        16..232 => {
            let n = n - 16;
            (level(n / 36), level(n / 6), level(n))
        }
        _ => {
            let grey = 8 + 10 * (n - 232);
            (grey, grey, grey)
        }
    }
}

/// WCAG 2: (L1 + 0.05) / (L2 + 0.05).
fn contrast(a: Color, b: Color) -> f64 {
    let luminance = |[r, g, b]: Linear| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (a, b) = (luminance(linear(a)), luminance(linear(b)));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE
/// TVCG 15 (6), 2009: severity 1.0, on linear RGB.
const DEUTERANOPE: [Linear; 3] = [
    [0.367_322, 0.860_646, -0.227_968],
    [0.280_085, 0.672_501, 0.047_413],
    [-0.011_820, 0.042_940, 0.968_881],
];
const PROTANOPE: [Linear; 3] = [
    [0.152_286, 1.052_583, -0.204_868],
    [0.114_503, 0.786_281, 0.099_216],
    [-0.003_882, -0.048_116, 1.051_998],
];

fn seen_by(eye: [Linear; 3], colour: Linear) -> Linear {
    eye.map(|row| {
        let sum = row.iter().zip(colour).map(|(w, c)| w * c).sum::<f64>();
        sum.clamp(0.0, 1.0)
    })
}

/// CIE L*a*b*, D65.
fn lab(rgb: Linear) -> [f64; 3] {
    let weigh = |row: [f64; 3], white: f64| {
        let t = row.iter().zip(rgb).map(|(w, c)| w * c).sum::<f64>() / white;
        if t > 0.008_856 {
            t.cbrt()
        } else {
            7.787 * t + 16.0 / 116.0
        }
    };
    let x = weigh([0.4124, 0.3576, 0.1805], 0.9505);
    let y = weigh([0.2126, 0.7152, 0.0722], 1.0);
    let z = weigh([0.0193, 0.1192, 0.9505], 1.0891);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn distance(a: Linear, b: Linear) -> f64 {
    lab(a)
        .iter()
        .zip(lab(b))
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

const PALETTES: [(Palette, [Color; 3]); 3] = [
    (Palette::Dark, [GROUND_DARK, SELECTED_DARK, SHADE_DARK]),
    (Palette::Light, [GROUND_LIGHT, SELECTED_LIGHT, SHADE_LIGHT]),
    (
        Palette::IndexedLight,
        [GROUND_INDEXED, SELECTED_INDEXED, SELECTED_INDEXED],
    ),
];

fn colour(palette: Palette, role: Role) -> Color {
    Theme::new(palette).style(role).fg.unwrap()
}

#[test]
fn every_role_can_be_read_on_its_grounds() {
    for (palette, grounds) in PALETTES {
        for role in Role::ALL {
            for back in grounds {
                let contrast = contrast(colour(palette, role), back);
                assert!(
                    contrast >= 4.5,
                    "{palette:?} {role:?} on {back:?}: {contrast:.2}"
                );
            }
        }
    }
}

/// What can be read in a frame, and on what: reversed cells the other way round. `own` are the terminal's colours for
/// text and ground, where a cell asks for no other.
fn pairs(frame: &Buffer, own: (Color, Color)) -> impl Iterator<Item = (Color, Color)> {
    let read = |cell: &&Cell| !cell.symbol().trim().is_empty();
    let or = |color, own| if color == Color::Reset { own } else { color };
    frame.content.iter().filter(read).map(move |cell| {
        let (fg, bg) = (or(cell.fg, own.0), or(cell.bg, own.1));
        if cell.modifier.contains(Modifier::REVERSED) {
            (bg, fg)
        } else {
            (fg, bg)
        }
    })
}

fn all_pairs(palette: Palette, own: (Color, Color)) -> HashSet<(Color, Color)> {
    let mut all = HashSet::new();
    for (_, scene) in scene::ALL {
        for keys in VIEWS {
            let mut desk = Desk::with(scene(), palette, false, false);
            let frame = desk.press(keys).draw(120, 40);
            assert!(
                frame
                    .content
                    .iter()
                    .all(|c| !c.modifier.contains(Modifier::DIM)),
                "dimmed by the terminal"
            );
            all.extend(pairs(&frame, own));
        }
    }
    all
}

#[test]
fn everything_in_every_frame_can_be_read_on_what_it_stands_on() {
    for (palette, ..) in PALETTES {
        let pairs = all_pairs(palette, (Color::Reset, Color::Reset));
        assert!(
            pairs.len() > Role::ALL.len(),
            "{palette:?}: {}",
            pairs.len()
        );
        for (fg, bg) in pairs {
            let contrast = contrast(fg, bg);
            assert!(
                contrast >= 4.5,
                "{palette:?} {fg:?} on {bg:?}: {contrast:.2}"
            );
        }
    }
}

/// xterm's own sixteen, from its resources (`XTerm-col.ad`): other terminals have others, and people change them.
fn xterm(color: Color) -> Color {
    match color {
        Color::Rgb(..) => color,
        Color::Gray => Color::Rgb(229, 229, 229),
        Color::LightRed => Color::Rgb(255, 0, 0),
        Color::LightGreen => Color::Rgb(0, 255, 0),
        Color::LightYellow => Color::Rgb(255, 255, 0),
        Color::LightMagenta => Color::Rgb(255, 0, 255),
        Color::LightCyan => Color::Rgb(0, 255, 255),
        Color::Red => Color::Rgb(205, 0, 0),
        Color::Blue => Color::Rgb(0, 0, 238),
        Color::Magenta => Color::Rgb(205, 0, 205),
        other => panic!("{other:?} is not of this palette"),
    }
}

#[test]
fn in_sixteen_colours_everything_can_be_read_on_an_xterm() {
    let (white, black) = (Color::Rgb(255, 255, 255), Color::Rgb(0, 0, 0));
    for (palette, own) in [
        (Palette::SixteenDark, (white, black)),
        (Palette::SixteenLight, (black, white)),
    ] {
        for (fg, bg) in all_pairs(palette, own) {
            let contrast = contrast(xterm(fg), xterm(bg));
            assert!(
                contrast >= 4.5,
                "{palette:?} {fg:?} on {bg:?}: {contrast:.2}"
            );
        }
    }
}

#[test]
fn of_256_colours_each_is_the_nearest_that_can_be_read_and_told_apart() {
    let grounds = [GROUND_INDEXED, SELECTED_INDEXED];
    for role in Role::ALL {
        let wanted = linear(colour(Palette::Light, role));
        let far = |n: u8| distance(linear(Color::Indexed(n)), wanted);
        let mut readable: Vec<u8> = (16..=255)
            .filter(|n| {
                let read = |back: &Color| contrast(Color::Indexed(*n), *back) >= 4.5;
                grounds.iter().all(read)
            })
            .collect();
        readable.sort_by(|a, b| far(*a).total_cmp(&far(*b)));
        // The nearest for a person's hand is the machine's look, to a deuteranope.
        let place = usize::from(role == Role::Manual);
        let chosen = colour(Palette::IndexedLight, role);
        assert_eq!(chosen, Color::Indexed(readable[place]), "{role:?}");
    }
}

#[test]
fn states_can_be_told_apart_without_red_and_green() {
    let states = [Role::Good, Role::Warn, Role::Bad, Role::Info, Role::Manual];
    for (eye, (palette, ..)) in [DEUTERANOPE, PROTANOPE]
        .into_iter()
        .flat_map(|eye| PALETTES.map(|palette| (eye, palette)))
    {
        for (i, a) in states.iter().enumerate() {
            for b in &states[i + 1..] {
                let seen = |role| seen_by(eye, linear(colour(palette, role)));
                let distance = distance(seen(*a), seen(*b));
                // About 2.3 can just be told apart side by side; text in two places needs several times that.
                assert!(distance > 10.0, "{palette:?} {a:?} {b:?}: {distance:.1}");
            }
        }
    }
}

#[test]
fn without_colour_what_is_wrong_still_stands_out() {
    let mono = Theme::new(Palette::Mono);
    for role in Role::ALL {
        assert_eq!(
            (mono.style(role).fg, mono.style(role).bg),
            (None, None),
            "{role:?}"
        );
    }
    assert_ne!(mono.style(Role::Bad), mono.style(Role::Good));
    assert!(
        mono.badge(Role::Bad)
            .add_modifier
            .contains(Modifier::REVERSED)
    );
}

#[test]
fn the_palette_comes_from_the_environment() {
    let from = |vars: &[(&str, &str)]| {
        Palette::Auto.resolve(|name| {
            let found = vars.iter().find(|(n, _)| *n == name);
            found.map(|(_, v)| (*v).to_owned())
        })
    };
    assert_eq!(from(&[("COLORTERM", "truecolor")]), Palette::Dark);
    assert_eq!(
        from(&[("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")]),
        Palette::Light
    );
    assert_eq!(
        from(&[("COLORTERM", "truecolor"), ("COLORFGBG", "15;default;0")]),
        Palette::Dark
    );
    assert_eq!(from(&[("TERM", "xterm-256color")]), Palette::SixteenDark);
    assert_eq!(from(&[("COLORFGBG", "0;7")]), Palette::SixteenLight);
    assert_eq!(
        from(&[("TERM", "xterm-256color"), ("COLORFGBG", "0;15")]),
        Palette::IndexedLight
    );
    assert_eq!(
        from(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]),
        Palette::Mono
    );
    assert_eq!(from(&[("TERM", "dumb")]), Palette::Mono);
}
