//! What remains of a drill: its report, and its line in the ledger.

use super::{Ledger, Report};
use std::path::{Path, PathBuf};

/// Writes the report into `dir`, or `drills/` in the state directory, and the line into the ledger there. Gives the
/// report's path; none where there is no place for one.
pub fn keep(
    report: &Report,
    dir: Option<&Path>,
    state: Option<&Path>,
) -> Result<Option<PathBuf>, String> {
    let own = state.map(|s| s.join("drills"));
    let write = |dir: &Path| {
        report
            .write(dir)
            .map_err(|e| format!("the report is not written to {}: {e}", dir.display()))
    };
    let written = dir.or(own.as_deref()).map(write).transpose()?;
    if let Some(state) = state {
        let ledger = Ledger::in_dir(state);
        ledger
            .append(report)
            .map_err(|e| format!("{} is not written: {e}", ledger.path().display()))?;
    }
    Ok(written)
}
