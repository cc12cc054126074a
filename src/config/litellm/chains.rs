//! Groups into routes, fallbacks into tiers, aliases.

use super::{models::Models, settings::Settings};
use crate::{
    config::{
        Canned, Commit, Route, Rubric, Tier, defaults,
        problem::hint,
        read::{Field, Table},
    },
    model::RouteId,
};
use indexmap::IndexMap;
use std::ops::Range;

/// For every group, the groups to fall back to, in order. `*` stands for all.
type Chain = IndexMap<String, Vec<String>>;

pub(super) fn routes(
    models: &Models<'_>,
    settings: &Settings<'_>,
) -> (IndexMap<RouteId, Route>, IndexMap<String, RouteId>) {
    let names = Names {
        models,
        aliases: aliases(models, settings),
    };
    let general = names.chain(settings, "fallbacks");
    let context = names.chain(settings, "context_window_fallbacks");
    let policy = names.chain(settings, "content_policy_fallbacks");
    let last: Vec<String> = settings
        .pick("default_fallbacks")
        .and_then(|field| field.list())
        .map(|items| items.iter().filter_map(|i| names.target(i)).collect())
        .unwrap_or_default();
    let mut routes = IndexMap::new();
    for name in models.groups.keys() {
        let own = std::iter::once(name);
        let tiers = names.tiers(own.chain(below(&general, name)).chain(&last), settings);
        let route = Route {
            id: name.as_str().into(),
            deadline: defaults::deadline(&tiers),
            tiers,
            context_fallbacks: names.tiers(below(&context, name), settings),
            policy_fallbacks: names.tiers(below(&policy, name), settings),
            canned: Canned::default(),
            cache: true,
            commit: Commit::default(),
            hedge: false,
            same_embeddings: false,
            rubric: Rubric::default(),
        };
        routes.insert(route.id.clone(), route);
    }
    (routes, names.aliases)
}

fn below<'c>(chain: &'c Chain, name: &str) -> impl Iterator<Item = &'c String> {
    let own = chain.get(name).into_iter().flatten();
    own.chain(chain.get("*").into_iter().flatten())
}

/// `model_group_alias`: a name, or a table with `model`.
fn aliases(models: &Models<'_>, settings: &Settings<'_>) -> IndexMap<String, RouteId> {
    let mut aliases = IndexMap::new();
    let table = settings.pick("model_group_alias").and_then(|f| f.table());
    for (alias, _, field) in table.iter().flat_map(Table::all) {
        let table = field.is_table().then(|| field.table()).flatten();
        let target = match &table {
            Some(table) => table.get("model"),
            None => Some(field.clone()),
        };
        for (_, _, unasked) in table.iter().flat_map(Table::unasked) {
            unasked.warn("not honoured: every name is listed");
        }
        let Some(target) = target else { continue };
        let Some(name) = target.text() else { continue };
        if models.groups.contains_key(alias) {
            field.warn("not honoured: a model_name stands above an alias of the same name");
        } else if models.groups.contains_key(name) {
            aliases.insert(alias.to_owned(), name.into());
        } else {
            let hint = hint(name, models.groups.keys().map(String::as_str));
            target.error(format!("no model_name {name:?}{hint}"));
        }
    }
    aliases
}

/// What a fallback may name: groups, and aliases of groups.
struct Names<'a> {
    models: &'a Models<'a>,
    aliases: IndexMap<String, RouteId>,
}

impl Names<'_> {
    /// A list of `{from: [to, …]}`.
    fn chain(&self, settings: &Settings<'_>, key: &'static str) -> Chain {
        let mut chain = Chain::new();
        let list = settings.pick(key).and_then(|field| field.list());
        for entry in list.unwrap_or_default() {
            let Some(table) = entry.table() else { continue };
            for (from, at, targets) in table.all() {
                let from = match from {
                    "*" => Some(from.to_owned()),
                    _ => self.group(from, at, &entry),
                };
                let targets = targets.list().unwrap_or_default();
                let targets: Vec<_> = targets.iter().filter_map(|t| self.target(t)).collect();
                if let Some(from) = from {
                    chain.entry(from).or_default().extend(targets);
                }
            }
        }
        chain
    }

    fn target(&self, field: &Field<'_>) -> Option<String> {
        if field.is_table() {
            field.warn("not honoured: a fallback with its own messages; write the name alone");
            return None;
        }
        self.group(field.text()?, &field.node.at, field)
    }

    /// The group behind a name. A fallback to nowhere would be found out in an outage: it is a problem now.
    fn group(&self, name: &str, at: &Range<usize>, field: &Field<'_>) -> Option<String> {
        if self.models.groups.contains_key(name) {
            return Some(name.to_owned());
        }
        if let Some(id) = self.aliases.get(name) {
            return Some(id.to_string());
        }
        if self
            .models
            .skipped
            .iter()
            .any(|pattern| covers(pattern, name))
        {
            field.warn(format!(
                "not honoured: {name:?} is served by a wildcard only"
            ));
            return None;
        }
        let groups = self.models.groups.keys().map(String::as_str);
        let hint = hint(name, groups.chain(self.aliases.keys().map(String::as_str)));
        field.report.error(
            at.clone(),
            format!("{}: no model_name {name:?}{hint}", field.path),
        );
        None
    }

    /// One tier for each group, without the deployments that stand above already.
    fn tiers<'n>(
        &self,
        groups: impl Iterator<Item = &'n String>,
        settings: &Settings<'_>,
    ) -> Vec<Tier> {
        let mut tiers: Vec<Tier> = Vec::new();
        for group in groups.filter_map(|name| self.models.groups.get(name)) {
            let mut tier = group.tier(&settings.limits);
            tier.deployments
                .retain(|id| !tiers.iter().any(|above| above.deployments.contains(id)));
            if !tier.deployments.is_empty() {
                tiers.push(tier);
            }
        }
        tiers
    }
}

/// `openai/*` covers `openai/gpt-4.1`.
fn covers(pattern: &str, name: &str) -> bool {
    let (start, end) = pattern.split_once('*').unwrap_or((pattern, ""));
    name.strip_prefix(start)
        .is_some_and(|rest| rest.ends_with(end))
}
