//! What a drill fails on before it breaks anything, the audit tells too, and the other way round.

use super::{audit_of, good_with, ids, read};
use crate::{
    audit::Level,
    drill::{catalogue, scenario::shipped},
};

/// Why this drill can only fail on a configuration.
fn unfit(drill: &str, toml: &str) -> Option<String> {
    let all = catalogue(&shipped(), &read("c.toml", toml));
    let found = all.into_iter().find(|d| d.name == drill);
    found.expect("it is shipped").unfit
}

const SECOND: &str = "\"openai/gpt-4.1\", timeout";
const JUDGES: &str =
    "judges = [\"openai/gpt-4.1\", \"anthropic/claude-sonnet-4-5\", \"gemini/gemini-2.5-pro\"]";
const AWAY: &str = "\"groq/llama-3.3-70b\", timeout";
const ANY: &str = "bad-key-tuesday";

#[test]
fn whatever_a_drill_refuses_to_rehearse_is_a_finding() {
    let brownout = |judging: (&'static str, &'static str)| ("brownout-30", vec![judging]);
    let second = "  { deployment = \"openai/gpt-4.1\", timeout = \"20s\" },\n";
    let first = "\"anthropic/claude-sonnet-4-5\", timeout";
    for (rule, (drill, changes)) in [
        ("one-tier", (ANY, vec![(second, "")])),
        (
            "one-vendor",
            (
                ANY,
                vec![(SECOND, "\"anthropic/claude-haiku-4-5\", timeout")],
            ),
        ),
        ("no-key", (ANY, vec![(SECOND, AWAY)])),
        ("no-key", (ANY, vec![(first, AWAY)])),
        (
            "no-tier",
            (
                ANY,
                vec![(first, AWAY), (SECOND, "\"groq/other\", timeout")],
            ),
        ),
        (
            "deadline-eaten",
            (
                ANY,
                vec![("policy_fallbacks", "deadline = \"21s\"\npolicy_fallbacks")],
            ),
        ),
        (
            "observe-only",
            (
                "april-7",
                vec![("cooldown", "mode = \"observe\"\ncooldown")],
            ),
        ),
        (
            "tolerant-breaker",
            (
                "mid-stream",
                vec![("cooldown", "err_threshold = 0.6\ncooldown")],
            ),
        ),
        ("no-judge", brownout((JUDGES, "judges = []"))),
        (
            "blind",
            brownout((JUDGES, "judges = [\"groq/llama-3.3-70b\"]")),
        ),
        ("vanity-judge", brownout(("sample = 0.05", "sample = 0"))),
        (
            "vanity-judge",
            brownout(("sample = 0.05", "max_per_day = 39")),
        ),
        (
            "vanity-judge",
            brownout(("sample = 0.05", "max_per_minute = 3")),
        ),
        (
            "vanity-judge",
            brownout(("cooldown", "judge_threshold = 0.05\ncooldown")),
        ),
        (
            "rung-3-error",
            (
                "all-down",
                vec![("text = \"The", "form = \"error\"\ntext = \"The")],
            ),
        ),
    ] {
        let toml = good_with(&changes);
        let why = unfit(drill, &toml);
        assert!(why.is_some(), "{drill} goes on with {changes:?}");
        let found = audit_of("c.toml", &toml);
        assert!(
            ids(&found).contains(&rule),
            "{rule}: {why:?} {:?}",
            ids(&found)
        );
    }
}

#[test]
fn a_route_with_an_error_fails_every_drill_and_one_with_less_fails_none() {
    let bedrock = "[providers.bedrock]\nregion = \"us-east-1\"\nkey_env = \"AMAZON_KEY\"\n[judge]";
    let open_router = [
        (
            "\"anthropic/claude-sonnet-4-5\", timeout",
            "\"openrouter/anthropic/claude-sonnet-4-5\", timeout",
        ),
        (SECOND, "\"openrouter/openai/gpt-4.1\", timeout"),
    ];
    let two_keys = "[providers.eu]\ndialect = \"anthropic\"\nbase_url = \"https://eu.example.com\"\nkey_env = ";
    let eu = (SECOND, "\"eu/claude-sonnet-4-5\", timeout");
    let own_key = format!("{two_keys}\"EU_KEY\"\n[judge]");
    let same_key = format!("{two_keys}\"ANTHROPIC_API_KEY\"\n[judge]");
    for (rule, changes) in [
        ("one-account", open_router.to_vec()),
        ("one-vendor", vec![eu, ("[judge]", same_key.as_str())]),
        ("one-maker", vec![eu, ("[judge]", own_key.as_str())]),
        (
            "one-maker",
            vec![
                (
                    SECOND,
                    "\"bedrock/us.anthropic.claude-sonnet-4-5-v1:0\", timeout",
                ),
                ("[judge]", bedrock),
            ],
        ),
        (
            "tier-starved",
            vec![
                ("timeout = \"20s\" },\n]", "timeout = \"60s\" },\n]"),
                ("policy_fallbacks", "deadline = \"45s\"\npolicy_fallbacks"),
            ],
        ),
        (
            "deadline-too-long",
            vec![("policy_fallbacks", "deadline = \"11m\"\npolicy_fallbacks")],
        ),
        ("no-rung-1", vec![("enabled = true", "enabled = false")]),
        (
            "no-second-opinion",
            vec![(
                JUDGES,
                "judges = [\"openai/gpt-4.1\", \"gemini/gemini-2.5-pro\"]",
            )],
        ),
    ] {
        let toml = good_with(&changes);
        let found = audit_of("c.toml", &toml);
        let finding = found.findings.iter().find(|f| f.rule.id == rule);
        let level = finding
            .unwrap_or_else(|| panic!("{rule}: {:?}", ids(&found)))
            .level();
        let why = unfit(ANY, &toml);
        assert_eq!(why.is_some(), level == Level::Error, "{rule}: {why:?}");
    }
}

#[test]
fn a_good_configuration_can_be_drilled_with_everything() {
    for drill in shipped() {
        assert_eq!(unfit(&drill.name, super::GOOD), None, "{}", drill.name);
    }
}
