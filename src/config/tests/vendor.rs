use super::{super::vendor::maker, *};

#[test]
fn a_model_that_another_hosts_is_its_makers() {
    for (vendor, model, whose) in [
        (
            "amazon",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            Some("anthropic"),
        ),
        ("amazon", "amazon.nova-2-lite-v1:0", Some("amazon")),
        (
            "amazon",
            "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.anthropic.claude-haiku-4-5",
            Some("anthropic"),
        ),
        ("amazon", "my-profile", None),
        ("openrouter", "meta-llama/llama-4", Some("meta")),
        ("openai", "gpt-4.1", None),
    ] {
        assert_eq!(maker(vendor, model), whose, "{model}");
    }
}

#[test]
fn claude_at_amazon_is_not_judged_by_claude() {
    let judged_by = |judge: &str| {
        let text = format!(
            "routes.x.tiers = ['bedrock/us.anthropic.claude-sonnet-4-5']\n[judge]\njudges = ['{judge}']\n\
             [providers.bedrock]\nregion = 'us-east-1'\nkey = 'none'"
        );
        load("c.toml", &text)
    };
    assert!(judged_by("anthropic/claude-opus-4-5").is_err());
    assert!(judged_by("openai/gpt-4.1").is_ok());
}
