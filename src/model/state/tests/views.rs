//! Requests, routes and failures, as views show them.

use super::*;
use crate::model::{
    event::RouteSecond,
    phase::WouldTrip,
    request::{Skipped, Span, SpanEnd, SpanKind},
    verdict::Classes,
};

pub(super) fn span(deployment: &str, tier: usize, end: SpanEnd) -> Span {
    Span {
        deployment: deployment.into(),
        tier,
        kind: SpanKind::Fallback,
        start: Duration::from_millis(1_234),
        ttft: Some(Duration::from_millis(800)),
        took: Duration::from_millis(2_345),
        end,
        injected: true,
    }
}

pub(super) fn failed(code: &str) -> SpanEnd {
    SpanEnd::Failed(Verdict::new(Class::Fault, code).status(503))
}

pub(super) fn request(spans: Vec<Span>) -> Kind {
    Kind::Request(Box::new(Request {
        exchange: "req_01a200669f3b70eab2c52a82fbe4399a".into(),
        route: "r".into(),
        outcome: crate::model::event::Outcome::Fallback,
        dialect: Dialect::OpenAi,
        stream: true,
        model: "r".to_owned(),
        deployment: Some("p/b".into()),
        tier: Some(1),
        cache: None,
        ttft: Some(Duration::from_millis(2_034)),
        total: Duration::from_millis(3_579),
        waited: None,
        spans,
        skipped: vec![Skipped {
            deployment: "p/c".into(),
            tier: 2,
            why: "open".to_owned(),
        }],
        rescued: false,
        drill: false,
        alike: 7,
    }))
}

pub(super) fn would_trip(id: &str, spared: Spared, until: Option<Wall>) -> Kind {
    let verdict = Verdict::new(Class::Credential, "x");
    Kind::WouldTrip {
        deployment: id.into(),
        trip: WouldTrip {
            reason: Reason::Certain { verdict },
            spared: Some(spared),
            until,
        },
    }
}

pub(super) fn watch(id: &str, alarm: bool) -> Kind {
    Kind::Watch {
        deployment: id.into(),
        watch: Watch {
            alarm,
            ..Watch::default()
        },
    }
}

fn fell_back(code: &str) -> Kind {
    request(vec![
        span("p/a", 0, failed(code)),
        span("p/b", 1, SpanEnd::Won),
    ])
}

pub(super) fn route_second(tiers: &[u32], cached: u32, failed: u32) -> Kind {
    Kind::Exchanges(Exchanges {
        routes: vec![RouteSecond {
            tiers: tiers.to_vec(),
            cached,
            failed,
            ..RouteSecond::empty("r".into())
        }],
        ..Exchanges::default()
    })
}

pub(super) fn classes(id: &str, classes: &[(Class, u32)]) -> Kind {
    Kind::Bucket(Bucket {
        classes: classes.to_vec(),
        ..Bucket::empty(id.into())
    })
}

#[test]
fn the_last_requests_are_kept_with_the_time_at_which_they_ended() {
    let (state, _) = run((0..300).map(|_| (10, fell_back("x"))));
    let requests = state.snapshot(Wall(T0)).requests;
    let ends = [requests.front(), requests.back()].map(|r| {
        let r = r.unwrap();
        (r.seq, r.at.0 - T0)
    });
    assert_eq!(requests.len(), REQUESTS);
    assert_eq!(ends, [(46, 450), (301, 3_000)]);
}

#[test]
fn a_deployment_remembers_each_way_of_failing_once_and_the_callers_own_mistakes_not_at_all() {
    let caller = SpanEnd::Failed(Verdict::new(Class::Caller, "bad_request").status(400));
    let told = Kind::Fallback {
        exchange: "x".into(),
        route: "r".into(),
        from: "p/a".into(),
        to: None,
        verdict: Verdict::new(Class::Throttle, "slow_down").status(429),
    };
    let (state, _) = run([
        (1_000, fell_back("one")),
        (1_000, fell_back("two")),
        (1_000, request(vec![span("p/a", 0, caller)])),
        (1_000, told),
        (1_000, fell_back("one")),
    ]);
    let snapshot = state.snapshot(Wall(T0));
    let known = |i: usize| {
        let failures = &snapshot.deployments[i].failures;
        let all = failures
            .iter()
            .map(|f| (f.text.as_str(), (f.at.0 - T0) / 1000, f.injected));
        all.collect::<Vec<_>>()
    };
    let want = [
        ("fault 503 two", 2, true),
        ("throttle 429 slow_down", 4, false),
        ("fault 503 one", 5, true),
    ];
    assert_eq!(known(0), want);
    assert_eq!(known(1), []);
    let (state, _) = run((0..40).map(|i| (10, fell_back(&i.to_string()))));
    let many = &state.snapshot(Wall(T0)).deployments[0].failures;
    assert_eq!(many.len(), FAILURES);
    assert_eq!(many.back().unwrap().code, "39");
}

