//! Scenario files: TOML, read strictly in names and ranges and generously in what may be left out. One reading names
//! every problem, at its line.

use super::{
    expect::{AtMost, Cause, Expect, Fault, Within},
    scenario::{Health, Judge, Mood, Noise, Provider, Scenario, Step},
};
use crate::config::{Field, Problems, Report, Table, parse_toml};
use std::{ops::RangeInclusive, time::Duration};

const SEEDS: u32 = 200;
const RATE: f64 = 10.0;
/// Requests per second that can be simulated in a person's time.
pub const RATES: RangeInclusive<f64> = 0.001..=10_000.0;
const SEED_COUNTS: RangeInclusive<u32> = 1..=100_000;
const LONGEST: Duration = Duration::from_hours(24 * 366);
const SLOWEST: Duration = Duration::from_mins(10);

/// Reads a scenario; `file` is what problems call it.
pub fn parse(file: &str, text: &str) -> Result<Scenario, Problems> {
    let report = Report::new(file.to_owned(), text);
    let scenario = parse_toml(text, &report)
        .as_ref()
        .and_then(|root| Field::root(root, &report).table())
        .map(|top| scenario(top, file));
    match scenario {
        Some(scenario) if !report.has_problems() => Ok(scenario),
        _ => Err(report.into_problems()),
    }
}

fn scenario(top: Table<'_>, file: &str) -> Scenario {
    let text = |key| top.get(key).and_then(|f| f.text()).map(str::to_owned);
    let providers = items(&top, "providers", provider);
    let judges = items(&top, "judges", judge);
    if providers.is_empty() && !top.report.has_problems() {
        top.report.error_in_file(
            "a scenario has at least one provider; write [[providers]] and id = \"primary\" under it",
        );
    }
    let expect = top.table("expect").map(|t| expect(t, &judges));
    let read = Scenario {
        name: text("name").unwrap_or_else(|| stem(file)),
        what: text("what").unwrap_or_default(),
        seeds: top.get("seeds").and_then(|f| seeds(&f)).unwrap_or(SEEDS),
        rate_rps: top
            .get("rate_rps")
            .and_then(|f| number(&f, RATES))
            .unwrap_or(RATE),
        warm: top
            .get("baseline")
            .and_then(|f| f.word(&[("warm", true), ("cold", false)]))
            .unwrap_or(true),
        noise: top.get("noise").map_or_else(Vec::new, |f| noises(&f)),
        correlation: top
            .get("correlation")
            .and_then(|f| f.share())
            .unwrap_or(0.0),
        duration: top
            .get("duration")
            .and_then(|f| f.duration(Duration::from_secs(1)..=LONGEST)),
        providers,
        judges: if judges.is_empty() {
            two_healthy()
        } else {
            judges
        },
        traffic: steps(top.get("traffic"), |t| {
            t.get("mult")
                .and_then(|f| number(&f, 0.0..=1_000.0))
                .unwrap_or(1.0)
        }),
        expect: expect.unwrap_or_default(),
    };
    top.finish();
    Scenario {
        noise: if read.noise.is_empty() {
            vec![Noise::Mixture]
        } else {
            read.noise
        },
        ..read
    }
}

fn stem(file: &str) -> String {
    let path = std::path::Path::new(file);
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| file.to_owned())
}

fn two_healthy() -> Vec<Judge> {
    let judge = |id: &str| Judge {
        id: id.to_owned(),
        noise: None,
        phases: Vec::new(),
    };
    vec![judge("judge-1"), judge("judge-2")]
}

/// One word, or a list of them.
fn noises(field: &Field<'_>) -> Vec<Noise> {
    if field.is_text() {
        return field.word(&Noise::ALL).into_iter().collect();
    }
    let mut all = Vec::new();
    for item in field.list().unwrap_or_default() {
        match item.word(&Noise::ALL) {
            Some(noise) if all.contains(&noise) => item.error("it is named twice"),
            Some(noise) => all.push(noise),
            None => {}
        }
    }
    all
}

