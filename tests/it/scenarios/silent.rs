//! Upstreams that accept a request and then say nothing, before or after their head.

use super::{
    scene::{Form, Scene, play_together},
    voice::SIXTY,
};
use crate::upstream::{Do, sse_head};
use breakerbox::model::Dialect;
use std::time::Duration;
use tokio::sync::Barrier;

const SECOND: Duration = Duration::from_secs(1);
/// The first token is waited for so long while nothing is known of a deployment.
const TTFT: Duration = Duration::from_secs(8);

/// Accepts and never answers.
pub(crate) async fn for_ever(ready: &Barrier) {
    let set = |scene: Scene| scene.set(vec![vec![Do::Hang]], vec![scene.b().answers(SIXTY)]);
    play_together(ready, Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert_eq!(stage.calls(), (1, 1));
        let patience = match (stage.scene.stream, stage.scene.form) {
            (true, _) => TTFT,
            // A whole answer has no first token: its own timeout bounds it.
            (false, Form::Native) => 60 * SECOND,
            (false, Form::LiteLlm) => 30 * SECOND,
        };
        assert!(said.took < patience + SECOND, "{:?}", said.took);
        format!("one attempt, answered in {:?}", said.took)
    })
    .await;
}

#[test]
fn an_upstream_that_accepts_and_never_answers_is_tried_once_and_left_in_time() {
    crate::at_length::lived_through("never answers");
}

/// Headers at once, and everything else twenty seconds later: at Anthropic after the events that open a message.
pub(crate) async fn first_token_late(ready: &Barrier) {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut late = match a.dialect {
            Dialect::Anthropic => a.opening(),
            _ => vec![sse_head()],
        };
        late.push(Do::Wait(20 * SECOND));
        late.extend(a.tokens(SIXTY));
        late.extend(a.closing());
        scene.set(vec![late], vec![scene.b().answers(SIXTY)])
    };
    play_together(ready, Scene::streams(), set, |stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert_eq!(stage.calls(), (1, 1));
        assert!(said.took < 15 * SECOND, "{:?}", said.took);
        format!("answered in {:?}", said.took)
    })
    .await;
}
