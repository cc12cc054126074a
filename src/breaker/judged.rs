//! What the machine makes of judged answers: which are judged, what a score does in each phase, and how a trip for
//! quality comes about.

use super::{
    Bench, Breaker, Mode, Move, Sample, Score, Ticket,
    machine::State,
    probe::Trip,
    quality::{Finding, Illness, Ruling},
};
use crate::model::{DeploymentId, Mono, Reason, phase::Spared};

impl Breaker {
    /// Who can be asked for a score, and what else is known. Whoever drives the breaker tells it when that changes.
    pub fn sit(&mut self, bench: Bench) {
        self.quality.sit(bench);
    }

    /// A whole answer has been given: is it to be judged? Asked once for each. `looks_wrong` is what cheap checks say
    /// of it; they make suspicious and never trip. A canary's answer is always judged where something may follow from it.
    pub fn sample(&mut self, ticket: Ticket, looks_wrong: bool, now: Mono) -> Sample {
        let judged = Sample::Judge {
            both: false,
            counts: true,
        };
        let blind = self.quality.bench().first.is_none();
        if blind || ticket.generation != self.generation {
            return Sample::Skip;
        }
        match &self.state {
            State::Closed if self.would_be_open.is_none() => {
                let probation = self.on_probation(now);
                if ticket.canary {
                    return self.quality.draw_canary(probation);
                }
                let die = self.rng.f64();
                self.quality.draw(die, looks_wrong, probation, now)
            }
            State::Probe(_) if ticket.probe => judged,
            State::Ramp(step) if !self.frozen() => {
                if ticket.canary || self.rng.f64() < step.judged_share() {
                    judged
                } else {
                    Sample::Skip
                }
            }
            _ => Sample::Skip,
        }
    }

    /// A whole answer has been given that no judge can read, a tool call: only its looks count.
    pub fn saw(&mut self, ticket: Ticket, looks_wrong: bool, now: Mono) {
        let closed = matches!(self.state, State::Closed) && self.would_be_open.is_none();
        if closed && ticket.generation == self.generation && !ticket.canary {
            self.quality.look(looks_wrong, now);
        }
    }

    /// How many of the newest `kept` answers are to be judged now, after a bad score, and whether by two judges.
    pub fn look_back(&mut self, kept: usize) -> (usize, bool) {
        match self.state {
            State::Closed => self.quality.look_back(kept),
            _ => (0, false),
        }
    }

    /// A judge scored an answer.
    pub fn score(&mut self, ticket: Ticket, score: &Score, now: Mono) -> Vec<Move> {
        if ticket.generation != self.generation || !(0.0..=1.0).contains(&score.value) {
            return Vec::new();
        }
        let frozen = self.frozen();
        match &mut self.state {
            State::Closed if self.would_be_open.is_none() => {
                self.quality.record(score, !ticket.canary, now);
                self.rule(Some(score), now)
            }
            State::Probe(round) if ticket.probe => {
                let weight = self.quality.weigh_probe(score, round.illness(), now);
                match round.judged(score.value, weight, now) {
                    Some(outcome) => self.probe_outcome(outcome, now),
                    None => self.settle(now),
                }
            }
            State::Ramp(_) if !frozen => self.score_in_ramp(score, now),
            _ => Vec::new(),
        }
    }

    fn score_in_ramp(&mut self, score: &Score, now: Mono) -> Vec<Move> {
        let ill = self.quality.record_in_ramp(score, now);
        let (mean, n) = match self.settings.mode {
            Mode::Sequential if ill => {
                let mean = self.quality.rolling().mean(now);
                (mean.value().unwrap_or_default(), mean.n)
            }
            Mode::RollingMean if score.value < self.settings.judge_threshold => {
                match self.quality.rolling().bad_in_ramp(now) {
                    Some(bad) => bad,
                    None => return Vec::new(),
                }
            }
            _ => return Vec::new(),
        };
        let illness = self
            .quality
            .finding()
            .map_or(Illness::UNKNOWN, |f| f.illness);
        let trip = Trip::of_quality(illness);
        self.ramp_failed(Reason::RampJudgedBad { mean, n }, trip, now)
    }

    /// Known answers were put to a judge again, who scored them as ever.
    pub fn anchors_held(&mut self, judge: &DeploymentId, now: Mono) -> Vec<Move> {
        self.quality.anchors_held(judge, now);
        self.rule(None, now)
    }

    /// Known answers were put to a judge again, who scored them lower: they are put to it once more.
    pub fn anchors_doubted(&mut self, judge: &DeploymentId, now: Mono) {
        self.quality.anchors_doubted(judge, now);
    }

    /// A judge is at fault: what it said counts no more.
    pub fn dismiss(&mut self, judge: &DeploymentId) {
        self.quality.dismiss(judge);
    }

    /// Moves if everybody who can be asked agrees, or nobody answers.
    pub(super) fn rule(&mut self, score: Option<&Score>, now: Mono) -> Vec<Move> {
        if !matches!(self.state, State::Closed) || self.would_be_open.is_some() {
            return Vec::new();
        }
        if self.settings.mode == Mode::RollingMean {
            return self.rule_literally(score, now);
        }
        let ruling = self.quality.rule(now);
        let Some(found) = self.quality.finding() else {
            return Vec::new();
        };
        let mut moves = Vec::new();
        if let Some(judge) = self.quality.wants_anchors(now) {
            moves.push(Move::WantsAnchors(judge));
        }
        match ruling {
            Ruling::Wait => {}
            Ruling::Disputed { passed, of } => {
                self.quality.dismiss(&found.judge);
                moves.push(Move::JudgeDisputed {
                    judge: found.judge,
                    passed,
                    of,
                });
            }
            Ruling::LastOne { confirmed } => {
                if self.quality.spare() {
                    moves.push(Move::WouldTrip {
                        reason: self.blame(&found, confirmed, now),
                        spared: Spared::LastOne,
                        until: None,
                    });
                }
            }
            Ruling::Trip { confirmed } => {
                self.trip = Trip::of_quality(found.illness);
                let reason = self.blame(&found, confirmed, now);
                moves.extend(self.open_from_closed(reason, now));
            }
        }
        moves
    }

    fn blame(&self, found: &Finding, confirmed: bool, now: Mono) -> Reason {
        Reason::Quality {
            mean: found.run.mean(),
            floor: self.settings.judge_threshold,
            bad: found.run.bad,
            n: found.run.n,
            usual: Some(found.usual),
            judge: Some(found.judge.clone()),
            confirmed,
            window_s: whole(now.since(found.run.began).as_secs()),
            since: None,
        }
    }

    fn rule_literally(&mut self, score: Option<&Score>, now: Mono) -> Vec<Move> {
        let floor = self.settings.judge_threshold;
        let bad = self.quality.rolling().bad(now);
        let Some((score, (mean, n))) = score.filter(|s| s.value < floor).zip(bad) else {
            return Vec::new();
        };
        self.trip = Trip::QUALITY;
        let reason = Reason::Quality {
            mean,
            floor,
            bad: 0,
            n,
            usual: None,
            judge: Some(score.judge.clone()),
            confirmed: false,
            window_s: whole(self.settings.judge_window.as_secs()),
            since: None,
        };
        self.open_from_closed(reason, now)
    }
}

fn whole(secs: u64) -> u32 {
    u32::try_from(secs).unwrap_or(u32::MAX)
}
