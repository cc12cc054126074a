//! What a plain cooldown router would have done with the same outcomes: three failures of a deployment within a minute
//! take it out for a minute, then all of its traffic is back at once; a request that failed goes to the next tier; no
//! probe, no judge, no canned answer. `docs/normal.md` has the arithmetic and what it takes for granted.
//!
//! Expected values, no randomness: a share of requests fails, so fractions of requests do.

use super::{
    DeploymentId, Kind, Phase, Reason, Snapshot, Wall,
    event::{Bucket, Exchanges},
    verdict::Counts,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

mod plain;
use plain::{Outcome, Plain};

/// An incident is over when so long nothing was wrong.
const QUIET_S: u64 = 900;
/// What came shortly before the first breaker moved belongs to the incident.
const BEFORE_S: u64 = 60;

/// When the plain router takes a deployment out, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub failures: u32,
    pub within_s: u64,
    pub out_s: u64,
}

pub const RULE: Rule = Rule {
    failures: plain::FAILS,
    within_s: plain::WINDOW_S,
    out_s: plain::COOLDOWN_S,
};

/// What happened, and what would have happened, since an incident began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Compared {
    pub since: Wall,
    /// Attempts of users' requests that failed.
    pub upstream: u64,
    /// Users that saw an error.
    pub users: u64,
    /// Users that got the canned answer.
    pub canned: u64,
    /// Users that a lower tier answered.
    pub lower: u64,
    pub plain: PlainRouter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PlainRouter {
    pub upstream: u64,
    pub users: u64,
    pub lower: u64,
    /// Bad answers that it would have served while the breaker was open for quality.
    pub bad: u64,
}

impl Compared {
    /// Whether the two did not come to the same.
    pub fn differs(&self) -> bool {
        let plain = self.plain;
        let same =
            (self.upstream, self.users, self.lower) == (plain.upstream, plain.users, plain.lower);
        !same || plain.bad > 0
    }
}

/// What an amount of time brought.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Tally {
    really: Outcome,
    canned: f64,
    plain: Outcome,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.really.add(&other.really);
        self.plain.add(&other.plain);
        self.canned += other.canned;
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Incident {
    since: Wall,
    /// The last second in which something was wrong.
    last: u64,
    sum: Tally,
}

/// What is known of one deployment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Known {
    id: Option<DeploymentId>,
    phase: Phase,
    /// Whether its breaker was closed when the last second began, and when this one did: what a second brought is told
    /// when it is over, so in the next one.
    closed: (bool, bool),
    /// Attempts of the last seconds: failed, and all.
    last: VecDeque<(u32, u32)>,
    /// The share of requests that fails.
    failing: f64,
    /// A bad key or a missing model: no share of anything, until it is asked again.
    certain: bool,
    /// The share of answers that is bad, from a trip for quality on.
    bad: f64,
    /// Of this second: failed, and all.
    now: (u32, u32),
}

/// Attempts that say what share fails now.
const ATTEMPTS: u32 = 10;

/// What is known in the middle of it: a journal's next file goes on from there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Counterfactual {
    sec: u64,
    known: Vec<Known>,
    plain: Plain,
    exchanges: Exchanges,
    before: VecDeque<(u64, Tally)>,
    incident: Option<Incident>,
    /// Somebody switched rung 3 on: canned answers are no failures.
    rung3: bool,
}

