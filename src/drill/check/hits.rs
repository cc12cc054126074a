//! Checks of how many requests met a fault.

use super::{Answer, trips::opened};
use crate::{
    drill::record::Record,
    model::{Kind, Wall, time::latency},
};
use std::{collections::BTreeSet, time::Duration};

/// A second's bucket is told when the second is over.
const BUCKET: Duration = Duration::from_millis(1_200);

/// Everything that met the `fault`th fault, copies and probes included, as was told when it was cleared.
pub(super) fn upstream(r: &Record, fault: usize, at_most: u64) -> Answer {
    let Some(ids) = fault.checked_sub(1).and_then(|i| r.set.get(i)) else {
        return (false, "the fault was not set".to_owned());
    };
    let cleared: Vec<u64> = r
        .under_fault()
        .filter_map(|e| match &e.kind {
            Kind::FaultCleared { id, hits, .. } if ids.contains(id) => Some(*hits),
            _ => None,
        })
        .collect();
    let hits: u64 = cleared.iter().sum();
    let known = !cleared.is_empty() && cleared.len() == ids.len();
    let more = if known {
        ""
    } else {
        ", and it is not known of all"
    };
    (known && hits <= at_most, format!("{hits} met it{more}"))
}

pub(super) fn bad_answers(r: &Record, at_most: u64) -> Answer {
    let ids: BTreeSet<u32> = r.set.iter().flatten().copied().collect();
    let open = opened(r).map(|(at, _)| at).next();
    let until = open.map_or(r.end, |at| at + BUCKET);
    let bad = injected(r, &ids, until);
    match open {
        Some(at) => (
            bad > 0 && bad <= at_most,
            format!(
                "{bad} in the {} before it opened",
                latency(at.since(r.faults.from))
            ),
        ),
        None => (false, format!("{bad}, and no breaker opened")),
    }
}

fn injected(r: &Record, ids: &BTreeSet<u32>, until: Wall) -> u64 {
    let buckets = r.under_fault().filter_map(|e| match &e.kind {
        Kind::Bucket(b) if e.at <= until => Some(&b.injected),
        _ => None,
    });
    let hits = buckets.flatten().filter(|(id, _)| ids.contains(id));
    hits.map(|(_, n)| u64::from(*n)).sum()
}
