//! From the bytes a terminal sends to keys. Pure: no file, no clock.
//!
//! crossterm has a reader too, and it cannot be had without its loop, which never ends once the terminal has gone: it
//! takes end-of-file for "read again", inside one call, at a full core. So its types are used, and its reader is not.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use std::time::Duration;

/// An escape that nothing follows for so long was the key, not the beginning of a sequence.
pub(super) const ESCAPE: Duration = Duration::from_millis(50);
/// A paste whose end does not come is over.
const PASTE: Duration = Duration::from_secs(1);
/// More of one paste is not kept.
const LONGEST_PASTE: usize = 64 * 1024;
/// No sequence is this long.
const LONGEST: usize = 64;

/// More keys at once, not all of them the same, are not typed: they are pasted, by a terminal that does not mark pastes.
const TYPED: usize = 8;

const PASTE_END: &[u8] = b"\x1b[201~";

#[derive(Debug, Default)]
pub(super) struct Decoder {
    bytes: Vec<u8>,
    pasting: bool,
}

/// What the front of the bytes is, and how many of them.
enum Front {
    Key(KeyEvent, usize),
    Mouse(MouseEvent, usize),
    PasteBegins(usize),
    /// Something that is none of our keys.
    Other(usize),
    /// The rest has not come yet.
    Unfinished,
}

impl Decoder {
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.bytes.extend_from_slice(bytes);
        let mut events = Vec::new();
        while !self.bytes.is_empty() {
            if self.pasting {
                let Some(text) = self.pasted() else { break };
                events.push(Event::Paste(text));
                continue;
            }
            let used = match front(&self.bytes) {
                Front::Unfinished => break,
                Front::Other(n) => n,
                Front::PasteBegins(n) => {
                    self.pasting = true;
                    n
                }
                Front::Key(key, n) => {
                    events.push(Event::Key(key));
                    n
                }
                Front::Mouse(mouse, n) => {
                    events.push(Event::Mouse(mouse));
                    n
                }
            };
            self.bytes.drain(..used.min(self.bytes.len()));
        }
        events
    }

    /// The whole paste, once its end is there.
    fn pasted(&mut self) -> Option<String> {
        let end = self
            .bytes
            .windows(PASTE_END.len())
            .position(|w| w == PASTE_END);
        let Some(end) = end else {
            if self.bytes.len() > LONGEST_PASTE {
                // Keep the end's beginning, in case it was cut in two.
                let tail = self
                    .bytes
                    .split_off(self.bytes.len().saturating_sub(PASTE_END.len()));
                self.bytes.truncate(LONGEST_PASTE);
                self.bytes.extend(tail);
            }
            return None;
        };
        self.pasting = false;
        let text = String::from_utf8_lossy(self.bytes.get(..end).unwrap_or_default()).into_owned();
        self.bytes.drain(..end.saturating_add(PASTE_END.len()));
        Some(text)
    }

    /// Something has begun that is not whole.
    pub(super) fn is_waiting(&self) -> bool {
        self.pasting || !self.bytes.is_empty()
    }

    /// Nothing came for `idle`: decides about what is not whole. The rest of a broken sequence is no key.
    pub(super) fn settle(&mut self, idle: Duration) -> Option<Event> {
        if self.pasting {
            if idle < PASTE {
                return None;
            }
            self.pasting = false;
            let text = String::from_utf8_lossy(&self.bytes).into_owned();
            self.bytes.clear();
            return Some(Event::Paste(text));
        }
        if idle < ESCAPE {
            return None;
        }
        let escape = self.bytes.first() == Some(&0x1b);
        self.bytes.clear();
        escape.then(|| Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)))
    }
}

/// What came at once, and whether it was pasted: then it is one paste, and what is no text in it is nothing. `goes_on`:
/// it came right behind such a paste.
pub(super) fn together(events: Vec<Event>, goes_on: bool) -> (Vec<Event>, bool) {
    let text: String = events.iter().filter_map(typed).collect();
    let first = text.chars().next();
    let pasted = text.chars().count() > TYPED && text.chars().any(|c| Some(c) != first);
    if pasted || (goes_on && first.is_some()) {
        return (vec![Event::Paste(text)], true);
    }
    (events, false)
}

fn typed(event: &Event) -> Option<char> {
    match event {
        Event::Key(KeyEvent {
            code: KeyCode::Char(c),
            modifiers: KeyModifiers::NONE,
            ..
        }) => Some(*c),
        Event::Key(KeyEvent {
            code: KeyCode::Enter,
            ..
        }) => Some('\n'),
        Event::Key(KeyEvent {
            code: KeyCode::Tab, ..
        }) => Some('\t'),
        _ => None,
    }
}

