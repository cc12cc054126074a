//! LiteLLM's proxy configuration, as it is. What has no counterpart here is listed by its path in the warnings;
//! nothing is dropped silently.
//!
//! Each `model_name` becomes a route: its own deployments are the first tier, then one tier for each of its
//! `fallbacks`, then the `default_fallbacks`. `timeout` is the limit for the whole answer; `stream_timeout` is the
//! longest wait for the first chunk (so LiteLLM's own documentation), which is a tier's `ttft_timeout`.

mod accounts;
mod aws;
mod chains;
mod fleet;
mod models;
mod settings;

use self::{models::Models, settings::Settings};
use super::{
    Cache, Config, Journal, Judge, KeySource, Server, key,
    load::Context,
    read::{Field, Table},
    tree::{Node, Value},
};
use indexmap::IndexMap;
use secrecy::SecretString;
use std::{cell::RefCell, collections::HashSet};

/// None when there is nothing to route to at all; problems are in the report.
pub(super) fn read(root: &Node, cx: &Context<'_>) -> Option<Config> {
    let top = Field::root(root, cx.report).table()?;
    let around = Surroundings::read(&top, cx);
    let Some(list) = top.get("model_list") else {
        cx.report.error_in_file(
            "model_list is missing: YAML is read as a LiteLLM proxy configuration (breakerbox's own is TOML)",
        );
        return None;
    };
    if list.list().is_some_and(|items| items.is_empty()) {
        list.error("is empty: nothing to route to");
    }
    let models = Models::read(&list, &around);
    let settings = Settings::read(&top);
    let (routes, aliases) = chains::routes(&models, &settings);
    let server = server(&top, &around);
    let fleet = fleet::read(&settings, &around);
    settings.finish();
    around.finish();
    for (_, _, field) in top.unasked() {
        field.warn("not honoured: not a section that breakerbox knows");
    }
    Some(Config {
        control: super::Control::default(),
        origin: cx.origin.clone(),
        litellm: true,
        hash: String::new(),
        server,
        providers: models.accounts.providers,
        deployments: models.deployments,
        routes,
        aliases,
        breaker: settings.breaker,
        judge: Judge::of_user(cx.env),
        canary: None,
        cache: Cache {
            enabled: settings.cache,
            ..Cache::of_user(cx.env)
        },
        journal: Journal::of_user(cx.env),
        fleet,
        slo: None,
        traces: None,
        alerts: Vec::new(),
        warnings: Vec::new(),
    })
}

fn server(top: &Table<'_>, around: &Surroundings<'_>) -> Server {
    let mut server = Server::default();
    let Some(general) = top.table("general_settings") else {
        return server;
    };
    if let Some(field) = general.get("master_key")
        && let Some(text) = field.text()
    {
        match around.secret(text) {
            (source, Ok(key)) => {
                if source == KeySource::Literal {
                    field.warn("the key stands in the file; os.environ/NAME keeps it out");
                }
                server.client_keys.push(key);
                server.client_key_from.push(source);
            }
            (_, Err(why)) => {
                field.error(format!("{why}; without it the door would stand open"));
            }
        }
    }
    for (_, _, field) in general.unasked() {
        field.warn(
            if field.path.contains("database") || field.path.contains("_db") {
                "not honoured: breakerbox needs no database"
            } else {
                "not honoured: no counterpart here"
            },
        );
    }
    server
}

/// Variables, those that the file itself sets included.
struct Surroundings<'a> {
    cx: &'a Context<'a>,
    set_here: IndexMap<&'a str, String>,
    asked: RefCell<HashSet<String>>,
}

impl<'a> Surroundings<'a> {
    fn read(top: &Table<'a>, cx: &'a Context<'a>) -> Self {
        let mut set_here = IndexMap::new();
        if let Some(table) = top.table("environment_variables") {
            for (name, _, field) in table.all() {
                let value = match &field.node.value {
                    Value::Text(text) => text.clone(),
                    Value::Int(number) => number.to_string(),
                    _ => continue,
                };
                set_here.insert(name, value);
            }
        }
        Self {
            cx,
            set_here,
            asked: RefCell::default(),
        }
    }

    /// Variables that the file sets and that nothing here asked for.
    fn finish(&self) {
        for name in self.set_here.keys() {
            if !self.asked.borrow().contains(*name) {
                self.cx.report.warn(format!(
                    "environment_variables.{name}: not honoured: nothing here reads it"
                ));
            }
        }
    }

    fn var(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        let here = self.set_here.get(name).cloned();
        here.or_else(|| self.cx.env.var(name))
    }

    /// A plain value, or the variable that `os.environ/NAME` names.
    fn value(&self, text: &str) -> Result<String, String> {
        match text.strip_prefix("os.environ/") {
            // Whatever cannot be a name may well be the key itself, so it is not repeated.
            Some(name) if !key::is_variable(name) => {
                Err("os.environ/ wants the name of a variable".to_owned())
            }
            Some(name) => self.var(name).ok_or_else(|| format!("{name} is not set")),
            None => Ok(text.to_owned()),
        }
    }

    /// A credential with its source. One out of `environment_variables` is as literal as any.
    fn secret(&self, text: &str) -> (KeySource, Result<SecretString, String>) {
        let key = self.value(text).and_then(|value| key::usable(&value));
        let key = key.map_err(|why| format!("no key: {why}"));
        let source = match text.strip_prefix("os.environ/") {
            Some(name) if key::is_variable(name) && !self.set_here.contains_key(name) => {
                KeySource::Env(name.to_owned())
            }
            _ => match &key {
                Ok(_) => KeySource::Literal,
                Err(why) => KeySource::Off(why.clone()),
            },
        };
        (source, key)
    }
}
