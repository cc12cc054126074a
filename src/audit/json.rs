//! An audit for programs.

use super::{Audit, Finding, Level};
use serde_json::{Value, json};

/// One object. What is in it stays in it; more may come.
pub fn tell(audit: &Audit) -> Value {
    let findings: Vec<_> = audit.findings.iter().map(|f| finding(audit, f)).collect();
    json!({
        "file": audit.file,
        "config": audit.hash,
        "errors": audit.count(Level::Error),
        "warnings": audit.count(Level::Warning),
        "notes": audit.count(Level::Note),
        "findings": findings,
        "routes": audit.routes,
        "drill": audit.drill,
        "live": audit.live,
    })
}

fn finding(audit: &Audit, finding: &Finding) -> Value {
    json!({
        "rule": finding.rule.id,
        "level": finding.level(),
        "about": finding.about.to_string(),
        "message": finding.message,
        "todo": finding.todo,
        "file": audit.file,
        "line": finding.place.map(|p| p.line),
        "column": finding.place.map(|p| p.column),
    })
}
