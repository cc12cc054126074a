use super::{audit_of, good_with, ids, line, only};
use crate::audit::Level;

#[test]
fn nobody_judges() {
    let judges =
        "judges = [\"openai/gpt-4.1\", \"anthropic/claude-sonnet-4-5\", \"gemini/gemini-2.5-pro\"]";
    let found = only("no-judge", &[(judges, "judges = []")]);
    assert_eq!(line(&found), Some(16));
}

#[test]
fn a_score_that_can_trip_nothing_is_a_vanity_signal() {
    let rolling = ("cooldown", "evidence = \"rolling_mean\"\ncooldown");
    for (changes, said) in [
        (vec![("sample = 0.05", "sample = 0")], "sample is 0"),
        (
            vec![("sample = 0.05", "max_per_day = 39")],
            "max_per_day is 39",
        ),
        (vec![("sample = 0.05", "max_per_minute = 3")], "take 13:20"),
        (
            vec![("cooldown", "judge_threshold = 0.05\ncooldown")],
            "mostly wrong scores 0.3",
        ),
        (
            vec![
                rolling,
                ("sample = 0.05", "min_n = 500\nmax_per_minute = 8"),
            ],
            "allows 480 calls in 1h",
        ),
        (
            vec![rolling, ("sample = 0.05", "sample = 0.001\nmin_n = 1000")],
            "take 278 requests a second",
        ),
    ] {
        let found = only("vanity-judge", &changes);
        assert_eq!(found.level(), Level::Warning);
        assert!(found.message.starts_with("the score is a vanity signal: "));
        assert!(found.message.contains(said), "{}", found.message);
    }
}

#[test]
fn the_line_of_a_vanity_signal_is_that_of_its_first_cause() {
    assert_eq!(
        line(&only("vanity-judge", &[("sample = 0.05", "sample = 0")])),
        Some(17)
    );
}

#[test]
fn a_rolling_mean_that_its_traffic_reaches_is_none() {
    let rolling = ("cooldown", "evidence = \"rolling_mean\"\ncooldown");
    assert_eq!(ids(&audit_of("c.toml", &good_with(&[rolling]))), [""; 0]);
}

#[test]
fn breakers_that_only_watch_make_the_score_vain_too() {
    let audit = audit_of(
        "c.toml",
        &good_with(&[("cooldown", "mode = \"observe\"\ncooldown")]),
    );
    assert_eq!(ids(&audit), ["vanity-judge", "observe-only"]);
}

#[test]
fn judges_without_a_key_leave_others_blind() {
    let changes = [(
        "judges = [\"openai/gpt-4.1\", \"anthropic/claude-sonnet-4-5\", \"gemini/gemini-2.5-pro\"]",
        "judges = [\"groq/llama-3.3-70b\"]",
    )];
    let audit = audit_of("c.toml", &good_with(&changes));
    let found = audit
        .findings
        .iter()
        .find(|f| f.rule.id == "blind")
        .unwrap();
    assert!(
        found.message.contains("openai/gpt-4.1"),
        "{}",
        found.message
    );
    assert!(!ids(&audit).contains(&"no-second-opinion"));
}

#[test]
fn two_makers_judge_each_other_without_a_second_opinion() {
    let changes = [(
        "\"openai/gpt-4.1\", \"anthropic/claude-sonnet-4-5\", \"gemini",
        "\"openai/gpt-4.1\", \"gemini",
    )];
    let audit = audit_of("c.toml", &good_with(&changes));
    // Each of the two is judged by the other alone; Anthropic's by both.
    let said: Vec<_> = audit
        .findings
        .iter()
        .filter(|f| f.rule.id == "no-second-opinion")
        .collect();
    assert_eq!(said.len(), 2, "{:#?}", audit.findings);
    assert!(
        said[0]
            .message
            .contains("only google's judges can judge openai/gpt-4.1"),
        "{}",
        said[0].message
    );
}
