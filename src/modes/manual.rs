//! Completions for shells, and the manual: both made from the command line itself, and the keys from their own table.

use crate::put;
use breakerbox::cli::Cli;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use std::{fs, io, path::Path};

pub(crate) fn completions(shell: Shell) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "breakerbox", &mut text);
    put(&text)
}

/// A page for each word of the command line into `out`; without, the first of them on stdout.
pub(crate) fn man(out: Option<&Path>) -> Result<(), String> {
    // `help` would have pages that say nothing.
    let mut all = Cli::command().disable_help_subcommand(true);
    all.build();
    match out {
        None => put(&page(&all).map_err(|e| e.to_string())?),
        Some(dir) => fs::create_dir_all(dir)
            .and_then(|()| pages(&all, dir))
            .map_err(|e| format!("the manual is not written: {}: {e}", dir.display())),
    }
}

fn pages(command: &Command, dir: &Path) -> io::Result<()> {
    let name = Man::new(command.clone()).get_filename();
    fs::write(dir.join(name), page(command)?)?;
    command
        .get_subcommands()
        .try_for_each(|word| pages(word, dir))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let mut own = Roff::new();
    // The first page has the version, and the keys.
    if command.get_version().is_some() {
        #[cfg(feature = "tui")]
        keys(&mut own);
    }
    notes(command, &mut own);
    own.to_writer(&mut text)?;
    if command.get_version().is_some() {
        man.render_version_section(&mut text)?;
    }
    Ok(text)
}

/// What stands below the options in the help, line by line as it stands there.
fn notes(command: &Command, out: &mut Roff) {
    let Some(notes) = command.get_after_help() else {
        return;
    };
    out.control("SH", ["NOTES"]).control("nf", []);
    for line in notes.to_string().lines() {
        out.text([roman(line)]);
    }
    out.control("fi", []);
}

#[cfg(feature = "tui")]
fn keys(out: &mut Roff) {
    use clap_mangen::roff::bold;

    out.control("SH", ["KEYS"]);
    for keys in breakerbox::tui::manual() {
        out.control("PD", []).control("SS", [keys.place]);
        // A line each, with none between them.
        out.control("PD", ["0"]);
        for (key, does) in keys.all {
            out.control("TP", []);
            out.text([bold(key)]).text([roman(does)]);
        }
    }
    out.control("PD", []);
}
