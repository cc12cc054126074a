//! Numbers that were worked out by hand.

use super::*;
use crate::model::{
    Event, State, Verdict,
    event::SCHEMA,
    phase::Transition,
    snapshot::RouteView,
    topology::{DeploymentInfo, RouteInfo, Topology},
    verdict::Class,
};
use proptest::prelude::*;
use std::sync::Arc;

const START: u64 = 1_000_000;
const A: &str = "p/a";
const B: &str = "p/b";

struct Run {
    state: State,
    seq: u64,
    sec: u64,
}

impl Run {
    fn new(tiers: &[&str]) -> Self {
        let info = |id: &str| DeploymentInfo {
            id: id.into(),
            provider: "p".into(),
            dialect: crate::model::Dialect::OpenAi,
            model: "m".to_owned(),
            disabled: None,
        };
        let mut run = Self {
            state: State::new(),
            seq: 0,
            sec: START,
        };
        run.tell(Kind::Started {
            schema: SCHEMA,
            version: "1".to_owned(),
            listen: "x".to_owned(),
            topology: Topology {
                deployments: tiers.iter().map(|t| info(t)).collect(),
                routes: vec![RouteInfo {
                    id: "r".into(),
                    tiers: tiers.iter().map(|t| DeploymentId::from(*t)).collect(),
                }],
                ..Topology::default()
            },
        });
        run
    }

    fn tell(&mut self, kind: Kind) {
        self.seq += 1;
        let event = Event::new(self.seq, Wall(self.sec * 1000), kind);
        self.state.apply(&Arc::new(event));
    }

    fn attempts(&mut self, id: &str, ok: u32, fail: u32) {
        self.tell(Kind::Bucket(Bucket {
            ok,
            fail,
            ..Bucket::empty(id.into())
        }));
    }

    /// The callers' side of a second, which is over then.
    fn ended(&mut self, exchanges: Exchanges) {
        self.tell(Kind::Exchanges(exchanges));
        self.sec += 1;
    }

    fn moves(&mut self, id: &str, to: Phase, reason: Reason) {
        self.tell(Kind::Transition(Transition {
            deployment: id.into(),
            from: Phase::Closed,
            to,
            reason,
            generation: 1,
            until: None,
        }));
    }

    fn probed(&mut self, id: &str, ok: bool) {
        let class = if ok { Class::Ok } else { Class::Fault };
        self.tell(Kind::Probed {
            deployment: id.into(),
            verdict: Verdict::new(class, "x"),
            shadow: true,
        });
    }

    /// Ten requests a second, all well at the first tier.
    fn calm(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.attempts(A, 10, 0);
            self.ended(primary(10));
        }
    }

    /// Ten requests a second at the second tier, the first one's breaker being open.
    fn below(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.attempts(B, 10, 0);
            self.ended(fallback(10));
        }
    }

    fn compared(&mut self) -> Option<Compared> {
        self.tell(Kind::Stopping);
        self.state.snapshot(Wall(self.sec * 1000)).compared
    }
}

fn primary(n: u32) -> Exchanges {
    Exchanges {
        primary: n,
        ..Exchanges::default()
    }
}

fn fallback(n: u32) -> Exchanges {
    Exchanges {
        fallback: n,
        ..Exchanges::default()
    }
}

fn errors(bad: u32, n: u32) -> Reason {
    Reason::ErrorRate {
        rate: 1.0,
        limit: 0.02,
        bad,
        n,
        window_s: 60,
    }
}

fn quality(bad: u32, n: u32) -> Reason {
    Reason::Quality {
        mean: 0.5,
        floor: 0.7,
        bad,
        n,
        window_s: 60,
        usual: None,
        judge: None,
        confirmed: true,
        since: None,
    }
}

#[test]
fn while_all_is_calm_there_is_nothing_to_say() {
    let mut run = Run::new(&[A, B]);
    run.calm(3_600);
    assert_eq!(run.compared(), None);
}

