//! Whole runs, small enough for every test run.

use super::{
    expect::Cause,
    naive::Naive,
    ours::Ours,
    run::run,
    scenario::{Noise, Scenario},
    tally::Outcome,
    *,
};

const TWO: &str =
    "[[providers]]\nid = \"primary\"\nphases = [PHASES]\n[[providers]]\nid = \"secondary\"\n";

fn scenario(top: &str, phases: &str) -> Scenario {
    let text = format!(
        "baseline = \"cold\"\n{top}\n{}",
        TWO.replace("PHASES", phases)
    );
    parse("test.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn ours(scenario: &Scenario, seed: u64) -> Outcome {
    run(scenario, Noise::Mixture, seed, Ours::new(scenario, seed))
}

fn naive(scenario: &Scenario, seed: u64) -> Outcome {
    run(scenario, Noise::Mixture, seed, Naive::new(scenario, seed))
}

fn median_trip(scenario: &Scenario) -> f64 {
    let runs: Vec<f64> = (0..40)
        .filter_map(|seed| ours(scenario, seed).first_trip)
        .collect();
    stats::median(&runs)
}

#[test]
fn the_same_seed_brings_the_same_run_and_another_seed_another() {
    let scenario = scenario("duration = \"20m\"", "{ t = 60, err = 0.1, garbage = 0.1 }");
    assert_eq!(ours(&scenario, 3), ours(&scenario, 3));
    assert_eq!(naive(&scenario, 3), naive(&scenario, 3));
    assert_ne!(ours(&scenario, 3), ours(&scenario, 4));
}

#[test]
fn threads_do_not_change_what_comes_out() {
    let mut scenario = scenario("duration = \"5m\"", "{ t = 60, err = 0.3 }");
    scenario.seeds = 5;
    let together = all(&scenario, Noise::Mixture, |seed| Ours::new(&scenario, seed));
    let alone: Vec<_> = (0..5).map(|seed| ours(&scenario, seed)).collect();
    assert_eq!(together, alone);
}

#[test]
fn an_outage_trips_as_fast_as_the_design_says() {
    for (rate, bar) in [(0.2, 25.0), (1.0, 8.0), (10.0, 3.4)] {
        let top = format!("rate_rps = {rate}\nduration = \"10m\"");
        let median = median_trip(&scenario(&top, "{ t = 120, err = 1 }"));
        assert!(median > 0.0 && median <= bar, "{rate} req/s: {median:.1} s");
    }
}

#[test]
fn what_hangs_is_counted_at_the_deadline() {
    let median = median_trip(&scenario("duration = \"3m\"", "{ t = 60, hang = 1 }"));
    assert!((8.0..=11.0).contains(&median), "{median:.1} s");
}

#[test]
fn users_are_served_below_while_copies_look_above() {
    let outcome = ours(
        &scenario("duration = \"20m\"", "{ t = 60, err = 1 }, { t = \"10m\" }"),
        1,
    );
    assert_eq!(
        (outcome.opens, outcome.wrong_closes, outcome.outside),
        (1, 0, 0)
    );
    assert_eq!(outcome.cause, Some(Cause::Error));
    assert!(outcome.counts.shadows >= 3, "{outcome:?}");
    // Half a percent of the secondary's own errors, and nothing else.
    let lost = stats::real(outcome.counts.unserved) / stats::real(outcome.counts.requests);
    assert!(lost < 0.01, "{lost}");
    assert!(
        outcome.recover.is_some_and(|secs| secs < 200.0),
        "{outcome:?}"
    );
}

#[test]
fn with_nobody_below_the_request_itself_looks() {
    let text = "baseline = \"cold\"\nduration = \"20m\"\n[[providers]]\nid = \"only\"\n\
                phases = [{ t = 60, err = 1 }, { t = \"10m\" }]";
    let outcome = ours(&parse("one.toml", text).unwrap(), 1);
    assert_eq!(outcome.counts.shadows, 0);
    assert!(outcome.recover.is_some_and(f64::is_finite), "{outcome:?}");
}

#[test]
fn neither_nonsense_nor_rate_limits_nor_a_blip_open_anything() {
    for phases in [
        "{ t = 60, c400 = 0.8 }",
        "{ t = 60, c429 = 0.06 }",
        "{ t = 60, err = 1 }, { t = 61 }",
    ] {
        let outcome = ours(&scenario("duration = \"15m\"", phases), 2);
        assert_eq!(outcome.opens, 0, "{phases}");
    }
}

#[test]
fn a_refused_key_opens_at_the_first_answer() {
    let outcome = ours(&scenario("duration = \"3m\"", "{ t = 60, c401 = 1 }"), 2);
    assert_eq!(outcome.cause, Some(Cause::Certain));
    assert!(
        outcome.first_trip.is_some_and(|secs| secs < 2.0),
        "{outcome:?}"
    );
}

#[test]
fn the_rolling_mean_sees_garbage_late_and_opens_healthy_providers() {
    let text = "rate_rps = 10\nduration = \"1h\"\n[[providers]]\nid = \"only\"\nphases = [{ t = 60, garbage = 1 }]";
    let outcome = naive(&parse("garbage.toml", text).unwrap(), 1);
    assert_eq!(outcome.cause, Some(Cause::Quality));
    // 17.5 minutes, says the arithmetic of a mean of 0.87 and one of 0.28.
    let trip = outcome.first_trip.unwrap();
    assert!((900.0..1_200.0).contains(&trip), "{trip} s");

    let calm = naive(&scenario("rate_rps = 1\nduration = \"12h\"", ""), 1);
    assert!(calm.outside > 20, "{calm:?}");
}
