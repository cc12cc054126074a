//! Every check with both verdicts, over events made by hand.

mod breakers;

use super::*;
use crate::{
    drill::{
        Sample, Window,
        record::{Record, TierFacts},
    },
    model::{
        Class, Event, Force, ForceKind, Phase, Reason, Snapshot,
        event::Exchanges,
        fault::{Fault, FaultKind, Only},
        phase::Transition,
        snapshot::{DeploymentView, Drifting, FaultView, Gate, RouteView, Rung3View},
    },
};
use std::sync::Arc;

/// When the faults begin and end.
const FROM: u64 = 10_000;
const TO: u64 = 20_000;

fn id(name: &str) -> DeploymentId {
    DeploymentId::from(name)
}

pub(in crate::drill) fn view(name: &str) -> DeploymentView {
    let view = serde_json::json!({
        "id": name, "provider": "p", "dialect": "openai", "model": "m", "disabled": null, "tier": null,
        "phase": "closed", "since": 0, "until": null, "reason": null, "force": null, "gate": null, "would_trip": null,
        "errors_5m": {"bad": 0, "n": 0}, "throttled_5m": 0, "judge_1h": {"sum": 0.0, "n": 0}, "attempts_per_s": 0.0,
        "tokens_per_s": 0.0, "in_flight": 0, "ttft_p95": null, "p50": null, "p95": null, "points": [], "scores": [],
    });
    serde_json::from_value(view).unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot {
        deployments: vec![view("a/m"), view("b/m")],
        routes: vec![RouteView::new("r".into(), vec![id("a/m"), id("b/m")])],
        ..Snapshot::default()
    }
}

fn record() -> Record {
    let tier = |name, s| TierFacts {
        deployments: vec![id(name)],
        timeout: Duration::from_secs(s),
    };
    Record {
        events: Vec::new(),
        samples: Vec::new(),
        tiers: vec![tier("a/m", 5), tier("b/m", 5)],
        steady: Window {
            from: Wall(0),
            to: Wall(FROM - 1),
        },
        faults: Window {
            from: Wall(FROM),
            to: Wall(TO),
        },
        end: Wall(30_000),
        set: vec![[1].into()],
        before: Arc::new(snapshot()),
        after: Arc::new(snapshot()),
    }
}

impl Record {
    fn event(mut self, at: u64, kind: Kind) -> Self {
        let seq = self.events.len() as u64 + 1;
        let at = Wall(at);
        self.events.push(Arc::new(Event {
            injected: true,
            ..Event::new(seq, at, kind)
        }));
        self
    }

    fn sample(mut self, sample: Sample) -> Self {
        self.samples.push(sample);
        self
    }

    fn after(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(Arc::make_mut(&mut self.after));
        self
    }
}

fn sample(sent: u64, took_ms: u64, rung: u8, by: Option<&str>) -> Sample {
    Sample {
        sent: Wall(sent),
        took: Duration::from_millis(took_ms),
        status: Some(200),
        whole: true,
        rung: Some(rung),
        deployment: by.map(id),
        attempts: 1,
        exchange: Some(format!("x{sent}").as_str().into()),
        looks: None,
    }
}

fn failed(sent: u64, status: u16) -> Sample {
    Sample {
        status: Some(status),
        ..sample(sent, 5, 0, None)
    }
}

fn refused() -> Verdict {
    Verdict::new(Class::Credential, "invalid_api_key").status(401)
}

fn fallback(exchange: &str, to: Option<&str>, verdict: Verdict) -> Kind {
    Kind::Fallback {
        exchange: exchange.into(),
        route: "r".into(),
        from: id("a/m"),
        to: to.map(id),
        verdict,
    }
}

fn open(name: &str, reason: Reason) -> Kind {
    Kind::Transition(Transition {
        deployment: id(name),
        from: Phase::Closed,
        to: Phase::Open,
        reason,
        generation: 1,
        until: None,
    })
}

#[track_caller]
fn passes(check: &Check, record: &Record) -> String {
    let found = check.answer(record);
    assert!(found.passed, "{found:?}");
    found.numbers
}

#[track_caller]
fn fails(check: &Check, record: &Record) -> String {
    let found = check.answer(record);
    assert!(!found.passed, "{found:?}");
    found.numbers
}

#[test]
fn a_primary_that_refuses_at_once_fails_fast() {
    let r = record()
        .sample(sample(11_000, 900, 2, Some("b/m")))
        .event(11_850, fallback("x11000", Some("b/m"), refused()));
    let said = passes(&Check::PrimaryFailsFast {}, &r);
    assert!(said.contains("401") && said.contains("850ms"), "{said}");
}

