//! Events and deployments in words: the same words on every screen, in the line mode and in alerts.

mod judges;
mod judging;
mod note;

pub use judges::{Trouble, all_blind, dismissed, drifting, spent, troubles};
pub use judging::judged;
pub use note::{Clause, Rank, clauses, join, note, of_reason, scores, watched};

use super::{
    Class, DeploymentId, Event, Kind, Phase,
    drill::{DrillResult, DrillStep},
    event::{Level, Outcome},
    fault::Fault,
    fleet::FleetView,
    phase::ForceEnd,
};

impl Event {
    /// How bad it is for a person reading down a list.
    pub fn level(&self) -> Level {
        match &self.kind {
            Kind::Transition(t) => match t.to {
                Phase::Open => Level::Bad,
                Phase::Closed => Level::Good,
                Phase::Probe | Phase::Ramp(_) => Level::Info,
            },
            Kind::ReloadFailed { .. }
            | Kind::LocalNetwork { down: true }
            | Kind::StreamBroke { to: None, .. }
            | Kind::Journal {
                stopped: Some(_), ..
            } => Level::Bad,
            Kind::Unserved { outcome, .. } => {
                if *outcome == Outcome::Canned {
                    Level::Warn
                } else {
                    Level::Bad
                }
            }
            Kind::StreamBroke { .. }
            | Kind::WouldTrip { .. }
            | Kind::Forced { .. }
            | Kind::FaultAdded(_)
            | Kind::Rung3On { .. }
            | Kind::Gated { .. }
            | Kind::CanaryFailed { .. }
            | Kind::JudgeFailed { .. }
            | Kind::JudgeDismissed { .. }
            | Kind::JudgeDrift { on: true, .. }
            | Kind::JudgeAvailable {
                available: false, ..
            }
            | Kind::Fleet(FleetView {
                reachable: false, ..
            })
            | Kind::Command {
                refused: Some(_), ..
            } => Level::Warn,
            Kind::Notice { level, .. } => *level,
            Kind::Drill(drill) => match drill.step {
                DrillStep::Checked { passed: false, .. } => Level::Bad,
                DrillStep::Ended { result, .. } if result != DrillResult::Passed => Level::Bad,
                DrillStep::Checked { .. } | DrillStep::Ended { .. } => Level::Good,
                DrillStep::Began { .. } => Level::Warn,
                DrillStep::Entered { .. }
                | DrillStep::Said { .. }
                | DrillStep::Measured { .. }
                | DrillStep::Reported { .. }
                | DrillStep::Remembered { .. } => Level::Info,
            },
            Kind::Probed { verdict, .. } if verdict.class != Class::Ok => Level::Warn,
            Kind::JudgeAvailable {
                available: true, ..
            }
            | Kind::Journal { stopped: None, .. }
            | Kind::JudgeRestored { .. }
            | Kind::JudgeDrift { on: false, .. }
            | Kind::LocalNetwork { down: false } => Level::Good,
            _ => Level::Info,
        }
    }

    /// The deployment it is about, when it is about one.
    pub fn deployment(&self) -> Option<&DeploymentId> {
        match &self.kind {
            Kind::Transition(t) => Some(&t.deployment),
            Kind::WouldTrip { deployment, .. }
            | Kind::Forced { deployment, .. }
            | Kind::ForceEnded { deployment, .. }
            | Kind::Gated { deployment, .. }
            | Kind::Probed { deployment, .. }
            | Kind::CanaryFailed { deployment, .. }
            | Kind::Score { deployment, .. }
            | Kind::Watch { deployment, .. }
            | Kind::FaultCleared { deployment, .. } => Some(deployment),
            Kind::Fallback { from, .. } | Kind::StreamBroke { from, .. } => Some(from),
            Kind::Hedged { late, .. } => Some(late),
            Kind::JudgeFailed { judge, .. }
            | Kind::JudgeDismissed { judge, .. }
            | Kind::JudgeRestored { judge }
            | Kind::JudgeDrift { judge, .. } => Some(judge),
            Kind::Judging(j) => Some(&j.judge),

            Kind::FaultAdded(fault) => Some(&fault.deployment),
            Kind::Bucket(b) => Some(&b.deployment),
            _ => None,
        }
    }

    /// Whether it says something of a deployment that it is not about. Commands and switches name theirs in their words.
    pub fn mentions(&self, id: &DeploymentId) -> bool {
        match &self.kind {
            Kind::Fallback { to, .. } | Kind::StreamBroke { to, .. } => to.as_ref() == Some(id),
            Kind::Hedged { to, .. } => to == id,
            Kind::JudgeDrift { deployments, .. } | Kind::JudgeAvailable { deployments, .. } => {
                deployments.contains(id)
            }
            Kind::Command { command, .. } => command.split(' ').any(|w| w == &**id),
            _ => false,
        }
    }

    /// One line without the time.
    pub fn line(&self) -> String {
        let line = self.plain_line();
        if self.injected {
            format!("{line} [injected]")
        } else {
            line
        }
    }

