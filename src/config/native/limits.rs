//! `[breaker]`, `[judge]`, `[cache]`, `[journal]`

use super::providers::Catalog;
use crate::config::{
    Breaker, BreakerMode, Cache, Journal, Judge, Price, ProbeMode,
    env::path_from,
    load::Context,
    problem::hint,
    read::{Field, Table},
    tree::Span,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// More is a slip: dollars for a thousand tokens, or cents.
const MOST_DOLLARS: f64 = 10_000.0;

pub(super) fn breaker(table: Option<Table<'_>>) -> Breaker {
    let mut breaker = Breaker::default();
    let Some(table) = table else { return breaker };
    for (name, place) in [
        ("err_threshold", &mut breaker.err_threshold),
        ("judge_threshold", &mut breaker.judge_threshold),
    ] {
        if let Some(field) = table.get(name)
            && let Some(share) = field.share()
        {
            *place = share;
            if share <= 0.0 || share >= 1.0 {
                field.error("0 and 1 would trip always or never");
            }
        }
    }
    if let Some(time) = table.get("cooldown").and_then(|f| f.duration(SECOND..)) {
        breaker.cooldown = time;
        breaker.max_cooldown = breaker.max_cooldown.max(time);
    }
    if let Some(field) = table.get("max_cooldown")
        && let Some(time) = field.duration(SECOND..)
    {
        if time < breaker.cooldown {
            field.error("is shorter than cooldown");
        }
        breaker.max_cooldown = time;
    }
    let probes = [("shadow", ProbeMode::Shadow), ("live", ProbeMode::Live)];
    if let Some(probe) = table.get("probe").and_then(|f| f.word(&probes)) {
        breaker.probe = probe;
    }
    if let Some(observe) = table.get("mode").and_then(|f| observe(&f)) {
        breaker.observe = observe;
    }
    if let Some(mode) = table.get("evidence").and_then(|f| f.word(&EVIDENCE)) {
        breaker.mode = mode;
    }
    if let Some(time) = table.get("hang_credit").and_then(|f| f.duration(..)) {
        breaker.hang_credit = time;
    }
    table.finish();
    breaker
}

const EVIDENCE: [(&str, BreakerMode); 2] = [
    ("sequential", BreakerMode::Sequential),
    ("rolling_mean", BreakerMode::RollingMean),
];

/// Whether a breaker acts. What it weighs is another matter, and has been called a mode as well.
fn observe(field: &Field<'_>) -> Option<bool> {
    if let Some((word, _)) = EVIDENCE
        .iter()
        .find(|(word, _)| Some(*word) == field.text())
    {
        field.error(format!(
            "is enforce or observe; what is weighed stands beside it: evidence = \"{word}\""
        ));
        return None;
    }
    field.word(&[("enforce", false), ("observe", true)])
}

pub(super) fn judge(
    table: Option<Table<'_>>,
    catalog: &mut Catalog<'_>,
    cx: &Context<'_>,
) -> Judge {
    let mut judge = Judge::of_user(cx.env);
    let Some(table) = table else { return judge };
    if let Some(list) = table.get("judges").and_then(|f| f.list()) {
        judge.judges = list
            .iter()
            .filter_map(|f| catalog.deployment(f, "judge"))
            .collect();
    }
    if let Some(share) = table.get("sample").and_then(|f| f.share()) {
        judge.sample = share;
    }
    if let Some(time) = table.get("window").and_then(|f| f.duration(SECOND..)) {
        judge.window = time;
    }
    if let Some(n) = table.get("min_n").and_then(|f| f.integer(1..)) {
        judge.min_n = n;
    }
    if let Some(time) = table
        .get("timeout")
        .and_then(|f| f.duration(Duration::from_millis(1)..))
    {
        judge.timeout = time;
    }
    if let Some(n) = table.get("max_per_minute").and_then(|f| f.integer(1..)) {
        judge.max_per_minute = n;
    }
    if let Some(field) = table.get("max_per_day") {
        let unlimited = field.is_text() && field.text() == Some("unlimited");
        judge.max_per_day = if unlimited {
            None
        } else {
            field.integer(1..).or(judge.max_per_day)
        };
    }
    if let Some(prices) = table.table("prices") {
        for (name, at, field) in prices.all() {
            price(name, at, &field, &mut judge);
        }
    }
    if let Some(on) = table.get("anchors").and_then(|f| f.boolean()) {
        judge.anchors = on;
    }
    if let Some(n) = table.get("queue").and_then(|f| f.integer(1..=100_000)) {
        judge.queue = n;
    }
    match table.get("baselines").and_then(|f| f.text()) {
        Some("off") => judge.baselines = None,
        Some(path) => judge.baselines = Some(path_from(path, cx.base, cx.env)),
        None => {}
    }
    table.finish();
    judge
}

/// `[judge.prices."provider/model"]`, for one of the judges.
fn price(name: &str, at: &Span, field: &Field<'_>, judge: &mut Judge) {
    if !judge.judges.iter().any(|id| **id == *name) {
        let hint = hint(name, judge.judges.iter().map(|id| &**id));
        let message = format!("judge.prices: {name:?} is not in judge.judges{hint}");
        field.report.error(at.clone(), message);
        return;
    }
    let Some(table) = field.table() else { return };
    let per_mtok = |key: &'static str| {
        let Some(field) = table.get(key) else {
            let message = format!("{}: {key} is missing", table.path);
            table.report.error(table.at.clone(), message);
            return None;
        };
        let dollars = field.number()?;
        let fits = (0.0..=MOST_DOLLARS).contains(&dollars);
        if !fits {
            field.error(format!(
                "{dollars} is no price for a million tokens in US dollars (0 to {MOST_DOLLARS})"
            ));
        }
        fits.then_some(dollars)
    };
    let (input, output) = (per_mtok("input_per_mtok"), per_mtok("output_per_mtok"));
    // There is no other: an estimate that adds up currencies would be none.
    let _ = table.get("currency").and_then(|f| f.word(&[("USD", ())]));
    table.finish();
    if let (Some(input), Some(output)) = (input, output) {
        let price = Price::per_mtok(input, output);
        judge.prices.insert(name.into(), price);
    }
}

