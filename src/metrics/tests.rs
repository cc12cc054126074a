use super::*;
use crate::model::{
    Class, Dialect, Force, ForceKind, Phase, Reason, State, Verdict,
    event::{Answered, Bucket, Event, Outcome, Picked},
    finding::{Finding, Findings},
    phase::Transition,
    request::CacheHit,
    series::Latency,
    topology::{DeploymentInfo, RouteInfo},
};
use proptest::prelude::*;
use std::sync::Arc;

const AT: Wall = Wall(1_700_000_000_500);

fn topology(deployments: &[&str], routes: &[&str]) -> Topology {
    let ids = deployments.iter().map(|id| DeploymentId::from(*id));
    Topology {
        deployments: ids
            .clone()
            .map(|id| DeploymentInfo {
                id,
                provider: "p".into(),
                dialect: Dialect::OpenAi,
                model: "m".to_owned(),
                disabled: None,
            })
            .collect(),
        routes: routes
            .iter()
            .map(|id| RouteInfo {
                id: (*id).into(),
                tiers: ids.clone().collect(),
            })
            .collect(),
        judges: ids.rev().take(1).collect(),
        ..Topology::default()
    }
}

fn started(deployments: &[&str], routes: &[&str]) -> Kind {
    Kind::Started {
        schema: 1,
        version: "1.2".to_owned(),
        listen: "here".to_owned(),
        topology: topology(deployments, routes),
    }
}

/// Both sides of a run: what is counted, and what the snapshot says.
struct Run {
    metrics: Metrics,
    state: State,
    seq: u64,
}

impl Run {
    fn new() -> Self {
        let mut run = Self {
            metrics: Metrics::default(),
            state: State::new(),
            seq: 0,
        };
        run.tell(started(&["a/m", "b/m"], &["r"]));
        run
    }

    fn tell(&mut self, kind: Kind) {
        self.seq += 1;
        self.metrics.apply(&kind, AT);
        self.state.apply(&Arc::new(Event::new(self.seq, AT, kind)));
    }

    fn text(&self) -> String {
        let spans = Tally {
            sent: 9,
            dropped: 2,
            failed: 1,
        };
        let snapshot = self.state.snapshot(AT);
        self.metrics.text(&snapshot, None, Some(spans))
    }

    /// The value of a sample, as it is written.
    fn says(&self, sample: &str) -> Option<f64> {
        let text = self.text();
        let value = text
            .lines()
            .find_map(|l| l.strip_prefix(sample)?.strip_prefix(' '));
        value.map(|v| v.parse().unwrap())
    }
}

fn score(score: f64, picked: Picked) -> Kind {
    Kind::Score {
        deployment: "a/m".into(),
        judge: "b/m".into(),
        exchange: "x".into(),
        score,
        reason: String::new(),
        answer: String::new(),
        picked,
        findings: Findings::default(),
    }
}

fn moved(to: Phase, reason: Reason) -> Kind {
    Kind::Transition(Transition {
        deployment: "a/m".into(),
        from: Phase::Closed,
        to,
        reason,
        generation: 1,
        until: Some(Wall(AT.0 + 60_000)),
    })
}

fn ended(route: &str, outcomes: &[(Outcome, Answered)]) -> Kind {
    let mut second = Exchanges::default();
    let mut of_route = RouteSecond::empty(route.into());
    for (outcome, by) in outcomes {
        second.count(*outcome);
        of_route.count(*outcome, *by);
    }
    second.routes = vec![of_route];
    Kind::Exchanges(second)
}

#[test]
fn attempts_are_counted_by_class_the_ignored_ones_too() {
    let mut run = Run::new();
    let bucket = Bucket {
        ok: 7,
        fail: 3,
        throttled: 1,
        ignored: 2,
        classes: vec![(Class::Fault, 2), (Class::Credential, 1), (Class::Quota, 1)],
        ignored_classes: vec![(Class::Caller, 2)],
        ..Bucket::empty("a/m".into())
    };
    run.tell(Kind::Bucket(bucket.clone()));
    run.tell(Kind::Bucket(bucket));
    let of = |class: &str| {
        run.says(&format!(
            "breakerbox_attempts_total{{deployment=\"a/m\",class=\"{class}\"}}"
        ))
    };
    let got = ["ok", "fault", "credential", "quota", "caller", "abort"].map(of);
    assert_eq!(got, [14.0, 4.0, 2.0, 2.0, 4.0, 0.0].map(Some));
}