fn provider(table: &Table<'_>, id: String) -> Provider {
    let phases = steps(table.get("phases"), health);
    Provider { id, phases }
}

fn judge(table: &Table<'_>, id: String) -> Judge {
    Judge {
        id,
        noise: table.get("noise").and_then(|f| f.word(&Noise::ALL)),
        phases: steps(table.get("phases"), mood),
    }
}

fn health(t: &Table<'_>) -> Health {
    let well = Health::default();
    let [err, hang, c400, c401, c429] =
        shares(t, ["err", "hang", "c400", "c401", "c429"], "requests");
    let [garbage, mediocre] = shares(t, ["garbage", "mediocre"], "answers");
    Health {
        // What fails by itself is a share of what is not refused anyway.
        err: err.max(well.err * (1.0 - hang - c400 - c401 - c429).max(0.0)),
        hang,
        garbage: garbage.max(well.garbage),
        mediocre,
        c400,
        c401,
        c429,
        capacity_rps: t
            .get("capacity_rps")
            .and_then(|f| number(&f, 0.0..=1e6))
            .unwrap_or(well.capacity_rps),
        latency: latency(t).unwrap_or(well.latency),
    }
}

/// Shares of the same thing, which cannot be more than all of it.
fn shares<const N: usize>(t: &Table<'_>, keys: [&'static str; N], of: &str) -> [f64; N] {
    let shares = keys.map(|key| t.get(key).and_then(|f| f.share()).unwrap_or(0.0));
    let sum: f64 = shares.iter().sum();
    let last = keys.iter().rev().find_map(|key| t.get(key));
    if let Some(last) = last.filter(|_| sum > 1.0 + 1e-9) {
        last.error(format!(
            "{} together are {sum:.2} of all {of}; 1 is all there is",
            keys.join(" + ")
        ));
    }
    shares
}

fn mood(t: &Table<'_>) -> Mood {
    let well = Mood::default();
    Mood {
        shift: t
            .get("shift")
            .and_then(|f| number(&f, -1.0..=1.0))
            .unwrap_or(well.shift),
        fail: t
            .get("fail")
            .and_then(|f| f.share())
            .map_or(well.fail, |fail| fail.max(well.fail)),
        latency: latency(t).unwrap_or(well.latency),
    }
}

fn latency(t: &Table<'_>) -> Option<Duration> {
    let slowest = SLOWEST.as_secs_f64() * 1_000.0;
    let ms = number(&t.get("latency_ms")?, 1.0..=slowest)?;
    Some(Duration::from_secs_f64(ms / 1_000.0))
}

/// Steps in the order of their times.
fn steps<T>(field: Option<Field<'_>>, is: impl Fn(&Table<'_>) -> T) -> Vec<Step<T>> {
    let mut steps: Vec<Step<T>> = Vec::new();
    for item in field.and_then(|f| f.list()).unwrap_or_default() {
        let Some(table) = item.table() else { continue };
        let at = table
            .get("t")
            .map_or(Some(Duration::ZERO), |f| f.duration(..=LONGEST));
        let step = is(&table);
        table.finish();
        let Some(at) = at else { continue };
        if steps.iter().any(|s| s.at == at) {
            let text = crate::model::time::duration_text(at);
            item.error(format!(
                "there is a phase at t = {text} already; give this one its own t"
            ));
        }
        steps.push(Step { at, is: step });
    }
    steps.sort_by_key(|step| step.at);
    steps
}

fn expect(table: Table<'_>, judges: &[Judge]) -> Expect {
    let get = |key| table.get(key);
    let count = |key| get(key).and_then(|f| at_most(&f));
    let most = |key| get(key).and_then(|f| number(&f, 0.0..=1e12));
    let read = Expect {
        first_trip: get("first_trip_s").and_then(|f| within(&f)),
        reason: get("reason").and_then(|f| cause(&f)),
        opens: count("opens"),
        wrong_closes: count("wrong_closes"),
        recover: get("recover_s").and_then(|f| within(&f)),
        relapse_ratio: get("relapse_ratio").and_then(|f| number(&f, 0.0..=1e3)),
        bad_served: most("bad_served_max"),
        judge_calls: most("judge_calls_max"),
        judge_fault: get("judge_fault").and_then(|f| fault(&f, judges)),
        opens_outside: count("opens_outside"),
    };
    table.finish();
    read
}