#[test]
fn an_outage_of_five_minutes_at_ten_a_second() {
    let mut run = Run::new(&[A, B]);
    run.calm(120);
    // Three seconds in which all fails at the first tier; in the third our breaker opens.
    for second in 0..3 {
        if second == 2 {
            run.moves(A, Phase::Open, errors(20, 30));
        }
        run.attempts(A, 0, 10);
        run.attempts(B, 10, 0);
        run.ended(fallback(10));
    }
    // 297 more until it is over, 5 until the probe comes back well.
    run.below(302);
    run.moves(A, Phase::Probe, Reason::CooldownOver);
    run.probed(A, true);
    run.moves(A, Phase::Ramp(25), Reason::ProbePassed { clean: 1 });
    run.below(10);
    run.moves(A, Phase::Closed, Reason::RampStep { ok: 20 });
    run.calm(120);
    let all = run.compared().expect("there was an incident");
    assert_eq!(
        (all.upstream, all.users, all.canned, all.lower),
        (30, 0, 0, 10 * (3 + 302 + 10))
    );
    // The first second hits it as it hit us: 10. Then it is out for 60 seconds from the failure on and comes back with all
    // traffic 60, 120, 180, 240 and 300 seconds after the first failure, each time for 3 failures.
    assert_eq!((all.plain.upstream, all.plain.users), (10 + 5 * 3, 0));
    // All requests of the 360 seconds until it comes back to one that answers; ours was back from the 315th on.
    assert_eq!(all.plain.lower, 3_600);
    assert_eq!(all.plain.bad, 0);
}

#[test]
fn a_trip_for_quality_that_a_plain_router_does_not_see() {
    let mut run = Run::new(&[A, B]);
    run.calm(60);
    run.moves(A, Phase::Open, quality(3, 10));
    run.calm(2);
    run.below(100);
    let all = run.compared().expect("there was an incident");
    assert_eq!((all.upstream, all.users, all.lower), (0, 0, 1_000));
    // What our breaker kept away is told from the second after next on: 100 seconds, ten answers each, 3 of 10 bad.
    assert_eq!(all.plain.bad, 300);
    assert_eq!((all.plain.upstream, all.plain.lower), (0, 0));
}

#[test]
fn what_is_bad_is_not_counted_any_more_once_the_deployment_is_asked_again() {
    let mut run = Run::new(&[A, B]);
    run.calm(60);
    run.moves(A, Phase::Open, quality(3, 10));
    run.calm(2);
    run.below(10);
    run.moves(A, Phase::Ramp(5), Reason::ProbePassed { clean: 1 });
    run.below(50);
    let all = run.compared().expect("there was an incident");
    assert_eq!(all.plain.bad, 30);
}

#[test]
fn with_all_tiers_down_nobody_answers_in_either() {
    let mut run = Run::new(&[A, B]);
    run.calm(60);
    let canned = Exchanges {
        canned: 10,
        ..Exchanges::default()
    };
    run.moves(A, Phase::Open, errors(10, 10));
    run.moves(B, Phase::Open, errors(10, 10));
    run.attempts(A, 0, 10);
    run.attempts(B, 0, 10);
    run.ended(canned.clone());
    for _ in 0..59 {
        run.ended(canned.clone());
    }
    let all = run.compared().expect("there was an incident");
    assert_eq!((all.upstream, all.users, all.canned), (20, 0, 600));
    // It has no canned answer: all 600 see an error. The minute is not over, so it tries neither again.
    assert_eq!((all.plain.upstream, all.plain.users), (20, 600));
    run.ended(canned);
    let all = run.compared().expect("there was an incident");
    assert_eq!(
        (all.plain.upstream, all.plain.users),
        (20 + 3 + 3, 610),
        "three failures each, then out again"
    );
}

#[test]
fn a_failed_probe_leaves_what_is_known_and_a_good_one_ends_it() {
    let mut run = Run::new(&[A, B]);
    run.calm(60);
    run.moves(A, Phase::Open, errors(10, 10));
    run.attempts(A, 0, 10);
    run.ended(fallback(10));
    run.below(30);
    run.probed(A, false);
    run.below(60);
    let ill = run.compared().expect("there was an incident").plain;
    assert_eq!(ill.upstream, 13, "it came back after a minute for three");
    run.probed(A, true);
    run.below(120);
    let well = run.compared().expect("there was an incident").plain;
    assert_eq!(well.upstream, 13, "what it sends is answered now");
}

