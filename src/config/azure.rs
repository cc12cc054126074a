//! How Azure addresses `OpenAI`'s models: by a deployment and an API version, or by `OpenAI`'s own paths under
//! `/openai/v1`.

use super::vendor::host;

/// Resources of Azure OpenAI, of AI services, and of AI Foundry; the last is the government's cloud.
const DOMAINS: [&str; 4] = [
    ".openai.azure.com",
    ".cognitiveservices.azure.com",
    ".services.ai.azure.com",
    ".openai.azure.us",
];

/// The variables that its own tools and LiteLLM read.
pub(super) const KEY_ENV: [&str; 2] = ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"];

/// The first API version that has the Responses API.
const RESPONSES_SINCE: &str = "2025-03-01";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Azure {
    /// None: the paths under `/openai/v1`, which have no versions.
    pub api_version: Option<String>,
    /// The key is an Entra token.
    pub bearer: bool,
}

pub(super) fn is_at(base_url: &str) -> bool {
    DOMAINS
        .iter()
        .any(|domain| host(base_url).ends_with(domain))
}

impl Azure {
    /// What a base URL and a version mean together; the address changes with the way of addressing. None: this is not
    /// Azure.
    pub(super) fn of(
        base_url: String,
        api_version: Option<&str>,
        bearer: bool,
    ) -> (String, Option<Self>) {
        if api_version.is_none() && !is_at(&base_url) {
            return (base_url, None);
        }
        let dated = api_version.filter(|v| !matches!(*v, "v1" | "preview" | "latest"));
        let root = base_url.strip_suffix("/openai").unwrap_or(&base_url);
        let address = match dated {
            Some(_) => root.to_owned(),
            None => format!("{root}/openai"),
        };
        let azure = Self {
            api_version: dated.map(str::to_owned),
            bearer,
        };
        (address, Some(azure))
    }

    /// Versions are dates, and compare as such.
    pub(super) fn has_responses(&self) -> bool {
        self.api_version
            .as_deref()
            .is_none_or(|version| version >= RESPONSES_SINCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: &str, version: Option<&str>) -> (String, Option<Azure>) {
        Azure::of(base.to_owned(), version, false)
    }

    #[test]
    fn a_resource_is_addressed_by_its_version_or_by_openais_own_paths() {
        let (host, dated) = ("https://n.openai.azure.com", Some("2024-10-21"));
        for (base, version, address, kept) in [
            (host.to_owned(), None, format!("{host}/openai"), None),
            (
                format!("{host}/openai"),
                None,
                format!("{host}/openai"),
                None,
            ),
            (host.to_owned(), Some("v1"), format!("{host}/openai"), None),
            (format!("{host}/openai"), dated, host.to_owned(), dated),
            (
                "https://gw.example.com".to_owned(),
                dated,
                "https://gw.example.com".to_owned(),
                dated,
            ),
        ] {
            let azure = Azure {
                api_version: kept.map(str::to_owned),
                bearer: false,
            };
            assert_eq!(
                of(&base, version),
                (address, Some(azure)),
                "{base} {version:?}"
            );
        }
        assert_eq!(of("https://api.openai.com", None).1, None);
    }

    #[test]
    fn an_api_version_from_before_the_responses_api_has_none() {
        for (version, has) in [
            (None, true),
            (Some("2025-03-01-preview"), true),
            (Some("2025-04-01-preview"), true),
            (Some("2024-10-21"), false),
        ] {
            let (_, azure) = of("https://n.openai.azure.com", version);
            assert_eq!(azure.map(|a| a.has_responses()), Some(has), "{version:?}");
        }
    }
}
