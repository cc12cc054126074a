//! What the tiers of a route have in common, and what time is left below one that hangs.

use super::has_key;
use crate::{
    config::{CannedForm, Config, KeySource, Route, Tier},
    model::{
        DeploymentId, RouteId,
        time::{as_ms, duration_text, latency},
        topology::tier_name,
    },
    router::{RETRY_COSTS, kept_back},
};
use indexmap::IndexSet;
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RouteFacts {
    pub route: RouteId,
    #[serde(rename = "deadline_ms", with = "as_ms")]
    pub deadline: Duration,
    pub tiers: Vec<TierFacts>,
    /// Of the tiers that take traffic.
    pub makers: IndexSet<String>,
    /// The addresses that they are behind.
    pub accounts: IndexSet<String>,
    pub cache: bool,
    /// `answer`, or `error`.
    pub canned: &'static str,
    /// What keeps it from failing over, or might.
    #[serde(skip)]
    pub lack: Option<Lack>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierFacts {
    pub deployments: Vec<DeploymentId>,
    pub takes_traffic: bool,
    #[serde(rename = "timeout_ms", with = "as_ms")]
    pub timeout: Duration,
    /// What it has of that when every tier above hangs.
    #[serde(rename = "has_ms", with = "as_ms")]
    pub has: Duration,
}

/// Why a route has nobody else to ask when its primary fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// None of its tiers takes traffic.
    Tier,
    /// One does.
    SecondTier,
    /// All are of one maker, and behind one address or paid from one account.
    Vendor,
    /// The same, though not of one maker.
    Account,
    /// All are of one maker, in several places.
    Maker,
}

impl Lack {
    /// Whether one outage, one revoked key or one spent quota leaves nobody to ask.
    pub const fn is_fatal(self) -> bool {
        !matches!(self, Self::Maker)
    }
}

impl RouteFacts {
    pub fn of(config: &Config, route: &Route) -> Self {
        let serves: Vec<bool> = route.tiers.iter().map(|t| serves(config, t)).collect();
        let shares = shares(route, &serves);
        let tiers = route.tiers.iter().zip(&serves).zip(shares);
        let tiers = tiers.map(|((tier, &takes_traffic), has)| TierFacts {
            deployments: tier.deployments.clone(),
            takes_traffic,
            timeout: tier.timeout,
            has,
        });
        let asked = || {
            let all = route.tiers.iter().flat_map(|t| &t.deployments);
            all.filter(|id| has_key(config, id))
        };
        let address = |id| config.provider_of(id).map(|p| p.address().to_owned());
        let accounts: IndexSet<Account<'_>> =
            asked().filter_map(|id| account(config, id)).collect();
        let mut facts = Self {
            route: route.id.clone(),
            deadline: route.deadline,
            tiers: tiers.collect(),
            makers: asked()
                .filter_map(|id| config.maker_of(id).map(str::to_owned))
                .collect(),
            accounts: asked().filter_map(address).collect(),
            cache: route.cache && config.cache.enabled,
            canned: match route.canned.form {
                CannedForm::Answer => "answer",
                CannedForm::Error => "error",
            },
            lack: None,
        };
        // Other makers' vectors are no substitute.
        facts.lack = facts.lack(accounts.len() == 1, !route.embeds());
        facts
    }

    fn lack(&self, one_account: bool, makers_matter: bool) -> Option<Lack> {
        let one_maker = makers_matter && self.makers.len() == 1;
        let together = one_account || self.accounts.len() == 1;
        match (self.asked().count(), one_maker, together) {
            (0, ..) => Some(Lack::Tier),
            (1, ..) => Some(Lack::SecondTier),
            (_, true, true) => Some(Lack::Vendor),
            (_, false, true) => Some(Lack::Account),
            (_, true, false) => Some(Lack::Maker),
            (_, false, false) => None,
        }
    }

    /// The tiers that take traffic, by their place.
    pub fn asked(&self) -> impl Iterator<Item = (usize, &TierFacts)> {
        let all = self.tiers.iter().enumerate();
        all.filter(|(_, tier)| tier.takes_traffic)
    }

