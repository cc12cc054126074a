use super::*;
use crate::model::{ForceKind, phase::Spared};

fn lay(rig: &mut Rig, kind: ForceKind, secs: u64) {
    let until = rig.now + Duration::from_secs(secs);
    assert_eq!(rig.breaker.force(kind, until, rig.now), []);
}

fn observing() -> Rig {
    Rig::new(Settings {
        observe: true,
        ..Settings::default()
    })
}

#[test]
fn forced_open_refuses_everything_and_says_until_when() {
    let mut rig = Rig::new(Settings::default());
    lay(&mut rig, ForceKind::Open, 600);
    let refusal = rig.refusal();
    assert_eq!(refusal.force, Some(ForceKind::Open));
    assert_eq!(refusal.until, Some(rig.now + Duration::from_mins(10)));
    assert_eq!(rig.breaker.view(rig.now).would_be, Phase::Closed);
}

#[test]
fn a_force_expires_on_the_tick_and_leads_to_a_probe() {
    let mut rig = Rig::new(Settings::default());
    lay(&mut rig, ForceKind::Open, 600);
    assert_eq!(rig.wait(599.0), []);
    let moves = rig.wait(1.0);
    assert_eq!(moves.first(), Some(&Move::ForceExpired(ForceKind::Open)));
    assert_eq!(
        (to(&moves), reason(&moves)),
        (vec![Phase::Probe], &Reason::ForceEnded)
    );
}

#[test]
fn releasing_forced_open_leads_to_a_probe() {
    let mut rig = Rig::new(Settings::default());
    lay(&mut rig, ForceKind::Open, 600);
    assert_eq!(to(&rig.breaker.release(rig.now)), [Phase::Probe]);
    assert_eq!(rig.breaker.release(rig.now), []);
}

#[test]
fn forced_closed_serves_through_an_outage_without_opening() {
    let mut rig = Rig::new(Settings::default());
    lay(&mut rig, ForceKind::Closed, 600);
    let mut moves = Vec::new();
    for _ in 0..100 {
        moves.extend(rig.request(Class::Fault));
        rig.wait(1.0);
    }
    assert!(
        matches!(
            moves.as_slice(),
            [Move::WouldTrip {
                spared: Spared::Forced,
                ..
            }]
        ),
        "{moves:?}"
    );
    let view = rig.breaker.view(rig.now);
    assert_eq!((view.phase, view.would_be), (Phase::Closed, Phase::Open));
    assert_eq!(to(&rig.breaker.release(rig.now)), [Phase::Probe]);
}

#[test]
fn forced_closed_over_a_good_provider_ends_closed() {
    for kind in [ForceKind::Closed, ForceKind::Observe] {
        let mut rig = Rig::new(Settings::default());
        lay(&mut rig, kind, 60);
        for _ in 0..59 {
            rig.request(Class::Ok);
            rig.wait(1.0);
        }
        assert_eq!(rig.wait(1.0), [Move::ForceExpired(kind)]);
        assert_eq!(rig.phase(), Phase::Closed);
    }
}

#[test]
fn forced_closed_over_an_open_breaker_ends_in_a_probe() {
    let mut rig = Rig::tripped(Settings::default());
    lay(&mut rig, ForceKind::Closed, 60);
    for _ in 0..50 {
        rig.request(Class::Ok);
        rig.wait(1.0);
    }
    assert_eq!(rig.phase(), Phase::Open);
    assert_eq!(to(&rig.wait(10.0)), [Phase::Probe]);
}

#[test]
fn forced_open_replaced_by_closed_still_ends_in_a_probe() {
    let mut rig = Rig::new(Settings::default());
    lay(&mut rig, ForceKind::Open, 600);
    lay(&mut rig, ForceKind::Closed, 600);
    assert_eq!(to(&rig.breaker.release(rig.now)), [Phase::Probe]);
}

#[test]
fn failures_under_a_force_are_not_learned_from() {
    let mut rig = Rig::new(Settings::default());
    lay(&mut rig, ForceKind::Closed, 60);
    for _ in 0..3 {
        rig.request(Class::Fault);
        rig.wait(1.0);
    }
    rig.breaker.release(rig.now);
    assert_eq!(rig.phase(), Phase::Closed);
    for _ in 0..3 {
        assert_eq!(rig.request(Class::Fault), []);
        rig.wait(1.0);
    }
    assert_eq!(to(&rig.request(Class::Fault)), [Phase::Open]);
}

#[test]
fn a_cooldown_goes_on_under_a_force() {
    let mut rig = Rig::tripped(Settings::default());
    lay(&mut rig, ForceKind::Open, 3600);
    assert_eq!(to(&rig.wait(331.0)), [Phase::Probe]);
    assert_eq!(rig.refusal().force, Some(ForceKind::Open));
    rig.breaker.release(rig.now);
    assert!(matches!(rig.breaker.admit(rig.now), Admission::Probe(_)));
}

#[test]
fn what_was_admitted_before_a_force_counts_no_more() {
    let mut rig = Rig::new(Settings::default());
    let permit = rig.permit();
    lay(&mut rig, ForceKind::Closed, 60);
    assert_eq!(rig.report(permit, Class::Credential), []);
}

#[test]
fn observing_serves_everything_and_says_once_what_it_would_have_done() {
    let mut rig = observing();
    let mut moves = Vec::new();
    for _ in 0..250 {
        let permit = rig.permit();
        moves.extend(rig.report(permit, Class::Fault));
        rig.wait(1.0);
    }
    assert!(
        matches!(
            moves.as_slice(),
            [Move::WouldTrip {
                reason: Reason::ErrorRate { bad: 4, n: 4, .. },
                spared: Spared::Observed,
                until: Some(_),
            }]
        ),
        "{moves:?}"
    );
    let view = rig.breaker.view(rig.now);
    assert_eq!((view.phase, view.would_be), (Phase::Closed, Phase::Open));
    assert!(view.observing);
}

#[test]
fn an_outage_that_goes_on_would_trip_it_again_after_the_cooldown() {
    let mut rig = observing();
    let mut would = 0;
    for _ in 0..1000 {
        would += rig.request(Class::Fault).len();
        rig.wait(1.0);
    }
    assert_eq!(would, 4);
}

#[test]
fn observing_an_open_breaker_serves_everything_while_it_recovers() {
    let mut rig = Rig::tripped(Settings::default());
    lay(&mut rig, ForceKind::Observe, 3600);
    for _ in 0..1000 {
        let permit = rig.permit();
        rig.report(permit, Class::Ok);
        rig.wait(1.0);
    }
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn a_probe_under_observe_serves_its_user() {
    let mut rig = Rig::tripped(Settings::default());
    lay(&mut rig, ForceKind::Observe, 3600);
    rig.wait_until_probe();
    let admission = rig.breaker.admit(rig.now);
    assert!(matches!(admission, Admission::Serve(permit) if permit.is_probe()));
}

#[test]
fn turning_observe_on_by_a_reload_blocks_nothing_from_then_on() {
    let mut rig = Rig::tripped(Settings::default());
    assert!(rig.admitted().is_none());
    rig.breaker.configure(Settings {
        observe: true,
        ..Settings::default()
    });
    assert!(matches!(rig.breaker.admit(rig.now), Admission::Serve(_)));
}

#[test]
fn a_forced_breaker_is_not_probed_by_hand() {
    let mut rig = Rig::tripped(Settings::default());
    lay(&mut rig, ForceKind::Open, 60);
    let refused = rig.breaker.probe_now("sam", rig.now).unwrap_err();
    assert!(refused.contains("forced open"), "{refused}");
}
