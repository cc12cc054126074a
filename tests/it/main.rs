//! breakerbox from the outside: real sockets, real clients, a real terminal.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod alerts;
mod at_length;
mod attach;
mod audit;
mod azure;
mod bedrock;
mod cache;
mod canary;
mod checks;
mod codex;
mod collector;
mod command_line;
mod cuts;
mod doors;
mod drain;
mod drill;
mod drill_broken;
mod drill_here;
mod drill_killed;
mod embeddings;
mod failover;
mod faults;
mod faults_in_dialects;
mod fleet;
mod gemini;
mod hedge;
mod hygiene;
mod judge;
mod judge_words;
mod litellm;
mod memory;
mod metrics;
mod operators;
mod packaging;
mod pty;
mod real;
mod recovery;
mod replay;
mod report;
mod requests;
mod rescue;
mod responses;
mod rig;
mod rotel;
mod scenarios;
mod sdk;
mod simulate;
mod streams;
mod traces;
mod traces_sent;
mod traces_tls;
mod upstream;
mod wire;
