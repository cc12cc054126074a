//! The desk where answers come in, wait, are sent to judges, and come back with a score.

mod told;

use super::{
    Given, anchors,
    call::{self, Paper, Reply},
    item::Item,
    looks,
    spend::Spend,
};
use crate::{
    breaker::{Permit, Sample, Score},
    clock,
    config::Config,
    jury::{self, AnchorCall, Jury, Kept, Panel, Repeats},
    model::{
        DeploymentId, Kind, Mono,
        content::first_words,
        event::{Picked, Watch as Watched},
        finding::Tally,
    },
    router::{Router, plant::Unit},
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::MissedTickBehavior};

/// Judge calls under way at once: five answers a second, two judges, two seconds each.
const AT_ONCE: usize = 24;
/// Characters of a judge's reason that are kept.
const REASON: usize = 160;
/// Of the answer that was judged.
const ANSWER: usize = 240;
/// An answer that waited this long says nothing about now.
const STALE: Duration = Duration::from_secs(30);
/// A deployment that nobody can judge is blind after this: a judge that is missed for a moment is not missing.
const BLIND_AFTER: Duration = Duration::from_secs(3);
const BEAT: Duration = Duration::from_millis(250);

/// What a judge is asked about.
#[derive(Debug)]
enum Subject {
    Answer {
        item: Arc<Item>,
        picked: Picked,
        /// Two judges are asked, not one.
        both: bool,
        since: Mono,
    },
    Anchor(AnchorCall),
}

/// A call that came back.
struct Back {
    judge: DeploymentId,
    subject: Subject,
    reply: Reply,
}

pub(super) struct Desk {
    router: Arc<Router>,
    jury: Arc<Mutex<Jury>>,
    kept: HashMap<DeploymentId, Kept<Arc<Item>>>,
    repeats: HashMap<DeploymentId, Repeats>,
    /// What cannot wait (a return, a suspicion), and what can.
    urgent: VecDeque<Subject>,
    waiting: VecDeque<Subject>,
    calls: FuturesUnordered<BoxFuture<'static, Back>>,
    spend: Spend,
    /// Since when nobody can judge a deployment, and those of which it was said.
    blind: HashMap<DeploymentId, Mono>,
    unjudged: Vec<DeploymentId>,
    drifting: Vec<DeploymentId>,
    /// What looked wrong, since a breaker has counted that.
    wrong: HashMap<DeploymentId, Tally>,
    told: HashMap<DeploymentId, Watched>,
    second: u64,
    budget_told: Option<u64>,
}

/// It may use the reserve of the day. Looks alone do not let a sampled answer do so, though it goes first: where only
/// those are judged that look wrong, they no longer stand for the others.
fn is_urgent(item: &Item, picked: Picked, both: bool) -> bool {
    let can_wait = matches!(picked, Picked::Sample | Picked::Canary) && !item.ticket.probe;
    both || !can_wait
}

/// What the jury goes by.
pub(super) fn settings(config: &Config) -> jury::Settings {
    let able = |id: &&DeploymentId| {
        config
            .provider_of(id)
            .is_some_and(|p| p.missing_key.is_none())
    };
    let judges = config.judge.judges.iter().filter(able);
    jury::Settings {
        judges: judges
            .map(|id| jury::Judge {
                id: id.clone(),
                maker: config.maker_of(id).unwrap_or_default().to_owned(),
            })
            .collect(),
        pass: config.breaker.judge_threshold,
        max_per_minute: config.judge.max_per_minute,
        max_per_day: config.judge.max_per_day.unwrap_or(u32::MAX),
        anchors: config.judge.anchors,
    }
}

impl Desk {
    pub(super) fn new(router: Arc<Router>, jury: Arc<Mutex<Jury>>) -> Self {
        Self {
            router,
            jury,
            kept: HashMap::new(),
            repeats: HashMap::new(),
            urgent: VecDeque::new(),
            waiting: VecDeque::new(),
            calls: FuturesUnordered::new(),
            spend: Spend::default(),
            blind: HashMap::new(),
            unjudged: Vec::new(),
            drifting: Vec::new(),
            wrong: HashMap::new(),
            told: HashMap::new(),
            second: 0,
            budget_told: None,
        }
    }