/// `{ median, p95 }`, or a number for the median alone.
fn within(field: &Field<'_>) -> Option<Within> {
    if !field.is_table() {
        let median = Some(field.duration(..=LONGEST)?.as_secs_f64());
        return Some(Within { median, p95: None });
    }
    let table = field.table()?;
    let bound = |key| {
        let d = table.get(key)?.duration(..=LONGEST)?;
        Some(d.as_secs_f64())
    };
    let within = Within {
        median: bound("median"),
        p95: bound("p95"),
    };
    table.finish();
    Some(within)
}

/// `{ min, max }`, or a number for the most.
fn at_most(field: &Field<'_>) -> Option<AtMost> {
    if !field.is_table() {
        let max = number(field, 0.0..=1e9);
        return max.map(|max| AtMost { min: 0.0, max });
    }
    let table = field.table()?;
    let bound = |key| table.get(key).and_then(|f| number(&f, 0.0..=1e9));
    let read = AtMost {
        min: bound("min").unwrap_or(0.0),
        max: bound("max").unwrap_or(f64::INFINITY),
    };
    table.finish();
    Some(read)
}

fn cause(field: &Field<'_>) -> Option<Cause> {
    field.word(&[
        ("error", Cause::Error),
        ("error_rate", Cause::Error),
        ("errors", Cause::Error),
        ("quality", Cause::Quality),
        ("credential", Cause::Certain),
        ("certain", Cause::Certain),
    ])
}

fn fault(field: &Field<'_>, judges: &[Judge]) -> Option<Fault> {
    if !field.is_text() {
        return field
            .boolean()
            .map(|yes| if yes { Fault::Any } else { Fault::None });
    }
    let words: Vec<(&str, usize)> = judges
        .iter()
        .enumerate()
        .map(|(i, judge)| (judge.id.as_str(), i))
        .collect();
    field.word(&words).map(Fault::Of)
}

/// The tables of a list, each with an id of its own.
fn items<T>(top: &Table<'_>, key: &'static str, read: impl Fn(&Table<'_>, String) -> T) -> Vec<T> {
    let mut taken: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for item in top.get(key).and_then(|f| f.list()).unwrap_or_default() {
        let Some(table) = item.table() else { continue };
        let field = table.get("id");
        if field.is_none() {
            item.error("it needs an id, such as id = \"primary\"");
        }
        let id = field.as_ref().and_then(Field::text).unwrap_or_default();
        if let Some(field) = field.filter(|_| taken.contains(&id)) {
            field.error(format!("{id:?} is taken; each needs an id of its own"));
        }
        taken.push(id);
        all.push(read(&table, id.to_owned()));
        table.finish();
    }
    all
}

fn seeds(field: &Field<'_>) -> Option<u32> {
    let seeds = field.integer::<i64>(..)?;
    let fitting = u32::try_from(seeds)
        .ok()
        .filter(|n| SEED_COUNTS.contains(n));
    if fitting.is_none() {
        let (least, most) = (SEED_COUNTS.start(), SEED_COUNTS.end());
        field.error(format!("{seeds} is not from {least} to {most}"));
    }
    fitting
}

fn number(field: &Field<'_>, limits: RangeInclusive<f64>) -> Option<f64> {
    let number = field.number()?;
    if limits.contains(&number) {
        return Some(number);
    }
    let (least, most) = (limits.start(), limits.end());
    field.error(format!("{number} is not from {least} to {most}"));
    None
}

#[cfg(test)]
#[path = "tests/read.rs"]
mod tests;
