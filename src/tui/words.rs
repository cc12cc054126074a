//! Glyphs and numbers as the whole screen writes them: a word first, its glyph, then its colour.

use super::theme::Role;
use crate::model::{
    Phase, Snapshot,
    event::Level,
    series::{Mean, Share},
    snapshot::{DeploymentView, Shown, UsersWord},
};
use ratatui::buffer::Buffer;
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Under this many attempts an error rate is shown greyed: 1 of 19 says little against a limit of 2 %.
pub(super) use crate::model::normal::MIN_ATTEMPTS;

pub(super) const CURSOR: &str = "▸";
pub(super) const FLAG: &str = "⚑";
pub(super) const YES: &str = "✓";
pub(super) const NO: &str = "✗";

/// The breaker column: glyph, word, role.
pub(super) fn breaker(d: &DeploymentView) -> (&'static str, Cow<'static, str>, Role) {
    let (glyph, word, role) = match d.shown() {
        Shown::Closed if d.gate.is_some() => ("●", Cow::from("CLOSED, gated"), Role::Warn),
        Shown::Closed => ("●", Cow::from("CLOSED"), Role::Good),
        Shown::Probe => ("◌", Cow::from("PROBE"), Role::Info),
        Shown::Ramp(percent) => ("◐", Cow::from(format!("RAMP {percent}%")), Role::Warn),
        Shown::Open => ("■", Cow::from("OPEN"), Role::Bad),
        Shown::ForcedOpen => ("▣", Cow::from("FORCED OPEN"), Role::Manual),
        Shown::ForcedClosed => ("▢", Cow::from("FORCED CLOSED"), Role::Manual),
        Shown::Observe => ("○", Cow::from("OBSERVE"), Role::Info),
        Shown::Disabled => ("·", Cow::from("DISABLED"), Role::Dim),
    };
    (glyph, word, role)
}

pub(super) const fn users(word: UsersWord) -> Role {
    match word {
        UsersWord::Idle => Role::Dim,
        UsersWord::Ok => Role::Good,
        UsersWord::Degraded => Role::Warn,
        UsersWord::Canned | UsersWord::Failing => Role::Bad,
    }
}

pub(super) const fn level(level: Level) -> (&'static str, Role) {
    match level {
        Level::Info => ("·", Role::Dim),
        Level::Good => ("●", Role::Good),
        Level::Warn => ("▲", Role::Warn),
        Level::Bad => ("■", Role::Bad),
    }
}

/// `0.3%`, `38.4%`, `100%`; never a round 0 for something that happened.
pub(super) fn percent(share: f64) -> String {
    let p = share * 100.0;
    match p {
        p if p > 0.0 && p < 0.05 => "<0.1%".to_owned(),
        p if p >= 99.95 => "100%".to_owned(),
        p => format!("{p:.1}%"),
    }
}

/// The share that was served, cut and not rounded: 100 % means that nobody failed.
pub(super) fn served(failed: Share) -> Option<String> {
    let kept = 1.0 - failed.rate()?;
    if failed.bad == 0 {
        return Some("100%".to_owned());
    }
    Some(format!("{:.2}%", (kept * 10_000.0).floor() / 100.0))
}

pub(super) fn err(errors: Share, limit: f64) -> (String, Role) {
    let Some(rate) = errors.rate() else {
        return ("-".to_owned(), Role::Dim);
    };
    let role = match errors.n {
        n if n < MIN_ATTEMPTS => Role::Dim,
        _ if rate > limit => Role::Bad,
        _ => Role::Text,
    };
    (percent(rate), role)
}

pub(super) fn judged(mean: Mean, floor: f64, min_n: u32) -> (String, Role) {
    let Some(value) = mean.value() else {
        return ("-".to_owned(), Role::Dim);
    };
    let role = match mean.n {
        n if n < min_n => Role::Dim,
        _ if value < floor => Role::Bad,
        _ => Role::Text,
    };
    (format!("{value:.2} n={}", mean.n), role)
}

/// The judge's mean, or that nobody can judge it: the old mean would look like a score of now.
pub(super) fn score(d: &DeploymentView, s: &Snapshot) -> (String, Role) {
    if is_blind(d, s) {
        return ("blind".to_owned(), Role::Warn);
    }
    judged(d.judge_1h, s.judge_threshold, s.judge_min_n)
}

/// What only judges answers no user: nobody has to judge it.
pub(super) fn is_blind(d: &DeploymentView, s: &Snapshot) -> bool {
    d.watch.blind && d.disabled.is_none() && d.tier.is_some() && !s.judge.judges.is_empty()
}

/// `███·· 62%`: evidence as a share of what trips; none where nothing is weighed.
pub(super) fn gauge(d: &DeploymentView, cells: usize) -> Option<(String, Role)> {
    let weighed = d.disabled.is_none() && d.tier.is_some() && d.phase != Phase::Open;
    let suspicion = d.watch.suspicion.clamp(0.0, 1.0);
    let role = match suspicion {
        _ if !weighed => return None,
        _ if d.watch.alarm => Role::Bad,
        s if s >= 0.5 => Role::Warn,
        s if s > 0.0 => Role::Text,
        _ => Role::Dim,
    };
    Some((
        format!("{} {:>4.0}%", bar(suspicion, cells), suspicion * 100.0),
        role,
    ))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a few cells"
)]
fn bar(share: f64, cells: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * cells as f64).round() as usize;
    format!(
        "{}{}",
        "█".repeat(full),
        "·".repeat(cells.saturating_sub(full))
    )
}

/// `0.4`, `31.2`, `1204`.
pub(super) fn per_second(rate: f64) -> String {
    if rate >= 100.0 {
        format!("{rate:.0}")
    } else {
        format!("{rate:.1}")
    }
}

