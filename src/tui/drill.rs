//! The drill that runs, or the last one: what it does now, which checks it has passed, what is broken, and how users are.
//!
//! ```text
//! ┌ drill bad-key-tuesday  The primary's key is revoked ──────────────────────────┐
//! │ now      runs for 0:19, 2:55 at most; by ana, failures are for 100% of all …  │
//! │ part     ✓ roll call  ✓ steady state  ▸ faults 0:09 left  · way back          │
//! │ users    ok, served 100%, degraded 31%, 4.0 req/s, p95 1.2s                   │
//! │ faults   ⚑ bad-key on 100% of anthropic/claude-sonnet-4-5, 0:14 left, 3 hits  │
//! │ checks   ✓ the first request to the primary fails fast: …                     │
//! │          · nothing reached the user                                           │
//! └───────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A window too small for a frame gets the same lines without one.

use super::{
    app::App,
    draw::{framed, put, title, wrap},
    theme::Role,
    words::{CURSOR, FLAG, NO, YES, fit, per_second, percent, served, width},
};
use crate::model::{
    Snapshot, Wall,
    drill::{CheckView, DrillEnd, DrillPhase, DrillResult, DrillRun},
    time::{latency, short},
};
use ratatui::{buffer::Buffer, layout::Rect};

const LABEL: u16 = 9;

struct Row {
    label: &'static str,
    text: String,
    role: Role,
}

fn row(label: &'static str, text: impl Into<String>, role: Role) -> Row {
    let text = text.into();
    Row { label, text, role }
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let (name, what) = s.drill.as_deref().map_or(("drill".to_owned(), ""), |run| {
        (format!("drill {}", run.scenario), run.plan.title.as_str())
    });
    let inner = framed(area, buf, title(&name, what, theme), theme, true);
    let inner = Rect {
        x: inner.x.saturating_add(1),
        width: inner.width.saturating_sub(2),
        ..inner
    };
    plain(app, inner, buf);
}

/// Without a frame.
pub(super) fn plain(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let room = area.width.saturating_sub(LABEL);
    let rows = s.drill.as_deref().map_or_else(
        || vec![row("", "no drill has begun up to this moment", Role::Dim)],
        |run| rows(s, run, room, usize::from(area.height)),
    );
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        put(buf, (area.x, y), row.label, LABEL, theme.style(Role::Dim));
        let x = area.x.saturating_add(LABEL);
        put(buf, (x, y), &row.text, room, theme.style(row.role));
    }
}

/// As many as there is room for, the most important first.
fn rows(s: &Snapshot, run: &DrillRun, room: u16, height: usize) -> Vec<Row> {
    let head = match &run.end {
        Some(end) => ended(run, end),
        None => running(s, run),
    };
    let mut all = broken(head, room);
    all.extend(run.report.iter().flat_map(|path| report(path, room)));
    all.extend(checks(run, room, height.saturating_sub(all.len())));
    all.extend(broken(measured(run), room));
    let left = height.saturating_sub(all.len());
    let from = run.said.len().saturating_sub(left);
    let said = run.said.iter().skip(from).enumerate();
    all.extend(said.map(|(i, (at, text))| {
        let label = if i == 0 { "said" } else { "" };
        row(label, format!("{}Z {text}", at.clock()), Role::Dim)
    }));
    all
}

/// A path in full, broken after its slashes.
fn report(path: &str, room: u16) -> Vec<Row> {
    let mut lines: Vec<String> = Vec::new();
    for part in path.split_inclusive('/') {
        match lines.last_mut() {
            Some(line) if width(line).saturating_add(width(part)) <= room => line.push_str(part),
            _ => lines.extend(chunks(part, room)),
        }
    }
    let labels = std::iter::once("report").chain(std::iter::repeat(""));
    let rows = labels.zip(lines).map(|(l, text)| row(l, text, Role::Text));
    rows.collect()
}

/// A name that is longer than a line.
fn chunks(name: &str, room: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for c in name.chars() {
        if let Some(line) = lines.last_mut() {
            if line.is_empty()
                || width(line).saturating_add(width(c.encode_utf8(&mut [0; 4]))) <= room
            {
                line.push(c);
            } else {
                lines.push(c.to_string());
            }
        }
    }
    lines
}

/// What has to be read in full.
fn broken(rows: Vec<Row>, room: u16) -> Vec<Row> {
    let lines = |r: Row| {
        let labels = std::iter::once(r.label).chain(std::iter::repeat(""));
        let lines = wrap(&r.text, room).into_iter();
        let lines: Vec<_> = labels.zip(lines).map(|(l, t)| row(l, t, r.role)).collect();
        lines
    };
    rows.into_iter().flat_map(lines).collect()
}

fn running(s: &Snapshot, run: &DrillRun) -> Vec<Row> {
    let most = match run.plan.takes {
        t if t.is_zero() => String::new(),
        t => format!(", {} at most", short(t)),
    };
    let since = short(run.began.until(s.at));
    let now = format!("runs for {since}{most}; by {}{}", run.who, whom(run));
    let mut rows = vec![row("now", now, Role::Info)];
    rows.extend(
        run.phase
            .map(|phase| row("part", parts(run, phase, s.at), Role::Text)),
    );
    rows.push(row("users", users(s), super::words::users(s.users.word)));
    rows.extend(faults(s, run));
    rows
}

fn ended(run: &DrillRun, end: &DrillEnd) -> Vec<Row> {
    let role = match end.result {
        DrillResult::Passed => Role::Good,
        DrillResult::Failed => Role::Bad,
        DrillResult::Aborted => Role::Warn,
    };
    let (passed, all) = run.passed();
    let text = format!(
        "{}: {passed} of {all} checks passed, after {}; ended {}Z, by {}{}",
        end.result.as_str().to_uppercase(),
        short(run.began.until(end.at)),
        end.at.clock(),
        run.who,
        whom(run)
    );
    let mut rows = vec![row("result", text, role)];
    if !end.why.is_empty() {
        rows.push(row("why", &end.why, role));
    }
    rows
}

