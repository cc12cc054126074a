//! What both readers of configurations keep to, whatever they are given.

use breakerbox::config::{self, Env};
use std::path::Path;

/// What every variable holds.
const SECRET: &str = "geheim-0123456789";

/// Variables, but neither files nor commands.
struct Variables;

impl Env for Variables {
    fn var(&self, name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/op".to_owned()),
            name if name.starts_with("XDG_") || name.contains("MISSING") => None,
            _ => Some(SECRET.to_owned()),
        }
    }

    fn read(&self, _: &Path) -> Result<String, String> {
        Err("no files here".to_owned())
    }

    fn run(&self, _: &str, _: &[String]) -> Result<String, String> {
        Err("no commands here".to_owned())
    }
}

/// Reads a configuration: no panic, every problem is at a place that is in the file, no secret is told, and what is
/// shown of it loads again (but for keys, which are not shown).
pub fn check(name: &str, text: &str) {
    let told = match config::parse(name, text, &Variables) {
        Ok(config) => {
            let shown = config::show(&config);
            if !shown.contains("<set>") {
                let again = config::parse("breakerbox.toml", &shown, &Variables);
                let again = again.map(|config| config::show(&config));
                assert_eq!(
                    again.map_err(|e| e.to_string()),
                    Ok(shown.clone()),
                    "{shown}"
                );
            }
            shown + &config.warnings.join("\n")
        }
        Err(problems) => {
            assert!(!problems.list.is_empty(), "refused without a reason");
            let lines: Vec<&str> = text.split('\n').collect();
            for (line, column) in problems.list.iter().filter_map(|p| p.at) {
                let at = line.checked_sub(1).and_then(|n| lines.get(n));
                let within = at.is_some_and(|l| (1..=l.chars().count() + 1).contains(&column));
                assert!(within, "{line}:{column} is not in the file");
            }
            problems.to_string()
        }
    };
    assert!(
        !told.contains(SECRET) || text.contains("geheim"),
        "a secret is told: {told}"
    );
}
