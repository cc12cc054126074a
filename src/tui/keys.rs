//! The keymap: one table. Dispatch, footer, help and the manual are made from it, so none of them can tell another story.

mod context;

pub(super) use context::Context;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Down,
    Up,
    First,
    Last,
    Pane,
    Zoom,
    Undo,
    Copy,
    Save,
    Mouse,
    Detail,
    Events,
    Wall,
    Requests,
    Waterfall,
    Routes,
    Faults,
    ClearFault,
    ChangeFault,
    Overview,
    Back,
    ForceOpen,
    ForceClosed,
    Observe,
    Release,
    Probe,
    Fault,
    ClearFaults,
    Rung3,
    Drill,
    /// Pins the present as normal, or unpins it.
    Normal,
    /// The drill of a recording.
    ShowDrill,
    Abort,
    Wind(Go),
    Freeze,
    Filter,
    Palette,
    Help,
    Quit,
    Suspend,
    // In dialogs, menus and lines.
    Yes,
    Cancel,
    Choose,
    Less,
    More,
    Complete,
}

/// Where in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Go {
    Toggle,
    Faster,
    Slower,
    SecondOn,
    SecondBack,
    MinuteOn,
    MinuteBack,
    Next,
    Previous,
    Start,
    End,
    /// To a moment, which is typed.
    Time,
}

/// How far a key reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Changes this screen only.
    Look,
    /// Sends a command.
    Act,
    /// Sends a command that takes traffic away or breaks something: asks first.
    Danger,
}

/// In which moments a key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// While a drill is under way.
    Drilling,
    /// While none is.
    Idle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) code: KeyCode,
    pub(super) ctrl: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    pub(super) context: Context,
    pub(super) keys: &'static [Key],
    /// How the keys are written.
    pub(super) shown: &'static str,
    pub(super) action: Action,
    /// In the palette: a view, or what else the screen itself does, by its name. Never a command's word.
    pub(super) word: &'static str,
    /// In the footer; empty: not there.
    pub(super) label: &'static str,
    /// In the help: what it does, and the same in words of the command line.
    pub(super) help: &'static str,
    pub(super) reach: Reach,
    pub(super) when: When,
    /// The footer keeps the lowest numbers.
    pub(super) priority: u8,
}

const fn c(c: char) -> Key {
    key(KeyCode::Char(c))
}

const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

const fn ctrl(c: char) -> Key {
    Key {
        code: KeyCode::Char(c),
        ctrl: true,
    }
}

const fn look(
    context: Context,
    keys: &'static [Key],
    shown: &'static str,
    action: Action,
    (label, help): (&'static str, &'static str),
    priority: u8,
) -> Binding {
    Binding {
        context,
        keys,
        shown,
        action,
        word: "",
        label,
        help,
        reach: Reach::Look,
        when: When::Always,
        priority,
    }
}

const fn act(
    keys: &'static [Key],
    shown: &'static str,
    action: Action,
    (label, help): (&'static str, &'static str),
    reach: Reach,
    priority: u8,
) -> Binding {
    Binding {
        reach,
        ..look(Context::Board, keys, shown, action, (label, help), priority)
    }
}

const fn named(word: &'static str, binding: Binding) -> Binding {
    Binding { word, ..binding }
}

use self::{Action as A, Context as C, KeyCode as K, Reach as R, When as W};

