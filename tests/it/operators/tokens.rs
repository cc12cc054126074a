//! Tokens and what they open, and how they stay secret.

use super::{
    CONTROL, FORCE, HERE, JSON, TOKENS, VIEW, bearer, give, look, nothing_happened, over, request,
    rig, said, said_from,
};
use breakerbox::{
    app::{App, Wish},
    model::{Event, Kind, Snapshot, order::Origin},
};
use std::sync::Arc;
use tokio::net::TcpStream;

fn origin(event: &Arc<Event>) -> (String, Option<Origin>, Option<String>) {
    match &event.kind {
        Kind::Command {
            actor,
            origin,
            refused,
            ..
        } => (actor.clone(), origin.clone(), refused.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn with_tokens_whoever_shows_none_is_not_even_heard() {
    let (mut rig, _) = rig(TOKENS).await;
    for headers in [
        &[][..],
        &["authorization: Bearer"],
        &["authorization: Bearer "],
        &["authorization: Basic b25jYWxsOng="],
        &["authorization: control-token-0123456789"],
        &["x-api-key: control-token-0123456789"],
        &["cookie: token=control-token-0123456789"],
        &["authorization: Bearer control-token-012345678"],
        &["authorization: Bearer control-token-01234567890"],
    ] {
        let answer = give(&rig, headers, FORCE).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        let asks = answer.header("www-authenticate").unwrap();
        assert!(asks.starts_with("Bearer"), "{asks}");
    }
    let in_address = said(
        &rig,
        "GET",
        "/admin/snapshot?key=control-token-0123456789",
        &[HERE],
        "",
    );
    assert_eq!(in_address.await.status, 401);
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn a_token_that_may_look_gives_no_command_and_that_it_tried_is_told() {
    let (mut rig, _) = rig(TOKENS).await;
    assert_eq!(look(&rig, &[&bearer(VIEW)]).await.status, 200, "any Host");
    let answer = give(&rig, &[&bearer(VIEW)], FORCE).await;
    assert_eq!(answer.status, 403);
    assert!(answer.why().contains("view"), "{answer:?}");
    let told = rig.event(|k| matches!(k, Kind::Command { .. })).await;
    let (actor, from, refused) = origin(&told);
    assert_eq!(actor, "wall");
    let wall = Origin::Net {
        from: "127.0.0.1".to_owned(),
        token: Some("wall".to_owned()),
    };
    assert_eq!(from, Some(wall));
    assert!(refused.unwrap().contains("may look only"));
    nothing_happened(&mut rig);
}

#[tokio::test]
async fn a_token_that_may_command_is_named_beside_whoever_gives_the_command() {
    let (mut rig, _) = rig(TOKENS).await;
    let body = r#"{"command": "force a/m-a open --for 1m --why \"a test\"", "actor": "ana"}"#;
    let answer = give(&rig, &[&bearer(CONTROL)], body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = rig.event(|k| matches!(k, Kind::Command { .. })).await;
    assert_eq!(
        answer.json()["event"],
        serde_json::to_value(&*told).unwrap()
    );
    let (actor, from, refused) = origin(&told);
    assert_eq!((actor.as_str(), refused), ("ana", None));
    assert_eq!(from.unwrap().to_string(), "127.0.0.1, token oncall");
    let forced = |s: &Snapshot| s.deployments.first()?.force.clone();
    let snapshot = rig.until("the force", |s| forced(s).is_some()).await;
    let forced = forced(&snapshot).unwrap();
    assert_eq!(
        (forced.who.as_str(), forced.why.as_str()),
        ("ana", "a test")
    );
}

#[tokio::test]
async fn what_the_router_refuses_is_a_conflict_with_its_event() {
    let (mut rig, _) = rig("").await;
    let answer = give(&rig, &[], r#"{"command": "release a/m-a"}"#).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.why(), "a/m-a is not forced");
    let told = rig.event(|k| matches!(k, Kind::Command { .. })).await;
    assert_eq!(
        answer.json()["event"],
        serde_json::to_value(&*told).unwrap()
    );
}

#[tokio::test]
async fn keys_of_clients_and_tokens_of_operators_open_each_their_own_doors() {
    let keys = format!("[server]\nclient_keys = [\"a-key-of-the-clients\"]\n{TOKENS}");
    let (mut rig, _) = rig(&keys).await;
    let client = bearer("a-key-of-the-clients");
    assert_eq!(give(&rig, &[&client], FORCE).await.status, 401);
    assert_eq!(look(&rig, &[HERE, &client]).await.status, 401);
    nothing_happened(&mut rig);
    let ask = async |key: &str| {
        let headers = [HERE, JSON, &bearer(key)];
        let body = r#"{"model": "nobody", "messages": []}"#;
        said(&rig, "POST", "/v1/chat/completions", &headers, body).await
    };
    assert_eq!(
        ask("a-key-of-the-clients").await.status,
        404,
        "no such model"
    );
    for token in [VIEW, CONTROL] {
        assert_eq!(ask(token).await.status, 401);
        let models = said(&rig, "GET", "/v1/models", &[HERE, &bearer(token)], "").await;
        assert_eq!(models.status, 401);
    }
}

/// Without it 16 characters could be tried out.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn after_ten_wrong_tokens_nothing_more_is_looked_at_from_that_address_alone() {
    let (mut rig, _) = rig(TOKENS).await;
    for i in 0..10 {
        let wrong = bearer(&format!("a-guess-0123456789-{i}"));
        assert_eq!(give(&rig, &[&wrong], FORCE).await.status, 401, "{i}");
    }
    for token in [VIEW, CONTROL, "a-guess-0123456789-11"] {
        let answer = give(&rig, &[&bearer(token)], FORCE).await;
        assert_eq!(answer.status, 429, "{token}");
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert_eq!(answer.json()["error"]["code"], "wrong_tokens");
        let body = answer.body;
        assert!(!body.contains("known") && !body.contains(token), "{body}");
    }
    nothing_happened(&mut rig);
    let elsewhere = request("GET", "/admin/snapshot", &[HERE, &bearer(VIEW)], "");
    let answer = said_from([127, 0, 0, 2], &rig, &elsewhere).await;
    assert_eq!(answer.status, 200, "other addresses come in");
    let stream = TcpStream::connect(rig.addr).await.unwrap();
    let health = over(stream, &request("GET", "/health", &[HERE], "")).await;
    assert_eq!(health.status, 200, "and callers are not concerned");
}

/// Everything that comes out of a whole process, read for what went in.
#[tokio::test]
async fn what_is_shown_at_the_door_comes_out_nowhere() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let secrets = [
        "GEHEIM-view-0123456789",
        "GEHEIM-control-0123456789",
        "GEHEIM-wrong-0123456789",
    ];
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("breakerbox.toml");
    let up = super::Upstream::start(Vec::new()).await;
    let toml = format!(
        "{}[server]\nlisten = \"127.0.0.1:0\"\n[journal]\ncontent = true\n[control]\ntokens = [\
         {{ name = \"wall\", token = \"{}\" }}, {{ name = \"oncall\", role = \"control\", token = \"{}\" }}]\n",
        super::openai_tiers(&[&up]),
        secrets[0],
        secrets[1]
    );
    std::fs::write(&file, &toml).unwrap();
    let journal = dir.path().join("journal");
    let wish = Wish {
        config: Some(file.clone()),
        journal: Some(journal.clone()),
        ..Wish::default()
    };
    let app = App::start(&wish).await.unwrap();
    let mut events = app.bus.subscribe();
    let mut all = Vec::new();
    for secret in secrets {
        let auth = bearer(secret);
        for (method, target, body) in [
            ("GET", "/admin/snapshot", ""),
            ("POST", "/admin/command", FORCE),
            ("POST", "/admin/command", r#"{"command": "release nobody"}"#),
            ("POST", "/admin/command", "{"),
            ("GET", "/admin/nothing", ""),
            ("GET", "/v1/models", ""),
        ] {
            let stream = TcpStream::connect(app.addr).await.unwrap();
            let answer = over(stream, &request(method, target, &[HERE, JSON, &auth], body)).await;
            all.push(answer.head + &answer.body);
        }
    }
    std::fs::write(&file, toml.replace("oncall", "on_call")).unwrap();
    app.reload();
    all.push(format!("{:?}", app.router.config()));
    app.shutdown().await;
    while let Ok(event) = events.try_recv() {
        all.push(serde_json::to_string(&*event).unwrap() + &event.line());
    }
    let mut recorded = 0;
    for entry in std::fs::read_dir(&journal).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "jsonl") {
            let text = std::fs::read_to_string(path).unwrap();
            recorded += text.matches("\"event\":\"command\"").count();
            all.push(text);
        }
    }
    assert!(recorded >= 3, "the refused ones too: {recorded}");
    let out = all.concat();
    assert!(
        out.contains("may look only") && out.contains("on_call"),
        "{out}"
    );
    assert!(!out.contains("GEHEIM"));
}
