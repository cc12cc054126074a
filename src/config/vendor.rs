//! Who is behind a provider, and what is known about the well-known ones.

use super::azure::{self, Azure};
use crate::model::Dialect;

/// A provider that needs no declaration: its name says dialect, address and the variable with the key.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) dialect: Dialect,
    /// Without the dialect's own path.
    pub(super) base_url: &'static str,
    /// The variables that its own tools and LiteLLM read, most usual first. None: it wants no key.
    pub(super) key_env: &'static [&'static str],
}

const fn openai_like(
    name: &'static str,
    base_url: &'static str,
    key_env: &'static [&'static str],
) -> Known {
    Known {
        name,
        dialect: Dialect::OpenAi,
        base_url,
        key_env,
    }
}

/// Each address is the one that the vendor's own documentation gives, less the dialect's own path.
pub(super) const KNOWN: [Known; 12] = [
    // platform.openai.com/docs/api-reference
    openai_like("openai", "https://api.openai.com", &["OPENAI_API_KEY"]),
    // docs.anthropic.com/en/api/messages
    Known {
        name: "anthropic",
        dialect: Dialect::Anthropic,
        base_url: "https://api.anthropic.com",
        key_env: &["ANTHROPIC_API_KEY"],
    },
    // ai.google.dev/api
    Known {
        name: "gemini",
        dialect: Dialect::Gemini,
        base_url: "https://generativelanguage.googleapis.com",
        key_env: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    },
    // docs.aws.amazon.com/general/latest/gr/bedrock.html: one address for each region
    Known {
        name: "bedrock",
        dialect: Dialect::Bedrock,
        base_url: "https://bedrock-runtime.us-east-1.amazonaws.com",
        key_env: &[super::aws::API_KEY],
    },
    // console.groq.com/docs/openai
    openai_like("groq", "https://api.groq.com/openai", &["GROQ_API_KEY"]),
    // docs.mistral.ai/api
    openai_like("mistral", "https://api.mistral.ai", &["MISTRAL_API_KEY"]),
    // api-docs.deepseek.com
    openai_like(
        "deepseek",
        "https://api.deepseek.com",
        &["DEEPSEEK_API_KEY"],
    ),
    // docs.together.ai/docs/openai-api-compatibility
    openai_like(
        "together_ai",
        "https://api.together.xyz",
        &[
            "TOGETHERAI_API_KEY",
            "TOGETHER_AI_API_KEY",
            "TOGETHER_API_KEY",
        ],
    ),
    // openrouter.ai/docs/quickstart
    openai_like(
        "openrouter",
        "https://openrouter.ai/api",
        &["OPENROUTER_API_KEY"],
    ),
    // docs.x.ai/docs/api-reference
    openai_like("xai", "https://api.x.ai", &["XAI_API_KEY"]),
    // docs.fireworks.ai/tools-sdks/openai-compatibility
    openai_like(
        "fireworks_ai",
        "https://api.fireworks.ai/inference",
        &["FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY"],
    ),
    // github.com/ollama/ollama/blob/main/docs/openai.md
    openai_like("ollama", "http://localhost:11434", &[]),
];

/// The address of a provider that is switched off and never called.
pub(super) const NOWHERE: &str = "https://disabled.invalid";

pub(super) fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// The well-known provider at this address.
pub(super) fn known_at(base_url: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.base_url == base_url)
}

pub(super) fn known_for(dialect: Dialect) -> &'static Known {
    let name = match dialect {
        Dialect::Responses => "openai",
        own => own.as_str(),
    };
    known(name).expect("every dialect is named after a well-known provider")
}

/// Whom a deployment is judged as when the file does not say: the well-known owner of the address, the owner of
/// the dialect, or the domain of an OpenAI-like server.
pub(super) fn of(dialect: Dialect, base_url: &str) -> String {
    match (dialect, known_at(base_url)) {
        (Dialect::Anthropic, _) => "anthropic".to_owned(),
        (Dialect::Gemini, _) => "google".to_owned(),
        (Dialect::Bedrock, _) => "amazon".to_owned(),
        (Dialect::OpenAi | Dialect::Responses, Some(known)) => known.name.to_owned(),
        // What Azure hosts under these names are OpenAI's models.
        (Dialect::OpenAi | Dialect::Responses, None) if azure::is_at(base_url) => {
            "openai".to_owned()
        }
        (Dialect::OpenAi | Dialect::Responses, None) => registrable(host(base_url)),
    }
}

/// Who made a model, where its provider hosts those of others and their names tell: `us.anthropic.claude-…` at Amazon,
/// `anthropic/claude-…` at `OpenRouter`.
pub(super) fn maker<'m>(vendor: &str, model: &'m str) -> Option<&'m str> {
    let maker = match vendor {
        // A profile's address ends in its name.
        "amazon" => {
            let name = model.rsplit('/').next().unwrap_or(model);
            let mut parts = name.split('.').filter(|part| !REGIONS.contains(part));
            let maker = parts.next()?;
            parts.next().map(|_| maker)?
        }
        "openrouter" => model.split_once('/')?.0,
        _ => return None,
    };
    Some(match maker {
        "meta-llama" => "meta",
        "mistralai" => "mistral",
        "x-ai" => "xai",
        own => own,
    })
}

/// What stands before a model's name in Amazon's profiles over regions.
const REGIONS: [&str; 7] = ["us", "us-gov", "eu", "apac", "jp", "au", "global"];

/// Whether the owner of this address answers at `/v1/responses` too. Servers that only speak like `OpenAI` mostly don't.
pub(super) fn has_responses(dialect: Dialect, base_url: &str, azure: Option<&Azure>) -> bool {
    let openai = || known_at(base_url).is_some_and(|known| known.name == "openai");
    dialect == Dialect::OpenAi && azure.map_or_else(openai, Azure::has_responses)
}

