//! The quality of one deployment's answers, as judges score a sample of them: which are judged, what the scores say,
//! and what has to agree before they count.
//!
//! The documented rolling mean is computed beside the sequential test: a screen shows it, and [`Mode::RollingMean`]
//! decides by it.

mod baseline;
mod detector;
mod gate;
mod rolling;
mod sampling;

use self::{
    detector::{Detector, Run},
    gate::{Disputes, Gate},
    rolling::RollingMean,
    sampling::{Doubt, Sampling},
};
use super::{Settings, errors::ErrorTest};
use crate::model::{DeploymentId, Mono, series::Share};

pub use self::{
    baseline::Baseline,
    gate::{Bench, Spares},
    sampling::{KEPT_FOR, Sample},
};
pub(super) use self::{detector::Illness, gate::Ruling};

/// Suspicion begins when a likely guess has gathered this much, or any half of what trips, and ends below these.
const SUSPECT: f64 = 2.5;
const SUSPECT_SHARE: f64 = 0.5;
const CALM: f64 = 1.0;
const CALM_SHARE: f64 = 0.4;
/// From this share of what trips the second judge is asked about every answer: sooner every unlucky score would cost two
/// calls, later it would be what is waited for. Where fewer answers come in a second than this it is asked at once: later
/// there would be none to ask it about.
const ASK_SECOND: f64 = 0.4;
const SLOW: f64 = 0.5;
/// From this one known answers are put to the first. They speak for what it said until then: of evidence that was under
/// this when they were scored too much came later.
const ASK_ANCHORS: f64 = 0.7;
/// After so many scores a judge knows what is usual.
const KNOWS: u32 = 200;
/// In a ramp evidence starts at this share of what would trip, and trips at that one.
const RAMP_START: f64 = 0.25;
const RAMP_TRIP: f64 = 0.6;
/// An alarm ends when its evidence has fallen under this share again.
const ALARM_ENDS: f64 = 0.8;
/// On probation a tenth of the odds is enough (ln 10 less).
const PROBATION_LESS: f64 = 2.3;
/// Fewer bad answers than this prove nothing, however likely one guess makes them: with a baseline in which the worst
/// bin was never seen two would do on probation.
const LEAST_BAD: u32 = 4;
/// One false alarm in so many seconds (30 days) at the ordinary sampling, within bounds that were simulated.
const ALARM_EVERY_S: f64 = 2.592e6;
const THRESHOLD: (f64, f64) = (9.0, 16.0);
/// Answers that look wrong: this share is tolerated. The checks hit 3 of 920 good answers (0.33 %, deserved or not), 5 of
/// 450 of weak models, and are wrong about 2 of 12,878 (see `checks`).
const LOOKS_WRONG: f64 = 0.01;
/// So much evidence of looks makes suspicious: a thousand to one. Good answers, ten a second, bring about one suspicion a
/// day, which a few judge calls lay; a provider where 5 % look wrong takes about 140 answers, where 30 % do about 16
/// (`tests/detector.rs`). With 2 % tolerated the first would take 290, and good answers bring as many suspicions.
const LOOKS_SUSPICIOUS: f64 = 7.0;

/// The evidence that trips at so many judged answers per second.
fn threshold(judged_per_s: f64) -> f64 {
    let (least, most) = THRESHOLD;
    ((ALARM_EVERY_S * judged_per_s.max(1e-9)).ln() - 2.0).clamp(least, most)
}

/// One judge's score of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    pub judge: DeploymentId,
    /// 0 to 1; anything else is no score.
    pub value: f64,
    /// What another judge has already said of the same answer.
    pub other: Option<f64>,
}

/// What led to a trip.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) judge: DeploymentId,
    pub(super) run: Run,
    pub(super) usual: f64,
    pub(super) illness: Illness,
}

/// What a screen may know.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// The judge whose scores may trip.
    pub judge: Option<DeploymentId>,
    /// The share of answers that is judged now.
    pub share: f64,
    /// More are judged than usual, by two judges where there are two.
    pub suspicious: bool,
    /// The evidence is enough; others are being asked.
    pub alarm: bool,
    /// The share of answers that usually does not pass.
    pub usual: f64,
    /// What makes suspicious in the first judge's scores, since that began to gather: their mean, and how many did not pass.
    pub gathered: Option<(f64, Share)>,
    /// Answers that looked wrong, since evidence of that began to gather.
    pub looks: Share,
    /// That is enough to be suspicious.
    pub looks_wrong: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Quality {
    rolling: RollingMean,
    detectors: Vec<Detector>,
    sampling: Sampling,
    gate: Gate,
    looks: ErrorTest,
    suspicious: bool,
    /// The evidence that trips while closed; in a ramp it stays what it was.
    threshold: f64,
    pass: f64,
    probation: bool,
}

