//! Situations of judged quality, and of the judges.

use super::{JUDGE, PRIMARY, SECONDARY, Scene, TERTIARY, fine, traffic};
use crate::model::{
    Kind, Phase, Reason, Wall,
    event::{Judging, Looks, Picked, Scores, Watch},
    finding::Finding,
    series::Share,
};

const SECOND: &str = "mistral/mistral-medium";

fn seen(suspicion: f64, share: f64, alarm: bool, blind: bool) -> Watch {
    Watch {
        suspicion,
        share,
        alarm,
        blind,
        usual: (suspicion > 0.0).then_some(0.87),
        scores: (suspicion > 0.0).then_some(Scores {
            mean: 0.72,
            bad: Share { bad: 15, n: 62 },
        }),
        looks: None,
    }
}

/// No judge has said anything against the primary, but what it answers looks wrong.
pub(in crate::tui) fn looks() -> Scene {
    judged_by(|s, left| {
        if left == 20 {
            let looks = Looks {
                finding: Finding::WrongScript,
                bad: Share { bad: 4, n: 12 },
            };
            let watch = Watch {
                usual: Some(0.87),
                looks: Some(looks),
                ..seen(0.0, 0.5, false, false)
            };
            s.watch(PRIMARY, watch);
        }
    })
}

/// A calm quarter of an hour with its judges, and what happens so many seconds before the end of it.
fn judged_by(happens: impl Fn(&mut Scene, u64)) -> Scene {
    let mut s = Scene::new(false, false);
    s.play(|s, left| {
        fine(s);
        if left == 900 {
            for id in [PRIMARY, SECONDARY, TERTIARY] {
                s.watch(id, seen(0.0, 0.05, false, false));
            }
            s.judging(JUDGE, 400, Some(384_000));
            s.judging(SECOND, 12, None);
        }
        happens(s, left);
    });
    s
}

/// No judge can be asked: the only one is at fault.
pub(in crate::tui) fn blind() -> Scene {
    let mut s = Scene::new(false, false);
    s.play(|s, left| {
        match left {
            125.. => fine(s),
            _ => traffic(s),
        }
        if left == 125 {
            s.judging(JUDGE, 412, Some(384_000));
            s.dismiss(398);
        }
        if left == 65 {
            s.push(Kind::JudgeAvailable {
                available: false,
                why: "every judge of another maker is open, failing, dismissed or disabled".into(),
                deployments: vec![PRIMARY.into(), SECONDARY.into(), TERTIARY.into()],
            });
            for id in [PRIMARY, SECONDARY, TERTIARY] {
                s.watch(id, seen(0.0, 0.05, false, true));
            }
        }
    });
    s
}

impl Scene {
    pub(in crate::tui) fn watch(&mut self, id: &str, watch: Watch) {
        self.push(Kind::Watch {
            deployment: id.into(),
            watch,
        });
    }

    fn judging(&mut self, judge: &str, calls: u32, microdollars: Option<u64>) {
        self.push(Kind::Judging(Judging {
            judge: judge.into(),
            calls,
            failed: 0,
            input_tokens: 900,
            output_tokens: 40,
            microdollars,
        }));
    }

    fn dismiss(&mut self, lasts: u64) {
        self.push(Kind::JudgeDismissed {
            judge: JUDGE.into(),
            why: "it scores known good answers 0.55, 0.93 was usual".into(),
            until: Wall((self.sec + lasts) * 1000),
        });
    }
}

/// One judge at fault, another in its place.
pub(in crate::tui) fn dismissed() -> Scene {
    judged_by(|s, left| {
        if left == 125 {
            s.dismiss(523);
        }
    })
}

/// Everything fell at once under one judge.
pub(in crate::tui) fn drift() -> Scene {
    judged_by(|s, left| {
        if left < 200 && left.is_multiple_of(10) {
            s.score(PRIMARY, 0.52, "too long for the question");
            s.score(TERTIARY, 0.47, "too long for the question");
        }
        if left == 85 {
            s.watch(PRIMARY, seen(0.35, 0.16, false, false));
            s.push(Kind::JudgeDrift {
                judge: JUDGE.into(),
                on: true,
                deployments: vec![PRIMARY.into(), TERTIARY.into()],
            });
        }
    })
}

/// Evidence against one has gathered to what trips; against another to a good half of it.
pub(in crate::tui) fn alarm() -> Scene {
    judged_by(|s, left| {
        if left < 60 && left.is_multiple_of(10) {
            s.scored(PRIMARY, JUDGE, (0.31, Picked::Sample), "answers in French");
        }
        if left == 20 {
            s.watch(PRIMARY, seen(1.0, 0.5, true, false));
            s.watch(TERTIARY, seen(0.6, 0.16, false, false));
        }
    })
}

/// Half of what trips has gathered, and nothing has happened yet.
pub(in crate::tui) fn suspicion() -> Scene {
    judged_by(|s, left| {
        if left == 20 {
            s.watch(PRIMARY, seen(0.6, 0.5, false, false));
        }
    })
}

/// The primary tripped on its quality, and a second judge bears it out.
pub(in crate::tui) fn quality() -> Scene {
    let mut s = Scene::new(false, false);
    s.play(|s, left| {
        if left > 100 {
            fine(s);
        } else {
            let n = 28 + s.noise(7);
            s.bucket(SECONDARY, n, 0, 1900);
            s.served(0, n, 0, 0);
        }
        if (100..160).contains(&left) && left.is_multiple_of(5) {
            let words = "in French, though the question and every document in it were in English";
            s.scored(PRIMARY, JUDGE, (0.34, Picked::Sample), words);
            s.scored(
                PRIMARY,
                SECOND,
                (0.28, Picked::Second),
                "answers in another language",
            );
        }
        if left == 100 {
            s.scored(
                PRIMARY,
                JUDGE,
                (0.12, Picked::Looks),
                "the same sentence again and again",
            );
            s.scored(PRIMARY, JUDGE, (0.91, Picked::Return), "");
            s.watch(PRIMARY, seen(1.0, 1.0, false, false));
            let reason = Reason::Quality {
                mean: 0.58,
                floor: 0.70,
                bad: 23,
                n: 41,
                window_s: 71,
                usual: Some(0.11),
                judge: Some(JUDGE.into()),
                confirmed: true,
                since: Some(Wall((s.sec - 71) * 1000)),
            };
            s.transition(PRIMARY, Phase::Closed, Phase::Open, reason, Some(300));
        }
    });
    s.judging(JUDGE, 400, Some(384_000));
    s.judging(SECOND, 12, None);
    s
}
