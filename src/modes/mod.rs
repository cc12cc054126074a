//! What the words of the command line do: the edge between the library and a terminal.

mod progress;
pub(crate) mod replay;
pub(crate) mod report;