#[test]
fn a_fallback_inside_the_first_tier_is_told_from_one_below_it() {
    let mut run = Run::new();
    let place = |place| Answered {
        place: Some(place),
        cache: None,
    };
    let hit = |how| Answered {
        place: None,
        cache: Some(how),
    };
    let nobody = Answered::default();
    run.tell(ended(
        "r",
        &[
            // The second deployment of a first tier that has two.
            (Outcome::Primary, place(1)),
            (Outcome::Primary, place(0)),
            (Outcome::Fallback, place(1)),
            (Outcome::Cached, hit(CacheHit::Exact)),
            (Outcome::Cached, hit(CacheHit::Stale)),
            (Outcome::Canned, nobody),
            (Outcome::Error, nobody),
            (Outcome::Broken, place(0)),
            (Outcome::CallerError, nobody),
            (Outcome::Left, nobody),
        ],
    ));
    let rung = |rung: u8| {
        run.says(&format!(
            "breakerbox_answers_total{{route=\"r\",rung=\"{rung}\"}}"
        ))
    };
    assert_eq!([0, 1, 2, 3].map(rung), [2.0, 2.0, 1.0, 1.0].map(Some));
    let outcome = |word: &str| {
        run.says(&format!(
            "breakerbox_exchanges_total{{route=\"r\",outcome=\"{word}\"}}"
        ))
    };
    let words = ["error", "broken", "caller_error", "left"];
    assert_eq!(words.map(outcome), [Some(1.0); 4]);
    let hits = |how: &str| {
        run.says(&format!(
            "breakerbox_cache_hits_total{{route=\"r\",how=\"{how}\"}}"
        ))
    };
    let how = ["exact", "normalised", "stale"];
    assert_eq!(how.map(hits), [1.0, 0.0, 1.0].map(Some));
}

proptest! {
    #[test]
    fn no_outcome_of_a_route_is_lost(outcomes in proptest::collection::vec((0..8usize, 0..3usize, 0..4usize), 0..200)) {
        let mut second = RouteSecond::empty("r".into());
        let all: Vec<_> = outcomes
            .iter()
            .map(|(o, place, how)| {
                let by = Answered { place: Some(*place), cache: CacheHit::ALL.get(*how).copied() };
                (Outcome::ALL[*o], by)
            })
            .collect();
        for (outcome, by) in &all {
            second.count(*outcome, *by);
        }
        for outcome in Outcome::ALL {
            let n = all.iter().filter(|(o, _)| *o == outcome).count();
            prop_assert_eq!(second.of(outcome) as usize, n);
        }
        let hits: u32 = CacheHit::ALL.into_iter().map(|how| second.hits(how)).sum();
        prop_assert_eq!(hits, second.of(Outcome::Cached));
        prop_assert_eq!(second.n() as usize, all.len());
    }
}

#[test]
fn a_latency_stands_in_the_first_bucket_that_is_not_below_it() {
    let mut run = Run::new();
    run.tell(Kind::Bucket(Bucket {
        ok: 4,
        total: Latency(vec![(100, 1), (101, 1), (40_000, 1), (999_000, 1)]),
        ..Bucket::empty("a/m".into())
    }));
    let name = "breakerbox_attempt_duration_seconds";
    let to = |le: &str| run.says(&format!("{name}_bucket{{deployment=\"a/m\",le=\"{le}\"}}"));
    let got = ["0.1", "0.25", "30", "45", "600", "+Inf"].map(to);
    assert_eq!(got, [1.0, 2.0, 2.0, 3.0, 3.0, 4.0].map(Some));
    let count = run.says(&format!("{name}_count{{deployment=\"a/m\"}}"));
    assert_eq!(count, Some(4.0));
    let sum = run
        .says(&format!("{name}_sum{{deployment=\"a/m\"}}"))
        .unwrap();
    assert!((sum - 1039.201).abs() < 1e-6, "{sum}");
}

