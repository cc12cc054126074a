//! `model_list`: deployments, grouped by the name that clients ask for.

use super::{Surroundings, accounts::Accounts, settings::Limits};
use crate::{
    config::{
        Deployment, Tier, defaults,
        read::{Field, Table},
    },
    model::{DeploymentId, ProviderId, time::duration_text},
};
use indexmap::IndexMap;
use std::time::Duration;

pub(super) const SOME: std::ops::RangeFrom<Duration> = Duration::from_millis(1)..;
/// As many as the native format takes.
const MOST_RETRIES: u8 = 10;

pub(super) struct Models<'a> {
    pub(super) accounts: Accounts<'a>,
    pub(super) deployments: IndexMap<DeploymentId, Deployment>,
    pub(super) groups: IndexMap<String, Group>,
    /// Named, but not served: wildcards.
    pub(super) skipped: Vec<String>,
}

/// The deployments of one `model_name`, and the limits that they declare.
#[derive(Default)]
pub(super) struct Group {
    deployments: Vec<DeploymentId>,
    timeout: Option<Duration>,
    stream_timeout: Option<Duration>,
    retries: Option<u8>,
}

impl Group {
    pub(super) fn tier(&self, limits: &Limits) -> Tier {
        let mut tier = Tier::of(self.deployments.clone());
        tier.timeout = self.timeout.or(limits.timeout).unwrap_or(tier.timeout);
        tier.ttft_timeout = self.stream_timeout.or(limits.stream_timeout);
        tier.retries = self.retries.or(limits.retries).unwrap_or(tier.retries);
        tier
    }
}

impl<'a> Models<'a> {
    pub(super) fn read(list: &Field<'_>, around: &'a Surroundings<'a>) -> Self {
        let mut models = Self {
            accounts: Accounts::new(around),
            deployments: IndexMap::new(),
            groups: IndexMap::new(),
            skipped: Vec::new(),
        };
        for entry in list.list().unwrap_or_default() {
            models.entry(&entry);
        }
        models
    }

    fn entry(&mut self, entry: &Field<'_>) -> Option<()> {
        let table = entry.table()?;
        let name = required(&table, "model_name")?;
        let params = required(&table, "litellm_params")?.table()?;
        let model = required(&params, "model")?;
        let (name, model) = (name.text()?, model.text()?);
        if name.contains('*') || model.contains('*') {
            entry.warn(format!(
                "not honoured: {name:?} is a wildcard; breakerbox serves the names that it knows"
            ));
            self.skipped.push(name.to_owned());
            return None;
        }
        if model.contains(char::is_whitespace) {
            entry.error("litellm_params.model has a space in it");
            return None;
        }
        if name == "all" {
            entry.error("a route cannot be called \"all\": commands mean every route by it");
            return None;
        }
        let (provider, model) = self.accounts.of(model, &params);
        let id = self.deployment(&provider, &model, &table, &params);
        let group = self.groups.entry(name.to_owned()).or_default();
        if group.deployments.contains(&id) {
            entry.warn(format!("{id} is in {name:?} already; it counts once"));
        } else {
            group.deployments.push(id);
        }
        longest(&mut group.timeout, &params, "timeout");
        longest(&mut group.stream_timeout, &params, "stream_timeout");
        let retries = params
            .get("max_retries")
            .or_else(|| params.get("num_retries"));
        if let Some(retries) = retries.and_then(|f| self::retries(&f)) {
            group.retries = group.retries.max(Some(retries));
        }
        for (_, _, field) in table.unasked().into_iter().chain(params.unasked()) {
            field.warn(why(&field.path));
        }
        Some(())
    }

    fn deployment(
        &mut self,
        provider: &ProviderId,
        model: &str,
        table: &Table<'_>,
        params: &Table<'_>,
    ) -> DeploymentId {
        let id = DeploymentId::from(format!("{provider}/{model}"));
        let limit = |key| {
            let field = params.get(key).or_else(|| table.get(key));
            field.and_then(|f| f.integer::<u32>(1..))
        };
        let (rpm, tpm) = (limit("rpm"), limit("tpm"));
        let info = table.table("model_info");
        let window = info
            .as_ref()
            .and_then(|info| info.get("max_input_tokens"))
            .and_then(|f| f.integer(1..));
        let prefill = info
            .as_ref()
            .and_then(|info| info.get("supports_assistant_prefill"))
            .and_then(|f| f.flag());
        for (_, _, field) in info.iter().flat_map(Table::unasked) {
            field.warn(why(&field.path));
        }
        let deployment = self
            .deployments
            .entry(id.clone())
            .or_insert_with(|| defaults::deployment(&id, provider));
        deployment.context_window = deployment.context_window.or(window);
        deployment.rpm = deployment.rpm.or(rpm);
        deployment.tpm = deployment.tpm.or(tpm);
        deployment.prefill |= prefill.unwrap_or(false);
        id
    }
}

fn required<'a>(table: &Table<'a>, key: &'static str) -> Option<Field<'a>> {
    let field = table.get(key);
    if field.is_none() {
        table.report.error(
            table.at.clone(),
            format!("{}: {key} is missing", table.path),
        );
    }
    field
}

/// Deployments of one tier share its limits: the longest one holds.
fn longest(limit: &mut Option<Duration>, params: &Table<'_>, key: &'static str) {
    let Some(field) = params.get(key) else { return };
    let Some(time) = field.duration(SOME) else {
        return;
    };
    match *limit {
        Some(before) if before != time => {
            let longest = before.max(time);
            field.warn(format!(
                "deployments of one name share their limits; {} holds for all of them",
                duration_text(longest)
            ));
            *limit = Some(longest);
        }
        _ => *limit = Some(time),
    }
}

/// How often a fast failure is tried again.
pub(super) fn retries(field: &Field<'_>) -> Option<u8> {
    let asked = field.integer::<u32>(0..)?;
    let retries = u8::try_from(asked).unwrap_or(u8::MAX).min(MOST_RETRIES);
    if u32::from(retries) < asked {
        field.warn(format!(
            "{asked} is more than the {MOST_RETRIES} that a tier takes"
        ));
    }
    Some(retries)
}

fn why(path: &str) -> &'static str {
    let key = path.rsplit('.').next().unwrap_or(path);
    match key {
        "weight" | "order" => "not honoured: deployments of one name take turns",
        "input_cost_per_token" | "output_cost_per_token" => "not honoured: costs are not counted",
        "max_tokens" | "temperature" | "top_p" | "seed" | "stop" => {
            "not honoured: what the client asks for is passed on as it is"
        }
        key if key.starts_with("aws_") => {
            "not honoured: breakerbox takes keys, an API key or Amazon's variables"
        }
        key if key.starts_with("vertex_") => "not honoured: its vendor is not supported yet",
        "mode" | "base_model" | "id" => "not honoured: breakerbox has no use for it",
        _ => "not honoured: no counterpart here",
    }
}
