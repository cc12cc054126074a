//! `[control]`

use super::*;
use crate::{
    config::{SocketAt, show},
    model::order::Role,
};

const TOKENS: &str = "routes.r.tiers = ['openai/a']\n[control]\nsocket = 'here.sock'\n\
    [[control.tokens]]\nname = 'oncall'\nrole = 'control'\ntoken = { env = 'ONCALL_TOKEN' }\n\
    [[control.tokens]]\nname = 'wall'\ntoken = { env = 'WALL_TOKEN' }\n";

#[test]
fn tokens_have_a_name_and_a_role_and_only_look_unless_they_say_otherwise() {
    let control = toml(TOKENS).control;
    let roles: Vec<_> = control.tokens.iter().map(|t| (&*t.name, t.role)).collect();
    assert_eq!(roles, [("oncall", Role::Control), ("wall", Role::View)]);
    assert!(matches!(control.socket, SocketAt::Path(path) if path.ends_with("here.sock")));
    assert!(control.tokens[0].is(b"value-of-ONCALL_TOKEN"));
    assert!(!control.tokens[0].is(b"value-of-WALL_TOKEN"));
    assert!(!control.tokens[0].is(b""));
}

#[test]
fn a_token_is_shown_by_where_it_comes_from_and_reads_back() {
    let config = toml(TOKENS);
    let shown = show(&config);
    assert!(
        shown.contains("token = { env = \"ONCALL_TOKEN\" }"),
        "{shown}"
    );
    assert!(!shown.contains("value-of"), "{shown}");
    assert!(!format!("{config:?}").contains("value-of"));
    assert_eq!(show(&toml(&shown)), shown);
}

#[test]
fn a_token_that_would_open_the_door_to_others_is_refused() {
    let of = |token: &str| {
        let text = format!(
            "routes.r.tiers = ['openai/a']\nserver.client_keys = ['a-key-of-the-clients']\n\
             [[control.tokens]]\nname = 'a'\ntoken = {token}"
        );
        problems("c.toml", &text)
    };
    assert!(
        of("'short'").contains("under 16 characters"),
        "{}",
        of("'short'")
    );
    let same = of("'a-key-of-the-clients'");
    assert!(same.contains("one of server.client_keys"), "{same}");
    assert!(!same.contains("a-key-of-the-clients'"), "{same}");
    let twice =
        format!("{TOKENS}[[control.tokens]]\nname = 'wall'\ntoken = {{ env = 'WALL_TOKEN' }}");
    assert!(problems("c.toml", &twice).contains("two tokens are named"));
    let missing = of("{ env = 'MISSING' }");
    assert!(missing.contains("MISSING is not set"), "{missing}");
}