#[test]
fn exactly_one_state_of_a_breaker_holds_and_a_force_is_one() {
    let mut run = Run::new();
    let states = |run: &Run| -> Vec<String> {
        let text = run.text();
        let own = text.lines().filter_map(|l| {
            let state = l
                .strip_prefix("breakerbox_breaker_state{deployment=\"a/m\",state=\"")?
                .strip_suffix("\"} 1")?;
            Some(state.to_owned())
        });
        own.collect()
    };
    assert_eq!(states(&run), ["closed"]);
    run.tell(moved(Phase::Ramp(25), Reason::RampStep { ok: 9 }));
    assert_eq!(states(&run), ["ramp"]);
    let ratio = "breakerbox_breaker_admitted_ratio{deployment=\"a/m\"}";
    assert_eq!(run.says(ratio), Some(0.25));
    let next = "breakerbox_breaker_next_move_timestamp_seconds{deployment=\"a/m\"}";
    assert_eq!(run.says(next), Some(1_700_000_060.5));

    run.tell(Kind::Forced {
        deployment: "a/m".into(),
        force: Force {
            kind: ForceKind::Open,
            who: "me".to_owned(),
            why: "secret reason".to_owned(),
            until: Wall(AT.0 + 1_000),
        },
    });
    assert_eq!(states(&run), ["forced_open"]);
    assert_eq!(run.says(ratio), Some(0.0));
    let expiry = "breakerbox_force_expiry_timestamp_seconds{deployment=\"a/m\"}";
    assert_eq!(run.says(expiry), Some(1_700_000_001.5));
    let forces = "breakerbox_forces_total{deployment=\"a/m\",force=\"open\"}";
    assert_eq!(run.says(forces), Some(1.0));
    assert!(!run.text().contains("secret reason"));
    let other = "breakerbox_force_expiry_timestamp_seconds{deployment=\"b/m\"}";
    assert_eq!(run.says(other), None);
}

#[test]
fn how_many_deployments_of_a_route_are_left_is_known() {
    let mut run = Run::new();
    let left = |run: &Run| {
        let of = |name: &str| {
            run.says(&format!(
                "breakerbox_route_deployments{name}{{route=\"r\"}}"
            ))
        };
        (of(""), of("_serving"))
    };
    assert_eq!(left(&run), (Some(2.0), Some(2.0)));
    run.tell(moved(Phase::Open, Reason::CooldownOver));
    assert_eq!(left(&run), (Some(2.0), Some(1.0)));
}

#[test]
fn a_move_is_counted_by_where_and_why_and_stands_at_zero_before() {
    let mut run = Run::new();
    let open = |run: &Run, reason: &str| {
        run.says(&format!(
            "breakerbox_breaker_transitions_total{{deployment=\"a/m\",to=\"open\",reason=\"{reason}\"}}"
        ))
    };
    assert_eq!(open(&run, "certain"), Some(0.0));
    let verdict = Verdict::new(Class::Credential, "invalid_api_key").status(401);
    run.tell(moved(Phase::Open, Reason::Certain { verdict }));
    assert_eq!(open(&run, "certain"), Some(1.0));
    assert_eq!(open(&run, "error_rate"), Some(0.0));
}

#[test]
fn only_scores_that_stand_for_others_are_in_the_judges_mean() {
    let mut run = Run::new();
    let mean = "breakerbox_judge_mean_ratio{deployment=\"a/m\"}";
    let n = "breakerbox_judge_mean_samples{deployment=\"a/m\"}";
    assert_eq!((run.says(mean), run.says(n)), (None, Some(0.0)));
    run.tell(score(0.9, Picked::Sample));
    run.tell(score(0.7, Picked::Canary));
    run.tell(score(0.0, Picked::Looks));
    assert_eq!((run.says(mean), run.says(n)), (Some(0.8), Some(2.0)));
    let counted = "breakerbox_judge_score_ratio_count{deployment=\"a/m\"}";
    assert_eq!(run.says(counted), Some(2.0));
    let bad = "breakerbox_judge_score_ratio_bucket{deployment=\"a/m\",le=\"0.7\"}";
    assert_eq!(run.says(bad), Some(1.0));
}