    pub(super) async fn run(mut self, mut given: mpsc::Receiver<Given>) {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // The first answer must not find a breaker that knows of no judge.
        self.beat();
        loop {
            tokio::select! {
                answer = given.recv() => match answer {
                    Some(answer) => self.look_at(&answer),
                    None => return,
                },
                Some(back) = self.calls.next() => self.came_back(back),
                _ = beat.tick() => self.beat(),
            }
            self.send();
        }
    }

    /// One answer: is it judged, kept for a moment, or neither?
    fn look_at(&mut self, given: &Given) {
        let looked = looks::at(&given.call.ask, &given.answer);
        // What is asked by ourselves is in no count of the users'.
        if !given.ticket.canary {
            given.unit.recorder().saw(looked.findings);
        }
        let wrong = looked.findings.feeding();
        let looks_wrong = !wrong.is_empty();
        if looks_wrong && !given.ticket.canary {
            let tally = self.wrong.entry(given.unit.id.clone()).or_default();
            wrong.count_in(tally);
        }
        if !Item::is_readable(&given.answer) {
            given
                .unit
                .breaker(|b, now| (b.saw(given.ticket, looks_wrong, now), Vec::new()));
            return;
        }
        let now = clock::now();
        let sample = given
            .unit
            .breaker(|b, now| (b.sample(given.ticket, looks_wrong, now), Vec::new()));
        let ticket = given.ticket;
        let (picked, both) = match sample {
            Sample::Skip => return,
            Sample::Keep => return self.keep(Arc::new(Item::of(given, looked)), now),
            Sample::Judge { both, counts } => {
                let picked = match (counts, ticket.probe) {
                    (true, _) if ticket.canary => Picked::Canary,
                    (true, false) => Picked::Sample,
                    (true, true) => Picked::Return,
                    (false, _) => Picked::Looks,
                };
                (picked, both)
            }
        };
        let item = Arc::new(Item::of(given, looked));
        // Those kept are judged by chance later on: without it they would be better than what was answered.
        if picked == Picked::Looks {
            self.keep(Arc::clone(&item), now);
        }
        self.submit(item, picked, both, now);
    }

    fn keep(&mut self, item: Arc<Item>, now: Mono) {
        let kept = self.kept.entry(item.unit.id.clone()).or_default();
        kept.keep(item.bytes(), item, now);
    }

    /// Puts an answer in line. A full line loses its oldest, which says least about now.
    fn submit(&mut self, item: Arc<Item>, picked: Picked, both: bool, now: Mono) {
        let first = is_urgent(&item, picked, both) || item.looks_wrong();
        let subject = Subject::Answer {
            item,
            picked,
            both,
            since: now,
        };
        let line = if first {
            &mut self.urgent
        } else {
            &mut self.waiting
        };
        line.push_back(subject);
        if line.len() > self.router.config().judge.queue {
            line.pop_front();
        }
    }

    /// Sends what waits to judges, as long as there is room.
    fn send(&mut self) {
        while self.calls.len() < AT_ONCE {
            let next = self.urgent.pop_front().or_else(|| self.waiting.pop_front());
            match next {
                None => return,
                Some(Subject::Anchor(call)) => self.send_anchor(call),
                Some(Subject::Answer {
                    item,
                    picked,
                    both,
                    since,
                }) => {
                    if clock::now().since(since) < STALE {
                        self.send_answer(item, picked, both);
                    }
                }
            }
        }
    }

    fn send_answer(&mut self, item: Arc<Item>, picked: Picked, both: bool) {
        let now = clock::now();
        let urgent = is_urgent(&item, picked, both);
        let panel = self.panel(&item.unit, now);
        let Some(first) = panel.first else { return };
        let second = panel.second.filter(|_| both);
        self.call(&first, Arc::clone(&item), picked, urgent, now);
        if let Some(second) = second {
            self.call(&second, item, Picked::Second, urgent, now);
        }
    }

    fn call(
        &mut self,
        judge: &DeploymentId,
        item: Arc<Item>,
        picked: Picked,
        urgent: bool,
        now: Mono,
    ) {
        let subject = Subject::Answer {
            item,
            picked,
            both: false,
            since: now,
        };
        self.ask(judge, subject, urgent, now);
    }

    fn send_anchor(&mut self, anchor: AnchorCall) {
        let judge = anchor.judge.clone();
        self.ask(&judge, Subject::Anchor(anchor), true, clock::now());
    }

