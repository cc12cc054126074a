//! What colours mean. Panels ask for a role, never for a colour; nothing is told by colour alone.

use super::svg::Ground;
use ratatui::style::{Color, Modifier, Style};

/// Which set of colours to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Palette {
    /// From `NO_COLOR`, `COLORTERM`, `TERM` and `COLORFGBG`.
    #[default]
    Auto,
    /// Truecolor on a dark ground, which is painted.
    Dark,
    /// Truecolor on a light ground, which is painted.
    Light,
    /// The terminal's own sixteen, for a dark ground.
    SixteenDark,
    /// The terminal's own sixteen, for a light ground.
    SixteenLight,
    /// No colour at all: bold, underlined and reversed.
    Mono,
}

impl Palette {
    /// What a picture in these colours is drawn on.
    pub const fn paper(self) -> Ground {
        match self {
            Self::Light | Self::SixteenLight => Ground::LIGHT,
            _ => Ground::DARK,
        }
    }

    /// Settles `Auto` from the environment.
    #[must_use]
    pub fn resolve(self, env: impl Fn(&str) -> Option<String>) -> Self {
        if self != Self::Auto {
            return self;
        }
        let has = |name: &str| env(name).is_some_and(|v| !v.is_empty());
        let term = env("TERM").unwrap_or_default();
        if has("NO_COLOR") || term == "dumb" {
            return Self::Mono;
        }
        let light = env("COLORFGBG").is_some_and(|v| is_light(&v));
        let truecolor = env("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit");
        match (truecolor || term.ends_with("-direct"), light) {
            (true, false) => Self::Dark,
            (true, true) => Self::Light,
            (false, false) => Self::SixteenDark,
            (false, true) => Self::SixteenLight,
        }
    }
}

/// `COLORFGBG` is `foreground;background` (some terminals put a word between): 7 and 9 to 15 are light grounds.
fn is_light(fgbg: &str) -> bool {
    fgbg.rsplit(';')
        .next()
        .and_then(|n| n.parse::<u8>().ok())
        .is_some_and(|n| n == 7 || (9..=15).contains(&n))
}

/// What a piece of text is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Text,
    /// Labels, and values that say little: too small a sample, disabled.
    Dim,
    Border,
    /// Keys a person can press, and what is focused.
    Accent,
    Good,
    Warn,
    Bad,
    /// The machine is looking: probes, observation.
    Info,
    /// A person's hand is on it: forces, faults, rung 3.
    Manual,
}

impl Role {
    #[cfg(test)]
    pub(super) const ALL: [Self; 9] = [
        Self::Text,
        Self::Dim,
        Self::Border,
        Self::Accent,
        Self::Good,
        Self::Warn,
        Self::Bad,
        Self::Info,
        Self::Manual,
    ];
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    palette: Palette,
    faded: bool,
}

impl Theme {
    pub(super) const fn new(palette: Palette) -> Self {
        Self {
            palette,
            faded: false,
        }
    }

    /// The same, with everything as a label: nothing looks alive. Words say why.
    pub(super) const fn faded(self) -> Self {
        Self {
            faded: true,
            ..self
        }
    }

    pub(super) fn style(self, role: Role) -> Style {
        let role = if self.faded { Role::Dim } else { role };
        match self.palette {
            Palette::Dark | Palette::Auto => Style::new().fg(dark(role)).bg(self.ground()),
            Palette::Light => Style::new().fg(light(role)).bg(self.ground()),
            Palette::SixteenDark => sixteen(role, false),
            Palette::SixteenLight => sixteen(role, true),
            Palette::Mono => mono(role),
        }
    }

    pub(super) fn bold(self, role: Role) -> Style {
        if self.faded {
            return self.style(role);
        }
        self.style(role).add_modifier(Modifier::BOLD)
    }

    /// A block of colour: what must be seen from across the room.
    pub(super) fn badge(self, role: Role) -> Style {
        if self.faded {
            return self.style(role);
        }
        self.bold(role).add_modifier(Modifier::REVERSED)
    }

    /// Laid over the selected row; the marker beside it says the same.
    pub(super) fn selected(self) -> Style {
        if self.faded {
            return Style::new();
        }
        let style = Style::new().add_modifier(Modifier::BOLD);
        match self.palette {
            Palette::Dark | Palette::Auto => style.bg(SELECTED_DARK),
            Palette::Light => style.bg(SELECTED_LIGHT),
            _ => style,
        }
    }