#[test]
fn a_judge_without_a_price_spends_calls_not_dollars() {
    let mut run = Run::new();
    let second = |microdollars| {
        Kind::Judging(Judging {
            judge: "b/m".into(),
            calls: 3,
            failed: 1,
            input_tokens: 500,
            output_tokens: 20,
            microdollars,
        })
    };
    run.tell(second(Some(1_500_000)));
    run.tell(second(None));
    let of = |name: &str, labels: &str| {
        run.says(&format!(
            "breakerbox_judge_{name}_total{{judge=\"b/m\"{labels}}}"
        ))
    };
    assert_eq!(of("calls", ",result=\"ok\""), Some(4.0));
    assert_eq!(of("calls", ",result=\"failed\""), Some(2.0));
    assert_eq!(of("spend_dollars", ""), Some(1.5));
    assert_eq!(of("unpriced_calls", ""), Some(3.0));
    assert_eq!(of("tokens", ",direction=\"input\""), Some(1000.0));
}

#[test]
fn what_a_reload_takes_out_is_exported_no_more_and_what_stays_goes_on() {
    let mut run = Run::new();
    let one = |id: &str| {
        Kind::Bucket(Bucket {
            ok: 1,
            ..Bucket::empty(id.into())
        })
    };
    run.tell(one("a/m"));
    run.tell(one("b/m"));
    run.tell(ended("r", &[(Outcome::Primary, Answered::default())]));
    // By its own name.
    run.tell(ended("b/m", &[(Outcome::Primary, Answered::default())]));
    run.tell(Kind::Reloaded {
        topology: topology(&["a/m", "c/m"], &["s"]),
    });
    let ok = |run: &Run, id: &str| {
        run.says(&format!(
            "breakerbox_attempts_total{{deployment=\"{id}\",class=\"ok\"}}"
        ))
    };
    assert_eq!(ok(&run, "a/m"), Some(1.0));
    assert_eq!(ok(&run, "c/m"), Some(0.0));
    // Its last second comes after the reload.
    run.tell(one("b/m"));
    run.tell(ended("r", &[(Outcome::Primary, Answered::default())]));
    let text = run.text();
    assert!(
        !text.contains("b/m") && !text.contains("route=\"r\""),
        "{text}"
    );
    run.tell(Kind::Reloaded {
        topology: topology(&["b/m"], &["s"]),
    });
    assert_eq!(ok(&run, "b/m"), Some(0.0), "it starts anew");
}

#[test]
fn what_becomes_of_the_spans_of_traces_is_counted() {
    let run = Run::new();
    let spans = |result: &str| {
        run.says(&format!(
            "breakerbox_trace_spans_total{{result=\"{result}\"}}"
        ))
    };
    assert_eq!(
        (spans("sent"), spans("dropped"), spans("failed")),
        (Some(9.0), Some(2.0), Some(1.0))
    );
}

#[test]
fn a_refused_configuration_is_said_until_a_good_one_comes() {
    let mut run = Run::new();
    let good = "breakerbox_config_last_reload_successful";
    assert_eq!(run.says(good), Some(1.0));
    run.tell(Kind::ReloadFailed {
        why: "line 3".to_owned(),
    });
    assert_eq!(run.says(good), Some(0.0));
    run.tell(Kind::Reloaded {
        topology: topology(&["a/m"], &["r"]),
    });
    assert_eq!(run.says(good), Some(1.0));
    let refused = "breakerbox_config_reloads_total{result=\"refused\"}";
    assert_eq!(run.says(refused), Some(1.0));
}

#[test]
fn a_drill_that_runs_hides_not_when_the_last_one_ended() {
    let mut run = Run::new();
    let step = |step| {
        Kind::Drill(Drill {
            scenario: "flap".to_owned(),
            step,
        })
    };
    let last = "breakerbox_drill_last_timestamp_seconds";
    assert_eq!(run.says(last), None);
    run.tell(step(DrillStep::Remembered {
        ended: Wall(5_000),
        result: DrillResult::Failed,
    }));
    run.tell(step(DrillStep::Began {
        who: "me".to_owned(),
        plan: crate::model::drill::DrillPlan::default(),
    }));
    assert_eq!(run.says("breakerbox_drill_running"), Some(1.0));
    assert_eq!(run.says(last), Some(5.0));
    assert_eq!(run.says("breakerbox_drill_last_passed"), Some(0.0));
    run.tell(step(DrillStep::Ended {
        result: DrillResult::Passed,
        why: String::new(),
    }));
    assert_eq!(run.says("breakerbox_drill_running"), Some(0.0));
    assert_eq!(run.says(last), Some(1_700_000_000.5));
    assert_eq!(run.says("breakerbox_drill_last_passed"), Some(1.0));
    assert_eq!(
        run.says("breakerbox_drills_total{result=\"passed\"}"),
        Some(1.0)
    );
    assert_eq!(
        run.says("breakerbox_drills_total{result=\"failed\"}"),
        Some(0.0)
    );
}

