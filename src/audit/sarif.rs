//! An audit as SARIF 2.1.0, which code scanning on GitHub and elsewhere reads.

use super::{Audit, Finding, Rule, rules};
use serde_json::{Value, json};
use std::path::Path;

/// The whole log. Every rule stands in it, broken or not, so that a place in the list is the same in every run.
pub fn tell(audit: &Audit) -> Value {
    let rules: Vec<_> = rules::ALL.iter().map(|rule| descriptor(rule)).collect();
    let uri = uri(&audit.file);
    let results: Vec<_> = audit.findings.iter().map(|f| result(f, &uri)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "breakerbox",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": format!("{}.", rule.title) },
        "fullDescription": { "text": format!("{}. {}", rule.title, rule.why) },
        "defaultConfiguration": { "level": rule.level },
    })
}

fn result(finding: &Finding, uri: &str) -> Value {
    let index = rules::ALL.iter().position(|rule| *rule == finding.rule);
    // Code scanning shows nothing that has no line: what the file as a whole lacks stands at its first.
    let (line, column) = finding.place.map_or((1, 1), |p| (p.line, p.column));
    json!({
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.level(),
        "message": { "text": format!("{}: {}. To mend it: {}.", finding.about, finding.message, finding.todo) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri },
            "region": { "startLine": line, "startColumn": column },
        }}],
    })
}

/// A path as a reference: relative ones stay relative, to wherever the run is.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    if Path::new(file).is_absolute() {
        uri.push_str("file://");
    }
    let file = file.strip_prefix("./").unwrap_or(file);
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    uri
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).map_or('0', |c| c.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_every_reader_takes() {
        assert_eq!(uri("./conf/breaker box.toml"), "conf/breaker%20box.toml");
        assert_eq!(uri("/etc/größe.toml"), "file:///etc/gr%C3%B6%C3%9Fe.toml");
    }
}
