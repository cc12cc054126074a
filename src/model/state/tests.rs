//! What the reducer promises to every screen.

use super::*;
use crate::model::{
    Dialect, Force, ForceKind, Reason,
    drill::{DrillPhase, DrillPlan, DrillResult, DrillStep},
    event::{Picked, SCHEMA},
    fault::{FaultKind, Only},
    finding::{Finding, Findings},
    normal::{Band, Bands, Normal, Origin},
    phase::Spared,
    request::SpanEnd,
    snapshot::{Shown, UsersWord},
    topology::RouteInfo,
    verdict::{Class, Verdict},
};
use proptest::prelude::*;
use std::time::Duration;

pub(in crate::model) mod views;

pub(in crate::model) const T0: u64 = 1_700_000_000_000;

fn topology() -> Topology {
    let deployment = |id: &str| DeploymentInfo {
        id: id.into(),
        provider: "p".into(),
        dialect: Dialect::OpenAi,
        model: "m".to_owned(),
        disabled: None,
    };
    Topology {
        deployments: vec![deployment("p/a"), deployment("p/b")],
        routes: vec![RouteInfo {
            id: "r".into(),
            tiers: vec!["p/a".into(), "p/b".into()],
        }],
        err_threshold: 0.02,
        judge_threshold: 0.7,
        judge_min_n: 5,
        ..Topology::default()
    }
}

fn started() -> Kind {
    Kind::Started {
        schema: SCHEMA,
        version: "1".to_owned(),
        listen: "x".to_owned(),
        topology: topology(),
    }
}

fn drill(step: DrillStep) -> Kind {
    let scenario = "flap".to_owned();
    Kind::Drill(Drill { scenario, step })
}

fn began(checks: &[&str]) -> Kind {
    let plan = DrillPlan {
        checks: checks.iter().map(|&c| c.to_owned()).collect(),
        ..DrillPlan::default()
    };
    let who = "ana".to_owned();
    drill(DrillStep::Began { who, plan })
}

fn checked(check: &str, passed: bool) -> Kind {
    drill(DrillStep::Checked {
        check: check.to_owned(),
        passed,
        numbers: "1 of 1".to_owned(),
    })
}

fn bucket(id: &str, ok: u32, fail: u32) -> Kind {
    Kind::Bucket(Bucket {
        ok,
        fail,
        total: Latency(vec![(100, ok)]),
        ..Bucket::empty(id.into())
    })
}

fn canaries(id: &str, canary: u32, canary_failed: u32) -> Kind {
    Kind::Bucket(Bucket {
        canary,
        canary_failed,
        ..Bucket::empty(id.into())
    })
}

fn canary_failed(id: &str) -> Kind {
    Kind::CanaryFailed {
        deployment: id.into(),
        verdict: Verdict::new(Class::Fault, "x").status(500),
    }
}

fn normal(id: &str, x: f64) -> Kind {
    let band = Band {
        low: x,
        mid: x,
        high: x,
        n: 15,
    };
    let bands = Bands {
        p95: Some(band),
        ..Bands::default()
    };
    let origin = Origin::Pinned {
        at: Wall(T0),
        who: "ana".to_owned(),
    };
    Kind::Normal {
        deployments: vec![Normal {
            deployment: id.into(),
            origin,
            bands,
        }],
    }
}

/// Events `kinds`, each so many milliseconds after the one before.
pub(in crate::model) fn run(
    kinds: impl IntoIterator<Item = (u64, Kind)>,
) -> (State, Vec<Arc<Event>>) {
    let (mut state, mut at, mut all) = (State::new(), T0, Vec::new());
    for (seq, (later, kind)) in std::iter::once((0, started())).chain(kinds).enumerate() {
        at += later;
        let event = Arc::new(Event {
            injected: false,
            seq: seq as u64 + 1,
            at: Wall(at),
            kind,
        });
        state.apply(&event);
        all.push(event);
    }
    (state, all)
}

