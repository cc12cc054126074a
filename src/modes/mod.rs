//! What the words of the command line do: the edge between the library and a terminal.

pub(crate) mod report;
