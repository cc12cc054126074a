//! Each fact once, no end without a beginning, what flaps in groups.

use super::*;
use crate::{
    alerts::{
        look::Looks,
        sieve::{Sieve, Told},
    },
    model::{
        Dialect, Force, ForceKind, Mono, Snapshot, State,
        event::{Kind, SCHEMA},
        phase::{Spared, WouldTrip},
        series::Share,
        snapshot::{DeploymentView, RouteView, Rung3View, UsersWord},
        topology::{DeploymentInfo, Topology},
    },
};
use proptest::prelude::*;
use std::time::Duration;

/// What a recipient hears of these, one a second.
struct Ear {
    to: Alert,
    sieve: Sieve,
    now: u64,
}

impl Ear {
    fn of(lines: &str) -> Self {
        Self {
            to: alert(lines),
            sieve: Sieve::default(),
            now: 0,
        }
    }

    fn hears(&mut self, concern: Concern) -> Option<Told> {
        self.now += 1;
        self.sieve
            .take(&self.to, concern, Mono::from_secs(self.now))
    }

    fn later(&mut self, secs: u64) -> Vec<Told> {
        self.now += secs;
        self.sieve.due(Mono::from_secs(self.now))
    }
}

fn forced(kind: ForceKind, who: &str) -> Kind {
    Kind::Forced {
        deployment: "anthropic/claude".into(),
        force: Force {
            kind,
            who: who.to_owned(),
            why: "status page".to_owned(),
            until: T0,
        },
    }
}

#[test]
fn a_breaker_is_told_when_it_opens_and_when_it_is_closed_and_not_between() {
    let mut ear = Ear::of("");
    assert!(ear.hears(concern(opened())).is_some());
    let steps = [Phase::Probe, Phase::Open, Phase::Probe, Phase::Ramp(25)];
    for to in steps {
        let told = ear.hears(concern(moved(to, Reason::CooldownOver)));
        assert_eq!(told, None, "{to}");
    }
    let told = ear.hears(concern(closed())).expect("it is over");
    assert!(told.concern.resolved);
    assert_eq!(ear.hears(concern(closed())), None, "once");
}

#[test]
fn whoever_wants_every_step_gets_every_step() {
    let mut ear = Ear::of("on = ['steps']");
    let told: Vec<_> = [
        opened(),
        moved(Phase::Probe, Reason::CooldownOver),
        moved(Phase::Ramp(25), Reason::ProbePassed { clean: 1 }),
        closed(),
    ]
    .into_iter()
    .filter_map(|kind| ear.hears(concern(kind))?.concern.to)
    .collect();
    assert_eq!(told, ["OPEN", "PROBE", "RAMP 25%", "CLOSED"]);
}

#[test]
fn only_what_is_asked_for_is_told() {
    let mut ear = Ear::of("on = ['rung3']");
    assert_eq!(ear.hears(concern(opened())), None);
    let on = Kind::Rung3On {
        route: None,
        who: "eve".to_owned(),
        why: String::new(),
        until: T0,
    };
    assert!(ear.hears(concern(on)).is_some());
}

#[test]
fn forces_by_people_are_told_and_another_one_is_news() {
    let mut ear = Ear::of("");
    assert!(ear.hears(concern(forced(ForceKind::Open, "eve"))).is_some());
    assert_eq!(
        ear.hears(concern(forced(ForceKind::Open, "eve"))),
        None,
        "the same again"
    );
    let other = ear.hears(concern(forced(ForceKind::Closed, "bob")));
    assert_eq!(other.and_then(|t| t.concern.to).unwrap(), "FORCED CLOSED");
}

#[test]
fn what_a_drill_does_wakes_nobody_and_its_end_neither() {
    let mut ear = Ear::of("");
    let drilled = Concern {
        drill: true,
        ..concern(opened())
    };
    assert_eq!(ear.hears(drilled), None);
    assert_eq!(ear.hears(concern(closed())), None);
    let order = concern(forced(ForceKind::Open, "drill:april-7"));
    assert!(order.drill, "a drill's own orders are the drill's");
    assert_eq!(ear.hears(order), None);
}

