//! Where a key comes from, and getting it from there.

use super::env::Env;
use secrecy::SecretString;
use std::path::PathBuf;

/// What `show` prints where the file has a credential. It does not load.
pub(super) const PLACEHOLDER: &str = "<set>";

/// Where a credential comes from. Never holds the credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KeySource {
    /// A local server that wants none.
    NotNeeded,
    /// The name of a variable.
    Env(String),
    File(PathBuf),
    /// A program and its arguments; what it prints is the key.
    Command(Vec<String>),
    /// Written in the file itself.
    Literal,
    /// The provider is switched off, with the reason.
    Off(String),
}

impl KeySource {
    /// The key, or why there is none. A literal is not here but where it was read.
    pub(super) fn fetch(&self, env: &dyn Env) -> Result<Option<SecretString>, String> {
        let key = match self {
            Self::NotNeeded | Self::Literal => return Ok(None),
            Self::Off(reason) => return Err(reason.clone()),
            Self::Env(name) => env
                .var(name)
                .ok_or_else(|| format!("no key: {name} is not set"))?,
            Self::File(path) => env
                .read(path)
                .map_err(|e| format!("no key: {}: {e}", path.display()))?,
            Self::Command(words) => {
                let (program, arguments) = words.split_first().ok_or("no key: no command")?;
                env.run(program, arguments)
                    .map_err(|e| format!("no key: {e}"))?
            }
        };
        usable(&key).map(Some).map_err(|e| format!("no key: {e}"))
    }
}

/// A key as a header can carry it: trimmed, not empty, no line breaks or other control characters inside.
pub(super) fn usable(key: &str) -> Result<SecretString, String> {
    let key = key.trim();
    if key.is_empty() {
        return Err("it is empty".to_owned());
    }
    if key.starts_with('<') && key.ends_with('>') {
        return Err("a placeholder stands in its place".to_owned());
    }
    if key.chars().any(|c| c.is_control() || !c.is_ascii()) {
        return Err("it has characters that no header can carry".to_owned());
    }
    Ok(key.into())
}

/// Whether this can be the name of a variable. A long mix of small letters and digits is more likely a key that
/// somebody put in the wrong place.
pub(super) fn is_variable(name: &str) -> bool {
    let word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let mixed = name.contains(|c: char| c.is_ascii_digit())
        && name.contains(|c: char| c.is_ascii_lowercase());
    word && starts_well && name.len() <= 64 && !(mixed && name.len() >= 20)
}