/// The host of an `http(s)://host[:port][/path]` address.
pub(super) fn host(base_url: &str) -> &str {
    let authority = authority(base_url);
    if let Some(v6) = authority.strip_prefix('[') {
        return v6.split(']').next().unwrap_or(v6);
    }
    authority.split(':').next().unwrap_or(authority)
}

/// The host, or `host:port` of this machine.
pub(super) fn address(base_url: &str) -> &str {
    if is_on_this_machine(base_url) {
        return authority(base_url);
    }
    host(base_url)
}

/// What is sent to this address does not leave the machine.
pub fn is_on_this_machine(base_url: &str) -> bool {
    let host = host(base_url);
    let ip = host.parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

fn authority(base_url: &str) -> &str {
    let rest = base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

/// `llm.eu.example.com` → `example.com`; addresses and single words stay. Not the whole public suffix list: the
/// two-letter country codes with a short second level cover what hosts models.
fn registrable(host: &str) -> String {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return host.to_owned();
    }
    let labels: Vec<&str> = host.split('.').collect();
    let keep = match labels.as_slice() {
        [.., second, country] if country.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    let skip = labels.len().saturating_sub(keep);
    labels.get(skip..).unwrap_or(&labels).join(".")
}

/// A base URL as the router wants it, or what is wrong with it. The dialect's own path at the end is dropped: people
/// paste what their SDK is given.
pub(super) fn base_url(text: &str, dialect: Dialect) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    if !matches!(scheme, "http" | "https") {
        return Err("expected an address that starts with https:// or http://".to_owned());
    }
    if let Some((_, query)) = rest.split_once('?')
        && query.starts_with("api-version=")
    {
        return Err(
            "expected an address only; what follows api-version= belongs into api_version"
                .to_owned(),
        );
    }
    if rest.split('/').next().is_some_and(|a| a.contains('@')) || rest.contains(['?', '#']) {
        return Err("expected an address only; a credential belongs into key_env".to_owned());
    }
    if host(text).is_empty() || text.contains(char::is_whitespace) {
        return Err("expected an address like https://api.example.com".to_owned());
    }
    let endings: &[&str] = match dialect {
        Dialect::OpenAi | Dialect::Responses => &["/chat/completions", "/responses", "/v1"],
        Dialect::Anthropic => &["/messages", "/v1"],
        Dialect::Gemini => &["/models", "/v1beta"],
        Dialect::Bedrock => &["/model"],
    };
    let mut base = text.trim_end_matches('/');
    for ending in endings {
        base = base
            .strip_suffix(ending)
            .unwrap_or(base)
            .trim_end_matches('/');
    }
    Ok(base.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_sdk_address_loses_the_dialects_own_path() {
        for (given, base) in [
            ("https://api.openai.com/v1/", "https://api.openai.com"),
            (
                "https://api.groq.com/openai/v1",
                "https://api.groq.com/openai",
            ),
            (
                "http://localhost:8000/v1/chat/completions",
                "http://localhost:8000",
            ),
            ("http://[::1]:8000", "http://[::1]:8000"),
        ] {
            assert_eq!(base_url(given, Dialect::OpenAi).as_deref(), Ok(base));
        }
        let gemini = base_url(
            "https://generativelanguage.googleapis.com/v1beta/models",
            Dialect::Gemini,
        );
        assert_eq!(
            gemini.as_deref(),
            Ok("https://generativelanguage.googleapis.com")
        );
    }

    #[test]
    fn on_this_machine_the_port_says_who_it_is() {
        for (url, is) in [
            ("https://api.example.com:8443/x", "api.example.com"),
            ("http://127.0.0.1:8000/v1", "127.0.0.1:8000"),
            ("http://localhost:8001", "localhost:8001"),
            ("http://[::1]:8002", "[::1]:8002"),
        ] {
            assert_eq!(address(url), is);
        }
    }

    #[test]
    fn addresses_with_credentials_or_without_a_host_are_refused() {
        for bad in [
            "https://user:geheim@example.com",
            "https://example.com/?key=geheim",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:// example.com",
        ] {
            let error = base_url(bad, Dialect::OpenAi).unwrap_err();
            assert!(!error.contains("geheim"), "{error}");
        }
    }

    #[test]
    fn vendors_come_from_the_address_or_the_dialect() {
        for (dialect, url, vendor) in [
            (Dialect::OpenAi, "https://api.openai.com", "openai"),
            (Dialect::OpenAi, "https://api.groq.com/openai", "groq"),
            (
                Dialect::OpenAi,
                "https://llm.eu.example.com:8443/x",
                "example.com",
            ),
            (
                Dialect::OpenAi,
                "https://llm.example.co.uk",
                "example.co.uk",
            ),
            (Dialect::OpenAi, "http://10.0.0.7:8000", "10.0.0.7"),
            (Dialect::OpenAi, "http://[::1]:8000", "::1"),
            (Dialect::OpenAi, "http://localhost:8000", "localhost"),
            (Dialect::Anthropic, "http://127.0.0.1:1", "anthropic"),
            (Dialect::Gemini, "http://127.0.0.1:1", "google"),
        ] {
            assert_eq!(of(dialect, url), vendor, "{url}");
        }
    }

    #[test]
    fn well_known_addresses_are_already_in_the_form_that_is_stored() {
        for known in &KNOWN {
            let base = base_url(known.base_url, known.dialect);
            assert_eq!(base.as_deref(), Ok(known.base_url), "{}", known.name);
        }
    }
}
