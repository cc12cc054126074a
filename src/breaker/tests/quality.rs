use super::*;

const GOOD: f64 = 0.9;
const BAD: f64 = 0.2;

/// Tripped by bad answers, with a judge at hand, and probing.
fn probing() -> Rig {
    let mut rig = Rig::new(Settings::default());
    rig.judge_available(true);
    while rig.phase() == Phase::Closed {
        rig.judged(BAD);
        rig.wait(1.0);
    }
    rig.wait_until_probe();
    rig
}

fn literally() -> Rig {
    let mut rig = Rig::new(Settings {
        mode: Mode::RollingMean,
        ..Settings::default()
    });
    rig.judge_available(true);
    rig
}

#[test]
fn read_literally_a_bad_mean_trips_at_the_minimum_sample_and_not_before() {
    let mut rig = literally();
    for _ in 0..19 {
        assert_eq!(rig.judged(0.6), []);
        rig.wait(10.0);
    }
    let moves = rig.judged(0.6);
    assert!(
        matches!(reason(&moves), Reason::Quality { mean, n: 20, window_s: 3600, .. } if (mean - 0.6).abs() < 1e-9)
    );
}

#[test]
fn read_literally_good_answers_growing_old_trip_nothing() {
    let mut rig = literally();
    for _ in 0..60 {
        rig.judged(GOOD);
    }
    rig.wait(1800.0);
    for _ in 0..40 {
        rig.judged(0.5);
    }
    rig.wait(1850.0);
    assert!(rig.breaker.view(rig.now).judged.value().unwrap() < 0.7);
    assert_eq!(rig.judged(GOOD), []);
    assert_eq!(to(&rig.judged(BAD)), [Phase::Open]);
}

#[test]
fn read_literally_an_error_rate_over_the_limit_trips_at_twenty_attempts() {
    let mut rig = literally();
    for _ in 0..18 {
        rig.request(Class::Ok);
        rig.wait(1.0);
    }
    assert_eq!(rig.request(Class::Fault), []);
    let moves = rig.request(Class::Fault);
    assert!(
        matches!(
            reason(&moves),
            Reason::ErrorRate {
                bad: 2,
                n: 20,
                window_s: 60,
                ..
            }
        ),
        "{moves:?}"
    );
}

#[test]
fn bad_answers_trip_at_the_third_or_fourth_score_and_say_what_was_seen() {
    let mut rig = Rig::new(Settings::default());
    rig.judge_available(true);
    for _ in 0..30 {
        assert_eq!(rig.judged(GOOD), []);
        rig.wait(1.0);
    }
    let mut moves = Vec::new();
    for _ in 0..4 {
        moves = rig.judged(BAD);
        if !moves.is_empty() {
            break;
        }
        rig.wait(1.0);
    }
    let Reason::Quality {
        mean,
        bad,
        n,
        judge: by,
        ..
    } = reason(&moves)
    else {
        panic!("{moves:?}")
    };
    assert!((3..=4).contains(n) && bad == n && (mean - BAD).abs() < 1e-9);
    assert_eq!(by.as_ref(), Some(&judge()));
}

#[test]
fn what_is_no_score_counts_as_none() {
    let mut rig = Rig::new(Settings::default());
    let ticket = rig.permit().ticket();
    for score in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        rig.score(ticket, score);
    }
    assert_eq!(rig.breaker.view(rig.now).judged.n, 0);
}

#[test]
fn the_hour_that_tripped_it_does_not_trip_it_again() {
    let mut rig = probing();
    for _ in 0..3_000 {
        rig.wait(0.1);
        rig.judged(GOOD);
        assert_ne!(rig.phase(), Phase::Open);
    }
    assert_eq!(rig.phase(), Phase::Closed);
    assert_eq!(rig.judged(BAD), []);
}

#[test]
fn a_late_score_changes_nothing() {
    let mut rig = Rig::new(Settings::default());
    let late = rig.permit().ticket();
    rig.trip();
    rig.recover();
    let before = rig.breaker.view(rig.now);
    for _ in 0..50 {
        assert_eq!(rig.score(late, BAD), []);
    }
    assert_eq!(rig.breaker.view(rig.now), before);
}

#[test]
fn after_nothing_but_bad_answers_a_probe_needs_three_good_scores() {
    let mut rig = probing();
    for _ in 0..2 {
        rig.judged(GOOD);
    }
    for _ in 0..5 {
        rig.request(Class::Ok);
    }
    assert_eq!(rig.phase(), Phase::Probe);
    rig.judged(GOOD);
    assert_eq!(rig.phase(), Phase::Ramp(5));
}

#[test]
fn after_an_outage_two_good_scores_are_enough() {
    let mut rig = Rig::tripped(Settings::default());
    rig.judge_available(true);
    rig.wait_until_probe();
    for _ in 0..5 {
        rig.request(Class::Ok);
    }
    rig.judged(GOOD);
    assert_eq!(rig.phase(), Phase::Probe);
    rig.judged(GOOD);
    assert_eq!(rig.phase(), Phase::Ramp(5));
}

#[test]
fn a_probe_that_fails_while_the_judge_is_awaited_takes_its_evidence_back() {
    let mut rig = Rig::tripped(Settings::default());
    rig.judge_available(true);
    rig.wait_until_probe();
    for class in [Class::Ok, Class::Ok, Class::Ok, Class::Fault] {
        rig.request(class);
    }
    let ticket = rig.permit().ticket();
    for _ in 0..2 {
        rig.score(ticket, GOOD);
    }
    assert_eq!(rig.phase(), Phase::Probe);
    rig.request(Class::Ok);
    assert_eq!(rig.phase(), Phase::Ramp(5));
}