    /// What a picture of it is drawn on.
    pub(super) const fn paper(self) -> Ground {
        self.palette.paper()
    }

    /// Laid behind what is normal; lines beside it say the same. None where colours are the terminal's own.
    pub(super) const fn shade(self) -> Option<Color> {
        match self.palette {
            _ if self.faded => None,
            Palette::Dark | Palette::Auto => Some(SHADE_DARK),
            Palette::Light => Some(SHADE_LIGHT),
            _ => None,
        }
    }

    /// What the whole screen is painted with first.
    pub(super) const fn ground(self) -> Color {
        match self.palette {
            Palette::Dark | Palette::Auto => GROUND_DARK,
            Palette::Light => GROUND_LIGHT,
            _ => Color::Reset,
        }
    }
}

pub(super) const GROUND_DARK: Color = Color::Rgb(0x0f, 0x14, 0x1a);
pub(super) const GROUND_LIGHT: Color = Color::Rgb(0xfb, 0xfb, 0xf8);
pub(super) const SHADE_DARK: Color = Color::Rgb(0x1b, 0x28, 0x30);
pub(super) const SHADE_LIGHT: Color = Color::Rgb(0xe6, 0xee, 0xea);
pub(super) const SELECTED_DARK: Color = Color::Rgb(0x1c, 0x26, 0x32);
pub(super) const SELECTED_LIGHT: Color = Color::Rgb(0xe8, 0xec, 0xf0);

/// Good and bad differ in lightness as well as in hue, so that they stay apart without red and green.
const fn dark(role: Role) -> Color {
    match role {
        Role::Text => Color::Rgb(0xdd, 0xe3, 0xe9),
        Role::Dim => Color::Rgb(0x8a, 0x95, 0xa1),
        Role::Border => Color::Rgb(0x84, 0x90, 0x9c),
        Role::Accent => Color::Rgb(0xff, 0xff, 0xff),
        Role::Good => Color::Rgb(0x4f, 0xd6, 0xb0),
        Role::Warn => Color::Rgb(0xff, 0xd4, 0x4a),
        Role::Bad => Color::Rgb(0xff, 0x6a, 0x55),
        Role::Info => Color::Rgb(0x51, 0xa5, 0xfb),
        Role::Manual => Color::Rgb(0xde, 0xaf, 0xff),
    }
}

const fn light(role: Role) -> Color {
    match role {
        Role::Text => Color::Rgb(0x1c, 0x22, 0x28),
        Role::Dim => Color::Rgb(0x60, 0x69, 0x72),
        Role::Border => Color::Rgb(0x5e, 0x67, 0x70),
        Role::Accent => Color::Rgb(0x00, 0x00, 0x00),
        Role::Good => Color::Rgb(0x00, 0x76, 0x5f),
        Role::Warn => Color::Rgb(0x8a, 0x60, 0x00),
        Role::Bad => Color::Rgb(0x98, 0x00, 0x0f),
        Role::Info => Color::Rgb(0x00, 0x4f, 0x9e),
        Role::Manual => Color::Rgb(0x9c, 0x2f, 0xd4),
    }
}

fn sixteen(role: Role, light: bool) -> Style {
    let pick = |on_dark, on_light| Style::new().fg(if light { on_light } else { on_dark });
    match role {
        Role::Text => Style::new(),
        Role::Dim | Role::Border => pick(Color::Gray, Color::DarkGray),
        Role::Accent => Style::new().add_modifier(Modifier::BOLD),
        Role::Good => pick(Color::LightGreen, Color::Green),
        Role::Warn => pick(Color::LightYellow, Color::Yellow),
        Role::Bad => pick(Color::LightRed, Color::Red),
        Role::Info => pick(Color::LightCyan, Color::Blue),
        Role::Manual => pick(Color::LightMagenta, Color::Magenta),
    }
}

fn mono(role: Role) -> Style {
    match role {
        Role::Text | Role::Good | Role::Info | Role::Border => Style::new(),
        Role::Dim => Style::new().add_modifier(Modifier::DIM),
        Role::Accent | Role::Manual => Style::new().add_modifier(Modifier::BOLD),
        Role::Warn => Style::new().add_modifier(Modifier::UNDERLINED),
        Role::Bad => Style::new().add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED)),
    }
}
