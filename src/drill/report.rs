//! The dated report of one drill, as JSON and as Markdown.

use super::{Numbers, check::Finding, page};
use crate::model::{
    Event, Kind, Wall,
    drill::{DrillResult, DrillStep},
    time::latency,
};
use crate::postmortem::{Moment, PostMortem, Timeline};
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The version of the JSON form.
const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The same as a journal would tell it; only on the page.
    #[serde(skip)]
    pub story: Option<PostMortem>,
}

impl Report {
    pub const fn schema() -> u32 {
        SCHEMA
    }

    /// Writes `2026-11-20T14-03-22Z-bad-key-tuesday.json`, `.md` and `.html` into a directory; the path of the Markdown.
    pub fn write(&self, dir: &Path) -> io::Result<PathBuf> {
        fs::create_dir_all(dir)?;
        let base = dir.join(format!("{}-{}", self.stamp(), self.scenario));
        let json = serde_json::to_string_pretty(self)?;
        fs::write(base.with_extension("json"), json + "\n")?;
        fs::write(
            base.with_extension("html"),
            page::render(self).into_string(),
        )?;
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
        for [name, steady, drill] in side_by_side(&self.steady, &self.drill) {
            let _ = writeln!(out, "| {name} | {steady} | {drill} |");
        }
    }
}

/// Name, steady, drill.
pub(super) fn side_by_side(steady: &Numbers, drill: &Numbers) -> [[String; 3]; 8] {
    let count = |name: &str, of: fn(&Numbers) -> u32| {
        [
            name.to_owned(),
            of(steady).to_string(),
            of(drill).to_string(),
        ]
    };
    let time = |name: &str, of: fn(&Numbers) -> Duration| {
        [name.to_owned(), latency(of(steady)), latency(of(drill))]
    };
    [
        count("requests", |n| n.requests),
        count("failed", |n| n.failed),
        count("by the primary", |n| n.primary),
        count("from the cache", |n| n.cached),
        count("by a tier below", |n| n.fallback),
        count("canned", |n| n.canned),
        time("p50", |n| n.p50),
        time("p95", |n| n.p95),
    ]
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

/// What happened; the checks stand on their own.
pub(super) fn timeline(events: &[Arc<Event>], end: Wall) -> Vec<Moment> {
    let is_check = |kind: &Kind| match kind {
        Kind::Drill(drill) => matches!(drill.step, DrillStep::Checked { .. }),
        _ => false,
    };
    let mut timeline = Timeline::default();
    for event in events.iter().filter(|e| !is_check(&e.kind)) {
        timeline.push(event);
    }
    timeline.done(end)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

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
            story: None,
        }
    }

    #[test]
    fn all_forms_are_written_under_the_date_and_the_json_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = report().write(dir.path()).unwrap();
        assert!(
            path.ends_with("2023-11-14T22-13-20Z-bad-key.md"),
            "{path:?}"
        );
        assert!(path.with_extension("html").exists());
        let json = fs::read_to_string(path.with_extension("json")).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report());
    }

    #[test]
    fn the_page_stands_alone_and_escapes_what_it_is_told() {
        let mut report = report();
        report.who = "<script>".to_owned();
        let page = page::render(&report).into_string();
        for part in [
            "FAILED",
            "nothing reached the user",
            "&lt;script&gt;",
            "2.1s",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("<script>") && !page.contains("src="));
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
}
