//! A command and who gives it, and what is told of it when it was carried out or refused.

use super::{Command, Kind};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A command on its way to whoever carries it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// As whoever gives it calls himself.
    pub actor: String,
    pub command: Command,
    /// By which door it came in: what he is known by.
    pub origin: Option<Origin>,
    /// By which whoever waits for the answer knows it.
    pub ticket: Option<Uuid>,
}

impl Order {
    pub const fn new(actor: String, command: Command) -> Self {
        Self {
            actor,
            command,
            origin: None,
            ticket: None,
        }
    }

    /// What became of it; the event is the only acknowledgement there is.
    pub fn told(&self, refused: Option<String>) -> Kind {
        Kind::Command {
            actor: self.actor.clone(),
            command: self.command.to_string(),
            origin: self.origin.clone(),
            ticket: self.ticket,
            refused,
        }
    }
}

/// The code of an error at the operators' door: so many wrong tokens came from an address that none is looked at.
pub const WRONG_TOKENS: &str = "wrong_tokens";

/// What somebody may do at the operators' door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    View,
    /// Look, and give commands.
    Control,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Control => "control",
        }
    }
}

/// The door by which a command came in from outside of the process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "via", rename_all = "snake_case")]
pub enum Origin {
    /// The Unix socket.
    Socket {
        /// Of the process at the other end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<u32>,
    },
    /// HTTP or WebSocket.
    Net {
        /// Where from, without the port: that is another with every call.
        from: String,
        /// The name of the token that was shown; none where none is asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { uid: Some(uid) } => write!(f, "socket, uid {uid}"),
            Self::Socket { uid: None } => f.write_str("socket"),
            Self::Net {
                from,
                token: Some(token),
            } => write!(f, "{from}, token {token}"),
            Self::Net { from, token: None } => f.write_str(from),
        }
    }
}
