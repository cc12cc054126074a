//! Screens over WebSocket, frame by frame, and readers of events.

use super::{CONTROL, HERE, TOKENS, VIEW, bearer, look, request, rig, said};
use crate::rig::{Rig, SOON};
use breakerbox::model::{Kind, order::Origin};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

struct Screen(TcpStream);

impl Screen {
    async fn attach(rig: &Rig, token: &str) -> Result<Self, u16> {
        let upgrade = format!(
            "GET /admin/attach?protocol=1 HTTP/1.1\r\n{HERE}\r\n{}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            bearer(token)
        );
        let mut stream = TcpStream::connect(rig.addr).await.unwrap();
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(SOON, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status == 101 {
            Ok(Self(stream))
        } else {
            Err(status)
        }
    }

    /// Masked with zeros: the mask is there, and changes nothing.
    async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            n @ 0..126 => frame.push(0x80 | u8::try_from(n).unwrap()),
            n @ 126..0x1_0000 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(n).unwrap().to_be_bytes());
            }
            n => {
                frame.push(0xff);
                frame.extend((n as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        // It may have been closed meanwhile.
        let _ = self.0.write_all(&frame).await;
    }

    /// The next frame; none: the connection has ended.
    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let opcode = self.0.read_u8().await.ok()? & 0x0f;
            let len = match self.0.read_u8().await.ok()? {
                126 => usize::from(self.0.read_u16().await.ok()?),
                127 => usize::try_from(self.0.read_u64().await.ok()?).ok()?,
                n => usize::from(n),
            };
            let mut payload = vec![0; len];
            self.0.read_exact(&mut payload).await.ok()?;
            Some((opcode, payload))
        };
        timeout(SOON, read).await.expect("a frame, or the end")
    }

    async fn message(&mut self, which: &str) -> Value {
        loop {
            let (opcode, payload) = self.next().await.expect("it is still attached");
            assert_ne!(opcode, CLOSE, "{}", String::from_utf8_lossy(&payload));
            if opcode == TEXT {
                let message: Value = serde_json::from_slice(&payload).unwrap();
                if message["message"] == which {
                    return message;
                }
            }
        }
    }

    /// Why it was closed from the other side; empty where nothing was said.
    async fn closed(&mut self) -> String {
        while let Some((opcode, payload)) = self.next().await {
            if opcode == CLOSE {
                let reason = payload.get(2..).unwrap_or_default();
                return String::from_utf8(reason.to_vec()).unwrap();
            }
        }
        String::new()
    }
}

fn command(line: &str) -> String {
    let ticket = "01890000-0000-7000-8000-000000000001";
    json!({"message": "command", "actor": "ana", "command": line, "ticket": ticket}).to_string()
}

#[tokio::test]
async fn a_screen_with_a_token_that_may_look_is_shown_all_and_commands_nothing() {
    let (mut rig, _) = rig(TOKENS).await;
    assert_eq!(
        Screen::attach(&rig, "a-guess-0123456789").await.err(),
        Some(401)
    );
    let mut screen = Screen::attach(&rig, VIEW)
        .await
        .unwrap_or_else(|s| panic!("{s}"));
    assert_eq!(screen.message("hello").await["role"], "view");
    assert!(screen.message("update").await.to_string().contains("a/m-a"));
    screen
        .send(TEXT, command("force a/m-a open").as_bytes())
        .await;
    let told = rig.event(|k| matches!(k, Kind::Command { .. })).await;
    let Kind::Command {
        actor,
        origin,
        ticket,
        refused,
        ..
    } = &told.kind
    else {
        unreachable!("a command")
    };
    assert_eq!(actor, "ana");
    assert!(matches!(origin, Some(Origin::Net { token: Some(t), .. }) if t == "wall"));
    assert!(ticket.is_some() && refused.as_ref().unwrap().contains("may look only"));
    super::nothing_happened(&mut rig);
    let mut other = Screen::attach(&rig, CONTROL)
        .await
        .unwrap_or_else(|s| panic!("{s}"));
    assert_eq!(other.message("hello").await["role"], "control");
    other
        .send(TEXT, command("force a/m-a open").as_bytes())
        .await;
    rig.event(|k| matches!(k, Kind::Forced { .. })).await;
}

