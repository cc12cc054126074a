//! Who gets in at the operators' door, who does not, and what whoever is in can do. Requests are written byte by byte
//! where no client would send such a thing.

mod commands;
mod openapi;
mod pages;
mod screens;
mod socket;
mod tokens;

use super::{
    rig::{Rig, SOON, openai_tiers},
    upstream::Upstream,
};
use breakerbox::model::{Kind, Phase};
use serde_json::Value;
use std::{fmt::Write as _, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

const VIEW: &str = "view-token-0123456789";
const CONTROL: &str = "control-token-0123456789";

/// `wall` may look, `oncall` may do all.
const TOKENS: &str = "[control]\ntokens = [\
    { name = \"wall\", role = \"view\", token = \"view-token-0123456789\" }, \
    { name = \"oncall\", role = \"control\", token = \"control-token-0123456789\" }]\n";

const FORCE: &str = r#"{"command": "force a/m-a open --for 1m"}"#;

/// A router over one deployment, `a/m-a`; `more` is TOML.
async fn rig(more: &str) -> (Rig, String) {
    let up = Upstream::start(Vec::new()).await;
    let toml = openai_tiers(&[&up]);
    (Rig::start(&format!("{toml}{more}")).await, toml)
}

/// An answer as it came.
#[derive(Debug)]
struct Said {
    status: u16,
    head: String,
    body: String,
}

impl Said {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (n, value) = line.split_once(':')?;
            n.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    fn why(&self) -> String {
        let why = self.json()["error"]["message"].as_str().map(str::to_owned);
        why.unwrap_or_else(|| panic!("no reason: {self:?}"))
    }
}

/// A request; the Host is among `headers`, or missing.
fn request(method: &str, target: &str, headers: &[&str], body: &str) -> String {
    let upgrades = headers.iter().any(|h| h.starts_with("upgrade:"));
    let upgrade = if upgrades { "upgrade, " } else { "" };
    let mut text = format!("{method} {target} HTTP/1.1\r\nconnection: {upgrade}close\r\n");
    for header in headers {
        let _ = write!(text, "{header}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(text, "content-length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

async fn over(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Said {
    let exchange = async {
        // Whoever is refused at once may not be read to the end.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        all
    };
    let all = timeout(SOON, exchange)
        .await
        .expect("an answer, and its end");
    let text = String::from_utf8(all).expect("a textual answer");
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer to {request:?}: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    Said {
        status: status.expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

async fn said(rig: &Rig, method: &str, target: &str, headers: &[&str], body: &str) -> Said {
    let stream = TcpStream::connect(rig.addr).await.expect("the door");
    over(stream, &request(method, target, headers, body)).await
}

/// From another address of this machine.
async fn said_from(from: [u8; 4], rig: &Rig, request: &str) -> Said {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind(SocketAddr::from((from, 0)))
        .expect("an address of this machine");
    over(socket.connect(rig.addr).await.expect("the door"), request).await
}

async fn look(rig: &Rig, headers: &[&str]) -> Said {
    said(rig, "GET", "/admin/snapshot", headers, "").await
}

const HERE: &str = "host: localhost";
const JSON: &str = "content-type: application/json";

async fn give(rig: &Rig, headers: &[&str], body: &str) -> Said {
    let headers = [&[HERE, JSON], headers].concat();
    said(rig, "POST", "/admin/command", &headers, body).await
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}")
}

/// No breaker was touched, and no event says that somebody tried.
fn nothing_happened(rig: &mut Rig) {
    while let Some(event) = rig.told() {
        let of_a_command = matches!(event.kind, Kind::Command { .. } | Kind::Forced { .. });
        assert!(!of_a_command, "{event:?}");
    }
    let snapshot = rig.snapshot();
    for d in &snapshot.deployments {
        assert_eq!((d.phase, d.force.as_ref()), (Phase::Closed, None));
    }
}
