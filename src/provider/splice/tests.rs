mod measured;

use super::*;
use crate::provider::{
    chat::{Finish, Usage},
    translate::Collector,
};

fn text(text: &str) -> Delta {
    Delta::Text(text.to_owned())
}

fn call(name: &str) -> Delta {
    Delta::ToolStart {
        index: 0,
        id: "call_1".to_owned(),
        name: name.to_owned(),
        signature: None,
    }
}

fn args(json: &str) -> Delta {
    Delta::ToolArgs {
        index: 0,
        json: json.to_owned(),
    }
}

fn said(deltas: &[Delta]) -> Said {
    let mut collector = Collector::default();
    for delta in deltas {
        collector.push(delta);
    }
    collector.said()
}

/// What the caller gets of `heard`, told in pieces of `size` characters, after `said`; none when they do not join.
fn rest(said: &str, manner: Manner, heard: &str, size: usize) -> Option<String> {
    let mut splicer = Splicer::new(self::said(&[text(said)]), manner);
    let mut out = String::new();
    let chars: Vec<char> = heard.chars().collect();
    let pieces = chars
        .chunks(size)
        .map(|c| text(&c.iter().collect::<String>()));
    for delta in pieces.chain([Delta::Finish(Finish::Stop)]) {
        let mut deltas = vec![delta];
        if splicer.pass(&mut deltas) == Step::Apart {
            return None;
        }
        for delta in deltas {
            if let Delta::Text(t) = delta {
                out.push_str(&t);
            }
        }
    }
    splicer.matcher.is_none().then_some(out)
}

const SAID: &str =
    "The tide tables for the northern harbour list four turns a day, and of these the second is ";
const MORE: &str = "the one that pilots wait for.";

#[test]
fn an_answer_that_starts_over_and_agrees_is_joined_where_the_first_one_ended() {
    for manner in [Manner::Prefill, Manner::Continue, Manner::Restart] {
        for size in [1, 7, 400] {
            let again = format!("{SAID}{MORE}");
            assert_eq!(rest(SAID, manner, &again, size).as_deref(), Some(MORE));
        }
    }
}

#[test]
fn a_provider_that_repeats_the_last_words_is_joined_after_them() {
    for size in [1, 5, 400] {
        for before in ["", "Of course: ", "\u{2026}"] {
            let heard = format!("{before}{} {MORE}", anchor(SAID));
            assert_eq!(
                rest(SAID, Manner::Continue, &heard, size).as_deref(),
                Some(MORE)
            );
        }
    }
}

#[test]
fn a_provider_that_repeats_only_a_few_of_the_last_words_is_joined_too() {
    for few in [
        "the second is",
        "and of these the second is",
        "\"\u{2026}these the second is",
    ] {
        let heard = format!("{few} {MORE}");
        for size in [1, 400] {
            assert_eq!(
                rest(SAID, Manner::Continue, &heard, size).as_deref(),
                Some(MORE),
                "{few}"
            );
        }
    }
    assert_eq!(
        rest(SAID, Manner::Continue, &format!("is {MORE}"), 9),
        None,
        "one word is chance"
    );
    let waves = "in and out and in and out and ";
    let heard = format!("in and out and {MORE}");
    assert_eq!(
        rest(waves, Manner::Continue, &heard, 2).as_deref(),
        Some(MORE)
    );
}

#[test]
fn a_provider_that_was_asked_to_repeat_and_did_not_is_not_believed() {
    assert_eq!(rest(SAID, Manner::Continue, MORE, 4), None);
    assert_eq!(rest(SAID, Manner::Continue, "I cannot do that.", 4), None);
    let other = "Harbours differ. ".repeat(60);
    assert_eq!(rest(SAID, Manner::Continue, &other, 4), None);
}

#[test]
fn a_prefilled_provider_goes_on_by_itself_with_or_without_the_space_that_was_there() {
    for heard in [MORE.to_owned(), format!(" {MORE}")] {
        for size in [1, 400] {
            assert_eq!(
                rest(SAID, Manner::Prefill, &heard, size).as_deref(),
                Some(MORE)
            );
        }
    }
    let whole = rest("It is done, all of it.", Manner::Prefill, "", 1);
    assert_eq!(
        whole.as_deref(),
        Some(""),
        "nothing was missing but the end"
    );
}

