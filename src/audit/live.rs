//! One small real call to each deployment, and a real judgement by each judge, through the router's own attempt path.

use super::{
    finding::{About, Finding},
    rules,
};
use crate::{
    config::{Cache, Config, KeySource, that_chat},
    model::{
        Class, DeploymentId,
        time::{as_ms, latency},
    },
    router::{self, Router, Start, TriedOut, try_judge, try_out},
};
use futures_util::future::join_all;
use indexmap::IndexSet;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// What a tiny answer may take: more is an outage to whoever waits for this.
const PATIENCE: Duration = Duration::from_secs(30);

/// One call that was made, or why it was not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Called {
    pub deployment: DeploymentId,
    /// It was asked to judge a known good answer.
    pub as_judge: bool,
    pub ok: bool,
    /// In words.
    pub said: String,
    /// None: no call was made.
    #[serde(rename = "took_ms", with = "opt_ms")]
    pub took: Option<Duration>,
    /// Tokens, as the provider counts them.
    pub input: u64,
    pub output: u64,
}

impl Called {
    fn new(deployment: &DeploymentId, as_judge: bool) -> Self {
        Self {
            deployment: deployment.clone(),
            as_judge,
            ok: false,
            said: String::new(),
            took: None,
            input: 0,
            output: 0,
        }
    }
}

mod opt_ms {
    use super::{Duration, as_ms};
    use serde::Serializer;

    #[expect(clippy::ref_option, reason = "the signature serde's `with` asks for")]
    pub(super) fn serialize<S: Serializer>(d: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        match d {
            Some(d) => as_ms::serialize(d, s),
            None => s.serialize_none(),
        }
    }
}

/// Asks every deployment that chats, and then every judge that answered. Nothing else that a router does by itself is
/// done: no judging, no canaries, no fleet, nothing kept.
pub async fn call(config: &Config) -> Result<(Vec<Called>, Vec<Finding>), String> {
    let (bus, hub) = router::bus::new();
    let tasks = TaskTracker::new();
    tasks.spawn(hub.run());
    let start = Start {
        config: quiet(config),
        simulated: false,
        listen: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        tracer: None,
    };
    let (router, _orders) = Router::start(start, bus)?;
    let (mut calls, mut findings) = (Vec::new(), Vec::new());
    let judges: IndexSet<_> = config.judge.judges.iter().cloned().collect();
    let mut asked: IndexSet<_> = that_chat(&config.routes).into_iter().collect();
    asked.extend(judges.iter().cloned());
    for (call, finding) in join_all(asked.iter().map(|id| one(&router, config, id))).await {
        calls.push(call);
        findings.extend(finding);
    }
    let able = |id: &&DeploymentId| calls.iter().any(|c| c.ok && c.deployment == **id);
    let able: Vec<_> = judges.iter().filter(able).collect();
    for (call, finding) in join_all(able.iter().map(|id| judge(&router, config, id))).await {
        calls.push(call);
        findings.extend(finding);
    }
    router.shutdown().await;
    tasks.close();
    tasks.wait().await;
    Ok((calls, findings))
}

fn quiet(config: &Config) -> Config {
    let mut quiet = config.clone();
    quiet.judge.judges.clear();
    quiet.judge.baselines = None;
    (quiet.canary, quiet.fleet) = (None, None);
    quiet.cache = Cache {
        enabled: false,
        path: None,
        ..quiet.cache
    };
    quiet
}

async fn one(
    router: &Arc<Router>,
    config: &Config,
    id: &DeploymentId,
) -> (Called, Option<Finding>) {
    let mut call = Called::new(id, false);
    match try_out(router, id, PATIENCE).await {
        // Why it has no key is a finding already.
        Err(why) => {
            call.said = format!("not asked: {why}");
            (call, None)
        }
        Ok(tried) => {
            let finding = answered(config, id, &tried);
            call.ok = finding.is_none();
            call.said = match &finding {
                None => "answered".to_owned(),
                Some(_) => tried.verdict.to_string(),
            };
            call.took = Some(tried.took);
            (call.input, call.output) = (tried.usage.input, tried.usage.output);
            (call, finding)
        }
    }
}

