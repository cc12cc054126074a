//! One good configuration, and for every rule a change that breaks that rule.

mod agree;
mod drilled;
mod judged;
mod litellm;
mod routes;
mod told;
mod whole;

use super::{Audit, Facts, Finding, Places, audit};
use crate::{
    config::{self, Config},
    drill::{Numbers, ledger::Entry},
    model::{Wall, drill::DrillResult},
};
use std::time::Duration;

const NOW: Wall = Wall(1_800_000_000_000);
const DAY: Duration = Duration::from_hours(24);

/// Nothing is to be said against this one.
const GOOD: &str = r#"[routes.summarize]
tiers = [
  { deployment = "anthropic/claude-sonnet-4-5", timeout = "20s" },
  { deployment = "openai/gpt-4.1", timeout = "20s" },
]
context_fallbacks = ["gemini/gemini-2.5-pro"]
policy_fallbacks = ["gemini/gemini-2.5-pro"]
[routes.summarize.canned]
text = "The assistant is away for about {minutes} min."
json = '{"ok":false}'
[deployments."anthropic/claude-sonnet-4-5"]
context_window = 200000
[deployments."gemini/gemini-2.5-pro"]
context_window = 1000000
[judge]
judges = ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-pro"]
sample = 0.05
[breaker]
cooldown = "5m"
[server]
listen = "127.0.0.1:4141"
[cache]
enabled = true
[[alerts]]
command = ["page"]
"#;

/// With all usual keys, but those of Groq.
fn env(name: &str) -> Option<String> {
    match name {
        "HOME" => Some("/home/somebody".to_owned()),
        "GROQ_API_KEY" => None,
        name => name
            .ends_with("_KEY")
            .then(|| "sk-geheim-geheim-123".to_owned()),
    }
}

fn read(name: &str, text: &str) -> Config {
    config::parse(name, text, &env).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The good one, changed.
fn good_with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in the good one");
        text.replacen(from, to, 1)
    })
}

fn entry(config: &Config, scenario: &str, result: DrillResult, ago: Duration) -> Entry {
    Entry {
        date: String::new(),
        ended: Wall(NOW.0 - u64::try_from(ago.as_millis()).unwrap()),
        scenario: scenario.to_owned(),
        config: config.hash.clone(),
        result,
        why: String::new(),
        who: "oncall".to_owned(),
        radius: String::new(),
        took: Duration::ZERO,
        checks_passed: 6,
        checks: 6,
        steady: Numbers::default(),
        drill: Numbers::default(),
    }
}

/// Audited as drilled yesterday, with places.
fn audit_of(name: &str, text: &str) -> Audit {
    let config = read(name, text);
    let drills = [entry(&config, "bad-key-tuesday", DrillResult::Passed, DAY)];
    let mut done = audit(Facts {
        config: &config,
        drills: &drills,
        now: NOW,
    });
    name.clone_into(&mut done.file);
    done.locate(&Places::read(name, text));
    done
}

fn ids(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|f| f.rule.id).collect()
}

/// The one finding of the good configuration after these changes.
fn only(rule: &str, changes: &[(&str, &str)]) -> Finding {
    let audit = audit_of("c.toml", &good_with(changes));
    assert_eq!(ids(&audit), [rule], "{:#?}", audit.findings);
    audit.findings.into_iter().next().unwrap()
}

fn line(finding: &Finding) -> Option<usize> {
    finding.place.map(|p| p.line)
}

#[test]
fn a_good_configuration_has_no_findings() {
    assert_eq!(ids(&audit_of("c.toml", GOOD)), [""; 0]);
}