#[test]
fn what_a_drill_does_is_told_with_a_mark_to_whoever_asks_for_it() {
    let mut ear = Ear::of("drills = true");
    let drilled = Concern {
        drill: true,
        ..concern(opened())
    };
    assert!(ear.hears(drilled).expect("it is told").concern.drill);
    let over = ear.hears(concern(closed())).expect("it is over");
    assert!(over.concern.drill, "its end is marked as well");
}

#[test]
fn the_real_thing_after_a_drill_is_told() {
    let mut ear = Ear::of("");
    let drilled = Concern {
        drill: true,
        ..concern(opened())
    };
    assert_eq!(ear.hears(drilled), None);
    let probe_failed = concern(moved(Phase::Open, Reason::CooldownOver));
    assert!(ear.hears(probe_failed).is_some(), "still open, in earnest");
    assert!(!ear.hears(concern(closed())).unwrap().concern.drill);
}

#[test]
fn a_trip_that_another_replica_saw_is_told_by_that_one() {
    let mut ear = Ear::of("");
    let heard = moved(
        Phase::Open,
        Reason::Fleet {
            replica: "b".to_owned(),
            cause: "error_rate".to_owned(),
        },
    );
    assert_eq!(ear.hears(concern(heard)), None);
    assert_eq!(ear.hears(concern(closed())), None);
}

fn would_trip(spared: Spared, reason: Reason) -> Kind {
    Kind::WouldTrip {
        deployment: "anthropic/claude".into(),
        trip: WouldTrip {
            reason,
            spared: Some(spared),
            until: None,
        },
    }
}

#[test]
fn a_trip_that_was_withheld_is_told_with_what_it_would_have_been_for_and_why_it_serves() {
    for (spared, why) in [
        (Spared::Observed, "it only observes"),
        (Spared::Forced, "it is forced closed"),
        (Spared::LastOne, "it is the last one that serves"),
    ] {
        let mut ear = Ear::of("on = ['would_trip']");
        let kind = would_trip(spared, Reason::CooldownOver);
        let told = ear.hears(concern(kind.clone())).expect("it is told");
        assert_eq!(
            told.concern.text,
            format!("anthropic/claude would have tripped: cooldown over; {why}")
        );
        assert_eq!(told.concern.reason.as_deref(), Some("cooldown over"));
        assert_eq!(
            ear.hears(concern(kind)),
            None,
            "said again after a cooldown"
        );
        assert_eq!(ear.hears(concern(opened())), None, "another subject");
    }
}

#[test]
fn a_trip_withheld_by_an_injected_fault_wakes_nobody_and_a_real_one_does() {
    let mut ear = Ear::of("");
    let kind = would_trip(Spared::Observed, Reason::CooldownOver);
    let drilled = Concern {
        drill: true,
        ..concern(kind.clone())
    };
    assert_eq!(ear.hears(drilled), None);
    assert!(ear.hears(concern(kind)).is_some());
}

#[test]
fn a_trip_of_another_replica_that_was_withheld_here_is_told_by_that_one() {
    let mut ear = Ear::of("");
    let reason = Reason::Fleet {
        replica: "b".to_owned(),
        cause: "error_rate".to_owned(),
    };
    assert_eq!(
        ear.hears(concern(would_trip(Spared::Observed, reason))),
        None
    );
}

/// A snapshot after so many seconds, with this deployment in it.
fn with(secs: u64, d: DeploymentView) -> Snapshot {
    Snapshot {
        at: T0 + Duration::from_secs(secs),
        deployments: vec![d],
        ..Snapshot::default()
    }
}

fn claude(is_spared: bool, phase: Phase) -> DeploymentView {
    let info = DeploymentInfo {
        id: "anthropic/claude".into(),
        provider: "anthropic".into(),
        dialect: Dialect::Anthropic,
        model: "claude".to_owned(),
        disabled: None,
    };
    let mut state = State::new();
    state.apply(&event(Kind::Started {
        schema: SCHEMA,
        version: String::new(),
        listen: String::new(),
        topology: Topology {
            deployments: vec![info],
            ..Topology::default()
        },
    }));
    let known = state.snapshot(T0).deployments.remove(0);
    let trip = WouldTrip {
        reason: Reason::CooldownOver,
        spared: None,
        until: None,
    };
    DeploymentView {
        phase,
        would_trip: is_spared.then_some(trip),
        ..known
    }
}

