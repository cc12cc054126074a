//! The Unix socket: whoever may open the file is an operator.

use super::{FORCE, HERE, JSON, TOKENS, over, request, rig};
use crate::rig::Rig;
use breakerbox::{
    front::{self, Socket},
    model::{Kind, order::Origin},
};
use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    time::Duration,
};
use tokio::{net::UnixStream, task::JoinSet};
use tokio_util::sync::CancellationToken;

struct Open {
    rig: Rig,
    path: PathBuf,
    _dir: tempfile::TempDir,
    _tasks: JoinSet<()>,
}

async fn open(more: &str) -> Open {
    let (rig, _) = rig(more).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run/here.sock");
    let socket = Socket::bind(&path).unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(socket.serve(
        front::socket_app(rig.front.clone()),
        Duration::from_secs(5),
        Duration::from_secs(1),
        CancellationToken::new(),
    ));
    Open {
        rig,
        path,
        _dir: dir,
        _tasks: tasks,
    }
}

impl Open {
    async fn said(&self, method: &str, target: &str, headers: &[&str], body: &str) -> super::Said {
        let stream = UnixStream::connect(&self.path).await.unwrap();
        over(stream, &request(method, target, headers, body)).await
    }
}

#[tokio::test]
async fn it_is_this_users_alone_and_asks_for_no_token() {
    let mut open = open(TOKENS).await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&open.path), 0o600);
    assert_eq!(mode(open.path.parent().unwrap()), 0o700);
    assert_eq!(
        open.said("GET", "/admin/snapshot", &[], "").await.status,
        200
    );
    let answer = open
        .said("POST", "/admin/command", &[HERE, JSON], FORCE)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = open.rig.event(|k| matches!(k, Kind::Command { .. })).await;
    let Kind::Command { actor, origin, .. } = &told.kind else {
        unreachable!("a command")
    };
    assert_eq!(actor, "operator");
    let uid = Some(open.path.metadata().unwrap().uid());
    assert_eq!(*origin, Some(Origin::Socket { uid }));
    assert!(told.line().contains("socket, uid "), "{}", told.line());
}

#[tokio::test]
async fn it_has_the_operators_doors_and_no_others() {
    let open = open("").await;
    for (method, target) in [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/messages"),
        ("GET", "/v1/models"),
        ("GET", "/health/ready"),
        ("GET", "/"),
    ] {
        let answer = open.said(method, target, &[HERE, JSON], "{}").await;
        assert_eq!(answer.status, 404, "{target}");
        assert!(answer.why().contains("operators' socket"), "{answer:?}");
    }
    let wrong = open.said("GET", "/admin/command", &[HERE], "").await;
    assert_eq!(wrong.status, 405);
}

/// A proxy in front of it would make the whole world a user of this machine.
#[tokio::test]
async fn neither_pages_nor_proxies_come_in_over_it() {
    let mut open = open("").await;
    for by in [
        "origin: https://evil.example",
        "sec-fetch-site: cross-site",
        "x-forwarded-for: 203.0.113.9",
        "via: 1.1 proxy",
    ] {
        let answer = open
            .said("POST", "/admin/command", &[HERE, JSON, by], FORCE)
            .await;
        assert_eq!(answer.status, 403, "{by}");
    }
    super::nothing_happened(&mut open.rig);
}