pub(in crate::model) fn some_kind() -> impl Strategy<Value = Kind> {
    let id = prop_oneof![Just("p/a"), Just("p/b"), Just("p/gone")];
    let phase = prop_oneof![
        Just(Phase::Closed),
        Just(Phase::Open),
        Just(Phase::Probe),
        Just(Phase::Ramp(25))
    ];
    let moved = (id.clone(), phase).prop_map(|(id, to)| {
        Kind::Transition(Transition {
            deployment: id.into(),
            from: Phase::Closed,
            to,
            reason: Reason::Certain {
                verdict: Verdict::new(Class::Credential, "x"),
            },
            generation: 1,
            until: Some(Wall(T0 + 1)),
        })
    });
    prop_oneof![
        moved,
        (id.clone(), 0..50u32, 0..5u32).prop_map(|(id, ok, fail)| bucket(id, ok, fail)),
        (0..9u32, 0..3u32).prop_map(|(primary, error)| Kind::Exchanges(Exchanges {
            primary,
            error,
            ..Exchanges::default()
        })),
        (id.clone(), 0.0..=1.0f64).prop_map(|(id, score)| Kind::Score {
            deployment: id.into(),
            judge: "p/b".into(),
            exchange: "x".into(),
            score,
            reason: String::new(),
            answer: String::new(),
            picked: Picked::Sample,
            findings: Findings::default(),
        }),
        (id.clone(), 0..9u32).prop_map(|(id, n)| Kind::FaultAdded(Fault {
            id: n,
            deployment: id.into(),
            kind: FaultKind::Hang,
            rate: 0.5,
            only: Only::Everybody,
            who: "w".to_owned(),
            until: Wall(T0 + 9),
        })),
        (id.clone(), any::<bool>()).prop_map(|(id, won)| {
            let end = if won {
                SpanEnd::Won
            } else {
                views::failed("x")
            };
            views::request(vec![views::span(id, 0, end)])
        }),
        (id.clone(), 1..9u32).prop_map(|(id, n)| views::classes(id, &[(Class::Throttle, n)])),
        (0..9u32, 0..9u32).prop_map(|(n, cached)| views::route_second(&[n, 1], cached, 1)),
        (id.clone(), 0..3u32, 0..2u32).prop_map(|(id, n, failed)| canaries(id, n, failed)),
        id.clone().prop_map(canary_failed),
        Just(began(&["x", "y"])),
        (id.clone(), 0.0..9.0f64).prop_map(|(id, x)| normal(id, x)),
        (id.clone(), any::<bool>()).prop_map(|(id, ok)| Kind::Probed {
            deployment: id.into(),
            verdict: Verdict::new(if ok { Class::Ok } else { Class::Fault }, "x"),
            shadow: true,
        }),
        any::<bool>().prop_map(|passed| checked("x", passed)),
        (id.clone(), any::<bool>(), any::<bool>()).prop_map(|(id, lasts, alarm)| if lasts {
            views::would_trip(id, Spared::LastOne, None)
        } else {
            views::watch(id, alarm)
        }),
        Just(drill(DrillStep::Ended {
            result: DrillResult::Passed,
            why: String::new(),
        })),
        (id, any::<bool>()).prop_map(|(id, on)| if on {
            let force = Force {
                kind: ForceKind::Open,
                who: "w".to_owned(),
                why: String::new(),
                until: Wall(T0),
            };
            Kind::Forced {
                deployment: id.into(),
                force,
            }
        } else {
            Kind::Rung3On {
                route: None,
                who: "w".to_owned(),
                why: String::new(),
                until: Wall(T0),
            }
        }),
    ]
}

proptest! {
    #[test]
    fn a_replay_of_the_written_events_shows_what_was_on_screen(kinds in prop::collection::vec((0..3_000u64, some_kind()), 0..60)) {
        let (live, events) = run(kinds);
        let mut replayed = State::new();
        for event in &events {
            let line = serde_json::to_string(&**event).unwrap();
            replayed.apply(&Arc::new(serde_json::from_str(&line).unwrap()));
        }
        let at = events.last().unwrap().at + Duration::from_secs(1);
        prop_assert_eq!(live.snapshot(at), replayed.snapshot(at));
    }

    #[test]
    fn looking_changes_nothing_and_never_panics(kinds in prop::collection::vec((0..90_000u64, some_kind()), 0..40), ahead in 0..9_000_000u64) {
        let (state, _) = run(kinds);
        let first = state.snapshot(Wall(T0 + ahead));
        prop_assert_eq!(state.snapshot(Wall(T0 + ahead)), first);
    }
}

