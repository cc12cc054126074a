//! Keeping credentials out of everything that is said about a file.
//!
//! A value is taken for a credential by the name that it stands under, or by its looks, wherever it stands. Too many
//! rather than too few: it only costs a few stars in an excerpt.

use super::{
    key::is_variable,
    problem::Report,
    tree::{Node, Value},
};

/// Hides what stands under names that sound secret.
pub(super) fn hide_secrets(node: &Node, report: &Report) {
    hide(node, false, report);
}

fn hide(node: &Node, secret: bool, report: &Report) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| hide(item, secret, report)),
        Value::Table(entries) => {
            for entry in entries {
                let secret = (secret || sounds_secret(&entry.key)) && !says_where(&entry.key);
                let named = matches!(&entry.node.value, Value::Text(text) if is_variable(text));
                let misplaced = is_env(&entry.key) && !named;
                hide(&entry.node, secret || misplaced, report);
            }
        }
        Value::Text(text) if (secret && !names_variable(&node.value)) || names_somebody(text) => {
            report.hide(&node.at);
            report.never_say(text);
        }
        Value::Text(_) | Value::Null | Value::Bool(_) => {}
        _ if secret => report.hide(&node.at),
        _ => {}
    }
}

/// Names under which there is the place of a credential, not the credential.
fn says_where(name: &str) -> bool {
    is_env(name) || matches!(name, "file" | "key_file" | "key_command")
}

fn is_env(name: &str) -> bool {
    matches!(name, "env" | "key_env")
}

/// `os.environ/openai_key`, `OPENAI_API_KEY`: where a key is, not a key.
fn names_variable(value: &Value) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    if let Some(name) = text.strip_prefix("os.environ/") {
        return is_variable(name);
    }
    let capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    is_variable(text) && text.chars().all(capitals) && (text.contains('_') || !has_digit)
}

/// Whether a value under this name could be a credential. Too many rather than too few: it only costs an excerpt.
pub(super) fn sounds_secret(name: &str) -> bool {
    const WORDS: [&str; 10] = [
        "key",
        "secret",
        "password",
        "passwd",
        "authorization",
        "credential",
        "cookie",
        "headers",
        "environment_variables",
        "auth",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
        || name.ends_with("token")
        || matches!(&*name, "redis" | "redis_url" | "url")
}

/// The words of a text that look like credentials, with their places.
pub(super) fn secret_looking(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_gap = |c: char| c.is_whitespace() || "\"'`[]{}(),;=".contains(c);
    text.split(is_gap)
        .filter(|word| looks_secret(word))
        .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

/// One of the usual beginnings, a long mix of letters and digits, or an address with somebody in front of its host.
fn looks_secret(word: &str) -> bool {
    const STARTS: [&str; 7] = ["sk-", "AIza", "gsk_", "xai-", "hf_", "pplx-", "ghp_"];
    let is_mix = |run: &str| {
        run.len() >= 16
            && run.contains(|c: char| c.is_ascii_digit())
            && run.contains(|c: char| c.is_ascii_alphabetic())
    };
    STARTS
        .iter()
        .any(|start| word.starts_with(start) && word.len() > start.len())
        || word.split(|c: char| !c.is_ascii_alphanumeric()).any(is_mix)
        || names_somebody(word)
}

/// An address with somebody, and so perhaps a password, in front of its host.
fn names_somebody(text: &str) -> bool {
    text.contains("://") && text.contains('@')
}

/// For a file that does not parse, so that no tree says where the credentials are: blanks whatever follows a name
/// that sounds like one, to the end of the line and on to the next name.
pub(super) fn hide_secrets_by_line(text: &str, report: &Report) {
    let mut start = 0;
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let named = name_end(line);
        inside = match named.and_then(|end| line.get(..end)) {
            Some(name) => sounds_secret(name),
            None => inside && !ends_value(line),
        };
        let from = inside.then(|| named.unwrap_or(0));
        if let Some(from) = from.or_else(|| inline_secret(line)) {
            report.hide(&(start + from..start + line.trim_end().len()));
        }
        start += line.len();
    }
}

/// A line without a name that cannot belong to the value above it: an empty one, or a section's head.
fn ends_value(line: &str) -> bool {
    let mut chars = line.trim_start().chars();
    match chars.next() {
        None => true,
        Some('[') => chars.next().is_some_and(|c| c.is_alphabetic() || c == '['),
        Some(_) => false,
    }
}

/// Where the separator after the line's own name stands: `  - api_key: …`, `key = …`.
fn name_end(line: &str) -> Option<usize> {
    let end = line.find(['=', ':'])?;
    let name = line.get(..end)?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'' | ' ');
    name.chars().all(is_name).then_some(end)
}

/// A name inside a line (`{ model = "x", key = "…" }`) that sounds secret, and a separator after it.
fn inline_secret(line: &str) -> Option<usize> {
    line.match_indices(['=', ':']).find_map(|(i, _)| {
        let name = line.get(..i)?.trim_end();
        let word = name.rsplit(['{', ',', ' ', '[']).next()?;
        sounds_secret(word).then_some(i)
    })
}
