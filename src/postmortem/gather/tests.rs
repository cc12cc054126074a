use super::*;
use crate::model::{
    Dialect, ProviderId, Reason, State,
    event::{Outcome, Picked},
    finding::Findings,
    topology::DeploymentInfo,
    verdict::{Class, Verdict},
};
use std::{sync::Arc, time::Duration};

/// A journal as it is written: numbered, a second apart unless time is moved.
struct Script {
    events: Vec<Arc<Event>>,
    second: u64,
}

fn id() -> DeploymentId {
    DeploymentId::from("a/m")
}

impl Script {
    fn new() -> Self {
        let mut script = Self {
            events: Vec::new(),
            second: 1_700_000_000,
        };
        script.start(None);
        script
    }

    fn start(&mut self, slo: Option<Slo>) {
        let info = DeploymentInfo {
            id: id(),
            provider: ProviderId::from("a"),
            dialect: Dialect::OpenAi,
            model: "m".to_owned(),
            disabled: None,
        };
        let topology = Topology {
            deployments: vec![info],
            err_threshold: 0.02,
            judge_threshold: 0.7,
            slo,
            ..Topology::default()
        };
        self.tell(Kind::Started {
            schema: 1,
            version: "1".to_owned(),
            listen: "x".to_owned(),
            topology,
        });
    }

    fn tell(&mut self, kind: Kind) -> Wall {
        let seq = self.events.last().map_or(1, |e| e.seq + 1);
        let at = Wall(self.second * 1000);
        self.events.push(Arc::new(Event::new(seq, at, kind)));
        at
    }

    /// Seconds with ten requests each, of which the primary fails so many and a tier below answers them.
    fn seconds(&mut self, n: u32, failed: u32) -> Wall {
        for _ in 0..n {
            self.second += 1;
            let mut bucket = Bucket::empty(id());
            (bucket.ok, bucket.fail) = (10 - failed, failed);
            bucket.total = Latency(vec![(1_000, 10)]);
            self.tell(Kind::Bucket(bucket));
            let mut all = Exchanges {
                total: Latency(vec![(1_000, 10)]),
                ..Exchanges::default()
            };
            (0..10 - failed).for_each(|_| all.count(Outcome::Primary));
            (0..failed).for_each(|_| all.count(Outcome::Fallback));
            self.tell(Kind::Exchanges(all));
        }
        Wall(self.second * 1000)
    }

    fn moved(&mut self, from: Phase, to: Phase, reason: Reason) -> Wall {
        self.tell(Kind::Transition(Transition {
            deployment: id(),
            from,
            to,
            reason,
            generation: 1,
            until: None,
        }))
    }

    fn errors(window_s: u32) -> Reason {
        Reason::ErrorRate {
            rate: 1.0,
            limit: 0.02,
            bad: 30,
            n: 30,
            window_s,
        }
    }

    fn score(&mut self, score: f64) {
        self.tell(Kind::Score {
            deployment: id(),
            judge: DeploymentId::from("j/m"),
            exchange: "e".into(),
            score,
            reason: "off topic".to_owned(),
            answer: String::new(),
            picked: Picked::Sample,
            findings: Findings::default(),
        });
    }

    fn report(&self) -> PostMortem {
        self.between(Wall(0), Wall(u64::MAX))
    }

    fn between(&self, from: Wall, to: Wall) -> PostMortem {
        let mut gather = Gather::new(from, to, None);
        for event in &self.events {
            gather.take(event);
        }
        gather.done(Vec::new()).expect("events in the stretch")
    }
}

/// A minute of health, three seconds of failure, an outage of two minutes, and the way back.
fn outage() -> (Script, Wall) {
    let mut s = Script::new();
    s.seconds(60, 0);
    s.seconds(3, 10);
    let opened = s.moved(Phase::Closed, Phase::Open, Script::errors(3));
    s.seconds(120, 0);
    s.moved(Phase::Open, Phase::Probe, Reason::CooldownOver);
    s.seconds(1, 1);
    let verdict = Verdict::new(Class::Fault, "x");
    s.moved(Phase::Probe, Phase::Open, Reason::ProbeFailed { verdict });
    s.seconds(60, 0);
    s.moved(Phase::Open, Phase::Probe, Reason::CooldownOver);
    let passed = Reason::ProbePassed { clean: 3 };
    s.moved(Phase::Probe, Phase::Ramp(5), passed.clone());
    s.seconds(15, 0);
    s.moved(Phase::Ramp(5), Phase::Closed, passed);
    s.seconds(10, 0);
    (s, opened)
}

#[test]
fn an_outage_is_told_from_its_first_failure_to_its_end() {
    let (script, opened) = outage();
    let report = script.report();
    let [e] = &report.episodes[..] else {
        panic!("{:?}", report.episodes)
    };
    assert_eq!(
        (e.opened, e.detected_in()),
        (opened, Duration::from_secs(3))
    );
    assert_eq!(e.recovered_in(), Some(Duration::from_secs(196)));
    assert_eq!(
        e.before,
        Hits {
            attempts: 40,
            failed: 30
        }
    );
    assert_eq!(e.while_open.failed, 1);
    assert_eq!((e.probes_failed, e.relapses), (1, 0));
    assert_eq!(report.users.by.fallback, 31);
    assert!(
        report.sentence().contains("nothing reached the users"),
        "{}",
        report.sentence()
    );
    let phases: Vec<_> = report.series.deployments[0]
        .phases
        .iter()
        .map(|s| s.what)
        .collect();
    assert!(
        phases.starts_with(&[Phase::Closed, Phase::Open, Phase::Probe]),
        "{phases:?}"
    );
}