    /// Makes the call. A judge whose own breaker, gate or budget is against it gives no score.
    fn ask(&mut self, judge: &DeploymentId, subject: Subject, urgent: bool, now: Mono) {
        let unit = self.router.unit(judge);
        let admitted = unit.and_then(|unit| {
            let permit = unit.admit_ordinary(now)?;
            Some((unit, permit))
        });
        let Some((unit, permit)) = admitted else {
            self.no_score(judge, &subject, now);
            return;
        };
        if !self.jury.lock().spend(urgent, now) {
            unit.breaker(|b, now| ((), b.forget(permit, now)));
            self.tell_budget(now);
            if let Subject::Anchor(_) = subject {
                self.no_score(judge, &subject, now);
            }
            return;
        }
        let call = make(Arc::clone(&self.router), unit, permit, subject);
        self.calls.push(call.boxed());
    }

    fn no_score(&mut self, judge: &DeploymentId, subject: &Subject, now: Mono) {
        match subject {
            Subject::Answer { .. } => self.jury.lock().failed(judge, now),
            Subject::Anchor(anchor) => self.anchored(anchor, None, now),
        }
    }

    fn came_back(&mut self, back: Back) {
        let Back {
            judge,
            subject,
            reply,
        } = back;
        let now = clock::now();
        let config = self.router.config();
        self.spend
            .count(&judge, reply.usage, reply.score.is_err(), &config);
        let score = match reply.score {
            Ok(score) => score,
            Err(why) => {
                self.no_score(&judge, &subject, now);
                self.router.bus.emit(Kind::JudgeFailed { judge, why });
                return;
            }
        };
        match subject {
            Subject::Anchor(anchor) => self.anchored(&anchor, Some(score.score), now),
            Subject::Answer { item, picked, .. } => {
                let value = score.score;
                self.router.bus.emit_marked(
                    Kind::Score {
                        deployment: item.unit.id.clone(),
                        judge: judge.clone(),
                        exchange: item.exchange.clone(),
                        score: value,
                        reason: score.reason.chars().take(REASON).collect(),
                        answer: first_words(&item.answer, ANSWER),
                        picked,
                        findings: item.findings,
                    },
                    item.injected,
                );
                self.scored(&judge, &item, picked, value, now);
            }
        }
    }

    fn scored(
        &mut self,
        judge: &DeploymentId,
        item: &Arc<Item>,
        picked: Picked,
        value: f64,
        now: Mono,
    ) {
        let pass = self.router.config().breaker.judge_threshold;
        if value < pass
            && let Some(key) = &item.key
        {
            self.router.cache.remove(key);
        }
        if picked == Picked::Looks || !self.is_new(judge, item, value >= pass, now) {
            self.jury.lock().answered(judge);
            return;
        }
        self.jury.lock().scored(judge, &item.unit.id, value, now);
        self.seat(&item.unit, now);
        let place = usize::from(picked == Picked::Second);
        let other = {
            let mut said = item.said.lock();
            said[place] = Some(value);
            said[1 - place]
        };
        let score = Score {
            judge: judge.clone(),
            value,
            other,
        };
        let asks = item
            .unit
            .heard(item.injected, |b, now| b.score(item.ticket, &score, now));
        self.follow(asks, now);
        if value < pass && picked != Picked::Second {
            self.look_back(&item.unit, now);
        }
    }

    /// Not an answer to a question that has spoken already.
    fn is_new(&mut self, judge: &DeploymentId, item: &Item, passes: bool, now: Mono) -> bool {
        let known = self.repeats.entry(item.unit.id.clone()).or_default();
        let asked = (judge, item.fingerprint);
        known.counts(asked, passes, item.ticket.generation, now)
    }

    /// A bad answer was found: its neighbours are judged too.
    fn look_back(&mut self, unit: &Arc<Unit>, now: Mono) {
        let Some(kept) = self.kept.get_mut(&unit.id) else {
            return;
        };
        let there = kept.count(now);
        let (n, both) = unit.breaker(|b, _| (b.look_back(there), Vec::new()));
        let again: Vec<_> = kept.take(n, now).collect();
        for item in again {
            self.submit(item, Picked::Sample, both, now);
        }
    }

    /// What a breaker asks of the judges.
    fn follow(&mut self, asks: Vec<crate::breaker::Move>, now: Mono) {
        for ask in asks {
            match ask {
                crate::breaker::Move::WantsAnchors(judge) => self.jury.lock().confirm(&judge, now),
                crate::breaker::Move::JudgeDisputed { judge, passed, of } => {
                    let moved = self.jury.lock().disputed(&judge, passed, of, now);
                    self.tell(moved, now);
                }
                _ => {}
            }
        }
        self.collect_anchors(now);
    }

