use super::*;
use crate::model::ForceKind;

fn told(rig: &mut Rig, secs: u64) -> Vec<Move> {
    let reason = Reason::Fleet {
        replica: "one".to_owned(),
        cause: "error_rate 30.0% > 2.0% n=40".to_owned(),
    };
    let until = rig.now + Duration::from_secs(secs);
    rig.breaker.trip_by_fleet(reason, until, rig.now)
}

#[test]
fn a_trip_elsewhere_opens_until_its_cooldown_is_over_there_and_then_it_probes() {
    let mut rig = Rig::new(Settings::default());
    assert_eq!(to(&told(&mut rig, 200)), [Phase::Open]);
    assert_eq!(rig.wait(199.0), []);
    assert_eq!(to(&rig.wait(1.0)), [Phase::Probe]);
    rig.pass_probe();
    assert_eq!(rig.phase(), Phase::Ramp(5));
}

#[test]
fn what_was_admitted_before_a_trip_elsewhere_counts_no_more() {
    let mut rig = Rig::new(Settings::default());
    let early = rig.permit();
    told(&mut rig, 200);
    assert_eq!(to(&rig.wait(200.0)), [Phase::Probe]);
    assert_eq!(rig.report(early, Class::Ok), []);
    assert_eq!(rig.phase(), Phase::Probe);
}

#[test]
fn only_what_serves_opens() {
    let mut open = Rig::tripped(Settings::default());
    assert_eq!(told(&mut open, 200), []);
    let mut looking = Rig::tripped(Settings::default());
    looking.wait_until_probe();
    assert_eq!(told(&mut looking, 200), []);
    let mut ramping = Rig::ramping();
    assert_eq!(to(&told(&mut ramping, 200)), [Phase::Open]);
    let mut held = Rig::new(Settings::default());
    let until = held.now + Duration::from_mins(10);
    held.breaker.force(ForceKind::Open, until, held.now);
    assert_eq!(told(&mut held, 200), []);
}

#[test]
fn a_trip_elsewhere_that_is_over_changes_nothing() {
    let mut rig = Rig::new(Settings::default());
    assert_eq!(told(&mut rig, 0), []);
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn who_only_watches_says_once_that_it_would_have_opened_too() {
    let mut rig = Rig::new(Settings {
        observe: true,
        ..Settings::default()
    });
    let moves = told(&mut rig, 200);
    assert!(
        matches!(moves.as_slice(), [Move::WouldTrip { .. }]),
        "{moves:?}"
    );
    assert_eq!(told(&mut rig, 200), []);
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn a_peer_with_a_wrong_clock_costs_the_longest_cooldown_at_most() {
    let mut rig = Rig::new(Settings::default());
    told(&mut rig, 400 * 86_400);
    let longest = Settings::default().max_cooldown;
    assert_eq!(rig.breaker.view(rig.now).until, Some(rig.now + longest));
}
