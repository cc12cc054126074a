//! Whole files in, whole configurations or whole lists of problems out.

mod alerts;
mod azure;
mod bedrock;
mod broken;
mod canary;
mod control;
mod fleet;
mod judge;
mod litellm;
mod native;
mod secrets;
mod slo;
mod traces;
mod vendor;

use super::{Config, Env, Problems, parse};
use std::path::Path;

/// Every variable that any test asks for, except those that say that they are missing.
fn env(name: &str) -> Option<String> {
    match name {
        "HOME" => Some("/home/op".to_owned()),
        name if name.starts_with("XDG_") || name.contains("MISSING") => None,
        name => Some(format!("value-of-{name}")),
    }
}

fn nothing_set(_: &str) -> Option<String> {
    None
}

fn load(name: &str, text: &str) -> Result<Config, Problems> {
    load_with(name, text, &env)
}

fn load_with(name: &str, text: &str, env: &dyn Env) -> Result<Config, Problems> {
    parse(name, text, env)
}

fn toml(text: &str) -> Config {
    load("config.toml", text).unwrap_or_else(|e| panic!("{e}"))
}

fn yaml(text: &str) -> Config {
    load("litellm.yaml", text).unwrap_or_else(|e| panic!("{e}"))
}

fn problems(name: &str, text: &str) -> String {
    let problems = load(name, text).map(|c| c.hash).unwrap_err();
    problems.to_string()
}