/// In the order in which footer and help show them.
#[rustfmt::skip] // A table is read by its columns.
pub(super) const TABLE: &[Binding] = &[
    look(C::Tape, &[c(' ')], "space", A::Wind(Go::Toggle), ("play", "play or pause"), 2),
    look(C::Tape, &[c('+'), c('=')], "+", A::Wind(Go::Faster), ("faster", "up to 600 times as fast as it happened"), 5),
    look(C::Tape, &[c('-')], "-", A::Wind(Go::Slower), ("slower", "down to as fast as it happened"), 6),
    named("drills", look(C::Tape, &[c('d')], "d", A::ShowDrill, ("drill", "the drill in the recording, or away from it"), 7)),
    Binding { reach: R::Act, when: W::Drilling, ..look(C::Drill, &[c('a')], "a", A::Abort, ("abort", "end the drill, its faults come off at once: drill abort"), 0) },
    Binding { when: W::Idle, ..look(C::Drill, &[c('d')], "d", A::Drill, ("another", "which drills there are, when none is under way"), 1) },
    look(C::Drill, &[key(K::Esc)], "esc", A::Back, ("leave it", "back to the dashboard; the drill goes on"), 0),
    Binding { context: C::Faults, ..act(&[c('x')], "x", A::ClearFault, ("clear", "the fault under the cursor: fault clear <number>"), R::Act, 1) },
    Binding { context: C::Faults, ..act(&[key(K::Enter)], "⏎", A::ChangeFault, ("change", "another failure or share in its place"), R::Danger, 1) },
    Binding { context: C::Faults, ..act(&[c('f')], "f", A::Fault, ("add", "inject a failure into the selected deployment"), R::Danger, 1) },
    act(&[c('o')], "o", A::ForceOpen, ("force open", "nothing is sent to it: force <deployment> open --for 10m"), R::Danger, 2),
    act(&[c('c')], "c", A::ForceClosed, ("force closed", "everything is sent to it: force <deployment> closed --for 10m"), R::Danger, 3),
    act(&[c('w')], "w", A::Observe, ("observe", "watch only, block nothing: force <deployment> observe --for 10m"), R::Danger, 12),
    act(&[c('r')], "r", A::Release, ("release", "take the force off; a probe follows: release <deployment>"), R::Act, 13),
    act(&[c('p')], "p", A::Probe, ("probe", "look now whether it is back: probe <deployment>"), R::Act, 9),
    act(&[c('f')], "f", A::Fault, ("fault", "inject a failure: fault add <deployment> hang --rate 30%"), R::Danger, 10),
    act(&[c('x')], "x", A::ClearFaults, ("clear fault", "its faults, or all when it has none: fault clear <deployment>"), R::Act, 13),
    act(&[c('3')], "3", A::Rung3, ("rung 3", "the canned answer, on or off: rung3 on all --for 10m"), R::Danger, 8),
    named("drills", look(C::Board, &[c('d')], "d", A::Drill, ("drill", "the rehearsal under way, or which there are and what they would break"), 9)),
    act(&[c('b')], "b", A::Normal, ("normal", "the last 15 minutes are normal, or no longer are: normal pin"), R::Act, 15),
    named("detail", look(C::Board, &[key(K::Enter)], "⏎", A::Detail, ("detail", "one deployment: large charts, judged answers, its events"), 4)),
    look(C::Board, &[c(' ')], "space", A::Freeze, ("freeze", "stop the screen, not the router"), 7),
    named("events", look(C::Board, &[c('E')], "E", A::Events, ("events", "all that happened, over the whole screen"), 14)),
    look(C::Requests, &[key(K::Enter)], "⏎", A::Waterfall, ("attempts", "one request, attempt by attempt, and back"), 1),
    named("requests", look(C::Board, &[c('R')], "R", A::Requests, ("requests", "requests as they end, and where the time of one went"), 8)),
    named("routes", look(C::Board, &[c('T')], "T", A::Routes, ("routes", "tiers in order, with their share of traffic, and what would happen if each were opened"), 16)),
    named("faults", look(C::Board, &[c('F')], "F", A::Faults, ("faults", "all faults that are on, and what they have hit"), 17)),
    named("wall", look(C::Board, &[c('W')], "W", A::Wall, ("wall", "the facts in large letters, for a screen on the wall"), 21)),
    look(C::Board, &[c('[')], "[", A::Wind(Go::SecondBack), ("back 1s", "one second back; a live screen freezes, it keeps 15 minutes by the second"), 3),
    look(C::Board, &[c(']')], "]", A::Wind(Go::SecondOn), ("on 1s", "one second on"), 4),
    look(C::Board, &[c('{')], "{", A::Wind(Go::MinuteBack), ("", "one minute back; a live screen keeps 24 hours by the minute"), 99),
    look(C::Board, &[c('}')], "}", A::Wind(Go::MinuteOn), ("on 1m", "one minute on"), 10),
    look(C::Board, &[c('t')], "t", A::Wind(Go::Time), ("time", "to a moment: 14:03:22, +5m, -30s; a live screen freezes there"), 4),
    look(C::Board, &[c('n')], "n", A::Wind(Go::Next), ("next move", "to the next time a breaker moved"), 5),
    look(C::Board, &[c('N')], "N", A::Wind(Go::Previous), ("", "to the last time a breaker moved"), 99),
    look(C::Board, &[c('<')], "<", A::Wind(Go::Start), ("", "to the beginning"), 99),
    look(C::Board, &[c('>')], ">", A::Wind(Go::End), ("", "to the end; on a live screen: now"), 99),
    look(C::Board, &[c('/')], "/", A::Filter, ("filter", "words, deployment:claude, tier:primary, kind:transition, sev:warn"), 11),
    act(&[c('u')], "u", A::Undo, ("undo", "take off the last override that this screen laid: release, fault clear, rung3 off"), R::Act, 12),
    look(C::Board, &[c('y')], "y", A::Copy, ("copy", "the row, or the newest event in sight, to the clipboard (OSC 52)"), 19),
    look(C::Board, &[c('S')], "S", A::Save, ("save", "this frame as SVG and as text, in the directory breakerbox was started in"), 18),
    look(C::Board, &[c('m')], "m", A::Mouse, ("mouse", "clicks and the wheel act here; off: they select text"), 20),
    look(C::Board, &[c('z')], "z", A::Zoom, ("zoom", "the focused panel over the whole screen"), 15),
    look(C::Board, &[c(':')], ":", A::Palette, ("command", "a command, or where to go: the words of the command line and of this list; tab completes"), 5),
    named("help", look(C::Board, &[c('?'), key(K::F(1))], "?", A::Help, ("help", "this list"), 0)),
    named("quit", look(C::Board, &[c('q'), ctrl('c')], "q ctrl-c", A::Quit, ("quit", "leave the screen; a few lines stay behind"), 1)),
    look(C::Board, &[c('j'), key(K::Down)], "j ↓", A::Down, ("", "next row"), 99),
    look(C::Board, &[c('k'), key(K::Up)], "k ↑", A::Up, ("", "previous row"), 99),
    look(C::Board, &[c('g'), key(K::Home)], "g home", A::First, ("", "first row"), 99),
    look(C::Board, &[c('G'), key(K::End)], "G end", A::Last, ("", "last row"), 99),
    look(C::Board, &[key(K::Tab)], "tab", A::Pane, ("", "the next panel: what the arrows move, what z zooms"), 99),
    named("overview", look(C::Board, &[], ":overview", A::Overview, ("", "the dashboard, from wherever"), 99)),
    look(C::Board, &[key(K::Esc)], "esc", A::Back, ("back", "back: out of the detail, the filter, the freeze"), 1),
    look(C::Board, &[ctrl('z')], "ctrl-z", A::Suspend, ("", "suspend this process; asks when the router runs in it"), 99),
    look(C::Confirm, &[c('y'), c('Y')], "y", A::Yes, ("yes", "do it"), 0),
    look(C::Confirm, &[c('n'), c('N'), key(K::Esc), key(K::Enter), c('q'), ctrl('c')], "n esc ⏎", A::Cancel, ("no", "leave everything as it is"), 0),
    look(C::Typed, &[key(K::Enter)], "⏎", A::Yes, ("do it, once the name is there", "do it, when the name is right"), 0),
    look(C::Typed, &[key(K::Esc), ctrl('c')], "esc", A::Cancel, ("leave it", "leave everything as it is"), 0),
    look(C::Menu, &[c('j'), key(K::Down)], "↓ j", A::Down, ("", "next"), 1),
    look(C::Menu, &[c('k'), key(K::Up)], "↑ k", A::Up, ("", "previous"), 1),
    look(C::Shares, &[c('h'), key(K::Left)], "← h", A::Less, ("less", "a smaller share"), 2),
    look(C::Shares, &[c('l'), key(K::Right)], "→ l", A::More, ("more", "a larger share"), 2),
    look(C::Menu, &[key(K::Enter)], "⏎", A::Choose, ("choose", "choose; a question follows"), 0),
    look(C::Menu, &[key(K::Esc), c('q'), ctrl('c')], "esc", A::Cancel, ("leave it", "close the menu"), 0),
    look(C::Brief, &[c('j'), key(K::Down)], "↓ j", A::Down, ("", "down"), 1),
    look(C::Brief, &[c('k'), key(K::Up)], "↑ k", A::Up, ("", "up"), 1),
    look(C::Brief, &[c('h'), key(K::Left)], "← h", A::Less, ("fewer", "a smaller share, down to the drill's own requests"), 2),
    look(C::Brief, &[c('l'), key(K::Right)], "→ l", A::More, ("more", "a larger share of all requests"), 2),
    Binding { reach: R::Danger, ..look(C::Brief, &[key(K::Enter)], "⏎", A::Choose, ("start it", "start it: drill start <name>"), 0) },
    look(C::Brief, &[key(K::Esc), c('q'), ctrl('c')], "esc", A::Cancel, ("leave it", "leave everything as it is"), 0),
    look(C::Line, &[key(K::Enter)], "⏎", A::Choose, ("take it", "send the command, keep the filter"), 0),
    look(C::Command, &[key(K::Tab)], "tab", A::Complete, ("complete", "the word that fits"), 1),
    look(C::Command, &[key(K::Up)], "↑", A::Up, ("earlier", "the line before"), 2),
    look(C::Command, &[key(K::Down)], "↓", A::Down, ("", "the line after"), 2),
    look(C::Line, &[key(K::Esc), ctrl('c')], "esc", A::Cancel, ("leave it", "forget the line, drop the filter"), 0),
    look(C::Help, &[key(K::Up)], "↑", A::Up, ("", "up; letters search"), 1),
    look(C::Help, &[key(K::Down)], "↓", A::Down, ("", "down"), 1),
    look(C::Help, &[key(K::Esc), c('?'), key(K::Enter), ctrl('c')], "esc ?", A::Cancel, ("close", "close the help"), 0),
];