#[test]
fn what_gave_no_cause_to_open_for_five_minutes_is_told_to_be_over() {
    let (mut ear, mut looks) = (Ear::of(""), Looks::default());
    let kind = would_trip(Spared::Observed, Reason::CooldownOver);
    assert!(ear.hears(concern(kind)).is_some());
    let mut at = |secs, is_spared| -> Vec<String> {
        let seen = looks.at(&with(secs, claude(is_spared, Phase::Closed)));
        let heard = seen.into_iter().filter_map(|c| ear.hears(c));
        heard.map(|t| t.concern.text).collect()
    };
    assert_eq!(at(299, true), [""; 0]);
    assert_eq!(
        at(300, false),
        [""; 0],
        "its cooldown is over, its outage may not be"
    );
    assert_eq!(at(310, true), [""; 0], "it is not");
    assert_eq!(at(609, false), [""; 0]);
    let over = "anthropic/claude has given no cause to open for 5 min";
    assert_eq!(at(610, false), [over]);
    assert_eq!(at(611, false), [""; 0], "once");
}

#[test]
fn who_is_spared_no_longer_is_told_at_once() {
    let (mut ear, mut looks) = (Ear::of(""), Looks::default());
    let kind = would_trip(Spared::LastOne, Reason::CooldownOver);
    assert!(ear.hears(concern(kind)).is_some());
    looks.hear(&event(would_trip(Spared::LastOne, Reason::CooldownOver)));
    let seen = looks.at(&with(1, claude(false, Phase::Open)));
    let told: Vec<_> = seen.into_iter().filter_map(|c| ear.hears(c)).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0].concern.text,
        "anthropic/claude is spared no longer: OPEN"
    );
}

#[test]
fn what_a_reload_takes_out_is_over() {
    let (mut ear, mut looks) = (Ear::of(""), Looks::default());
    assert!(ear.hears(concern(opened())).is_some());
    assert!(ear.hears(concern(forced(ForceKind::Open, "eve"))).is_some());
    let dark = RouteView::new("r".into(), vec!["p/gone".into()]);
    let mut at = |secs, d: Option<DeploymentView>, route: Option<RouteView>| -> Vec<String> {
        let s = Snapshot {
            at: T0 + Duration::from_secs(secs),
            deployments: d.into_iter().collect(),
            routes: route.into_iter().collect(),
            ..Snapshot::default()
        };
        let heard = looks.at(&s).into_iter().filter_map(|c| ear.hears(c));
        heard.map(|t| t.concern.key).collect()
    };
    let there = || Some(claude(false, Phase::Open));
    assert_eq!(at(0, there(), Some(dark.clone())), [""; 0]);
    assert_eq!(at(3, there(), Some(dark)), ["route:r"]);
    let over = [
        "breaker:anthropic/claude",
        "force:anthropic/claude",
        "route:r",
    ];
    assert_eq!(at(4, None, None), over);
    assert_eq!(at(5, None, None), [""; 0]);
}

#[test]
fn rung_3_that_is_switched_off_for_all_is_over_for_each() {
    let (mut ear, mut looks) = (Ear::of(""), Looks::default());
    let on = |route: Option<&str>| Kind::Rung3On {
        route: route.map(Into::into),
        who: "eve".to_owned(),
        why: String::new(),
        until: T0,
    };
    let off = Kind::Rung3Off {
        route: None,
        who: "eve".to_owned(),
    };
    let seen = |is_on: bool| {
        let mut route = RouteView::new("r".into(), Vec::new());
        route.rung3 = is_on.then(|| Rung3View {
            who: "eve".to_owned(),
            why: String::new(),
            until: T0,
        });
        Snapshot {
            routes: vec![route],
            ..Snapshot::default()
        }
    };
    assert!(ear.hears(concern(on(Some("r")))).is_some());
    assert!(ear.hears(concern(on(None))).is_some());
    looks.at(&seen(true));
    let told = ear.hears(concern(off)).expect("all");
    assert_eq!(told.concern.key, "rung3:all");
    let told: Vec<_> = looks
        .at(&seen(false))
        .into_iter()
        .filter_map(|c| ear.hears(c))
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&*told[0].concern.key, told[0].concern.resolved),
        ("rung3:r", true)
    );
}

