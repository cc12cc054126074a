use super::{native::round_trip, *};
use crate::{
    config::{KeySource, show},
    model::Dialect,
};
use secrecy::ExposeSecret;
use std::time::Duration;

const SUMMARIZE: &str = r"
model_list:
  - model_name: summarize
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: os.environ/ANTHROPIC_API_KEY
      timeout: 20
  - model_name: second-choice
    litellm_params: { model: openai/gpt-4.1, api_key: os.environ/OPENAI_API_KEY, timeout: 20 }
  - model_name: third-choice
    litellm_params: { model: gemini/gemini-2.5-pro, api_key: os.environ/GEMINI_API_KEY, timeout: 25 }
router_settings:
  fallbacks:
    - summarize: [second-choice, third-choice]
  context_window_fallbacks:
    - summarize: [third-choice]
  allowed_fails: 2
  cooldown_time: 60
  num_retries: 1
";

/// A file with these `model_list` entries, each in YAML's flow style.
fn list(entries: &[&str]) -> String {
    let items: Vec<_> = entries.iter().map(|e| format!("  - {{ {e} }}\n")).collect();
    format!("model_list:\n{}", items.concat())
}

fn model(name: &str, params: &str) -> String {
    format!("model_name: {name}, litellm_params: {{ {params} }}")
}

#[test]
fn the_three_tier_summarize_file_is_read_field_by_field() {
    let config = yaml(SUMMARIZE);
    let route = config.route("summarize").unwrap();
    let tiers: Vec<_> = route
        .tiers
        .iter()
        .map(|t| {
            (
                &*t.deployments[0],
                t.timeout.as_secs(),
                t.retries,
                t.ttft_timeout,
            )
        })
        .collect();
    assert_eq!(
        tiers,
        [
            ("anthropic/claude-sonnet-4-5", 20, 1, None),
            ("openai/gpt-4.1", 20, 1, None),
            ("gemini/gemini-2.5-pro", 25, 1, None),
        ]
    );
    assert_eq!(route.deadline, Duration::from_secs(70));
    assert_eq!(route.context_fallbacks.len(), 1);
    assert_eq!(
        &*route.context_fallbacks[0].deployments[0],
        "gemini/gemini-2.5-pro"
    );
    assert_eq!(route.policy_fallbacks, []);
    assert_eq!(config.breaker.cooldown, Duration::from_mins(1));
    assert!(!config.breaker.observe);
    let providers: Vec<_> = config
        .providers
        .values()
        .map(|p| (&*p.id, p.dialect, p.vendor.as_str(), p.base_url.as_str()))
        .collect();
    assert_eq!(
        providers,
        [
            (
                "anthropic",
                Dialect::Anthropic,
                "anthropic",
                "https://api.anthropic.com"
            ),
            (
                "openai",
                Dialect::OpenAi,
                "openai",
                "https://api.openai.com"
            ),
            (
                "gemini",
                Dialect::Gemini,
                "google",
                "https://generativelanguage.googleapis.com"
            ),
        ]
    );
    let key = config.providers["gemini"].key.as_ref().unwrap();
    assert_eq!(key.expose_secret(), "value-of-GEMINI_API_KEY");
    assert_eq!(
        config.names(),
        [
            "summarize",
            "second-choice",
            "third-choice",
            "anthropic/claude-sonnet-4-5",
            "openai/gpt-4.1",
            "gemini/gemini-2.5-pro"
        ]
    );
    assert_eq!(
        config.warnings,
        [
            "router_settings.allowed_fails: not honoured: a breaker opens on evidence \
          (breaker.err_threshold, breaker.judge_threshold), not on a count"
        ]
    );
    round_trip(&config);
}

