//! Charts for people who read afterwards: plain SVG, no scripts, words beside every colour, light and dark.

use super::{
    PostMortem,
    series::{Line, Span, Spot, Users},
};
use crate::model::{
    Phase, Wall,
    scale::Scale,
    time::{latency, short},
};
use maud::{Markup, PreEscaped, html};
use std::{fmt::Write as _, time::Duration};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 8.0;
const BAND: f64 = 96.0;
const STRIP: f64 = 18.0;
const GAP: f64 = 22.0;
/// At most so many times on the axis.
const TICKS: u64 = 8;

/// Colours that stay apart for people who see no red or no green (Okabe and Ito's).
/// Colours are written out where they are used: not every viewer knows variables.
const STYLE: &str = "\
svg{font:12px system-ui,sans-serif}text{fill:#1b1b1b}.dim{fill:#5f6368}.grid{stroke:#d5d8dc;fill:none}\
.limit{stroke:#5f6368;stroke-dasharray:4 3;fill:none}.line{stroke:#1b1b1b;fill:none;stroke-width:1.5}.laid{fill:#d5d8dc}\
@media(prefers-color-scheme:dark){text{fill:#ececec}.dim{fill:#a8adb3}.grid{stroke:#43474d}.limit{stroke:#a8adb3}\
.line{stroke:#ececec}.laid{fill:#43474d}}\
.over,.failed{fill:#d55e00}.primary{fill:#0072b2}.cached{fill:#56b4e9}.fallback{fill:#e69f00}.canned{fill:#cc79a7}\
.closed{fill:#0072b2;fill-opacity:.25}.open{fill:#d55e00;fill-opacity:.75}\
.probe{fill:#cc79a7;fill-opacity:.75}.ramp{fill:#e69f00;fill-opacity:.75}";

/// A chart with the name that a file of it has.
pub(super) struct Chart {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) svg: Markup,
}

impl Chart {
    /// As a file that stands alone.
    pub(super) fn alone(&self) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n",
            self.svg.0
        )
    }
}

pub(super) fn all(p: &PostMortem) -> Vec<Chart> {
    let mut charts = vec![users(p)];
    let busy = |line: &&Line| {
        let moved = line.phases.iter().any(|s| s.what != Phase::Closed);
        moved || line.spots.iter().any(|s| s.attempts > 0 || s.score.n > 0)
    };
    let lines = p.series.deployments.iter().filter(busy);
    charts.extend(lines.map(|line| deployment(p, line)));
    charts
}

/// From time to place, and from one band to the next.
struct Sheet {
    from: Wall,
    to: Wall,
    step: Duration,
    y: f64,
    body: Vec<Markup>,
}

impl Sheet {
    fn new(p: &PostMortem) -> Self {
        Self {
            from: p.from,
            // Nothing is as wide as it took.
            to: p.to.max(p.from + Duration::from_secs(1)),
            step: p.series.step,
            y: 0.0,
            body: Vec::new(),
        }
    }

    fn x(&self, at: Wall) -> f64 {
        let part = at.since(self.from).as_secs_f64() / self.to.since(self.from).as_secs_f64();
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    /// Left edge and width of a stretch; never so thin that it cannot be seen.
    fn across(&self, from: Wall, to: Wall) -> (f64, f64) {
        let x = self.x(from);
        (x, (self.x(to) - x).max(1.0))
    }

    fn draw(&mut self, what: Markup) {
        self.body.push(what);
    }

    /// The title over a band, and where the band begins.
    fn heading(&mut self, text: &str) -> f64 {
        let y = self.y + 14.0;
        self.draw(html! { text x=(n(LEFT)) y=(n(y)) { (text) } });
        self.y += GAP;
        self.y
    }

    fn label(&mut self, y: f64, text: &str) {
        self.draw(html! { text.dim x=(n(LEFT - 6.0)) y=(n(y + 4.0)) text-anchor="end" { (text) } });
    }

    fn rule(&mut self, class: &str, y: f64) {
        let d = format!("M{} {}H{}", n(LEFT), n(y), n(WIDTH - RIGHT));
        self.draw(html! { path class=(class) d=(d) {} });
    }

    fn path(&mut self, class: &str, d: &str) {
        if !d.is_empty() {
            self.draw(html! { path class=(class) d=(d) {} });
        }
    }

    fn axis(&mut self) {
        let top = self.y;
        for at in ticks(self.from, self.to) {
            let x = self.x(at);
            let d = format!("M{} {}v4", n(x), n(top));
            self.draw(html! { path.grid d=(d) {} });
            self.draw(html! {
                text.dim x=(n(x)) y=(n(top + 17.0)) text-anchor="middle" { (clock(at, self.to.since(self.from))) }
            });
        }
        self.y += 24.0;
    }

    fn done(mut self, name: String, title: String) -> Chart {
        self.axis();
        let view = format!("0 0 {WIDTH} {}", n(self.y));
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) role="img" aria-label=(title) {
                style { (PreEscaped(STYLE)) }
                @for part in &self.body { (part) }
            }
        };
        Chart { name, title, svg }
    }
}

