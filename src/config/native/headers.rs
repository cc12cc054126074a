//! `headers = { name = { env = "NAME" } }`, for what is sent elsewhere.

use super::server::secret;
use crate::config::{SecretHeader, key::PLACEHOLDER, load::Context, read::Table};

/// Where values are credentials, or places of them. `without` says what comes of a missing one.
pub(super) fn headers(table: &Table<'_>, cx: &Context<'_>, without: &str) -> Vec<SecretHeader> {
    let mut list = Vec::new();
    for (name, at, field) in table.all() {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let message = format!("{name:?} cannot be the name of a header");
            table.report.error(at.clone(), message);
        } else if field.is_text() && field.text() == Some(PLACEHOLDER) {
            field.error(
                "\"<set>\" is what `config show` prints in place of a value; put the value here",
            );
        } else if let Some((from, value)) = secret(&field, cx, without) {
            list.push(SecretHeader {
                name: name.to_ascii_lowercase(),
                from,
                value,
            });
        }
    }
    list
}
