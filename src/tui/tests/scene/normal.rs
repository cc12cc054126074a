//! Situations of which it is known what would be normal.

use super::{PRIMARY, SECONDARY, Scene, TERTIARY, calm, incident};
use crate::model::{
    Kind, Wall,
    normal::{Band, Bands, Normal, Origin},
};

const fn band(low: f64, mid: f64, high: f64) -> Band {
    Band {
        low,
        mid,
        high,
        n: 15,
    }
}

fn tell(s: &mut Scene, origin: &Origin) {
    let of = |id: &str, rate, p95| Normal {
        deployment: id.into(),
        origin: origin.clone(),
        bands: Bands {
            errors: Some(band(0.0, 0.003, 0.011)),
            judge: Some(band(0.84, 0.90, 0.93)),
            p95,
            rate: Some(rate),
        },
    };
    let deployments = vec![
        of(PRIMARY, band(28.2, 31.0, 34.1), Some(band(1.2, 1.9, 2.6))),
        of(SECONDARY, band(0.0, 0.0, 0.2), None),
        of(TERTIARY, band(1.0, 1.2, 1.4), Some(band(1.9, 2.4, 2.9))),
    ];
    s.push(Kind::Normal { deployments });
}

fn pin(mut s: Scene) -> Scene {
    let origin = Origin::Pinned {
        at: Wall(s.sec * 1000 - 1_260_000),
        who: "ana".to_owned(),
    };
    tell(&mut s, &origin);
    s
}

/// An incident of somebody who had pinned what was before it.
pub(in crate::tui) fn pinned() -> Scene {
    pin(incident())
}

pub(in crate::tui) fn pinned_and_calm() -> Scene {
    pin(calm())
}

/// The same hour of three weeks is known.
pub(in crate::tui) fn learned() -> Scene {
    let mut s = incident();
    let origin = Origin::Learned {
        hour: 38,
        weeks: 3,
        neighbours: true,
    };
    tell(&mut s, &origin);
    s
}
