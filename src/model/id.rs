//! Names of things. One shape of id for all of them: a shared string that is cheap to clone and to hash.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref, sync::Arc};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(name: T) -> Self {
                Self(name.into())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

id! {
    /// An upstream account: a dialect, a base URL and a credential.
    ProviderId
}
id! {
    /// Provider + model: what a breaker watches. Written `provider/model`.
    DeploymentId
}
id! {
    /// A name that clients ask for as `model`.
    RouteId
}
id! {
    /// One client request with all its attempts.
    ExchangeId
}

/// A wire format. Doors speak it to clients, providers are spoken to in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `POST /v1/chat/completions`
    #[serde(rename = "openai")]
    OpenAi,
    /// `POST /v1/messages`
    Anthropic,
    /// `POST /v1beta/models/{model}:generateContent`
    Gemini,
    /// `POST /model/{model}/converse`. Providers speak it; no door does.
    Bedrock,
    /// `OpenAI`'s other one: `POST /v1/responses`
    Responses,
}

impl Dialect {
    pub const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Gemini,
        Self::Bedrock,
        Self::Responses,
    ];
    /// Those that callers are spoken to in, as text.
    pub const DOORS: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Responses];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Responses => "responses",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
