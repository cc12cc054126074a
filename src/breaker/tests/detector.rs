//! The sequential test against the reference's golden numbers.

use super::{baseline::Counts, *};

/// Ten requests per second at 5 %.
const HALF_PER_S: f64 = 0.5;

struct Run {
    alarm_at: Option<usize>,
    suspicious_at: Option<usize>,
    last: [f64; 5],
    usual: Counts,
}

fn run(scores: impl IntoIterator<Item = f64>) -> Run {
    let judge = DeploymentId::from("judge/one");
    let mut detector = Detector::new(judge, Baseline::default());
    let threshold = threshold(HALF_PER_S);
    let (mut alarm_at, mut suspicious_at) = (None, None);
    for (i, score) in scores.into_iter().enumerate() {
        detector.record(score, 0.7, true, Mono::default());
        if score < 0.7 && detector.most() >= threshold {
            alarm_at.get_or_insert(i + 1);
        }
        if detector.most_suspicious() >= SUSPECT || detector.most() >= SUSPECT_SHARE * threshold {
            suspicious_at.get_or_insert(i + 1);
        }
    }
    Run {
        alarm_at,
        suspicious_at,
        last: detector.evidence(),
        usual: detector.usual.counts(),
    }
}

fn assert_close(got: &[f64], want: &[f64], within: f64) {
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() < within, "{got:?} is not {want:?}");
    }
}

fn repeated(scores: &[f64], times: usize) -> Vec<f64> {
    scores
        .iter()
        .copied()
        .cycle()
        .take(scores.len() * times)
        .collect()
}

#[test]
fn the_threshold_asks_for_one_false_alarm_in_thirty_days_at_any_rate() {
    for (judged, want) in [(0.1, 10.4654), (0.5, 12.0748), (5.0, 14.3774)] {
        assert!((threshold(judged) - want).abs() < 1e-4, "{judged}");
    }
    assert!((threshold(0.0) - 9.0).abs() < 1e-9);
    assert!((threshold(1e9) - 16.0).abs() < 1e-9);
}

#[test]
fn the_scores_weigh_what_the_reference_says() {
    let table = Detector::new(DeploymentId::from("j"), Baseline::default()).table();
    assert_close(&table[0], &[0.68478, 0.15415, -0.0262, -0.04867], 1e-5);
    assert_close(&table[3], &[3.02852, 1.46634, -0.72824, -2.99573], 1e-5);
    assert_close(&table[4], &[0.51083, 1.04145, 0.96344, -0.91629], 1e-5);
}

#[test]
fn garbage_alarms_at_the_fourth_score() {
    let run = run([0.2; 6]);
    assert_eq!((run.alarm_at, run.suspicious_at), (Some(4), Some(1)));
}

#[test]
fn one_bad_answer_in_three_alarms_at_the_twenty_seventh() {
    assert_eq!(run(repeated(&[0.9, 0.9, 0.2], 20)).alarm_at, Some(27));
}

#[test]
fn mediocre_answers_alarm_at_the_thirteenth() {
    assert_eq!(run([0.6; 40]).alarm_at, Some(13));
}

#[test]
fn answers_that_barely_pass_alarm_never() {
    assert_eq!(run([0.75; 60]).alarm_at, None);
}

#[test]
fn good_answers_become_what_is_usual() {
    let run = run([0.9; 50]);
    assert_close(&run.last, &[0.0; 5], 1e-9);
    assert_close(&run.usual, &[0.585, 1.463, 4.681, 101.181], 1e-3);
}

/// Every step of the reference's recorded runs, where they can be read.
#[test]
fn the_recorded_runs_of_the_reference_hold() {
    #[derive(serde::Deserialize)]
    struct Vectors {
        qual: Vec<Recorded>,
    }
    #[derive(serde::Deserialize)]
    struct Recorded {
        xs: Vec<f64>,
        #[serde(rename = "S_last")]
        last: [f64; 5],
        alarm_at: Option<usize>,
        first_susp: Option<usize>,
        base: Counts,
    }
    let Ok(text) = std::fs::read_to_string("../shared/breaker-vectors.json") else {
        println!("skipped: ../shared/breaker-vectors.json is not there");
        return;
    };
    let vectors: Vectors = serde_json::from_str(&text).unwrap();
    assert!(!vectors.qual.is_empty());
    for recorded in vectors.qual {
        let run = run(recorded.xs);
        assert_eq!(run.alarm_at, recorded.alarm_at);
        assert_eq!(run.suspicious_at, recorded.first_susp);
        assert_close(&run.last, &recorded.last, 1e-3);
        assert_close(&run.usual, &recorded.base, 1e-2);
    }
}

#[test]
fn a_baseline_that_is_recalled_counts_for_the_scores_that_taught_it() {
    let mut usual = Baseline::default();
    assert_eq!(usual.learned(), 0);
    usual.learn(&[1.0, 2.0, 27.0, 270.0]);
    let scored = Detector::new("j/one".into(), usual).scored();
    assert!((290..=300).contains(&scored), "{scored}");
}

/// Ten answers a second, so many of which look wrong: when they first make suspicious, and how often.
fn looks(wrong: f64, answers: u32, seed: u64) -> (Option<u32>, u32) {
    let (mut test, mut rng) = (ErrorTest::new(LOOKS_WRONG), fastrand::Rng::with_seed(seed));
    let (mut first, mut times, mut suspicious) = (None, 0, false);
    for i in 0..answers {
        let looks_wrong = rng.f64() < wrong;
        if test.record(f64::from(i) / 10.0, looks_wrong, LOOKS_SUSPICIOUS) && !suspicious {
            first.get_or_insert(i + 1);
            (times, suspicious) = (times + 1, true);
        }
        suspicious &= test.suspicion(LOOKS_SUSPICIOUS) >= 0.5;
    }
    (first, times)
}

#[test]
fn looks_of_good_answers_are_suspicious_about_once_a_day() {
    let (_, in_ten_days) = looks(3.0 / 920.0, 8_640_000, 1);
    assert!((3..=25).contains(&in_ten_days), "{in_ten_days}");
    for (wrong, typical) in [(0.05, 110..=170), (0.3, 13..=20)] {
        let mut all: Vec<_> = (0..99)
            .map(|seed| looks(wrong, 3_000, seed).0.unwrap())
            .collect();
        all.sort_unstable();
        assert!(typical.contains(&all[49]), "{wrong}: {}", all[49]);
    }
}
