//! From a file to a checked [`Config`].

use super::{
    Config, Env, Origin, Problems, check, litellm, native,
    problem::Report,
    redact::hide_secrets,
    show,
    tree::{Node, parse_toml, parse_yaml},
};
use std::path::Path;

/// What the readers of both formats are given.
pub(super) struct Context<'a> {
    pub(super) report: &'a Report,
    pub(super) env: &'a dyn Env,
    /// Where relative paths in the file start.
    pub(super) base: &'a Path,
    pub(super) origin: Origin,
}

/// Reads and checks a file: breakerbox's own TOML or LiteLLM's YAML, by its name or else by its content.
/// Either everything is in order, or all that is not is listed.
pub fn load(path: &Path, env: &dyn Env) -> Result<Config, Problems> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Problems::of_file(name.clone(), format!("cannot be read: {e}")))?;
    let base = path.parent().unwrap_or(Path::new(""));
    read(name, &text, base, Origin::File(path.to_owned()), env)
}

/// Reads and checks a text as if it stood in a file of this name.
pub fn parse(name: &str, text: &str, env: &dyn Env) -> Result<Config, Problems> {
    let origin = Origin::File(name.into());
    read(name.to_owned(), text, Path::new(""), origin, env)
}

pub(super) fn read(
    name: String,
    text: &str,
    base: &Path,
    origin: Origin,
    env: &dyn Env,
) -> Result<Config, Problems> {
    let yaml = is_yaml(&name, text);
    let report = Report::new(name, text);
    let Some(root) = tree(yaml, text, &report) else {
        return Err(report.into_problems());
    };
    hide_secrets(&root, &report);
    let cx = Context {
        report: &report,
        env,
        base,
        origin,
    };
    let config = if yaml {
        litellm::read(&root, &cx)
    } else {
        native::read(&root, &cx)
    };
    let Some(mut config) = config else {
        return Err(report.into_problems());
    };
    check::key_holders(&config, &report);
    if report.has_problems() {
        return Err(report.into_problems());
    }
    config.warnings = report.into_warnings();
    config.hash = show::hash(&config);
    Ok(config)
}

fn tree(yaml: bool, text: &str, report: &Report) -> Option<Node> {
    let parse = if yaml { parse_yaml } else { parse_toml };
    parse(text, report)
}

/// The tree of a text that has been read before, for who wants to know where in it something stands.
pub(crate) fn tree_of(name: &str, text: &str) -> Option<Node> {
    tree(
        is_yaml(name, text),
        text,
        &Report::new(name.to_owned(), text),
    )
}

fn is_yaml(name: &str, text: &str) -> bool {
    const SECTIONS: [&str; 4] = [
        "model_list:",
        "litellm_settings:",
        "router_settings:",
        "general_settings:",
    ];
    let extension = Path::new(name).extension().and_then(|e| e.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("yaml" | "yml") => true,
        Some("toml") => false,
        _ => text
            .lines()
            .any(|line| SECTIONS.iter().any(|section| line.starts_with(section))),
    }
}
