//! Everything has failed, and the route wants that said.

use super::{
    scene::{Scene, play},
    voice::Voice,
};
use breakerbox::{config::CannedForm, model::Dialect};

#[tokio::test]
async fn when_everything_has_failed_the_error_tells_sdks_not_to_send_again() {
    let set = |scene: Scene| {
        let down = |voice: Voice| vec![voice.refuses(503, &[], "server_error", "down")];
        scene.set_with(down(scene.a()), down(scene.b()), |config| {
            for route in config.routes.values_mut() {
                route.canned.form = CannedForm::Error;
            }
        })
    };
    play(Scene::all(), set, |stage| async move {
        let said = stage.ask("one").await;
        assert_eq!(said.status, 503, "{said:?}");
        assert_eq!(said.header("x-should-retry"), "false");
        let wait: u64 = said.header("retry-after").parse().expect("whole seconds");
        assert!((1..=30).contains(&wait), "{wait}");
        let error = said.error.as_ref().expect("an error body");
        assert_eq!(error["error"]["type"], "overloaded_error", "{said:?}");
        if stage.scene.door == Dialect::Anthropic {
            assert_eq!(error["type"], "error", "{said:?}");
        } else {
            assert_eq!(error["error"]["code"], "all_tiers_failed", "{said:?}");
        }
        let tries = stage.scene.tries();
        assert_eq!(stage.calls(), (tries, tries));
        format!("503, retry-after {wait}, {:?}", said.took)
    })
    .await;
}
