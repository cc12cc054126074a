use super::*;

#[test]
fn four_slow_failures_open_it_with_the_evidence() {
    let mut rig = Rig::new(Settings::default());
    for _ in 0..3 {
        assert_eq!(rig.request(Class::Fault), []);
        rig.wait(5.0);
    }
    let moves = rig.request(Class::Fault);
    assert_eq!(
        reason(&moves),
        &Reason::ErrorRate {
            rate: 1.0,
            limit: 0.02,
            bad: 4,
            n: 4,
            window_s: 15
        }
    );
    assert_eq!(to(&moves), [Phase::Open]);
}

#[test]
fn a_bad_credential_opens_it_at_once() {
    let mut rig = Rig::new(Settings::default());
    let moves = rig.request(Class::Credential);
    assert!(matches!(reason(&moves), Reason::Certain { verdict } if verdict.status == Some(401)));
    assert_eq!(rig.phase(), Phase::Open);
}

#[test]
fn a_missing_model_opens_it_at_once() {
    let mut rig = Rig::new(Settings::default());
    assert_eq!(to(&rig.request(Class::Config)), [Phase::Open]);
}

#[test]
fn neither_rate_limits_nor_callers_are_errors() {
    for class in [
        Class::Throttle,
        Class::Quota,
        Class::Caller,
        Class::Context,
        Class::Policy,
        Class::Soft,
        Class::Abort,
        Class::Budget,
        Class::Local,
    ] {
        let mut rig = Rig::new(Settings::default());
        for _ in 0..100 {
            rig.request(class);
            rig.wait(1.0);
        }
        let view = rig.breaker.view(rig.now);
        assert_eq!((view.phase, view.errors.n), (Phase::Closed, 0), "{class}");
        assert!(view.suspicion.abs() < f64::EPSILON, "{class}");
    }
}

#[test]
fn an_open_breaker_says_until_when_it_refuses() {
    let mut rig = Rig::tripped(Settings::default());
    let refusal = rig.refusal();
    assert_eq!((refusal.phase, refusal.force), (Phase::Open, None));
    assert_eq!(refusal.until, rig.breaker.next_timer());
}

#[test]
fn a_cooldown_is_jittered_by_a_tenth_either_way() {
    let waits: Vec<f64> = (0..100)
        .map(|seed| {
            let now = Mono::from_secs(1);
            let breaker = Breaker::new(Settings::default(), seed, now);
            let mut rig = Rig { breaker, now };
            let moves = rig.request(Class::Credential);
            open_for(&moves, now)
        })
        .collect();
    assert!(waits.iter().all(|w| (270.0..=330.0).contains(w)));
    assert!(waits.iter().any(|&w| w < 280.0) && waits.iter().any(|&w| w > 320.0));
}

#[test]
fn relapses_double_the_cooldown_up_to_its_maximum() {
    let mut rig = Rig::new(Settings::default());
    for expected in [300.0, 600.0, 1200.0, 1200.0] {
        let moves = rig.trip();
        let wait = open_for(&moves, rig.now);
        assert!(
            (wait / expected - 1.0).abs() <= 0.1,
            "{wait} is not about {expected}"
        );
        rig.recover();
    }
}

#[test]
fn half_an_hour_without_a_relapse_starts_at_the_plain_cooldown_again() {
    let mut rig = Rig::tripped(Settings::default());
    rig.recover();
    let relapse = rig.trip();
    assert!(open_for(&relapse, rig.now) > 330.0);
    rig.recover();
    rig.wait(1801.0);
    let moves = rig.trip();
    assert!(open_for(&moves, rig.now) <= 330.0);
}

/// Failures with a good answer after each, until it opens.
fn failures_among_good_answers(rig: &mut Rig) -> u32 {
    let mut failures = 0;
    while rig.phase() == Phase::Closed {
        rig.request(Class::Fault);
        rig.wait(1.0);
        rig.request(Class::Ok);
        rig.wait(1.0);
        failures += 1;
    }
    failures
}

#[test]
fn a_provider_on_probation_trips_on_less_but_never_on_three_failures() {
    let mut fresh = Rig::new(Settings::default());
    assert_eq!(failures_among_good_answers(&mut fresh), 6);
    let recovered = || {
        let mut rig = Rig::tripped(Settings::default());
        rig.recover();
        rig.wait(3600.0);
        rig
    };
    assert_eq!(failures_among_good_answers(&mut recovered()), 4);
    let mut rig = recovered();
    for _ in 0..3 {
        rig.request(Class::Fault);
        rig.wait(1.0);
    }
    assert_eq!(rig.phase(), Phase::Closed);
    rig.request(Class::Fault);
    assert_eq!(rig.phase(), Phase::Open);
}

#[test]
fn suspicion_is_the_evidence_bar() {
    let mut rig = Rig::new(Settings::default());
    let mut before = 0.0;
    while rig.phase() == Phase::Closed {
        rig.request(Class::Fault);
        let now = rig.breaker.view(rig.now).suspicion;
        assert!(now > before);
        before = now;
        rig.wait(1.0);
    }
    assert!((before - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_late_verdict_changes_nothing() {
    let mut rig = Rig::new(Settings::default());
    let late: Vec<Permit> = (0..20).map(|_| rig.permit()).collect();
    rig.trip();
    rig.recover();
    let before = rig.breaker.view(rig.now);
    for permit in late {
        assert_eq!(rig.report(permit, Class::Fault), []);
    }
    assert_eq!(rig.breaker.view(rig.now), before);
}

#[test]
fn new_settings_keep_the_evidence() {
    let mut rig = Rig::new(Settings::default());
    for _ in 0..3 {
        rig.request(Class::Fault);
        rig.wait(1.0);
    }
    rig.breaker.configure(Settings {
        cooldown: Duration::from_mins(1),
        ..Settings::default()
    });
    let moves = rig.request(Class::Fault);
    assert!(open_for(&moves, rig.now) <= 66.0);
}
