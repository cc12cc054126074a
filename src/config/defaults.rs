//! Every default in one place: readers start from these and change what the file says.

use super::{
    Breaker, BreakerMode, Cache, Canary, CanaryPrompt, Canned, CannedForm, Commit, Deployment, Env,
    Fleet, Journal, Judge, ProbeMode, Route, Rubric, Server, Tier,
    env::{state_dir, xdg},
};
use crate::model::{DeploymentId, ProviderId};
use indexmap::IndexMap;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

const CANNED_TEXT: &str = include_str!("../../assets/canned.txt");

/// A route's own deadline stops growing here, unless one of its tiers alone asks for more.
const DEADLINE_CAP: Duration = Duration::from_mins(2);
/// What the tiers leave for rung 3.
const DEADLINE_MARGIN: Duration = Duration::from_secs(5);

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4141)),
            max_body: 32 << 20,
            client_keys: Vec::new(),
            client_key_from: Vec::new(),
            header_timeout: Duration::from_mins(1),
            body_timeout: Duration::from_mins(1),
            lame_duck: Duration::ZERO,
            drain: Duration::from_secs(30),
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            err_threshold: 0.02,
            judge_threshold: 0.70,
            cooldown: Duration::from_mins(5),
            max_cooldown: Duration::from_mins(20),
            probe: ProbeMode::Shadow,
            mode: BreakerMode::Sequential,
            observe: false,
            hang_credit: Duration::from_secs(10),
        }
    }
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            judges: Vec::new(),
            sample: 0.05,
            window: Duration::from_hours(1),
            min_n: 20,
            timeout: Duration::from_secs(20),
            // While one is under suspicion, two judges read up to 5 answers a second each: 600 a minute. Twice that.
            max_per_minute: 1_200,
            max_per_day: Some(1_000_000),
            prices: IndexMap::new(),
            anchors: true,
            queue: 64,
            baselines: None,
        }
    }
}

impl Judge {
    /// The default one: what is usual is kept in the user's state directory, or in memory where there is none.
    pub(super) fn of_user(env: &dyn Env) -> Self {
        Self {
            baselines: state_dir(env).map(|dir| dir.join("baselines.json")),
            ..Self::default()
        }
    }
}

impl Canary {
    /// Under suspicion so many are asked in an interval: at five minutes one every 75 s. Three bad answers are what trips at
    /// the least, and those come within four minutes instead of fifteen.
    pub const HASTE: u32 = 4;

    /// With these prompts for these deployments, and the defaults.
    pub fn of(prompts: Vec<CanaryPrompt>, deployments: Vec<DeploymentId>) -> Self {
        Self {
            every: Duration::from_mins(5),
            prompts,
            deployments,
            only_when_quiet: true,
        }
    }
}

impl CanaryPrompt {
    /// Models that think do so out of the same allowance; what is not written is not paid.
    pub fn of(ask: String) -> Self {
        Self {
            ask,
            max_tokens: 2_000,
        }
    }
}

impl Default for Cache {
    /// In memory; the reader adds the path on disk, which depends on the environment.
    fn default() -> Self {
        Self {
            enabled: true,
            path: None,
            ttl: Duration::from_hours(1),
            max_stale: Duration::from_hours(24),
            max_bytes: 64 << 20,
        }
    }
}

impl Cache {
    /// The default one: in the user's cache directory, or in memory where there is none.
    pub(super) fn of_user(env: &dyn Env) -> Self {
        let dir = xdg("XDG_CACHE_HOME", ".cache", env);
        Self {
            path: dir.map(|dir| dir.join("breakerbox/cache.redb")),
            ..Self::default()
        }
    }
}

impl Journal {
    /// The default one: in the user's state directory, or none where there is none.
    pub(super) fn of_user(env: &dyn Env) -> Self {
        Self {
            path: state_dir(env).map(|dir| dir.join("journal")),
            keep: Duration::from_hours(30 * 24),
            file_bytes: 64 << 20,
            content: false,
        }
    }
}

impl Fleet {
    /// The fleet of those who name none.
    pub(super) const NAME: &str = "default";
}

impl Default for Canned {
    fn default() -> Self {
        Self {
            form: CannedForm::Answer,
            text: CANNED_TEXT.trim_end().to_owned(),
            json: None,
            support: String::new(),
        }
    }
}

impl Tier {
    /// A tier of these deployments with the default limits.
    pub fn of(deployments: Vec<DeploymentId>) -> Self {
        Self {
            deployments,
            timeout: Duration::from_mins(1),
            ttft_timeout: None,
            stall_timeout: Duration::from_secs(20),
            min_chars_per_s: 2,
            retries: 1,
        }
    }
}

impl Route {
    /// What a client gets who asks for a deployment by its own name.
    pub fn direct(deployment: &DeploymentId) -> Self {
        let tiers = vec![Tier::of(vec![deployment.clone()])];
        Self {
            id: (&**deployment).into(),
            deadline: deadline(&tiers),
            tiers,
            context_fallbacks: Vec::new(),
            policy_fallbacks: Vec::new(),
            canned: Canned::default(),
            cache: true,
            commit: Commit::default(),
            hedge: false,
            same_embeddings: false,
            rubric: Rubric::default(),
        }
    }
}

/// A deployment that says no more than its name: `provider/model`.
pub(super) fn deployment(id: &DeploymentId, provider: &ProviderId) -> Deployment {
    let model = id.split_once('/').map_or(&**id, |(_, model)| model);
    Deployment {
        id: id.clone(),
        provider: provider.clone(),
        model: model.to_owned(),
        context_window: None,
        prefill: false,
        rpm: None,
        tpm: None,
    }
}

/// The deadline of a route that declares none: all its tiers in turn and a margin, up to two minutes or what its
/// slowest tier needs.
pub(super) fn deadline(tiers: &[Tier]) -> Duration {
    let all = tiers.iter().fold(DEADLINE_MARGIN, |sum, tier| {
        sum.saturating_add(tier.timeout)
    });
    let slowest = tiers.iter().map(|t| t.timeout).max().unwrap_or_default();
    all.min(DEADLINE_CAP.max(slowest.saturating_add(DEADLINE_MARGIN)))
}
