use super::{GOOD, audit_of, good_with, ids, line, only};
use crate::audit::Level;
use std::time::Duration;

const SECOND: &str = "\"openai/gpt-4.1\", timeout";

#[test]
fn one_tier_is_nothing_to_fail_over_to() {
    let gone = "  { deployment = \"openai/gpt-4.1\", timeout = \"20s\" },\n";
    let found = only("one-tier", &[(gone, "")]);
    assert_eq!((found.level(), line(&found)), (Level::Error, Some(2)));
    assert!(
        found.message.contains("claude-sonnet-4-5 is its only tier"),
        "{}",
        found.message
    );
}

#[test]
fn deployments_that_take_turns_are_one_tier() {
    let tiers = [
        (
            "{ deployment = \"anthropic/claude-sonnet-4-5\"",
            "{ deployments = [\"anthropic/claude-sonnet-4-5\", \"openai/gpt-4.1\"]",
        ),
        (
            "  { deployment = \"openai/gpt-4.1\", timeout = \"20s\" },\n",
            "",
        ),
    ];
    let found = only("one-tier", &tiers);
    assert!(found.message.contains("take turns"), "{}", found.message);
}

#[test]
fn two_models_of_one_maker_in_one_account_go_down_together() {
    let found = only(
        "one-vendor",
        &[(SECOND, "\"anthropic/claude-haiku-4-5\", timeout")],
    );
    assert_eq!(found.level(), Level::Error);
    assert!(
        found
            .message
            .contains("all anthropic's, at api.anthropic.com"),
        "{}",
        found.message
    );
}

#[test]
fn one_maker_behind_two_clouds_is_two_addresses_and_one_maker() {
    let bedrock =
        format!("[providers.bedrock]\nregion = \"us-east-1\"\nkey_env = \"AMAZON_KEY\"\n{GOOD}");
    let text = bedrock.replacen(
        SECOND,
        "\"bedrock/us.anthropic.claude-sonnet-4-5-v1:0\", timeout",
        1,
    );
    let audit = audit_of("c.toml", &text);
    assert_eq!(ids(&audit), ["one-maker"]);
    assert_eq!(audit.findings[0].level(), Level::Warning);
    assert_eq!(audit.routes[0].accounts.len(), 2);
    assert_eq!(audit.routes[0].makers.len(), 1);
}

#[test]
fn two_makers_behind_one_address_are_one_account() {
    let found = only(
        "one-account",
        &[
            (
                "\"anthropic/claude-sonnet-4-5\", timeout",
                "\"openrouter/anthropic/claude-sonnet-4-5\", timeout",
            ),
            (SECOND, "\"openrouter/openai/gpt-4.1\", timeout"),
            (
                "[deployments.\"anthropic/claude-sonnet-4-5\"]",
                "[deployments.\"openrouter/anthropic/claude-sonnet-4-5\"]",
            ),
        ],
    );
    assert!(
        found.message.contains("behind openrouter.ai"),
        "{}",
        found.message
    );
}

#[test]
fn a_key_that_is_missing_takes_its_tier_away() {
    let text = good_with(&[(SECOND, "\"groq/llama-3.3-70b\", timeout")]);
    let audit = audit_of("c.toml", &text);
    assert_eq!(ids(&audit), ["one-tier", "no-key", "load-warnings"]);
    let said = &audit.findings[0].message;
    assert!(
        said.contains("of 2 tiers only anthropic/claude-sonnet-4-5 has a key"),
        "{said}"
    );
    assert!(audit.findings[1].todo.contains("set GROQ_API_KEY"));
    assert_eq!(line(&audit.findings[1]), Some(4));
    assert_eq!(audit.routes[0].tiers[1].has, Duration::ZERO);
}

#[test]
fn a_route_without_any_key_has_only_its_cache_and_its_canned_answer() {
    let more = "[routes.other]\ntiers = [\"groq/llama-3.3-70b\"]\ncontext_fallbacks = [\"gemini/gemini-2.5-pro\"]\n\
                policy_fallbacks = [\"openai/gpt-4.1\"]\ncanned = { text = \"x\", json = \"{}\" }\n[cache]";
    let audit = audit_of("c.toml", &good_with(&[("[cache]", more)]));
    let no_tier = audit.findings.iter().filter(|f| f.rule.id == "no-tier");
    assert_eq!(no_tier.count(), 1);
    assert_eq!(ids(&audit), ["no-tier", "no-key", "load-warnings"]);
}

#[test]
fn a_primary_that_may_use_up_the_deadline_is_an_error_at_its_line() {
    let found = only(
        "deadline-eaten",
        &[("policy_fallbacks", "deadline = \"21s\"\npolicy_fallbacks")],
    );
    assert_eq!(line(&found), Some(7));
    assert!(
        found.message.contains("may take 20s of a deadline of 21s"),
        "{}",
        found.message
    );
    assert!(
        found.message.contains("the next tier has 2.0s"),
        "{}",
        found.message
    );
}

