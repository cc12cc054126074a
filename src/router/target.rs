//! Where a deployment is called and what every call to it carries, put together once and not per call.

use crate::{
    clock,
    config::{Aws, Credential, Provider},
    model::Dialect,
    provider::{endpoint, sigv4::Signer},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Url};
use secrecy::ExposeSecret;

/// Header values are the credential and whatever else the configuration adds; all are marked sensitive.
#[derive(Debug)]
pub(super) struct Target {
    whole: Url,
    stream: Url,
    /// Where an `OpenAI` account has its other API.
    responses: Option<Url>,
    embeddings: Option<Url>,
    headers: HeaderMap,
    signer: Option<Signer>,
}

impl Target {
    /// The error names what in the configuration is no address or no header.
    pub(super) fn new(provider: &Provider, model: &str) -> Result<Self, String> {
        let url = |dialect, stream| {
            let version = provider
                .azure
                .as_ref()
                .and_then(|a| a.api_version.as_deref());
            let url = match version {
                Some(version) => endpoint::azure(dialect, &provider.base_url, version, model),
                None => endpoint::request(dialect, &provider.base_url, model, stream),
            };
            parsed(provider, &url)
        };
        let version = provider
            .azure
            .as_ref()
            .and_then(|a| a.api_version.as_deref());
        let embeddings = match version {
            Some(version) => Some(endpoint::azure_embeddings(
                &provider.base_url,
                version,
                model,
            )),
            None => endpoint::embeddings(provider.dialect, &provider.base_url),
        };
        Ok(Self {
            embeddings: embeddings.map(|url| parsed(provider, &url)).transpose()?,
            whole: url(provider.dialect, false)?,
            stream: url(provider.dialect, true)?,
            responses: provider
                .responses
                .then(|| url(Dialect::Responses, false))
                .transpose()?,
            headers: headers(provider)?,
            signer: provider.aws.as_ref().and_then(signer),
        })
    }

    pub(super) fn url(&self, wire: Dialect, stream: bool) -> &Url {
        match &self.responses {
            Some(url) if wire == Dialect::Responses => url,
            _ if stream => &self.stream,
            _ => &self.whole,
        }
    }

    /// None: this dialect has no embeddings here.
    pub(super) fn embeddings(&self) -> Option<&Url> {
        self.embeddings.as_ref()
    }

    /// Adds what makes a call ours. A signature holds for this body and this moment.
    pub(super) fn sign(&self, request: &mut Request, body: &[u8]) {
        let url = self.signer.as_ref().map(|_| request.url().clone());
        let headers = request.headers_mut();
        headers.reserve(self.headers.len());
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        if let Some((signer, url)) = self.signer.as_ref().zip(url)
            && let Err(why) = signer.sign(url.as_str(), headers, body, clock::wall())
        {
            // Without a signature the provider refuses the call, and says that it is the key.
            tracing::error!(%why, "a call could not be signed");
        }
    }
}

fn signer(aws: &Aws) -> Option<Signer> {
    let signing = aws.signing.as_ref()?;
    let token = signing.session_token.as_ref();
    let exposed = |c: &Credential| Some(c.value.as_ref()?.expose_secret().to_owned());
    Some(Signer::new(
        &aws.region,
        &exposed(&signing.access_key_id)?,
        &exposed(&signing.secret_access_key)?,
        token.and_then(exposed).as_deref(),
    ))
}

fn parsed(provider: &Provider, url: &str) -> Result<Url, String> {
    Url::parse(url).map_err(|e| format!("provider {}: {url} is no URL: {e}", provider.id))
}

/// The header that carries this provider's key.
pub(super) fn auth(provider: &Provider, key: &str) -> Option<(HeaderName, HeaderValue)> {
    match &provider.azure {
        Some(azure) if !azure.bearer => endpoint::azure_key(key),
        _ => endpoint::auth(provider.dialect, key),
    }
}

fn headers(provider: &Provider) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let key = provider.key.as_ref();
    headers.extend(key.and_then(|k| auth(provider, k.expose_secret())));
    for (name, value) in &provider.headers {
        let bad = || {
            format!(
                "provider {}: {name} is no header, or its value cannot be in one",
                provider.id
            )
        };
        let of = HeaderName::try_from(name).map_err(|_| bad())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.append(of, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Azure, KeySource};

    fn provider(headers: &[(&str, &str)]) -> Provider {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Provider {
            id: "local".into(),
            dialect: Dialect::OpenAi,
            base_url: "http://127.0.0.1:4000".to_owned(),
            vendor: "local".to_owned(),
            key: Some("sk-secret".into()),
            key_from: KeySource::Literal,
            aws: None,
            missing_key: None,
            responses: true,
            azure: None,
            headers: headers.iter().map(own).collect(),
        }
    }

    fn signed(target: &Target) -> HeaderMap {
        let url = target.url(Dialect::OpenAi, false).clone();
        let mut request = Request::new(http::Method::POST, url);
        target.sign(&mut request, b"");
        std::mem::take(request.headers_mut())
    }

    #[test]
    fn a_call_carries_the_key_and_the_configured_headers() {
        let target = Target::new(&provider(&[("x-team", "search")]), "m").unwrap();
        let sent = signed(&target);
        assert_eq!(sent["authorization"], "Bearer sk-secret");
        assert_eq!(sent["x-team"], "search");
        assert_eq!(
            target.url(Dialect::OpenAi, true).as_str(),
            "http://127.0.0.1:4000/v1/chat/completions"
        );
        assert_eq!(
            target.url(Dialect::Responses, true).as_str(),
            "http://127.0.0.1:4000/v1/responses"
        );
    }

    #[test]
    fn azure_has_its_own_addresses_and_its_own_header() {
        let azure = |api_version: Option<&str>, bearer| Provider {
            base_url: "https://n.openai.azure.com".to_owned(),
            azure: Some(Azure {
                api_version: api_version.map(str::to_owned),
                bearer,
            }),
            ..provider(&[])
        };
        let target = Target::new(&azure(Some("2025-04-01-preview"), false), "my-gpt").unwrap();
        assert_eq!(
            target.url(Dialect::OpenAi, true).as_str(),
            "https://n.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=2025-04-01-preview"
        );
        assert_eq!(
            target.url(Dialect::Responses, true).as_str(),
            "https://n.openai.azure.com/openai/responses?api-version=2025-04-01-preview"
        );
        let sent = signed(&target);
        assert_eq!(
            (&sent["api-key"], sent.get("authorization")),
            (&HeaderValue::from_static("sk-secret"), None)
        );
        let sent = signed(&Target::new(&azure(None, true), "m").unwrap());
        assert_eq!(
            (sent["authorization"].as_bytes(), sent.get("api-key")),
            (b"Bearer sk-secret".as_slice(), None)
        );
    }

    #[test]
    fn what_is_no_header_is_named_and_its_value_is_not_shown() {
        let why = Target::new(&provider(&[("x team", "hush")]), "m").unwrap_err();
        assert!(why.contains("x team") && !why.contains("hush"), "{why}");
    }

    #[test]
    fn nothing_of_a_credential_is_printed() {
        let target = Target::new(&provider(&[("x-token", "hush")]), "m").unwrap();
        let shown = format!("{target:?}");
        assert!(
            !shown.contains("sk-secret") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
