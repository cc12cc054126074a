use super::{GOOD, audit_of, good_with, ids, line, only};
use crate::audit::{Audit, Level};

#[test]
fn a_door_to_the_network_wants_client_keys() {
    let found = only("open-door", &[("127.0.0.1:4141", "0.0.0.0:4141")]);
    assert_eq!((found.level(), line(&found)), (Level::Error, Some(21)));
    let keyed = "0.0.0.0:4141\"\nclient_keys = [{ env = \"CLIENT_KEY\" }]\n#\"";
    let audit = audit_of("c.toml", &good_with(&[("127.0.0.1:4141", keyed)]));
    assert_eq!(ids(&audit), [""; 0]);
}

#[test]
fn no_journal_is_a_warning() {
    let found = only(
        "no-journal",
        &[("[cache]", "[journal]\npath = \"off\"\n[cache]")],
    );
    assert_eq!((found.level(), line(&found)), (Level::Warning, Some(23)));
}

#[test]
fn a_provider_that_was_switched_off_is_a_note_and_no_missing_key() {
    let text = format!("[providers.groq]\ndisabled = \"contract ended\"\n{GOOD}");
    let text = text.replacen("judges = [", "judges = [\"groq/llama-3.3-70b\", ", 1);
    let audit = audit_of("c.toml", &text);
    let found = audit
        .findings
        .iter()
        .find(|f| f.rule.id == "disabled")
        .unwrap();
    assert!(
        found.message.contains("contract ended"),
        "{}",
        found.message
    );
    assert_eq!(line(found), Some(1));
    assert!(!ids(&audit).contains(&"no-key"));
}

#[test]
fn a_deployment_that_nobody_asks_is_named() {
    let found = only(
        "unrouted",
        &[(
            "[judge]",
            "[deployments.\"openai/gpt-5\"]\nrpm = 5\n[judge]",
        )],
    );
    assert_eq!((found.level(), line(&found)), (Level::Note, Some(15)));
    assert!(found.message.contains("openai/gpt-5"), "{}", found.message);
}

#[test]
fn warnings_on_reading_are_counted_and_not_repeated() {
    let text = format!("[providers.mistral]\nkey = \"sk-geheim-geheim-123\"\n{GOOD}");
    let audit = audit_of("c.toml", &text);
    assert_eq!(ids(&audit), ["load-warnings"]);
    assert!(audit.findings[0].message.starts_with("1 warning "));
}

#[test]
fn what_cannot_be_read_is_an_error_at_its_line() {
    let text = GOOD.replacen("sample = 0.05", "sampel = 0.05", 1);
    let problems = crate::config::parse("c.toml", &text, &super::env).unwrap_err();
    let audit = Audit::unreadable(&problems);
    assert_eq!(ids(&audit), ["unreadable"]);
    assert_eq!(line(&audit.findings[0]), Some(17));
    assert_eq!(audit.worst(), Some(Level::Error));
}

#[test]
fn a_configuration_that_tells_nobody_is_a_note() {
    let found = only("no-alerts", &[("[[alerts]]\ncommand = [\"page\"]\n", "")]);
    assert_eq!((found.level(), line(&found)), (Level::Note, None));
}
