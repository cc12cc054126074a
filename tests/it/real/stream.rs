//! The scores in the order of a stream, as a breaker gets them: how many it takes to notice a swap, and none without.

use super::{
    Gives, Real,
    data::STRONG,
    real,
    stats::{auc, mean, share},
};
use breakerbox::{
    breaker::{Admission, Bench, Breaker, Mode, Move, Sample, Score, Settings},
    jury::Repeats,
    model::{Mono, Phase, Reason, Verdict},
};
use fastrand::Rng;
use std::time::Duration;

const JUDGE: &str = "j/m-j";
/// Between two judged answers: six a minute, what is sampled at one request in two seconds and under.
const PACE: Duration = Duration::from_secs(10);
/// How many good scores come before a swap.
const WARM: usize = 400;
/// A swap that is not found within so many scores is not found.
const PATIENCE: usize = 1_000;
const SEEDS: u64 = 48;
const NEVER: usize = usize::MAX;
/// So far apart (AUC) that a breaker has to find it in nearly every case, and so close that it has to take longer.
const FAR: f64 = 0.97;
const NEAR: f64 = 0.90;
/// Within so many scores when everything is swapped, and when three in ten are. Measured: 8 and 62.
const SOON: usize = 15;
const LATER: usize = 150;

/// A breaker of which every answer is judged.
struct Stream {
    breaker: Breaker,
    now: Mono,
}

impl Stream {
    fn new(seed: u64, mode: Mode) -> Self {
        let now = Mono::from_secs(1);
        let settings = Settings {
            judge_sample: 1.0,
            mode,
            ..Settings::default()
        };
        let mut breaker = Breaker::new(settings, seed, now);
        breaker.sit(Bench {
            first: Some(JUDGE.into()),
            ..Bench::default()
        });
        Self { breaker, now }
    }

    /// A closed breaker that still knows what is usual.
    fn after_a_trip(self) -> Self {
        let mut fresh = Self::new(13, Mode::Sequential);
        for (judge, usual) in self.breaker.baselines() {
            fresh.breaker.recall(judge.clone(), usual.clone());
        }
        fresh.now = self.now;
        fresh
    }

    /// One request that is answered with 200, and its score. The reason, if that opens the breaker.
    fn judged(&mut self, score: f64) -> Option<Reason> {
        self.now = self.now + PACE;
        let Admission::Serve(permit) = self.breaker.admit(self.now) else {
            panic!("a closed breaker serves");
        };
        let ticket = permit.ticket();
        let _ = self.breaker.report(permit, &Verdict::ok(), self.now);
        let sample = self.breaker.sample(ticket, false, self.now);
        assert!(matches!(sample, Sample::Judge { .. }), "{sample:?}");
        let score = Score {
            judge: JUDGE.into(),
            value: score,
            other: None,
        };
        let moves = self.breaker.score(ticket, &score, self.now);
        moves.into_iter().find_map(|m| match m {
            Move::To {
                to: Phase::Open,
                reason,
                ..
            } => Some(reason),
            _ => None,
        })
    }
}

/// How many scores a swap takes to be found, over seeds; a seed that does not find it is counted as endless.
struct Found {
    median: usize,
    late: usize,
    /// The median of the documented mean, read literally.
    by_mean: usize,
}

impl Found {
    fn of(real: &Real, gives: Gives, part: f64) -> Self {
        let found = counts(real, gives, part, Mode::Sequential, SEEDS);
        let by_mean = counts(real, gives, part, Mode::RollingMean, SEEDS / 8);
        Self {
            median: found[found.len() / 2],
            late: found[found.len() * 95 / 100],
            by_mean: by_mean[by_mean.len() / 2],
        }
    }
}

/// Each seed's, sorted; the strong models take turns.
fn counts(real: &Real, gives: Gives, part: f64, mode: Mode, seeds: u64) -> Vec<usize> {
    let (own, bad) = (real.scores(Gives::Own), real.scores(gives));
    let homes = (0..STRONG.len()).cycle();
    let one = |(seed, home): (u64, usize)| {
        find(
            Stream::new(seed, mode),
            seed,
            [&own[home], &bad[home]],
            part,
        )
    };
    let mut counts: Vec<_> = (0..seeds).zip(homes).map(one).collect();
    counts.sort_unstable();
    counts
}

