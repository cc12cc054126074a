//! Where a provider is called and with which headers; and which headers pass between it and the caller.

use crate::model::Dialect;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What Anthropic's API has answered to since it has versions.
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// The URL of a chat request. `base_url` may or may not end in the dialect's version (`…/v1`), and may have a query
/// (Azure's `api-version`).
pub fn request(dialect: Dialect, base_url: &str, model: &str, stream: bool) -> String {
    let base = Base::parse(base_url);
    match dialect {
        Dialect::OpenAi => base.url("/v1", "/chat/completions", ""),
        Dialect::Responses => base.url("/v1", "/responses", ""),
        Dialect::Anthropic => base.url("/v1", "/messages", ""),
        Dialect::Gemini => {
            let (verb, query) = if stream {
                (":streamGenerateContent", "alt=sse")
            } else {
                (":generateContent", "")
            };
            base.url("/v1beta", &format!("{}{verb}", model_path(model)), query)
        }
        Dialect::Bedrock => {
            let verb = if stream {
                "converse-stream"
            } else {
                "converse"
            };
            // The name of a profile has colons and slashes, and is one segment.
            let model = escaped(model, b"-._~");
            base.plain(&format!("/model/{model}/{verb}"))
        }
    }
}

/// The URL of a request for embeddings, which only `OpenAI`'s dialect has here.
pub fn embeddings(dialect: Dialect, base_url: &str) -> Option<String> {
    (dialect == Dialect::OpenAi).then(|| Base::parse(base_url).url("/v1", "/embeddings", ""))
}

/// The URL that counts a request's tokens, in the dialects that have one for a chat request itself.
pub fn count_tokens(dialect: Dialect, base_url: &str, model: &str) -> Option<String> {
    let base = Base::parse(base_url);
    match dialect {
        Dialect::Anthropic => Some(base.url("/v1", "/messages/count_tokens", "")),
        Dialect::Gemini => {
            Some(base.url("/v1beta", &format!("{}:countTokens", model_path(model)), ""))
        }
        // Amazon's takes the request wrapped.
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock => None,
    }
}

/// The URL of a request to an Azure resource under a version of its API: chat requests go to a deployment, which is
/// the model, or which the base URL names already.
pub fn azure(dialect: Dialect, base_url: &str, api_version: &str, model: &str) -> String {
    match dialect {
        Dialect::Responses => {
            let (root, _) = base_url.split_once(DEPLOYMENTS).unwrap_or((base_url, ""));
            format!(
                "{root}/openai/responses?api-version={}",
                escaped(api_version, PLAIN)
            )
        }
        _ => deployment(base_url, api_version, model, "chat/completions"),
    }
}

/// The same, for embeddings.
pub fn azure_embeddings(base_url: &str, api_version: &str, model: &str) -> String {
    deployment(base_url, api_version, model, "embeddings")
}

fn deployment(base_url: &str, api_version: &str, model: &str, what: &str) -> String {
    let (root, deployment) = base_url.split_once(DEPLOYMENTS).map_or_else(
        || (base_url, escaped(model, PLAIN)),
        |(root, own)| (root, own.to_owned()),
    );
    let version = escaped(api_version, PLAIN);
    format!("{root}{DEPLOYMENTS}{deployment}/{what}?api-version={version}")
}

const DEPLOYMENTS: &str = "/openai/deployments/";

/// Azure's own header for a key.
pub fn azure_key(key: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(key.trim()).ok()?;
    value.set_sensitive(true);
    Some((HeaderName::from_static("api-key"), value))
}

struct Base<'a> {
    path: &'a str,
    query: &'a str,
}

impl<'a> Base<'a> {
    fn parse(url: &'a str) -> Self {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.trim_end_matches('/');
        // People paste the whole address from a curl example.
        let path = ["/chat/completions", "/responses", "/messages"]
            .iter()
            .find_map(|tail| path.strip_suffix(tail))
            .unwrap_or(path);
        Self { path, query }
    }

    /// For a dialect whose addresses have no version.
    fn plain(&self, tail: &str) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{tail}{mark}{}", self.path, self.query)
    }

    fn url(&self, version: &str, tail: &str, query: &str) -> String {
        let version = if self.is_versioned() { "" } else { version };
        let both = if self.query.is_empty() || query.is_empty() {
            ""
        } else {
            "&"
        };
        let mark = if self.query.is_empty() && query.is_empty() {
            ""
        } else {
            "?"
        };
        format!(
            "{}{version}{tail}{mark}{}{both}{query}",
            self.path, self.query
        )
    }

    /// It already says which API it is: `/v1`, `/v4`, `/v1beta/openai`, an Azure deployment, a Vertex publisher.
    fn is_versioned(&self) -> bool {
        let path = self
            .path
            .split_once("://")
            .map_or(self.path, |(_, rest)| rest);
        let mut segments = path.split('/').skip(1);
        segments.any(|s| is_version(s) || s == "deployments")
    }
}

