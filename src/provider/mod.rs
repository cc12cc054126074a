//! Dialects on the wire: what a request, an answer and a stream look like to each provider, and what each of its
//! signals means. Knows bytes and the neutral [`chat`] form; knows no sockets, no clock, no breaker.

pub mod ask;
pub mod chat;
pub mod classify;
pub mod endpoint;
pub mod errors;
pub mod eventstream;
pub mod frames;
pub mod redact;
pub mod retry_after;
pub mod sigv4;
pub mod splice;
pub mod sse;
pub mod translate;

mod anthropic;
mod bedrock;
mod gemini;
mod openai;
mod responses;

pub(crate) use openai::Own;