    fn plain_line(&self) -> String {
        match &self.kind {
            Kind::Started {
                version, listen, ..
            } => format!("breakerbox {version} serves on {listen}"),
            Kind::Reloaded { topology } => {
                format!("configuration reloaded ({})", topology.config_hash)
            }
            Kind::ReloadFailed { why } => {
                format!("configuration NOT reloaded, the old one goes on: {why}")
            }
            Kind::Stopping => "stopping".to_owned(),
            Kind::Transition(t) => format!("{} {} -> {}: {}", t.deployment, t.from, t.to, t.reason),
            Kind::WouldTrip { deployment, trip } => {
                format!("{deployment} would have tripped: {trip}")
            }
            Kind::Forced { deployment, force } => {
                format!(
                    "{deployment} FORCED {} by {}{}",
                    upper(force.kind.as_str()),
                    force.who,
                    because(&force.why)
                )
            }
            Kind::ForceEnded { deployment, end } => match end {
                ForceEnd::Expired => format!("{deployment} force expired"),
                ForceEnd::Released { who } => format!("{deployment} released by {who}"),
                ForceEnd::Replaced { who } => format!("{deployment} force replaced by {who}"),
            },
            Kind::Gated {
                deployment,
                class,
                code,
                until,
            } => {
                format!(
                    "{deployment} gated until {} ({class} {code})",
                    until.clock()
                )
            }
            Kind::Probed {
                deployment,
                verdict,
                shadow,
            } => {
                let how = if *shadow { "shadow probe" } else { "probe" };
                format!("{deployment} {how}: {verdict}")
            }
            Kind::CanaryFailed {
                deployment,
                verdict,
            } => format!("{deployment} failed a canary: {verdict}"),
            Kind::Fallback {
                from, to, verdict, ..
            } => {
                let to = to.as_ref().map_or("rung 3", |d| d);
                format!("{from} -> {to}: {verdict}")
            }
            Kind::Hedged { late, to, won, .. } => {
                let who = if *won { to } else { late };
                format!("{late} was late with its first token, {to} was asked too: {who} answered")
            }
            Kind::StreamBroke {
                from,
                to,
                how,
                chars,
                verdict,
                ..
            } => match (to, how) {
                (Some(to), Some(how)) => format!(
                    "{from} -> {to} in mid-answer: {verdict} after {chars} characters ({})",
                    how.as_str()
                ),
                _ if verdict.class == Class::Abort => format!(
                    "the router was stopped in the middle of an answer of {from}, a user got an error after {chars} characters"
                ),
                _ => format!(
                    "{from} broke off, a user got an error: {verdict} after {chars} characters"
                ),
            },
            Kind::Unserved {
                route,
                outcome,
                why,
                ..
            } => match outcome {
                Outcome::Canned => format!("{route} answered with the canned text: {why}"),
                Outcome::Broken => format!("{route} a stream broke and said so: {why}"),
                _ => format!("{route} a user got an error: {why}"),
            },
            _ => self.minor_line(),
        }
    }

    fn minor_line(&self) -> String {
        match &self.kind {
            Kind::FaultAdded(Fault {
                id,
                deployment,
                kind,
                rate,
                only,
                who,
                ..
            }) => {
                format!(
                    "fault #{id} {kind} on {:.0}% of {deployment}{} by {who}",
                    rate * 100.0,
                    only.words()
                )
            }
            Kind::FaultCleared {
                id,
                deployment,
                who,
                hits,
            } => {
                format!("fault #{id} on {deployment} cleared by {who}, {hits} hits")
            }
            Kind::Rung3On {
                route,
                who,
                why,
                until,
            } => {
                let route = route.as_ref().map_or("all routes", |r| r);
                format!(
                    "RUNG 3 on for {route} by {who} until {}{}",
                    until.clock(),
                    because(why)
                )
            }
            Kind::Rung3Off { route, who } => {
                format!(
                    "rung 3 off for {} by {who}",
                    route.as_ref().map_or("all routes", |r| r)
                )
            }
            Kind::Drill(drill) => drill.line(),
            Kind::Drills { drills } => format!("{} drills can be started", drills.len()),
            Kind::Command {
                actor,
                command,
                origin,
                refused,
                ..
            } => {
                let by = origin
                    .as_ref()
                    .map_or_else(|| actor.clone(), |door| format!("{actor} ({door})"));
                match refused {
                    None => format!("{by}: {command}"),
                    Some(why) => format!("{by}: {command} REFUSED: {why}"),
                }
            }
            Kind::Bucket(b) => format!("{} {} ok, {} failed", b.deployment, b.ok, b.fail),
            Kind::Request(request) => request.line(),
            Kind::Exchanges(e) => format!("{} answered, {} failed", e.answered(), e.failed()),
            Kind::LocalNetwork { down: true } => {
                "no provider can be reached: suspect our own network".to_owned()
            }
            Kind::LocalNetwork { down: false } => "providers can be reached again".to_owned(),
            Kind::Fleet(view) => fleet(view),
            Kind::Notice { text, .. } => text.clone(),
            Kind::Continued { .. } => "the journal goes on in another file".to_owned(),
            Kind::Journal { stopped, missed } => match stopped {
                Some(why) => format!("the journal stopped: {why}"),
                None if *missed == 1 => "the journal goes on, 1 event is missing in it".to_owned(),
                None => format!("the journal goes on, {missed} events are missing in it"),
            },
            Kind::Suppressed { what, n } => format!("{n} more {what} not shown"),
            _ => self.line_about_judges(),
        }
    }
}

fn fleet(view: &FleetView) -> String {
    let FleetView {
        replica,
        reachable,
        peers,
    } = view;
    if !reachable {
        return format!("fleet: {replica} on its own, its peers cannot be reached");
    }
    match peers.as_slice() {
        [] => format!("fleet: {replica}, no peers yet"),
        peers => format!("fleet: {replica} shares with {}", peers.join(", ")),
    }
}

fn upper(word: &str) -> String {
    word.to_ascii_uppercase()
}

fn because(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    }
}