#[test]
fn the_breakers_own_word_is_nearer_to_the_failure_than_the_secondarys_answer() {
    let slow = fallback("x", Some("b/m"), refused());
    let r = record().event(16_000, slow.clone());
    fails(&Check::PrimaryFailsFast {}, &r);
    let verdict = refused();
    let r = record()
        .event(10_400, open("a/m", Reason::Certain { verdict }))
        .event(16_000, slow);
    let said = passes(&Check::PrimaryFailsFast {}, &r);
    assert!(said.contains("400ms"), "{said}");
}

#[test]
fn a_primary_that_hangs_does_not_fail_fast_even_inside_its_timeout() {
    let silent = Verdict::new(Class::Fault, "ttft_timeout").silent();
    let r = record().event(12_000, fallback("x", Some("b/m"), silent));
    let said = fails(&Check::PrimaryFailsFast {}, &r);
    assert!(said.contains("silence"), "{said}");
}

#[test]
fn a_fault_that_reached_nobody_proves_nothing() {
    fails(&Check::PrimaryFailsFast {}, &record());
    fails(&Check::SecondaryPicksUp { retries: 1 }, &record());
    fails(&Check::LastRungsCarry {}, &record());
    fails(&Check::NothingReachedTheUser { canned: true }, &record());
}

#[test]
fn the_secondary_picks_up_within_one_retry() {
    let r = record()
        .sample(sample(11_000, 900, 2, Some("b/m")))
        .event(11_900, fallback("x11000", Some("b/m"), refused()));
    let said = passes(&Check::SecondaryPicksUp { retries: 1 }, &r);
    assert!(said.starts_with("1 failed at the primary"), "{said}");
}

#[test]
fn two_failed_attempts_before_the_secondary_are_more_than_one_retry() {
    let r = record()
        .sample(sample(11_000, 900, 2, Some("b/m")))
        .event(11_900, fallback("x11000", Some("b/m"), refused()))
        .event(11_900, fallback("x11000", Some("b/m"), refused()));
    fails(&Check::SecondaryPicksUp { retries: 1 }, &r);
    passes(&Check::SecondaryPicksUp { retries: 2 }, &r);
}

#[test]
fn a_tier_below_may_pick_up_only_while_the_secondary_is_rate_limited() {
    let r = record()
        .event(10_500, fallback("x", Some("b/m"), refused()))
        .event(12_000, fallback("y", Some("c/m"), refused()));
    fails(&Check::SecondaryPicksUp { retries: 1 }, &r);
    let gated = Kind::Gated {
        deployment: id("b/m"),
        class: Class::Throttle,
        code: "rate_limit_exceeded".to_owned(),
        until: Wall(15_000),
    };
    let later = r.clone().event(12_500, gated.clone());
    fails(&Check::SecondaryPicksUp { retries: 1 }, &later);
    let said = passes(
        &Check::SecondaryPicksUp { retries: 1 },
        &r.event(11_000, gated),
    );
    assert!(
        said.contains("1 passed on while it was rate limited"),
        "{said}"
    );
}

#[test]
fn a_request_that_ends_on_rung_3_was_not_picked_up() {
    let r = record()
        .event(10_500, fallback("x", Some("b/m"), refused()))
        .event(12_000, fallback("y", None, refused()));
    let said = fails(&Check::SecondaryPicksUp { retries: 1 }, &r);
    assert!(said.ends_with("1 by nobody or another"), "{said}");
}

#[test]
fn a_p95_that_bumps_stays_inside_the_slo_or_not() {
    let mut r = record();
    for i in 0..20 {
        r = r
            .sample(sample(i * 100, 500, 0, Some("a/m")))
            .sample(sample(FROM + i * 100, 2_000, 2, Some("b/m")));
    }
    let slo = |s| Check::P95WithinSlo {
        slo: Duration::from_secs(s),
    };
    let said = passes(&slo(3), &r);
    assert!(
        said.contains("500ms (n=20)") && said.contains("2.0s (n=20)"),
        "{said}"
    );
    fails(&slo(1), &r);
}

#[test]
fn a_p95_of_three_requests_says_nothing() {
    let mut r = record();
    for i in 0..3 {
        r = r.sample(sample(FROM + i, 10, 2, Some("b/m")));
    }
    let slo = Duration::from_secs(1);
    let said = fails(&Check::P95WithinSlo { slo }, &r);
    assert!(said.contains("say nothing"), "{said}");
}

fn second(e: Exchanges) -> Kind {
    Kind::Exchanges(e)
}

const QUIET: Check = Check::NothingReachedTheUser { canned: false };

#[test]
fn nothing_reached_the_user_when_everybody_got_a_models_answer() {
    let good = Exchanges {
        fallback: 7,
        ..Exchanges::default()
    };
    let r = record()
        .event(11_000, second(good))
        .sample(sample(11_000, 10, 2, Some("b/m")));
    assert!(passes(&QUIET, &r).starts_with("7 answered, 0 errors"));
}