fn answered(config: &Config, id: &DeploymentId, tried: &TriedOut) -> Option<Finding> {
    let verdict = &tried.verdict;
    let provider = config.provider_of(id)?;
    let key = match &provider.key_from {
        KeySource::Env(name) => name.clone(),
        KeySource::File(path) => path.display().to_string(),
        _ => "its key".to_owned(),
    };
    let (rule, what, todo) = match verdict.class {
        Class::Ok => return None,
        Class::Credential => (
            &rules::LIVE_FAILED,
            "the key is refused: its breaker would open at the first request".to_owned(),
            format!("put a key that holds into {key}"),
        ),
        Class::Config => (
            &rules::LIVE_FAILED,
            "there is no such model or address: its breaker would open at the first request"
                .to_owned(),
            format!(
                "compare the model's name and {} with the provider's own words",
                provider.base_url
            ),
        ),
        Class::Quota => (
            &rules::LIVE_FAILED,
            "its quota or its money is spent".to_owned(),
            "look at the account's billing and limits".to_owned(),
        ),
        Class::Throttle => (
            &rules::LIVE_DOUBTFUL,
            "it is rate-limited just now: requests move on, and nothing trips".to_owned(),
            "try again in a while; ask for higher limits if it stays so".to_owned(),
        ),
        Class::Local => (
            &rules::LIVE_FAILED,
            "nobody could be connected to: it looks like our own network".to_owned(),
            "see whether this machine reaches the internet (proxy, DNS, firewall)".to_owned(),
        ),
        Class::Fault if verdict.silent => (
            &rules::LIVE_FAILED,
            format!("it was silent for {}", latency(tried.took)),
            format!(
                "look at the provider's status page, and whether {} is reached",
                provider.host()
            ),
        ),
        Class::Fault if verdict.status.is_none() => (
            &rules::LIVE_FAILED,
            format!("{} could not be called", provider.host()),
            format!(
                "see whether {} is right and can be reached from here",
                provider.base_url
            ),
        ),
        Class::Fault => (
            &rules::LIVE_FAILED,
            "it failed".to_owned(),
            "look at the provider's status page, and try again".to_owned(),
        ),
        Class::Caller => (
            &rules::LIVE_DOUBTFUL,
            "it takes the key, and refuses the smallest request as wrong".to_owned(),
            "see whether this model chats, and what its API wants".to_owned(),
        ),
        _ => (
            &rules::LIVE_DOUBTFUL,
            "it takes the key, and gives no answer to the smallest request".to_owned(),
            "see what the model does with \"Say: ok\"".to_owned(),
        ),
    };
    let message = format!("{id}: {what} ({verdict})");
    let path = ["deployments", id];
    Some(Finding::new(rule, About::Providers, &path, message, todo))
}

async fn judge(
    router: &Arc<Router>,
    config: &Config,
    id: &DeploymentId,
) -> (Called, Option<Finding>) {
    let mut call = Called::new(id, true);
    let tell = |rule, message, todo: &str| {
        let path = ["judge", "judges"];
        Some(Finding::new(rule, About::Judging, &path, message, todo))
    };
    let tried = match try_judge(router, id).await {
        Ok(tried) => tried,
        Err(why) => {
            call.said = format!("not asked: {why}");
            return (call, None);
        }
    };
    call.took = Some(tried.took);
    (call.input, call.output) = (tried.usage.input, tried.usage.output);
    let pass = config.breaker.judge_threshold;
    let finding = match tried.score {
        Err(why) => {
            call.said.clone_from(&why);
            tell(
                &rules::LIVE_JUDGE,
                format!("{id}: asked to judge a known good answer, it gave no score: {why}"),
                "choose a judge that keeps to the JSON that it is asked for",
            )
        }
        Ok(score) => {
            call.said = format!("scored a known good answer {score:.2}");
            call.ok = score >= pass;
            if call.ok {
                None
            } else {
                tell(
                    &rules::LIVE_JUDGE_HARSH,
                    format!("{id}: it scores a known good answer {score:.2}, and {pass:.2} passes"),
                    "choose another judge, or a lower breaker.judge_threshold",
                )
            }
        }
    };
    (call, finding)
}
