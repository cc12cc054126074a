//! The screen under test: real events, a drawn buffer, and keys as a person presses them.

/// One test each: a scene, the keys that are pressed in it, and the frame that comes of it.
macro_rules! frames {
    ($($name:ident: $scene:expr, $keys:expr, $w:expr, $h:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut desk = Desk::at($scene);
            desk.press($keys);
            insta::assert_snapshot!(desk.text($w, $h));
        }
    )+};
}

mod behaviour;
mod colours;
mod detail;
mod drill;
mod events;
mod frames;
mod headline;
mod keys;
mod link;
mod matrix;
mod normal;
mod pictures;
mod pty;
pub(in crate::tui) mod scene;
mod sweep;
mod tape;
mod time;

use super::{
    app::{App, Flow},
    theme::Palette,
    view,
};
use crate::{
    model::{Command, Phase, Reason, Snapshot},
    source::{Link, Source},
};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use parking_lot::Mutex;
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
};
use scene::Scene;
use std::sync::Arc;

/// A source that shows what it is given and writes down what it is sent.
struct Fake {
    snapshot: Mutex<Arc<Snapshot>>,
    sent: Mutex<Vec<String>>,
    read_only: bool,
    label: &'static str,
    link: Mutex<Link>,
}

impl Source for Fake {
    fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.lock())
    }
    fn send(&self, command: Command) -> Result<(), String> {
        if self.read_only {
            return Err("nothing can be changed here".to_owned());
        }
        self.sent.lock().push(command.to_string());
        Ok(())
    }
    fn label(&self) -> &'static str {
        match *self.link.lock() {
            Link::Here => self.label,
            _ => "ATTACHED",
        }
    }
    fn read_only(&self) -> bool {
        self.read_only
    }
    fn link(&self) -> Link {
        self.link.lock().clone()
    }
}

fn drawn(app: &App, w: u16, h: u16) -> Buffer {
    let mut frame = Buffer::empty(Rect::new(0, 0, w, h));
    view::draw(app, frame.area, &mut frame);
    frame
}

/// A screen over a scene.
pub(in crate::tui) struct Desk {
    scene: Scene,
    fake: Arc<Fake>,
    pub(in crate::tui) app: App,
}

impl Desk {
    pub(in crate::tui) fn at(scene: Scene) -> Self {
        Self::with(scene, Palette::Dark, false, false)
    }

    pub(in crate::tui) fn with(
        scene: Scene,
        palette: Palette,
        ascii: bool,
        read_only: bool,
    ) -> Self {
        let fake = Arc::new(Fake {
            snapshot: Mutex::new(Arc::new(scene.snapshot())),
            sent: Mutex::default(),
            read_only,
            label: if read_only { "REPLAY" } else { "LIVE" },
            link: Mutex::new(Link::Here),
        });
        let source: Arc<dyn Source> = Arc::<Fake>::clone(&fake);
        let mut app = App::new(source, palette, ascii);
        app.size = Size::new(80, 24);
        Self { scene, fake, app }
    }

    /// Presses keys one after the other, with a frame after each, as a person does.
    pub(in crate::tui) fn press(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::Tab,
                '\u{1b}' => KeyCode::Esc,
                '\u{8}' => KeyCode::Backspace,
                '↑' => KeyCode::Up,
                '↓' => KeyCode::Down,
                c => KeyCode::Char(c),
            };
            self.key(code, KeyModifiers::NONE);
            self.app.drawn();
        }
        self
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Flow {
        self.app.handle(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    /// The scene goes on and the screen looks again.
    fn then(&mut self, go_on: impl FnOnce(&mut Scene)) -> &mut Self {
        go_on(&mut self.scene);
        *self.fake.snapshot.lock() = Arc::new(self.scene.snapshot());
        self.app.update();
        self
    }

    /// The source stands otherwise to its router, and the screen looks again; says whether it has to be drawn anew.
    fn link(&mut self, link: Link) -> bool {
        *self.fake.link.lock() = link;
        self.app.update()
    }

    /// Some minutes of a screen, and frozen in the midst of them, a breaker moved before and after.
    fn looking_back(&mut self) -> &mut Self {
        for open in [true, false, true, false] {
            for _ in 0..45 {
                self.then(|s| s.silence(1));
            }
            let (from, to) = if open {
                (Phase::Closed, Phase::Open)
            } else {
                (Phase::Open, Phase::Closed)
            };
            self.then(|s| s.transition(scene::PRIMARY, from, to, Reason::CooldownOver, None));
        }
        self.press(" NN]")
    }

    fn sent(&self) -> Vec<String> {
        self.fake.sent.lock().clone()
    }

    pub(in crate::tui) fn draw(&self, w: u16, h: u16) -> Buffer {
        drawn(&self.app, w, h)
    }

    pub(in crate::tui) fn text(&self, w: u16, h: u16) -> String {
        view::text(&self.draw(w, h))
    }
}
