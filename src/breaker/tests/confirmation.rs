//! Bad scores are not believed at once: who else is asked, and what follows.

use super::*;

const GOOD: f64 = 0.9;
const BAD: f64 = 0.2;

fn second() -> DeploymentId {
    DeploymentId::from("third/judge")
}

/// A closed breaker with a learned baseline and this bench.
fn rig(bench: Bench) -> Rig {
    let mut rig = Rig::new(Settings::default());
    rig.breaker.sit(bench);
    for _ in 0..40 {
        assert_eq!(one(&mut rig, GOOD, None), []);
    }
    rig
}

fn everybody() -> Bench {
    Bench {
        first: Some(judge()),
        second: true,
        anchors: true,
        ..Bench::default()
    }
}

/// One answer, scored by the first judge and perhaps by the second.
fn one(rig: &mut Rig, by_first: f64, by_second: Option<f64>) -> Vec<Move> {
    rig.wait(1.0);
    let Some(permit) = rig.admitted() else {
        return Vec::new();
    };
    let ticket = permit.ticket();
    let mut moves = rig.report(permit, Class::Ok);
    moves.extend(rig.score(ticket, by_first));
    if let Some(value) = by_second {
        let score = Score {
            judge: second(),
            value,
            other: Some(by_first),
        };
        moves.extend(rig.breaker.score(ticket, &score, rig.now));
    }
    moves
}

fn confirmed(moves: &[Move]) -> Option<bool> {
    moves.iter().find_map(|m| match m {
        Move::To {
            reason: Reason::Quality { confirmed, .. },
            ..
        } => Some(*confirmed),
        _ => None,
    })
}

#[test]
fn with_both_judges_and_known_answers_agreeing_it_trips_confirmed() {
    let mut rig = rig(everybody());
    let mut moves = one(&mut rig, BAD, Some(BAD));
    for _ in 0..9 {
        moves.extend(one(&mut rig, BAD, Some(BAD)));
    }
    assert_eq!(confirmed(&moves), None, "the known answers are not back");
    assert!(moves.contains(&Move::WantsAnchors(judge())));
    let moves = rig.breaker.anchors_held(&judge(), rig.now);
    assert_eq!(confirmed(&moves), Some(true));
}

/// An answer that both judges are asked about, if the breaker wants that; only the first one answers.
fn asked(rig: &mut Rig) -> Vec<Move> {
    rig.wait(1.0);
    let ticket = rig.permit().ticket();
    rig.breaker.sample(ticket, false, rig.now);
    rig.score(ticket, BAD)
}

#[test]
fn if_nobody_else_answers_it_trips_after_ten_seconds_and_says_so() {
    let mut rig = rig(everybody());
    for _ in 0..8 {
        assert_eq!(confirmed(&asked(&mut rig)), None);
    }
    let due = rig.breaker.next_timer().expect("the gate waits");
    rig.now = due;
    let moves = rig.breaker.tick(rig.now);
    assert_eq!(confirmed(&moves), Some(false), "{moves:?}");
}