#[test]
fn a_paragraph_that_follows_a_space_stays_a_paragraph() {
    assert_eq!(
        rest(SAID, Manner::Prefill, "\n\nNext", 1).as_deref(),
        Some("\n\nNext")
    );
}

#[test]
fn a_prefilled_provider_that_starts_over_differently_is_another_answer() {
    let heard = "The tide tables for the northern harbour are out of print.";
    assert_eq!(rest(SAID, Manner::Prefill, heard, 3), None);
}

#[test]
fn words_that_stood_there_twice_are_no_place_to_join() {
    let twice = "Every pilot waits for the second turn of the tide before noon. Some sleep. \
                 Every pilot waits for the second turn of the tide before noon.";
    let last = anchor(twice);
    assert_eq!(twice.matches(last).count(), 1, "{last}");
    let again = format!("{twice} The rest.");
    assert_eq!(
        rest(twice, Manner::Continue, &again, 3).as_deref(),
        Some(" The rest.")
    );
}

#[test]
fn an_anchor_is_whole_words_of_any_script_and_all_of_a_short_text() {
    assert_eq!(anchor("Hel"), "Hel");
    assert!(SAID.trim_end().ends_with(anchor(SAID)));
    assert!(anchor(SAID).chars().count() >= 48);
    assert!(!anchor(SAID).starts_with(' '));
    let long =
        "\u{6f6e}\u{306e}\u{8868}\u{306b}\u{306f}".repeat(3) + &"\u{4e00}\u{65e5}".repeat(40);
    assert!(long.ends_with(anchor(&long)));
}

#[test]
fn a_sentence_that_announces_a_call_is_followed_by_the_call() {
    let join = |before: &str| {
        let mut splicer = Splicer::new(said(&[text(before)]), Manner::Continue);
        splicer.pass(&mut vec![call("tide")])
    };
    assert_eq!(join("Let me look that up."), Step::Joined);
    assert_eq!(join("The tide is at fo"), Step::Apart);
}

#[test]
fn a_call_is_joined_only_to_the_same_call() {
    let before = [text("So: "), call("tide"), args("{\"harb")];
    let join = |after: &[Delta]| {
        let mut splicer = Splicer::new(said(&before), Manner::Restart);
        let mut deltas = after.to_vec();
        let step = splicer.pass(&mut deltas);
        (step, deltas)
    };
    let (step, deltas) = join(&[
        text("So: "),
        call("tide"),
        args("{\"harbour\":"),
        args("\"north\"}"),
    ]);
    assert_eq!(step, Step::Joined);
    let told: Vec<_> = deltas.iter().filter(|d| **d != Delta::Life).collect();
    assert_eq!(told, [&args("our\":"), &args("\"north\"}")]);
    for other in [
        vec![text("So: "), call("moon")],
        vec![text("Well: ")],
        vec![call("tide")],
        vec![text("So: "), call("tide"), args("{\"place")],
        vec![text("So: "), call("tide"), Delta::Finish(Finish::ToolUse)],
    ] {
        assert_eq!(join(&other).0, Step::Apart, "{other:?}");
    }
}

#[test]
fn the_usage_counts_the_whole_answer_whoever_wrote_it() {
    let usage = |n| {
        Delta::Usage(Usage {
            output: n,
            ..Usage::default()
        })
    };
    let told = |manner, heard: &str| {
        let mut splicer = Splicer::new(said(&[text(SAID)]), manner);
        let mut deltas = vec![text(heard), usage(10)];
        splicer.pass(&mut deltas);
        deltas.pop()
    };
    let before = SAID.len() as u64 / 4;
    assert_eq!(told(Manner::Prefill, MORE), Some(usage(10 + before)));
    let again = format!("{SAID}{MORE}");
    assert_eq!(told(Manner::Continue, &again), Some(usage(10)));
}

#[test]
fn an_answer_given_again_whole_is_billed_as_it_is_told_even_if_only_its_end_shows_that() {
    let mut splicer = Splicer::new(said(&[text(SAID)]), Manner::Continue);
    assert_eq!(splicer.pass(&mut vec![text(SAID)]), Step::Listening);
    let bill = Delta::Usage(Usage {
        output: 40,
        ..Usage::default()
    });
    let mut end = vec![bill.clone(), Delta::Finish(Finish::Stop)];
    assert_eq!(splicer.pass(&mut end), Step::Joined);
    assert_eq!(end.first(), Some(&bill));
}
