//! A minute of 503 under a request every four seconds.

use super::{
    scene::{Form, Scene, Stage, play_together},
    voice::SIXTY,
};
use crate::upstream::by;
use breakerbox::model::Dialect::OpenAi;
use std::time::Duration;
use tokio::{
    sync::Barrier,
    time::{Instant, Interval, interval},
};

const EVERY: Duration = Duration::from_secs(4);
const OUTAGE: Duration = Duration::from_mins(1);
const BACK_WITHIN: Duration = Duration::from_secs(30);
/// Short, as the scenario wants it.
const COOLDOWN: Duration = Duration::from_secs(10);
const REQUESTS: usize = 15;
/// Calls until the breaker opens: the retries of the first request among them, however many are configured. Then comes
/// a probe for each cooldown.
const TO_OPEN: usize = 5;
const PROBES: usize = 5;

/// A primary that is down for a minute from its first request.
async fn set(scene: Scene) -> Stage {
    let (a, b) = (scene.a(), scene.b());
    let began = parking_lot::Mutex::new(None);
    let primary = by(move |asked| {
        if *began.lock().get_or_insert(asked.at) + OUTAGE > asked.at {
            a.refuses(503, &[], "server_error", "down")
        } else {
            a.answer(asked, SIXTY)
        }
    });
    let short = |config: &mut breakerbox::config::Config| config.breaker.cooldown = COOLDOWN;
    scene
        .set_with(vec![primary], vec![b.answers(SIXTY)], short)
        .await
}

pub(crate) async fn a_minute(ready: &Barrier) {
    // One order of dialects for each kind of configuration.
    let scenes = Scene::streams().filter(|s| (s.form == Form::Native) == (s.a().dialect == OpenAi));
    play_together(ready, scenes, set, |stage| async move {
        let mut every = interval(EVERY);
        let during = down(&stage, &mut every).await;
        let back = back(&stage, &mut every).await;
        let handful = TO_OPEN + PROBES;
        assert!(
            during <= handful && during < REQUESTS,
            "{during} attempts, back after {back:?}"
        );
        format!("{during} attempts in the outage, serving again after {back:?}")
    })
    .await;
}

/// How many calls the outage cost.
async fn down(stage: &Stage, every: &mut Interval) -> usize {
    let began = every.tick().await;
    while began.elapsed() < OUTAGE {
        let said = stage.ask(&format!("during {:?}", began.elapsed())).await;
        said.is_whole(SIXTY, "m-b", stage.scene.b().usage);
        assert!(said.took < Duration::from_secs(2), "{:?}", said.took);
        every.tick().await;
    }
    stage.calls().0
}

/// How long after the end of the outage the primary served again.
async fn back(stage: &Stage, every: &mut Interval) -> Duration {
    let ended = Instant::now();
    loop {
        let said = stage.ask(&format!("after {:?}", ended.elapsed())).await;
        said.ends_well();
        assert_eq!(said.text, SIXTY, "{said:?}");
        let back = ended.elapsed();
        if said.model == "m-a" {
            return back;
        }
        assert!(back < BACK_WITHIN, "not yet: {:?}", stage.calls());
        every.tick().await;
    }
}

#[test]
fn a_minute_of_503_costs_a_handful_of_attempts_and_the_primary_is_soon_back() {
    crate::at_length::lived_through("outage");
}
