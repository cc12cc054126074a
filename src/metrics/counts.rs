//! What is counted of one deployment, one route, one judge.

use super::{
    histogram::{Histogram, SCORE, TOTAL_S, TTFT_S},
    names,
    page::Page,
};
use crate::model::{
    Class, DeploymentId, ForceKind, Kind,
    event::{Bucket, Judging, Outcome, RouteSecond},
    finding::Finding,
    request::CacheHit,
    verdict::Counts,
};
use std::collections::BTreeMap;

/// How breakers move, and why. They are exported from the start: a count that first appears as 1 has no increase.
const MOVES: &[(&str, &str)] = &[
    ("open", "error_rate"),
    ("open", "quality"),
    ("open", "certain"),
    ("open", "fleet"),
    ("open", "probe_failed"),
    ("open", "probe_judged_bad"),
    ("open", "ramp_failed"),
    ("open", "ramp_judged_bad"),
    ("probe", "cooldown_over"),
    ("probe", "probe_asked"),
    ("probe", "force_ended"),
    ("ramp", "probe_passed"),
    ("ramp", "ramp_step"),
    ("closed", "ramp_step"),
];

#[derive(Debug, Clone)]
pub(super) struct Deployment {
    attempts: [u64; Class::ALL.len()],
    ttft: Histogram,
    total: Histogram,
    scores: Histogram,
    tokens: u64,
    fault_hits: u64,
    findings: [u64; Finding::ALL.len()],
    canaries: [u64; 2],
    moves: BTreeMap<(&'static str, &'static str), u64>,
    would_trip: u64,
    forces: [u64; ForceKind::ALL.len()],
    gates: BTreeMap<&'static str, u64>,
    probes: [u64; 2],
    fallbacks: u64,
    hedges: [u64; 2],
    broken: [u64; 2],
}

impl Default for Deployment {
    fn default() -> Self {
        let gated = Class::ALL
            .into_iter()
            .filter(|c| c.counts() == Counts::Gate);
        Self {
            attempts: Default::default(),
            ttft: Histogram::new(TTFT_S),
            total: Histogram::new(TOTAL_S),
            scores: Histogram::new(SCORE),
            tokens: 0,
            fault_hits: 0,
            findings: Default::default(),
            canaries: Default::default(),
            moves: MOVES.iter().map(|way| (*way, 0)).collect(),
            would_trip: 0,
            forces: Default::default(),
            gates: gated.map(|class| (class.as_str(), 0)).collect(),
            probes: Default::default(),
            fallbacks: 0,
            hedges: Default::default(),
            broken: Default::default(),
        }
    }
}

/// The deployment that an event is about, where one is counted by it.
pub(super) const fn about(kind: &Kind) -> Option<&DeploymentId> {
    match kind {
        Kind::Bucket(b) => Some(&b.deployment),
        Kind::Transition(t) => Some(&t.deployment),
        Kind::WouldTrip { deployment, .. }
        | Kind::Forced { deployment, .. }
        | Kind::Gated { deployment, .. }
        | Kind::Probed { deployment, .. }
        | Kind::Score { deployment, .. } => Some(deployment),
        Kind::Fallback { from, .. } | Kind::StreamBroke { from, .. } => Some(from),
        Kind::Hedged { late, .. } => Some(late),
        _ => None,
    }
}

impl Deployment {
    pub(super) fn apply(&mut self, kind: &Kind) {
        match kind {
            Kind::Bucket(bucket) => self.bucket(bucket),
            Kind::Transition(t) => {
                *self
                    .moves
                    .entry((t.to.name(), t.reason.name()))
                    .or_default() += 1;
            }
            Kind::WouldTrip { .. } => self.would_trip += 1,
            Kind::Forced { force, .. } => self.forces[force.kind as usize] += 1,
            Kind::Gated { class, .. } => *self.gates.entry(class.as_str()).or_default() += 1,
            Kind::Probed { verdict, .. } => {
                self.probes[usize::from(verdict.class != Class::Ok)] += 1;
            }
            Kind::Score { score, picked, .. } if picked.counts() => self.scores.observe(*score, 1),
            Kind::Fallback { .. } => self.fallbacks += 1,
            Kind::Hedged { won, .. } => self.hedges[usize::from(!won)] += 1,
            Kind::StreamBroke { to, .. } => self.broken[usize::from(to.is_none())] += 1,
            _ => {}
        }
    }

