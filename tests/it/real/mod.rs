//! On real answers: nine models' answers to the same 150 prompts (`alpaca_eval`), and a judge that is arithmetic. How
//! far a strong model's answers stand apart from weak and from damaged ones, how many scores a breaker needs to notice
//! that one was swapped for the other, and the same through the whole router on sockets.
//!
//! The judge is fitted on the prompts with even numbers; everything that is said of it is measured on the odd ones.
//! The answer that is judged is never among its own references, except where a test says so.

mod damage;
mod data;
mod scene;
mod score;
mod separation;
mod stats;
mod stream;
mod swap;

use damage::Damage;
use data::{CHEAT, Prompt, STRONG, WEAK};
use fastrand::Rng;
use score::{Curve, Rarity, References, Text};
use std::sync::{Arc, LazyLock};

/// What a deployment answers with that should be one of the strong models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    Own,
    Model(&'static str),
    Damaged(Damage),
}

impl Gives {
    /// Everything but what it should give.
    fn bad() -> impl Iterator<Item = Self> {
        let models = WEAK.into_iter().chain([CHEAT]).map(Self::Model);
        models.chain(Damage::ALL.map(Self::Damaged))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Own => "its own",
            Self::Model(name) => name,
            Self::Damaged(damage) => damage.name(),
        }
    }
}

/// What is known of every prompt.
struct Record {
    prompts: Vec<Prompt>,
    rarity: Rarity,
    strong: Vec<[Arc<Text>; 4]>,
}

struct Real {
    record: Record,
    curve: Curve,
    /// By what is given instead of which strong model's own answers; on the prompts that nothing was fitted on.
    scores: Vec<(Gives, [Vec<f64>; 4])>,
}

/// Read and fitted once for all tests. None, and a line that says so: there is nothing to read here.
fn real() -> Option<&'static Real> {
    static REAL: LazyLock<Option<Real>> =
        LazyLock::new(|| data::prompts().map(|p| Real::new(Record::new(p))));
    let real = REAL.as_ref();
    if real.is_none() {
        eprintln!("skipped: no recorded answers beside the repository");
    }
    real
}

impl Record {
    fn new(prompts: Vec<Prompt>) -> Self {
        let said = |prompt: &Prompt| STRONG.map(|model| prompt.answer(model)).join("\n");
        let rarity = Rarity::learn(prompts.iter().step_by(2).map(said));
        let text = |answer: &str| Arc::new(Text::new(answer, &rarity));
        let texts = |prompt: &Prompt| STRONG.map(|model| text(prompt.answer(model)));
        Self {
            strong: prompts.iter().map(texts).collect(),
            rarity,
            prompts,
        }
    }

    /// The prompts that nothing is fitted on.
    fn odd(&self) -> impl Iterator<Item = usize> + use<> {
        (1..self.prompts.len()).step_by(2)
    }

    fn answer(&self, prompt: usize, home: usize, gives: Gives, rng: &mut Rng) -> String {
        let good = self.prompts[prompt].answer(STRONG[home]);
        match gives {
            Gives::Own => good.to_owned(),
            Gives::Model(name) => self.prompts[prompt].answer(name).to_owned(),
            Gives::Damaged(damage) => {
                let step = rng.usize(1..self.prompts.len());
                let other = (prompt + step) % self.prompts.len();
                damage.done_to(good, self.prompts[other].answer(STRONG[home]), rng)
            }
        }
    }

    /// How much an answer agrees with those of the strong models, but for these.
    fn agreement(&self, prompt: usize, without: &[usize], answer: &str) -> f64 {
        let others = (0..STRONG.len()).filter(|model| !without.contains(model));
        let texts = others.map(|model| Arc::clone(&self.strong[prompt][model]));
        References::new(texts.collect()).agreement(&Text::new(answer, &self.rarity))
    }

    fn agreements(
        &self,
        home: usize,
        gives: Gives,
        prompts: impl Iterator<Item = usize>,
    ) -> Vec<f64> {
        let mut rng = Rng::with_seed(7);
        let mut one = |prompt| {
            let answer = self.answer(prompt, home, gives, &mut rng);
            self.agreement(prompt, &[home], &answer)
        };
        prompts.map(&mut one).collect()
    }
}

impl Real {
    /// Fitted on the strong models' own answers and on all damages to them. No weak model is looked at.
    fn new(record: Record) -> Self {
        let even = || (0..record.prompts.len()).step_by(2);
        let of = |gives| -> Vec<f64> {
            let homes = 0..STRONG.len();
            homes
                .flat_map(|home| record.agreements(home, gives, even()))
                .collect()
        };
        let damaged: Vec<f64> = Damage::ALL
            .map(Gives::Damaged)
            .into_iter()
            .flat_map(of)
            .collect();
        let curve = Curve::fit(&of(Gives::Own), &damaged);
        let judged = |gives| {
            let one = |home| record.agreements(home, gives, record.odd());
            let score = |all: Vec<f64>| all.into_iter().map(|a| curve.score(a)).collect();
            (gives, [0, 1, 2, 3].map(|home| score(one(home))))
        };
        let scores = [Gives::Own]
            .into_iter()
            .chain(Gives::bad())
            .map(judged)
            .collect();
        Self {
            record,
            curve,
            scores,
        }
    }

    fn scores(&self, gives: Gives) -> &[Vec<f64>; 4] {
        let mut all = self.scores.iter();
        let found = all.find(|(of, _)| *of == gives);
        &found.expect("everything that can be given is scored").1
    }
}
