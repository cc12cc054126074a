//! Streams that break after content: continued by the fallback so that nothing repeats and nothing is missing, or ended
//! by an error that says so. Never a short answer that ends like a whole one.

use super::{
    caller::Said,
    scene::{Scene, Stage, play, play_together},
    voice::{SIXTY, Voice, part, tokens},
};
use crate::upstream::{Asked, Do, by};
use breakerbox::{
    config::Config,
    model::Dialect::{self, Anthropic, OpenAi},
};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Barrier;

const SECOND: Duration = Duration::from_secs(1);
const UNRELATED: &str =
    "I am sorry, but nothing was attached. What would you like me to write about?";
const NO_PREFILL: &str = "This model does not support assistant message prefill.";

/// Every pair of dialects: what continues a stream may speak like it or not.
fn scenes() -> impl Iterator<Item = Scene> {
    const PAIRS: [(Dialect, Dialect); 4] = [
        (OpenAi, OpenAi),
        (OpenAi, Anthropic),
        (Anthropic, OpenAi),
        (Anthropic, Anthropic),
    ];
    Scene::over(&PAIRS, &[true])
}

const CUT_AFTER: usize = 40;

/// Forty tokens of sixty, and the end of the connection.
fn cut(a: &Voice) -> Vec<Do> {
    cut_after(CUT_AFTER, a)
}

fn cut_after(n: usize, a: &Voice) -> Vec<Do> {
    let mut script = a.opening();
    script.extend(a.tokens(&part(SIXTY, 0..n)));
    // The words first: a reset may overtake them.
    script.extend([Do::Wait(SECOND / 20), Do::Close]);
    script
}

/// Twenty tokens, and then nothing for thirty seconds.
fn silence(a: &Voice) -> Vec<Do> {
    let mut script = a.opening();
    script.extend(a.tokens(&part(SIXTY, 0..20)));
    script.push(Do::Wait(30 * SECOND));
    script.extend(a.tokens(&part(SIXTY, 20..60)));
    script.extend(a.closing());
    script
}

/// What the last turn says, if it is the assistant's.
fn prefill(asked: &Asked) -> Option<String> {
    let body = asked.json();
    let last = body["messages"].as_array()?.last()?;
    (last["role"] == "assistant").then(|| texts(&last["content"]))
}

/// All text in it.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(texts).collect(),
        Value::Object(fields) => fields
            .iter()
            .filter(|(k, _)| *k != "role" && *k != "type")
            .map(|(_, v)| texts(v))
            .collect(),
        _ => String::new(),
    }
}

/// Refuses to go on from an assistant's turn, and answers everything else from the start.
fn rejects_prefill(b: Voice) -> Vec<Do> {
    by(move |asked| match prefill(asked) {
        Some(_) => b.refuses(400, &[], "invalid_request_error", NO_PREFILL),
        None => b.answer(asked, SIXTY),
    })
}

/// Goes on where the assistant's turn ends, to the letter; like Anthropic, not after white space.
fn continues_prefill(b: Voice) -> Vec<Do> {
    by(move |asked| {
        let begun = prefill(asked).unwrap_or_default();
        match SIXTY.strip_prefix(&begun) {
            Some(rest) if !begun.ends_with(char::is_whitespace) => b.answer(asked, rest),
            _ => b.refuses(
                400,
                &[],
                "invalid_request_error",
                "final assistant content cannot end with trailing whitespace",
            ),
        }
    })
}

/// Says the last words again, as many of them as the last turn quotes, and goes on from there.
fn repeats_the_last_words(b: Voice) -> Vec<Do> {
    by(move |asked| {
        let body = asked.json();
        let turn = body["messages"].as_array().and_then(|all| all.last());
        let turn = turn.map(texts).unwrap_or_default();
        let (cut, n) = (CUT_AFTER, tokens(SIXTY).len());
        let quoted = |from: &usize| turn.contains(part(SIXTY, *from..cut).trim_start());
        let from = (0..cut).find(quoted).expect("the last words are quoted");
        b.answer(asked, part(SIXTY, from..n).trim_start())
    })
}

fn with_prefill(config: &mut Config) {
    for deployment in config.deployments.values_mut() {
        deployment.prefill = deployment.model == "m-b";
    }
}

/// Few calls, and nothing of what a provider said to the router's own questions.
fn assert_discreet(stage: &Stage, said: &Said) {
    let (a, b) = stage.calls();
    assert!(
        (1..=2).contains(&a) && (1..=3).contains(&b),
        "{a} and {b} calls: {said:?}"
    );
    assert!(!said.raw.contains(NO_PREFILL), "{said:?}");
}

fn assert_seamless(stage: &Stage, said: &Said) -> String {
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(said.text, SIXTY, "{said:?}");
    said.ends_well();
    assert_discreet(stage, said);
    assert_eq!(stage.calls().0, 1, "the fallback could go on");
    let (calls, bill) = (stage.calls().1, said.usage);
    format!(
        "whole, {calls} calls of m-b, billed {bill:?}, {:?}",
        said.took
    )
}

