//! What the words of the command line do: the edge between the library and a terminal.

#[cfg(feature = "tui")]
pub(crate) mod attach;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod dashboard;
pub(crate) mod drill;
mod follow;
pub(crate) mod manual;
pub(crate) mod operate;
mod progress;
mod reach;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod serve;
mod service;
pub(crate) mod sim;
pub(crate) mod simulate;
