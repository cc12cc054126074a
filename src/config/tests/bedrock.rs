//! Accounts at Amazon, in both formats.

use super::*;
use crate::{
    config::{KeySource, Provider, show},
    model::Dialect,
};
use secrecy::ExposeSecret;

/// These variables and no others.
fn set<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| {
        let (_, value) = pairs.iter().find(|(n, _)| *n == name)?;
        Some((*value).to_owned())
    }
}

const KEYS: [(&str, &str); 4] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalr/secret"),
    ("AWS_SESSION_TOKEN", "IQoJ"),
    ("AWS_REGION", "eu-west-1"),
];

fn provider(text: &str, pairs: &[(&str, &str)]) -> Provider {
    let name = if text.contains("model_list") {
        "c.yaml"
    } else {
        "c.toml"
    };
    // Somebody has to take traffic, or the file is refused.
    let env = |name: &str| match name {
        "OPENAI_API_KEY" => Some("sk-other".to_owned()),
        name => set(pairs)(name),
    };
    let config = load_with(name, text, &env).unwrap_or_else(|e| panic!("{e}"));
    let all = config.providers.into_values();
    all.into_iter()
        .find(|p| p.dialect == Dialect::Bedrock)
        .expect("a provider at Amazon")
}

/// Region, what signs, and why it takes no traffic.
fn account(p: &Provider) -> (&str, Vec<&str>, Option<&str>) {
    let aws = p.aws.as_ref().expect("an account");
    let signing = aws.signing.iter().flat_map(|s| {
        let both = [Some(&s.access_key_id), Some(&s.secret_access_key)];
        both.into_iter().chain([s.session_token.as_ref()]).flatten()
    });
    let values = signing.filter_map(|c| Some(c.value.as_ref()?.expose_secret()));
    (&aws.region, values.collect(), p.missing_key.as_deref())
}

const NAMED: &str = "routes.x.tiers = ['bedrock/us.amazon.nova-pro-v1:0', 'openai/gpt-4.1']";

#[test]
fn a_provider_that_is_only_named_has_amazons_own_variables() {
    let p = provider(NAMED, &KEYS);
    assert_eq!(
        p.base_url,
        "https://bedrock-runtime.eu-west-1.amazonaws.com"
    );
    assert_eq!(
        account(&p),
        (
            "eu-west-1",
            vec!["AKIDEXAMPLE", "wJalr/secret", "IQoJ"],
            None
        )
    );
    assert_eq!(p.vendor, "amazon");
}

#[test]
fn an_api_key_goes_before_keys_that_sign() {
    let pairs = [&KEYS[..], &[("AWS_BEARER_TOKEN_BEDROCK", "ABSK-1")]].concat();
    let p = provider(NAMED, &pairs);
    assert_eq!(account(&p), ("eu-west-1", vec![], None));
    assert_eq!(p.key.unwrap().expose_secret(), "ABSK-1");
    assert_eq!(
        p.key_from,
        KeySource::Env("AWS_BEARER_TOKEN_BEDROCK".to_owned())
    );
}

