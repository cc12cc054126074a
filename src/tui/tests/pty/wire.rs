//! What goes over the wire: frames, keys, pastes, commands, sizes.

use super::*;
use crate::{
    model::{Force, ForceKind, Kind},
    tui::{Palette, tests::Desk},
};

#[test]
fn a_frame_is_shown_at_once_or_not_at_all() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.until("end of a frame", |p| {
        p.raw.windows(8).any(|w| w == b"\x1b[?2026l")
    });
    let text = String::from_utf8_lossy(&pty.raw).into_owned();
    let begin = text.find("\u{1b}[?2026h").unwrap();
    let end = text.find("\u{1b}[?2026l").unwrap();
    let frame = text.find("deployments").unwrap();
    assert!(begin < frame && frame < end);
    pty.press(b"q");
    pty.ended();
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    while pty.output.recv_timeout(Duration::from_millis(150)).is_ok() {}
    let more = pty.output.recv_timeout(Duration::from_millis(500));
    assert!(more.is_err(), "{more:?}");
    pty.press(b"q");
    pty.ended();
}

#[test]
fn pasted_text_on_a_real_terminal_does_not_quit() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.press(b"\x1b[200~q\x1b[201~?");
    pty.until("help", |p| p.shows("letters search"));
    pty.press(b"\x1b");
    pty.until("table", |p| !p.shows("letters search"));
    pty.press(b"q");
    pty.ended();
}

#[test]
fn a_resized_terminal_is_drawn_anew() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.resize(120, 40);
    pty.until("larger frame", |p| p.shows("rungs, last 15 min"));
    pty.press(b"q");
    pty.ended();
}

#[test]
fn a_hundred_resizes_in_a_second_end_in_the_right_frame() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    let (_open, timer) = mpsc::channel::<()>();
    let sizes = [
        (1, 1),
        (0, 0),
        (250, 80),
        (7, 3),
        (60, 16),
        (300, 1),
        (1, 90),
        (0, 24),
        (120, 40),
        (80, 0),
    ];
    for i in 0..100 {
        let (cols, rows) = sizes[i * 7 % sizes.len()];
        let master = pty.master.as_ref().unwrap();
        master.resize(size(cols, rows)).unwrap();
        let _ = timer.recv_timeout(Duration::from_millis(10));
    }
    let (cols, rows) = (100, 33);
    pty.resize(cols, rows);
    let desk = Desk::with(scene::calm(), Palette::SixteenDark, false, true);
    let right = desk.text(cols, rows);
    let lines = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    pty.until("right frame", |p| {
        lines(&p.screen.screen().contents()) == lines(&right)
    });
    pty.press(b"q");
    pty.ended();
}

#[test]
fn a_window_without_cells_is_waited_through() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    for (cols, rows) in [(0, 0), (1, 1), (0, 24), (80, 0)] {
        pty.resize(cols, rows);
        pty.rest();
    }
    pty.resize(80, 24);
    pty.until("frame", |p| p.shows("q quit"));
    pty.press(b"q");
    pty.ended();
}

#[test]
fn what_is_pasted_where_pastes_are_not_marked_does_not_quit() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.press(b"a quick question, please\rq\r\x03");
    pty.rest();
    pty.press(b"?");
    pty.until("help", |p| p.shows("letters search"));
    pty.press(b"\x1b");
    pty.until("table", |p| !p.shows("letters search"));
    pty.press(b"q");
    pty.ended();
}

/// What a provider or a person may have written to move into the terminal.
pub(super) fn hostile() -> scene::Scene {
    let mut s = scene::calm();
    s.push(Kind::Forced {
        deployment: scene::PRIMARY.into(),
        force: Force {
            kind: ForceKind::Open,
            who: "eve\u{1b}]0;owned\u{7}".into(),
            why: "x\u{9b}2J\u{1b}\\\u{7}\r\nrm -rf ~\n".into(),
            until: s.snapshot().at + Duration::from_mins(10),
        },
    });
    s
}

fn base64(text: &[u8]) -> Vec<u8> {
    let digit = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other:?} is not of base64"),
    };
    let digits: Vec<_> = text
        .iter()
        .filter(|b| **b != b'=')
        .map(|b| digit(*b))
        .collect();
    let bits = |four: &[u8]| {
        four.iter().fold(0_u32, |sum, d| sum << 6 | u32::from(*d)) << (6 * (4 - four.len()))
    };
    let bytes = digits
        .chunks(4)
        .flat_map(|four| bits(four).to_be_bytes()[1..four.len()].to_vec());
    bytes.collect()
}

#[test]
fn what_is_copied_or_shown_cannot_break_out_of_its_sequence() {
    let mut pty = Pty::start("hostile");
    pty.drawn();
    pty.press(b"y");
    pty.until("copy", |p| p.shows("copied"));
    pty.press(b"E");
    pty.until("events", |p| p.shows("eve"));
    pty.rest();
    let raw = String::from_utf8(pty.raw.clone()).unwrap();
    let commands: Vec<_> = raw.split("\x1b]").skip(1).collect();
    assert_eq!(
        commands.len(),
        1,
        "one operating system command, and no other"
    );
    let (payload, _) = commands[0].split_once("\x1b\\").unwrap();
    let copied = base64(payload.strip_prefix("52;c;").unwrap().as_bytes());
    let copied = String::from_utf8(copied).unwrap();
    assert!(
        copied.contains("rm -rf ~") && !copied.contains(char::is_control),
        "{copied:?}"
    );
    assert!(!raw.contains(['\u{7}', '\u{9b}']));
    pty.press(b"q");
    pty.ended();
}
