//! Names of OpenTelemetry's conventions, and ours beside them. The crate that lists the general ones has given those for
//! generative AI up; which version these are of is said in docs/traces.md.

use crate::{
    config::Provider,
    model::{DeploymentId, Dialect},
};
use opentelemetry::Value;
use std::sync::Arc;

pub(super) const OPERATION: &str = "gen_ai.operation.name";
pub(super) const PROVIDER: &str = "gen_ai.provider.name";
pub(super) const REQUEST_MODEL: &str = "gen_ai.request.model";
pub(super) const REQUEST_STREAM: &str = "gen_ai.request.stream";
pub(super) const REQUEST_MAX_TOKENS: &str = "gen_ai.request.max_tokens";
pub(super) const REQUEST_TEMPERATURE: &str = "gen_ai.request.temperature";
pub(super) const RESPONSE_MODEL: &str = "gen_ai.response.model";
pub(super) const RESPONSE_ID: &str = "gen_ai.response.id";
pub(super) const RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
pub(super) const RESPONSE_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
pub(super) const INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
pub(super) const OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
pub(super) const CACHE_READ_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
pub(super) const CACHE_WRITE_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
pub(super) const REASONING_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
pub(super) const SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
pub(super) const INPUT_MESSAGES: &str = "gen_ai.input.messages";
pub(super) const OUTPUT_MESSAGES: &str = "gen_ai.output.messages";

pub(super) const ERROR_TYPE: &str = "error.type";
pub(super) const SERVER_ADDRESS: &str = "server.address";
pub(super) const SERVER_PORT: &str = "server.port";
pub(super) const STATUS_CODE: &str = "http.response.status_code";

pub(super) const FALLBACK_TIER: &str = "fallback.tier";
pub(super) const FALLBACK_REASON: &str = "fallback.reason";
pub(super) const RUNG: &str = "breakerbox.rung";
pub(super) const ROUTE: &str = "breakerbox.route";
pub(super) const OUTCOME: &str = "breakerbox.outcome";
pub(super) const CACHE: &str = "breakerbox.cache";
pub(super) const REQUEST_ID: &str = "breakerbox.request.id";
pub(super) const ATTEMPTS: &str = "breakerbox.attempts";
pub(super) const RESCUED: &str = "breakerbox.rescued";
pub(super) const DRILL: &str = "breakerbox.drill";
pub(super) const WAITED: &str = "breakerbox.waited";
pub(super) const DEPLOYMENT: &str = "breakerbox.deployment";
pub(super) const ATTEMPT_KIND: &str = "breakerbox.attempt.kind";
pub(super) const ATTEMPT_END: &str = "breakerbox.attempt.end";
pub(super) const COPY: &str = "breakerbox.attempt.copy";
pub(super) const VERDICT: &str = "breakerbox.verdict";
pub(super) const INJECTED: &str = "breakerbox.injected";
pub(super) const SKIPPED: &str = "breakerbox.skipped";
pub(super) const SKIPPED_WHY: &str = "breakerbox.skipped.why";

/// Whom an attempt calls, as spans name it; put together once and not per call.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    pub(super) deployment: Value,
    pub(super) provider: Value,
    pub(super) model: Value,
    pub(super) address: Value,
    pub(super) port: Option<i64>,
}

impl Peer {
    pub fn new(deployment: &DeploymentId, provider: &Provider, model: &str) -> Self {
        let shared = |text: &str| Value::from(Arc::<str>::from(text));
        let uri: Option<http::Uri> = provider.base_url.parse().ok();
        let port = uri.and_then(|uri| {
            let usual = if uri.scheme_str() == Some("http") {
                80
            } else {
                443
            };
            Some(i64::from(uri.port_u16().unwrap_or(usual))).filter(|_| uri.host().is_some())
        });
        Self {
            deployment: shared(deployment),
            provider: provider_name(provider).map_or_else(|| shared(&provider.vendor), Value::from),
            model: shared(model),
            address: shared(provider.host()),
            port,
        }
    }
}

