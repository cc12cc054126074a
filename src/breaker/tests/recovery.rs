use super::*;
use crate::model::ForceKind;

fn probing() -> Rig {
    let mut rig = Rig::tripped(Settings::default());
    rig.wait_until_probe();
    rig
}

#[test]
fn a_cooldown_ends_on_the_tick_and_not_on_a_request() {
    let mut rig = Rig::tripped(Settings::default());
    rig.now = rig.breaker.next_timer().unwrap();
    assert_eq!(rig.refusal().phase, Phase::Open);
    let moves = rig.breaker.tick(rig.now);
    assert_eq!(
        (to(&moves), reason(&moves)),
        (vec![Phase::Probe], &Reason::CooldownOver)
    );
}

#[test]
fn of_500_waiting_requests_exactly_one_becomes_the_first_probe() {
    let mut rig = probing();
    let probes = (0..500)
        .filter(|_| matches!(rig.breaker.admit(rig.now), Admission::Probe(_)))
        .count();
    assert_eq!(probes, 1);
}

#[test]
fn after_a_clean_first_probe_three_are_in_flight() {
    let mut rig = probing();
    rig.request(Class::Ok);
    let probes: Vec<_> = (0..500).filter_map(|_| rig.admitted()).collect();
    assert_eq!(probes.len(), 3);
}

#[test]
fn a_hard_outage_takes_three_clean_probes() {
    assert_eq!(probing().pass_probe(), 3);
}

/// Tripped while every so many requests fail, and probing.
fn probing_after_one_in(every: u64) -> Rig {
    let mut rig = Rig::new(Settings::default());
    one_in(every, &mut rig);
    rig.wait_until_probe();
    rig
}

fn one_in(every: u64, rig: &mut Rig) {
    let mut n = 0;
    while rig.phase() != Phase::Open {
        if let Some(permit) = rig.admitted() {
            n += 1;
            let failed = n % every == 0;
            rig.report(permit, if failed { Class::Fault } else { Class::Ok });
        }
        rig.wait(0.1);
    }
}

#[test]
fn the_milder_the_trip_the_longer_the_look() {
    let third = probing_after_one_in(3).pass_probe();
    let tenth = probing_after_one_in(10).pass_probe();
    assert!((10..=20).contains(&third), "{third}");
    assert!((50..=60).contains(&tenth), "{tenth}");
}

#[test]
fn a_ramp_that_fails_mildly_makes_the_next_look_longer() {
    let mut rig = Rig::ramping();
    one_in(3, &mut rig);
    rig.wait_until_probe();
    let clean = rig.pass_probe();
    assert!(clean > 3, "{clean}");
}

#[test]
fn a_complete_recovery_leaves_no_suspicion_and_no_scores() {
    let mut rig = Rig::ramping();
    let mut scored = 0;
    while rig.phase() != Phase::Closed {
        rig.wait(5.0);
        let permit = rig.permit();
        scored += 1;
        rig.score(permit.ticket(), 0.9);
        // One step short of the end a failure leaves suspicion behind.
        let last = scored == 15;
        rig.report(permit, if last { Class::Fault } else { Class::Ok });
    }
    let view = rig.breaker.view(rig.now);
    assert_eq!((scored > 15, view.judged.n), (true, 0));
    assert!(view.suspicion.abs() < f64::EPSILON, "{}", view.suspicion);
}

#[test]
fn an_old_mild_trip_does_not_lengthen_the_look_after_a_force() {
    let mut rig = probing_after_one_in(10);
    rig.recover();
    let until = rig.now + Duration::from_mins(1);
    rig.breaker.force(ForceKind::Open, until, rig.now);
    rig.breaker.release(rig.now);
    assert_eq!(rig.pass_probe(), 3);
}

#[test]
fn a_failed_probe_opens_for_a_minute() {
    let mut rig = probing();
    let moves = rig.request(Class::Fault);
    assert!(matches!(reason(&moves), Reason::ProbeFailed { .. }));
    assert!((48.0..=72.0).contains(&open_for(&moves, rig.now)));
}

#[test]
fn a_rate_limited_probe_is_no_recovery() {
    let mut rig = probing();
    assert_eq!(to(&rig.request(Class::Throttle)), [Phase::Open]);
}

#[test]
fn a_bad_credential_in_a_probe_opens_for_a_whole_cooldown() {
    let mut rig = probing();
    let moves = rig.request(Class::Credential);
    assert!((270.0..=330.0).contains(&open_for(&moves, rig.now)));
}

#[test]
fn a_probe_that_its_caller_left_says_nothing_and_frees_its_place() {
    let mut rig = probing();
    assert_eq!(rig.request(Class::Abort), []);
    let permit = rig.permit();
    assert_eq!(rig.breaker.forget(permit, rig.now), []);
    assert!(rig.admitted().is_some());
    assert!(rig.admitted().is_none(), "still one alone");
}