#[test]
fn with_a_bad_key_everything_fails_however_few_were_tried() {
    let mut run = Run::new(&[A, B]);
    run.calm(60);
    let verdict = Verdict::new(Class::Credential, "x").status(401);
    run.moves(A, Phase::Open, Reason::Certain { verdict });
    run.attempts(A, 9, 1);
    run.attempts(B, 1, 0);
    run.ended(Exchanges {
        primary: 9,
        fallback: 1,
        ..Exchanges::default()
    });
    run.below(62);
    let all = run.compared().expect("there was an incident");
    // The one that we had too, two more once ours is known to be open, and three when it is back a minute later.
    assert_eq!((all.upstream, all.plain.upstream), (1, 1 + 2 + 3));
}

#[test]
fn routes_are_asked_as_much_as_before_the_incident() {
    let mut run = Run::new(&[A, B]);
    let s = run.state.snapshot(Wall(START * 1000));
    let mut two = s;
    two.routes.push(RouteView::new("q".into(), vec![B.into()]));
    let mut plain = Plain::default();
    plain.topology(&two, &[None, None]);
    plain.saw(1, &[(0, 30), (0, 10)]);
    // 40 requests: 30 to the first tier, which fails 2 of them, 10 and those 2 to the other one.
    let out = plain.send(2, 40.0, &[(2.0 / 30.0, 0.0), (0.0, 0.0)]);
    assert_eq!(
        (out.upstream.round(), out.lower.round(), out.users),
        (2.0, 2.0, 0.0)
    );
    run.calm(1);
}

#[test]
fn an_incident_ends_after_a_quiet_quarter_of_an_hour() {
    let mut run = Run::new(&[A, B]);
    run.calm(60);
    let failed = Exchanges {
        primary: 9,
        error: 1,
        ..Exchanges::default()
    };
    run.attempts(A, 9, 1);
    run.ended(failed.clone());
    run.calm(800);
    let one = run.compared().expect("it is not over yet");
    assert_eq!((one.upstream, one.users), (1, 1));
    assert_eq!(one.since, Wall((START + 60) * 1000));
    run.calm(101);
    assert_eq!(run.compared(), None);
    run.attempts(A, 9, 1);
    run.ended(failed);
    run.calm(1);
    let other = run.compared().expect("another one");
    assert_eq!((other.upstream, other.users), (1, 1), "the first is over");
}

proptest! {
    /// Fewer failures than take a deployment out, and no breaker that moves.
    #[test]
    fn in_calm_both_are_equal(seconds in prop::collection::vec((0..20u32, prop::bool::ANY), 1..40), failing in prop::collection::vec(0..40usize, 0..2)) {
        let mut run = Run::new(&[A, B]);
        for (i, (n, user)) in seconds.iter().enumerate() {
            let fail = u32::from(failing.contains(&i));
            run.attempts(A, *n, fail);
            run.attempts(B, fail, 0);
            run.ended(Exchanges { primary: *n, fallback: fail, error: u32::from(*user && fail > 0), ..Exchanges::default() });
        }
        if let Some(all) = run.compared() {
            prop_assert_eq!((all.upstream, all.users, all.lower), (all.plain.upstream, all.plain.users, all.plain.lower));
        }
    }

    #[test]
    fn no_more_is_lost_than_was_asked(seconds in prop::collection::vec((0..20u32, 0..20u32, 0..6u8), 1..200)) {
        let mut run = Run::new(&[A, B]);
        let mut asked = 0;
        for (ok, fail, what) in seconds {
            match what {
                0 => run.moves(A, Phase::Open, quality(1, 2)),
                1 => run.moves(A, Phase::Closed, Reason::ForceEnded),
                2 => run.probed(A, ok > fail),
                _ => {}
            }
            run.attempts(A, ok, fail);
            run.ended(fallback(ok + fail));
            asked += u64::from(ok + fail);
            if let Some(all) = run.compared() {
                let plain = all.plain;
                prop_assert!(plain.users + plain.lower <= asked + 1 && plain.bad <= asked + 1);
            }
        }
    }
}
