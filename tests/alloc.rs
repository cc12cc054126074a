//! What a request and a score cost their breaker: no allocation. A target of its own, since it counts them.

#![expect(clippy::panic, reason = "a test that cannot go on has failed")]

use allocation_counter::measure;
use breakerbox::{
    breaker::{Admission, Bench, Breaker, Move, Permit, Score, Settings, Ticket},
    model::{Class, DeploymentId, Mono, Verdict},
};
use std::time::Duration;

/// One call, and whether it was free. What has something to tell may allocate for it.
fn call(what: &str, paid: &mut Vec<String>, work: impl FnOnce() -> Vec<Move>) -> Vec<Move> {
    let mut moves = Vec::new();
    let cost = measure(|| moves = work());
    if cost.count_total > 0 && moves.is_empty() {
        paid.push(format!("{what}: {} allocations", cost.count_total));
    }
    moves
}

fn admit(breaker: &mut Breaker, now: Mono, paid: &mut Vec<String>) -> Permit {
    let mut admission = None;
    call("admit", paid, || {
        admission = Some(breaker.admit(now));
        Vec::new()
    });
    match admission {
        Some(Admission::Serve(permit)) => permit,
        other => panic!("it serves, but {other:?}"),
    }
}

/// Two judges, who take their turns as a router would have them.
fn score(
    breaker: &mut Breaker,
    scores: &mut [Score; 2],
    ticket: Ticket,
    (n, now): (u32, Mono),
    paid: &mut Vec<String>,
) {
    for (judge, score) in (0..).zip(scores) {
        // A tenth of the scores does not pass, and some of those are far off.
        score.value = match (n + 7 * judge) % 40 {
            0 => 0.2,
            1..4 => 0.6,
            _ => 0.9,
        };
        score.other = (judge == 1).then_some(0.9);
        call("score", paid, || breaker.score(ticket, score, now));
    }
}

#[test]
fn a_breaker_in_its_daily_work_allocates_nothing() {
    let now = Mono::from_secs(1);
    let mut breaker = Breaker::new(Settings::default(), 1, now);
    let judges = ["j1/m", "j2/m"].map(DeploymentId::from);
    breaker.sit(Bench {
        first: judges.first().cloned(),
        second: true,
        anchors: true,
        spares: None,
    });
    let mut scores = judges.map(|judge| Score {
        judge,
        value: 0.9,
        other: None,
    });
    let (ok, fault) = (Verdict::ok(), Verdict::new(Class::Fault, "api_error"));
    let (mut paid, mut suspicions) = (Vec::new(), 0);
    for n in 0..40_000_u32 {
        let now = now + Duration::from_millis(100) * n;
        // A judge is met for the first time once.
        if n == 1 {
            paid.clear();
        }
        let permit = admit(&mut breaker, now, &mut paid);
        let ticket = permit.ticket();
        let verdict = if n % 200 == 0 { &fault } else { &ok };
        let moves = call("report", &mut paid, || breaker.report(permit, verdict, now));
        assert_eq!(moves, [], "healthy traffic");
        call("sample", &mut paid, || {
            breaker.sample(ticket, n % 300 == 0, now);
            Vec::new()
        });
        if n % 20 == 0 {
            score(&mut breaker, &mut scores, ticket, (n / 20, now), &mut paid);
        }
        call("tick", &mut paid, || breaker.tick(now));
        suspicions += u32::from(breaker.view(now).suspicion > 0.0);
    }
    assert!(suspicions > 100, "evidence came and went");
    assert_eq!(paid, Vec::<String>::new());
}

#[test]
fn an_open_breaker_refuses_without_allocating() {
    let now = Mono::from_secs(1);
    let mut breaker = Breaker::new(Settings::default(), 1, now);
    let mut paid = Vec::new();
    let permit = admit(&mut breaker, now, &mut paid);
    let refused = Verdict::new(Class::Credential, "invalid_key");
    assert_eq!(breaker.report(permit, &refused, now).len(), 1, "it opens");
    call("refusal", &mut paid, || {
        assert!(matches!(breaker.admit(now), Admission::Refuse(_)));
        breaker.tick(now)
    });
    assert_eq!(paid, Vec::<String>::new());
}

/// Else nothing above would be shown.
#[test]
fn an_allocation_is_counted() {
    let mut paid = Vec::new();
    call("a box", &mut paid, || {
        std::hint::black_box(Box::new(1_u64));
        Vec::new()
    });
    assert_eq!(paid, ["a box: 1 allocations"]);
}