#[test]
fn windows_forget_what_is_older_than_they_say() {
    let (state, _) = run([(0, bucket("p/a", 90, 10)), (200_000, bucket("p/a", 100, 0))]);
    let at = |s: u64| state.snapshot(Wall(T0 + s * 1000)).deployments[0].errors_5m;
    assert_eq!(at(200), Share { bad: 10, n: 200 });
    assert_eq!(at(301), Share { bad: 0, n: 100 });
    assert_eq!(at(600), Share::default());
}

#[test]
fn a_clock_that_is_set_back_empties_no_window() {
    let (mut state, _) = run([(60_000, bucket("p/a", 90, 10))]);
    state.apply(&Arc::new(Event {
        injected: false,
        seq: 3,
        at: Wall(T0 - 3_600_000),
        kind: bucket("p/a", 10, 0),
    }));
    let snapshot = state.snapshot(Wall(T0 - 3_600_000));
    assert_eq!(snapshot.deployments[0].errors_5m.n, 110);
    assert_eq!(snapshot.at, Wall(T0 + 60_000));
}

#[test]
fn a_missing_second_is_a_gap_and_not_a_zero() {
    let (state, _) = run([(0, bucket("p/a", 1, 0)), (5_000, bucket("p/a", 1, 1))]);
    let points = &state.snapshot(Wall(T0 + 5_000)).deployments[0].points;
    let seconds: Vec<_> = points.iter().map(|p| p.sec - T0 / 1000).collect();
    assert_eq!(seconds, [0, 5]);
}

#[test]
fn users_are_told_the_worst_that_happened_in_the_last_minute() {
    let word = |e: Exchanges| {
        run([(0, Kind::Exchanges(e))])
            .0
            .snapshot(Wall(T0))
            .users
            .word
    };
    let some = |f: fn(&mut Exchanges)| {
        let mut e = Exchanges {
            primary: 100,
            ..Exchanges::default()
        };
        f(&mut e);
        e
    };
    assert_eq!(word(Exchanges::default()), UsersWord::Idle);
    assert_eq!(word(some(|e| e.cached = 5)), UsersWord::Ok);
    assert_eq!(word(some(|e| e.fallback = 1)), UsersWord::Degraded);
    assert_eq!(word(some(|e| e.canned = 1)), UsersWord::Canned);
    assert_eq!(word(some(|e| e.broken = 1)), UsersWord::Failing);
    assert_eq!(
        word(some(|e| e.caller_error = 9)),
        UsersWord::Ok,
        "the caller's own mistakes are not ours"
    );
}

#[test]
fn the_exit_code_of_status_is_0_closed_1_degraded_2_dark() {
    let to = |phase| {
        Kind::Transition(Transition {
            deployment: "p/a".into(),
            from: Phase::Closed,
            to: phase,
            reason: Reason::CooldownOver,
            generation: 2,
            until: None,
        })
    };
    let severity = |kinds: Vec<Kind>| {
        run(kinds.into_iter().map(|k| (0, k)))
            .0
            .snapshot(Wall(T0))
            .severity()
    };
    assert_eq!(severity(vec![]), 0);
    assert_eq!(severity(vec![to(Phase::Open)]), 1);
    let on = Kind::Rung3On {
        route: Some("r".into()),
        who: "w".to_owned(),
        why: String::new(),
        until: Wall(T0),
    };
    assert_eq!(severity(vec![on]), 2);
    let force = Force {
        kind: ForceKind::Open,
        who: "w".to_owned(),
        why: String::new(),
        until: Wall(T0),
    };
    let forced = |id: &str| Kind::Forced {
        deployment: id.into(),
        force: force.clone(),
    };
    assert_eq!(severity(vec![forced("p/a")]), 1);
    assert_eq!(
        severity(vec![forced("p/a"), forced("p/b")]),
        2,
        "nobody serves the route"
    );
}