/// What the conventions call the operation of a dialect.
pub(super) const fn operation(wire: Dialect) -> &'static str {
    match wire {
        Dialect::Gemini => "generate_content",
        _ => "chat",
    }
}

/// The conventions' own name for a provider. None: they have none, and the name that the configuration gives it has to do.
fn provider_name(provider: &Provider) -> Option<&'static str> {
    let host = provider.host();
    if host.ends_with("aiplatform.googleapis.com") {
        return Some("gcp.vertex_ai");
    }
    if provider.azure.is_some() {
        return Some("azure.ai.openai");
    }
    match provider.dialect {
        Dialect::Anthropic => Some("anthropic"),
        Dialect::Bedrock => Some("aws.bedrock"),
        Dialect::Gemini if host == GEMINI => Some("gcp.gemini"),
        Dialect::Gemini => Some("gcp.gen_ai"),
        Dialect::OpenAi | Dialect::Responses => {
            let at = HOSTS.iter().find(|(at, _)| *at == host);
            let by_name = || VENDORS.iter().find(|(name, _)| *name == provider.vendor);
            at.or_else(by_name).map(|(_, name)| *name)
        }
    }
}

const GEMINI: &str = "generativelanguage.googleapis.com";

/// Addresses that speak `OpenAI`'s dialect.
const HOSTS: [(&str, &str); 11] = [
    ("api.openai.com", "openai"),
    (GEMINI, "gcp.gemini"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.moonshot.ai", "moonshot_ai"),
    ("api.moonshot.cn", "moonshot_ai"),
];

/// What the configuration calls some of them, behind a proxy's address.
const VENDORS: [(&str, &str); 2] = [("mistral", "mistral_ai"), ("xai", "x_ai")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn peer(toml: &str) -> Peer {
        let text = format!("[providers.p]\nkey = 'k'\n{toml}\n[routes.r]\ntiers = ['p/m']\n");
        let config = config::parse("c.toml", &text, &|_: &str| None)
            .map_err(|problems| problems.to_string())
            .unwrap();
        let provider = config.providers.values().next().unwrap();
        Peer::new(&"p/m".into(), provider, "m")
    }

    #[test]
    fn providers_have_the_names_that_the_conventions_give_them() {
        for (toml, name, address, port) in [
            (
                "dialect = 'openai'\nbase_url = 'https://api.openai.com/v1'",
                "openai",
                "api.openai.com",
                443,
            ),
            (
                "dialect = 'openai'\nbase_url = 'https://api.mistral.ai'",
                "mistral_ai",
                "api.mistral.ai",
                443,
            ),
            (
                "dialect = 'openai'\nbase_url = 'http://10.0.0.7:8000'\nvendor = 'xai'",
                "x_ai",
                "10.0.0.7",
                8000,
            ),
            (
                "dialect = 'openai'\nbase_url = 'http://vllm.internal'\nvendor = 'ours'",
                "ours",
                "vllm.internal",
                80,
            ),
            (
                "dialect = 'anthropic'\nbase_url = 'https://api.anthropic.com'",
                "anthropic",
                "api.anthropic.com",
                443,
            ),
            (
                "dialect = 'gemini'\nbase_url = 'https://generativelanguage.googleapis.com'",
                "gcp.gemini",
                GEMINI,
                443,
            ),
            (
                "dialect = 'gemini'\nbase_url = 'https://eu-aiplatform.googleapis.com/v1/publishers/google'",
                "gcp.vertex_ai",
                "eu-aiplatform.googleapis.com",
                443,
            ),
            (
                "dialect = 'openai'\nbase_url = 'https://x.openai.azure.com'\napi_version = '2024-10-21'",
                "azure.ai.openai",
                "x.openai.azure.com",
                443,
            ),
        ] {
            let peer = peer(toml);
            assert_eq!(peer.provider, Value::from(name), "{toml}");
            assert_eq!(
                (peer.address, peer.port),
                (Value::from(address), Some(port)),
                "{toml}"
            );
        }
    }
}