#[test]
fn a_stuck_probe_frees_its_place_after_a_minute() {
    let mut rig = probing();
    let stuck = rig.permit();
    rig.wait(59.0);
    assert!(rig.admitted().is_none());
    rig.wait(1.0);
    assert!(rig.admitted().is_some());
    drop(stuck);
}

#[test]
fn a_long_answer_counts_although_its_place_was_taken_back() {
    let mut rig = probing();
    let long = rig.permit();
    rig.wait(90.0);
    rig.report(long, Class::Ok);
    let probes: Vec<_> = (0..5).filter_map(|_| rig.admitted()).collect();
    assert_eq!(probes.len(), 3);
}

#[test]
fn a_ramp_climbs_step_by_step_and_closes() {
    let mut rig = Rig::ramping();
    let mut steps = vec![rig.phase()];
    while rig.phase() != Phase::Closed {
        rig.wait(0.1);
        rig.request(Class::Ok);
        let phase = rig.phase();
        if steps.last() != Some(&phase) {
            steps.push(phase);
        }
    }
    assert_eq!(
        steps,
        [
            Phase::Ramp(5),
            Phase::Ramp(25),
            Phase::Ramp(50),
            Phase::Closed
        ]
    );
}

#[test]
fn a_step_takes_fifteen_seconds_however_much_traffic_there_is() {
    let mut rig = Rig::ramping();
    let began = rig.now;
    while rig.phase() == Phase::Ramp(5) {
        rig.wait(0.01);
        rig.request(Class::Ok);
    }
    let took = rig.now.since(began).as_secs_f64();
    assert!((15.0..15.1).contains(&took), "{took}");
}

#[test]
fn a_silent_deployment_climbs_after_ninety_seconds() {
    let mut rig = Rig::ramping();
    rig.wait(89.9);
    assert_eq!(rig.phase(), Phase::Ramp(5));
    rig.wait(0.2);
    assert_eq!(rig.phase(), Phase::Ramp(25));
}

#[test]
fn a_ramp_that_fails_opens_for_longer_each_time() {
    let mut rig = Rig::ramping();
    for expected in [60.0, 120.0, 240.0, 300.0, 300.0] {
        let mut moves = Vec::new();
        while moves.is_empty() {
            rig.now = rig.now + Duration::from_secs(5);
            moves = rig.request(Class::Fault);
        }
        assert!(matches!(reason(&moves), Reason::RampFailed { .. }));
        let wait = open_for(&moves, rig.now);
        assert!((wait / expected - 1.0).abs() <= 0.2, "{wait}");
        rig.wait_until_probe();
        rig.pass_probe();
    }
}

#[test]
fn one_failure_among_good_answers_does_not_end_a_ramp() {
    let mut rig = Rig::ramping();
    let mut n = 0;
    while rig.phase() != Phase::Closed {
        rig.wait(0.1);
        let Some(permit) = rig.admitted() else {
            continue;
        };
        n += 1;
        rig.report(permit, if n == 3 { Class::Fault } else { Class::Ok });
        assert_ne!(rig.phase(), Phase::Open);
    }
}

#[test]
fn a_person_can_ask_for_a_probe_of_an_open_breaker_only() {
    let mut rig = Rig::new(Settings::default());
    assert!(
        rig.breaker
            .probe_now("sam", rig.now)
            .unwrap_err()
            .contains("CLOSED")
    );
    rig.trip();
    let moves = rig.breaker.probe_now("sam", rig.now).unwrap();
    assert_eq!(reason(&moves), &Reason::ProbeAsked { who: "sam".into() });
    assert_eq!(rig.phase(), Phase::Probe);
}

#[test]
fn with_a_short_cooldown_it_serves_within_seconds_of_the_recovery() {
    for back_after in [0, 7, 33, 120] {
        let mut rig = Rig::with_cooldown(5);
        rig.trip();
        let back = rig.now + Duration::from_secs(back_after);
        while rig.now < back {
            rig.wait(0.1);
            rig.request(Class::Fault);
        }
        while !matches!(rig.phase(), Phase::Ramp(_)) {
            rig.wait(0.1);
            rig.request(Class::Ok);
        }
        let serving = rig.now.since(back).as_secs_f64();
        assert!(serving < 8.0, "back after {back_after}: {serving}");
        while rig.phase() != Phase::Closed {
            rig.wait(0.1);
            rig.request(Class::Ok);
        }
        let closed = rig.now.since(back).as_secs_f64();
        assert!(closed < 30.0, "back after {back_after}: {closed}");
    }
}
