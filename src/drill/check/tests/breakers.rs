//! The checks of what breakers did, and of how many requests met a fault.

use super::*;
use crate::model::event::Bucket;

fn error_rate(bad: u32) -> Reason {
    Reason::ErrorRate {
        rate: 1.0,
        limit: 0.02,
        bad,
        n: bad,
        window_s: 3,
    }
}

fn closed(name: &str) -> Kind {
    let Kind::Transition(t) = open(name, Reason::RampStep { ok: 9 }) else {
        unreachable!("that is what it is")
    };
    Kind::Transition(Transition {
        from: Phase::Ramp(50),
        to: Phase::Closed,
        ..t
    })
}

#[test]
fn nothing_tripped_or_somebody_did() {
    let quiet = Check::NothingTripped {
        tier: TierName::All,
    };
    assert!(passes(&quiet, &record()).contains("a/m stayed closed; b/m stayed closed"));
    let r = record().event(FROM + 300, open("b/m", error_rate(4)));
    assert!(fails(&quiet, &r).contains("b/m opened 1 times"));
    passes(
        &Check::NothingTripped {
            tier: TierName::At(0),
        },
        &r,
    );
    fails(
        &Check::NothingTripped {
            tier: TierName::At(7),
        },
        &r,
    );
}

#[test]
fn a_breaker_that_follows_every_turn_opens_too_often() {
    let r = record()
        .event(FROM + 300, open("a/m", error_rate(4)))
        .event(FROM + 3_000, open("a/m", error_rate(4)));
    let times = |times| Check::OpensAtMost {
        tier: TierName::At(0),
        times,
    };
    passes(&times(2), &r);
    fails(&times(1), &r);
}

#[test]
fn the_second_trip_takes_less_evidence_or_not() {
    let twice = |first, second| {
        record()
            .event(FROM + 300, open("a/m", error_rate(first)))
            .event(FROM + 9_000, open("a/m", error_rate(second)))
    };
    let check = Check::SecondTripFaster {};
    let said = passes(&check, &twice(5, 4));
    assert_eq!(said, "5 failed attempts the first time, 4 the second");
    fails(&check, &twice(4, 4));
    let once = record().event(FROM + 300, open("a/m", error_rate(4)));
    assert!(fails(&check, &once).contains("1 times, not twice"));
}

#[test]
fn the_primary_is_back_in_time_or_late_or_was_never_away() {
    let back = Check::PrimaryBack {
        within: Duration::from_secs(5),
    };
    let away = record().event(FROM + 300, open("a/m", error_rate(4)));
    assert!(fails(&back, &away).contains("a/m is OPEN after 10.0s"));
    passes(&back, &away.clone().event(TO + 4_000, closed("a/m")));
    fails(&back, &away.event(TO + 6_000, closed("a/m")));
    assert!(fails(&back, &record()).contains("never away"));
}

#[test]
fn hits_are_counted_by_the_fault_that_made_them() {
    let cleared = |number, hits| Kind::FaultCleared {
        id: number,
        deployment: id("a/m"),
        who: "drill:x".to_owned(),
        hits,
    };
    let hits = |at_most| Check::UpstreamHits { fault: 1, at_most };
    let r = record()
        .event(TO, cleared(1, 7))
        .event(TO, cleared(2, 1_000));
    assert!(passes(&hits(7), &r).starts_with("7 met it"));
    fails(&hits(6), &r);
    assert!(fails(&hits(7), &record()).contains("not known"));
}

#[test]
fn bad_answers_are_counted_until_the_breaker_opens() {
    let second = |n| {
        Kind::Bucket(Bucket {
            injected: vec![(1, n), (9, 100)],
            ..Bucket::empty(id("a/m"))
        })
    };
    let bad = |at_most| Check::BadAnswers { at_most };
    let r = record()
        .event(FROM + 1_000, second(3))
        .event(FROM + 2_000, open("a/m", error_rate(4)))
        .event(FROM + 3_000, second(2))
        .event(FROM + 9_000, second(50));
    assert!(passes(&bad(5), &r).starts_with("5 in the 2.0s"));
    fails(&bad(4), &r);
    let never = record().event(FROM + 1_000, second(3));
    assert!(fails(&bad(5), &never).contains("no breaker opened"));
}
