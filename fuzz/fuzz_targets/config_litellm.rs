//! `LiteLLM`'s configuration, of any content.

#![no_main]

mod config;

libfuzzer_sys::fuzz_target!(|text: &str| config::check("config.yaml", text));