#[test]
fn a_second_judge_that_nobody_asked_is_not_silent() {
    let mut rig = rig(everybody());
    for _ in 0..8 {
        assert_eq!(confirmed(&one(&mut rig, BAD, None)), None);
    }
    assert!(rig.breaker.view(rig.now).watch.alarm);
    rig.breaker.anchors_held(&judge(), rig.now);
    rig.wait(60.0);
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn known_answers_speak_for_the_judge_that_scored_them_and_for_nothing_later() {
    let mut rig = rig(everybody());
    for _ in 0..3 {
        one(&mut rig, BAD, Some(BAD));
    }
    rig.breaker.anchors_held(&judge(), rig.now);
    for _ in 0..2 {
        one(&mut rig, GOOD, Some(GOOD));
    }
    let mut moves = Vec::new();
    for _ in 0..6 {
        moves.extend(one(&mut rig, BAD, Some(BAD)));
    }
    assert_eq!(confirmed(&moves), None, "it may have become harsh since");
    assert!(moves.contains(&Move::WantsAnchors(judge())));
    rig.breaker.sit(Bench {
        first: Some(second()),
        ..everybody()
    });
    let moves = one(&mut rig, GOOD, Some(BAD));
    assert_eq!(confirmed(&moves), None, "nor for another judge");
}

#[test]
fn a_judge_whose_bad_answers_the_second_passes_is_disputed_and_nothing_trips() {
    let mut rig = rig(everybody());
    let mut moves = Vec::new();
    for _ in 0..30 {
        moves.extend(one(&mut rig, BAD, Some(GOOD)));
    }
    assert!(
        moves
            .iter()
            .any(|m| matches!(m, Move::JudgeDisputed { judge: j, .. } if *j == judge())),
        "{moves:?}"
    );
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn a_second_judge_that_disagrees_holds_the_trip() {
    let mut rig = rig(everybody());
    for _ in 0..7 {
        let moves = one(&mut rig, BAD, Some(GOOD));
        assert_eq!(confirmed(&moves), None);
    }
    rig.breaker.anchors_held(&judge(), rig.now);
    rig.wait(60.0);
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn while_everybody_falls_together_nothing_trips() {
    let mut rig = rig(Bench {
        spares: Some(Spares::Drift),
        ..everybody()
    });
    for _ in 0..40 {
        one(&mut rig, BAD, Some(BAD));
    }
    rig.breaker.anchors_held(&judge(), rig.now);
    rig.wait(60.0);
    assert_eq!(rig.phase(), Phase::Closed);
}

#[test]
fn the_last_one_that_serves_stays_and_it_is_said_once() {
    let mut rig = rig(Bench {
        spares: Some(Spares::LastOne),
        anchors: false,
        ..everybody()
    });
    let mut moves = Vec::new();
    for _ in 0..40 {
        moves.extend(one(&mut rig, BAD, Some(BAD)));
    }
    let said = moves.iter().filter(|m| matches!(m, Move::WouldTrip { .. }));
    assert_eq!(said.count(), 1);
    assert_eq!(rig.phase(), Phase::Closed);
    rig.breaker.sit(Bench {
        anchors: false,
        ..everybody()
    });
    one(&mut rig, BAD, None);
    assert_eq!(rig.phase(), Phase::Open);
}

#[test]
fn a_gate_that_waits_for_what_no_timer_brings_sets_none() {
    let mut rig = rig(Bench {
        spares: Some(Spares::Drift),
        ..everybody()
    });
    for _ in 0..10 {
        one(&mut rig, BAD, Some(BAD));
    }
    rig.wait(60.0);
    assert_eq!(rig.breaker.next_timer(), None);
}

#[test]
fn an_unlucky_score_or_two_come_to_nothing() {
    let mut rig = rig(everybody());
    for i in 0..2_000 {
        let score = if i % 40 == 0 { BAD } else { GOOD };
        let moves = one(&mut rig, score, None);
        assert_eq!(to(&moves), [] as [Phase; 0], "{i}");
        if i % 40 == 0 {
            rig.breaker.anchors_held(&judge(), rig.now);
        }
    }
}

#[test]
fn news_of_another_judge_does_not_answer_what_is_asked_of_the_first() {
    let mut rig = rig(everybody());
    for _ in 0..3 {
        one(&mut rig, BAD, Some(BAD));
    }
    let asks = rig.breaker.anchors_held(&second(), rig.now);
    assert_eq!(asks, [Move::WantsAnchors(judge())]);
}

#[test]
fn a_dismissed_judge_leaves_no_suspicion_behind() {
    let mut rig = rig(everybody());
    for _ in 0..3 {
        one(&mut rig, BAD, None);
    }
    assert!(rig.breaker.view(rig.now).suspicion > 0.5);
    rig.breaker.dismiss(&judge());
    let view = rig.breaker.view(rig.now);
    assert!(view.suspicion < 0.01 && !view.watch.suspicious && !view.watch.alarm);
}

#[test]
fn suspicion_raises_the_share_that_is_judged_and_calm_lowers_it() {
    let mut rig = rig(everybody());
    let answer = |rig: &mut Rig, looks_wrong| {
        rig.now = rig.now + Duration::from_millis(20);
        let permit = rig.permit();
        let ticket = permit.ticket();
        rig.report(permit, Class::Ok);
        rig.breaker.sample(ticket, looks_wrong, rig.now)
    };
    let judged = |samples: &[Sample]| {
        let judged = samples.iter().filter(|s| matches!(s, Sample::Judge { .. }));
        judged.count()
    };
    let calm: Vec<_> = (0..5_000).map(|_| answer(&mut rig, false)).collect();
    assert!((200..=400).contains(&judged(&calm)), "{}", judged(&calm));
    for _ in 0..2 {
        one(&mut rig, 0.1, None);
    }
    let alert: Vec<_> = (0..1_000).map(|_| answer(&mut rig, false)).collect();
    assert!((80..=170).contains(&judged(&alert)), "{}", judged(&alert));
    assert!(alert.contains(&Sample::Judge {
        both: true,
        counts: true
    }));
    assert_eq!(rig.breaker.look_back(3), (3, true));
    assert_eq!(rig.breaker.look_back(32), (8, true));
    for _ in 0..20 {
        one(&mut rig, GOOD, Some(GOOD));
    }
    assert!(!rig.breaker.view(rig.now).watch.suspicious);
    assert_eq!(rig.breaker.look_back(32), (0, false));
}

#[test]
fn answers_that_look_wrong_are_judged_without_counting_and_many_of_them_are_suspicious() {
    let mut rig = rig(everybody());
    let mut kept = Vec::new();
    for i in 0..400 {
        rig.now = rig.now + Duration::from_millis(100);
        let ticket = rig.permit().ticket();
        kept.push(rig.breaker.sample(ticket, i % 4 == 0 && i > 200, rig.now));
        if rig.breaker.view(rig.now).watch.suspicious {
            break;
        }
    }
    assert!(kept.contains(&Sample::Judge {
        both: false,
        counts: false
    }));
    assert!(kept.len() > 200 && kept.len() < 260, "{}", kept.len());
    assert_eq!(rig.phase(), Phase::Closed, "looks never trip");
}

#[test]
fn answers_that_no_judge_can_read_make_suspicious_by_their_looks() {
    let mut rig = rig(everybody());
    for i in 0..40 {
        rig.now = rig.now + Duration::from_millis(100);
        let ticket = rig.permit().ticket();
        rig.breaker.saw(ticket, i % 3 == 0, rig.now);
    }
    assert!(rig.breaker.view(rig.now).watch.suspicious);
    assert_eq!(rig.phase(), Phase::Closed, "looks never trip");
}