#[test]
fn one_error_of_anybody_reached_a_user() {
    for (error, broken) in [(1, 0), (0, 1)] {
        let bad = Exchanges {
            fallback: 7,
            error,
            broken,
            ..Exchanges::default()
        };
        fails(&QUIET, &record().event(11_000, second(bad)));
    }
}

#[test]
fn a_raw_401_or_half_an_answer_reached_a_user() {
    let said = fails(&QUIET, &record().sample(failed(11_000, 401)));
    assert!(said.contains("1 with a raw 401"), "{said}");
    let half = Sample {
        whole: false,
        ..sample(11_000, 10, 2, Some("b/m"))
    };
    fails(&QUIET, &record().sample(half));
}

#[test]
fn errors_from_before_the_faults_are_not_the_drills() {
    let bad = Exchanges {
        error: 1,
        ..Exchanges::default()
    };
    let r = record()
        .event(9_000, second(bad))
        .sample(failed(9_000, 500))
        .sample(sample(11_000, 10, 2, Some("b/m")));
    passes(&QUIET, &r);
}

#[test]
fn a_canned_answer_reached_the_user_unless_it_is_allowed() {
    let r = record().sample(sample(11_000, 10, 3, None));
    fails(&QUIET, &r);
    passes(&Check::NothingReachedTheUser { canned: true }, &r);
}

fn opens(tier: TierName, why: Why) -> Check {
    Check::BreakerOpened {
        tier,
        why,
        within: Duration::from_secs(2),
    }
}

#[test]
fn a_breaker_opens_with_the_right_reason_within_its_bound() {
    let certain = || Reason::Certain { verdict: refused() };
    let check = opens(TierName::At(0), Why::Credential);
    let said = passes(&check, &record().event(FROM + 300, open("a/m", certain())));
    assert!(said.contains("300ms") && said.contains("401"), "{said}");
    fails(&check, &record());
    fails(
        &check,
        &record().event(FROM + 2_001, open("a/m", certain())),
    );
    fails(&check, &record().event(FROM + 300, open("b/m", certain())));
    fails(&check, &record().event(FROM - 300, open("a/m", certain())));
}

#[test]
fn a_breaker_that_opens_for_another_reason_is_not_what_was_rehearsed() {
    let reason = Reason::ErrorRate {
        rate: 1.0,
        limit: 0.02,
        bad: 4,
        n: 4,
        window_s: 2,
    };
    let r = record().event(FROM + 300, open("a/m", reason));
    let said = fails(&opens(TierName::At(0), Why::Credential), &r);
    assert!(said.contains("wrong reason"), "{said}");
    passes(&opens(TierName::At(0), Why::ErrorRate), &r);
    let said = fails(&opens(TierName::All, Why::ErrorRate), &r);
    assert!(said.contains("b/m did not open"), "{said}");
}

#[test]
fn the_last_rungs_carry_everything_or_not() {
    let r = record()
        .sample(sample(11_000, 10, 1, None))
        .sample(sample(11_500, 10, 3, None));
    let said = passes(&Check::LastRungsCarry {}, &r);
    assert_eq!(said, "of 2 requests, 1 from the cache, 1 canned");
    fails(
        &Check::LastRungsCarry {},
        &r.clone().sample(sample(12_000, 10, 2, Some("b/m"))),
    );
    fails(&Check::LastRungsCarry {}, &r.sample(failed(12_000, 503)));
}

#[test]
fn what_a_model_answered_before_all_tiers_were_down_or_after_is_not_counted_there() {
    let fault = Fault {
        id: 1,
        deployment: id("b/m"),
        kind: FaultKind::Hang,
        rate: 1.0,
        only: Only::Everybody,
        who: "drill:x".to_owned(),
        until: Wall(TO),
    };
    let r = record()
        .event(FROM + 50, Kind::FaultAdded(fault))
        .sample(sample(FROM + 10, 10, 2, Some("b/m")))
        .sample(sample(11_000, 10, 3, None))
        .sample(sample(TO - 10, 500, 0, Some("a/m")));
    passes(&Check::LastRungsCarry {}, &r);
}

const AS_BEFORE: Check = Check::AsBefore { recovering: false };

#[test]
fn afterwards_everything_is_as_before() {
    let said = passes(&AS_BEFORE, &record());
    assert!(said.contains("0:10 after the last fault"), "{said}");
}

