//! Failures before, beside and in the middle of an answer.

use crate::model::{Class, Verdict};

/// How a call can fail without the provider saying anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportError {
    /// Nothing listens.
    ConnectRefused,
    Dns,
    Tls,
    /// The connection did not come about in time.
    ConnectTimeout,
    /// The connection was lost before the head of the answer.
    Reset,
    /// No head of an answer in time.
    HeadersTimeout,
    /// No first content in time.
    TtftTimeout,
    /// Silence in the middle of a stream.
    Stall,
    /// The whole answer took too long.
    Timeout,
    /// Slower than the floor.
    Slow,
    /// The stream or body ended too early.
    Cut,
    /// Bytes that are no HTTP, no event stream, or an event without end.
    BadFraming,
}

impl TransportError {
    pub const ALL: [Self; 12] = [
        Self::ConnectRefused,
        Self::Dns,
        Self::Tls,
        Self::ConnectTimeout,
        Self::Reset,
        Self::HeadersTimeout,
        Self::TtftTimeout,
        Self::Stall,
        Self::Timeout,
        Self::Slow,
        Self::Cut,
        Self::BadFraming,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::ConnectRefused => "connect_refused",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::ConnectTimeout => "connect_timeout",
            Self::Reset => "reset",
            Self::HeadersTimeout => "headers_timeout",
            Self::TtftTimeout => "ttft_timeout",
            Self::Stall => "stall",
            Self::Timeout => "timeout",
            Self::Slow => "slow",
            Self::Cut => "cut",
            Self::BadFraming => "bad_framing",
        }
    }

    /// Time was spent waiting for it: trying the same route again would only wait again.
    const fn is_silent(self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout
                | Self::HeadersTimeout
                | Self::TtftTimeout
                | Self::Stall
                | Self::Timeout
                | Self::Slow
        )
    }

    /// No connection came about. When every provider fails like this at once, the network is ours to suspect.
    pub const fn never_connected(self) -> bool {
        matches!(
            self,
            Self::ConnectRefused | Self::Dns | Self::Tls | Self::ConnectTimeout
        )
    }
}

/// A failure of the wire is the provider's failure, until every provider has it at once.
pub fn transport(error: TransportError) -> Verdict {
    let verdict = Verdict::new(Class::Fault, error.code());
    if error.is_silent() {
        verdict.silent()
    } else {
        verdict
    }
}
