//! What holds whatever happens, in whatever order.

use super::*;
use crate::model::ForceKind;
use proptest::prelude::*;
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy)]
enum Op {
    Wait(u32),
    ToTimer,
    Admit,
    Report(usize, Class),
    Forget(usize),
    Score(f64),
    Force(ForceKind, u32),
    Release,
    ProbeNow,
    Judge(bool),
    Observe(bool),
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![
        6 => Just(Class::Ok),
        6 => Just(Class::Fault),
        1 => Just(Class::Throttle),
        1 => Just(Class::Abort),
        1 => Just(Class::Credential),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![
        Just(ForceKind::Open),
        Just(ForceKind::Closed),
        Just(ForceKind::Observe)
    ];
    prop_oneof![
        4 => (0_u32..3_000).prop_map(Op::Wait),
        1 => (0_u32..400_000).prop_map(Op::Wait),
        3 => Just(Op::ToTimer),
        12 => Just(Op::Admit),
        10 => (0_usize..8, class()).prop_map(|(i, c)| Op::Report(i, c)),
        1 => (0_usize..8).prop_map(Op::Forget),
        4 => (0.0..1.0).prop_map(Op::Score),
        1 => (kind, 0_u32..120_000).prop_map(|(k, ms)| Op::Force(k, ms)),
        1 => Just(Op::Release),
        1 => Just(Op::ProbeNow),
        1 => any::<bool>().prop_map(Op::Judge),
        1 => prop::bool::weighted(0.2).prop_map(Op::Observe),
    ]
}

/// Drives a breaker and checks after every step what must always hold.
struct Checked {
    rig: Rig,
    permits: VecDeque<Permit>,
    tickets: VecDeque<Ticket>,
    /// Probes of this generation that are out: since when.
    probes: Vec<(Permit, Mono)>,
    clean: bool,
    generation: u64,
}

impl Checked {
    fn new(cooldown_s: u64) -> Self {
        Self {
            rig: Rig::with_cooldown(cooldown_s),
            permits: VecDeque::new(),
            tickets: VecDeque::new(),
            probes: Vec::new(),
            clean: false,
            generation: 0,
        }
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::Wait(ms) => self.wait(Duration::from_millis(u64::from(ms))),
            Op::ToTimer => {
                let next = self.rig.breaker.next_timer();
                self.wait(next.map_or(Duration::ZERO, |next| self.rig.now.until(next)));
            }
            Op::Admit => self.admit(),
            Op::Report(i, class) => self.report(i, class),
            Op::Forget(i) => self.forget(i),
            Op::Score(score) => self.score(score),
            Op::Force(kind, ms) => {
                let until = self.rig.now + Duration::from_millis(u64::from(ms));
                let moves = self.rig.breaker.force(kind, until, self.rig.now);
                self.moved(&moves);
            }
            Op::Release => {
                let moves = self.rig.breaker.release(self.rig.now);
                self.moved(&moves);
                assert_eq!(self.view().force, None);
            }
            Op::ProbeNow => {
                let moves = self.rig.breaker.probe_now("someone", self.rig.now);
                self.moved(&moves.unwrap_or_default());
            }
            Op::Judge(available) => self.rig.judge_available(available),
            Op::Observe(observe) => {
                let settings = Settings {
                    observe,
                    ..self.rig.breaker.settings.clone()
                };
                self.rig.breaker.configure(settings);
            }
        }
        self.reading_changes_nothing();
    }

    fn wait(&mut self, by: Duration) {
        self.rig.now = self.rig.now + by;
        let moves = self.rig.breaker.tick(self.rig.now);
        self.moved(&moves);
        let force = self.view().force;
        assert!(force.is_none_or(|held| held.until > self.rig.now));
    }

