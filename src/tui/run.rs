//! The loop: look, draw when something changed, wait, act.

use super::{
    app::{App, Flow, View},
    errand::Errand,
    input::{Input, closed},
    save,
    summary::Summary,
    terminal::Screen,
    theme::Palette,
};
use crate::{clock, model::Mono, source::Source};
use crossterm::{event::Event, terminal};
use ratatui::layout::Size;
use signal_hook::{
    SigId,
    consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP},
    flag, low_level,
};
use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// How a screen looks and when it ends.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Draw with ASCII only.
    pub ascii: bool,
    pub palette: Palette,
    /// What to begin with.
    pub view: View,
    /// Ends the screen from outside.
    pub stop: Arc<AtomicBool>,
}

/// At most ten frames a second of what happens by itself.
const FRAME: Duration = Duration::from_millis(100);
/// How soon it is looked, and shown, what came of a key: the answer to a command is there after some milliseconds.
const ECHO: Duration = Duration::from_millis(20);

/// Shows `source` on this thread until somebody quits, a signal comes, or `options.stop` is set. INT and TERM end it
/// like the quit key. A terminal that was closed is an error; what the caller does besides is none of its business.
pub fn run(source: Arc<dyn Source>, options: &Options) -> io::Result<Summary> {
    let signals = Signals::register()?;
    let input = Input::open()?;
    let palette = options.palette.resolve(|name| std::env::var(name).ok());
    let mut app = App::new(source, palette, options.ascii);
    app.view = options.view;
    let mut screen = Screen::enter(signals.ends(&options.stop))?;
    let ended = Loop {
        app: &mut app,
        screen: &mut screen,
        input,
        signals,
        stop: &options.stop,
        dirty: true,
        drawn: None,
        pressed: None,
    }
    .turn();
    drop(screen);
    ended.map(|()| Summary::of(app.live()))
}

/// Signals that came, as flags: a handler may do no more.
struct Signals {
    quit: Arc<AtomicBool>,
    hung_up: Arc<AtomicBool>,
    suspend: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
    ids: Vec<SigId>,
}

impl Signals {
    fn register() -> io::Result<Self> {
        let mut signals = Self {
            quit: Arc::default(),
            hung_up: Arc::default(),
            suspend: Arc::default(),
            continued: Arc::default(),
            ids: Vec::new(),
        };
        for (signal, flag) in [
            (SIGINT, &signals.quit),
            (SIGTERM, &signals.quit),
            (SIGHUP, &signals.hung_up),
            (SIGTSTP, &signals.suspend),
            (SIGCONT, &signals.continued),
        ] {
            signals.ids.push(flag::register(signal, Arc::clone(flag))?);
        }
        Ok(signals)
    }
}

impl Signals {
    /// Whatever ends the screen.
    fn ends(&self, stop: &Arc<AtomicBool>) -> Vec<Arc<AtomicBool>> {
        vec![
            Arc::clone(&self.quit),
            Arc::clone(&self.hung_up),
            Arc::clone(stop),
        ]
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            low_level::unregister(id);
        }
    }
}

struct Loop<'a> {
    app: &'a mut App,
    screen: &'a mut Screen,
    input: Input,
    signals: Signals,
    stop: &'a AtomicBool,
    dirty: bool,
    drawn: Option<Mono>,
    /// When somebody last did something.
    pressed: Option<Mono>,
}

impl Loop<'_> {
    fn turn(&mut self) -> io::Result<()> {
        loop {
            if self.signals.hung_up.load(Relaxed) {
                return Err(closed());
            }
            if self.stop.load(Relaxed) || self.signals.quit.load(Relaxed) {
                return Ok(());
            }
            if self.signals.suspend.swap(false, Relaxed) {
                self.suspend()?;
            }
            if self.signals.continued.load(Relaxed) {
                self.screen.resume()?;
                self.resumed();
            }
            self.resize()?;
            self.dirty |= self.app.update();
            let wait = self.draw()?;
            for event in self.input.events(wait)? {
                (self.dirty, self.pressed) = (true, Some(clock::now()));
                match self.app.handle(&event) {
                    Flow::Quit => return Ok(()),
                    Flow::Suspend => self.suspend()?,
                    Flow::Go => {}
                }
                self.errands()?;
            }
        }
    }

    /// Draws when there is something new and the last frame is old enough; gives how long to wait.
    fn draw(&mut self) -> io::Result<Duration> {
        let now = clock::now();
        let gap = match self.pressed {
            Some(at) if now.since(at) < FRAME => ECHO,
            _ => FRAME,
        };
        if !self.dirty {
            return Ok(gap);
        }
        let age = self.drawn.map_or(gap, |at| now.since(at));
        if age < gap {
            return Ok(gap.saturating_sub(age));
        }
        self.screen.draw(self.app)?;
        self.app.drawn();
        (self.dirty, self.drawn) = (false, Some(now));
        Ok(gap)
    }

    fn errands(&mut self) -> io::Result<()> {
        for errand in std::mem::take(&mut self.app.errands) {
            match errand {
                Errand::Copy(text) => self.screen.copy(&text)?,
                Errand::Mouse(on) => self.screen.mouse(on)?,
                Errand::Save => {
                    let said = match save::frame(self.app, Path::new(".")) {
                        Ok([picture, _]) => format!("saved {picture} and .txt"),
                        Err(e) => format!("NOT SAVED: {e}"),
                    };
                    self.app.outbox.note(said);
                }
            }
        }
        Ok(())
    }

    /// Asked for each turn: no signal is needed, and none can be missed.
    fn resize(&mut self) -> io::Result<()> {
        let (w, h) = terminal::size()?;
        if self.app.size != Size::new(w, h) {
            self.app.handle(&Event::Resize(w, h));
            self.dirty = true;
        }
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.screen.suspend(&self.signals.continued)?;
        // A stop that was asked for while stopped is not asked for again.
        self.signals.suspend.store(false, Relaxed);
        self.resumed();
        Ok(())
    }

    fn resumed(&mut self) {
        self.signals.continued.store(false, Relaxed);
        (self.dirty, self.drawn) = (true, None);
    }
}
