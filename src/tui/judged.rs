//! The last judged answers of a deployment, newest first, with the judge's own words.
//!
//! ```text
//! ┌ judged answers  by openai/gpt-4.1 ───────────────────────────┐
//! │14:02:11 ■ 0.41         in French, the question was in English│
//! │         "Le contrat prévoit un délai de trente jours"        │
//! │14:02:11 ■ 0.38 second  wrong language   by gemini/gemini-2.5 │
//! └────────────────────── judges: 412 calls ~$0.38 (12 unpriced) ┘
//! ```

use super::{
    app::App,
    draw::{framed, put, title},
    fit::fit_middle,
    theme::Role,
    trends,
    words::{fit, is_blind, shortened, width},
};
use crate::model::{
    DeploymentId,
    event::Picked,
    snapshot::{DeploymentView, JudgedView},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// The longest of the words below.
const PICKED: u16 = 6;
/// From this height on there is room for what was answered, and where it begins.
const ROOMY: u16 = 6;
const INDENT: u16 = 9;
/// Words of a judge that are worth more than its name.
const WORDS: u16 = 24;
/// A name cut shorter than this is none.
const NAME: u16 = 12;

/// Why it was judged, where that was not by chance.
const fn picked(picked: Picked) -> &'static str {
    match picked {
        Picked::Sample => "",
        Picked::Return => "return",
        Picked::Looks => "looks",
        Picked::Second => "second",
        Picked::Canary => "canary",
    }
}

pub(super) fn draw(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let usual = d.scores.back().map(|_| usual_judge(d));
    let by = usual.map(|j| format!("by {j}")).unwrap_or_default();
    let by = fit(&by, area.width.saturating_sub(21)).into_owned();
    let inner = framed(area, buf, title("judged answers", &by, theme), theme, false);
    let shown = usize::from(inner.height);
    let any_picked = d
        .scores
        .iter()
        .rev()
        .take(shown)
        .any(|j| !picked(j.picked).is_empty());
    let mut y = inner.y;
    for j in d.scores.iter().rev() {
        if y >= inner.bottom() {
            break;
        }
        let strip = Rect {
            y,
            height: 1,
            ..inner
        };
        let other = (Some(&j.judge) != usual).then_some(&j.judge);
        answer(app, j, other, any_picked, strip, buf);
        y = y.saturating_add(1);
        if let Some(said) = said(j).filter(|_| inner.height >= ROOMY && y < inner.bottom()) {
            let x = inner.x.saturating_add(INDENT);
            let room = inner.right().saturating_sub(x);
            let said = fit_middle("\"", said, "\"", room);
            put(buf, (x, y), &said, room, theme.style(Role::Dim));
            y = y.saturating_add(1);
        }
    }
    trends::spent(app, area, buf);
    if d.scores.is_empty() {
        let dim = theme.style(Role::Dim);
        put(buf, (inner.x, inner.y), none(app, d), inner.width, dim);
    }
}

/// The first line of what was judged.
fn said(j: &JudgedView) -> Option<&str> {
    j.answer.lines().map(str::trim).find(|l| !l.is_empty())
}

/// Why there are none.
fn none(app: &App, d: &DeploymentView) -> &'static str {
    let s = app.shown();
    if s.judge.judges.is_empty() {
        "nobody judges"
    } else if is_blind(d, s) {
        "blind: no judge can be asked"
    } else if d.tier.is_none() {
        "no route uses it: it answers nobody, and nothing of it is judged"
    } else if d.attempts_per_s <= 0.0 {
        "it answers nothing now: there is nothing to judge"
    } else {
        "none yet: answers are judged by sample"
    }
}

/// Who scored most of them as the first judge: named once.
fn usual_judge(d: &DeploymentView) -> &DeploymentId {
    let first = || d.scores.iter().filter(|j| j.picked != Picked::Second);
    let count = |judge: &DeploymentId| first().filter(|j| j.judge == *judge).count();
    let judges = d.scores.iter().map(|j| &j.judge);
    judges.max_by_key(|judge| count(judge)).unwrap_or(&d.id)
}

fn answer(
    app: &App,
    j: &JudgedView,
    other: Option<&DeploymentId>,
    any_picked: bool,
    area: Rect,
    buf: &mut Buffer,
) {
    let (theme, y) = (app.theme, area.y);
    let dim = theme.style(Role::Dim);
    let (mark, role) = if j.score < app.shown().judge_threshold {
        ("■", Role::Bad)
    } else {
        ("●", Role::Good)
    };
    let x = put(buf, (area.x, y), &j.at.clock(), 8, dim).saturating_add(1);
    let score = format!("{mark} {:.2}", j.score);
    let mut x = put(buf, (x, y), &score, 6, theme.bold(role)).saturating_add(1);
    if any_picked {
        put(
            buf,
            (x, y),
            picked(j.picked),
            PICKED,
            theme.style(Role::Info),
        );
        x = x.saturating_add(PICKED).saturating_add(1);
    }
    let mut room = area.right().saturating_sub(x);
    if let Some(judge) = other {
        let by = format!("by {}", shortened(judge, app.shown()));
        let wide = width(&by).min(room.saturating_sub(WORDS));
        if wide >= NAME {
            put(buf, (area.right().saturating_sub(wide), y), &by, wide, dim);
            room = room.saturating_sub(wide.saturating_add(1));
        }
    }
    let words = match j.reason.as_str() {
        "" => "no reason given",
        words => words,
    };
    put(buf, (x, y), words, room, theme.style(Role::Text));
}