impl Quality {
    pub(super) fn new(settings: &Settings, now: Mono) -> Self {
        Self {
            rolling: RollingMean::new(
                settings.judge_window,
                settings.judge_threshold,
                settings.judge_min_n,
            ),
            detectors: Vec::new(),
            sampling: Sampling::new(settings.judge_sample, now),
            gate: Gate::default(),
            looks: ErrorTest::new(LOOKS_WRONG),
            suspicious: false,
            threshold: THRESHOLD.0,
            pass: settings.judge_threshold,
            probation: false,
        }
    }

    /// Changes the rules; what was gathered stays.
    pub(super) fn configure(&mut self, settings: &Settings) {
        self.rolling.configure(
            settings.judge_window,
            settings.judge_threshold,
            settings.judge_min_n,
        );
        self.sampling.configure(settings.judge_sample);
        self.pass = settings.judge_threshold;
    }

    pub(super) fn rolling(&self) -> &RollingMean {
        &self.rolling
    }

    /// Who can be asked, and what else is known. Another first judge starts without suspicion.
    pub(super) fn sit(&mut self, bench: Bench) {
        if bench.first != self.gate.bench.first {
            self.start_over();
        }
        self.gate.bench = bench;
    }

    pub(super) fn bench(&self) -> &Bench {
        &self.gate.bench
    }

    /// One whole answer of a closed breaker.
    pub(super) fn draw(
        &mut self,
        die: f64,
        looks_wrong: bool,
        probation: bool,
        now: Mono,
    ) -> Sample {
        self.probation = probation;
        self.look(looks_wrong, now);
        let known = (probation, self.second_knows());
        let drawn = self.sampling.draw(die, self.doubt(), known, now);
        self.threshold = threshold(self.sampling.judged_per_s());
        if self.suspicious && matches!(drawn, Sample::Judge { both: true, .. }) {
            self.gate.disputes.second_asked(now);
        }
        match drawn {
            Sample::Keep if looks_wrong && self.sampling.spend() => Sample::Judge {
                both: false,
                counts: false,
            },
            drawn => drawn,
        }
    }

    /// What cheap checks say of an answer.
    pub(super) fn look(&mut self, wrong: bool, now: Mono) {
        let t = now.since(Mono::default()).as_secs_f64();
        let struck = self.looks.record(t, wrong, LOOKS_SUSPICIOUS);
        if struck && self.gate.bench.first.is_some() {
            self.suspect(None, now);
        }
    }

    /// A canary's whole answer. It is no traffic: the rate that sampling goes by does not know of it.
    pub(super) fn draw_canary(&mut self, probation: bool) -> Sample {
        self.probation = probation;
        let both = self.suspicious;
        Sample::Judge { both, counts: true }
    }

    /// How many kept answers are judged now (some, after a bad one under suspicion), and whether by two judges.
    pub(super) fn look_back(&mut self, kept: usize) -> (usize, bool) {
        match self.doubt() {
            Doubt::None => (0, false),
            doubt => (self.sampling.look_back(kept), doubt == Doubt::Strong),
        }
    }

    /// The second judge has scored enough to know what is usual, or there is none.
    fn second_knows(&self) -> bool {
        let first = self.gate.bench.first.as_ref();
        let others = self.detectors.iter().filter(|d| Some(&d.judge) != first);
        !self.gate.bench.second || others.map(Detector::scored).max() >= Some(KNOWS)
    }

    fn doubt(&self) -> Doubt {
        let most = self.first().map_or(0.0, Detector::most);
        if !self.suspicious {
            Doubt::None
        } else if most < ASK_SECOND * self.closed_threshold() && self.sampling.per_s() > SLOW {
            Doubt::Some
        } else {
            Doubt::Strong
        }
    }

    /// A score of a closed breaker's answer. `learns`: it is one of the users', whose mix alone is what is usual.
    pub(super) fn record(&mut self, score: &Score, learns: bool, now: Mono) {
        self.rolling.record(now, score.value);
        let pass = self.pass;
        let detector = self.detector(&score.judge);
        detector.record(score.value, pass, learns, now);
        self.hear(score, now);
        let first = self.gate.bench.first.as_ref() == Some(&score.judge);
        self.watch(first && score.value < pass, now);
    }

    /// The second judge's word is set beside the first's.
    fn hear(&mut self, score: &Score, now: Mono) {
        let first = self.gate.bench.first.as_ref() == Some(&score.judge);
        if !first && self.suspicious {
            self.gate.disputes.second_scored(now);
        }
        if let Some(other) = score.other {
            let (by_first, by_second) = if first {
                (score.value, other)
            } else {
                (other, score.value)
            };
            self.gate.disputes.both(by_first, by_second, self.pass);
        }
    }

