//! `[canary]`

use super::providers::Catalog;
use crate::config::{
    Canary, CanaryPrompt,
    read::{Field, Table},
};
use crate::model::DeploymentId;
use indexmap::IndexSet;
use std::time::Duration;

const MOST_PROMPTS: usize = 64;
const MOST_CHARS: usize = 8_000;
const MOST_TOKENS: i64 = 100_000;

/// None: there is no such section. `routed`: who is asked when nobody is named.
pub(super) fn read(
    table: Option<Table<'_>>,
    routed: &[DeploymentId],
    catalog: &mut Catalog<'_>,
) -> Option<Canary> {
    let table = table?;
    let mut canary = Canary::of(Vec::new(), routed.to_vec());
    if let Some(field) = table.get("every")
        && let Some(time) = field.duration(..)
    {
        if time < Canary::LEAST {
            field.error("at least 10s: each one is a call to every deployment");
        } else if time > Canary::MOST {
            field.error("at most 24h");
        }
        canary.every = time;
    }
    match table.get("prompts") {
        Some(field) => canary.prompts = prompts(&field),
        None => table.report.error(
            table.at.clone(),
            "canary.prompts is missing: what the deployments are asked, like [\"What is 17 + 25?\"]",
        ),
    }
    if let Some(field) = table.get("deployments") {
        canary.deployments = deployments(&field, catalog);
    }
    if let Some(on) = table.get("only_when_quiet").and_then(|f| f.boolean()) {
        canary.only_when_quiet = on;
    }
    table.finish();
    Some(canary)
}

fn prompts(field: &Field<'_>) -> Vec<CanaryPrompt> {
    let Some(items) = field.list() else {
        return Vec::new();
    };
    if items.is_empty() || items.len() > MOST_PROMPTS {
        field.error(format!("expected 1 to {MOST_PROMPTS} prompts"));
    }
    items.iter().filter_map(prompt).collect()
}

/// A text, or `{ ask = "…", max_tokens = 200 }`.
fn prompt(field: &Field<'_>) -> Option<CanaryPrompt> {
    if field.is_text() {
        return Some(CanaryPrompt::of(words(field)?));
    }
    if !field.is_table() {
        field.error("expected a text or { ask = \"…\", max_tokens = 200 }");
        return None;
    }
    let table = field.table()?;
    let ask = table.get("ask");
    if ask.is_none() {
        let message = format!("{}: ask is missing", table.path);
        table.report.error(table.at.clone(), message);
    }
    let max_tokens = table
        .get("max_tokens")
        .and_then(|f| f.integer(1..=MOST_TOKENS));
    table.finish();
    let mut prompt = CanaryPrompt::of(words(&ask?)?);
    prompt.max_tokens = max_tokens.unwrap_or(prompt.max_tokens);
    Some(prompt)
}

fn words(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > MOST_CHARS {
        field.error(format!(
            "expected a prompt of 1 to {MOST_CHARS} characters, found {chars}"
        ));
        return None;
    }
    Some(text.to_owned())
}

fn deployments(field: &Field<'_>, catalog: &mut Catalog<'_>) -> Vec<DeploymentId> {
    let Some(items) = field.list() else {
        return Vec::new();
    };
    if items.is_empty() {
        field.error("names nobody; leave it out to ask every deployment that a route names");
    }
    let named: IndexSet<_> = items
        .iter()
        .filter_map(|f| catalog.deployment(f, "canary"))
        .collect();
    named.into_iter().collect()
}

impl Canary {
    const LEAST: Duration = Duration::from_secs(10);
    const MOST: Duration = Duration::from_hours(24);
}
