//! Which drills were run, for ever: one JSON line each, only ever appended to.

use super::{Numbers, Report};
use crate::model::{Wall, drill::DrillResult, time::as_ms};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// What a configuration is called that is nobody's: the simulated providers listen somewhere else each time.
const SIMULATED: &str = "simulated";

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it ended: for people, and as milliseconds.
    pub date: String,
    pub ended: Wall,
    pub scenario: String,
    /// The configuration's hash, or `simulated`.
    pub config: String,
    pub result: DrillResult,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    pub who: String,
    /// To whom it happened.
    #[serde(default)]
    pub radius: String,
    #[serde(default, rename = "took_ms", with = "as_ms")]
    pub took: Duration,
    pub checks_passed: usize,
    pub checks: usize,
    pub steady: Numbers,
    pub drill: Numbers,
}

impl Entry {
    fn of(report: &Report) -> Self {
        Self {
            date: report.ended.to_string(),
            ended: report.ended,
            scenario: report.scenario.clone(),
            config: config_name(&report.config_hash, report.simulated).to_owned(),
            result: report.result,
            why: report.why.clone(),
            who: report.who.clone(),
            radius: report.radius.clone(),
            took: report.ended.since(report.began),
            checks_passed: report.checks.iter().filter(|c| c.passed).count(),
            checks: report.checks.len(),
            steady: report.steady,
            drill: report.drill,
        }
    }
}

/// What the ledger calls a configuration.
pub fn config_name(hash: &str, simulated: bool) -> &str {
    if simulated { SIMULATED } else { hash }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    /// The ledger of a state directory: `drills.jsonl` in it.
    pub fn in_dir(state: &Path) -> Self {
        Self {
            path: state.join("drills.jsonl"),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn append(&self, report: &Report) -> io::Result<()> {
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut line = serde_json::to_vec(&Entry::of(report))?;
        line.push(b'\n');
        let mut file = File::options()
            .create(true)
            .read(true)
            .append(true)
            .open(&self.path)?;
        // What a crash left of a line must not swallow this one.
        if !ends_a_line(&mut file)? {
            line.insert(0, b'\n');
        }
        // One write: two drills that end together do not tear each other's lines.
        file.write_all(&line)?;
        file.sync_data()
    }

    /// All runs, oldest first; none when there is no ledger. Lines that are not entries are passed over: a crash may
    /// leave half a line, and a newer version may write more.
    pub fn entries(&self) -> Vec<Entry> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(e) => {
                tracing::warn!(path = %self.path.display(), %e, "the ledger of drills cannot be read");
                Vec::new()
            }
        };
        String::from_utf8_lossy(&bytes)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// The last run on a configuration, as [`config_name`] calls it.
    pub fn last(&self, config: &str) -> Option<Entry> {
        self.entries().into_iter().rfind(|e| e.config == config)
    }
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::report::tests::report;

    #[test]
    fn what_was_run_is_read_back_and_the_last_of_a_configuration_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::in_dir(&dir.path().join("state"));
        assert_eq!(ledger.entries(), []);
        for (ended, hash) in [(1, "aa"), (2, "bb"), (3, "aa")] {
            let mut report = report();
            (report.ended, report.config_hash) = (Wall(ended), hash.to_owned());
            ledger.append(&report).unwrap();
        }
        assert_eq!(ledger.entries().len(), 3);
        assert_eq!(ledger.last("aa").unwrap().ended, Wall(3));
        assert_eq!(ledger.last("bb").unwrap().ended, Wall(2));
        assert_eq!(ledger.last("cc"), None);
    }

    #[test]
    fn half_a_line_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::in_dir(dir.path());
        ledger.append(&report()).unwrap();
        let mut file = File::options().append(true).open(ledger.path()).unwrap();
        file.write_all(b"{\"date\":\"20\xff").unwrap();
        ledger.append(&report()).unwrap();
        assert_eq!(ledger.entries().len(), 2);
    }

    #[test]
    fn all_simulated_runs_are_of_one_configuration() {
        assert_eq!(config_name("aa", true), config_name("bb", true));
        assert_eq!(config_name("aa", false), "aa");
    }
}
