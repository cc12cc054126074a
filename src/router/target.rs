//! Where a deployment is called and what every call to it carries, put together once and not per call.

use crate::{config::Provider, provider::endpoint};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::ExposeSecret;

/// Header values are the credential and whatever else the configuration adds; all are marked sensitive.
#[derive(Debug)]
pub(super) struct Target {
    whole: Url,
    stream: Url,
    headers: HeaderMap,
}

impl Target {
    /// The error names what in the configuration is no address or no header.
    pub(super) fn new(provider: &Provider, model: &str) -> Result<Self, String> {
        let url = |stream| {
            let url = endpoint::request(provider.dialect, &provider.base_url, model, stream);
            Url::parse(&url).map_err(|e| format!("provider {}: {url} is no URL: {e}", provider.id))
        };
        Ok(Self {
            whole: url(false)?,
            stream: url(true)?,
            headers: headers(provider)?,
        })
    }

    pub(super) fn url(&self, stream: bool) -> &Url {
        if stream { &self.stream } else { &self.whole }
    }

    /// Adds what makes a call ours.
    pub(super) fn sign(&self, headers: &mut HeaderMap) {
        headers.reserve(self.headers.len());
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
    }
}

fn headers(provider: &Provider) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let key = provider.key.as_ref();
    headers.extend(key.and_then(|k| endpoint::auth(provider.dialect, k.expose_secret())));
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
