//! A frame on disk: as a picture for the post-mortem, as text for the ticket.

use super::{
    app::App,
    svg::svg,
    view::{self, draw},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

/// Frames of one second.
const SAME_SECOND: usize = 100;

/// Writes what is on screen, without what lies over it, and gives the names of the files. None is ever overwritten.
pub(super) fn frame(app: &App, dir: &Path) -> io::Result<[String; 2]> {
    let area = Rect::from((ratatui::layout::Position::ORIGIN, app.size));
    let mut buf = Buffer::empty(area);
    draw(app, area, &mut buf);
    let stem = app.now().moment().replace([' ', ':'], "-");
    let (pictures, texts) = (svg(&buf, app.theme.paper()), view::text(&buf));
    for n in 1..=SAME_SECOND {
        let more = if n == 1 {
            String::new()
        } else {
            format!("-{n}")
        };
        let name = |ending| format!("breakerbox-{stem}{more}.{ending}");
        let names = [name("svg"), name("txt")];
        match write(dir, &names, [&pictures, &texts]) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(io::Error::new(e.kind(), format!("{}: {e}", names[0]))),
            Ok(()) => return Ok(names),
        }
    }
    Err(io::Error::other("too many frames of one second are here"))
}

fn write(dir: &Path, names: &[String; 2], texts: [&str; 2]) -> io::Result<()> {
    for (name, text) in names.iter().zip(texts) {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(dir.join(name))?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::{Desk, scene};

    #[test]
    fn a_frame_is_saved_twice_and_never_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::at(scene::incident());
        let first = frame(&desk.app, dir.path()).unwrap();
        let second = frame(&desk.app, dir.path()).unwrap();
        assert_ne!(first, second);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(read(&first[0]).starts_with("<svg"));
        assert_eq!(read(&first[1]), desk.text(80, 24));
        assert_eq!(first[0], "breakerbox-2026-03-10-14-03-22Z.svg");
    }

    #[test]
    fn a_directory_that_is_not_there_is_said() {
        let desk = Desk::at(scene::incident());
        let e = frame(&desk.app, Path::new("/nowhere/at/all")).unwrap_err();
        assert!(e.to_string().contains("breakerbox-2026"), "{e}");
    }
}
