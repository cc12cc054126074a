//! A day of traffic, and many small incidents: the numbers the error signal has to reach at 10 requests per second.

use super::*;

struct Traffic {
    rng: fastrand::Rng,
    ok: Verdict,
    fault: Verdict,
    rps: f64,
}

impl Traffic {
    fn new(seed: u64, rps: f64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            ok: Verdict::ok(),
            fault: Verdict::new(Class::Fault, "api_error"),
            rps,
        }
    }

    /// The next request of a Poisson stream. True: the breaker opened.
    fn next(&mut self, rig: &mut Rig, failing: f64) -> bool {
        let gap = -(1.0 - self.rng.f64()).ln() / self.rps;
        rig.now = rig.now + Duration::from_secs_f64(gap);
        let verdict = if self.rng.f64() < failing {
            &self.fault
        } else {
            &self.ok
        };
        let permit = rig.permit();
        !rig.breaker.report(permit, verdict, rig.now).is_empty()
    }

    fn seconds_to_open(mut self, mut rig: Rig, failing: f64) -> f64 {
        for _ in 0..200 {
            assert!(!self.next(&mut rig, 0.005), "opened while healthy");
        }
        let began = rig.now;
        while !self.next(&mut rig, failing) {}
        rig.now.since(began).as_secs_f64()
    }
}

/// Median and 95th percentile over the seeds.
fn detection(rps: f64, failing: f64) -> (f64, f64) {
    detection_from(|| Rig::new(Settings::default()), rps, failing)
}

fn detection_from(rig: impl Fn() -> Rig, rps: f64, failing: f64) -> (f64, f64) {
    let mut all: Vec<f64> = (0..200)
        .map(|seed| Traffic::new(seed, rps).seconds_to_open(rig(), failing))
        .collect();
    all.sort_by(f64::total_cmp);
    (all[100], all[190])
}

fn assert_within((median, p95): (f64, f64), bar: (f64, f64)) {
    println!("median {median:.1} s, p95 {p95:.1} s");
    assert!(median <= bar.0 && p95 <= bar.1, "{median:.1}/{p95:.1}");
}

#[test]
fn a_hard_outage_opens_within_four_seconds() {
    assert_within(detection(10.0, 1.0), (3.4, 4.0));
}

#[test]
fn at_one_request_per_second_a_hard_outage_opens_within_thirteen() {
    assert_within(detection(1.0, 1.0), (8.0, 13.0));
}

#[test]
fn thirty_percent_failures_open_within_seconds() {
    assert_within(detection(10.0, 0.3), (5.5, 8.0));
}

#[test]
fn ten_percent_failures_open_within_half_a_minute() {
    assert_within(detection(10.0, 0.1), (18.0, 34.0));
}

#[test]
fn five_percent_failures_open_within_three_minutes() {
    assert_within(detection(10.0, 0.05), (72.0, 160.0));
}

#[test]
fn a_relapse_trips_in_four_fifths_of_the_first_time() {
    let recovered = || {
        let mut rig = Rig::tripped(Settings::default());
        rig.recover();
        rig
    };
    for rps in [1.0, 10.0] {
        let (first, _) = detection(rps, 0.4);
        let (again, _) = detection_from(recovered, rps, 0.4);
        assert!(again <= 0.8 * first, "{again:.1} s after {first:.1} s");
    }
}

#[test]
fn a_healthy_day_opens_nothing() {
    let (mut traffic, mut rig) = (Traffic::new(11, 10.0), Rig::new(Settings::default()));
    let end = rig.now + Duration::from_hours(24);
    while rig.now < end {
        assert!(!traffic.next(&mut rig, 0.005), "opened at {:?}", rig.now);
    }
}

#[test]
fn a_healthy_day_on_probation_opens_nothing() {
    let (mut traffic, mut rig) = (Traffic::new(12, 1.0), Rig::new(Settings::default()));
    rig.trip();
    rig.recover();
    let end = rig.now + Duration::from_hours(24);
    while rig.now < end {
        assert!(!traffic.next(&mut rig, 0.005), "opened at {:?}", rig.now);
    }
}
