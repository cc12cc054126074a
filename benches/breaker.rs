//! What one request pays for its breaker: an admission and a report; what a score costs; and the slowest of a hundred
//! such calls.

use breakerbox::{
    breaker::{Admission, Bench, Breaker, Score, Settings},
    model::{Class, DeploymentId, Mono, Verdict},
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::{
    hint::black_box,
    io::{self, Write},
    time::{Duration, Instant},
};

/// One request in a thousand fails, and a request comes every 10 ms.
fn admit_and_report(c: &mut Criterion) {
    let mut breaker = Breaker::new(Settings::default(), 1, Mono::default());
    let (ok, fault) = (Verdict::ok(), Verdict::new(Class::Fault, "api_error"));
    let (mut now, mut n) = (Mono::default(), 0_u32);
    c.bench_function("admit and report", |b| {
        b.iter(|| {
            now = now + Duration::from_millis(10);
            n = n.wrapping_add(1);
            let verdict = if n.is_multiple_of(1_000) { &fault } else { &ok };
            if let Admission::Serve(permit) = breaker.admit(black_box(now)) {
                black_box(breaker.report(permit, black_box(verdict), now));
            }
        });
    });
}

fn refuse(c: &mut Criterion) {
    let now = Mono::from_secs(1);
    let mut breaker = Breaker::new(Settings::default(), 1, now);
    if let Admission::Serve(permit) = breaker.admit(now) {
        let moves = breaker.report(permit, &Verdict::new(Class::Credential, "invalid_key"), now);
        assert_eq!(moves.len(), 1, "a bad credential opens it");
    }
    c.bench_function("refuse while open", |b| {
        b.iter(|| black_box(breaker.admit(black_box(now))));
    });
}

/// Closed, with a judge, and leave for any number of answers.
fn judged() -> Option<(Breaker, Score, breakerbox::breaker::Ticket)> {
    let mut breaker = Breaker::new(Settings::default(), 1, Mono::default());
    let judge = DeploymentId::from("other/judge");
    breaker.sit(Bench {
        first: Some(judge.clone()),
        ..Bench::default()
    });
    let Admission::Serve(permit) = breaker.admit(Mono::default()) else {
        return None;
    };
    let ticket = permit.ticket();
    let _ = breaker.forget(permit, Mono::default());
    let score = Score {
        judge,
        value: 0.9,
        other: None,
    };
    Some((breaker, score, ticket))
}

fn score(c: &mut Criterion) {
    let Some((mut breaker, mut score, ticket)) = judged() else {
        return;
    };
    let (mut now, mut n) = (Mono::default(), 0_u32);
    c.bench_function("score", |b| {
        b.iter(|| {
            now = now + Duration::from_millis(200);
            n = n.wrapping_add(1);
            score.value = if n.is_multiple_of(10) { 0.6 } else { 0.9 };
            black_box(breaker.score(ticket, black_box(&score), now));
        });
    });
}

fn sample(c: &mut Criterion) {
    let Some((mut breaker, _, ticket)) = judged() else {
        return;
    };
    let mut now = Mono::default();
    c.bench_function("sample", |b| {
        b.iter(|| {
            now = now + Duration::from_millis(10);
            black_box(breaker.sample(ticket, false, black_box(now)));
        });
    });
}

/// Calls whose slowest hundredth is told.
const CALLS: usize = 1_000_000;
/// A clock costs as much as what is timed here: so many calls share one reading.
const BATCH: usize = 32;

#[expect(
    clippy::disallowed_methods,
    reason = "the one clock that is fine enough"
)]
fn timed(mut work: impl FnMut(), times: usize) -> u64 {
    let began = Instant::now();
    for _ in 0..times {
        work();
    }
    u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn percentile(mut all: Vec<u64>, percent: usize) -> u64 {
    all.sort_unstable();
    let place = all.len() * percent / 100;
    all.get(place).copied().unwrap_or_default()
}

/// Two percentiles, since each hides something: single calls have the clock in them, whose usual cost is taken off,
/// and of a batch one slow call is shared by the others.
fn slowest(name: &str, mut call: impl FnMut()) {
    let clock = percentile((0..CALLS).map(|_| timed(|| (), 1)).collect(), 50);
    let single = (0..CALLS).map(|_| timed(&mut call, 1)).collect();
    let batches = (0..CALLS / BATCH).map(|_| timed(&mut call, BATCH));
    let batches = batches.map(|nanos| nanos / BATCH as u64).collect();
    // The figures are for people.
    let _ = writeln!(
        io::stdout(),
        "{name:<24}99 % of {CALLS} single calls within {} ns ({clock} ns for the clock taken off); of batches of {BATCH} \
         within {} ns a call",
        percentile(single, 99).saturating_sub(clock),
        percentile(batches, 99),
    );
}

fn slowest_of_a_hundred(_: &mut Criterion) {
    // `cargo test --benches` runs this too: a measurement is no test.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut breaker = Breaker::new(Settings::default(), 1, Mono::default());
    let (ok, fault) = (Verdict::ok(), Verdict::new(Class::Fault, "api_error"));
    let (mut now, mut n) = (Mono::default(), 0_u32);
    slowest("admit and report", || {
        now = now + Duration::from_millis(10);
        n = n.wrapping_add(1);
        let verdict = if n.is_multiple_of(200) { &fault } else { &ok };
        if let Admission::Serve(permit) = breaker.admit(now) {
            black_box(breaker.report(permit, verdict, now));
        }
    });
    let Some((mut breaker, mut score, ticket)) = judged() else {
        return;
    };
    slowest("score", || {
        now = now + Duration::from_millis(200);
        n = n.wrapping_add(1);
        score.value = if n.is_multiple_of(10) { 0.6 } else { 0.9 };
        black_box(breaker.score(ticket, &score, now));
    });
}

criterion_group!(
    benches,
    admit_and_report,
    refuse,
    score,
    sample,
    slowest_of_a_hundred
);
criterion_main!(benches);