#[test]
fn a_force_is_shown_over_the_phase_that_goes_on_beneath() {
    let force = Force {
        kind: ForceKind::Open,
        who: "oncall".to_owned(),
        why: String::new(),
        until: Wall(T0 + 60_000),
    };
    let (state, _) = run([(
        0,
        Kind::Forced {
            deployment: "p/a".into(),
            force,
        },
    )]);
    let snapshot = state.snapshot(Wall(T0));
    assert_eq!(snapshot.deployments[0].shown(), Shown::ForcedOpen);
    assert_eq!(snapshot.deployments[0].phase, Phase::Closed);
    assert!(
        crate::model::text::note(&snapshot.deployments[0], Wall(T0)).contains("would be CLOSED")
    );
    assert_eq!(snapshot.overrides().len(), 1);
}

#[test]
fn events_and_scores_are_kept_in_bounded_number() {
    let score = |i: u32| Kind::Score {
        deployment: "p/a".into(),
        judge: "p/b".into(),
        exchange: "x".into(),
        score: f64::from(i % 2),
        reason: String::new(),
        answer: String::new(),
        picked: Picked::Sample,
        findings: Findings::default(),
    };
    let (state, _) = run((0..3_000).map(|i| (10, score(i))));
    let snapshot = state.snapshot(Wall(T0));
    assert_eq!(snapshot.events.len(), EVENTS);
    assert_eq!(snapshot.deployments[0].scores.len(), SCORES);
    assert_eq!(snapshot.deployments[0].judge_1h.n, 3_000);
}

#[test]
fn canaries_are_shown_by_themselves_and_in_no_figure_of_the_users() {
    let (state, _) = run([(1_000, bucket("p/a", 3, 1)), (1_000, canaries("p/a", 1, 0))]);
    let with = state.snapshot(Wall(T0 + 2_000));
    let (without, _) = run([(1_000, bucket("p/a", 3, 1))]);
    let without = without.snapshot(Wall(T0 + 2_000));
    let a = with.deployment("p/a").unwrap();
    let last = a.canary_last.as_ref().unwrap();
    assert_eq!((last.at, &last.failed), (Wall(T0 + 2_000), &None));
    let figures = |s: &Snapshot| {
        let d = s.deployment("p/a").unwrap();
        (
            d.errors_5m,
            d.attempts_per_s,
            d.p95,
            d.throttled_5m,
            s.totals.clone(),
        )
    };
    assert_eq!(figures(&with), figures(&without));
}

#[test]
fn a_failed_canary_is_remembered_until_one_is_answered() {
    let failed = |kinds: &[(u64, Kind)]| {
        let (state, _) = run(kinds.iter().cloned());
        let d = state.snapshot(Wall(T0)).deployment("p/a").unwrap().clone();
        d.canary_last.expect("there was one").failed.is_some()
    };
    let mut night = vec![(1_000, canary_failed("p/a")), (500, canaries("p/a", 1, 1))];
    assert!(failed(&night));
    night.push((1_000, canaries("p/a", 1, 0)));
    assert!(!failed(&night));
}

#[test]
fn what_was_wrong_with_answers_is_added_up_over_five_minutes_and_over_a_reload() {
    let found = |findings: &[(Finding, u32)]| {
        Kind::Bucket(Bucket {
            findings: findings.to_vec(),
            ..Bucket::empty("p/a".into())
        })
    };
    let events = [
        (0, found(&[(Finding::Empty, 9)])),
        (
            60_000,
            found(&[(Finding::WordSalad, 2), (Finding::WrongScript, 1)]),
        ),
        (
            10_000,
            Kind::Reloaded {
                topology: topology(),
            },
        ),
        (240_000, found(&[(Finding::WrongScript, 4)])),
    ];
    let (state, _) = run(events);
    let findings = |at: u64| state.snapshot(Wall(at)).deployments[0].findings_5m.clone();
    assert_eq!(
        findings(T0 + 310_000),
        [(Finding::WrongScript, 5), (Finding::WordSalad, 2)]
    );
    assert_eq!(findings(T0 + 400_000), [(Finding::WrongScript, 4)]);
    assert_eq!(findings(T0 + 700_000), []);
}

