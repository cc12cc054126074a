//! The dated report of one drill, as JSON and as Markdown.

use super::{Numbers, check::Finding};
use crate::model::{
    Event, Kind, Wall,
    drill::{DrillResult, DrillStep},
    time::latency,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The version of the JSON form.
const SCHEMA: u32 = 1;
/// Lines of a timeline that a person reads.
const MOMENTS: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub schema: u32,
    pub scenario: String,
    pub title: String,
    pub what: String,
    pub who: String,
    pub began: Wall,
    pub ended: Wall,
    pub route: String,
    /// The primary first; deployments that share a tier are joined by `|`.
    pub tiers: Vec<String>,
    pub config_hash: String,
    pub simulated: bool,
    /// To whom it happened.
    pub radius: String,
    pub result: DrillResult,
    /// Empty when the checks say it all.
    pub why: String,
    pub steady: Numbers,
    pub drill: Numbers,
    pub checks: Vec<Finding>,
    /// What was not yet back when the watching ended.
    pub recovering: Vec<String>,
    pub timeline: Vec<Moment>,
}

/// A line of the timeline: what happened, first when, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: Wall,
    pub text: String,
    pub times: u32,
}

impl Report {
    pub const fn schema() -> u32 {
        SCHEMA
    }

    /// Writes `2026-11-20T14-03-22Z-bad-key-tuesday.json` and `.md` into a directory; the path of the Markdown.
    pub fn write(&self, dir: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(dir)?;
        let base = dir.join(format!("{}-{}", self.stamp(), self.scenario));
        let json = serde_json::to_string_pretty(self)?;
        fs::write(base.with_extension("json"), json + "\n")?;
        let markdown = base.with_extension("md");
        fs::write(&markdown, self.markdown())?;
        Ok(markdown)
    }

    fn stamp(&self) -> String {
        let text = self.began.to_string().replace(':', "-");
        let seconds = text.split('.').next().unwrap_or(&text);
        format!("{seconds}Z")
    }

    pub fn markdown(&self) -> String {
        let mut out = format!(
            "# Drill: {}\n\n**{}**{}\n\n{}\n\n",
            self.title,
            self.result.as_str().to_uppercase(),
            because(&self.why),
            self.what.trim()
        );
        let on = if self.simulated {
            "simulated providers".to_owned()
        } else {
            format!("configuration {}", self.config_hash)
        };
        let facts = [
            ("Scenario", self.scenario.clone()),
            ("Began", self.began.to_string()),
            ("Ended", self.ended.to_string()),
            ("By", self.who.clone()),
            (
                "Route",
                format!("{}: {}", self.route, self.tiers.join(" → ")),
            ),
            ("On", on),
            ("Failures for", self.radius.clone()),
        ];
        for (name, value) in facts {
            // A String takes everything, here and below.
            let _ = writeln!(out, "- {name}: {value}");
        }
        out.push_str("\n## Checks\n\n");
        for check in &self.checks {
            let _ = writeln!(
                out,
                "- {} {}: {}",
                mark(check.passed),
                check.check,
                check.numbers
            );
        }
        if self.checks.is_empty() {
            out.push_str("None was reached.\n");
        }
        self.figures(&mut out);
        if !self.recovering.is_empty() {
            let _ = writeln!(
                out,
                "\nStill on the way back: {}.",
                self.recovering.join("; ")
            );
        }
        out.push_str("\n## Timeline\n\n");
        for moment in &self.timeline {
            let times = match moment.times {
                1 => String::new(),
                n => format!(" (×{n})"),
            };
            let _ = writeln!(out, "- {}Z {}{times}", moment.at.clock(), moment.text);
        }
        out
    }