impl Counterfactual {
    /// Takes an event after the snapshot has; seconds end when the first event of another one comes.
    pub(super) fn apply(&mut self, kind: &Kind, at: Wall, s: &Snapshot) {
        if at.secs() > self.sec {
            self.end_second();
            self.sec = at.secs();
        }
        match kind {
            Kind::Started { .. } | Kind::Reloaded { .. } => self.topology(s),
            Kind::Transition(t) => {
                let bad = match &t.reason {
                    Reason::Quality { bad, n, .. } => {
                        Some(f64::from(*bad) / f64::from((*n).max(1)))
                    }
                    _ => None,
                };
                if let Some(known) = self.of(&t.deployment) {
                    known.phase = t.to;
                    known.certain = match &t.reason {
                        Reason::Certain { .. } => true,
                        _ => known.certain && !known.is_sent_to(),
                    };
                    if known.certain {
                        known.failing = 1.0;
                    }
                    known.bad = match t.to {
                        Phase::Closed => 0.0,
                        _ => bad.unwrap_or(known.bad),
                    };
                }
            }
            Kind::Probed {
                deployment,
                verdict,
                ..
            } => match verdict.class.counts() {
                Counts::Ok => self.looked(deployment, false),
                Counts::Fail | Counts::Trip => self.looked(deployment, true),
                Counts::Gate | Counts::Ignore => {}
            },
            Kind::Bucket(bucket) => self.bucket(bucket),
            Kind::Exchanges(exchanges) => self.exchanges.add(exchanges),
            Kind::Rung3On { .. } | Kind::Rung3Off { .. } => {
                self.rung3 = s.routes.iter().any(|r| r.rung3.is_some());
            }
            _ => {}
        }
    }

    fn of(&mut self, id: &DeploymentId) -> Option<&mut Known> {
        self.known.iter_mut().find(|k| k.id.as_ref() == Some(id))
    }

    fn topology(&mut self, s: &Snapshot) {
        let mut old = std::mem::take(&mut self.known);
        let ids: Vec<_> = old.iter().map(|k| k.id.clone()).collect();
        let mut moved = Vec::new();
        for d in &s.deployments {
            let was = ids.iter().position(|id| id.as_ref() == Some(&d.id));
            moved.push(was);
            let mut known = was
                .and_then(|i| old.get_mut(i))
                .map(std::mem::take)
                .unwrap_or_default();
            known.id = Some(d.id.clone());
            if was.is_none() {
                known.phase = d.phase;
                known.closed = (d.phase == Phase::Closed, d.phase == Phase::Closed);
            }
            self.known.push(known);
        }
        self.plain.topology(s, &moved);
    }

    /// A probe or a canary came back. While users' own attempts say what is, they are not asked.
    fn looked(&mut self, id: &DeploymentId, failed: bool) {
        let Some(known) = self.of(id) else { return };
        if known.is_sent_to() {
            return;
        }
        known.last.clear();
        if !failed {
            (known.certain, known.failing) = (false, 0.0);
        } else if known.failing <= 0.0 {
            known.failing = 1.0;
        }
    }

    fn bucket(&mut self, b: &Bucket) {
        if b.canary > 0 {
            self.looked(&b.deployment, b.canary_failed > 0);
        }
        if let Some(known) = self.of(&b.deployment) {
            known.now.0 += b.fail;
            known.now.1 += b.counted();
        }
    }

    fn end_second(&mut self) {
        let exchanges = std::mem::take(&mut self.exchanges);
        let mut failed = Vec::with_capacity(self.known.len());
        let tiers = self.known.iter().enumerate();
        let tiers = tiers.filter(|(i, _)| self.plain.is_tier(*i));
        let tripped = tiers.clone().any(|(_, k)| !k.closed.0);
        let wrong = tripped || tiers.clone().any(|(_, k)| k.phase != Phase::Closed);
        for known in &mut self.known {
            failed.push(known.end_second());
        }
        let upstream: u32 = failed.iter().map(|(bad, _)| bad).sum();
        let really = Outcome {
            upstream: f64::from(upstream),
            users: f64::from(exchanges.failed()),
            lower: f64::from(exchanges.fallback),
            bad: 0.0,
        };
        let same = !tripped && !self.plain.is_cooling(self.sec);
        let plain = if same {
            let canned = if self.rung3 { 0 } else { exchanges.canned };
            self.plain.saw(self.sec, &failed);
            Outcome {
                users: really.users + f64::from(canned),
                ..really
            }
        } else {
            let requests = exchanges.answered().saturating_sub(exchanges.cached);
            let known = self.known.iter().map(|k| {
                let open = matches!(k.phase, Phase::Open | Phase::Probe);
                (k.failing, if open { k.bad } else { 0.0 })
            });
            let known: Vec<_> = known.collect();
            self.plain.send(self.sec, f64::from(requests), &known)
        };
        let second = Tally {
            really,
            canned: f64::from(exchanges.canned),
            plain,
        };
        self.count(second, wrong || exchanges.failed() > 0);
        for known in &mut self.known {
            known.closed = (known.closed.1, known.phase == Phase::Closed);
        }
    }

