//! breakerbox's own format.

mod alerts;
mod aws;
mod canary;
mod control;
mod fleet;
mod headers;
mod limits;
mod providers;
mod routes;
mod rubric;
mod server;
mod slo;
mod traces;

use self::providers::Catalog;
use super::{Config, check, load::Context, read::Field, tree::Node};
use crate::model::RouteId;
use indexmap::IndexMap;

/// None only when the file is not even a table; problems are in the report.
pub(super) fn read(root: &Node, cx: &Context<'_>) -> Option<Config> {
    let top = Field::root(root, cx.report).table()?;
    let server = server::read(top.table("server"), cx);
    let mut catalog = Catalog::read(&top, cx);
    let routes = routes::read(top.table("routes"), &mut catalog);
    let aliases = aliases(top.get("aliases"), &routes);
    let breaker = limits::breaker(top.table("breaker"));
    let judge_table = top.table("judge");
    let judges_at = judge_table
        .as_ref()
        .and_then(|t| t.get("judges"))
        .map(|f| f.node.at.clone());
    let judge = limits::judge(judge_table, &mut catalog, cx);
    let canary_table = top.table("canary");
    let canary_at = canary_table.as_ref().map(|t| t.at.clone());
    let canary = canary::read(canary_table, &check::that_chat(&routes), &mut catalog);
    let cache = limits::cache(top.table("cache"), cx);
    let journal = limits::journal(top.table("journal"), cx);
    let fleet = fleet::read(top.table("fleet"), cx);
    let control = control::read(top.table("control"), &server, cx);
    let slo = slo::read(top.table("slo"));
    let traces = traces::read(top.table("traces"), cx);
    let alerts = alerts::read(top.get("alerts"), cx);
    top.finish();
    let config = Config {
        origin: cx.origin.clone(),
        litellm: false,
        hash: String::new(),
        server,
        control,
        providers: catalog.providers,
        deployments: catalog.deployments,
        routes,
        aliases,
        breaker,
        judge,
        canary,
        cache,
        journal,
        fleet,
        slo,
        traces,
        alerts,
        warnings: Vec::new(),
    };
    if let Some(at) = judges_at {
        check::judges(&config, &at, cx.report);
    }
    if let Some(at) = canary_at {
        check::canary(&config, &at, cx.report);
    }
    Some(config)
}

fn aliases(
    field: Option<Field<'_>>,
    routes: &IndexMap<RouteId, super::Route>,
) -> IndexMap<String, RouteId> {
    let mut aliases = IndexMap::new();
    let Some(table) = field.and_then(|f| f.table()) else {
        return aliases;
    };
    for (alias, at, target) in table.all() {
        let Some(name) = target.text() else { continue };
        if routes.contains_key(alias) {
            table.report.error(
                at.clone(),
                format!("alias {alias:?} has the name of a route, which would always win"),
            );
        } else if routes.contains_key(name) {
            aliases.insert(alias.to_owned(), name.into());
        } else {
            let hint = super::problem::hint(name, routes.keys().map(|r| &**r));
            target.error(format!("no route {name:?}{hint}"));
        }
    }
    aliases
}