/// What becomes of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orders {
    Taken,
    /// The router is out of reach: a key that sends one says so.
    CutOff,
    /// Keys that send some do not exist.
    Refused,
}

/// What a screen can do at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desk {
    pub(super) orders: Orders,
    /// It shows a recording.
    pub(super) tape: bool,
    /// It shows a moment that has passed.
    pub(super) frozen: bool,
    /// On the overview, with nothing to go back from.
    pub(super) home: bool,
    /// Whether a drill is under way.
    pub(super) drill: When,
    pub(super) laid: Laid,
    pub(super) known: Known,
}

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The router has said nothing yet.
    Nothing,
    /// It has no deployment.
    Empty,
    Deployments,
}

/// What people have laid over the router.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Laid {
    pub(super) forces: bool,
    pub(super) faults: bool,
    pub(super) rung3: bool,
}

impl Desk {
    fn has(self, b: &Binding) -> bool {
        let wound = |key: &Key| {
            TABLE
                .iter()
                .any(|t| t.context == Context::Tape && t.keys.contains(key))
        };
        let here = match b.context {
            Context::Tape => self.tape,
            Context::Board | Context::Drill => !(self.tape && b.keys.iter().any(wound)),
            _ => true,
        };
        here && (self.orders != Orders::Refused || b.reach == Reach::Look)
    }

