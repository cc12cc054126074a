//! Streams that flow, but slower than anybody can use, while nothing of them has gone out yet.

use super::{
    scene::{Scene, Stage, play_together},
    voice::SIXTY,
};
use crate::upstream::Do;
use breakerbox::config::Commit;
use std::time::Duration;
use tokio::sync::Barrier;

const SECOND: Duration = Duration::from_secs(1);
/// One character a second, half of the least that is let pass.
const DRIPS: usize = 30;

fn dripping(opening: Vec<Do>, drop: &Do, closing: Vec<Do>) -> Vec<Do> {
    let drips = (0..DRIPS).flat_map(|_| [drop.clone(), Do::Wait(SECOND)]);
    opening.into_iter().chain(drips).chain(closing).collect()
}

async fn moves_on(stage: Stage) -> String {
    let said = stage.ask("one").await;
    said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
    assert_eq!(stage.calls(), (1, 1));
    // Five seconds of it are enough to say so.
    assert!(said.took < 8 * SECOND, "{:?}", said.took);
    format!("answered in {:?}", said.took)
}

/// An answer on a route that sends none before it is whole.
pub(crate) async fn held(ready: &Barrier) {
    let set = |scene: Scene| {
        let a = scene.a();
        let script = dripping(a.opening(), &a.token("x"), a.closing());
        scene.set_with(vec![script], vec![scene.b().answers(SIXTY)], |config| {
            for route in config.routes.values_mut() {
                route.commit = Commit::Full;
            }
        })
    };
    play_together(ready, Scene::streams(), set, moves_on).await;
}

/// Thoughts, with default settings: they are no content, and held back with what comes before it.
pub(crate) async fn thoughts(ready: &Barrier) {
    let set = |scene: Scene| {
        let a = scene.a();
        let script = dripping(a.thinking(), &a.thought("x"), vec![Do::Hang]);
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    play_together(ready, Scene::streams(), set, moves_on).await;
}

#[test]
fn a_held_answer_that_drips_is_the_fallbacks() {
    crate::at_length::lived_through("dripping answer");
}

#[test]
fn thoughts_that_drip_are_not_waited_for() {
    crate::at_length::lived_through("dripping thoughts");
}