#[test]
fn a_tier_is_starved_when_those_above_leave_it_less_than_half() {
    let found = only(
        "tier-starved",
        &[
            ("timeout = \"20s\" },\n]", "timeout = \"60s\" },\n]"),
            ("policy_fallbacks", "deadline = \"45s\"\npolicy_fallbacks"),
        ],
    );
    assert_eq!(line(&found), Some(4));
    // 45 s, less the primary's retry (2.15 s) and its 20 s, less what rung 3 keeps.
    assert!(
        found.message.contains("the secondary has 22.6s of its 1m"),
        "{}",
        found.message
    );
}

#[test]
fn the_default_deadline_of_two_tiers_starves_nobody_and_that_of_three_the_last() {
    let plain = |tiers: &str| format!("routes.r.tiers = [{tiers}]");
    let two = audit_of("c.toml", &plain("'openai/a', 'anthropic/b'"));
    assert!(!ids(&two).contains(&"tier-starved"));
    let three = audit_of("c.toml", &plain("'openai/a', 'anthropic/b', 'gemini/c'"));
    assert!(
        ids(&three).contains(&"tier-starved"),
        "2 min, and a minute for each"
    );
}

#[test]
fn retries_are_taken_off_before_the_tiers_below_get_their_time() {
    let left = |retries: u8| {
        let to = format!("timeout = \"20s\", retries = {retries} }},\n  {{ deployment = \"openai");
        let from = "timeout = \"20s\" },\n  { deployment = \"openai";
        let deadline = ("policy_fallbacks", "deadline = \"40s\"\npolicy_fallbacks");
        let audit = audit_of("c.toml", &good_with(&[(from, &to), deadline]));
        audit.routes[0].tiers[1].has
    };
    assert_eq!(left(0), left(3) + Duration::from_millis(3 * 2_150));
}

#[test]
fn a_deadline_that_clients_do_not_wait_for_is_named() {
    let found = only(
        "deadline-too-long",
        &[("policy_fallbacks", "deadline = \"11m\"\npolicy_fallbacks")],
    );
    assert!(
        found.message.contains("leave after 10m"),
        "{}",
        found.message
    );
}

#[test]
fn a_limit_for_the_first_content_has_to_be_shorter_than_the_whole() {
    let change = (
        "timeout = \"20s\" },\n]",
        "timeout = \"20s\", ttft_timeout = \"20s\" },\n]",
    );
    let found = only("ttft-too-late", &[change]);
    assert_eq!((found.level(), line(&found)), (Level::Note, Some(4)));
}

#[test]
fn each_rung_that_is_missing_is_named() {
    only("no-rung-1", &[("enabled = true", "enabled = false")]);
    let found = only(
        "rung-3-error",
        &[("text = \"The", "form = \"error\"\ntext = \"The")],
    );
    assert_eq!(line(&found), Some(8));
    only("canned-no-json", &[("json = '{\"ok\":false}'\n", "")]);
    let text = "text = \"The assistant is away for about {minutes} min.\"\n";
    only("canned-default", &[(text, "")]);
    let found = only("canned-blank", &[("{minutes}", "{minute}")]);
    assert!(found.message.contains("{minute}"), "{}", found.message);
}

#[test]
fn braces_that_are_no_blanks_are_left_alone() {
    let audit = audit_of(
        "c.toml",
        &good_with(&[("{minutes} min", "{ 1 } {support} {route} {}")]),
    );
    assert_eq!(ids(&audit), [""; 0]);
}

#[test]
fn a_long_prompt_needs_a_larger_window_somewhere() {
    let fallback = "context_fallbacks = [\"gemini/gemini-2.5-pro\"]\n";
    let found = only("no-larger-window", &[(fallback, "")]);
    assert!(
        found.message.contains("primary's 200000"),
        "{}",
        found.message
    );
    let window = "[deployments.\"anthropic/claude-sonnet-4-5\"]\ncontext_window = 200000\n";
    let found = only("no-larger-window", &[(fallback, ""), (window, "")]);
    assert!(
        found.message.contains("no context_window"),
        "{}",
        found.message
    );
    let found = only("small-window", &[("= 1000000", "= 100000")]);
    assert_eq!((found.level(), line(&found)), (Level::Warning, Some(6)));
}

#[test]
fn a_tier_below_with_a_larger_window_is_enough() {
    let changes = [
        ("context_fallbacks = [\"gemini/gemini-2.5-pro\"]\n", ""),
        (SECOND, "\"gemini/gemini-2.5-pro\", timeout"),
    ];
    assert_eq!(ids(&audit_of("c.toml", &good_with(&changes))), [""; 0]);
}

#[test]
fn not_opting_in_to_policy_fallbacks_is_a_note() {
    let found = only(
        "no-policy-fallback",
        &[("policy_fallbacks = [\"gemini/gemini-2.5-pro\"]\n", "")],
    );
    assert_eq!(found.level(), Level::Note);
}

#[test]
fn embeddings_are_not_asked_for_what_vectors_do_not_have() {
    let text = "[routes.e]\ntiers = [\"openai/text-embedding-3-large\", \"azure/text-embedding-3-large\"]\n\
                same_embeddings = true\n[providers.azure]\ndialect = \"openai\"\n\
                base_url = \"https://name.openai.azure.com\"\napi_version = \"2024-10-21\"\n[cache]";
    assert_eq!(
        ids(&audit_of("c.toml", &good_with(&[("[cache]", text)]))),
        [""; 0]
    );
}