#[test]
fn deployments_of_one_name_share_a_tier_and_accounts_are_told_apart() {
    let config = yaml(&list(&[
        &model(
            "m",
            "model: gpt-4.1, api_key: os.environ/A, timeout: 10, rpm: 80_000",
        ),
        &model(
            "m",
            "model: openai/gpt-4.1, api_key: os.environ/B, timeout: 30, stream_timeout: 2.5",
        ),
        &model("m", "model: groq/llama, max_retries: 4"),
        &model("n", "model: gpt-4.1-mini, api_key: os.environ/A"),
    ]));
    let tier = &config.route("m").unwrap().tiers[0];
    let ids: Vec<_> = tier.deployments.iter().map(|d| &**d).collect();
    assert_eq!(ids, ["openai/gpt-4.1", "openai-2/gpt-4.1", "groq/llama"]);
    assert_eq!(tier.timeout, Duration::from_secs(30));
    assert_eq!(tier.ttft_timeout, Some(Duration::from_millis(2500)));
    assert_eq!(tier.retries, 4);
    assert_eq!(config.deployments["openai/gpt-4.1"].rpm, Some(80_000));
    assert_eq!(
        &*config.route("n").unwrap().tiers[0].deployments[0],
        "openai/gpt-4.1-mini"
    );
    assert_eq!(
        config.providers["groq"].key_from,
        KeySource::Env("GROQ_API_KEY".to_owned())
    );
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
    round_trip(&config);
}

