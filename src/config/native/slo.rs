//! `[slo]`

use crate::config::read::Table;
use crate::model::Slo;
use std::time::Duration;

/// Shorter than a page is answered in.
const LEAST: Duration = Duration::from_hours(1);
const MOST: Duration = Duration::from_hours(366 * 24);

/// None: nothing is promised.
pub(super) fn read(table: Option<Table<'_>>) -> Option<Slo> {
    let table = table?;
    let mut slo = Slo::default();
    if let Some(field) = table.get("target")
        && let Some(share) = field.share()
    {
        slo.target = share;
        if !(0.5..1.0).contains(&share) {
            field.error("from 0.5 to under 1: nobody can promise that nothing ever fails");
        }
    }
    if let Some(time) = table.get("window").and_then(|f| f.duration(LEAST..=MOST)) {
        slo.window = time;
    }
    slo.p95 = table
        .get("p95")
        .and_then(|f| f.duration(Duration::from_millis(1)..));
    if let Some(good) = table.get("canned_is_good").and_then(|f| f.boolean()) {
        slo.canned_is_good = good;
    }
    table.finish();
    Some(slo)
}
