//! breakerbox's own configuration, of any content.

#![no_main]

mod config;

libfuzzer_sys::fuzz_target!(|text: &str| config::check("breakerbox.toml", text));
