use super::{audit_of, env, ids, line};
use crate::{
    audit::{Facts, Level, Places, audit, sarif, text},
    config,
};
use std::{io::Write, path::Path};

const FILE: &str = "model_list:
  - model_name: fast
    litellm_params:
      model: openai/gpt-4.1
      api_key: os.environ/OPENAI_API_KEY
      timeout: 700
  - model_name: backup
    litellm_params:
      model: groq/llama-3.3-70b
      api_key: os.environ/GROQ_API_KEY
router_settings:
  fallbacks: [{fast: [backup]}]
litellm_settings:
  cache: true
";

#[test]
fn a_litellm_file_is_audited_with_its_own_lines() {
    let audit = audit_of("config.yaml", FILE);
    let of = |rule: &str| {
        let found = audit.findings.iter().find(|f| f.rule.id == rule);
        found.unwrap_or_else(|| panic!("{rule} in {:?}", ids(&audit)))
    };
    assert_eq!(line(of("one-tier")), Some(2));
    assert_eq!(line(of("deadline-too-long")), Some(2));
    assert_eq!(line(of("no-key")), Some(9));
    assert_eq!(line(of("no-judge")), None, "it has no place for judges");
    assert!(!ids(&audit).contains(&"no-rung-1"));
}

#[test]
fn what_others_fall_back_to_is_no_route_without_failover() {
    let two = FILE.replace("groq/llama-3.3-70b", "anthropic/claude-sonnet-4-5");
    let two = two
        .replace("GROQ", "ANTHROPIC")
        .replace("      timeout: 700\n", "");
    let audit = audit_of("config.yaml", &two);
    assert_eq!(audit.count(Level::Error), 0, "{:#?}", audit.findings);
    let found = audit
        .findings
        .iter()
        .find(|f| f.rule.id == "fallback-route")
        .unwrap();
    assert_eq!(line(found), Some(6));
    assert!(
        found.message.starts_with("route fast falls back to it"),
        "{}",
        found.message
    );
    let alone = "  - model_name: alone\n    litellm_params: {model: openai/gpt-5, api_key: os.environ/OPENAI_API_KEY}\n";
    let own = two.replace("router_settings:", &format!("{alone}router_settings:"));
    assert!(ids(&audit_of("config.yaml", &own)).contains(&"one-tier"));
}

#[test]
fn a_vendor_that_is_not_supported_is_a_warning() {
    let other = FILE.replace("groq/llama", "vertex_ai/llama");
    let audit = audit_of("config.yaml", &other);
    let found = audit
        .findings
        .iter()
        .find(|f| f.rule.id == "unsupported")
        .unwrap();
    assert!(found.message.contains("vertex_ai"), "{}", found.message);
    assert_eq!((found.level(), line(found)), (Level::Warning, Some(9)));
}

/// Configurations that others published. They need not be good; they must be told.
#[test]
fn configurations_of_others_are_audited_and_told() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/litellm");
    let Ok(files) = dir.read_dir() else {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", dir.display());
        return;
    };
    for file in files.map(|entry| entry.unwrap().path()) {
        let written = std::fs::read_to_string(&file).unwrap();
        let name = file.display().to_string();
        let all_set = |name: &str| {
            let region = name.contains("REGION").then(|| "us-east-1".to_owned());
            region
                .or_else(|| env(name))
                .or(Some("x-geheim-1234567".to_owned()))
        };
        let config = match config::parse(&name, &written, &all_set) {
            Ok(config) => config,
            Err(problems) => {
                assert!(!problems.list.is_empty());
                continue;
            }
        };
        let facts = Facts {
            config: &config,
            drills: &[],
            now: super::NOW,
        };
        let mut audit = audit(facts);
        audit.locate(&Places::read(&name, &written));
        assert!(ids(&audit).contains(&"never-drilled"), "{name}");
        let told = text::tell(&audit, super::NOW) + &sarif::tell(&audit).to_string();
        assert!(!told.contains("geheim"), "{name}");
        // Without any variable it is either refused, or the missing keys are named.
        let bare = config::parse(&name, &written, &|_: &str| None);
        assert!(
            bare.is_err() || !bare.unwrap().warnings.is_empty(),
            "{name}"
        );
    }
}
