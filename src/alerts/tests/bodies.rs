//! What arrives, field by field.

use super::*;
use crate::{
    alerts::{
        body::{Message, Speaker},
        sieve::Told,
    },
    config::alerts::Format,
};

fn message(concern: Concern, times: usize) -> Message {
    let router = Speaker {
        host: "edge-1".to_owned(),
        listen: "127.0.0.1:4141".to_owned(),
        version: "0.1.0".to_owned(),
    };
    Message::new(
        Told { concern, times },
        "1793491200000-1".to_owned(),
        router,
    )
}

fn pretty(body: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    format!("{value:#}")
}

#[test]
fn the_generic_form_says_everything() {
    let body = message(concern(opened()), 1).body(Format::Json);
    insta::assert_snapshot!(pretty(&body));
}

#[test]
fn what_is_over_says_how_often_it_began() {
    let body = message(concern(closed()), 6).body(Format::Json);
    insta::assert_snapshot!(pretty(&body));
}

#[test]
fn slack_gets_two_lines() {
    let drilled = Concern {
        drill: true,
        ..concern(opened())
    };
    let bodies = [
        message(concern(opened()), 1),
        message(concern(closed()), 6),
        message(drilled, 1),
    ];
    let texts: Vec<_> = bodies
        .iter()
        .map(|m| pretty(&m.body(Format::Slack)))
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn nobody_can_call_a_whole_channel_by_what_he_writes() {
    let on = Kind::Rung3On {
        route: None,
        who: "<!channel>".to_owned(),
        why: "a & b".to_owned(),
        until: T0,
    };
    let body = message(concern(on), 1).body(Format::Slack);
    assert!(
        !body.contains('<') && body.contains("&lt;!channel&gt;"),
        "{body}"
    );
    assert!(body.contains("a &amp; b"), "{body}");
}
