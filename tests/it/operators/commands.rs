//! What a command may carry, and how many may come.

use super::{CONTROL, FORCE, HERE, JSON, TOKENS, VIEW, bearer, give, nothing_happened, rig, said};
use breakerbox::{headless, model::Kind};
use serde_json::json;

#[tokio::test]
async fn what_is_no_command_is_refused_with_the_reason_and_nothing_happens() {
    let (mut rig, _) = rig("").await;
    let long = json!({"command": format!("release {}", "x".repeat(3000))}).to_string();
    let huge = json!({"command": "x".repeat(100_000)}).to_string();
    for (body, status, why) in [
        ("", 400, "EOF"),
        ("{", 400, "EOF"),
        ("force a/m-a open", 400, "expected"),
        ("[]", 400, "length 0"),
        (r#"{"command": 7}"#, 400, "string"),
        (r#"{"actor": "ana"}"#, 400, "command"),
        (
            r#"{"command": "force a/m-a open", "role": "control"}"#,
            400,
            "role",
        ),
        (r#"{"command": "force a/m-a opne"}"#, 400, "open"),
        (r#"{"command": "force 'a/m-a open"}"#, 400, "quotation"),
        (
            r#"{"command": "force a/m-a open; release a/m-a"}"#,
            400,
            "'release'",
        ),
        (r#"{"command": "--help"}"#, 400, "--help"),
        (long.as_str(), 400, "2000 bytes"),
        (huge.as_str(), 413, "length"),
    ] {
        let answer = give(&rig, &[], body).await;
        let short: String = body.chars().take(60).collect();
        assert_eq!(answer.status, status, "{short}: {answer:?}");
        assert!(answer.why().contains(why), "{short}: {answer:?}");
    }
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn a_name_or_a_reason_cannot_write_a_line_of_its_own() {
    let (mut rig, _) = rig("").await;
    let actor = format!(
        "ana\n00:00:00Z GOOD all is well\u{1b}[2J\u{202e}{}",
        "x".repeat(200)
    );
    let command = "force a/m-a open --for 1m --why \"over\r\n00:00:00Z GOOD all is well\u{7}\"";
    let body = json!({"command": command, "actor": actor}).to_string();
    assert_eq!(give(&rig, &[], &body).await.status, 200);
    let mut told = Vec::new();
    told.push(rig.event(|k| matches!(k, Kind::Forced { .. })).await);
    told.push(rig.event(|k| matches!(k, Kind::Command { .. })).await);
    for event in &told {
        let line = headless::line(event);
        let moves = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!line.contains(moves), "{line:?}");
        assert!(line.len() < 400, "{line}");
    }
    let nobody = json!({"command": "release 'no\nGOOD body'", "actor": ""}).to_string();
    let refused = give(&rig, &[], &nobody).await;
    assert_eq!(refused.status, 409);
    let event = rig.event(|k| matches!(k, Kind::Command { .. })).await;
    assert!(matches!(&event.kind, Kind::Command { actor, .. } if actor == "operator"));
    assert!(!headless::line(&event).contains('\n'));
}

#[tokio::test]
async fn commands_that_come_too_fast_are_refused_for_whoever_sends_them() {
    let (mut rig, _) = rig(TOKENS).await;
    let mut slowed = Vec::new();
    for _ in 0..30 {
        let answer = give(&rig, &[&bearer(CONTROL)], r#"{"command": "normal pin"}"#).await;
        if answer.status == 429 {
            slowed.push(answer.header("retry-after").map(str::to_owned));
        }
    }
    assert!((1..=10).contains(&slowed.len()), "{slowed:?}");
    assert!(slowed.iter().all(|after| after.as_deref() == Some("1")));
    let mut carried = 0;
    while let Some(event) = rig.told() {
        carried += usize::from(matches!(event.kind, Kind::Command { .. }));
    }
    assert_eq!(
        carried + slowed.len(),
        30,
        "what was slowed was not looked at"
    );
    let other = give(&rig, &[&bearer(VIEW)], FORCE).await;
    assert_eq!(other.status, 403, "another token is another operator");
}

#[tokio::test]
async fn a_command_that_does_not_arrive_is_not_waited_for() {
    let (mut rig, _) = rig("[server]\nbody_timeout = \"200ms\"\n").await;
    let half = ["content-length: 99", HERE, JSON];
    let answer = said(&rig, "POST", "/admin/command", &half, "").await;
    assert_eq!(answer.status, 408, "{answer:?}");
    assert!(answer.why().contains("within 200ms"), "{answer:?}");
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn a_stranger_is_refused_before_what_he_sends_is_read() {
    let (mut rig, _) = rig(TOKENS).await;
    let endless = ["content-length: 9999999999", HERE, JSON];
    let answer = said(&rig, "POST", "/admin/command", &endless, "").await;
    assert_eq!(answer.status, 401);
    nothing_happened(&mut rig);
}