    /// What is lacking in words, and what to do about it.
    pub fn told(&self, lack: Lack) -> (String, &'static str) {
        const KEYS: &str = "set the keys that are missing";
        let n = self.asked().count();
        let (makers, addresses) = (join(&self.makers), join(&self.accounts));
        match lack {
            Lack::Tier => ("none of its tiers has a key".to_owned(), KEYS),
            Lack::SecondTier if self.tiers.len() > 1 => {
                let only = self.asked().flat_map(|(_, tier)| &tier.deployments);
                let names = join(only.map(|id| &**id));
                (
                    format!("of {} tiers only {names} has a key", self.tiers.len()),
                    KEYS,
                )
            }
            Lack::SecondTier => (
                self.alone(),
                "add a tier below, of another maker; in LiteLLM's files a fallback",
            ),
            Lack::Vendor => (
                format!("its {n} tiers are all {makers}'s, at {}", self.place()),
                "add a tier of another maker, at another address",
            ),
            Lack::Account => (
                format!("its {n} tiers are all behind {}", self.place()),
                "add a tier at another address, with a key of its own",
            ),
            Lack::Maker => (
                format!("its {n} tiers are all {makers}'s, behind {addresses}"),
                "add a tier of another maker",
            ),
        }
    }

    fn alone(&self) -> String {
        let own: Vec<&DeploymentId> = self.tiers.iter().flat_map(|t| &t.deployments).collect();
        let names = join(own.iter().map(|id| &***id));
        if own.len() > 1 {
            return format!(
                "its deployments take turns in one tier ({names}); what fails at one is not asked of another"
            );
        }
        format!("{names} is its only tier")
    }

    fn place(&self) -> String {
        let addresses = join(&self.accounts);
        if self.accounts.len() == 1 {
            return addresses;
        }
        format!("{addresses}, and paid with one key")
    }

    /// The first tier that may use up the deadline when it hangs, and what the next one has then.
    pub fn eaten(&self) -> Option<(usize, Duration)> {
        let mut asked = self.asked();
        let (i, first) = asked.next()?;
        let (_, next) = asked.next()?;
        (first.has < first.timeout).then_some((i, next.has))
    }

    /// The same in words.
    pub fn eats(&self, tier: usize, next: Duration) -> String {
        let timeout = self.tiers.get(tier).map(|t| t.timeout).unwrap_or_default();
        format!(
            "the {} may take {} of a deadline of {}: when it hangs, the next tier has {}",
            tier_name(tier),
            duration_text(timeout),
            duration_text(self.deadline),
            latency(next)
        )
    }
}

/// Who is paid, and with which key: what is revoked or spent as one.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Account<'c> {
    Key(&'c str, &'c KeySource),
    /// A key that is nowhere else, or none at all.
    Own(&'c str),
}

fn account<'c>(config: &'c Config, id: &DeploymentId) -> Option<Account<'c>> {
    let provider = config.provider_of(id)?;
    Some(match &provider.key_from {
        KeySource::NotNeeded | KeySource::Literal | KeySource::Off(_) => Account::Own(&provider.id),
        source => Account::Key(&provider.vendor, source),
    })
}

fn join(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(", ")
}

fn serves(config: &Config, tier: &Tier) -> bool {
    tier.deployments.iter().any(|id| has_key(config, id))
}

/// What each tier has for a whole answer when every tier above has failed as often as it may be tried again, and then
/// hung. `serves`: which of them take traffic; the others use no time, but time is kept for them.
fn shares(route: &Route, serves: &[bool]) -> Vec<Duration> {
    let mut left = route.deadline;
    let last = route.tiers.len().saturating_sub(1);
    let tiers = route.tiers.iter().zip(serves).enumerate();
    tiers
        .map(|(i, (tier, &serves))| {
            if !serves {
                return Duration::ZERO;
            }
            let most = left.saturating_sub(kept_back(left, last.saturating_sub(i)));
            let tries = RETRY_COSTS.saturating_mul(tier.retries.into());
            left = left.saturating_sub(tries.saturating_add(tier.timeout).min(most));
            tier.timeout.min(most)
        })
        .collect()
}

/// In LiteLLM's format: the route for which this one is there.
pub fn falls_back_here<'c>(config: &'c Config, route: &Route) -> Option<&'c RouteId> {
    let [only] = route.tiers.as_slice() else {
        return None;
    };
    let is_below = |other: &&Route| {
        let below = other.tiers.iter().skip(1).chain(&other.context_fallbacks);
        let mut below = below.chain(&other.policy_fallbacks);
        below.any(|tier| tier.deployments == only.deployments)
    };
    let others = config.routes.values().filter(|other| other.id != route.id);
    config
        .litellm
        .then(|| others.filter(|r| is_below(r)).map(|r| &r.id).next())
        .flatten()
}
