//! The binary on a real terminal, as a person drives it.

use portable_pty::{CommandBuilder, ExitStatus, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    num::NonZeroU16,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Terminal {
    pub(crate) child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
    /// Whoever holds it keeps the terminal from being read.
    pub(crate) gate: Arc<Mutex<()>>,
    _home: tempfile::TempDir,
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
        }
    }
}

impl Terminal {
    pub(crate) fn open(arguments: &[&str]) -> Self {
        Self::sized((120, 40), arguments)
    }

    pub(crate) fn sized((cols, rows): (u16, u16), arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let pty = native_pty_system()
            .openpty(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_breakerbox"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env_remove("NO_COLOR");
        // A drill leaves a line in the ledger: not in that of whoever runs the tests.
        command.env_remove("XDG_STATE_HOME");
        command.cwd(home.path());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let (mut reader, keys) = (
            pty.master.try_clone_reader().unwrap(),
            pty.master.take_writer().unwrap(),
        );
        let (send, output) = mpsc::channel();
        let gate = Arc::new(Mutex::new(()));
        let reading = Arc::clone(&gate);
        std::thread::spawn(move || {
            let _master = pty.master;
            let mut buf = [0; 8192];
            while let Ok(n @ 1..) = reader.read(&mut buf) {
                drop(reading.blocking_lock());
                if send
                    .send(buf.get(..n).unwrap_or_default().to_vec())
                    .is_err()
                {
                    break;
                }
            }
        });
        Self {
            child,
            keys,
            output,
            screen: vt100::Parser::new(cells(rows), cells(cols), 0),
            raw: Vec::new(),
            gate,
            _home: home,
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// A command in the palette, as one pastes it: many keys at once are taken for pasted text anyway.
    pub(crate) fn orders(&mut self, command: &str) {
        self.press(":");
        self.shows("⏎ take it");
        self.press(&format!("\x1b[200~{command}\x1b[201~"));
        self.shows(command);
        self.press("\r");
    }

    /// The first of the menu, on everybody.
    pub(crate) fn starts_a_drill(&mut self) {
        self.press("d");
        self.shows("The primary's key is revoked");
        self.press("\r");
        self.shows("every fault expires by itself");
        self.press("\r");
        self.shows("do it? y yes");
        self.press("y");
        self.shows("▸ steady state 0:0");
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Reads until the screen says so.
    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(&self.text()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(e) => panic!("not on the screen: {what} ({e})\n{}", self.text()),
            }
        }
    }

    /// What comes meanwhile, in bytes.
    pub(crate) fn bytes_in(&mut self, time: Duration) -> usize {
        let end = Instant::now() + time;
        let before = self.raw.len();
        while let Ok(bytes) = self
            .output
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            self.screen.process(&bytes);
            self.raw.extend(bytes);
        }
        self.raw.len() - before
    }

    pub(crate) fn shows(&mut self, words: &str) {
        self.until(words, |screen| screen.contains(words));
    }

    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) if !left.is_zero() => {
                    self.screen.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                _ => panic!("it did not end\n{}", self.text()),
            }
        }
        let status = self.child.wait().unwrap();
        assert!(
            !self.screen.screen().alternate_screen(),
            "the alternate screen is left"
        );
        assert!(
            !self.screen.screen().hide_cursor(),
            "the cursor is shown again"
        );
        (status, self.text())
    }
}

#[test]
fn a_person_trips_a_breaker_sees_the_secondary_serve_triggers_rung_3_and_quits() {
    let mut term = Terminal::open(&["--sim", "--listen", "127.0.0.1:0"]);
    term.shows("anthropic/claude-sonnet-4-5");
    term.shows("users ok");
    term.press("o");
    term.shows("move to openai/gpt-4.1");
    term.press("y");
    term.shows("FORCED OPEN");
    term.shows("users degraded");
    term.press("3");
    term.shows("EVERY user");
    term.press("all\r");
    term.shows("RUNG 3");
    term.shows("users canned");
    term.press("3");
    term.press("q");
    let (status, rest) = term.ended();
    assert!(status.success(), "{status:?}\n{rest}");
    assert!(
        rest.contains("breakerbox"),
        "a summary stays in the scrollback: {rest}"
    );
}

#[test]
fn a_person_reads_about_a_drill_starts_it_looks_on_aborts_it_and_finds_its_report() {
    let mut term = Terminal::open(&["--sim", "--listen", "127.0.0.1:0"]);
    term.shows("users ok");
    term.starts_a_drill();
    term.press("a");
    term.shows("ABORTED: 0 of 6 checks passed");
    term.shows("drills/2");
    term.press("\u{1b}");
    term.shows("┌ deployments");
    term.shows("drill aborted 0:");
    term.press("q");
    let (status, rest) = term.ended();
    assert!(status.success(), "{status:?}\n{rest}");
}

#[test]
fn ctrl_c_and_a_closed_door_leave_the_shell_clean() {
    let mut term = Terminal::open(&["--sim", "--no-traffic", "--listen", "127.0.0.1:0"]);
    term.shows("users idle");
    term.press("\u{3}");
    let (status, _) = term.ended();
    assert!(status.success(), "{status:?}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let mut term = Terminal::open(&["--sim", "--listen", &addr]);
    term.shows("--listen");
    let (status, said) = term.ended();
    assert_eq!(status.exit_code(), 1);
    assert!(said.contains("is taken"), "{said}");
}