/// `9,312`
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(i);
        if i > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

pub(super) fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// Without its provider, where no other deployment is of the same name then.
pub(super) fn short_name<'a>(d: &'a DeploymentView, s: &Snapshot) -> &'a str {
    let model = |id: &'a str| id.split_once('/').map_or(id, |(_, model)| model);
    let name = model(&d.id);
    let twice = |o: &&DeploymentView| o.id.split_once('/').is_some_and(|(_, m)| m == name);
    if s.deployments.iter().filter(twice).count() > 1 {
        &d.id
    } else {
        name
    }
}

/// A text with the short names of all deployments that it names.
pub(super) fn shortened(text: &str, s: &Snapshot) -> String {
    let mut longest: Vec<_> = s.deployments.iter().collect();
    // One name may be the beginning of another.
    longest.sort_by_key(|d| std::cmp::Reverse(d.id.len()));
    longest.into_iter().fold(text.to_owned(), |text, d| {
        text.replace(&*d.id, short_name(d, s))
    })
}

/// The text in at most `room` columns, with an ellipsis where something was cut off.
pub(super) fn fit(text: &str, room: u16) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::from(text);
    }
    let room = usize::from(room.saturating_sub(1));
    let mut kept = String::new();
    let mut used = 0_usize;
    for c in text.chars() {
        used = used.saturating_add(c.width().unwrap_or(0));
        if used > room {
            break;
        }
        kept.push(c);
    }
    if room > 0 || width(text) > 0 {
        kept.push('…');
    }
    Cow::from(kept)
}

/// What each glyph of the screen is in ASCII.
const PLAIN: [(&str, &str); 46] = [
    ("●", "o"),
    ("◌", "?"),
    ("◐", "%"),
    ("■", "#"),
    ("▣", "X"),
    ("▢", "="),
    ("○", "-"),
    ("·", "."),
    ("▲", "!"),
    ("▸", ">"),
    ("⚑", "!"),
    ("✓", "v"),
    ("✗", "x"),
    ("…", "~"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("├", "+"),
    ("┤", "+"),
    ("─", "-"),
    ("│", "|"),
    ("┄", "-"),
    ("┈", "~"),
    ("▁", "_"),
    ("▂", "."),
    ("▃", ","),
    ("▄", "-"),
    ("▅", "="),
    ("▆", "+"),
    ("▇", "*"),
    ("█", "#"),
    ("░", ":"),
    ("▒", "="),
    ("▓", "%"),
    ("⣿", "#"),
    ("⏎", "^"),
    ("↑", "^"),
    ("↓", "v"),
    ("←", "<"),
    ("→", ">"),
    ("µ", "u"),
    ("━", "="),
    ("┃", "|"),
    ("▏", "|"),
    ("▐", "|"),
];

/// Turns a drawn buffer into ASCII, in place: the one way by which `--ascii` holds for every panel, and for
/// whatever people write into reasons.
pub(super) fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        cell.set_symbol(plain(cell.symbol()));
    }
}

pub(super) fn plain(symbol: &str) -> &'static str {
    let braille = symbol
        .chars()
        .next()
        .is_some_and(|c| ('\u{2800}'..'\u{28ff}').contains(&c));
    PLAIN
        .iter()
        .find(|(glyph, _)| *glyph == symbol)
        .map_or(if braille { "." } else { "?" }, |(_, ascii)| ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::tests_support::deployment;

    #[test]
    fn what_was_served_is_never_rounded_up_to_all() {
        let failed = |bad, n| served(Share { bad, n });
        assert_eq!(failed(0, 10).as_deref(), Some("100%"));
        assert_eq!(failed(1, 1_000_000).as_deref(), Some("99.99%"));
        assert_eq!(failed(0, 0), None);
    }

    #[test]
    fn a_text_that_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(fit("claude", 6), "claude");
        assert_eq!(fit("claude", 5), "clau…");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("claude", 1), "…");
    }

    #[test]
    fn a_name_goes_without_its_provider_only_where_it_is_nobody_elses() {
        let of = |ids: &[&str]| {
            let one = |id: &&str| deployment(id);
            Snapshot {
                deployments: ids.iter().map(one).collect(),
                ..Snapshot::default()
            }
        };
        let text = "openai/gpt-4.1-mini fell back to openai/gpt-4.1";
        let s = of(&["openai/gpt-4.1", "openai/gpt-4.1-mini"]);
        assert_eq!(shortened(text, &s), "gpt-4.1-mini fell back to gpt-4.1");
        let s = of(&["openai/gpt-4.1", "openai/gpt-4.1-mini", "azure/gpt-4.1"]);
        assert_eq!(
            shortened(text, &s),
            "gpt-4.1-mini fell back to openai/gpt-4.1"
        );
    }

    #[test]
    fn every_glyph_is_one_column_wide() {
        for (glyph, ascii) in PLAIN {
            assert_eq!((width(glyph), width(ascii)), (1, 1), "{glyph}");
        }
    }

    #[test]
    fn a_number_under_its_sample_is_greyed() {
        assert_eq!(err(Share { bad: 9, n: 19 }, 0.02).1, Role::Dim);
        assert_eq!(err(Share { bad: 9, n: 20 }, 0.02).1, Role::Bad);
        assert_eq!(judged(Mean { sum: 0.4, n: 1 }, 0.7, 5).1, Role::Dim);
        assert_eq!(judged(Mean { sum: 2.0, n: 5 }, 0.7, 5).1, Role::Bad);
    }

    #[test]
    fn counts_are_written_in_thousands() {
        assert_eq!(
            [count(0), count(999), count(1_204_310)],
            ["0", "999", "1,204,310"]
        );
    }
}
