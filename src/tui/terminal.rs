//! The terminal, borrowed: whatever happens it is given back as it was.

use super::{
    app::App,
    out::{Out, last_words},
    paint::Paint,
    view,
};
use crossterm::{
    clipboard::CopyToClipboard,
    cursor, event, execute, queue,
    style::{Attribute, Print, SetAttribute},
    terminal::{
        EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use parking_lot::Mutex;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
use rustix::{
    event::{Timespec, poll},
    io::Errno,
    process::{Signal, getpid, kill_process},
};
use std::{
    io::{self, IsTerminal, Write},
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// xterm's modes 1000 (presses and the wheel) and 1006 (as decimal numbers, without a limit at column 223).
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// A frame may have been cut off while lines were moved.
const MARGINS_OFF: &str = "\x1b[r";

/// Whether there is something to give back. Leaving the alternate screen twice would put the cursor where it was before,
/// so that the shell writes over what was told in between: a panic.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How soon a continued process notices.
const TICK: Duration = Duration::from_millis(20);

pub(super) struct Screen {
    paint: Paint<Out>,
    hook: Hook,
    mouse: bool,
}

impl Screen {
    /// Any of `ends` ends a write that the terminal does not take.
    pub(super) fn enter(ends: Vec<Arc<AtomicBool>>) -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            return Err(io::Error::other(
                "the screen needs a terminal on standard output",
            ));
        }
        let (out, hook) = (Out::open(ends)?, Hook::set());
        match take() {
            Ok(()) => Ok(Self {
                paint: Paint::new(out),
                hook,
                mouse: false,
            }),
            Err(e) => {
                hook.unset();
                Err(e)
            }
        }
    }

    pub(super) fn draw(&mut self, app: &App) -> io::Result<()> {
        let area = Rect::from((Position::ORIGIN, app.size));
        let mut frame = Buffer::empty(area);
        let cursor = view::draw(app, area, &mut frame);
        self.paint
            .frame(frame, cursor.filter(|at| area.contains(*at)))
    }

    /// Asks the terminal to put text on its clipboard; whether it does is its own affair. Providers write into such
    /// text, and whoever pastes it may paste it into a shell: a line break there is an order.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let text = text.replace(char::is_control, " ");
        self.paint.say(CopyToClipboard::to_clipboard_from(text))
    }

    /// Presses and the wheel only: motion would be bytes for nothing.
    pub(super) fn mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        self.paint.say(Print(if on { MOUSE_ON } else { MOUSE_OFF }))
    }

    /// Stops this process until somebody continues it, with the terminal given back meanwhile. The stop may reach
    /// another thread first and this one a little later, so it goes on only when `continued` says so.
    pub(super) fn suspend(&mut self, continued: &AtomicBool) -> io::Result<()> {
        give_back();
        continued.store(false, Relaxed);
        kill_process(getpid(), Signal::STOP)?;
        let tick = Timespec::try_from(TICK).map_err(io::Error::other)?;
        while !continued.load(Relaxed) {
            match poll(&mut [], Some(&tick)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.resume()
    }

    /// Takes the terminal as at the start. It may not have been given back: nobody is told of a STOP, and what the
    /// terminal was used for meanwhile is unknown.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        give_back();
        take()?;
        if self.mouse {
            self.mouse(true)?;
        }
        self.paint.forget();
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        self.hook.unset();
    }
}

fn take() -> io::Result<()> {
    TAKEN.store(true, Relaxed);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        event::EnableBracketedPaste,
        cursor::Hide
    )
    .inspect_err(|_| give_back())
}

/// Errors are of no use here: the terminal may be gone. One that takes nothing is not waited for.
fn give_back() {
    if !TAKEN.swap(false, Relaxed) {
        return;
    }
    let mut bytes = Vec::new();
    let _ = queue!(
        bytes,
        Print(MARGINS_OFF),
        SetAttribute(Attribute::Reset),
        EndSynchronizedUpdate,
        Print(MOUSE_OFF),
        event::DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = last_words(&bytes);
    let _ = disable_raw_mode();
}

type PanicHook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Sync + Send>;

/// While the screen is up, a panic on its thread gives the terminal back before it is told; one on another thread is
/// told when the screen has ended, instead of being written across it.
struct Hook {
    before: Arc<PanicHook>,
    late: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    fn set() -> Self {
        let before = Arc::new(panic::take_hook());
        let late = Arc::new(Mutex::new(Vec::new()));
        let (inner, told, screen) = (
            Arc::clone(&before),
            Arc::clone(&late),
            thread::current().id(),
        );
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == screen {
                give_back();
                inner(info);
            } else {
                told.lock().push(info.to_string());
            }
        }));
        Self { before, late }
    }

    fn unset(&self) {
        // A hook cannot be changed while panicking, and need not be: the terminal is back.
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
        for told in self.late.lock().drain(..) {
            let _ = writeln!(io::stderr(), "{told}");
        }
    }
}