#[test]
fn what_flaps_is_told_twice_and_then_in_groups() {
    let mut ear = Ear::of("");
    let mut told = 0;
    for _ in 0..6 {
        told += usize::from(ear.hears(concern(opened())).is_some());
        told += usize::from(ear.hears(concern(closed())).is_some());
        assert!(ear.later(1).is_empty());
    }
    assert_eq!(told, 4);
    let late = ear.later(60);
    let [group] = late.as_slice() else {
        panic!("one message: {late:?}")
    };
    assert!(group.concern.resolved, "how it stands now");
    assert_eq!(group.times, 6);
}

#[test]
fn what_begins_again_after_many_times_and_stays_is_told_within_a_minute() {
    let mut ear = Ear::of("");
    for _ in 0..2 {
        ear.hears(concern(opened()));
        ear.hears(concern(closed()));
    }
    assert_eq!(ear.hears(concern(opened())), None, "it waits");
    assert!(ear.later(58).is_empty());
    let late = ear.later(2);
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].times, late[0].concern.resolved), (3, false));
}

#[test]
fn users_that_fail_are_told_once_and_when_they_do_no_longer() {
    let (mut ear, mut looks) = (Ear::of(""), Looks::default());
    let mut at = |word, secs: u64, ear: &mut Ear| -> Vec<String> {
        let mut s = Snapshot {
            at: T0 + Duration::from_secs(secs),
            ..Snapshot::default()
        };
        s.users.word = word;
        s.users.failed_1m = Share { bad: 12, n: 340 };
        let heard = looks.at(&s).into_iter().filter_map(|c| ear.hears(c));
        heard.map(|t| t.concern.text).collect()
    };
    assert_eq!(at(UsersWord::Degraded, 0, &mut ear), [""; 0]);
    assert_eq!(
        at(UsersWord::Canned, 1, &mut ear),
        ["users canned: some got the canned answer"]
    );
    let failing = "users FAILING: 12 of 340 requests failed in the last minute";
    assert_eq!(at(UsersWord::Failing, 2, &mut ear), [failing]);
    assert_eq!(at(UsersWord::Canned, 3, &mut ear), [""; 0], "not well yet");
    assert_eq!(
        at(UsersWord::Ok, 4, &mut ear),
        ["users no longer FAILING: ok"]
    );
}

#[test]
fn a_route_without_a_tier_is_told_when_it_lasts() {
    let (mut ear, mut looks) = (Ear::of(""), Looks::default());
    let mut at = |secs: u64, ear: &mut Ear| {
        let s = Snapshot {
            at: T0 + Duration::from_secs(secs),
            routes: vec![RouteView::new("r".into(), vec!["p/gone".into()])],
            ..Snapshot::default()
        };
        looks
            .at(&s)
            .into_iter()
            .filter_map(|c| ear.hears(c))
            .count()
    };
    assert_eq!(
        [
            at(0, &mut ear),
            at(2, &mut ear),
            at(3, &mut ear),
            at(4, &mut ear)
        ],
        [0, 0, 1, 0]
    );
}

proptest! {
    /// Whatever comes in whatever order: what was told last is how things stand, after a quiet minute.
    #[test]
    fn the_last_word_is_true(moves in prop::collection::vec((any::<bool>(), 0_u64..90), 1..60)) {
        let mut ear = Ear::of("");
        let mut last = None;
        let mut count = 0;
        for (open, pause) in &moves {
            let told = ear.later(*pause);
            count += told.len();
            last = told.into_iter().last().or(last);
            if let Some(told) = ear.hears(concern(if *open { opened() } else { closed() })) {
                count += 1;
                last = Some(told);
            }
        }
        last = ear.later(60).into_iter().last().or(last);
        let open = last.as_ref().is_some_and(|t| !t.concern.resolved);
        let is = moves.last().is_some_and(|(open, _)| *open);
        prop_assert_eq!(open, is);
        // Four in five minutes, and what stood for a minute.
        let most = 4 * (ear.now / 300 + 1) + ear.now / 60 + 1;
        prop_assert!(count as u64 <= most, "{} messages in {} s", count, ear.now);
    }
}