fn front(bytes: &[u8]) -> Front {
    match bytes {
        [0x1b] | [0x1b, b'[' | b'O'] => Front::Unfinished,
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, b'O', c, ..] => {
            function(*c).map_or(Front::Other(3), |code| key(code, KeyModifiers::NONE, 3))
        }
        [0x1b, 0x1b, ..] => key(KeyCode::Esc, KeyModifiers::NONE, 1),
        [0x1b, rest @ ..] => match letter(rest) {
            Front::Key(k, n) => key(k.code, k.modifiers | KeyModifiers::ALT, n.saturating_add(1)),
            other => other,
        },
        _ => letter(bytes),
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers, bytes: usize) -> Front {
    Front::Key(KeyEvent::new(code, modifiers), bytes)
}

/// One character, typed alone or with control.
fn letter(bytes: &[u8]) -> Front {
    let Some(&first) = bytes.first() else {
        return Front::Unfinished;
    };
    let plain = |code| key(code, KeyModifiers::NONE, 1);
    match first {
        b'\r' | b'\n' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x7f | 0x08 => plain(KeyCode::Backspace),
        0x01..=0x1a => {
            let c = char::from(first.saturating_add(b'a').saturating_sub(1));
            key(KeyCode::Char(c), KeyModifiers::CONTROL, 1)
        }
        0x00..=0x1f => Front::Other(1),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Front {
    let (text, broken) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(e) => {
            let good = bytes.get(..e.valid_up_to()).unwrap_or_default();
            (
                std::str::from_utf8(good).unwrap_or_default(),
                Some(e.error_len()),
            )
        }
    };
    match (text.chars().next(), broken) {
        (Some(c), _) => key(KeyCode::Char(c), KeyModifiers::NONE, c.len_utf8()),
        (None, Some(Some(n))) => Front::Other(n),
        (None, _) => Front::Unfinished,
    }
}

/// `ESC [`, numbers, a final letter.
fn csi(rest: &[u8]) -> Front {
    // The Linux console's own function keys: `ESC [ [ A`.
    if rest.first() == Some(&b'[') {
        return if rest.len() < 2 {
            Front::Unfinished
        } else {
            Front::Other(4)
        };
    }
    let Some(end) = rest.iter().position(|b| (0x40..=0x7e).contains(b)) else {
        return if rest.len() < LONGEST {
            Front::Unfinished
        } else {
            Front::Other(rest.len().saturating_add(2))
        };
    };
    let used = end.saturating_add(3);
    if let Some(report) = rest.get(..end).and_then(|r| r.strip_prefix(b"<")) {
        let pressed = rest.get(end) == Some(&b'M');
        return mouse(&numbers(report), pressed)
            .map_or(Front::Other(used), |event| Front::Mouse(event, used));
    }
    let numbers = numbers(rest.get(..end).unwrap_or_default());
    let first = numbers.first().copied().unwrap_or(0);
    let code = match rest.get(end) {
        Some(b'~') if first == 200 => return Front::PasteBegins(used),
        Some(b'~') => numbered(first),
        Some(b'Z') => Some(KeyCode::BackTab),
        Some(c) => function(*c),
        None => None,
    };
    code.map_or(Front::Other(used), |code| {
        key(code, modifiers(&numbers), used)
    })
}

/// `1;5` as two numbers; what is no number is 0.
fn numbers(text: &[u8]) -> Vec<u16> {
    text.split(|b| *b == b';')
        .map(|n| {
            std::str::from_utf8(n)
                .ok()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0)
        })
        .collect()
}

/// A report in xterm's mode 1006: the button, the column and the row, counted from one.
fn mouse(numbers: &[u16], pressed: bool) -> Option<MouseEvent> {
    let &[button, column, row] = numbers else {
        return None;
    };
    let kind = match button & 0b110_0011 {
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        0 if pressed && button & 32 == 0 => MouseEventKind::Down(MouseButton::Left),
        _ => return None,
    };
    Some(MouseEvent {
        kind,
        column: column.saturating_sub(1),
        row: row.saturating_sub(1),
        modifiers: KeyModifiers::NONE,
    })
}

/// The second number is one more than the sum of what was held: 1 shift, 2 alt, 4 control.
fn modifiers(numbers: &[u16]) -> KeyModifiers {
    let held = numbers.get(1).copied().unwrap_or(1).saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
    ] {
        if held & bit != 0 {
            modifiers |= modifier;
        }
    }
    modifiers
}

const fn function(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'M' => KeyCode::Enter,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

const fn numbered(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11 => KeyCode::F(1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