#[test]
fn what_nobody_could_take_is_told_from_what_a_cap_held_back() {
    let mut run = Run::new();
    for (what, n) in [("broken streams", 40), (crate::model::event::LOST, 9)] {
        run.tell(Kind::Suppressed {
            what: what.to_owned(),
            n,
        });
    }
    assert_eq!(run.says("breakerbox_events_lost_total"), Some(9.0));
    let capped = "breakerbox_events_suppressed_total{kind=\"broken_streams\"}";
    assert_eq!(run.says(capped), Some(40.0));
}

#[test]
fn canaries_and_findings_are_counted_apart_from_attempts() {
    let mut run = Run::new();
    run.tell(Kind::Bucket(Bucket {
        canary: 3,
        canary_failed: 1,
        findings: vec![(Finding::WordSalad, 2)],
        injected: vec![(1, 4), (2, 1)],
        ..Bucket::empty("a/m".into())
    }));
    let of = |sample: &str| run.says(&format!("breakerbox_{sample}"));
    assert_eq!(
        of("canaries_total{deployment=\"a/m\",result=\"ok\"}"),
        Some(2.0)
    );
    assert_eq!(
        of("canaries_total{deployment=\"a/m\",result=\"failed\"}"),
        Some(1.0)
    );
    assert_eq!(
        of("findings_total{deployment=\"a/m\",finding=\"word_salad\"}"),
        Some(2.0)
    );
    assert_eq!(of("fault_hits_total{deployment=\"a/m\"}"), Some(5.0));
    assert_eq!(
        of("attempts_total{deployment=\"a/m\",class=\"ok\"}"),
        Some(0.0)
    );
}

#[test]
fn counts_stand_in_the_place_of_their_own_name() {
    fn in_order<T: Copy>(all: &[T], place: impl Fn(T) -> usize) {
        for (n, one) in all.iter().enumerate() {
            assert_eq!(place(*one), n);
        }
    }
    in_order(&Class::ALL, |c| c as usize);
    in_order(&Outcome::ALL, |o| o as usize);
    in_order(&Finding::ALL, |f| f as usize);
    in_order(&ForceKind::ALL, |f| f as usize);
    in_order(&CacheHit::ALL, |h| h as usize);
}

#[test]
fn names_follow_the_convention() {
    let base = ["seconds", "bytes", "ratio", "total", "info", "dollars"];
    for metric in ALL {
        let (name, total) = (metric.name, metric.name.ends_with("_total"));
        assert_eq!(total, metric.is == Type::Counter, "{name}");
        let own = name.starts_with("breakerbox_") || name.starts_with("process_");
        assert!(own && metric.help.ends_with('.'), "{name}");
        if metric.is == Type::Histogram {
            let unit = name.rsplit('_').next().unwrap();
            assert!(base.contains(&unit), "{name}");
        }
        for wrong in ["_ms", "percent", "_count_", "minutes"] {
            assert!(!name.contains(wrong), "{name}");
        }
    }
    let names: std::collections::HashSet<_> = ALL.iter().map(|m| m.name).collect();
    assert_eq!(names.len(), ALL.len());
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_this_one() {
    let own = process().expect("Linux says");
    assert!(own.resident_bytes > 1 << 20 && own.virtual_bytes >= own.resident_bytes);
    assert!(own.open_fds.unwrap() >= 3 && own.threads >= 2);
    let now = gauges::timestamp(crate::clock::wall());
    let age = now - own.began;
    assert!((-1.0..86_400.0).contains(&age), "began {age} s ago");
}