    /// Whether it does something now.
    fn holds(self, b: &Binding) -> bool {
        let in_time = b.when == When::Always || b.when == self.drill;
        in_time && (self.known != Known::Nothing || b.needs_nothing())
    }
}

impl Binding {
    /// It is about this screen alone, or about what lies over the board.
    const fn needs_nothing(&self) -> bool {
        let of_views = matches!(
            self.context,
            Context::Board
                | Context::Tape
                | Context::Requests
                | Context::Routes
                | Context::Events
                | Context::Faults
                | Context::Drill
        );
        !of_views
            || matches!(
                self.action,
                Action::Help
                    | Action::Quit
                    | Action::Suspend
                    | Action::Wall
                    | Action::Overview
                    | Action::Back
                    | Action::Save
                    | Action::Mouse
            )
    }

    /// It is about the deployment under the cursor.
    fn needs_row(&self) -> bool {
        let of_panes = matches!(self.action, Action::Pane | Action::Zoom);
        self.context == Context::Board && self.action.scope() == Scope::Row && !of_panes
    }

    /// A key of time, where somebody looks back.
    fn winds(&self, desk: Desk) -> bool {
        desk.frozen && matches!(self.action, Action::Wind(_) | Action::Freeze)
    }

    /// Among the keys that the footer names, the lowest stay longest. Who looks back wants to go on; and what takes off
    /// that is laid over the router stands where what lays it stood.
    pub(super) fn rank(&self, desk: Desk) -> u8 {
        match self.action {
            _ if self.winds(desk) => self.priority.min(6).saturating_sub(2),
            Action::ClearFaults if desk.laid.faults => 3,
            Action::Release if desk.laid.forces => 3,
            Action::Rung3 if desk.laid.rung3 => 3,
            _ => self.priority,
        }
    }

    /// What it does, as help and manual say it.
    pub(super) fn told(&self) -> String {
        if self.reach == Reach::Danger {
            format!("{} (asks first)", self.help)
        } else if self.word.is_empty() || self.keys.is_empty() {
            self.help.to_owned()
        } else {
            format!("{} (:{})", self.help, self.word)
        }
    }