    fn admit(&mut self) {
        let view = self.view();
        let admission = self.rig.breaker.admit(self.rig.now);
        let permit = match admission {
            Admission::Refuse(refusal) => {
                assert!(!view.observing, "observing blocks nothing");
                assert_eq!(refusal.phase, view.phase);
                return;
            }
            Admission::Serve(permit) | Admission::Probe(permit) => permit,
        };
        assert_ne!(view.force.map(|held| held.kind), Some(ForceKind::Open));
        self.tickets.push_front(permit.ticket());
        self.tickets.truncate(8);
        if permit.is_probe() {
            self.probe_admitted(permit);
        } else {
            self.permits.push_front(permit);
        }
    }

    fn probe_admitted(&mut self, permit: Permit) {
        let stuck = self.rig.breaker.settings.stuck_after();
        let out = self
            .probes
            .iter()
            .filter(|(_, since)| self.rig.now < *since + stuck)
            .count();
        let most = if self.clean { 2 } else { 0 };
        assert!(out <= most, "{out} others in flight, clean {}", self.clean);
        self.probes.push((permit, self.rig.now));
    }

    fn report(&mut self, i: usize, class: Class) {
        let permit = if i < self.probes.len() {
            Some(self.probes.remove(i).0)
        } else {
            self.permits.remove(i)
        };
        let Some(permit) = permit else {
            return;
        };
        let before = self.view();
        let (late, probe) = (permit.generation != before.generation, permit.is_probe());
        let moves = self.rig.report(permit, class);
        if late {
            assert_eq!(moves, []);
            assert_eq!(self.view(), before);
        } else if probe && class == Class::Ok {
            self.clean = true;
        }
        self.moved(&moves);
    }

    fn forget(&mut self, i: usize) {
        if i < self.probes.len() {
            let (permit, _) = self.probes.remove(i);
            let moves = self.rig.breaker.forget(permit, self.rig.now);
            self.moved(&moves);
        }
    }

    fn score(&mut self, score: f64) {
        let Some(ticket) = self.tickets.pop_back() else {
            return;
        };
        let before = self.view();
        let moves = self.rig.score(ticket, score);
        if ticket.generation != before.generation {
            assert_eq!(moves, []);
            assert_eq!(self.view(), before);
        }
        self.moved(&moves);
    }

    fn moved(&mut self, moves: &[Move]) {
        let mut last = self.generation;
        for made in moves {
            if let Move::To {
                from,
                to,
                generation,
                ..
            } = made
            {
                assert_ne!(from, to);
                assert!(*generation > last);
                last = *generation;
            }
        }
        let view = self.view();
        assert!(view.generation >= last);
        if view.generation > self.generation {
            self.generation = view.generation;
            self.clean = false;
            let old = self.probes.drain(..).map(|(permit, _)| permit);
            self.permits.extend(old);
        }
        assert!((0.0..=1.0).contains(&view.suspicion));
        assert!(matches!(
            view.phase,
            Phase::Closed | Phase::Open | Phase::Probe | Phase::Ramp(5 | 25 | 50)
        ));
    }

    fn view(&self) -> View {
        self.rig.breaker.view(self.rig.now)
    }

    fn reading_changes_nothing(&self) {
        let before = format!("{:?}", self.rig.breaker);
        let far = self.rig.now + Duration::from_secs(1_000_000);
        let _ = (self.view(), self.rig.breaker.view(far));
        assert_eq!(self.view(), self.view());
        assert_eq!(format!("{:?}", self.rig.breaker), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold_whatever_happens(
        cooldown_s in prop_oneof![Just(1_u64), Just(5), Just(60), Just(300)],
        ops in prop::collection::vec(op(), 1..200),
    ) {
        let mut checked = Checked::new(cooldown_s);
        for op in ops {
            checked.step(op);
        }
    }

    #[test]
    fn left_alone_every_breaker_comes_back_under_good_traffic(
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut checked = Checked::new(5);
        for op in ops {
            checked.step(op);
        }
        let mut rig = checked.rig;
        for _ in 0..40_000 {
            rig.wait(0.1);
            rig.request(Class::Ok);
            if rig.phase() == Phase::Closed && rig.breaker.view(rig.now).force.is_none() {
                return Ok(());
            }
        }
        prop_assert!(false, "still {:?}", rig.breaker.view(rig.now));
    }
}
