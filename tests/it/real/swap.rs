//! The swap through the whole router: at some point the primary's provider gives other answers, with 200 as before.

use super::{
    Gives,
    damage::Damage,
    data::CHEAT,
    real,
    scene::{Scene, secondary_says},
    stats::mean,
};
use breakerbox::model::{Kind, Phase, Reason};
use std::time::Duration;
use tokio::time::Instant;

/// Requests before the swap.
const BEFORE: usize = 60;
/// And at most so many after it.
const AFTER: usize = 140;
/// A return takes about 3 s here.
const PATIENCE: Duration = Duration::from_secs(30);

/// From a healthy stream to the swap, the trip, and what callers then get.
async fn swapped(mut scene: Scene, instead: Gives, part: f64) -> Scene {
    let healthy = scene.stays_closed(BEFORE).await;
    let event = scene.rig.event(|k| matches!(k, Kind::Score { .. })).await;
    assert!(
        matches!(&event.kind, Kind::Score { deployment, judge, reason, .. }
            if &**deployment == "a/m-a" && &**judge == "j/m-j" && reason.starts_with("agreement"))
    );
    scene.primary_gives(instead, part);
    let began = Instant::now();
    let scores = scene.until_open(AFTER).await;
    let seconds = began.elapsed().as_secs_f64();
    let event = scene.rig.event(|k| matches!(k, Kind::Transition(_))).await;
    let Kind::Transition(opened) = &event.kind else {
        unreachable!()
    };
    eprintln!(
        "{:>4.0} % {:<22} mean {healthy:.2} over {BEFORE}, then {:.2}; open after {} requests, {seconds:.2} s: {}",
        100.0 * part,
        instead.name(),
        mean(&scores),
        scores.len(),
        opened.reason,
    );
    assert_eq!((&*opened.deployment, opened.to), ("a/m-a", Phase::Open));
    let Reason::Quality {
        judge,
        bad,
        n,
        usual,
        ..
    } = &opened.reason
    else {
        panic!("{opened:?}")
    };
    assert_eq!(judge.as_deref(), Some("j/m-j"));
    assert!(*bad > 2 && bad <= n && usual.is_some(), "{opened:?}");
    for _ in 0..6 {
        let told = scene.ask().await;
        let good = secondary_says(scene.real, told.prompt);
        assert_eq!((told.by.as_str(), told.text().as_str()), ("b/m-b", good));
    }
    scene
}

#[tokio::test]
async fn without_a_swap_nothing_opens_over_as_many_requests() {
    let Some(real) = real() else { return };
    let mut scene = Scene::start(real, "").await;
    let requests = BEFORE + AFTER;
    let healthy = scene.stays_closed(requests).await;
    assert_eq!(scene.rig.snapshot().deployments[0].phase, Phase::Closed);
    println!("   0 % swapped                mean {healthy:.2} over {requests}, stays closed");
}

#[tokio::test]
async fn a_silent_swap_to_a_weak_model_opens_the_breaker_and_the_secondary_answers() {
    let Some(real) = real() else { return };
    for model in ["gemma-2b-it", CHEAT] {
        swapped(Scene::start(real, "").await, Gives::Model(model), 1.0).await;
    }
}

#[tokio::test]
async fn answers_that_come_damaged_open_the_breaker_and_the_secondary_answers() {
    let Some(real) = real() else { return };
    let cases = [
        (Damage::Looped, 1.0),
        (Damage::Shuffled, 1.0),
        (Damage::Other, 0.3),
    ];
    for (damage, part) in cases {
        swapped(Scene::start(real, "").await, Gives::Damaged(damage), part).await;
    }
}

#[tokio::test]
async fn a_weak_model_fails_its_probes_and_the_strong_one_comes_back() {
    let Some(real) = real() else { return };
    let scene = Scene::start(real, "[breaker]\ncooldown = \"1s\"\n").await;
    let mut scene = swapped(scene, Gives::Model("falcon-7b-instruct"), 1.0).await;
    let mut events = scene.rig.bus.subscribe();
    let mut failed = 0;
    let began = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    loop {
        pace.tick().await;
        assert!(began.elapsed() < PATIENCE, "it does not close");
        let told = scene.ask().await;
        assert!(
            failed > 0 || told.by == "b/m-b",
            "a weak answer reached a caller"
        );
        while let Ok(event) = events.try_recv() {
            match &event.kind {
                Kind::Transition(t) if matches!(t.reason, Reason::ProbeJudgedBad { .. }) => {
                    println!("     its probes: {}", t.reason);
                    failed += 1;
                    scene.primary_gives(Gives::Own, 1.0);
                }
                Kind::Transition(t) if t.to == Phase::Closed => {
                    println!(
                        "     back after {:.1} s: {}",
                        began.elapsed().as_secs_f64(),
                        t.reason
                    );
                    assert!(failed > 0);
                    return;
                }
                _ => {}
            }
        }
    }
}
