//! Failures that come before any answer, and come fast.

use super::{
    scene::{Scene, play},
    voice::SIXTY,
};
use crate::upstream::Do;

#[tokio::test]
async fn a_500_that_comes_once_is_tried_again_on_the_same_tier() {
    let set = |scene: Scene| {
        let a = scene.a();
        let script = vec![
            a.refuses(500, &[], "server_error", "boom"),
            a.answers(SIXTY),
        ];
        scene.set(script, vec![scene.b().answers(SIXTY)])
    };
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        assert_eq!(stage.calls(), (2, 0));
        format!("two attempts, {:?}", said.took)
    })
    .await;
}

#[tokio::test]
async fn a_503_that_stays_is_answered_by_the_fallback_in_its_own_name() {
    let set = |scene: Scene| {
        let down = scene.a().refuses(503, &[], "server_error", "down");
        scene.set(vec![down], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert_eq!(stage.calls(), (stage.scene.tries(), 1));
        assert_eq!(said.header("x-breakerbox-tier"), "secondary");
        format!("{} attempts above, {:?}", stage.calls().0, said.took)
    })
    .await;
}

#[tokio::test]
async fn one_reset_before_the_headers_is_tried_again() {
    let set = |scene: Scene| {
        let script = vec![vec![Do::Reset], scene.a().answers(SIXTY)];
        scene.set(script, vec![scene.b().answers(SIXTY)])
    };
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        assert_eq!(stage.calls(), (2, 0));
        format!("two attempts, {:?}", said.took)
    })
    .await;
}

#[tokio::test]
async fn resets_before_the_headers_are_answered_by_the_fallback() {
    let set = |scene: Scene| scene.set(vec![vec![Do::Reset]], vec![scene.b().answers(SIXTY)]);
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert_eq!(stage.calls(), (stage.scene.tries(), 1));
        format!("{} attempts above, {:?}", stage.calls().0, said.took)
    })
    .await;
}
