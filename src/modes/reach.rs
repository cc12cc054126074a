//! The router that is meant, and what opens it.

use breakerbox::{cli::TokenFrom, config, source::reach::Reach};
use secrecy::SecretString;
use std::{
    env, fs,
    io::{self, Write},
};

pub(crate) fn reach(to: Option<&str>, token: &TokenFrom) -> Result<Reach, String> {
    let token = match &token.token_file {
        Some(file) => {
            let text = fs::read_to_string(file);
            let text = text.map_err(|e| format!("no token: {}: {e}", file.display()))?;
            let token = text.trim().to_owned();
            if token.is_empty() {
                return Err(format!("no token: {} is empty", file.display()));
            }
            Some(token)
        }
        None => env::var("BREAKERBOX_TOKEN").ok(),
    };
    let token = token
        .filter(|token| !token.is_empty())
        .map(SecretString::from);
    let sockets = config::socket_dir(&config::Process);
    let reach = Reach::new(to, token.as_ref(), sockets.as_deref())?;
    if let Some(warning) = reach.warning() {
        let _ = writeln!(io::stderr(), "breakerbox: {warning}");
    }
    Ok(reach)
}
