//! Each fact once, no end without a beginning, what flaps in groups.

use super::*;
use crate::{
    alerts::{
        look::Looks,
        sieve::{Sieve, Told},
    },
    model::{
        Force, ForceKind, Mono, Snapshot,
        event::Kind,
        series::Share,
        snapshot::{RouteView, UsersWord},
    },
};
use proptest::prelude::*;

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
            at: T0 + std::time::Duration::from_secs(secs),
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
            at: T0 + std::time::Duration::from_secs(secs),
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
