//! Errors inside a stream that began with 200.

use super::{
    scene::{Scene, Stage, play},
    voice::{SIXTY, part},
};
use crate::upstream::end;
use breakerbox::model::Kind;

/// Waits until the primary's breaker has counted so many failures.
async fn counted(stage: &mut Stage, failures: usize) {
    let primary = stage.rig.snapshot().deployments[0].id.clone();
    let mut seen = 0;
    while seen < failures {
        let failed =
            |k: &Kind| matches!(k, Kind::Bucket(b) if b.deployment == primary && b.fail > 0);
        if let Kind::Bucket(bucket) = &stage.rig.event(failed).await.kind {
            seen += bucket.fail as usize;
        }
    }
    assert_eq!(seen, failures);
}

#[tokio::test]
async fn an_error_before_the_first_content_leaks_nothing_and_counts() {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut script = a.opening();
        script.extend([a.in_band_error(), end()]);
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::streams(), set, |mut stage| async move {
        let said = stage.ask("one").await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        let leak = said.raw.contains("m-a") || said.raw.to_lowercase().contains("overloaded");
        assert!(!leak, "{said:?}");
        let tries = stage.scene.tries();
        assert_eq!(stage.calls(), (tries, 1));
        counted(&mut stage, tries).await;
        format!("{tries} attempts above, {:?}", said.took)
    })
    .await;
}

#[tokio::test]
async fn an_error_after_content_is_made_good_by_the_fallback_and_counts() {
    let set = |scene: Scene| {
        let a = scene.a();
        let mut script = a.opening();
        script.extend(a.tokens(&part(SIXTY, 0..40)));
        script.extend([a.in_band_error(), end()]);
        scene.set(vec![script], vec![scene.b().answers(SIXTY)])
    };
    play(Scene::streams(), set, |mut stage| async move {
        let said = stage.ask("one").await;
        assert_eq!(said.text, SIXTY, "{said:?}");
        said.ends_well();
        assert_eq!(stage.calls().0, 1);
        counted(&mut stage, 1).await;
        format!("whole, {} calls of m-b, {:?}", stage.calls().1, said.took)
    })
    .await;
}
