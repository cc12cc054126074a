//! Completions for shells, and the manual: both made from the command line itself.

use breakerbox::cli::Cli;
use clap::CommandFactory;
use clap_complete::Shell;
use std::{
    io::{self, Write},
    path::Path,
};

pub(crate) fn completions(shell: Shell) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "breakerbox", &mut text);
    io::stdout().write_all(&text).map_err(|e| e.to_string())
}

/// A page for each word of the command line into `out`; without, the first of them on stdout.
pub(crate) fn man(out: Option<&Path>) -> Result<(), String> {
    let Some(dir) = out else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Cli::command())
            .render(&mut text)
            .map_err(|e| e.to_string())?;
        return io::stdout().write_all(&text).map_err(|e| e.to_string());
    };
    std::fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), dir))
        .map_err(|e| format!("the manual is not written: {}: {e}", dir.display()))
}
