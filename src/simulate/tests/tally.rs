use super::*;
use crate::simulate::{judges::Worth, parse};

const BEGINS: Mono = Mono(1_000_000);

/// Bad from 100 to 200 s and from 400 s on; measured from its first second.
fn tally() -> Tally {
    let text = "baseline = \"cold\"\n[[providers]]\nid = \"a\"\n\
                phases = [{ t = 100, err = 1 }, { t = 200 }, { t = 400, err = 1 }]\n\
                [[providers]]\nid = \"b\"";
    Tally::new(&parse("t.toml", text).unwrap(), BEGINS)
}

fn at(secs: u64) -> Mono {
    BEGINS + std::time::Duration::from_secs(secs)
}

fn go(tally: &mut Tally, provider: usize, from: Phase, to: Phase, secs: u64) {
    let moved = Moved {
        provider,
        from,
        to,
        cause: Cause::Error,
        why: String::new(),
    };
    tally.moved(moved, at(secs));
}

#[test]
fn a_trip_is_right_in_a_spell_of_its_own_provider_and_shortly_after() {
    for (provider, secs, right) in [
        (0, 50, false),
        (0, 103, true),
        (0, 219, true),
        (0, 221, false),
        (1, 150, false),
    ] {
        let mut tally = tally();
        go(&mut tally, provider, Phase::Closed, Phase::Open, secs);
        let outcome = tally.outcome();
        assert_eq!(
            (outcome.opens, outcome.outside),
            (1, u64::from(!right)),
            "{provider} at {secs}"
        );
        let trip = outcome.first_trip.filter(|t| t.is_finite());
        assert_eq!(trip.is_some(), right, "{provider} at {secs}");
    }
}

#[test]
fn times_count_from_where_a_spell_begins_and_ends() {
    let mut tally = tally();
    go(&mut tally, 0, Phase::Closed, Phase::Open, 104);
    go(&mut tally, 0, Phase::Open, Phase::Probe, 160);
    go(&mut tally, 0, Phase::Probe, Phase::Closed, 180);
    go(&mut tally, 0, Phase::Closed, Phase::Open, 190);
    go(&mut tally, 0, Phase::Probe, Phase::Ramp(5), 230);
    go(&mut tally, 0, Phase::Ramp(50), Phase::Closed, 260);
    go(&mut tally, 0, Phase::Closed, Phase::Open, 402);
    let outcome = tally.outcome();
    assert_eq!(outcome.first_trip, Some(4.0));
    assert_eq!(outcome.wrong_closes, 1);
    assert_eq!(outcome.recover, Some(60.0));
    assert_eq!(outcome.relapse, Some(2.0));
    assert_eq!((outcome.opens, outcome.outside), (3, 0));
}

#[test]
fn a_breaker_that_was_away_already_has_no_time_to_trip() {
    let mut tally = tally();
    go(&mut tally, 0, Phase::Closed, Phase::Open, 60);
    assert_eq!(tally.outcome().first_trip, None);
}

#[test]
fn what_never_comes_is_infinite() {
    let outcome = tally().outcome();
    assert_eq!(outcome.first_trip, Some(f64::INFINITY));
    assert_eq!(outcome.recover, Some(0.0), "it never left");
    let mut tripped = tally();
    go(&mut tripped, 0, Phase::Closed, Phase::Open, 104);
    assert_eq!(tripped.outcome().recover, Some(f64::INFINITY));
}

#[test]
fn bad_answers_count_from_bad_providers_and_before_the_trip_apart() {
    let mut tally = tally();
    for (worth, sick) in [
        (Worth::Garbage, true),
        (Worth::Mediocre, true),
        (Worth::Good, true),
        (Worth::Garbage, false),
    ] {
        tally.answered(worth, sick, at(101));
    }
    go(&mut tally, 0, Phase::Closed, Phase::Open, 104);
    tally.answered(Worth::Garbage, true, at(105));
    let counts = tally.outcome().counts;
    assert_eq!(
        (counts.bad, counts.bad_before_trip, counts.answered),
        (3, 2, 5)
    );
}

#[test]
fn nothing_counts_before_the_measuring_begins() {
    let mut tally = tally();
    tally.arrived(Mono(1));
    tally.unserved(Mono(1));
    tally.judge_called(Purpose::Sample, Mono(1));
    assert_eq!(tally.outcome().counts, Counts::default());
}
