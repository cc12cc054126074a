//! The places of the screen in which keys mean different things.

/// Where a key means what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::tui) enum Context {
    /// The dashboard and the detail view.
    Board,
    /// The same where a recording is shown; these keys come before those of the board.
    Tape,
    /// "Are you sure?"
    Confirm,
    /// "Type its name."
    Typed,
    Menu,
    /// A menu in which a share is chosen too.
    Shares,
    /// All events.
    Events,
    /// Large letters.
    Wall,
    /// All faults.
    Faults,
    /// Requests, and one of them attempt by attempt.
    Requests,
    /// Routes with their tiers.
    Routes,
    /// The page about a drill.
    Brief,
    /// The drill that runs.
    Drill,
    /// A line that is typed: a filter, a moment, a command.
    Line,
    /// The last of them, which can be completed and had again.
    Command,
    Help,
}

impl Context {
    pub(in crate::tui) const fn title(self) -> &'static str {
        match self {
            Self::Board => "everywhere",
            Self::Tape => "in a replay",
            Self::Confirm => "in a question",
            Self::Typed => "where a name is asked for",
            Self::Menu => "in a menu",
            Self::Shares => "in the menu of faults",
            Self::Events => "in the events",
            Self::Wall => "on the wall",
            Self::Faults => "in the faults",
            Self::Requests => "in the requests",
            Self::Routes => "in the routes",
            Self::Brief => "on the page about a drill",
            Self::Drill => "where a drill is shown",
            Self::Line => "where a line is typed",
            Self::Command => "in the command line",
            Self::Help => "in this help",
        }
    }

    pub(in crate::tui) const ALL: [Self; 16] = [
        Self::Tape,
        Self::Board,
        Self::Requests,
        Self::Routes,
        Self::Events,
        Self::Faults,
        Self::Wall,
        Self::Drill,
        Self::Confirm,
        Self::Typed,
        Self::Menu,
        Self::Shares,
        Self::Brief,
        Self::Line,
        Self::Command,
        Self::Help,
    ];
}