/// Good scores, then this part of bad ones among them; how many of the latter stream it takes.
fn find(mut stream: Stream, seed: u64, [own, bad]: [&[f64]; 2], part: f64) -> usize {
    let mut rng = Rng::with_seed(seed);
    for _ in 0..WARM {
        let opened = stream.judged(own[rng.usize(..own.len())]);
        assert_eq!(opened, None, "before the swap");
    }
    let mut next = || {
        let from = if rng.f64() < part { bad } else { own };
        stream.judged(from[rng.usize(..from.len())])
    };
    (1..=PATIENCE).find(|_| next().is_some()).unwrap_or(NEVER)
}

#[test]
fn a_strong_models_own_answers_open_nothing() {
    let Some(real) = real() else { return };
    for (home, name) in STRONG.into_iter().enumerate() {
        let own = &real.scores(Gives::Own)[home];
        let mut rng = Rng::with_seed(11);
        let mut stream = Stream::new(11, Mode::Sequential);
        for n in 0..5_000 {
            let opened = stream.judged(own[rng.usize(..own.len())]);
            assert_eq!(opened, None, "{name} after {n} scores");
        }
        let passing = 100.0 * share(own, |s| s >= 0.70);
        println!(
            "{name:<28}5000 scores, mean {:.2}, {passing:.0} % pass: stays closed",
            mean(own)
        );
    }
}

/// What one kind of swap takes.
struct Row {
    name: &'static str,
    apart: f64,
    all: Found,
    some: Found,
}

impl Row {
    fn measure(real: &Real, own: &[f64], gives: Gives) -> Self {
        Self {
            name: gives.name(),
            apart: auc(own, &real.scores(gives).concat()),
            all: Found::of(real, gives, 1.0),
            some: Found::of(real, gives, 0.3),
        }
    }

    fn tell(&self) {
        let columns = [&self.all, &self.some].map(|f| [f.median, f.late, f.by_mean]);
        let told: String = columns.as_flattened().iter().copied().map(shown).collect();
        eprintln!("{:<22}{:>6.3}{told}", self.name, self.apart);
    }
}

fn shown(scores: usize) -> String {
    match scores {
        NEVER => format!("{:>8}", "-"),
        n => format!("{n:>8}"),
    }
}

#[test]
fn a_swap_is_found_and_sooner_the_further_it_stands_apart() {
    let Some(real) = real() else { return };
    let own = real.scores(Gives::Own).concat();
    let rows: Vec<_> = Gives::bad()
        .map(|gives| Row::measure(real, &own, gives))
        .collect();
    let parts = ["all swapped", "30 % swapped"]
        .map(|part| format!("{part:>24}"))
        .concat();
    println!("{:<22}{:>6}{parts}", "scores until it opens", "AUC");
    println!("{:<28}{}", "", "  median    95 % by mean".repeat(2));
    rows.iter().for_each(Row::tell);
    for row in rows.iter().filter(|row| row.apart > FAR) {
        let Row {
            name, all, some, ..
        } = row;
        assert!(all.late <= SOON && some.late <= LATER, "{name}");
        assert!(
            all.median < all.by_mean && some.median < some.by_mean,
            "{name}"
        );
    }
    let took = |is: fn(f64) -> bool| {
        rows.iter()
            .filter(move |r| is(r.apart))
            .map(|r| r.all.median)
    };
    assert!(took(|apart| apart > FAR).max() < took(|apart| apart < NEAR).min());
}

/// Prompts that come in spells: for a while neighbours take turns, and then others do.
const NEIGHBOURS: usize = 10;
const SPELL: usize = 100;
const IN_SPELLS: usize = 40_000;

