//! Requests that a provider refuses for what is in them.

use super::{
    scene::{Scene, Stage, play},
    voice::SIXTY,
};
use breakerbox::model::Dialect;

const TOO_LONG: &str = "This model's maximum context length is 8192 tokens. However, your messages resulted in \
    9000 tokens.";
const TOO_LONG_FOR_ANTHROPIC: &str = "prompt is too long: 9000 tokens > 8192 maximum";
const UNSAFE: &str = "Your request was rejected as a result of our safety system.";
const UNSAFE_FOR_ANTHROPIC: &str = "Output blocked by content filtering policy";

/// A primary that finds the prompt longer than its window of 8192, above a fallback with this window.
async fn too_long(scene: Scene, below: u32) -> Stage {
    let message = match scene.a().dialect {
        Dialect::Anthropic => TOO_LONG_FOR_ANTHROPIC,
        _ => TOO_LONG,
    };
    let refusal = scene
        .a()
        .refuses(400, &[], "context_length_exceeded", message);
    let answer = scene.b().answers(SIXTY);
    scene
        .set_with(vec![refusal], vec![answer], |config| {
            for deployment in config.deployments.values_mut() {
                let is_primary = deployment.model == "m-a";
                deployment.context_window = Some(if is_primary { 8192 } else { below });
            }
        })
        .await
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_not_sent_to_another_window_of_the_same_size() {
    let set = |scene| too_long(scene, 8192);
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        assert_eq!(said.status, 400, "{said:?}");
        assert!(
            said.raw.contains("9000 tokens"),
            "the provider's own reason: {said:?}"
        );
        assert_eq!(stage.calls(), (1, 0));
        format!("400 with the reason, one attempt, {:?}", said.took)
    })
    .await;
}

#[tokio::test]
async fn a_prompt_that_is_too_long_goes_to_a_larger_window() {
    let set = |scene| too_long(scene, 128_000);
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert_eq!(stage.calls(), (1, 1));
        format!("one attempt each, {:?}", said.took)
    })
    .await;
}

const fn unsafe_for(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Anthropic => UNSAFE_FOR_ANTHROPIC,
        _ => UNSAFE,
    }
}

#[tokio::test]
async fn a_refusal_for_safety_comes_back_with_its_reason_and_is_not_routed_around() {
    let set = |scene: Scene| {
        let a = scene.a();
        let refusal = a.refuses(400, &[], "content_policy_violation", unsafe_for(a.dialect));
        scene.set(vec![refusal], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        assert_eq!(said.status, 400, "{said:?}");
        let reason = unsafe_for(stage.scene.a().dialect);
        assert!(said.raw.contains(reason), "{said:?}");
        assert_eq!(stage.calls(), (1, 0));
        format!("400 with the reason, one attempt, {:?}", said.took)
    })
    .await;
}