#[test]
fn what_is_missing_is_said() {
    for (pairs, why) in [
        (
            &[("AWS_REGION", "eu-west-1")][..],
            "no key: neither AWS_BEARER_TOKEN_BEDROCK nor AWS_ACCESS_KEY_ID is set",
        ),
        (
            &[("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "A")],
            "no key: AWS_SECRET_ACCESS_KEY is not set",
        ),
        (
            &[("AWS_BEARER_TOKEN_BEDROCK", "k")],
            "no region: set region (like \"us-east-1\") or the variable AWS_REGION",
        ),
    ] {
        assert_eq!(account(&provider(NAMED, pairs)).2, Some(why));
    }
}

#[test]
fn a_section_says_region_and_keys_and_is_shown_without_them() {
    let text = "routes.x.tiers = ['east/m']\n[providers.east]\ndialect = 'bedrock'\nregion = 'us-east-1'\n\
                vendor = 'anthropic'\naccess_key_id = { env = 'ID' }\nsecret_access_key = { env = 'SECRET' }\n\
                session_token = 'geheim-token-1'\n";
    let pairs = [("ID", "AKIDEXAMPLE"), ("SECRET", "wJalr/secret")];
    let p = provider(text, &pairs);
    assert_eq!(
        account(&p),
        (
            "us-east-1",
            vec!["AKIDEXAMPLE", "wJalr/secret", "geheim-token-1"],
            None
        )
    );
    assert_eq!(
        (p.vendor.as_str(), p.key_from),
        ("anthropic", KeySource::NotNeeded)
    );
    let config = load_with("c.toml", text, &set(&pairs)).unwrap();
    assert!(config.warnings.iter().any(|w| w.contains("session_token")));
    let shown = show(&config);
    for part in [
        "region = \"us-east-1\"",
        "access_key_id = { env = \"ID\" }",
        "secret_access_key = { env = \"SECRET\" }",
        "session_token = \"<set>\"",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("key = \"none\""), "{shown}");
    for hidden in ["AKIDEXAMPLE", "wJalr", "geheim"] {
        assert!(!format!("{shown} {config:?}").contains(hidden));
    }
}

#[test]
fn what_is_shown_loads_again() {
    let text = "routes.x.tiers = ['east/m']\n[providers.east]\ndialect = 'bedrock'\nregion = 'us-east-1'\n\
                access_key_id = { env = 'ID' }\nsecret_access_key = { file = '/nowhere/secret' }\n\
                [providers.openai]\nkey = 'none'\n[deployments.'openai/a']\n";
    let config = load_with("c.toml", text, &set(&[("ID", "AKIDEXAMPLE")])).unwrap();
    let shown = show(&config);
    let again = load_with("c.toml", &shown, &set(&[("ID", "AKIDEXAMPLE")])).unwrap();
    assert_eq!(show(&again), shown);
}

#[test]
fn sections_that_cannot_be_meant_are_refused_at_their_line() {
    let with = |lines: &str| {
        problems(
            "c.toml",
            &format!(
                "routes.x.tiers = ['east/m']\n[providers.east]\ndialect = 'bedrock'\n{lines}\n"
            ),
        )
    };
    for (lines, says) in [
        (
            "access_key_id = 'A'",
            "c.toml:2:1: providers.east: access_key_id and secret_access_key sign together; one is missing",
        ),
        (
            "session_token = 'A'",
            "c.toml:2:1: providers.east: access_key_id and secret_access_key sign together",
        ),
        (
            "access_key_id = 'A'\nsecret_access_key = 'B'\nkey_env = 'C'",
            "c.toml:6:11: providers.east.key_env: is one too many beside keys that sign",
        ),
        (
            "base_url = 'http://127.0.0.1:1'",
            "c.toml:2:1: providers.east: say which credentials http://127.0.0.1:1 gets",
        ),
        (
            "region = 7",
            "c.toml:4:10: providers.east.region: expected a text",
        ),
        (
            "access_key_id = {}\nsecret_access_key = 'B'",
            "c.toml:4:17: providers.east.access_key_id: expected a text, { env = \"NAME\" } or { file = \"path\" }",
        ),
    ] {
        let said = with(lines);
        assert!(said.contains(says), "{lines}: {said}");
    }
    let other = problems(
        "c.toml",
        "routes.x.tiers = ['openai/m']\nproviders.openai.region = 'us-east-1'",
    );
    assert!(other.contains("providers.openai.region"), "{other}");
}

fn litellm(params: &str) -> String {
    format!(
        "model_list:\n- model_name: a\n  litellm_params: {{ {params} }}\n\
         - model_name: b\n  litellm_params: {{ model: gpt-4.1 }}\n"
    )
}

#[test]
fn litellms_blocks_are_accounts_at_amazon() {
    let params = "model: bedrock/converse/us.amazon.nova-pro-v1:0, aws_region_name: us-west-2, \
                  aws_access_key_id: os.environ/ID, aws_secret_access_key: os.environ/SECRET, aws_session_token: tok-1";
    let pairs = [("ID", "AKIDEXAMPLE"), ("SECRET", "wJalr/secret")];
    let p = provider(&litellm(params), &pairs);
    assert_eq!(
        p.base_url,
        "https://bedrock-runtime.us-west-2.amazonaws.com"
    );
    assert_eq!(
        account(&p),
        (
            "us-west-2",
            vec!["AKIDEXAMPLE", "wJalr/secret", "tok-1"],
            None
        )
    );
    let env = |name: &str| match name {
        "OPENAI_API_KEY" => Some("sk-other".to_owned()),
        name => set(&pairs)(name),
    };
    let config = load_with("c.yaml", &litellm(params), &env).unwrap();
    assert!(
        config
            .deployments
            .contains_key("bedrock/us.amazon.nova-pro-v1:0"),
        "{:?}",
        config.deployments.keys()
    );
    let literal = config
        .warnings
        .iter()
        .any(|w| w.contains("a key stands in the file"));
    assert!(literal, "{:?}", config.warnings);
}

#[test]
fn litellms_api_key_and_variables_are_taken_too() {
    let key = provider(
        &litellm("model: bedrock/m, api_key: os.environ/K, aws_region_name: us-west-2"),
        &[("K", "ABSK-1")],
    );
    assert_eq!(key.key.as_ref().unwrap().expose_secret(), "ABSK-1");
    assert_eq!(account(&key), ("us-west-2", vec![], None));
    let implied = provider(&litellm("model: bedrock/m"), &KEYS);
    assert_eq!(account(&implied).1.len(), 3);
    let half = provider(
        &litellm("model: bedrock/m, aws_region_name: us-west-2, aws_access_key_id: A"),
        &KEYS,
    );
    assert!(
        account(&half)
            .2
            .is_some_and(|why| why.contains("one is missing"))
    );
}

#[test]
fn two_regions_are_two_providers_and_roles_are_named_as_not_honoured() {
    let text = "model_list:\n- model_name: a\n  litellm_params: { model: bedrock/m, aws_region_name: us-west-2, api_key: k }\n\
                - model_name: a\n  litellm_params: { model: bedrock/m, aws_region_name: us-east-1, api_key: k, aws_role_name: r }\n";
    let config = yaml(text);
    let bases: Vec<_> = config
        .providers
        .values()
        .map(|p| p.base_url.as_str())
        .collect();
    assert_eq!(
        bases,
        [
            "https://bedrock-runtime.us-west-2.amazonaws.com",
            "https://bedrock-runtime.us-east-1.amazonaws.com"
        ]
    );
    let named = config
        .warnings
        .iter()
        .any(|w| w.contains("aws_role_name: not honoured"));
    assert!(named, "{:?}", config.warnings);
}
