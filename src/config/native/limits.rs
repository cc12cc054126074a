//! `[breaker]`, `[judge]`, `[cache]`, `[journal]`

use super::providers::Catalog;
use crate::config::{
    Breaker, Cache, Journal, Judge, ProbeMode, env::path_from, load::Context, read::Table,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

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
    let modes = [("enforce", false), ("observe", true)];
    if let Some(observe) = table.get("mode").and_then(|f| f.word(&modes)) {
        breaker.observe = observe;
    }
    if let Some(time) = table.get("hang_credit").and_then(|f| f.duration(..)) {
        breaker.hang_credit = time;
    }
    table.finish();
    breaker
}

pub(super) fn judge(table: Option<Table<'_>>, catalog: &mut Catalog<'_>) -> Judge {
    let mut judge = Judge::default();
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
    if let Some(n) = table.get("queue").and_then(|f| f.integer(1..=100_000)) {
        judge.queue = n;
    }
    table.finish();
    judge
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
    table.finish();
    journal
}
