//! What of everything is told, to whom, and in what words.

mod bodies;
mod sifted;

use super::concern::Concern;
use crate::{
    config::{self, Alert},
    model::{Event, Kind, Phase, Reason, Wall, event::Level, phase::Transition},
};
use std::sync::Arc;

/// 2026-11-01T00:00:00Z
const T0: Wall = Wall(1_793_491_200_000);

/// The one recipient of a configuration with these further lines.
fn alert(lines: &str) -> Alert {
    let text = format!(
        "routes.r.tiers = ['openai/a']\n[[alerts]]\nname = 'oncall'\nurl = 'http://127.0.0.1:9/'\n{lines}"
    );
    let env = |name: &str| name.ends_with("_KEY").then(|| "k".to_owned());
    let mut config = config::parse("c.toml", &text, &env).unwrap_or_else(|p| panic!("{p}"));
    config.alerts.remove(0)
}

fn event(kind: Kind) -> Arc<Event> {
    Arc::new(Event::new(7, T0, kind))
}

fn moved(to: Phase, reason: Reason) -> Kind {
    let from = if to == Phase::Open {
        Phase::Closed
    } else {
        Phase::Open
    };
    Kind::Transition(Transition {
        deployment: "anthropic/claude".into(),
        from,
        to,
        reason,
        generation: 3,
        until: None,
    })
}

fn opened() -> Kind {
    moved(
        Phase::Open,
        Reason::ErrorRate {
            rate: 0.384,
            limit: 0.02,
            bad: 312,
            n: 812,
            window_s: 60,
        },
    )
}

fn closed() -> Kind {
    moved(Phase::Closed, Reason::RampStep { ok: 40 })
}

fn concern(kind: Kind) -> Concern {
    Concern::of(&event(kind)).expect("somebody is woken for this")
}

#[test]
fn nobody_is_woken_for_what_is_ordinary() {
    for kind in [
        Kind::Stopping,
        Kind::Notice {
            level: Level::Bad,
            text: "alert x does not reach anybody".to_owned(),
        },
        Kind::Suppressed {
            what: "x".to_owned(),
            n: 1,
        },
    ] {
        assert_eq!(Concern::of(&event(kind)), None);
    }
}
