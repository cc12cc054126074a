//! Checks of what was said of the judges.

use super::Answer;
use crate::{
    drill::record::Record,
    model::{Kind, Wall, time::latency},
};
use std::time::Duration;

pub(super) fn blind(r: &Record, within: Duration) -> Answer {
    let said = first(r, |kind| match kind {
        Kind::JudgeAvailable {
            available: false,
            why,
            ..
        } => Some(why.clone()),
        _ => None,
    });
    in_time(r, said, within, "nobody said so")
}

pub(super) fn found_out(r: &Record, within: Duration) -> Answer {
    let said = first(r, |kind| match kind {
        Kind::JudgeDismissed { judge, why, .. } => Some(format!("{judge} dismissed: {why}")),
        Kind::JudgeDrift {
            judge, on: true, ..
        } => Some(format!("{judge} drifts")),
        _ => None,
    });
    in_time(r, said, within, "it was believed to the end")
}

fn first(r: &Record, what: impl Fn(&Kind) -> Option<String>) -> Option<(Wall, String)> {
    r.under_fault().find_map(|e| Some((e.at, what(&e.kind)?)))
}

fn in_time(r: &Record, said: Option<(Wall, String)>, within: Duration, none: &str) -> Answer {
    let Some((at, what)) = said else {
        return (false, none.to_owned());
    };
    let after = at.since(r.faults.from);
    (after <= within, format!("{what}, after {}", latency(after)))
}