#[test]
fn bare_model_names_tell_their_vendor() {
    for (model_name, id) in [
        ("gpt-4o", "openai/gpt-4o"),
        ("o3-mini", "openai/o3-mini"),
        ("claude-3-haiku", "anthropic/claude-3-haiku"),
        ("gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("ollama_chat/llama3", "ollama/llama3"),
    ] {
        let config = yaml(&list(&[&model("m", &format!("model: {model_name}"))]));
        assert_eq!(config.deployments.keys().next().map(|d| &**d), Some(id));
        assert!(config.providers[0].missing_key.is_none());
    }
}

#[test]
fn own_servers_are_called_in_openais_dialect() {
    let config = yaml(&list(&[
        &model(
            "a",
            "model: hosted_vllm/meta/llama, api_base: 'http://10.0.0.7:8000/v1'",
        ),
        &model(
            "b",
            "model: meta/llama, custom_llm_provider: openai, api_base: os.environ/BASE",
        ),
        &model(
            "c",
            "model: anthropic/claude, api_base: 'https://gate.example.com', api_key: os.environ/GATE",
        ),
    ]));
    let vllm = &config.providers["hosted_vllm"];
    assert_eq!(
        (vllm.dialect, vllm.base_url.as_str()),
        (Dialect::OpenAi, "http://10.0.0.7:8000")
    );
    assert_eq!(vllm.key_from, KeySource::NotNeeded);
    assert_eq!(
        config.deployments["hosted_vllm/meta/llama"].model,
        "meta/llama"
    );
    assert_eq!(
        config.providers["openai"].missing_key.as_deref(),
        Some("api_base: expected an address that starts with https:// or http://")
    );
    let gate = &config.providers["anthropic"];
    assert_eq!(
        (gate.dialect, gate.base_url.as_str()),
        (Dialect::Anthropic, "https://gate.example.com")
    );
    round_trip(&config);
}

#[test]
fn a_vendor_that_is_not_supported_is_off_with_its_reason() {
    let off = |params: &str| {
        let config = yaml(&list(&[&model("m", params), &model("n", "model: gpt-4")]));
        round_trip(&config);
        config.providers[0].missing_key.clone().unwrap()
    };
    assert_eq!(
        off("model: sagemaker/x"),
        "vendor \"sagemaker\" is not supported yet"
    );
    assert_eq!(
        off("model: antropic/claude"),
        "vendor \"antropic\" is not supported; did you mean \"anthropic\"?"
    );
    assert_eq!(
        off("model: hosted_vllm/x"),
        "vendor \"hosted_vllm\" needs an api_base"
    );
    assert_eq!(
        off("model: llama-3"),
        "whose model it is cannot be told; write it as vendor/model"
    );
    assert_eq!(
        off("model: openai/x, api_key: os.environ/MISSING"),
        "no key: MISSING is not set"
    );
    assert_eq!(
        off("model: openai/x, api_base: os.environ/MISSING"),
        "no api_base: MISSING is not set"
    );
    assert_eq!(
        off("model: openai/x, api_key: '<your key>'"),
        "no key: a placeholder stands in its place"
    );
}

#[test]
fn fallbacks_come_in_order_then_the_default_ones_each_deployment_once() {
    let text = list(&[
        &model("a", "model: openai/a"),
        &model("b", "model: openai/b"),
        &model("c", "model: openai/c"),
        &model("again", "model: openai/b"),
    ]) + "
litellm_settings:
  fallbacks: [{ a: [c, again] }, { '*': [b] }]
  default_fallbacks: [a, b]
  content_policy_fallbacks: [{ a: [c] }]
router_settings:
  model_group_alias: { short: a, long: { model: b, hidden: true } }
";
    let config = yaml(&text);
    let tiers = |name: &str| {
        let route = config.route(name).unwrap();
        let ids = route.tiers.iter().map(|t| t.deployments[0].to_string());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(tiers("a"), "openai/a openai/c openai/b");
    assert_eq!(tiers("short"), "openai/a openai/c openai/b");
    assert_eq!(tiers("c"), "openai/c openai/b openai/a");
    assert_eq!(tiers("long"), "openai/b openai/a");
    assert_eq!(config.route("a").unwrap().policy_fallbacks.len(), 1);
    assert_eq!(
        config.warnings,
        ["router_settings.model_group_alias.long.hidden: not honoured: every name is listed"]
    );
}

#[test]
fn settings_may_stand_under_either_section_and_the_routers_own_win() {
    let text = list(&[&model("a", "model: openai/a")])
        + "
litellm_settings: { num_retries: 5, request_timeout: 7, cooldown_time: 2, cache: no }
router_settings: { num_retries: 2, disable_cooldowns: true }
";
    let config = yaml(&text);
    let tier = &config.route("a").unwrap().tiers[0];
    assert_eq!((tier.retries, tier.timeout), (2, Duration::from_secs(7)));
    assert_eq!(config.breaker.cooldown, Duration::from_secs(2));
    assert!(config.breaker.observe && !config.cache.enabled);
    assert_eq!(
        config.warnings,
        [
            "litellm_settings.num_retries: not honoured: router_settings has it too",
            "router_settings.disable_cooldowns: breakers only watch: they say what they would have done and \
             block nothing",
        ]
    );
}

#[test]
fn whatever_is_not_honoured_is_listed_by_its_path() {
    let text = list(&[
        "model_name: a, model_info: { mode: chat, max_input_tokens: 8192 }, \
         litellm_params: { model: openai/a, weight: 3, frobnicate: 1 }",
        &model("openai/*", "model: openai/*"),
    ]) + "
router_settings: { routing_strategy: latency-based-routing, redis_startup_nodes: [], retry_after: 5, enable_pre_call_checks: true }
litellm_settings: { success_callback: [langfuse], drop_params: true }
general_settings: { master_key: os.environ/MASTER, database_url: x }
environment_variables: { UNUSED: 1 }
guardrails: []
";
    let config = yaml(&text);
    let paths: Vec<_> = config
        .warnings
        .iter()
        .map(|w| w.split(": ").next().unwrap_or(w))
        .collect();
    assert_eq!(
        paths,
        [
            "model_list[0].model_info.mode",
            "model_list[0].litellm_params.weight",
            "model_list[0].litellm_params.frobnicate",
            "model_list[1]",
            "general_settings.database_url",
            "router_settings.routing_strategy",
            "router_settings.redis_startup_nodes",
            "router_settings.retry_after",
            "router_settings.enable_pre_call_checks",
            "litellm_settings.success_callback",
            "litellm_settings.drop_params",
            "environment_variables.UNUSED",
            "guardrails",
        ]
    );
    assert_eq!(config.deployments["openai/a"].context_window, Some(8192));
    assert_eq!(
        config.server.client_keys[0].expose_secret(),
        "value-of-MASTER"
    );
    round_trip(&config);
}

#[test]
fn variables_that_the_file_sets_are_read() {
    let text = list(&[&model(
        "a",
        "model: openai/a, api_key: os.environ/MISSING_KEY",
    )]) + "environment_variables: { MISSING_KEY: sk-1 }\n";
    let config = yaml(&text);
    let openai = &config.providers["openai"];
    assert_eq!(openai.key.as_ref().unwrap().expose_secret(), "sk-1");
    assert_eq!(openai.key_from, KeySource::Literal);
}

#[test]
fn a_key_that_stands_twice_is_a_warning_and_the_last_one_counts() {
    let text = "model_list:\n- model_name: a\n  litellm_params:\n    model: openai/x\n    model: openai/y\n";
    let config = yaml(text);
    assert_eq!(
        &*config.route("a").unwrap().tiers[0].deployments[0],
        "openai/y"
    );
    assert_eq!(
        config.warnings,
        ["line 5: \"model\" stands twice in this mapping; the last one counts"]
    );
}

#[test]
fn a_document_mark_and_windows_line_ends_are_understood() {
    let text = format!("---\n{SUMMARIZE}").replace('\n', "\r\n");
    assert_eq!(yaml(&text).hash, yaml(SUMMARIZE).hash);
}

#[test]
fn anchors_and_merges_are_understood() {
    let text = "
x-common: &common { api_key: os.environ/SHARED, timeout: 9 }
model_list:
- model_name: a
  litellm_params: { <<: *common, model: openai/a, timeout: 11 }
";
    let config = yaml(text);
    let tier = &config.route("a").unwrap().tiers[0];
    assert_eq!(tier.timeout, Duration::from_secs(11));
    assert_eq!(
        config.providers["openai"].key_from,
        KeySource::Env("SHARED".to_owned())
    );
}

#[test]
fn a_file_without_an_ending_is_known_by_its_content() {
    let native = "routes.x.tiers = [\"openai/a\"]";
    assert!(load("config", native).is_ok());
    assert!(load("config", SUMMARIZE).is_ok());
}

#[test]
fn published_files_load_or_say_why_not() {
    let dir = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/litellm"
    ));
    let Ok(files) = std::fs::read_dir(dir) else {
        println!("skipped: no published LiteLLM files here");
        return;
    };
    for file in files {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        match crate::config::load(&path, &env) {
            Ok(config)
                if config
                    .providers
                    .values()
                    .any(|p| p.key_from == KeySource::Literal) =>
            {
                assert!(show(&config).contains("\"<set>\""), "{}", path.display());
            }
            Ok(config) => round_trip(&config),
            Err(problems) => {
                assert!(text.contains("model_list: []"), "{problems}");
                let shown = problems.to_string();
                assert!(
                    shown.contains("model_list: is empty: nothing to route to"),
                    "{shown}"
                );
            }
        }
    }
}

