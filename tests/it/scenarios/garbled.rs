//! Answers that are not what they claim to be.

use super::{
    scene::{Scene, play},
    voice::{SIXTY, Voice, part},
};
use crate::upstream::{Do, chunk, end, sse_head};
use breakerbox::model::Dialect::{Anthropic, OpenAi};
use std::time::Duration;

#[tokio::test]
async fn one_malformed_event_costs_nothing_of_the_rest() {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut script = a.opening();
        script.extend(a.tokens(&part(SIXTY, 0..20)));
        script.push(a.malformed());
        script.extend(a.tokens(&part(SIXTY, 20..60)));
        script.extend(a.closing());
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::streams(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        assert_eq!(stage.calls(), (1, 0));
        format!("whole in {:?}", said.took)
    })
    .await;
}

#[tokio::test]
async fn a_stream_without_its_end_mark_is_finished_within_a_second_of_its_end() {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut script = a.opening();
        script.extend(a.tokens(SIXTY));
        script.extend(a.finish());
        script.push(end());
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    // `[DONE]`, and `message_stop`.
    let scenes = Scene::over(&[(OpenAi, Anthropic), (Anthropic, OpenAi)], &[true]);
    play(scenes, set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        assert!(said.took < Duration::from_secs(1), "{:?}", said.took);
        format!("whole with usage in {:?}", said.took)
    })
    .await;
}

/// A primary that answers with this script leaks nothing; the fallback answers.
async fn is_no_answer(script: impl Fn(&Voice) -> Vec<Do>) {
    let set = |scene: Scene| scene.set(vec![script(&scene.a())], vec![scene.b().answers(SIXTY)]);
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert_eq!(stage.calls(), (stage.scene.tries(), 1));
        format!("{} attempts above, {:?}", stage.calls().0, said.took)
    })
    .await;
}

fn page(kind: &str, body: &str) -> Vec<Do> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    vec![Do::Write(format!("{head}{body}").into_bytes())]
}

#[tokio::test]
async fn an_empty_stream_is_no_answer() {
    is_no_answer(|_| vec![sse_head(), end()]).await;
}

#[tokio::test]
async fn an_empty_body_is_no_answer() {
    is_no_answer(|_| page("application/json", "")).await;
}

#[tokio::test]
async fn a_page_of_html_is_no_answer() {
    is_no_answer(|_| page("text/html", "<!DOCTYPE html><html><h1>Welcome</h1></html>")).await;
}

#[tokio::test]
async fn half_of_an_answers_json_is_no_answer() {
    is_no_answer(|a| {
        let body = a.whole_body(SIXTY).to_string();
        page("application/json", body.get(..90).expect("it is longer"))
    })
    .await;
}

const ERROR: &str = r#"{"error":{"message":"no","type":"server_error","code":"server_error"}}"#;

#[tokio::test]
async fn an_error_in_json_with_200_is_no_answer() {
    is_no_answer(|_| page("application/json", ERROR)).await;
}

#[tokio::test]
async fn json_where_events_should_be_is_no_answer() {
    is_no_answer(|_| vec![sse_head(), chunk(ERROR), end()]).await;
}

#[tokio::test]
async fn a_whole_json_answer_in_place_of_a_stream_comes_as_a_stream_or_from_the_fallback() {
    let set = |scene: Scene| {
        let whole = scene.a().whole(SIXTY);
        scene.set(vec![whole], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::streams(), set, |stage| async move {
        let said = stage.ask("one").await;
        let (a, b) = (stage.scene.a(), stage.scene.b());
        let by = if said.model == "m-a" { &a } else { &b };
        said.is_whole(SIXTY, by.model, by.usage);
        let kind = said.header("content-type");
        assert!(kind.starts_with("text/event-stream"), "{said:?}");
        let attempts = stage.calls().0;
        format!(
            "from {}, {attempts} attempts above, {:?}",
            by.model, said.took
        )
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_ends_cleanly_but_early_is_finished_by_the_fallback() {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut script = a.opening();
        script.extend(a.tokens(&part(SIXTY, 0..40)));
        script.push(end());
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::streams(), set, |stage| async move {
        let said = stage.ask("one").await;
        assert_eq!(said.text, SIXTY, "{said:?}");
        said.ends_well();
        assert!(said.took < Duration::from_secs(3), "{:?}", said.took);
        format!("whole, calls {:?}, {:?}", stage.calls(), said.took)
    })
    .await;
}

#[tokio::test]
async fn an_emoji_split_over_two_events_arrives_and_the_stream_goes_on() {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut script = a.opening();
        let halves = [r#""\ud83d""#, r#""\ude00""#].map(|half| a.raw_token(half));
        script.push(a.token("so "));
        script.extend(halves);
        script.extend(a.tokens(" and on"));
        script.extend(a.closing());
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    let scenes = Scene::over(&[(OpenAi, OpenAi), (Anthropic, OpenAi)], &[true]);
    play(scenes, set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole("so \u{1f600} and on", "m-a", stage.scene.a().usage);
        assert_eq!(stage.calls(), (1, 0));
        format!("whole in {:?}", said.took)
    })
    .await;
}