#[tokio::test]
async fn a_screen_that_says_nonsense_is_closed_and_no_other() {
    let (mut rig, _) = rig(TOKENS).await;
    let mut good = Screen::attach(&rig, CONTROL)
        .await
        .unwrap_or_else(|s| panic!("{s}"));
    good.message("hello").await;
    let large = command(&"x".repeat(70_000));
    let deep = "[".repeat(60_000);
    let nonsense: [(u8, &[u8]); 8] = [
        (TEXT, b"nonsense"),
        (TEXT, b"{\"message\": \"dance\"}"),
        (TEXT, b"{\"message\": \"command\"}"),
        (TEXT, b"\xff\xfe"),
        (TEXT, large.as_bytes()),
        (TEXT, deep.as_bytes()),
        (BINARY, large.as_bytes()),
        (3, b"an opcode that nobody has"),
    ];
    for (opcode, payload) in nonsense {
        let mut bad = Screen::attach(&rig, CONTROL)
            .await
            .unwrap_or_else(|s| panic!("{s}"));
        bad.message("hello").await;
        bad.send(opcode, payload).await;
        bad.closed().await;
    }
    let mut endless = Screen::attach(&rig, CONTROL)
        .await
        .unwrap_or_else(|s| panic!("{s}"));
    // A frame that says to be longer than anything, and never comes.
    let head = [
        0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
    ];
    endless.0.write_all(&head).await.unwrap();
    endless.closed().await;
    super::nothing_happened(&mut rig);
    good.message("update").await;
    good.send(TEXT, command("force a/m-a open").as_bytes())
        .await;
    rig.event(|k| matches!(k, Kind::Forced { .. })).await;
}

#[tokio::test]
async fn a_screen_hears_what_was_wrong_with_its_command_and_one_that_gives_too_many_is_closed() {
    let (mut rig, _) = rig(TOKENS).await;
    let mut screen = Screen::attach(&rig, CONTROL)
        .await
        .unwrap_or_else(|s| panic!("{s}"));
    screen
        .send(
            TEXT,
            command(&format!("froce {}", "x".repeat(5000))).as_bytes(),
        )
        .await;
    let told = rig.event(|k| matches!(k, Kind::Command { .. })).await;
    assert!(matches!(&told.kind, Kind::Command { actor, .. } if actor == "ana"));
    let size = serde_json::to_string(&*told).unwrap().len();
    assert!(size < 1500, "{size} bytes");
    for _ in 0..40 {
        screen.send(TEXT, command("normal pin").as_bytes()).await;
    }
    assert!(screen.closed().await.contains("too fast"));
}

#[tokio::test]
async fn there_is_room_for_64_and_whoever_leaves_makes_room() {
    let (rig, _) = rig(TOKENS).await;
    let mut screens = Vec::new();
    for n in 0..64 {
        let screen = Screen::attach(&rig, VIEW).await;
        screens.push(screen.unwrap_or_else(|s| panic!("{n}: {s}")));
    }
    assert_eq!(Screen::attach(&rig, VIEW).await.err(), Some(503));
    let reader = said(&rig, "GET", "/admin/events", &[HERE, &bearer(VIEW)], "").await;
    assert_eq!(reader.status, 503);
    assert!(reader.why().contains("64"), "{reader:?}");
    assert_eq!(look(&rig, &[&bearer(VIEW)]).await.status, 200);
    screens.pop();
    let came_in = async {
        while Screen::attach(&rig, VIEW).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, came_in).await.expect("a place is free again");
}

#[tokio::test]
async fn a_token_that_is_taken_away_or_changed_ends_what_it_began() {
    let without = TOKENS.replace("wall", "other_wall");
    let changed = TOKENS.replace(VIEW, "another-token-0123456789");
    let promoted = TOKENS.replace("role = \"view\"", "role = \"control\"");
    for now in [without, changed, promoted, String::new()] {
        let (rig, toml) = rig(TOKENS).await;
        let mut screen = Screen::attach(&rig, VIEW)
            .await
            .unwrap_or_else(|s| panic!("{s}"));
        let mut stays = Screen::attach(&rig, CONTROL)
            .await
            .unwrap_or_else(|s| panic!("{s}"));
        screen.message("update").await;
        let mut feed = TcpStream::connect(rig.addr).await.unwrap();
        let ask = request("GET", "/admin/events", &[HERE, &bearer(VIEW)], "");
        feed.write_all(ask.as_bytes()).await.unwrap();
        assert_eq!(feed.read_u8().await.unwrap(), b'H');
        rig.reload(&format!("{toml}{now}"));
        assert!(screen.closed().await.contains("not known here any more"));
        let mut rest = Vec::new();
        let ended = timeout(SOON, feed.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the feed goes on");
        if now.is_empty() {
            assert!(stays.closed().await.contains("not known here any more"));
        } else {
            stays.message("update").await;
        }
    }
}

#[tokio::test]
async fn another_language_or_none_is_refused_with_the_reason() {
    let (rig, _) = rig("").await;
    let plain = said(&rig, "GET", "/admin/attach", &[HERE], "").await;
    assert_eq!(plain.status, 426, "{plain:?}");
    let upgrade = [
        HERE,
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    for (protocol, why) in [("99", "protocol 99"), ("x", "protocol")] {
        let target = format!("/admin/attach?protocol={protocol}");
        let answer = said(&rig, "GET", &target, &upgrade, "").await;
        assert_eq!(answer.status, 400);
        assert!(answer.why().contains(why), "{answer:?}");
    }
}
