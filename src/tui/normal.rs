//! What is normal, in words and signs: beside a number that lies outside, in a column, and in the detail view.

use super::{
    theme::Role,
    words::{per_second, percent},
};
use crate::model::{
    Snapshot, Wall,
    normal::{Band, Measure, Normal, Origin, Outside},
    snapshot::DeploymentView,
    time::latency,
};
use std::time::Duration;

const ABOVE: &str = "↑";
const BELOW: &str = "↓";
/// A ratio to less than this would say nothing.
const SMALL: f64 = 0.05;

fn outside(d: &DeploymentView, s: &Snapshot, measure: Measure) -> Option<Outside> {
    s.normal(&d.id)?.outside(d, s, measure)
}

/// Beside a number that is not normal: on which side.
pub(super) fn sign(d: &DeploymentView, s: &Snapshot, measure: Measure) -> Option<&'static str> {
    let outside = outside(d, s, measure)?;
    Some(if outside.above() { ABOVE } else { BELOW })
}

/// What is farthest from normal: `p95 9.6x`.
pub(super) fn worst(d: &DeploymentView, s: &Snapshot) -> (String, Role) {
    let Some(normal) = s.normal(&d.id) else {
        return ("-".to_owned(), Role::Dim);
    };
    match normal.worst(d, s) {
        Some(far) => (format!("{} {}", name(far.measure), by(&far)), Role::Warn),
        None => ("as normal".to_owned(), Role::Dim),
    }
}

const fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::Errors => "err",
        Measure::Judge => "judge",
        Measure::P95 => "p95",
        Measure::Rate => "req/s",
    }
}

/// Shares and scores by how much they are beyond the edge, times and rates as a multiple of what is usual.
fn by(far: &Outside) -> String {
    let edge = if far.above() {
        far.band.high
    } else {
        far.band.low
    };
    let beyond = far.now - edge;
    match far.measure {
        Measure::Errors => format!("{:+.1}", beyond * 100.0),
        Measure::Judge => format!("{beyond:+.2}"),
        Measure::P95 | Measure::Rate if far.band.mid >= SMALL => {
            let times = far.now / far.band.mid;
            if times < 10.0 {
                format!("{times:.1}x")
            } else {
                format!("{times:.0}x")
            }
        }
        Measure::P95 | Measure::Rate => format!("{beyond:+.1}"),
    }
}

/// All that is normal for it, with the differences, and how it is known.
pub(super) fn fact(d: &DeploymentView, s: &Snapshot) -> Option<(String, Role)> {
    let normal = s.normal(&d.id)?;
    let measures = Measure::ALL.into_iter().filter_map(|measure| {
        let band = normal.bands.get(measure)?;
        let far = normal.outside(d, s, measure);
        let far = far.map_or_else(String::new, |far| format!(" ({})", by(&far)));
        Some(format!("{}{far}", said(measure, band)))
    });
    let measures: Vec<_> = measures.collect();
    let text = format!("{}; {}", measures.join(", "), origin(normal, s.at));
    let role = normal.worst(d, s).map_or(Role::Text, |_| Role::Warn);
    Some((text, role))
}

fn said(measure: Measure, band: Band) -> String {
    let seconds = |x: f64| latency(Duration::try_from_secs_f64(x).unwrap_or_default());
    let (low, high) = (band.low, band.high);
    match measure {
        Measure::Errors => format!("err {}-{}", percent(low), percent(high)),
        Measure::Judge => format!("judge {low:.2}-{high:.2}"),
        Measure::P95 => format!("p95 {}-{}", seconds(low), seconds(high)),
        Measure::Rate => format!("{}-{} req/s", per_second(low), per_second(high)),
    }
}

fn origin(normal: &Normal, now: Wall) -> String {
    const DAY: Duration = Duration::from_hours(24);
    match &normal.origin {
        Origin::Pinned { at, who } if now.since(*at) < DAY => {
            format!("pinned {}Z by {who}", at.clock())
        }
        Origin::Pinned { at, who } => format!("pinned {} by {who}", at.moment()),
        Origin::Learned {
            hour,
            weeks,
            neighbours,
        } => {
            const DAYS: [&str; 7] = [
                "Mondays",
                "Tuesdays",
                "Wednesdays",
                "Thursdays",
                "Fridays",
                "Saturdays",
                "Sundays",
            ];
            let day = DAYS.get(usize::from(hour / 24)).unwrap_or(&"");
            let near = if *neighbours {
                " and the hours beside it"
            } else {
                ""
            };
            let plural = if *weeks == 1 { "" } else { "s" };
            let hour = hour % 24;
            format!("learned, {day} {hour:02}:00Z{near}, {weeks} week{plural}")
        }
    }
}
