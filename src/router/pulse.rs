//! The router's heartbeat: timers of the breakers, expiries, and the seconds that recorders have filled. A cooldown
//! ends here, not on the next request, so that a screen is truthful.

use super::{Router, canary::Canaries, plant::Plant};
use crate::{clock, model::Kind};
use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;

/// How late a timer may be seen.
const BEAT: Duration = Duration::from_millis(100);

pub(super) async fn run(router: Arc<Router>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut canaries = Canaries::new();
    let mut second = clock::wall().secs();
    loop {
        beat.tick().await;
        let plant = router.plant.load_full();
        for unit in plant.units.values() {
            unit.breaker(|b, now| ((), b.tick(now)));
        }
        canaries.beat(&router, &plant);
        let wall = clock::wall();
        for kind in router
            .faults
            .expire(wall)
            .into_iter()
            .chain(router.rung3.expire(wall))
        {
            router.bus.emit(kind);
        }
        if wall.secs() != second {
            second = wall.secs();
            tell_counts(&router, &plant);
        }
    }
}

/// What has been counted since this was told last: each second, and what is left over at the end.
pub(super) fn tell_counts(router: &Router, plant: &Plant) {
    for bucket in plant.units.values().filter_map(|u| u.recorder().drain()) {
        router.bus.emit(Kind::Bucket(bucket));
    }
    if let Some(exchanges) = router.exchanges.drain() {
        router.bus.emit(Kind::Exchanges(exchanges));
    }
}
