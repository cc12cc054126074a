//! `[[alerts]]`

use super::*;
use crate::config::{
    alerts::{Format, Recipient, Subject},
    show,
};

const ROUTE: &str = "routes.r.tiers = ['openai/a']\n";
const TWO: &str = "[[alerts]]\nname = 'oncall'\nurl = { env = 'HOOK' }\nformat = 'slack'\n\
    headers = { x-auth = { env = 'AUTH' } }\non = ['rung3', 'transition']\n\
    [[alerts]]\ncommand = ['page', 'sk-geheim-7']\ndrills = true\n";

/// The variables hold addresses here.
fn read(text: &str) -> Config {
    let env = |name: &str| match name {
        "HOOK" | "AUTH" => Some(format!("https://hooks.example/value-of-{name}")),
        name => env(name),
    };
    load_with("c.toml", text, &env).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_webhook_and_a_command_are_told_what_they_ask_for() {
    let alerts = read(&format!("{ROUTE}{TWO}")).alerts;
    let [hook, command] = alerts.as_slice() else {
        panic!("{alerts:?}")
    };
    let Recipient::Webhook(webhook) = &hook.to else {
        panic!("{hook:?}")
    };
    assert_eq!((webhook.format, webhook.headers.len()), (Format::Slack, 1));
    assert_eq!(hook.on, [Subject::Transition, Subject::Rung3]);
    assert!(!hook.drills && command.drills);
    assert_eq!(command.name, "alert-2");
    assert!(!command.on.contains(&Subject::Steps) && command.on.len() == 9);
}

#[test]
fn neither_addresses_nor_headers_nor_keys_among_arguments_are_shown() {
    let config = read(&format!("{ROUTE}{TWO}"));
    let shown = format!("{}{config:?}{config:#?}", show(&config));
    assert!(
        !shown.contains("value-of") && !shown.contains("geheim"),
        "{shown}"
    );
    assert!(shown.contains("url = { env = \"HOOK\" }"), "{shown}");
}

#[test]
fn what_is_shown_reads_back() {
    let text = format!("{ROUTE}{}", TWO.replace("sk-geheim-7", "--now"));
    let shown = show(&read(&text));
    assert_eq!(show(&read(&shown)), shown);
}

#[test]
fn what_would_tell_nobody_is_a_problem() {
    for (lines, why) in [
        ("name = 'x'", "a url or a command, one of them"),
        (
            "url = 'http://h'\ncommand = ['x']",
            "a url or a command, one of them",
        ),
        ("url = 'hooks.slack.com/x'", "no address of a webhook"),
        (
            "url = { env = 'MISSING' }",
            "MISSING is not set; without it nobody would be told",
        ),
        ("command = []", "a program and its arguments"),
        (
            "url = 'http://h'\non = []",
            "nobody would be told of anything",
        ),
        (
            "url = 'http://h'\non = ['rung']",
            "\"rung\" is not known here",
        ),
        (
            "url = 'http://h'\nname = 'a b'",
            "a name is up to 40 letters",
        ),
        ("command = ['x']\nformat = 'slack'", "format is for a url"),
        (
            "url = 'http://h'\nname='a'\n[[alerts]]\nurl='http://h'\nname='a'",
            "two alerts are named",
        ),
    ] {
        let said = problems("c.toml", &format!("{ROUTE}[[alerts]]\n{lines}"));
        assert!(said.contains(why), "{lines}\n{said}");
    }
}