#[test]
fn what_lies_before_the_stretch_is_followed_and_not_counted() {
    let (script, opened) = outage();
    let late = script.between(opened + Duration::from_secs(30), Wall(u64::MAX));
    assert_eq!(late.episodes.len(), 1);
    assert_eq!(late.users.by.fallback, 1);
    assert_eq!(late.series.deployments[0].phases[0].what, Phase::Open);
    assert_eq!(late.runs.len(), 1);
    let after = script.between(opened + Duration::from_secs(200), Wall(u64::MAX));
    assert_eq!(after.episodes, []);
    let early = script.between(Wall(0), opened + Duration::from_secs(30));
    assert_eq!(early.episodes[0].closed, None);
}

#[test]
fn the_next_file_of_a_journal_is_the_same_run_and_a_restart_is_not() {
    let mut s = Script::new();
    s.seconds(5, 0);
    s.moved(Phase::Closed, Phase::Open, Script::errors(3));
    s.seconds(5, 0);
    s.tell(standing(&s.events));
    s.seconds(5, 0);
    let report = s.report();
    assert_eq!((report.runs.len(), report.episodes.len()), (1, 1));
    assert_eq!(report.series.deployments[0].phases.len(), 2);
    s.events.push(Arc::new(Event {
        seq: 1,
        at: Wall(s.second * 1000),
        ..Event::clone(&s.events[0])
    }));
    s.second += 1;
    s.seconds(5, 0);
    let report = s.report();
    assert_eq!((report.runs.len(), report.episodes.len()), (2, 1));
    assert_eq!(
        report.series.deployments[0].phases.last().unwrap().what,
        Phase::Closed
    );
}

/// How things stood, as the next file of a journal begins.
fn standing(events: &[Arc<Event>]) -> Kind {
    let mut state = State::new();
    for event in events {
        state.apply(event);
    }
    Kind::Continued {
        schema: 1,
        standing: Box::new(state.snapshot(Wall(u64::MAX)).standing()),
    }
}

#[test]
fn a_journal_whose_first_files_are_missing_begins_with_how_things_stood() {
    let mut s = Script::new();
    s.events.clear();
    s.start(Some(Slo::default()));
    s.moved(Phase::Closed, Phase::Open, Script::errors(3));
    let standing = standing(&s.events);
    s.events.clear();
    s.tell(standing);
    s.seconds(5, 0);
    let report = s.report();
    assert_eq!(report.runs.len(), 1);
    assert!(report.budget.is_some());
    assert!((report.limits.err_threshold - 0.02).abs() < 1e-9);
    assert_eq!(report.series.deployments[0].phases[0].what, Phase::Open);
}

#[test]
fn judged_answers_before_the_opening_are_its_evidence() {
    let mut s = Script::new();
    s.seconds(60, 0);
    for score in [0.9, 0.2, 0.9, 0.1] {
        s.score(score);
    }
    s.seconds(1, 0);
    let reason = Reason::Quality {
        mean: 0.5,
        floor: 0.7,
        bad: 2,
        n: 4,
        window_s: 10,
        usual: None,
        judge: None,
        confirmed: true,
        since: Some(Wall((s.second - 10) * 1000)),
    };
    s.moved(Phase::Closed, Phase::Open, reason);
    let report = s.report();
    let e = &report.episodes[0];
    let judged = e.judged.as_ref().unwrap();
    assert_eq!((judged.n, judged.bad), (4, 2));
    assert_eq!(judged.worst[0].why, "off topic");
    assert_eq!(e.bad_served(), Some(50));
    assert_eq!(report.deployments[0].judged, 4);
}

#[test]
fn the_journals_objective_is_used_unless_another_is_asked_for() {
    let mut s = Script::new();
    s.events.clear();
    let slo = Slo {
        target: 0.99,
        ..Slo::default()
    };
    s.start(Some(slo));
    s.seconds(10, 0);
    let report = s.report();
    assert_eq!(report.budget.unwrap().slo, slo);
    let mut gather = Gather::new(Wall(0), Wall(u64::MAX), Some(Slo::default()));
    s.events.iter().for_each(|e| gather.take(e));
    let asked = gather.done(Vec::new()).unwrap().budget.unwrap();
    assert_eq!(asked.slo, Slo::default());
}

#[test]
fn an_empty_stretch_is_no_report() {
    let s = Script::new();
    let mut gather = Gather::new(Wall(1), Wall(2), None);
    s.events.iter().for_each(|e| gather.take(e));
    assert_eq!(gather.done(Vec::new()), None);
}

#[test]
fn every_form_has_the_facts_and_the_page_escapes_what_it_is_told() {
    let (mut s, _) = outage();
    s.tell(Kind::Command {
        actor: "<script>alert(1)</script>".to_owned(),
        command: "force a/m open".to_owned(),
        origin: None,
        ticket: None,
        refused: None,
    });
    let report = s.report();
    let (markdown, page) = (report.markdown(), report.html());
    for text in [&markdown, &page] {
        for part in [
            "a/m",
            "error_rate 100.0%",
            "nothing reached the users",
            "force a/m open",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
    assert!(!page.contains("<script"), "a page runs nothing");
    assert!(
        !page.contains("http://")
            || page.matches("http://").count()
                == page.matches("http://www.w3.org/2000/svg").count()
    );
    let charts = report.charts();
    let names: Vec<_> = charts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["users.svg", "a-m.svg"]);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<PostMortem>(&json).unwrap(), report);
}