#[test]
fn a_bad_credential_in_a_ramp_does_not_make_bad_answers_forgotten() {
    let mut rig = probing();
    while rig.phase() == Phase::Probe {
        rig.judged(GOOD);
    }
    rig.request(Class::Credential);
    rig.wait_until_probe();
    rig.judged(GOOD);
    for _ in 0..5 {
        rig.request(Class::Ok);
    }
    assert_eq!(rig.phase(), Phase::Probe, "one score is not enough");
}

#[test]
fn probes_that_are_judged_bad_open_it_again() {
    let mut rig = probing();
    let mut moves = Vec::new();
    while moves.is_empty() {
        moves = rig.judged(BAD);
    }
    assert!(matches!(
        reason(&moves),
        Reason::ProbeJudgedBad { n: 1..=2, .. }
    ));
    assert!((48.0..=72.0).contains(&open_for(&moves, rig.now)));
}

#[test]
fn without_a_judge_three_clean_probes_are_enough() {
    let mut rig = probing();
    rig.judge_available(false);
    assert_eq!(rig.pass_probe(), 3);
}

#[test]
fn a_judge_that_goes_away_does_not_hold_a_probe_up() {
    let mut rig = probing();
    for _ in 0..4 {
        rig.request(Class::Ok);
    }
    assert_eq!(rig.phase(), Phase::Probe);
    rig.judge_available(false);
    assert!(rig.breaker.next_timer().unwrap() <= rig.now);
    assert_eq!(to(&rig.wait(0.0)), [Phase::Ramp(5)]);
}

#[test]
fn a_judge_that_never_scores_is_waited_for_only_so_long() {
    for (tripped_by_judge, patience) in [(true, 300.0), (false, 30.0)] {
        let mut rig = if tripped_by_judge {
            probing()
        } else {
            Rig::tripped(Settings::default())
        };
        rig.judge_available(true);
        rig.wait_until_probe();
        for _ in 0..3 {
            rig.request(Class::Ok);
        }
        rig.wait(patience - 1.0);
        assert_eq!(rig.phase(), Phase::Probe);
        rig.wait(1.0);
        assert_eq!(rig.phase(), Phase::Ramp(5));
    }
}

#[test]
fn one_bad_score_and_then_silence_ends_the_round_badly() {
    let mut rig = probing();
    rig.judged(0.4);
    for _ in 0..3 {
        rig.request(Class::Ok);
    }
    let moves = rig.wait(301.0);
    assert!(matches!(
        reason(&moves),
        Reason::ProbeJudgedBad { n: 1, .. }
    ));
}

#[test]
fn a_ramp_that_is_judged_bad_opens_it_again() {
    let mut rig = probing();
    while rig.phase() == Phase::Probe {
        rig.judged(GOOD);
    }
    let mut moves = Vec::new();
    while rig.phase() != Phase::Open {
        rig.now = rig.now + Duration::from_secs(5);
        moves = rig.judged(BAD);
    }
    assert!(
        matches!(reason(&moves), Reason::RampJudgedBad { .. }),
        "{moves:?}"
    );
}

#[test]
fn a_canary_is_judged_always_and_one_user_in_so_many() {
    let mut rig = Rig::new(Settings {
        judge_sample: 0.0,
        ..Settings::default()
    });
    rig.judge_available(true);
    for _ in 0..100 {
        let user = rig.permit().ticket();
        assert_eq!(rig.breaker.sample(user, false, rig.now), Sample::Keep);
        let drawn = rig.breaker.sample(user.of_canary(), false, rig.now);
        assert!(matches!(drawn, Sample::Judge { counts: true, .. }));
        rig.wait(300.0);
    }
    rig.judge_available(false);
    let canary = rig.permit().ticket().of_canary();
    assert_eq!(rig.breaker.sample(canary, false, rig.now), Sample::Skip);
}

#[test]
fn bad_canaries_trip_within_half_an_hour_of_a_night_without_users() {
    let mut rig = Rig::new(Settings::default());
    rig.judge_available(true);
    let began = rig.now;
    while rig.phase() == Phase::Closed {
        rig.wait(300.0);
        let Some(permit) = rig.admitted() else { break };
        let ticket = permit.ticket().of_canary();
        rig.report(permit, Class::Ok);
        rig.score(ticket, BAD);
    }
    assert!(matches!(
        rig.breaker.view(rig.now).reason,
        Some(Reason::Quality { .. })
    ));
    assert!(rig.now.since(began) <= Duration::from_mins(30));
}

#[test]
fn what_is_usual_is_learned_from_users_alone() {
    let usual = |canary: bool| {
        let mut rig = Rig::new(Settings::default());
        rig.judge_available(true);
        for _ in 0..500 {
            let ticket = rig.permit().ticket();
            let ticket = if canary { ticket.of_canary() } else { ticket };
            rig.score(ticket, GOOD);
            rig.wait(1.0);
        }
        rig.breaker.view(rig.now).watch.usual
    };
    let untouched = Rig::new(Settings::default()).breaker.view(Mono::default());
    let untouched = untouched.watch.usual;
    assert!((usual(true) - untouched).abs() < 1e-12);
    assert!(usual(false) < untouched - 0.01);
}
