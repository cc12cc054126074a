//! The screen on a real terminal: a pseudo-terminal with this very test program in it, as the only test it runs.

use super::{Fake, scene};
use crate::{
    clock,
    model::{Command, Snapshot},
    source::Source,
    tui::{Options, run},
};
use parking_lot::Mutex;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{Read, Write},
    num::NonZeroU16,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

const ROLE: &str = "BREAKERBOX_TEST_SCREEN";
const PATIENCE: Duration = Duration::from_secs(5);

/// Not a test by itself: what runs inside the pseudo-terminal.
#[test]
fn a_screen_for_the_other_tests() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let good = Arc::new(scene::calm().snapshot());
    let source: Arc<dyn Source> = if role == "broken" {
        let asked = AtomicUsize::default();
        Arc::new(Broken { good, asked })
    } else {
        Arc::new(Fake {
            snapshot: Mutex::new(good),
            sent: Mutex::default(),
            read_only: true,
            label: "REPLAY",
        })
    };
    let ended = run(source, &Options::default());
    if role == "stalled" {
        stalled(ended.map_err(|e| e.kind()).err());
    }
    match ended {
        Ok(summary) => println!("\r\nENDED\r\n{summary}"),
        Err(e) => println!("\r\nFAILED {e}"),
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

/// Nobody reads this terminal any more, so nothing can be said on it but by the way of ending.
#[expect(
    clippy::disallowed_methods,
    reason = "the test program would write its result and wait for ever"
)]
fn stalled(error: Option<std::io::ErrorKind>) -> ! {
    let held = error == Some(std::io::ErrorKind::TimedOut);
    std::process::exit(if held { 7 } else { 1 })
}

/// A source that breaks once the screen is up.
struct Broken {
    good: Arc<Snapshot>,
    asked: AtomicUsize,
}

impl Source for Broken {
    fn latest(&self) -> Arc<Snapshot> {
        assert!(self.asked.fetch_add(1, Relaxed) < 5, "the source broke");
        Arc::clone(&self.good)
    }
    fn send(&self, _: Command) -> Result<(), String> {
        Ok(())
    }
    fn label(&self) -> &'static str {
        "LIVE"
    }
    fn read_only(&self) -> bool {
        false
    }
}

struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    output: mpsc::Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
    let_go: Arc<AtomicBool>,
}

impl Pty {
    fn start(role: &str) -> Self {
        Self::with(role, true)
    }

    /// Without a controlling terminal no HUP is sent when it closes.
    fn with(role: &str, controlling: bool) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([
            "tui::tests::pty::a_screen_for_the_other_tests",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.set_controlling_tty(controlling);
        command.env(ROLE, role);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (sender, output) = mpsc::channel();
        let let_go = Arc::new(AtomicBool::default());
        let stop = Arc::clone(&let_go);
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                if stop.load(Relaxed) || sender.send(bytes[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            master: Some(pair.master),
            keys: Some(keys),
            output,
            screen: vt100::Parser::new(cells(24), cells(80), 100),
            raw: Vec::new(),
            let_go,
        }
    }

    /// Reads until the screen is as asked.
    fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let end = clock::now() + PATIENCE;
        while !is(self) {
            let left = clock::now().until(end);
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("no {what}:\n{}", self.screen.screen().contents());
            };
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.screen.screen().contents().contains(text)
    }

    fn drawn(&mut self) {
        self.until("frame", |p| p.shows("deployments") && p.shows("q quit"));
        assert!(self.screen.screen().alternate_screen());
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.as_mut().unwrap().write_all(keys).unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn stopped(&self) -> bool {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.child.process_id().unwrap()));
        stat.is_ok_and(|s| {
            s.rsplit(')')
                .next()
                .is_some_and(|s| s.trim_start().starts_with('T'))
        })
    }

    /// Asks again and again, without a sleep: what is asked for changes in another process.
    fn wait_for(&mut self, what: &str, mut is: impl FnMut(&mut Self) -> bool) {
        let end = clock::now() + PATIENCE;
        while !is(self) {
            assert!(
                clock::now() < end,
                "no {what}:\n{:?}",
                String::from_utf8_lossy(&self.raw[self.raw.len().saturating_sub(300)..])
            );
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
            }
        }
    }

    /// Closes the terminal from outside, every handle of it.
    fn close(&mut self) {
        self.let_go.store(true, Relaxed);
        // The reader notices when there is something to read.
        self.press(b"?");
        while self.output.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Disconnected) {}
        (self.keys, self.master) = (None, None);
    }

    /// Stops reading: what is written piles up until the terminal takes no more.
    fn stall(&mut self) {
        self.let_go.store(true, Relaxed);
        let master = self.master.as_ref().unwrap();
        // A channel that stays open and empty: the frames are ten a second.
        let (_open, timer) = mpsc::channel::<()>();
        for rows in [90, 80, 90, 80, 90] {
            let size = PtySize {
                rows,
                cols: 250,
                ..PtySize::default()
            };
            master.resize(size).unwrap();
            let _ = timer.recv_timeout(Duration::from_millis(150));
        }
    }

    fn ended(&mut self) {
        self.wait_for("end", |p| p.child.try_wait().unwrap().is_some());
    }
}

#[test]
fn quitting_gives_the_terminal_back_and_leaves_five_lines() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.press(b"q");
    pty.until("summary", |p| p.shows("by hand"));
    let screen = pty.screen.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert!(pty.shows("ENDED"));
    pty.ended();
}

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
fn term_ends_the_screen_like_the_quit_key() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.signal(Signal::TERM);
    pty.until("summary", |p| p.shows("by hand"));
    assert!(!pty.screen.screen().alternate_screen());
    pty.ended();
}

#[test]
fn a_closed_terminal_ends_the_screen_within_a_second() {
    for controlling in [true, false] {
        let mut pty = Pty::with("screen", controlling);
        pty.drawn();
        pty.close();
        let before = clock::now();
        pty.ended();
        assert!(
            clock::now().since(before) < Duration::from_secs(1),
            "{controlling}"
        );
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_hold_the_end() {
    let mut pty = Pty::start("stalled");
    pty.drawn();
    pty.stall();
    pty.signal(Signal::TERM);
    pty.ended();
    let status = pty.child.try_wait().unwrap().unwrap();
    assert_eq!(status.exit_code(), 7, "the write was held");
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let mut pty = Pty::start("broken");
    pty.until("panic", |p| p.shows("the source broke"));
    let screen = pty.screen.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    pty.ended();
}

#[test]
fn a_suspended_screen_gives_the_terminal_back_and_comes_again() {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.press(b"\x1a");
    pty.wait_for("stop", |p| p.stopped());
    pty.wait_for("shell's screen", |p| !p.screen.screen().alternate_screen());
    pty.signal(Signal::CONT);
    pty.drawn();
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
    let size = PtySize {
        rows: 40,
        cols: 120,
        ..PtySize::default()
    };
    pty.screen.screen_mut().set_size(cells(40), cells(120));
    pty.master.as_ref().unwrap().resize(size).unwrap();
    pty.until("larger frame", |p| p.shows("rungs, last 15 min"));
    pty.press(b"q");
    pty.ended();
}
