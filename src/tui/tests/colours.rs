//! Colours that can be read, and told apart by those who do not see red and green.

use crate::tui::theme::{
    GROUND_DARK, GROUND_LIGHT, Palette, Role, SELECTED_DARK, SELECTED_LIGHT, SHADE_DARK,
    SHADE_LIGHT, Theme,
};
use ratatui::style::{Color, Modifier};

type Linear = [f64; 3];

fn linear(color: Color) -> Linear {
    let Color::Rgb(r, g, b) = color else {
        panic!("{color:?} is not truecolor")
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

/// WCAG 2: (L1 + 0.05) / (L2 + 0.05).
fn contrast(a: Color, b: Color) -> f64 {
    let luminance = |[r, g, b]: Linear| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (a, b) = (luminance(linear(a)), luminance(linear(b)));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// As a deuteranope sees it: Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
fn deuteranope([r, g, b]: Linear) -> Linear {
    [
        0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
        0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
        -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
    ]
    .map(|c| c.clamp(0.0, 1.0))
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

const PALETTES: [(Palette, [Color; 3]); 2] = [
    (Palette::Dark, [GROUND_DARK, SELECTED_DARK, SHADE_DARK]),
    (Palette::Light, [GROUND_LIGHT, SELECTED_LIGHT, SHADE_LIGHT]),
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

#[test]
fn states_can_be_told_apart_without_red_and_green() {
    let states = [Role::Good, Role::Warn, Role::Bad, Role::Info, Role::Manual];
    for (palette, ..) in PALETTES {
        for (i, a) in states.iter().enumerate() {
            for b in &states[i + 1..] {
                let seen = |role| deuteranope(linear(colour(palette, role)));
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
        from(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]),
        Palette::Mono
    );
    assert_eq!(from(&[("TERM", "dumb")]), Palette::Mono);
}