    /// Follows the first judge's evidence: suspicion, alarm, and their ends.
    fn watch(&mut self, low: bool, now: Mono) {
        let threshold = self.closed_threshold();
        let Some(first) = self.first() else { return };
        let (most, likely, bad) = (first.most(), first.most_suspicious(), first.run.bad);
        if likely >= SUSPECT || most >= SUSPECT_SHARE * threshold {
            let judge = first.judge.clone();
            self.suspect(Some(&judge), now);
        } else if likely <= CALM && most < CALM_SHARE * threshold && !self.looks_suspicious() {
            self.calm_down();
        }
        if most < ASK_ANCHORS * threshold {
            self.gate.anchors_count_no_more();
        }
        if most < ALARM_ENDS * threshold {
            self.gate.alarm = None;
        } else if low && most >= threshold && bad >= LEAST_BAD {
            self.gate.alarm.get_or_insert(now);
        }
    }

    fn looks_suspicious(&self) -> bool {
        self.looks.suspicion(LOOKS_SUSPICIOUS) >= 0.5
    }

    /// The second judge begins without an opinion, unless it had one just now.
    fn suspect(&mut self, accuser: Option<&DeploymentId>, now: Mono) {
        let begins = !std::mem::replace(&mut self.suspicious, true);
        if !begins || !self.gate.disputes.are_old(now) {
            return;
        }
        self.gate.disputes = Disputes::default();
        let accuser = accuser.or(self.gate.bench.first.as_ref());
        for detector in &mut self.detectors {
            if Some(&detector.judge) != accuser {
                detector.restart(0.0);
            }
        }
    }

    fn calm_down(&mut self) {
        self.suspicious = false;
        self.gate.alarm = None;
    }

    /// What judges said of each other counts no more, nor what known answers said of another one.
    fn start_over(&mut self) {
        self.calm_down();
        self.gate.disputes = Disputes::default();
        self.gate.anchors_count_no_more();
    }

    /// What everybody together says now.
    pub(super) fn rule(&self, now: Mono) -> Ruling {
        let first = self.gate.bench.first.as_ref();
        let others = self.detectors.iter().filter(|d| Some(&d.judge) != first);
        let second = others.max_by(|a, b| a.most().total_cmp(&b.most()));
        let Some(judge) = self.first() else {
            return Ruling::Wait;
        };
        let alone = judge.most() >= self.closed_threshold();
        self.gate.rule(judge, second, alone, now)
    }

    /// True the first time that an alarm comes to nothing.
    pub(super) fn spare(&mut self) -> bool {
        self.gate.spare()
    }

    /// Known answers ought to be put to the first judge now.
    pub(super) fn wants_anchors(&self, now: Mono) -> Option<DeploymentId> {
        let first = self.first()?;
        let due = first.most() >= ASK_ANCHORS * self.closed_threshold();
        let stale = self.gate.anchors_are_stale(first.run.began, now);
        (due && stale).then(|| first.judge.clone())
    }

    /// Known answers were put to a judge, who scored them as ever.
    pub(super) fn anchors_held(&mut self, judge: &DeploymentId, now: Mono) {
        if self.gate.bench.first.as_ref() == Some(judge) {
            self.gate.anchors_held(now);
        }
    }

    /// Known answers were put to a judge, who scored them lower; they are put to it once more.
    pub(super) fn anchors_doubted(&mut self, judge: &DeploymentId, now: Mono) {
        if self.gate.bench.first.as_ref() == Some(judge) {
            self.gate.doubted(now);
        }
    }

    /// A judge was found at fault: nothing that it said counts, and what was usual for it stays.
    pub(super) fn dismiss(&mut self, judge: &DeploymentId) {
        for detector in self.detectors.iter_mut().filter(|d| d.judge == *judge) {
            detector.restart(0.0);
        }
        if self.gate.bench.first.as_ref() == Some(judge) {
            self.start_over();
        }
    }

    /// The gate has waited for others long enough.
    pub(super) fn waited(&mut self) {
        self.gate.waited();
    }

    /// When the gate stops waiting for others.
    pub(super) fn next_timer(&self) -> Option<Mono> {
        self.gate.patience_ends()
    }

    /// What the first judge found.
    pub(super) fn finding(&self) -> Option<Finding> {
        let first = self.first()?;
        Some(Finding {
            judge: first.judge.clone(),
            run: first.run,
            usual: first.usual.bad_share(),
            illness: first.illness(),
        })
    }

