//! Completions for shells, and the manual: both made from the command line itself, and the keys from their own table.

use breakerbox::cli::Cli;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::{Man, generate_to};
use std::{
    fs,
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
    let first = || Man::new(commands());
    let Some(dir) = out else {
        let text = page(&first()).map_err(|e| e.to_string())?;
        return io::stdout().write_all(&text).map_err(|e| e.to_string());
    };
    fs::create_dir_all(dir)
        .and_then(|()| generate_to(commands(), dir))
        .and_then(|()| fs::write(dir.join(first().get_filename()), page(&first())?))
        .map_err(|e| format!("the manual is not written: {}: {e}", dir.display()))
}

/// `help` has no page of its own.
fn commands() -> Command {
    Cli::command().disable_help_subcommand(true)
}

/// The first page, which has the keys of the screen.
fn page(man: &Man) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    man.render_subcommands_section(&mut text)?;
    #[cfg(feature = "tui")]
    keys(&mut text)?;
    man.render_extra_section(&mut text)?;
    man.render_version_section(&mut text)?;
    Ok(text)
}

#[cfg(feature = "tui")]
fn keys(out: &mut Vec<u8>) -> io::Result<()> {
    use clap_mangen::roff::{Roff, bold, roman};

    let mut section = Roff::new();
    section.control("SH", ["KEYS"]);
    for keys in breakerbox::tui::manual() {
        section.control("PD", []).control("SS", [keys.place]);
        // A line each, with none between them.
        section.control("PD", ["0"]);
        for (key, does) in keys.all {
            section.control("TP", []);
            section.text([bold(key)]).text([roman(does)]);
        }
    }
    section.control("PD", []).to_writer(out)
}
