//! What the judge tells apart, and what it does not.

use super::{
    Gives,
    damage::Damage,
    data::{self, BASELINE, CHEAT, STRONG, WEAK},
    real,
    score::{Rarity, References, Text},
    stats::{auc, count, deviation, mean, share},
};
use std::sync::Arc;

const PASS: f64 = 0.70;

fn line(name: &str, scores: &[f64]) -> String {
    format!(
        "{name:<28}{:.2} ± {:.2}{:>7.0} %",
        mean(scores),
        deviation(scores),
        100.0 * share(scores, |s| s < PASS)
    )
}

#[test]
fn a_strong_models_answers_stand_apart_from_damaged_and_from_weak_ones() {
    let Some(real) = real() else { return };
    let own = real.scores(Gives::Own).concat();
    println!("{:<28}{:<13}{:>6}{:>9}", "answers", "mean", "<0.70", "AUC");
    for (home, name) in STRONG.into_iter().enumerate() {
        println!("{}", line(name, &real.scores(Gives::Own)[home]));
    }
    println!("{}", line("all four", &own));
    let failing = share(&own, |s| s < PASS);
    assert!((0.04..0.20).contains(&failing), "{failing}");
    for gives in Gives::bad() {
        let scores = real.scores(gives).concat();
        let apart = auc(&own, &scores);
        println!("{}{apart:>9.3}", line(gives.name(), &scores));
        let least = match gives {
            // A good answer that is shorter, and the first half of a good answer: both are good as far as they go.
            Gives::Model("gpt-3.5-turbo-1106") | Gives::Damaged(Damage::Half) => 0.75,
            _ => 0.92,
        };
        assert!(apart > least, "{}: {apart}", gives.name());
    }
}

#[test]
fn it_agrees_with_recorded_preferences_except_about_an_answer_that_cheats() {
    let Some(real) = real() else { return };
    let own = &real.scores(Gives::Own)[BASELINE];
    for model in WEAK.into_iter().chain([CHEAT]) {
        let scores = &real.scores(Gives::Model(model))[BASELINE];
        let (mut same, mut baseline, mut fooled, mut all) = (0, 0, 0, 0);
        for (i, prompt) in real.record.odd().enumerate() {
            let Some(preference) = real.record.prompts[prompt].preference(model) else {
                continue;
            };
            all += 1;
            baseline += usize::from(preference < 1.5);
            same += usize::from((preference < 1.5) == (own[i] > scores[i]));
            fooled += usize::from(own[i] <= scores[i]);
        }
        let (same, baseline) = (count(same) / count(all), count(baseline) / count(all));
        println!(
            "{model:<24} GPT-4-turbo prefers the strong answer in {:3.0} %, agrees in {:3.0} % of {all}",
            100.0 * baseline,
            100.0 * same
        );
        if model == CHEAT {
            assert!(baseline < 0.5, "it is a cheat that works: {baseline}");
            assert_eq!(fooled, 0);
        } else {
            assert!(same > 0.6, "{model}: {same}");
        }
    }
}

/// The next digit, so that every number is another one.
fn wrong_numbers(text: &str) -> String {
    let wrong = |c: char| match c {
        '0'..='8' => char::from(u8::try_from(c).unwrap() + 1),
        '9' => '1',
        c => c,
    };
    text.chars().map(wrong).collect()
}

/// There is one answer to each question here, so it is its own reference: the kindest case for what reads words only.
#[test]
fn a_wrong_number_in_a_right_sentence_passes_and_another_questions_answer_does_not() {
    let Some(real) = real() else { return };
    let Some(solved) = data::solved() else { return };
    let answers: Vec<&str> = solved
        .iter()
        .filter_map(|s| Some(s.turns().first()?.as_str()))
        .collect();
    let rarity = Rarity::learn(answers.iter().map(|a| (*a).to_owned()));
    let score = |reference: &str, answer: &str| {
        let reference = References::new(vec![Arc::new(Text::new(reference, &rarity))]);
        real.curve
            .score(reference.agreement(&Text::new(answer, &rarity)))
    };
    let numeric = answers.iter().filter(|a| wrong_numbers(a) != **a);
    let wrong: Vec<_> = numeric.map(|a| score(a, &wrong_numbers(a))).collect();
    let next = answers.iter().cycle().skip(1);
    let other: Vec<_> = answers.iter().zip(next).map(|(a, b)| score(a, b)).collect();
    let second: Vec<_> = solved
        .iter()
        .filter_map(|s| match s.turns() {
            [first, second, ..] => Some(score(first, second)),
            _ => None,
        })
        .collect();
    println!("{}", line("every number wrong", &wrong));
    println!("{}", line("its second question's", &second));
    println!("{}", line("another question's", &other));
    assert!(share(&wrong, |s| s >= PASS) > 0.3);
    assert!(share(&other, |s| s < PASS) > 0.99);
}
