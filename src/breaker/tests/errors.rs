//! The error test against the reference's golden numbers.
#![expect(
    clippy::approx_constant,
    reason = "evidence after one failure happens to be ln 10"
)]

use super::*;
use serde::Deserialize;

struct Run {
    trip_at: Option<usize>,
    last: [f64; 3],
    severity: f64,
}

/// Adds the gaps up as the reference does: where a slot begins hangs on the last bit of the sum.
fn run(dt: f64, outcomes: impl IntoIterator<Item = bool>) -> Run {
    let mut test = ErrorTest::new(0.02);
    let (mut t, mut trip_at) = (0.0, None);
    for (i, fail) in outcomes.into_iter().enumerate() {
        t += dt;
        if test.record(t, fail, TRIP) && trip_at.is_none() {
            trip_at = Some(i + 1);
        }
    }
    Run {
        trip_at,
        last: test.evidence(),
        severity: test.severity(t).rate(),
    }
}

fn assert_close(run: &Run, last: [f64; 3], severity: f64) {
    for (got, want) in run.last.iter().zip(last) {
        assert!((got - want).abs() < 1e-4, "{:?} is not {last:?}", run.last);
    }
    assert!(
        (run.severity - severity).abs() < 1e-4,
        "{} is not {severity}",
        run.severity
    );
}

fn periodic(every: usize, times: usize) -> impl Iterator<Item = bool> {
    (1..=every * times).map(move |i| i.is_multiple_of(every))
}

#[test]
fn four_failures_in_a_row_trip_at_any_traffic() {
    let run = run(5.0, [true; 6]);
    assert_eq!(run.trip_at, Some(4));
    assert_close(&run, [6.5917, 12.5, 12.5], 1.0);
}

#[test]
fn failures_that_rain_need_more_than_two_seconds() {
    let run = run(0.1, [true; 60]);
    assert_eq!(run.trip_at, Some(23));
    assert_close(&run, [12.5, 12.5, 12.5], 1.0);
}

#[test]
fn a_blip_of_one_second_does_not_trip() {
    let outcomes = [false; 20].into_iter().chain([true; 10]).chain([false; 80]);
    let run = run(0.1, outcomes);
    assert_eq!(run.trip_at, None);
    assert_close(&run, [1.6081, 0.0, 0.0], 0.1111);
}

#[test]
fn ten_percent_trips_after_160_requests() {
    let run = run(0.1, periodic(10, 30));
    assert_eq!(run.trip_at, Some(160));
    assert_close(&run, [12.5, 12.5, 3.8067], 0.1031);
}

#[test]
fn five_percent_trips_after_700_requests() {
    let run = run(0.1, periodic(20, 60));
    assert_eq!(run.trip_at, Some(700));
    assert_close(&run, [12.5, 2.3026, 3.8067], 0.0508);
}

#[test]
fn a_quarter_of_the_limit_never_trips() {
    let run = run(0.1, periodic(200, 20));
    assert_eq!(run.trip_at, None);
    assert_close(&run, [1.0986, 2.3026, 3.8067], 1.0);
}

#[test]
fn a_stricter_limit_trips_sooner() {
    let first = |limit| {
        let mut test = ErrorTest::new(limit);
        periodic(20, 60)
            .enumerate()
            .position(|(i, fail)| test.record(f64::from(u32::try_from(i).unwrap()), fail, TRIP))
    };
    assert!(first(0.005) < first(0.02));
    assert_eq!(first(0.10), None);
}

#[derive(Deserialize)]
struct Vectors {
    err: Vec<Vector>,
    #[serde(rename = "err_LLR")]
    steps: Steps,
}

#[derive(Deserialize)]
struct Vector {
    dt: f64,
    seq: Vec<u8>,
    #[serde(rename = "S_last")]
    last: [f64; 3],
    trip_at: Option<usize>,
    sev: f64,
}

#[derive(Deserialize)]
struct Steps {
    fail: [f64; 3],
    ok: [f64; 3],
}

#[test]
fn every_golden_vector_is_reproduced() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/breaker-vectors.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no golden vectors beside this checkout");
        return;
    };
    let golden: Vectors = serde_json::from_str(&text).unwrap();
    let fresh = ErrorTest::new(0.02);
    for (got, want) in fresh.on_fail.iter().zip(golden.steps.fail) {
        assert!((got - want).abs() < 1e-5);
    }
    for (got, want) in fresh.on_ok.iter().zip(golden.steps.ok) {
        assert!((got - want).abs() < 1e-5);
    }
    assert!(!golden.err.is_empty());
    for vector in golden.err {
        let run = run(vector.dt, vector.seq.iter().map(|&f| f == 1));
        assert_eq!(run.trip_at, vector.trip_at, "dt {}", vector.dt);
        assert_close(&run, vector.last, vector.sev);
    }
}