    /// A score while it ramps back. True: it is bad again.
    pub(super) fn record_in_ramp(&mut self, score: &Score, now: Mono) -> bool {
        self.rolling.record(now, score.value);
        let (pass, trip) = (self.pass, RAMP_TRIP * self.threshold);
        let detector = self.detector(&score.judge);
        detector.record(score.value, pass, false, now);
        score.value < pass && detector.most() >= trip
    }

    /// A probe's score, as evidence that it is as ill as it was.
    pub(super) fn weigh_probe(&mut self, score: &Score, illness: Illness, now: Mono) -> f64 {
        self.rolling.record(now, score.value);
        let pass = self.pass;
        let detector = self.detector(&score.judge);
        detector.remember(score.value, pass);
        illness.weigh(score.value, pass, &detector.usual)
    }

    /// It has tripped: what led there is in the reason now, and counts no more.
    pub(super) fn tripped(&mut self) {
        self.start_over();
        for detector in &mut self.detectors {
            detector.restart(0.0);
        }
    }

    /// The ramp starts under suspicion.
    pub(super) fn head_start(&mut self) {
        let evidence = RAMP_START * self.threshold;
        for detector in &mut self.detectors {
            detector.restart(evidence);
        }
    }

    /// Nothing is held against it any more.
    pub(super) fn clear(&mut self) {
        self.rolling.clear();
        self.looks.reset();
        self.tripped();
    }

    /// Closed again: the time in between brought no traffic.
    pub(super) fn resume(&mut self, now: Mono) {
        self.sampling.resume(now);
    }

    /// Evidence as a share of what trips, where scores may trip.
    pub(super) fn suspicion(&self) -> f64 {
        let most = self.first().map_or(0.0, Detector::most);
        (most / self.closed_threshold()).clamp(0.0, 1.0)
    }

    /// The same in a ramp.
    pub(super) fn suspicion_in_ramp(&self) -> f64 {
        let most = self.first().map_or(0.0, Detector::most);
        (most / (RAMP_TRIP * self.threshold)).clamp(0.0, 1.0)
    }

    pub(super) fn watched(&self, probation: bool) -> Watch {
        let first = self.first();
        Watch {
            judge: self.gate.bench.first.clone(),
            share: self.sampling.current(self.suspicious, probation),
            suspicious: self.suspicious,
            alarm: self.gate.alarm.is_some(),
            usual: first.map_or_else(|| Baseline::default().bad_share(), |d| d.usual.bad_share()),
            gathered: first
                .map(|d| d.run)
                .filter(|run| self.suspicious && run.n > 0)
                .map(|run| {
                    (
                        run.mean(),
                        Share {
                            bad: run.bad,
                            n: run.n,
                        },
                    )
                }),
            looks: self.looks.gathered(),
            looks_wrong: self.suspicious && self.looks_suspicious(),
        }
    }

    /// What is usual under each judge, to be kept over restarts.
    pub(super) fn baselines(&self) -> impl Iterator<Item = (&DeploymentId, &Baseline)> {
        self.detectors.iter().map(|d| (&d.judge, &d.usual))
    }

    /// What was usual under a judge before a restart.
    pub(super) fn recall(&mut self, judge: DeploymentId, usual: Baseline) {
        self.detectors.retain(|d| d.judge != judge);
        self.detectors.push(Detector::new(judge, usual));
    }

    /// What these judges scored lately is usual from now on. False: it was as usual anyway.
    pub(super) fn accept(&mut self, by: impl Fn(&DeploymentId) -> bool) -> bool {
        let judges = self.detectors.iter_mut().filter(|d| by(&d.judge));
        judges.map(Detector::accept).filter(|new| *new).count() > 0
    }

    fn closed_threshold(&self) -> f64 {
        self.threshold - self.less()
    }

    /// On probation less is enough, if a second judge has to agree.
    fn less(&self) -> f64 {
        if self.probation && self.gate.bench.second {
            PROBATION_LESS
        } else {
            0.0
        }
    }

    fn first(&self) -> Option<&Detector> {
        let judge = self.gate.bench.first.as_ref()?;
        self.detectors.iter().find(|d| d.judge == *judge)
    }

    fn detector(&mut self, judge: &DeploymentId) -> &mut Detector {
        let known = self.detectors.iter().position(|d| d.judge == *judge);
        let place = known.unwrap_or_else(|| {
            self.detectors
                .push(Detector::new(judge.clone(), Baseline::default()));
            self.detectors.len() - 1
        });
        &mut self.detectors[place]
    }
}

#[cfg(test)]
#[path = "tests/detector.rs"]
mod tests;