#[test]
fn why_attempts_failed_is_added_up_over_five_minutes_the_most_frequent_first() {
    let (state, _) = run([
        (0, classes("p/a", &[(Class::Credential, 9)])),
        (60_000, classes("p/a", &[(Class::Fault, 2)])),
        (
            250_000,
            classes("p/a", &[(Class::Throttle, 3), (Class::Fault, 2)]),
        ),
    ]);
    let at = |s: u64| -> Classes {
        state.snapshot(Wall(T0 + s * 1000)).deployments[0]
            .classes_5m
            .clone()
    };
    assert_eq!(at(310), [(Class::Fault, 4), (Class::Throttle, 3)]);
    assert_eq!(at(370), [(Class::Throttle, 3), (Class::Fault, 2)]);
    assert_eq!(at(700), []);
}

#[test]
fn a_route_says_who_answered_its_requests_in_five_minutes_also_over_a_reload() {
    let reloaded = Kind::Reloaded {
        topology: topology(),
    };
    let (state, _) = run([
        (0, route_second(&[5], 0, 1)),
        (60_000, route_second(&[3, 1], 2, 0)),
        (10_000, reloaded),
        (240_000, route_second(&[0, 0, 4], 0, 0)),
    ]);
    let at = |s: u64| {
        let r = &state.snapshot(Wall(T0 + s * 1000)).routes[0];
        (r.tiers_5m.clone(), r.cached_5m, r.failed_5m, r.per_s)
    };
    assert_eq!(at(310), (vec![3, 1, 4], 2, 0, 0.4));
    assert_eq!(at(400), (vec![0, 0, 4], 0, 0, 0.0));
    let swapped = Topology {
        routes: vec![RouteInfo {
            id: "r".into(),
            tiers: vec!["p/b".into(), "p/a".into()],
        }],
        ..topology()
    };
    let (state, _) = run([
        (0, route_second(&[5], 0, 0)),
        (0, Kind::Reloaded { topology: swapped }),
    ]);
    assert_eq!(
        state.snapshot(Wall(T0)).routes[0].tiers_5m,
        Vec::<u32>::new(),
        "the first place is another's now"
    );
}

#[test]
fn the_slowest_answers_and_first_tokens_are_told_apart() {
    let second = Kind::Bucket(Bucket {
        ok: 100,
        ttft: Latency(vec![(10, 97), (500, 3)]),
        total: Latency(vec![(100, 97), (3_000, 3)]),
        ..Bucket::empty("p/a".into())
    });
    let (state, _) = run([(0, second)]);
    let snapshot = state.snapshot(Wall(T0));
    let d = &snapshot.deployments[0];
    let ms = [d.p50, d.p95, d.p99, d.ttft_p50, d.ttft_p95, d.ttft_p99].map(|d| d.unwrap());
    let roughly = [100, 100, 3_000, 10, 10, 500];
    for (is, want) in ms.into_iter().zip(roughly) {
        let is = u64::try_from(is.as_millis()).unwrap();
        assert!(is.abs_diff(want) * 50 <= want, "{ms:?}");
    }
}

#[test]
fn how_things_stand_is_told_without_requests_and_failures() {
    let (state, _) = run([(0, fell_back("x"))]);
    let standing = state.standing();
    assert!(standing.requests.is_empty());
    assert!(standing.deployments.iter().all(|d| d.failures.is_empty()));
}

