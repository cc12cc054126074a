//! Where spans go.

use super::KeySource;
use secrecy::{ExposeSecret, SecretString};

/// Where the spans of each exchange go. Each part is overruled by the environment's standard variable for it.
#[derive(Debug, Clone)]
pub struct Traces {
    /// A collector's address, without OTLP's own path.
    pub endpoint: Option<String>,
    pub protocol: Option<Protocol>,
    pub headers: Vec<SecretHeader>,
    /// Share of the exchanges whose caller has not decided, 0 to 1.
    pub sample: f64,
}

impl Traces {
    /// Whether they go the same way.
    pub fn are_same(a: Option<&Self>, b: Option<&Self>) -> bool {
        let header = |h: &SecretHeader| (h.name.clone(), h.value.expose_secret().to_owned());
        let key = |t: &Self| {
            let headers: Vec<_> = t.headers.iter().map(header).collect();
            (t.endpoint.clone(), t.protocol, headers, t.sample)
        };
        a.map(key) == b.map(key)
    }
}

/// A header for the collector, most often its key.
#[derive(Debug, Clone)]
pub struct SecretHeader {
    pub name: String,
    pub from: KeySource,
    pub value: SecretString,
}

/// How OTLP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Http,
    Grpc,
}

impl Protocol {
    /// As OpenTelemetry's own variables spell them.
    pub const WORDS: [(&'static str, Self); 2] =
        [("http/protobuf", Self::Http), ("grpc", Self::Grpc)];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http/protobuf",
            Self::Grpc => "grpc",
        }
    }
}
