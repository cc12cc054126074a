//! What each signal of a provider means. One answer per attempt: a [`Verdict`] whose class says whether it counts,
//! whether the request may move on, and what the caller gets; and whose code is a machine word, never the
//! provider's sentence, because that can echo a key.

mod answer;
mod embeddings;
mod http;
mod in_band;
mod rules;
pub(crate) mod said;
mod transport;
mod word;

pub use answer::{answer, finish};
pub use embeddings::embeddings;
pub use http::http;
pub(crate) use in_band::error_object;
pub use in_band::in_band;
pub use transport::{TransportError, transport};

#[cfg(test)]
mod tests;
