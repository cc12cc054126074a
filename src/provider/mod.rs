//! Dialects on the wire: what a request, an answer and a stream look like to each provider, and what each of its
//! signals means. Knows bytes and the neutral [`chat`] form; knows no sockets, no clock, no breaker.

pub mod chat;