/// A fallback goes on where the primary broke off.
async fn continued(stage: Stage) -> String {
    let said = stage.ask("one").await;
    assert!(said.took < 3 * SECOND, "{:?}", said.took);
    assert_seamless(&stage, &said)
}

/// A fallback gives all of it once more, and is billed for it.
async fn given_again(stage: Stage) -> String {
    let said = stage.ask("one").await;
    assert!(said.took < 3 * SECOND, "{:?}", said.took);
    assert_eq!(said.usage, Some(stage.scene.b().usage), "{said:?}");
    assert_seamless(&stage, &said)
}

#[tokio::test]
async fn a_cut_stream_is_spliced_with_a_fallback_that_gives_the_whole_answer_again() {
    let set = |scene: Scene| scene.set(vec![cut(&scene.a())], vec![scene.b().answers(SIXTY)]);
    play(scenes(), set, given_again).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_after_its_first_token_or_after_its_last_is_whole_too() {
    for n in [1, 2, 59, 60] {
        let set = |scene: Scene| {
            let script = cut_after(n, &scene.a());
            scene.set(vec![script], vec![scene.b().answers(SIXTY)])
        };
        play(scenes(), set, given_again).await;
    }
}

#[tokio::test]
async fn a_cut_stream_is_continued_by_a_fallback_that_takes_no_prefill() {
    let set = |scene: Scene| scene.set(vec![cut(&scene.a())], vec![rejects_prefill(scene.b())]);
    play(scenes(), set, given_again).await;
}

#[tokio::test]
async fn a_refused_prefill_never_reaches_the_caller() {
    let set = |scene: Scene| {
        scene.set_with(
            vec![cut(&scene.a())],
            vec![rejects_prefill(scene.b())],
            with_prefill,
        )
    };
    play(scenes(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole_or_broken_off(SIXTY);
        assert_discreet(&stage, &said);
        format!(
            "{}, {} calls of m-b, {:?}",
            said.how(),
            stage.calls().1,
            said.took
        )
    })
    .await;
}

#[tokio::test]
async fn a_cut_stream_is_continued_from_a_prefill_where_one_is_taken() {
    let set = |scene: Scene| {
        scene.set_with(
            vec![cut(&scene.a())],
            vec![continues_prefill(scene.b())],
            with_prefill,
        )
    };
    play(scenes(), set, continued).await;
}

#[tokio::test]
async fn a_cut_stream_is_continued_by_a_fallback_that_repeats_the_last_words() {
    let set = |scene: Scene| {
        scene.set(
            vec![cut(&scene.a())],
            vec![repeats_the_last_words(scene.b())],
        )
    };
    play(scenes(), set, continued).await;
}

#[tokio::test]
async fn a_cut_stream_with_an_unrelated_answer_below_ends_in_an_explicit_error() {
    let set = |scene: Scene| scene.set(vec![cut(&scene.a())], vec![scene.b().answers(UNRELATED)]);
    play(scenes(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_broken_off(SIXTY);
        assert_eq!(said.text, part(SIXTY, 0..CUT_AFTER), "{said:?}");
        assert_discreet(&stage, &said);
        format!("40 tokens and {}, {:?}", said.how(), said.took)
    })
    .await;
}

/// A fallback that says nothing gets its time for a first token, and no more.
pub(crate) async fn in_vain(ready: &Barrier) {
    let set = |scene: Scene| scene.set(vec![cut(&scene.a())], vec![vec![Do::Hang]]);
    play_together(ready, Scene::streams(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_broken_off(SIXTY);
        assert_discreet(&stage, &said);
        assert!(said.took < 9 * SECOND, "{:?}", said.took);
        format!("{}, {:?} calls, {:?}", said.how(), stage.calls(), said.took)
    })
    .await;
}

#[test]
fn a_cut_stream_over_a_silent_fallback_ends_in_an_explicit_error_in_time() {
    crate::at_length::lived_through("rescue in vain");
}

/// The stall timeout is twenty seconds; what the fallback takes comes after it.
pub(crate) async fn silent(ready: &Barrier) {
    let set = |scene: Scene| scene.set(vec![silence(&scene.a())], vec![scene.b().answers(SIXTY)]);
    play_together(ready, scenes(), set, |stage| async move {
        let said = stage.ask("one").await;
        let in_time = 19 * SECOND < said.took && said.took < 22 * SECOND;
        assert!(in_time, "{:?}", said.took);
        assert_seamless(&stage, &said)
    })
    .await;
}

#[test]
fn silence_after_content_is_ended_by_the_fallback_within_the_stall_timeout() {
    crate::at_length::lived_through("silence after content");
}
