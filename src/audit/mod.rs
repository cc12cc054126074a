//! Could this configuration fail over at three in the morning?
//!
//! [`audit`] is pure: a configuration, the ledger of drills and the time in, findings out. Each finding breaks one rule
//! of [`rules`], whose id and level never change with the circumstances. What [`live`] adds needs the network: one small
//! call to each deployment. [`place`] finds the lines; [`text`], [`json`] and [`sarif`] tell it.

mod deadline;
mod drills;
pub mod finding;
pub mod json;
mod judging;
pub mod live;
pub mod place;
mod providers;
mod route;
pub mod rules;
pub mod sarif;
#[cfg(test)]
mod tests;
pub mod text;

pub use self::{
    drills::{DRILL_AGE, LastDrill},
    finding::{About, Finding, Level, Rule},
    place::Places,
};

use self::live::Called;
use crate::{
    config::{Config, Problems},
    drill::ledger::Entry,
    fitness::{self, RouteFacts},
    model::Wall,
};

/// What is audited.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub config: &'a Config,
    /// Everything that was ever drilled, oldest first.
    pub drills: &'a [Entry],
    pub now: Wall,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audit {
    /// As a person wrote it.
    pub file: String,
    pub hash: String,
    pub routes: Vec<RouteFacts>,
    pub drill: Option<LastDrill>,
    /// None: no calls were made.
    pub live: Option<Vec<Called>>,
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Of a file that cannot be read: each problem is a finding.
    pub fn unreadable(problems: &Problems) -> Self {
        let findings = problems.list.iter().map(|problem| {
            let (message, todo) = (problem.message.clone(), "correct it, and check again");
            let mut finding = Finding::new(&rules::UNREADABLE, About::File, &[], message, todo);
            finding.place = problem
                .at
                .map(|(line, column)| place::Place { line, column });
            finding
        });
        Self {
            file: problems.file.clone(),
            findings: findings.collect(),
            ..Self::default()
        }
    }

    /// The worst that was found.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(Finding::level).max()
    }

    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|f| f.level() == level).count()
    }

    /// Says where each finding is in the file.
    pub fn locate(&mut self, places: &Places) {
        for finding in &mut self.findings {
            if finding.place.is_none() {
                finding.place = places.of(&finding.path);
            }
        }
    }
}

/// Asks every rule that needs no network.
pub fn audit(facts: Facts<'_>) -> Audit {
    let config = facts.config;
    let (mut routes, mut findings) = (Vec::new(), Vec::new());
    for route in config.routes.values() {
        let facts = RouteFacts::of(config, route);
        findings.extend(route::findings(config, route, &facts));
        routes.push(facts);
    }
    findings.extend(providers::findings(config));
    findings.extend(judging::findings(config));
    findings.extend(router(config));
    let (drill, drilled) = drills::findings(facts);
    findings.extend(drilled);
    Audit {
        file: String::new(),
        hash: config.hash.clone(),
        routes,
        drill,
        live: None,
        findings,
    }
}

/// What concerns the router as a whole.
fn router(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut tell = |rule, path: &[&str], message: String, todo: &str| {
        found.push(Finding::new(rule, About::Router, path, message, todo));
    };
    let listen = config.server.listen;
    if config.breaker.observe {
        tell(
            &rules::OBSERVE,
            &["breaker", "mode"],
            "mode = \"observe\": breakers count and block nothing".to_owned(),
            "set breaker.mode = \"enforce\" when you have seen enough",
        );
    }
    if let Some(share) = fitness::tolerates(config) {
        tell(
            &rules::TOLERANT,
            &["breaker", "err_threshold"],
            format!(
                "err_threshold lets {:.0}% of the requests fail, and no breaker opens",
                share * 100.0
            ),
            "set a smaller breaker.err_threshold; the usual one is 2%",
        );
    }
    if !listen.ip().is_loopback() && config.server.client_keys.is_empty() {
        tell(
            &rules::OPEN_DOOR,
            &["server", "listen"],
            format!("the door listens on {listen} and asks nobody for a key"),
            "set server.client_keys, or listen on 127.0.0.1",
        );
    }
    if config.journal.path.is_none() {
        tell(
            &rules::NO_JOURNAL,
            &["journal", "path"],
            "journal.path is off: what happens is written nowhere".to_owned(),
            "take the line out, or name a directory",
        );
    }
    if config.alerts.is_empty() {
        tell(
            &rules::NO_ALERTS,
            &[],
            "nobody is told when a breaker opens or users get errors".to_owned(),
            "add [[alerts]] with a webhook or a command",
        );
    }
    if !config.warnings.is_empty() {
        let n = config.warnings.len();
        tell(
            &rules::LOAD_WARNINGS,
            &[],
            format!(
                "{n} {} on reading it",
                if n == 1 { "warning" } else { "warnings" }
            ),
            "`breakerbox config check` lists them",
        );
    }
    found
}
