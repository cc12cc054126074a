//! How often each check is right, on real answers and on spoiled ones. Prints its tables.

use super::{
    super::{Ended, Finding},
    corrupt::{self, with_answer},
    real::{self, Case, Recorded},
};
use fastrand::Rng;
use serde_json::Value;

fn hits(cases: &[Case], finding: Finding) -> usize {
    cases
        .iter()
        .filter(|case| case.found().contains(finding))
        .count()
}

/// Every hit, so that somebody can look at it.
fn show(kind: &str, cases: &[Case]) {
    for case in cases {
        let found = case.found();
        if !found.is_empty() {
            let (asked, answer): (String, String) = (
                case.asked.chars().take(160).collect(),
                case.answer.chars().take(300).collect(),
            );
            println!(
                "{kind} {}: {found}\n    Q {asked:?}\n    A {answer:?}",
                case.who
            );
        }
    }
}

#[test]
fn checks_that_feed_the_breaker_hit_at_most_one_good_answer_in_two_hundred() {
    let (Some(strong), Some(weak), Some(reference), Some(recorded)) = (
        real::alpaca(true),
        real::alpaca(false),
        real::fastchat(),
        real::recorded(),
    ) else {
        return;
    };
    let Recorded {
        answers,
        arguments,
        documents,
    } = recorded;
    let sets = [
        ("strong", &strong),
        ("weak", &weak),
        ("reference", &reference),
        ("recorded", &answers),
        ("arguments", &arguments),
        ("documents", &documents),
    ];
    for (kind, cases) in sets {
        show(kind, cases);
    }
    println!(
        "{:32} {}",
        "finding",
        sets.map(|(kind, cases)| format!("{kind} /{}", cases.len()))
            .join("  ")
    );
    for finding in Finding::ALL {
        let counts = sets.map(|(_, cases)| hits(cases, finding));
        println!(
            "{:32} {counts:?} {}",
            finding.as_str(),
            if finding.feeds_breaker() { "feeds" } else { "" }
        );
        let good: usize = sets
            .iter()
            .zip(counts)
            .filter(|((kind, _), _)| *kind != "weak")
            .map(|(_, n)| n)
            .sum();
        let all: usize = sets
            .iter()
            .filter(|(kind, _)| *kind != "weak")
            .map(|(_, cases)| cases.len())
            .sum();
        assert!(
            !finding.feeds_breaker() || good * 200 <= all,
            "{finding}: {good} of {all}"
        );
    }
}

#[test]
fn most_spoiled_answers_are_found() {
    let (Some(strong), Some(recorded)) = (real::alpaca(true), real::recorded()) else {
        return;
    };
    let rng = &mut Rng::with_seed(20_250_805);
    let good: Vec<_> = strong
        .iter()
        .filter(|c| c.answer.split_whitespace().count() >= 40)
        .collect();
    let mut spoil =
        |finding, what: &str, least: f64, how: &mut dyn FnMut(&mut Rng, &Case) -> Option<Case>| {
            let cases: Vec<_> = good.iter().filter_map(|case| how(rng, case)).collect();
            report(finding, what, least, &cases);
        };
    for (percent, thai, least) in [
        (3, true, 0.5),
        (10, true, 0.9),
        (50, true, 0.95),
        (3, false, 0.5),
        (10, false, 0.9),
        (50, false, 0.95),
        (100, true, 0.9),
        (100, false, 0.9),
    ] {
        let what = format!("{percent} % of words {}", if thai { "Thai" } else { "Han" });
        spoil(Finding::WrongScript, &what, least, &mut |rng, c| {
            Some(with_answer(
                c,
                corrupt::words(rng, &c.answer, percent, thai),
            ))
        });
    }
    spoil(
        Finding::Repetition,
        "loop from the middle",
        0.8,
        &mut |rng, c| Some(with_answer(c, corrupt::looped(rng, &c.answer))),
    );
    spoil(
        Finding::BrokenText,
        "1 % of bytes spoiled",
        0.9,
        &mut |rng, c| Some(with_answer(c, corrupt::bytes(rng, &c.answer))),
    );
    spoil(Finding::BrokenText, "decoded twice", 0.9, &mut |_, c| {
        c.answer
            .contains(['\'', '–', '’', 'é'])
            .then(|| with_answer(c, corrupt::decoded_twice(&c.answer)))
    });
    spoil(Finding::WordSalad, "words shuffled", 0.5, &mut |rng, c| {
        Some(with_answer(c, corrupt::shuffled(rng, &c.answer)))
    });
    spoil(
        Finding::OpenFence,
        "last fence missing",
        0.9,
        &mut |_, c| Some(with_answer(c, corrupt::unfenced(&c.answer)?)),
    );
    spoil(Finding::Echo, "prompt echoed", 0.5, &mut |_, c| {
        Some(with_answer(c, c.asked.clone()))
    });
    spoil(Finding::Empty, "nothing", 1.0, &mut |_, c| {
        Some(with_answer(c, "\n".to_owned()))
    });
    spoil(Finding::TooShort, "a full stop", 0.9, &mut |_, c| {
        Some(with_answer(c, ".".to_owned()))
    });
    spoil(Finding::Refusal, "refused", 0.5, &mut |_, c| {
        Some(with_answer(
            c,
            "I'm sorry, but I can't assist with that request.".to_owned(),
        ))
    });
    let Recorded {
        arguments,
        documents,
        ..
    } = recorded;
    let cut = |rng: &mut Rng, c: &Case| with_answer(c, corrupt::cut(rng, c.answer.trim()));
    let cases: Vec<_> = documents.iter().map(|c| cut(rng, c)).collect();
    report(Finding::InvalidJson, "JSON cut off", 0.95, &cases);
    let cases: Vec<_> = arguments.iter().filter_map(without_a_key).collect();
    report(Finding::SchemaMismatch, "a key missing", 0.3, &cases);
    let call = |c: Case| Case {
        calls: vec![("f".to_owned(), c.answer.clone())],
        ended: Ended::Tools,
        ..c
    };
    let cases: Vec<_> = arguments
        .iter()
        .filter(|c| c.answer.len() > 2)
        .map(|c| call(cut(rng, c)))
        .collect();
    report(Finding::BadArguments, "arguments cut off", 0.95, &cases);
    report(
        Finding::BrokenText,
        "made to fool a judge (any finding)",
        0.0,
        &real::null_model().unwrap(),
    );
}

fn without_a_key(case: &Case) -> Option<Case> {
    let Value::Object(mut object) = serde_json::from_str(&case.answer).ok()? else {
        return None;
    };
    let first = object.keys().next()?.clone();
    object.remove(&first);
    Some(with_answer(case, Value::Object(object).to_string()))
}

fn report(finding: Finding, what: &str, least: f64, cases: &[Case]) {
    let found = hits(cases, finding);
    let any = cases.iter().filter(|c| !c.found().is_empty()).count();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand cases")]
    let share = found as f64 / cases.len() as f64;
    println!(
        "{:28} {what:36} {found:4} of {:4} {:5.1} %  (anything {any})",
        finding.as_str(),
        cases.len(),
        share * 100.0
    );
    assert!(share >= least, "{what}");
}
