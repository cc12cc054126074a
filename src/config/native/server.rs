//! `[server]`

use crate::config::{
    KeySource, Server,
    env::path_from,
    key,
    load::Context,
    read::{Field, Table},
};
use secrecy::SecretString;
use std::time::Duration;

pub(super) fn read(table: Option<Table<'_>>, cx: &Context<'_>) -> Server {
    let mut server = Server::default();
    let Some(table) = table else { return server };
    if let Some(field) = table.get("listen")
        && let Some(text) = field.text()
    {
        match text.parse() {
            Ok(listen) => server.listen = listen,
            Err(_) => field.error(format!(
                "{text:?} is not an address; write it like \"127.0.0.1:4141\""
            )),
        }
    }
    if let Some(field) = table.get("max_body")
        && let Some(size) = field.size()
    {
        server.max_body = usize::try_from(size).unwrap_or(usize::MAX);
    }
    for (name, place) in [
        ("header_timeout", &mut server.header_timeout),
        ("body_timeout", &mut server.body_timeout),
    ] {
        if let Some(time) = table
            .get(name)
            .and_then(|f| f.duration(Duration::from_millis(1)..))
        {
            *place = time;
        }
    }
    if let Some(time) = table.get("lame_duck").and_then(|f| f.duration(..)) {
        server.lame_duck = time;
    }
    if let Some(time) = table.get("drain").and_then(|f| f.duration(..)) {
        server.drain = time;
    }
    if let Some(keys) = table.get("client_keys").and_then(|f| f.list()) {
        for field in keys {
            if let Some((source, key)) = secret(&field, cx, "the door would stand open") {
                server.client_keys.push(key);
                server.client_key_from.push(source);
            }
        }
    }
    table.finish();
    server
}

/// A text, `{ env = "NAME" }` or `{ file = "path" }`. One that cannot be had is a problem, not a warning, since
/// `without` it something happens that nobody wants.
pub(super) fn secret(
    field: &Field<'_>,
    cx: &Context<'_>,
    without: &str,
) -> Option<(KeySource, SecretString)> {
    if field.is_text() {
        let key = literal(field)?;
        field.warn("the key stands in the file; { env = \"NAME\" } keeps it out");
        return Some((KeySource::Literal, key));
    }
    let table = field.table()?;
    let env = table.get("env");
    let file = table.get("file");
    let at = env.as_ref().or(file.as_ref()).cloned();
    let source = match (env, file) {
        (Some(env), None) => variable(&env)?,
        (None, Some(file)) => KeySource::File(path_from(file.text()?, cx.base, cx.env)),
        _ => {
            field.error("expected a text, { env = \"NAME\" } or { file = \"path\" }");
            return None;
        }
    };
    table.finish();
    match source.fetch(cx.env) {
        Ok(key) => key.map(|key| (source, key)),
        Err(reason) => {
            at.unwrap_or_else(|| field.clone())
                .error(format!("{reason}; without it {without}"));
            None
        }
    }
}

/// A key in the file itself, unless it is a placeholder.
pub(super) fn literal(field: &Field<'_>) -> Option<SecretString> {
    let text = field.text()?;
    if text == key::PLACEHOLDER {
        field.error(
            "\"<set>\" is what `config show` prints in place of a key; put the key's source here",
        );
        return None;
    }
    if let Some(name) = text.strip_prefix("os.environ/") {
        field.error(format!(
            "\"os.environ/{name}\" is LiteLLM's spelling; write key_env = {name:?}"
        ));
        return None;
    }
    key::usable(text)
        .map_err(|reason| field.error(format!("not a key: {reason}")))
        .ok()
}

/// The name of a variable. Whatever cannot be one may well be the key itself, so it is not repeated.
pub(super) fn variable(field: &Field<'_>) -> Option<KeySource> {
    let name = field.text()?;
    if !key::is_variable(name) {
        field.error("expected the name of a variable, like \"OPENAI_API_KEY\"; not the key itself");
        return None;
    }
    Some(KeySource::Env(name.to_owned()))
}
