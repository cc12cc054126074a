use super::{NOW, audit_of, good_with};
use crate::audit::{Audit, json, live::Called, rules, sarif, text};
use serde_json::Value;
use std::time::Duration;

/// With an error at a line, a warning, and a note that has none.
fn bad() -> Audit {
    audit_of(
        "conf/breakerbox.toml",
        &good_with(&[
            (
                "\"openai/gpt-4.1\", timeout",
                "\"anthropic/claude-haiku-4-5\", timeout",
            ),
            ("sample = 0.05", "sample = 0"),
            (
                "[judge]",
                "[providers.mistral]\nkey = \"sk-geheim-geheim-123\"\n[judge]",
            ),
        ]),
    )
}

#[test]
fn the_text_keeps_within_eighty_columns_and_names_rule_line_and_remedy() {
    let mut audit = bad();
    audit.live = Some(vec![Called {
        deployment: "anthropic/claude-sonnet-4-5".into(),
        as_judge: false,
        ok: true,
        said: "answered".to_owned(),
        took: Some(Duration::from_millis(812)),
        input: 11,
        output: 2,
    }]);
    let told = text::tell(&audit, NOW);
    for line in told.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for part in [
        "\nroute summarize\n",
        "  ✗ error one-vendor  conf/breakerbox.toml:2:1\n",
        "    → add a tier of another maker, at another address\n",
        "\njudging\n  ! warning vanity-judge",
        "\ndrills\n  bad-key-tuesday passed, 24h",
        "✓ anthropic/claude-sonnet-4-5: answered, 812ms, 11 tokens in, 2 out\n",
        "  1 call made, 13 tokens\n",
        "\n1 error, 1 warning, 1 note",
    ] {
        let part = part.replace("24h", "1d");
        assert!(told.contains(&part), "{part:?} is not in\n{told}");
    }
    assert!(!told.contains("geheim"), "{told}");
}

#[test]
fn the_json_has_every_finding_with_its_place() {
    let told = json::tell(&bad());
    let findings = told["findings"].as_array().unwrap();
    assert_eq!(told["errors"], 1);
    assert_eq!(findings.len(), 3);
    assert_eq!(findings[0]["rule"], "one-vendor");
    assert_eq!(findings[0]["level"], "error");
    assert_eq!(findings[0]["line"], 2);
    assert_eq!(told["routes"][0]["tiers"][1]["timeout_ms"], 20_000);
    assert_eq!(told["drill"]["result"], "passed");
    assert_eq!(told["live"], Value::Null);
}

#[test]
fn sarif_says_which_rule_where_and_has_what_code_scanning_wants() {
    let log = sarif::tell(&bad());
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "breakerbox");
    let listed = driver["rules"].as_array().unwrap();
    assert_eq!(listed.len(), rules::ALL.len());
    for rule in listed {
        for text in ["shortDescription", "fullDescription"] {
            assert!(rule[text]["text"].as_str().is_some_and(|t| !t.is_empty()));
        }
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(listed[index]["id"], result["ruleId"]);
        assert_eq!(
            listed[index]["defaultConfiguration"]["level"],
            result["level"]
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "conf/breakerbox.toml");
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
    }
    let first = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&first["startLine"], &first["startColumn"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn a_rule_without_a_line_of_its_own_is_told_at_the_first() {
    let log = sarif::tell(&bad());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let warned = results
        .iter()
        .find(|r| r["ruleId"] == "load-warnings")
        .unwrap();
    assert_eq!(
        warned["locations"][0]["physicalLocation"]["region"]["startLine"],
        1
    );
}