/// Class, name, and how many of a stretch.
type Kind = (&'static str, &'static str, fn(&Users) -> u32);

/// Who answered, second by second, and how long callers waited.
fn users(p: &PostMortem) -> Chart {
    let mut sheet = Sheet::new(p);
    let seconds = p.series.step.as_secs_f64();
    let kinds: [Kind; 5] = [
        ("primary", "primary", |u| u.by.primary),
        ("cached", "cached", |u| u.by.cached),
        ("fallback", "a tier below", |u| u.by.fallback),
        ("canned", "canned", |u| u.by.canned),
        ("failed", "errors", |u| u.by.failed()),
    ];
    let most = p.series.users.iter().map(|u| u.by.answered()).max();
    let most = most.unwrap_or_default().max(1);
    let top = sheet.heading("who answered, requests per second");
    legend(
        &mut sheet,
        top - 8.0,
        &kinds.map(|(class, name, _)| (class, name)),
    );
    let bottom = top + BAND;
    let high = |count: u32| BAND * f64::from(count) / f64::from(most);
    for (i, (class, _, _)) in kinds.iter().enumerate() {
        let mut d = String::new();
        for spot in &p.series.users {
            let under: u32 = kinds.iter().take(i).map(|(_, _, of)| of(spot)).sum();
            let own = kinds.get(i).map_or(0, |(_, _, of)| of(spot));
            let (x, w) = sheet.across(spot.at, spot.at + sheet.step);
            if own > 0 {
                bar(
                    &mut d,
                    x,
                    w,
                    bottom - high(under),
                    bottom - high(under + own),
                );
            }
        }
        sheet.path(class, &d);
    }
    sheet.label(top, &format!("{:.1}", f64::from(most) / seconds));
    sheet.label(bottom, "0");
    sheet.rule("grid", bottom);
    sheet.y = bottom + 6.0;
    waits(&mut sheet, p);
    sheet.done("users".to_owned(), "What users got".to_owned())
}

/// The 95th percentile, logarithmic: from a tenth of the least to the most.
fn waits(sheet: &mut Sheet, report: &PostMortem) {
    let values: Vec<_> = report.series.users.iter().filter_map(|u| u.p95).collect();
    let bound = report.budget.as_ref().and_then(|b| b.slo.p95);
    let all = || values.iter().copied().chain(bound);
    let (Some(least), Some(most)) = (all().min(), all().max()) else {
        return;
    };
    let least = least.as_secs_f64().max(0.001) / 2.0;
    let span = (most.as_secs_f64() * 1.25 / least).ln();
    let top = sheet.heading("p95 of whole answers, as callers saw it (logarithmic)");
    let bottom = top + BAND;
    let y = |took: Duration| bottom - BAND * (took.as_secs_f64().max(0.001) / least).ln() / span;
    let mut dashes = String::new();
    for spot in &report.series.users {
        if let Some(p95) = spot.p95 {
            let (x, w) = sheet.across(spot.at, spot.at + sheet.step);
            dash(&mut dashes, x, w, y(p95));
        }
    }
    sheet.path("line", &dashes);
    if let Some(bound) = bound {
        sheet.rule("limit", y(bound));
        let text = format!("SLO {}", latency(bound));
        sheet.draw(html! {
            text.dim x=(n(WIDTH - RIGHT)) y=(n(y(bound) - 4.0)) text-anchor="end" { (text) }
        });
    }
    if let (Some(low), Some(high)) = (values.iter().min(), values.iter().max()) {
        for value in [low, high] {
            sheet.label(y(*value), &latency(*value));
        }
    }
    sheet.rule("grid", bottom);
    sheet.y = bottom + 6.0;
}

