use crate::{
    model::{
        Dialect, Event, Kind, Phase, Reason, State, Wall,
        event::{Bucket, Exchanges},
        phase::Transition,
        topology::{DeploymentInfo, RouteInfo, Topology},
    },
    postmortem::{Gather, PostMortem},
};
use std::sync::Arc;

const T0: u64 = 1_700_000_000;
/// Requests in each second.
const N: u32 = 10;

/// A journal of a route of two tiers.
struct Script {
    events: Vec<Arc<Event>>,
    sec: u64,
}

impl Script {
    fn new() -> Self {
        let mut script = Self {
            events: Vec::new(),
            sec: T0,
        };
        script.start();
        script
    }

    fn start(&mut self) {
        let deployment = |id: &str| DeploymentInfo {
            id: id.into(),
            provider: "p".into(),
            dialect: Dialect::OpenAi,
            model: "m".to_owned(),
            disabled: None,
        };
        let tiers = ["p/a", "p/b"];
        self.tell(Kind::Started {
            schema: 1,
            version: "1".to_owned(),
            listen: "x".to_owned(),
            topology: Topology {
                deployments: tiers.iter().map(|id| deployment(id)).collect(),
                routes: vec![RouteInfo {
                    id: "r".into(),
                    tiers: tiers.iter().map(|id| (*id).into()).collect(),
                }],
                ..Topology::default()
            },
        });
    }

    fn tell(&mut self, kind: Kind) {
        let seq = self.events.last().map_or(1, |e| e.seq + 1);
        let event = Event::new(seq, Wall(self.sec * 1000), kind);
        self.events.push(Arc::new(event));
    }

    /// So many seconds, in each of which the primary fails so many, and the secondary answers them.
    fn closed(&mut self, n: u32, failed: u32) {
        for _ in 0..n {
            self.sec += 1;
            self.attempts("p/a", N - failed, failed);
            self.attempts("p/b", failed, 0);
            self.tell(Kind::Exchanges(Exchanges {
                primary: N - failed,
                fallback: failed,
                ..Exchanges::default()
            }));
        }
    }

    /// So many seconds in which the primary is asked nothing.
    fn open(&mut self, n: u32) {
        for _ in 0..n {
            self.sec += 1;
            self.attempts("p/b", N, 0);
            self.tell(Kind::Exchanges(Exchanges {
                fallback: N,
                ..Exchanges::default()
            }));
        }
    }

    fn attempts(&mut self, id: &str, ok: u32, fail: u32) {
        self.tell(Kind::Bucket(Bucket {
            ok,
            fail,
            ..Bucket::empty(id.into())
        }));
    }

    fn moved(&mut self, from: Phase, to: Phase) {
        self.tell(Kind::Transition(Transition {
            deployment: "p/a".into(),
            from,
            to,
            reason: Reason::ErrorRate {
                rate: 1.0,
                limit: 0.02,
                bad: 30,
                n: 30,
                window_s: 3,
            },
            generation: 1,
            until: None,
        }));
    }

    /// The primary fails for three seconds, is out for five minutes, and is back.
    fn outage(&mut self) {
        self.closed(60, 0);
        self.closed(3, N);
        self.moved(Phase::Closed, Phase::Open);
        self.open(300);
        self.moved(Phase::Open, Phase::Closed);
        self.closed(30, 0);
    }

    fn report(&self, from: u64) -> PostMortem {
        let mut gather = Gather::new(Wall(from * 1000), Wall(u64::MAX), None);
        self.events.iter().for_each(|e| gather.take(e));
        gather.done(Vec::new()).expect("events in the stretch")
    }
}

#[test]
fn a_report_says_what_the_screen_said_and_when_the_incident_was_over() {
    let mut s = Script::new();
    s.outage();
    let mut state = State::new();
    s.events.iter().for_each(|e| state.apply(e));
    let shown = state.snapshot(state.at()).compared.expect("an incident");
    let report = s.report(T0);
    let [incident] = &report.beside.as_ref().expect("they differ").incidents[..] else {
        panic!("one incident: {:?}", report.beside);
    };
    assert_eq!(incident.compared, shown);
    // What a second brought is told in the next one.
    assert_eq!(incident.compared.since, Wall((T0 + 63) * 1000));
    assert_eq!(incident.until, Wall((T0 + 364) * 1000));
    // The first second's ten take it out, too; then it tries again after each of five minutes, three times in vain.
    let plain = incident.compared.plain;
    assert_eq!((incident.compared.upstream, plain.upstream), (30, 25));
    assert_eq!((incident.compared.users, plain.users), (0, 0));
}

#[test]
fn every_form_tells_the_numbers_and_what_they_take_for_granted() {
    let mut s = Script::new();
    s.outage();
    let report = s.report(T0);
    let (markdown, page) = (report.markdown(), report.html());
    for text in [&markdown, &page] {
        for part in [
            "Beside a plain cooldown router",
            "out for 60s after 3 failures within 60s",
            "calls that failed upstream",
            "about 25",
            "no probe, no ramp, no judge, no canned answer",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["beside"]["rule"]["failures"], 3);
    assert_eq!(json["beside"]["incidents"][0]["plain"]["upstream"], 25);
    assert_eq!(serde_json::from_value::<PostMortem>(json).unwrap(), report);
}

#[test]
fn each_incident_of_the_stretch_is_told_and_none_that_was_over_before_it() {
    let mut s = Script::new();
    s.outage();
    // Longer than an incident may be quiet.
    s.closed(1_000, 0);
    let between = s.sec;
    s.outage();
    s.start();
    s.outage();
    let told = |from| s.report(from).beside.map_or(0, |all| all.incidents.len());
    assert_eq!((told(T0), told(between)), (3, 2));
}

#[test]
fn where_both_would_have_done_the_same_nothing_is_said() {
    let mut s = Script::new();
    s.closed(60, 0);
    s.closed(1, 1);
    s.closed(60, 0);
    let report = s.report(T0);
    assert_eq!(report.beside, None);
    assert!(!report.markdown().contains("plain cooldown"));
}
