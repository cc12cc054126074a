//! The last ways in which a deployment failed, newest first, and how often each class did.
//!
//! ```text
//! ┌ failures  the last of each kind ────────────────────────────┐
//! │ last      class    in 5 min  what                           │
//! │ 13:59:11  fault        98x  529 overloaded_error [injected] │
//! └─────────────────────────────────────────────────────────────┘
//! ```

use crate::{
    model::{request::FailureView, snapshot::DeploymentView},
    tui::{
        app::App,
        draw::{framed, put, title},
        fit::fit_middle,
        theme::Role,
        words::count,
    },
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Columns before what is said.
const WHEN: u16 = 10;
const CLASS: u16 = 12;
const TIMES: u16 = 10;

pub(super) fn draw(app: &App, d: &DeploymentView, area: Rect, buf: &mut Buffer) {
    let theme = app.theme;
    let head = title("failures", "the last of each kind", theme);
    let inner = framed(area, buf, head, theme, false);
    let dim = theme.style(Role::Dim);
    if d.failures.is_empty() {
        let text = if d.errors_5m.bad > 0 {
            "some failed; what they said was not told"
        } else {
            "no attempt has failed that was told of"
        };
        put(buf, (inner.x, inner.y), text, inner.width, dim);
        return;
    }
    let columns = |y| {
        let when = inner.x.saturating_add(1);
        let class = when.saturating_add(WHEN);
        let times = class.saturating_add(CLASS);
        let what = times.saturating_add(TIMES);
        [(when, y), (class, y), (times, y), (what, y)]
    };
    let heads = ["last", "class", "in 5 min", "what"];
    for (place, head) in columns(inner.y).into_iter().zip(heads) {
        put(buf, place, head, inner.right().saturating_sub(place.0), dim);
    }
    for (y, f) in (inner.y.saturating_add(1)..inner.bottom()).zip(d.failures.iter().rev()) {
        let [when, class, times, what] = columns(y);
        let recent = of_class(d, f);
        let role = if recent == 0 { Role::Dim } else { Role::Text };
        let style = theme.style(role);
        put(buf, when, &f.at.clock(), WHEN, dim);
        put(buf, class, f.class.as_str(), CLASS, style);
        put(
            buf,
            times,
            &format!("{}x", count(recent.into())),
            TIMES,
            style,
        );
        let mark = if f.injected { " [injected]" } else { "" };
        let said = f
            .text
            .strip_prefix(f.class.as_str())
            .map_or(&*f.text, str::trim_start);
        let said = if said.is_empty() { &*f.text } else { said };
        let room = inner.right().saturating_sub(what.0);
        put(buf, what, &fit_middle("", said, mark, room), room, style);
    }
}

/// Failures of the same class in five minutes.
fn of_class(d: &DeploymentView, f: &FailureView) -> u32 {
    let same = d.classes_5m.iter().find(|(class, _)| *class == f.class);
    same.map_or(0, |(_, n)| *n)
}