/// How often a healthy model is taken out while its prompts come in spells. `repeats`: a question that has spoken is
/// not heard again. A good answer is cached for as long as a spell lasts, and a bad one never.
fn trips_in_spells(own: &[f64], mut repeats: Option<Repeats>, cached: bool) -> (usize, usize) {
    let mut rng = Rng::with_seed(13);
    let mut stream = Stream::new(13, Mode::Sequential);
    let (mut trips, mut counted) = (0, 0);
    for _ in 0..IN_SPELLS / SPELL {
        let first = rng.usize(..own.len());
        let mut answered = [false; NEIGHBOURS];
        for _ in 0..SPELL {
            let place = rng.usize(..NEIGHBOURS);
            let prompt = (first + place) % own.len();
            let passes = own[prompt] >= 0.70;
            if cached && std::mem::replace(&mut answered[place], passes) {
                continue;
            }
            let heard = repeats.as_mut().is_none_or(|known| {
                let asked = (&JUDGE.into(), prompt as u64);
                known.counts(asked, passes, trips as u64, stream.now + PACE)
            });
            if !heard {
                stream.now = stream.now + PACE;
                continue;
            }
            counted += 1;
            if stream.judged(own[prompt]).is_some() {
                trips += 1;
                stream = stream.after_a_trip();
            }
        }
    }
    (trips, counted)
}

#[test]
fn a_healthy_models_bad_prompts_asked_again_and_again_open_nothing() {
    let Some(real) = real() else { return };
    println!("prompts in spells of {NEIGHBOURS}: trips of the scores that count, before and now");
    let mut all = 0;
    for cached in [false, true] {
        for (home, name) in STRONG.into_iter().enumerate() {
            let own = &real.scores(Gives::Own)[home];
            let (before, of) = trips_in_spells(own, None, cached);
            let (now, still) = trips_in_spells(own, Some(Repeats::default()), cached);
            println!("{name:<28}cached {cached:<6}{before:>4} of {of:<6}{now:>4} of {still}");
            assert_eq!(now, 0, "{name}, cached {cached}");
            all += before;
        }
    }
    assert!(all > 100, "heard every time, they open it: {all}");
}

/// How many answers it takes when only so many different prompts are asked from the swap on, in turn.
fn found_among(real: &Real, gives: Gives, seed: u64, prompts: usize) -> usize {
    let home = usize::try_from(seed).unwrap() % STRONG.len();
    let (own, bad) = (&real.scores(Gives::Own)[home], &real.scores(gives)[home]);
    let mut rng = Rng::with_seed(seed);
    let (mut stream, mut repeats) = (Stream::new(seed, Mode::Sequential), Repeats::default());
    let mut told = |prompt: usize, score: f64| {
        let asked = (&JUDGE.into(), prompt as u64);
        let counts = repeats.counts(asked, score >= 0.70, 0, stream.now);
        counts && stream.judged(score).is_some()
    };
    for _ in 0..WARM {
        let prompt = rng.usize(..own.len());
        told(prompt, own[prompt]);
    }
    let first = rng.usize(..own.len());
    let mut swapped = (0..PATIENCE).map(|n| (first + n % prompts) % own.len());
    let found = swapped.position(|prompt| told(prompt, bad[prompt]));
    found.map_or(NEVER, |n| n + 1)
}

#[test]
fn a_swap_is_found_although_only_ten_different_prompts_are_asked() {
    let Some(real) = real() else { return };
    let own = real.scores(Gives::Own).concat();
    println!(
        "{:<22}{:>8}{:>8}",
        "answers until it opens", "median", "95 %"
    );
    for gives in Gives::bad() {
        let of = |seed| found_among(real, gives, seed, NEIGHBOURS);
        let mut found: Vec<_> = (0..SEEDS).map(of).collect();
        found.sort_unstable();
        let (median, late) = (found[found.len() / 2], found[found.len() * 95 / 100]);
        println!("{:<22}{}{}", gives.name(), shown(median), shown(late));
        if auc(&own, &real.scores(gives).concat()) > FAR {
            assert!(late <= SOON, "{}", gives.name());
        }
    }
}
