//! Rehearsals: what can be rehearsed, one that is under way, and one that has ended.

use super::{LOOKED_AT, PRIMARY, SECONDARY, Scene, fine};
use crate::model::{
    Class, Kind, Phase, Reason, Verdict, Wall,
    drill::{Drill, DrillInfo, DrillPhase, DrillPlan, DrillResult, DrillStep, PlannedFault},
    fault::{Fault, FaultKind, Only},
};
use std::time::Duration;

pub(in crate::tui) const DRILL: &str = "bad-key-tuesday";

const CHECKS: [&str; 6] = [
    "the first request to the primary fails fast",
    "the secondary picks up within one retry",
    "p95 bumps but stays inside the SLO of 15.0s",
    "the breaker opened with the right reason within 10.0s",
    "nothing reached the user",
    "afterwards everything is as before",
];

fn info(name: &str, title: &str, faults: Vec<PlannedFault>) -> DrillInfo {
    DrillInfo {
        name: name.into(),
        title: title.into(),
        what: "Really sends a wrong key to the primary, which really answers 401. The breaker has to open at the first \
               one, the secondary has to pick up, and nobody may notice."
            .into(),
        route: Some("chat".into()),
        steady: Duration::from_secs(10),
        takes: Duration::from_secs(175),
        faults,
        checks: CHECKS.map(Into::into).to_vec(),
        abort_errors: 5,
        abort_p95: Duration::from_secs(90),
        unfit: None,
    }
}

fn planned(round: u32, kind: FaultKind) -> PlannedFault {
    PlannedFault {
        round,
        at: Duration::ZERO,
        lasts: Duration::from_secs(15),
        tier: "the primary".into(),
        deployments: vec![PRIMARY.into()],
        kind,
        rate: 1.0,
    }
}

fn with_drills(simulated: bool) -> Scene {
    let mut s = Scene::new(false, simulated);
    let down = FaultKind::Status { status: 503 };
    let relapse = vec![planned(1, down.clone()), planned(2, down)];
    let april = "The primary comes back, and goes again";
    let unfit = DrillInfo {
        unfit: Some("nobody judges: bad answers would be served for ever".into()),
        ..info(
            "brownout-30",
            "Three of ten answers are nonsense",
            vec![planned(1, FaultKind::Empty)],
        )
    };
    let drills = vec![
        info(
            DRILL,
            "The primary's key is revoked",
            vec![planned(1, FaultKind::BadKey)],
        ),
        info("april-8", april, relapse),
        unfit,
    ];
    s.push(Kind::Drills { drills });
    s
}

/// On simulated providers.
pub(in crate::tui) fn drills() -> Scene {
    let mut s = with_drills(true);
    s.play(|s, _| fine(s));
    s
}

pub(in crate::tui) fn real_drills() -> Scene {
    let mut s = with_drills(false);
    s.play(|s, _| fine(s));
    s
}

impl Scene {
    pub(in crate::tui) fn drill(&mut self, step: DrillStep) {
        let scenario = DRILL.into();
        self.push(Kind::Drill(Drill { scenario, step }));
    }

    fn said(&mut self, text: &str) {
        self.drill(DrillStep::Said { text: text.into() });
    }

    pub(in crate::tui) fn checked(&mut self, check: usize, passed: bool, numbers: &str) {
        self.drill(DrillStep::Checked {
            check: CHECKS[check].into(),
            passed,
            numbers: numbers.into(),
        });
    }

    fn entered(&mut self, phase: DrillPhase, lasts: u64) {
        let until = Some(Wall((self.sec + lasts) * 1000));
        self.drill(DrillStep::Entered { phase, until });
    }
}

/// 19 seconds after it began, 8 after its fault was set.
pub(in crate::tui) fn drilling() -> Scene {
    let mut s = with_drills(true);
    s.play(|s, left| {
        match left {
            19 => begin(s),
            18 => s.entered(DrillPhase::Steady, 10),
            8 => {
                let numbers = "41 requests, 0 failed, p50 1.0s, p95 1.5s; primary 40, cached 1, fallback 0, canned 0";
                s.drill(DrillStep::Measured {
                    what: "steady state".into(),
                    numbers: numbers.into(),
                });
                s.entered(DrillPhase::Faults, 15);
                s.said(&format!("bad-key on 100.0% of {PRIMARY} for 15s"));
                s.push(Kind::FaultAdded(fault(s.sec + 20)));
            }
            7 => trip(s),
            _ => {}
        }
        if left > 7 {
            fine(s);
        } else {
            s.bucket(SECONDARY, 30, 0, 1900);
            s.served(0, 30, 0, 0);
        }
    });
    s
}

fn begin(s: &mut Scene) {
    s.drill(DrillStep::Began {
        who: "ana".into(),
        plan: DrillPlan {
            title: "The primary's key is revoked".into(),
            whom: "100% of all requests".into(),
            takes: Duration::from_secs(175),
            checks: CHECKS.map(Into::into).to_vec(),
        },
    });
    s.drill(DrillStep::Entered {
        phase: DrillPhase::RollCall,
        until: None,
    });
}

fn fault(until: u64) -> Fault {
    Fault {
        id: 1,
        deployment: PRIMARY.into(),
        kind: FaultKind::BadKey,
        rate: 1.0,
        only: Only::Everybody,
        who: crate::model::drill::actor(DRILL),
        until: Wall(until * 1000),
    }
}

fn trip(s: &mut Scene) {
    let verdict = Verdict::new(Class::Credential, "authentication_error").status(401);
    s.transition(
        PRIMARY,
        Phase::Closed,
        Phase::Open,
        Reason::Certain { verdict },
        Some(60),
    );
}

/// The same in the end, 40 seconds ago. One check says no.
pub(in crate::tui) fn drilled() -> Scene {
    let mut s = drilling();
    assert_eq!(s.sec, LOOKED_AT);
    s.silence(7);
    s.push(Kind::FaultCleared {
        id: 1,
        deployment: PRIMARY.into(),
        who: crate::model::drill::actor(DRILL),
        hits: 1,
    });
    s.drill(DrillStep::Measured {
        what: "under faults".into(),
        numbers:
            "60 requests, 0 failed, p50 738ms, p95 1.1s; primary 0, cached 0, fallback 60, canned 0"
                .into(),
    });
    let numbers =
        "credential 401 authentication_error after at most 253ms; the tier's timeout is 20.0s";
    s.checked(0, true, numbers);
    s.checked(
        1,
        true,
        "1 failed at the primary, 1 failed attempts each at most; 1 picked up by the secondary",
    );
    s.checked(
        2,
        true,
        "p95 1.5s (n=41) in the steady state, 1.1s (n=60) in the drill, bound 15.0s",
    );
    s.checked(
        3,
        false,
        &format!("{PRIMARY} after 12.3s: credential 401 authentication_error"),
    );
    s.entered(DrillPhase::Recovery, 150);
    s.said(&format!(
        "asked {PRIMARY} for a probe instead of waiting for its cooldown"
    ));
    s.silence(40);
    s.checked(4, true, "285 answered, 0 errors, 0 broken, 0 canned; of the drill's own 101, 0 failed (0 with a raw 401)");
    s.checked(5, true, "configuration, routes, phases, forces, faults, gates, rung 3 and judges, 0:40 after the last fault");
    s.drill(DrillStep::Ended {
        result: DrillResult::Failed,
        why: String::new(),
    });
    s.drill(DrillStep::Reported {
        path: "/home/ana/.local/state/breakerbox/drills/2026-03-10T14-03-03Z-bad-key-tuesday.md"
            .into(),
    });
    s.silence(40);
    s
}