fn deployment(p: &PostMortem, line: &Line) -> Chart {
    let mut sheet = Sheet::new(p);
    phases(&mut sheet, line);
    laid_over(&mut sheet, line);
    let at: Vec<_> = p.series.users.iter().map(|u| u.at).collect();
    let errors = |s: &Spot| (s.counted > 0).then(|| f64::from(s.failed) / f64::from(s.counted));
    let scale = Scale {
        limit: p.limits.err_threshold,
        high_is_good: false,
    };
    centred(&mut sheet, "error rate", scale, &at, line, errors);
    if line.spots.iter().any(|s| s.score.n > 0) {
        let scale = Scale {
            limit: p.limits.judge_threshold,
            high_is_good: true,
        };
        centred(&mut sheet, "judge score", scale, &at, line, |s| {
            s.score.value()
        });
    }
    rate(&mut sheet, &at, line, p.series.step);
    let name = line.deployment.replace(['/', ':', '\\'], "-");
    sheet.done(name, line.deployment.to_string())
}

fn phases(sheet: &mut Sheet, line: &Line) {
    let top = sheet.heading("breaker");
    legend(
        sheet,
        top - 8.0,
        &[
            ("closed", "CLOSED"),
            ("open", "OPEN"),
            ("probe", "PROBE"),
            ("ramp", "RAMP"),
        ],
    );
    for span in &line.phases {
        let class = match span.what {
            Phase::Closed => "closed",
            Phase::Open => "open",
            Phase::Probe => "probe",
            Phase::Ramp(_) => "ramp",
        };
        strip(sheet, top, class, span, &span.what.to_string());
    }
    sheet.y = top + STRIP + 4.0;
}

fn laid_over(sheet: &mut Sheet, line: &Line) {
    for span in &line.laid_over {
        let top = sheet.y;
        strip(sheet, top, "laid", span, &span.what);
        sheet.y += STRIP + 4.0;
    }
}

/// A stretch, with its words in it where they fit.
fn strip<T>(sheet: &mut Sheet, top: f64, class: &str, span: &Span<T>, words: &str) {
    const CHARACTER: f64 = 7.5;
    let (x, w) = sheet.across(span.from, span.to);
    let fits = f64::from(u32::try_from(words.chars().count()).unwrap_or(u32::MAX)) * CHARACTER < w;
    let took = short(span.to.since(span.from));
    sheet.draw(html! {
        rect class=(class) x=(n(x)) y=(n(top)) width=(n(w)) height=(n(STRIP)) {
            title { (words) " from " (span.from.clock()) ", " (took) }
        }
        @if fits { text x=(n(x + 4.0)) y=(n(top + 13.0)) { (words) } }
    });
}

/// As on the screen: the limit in the middle, ink over it means trouble.
fn centred(
    sheet: &mut Sheet,
    title: &str,
    scale: Scale,
    at: &[Wall],
    line: &Line,
    value: impl Fn(&Spot) -> Option<f64>,
) {
    let sign = if scale.high_is_good { -1.0 } else { 1.0 };
    let limit = tick(scale, scale.limit);
    let named = if scale.high_is_good { "floor" } else { "limit" };
    let top = sheet.heading(&format!("{title} ({named} {limit})"));
    let middle = top + BAND / 2.0;
    let y = |v: f64| middle - sign * scale.badness(v) * BAND / 2.0;
    let (mut over, mut under) = (String::new(), String::new());
    for (spot, &from) in line.spots.iter().zip(at) {
        let Some(v) = value(spot) else { continue };
        let (x, w) = sheet.across(from, from + sheet.step);
        if scale.badness(v) > 0.0 {
            bar(&mut over, x, w, middle, y(v));
        } else {
            dash(&mut under, x, w, y(v));
        }
    }
    sheet.rule("grid", top);
    sheet.rule("grid", top + BAND);
    sheet.rule("limit", middle);
    sheet.path("over", &over);
    sheet.path("line", &under);
    sheet.label(middle, &limit);
    for v in [0.0, 1.0] {
        sheet.label(y(v), &tick(scale, v));
    }
    sheet.y = top + BAND + 4.0;
}

