//! Every way out gives the terminal back: the screen, the cursor, the line, the mouse.

use super::*;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// A screen that takes clicks, so that there is everything to give back.
fn busy() -> Pty {
    let mut pty = Pty::start("screen");
    pty.drawn();
    pty.with_mouse();
    pty
}

#[test]
fn quitting_gives_the_terminal_back_and_leaves_five_lines() {
    let mut pty = busy();
    pty.press(b"q");
    pty.until("summary", |p| p.shows("by hand"));
    assert!(pty.shows("ENDED"));
    pty.ended();
    pty.rest();
    assert!(pty.is_given_back());
}

#[test]
fn a_signal_that_ends_the_screen_gives_the_terminal_back() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut pty = busy();
        pty.signal(signal);
        // Somebody may say HUP while the terminal is there.
        let last = match signal {
            Signal::HUP => "FAILED the terminal was closed",
            _ => "by hand",
        };
        pty.until(last, |p| p.shows(last));
        pty.ended();
        pty.rest();
        assert!(pty.is_given_back(), "{signal:?}");
    }
}

#[test]
fn an_error_gives_the_terminal_back_and_is_told_on_it() {
    let keyboard = native_pty_system().openpty(size(80, 24)).unwrap();
    let name = keyboard.master.tty_name().unwrap();
    let mut pty = Pty::typed_on("screen", true, Some(&name));
    pty.drawn();
    // The child has it open by now; this end goes, and with it the keys.
    drop(keyboard);
    pty.until("error", |p| p.shows("FAILED the terminal was closed"));
    pty.ended();
    pty.rest();
    assert!(pty.is_given_back());
}

#[test]
fn a_panic_is_told_on_the_terminal_that_was_given_back_and_is_not_written_over() {
    let mut pty = Pty::start("broken");
    pty.ended();
    pty.rest();
    assert!(pty.is_given_back() && pty.shows("the source broke"));
    let left = pty.raw.windows(8).filter(|w| w == b"\x1b[?1049l").count();
    assert_eq!(
        left, 1,
        "left twice, the cursor goes back over what was told"
    );
}

#[test]
fn a_panic_on_another_thread_is_told_before_the_summary_and_not_across_the_screen() {
    let mut pty = Pty::start("broken elsewhere");
    pty.drawn();
    pty.press(b"?");
    pty.until("help", |p| p.shows("letters search"));
    assert!(!pty.shows("a thread broke"));
    pty.press(b"\x1b");
    pty.until("table", |p| !p.shows("letters search"));
    pty.press(b"q");
    pty.until("summary", |p| p.shows("by hand"));
    pty.ended();
    pty.rest();
    assert!(pty.is_given_back());
    let text = pty.screen.screen().contents();
    let (told, summary) = (text.find("a thread broke"), text.find("by hand"));
    assert!(told.is_some() && told < summary, "{text}");
}

#[test]
fn a_suspended_screen_gives_the_terminal_back_and_comes_again_with_its_mouse() {
    for by_signal in [false, true] {
        let mut pty = busy();
        if by_signal {
            pty.signal(Signal::TSTP);
        } else {
            pty.press(b"\x1a");
        }
        pty.wait_for("stop", |p| p.stopped());
        pty.wait_for("shell's terminal", |p| p.is_given_back());
        pty.signal(Signal::CONT);
        pty.drawn();
        let mode = pty.screen.screen().mouse_protocol_mode();
        assert_eq!(mode, MouseProtocolMode::PressRelease);
        pty.press(b"q");
        pty.ended();
        pty.rest();
        assert!(pty.is_given_back());
    }
}

#[test]
fn a_stop_that_nobody_was_told_of_leaves_a_screen_that_comes_again_whole() {
    let mut pty = busy();
    pty.signal(Signal::STOP);
    pty.wait_for("stop", |p| p.stopped());
    // What a shell does meanwhile: its own line, its own text.
    let name = pty.master.as_ref().unwrap().tty_name().unwrap();
    let mut shell = File::options().write(true).open(name).unwrap();
    let mut cooked = tcgetattr(&shell).unwrap();
    cooked.local_modes |= LocalModes::ICANON | LocalModes::ECHO;
    tcsetattr(&shell, OptionalActions::Now, &cooked).unwrap();
    shell.write_all(b"\x1b[2J\x1b[?25h$ fg").unwrap();
    pty.wait_for("shell's text", |p| p.shows("$ fg"));
    pty.signal(Signal::CONT);
    pty.until("frame", |p| p.shows("deployments") && !p.shows("$ fg"));
    // Without a line's end: keys come one by one again.
    pty.press(b"q");
    pty.ended();
    pty.rest();
    assert!(pty.is_given_back());
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
