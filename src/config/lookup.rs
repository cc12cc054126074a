//! What is asked of a configuration: what a name means, and whose a deployment is.

use super::{Config, Price, Provider, Route, Tier, price, vendor};
use crate::model::DeploymentId;
use std::borrow::Cow;

impl Provider {
    /// The host that its address names: who shares one shares its outages.
    pub fn host(&self) -> &str {
        vendor::host(&self.base_url)
    }

    /// The same, and on this machine with its port: what listens at another one is another server, or leads to one.
    pub fn address(&self) -> &str {
        vendor::address(&self.base_url)
    }
}

impl Config {
    /// A route by its name or by an alias.
    pub fn route(&self, model: &str) -> Option<&Route> {
        self.routes
            .get(model)
            .or_else(|| self.aliases.get(model).and_then(|id| self.routes.get(id)))
    }

    /// What a client asks for as `model`: a route, an alias, or a deployment's own name as a one-tier route.
    pub fn resolve(&self, model: &str) -> Option<Cow<'_, Route>> {
        self.route(model).map(Cow::Borrowed).or_else(|| {
            let (id, _) = self.deployments.get_key_value(model)?;
            Some(Cow::Owned(Route::direct(id)))
        })
    }

    /// Every name that a client may ask for, each once: routes, then aliases, then deployments.
    pub fn names(&self) -> Vec<&str> {
        let routes = self.routes.keys().map(|id| &**id);
        let aliases = self.aliases.keys().map(String::as_str);
        let deployments = self.deployments.keys().map(|id| &**id);
        let mut names = indexmap::IndexSet::new();
        names.extend(routes.chain(aliases).chain(deployments));
        names.into_iter().collect()
    }

    /// The first place of a deployment in a route; with none, what it is by its own name.
    pub fn tier_of(&self, deployment: &DeploymentId) -> Tier {
        let mut tiers = self.routes.values().flat_map(|route| &route.tiers);
        let tier = tiers.find(|tier| tier.deployments.contains(deployment));
        tier.cloned()
            .unwrap_or_else(|| Tier::of(vec![deployment.clone()]))
    }

    /// Whose model a deployment is, for "another vendor than the one that answered".
    pub fn maker_of(&self, deployment: &DeploymentId) -> Option<&str> {
        let (d, p) = (
            self.deployments.get(deployment)?,
            self.provider_of(deployment)?,
        );
        Some(vendor::maker(&p.vendor, &d.model).unwrap_or(&p.vendor))
    }

    /// What a deployment's tokens cost: as the file says, or as its provider's own list says. None: unknown, which is
    /// not nothing.
    pub fn price_of(&self, deployment: &DeploymentId) -> Option<Price> {
        self.judge.prices.get(deployment).copied().or_else(|| {
            let provider = self.provider_of(deployment)?;
            let known = vendor::known_at(&provider.base_url)?;
            price::listed(known.name, &self.deployments.get(deployment)?.model)
        })
    }

    pub fn provider_of(&self, deployment: &DeploymentId) -> Option<&Provider> {
        self.deployments
            .get(deployment)
            .and_then(|d| self.providers.get(&d.provider))
    }
}
