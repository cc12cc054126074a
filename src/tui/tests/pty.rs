//! The screen on a real terminal: a pseudo-terminal with this very test program in it, as the only test it runs.

use super::{Fake, scene};
use crate::{
    clock,
    model::{Command, Snapshot},
    source::{Link, Source},
    tui::{Options, run},
};
use parking_lot::Mutex;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::File,
    io::{Read, Write},
    num::NonZeroU16,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};
use vt100::{MouseProtocolEncoding, MouseProtocolMode};

mod ends;
mod wire;

const ROLE: &str = "BREAKERBOX_TEST_SCREEN";
/// Another terminal's name, whose keys are taken instead.
const KEYBOARD: &str = "BREAKERBOX_TEST_KEYBOARD";
const PATIENCE: Duration = Duration::from_secs(5);

/// Not a test by itself: what runs inside the pseudo-terminal.
#[test]
fn a_screen_for_the_other_tests() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let good = Arc::new(if role == "hostile" {
        wire::hostile().snapshot()
    } else {
        scene::calm().snapshot()
    });
    let source: Arc<dyn Source> = if role.starts_with("broken") {
        let asked = AtomicUsize::default();
        let elsewhere = role == "broken elsewhere";
        Arc::new(Broken {
            good,
            asked,
            elsewhere,
        })
    } else {
        Arc::new(Fake {
            snapshot: Mutex::new(good),
            sent: Mutex::default(),
            read_only: true,
            label: "REPLAY",
            link: Mutex::new(Link::Here),
        })
    };
    if let Ok(keyboard) = std::env::var(KEYBOARD) {
        let tty = File::open(keyboard).unwrap();
        rustix::stdio::dup2_stdin(tty).unwrap();
    }
    let ended = run(source, &Options::default());
    if role == "stalled" {
        stalled(ended.map_err(|e| e.kind()).err());
    }
    match ended {
        Ok(summary) => println!("\r\nENDED\r\n{summary}"),
        Err(e) => println!("\r\nFAILED {e}"),
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}

/// Echo, line by line, what control keys do: all of it.
fn line(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
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

/// A source that breaks once the screen is up: on its thread, or on another one.
struct Broken {
    good: Arc<Snapshot>,
    asked: AtomicUsize,
    elsewhere: bool,
}

impl Source for Broken {
    fn latest(&self) -> Arc<Snapshot> {
        let asked = self.asked.fetch_add(1, Relaxed);
        if self.elsewhere {
            if asked == 5 {
                let broke = thread::spawn(|| panic!("a thread broke")).join();
                assert!(broke.is_err());
            }
        } else {
            assert!(asked < 5, "the source broke");
        }
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
    /// How the terminal's line was set before.
    line: String,
}

impl Pty {
    fn start(role: &str) -> Self {
        Self::with(role, true)
    }

    /// Without a controlling terminal no HUP is sent when it closes.
    fn with(role: &str, controlling: bool) -> Self {
        Self::typed_on(role, controlling, None)
    }

    fn typed_on(role: &str, controlling: bool, keyboard: Option<&Path>) -> Self {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let line = line(&*pair.master);
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([
            "tui::tests::pty::a_screen_for_the_other_tests",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.set_controlling_tty(controlling);
        command.env(ROLE, role);
        if let Some(keyboard) = keyboard {
            command.env(KEYBOARD, keyboard);
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        // What is told of a panic has to fit on the terminal.
        command.env_remove("RUST_BACKTRACE");
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
            line,
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

    fn resize(&mut self, cols: u16, rows: u16) {
        let master = self.master.as_ref().unwrap();
        master.resize(size(cols, rows)).unwrap();
        if cols > 0 && rows > 0 {
            self.screen.screen_mut().set_size(cells(rows), cells(cols));
        }
    }

    /// Takes clicks, and says so.
    fn with_mouse(&mut self) {
        self.press(b"m");
        self.until("mouse", |p| p.shows("mouse on"));
        let mode = self.screen.screen().mouse_protocol_mode();
        assert_eq!(mode, MouseProtocolMode::PressRelease);
    }

    /// Whether everything is as it was before.
    fn is_given_back(&self) -> bool {
        let screen = self.screen.screen();
        let shown = !screen.alternate_screen() && !screen.hide_cursor();
        let quiet = !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == MouseProtocolMode::None
            && screen.mouse_protocol_encoding() == MouseProtocolEncoding::Default;
        let master = self.master.as_ref().unwrap();
        shown && quiet && line(&**master) == self.line
    }

    /// Reads what is still to come, for as long as something comes.
    fn rest(&mut self) {
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
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
            master.resize(size(250, rows)).unwrap();
            let _ = timer.recv_timeout(Duration::from_millis(150));
        }
    }

    fn ended(&mut self) {
        self.wait_for("end", |p| p.child.try_wait().unwrap().is_some());
    }
}
