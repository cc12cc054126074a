//! The screen. It knows [`crate::model`] and [`crate::source`] and nothing of the router: what it shows is a
//! snapshot, what it does is a command, and what became of that it learns from the events.
//!
//! [`app`] remembers, [`act`] and [`orders`] turn keys into commands through the one table in [`keys`], [`view`] draws, [`run`]
//! turns the loop over a borrowed [`terminal`]. A panel is a file.

#![warn(clippy::arithmetic_side_effects)]

mod act;
mod app;
mod brief;
mod chart;
mod columns;
mod complete;
mod confirm;
mod decode;
mod detail;
mod down;
mod draw;
mod drill;
mod errand;
mod events;
mod faults;
mod filter;
mod fit;
mod footer;
mod grid;
mod header;
mod headline;
mod help;
mod input;
mod judged;
mod keys;
mod layout;
mod link;
mod menu;
mod mouse;
mod normal;
mod order;
mod orders;
mod out;
mod overlay;
mod paint;
mod palette;
mod radius;
mod requests;
mod routes;
mod run;
mod rungs;
mod save;
mod sent;
mod series;
mod shift;
mod summary;
pub mod svg;
mod table;
mod tape;
mod terminal;
mod theme;
mod tiny;
mod trends;
mod typed;
mod view;
mod wall;
mod waterfall;
mod words;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "scenes are made of small plain numbers"
)]
mod tests;

pub use app::View;
pub use keys::{Keys, manual};
pub use run::{Options, run};
pub use summary::Summary;
pub use theme::Palette;
pub use view::picture;
