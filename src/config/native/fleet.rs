//! `[fleet]`

use super::server::{literal, variable};
use crate::config::{
    Fleet, KeySource, Redis,
    key::is_variable,
    load::Context,
    read::{Field, Table},
    redis_url::LIKE,
};

/// None: there is no such section, or no address in it.
pub(super) fn read(table: Option<Table<'_>>, cx: &Context<'_>) -> Option<Fleet> {
    let table = table?;
    let redis = table.get("redis");
    let mut server = redis.as_ref().and_then(|field| server(field, cx));
    if redis.is_none() {
        let message = "fleet.redis is missing: the address of the Redis that the replicas share";
        table.report.error(table.at.clone(), message);
    }
    let username = table.get("username").and_then(|f| f.text());
    let password = password(&table, cx);
    let name = table.get("name").and_then(|f| word(&f));
    let replica = table.get("replica").and_then(|f| word(&f));
    table.finish();
    if let Some(server) = &mut server {
        if let Some(username) = username {
            server.username = Some(username.to_owned());
        }
        if let Some((source, password)) = password {
            server.password = Some(password);
            server.password_from = source;
        }
    }
    Some(Fleet {
        redis: server?,
        name: name.unwrap_or_else(|| Fleet::NAME.to_owned()),
        replica,
    })
}

/// A text, or `{ env = "NAME" }`.
fn server(field: &Field<'_>, cx: &Context<'_>) -> Option<Redis> {
    if field.is_text() {
        let server = Redis::parse(field.text()?, KeySource::Literal);
        match &server {
            None => field.error(LIKE),
            Some(server) if server.password.is_some() => {
                field.warn("the password stands in the file; password_env = \"NAME\" keeps it out");
            }
            Some(_) => {}
        }
        return server;
    }
    let table = field.is_table().then(|| field.table()).flatten();
    let Some((table, env)) = table.and_then(|t| t.get("env").map(|env| (t, env))) else {
        field.error("expected an address or { env = \"NAME\" }");
        return None;
    };
    let source = variable(&env)?;
    table.finish();
    let url = set(&source, &env, cx)?;
    let server = Redis::parse(&url, source);
    if server.is_none() {
        env.error(format!("what the variable holds is {LIKE}"));
    }
    server
}

fn password(table: &Table<'_>, cx: &Context<'_>) -> Option<(KeySource, secrecy::SecretString)> {
    let (written, env) = (table.get("password"), table.get("password_env"));
    match (written, env) {
        (Some(field), None) => {
            let password = written_out(&field)?;
            field.warn("the password stands in the file; password_env = \"NAME\" keeps it out");
            Some((KeySource::Literal, password))
        }
        (None, Some(field)) => {
            let source = variable(&field)?;
            let password = set(&source, &field, cx)?;
            Some((source, password.into()))
        }
        (Some(field), Some(_)) => {
            field.error("password_env is there too; one of them has to go");
            None
        }
        (None, None) => None,
    }
}

fn written_out(field: &Field<'_>) -> Option<secrecy::SecretString> {
    if let Some(name) = field.text()?.strip_prefix("os.environ/") {
        let name = if is_variable(name) { name } else { "NAME" };
        field.error(format!(
            "os.environ/ is LiteLLM's spelling; write password_env = {name:?}"
        ));
        return None;
    }
    literal(field)
}

fn set(source: &KeySource, field: &Field<'_>, cx: &Context<'_>) -> Option<String> {
    let KeySource::Env(name) = source else {
        return None;
    };
    let value = cx.env.var(name);
    if value.is_none() {
        field.error(format!(
            "{name} is not set; without it the replicas cannot share"
        ));
    }
    value
}

/// A name that can be part of a key.
fn word(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let fits = |c: char| !c.is_control() && !c.is_whitespace();
    if text.is_empty() || text.len() > 100 || !text.chars().all(fits) {
        field.error("expected a name without spaces, up to 100 characters");
        return None;
    }
    Some(text.to_owned())
}
