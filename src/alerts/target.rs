//! Where messages go, put together once and not per message.

use crate::config::alerts::{self, Alert, Format, Recipient};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use reqwest::{Client, Url, redirect::Policy};
use secrecy::ExposeSecret;
use std::time::Duration;

pub(super) enum Target {
    Webhook(Webhook),
    Command(Vec<String>),
    /// Why there is none.
    None(String),
}

pub(super) struct Webhook {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) format: Format,
    /// All marked sensitive.
    pub(super) headers: HeaderMap,
}

impl Target {
    pub(super) fn of(alert: &Alert) -> Self {
        match &alert.to {
            Recipient::Command(words) => Self::Command(words.clone()),
            Recipient::Webhook(webhook) => Webhook::of(webhook).map_or_else(
                || Self::None("its address or a header cannot be used".to_owned()),
                Self::Webhook,
            ),
        }
    }
}

impl Webhook {
    fn of(webhook: &alerts::Webhook) -> Option<Self> {
        let url = Url::parse(webhook.url.expose_secret()).ok()?;
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        for header in &webhook.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(header.value.expose_secret()).ok()?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let builder = Client::builder();
        // The system's certificates take their time to read.
        let builder = if url.scheme() == "http" {
            builder.tls_certs_only([])
        } else {
            builder
        };
        let client = builder
            .user_agent(concat!("breakerbox/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            // Messages are hours apart.
            .pool_max_idle_per_host(0)
            // A redirected message would arrive without its body, and its headers somewhere else.
            .redirect(Policy::none())
            .http1_only()
            .build()
            .ok()?;
        Some(Self {
            client,
            url,
            format: webhook.format,
            headers,
        })
    }
}
