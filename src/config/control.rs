//! Who may look and give commands.

use super::KeySource;
use crate::model::order::Role;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::{fmt, path::PathBuf};

/// The operators' door. Without a token it opens to this machine alone.
#[derive(Debug, Clone, Default)]
pub struct Control {
    /// When any is set, everybody who comes over the network shows one, on this machine too.
    pub tokens: Vec<Token>,
    pub socket: SocketAt,
}

/// Where the Unix socket is, for whoever may open a file of this user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SocketAt {
    /// In the directory of sockets, by the name of the port.
    #[default]
    Usual,
    Path(PathBuf),
    Off,
}

#[derive(Clone)]
pub struct Token {
    /// What its commands are signed with.
    pub name: String,
    pub role: Role,
    pub from: KeySource,
    /// Of the token: what is shown is compared as a digest, so that neither length nor place of a difference can be timed.
    digest: [u8; 32],
}

impl Token {
    pub(super) fn new(name: String, role: Role, from: KeySource, token: &SecretString) -> Self {
        let digest = digest(token.expose_secret().as_bytes());
        Self {
            name,
            role,
            from,
            digest,
        }
    }

    /// With the same name and role, and the same token: a leaked one is changed under its old name.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.name, self.role, self.digest) == (&other.name, other.role, other.digest)
    }

    pub fn is(&self, shown: &[u8]) -> bool {
        // Of the shown one nobody can choose the digest.
        self.digest == digest(shown)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, role, .. } = self;
        f.debug_struct("Token")
            .field("name", name)
            .field("role", role)
            .finish_non_exhaustive()
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}