/// Everything that is kept, as long as it can become, of twenty deployments.
pub(in crate::model) fn full() -> Snapshot {
    let ids: Vec<String> = (0..20)
        .map(|i| format!("provider-{i}/some-large-model-{i}"))
        .collect();
    let topology = Topology {
        deployments: ids
            .iter()
            .map(|id| DeploymentInfo {
                id: id.as_str().into(),
                provider: "provider".into(),
                dialect: Dialect::OpenAi,
                model: "some-large-model".to_owned(),
                disabled: None,
            })
            .collect(),
        routes: vec![RouteInfo {
            id: "r".into(),
            tiers: ids.iter().map(|id| id.as_str().into()).collect(),
        }],
        ..topology()
    };
    let mut kinds = vec![(0, Kind::Reloaded { topology })];
    for second in 0..HISTORY_S {
        for (i, id) in ids.iter().enumerate() {
            let later = u64::from(i == 0) * 1_000;
            let bucket = Bucket {
                ok: 1_234,
                fail: 56,
                throttled: 12,
                injected: vec![(1, 34)],
                tokens: 45_678,
                ..Bucket::empty(id.as_str().into())
            };
            kinds.push((later, Kind::Bucket(bucket)));
            let score = Kind::Score {
                deployment: id.as_str().into(),
                judge: "p/b".into(),
                exchange: "req_01a200669f3b70eab2c52a82fbe4399a".into(),
                score: 0.87,
                reason: "r".repeat(160),
                answer: "a".repeat(240),
                picked: Picked::Sample,
                findings: Findings::default(),
            };
            kinds.push((0, score));
            if second < 16 {
                let end = failed(&format!("internal_server_error_{second}"));
                let others = span(id, 1, SpanEnd::Won);
                kinds.push((0, request(vec![span(id, 0, end.clone()), others.clone()])));
                kinds.push((0, request(vec![span(id, 0, end), others])));
            }
        }
        kinds.push((
            0,
            Kind::Exchanges(Exchanges {
                primary: 12_345,
                fallback: 1_234,
                cached: 123,
                canned: 12,
                ..Exchanges::default()
            }),
        ));
    }
    run(kinds).0.snapshot(Wall(T0))
}

#[test]
fn a_snapshot_of_twenty_deployments_is_under_two_mebibytes_however_much_has_happened() {
    let s = full();
    let d = &s.deployments[19];
    assert_eq!(
        (s.requests.len(), s.events.len(), s.exchanges.len()),
        (REQUESTS, EVENTS, usize::try_from(HISTORY_S).unwrap())
    );
    assert_eq!(
        (d.points.len(), d.scores.len(), d.failures.len()),
        (usize::try_from(HISTORY_S).unwrap(), SCORES, FAILURES)
    );
    let text = serde_json::to_string(&s).unwrap();
    assert!(text.len() < 2 << 20, "{} bytes", text.len());
    let back: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(back, s);
}

#[test]
fn what_would_be_open_is_shown_as_long_as_it_would_be() {
    let until = Some(Wall(T0 + 300_000));
    let (state, _) = run([(0, would_trip("p/a", Spared::Observed, until))]);
    let shown = |at| {
        state.snapshot(Wall(T0 + at)).deployments[0]
            .would_trip
            .is_some()
    };
    assert_eq!([1_000, 299_999, 300_000].map(shown), [true, true, false]);
}

#[test]
fn the_last_one_that_serves_is_said_to_be_ill_as_long_as_the_evidence_lasts() {
    let said = (0, would_trip("p/a", Spared::LastOne, None));
    let shown = |kinds: &[(u64, Kind)]| {
        let (state, _) = run(kinds.to_vec());
        let snapshot = state.snapshot(Wall(T0 + 9_000_000));
        snapshot.deployments[0].would_trip.is_some()
    };
    let alarm = (0, watch("p/a", true));
    let over = (1, watch("p/a", false));
    assert!(shown(&[alarm.clone(), said.clone()]));
    assert!(!shown(&[alarm.clone(), said.clone(), over.clone()]));
    // A look from before the alarm that is told after it says nothing of its end.
    assert!(shown(&[said.clone(), over]));
    let opened = Kind::Transition(Transition {
        deployment: "p/a".into(),
        from: Phase::Closed,
        to: Phase::Open,
        reason: Reason::CooldownOver,
        generation: 2,
        until: None,
    });
    assert!(
        !shown(&[alarm, said, (1, opened)]),
        "it has opened after all"
    );
}
