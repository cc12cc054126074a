//! Rate limits: left alone for as long as they last, waited for at most once.

use super::{
    scene::{Scene, gaps, play, play_together},
    voice::{SIXTY, Voice},
};
use crate::upstream::Do;
use std::time::Duration;
use tokio::sync::Barrier;

/// What a provider says that is asked too often; `wait` in seconds, when it says how long.
fn limited(voice: &Voice, wait: Option<&str>) -> Vec<Do> {
    let headers: Vec<_> = wait.map(|s| ("retry-after", s)).into_iter().collect();
    let message = "Rate limit reached for requests";
    voice.refuses(429, &headers, "rate_limit_exceeded", message)
}

#[tokio::test]
async fn a_rate_limit_of_two_seconds_is_answered_by_the_other_tier() {
    let set = |scene: Scene| {
        let (a, b) = (scene.a(), scene.b());
        let script = vec![limited(&a, Some("2")), a.answers(SIXTY)];
        scene.set(script, vec![b.answers(SIXTY)])
    };
    play(Scene::all(), set, |stage| async move {
        let b = stage.scene.b();
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", b.usage);
        // A second caller while the limit lasts.
        stage.ask("two").await.is_whole(SIXTY, "m-b", b.usage);
        assert_eq!(stage.calls(), (1, 2));
        format!("answered by m-b in {:?}", said.took)
    })
    .await;
}

#[tokio::test]
async fn a_rate_limit_on_every_tier_is_waited_for_as_long_as_the_provider_asks() {
    let set = |scene: Scene| {
        let (a, b) = (scene.a(), scene.b());
        let script = vec![limited(&a, Some("2")), a.answers(SIXTY)];
        scene.set(script, vec![limited(&b, Some("60"))])
    };
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-a", stage.scene.a().usage);
        let gaps = gaps(&stage.a.asked());
        assert_eq!(stage.calls(), (2, 1));
        assert!(
            gaps.iter().all(|g| *g >= Duration::from_millis(1800)),
            "{gaps:?}"
        );
        assert!(said.took < Duration::from_secs(4), "{:?}", said.took);
        format!("second attempt after {gaps:?}, answered in {:?}", said.took)
    })
    .await;
}

/// Nobody answers, and nobody says when to come back.
pub(crate) async fn for_ever(ready: &Barrier) {
    let set = |scene: Scene| {
        let script = |voice: Voice| vec![limited(&voice, None)];
        scene.set(script(scene.a()), script(scene.b()))
    };
    play_together(ready, Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        // A canned answer is no error: no SDK sends again.
        assert_eq!(said.header("x-breakerbox-rung"), "3", "{said:?}");
        said.ends_well();
        let mut at: Vec<_> = [stage.a.asked(), stage.b.asked()]
            .concat()
            .iter()
            .map(|a| a.at)
            .collect();
        at.sort();
        let since: Vec<_> = at.iter().map(|t| *t - at[0]).collect();
        let early = since.iter().filter(|t| t.as_secs() < 3).count();
        assert!(early <= 4 && since.len() <= 6, "{since:?}");
        format!("attempts at {since:?}, then canned")
    })
    .await;
}

#[test]
fn rate_limits_without_end_cost_four_attempts_in_three_seconds_and_six_in_all() {
    crate::at_length::lived_through("for ever limited");
}
