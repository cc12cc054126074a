//! A person says that what was scored lately is usual.

use super::*;

const LOWER: f64 = 0.6;
const GARBAGE: f64 = 0.1;

fn rig() -> Rig {
    let mut rig = Rig::new(Settings::default());
    rig.judge_available(true);
    rig
}

/// One request that is answered well and scored so; how many of these until it opens, at most `n`.
fn opens_within(rig: &mut Rig, n: usize, score: f64) -> Option<usize> {
    (1..=n).find(|_| {
        rig.judged(score);
        rig.wait(1.0);
        rig.phase() == Phase::Open
    })
}

fn accept(rig: &mut Rig) -> Result<Vec<Move>, String> {
    rig.breaker.accept_baseline("ann", rig.now)
}

#[test]
fn what_is_accepted_is_no_evidence_any_more_and_worse_still_is() {
    let mut rig = rig();
    assert_eq!(opens_within(&mut rig, 8, LOWER), None);
    let view = rig.breaker.view(rig.now);
    assert!(view.suspicion > 0.3 && view.watch.suspicious, "{view:?}");
    assert_eq!(accept(&mut rig), Ok(Vec::new()));
    let view = rig.breaker.view(rig.now);
    assert_eq!((view.suspicion, view.watch.suspicious), (0.0, false));
    assert!(view.watch.usual > 0.4, "{}", view.watch.usual);
    assert_eq!(opens_within(&mut rig, 200, LOWER), None);
    assert!(opens_within(&mut rig, 8, GARBAGE).is_some());
}

#[test]
fn without_a_word_of_a_person_the_same_scores_open() {
    assert!(opens_within(&mut rig(), 20, LOWER).is_some());
}

#[test]
fn there_has_to_be_something_to_accept() {
    let mut rig = rig();
    assert_eq!(opens_within(&mut rig, 30, 0.9), None);
    assert!(accept(&mut rig).unwrap_err().contains("as usual"));
}

#[test]
fn what_opened_for_its_answers_looks_now_and_closes_by_its_probes_alone() {
    let mut rig = rig();
    opens_within(&mut rig, 20, LOWER).expect("it opens");
    let moves = accept(&mut rig).unwrap();
    assert_eq!(to(&moves), [Phase::Probe]);
    assert_eq!(
        *reason(&moves),
        Reason::ProbeAsked {
            who: "ann".to_owned()
        }
    );
    for _ in 0..300 {
        rig.judged(LOWER);
        rig.wait(1.0);
    }
    assert_eq!(rig.phase(), Phase::Closed);
    assert_eq!(opens_within(&mut rig, 200, LOWER), None);
}

#[test]
fn a_round_of_probes_that_is_under_way_begins_again() {
    let mut rig = rig();
    opens_within(&mut rig, 20, LOWER).expect("it opens");
    rig.wait_until_probe();
    let old = rig.permit().ticket();
    assert_eq!(accept(&mut rig), Ok(Vec::new()));
    assert_eq!(rig.phase(), Phase::Probe);
    assert_eq!(rig.score(old, GARBAGE), [], "of the round before");
    for _ in 0..3 {
        assert_eq!(rig.phase(), Phase::Probe);
        rig.judged(LOWER);
    }
    assert_eq!(rig.phase(), Phase::Ramp(5));
}

#[test]
fn what_probes_and_ramps_bring_is_remembered_too() {
    let mut rig = rig();
    opens_within(&mut rig, 20, GARBAGE).expect("it opens");
    let usual = |rig: &Rig| rig.breaker.view(rig.now).watch.usual;
    let mut once = Rig::new(Settings::default());
    once.judge_available(true);
    opens_within(&mut once, 20, GARBAGE).expect("it opens");
    accept(&mut once).unwrap();
    for _ in 0..10 {
        rig.wait_until_probe();
        while rig.phase() == Phase::Probe {
            rig.judged(GARBAGE);
        }
        assert_eq!(rig.phase(), Phase::Open, "still bad");
    }
    accept(&mut rig).unwrap();
    assert!(usual(&rig) > usual(&once) + 0.2);
}

#[test]
fn a_force_stays_and_errors_stay_errors() {
    let mut held = rig();
    opens_within(&mut held, 20, LOWER).expect("it opens");
    let until = held.now + Duration::from_mins(10);
    let _ = held
        .breaker
        .force(crate::model::ForceKind::Open, until, held.now);
    assert_eq!(accept(&mut held), Ok(Vec::new()));
    assert_eq!(held.phase(), Phase::Open);

    let mut failed = rig();
    assert_eq!(opens_within(&mut failed, 4, LOWER), None);
    failed.trip();
    assert_eq!(accept(&mut failed), Ok(Vec::new()));
    assert_eq!(failed.phase(), Phase::Open);
}

#[test]
fn a_judge_that_is_taken_back_brings_its_own_idea_of_usual() {
    let mut rig = rig();
    assert_eq!(opens_within(&mut rig, 8, LOWER), None);
    rig.breaker.dismiss(&judge());
    rig.breaker.take_back(&"another/judge".into());
    assert!(rig.breaker.view(rig.now).watch.usual < 0.2);
    rig.breaker.take_back(&judge());
    assert_eq!(opens_within(&mut rig, 200, LOWER), None);
}

#[test]
fn a_baseline_survives_being_written_and_nonsense_is_not_one() {
    let mut rig = rig();
    assert_eq!(opens_within(&mut rig, 8, LOWER), None);
    accept(&mut rig).unwrap();
    let (_, usual) = rig.breaker.baselines().next().unwrap();
    let text = serde_json::to_string(usual).unwrap();
    let read: Baseline = serde_json::from_str(&text).unwrap();
    assert_eq!(read, *usual);
    assert!(read.is_sound());
    for bad in [
        r#"{"counts":[0.0,0.0,0.0,0.0]}"#,
        r#"{"counts":[-1.0,0.0,0.0,60.0]}"#,
        r#"{"counts":[1e308,1e308,1e308,1e308]}"#,
        r#"{"counts":[1.0,1.0,1.0,60.0],"most":[0.0,0.0,0.0]}"#,
        r#"{"counts":[1.0,1.0,1.0,60.0],"most":[2.0,2.0,2.0]}"#,
    ] {
        let read: Baseline = serde_json::from_str(bad).unwrap();
        assert!(!read.is_sound(), "{bad}");
    }
}

#[test]
fn good_scores_alone_are_nothing_to_accept_in_whatever_phase() {
    let mut rig = rig();
    opens_within(&mut rig, 20, GARBAGE).expect("it opens");
    rig.wait_until_probe();
    for _ in 0..300 {
        rig.judged(0.9);
        rig.wait(1.0);
    }
    assert_eq!(rig.phase(), Phase::Closed);
    assert!(accept(&mut rig).is_err());
}
