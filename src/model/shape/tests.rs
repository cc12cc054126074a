//! Which shape is named, from events through the reducer.

use super::*;
use crate::model::{
    DeploymentId, Dialect, Event, Kind, State, Wall,
    event::{Bucket, Picked, SCHEMA},
    phase::Transition,
    topology::{DeploymentInfo, RouteInfo, Topology},
};
use std::sync::Arc;

const T0: u64 = 1_700_000_000_000;
const A: &str = "anthropic/a";
const B: &str = "gemini/b";
const JUDGE: &str = "openai/judge";

/// Of two deployments and a judge to which these things happened.
fn shape_of(kinds: Vec<Kind>) -> Option<(ShapeKind, String)> {
    shape_after(kinds.into_iter().map(|kind| (0, kind)).collect())
}

/// The same, with the second in which each happened.
fn shape_after(kinds: Vec<(u64, Kind)>) -> Option<(ShapeKind, String)> {
    let deployments = [A, B, JUDGE].map(|id| DeploymentInfo {
        id: id.into(),
        provider: id.split('/').next().unwrap_or(id).into(),
        dialect: Dialect::OpenAi,
        model: "m".to_owned(),
        disabled: None,
    });
    let started = Kind::Started {
        schema: SCHEMA,
        version: "1".to_owned(),
        listen: "x".to_owned(),
        topology: Topology {
            deployments: deployments.into(),
            routes: vec![RouteInfo {
                id: "r".into(),
                tiers: vec![A.into(), B.into()],
            }],
            err_threshold: 0.02,
            judge_threshold: 0.7,
            judge_min_n: 2,
            judges: vec![JUDGE.into()],
            ..Topology::default()
        },
    };
    let mut state = State::new();
    for (seq, (sec, kind)) in std::iter::once((0, started)).chain(kinds).enumerate() {
        let at = Wall(T0 + sec * 1000);
        state.apply(&Arc::new(Event::new(seq as u64 + 1, at, kind)));
    }
    let shape = state.snapshot(state.at()).shape?;
    Some((shape.kind, shape.evidence))
}

fn attempts(ok: u32, fail: u32) -> Kind {
    Kind::Bucket(Bucket {
        ok,
        fail,
        ..Bucket::empty(A.into())
    })
}

#[test]
fn what_an_outage_has_left_in_the_window_is_no_incident_once_the_breaker_closed() {
    let closed = Kind::Transition(Transition {
        deployment: A.into(),
        from: Phase::Ramp(50),
        to: Phase::Closed,
        reason: Reason::RampStep { ok: 30 },
        generation: 2,
        until: None,
    });
    let outage = || (0..30).map(|sec| (sec, attempts(1, 9)));
    let kind = |events: Vec<_>| shape_after(events).map(|(kind, _)| kind);
    assert_eq!(kind(outage().collect()), Some(ShapeKind::Availability));
    let over = outage().chain([(90, closed.clone()), (100, attempts(60, 0))]);
    assert_eq!(kind(over.collect()), None);
    let again = outage().chain([(90, closed), (100, attempts(30, 30))]);
    assert_eq!(kind(again.collect()), Some(ShapeKind::Availability));
}

fn opened(id: &str, reason: Reason) -> Kind {
    Kind::Transition(Transition {
        deployment: id.into(),
        from: Phase::Closed,
        to: Phase::Open,
        reason,
        generation: 1,
        until: None,
    })
}

fn quality(confirmed: bool) -> Reason {
    Reason::Quality {
        mean: 0.58,
        floor: 0.7,
        bad: 23,
        n: 41,
        window_s: 60,
        usual: Some(0.11),
        judge: Some(JUDGE.into()),
        confirmed,
        since: None,
    }
}

fn drift(on: bool) -> Kind {
    Kind::JudgeDrift {
        judge: JUDGE.into(),
        on,
        deployments: vec![A.into(), B.into()],
    }
}

fn dismissed() -> Kind {
    Kind::JudgeDismissed {
        judge: JUDGE.into(),
        why: "known good answers score 0.44".to_owned(),
        until: Wall(T0 + 600_000),
    }
}

fn low_scores() -> Vec<Kind> {
    let score = |id: &str| Kind::Score {
        deployment: DeploymentId::from(id),
        judge: JUDGE.into(),
        exchange: "x".into(),
        score: 0.4,
        reason: String::new(),
        answer: String::new(),
        picked: Picked::Sample,
        findings: crate::model::finding::Findings::default(),
    };
    [A, B, A, B].map(score).into()
}

#[test]
fn a_quality_trip_is_told_in_a_sentence() {
    let (kind, evidence) = shape_of(vec![opened(A, quality(true))]).unwrap();
    assert_eq!(kind, ShapeKind::Quality);
    let told = "anthropic/a scores 0.58 < 0.70, 23 of 41 bad, judge openai/judge";
    assert_eq!(evidence, told);
}

#[test]
fn drift_is_named_before_the_quality_that_it_casts_doubt_on_and_ends() {
    let mut kinds = vec![opened(A, quality(false)), drift(true)];
    let (kind, evidence) = shape_of(kinds.clone()).unwrap();
    assert_eq!(kind, ShapeKind::JudgeDrift);
    let told = "anthropic/a, gemini/b fell together under openai/judge: nothing trips on it";
    assert_eq!(evidence, told);
    kinds.push(drift(false));
    assert_eq!(shape_of(kinds).unwrap().0, ShapeKind::Quality);
}

#[test]
fn an_outage_is_named_before_drift() {
    let verdict = Verdict::new(Class::Fault, "connect_refused");
    let outage = opened(B, Reason::ProbeFailed { verdict });
    let (kind, _) = shape_of(vec![drift(true), outage]).unwrap();
    assert_eq!(kind, ShapeKind::Availability);
}

#[test]
fn a_dismissed_judge_is_named_when_nothing_else_is() {
    let (kind, evidence) = shape_of(vec![dismissed()]).unwrap();
    assert_eq!(kind, ShapeKind::JudgeDrift);
    let told = "dismissed openai/judge: known good answers score 0.44, looked at again 22:23:20";
    assert_eq!(evidence, told);
    let (kind, _) = shape_of(vec![dismissed(), opened(A, quality(true))]).unwrap();
    assert_eq!(kind, ShapeKind::Quality);
    let restored = Kind::JudgeRestored {
        judge: JUDGE.into(),
    };
    assert_eq!(shape_of(vec![dismissed(), restored]), None);
}

#[test]
fn everything_low_at_once_is_the_judge_unless_a_second_one_says_the_same() {
    let (kind, evidence) = shape_of(low_scores()).unwrap();
    assert_eq!(kind, ShapeKind::JudgeDrift);
    assert_eq!(evidence, "all 2 judged deployments score under 0.70");
    let mut kinds = low_scores();
    kinds.push(opened(A, quality(true)));
    assert_eq!(shape_of(kinds).unwrap().0, ShapeKind::Quality);
}