    /// Whether it holds in a place.
    pub(super) fn is_in(&self, context: Context) -> bool {
        let shared = match self.context {
            Context::Tape => Some(Scope::Whole),
            Context::Board => Some(self.action.scope()),
            _ => None,
        };
        let reaches = |most| shared.is_some_and(|scope| scope <= most);
        self.context == context
            || match context {
                Context::Board | Context::Routes => reaches(Scope::Row),
                Context::Requests | Context::Events | Context::Faults => reaches(Scope::List),
                Context::Drill | Context::Wall => reaches(Scope::Whole),
                Context::Shares => self.context == Context::Menu,
                Context::Command => self.context == Context::Line,
                _ => false,
            }
    }
}

/// What a key of the board needs to be on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// Nothing in particular.
    Whole,
    /// A list to move in, which the view of a drill has not.
    List,
    /// The table, with a row selected.
    Row,
}

impl Action {
    const fn scope(self) -> Scope {
        match self {
            Self::Down
            | Self::Up
            | Self::First
            | Self::Last
            | Self::Filter
            | Self::Copy
            | Self::Drill => Scope::List,
            Self::Pane
            | Self::Zoom
            | Self::Detail
            | Self::ForceOpen
            | Self::ForceClosed
            | Self::Observe
            | Self::Release
            | Self::Probe
            | Self::Fault
            | Self::ClearFaults => Scope::Row,
            _ => Scope::Whole,
        }
    }
}

/// The bindings that exist on this screen, each in its moments. Where commands are refused, keys that send some do not
/// exist.
pub(super) fn existing(desk: Desk) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |b| desk.has(b))
}

/// Those that do something in a place now.
fn holding(context: Context, desk: Desk) -> impl Iterator<Item = &'static Binding> {
    existing(desk).filter(move |b| b.is_in(context) && desk.holds(b))
}

/// Whether the footer names it: no other binding takes its key here, keys of time are only of use to those who look
/// back, and at home nothing leads back.
fn is_offered(b: &Binding, context: Context, desk: Desk) -> bool {
    let own =
        holding(context, desk).find(|other| other.keys.iter().any(|key| b.keys.contains(key)));
    let in_time = desk.tape || desk.frozen || !matches!(b.action, Action::Wind(_));
    let is_it = own.is_some_and(|other| std::ptr::eq(other, b));
    let leads_back = !desk.home || b.action != Action::Back;
    let is_of_use = (desk.orders == Orders::Taken || b.reach == Reach::Look)
        && (desk.known == Known::Deployments || !b.needs_row());
    is_it && in_time && leads_back && is_of_use && !b.label.is_empty()
}

/// What the footer names, in its order: the keys of this view, the way out of it, and what is everywhere.
pub(super) fn offered(context: Context, desk: Desk) -> Vec<&'static Binding> {
    let mut offered: Vec<_> = existing(desk)
        .filter(|b| is_offered(b, context, desk))
        .collect();
    offered.sort_by_key(|b| match b.context {
        Context::Board if b.action == Action::Back => 1,
        Context::Board if b.winds(desk) => 2,
        Context::Board | Context::Tape => 3,
        _ => 0,
    });
    offered
}

/// The binding that has this word in the palette.
pub(super) fn named_by(word: &str, desk: Desk) -> Option<&'static Binding> {
    existing(desk).find(|b| b.word == word && !word.is_empty())
}

pub(super) fn find(context: Context, event: KeyEvent, desk: Desk) -> Option<&'static Binding> {
    if event
        .modifiers
        .intersects(KeyModifiers::ALT | KeyModifiers::SUPER)
    {
        return None;
    }
    let pressed = Key {
        code: event.code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
    };
    holding(context, desk).find(|b| b.keys.contains(&pressed))
}

/// What keys do in a place of the screen, as the manual has it.
#[derive(Debug)]
pub struct Keys {
    pub place: &'static str,
    /// How a key is written, and what it does.
    pub all: Vec<(&'static str, String)>,
}

/// The whole table, for the manual.
pub fn manual() -> impl Iterator<Item = Keys> {
    Context::ALL.into_iter().map(|context| Keys {
        place: context.title(),
        all: TABLE
            .iter()
            .filter(|b| b.context == context)
            .map(|b| (b.shown, b.told()))
            .collect(),
    })
}

#[cfg(test)]
mod tests;
