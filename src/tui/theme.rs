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
    /// The nearest of 256 colours to those of `Light`.
    IndexedLight,
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
            Self::Light | Self::IndexedLight | Self::SixteenLight => Ground::LIGHT,
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
            (false, true) if term.ends_with("-256color") => Self::IndexedLight,
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
            Palette::IndexedLight => Style::new().fg(indexed(role)).bg(self.ground()),
            Palette::SixteenDark => sixteen_dark(role),
            Palette::SixteenLight => sixteen_light(role),
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
            Palette::IndexedLight => style.bg(SELECTED_INDEXED),
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
            Palette::IndexedLight => Some(SELECTED_INDEXED),
            _ => None,
        }
    }

    /// What the whole screen is painted with first.
    pub(super) const fn ground(self) -> Color {
        match self.palette {
            Palette::Dark | Palette::Auto => GROUND_DARK,
            Palette::Light => GROUND_LIGHT,
            Palette::IndexedLight => GROUND_INDEXED,
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

pub(super) const GROUND_INDEXED: Color = Color::Indexed(231);
pub(super) const SELECTED_INDEXED: Color = Color::Indexed(255);

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

/// The nearest to [`light`] in CIE L*a*b* that can be read on both grounds; for `Manual` the second nearest, which stays
/// apart from `Info` without red and green.
const fn indexed(role: Role) -> Color {
    Color::Indexed(match role {
        Role::Text => 235,
        Role::Dim => 242,
        Role::Border => 241,
        Role::Accent => 16,
        Role::Good => 23,
        Role::Warn => 94,
        Role::Bad => 88,
        Role::Info => 25,
        Role::Manual => 128,
    })
}

fn sixteen_dark(role: Role) -> Style {
    match role {
        Role::Text => Style::new(),
        Role::Dim | Role::Border => Style::new().fg(Color::Gray),
        Role::Accent => Style::new().add_modifier(Modifier::BOLD),
        Role::Good => Style::new().fg(Color::LightGreen),
        Role::Warn => Style::new().fg(Color::LightYellow),
        Role::Bad => Style::new().fg(Color::LightRed),
        Role::Info => Style::new().fg(Color::LightCyan),
        Role::Manual => Style::new().fg(Color::LightMagenta),
    }
}

/// Of xterm's sixteen only black, red, blue, magenta and light blue reach 4.5:1 on white; bold and words say the rest.
fn sixteen_light(role: Role) -> Style {
    match role {
        Role::Text | Role::Dim | Role::Border | Role::Good => Style::new(),
        Role::Accent => Style::new().add_modifier(Modifier::BOLD),
        Role::Warn => Style::new().fg(Color::Red),
        Role::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Info => Style::new().fg(Color::Blue),
        Role::Manual => Style::new().fg(Color::Magenta),
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