#[test]
fn azure_is_called_by_deployment_and_version_with_its_own_kinds_of_key() {
    let config = yaml(&list(&[
        &model(
            "a",
            "model: azure/o_series/my-o4, api_base: https://n.openai.azure.com/, api_version: \"2024-10-21\", api_key: os.environ/AZURE_KEY",
        ),
        &model(
            "b",
            "model: azure/my-gpt, api_base: https://n.openai.azure.com, api_version: v1, azure_ad_token: os.environ/TOKEN",
        ),
    ]));
    let seen: Vec<_> = config
        .providers
        .values()
        .map(|p| {
            let azure = p.azure.as_ref().unwrap();
            (
                p.base_url.as_str(),
                azure.api_version.as_deref(),
                azure.bearer,
                p.responses,
                p.vendor.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                "https://n.openai.azure.com",
                Some("2024-10-21"),
                false,
                false,
                "openai"
            ),
            (
                "https://n.openai.azure.com/openai",
                None,
                true,
                true,
                "openai"
            ),
        ]
    );
    assert_eq!(config.deployments["azure/my-o4"].model, "my-o4");
    let key = config.providers["azure-2"].key.as_ref().unwrap();
    assert_eq!(key.expose_secret(), "value-of-TOKEN");
    round_trip(&config);
}