    fn collect_anchors(&mut self, now: Mono) {
        let due = self.jury.lock().due(now);
        self.urgent.extend(due.into_iter().map(Subject::Anchor));
    }

    fn anchored(&mut self, anchor: &AnchorCall, score: Option<f64>, now: Mono) {
        let moves = self.jury.lock().anchored(anchor, score, now);
        self.tell(moves, now);
        self.collect_anchors(now);
    }

    /// Passes what the jury found to the breakers and to people.
    fn tell(&mut self, moves: impl IntoIterator<Item = jury::Move>, now: Mono) {
        let plant = self.router.plant.load_full();
        for found in moves {
            match found {
                jury::Move::Held(judge) => {
                    for unit in plant.units.values() {
                        let asks = unit.heard(false, |b, now| b.anchors_held(&judge, now));
                        self.follow(asks, now);
                    }
                }
                jury::Move::Doubted(judge) => {
                    for unit in plant.units.values() {
                        unit.breaker(|b, now| (b.anchors_doubted(&judge, now), Vec::new()));
                    }
                }
                jury::Move::Dismissed {
                    judge,
                    cause,
                    until,
                } => {
                    for unit in plant.units.values() {
                        unit.breaker(|b, _| (b.dismiss(&judge), Vec::new()));
                        self.seat(unit, now);
                    }
                    self.router.bus.emit(Kind::JudgeDismissed {
                        judge,
                        why: cause.to_string(),
                        until: clock::wall() + now.until(until),
                    });
                }
                jury::Move::Restored(judge) => {
                    self.router.bus.emit(Kind::JudgeRestored { judge });
                }
            }
        }
    }

    fn panel(&self, unit: &Unit, now: Mono) -> Panel {
        let config = self.router.config();
        let able = |id: &DeploymentId| self.router.unit(id).is_some_and(|u| u.is_serving(now));
        self.jury
            .lock()
            .panel(config.maker_of(&unit.id).unwrap_or_default(), able, now)
    }

    /// Tells a breaker who can be asked, and whether anybody else would serve.
    fn seat(&self, unit: &Unit, now: Mono) {
        let panel = self.panel(unit, now);
        let last = self.is_last(unit, now);
        let bench = self.jury.lock().bench(panel, last, now);
        unit.sit(bench);
    }

    /// Somewhere it is the only one left.
    fn is_last(&self, unit: &Unit, now: Mono) -> bool {
        let plant = self.router.plant.load();
        let serves = |id: &DeploymentId| plant.units.get(id).is_some_and(|u| u.is_serving(now));
        plant.config.routes.values().any(|route| {
            let mut all = route.tiers.iter().flat_map(|t| &t.deployments);
            let mut others = all.clone().filter(|id| **id != unit.id);
            all.any(|id| *id == unit.id) && !others.any(serves)
        })
    }

    /// What time alone changes.
    fn beat(&mut self) {
        let now = clock::now();
        let plant = self.router.plant.load_full();
        self.collect_anchors(now);
        for unit in plant.units.values() {
            self.seat(unit, now);
        }
        for kept in self.kept.values_mut() {
            kept.expire(now);
        }
        let second = clock::wall().secs();
        if second == self.second {
            return;
        }
        self.second = second;
        for kind in self.spend.drain() {
            self.router.bus.emit(kind);
        }
        if !plant.config.judge.judges.is_empty() {
            self.tell_blindness(&plant, now);
            self.tell_drift(&plant.config, now);
        }
        for unit in plant.units.values() {
            self.tell_watch(unit, now);
        }
    }
}

async fn make(router: Arc<Router>, judge: Arc<Unit>, permit: Permit, subject: Subject) -> Back {
    let config = router.config();
    let paper = match &subject {
        Subject::Answer { item, .. } => Paper {
            route: Some(&item.route),
            question: &item.question,
            answer: &item.answer,
            trace: item.trace.clone(),
        },
        Subject::Anchor(call) => anchors::paper(call),
    };
    let reply = call::ask(&router, &config, &judge, permit, paper).await;
    Back {
        judge: judge.id.clone(),
        subject,
        reply,
    }
}
