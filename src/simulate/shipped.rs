//! The scenarios that come with breakerbox, and how one is found.

use super::{Scenario, parse};
use std::{fmt::Write as _, path::Path};

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// File name and text.
        const SHIPPED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../assets/scenarios/", $name, ".toml")),
        )),*];
    };
}

shipped!(
    "outage-april-7",
    "relapse-april-8",
    "drill-401",
    "hang-all",
    "brownout-30",
    "brownout-10",
    "brownout-5",
    "garbage-100",
    "garbage-50",
    "garbage-30",
    "garbage-16",
    "garbage-10",
    "august-2025",
    "drift-2h",
    "flap-60-120",
    "flap-10m",
    "storm-400",
    "rate-429-6pct",
    "judge-down-during-garbage",
    "judge-harsh",
    "quiet-night",
    "blip-1s",
    "blip-5s",
    "blip-30s",
    "capacity-return",
    "healthy-30d",
);

/// What they are called.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// All of them.
pub fn shipped() -> Vec<Scenario> {
    SHIPPED
        .iter()
        .map(|(name, text)| {
            parse(&format!("{name}.toml"), text)
                .expect("the tests read every scenario that is shipped")
        })
        .collect()
}

/// Files and names of shipped scenarios, `all` for all of these. Of nothing: all as well. The error names everything that
/// is wrong with any of them.
pub fn chosen(names: &[String]) -> Result<Vec<Scenario>, String> {
    if names.is_empty() {
        return Ok(shipped());
    }
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for name in names {
        match name.as_str() {
            "all" => all.extend(shipped()),
            name => find(name).map_or_else(|why| wrong.push(why), |s| all.push(s)),
        }
    }
    if wrong.is_empty() {
        Ok(all)
    } else {
        Err(wrong.join("\n"))
    }
}

fn find(name: &str) -> Result<Scenario, String> {
    let shipped = SHIPPED.iter().find(|(known, _)| *known == name);
    if let Some((_, text)) = shipped.filter(|_| !Path::new(name).exists()) {
        return parse(&format!("{name}.toml"), text).map_err(|p| p.to_string());
    }
    let text = std::fs::read_to_string(name).map_err(|why| {
        let hint = crate::config::hint(name, SHIPPED.iter().map(|(known, _)| *known));
        format!(
            "{name}: cannot be read: {why}{hint}\n`breakerbox simulate` lists the scenarios that come with breakerbox"
        )
    })?;
    parse(name, &text).map_err(|p| p.to_string())
}

/// One line for each.
pub fn list(scenarios: &[Scenario]) -> String {
    let mut text = String::from("Scenarios that come with breakerbox:\n\n");
    for s in scenarios {
        let _ = writeln!(text, "  {:<26}{}", s.name, s.what);
    }
    text + "\nbreakerbox simulate NAME runs one, `all` runs all; --help says how to write one of your own."
}