#[test]
fn a_force_a_fault_or_rung_3_left_behind_is_found() {
    let force = Force {
        kind: ForceKind::Open,
        who: "x".to_owned(),
        why: String::new(),
        until: Wall(99_000),
    };
    let r = record().after(|s| s.deployments[1].force = Some(force));
    assert!(fails(&AS_BEFORE, &r).contains("b/m is forced open"));
    let fault = Fault {
        id: 3,
        deployment: id("a/m"),
        kind: FaultKind::Hang,
        rate: 1.0,
        only: Only::Everybody,
        who: "drill:x".to_owned(),
        until: Wall(99_000),
    };
    let r = record().after(|s| s.faults.push(FaultView { fault, hits: 0 }));
    assert!(fails(&AS_BEFORE, &r).contains("0 faults before, 1 after"));
    let on = Rung3View {
        who: "x".to_owned(),
        why: String::new(),
        until: Wall(99_000),
    };
    let r = record().after(|s| s.routes[0].rung3 = Some(on));
    assert!(fails(&AS_BEFORE, &r).contains("rung 3 of r"));
}

#[test]
fn a_breaker_on_its_way_back_is_stated_and_counts_unless_it_may() {
    let r = record().after(|s| s.deployments[0].phase = Phase::Ramp(25));
    assert!(fails(&AS_BEFORE, &r).contains("a/m is still RAMP 25%"));
    let said = passes(&Check::AsBefore { recovering: true }, &r);
    assert!(said.contains("RAMP 25%"), "{said}");
}

#[test]
fn blindness_and_a_judge_that_changed_are_said_in_time_or_not() {
    let within = Duration::from_secs(3);
    let (blind, found) = (
        Check::JudgeBlind { within },
        Check::JudgeFoundOut { within },
    );
    fails(&blind, &record());
    fails(&found, &record());
    let none = Kind::JudgeAvailable {
        available: false,
        why: "all fail".to_owned(),
        deployments: vec![id("a/m")],
    };
    passes(&blind, &record().event(FROM + 2_000, none.clone()));
    fails(&blind, &record().event(FROM + 4_000, none));
    let drift = |on| Kind::JudgeDrift {
        judge: id("j/m"),
        on,
        deployments: vec![id("a/m")],
    };
    passes(&found, &record().event(FROM + 2_000, drift(true)));
    fails(&found, &record().event(FROM + 2_000, drift(false)));
    let dismissed = Kind::JudgeDismissed {
        judge: id("j/m"),
        why: "harsh".to_owned(),
        until: Wall(TO),
    };
    passes(&found, &record().event(FROM + 2_000, dismissed));
}

#[test]
fn a_secondary_that_stands_in_with_nonsense_has_not_picked_up() {
    let picks = Check::SecondaryPicksUp { retries: 1 };
    let r = record().event(11_900, fallback("x11000", Some("b/m"), refused()));
    let wrong = Sample {
        looks: Some("word salad".to_owned()),
        ..sample(11_000, 900, 2, Some("b/m"))
    };
    let said = fails(&picks, &r.clone().sample(wrong));
    assert!(
        said.contains("1 of its 1 answers look wrong (word salad)"),
        "{said}"
    );
    let mut judged = r.after(|_| {});
    Arc::make_mut(&mut judged.before).judge_threshold = 0.7;
    for i in 0..6 {
        let score = Kind::Score {
            deployment: id("b/m"),
            judge: id("j/m"),
            exchange: "x".into(),
            score: 0.2,
            reason: String::new(),
            answer: String::new(),
            picked: Picked::Sample,
            findings: crate::model::finding::Findings::default(),
        };
        let event = Event::new(90 + i, Wall(12_000), score);
        judged.events.push(Arc::new(event));
    }
    let said = fails(&picks, &judged);
    assert!(
        said.contains("judged 0.20 on average (n=6), under 0.70"),
        "{said}"
    );
}

#[test]
fn every_field_that_is_not_as_before_is_named() {
    type Change = fn(&mut Snapshot);
    let changes: [(&str, Change); 8] = [
        ("another configuration", |s| {
            s.config_hash = "other".to_owned();
        }),
        ("route r has other tiers", |s| s.routes[0].tiers.reverse()),
        ("route r is gone", |s| s.routes.clear()),
        ("other judges", |s| s.judge.judges.push(id("j/m"))),
        ("judge j/m drifts", |s| {
            let drifting = Drifting {
                judge: id("j/m"),
                deployments: Vec::new(),
            };
            s.judge.drifting.push(drifting);
        }),
        ("no score can be had", |s| {
            s.judge.unavailable = Some("x".to_owned());
        }),
        ("nobody can judge a/m", |s| {
            s.deployments[0].watch.blind = true;
        }),
        ("b/m was disabled", |s| {
            s.deployments[1].disabled = Some("no key".to_owned());
        }),
    ];
    for (says, change) in changes {
        let said = fails(&AS_BEFORE, &record().after(change));
        assert!(said.contains(says), "{said}");
    }
    let gate = Gate {
        class: Class::Quota,
        code: "insufficient_quota".to_owned(),
        until: Wall(99_000),
    };
    let r = record().after(|s| s.deployments[0].gate = Some(gate));
    assert!(fails(&AS_BEFORE, &r).contains("a/m is gated (insufficient_quota)"));
}