/// `v` and a number, and perhaps `beta` or `alpha`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else {
        return false;
    };
    let word = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    word.len() < rest.len()
        && (word.is_empty() || word.starts_with("beta") || word.starts_with("alpha"))
}

/// `/models/M`, or a tuned model's own path, with what a path cannot hold escaped.
fn model_path(model: &str) -> String {
    let folder = if model.contains('/') { "/" } else { "/models/" };
    format!("{folder}{}", escaped(model, PLAIN))
}

/// What a path can hold besides letters and digits.
const PLAIN: &[u8] = b"-._~/@";

/// Everything but letters, digits and what is `plain` as percent escapes.
fn escaped(text: &str, plain: &[u8]) -> String {
    let escape = |b: u8| {
        if b.is_ascii_alphanumeric() || plain.contains(&b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(escape).collect()
}

/// The header of a key, marked sensitive so that nothing prints it. `None` when the key has characters that no
/// header can hold.
pub fn auth(dialect: Dialect, key: &str) -> Option<(HeaderName, HeaderValue)> {
    // Keys come from files and variables that end in a newline.
    let key = key.trim();
    let (name, value) = match dialect {
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock => (
            header::AUTHORIZATION,
            HeaderValue::try_from(format!("Bearer {key}")),
        ),
        Dialect::Anthropic => (
            HeaderName::from_static("x-api-key"),
            HeaderValue::from_str(key),
        ),
        Dialect::Gemini => (
            HeaderName::from_static("x-goog-api-key"),
            HeaderValue::from_str(key),
        ),
    };
    let mut value = value.ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Headers of the caller's that a provider of the same dialect gets: those that change what its answer means.
/// Not its account (`openai-organization`: the account is ours), and not `idempotency-key`, since one request becomes
/// several attempts.
static FORWARDED: [(Dialect, HeaderName); 6] = [
    (Dialect::OpenAi, HeaderName::from_static("openai-beta")),
    (
        Dialect::OpenAi,
        HeaderName::from_static("x-client-request-id"),
    ),
    (Dialect::Responses, HeaderName::from_static("openai-beta")),
    (
        Dialect::Responses,
        HeaderName::from_static("x-client-request-id"),
    ),
    (
        Dialect::Anthropic,
        HeaderName::from_static("anthropic-version"),
    ),
    (
        Dialect::Anthropic,
        HeaderName::from_static("anthropic-beta"),
    ),
];

/// The headers of a request to a provider, credential and body apart: what may pass of the caller's, and what the
/// dialect requires. A list of what may pass, so that credentials, cookies and hop-by-hop headers cannot. The context of
/// traces is the router's: attempts have spans of their own.
pub fn forwardable(door: Dialect, upstream: Dialect, caller: &HeaderMap) -> HeaderMap {
    let own = FORWARDED
        .iter()
        .filter(|(dialect, _)| *dialect == door && door == upstream)
        .map(|(_, name)| name);
    let mut headers = pick(caller, own);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if upstream == Dialect::Anthropic {
        headers
            .entry("anthropic-version")
            .or_insert(ANTHROPIC_VERSION);
    }
    headers
}

/// Headers of a provider's answer that a caller of the same dialect sees. Not rate limits, which are our account's and
/// which failover hides; not `retry-after`, which Anthropic sends on good answers and which SDKs obey; not cookies,
/// ray ids, organisations, or a length and encoding that may no longer hold.
static SHOWN: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    HeaderName::from_static("openai-processing-ms"),
    HeaderName::from_static("openai-version"),
    HeaderName::from_static("openai-model"),
    HeaderName::from_static("x-gemini-service-tier"),
    HeaderName::from_static("x-should-retry"),
];

/// What of a provider's answer headers the caller may see.
pub fn response_headers(upstream: &HeaderMap) -> HeaderMap {
    pick(upstream, SHOWN.iter())
}

fn pick<'a>(from: &HeaderMap, names: impl Iterator<Item = &'a HeaderName>) -> HeaderMap {
    let mut out = HeaderMap::new();
    for name in names {
        for value in from.get_all(name) {
            out.append(name, value.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests;
