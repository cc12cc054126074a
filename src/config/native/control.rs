//! `[control]`

use super::server::secret;
use crate::{
    config::{
        Control, Server, Token,
        control::SocketAt,
        env::path_from,
        load::Context,
        read::{Field, Table},
    },
    model::order::Role,
};
use secrecy::ExposeSecret;

/// Shorter ones can be guessed.
const LEAST: usize = 16;

pub(super) fn read(table: Option<Table<'_>>, server: &Server, cx: &Context<'_>) -> Control {
    let mut control = Control::default();
    let Some(table) = table else { return control };
    if let Some(field) = table.get("socket")
        && let Some(path) = field.text()
    {
        control.socket = match path {
            "off" => SocketAt::Off,
            path => SocketAt::Path(path_from(path, cx.base, cx.env)),
        };
    }
    for field in table
        .get("tokens")
        .and_then(|f| f.list())
        .unwrap_or_default()
    {
        let Some(token) = token(&field, server, cx) else {
            continue;
        };
        if control.tokens.iter().any(|t| t.name == token.name) {
            field.error(format!("two tokens are named {:?}", token.name));
        }
        control.tokens.push(token);
    }
    table.finish();
    control
}

fn token(field: &Field<'_>, server: &Server, cx: &Context<'_>) -> Option<Token> {
    let table = field.table()?;
    let name = table.get("name");
    let role = table.get("role").map_or(Some(Role::View), |f| {
        f.word(&[("view", Role::View), ("control", Role::Control)])
    });
    let token = table.get("token");
    table.finish();
    let (Some(name), Some(token)) = (name, token) else {
        field.error("a token has a name, a role (view or control) and the token itself");
        return None;
    };
    let (from, value) = secret(&token, cx, "the door would stand open")?;
    let short = name.text()?;
    let slug = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if short.is_empty() || short.len() > 40 || !short.chars().all(slug) {
        name.error("a name is up to 40 letters, digits, -, _, . and @");
        return None;
    }
    if value.expose_secret().len() < LEAST {
        token.error(format!(
            "under {LEAST} characters: it can be guessed; `openssl rand -hex 24` makes one"
        ));
        return None;
    }
    let is = |key: &secrecy::SecretString| key.expose_secret() == value.expose_secret();
    if server.client_keys.iter().any(is) {
        token.error("is one of server.client_keys: whoever may ask a model could throw switches");
        return None;
    }
    Some(Token::new(short.to_owned(), role?, from, &value))
}
