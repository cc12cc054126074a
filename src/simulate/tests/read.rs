use super::*;
use crate::simulate::shipped;

const GOOD: &str = r#"name = "x"
seeds = 3
rate_rps = 0.5
baseline = "cold"
noise = ["integer", "continuous"]
duration = "2h"
[[providers]]
id = "primary"
phases = [
  { t = "90m", err = 0.3, garbage = 0.1, capacity_rps = 2, latency_ms = 300 },
  { t = 60, hang = 1 },
]
[[judges]]
id = "j"
noise = "mixture"
phases = [{ t = "1h30m", shift = -0.2, fail = 0.5, latency_ms = 900 }]
[[traffic]]
t = "6h"
mult = 0.1
[expect]
first_trip_s = { median = 5, p95 = "1m" }
reason = "quality"
opens = { min = 1, max = 2 }
wrong_closes = 0.1
recover_s = 120
bad_served_max = 60
judge_calls_max = 1000
judge_fault = "j"
opens_outside = 0
"#;

fn read(text: &str) -> Scenario {
    parse("x.toml", text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn judges_may_err_alike() {
    let alike = read("correlation = 0.3\n[[providers]]\nid = \"primary\"\n");
    assert!((alike.correlation - 0.3).abs() < 1e-9);
}

#[test]
fn everything_that_a_scenario_can_say_is_read() {
    let read = read(GOOD);
    assert_eq!((read.name.as_str(), read.seeds, read.warm), ("x", 3, false));
    assert_eq!(read.noise, [Noise::Integer, Noise::Continuous]);
    assert!(read.correlation.abs() < 1e-9, "left out");
    assert_eq!(read.duration(), Duration::from_hours(2));
    let [first, second] = read.providers[0].phases.as_slice() else {
        panic!("two phases")
    };
    assert_eq!((first.at, first.is.hang), (Duration::from_mins(1), 1.0));
    assert_eq!((second.at, second.is.err), (Duration::from_mins(90), 0.3));
    assert_eq!(
        (second.is.capacity_rps, second.is.latency),
        (2.0, Duration::from_millis(300))
    );
    let mood = read.judges[0].phases[0].is;
    assert_eq!(
        (mood.shift, mood.fail, mood.latency),
        (-0.2, 0.5, Duration::from_millis(900))
    );
    assert_eq!(
        read.traffic,
        [Step {
            at: Duration::from_hours(6),
            is: 0.1
        }]
    );
    let expect = &read.expect;
    assert_eq!(
        expect.first_trip,
        Some(Within {
            median: Some(5.0),
            p95: Some(60.0)
        })
    );
    assert_eq!(
        expect.recover,
        Some(Within {
            median: Some(120.0),
            p95: None
        })
    );
    assert_eq!(expect.opens, Some(AtMost { min: 1.0, max: 2.0 }));
    assert_eq!(expect.wrong_closes, Some(AtMost { min: 0.0, max: 0.1 }));
    assert_eq!(
        (expect.reason, expect.judge_fault),
        (Some(Cause::Quality), Some(Fault::Of(0)))
    );
}

#[test]
fn a_provider_is_all_that_a_scenario_needs() {
    let read = read("[[providers]]\nid = \"a\"\n");
    assert_eq!(
        (read.name.as_str(), read.seeds, read.rate_rps),
        ("x", 200, 10.0)
    );
    assert_eq!(
        (read.warm, read.noise.as_slice()),
        (true, [Noise::Mixture].as_slice())
    );
    assert_eq!(read.judges.len(), 2);
    assert_eq!(read.duration(), Duration::from_hours(1));
    assert_eq!(read.spells(), []);
}

#[test]
fn what_is_wrong_is_said_at_its_line_with_what_to_write() {
    for (from, to, line, says) in [
        (
            "rate_rps = 0.5",
            "rate_rp = 0.5",
            3,
            "did you mean \"rate_rps\"?",
        ),
        ("seeds = 3", "seeds = 0", 2, "from 1 to 100000"),
        ("\"cold\"", "\"hot\"", 4, "known: warm, cold"),
        (
            "\"continuous\"]",
            "\"continous\"]",
            5,
            "did you mean \"continuous\"?",
        ),
        ("\"continuous\"]", "\"integer\"]", 5, "twice"),
        ("err = 0.3", "err = 30", 10, "between 0 and 1"),
        ("err = 0.3", "err = -0.1", 10, "between 0 and 1"),
        ("err = 0.3", "error = 0.3", 10, "did you mean \"err\"?"),
        (
            "err = 0.3",
            "err = 0.8, hang = 0.3",
            10,
            "1.10 of all requests",
        ),
        (
            "garbage = 0.1",
            "garbage = 0.6, mediocre = 0.6",
            10,
            "1.20 of all answers",
        ),
        ("\"90m\"", "\"soon\"", 10, "write it like 30s, 10m or 1h30m"),
        (
            "\"90m\"",
            "\"1m\"",
            11,
            "there is a phase at t = 1m already",
        ),
        ("\"90m\"", "\"99999d\"", 10, "out of range"),
        ("id = \"primary\"", "name = \"primary\"", 7, "needs an id"),
        ("shift = -0.2", "shift = 2", 16, "from -1 to 1"),
        ("mult = 0.1", "mult = -1", 19, "from 0 to 1000"),
        ("p95 =", "p99 =", 21, "did you mean \"p95\"?"),
        ("\"quality\"", "\"qualty\"", 22, "did you mean \"quality\"?"),
        (
            "judge_fault = \"j\"",
            "judge_fault = \"i\"",
            28,
            "did you mean \"j\"?",
        ),
        (
            "judge_fault = \"j\"",
            "judge_fault = 3",
            28,
            "expected true or false",
        ),
        (
            "opens_outside = 0",
            "opens_outside = 0\nopnes = 1",
            30,
            "did you mean \"opens\"?",
        ),
    ] {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD, "{from}");
        let problems = parse("x.toml", &text).unwrap_err();
        let problem = &problems.list[0];
        assert_eq!(problem.at.map(|(line, _)| line), Some(line), "{problems}");
        assert!(problem.message.contains(says), "{problems}");
    }
}

#[test]
fn one_reading_names_every_problem() {
    let text = GOOD
        .replace("err = 0.3", "err = 3")
        .replace("seeds = 3", "seed = 3")
        .replace("[expect]", "[expects]");
    let problems = parse("x.toml", &text).unwrap_err();
    assert_eq!(problems.list.len(), 3, "{problems}");
}

#[test]
fn two_providers_of_one_name_and_no_provider_are_refused() {
    let twice = parse(
        "x.toml",
        "[[providers]]\nid = \"a\"\n[[providers]]\nid = \"a\"",
    )
    .unwrap_err();
    assert!(
        twice
            .to_string()
            .starts_with("x.toml:4:6: providers[1].id: \"a\" is taken"),
        "{twice}"
    );
    for none in ["name = \"x\"", "providers = []"] {
        let problems = parse("x.toml", none).unwrap_err();
        assert!(
            problems.to_string().contains("write [[providers]]"),
            "{problems}"
        );
    }
    assert!(
        parse("x.toml", "name = ")
            .unwrap_err()
            .to_string()
            .starts_with("x.toml:1:")
    );
}

#[test]
fn every_shipped_scenario_reads_and_is_called_like_its_file() {
    let all = shipped();
    for name in super::super::shipped::names() {
        let read = all
            .iter()
            .find(|s| s.name == name)
            .unwrap_or_else(|| panic!("{name}"));
        assert!(!read.what.is_empty(), "{name}");
        assert_ne!(read.expect, Expect::default(), "{name}");
    }
}