    fn figures(&self, out: &mut String) {
        out.push_str("\n## Numbers\n\n| | steady | drill |\n|---|---|---|\n");
        let (s, d) = (&self.steady, &self.drill);
        let counts = [
            ("requests", s.requests, d.requests),
            ("failed", s.failed, d.failed),
            ("by the primary", s.primary, d.primary),
            ("from the cache", s.cached, d.cached),
            ("by a tier below", s.fallback, d.fallback),
            ("canned", s.canned, d.canned),
        ];
        for (name, steady, drill) in counts {
            let _ = writeln!(out, "| {name} | {steady} | {drill} |");
        }
        for (name, steady, drill) in [("p50", s.p50, d.p50), ("p95", s.p95, d.p95)] {
            let _ = writeln!(out, "| {name} | {} | {} |", latency(steady), latency(drill));
        }
    }
}

pub fn mark(passed: bool) -> &'static str {
    if passed { "✓" } else { "✗" }
}

fn because(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    }
}

/// What happened, in the words of the event list; the same line again is counted, not repeated.
pub(super) fn timeline(events: &[Arc<Event>]) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    for event in events.iter().filter(|e| is_told(&e.kind)) {
        let text = event.line();
        if let Some(seen) = moments.iter_mut().find(|m| m.text == text) {
            seen.times += 1;
        } else if moments.len() < MOMENTS {
            moments.push(Moment {
                at: event.at,
                text,
                times: 1,
            });
        }
    }
    moments
}

fn is_told(kind: &Kind) -> bool {
    match kind {
        _ if kind.is_measure() => false,
        Kind::Score { .. } | Kind::Suppressed { .. } => false,
        // An order that was carried out has an event of its own.
        Kind::Command { refused, .. } => refused.is_some(),
        Kind::Drill(drill) => !matches!(drill.step, DrillStep::Checked { .. }),
        _ => true,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::event::Level;
    use std::time::Duration;

    pub(in crate::drill) fn report() -> Report {
        Report {
            schema: SCHEMA,
            scenario: "bad-key".to_owned(),
            title: "The key is bad".to_owned(),
            what: "Breaks the key.".to_owned(),
            who: "oncall".to_owned(),
            began: Wall(1_700_000_000_123),
            ended: Wall(1_700_000_060_000),
            route: "r".to_owned(),
            tiers: vec!["a/m".to_owned(), "b/m".to_owned()],
            config_hash: "abcdef".to_owned(),
            simulated: false,
            radius: "the drill's own requests".to_owned(),
            result: DrillResult::Failed,
            why: String::new(),
            steady: Numbers {
                requests: 40,
                p95: Duration::from_millis(900),
                ..Numbers::default()
            },
            drill: Numbers {
                requests: 60,
                fallback: 58,
                p95: Duration::from_millis(2100),
                ..Numbers::default()
            },
            checks: vec![Finding {
                check: "nothing reached the user".to_owned(),
                passed: false,
                numbers: "2 errors".to_owned(),
            }],
            recovering: Vec::new(),
            timeline: Vec::new(),
        }
    }

    #[test]
    fn both_forms_are_written_under_the_date_and_the_json_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = report().write(dir.path()).unwrap();
        assert!(
            path.ends_with("2023-11-14T22-13-20Z-bad-key.md"),
            "{path:?}"
        );
        let json = fs::read_to_string(path.with_extension("json")).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report());
    }

    #[test]
    fn the_markdown_has_the_verdict_the_checks_and_the_numbers_side_by_side() {
        let text = report().markdown();
        for part in [
            "# Drill: The key is bad",
            "**FAILED**",
            "- ✗ nothing reached the user: 2 errors",
            "| by a tier below | 0 | 58 |",
            "| p95 | 900ms | 2.1s |",
            "- Route: r: a/m → b/m",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn a_timeline_counts_what_repeats() {
        let event = |at, text: &str| {
            let (level, text) = (Level::Info, text.to_owned());
            let kind = Kind::Notice { level, text };
            Arc::new(Event {
                injected: false,
                seq: at,
                at: Wall(at),
                kind,
            })
        };
        let told = timeline(&[event(1, "a"), event(2, "b"), event(3, "a")]);
        let told: Vec<_> = told
            .iter()
            .map(|m| (m.at.0, m.text.as_str(), m.times))
            .collect();
        assert_eq!(told, [(1, "a", 2), (2, "b", 1)]);
    }
}
