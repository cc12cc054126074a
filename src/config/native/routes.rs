//! `[routes.NAME]`

use super::{providers::Catalog, rubric};
use crate::{
    config::{
        Canned, CannedForm, Commit, Route, Tier, defaults,
        read::{Field, Table},
    },
    model::{RouteId, time::duration_text, topology::tier_name},
};
use indexmap::IndexMap;
use std::time::Duration;

const SOME: std::ops::RangeFrom<Duration> = Duration::from_millis(1)..;

pub(super) fn read(
    table: Option<Table<'_>>,
    catalog: &mut Catalog<'_>,
) -> IndexMap<RouteId, Route> {
    let mut routes = IndexMap::new();
    let Some(table) = table else { return routes };
    for (name, at, field) in table.all() {
        if name == "all" || name.is_empty() {
            let message =
                format!("a route cannot be called {name:?}: commands mean every route by \"all\"");
            table.report.error(at.clone(), message);
        } else if let Some(route) = route(name, &field, catalog) {
            routes.insert(route.id.clone(), route);
        }
    }
    routes
}

fn route(name: &str, field: &Field<'_>, catalog: &mut Catalog<'_>) -> Option<Route> {
    let table = field.table()?;
    let tiers = if let Some(list) = table.get("tiers") {
        tiers(&list, catalog, &|i| format!("tier {:?}", tier_name(i)))
    } else {
        let message = format!(
            "{}: tiers is missing; name at least one deployment",
            table.path
        );
        table.report.error(table.at.clone(), message);
        Vec::new()
    };
    let mut more = |key: &'static str| {
        table
            .get(key)
            .map_or_else(Vec::new, |list| tiers_of(&list, catalog, key))
    };
    let context_fallbacks = more("context_fallbacks");
    let policy_fallbacks = more("policy_fallbacks");
    let deadline = table
        .get("deadline")
        .and_then(|f| Some((f.duration(SOME)?, f)));
    if let (Some((deadline, field)), Some(first)) = (&deadline, tiers.first())
        && *deadline < first.timeout
    {
        field.warn(format!(
            "{} is shorter than the primary's own timeout of {}: nothing may be left for the tiers below",
            duration_text(*deadline),
            duration_text(first.timeout)
        ));
    }
    let canned = canned(table.table("canned"));
    let rubric = rubric::read(table.table("judge"), catalog.cx());
    let cache = table.get("cache").and_then(|f| f.boolean()).unwrap_or(true);
    let commit = table
        .get("stream_commit")
        .and_then(|f| commit(&f))
        .unwrap_or_default();
    let same_embeddings = table.get("same_embeddings").and_then(|f| f.boolean());
    let hedge = table
        .get("hedge")
        .and_then(|f| f.boolean())
        .unwrap_or(false);
    table.finish();
    Some(Route {
        id: name.into(),
        deadline: deadline.map_or_else(|| defaults::deadline(&tiers), |(deadline, _)| deadline),
        tiers,
        context_fallbacks,
        policy_fallbacks,
        canned,
        cache,
        commit,
        hedge,
        same_embeddings: same_embeddings.unwrap_or(false),
        rubric,
    })
}

/// `"first_token"`, `"full"`, or `{ hold = … }` with characters or a time.
fn commit(field: &Field<'_>) -> Option<Commit> {
    if !field.is_table() {
        let words = [("first_token", Commit::FirstToken), ("full", Commit::Full)];
        return field.word(&words);
    }
    let table = field.table()?;
    let hold = table.get("hold");
    if hold.is_none() {
        field.error("expected { hold = 400 } (characters) or { hold = \"800ms\" }");
    }
    let commit = hold.and_then(|f| {
        if f.is_text() {
            f.duration(SOME).map(Commit::HoldFor)
        } else {
            f.integer(1..).map(Commit::HoldChars)
        }
    });
    table.finish();
    commit
}

fn tiers_of(list: &Field<'_>, catalog: &mut Catalog<'_>, key: &str) -> Vec<Tier> {
    tiers(list, catalog, &|_| key.to_owned())
}

fn tiers(list: &Field<'_>, catalog: &mut Catalog<'_>, who: &dyn Fn(usize) -> String) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = Vec::new();
    let Some(items) = list.list() else {
        return tiers;
    };
    if items.is_empty() {
        list.error("name at least one deployment");
    }
    for (i, item) in items.iter().enumerate() {
        let Some(tier) = tier(item, catalog, &who(i)) else {
            continue;
        };
        let mut above = tiers.iter().flat_map(|t| &t.deployments);
        if let Some(twice) = above.find(|id| tier.deployments.contains(id)) {
            item.error(format!("{twice} has its place above already"));
        }
        tiers.push(tier);
    }
    tiers
}

/// `"provider/model"`, or a table with limits of its own.
fn tier(item: &Field<'_>, catalog: &mut Catalog<'_>, who: &str) -> Option<Tier> {
    if item.is_text() {
        return Some(Tier::of(vec![catalog.deployment(item, who)?]));
    }
    if !item.is_table() {
        item.error("expected a text like \"openai/gpt-4.1\" or a table like { deployment = \"openai/gpt-4.1\" }");
        return None;
    }
    let table = item.table()?;
    let names = match (table.get("deployment"), table.get("deployments")) {
        (Some(one), None) => vec![one],
        (None, Some(several)) => several.list()?,
        _ => Vec::new(),
    };
    if names.is_empty() {
        item.error(
            "expected deployment = \"provider/model\", or deployments = [\u{2026}] that take turns",
        );
    }
    let mut ids = Vec::new();
    for name in &names {
        if let Some(id) = catalog.deployment(name, who) {
            if ids.contains(&id) {
                name.error(format!("{id} stands here twice"));
            }
            ids.push(id);
        }
    }
    let mut tier = Tier::of(ids);
    limits(&mut tier, &table);
    table.finish();
    (!tier.deployments.is_empty()).then_some(tier)
}

fn limits(tier: &mut Tier, table: &Table<'_>) {
    if let Some(timeout) = table.get("timeout").and_then(|f| f.duration(SOME)) {
        tier.timeout = timeout;
    }
    tier.ttft_timeout = table.get("ttft_timeout").and_then(|f| f.duration(SOME));
    if let Some(stall) = table.get("stall_timeout").and_then(|f| f.duration(SOME)) {
        tier.stall_timeout = stall;
    }
    if let Some(floor) = table.get("min_chars_per_s").and_then(|f| f.integer(0..)) {
        tier.min_chars_per_s = floor;
    }
    if let Some(retries) = table.get("retries").and_then(|f| f.integer(0..=10)) {
        tier.retries = retries;
    }
}

fn canned(table: Option<Table<'_>>) -> Canned {
    let mut canned = Canned::default();
    let Some(table) = table else { return canned };
    let forms = [("answer", CannedForm::Answer), ("error", CannedForm::Error)];
    if let Some(form) = table.get("form").and_then(|f| f.word(&forms)) {
        canned.form = form;
    }
    if let Some(field) = table.get("text")
        && let Some(text) = field.text()
    {
        if text.trim().is_empty() {
            field.error("an empty answer is no answer; leave the line out for the default text");
        }
        text.clone_into(&mut canned.text);
    }
    if let Some(field) = table.get("json")
        && let Some(text) = field.text()
    {
        match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => canned.json = Some(text.to_owned()),
            Err(e) => field.error(format!("is not JSON: {e}")),
        }
    }
    if let Some(support) = table.get("support").and_then(|f| f.text()) {
        support.clone_into(&mut canned.support);
    }
    table.finish();
    canned
}