    fn count(&mut self, second: Tally, wrong: bool) {
        let sec = self.sec;
        if self
            .incident
            .as_ref()
            .is_some_and(|i| i.last + QUIET_S <= sec)
        {
            self.incident = None;
        }
        if let Some(incident) = &mut self.incident {
            incident.sum.add(&second);
            incident.last = if wrong { sec } else { incident.last };
            return;
        }
        self.before.push_back((sec, second));
        while self
            .before
            .front()
            .is_some_and(|(s, _)| s + BEFORE_S <= sec)
        {
            self.before.pop_front();
        }
        if !wrong {
            return;
        }
        let mut sum = Tally::default();
        for (_, tally) in self.before.drain(..) {
            sum.add(&tally);
        }
        self.incident = Some(Incident {
            since: Wall(sec * 1000),
            last: sec,
            sum,
        });
    }

    /// What there is to say at `at`.
    pub(super) fn compared(&self, at: Wall) -> Option<Compared> {
        let incident = self.incident.as_ref()?;
        if incident.last + QUIET_S <= at.secs() {
            return None;
        }
        let Tally {
            really,
            canned,
            plain,
        } = incident.sum;
        Some(Compared {
            since: incident.since,
            upstream: whole(really.upstream),
            users: whole(really.users),
            canned: whole(canned),
            lower: whole(really.lower),
            plain: PlainRouter {
                upstream: whole(plain.upstream),
                users: whole(plain.users),
                lower: whole(plain.lower),
                bad: whole(plain.bad),
            },
        })
    }

    /// The last second of the incident in which something was wrong.
    pub(super) fn last_wrong(&self) -> Option<Wall> {
        Some(Wall(self.incident.as_ref()?.last * 1000))
    }

    /// Goes on from how things stood; where only that is known, without what the last minutes brought.
    pub(super) fn carried_on(s: &Snapshot) -> Self {
        if let Some(known) = &s.comparing {
            return Self::clone(known);
        }
        let mut new = Self {
            sec: s.at.secs(),
            rung3: s.routes.iter().any(|r| r.rung3.is_some()),
            ..Self::default()
        };
        new.topology(s);
        new.incident = s.compared.as_ref().map(|c| Incident {
            since: c.since,
            last: s.at.secs(),
            sum: Tally {
                really: Outcome::whole(c.upstream, c.users, c.lower, 0),
                canned: Outcome::whole(c.canned, 0, 0, 0).upstream,
                plain: Outcome::whole(c.plain.upstream, c.plain.users, c.plain.lower, c.plain.bad),
            },
        });
        new
    }
}

impl Known {
    fn is_sent_to(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Ramp(_))
    }

    /// What its attempts of the last seconds say. While nothing is sent to it, those that come late say nothing new.
    fn end_second(&mut self) -> (u32, u32) {
        let now = std::mem::take(&mut self.now);
        if now.1 == 0 || self.certain || !(self.closed.0 || self.is_sent_to()) {
            return now;
        }
        self.last.push_back(now);
        let (mut bad, mut n, mut kept) = (0, 0, 0);
        for (b, all) in self.last.iter().rev() {
            if n >= ATTEMPTS {
                break;
            }
            (bad, n, kept) = (bad + b, n + all, kept + 1);
        }
        self.last.drain(..self.last.len() - kept);
        self.failing = f64::from(bad) / f64::from(n.max(1));
        now
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests, never below 0"
)]
fn whole(x: f64) -> u64 {
    x.round().max(0.0) as u64
}

#[cfg(test)]
mod tests;