    fn bucket(&mut self, b: &Bucket) {
        self.attempts[Class::Ok as usize] += u64::from(b.ok);
        for (class, n) in b.classes.iter().chain(&b.ignored_classes) {
            self.attempts[*class as usize] += u64::from(*n);
        }
        self.ttft.add(&b.ttft);
        self.total.add(&b.total);
        self.tokens += u64::from(b.tokens);
        self.fault_hits += b.injected.iter().map(|(_, n)| u64::from(*n)).sum::<u64>();
        for (finding, n) in &b.findings {
            self.findings[*finding as usize] += u64::from(*n);
        }
        let failed = b.canary_failed.min(b.canary);
        self.canaries[0] += u64::from(b.canary - failed);
        self.canaries[1] += u64::from(failed);
    }

    pub(super) fn put(&self, id: &DeploymentId, page: &mut Page) {
        for class in Class::ALL {
            let n = self.attempts[class as usize];
            page.count(&names::ATTEMPTS, &[id, class.as_str()], n);
        }
        page.histogram(&names::TTFT_SECONDS, &[id], &self.ttft);
        page.histogram(&names::TOTAL_SECONDS, &[id], &self.total);
        page.histogram(&names::SCORES, &[id], &self.scores);
        page.count(&names::OUTPUT_TOKENS, &[id], self.tokens);
        page.count(&names::FAULT_HITS, &[id], self.fault_hits);
        for finding in Finding::ALL {
            let n = self.findings[finding as usize];
            page.count(&names::FINDINGS, &[id, finding.into()], n);
        }
        for (&(to, reason), n) in &self.moves {
            page.count(&names::TRANSITIONS, &[id, to, reason], *n);
        }
        page.count(&names::WOULD_TRIP, &[id], self.would_trip);
        for kind in ForceKind::ALL {
            let n = self.forces[kind as usize];
            page.count(&names::FORCES, &[id, kind.as_str()], n);
        }
        for (class, n) in &self.gates {
            page.count(&names::GATES, &[id, class], *n);
        }
        page.count(&names::FALLBACKS, &[id], self.fallbacks);
        for (metric, words, n) in [
            (&names::CANARIES, ["ok", "failed"], self.canaries),
            (&names::PROBES, ["passed", "failed"], self.probes),
            (&names::HEDGES, ["won", "lost"], self.hedges),
            (&names::BROKEN_STREAMS, ["rescued", "ended"], self.broken),
        ] {
            for (word, n) in words.into_iter().zip(n) {
                page.count(metric, &[id, word], n);
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    outcomes: [u64; Outcome::ALL.len()],
    hits: [u64; CacheHit::ALL.len()],
}

impl Route {
    pub(super) fn add(&mut self, second: &RouteSecond) {
        for outcome in Outcome::ALL {
            self.outcomes[outcome as usize] += u64::from(second.of(outcome));
        }
        for how in CacheHit::ALL {
            self.hits[how as usize] += u64::from(second.hits(how));
        }
    }

    pub(super) fn put(&self, id: &str, page: &mut Page) {
        for outcome in Outcome::ALL {
            let n = self.outcomes[outcome as usize];
            let word = outcome.as_str().replace(' ', "_");
            page.count(&names::EXCHANGES, &[id, &word], n);
        }
        for outcome in Outcome::ALL {
            if let Some(rung) = rung(outcome) {
                page.count(
                    &names::ANSWERS,
                    &[id, rung],
                    self.outcomes[outcome as usize],
                );
            }
        }
        for how in CacheHit::ALL {
            let n = self.hits[how as usize];
            page.count(&names::CACHE_HITS, &[id, how.as_str()], n);
        }
    }
}

/// None: not an answer.
const fn rung(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Primary => Some("0"),
        Outcome::Cached => Some("1"),
        Outcome::Fallback => Some("2"),
        Outcome::Canned => Some("3"),
        Outcome::CallerError | Outcome::Error | Outcome::Broken | Outcome::Left => None,
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Judge {
    ok: u64,
    failed: u64,
    input: u64,
    output: u64,
    microdollars: u64,
    unpriced: u64,
}

impl Judge {
    pub(super) fn add(&mut self, second: &Judging) {
        let failed = second.failed.min(second.calls);
        self.ok += u64::from(second.calls - failed);
        self.failed += u64::from(failed);
        self.input += second.input_tokens;
        self.output += second.output_tokens;
        match second.microdollars {
            Some(spent) => self.microdollars += spent,
            None => self.unpriced += u64::from(second.calls),
        }
    }

    pub(super) fn put(&self, id: &DeploymentId, page: &mut Page) {
        page.count(&names::JUDGE_CALLS, &[id, "ok"], self.ok);
        page.count(&names::JUDGE_CALLS, &[id, "failed"], self.failed);
        page.count(&names::JUDGE_TOKENS, &[id, "input"], self.input);
        page.count(&names::JUDGE_TOKENS, &[id, "output"], self.output);
        page.scaled(&names::JUDGE_SPEND, &[id], self.microdollars, 1_000_000);
        page.count(&names::JUDGE_UNPRICED, &[id], self.unpriced);
    }
}
