use super::*;
use crate::model::{
    Class, Dialect, Phase, Reason, State, Verdict,
    event::{Bucket, Outcome, Picked},
    finding::Findings,
    phase::Transition,
    request::Request,
    topology::{DeploymentInfo, RouteInfo, Topology},
};

const START: u64 = 1_773_151_000;

/// A run with traffic, scores, an outage and events, looked at once a second.
struct Run {
    state: State,
    past: Past,
    seq: u64,
    sec: u64,
}

impl Run {
    fn new() -> Self {
        let mut run = Self {
            state: State::new(),
            past: Past::default(),
            seq: 0,
            sec: START,
        };
        run.tell(Kind::Started {
            schema: 1,
            version: "0".into(),
            listen: "127.0.0.1:1".into(),
            topology: topology(),
        });
        run
    }

    fn tell(&mut self, kind: Kind) {
        self.seq += 1;
        let event = Event::new(self.seq, Wall(self.sec * 1000), kind);
        self.state.apply(&Arc::new(event));
    }

    fn second(&mut self) -> Snapshot {
        self.sec += 1;
        let n = u32::try_from(self.sec % 7).unwrap();
        self.tell(Kind::Bucket(Bucket {
            ok: n,
            fail: n / 3,
            ..Bucket::empty("a/m".into())
        }));
        let mut second = Exchanges::default();
        (0..n).for_each(|_| second.count(Outcome::Primary));
        self.tell(Kind::Exchanges(second));
        if self.sec.is_multiple_of(9) {
            self.tell(Kind::Fallback {
                exchange: "01".into(),
                route: "chat".into(),
                from: "a/m".into(),
                to: None,
                verdict: Verdict::new(Class::Fault, format!("code_{}", self.sec % 180)),
            });
            self.tell(request(self.sec));
        }
        if self.sec.is_multiple_of(10) {
            self.tell(Kind::Score {
                deployment: "a/m".into(),
                judge: "j/m".into(),
                exchange: "01".into(),
                score: f64::from(n) / 7.0,
                reason: String::new(),
                answer: String::new(),
                picked: Picked::Sample,
                findings: Findings::default(),
            });
        }
        if self.sec.is_multiple_of(100) {
            let (from, to) = if self.sec.is_multiple_of(200) {
                (Phase::Closed, Phase::Open)
            } else {
                (Phase::Open, Phase::Closed)
            };
            self.tell(Kind::Transition(Transition {
                deployment: "a/m".into(),
                from,
                to,
                reason: Reason::CooldownOver,
                generation: self.seq,
                until: None,
            }));
        }
        let s = self.state.snapshot(Wall(self.sec * 1000));
        self.past.take(&s);
        s
    }
}

fn request(sec: u64) -> Kind {
    Kind::Request(Box::new(Request {
        exchange: sec.to_string().as_str().into(),
        route: "chat".into(),
        outcome: Outcome::Canned,
        dialect: Dialect::OpenAi,
        stream: false,
        model: "chat".to_owned(),
        deployment: None,
        tier: None,
        cache: None,
        ttft: None,
        total: std::time::Duration::from_millis(sec % 100),
        waited: None,
        spans: Vec::new(),
        skipped: Vec::new(),
        rescued: false,
        drill: false,
        alike: 0,
    }))
}

fn topology() -> Topology {
    Topology {
        deployments: vec![DeploymentInfo {
            id: "a/m".into(),
            provider: "a".into(),
            dialect: Dialect::OpenAi,
            model: "m".into(),
            disabled: None,
        }],
        routes: vec![RouteInfo {
            id: "chat".into(),
            tiers: vec!["a/m".into()],
        }],
        ..Topology::default()
    }
}

#[test]
fn every_second_of_the_last_quarter_of_an_hour_is_as_it_was() {
    let mut run = Run::new();
    let seen: Vec<_> = (0..2000).map(|_| run.second()).collect();
    for was in seen.iter().rev().take(SECONDS) {
        assert_eq!(run.past.at(was.at).as_ref(), Some(was), "at {}", was.at);
    }
}

#[test]
fn every_minute_of_the_last_day_is_kept_and_no_more() {
    let mut run = Run::new();
    let mut minutes = Vec::new();
    for _ in 0..3 * 3600 {
        let s = run.second();
        if s.at.secs().is_multiple_of(MINUTE) {
            minutes.push(s);
        }
    }
    for was in minutes
        .iter()
        .skip(1)
        .filter(|m| m.at.secs() > START + HISTORY_S)
    {
        let then = run.past.at(was.at).unwrap();
        assert_eq!(then.at, was.at);
        assert_eq!(then.deployments[0].phase, was.deployments[0].phase);
        assert_eq!(then.users, was.users);
        assert!(then.events.back().unwrap().seq <= was.seq);
    }
    let far = run.past.at(Wall((START + 3600) * 1000)).unwrap();
    let sum = |s: &VecDeque<(u64, Exchanges)>| s.iter().map(|(_, e)| e.primary).sum::<u32>();
    let was = minutes.iter().find(|m| m.at == far.at).unwrap();
    // Whole minutes are summed up: the edges of the window differ, what lies between does not.
    assert!(sum(&far.exchanges).abs_diff(sum(&was.exchanges)) < 60 * 7);
    let rates = far.deployments[0].points.iter().filter(|p| p.errors.n > 0);
    assert!(rates.count() > 800, "a chart of minutes has no gaps");
}

#[test]
fn one_step_back_and_one_on_are_the_same_moment() {
    let mut run = Run::new();
    for _ in 0..4000 {
        run.second();
    }
    let mut at = Wall((START + 3999) * 1000);
    let mut steps = 0;
    while let Some(back) = run.past.before(at) {
        assert!(back.at < at);
        assert_eq!(run.past.after(back.at).map(|s| s.at <= at), Some(true));
        at = back.at;
        steps += 1;
    }
    assert_eq!(Some(at), run.past.oldest());
    assert!(steps > SECONDS, "{steps}");
}

#[test]
fn a_jump_finds_where_a_breaker_moved() {
    let mut run = Run::new();
    for _ in 0..500 {
        run.second();
    }
    let now = Wall((START + 500) * 1000);
    let last = run.past.moved(now, true).unwrap();
    let first = run.past.moved(last.at, true).unwrap();
    assert_eq!(last.at.since(first.at).as_secs(), 100);
    let again = run.past.moved(first.at, false).unwrap();
    assert_eq!(again.at, last.at);
    let moved = |e: &Arc<Event>| e.at == last.at && matches!(e.kind, Kind::Transition(_));
    assert!(last.events.iter().any(moved));
}

#[test]
fn another_run_begins_anew_whatever_its_clock_says() {
    for later in [0, 200] {
        let mut run = Run::new();
        for _ in 0..100 {
            run.second();
        }
        let mut other = Run::new();
        let mut s = other.second();
        s.at = s.at.after(std::time::Duration::from_secs(later));
        s.started = s.at;
        run.past.take(&s);
        assert_eq!(run.past.oldest(), Some(s.at));
        assert_eq!(run.past.before(s.at), None);
        let events = run.past.at(s.at).map(|s| s.events.len());
        assert_eq!(events, Some(s.events.len()));
    }
}