fn tick(scale: Scale, v: f64) -> String {
    if scale.high_is_good {
        format!("{v:.2}")
    } else {
        format!("{:.1}%", v * 100.0)
    }
}

fn rate(sheet: &mut Sheet, at: &[Wall], line: &Line, step: Duration) {
    const HIGH: f64 = BAND / 2.0;
    let most = line.spots.iter().map(|s| s.attempts).max();
    let most = most.unwrap_or_default().max(1);
    let top = sheet.heading("attempts per second");
    let bottom = top + HIGH;
    let mut d = String::new();
    for (spot, &from) in line.spots.iter().zip(at).filter(|(s, _)| s.attempts > 0) {
        let (x, w) = sheet.across(from, from + step);
        let high = HIGH * f64::from(spot.attempts) / f64::from(most);
        bar(&mut d, x, w, bottom, bottom - high);
    }
    sheet.path("primary", &d);
    sheet.label(top, &format!("{:.1}", f64::from(most) / step.as_secs_f64()));
    sheet.label(bottom, "0");
    sheet.rule("grid", bottom);
    sheet.y = bottom + 4.0;
}

/// From the right, in the line of the heading.
fn legend(sheet: &mut Sheet, y: f64, entries: &[(&str, &str)]) {
    const EACH: f64 = 100.0;
    let count = u32::try_from(entries.len()).unwrap_or_default();
    let mut x = WIDTH - RIGHT - EACH * f64::from(count);
    for (class, name) in entries {
        sheet.draw(html! {
            rect class=(class) x=(n(x)) y=(n(y - 9.0)) width="10" height="10" {}
            text.dim x=(n(x + 14.0)) y=(n(y)) { (name) }
        });
        x += EACH;
    }
}

fn bar(d: &mut String, x: f64, w: f64, from: f64, to: f64) {
    // A String takes everything, here and below.
    let _ = write!(d, "M{} {}h{}V{}h-{}z", n(x), n(from), n(w), n(to), n(w));
}

fn dash(d: &mut String, x: f64, w: f64, y: f64) {
    let _ = write!(d, "M{} {}h{}", n(x), n(y), n(w));
}

/// A tenth of a unit is finer than any screen.
fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Round times, at most [`TICKS`] of them.
fn ticks(from: Wall, to: Wall) -> Vec<Wall> {
    const STEPS: [u64; 16] = [
        1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800,
        2_592_000,
    ];
    let took = to.since(from).as_secs();
    let fits = |step: &&u64| took / **step <= TICKS;
    let step = STEPS.iter().find(fits).copied().unwrap_or(u64::MAX);
    let first = from.secs().div_ceil(step);
    (first..=to.secs() / step)
        .map(|i| Wall(i * step * 1000))
        .collect()
}

fn clock(at: Wall, took: Duration) -> String {
    if took < Duration::from_hours(24) {
        return at.clock();
    }
    // `2026-11-20T14:03:22.000Z`: the day and the minute.
    let text = at.to_string();
    text.get(5..16).unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_few_round_times() {
        for (took, first, count) in [(10_u64, 1, 7), (90, 0, 9), (5_400, 0, 9), (200_000, 0, 9)] {
            let ticks = ticks(Wall(1_000), Wall(1_000 + took * 1000));
            assert!(
                ticks.len() <= count + 1 && ticks.len() > first,
                "{took}: {ticks:?}"
            );
        }
        assert_eq!(
            clock(Wall(86_400_000 * 2), Duration::from_hours(48)),
            "01-03 00:00"
        );
        assert_eq!(clock(Wall(3_600_000), Duration::from_hours(1)), "01:00:00");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (n(12.04), n(12.06), n(-3.0)),
            ("12".to_owned(), "12.1".to_owned(), "-3".to_owned())
        );
    }
}