pub(super) fn cache(table: Option<Table<'_>>, cx: &Context<'_>) -> Cache {
    let mut cache = Cache::of_user(cx.env);
    let Some(table) = table else { return cache };
    if let Some(enabled) = table.get("enabled").and_then(|f| f.boolean()) {
        cache.enabled = enabled;
    }
    match table.get("path").and_then(|f| f.text()) {
        Some("memory") => cache.path = None,
        Some(path) => cache.path = Some(path_from(path, cx.base, cx.env)),
        None => {}
    }
    if let Some(time) = table.get("ttl").and_then(|f| f.duration(SECOND..)) {
        cache.ttl = time;
        cache.max_stale = cache.max_stale.max(time);
    }
    if let Some(field) = table.get("max_stale")
        && let Some(time) = field.duration(SECOND..)
    {
        if time < cache.ttl {
            field.error("is shorter than ttl");
        }
        cache.max_stale = time;
    }
    if let Some(size) = table.get("max_bytes").and_then(|f| f.size()) {
        cache.max_bytes = size;
    }
    table.finish();
    cache
}

pub(super) fn journal(table: Option<Table<'_>>, cx: &Context<'_>) -> Journal {
    let mut journal = Journal::of_user(cx.env);
    let Some(table) = table else { return journal };
    match table.get("path").and_then(|f| f.text()) {
        Some("off") => journal.path = None,
        Some(path) => journal.path = Some(path_from(path, cx.base, cx.env)),
        None => {}
    }
    let day = Duration::from_hours(24);
    if let Some(keep) = table.get("keep").and_then(|f| f.duration(day..)) {
        journal.keep = keep;
    }
    if let Some(size) = table.get("file_bytes").and_then(|f| f.size()) {
        journal.file_bytes = size;
    }
    if let Some(content) = table.get("content").and_then(|f| f.boolean()) {
        journal.content = content;
    }
    table.finish();
    journal
}