fn whom(run: &DrillRun) -> String {
    match run.plan.whom.as_str() {
        "" => String::new(),
        whom => format!(", failures are for {whom}"),
    }
}

/// `✓ roll call  ✓ steady state  ▸ faults 0:09 left  · way back`
fn parts(run: &DrillRun, now: DrillPhase, at: Wall) -> String {
    let part = |phase: DrillPhase| match phase {
        p if p < now => format!("{YES} {}", p.as_str()),
        p if p > now => format!("· {}", p.as_str()),
        p => {
            let left = run.phase_until.map(|until| at.until(until));
            let left = left.map_or(String::new(), |left| match p {
                DrillPhase::Recovery => format!(" {} at most", short(left)),
                _ => format!(" {} left", short(left)),
            });
            format!("{CURSOR} {}{left}", p.as_str())
        }
    };
    DrillPhase::ALL.map(part).join("  ")
}

fn users(s: &Snapshot) -> String {
    let mut text = s.users.word.as_str().to_owned();
    if let Some(share) = served(s.users.failed_5m) {
        text = format!("{text}, served {share}");
    }
    if let Some(rate) = s.users.degraded_5m.rate().filter(|r| *r > 0.0) {
        text = format!("{text}, degraded {}", percent(rate));
    }
    text = format!("{text}, {} req/s", per_second(s.users.per_s));
    match s.users.p95 {
        Some(p95) => format!("{text}, p95 {}", latency(p95)),
        None => text,
    }
}

fn faults(s: &Snapshot, run: &DrillRun) -> Vec<Row> {
    let actor = run.actor();
    let own = s.faults.iter().filter(|f| f.fault.who == actor);
    let mut rows: Vec<_> = own
        .enumerate()
        .map(|(i, f)| {
            let fault = &f.fault;
            let text = format!(
                "{FLAG} {} on {:.0}% of {}{}, {} left, {} hits",
                fault.kind,
                fault.rate * 100.0,
                fault.deployment,
                fault.only.words(),
                short(s.at.until(fault.until)),
                f.hits
            );
            row(if i == 0 { "faults" } else { "" }, text, Role::Manual)
        })
        .collect();
    if rows.is_empty() {
        rows.push(row("faults", "none is set", Role::Dim));
    }
    rows
}

/// How much of a check is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    InFull,
    /// Its numbers in full, and as much of its words as fits beside them.
    Numbers,
    /// What fits on a line.
    Line,
}

/// In so many lines, if that can be: what was passed gives way before what was not, and words before numbers.
fn checks(run: &DrillRun, room: u16, height: usize) -> Vec<Row> {
    let n = run.checks.len();
    let mut told = vec![Told::InFull; n];
    let passed = |i: &usize| run.checks.get(*i).is_some_and(|c| c.passed == Some(true));
    let (first, last): (Vec<_>, Vec<_>) = (0..n).rev().partition(passed);
    let order = [Told::Numbers, Told::Line].into_iter();
    let mut turns = order.flat_map(|less| first.iter().chain(&last).map(move |i| (*i, less)));
    loop {
        let all = run.checks.iter().zip(&told);
        let rows: Vec<_> = all.map(|(check, told)| lines(check, *told, room)).collect();
        let taken: usize = rows.iter().map(Vec::len).sum();
        if taken > height
            && let Some((i, less)) = turns.next()
        {
            if let Some(told) = told.get_mut(i) {
                *told = less;
            }
            continue;
        }
        let mut rows: Vec<_> = run.checks.iter().zip(rows).collect();
        if taken > height {
            // Then the last ones are not seen: those that failed come first, those without an answer last.
            rows.sort_by_key(|(check, _)| match check.passed {
                Some(passed) => usize::from(passed),
                None => 2,
            });
        }
        let mut rows: Vec<Row> = rows.into_iter().flat_map(|(_, rows)| rows).collect();
        if let Some(first) = rows.first_mut() {
            first.label = "checks";
        }
        return rows;
    }
}

fn lines(check: &CheckView, told: Told, room: u16) -> Vec<Row> {
    /// Fewer columns of a title say nothing.
    const WORDS: u16 = 12;
    let (mark, role) = match check.passed {
        Some(true) => (YES, Role::Good),
        Some(false) => (NO, Role::Bad),
        None => ("·", Role::Dim),
    };
    let (title, numbers) = (check.title.as_str(), check.numbers.as_str());
    // Mark, title, numbers: with a space and `: ` between them.
    let beside = width(mark).saturating_add(3).saturating_add(width(numbers));
    let words = room.saturating_sub(beside);
    let text = match (told, numbers) {
        (_, "") => format!("{mark} {title}"),
        (Told::InFull, _) => format!("{mark} {title}: {numbers}"),
        (Told::Line, _) if words < WORDS => format!("{mark} {numbers}"),
        _ => format!("{mark} {}: {numbers}", fit(title, words.max(WORDS))),
    };
    match told {
        Told::Line => vec![row("", fit(&text, room), role)],
        Told::InFull | Told::Numbers => broken(vec![row("", text, role)], room),
    }
}

fn measured(run: &DrillRun) -> Vec<Row> {
    let line = |(i, (what, numbers)): (usize, &(String, String))| {
        let label = if i == 0 { "numbers" } else { "" };
        row(label, format!("{what}: {numbers}"), Role::Text)
    };
    run.measured.iter().enumerate().map(line).collect()
}