#[test]
fn a_drill_is_followed_from_its_plan_to_its_report() {
    let steps = [
        began(&["opens", "opens", "as before"]),
        drill(DrillStep::Entered {
            phase: DrillPhase::Faults,
            until: Some(Wall(T0 + 15_000)),
        }),
        checked("opens", true),
        checked("opens", false),
    ];
    let (mut state, _) = run(steps.map(|kind| (1_000, kind)));
    let s = state.snapshot(Wall(T0 + 9_000));
    let now = s.drilling().unwrap();
    assert_eq!(
        (now.began, now.phase),
        (Wall(T0 + 1_000), Some(DrillPhase::Faults))
    );
    let answers: Vec<_> = now.checks.iter().map(|c| c.passed).collect();
    assert_eq!(answers, [Some(true), Some(false), None]);
    let more = [
        drill(DrillStep::Ended {
            result: DrillResult::Aborted,
            why: "somebody stopped it".to_owned(),
        }),
        drill(DrillStep::Reported {
            path: "/x.md".to_owned(),
        }),
    ];
    for (i, kind) in more.into_iter().enumerate() {
        state.apply(&Arc::new(Event::new(9 + i as u64, Wall(T0 + 9_000), kind)));
    }
    let s = state.snapshot(Wall(T0 + 9_000));
    assert_eq!(s.drilling(), None);
    let ended = s.drill.as_deref().unwrap();
    assert_eq!(ended.end.as_ref().unwrap().result, DrillResult::Aborted);
    assert_eq!(
        (ended.report.as_deref(), ended.passed()),
        (Some("/x.md"), (1, 3))
    );
}

#[test]
fn however_much_a_drill_says_little_of_it_is_kept() {
    let (mut state, _) = run([(0, began(&[]))]);
    for n in 0..5_000 {
        let text = n.to_string();
        for kind in [
            checked(&text, true),
            drill(DrillStep::Measured {
                what: text.clone(),
                numbers: text.clone(),
            }),
            drill(DrillStep::Said { text }),
        ] {
            state.apply(&Arc::new(Event::new(9, Wall(T0), kind)));
        }
    }
    let s = state.snapshot(Wall(T0));
    let kept = s.drill.as_deref().unwrap();
    assert!(kept.checks.len() + kept.measured.len() + kept.said.len() < 200);
    assert_eq!(kept.said.back().unwrap().1, "4999");
}

#[test]
fn how_things_stood_is_taken_over_after_a_hole_and_changes_nothing_without_one() {
    let event = |seq, kind| Arc::new(Event::new(seq, Wall(T0), kind));
    let opened = Kind::Transition(Transition {
        deployment: "p/a".into(),
        from: Phase::Closed,
        to: Phase::Open,
        reason: Reason::ForceEnded,
        generation: 1,
        until: None,
    });
    let all = [
        event(1, started()),
        event(2, opened),
        event(3, bucket("p/a", 1, 0)),
    ];
    let (mut whole, mut holed) = (State::new(), State::new());
    for event in &all {
        whole.apply(event);
    }
    for event in [&all[0], &all[2]] {
        holed.apply(event);
    }
    assert_eq!(holed.snapshot(Wall(T0)).deployments[0].phase, Phase::Closed);
    let standing = Box::new(whole.standing());
    let said = event(
        3,
        Kind::Continued {
            schema: SCHEMA,
            standing,
        },
    );
    let before = whole.snapshot(Wall(T0));
    whole.apply(&said);
    holed.apply(&said);
    assert_eq!(whole.snapshot(Wall(T0)), before);
    // Its own history of that second is not lost either.
    assert_eq!(holed.snapshot(Wall(T0)).deployments, before.deployments);
}
