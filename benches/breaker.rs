//! What one request pays for its breaker: an admission and a report.

use breakerbox::{
    breaker::{Admission, Breaker, Settings},
    model::{Class, Mono, Verdict},
};
use criterion::{Criterion, criterion_group, criterion_main};
use std::{hint::black_box, time::Duration};

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

fn score(c: &mut Criterion) {
    let mut breaker = Breaker::new(Settings::default(), 1, Mono::default());
    let mut now = Mono::default();
    let Admission::Serve(permit) = breaker.admit(now) else {
        return;
    };
    let ticket = permit.ticket();
    let _ = breaker.forget(permit, now);
    c.bench_function("score", |b| {
        b.iter(|| {
            now = now + Duration::from_millis(200);
            black_box(breaker.score(ticket, black_box(0.9), now));
        });
    });
}

criterion_group!(benches, admit_and_report, refuse, score);
criterion_main!(benches);
