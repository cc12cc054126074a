//! Arguments, mode, exit codes.

mod modes;

use breakerbox::cli::{Cli, GivenDrill, Mode};
use clap::Parser;
use std::{
    io::{self, Write},
    process::ExitCode,
};
#[cfg(feature = "tui")]
use {
    breakerbox::config,
    std::path::{Path, PathBuf},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Only fails when one is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match cli.command {
        None => modes::dashboard::run(&cli),
        Some(Mode::Serve { run, json }) => modes::serve::run(&run, json),
        #[cfg(feature = "tui")]
        Some(Mode::Attach { to, token, screen }) => {
            modes::attach::run(to.as_deref(), &token, &screen)
        }
        Some(Mode::Config(mode)) => modes::config::run(mode),
        Some(Mode::Check {
            file,
            live,
            strict,
            format,
        }) => modes::check::run(file.as_deref(), live, strict, format),
        Some(Mode::Sim { port, seed }) => modes::sim::run(port, seed),
        Some(Mode::Drill {
            here: Some(GivenDrill(given)),
            ..
        }) => modes::operate::give(&given),
        Some(Mode::Drill {
            name,
            here: None,
            sim,
            config,
            report,
            journal,
            whom,
            json,
            headless: _,
        }) => modes::drill::run(&modes::drill::Rehearsal {
            name: name.unwrap_or_default(),
            sim: sim || config.is_none(),
            config,
            report,
            journal,
            whom,
            json,
        }),
        Some(Mode::Replay(wish)) => modes::replay::run(&wish),
        Some(Mode::Report(wish)) => modes::report::run(&wish)
            .and_then(|text| say(text.trim_end()).map(|()| ExitCode::SUCCESS)),
        Some(Mode::Completions { shell }) => {
            modes::manual::completions(shell).map(|()| ExitCode::SUCCESS)
        }
        Some(Mode::Man { out }) => modes::manual::man(out.as_deref()).map(|()| ExitCode::SUCCESS),
        Some(Mode::Drills { json }) => modes::drill::list(json),
        Some(Mode::Simulate {
            scenarios,
            rate,
            seeds,
            json,
        }) => modes::simulate::run(&scenarios, rate, seeds, json),
        Some(Mode::Status { asked, once }) => modes::operate::status(&asked, once),
        Some(Mode::Events { asked, follow, all }) => modes::operate::events(&asked, follow, all),
        Some(Mode::Snapshot { at }) => modes::operate::snapshot(&at),
        Some(Mode::Order(given)) => modes::operate::give(&given),
    };
    done.unwrap_or_else(|why| {
        if why != UNREAD {
            let _ = writeln!(io::stderr(), "breakerbox: {why}");
        }
        ExitCode::FAILURE
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("no runtime: {e}"))
}

/// Whoever read it has gone, as `head` does: there is nothing to complain of, and no success to claim.
const UNREAD: &str = "nobody reads what is said";

fn say(line: &str) -> Result<(), String> {
    put(format!("{line}\n").as_bytes())
}

fn put(text: &[u8]) -> Result<(), String> {
    io::stdout().write_all(text).map_err(|e| match e.kind() {
        io::ErrorKind::BrokenPipe => UNREAD.to_owned(),
        _ => e.to_string(),
    })
}

fn operator() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

/// Logs of a process without a screen go to standard error; with a screen they would tear it, and go to a file.
fn log_to_stderr() {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(log_filter())
        .with_writer(io::stderr)
        .try_init();
}

#[cfg(feature = "tui")]
fn log_to(file: &Path) {
    if let Some(dir) = file.parent() {
        let _ = std::fs::create_dir_all(dir);
    }
    if let Ok(out) = std::fs::File::options()
        .create(true)
        .append(true)
        .open(file)
    {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(log_filter())
            .with_ansi(false)
            .with_writer(out)
            .try_init();
    }
}

/// `BREAKERBOX_LOG`, in the syntax of tracing's filters.
fn log_filter() -> tracing_subscriber::EnvFilter {
    tracing_subscriber::EnvFilter::try_from_env("BREAKERBOX_LOG").unwrap_or_else(|_| "warn".into())
}

#[cfg(feature = "tui")]
fn log_file() -> PathBuf {
    let state = config::state_dir(&config::Process);
    let dir = state.unwrap_or_else(|| std::env::temp_dir().join("breakerbox"));
    dir.join("breakerbox.log")
}

#[cfg(feature = "tui")]
fn tui_options(look: &breakerbox::cli::Look) -> breakerbox::tui::Options {
    use breakerbox::{
        cli::PaletteName,
        tui::{Palette, View},
    };
    let palette = match look.palette {
        PaletteName::Auto => Palette::Auto,
        PaletteName::Dark => Palette::Dark,
        PaletteName::Light => Palette::Light,
        PaletteName::IndexedLight => Palette::IndexedLight,
        PaletteName::SixteenDark => Palette::SixteenDark,
        PaletteName::SixteenLight => Palette::SixteenLight,
        PaletteName::None => Palette::Mono,
    };
    breakerbox::tui::Options {
        ascii: look.ascii,
        palette,
        view: if look.wall {
            View::Wall
        } else {
            View::Overview
        },
        ..Default::default()
    }
}
