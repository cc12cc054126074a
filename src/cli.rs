//! The command line. Kept stable: flags and words here are what scripts rely on.

use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

const ABOUT: &str =
    "A failover router for LLM traffic, and the panel that shows which breaker tripped";

const AFTER: &str = "\
Without a configuration, three simulated providers on loopback stand behind a route `summarize`,
with traffic: the dashboard lives at once, and every key works on it. Point a real SDK at it:

  OPENAI_BASE_URL=http://127.0.0.1:4141/v1     model \"summarize\"
  ANTHROPIC_BASE_URL=http://127.0.0.1:4141     model \"summarize\"

The configuration is looked for at --config, ./breakerbox.toml, and breakerbox/config.toml in the
XDG config directory. It may also be a LiteLLM config.yaml, as it is.

Exit codes: 0 fine, 1 it could not start or ran into an error, 2 wrong arguments.
`status --once`: 0 all closed, 1 degraded, 2 rung 3 or unreachable. `drill`: 0 passed, 1 failed, 2 could not run.";

#[derive(Debug, Parser)]
#[command(name = "breakerbox", version, about = ABOUT, after_help = AFTER, subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Mode>,
    #[command(flatten)]
    pub run: Run,
    #[command(flatten)]
    pub screen: Screen,
}

/// What the router runs with, on a screen or without.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// Configuration: breakerbox's TOML or a LiteLLM YAML
    #[arg(long, short, value_name = "FILE", env = "BREAKERBOX_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address to listen on, over the configuration's
    #[arg(long, short, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Use the simulated providers, whatever configuration there is
    #[arg(long)]
    pub sim: bool,
    /// With the simulated providers: send them no traffic
    #[arg(long)]
    pub no_traffic: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Screen {
    /// Only look: keys that change something do not exist
    #[arg(long)]
    pub read_only: bool,
    /// Draw with ASCII only
    #[arg(long)]
    pub ascii: bool,
    /// Colours: auto (`NO_COLOR`, COLORTERM and COLORFGBG are read), dark, light, 16-dark, 16-light, none
    #[arg(long, value_name = "PALETTE", default_value = "auto")]
    pub palette: PaletteName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PaletteName {
    Auto,
    Dark,
    Light,
    #[value(name = "16-dark")]
    SixteenDark,
    #[value(name = "16-light")]
    SixteenLight,
    None,
}

#[derive(Debug, Subcommand)]
pub enum Mode {
    /// Route without a screen; one line per event on stdout
    Serve {
        #[command(flatten)]
        run: Run,
        /// Events as JSON, one a line
        #[arg(long)]
        json: bool,
    },
    /// Check, show, find or begin a configuration
    #[command(subcommand)]
    Config(ConfigMode),
    /// Run the simulated providers alone, for anything that speaks to OpenAI, Anthropic or Gemini
    Sim {
        /// First of three ports (OpenAI, Anthropic, Gemini); 0 takes free ones
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        port: u16,
        /// The same seed gives the same answers
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Rehearse a failure on a router of its own, and report; exits with 0 (passed), 1 (failed) or 2 (could not run)
    Drill {
        /// Which; `breakerbox drills` lists them
        name: String,
        /// Drill the simulated providers, whatever configuration there is
        #[arg(long, conflicts_with = "config")]
        sim: bool,
        /// The configuration to drill, against its real providers
        #[arg(long, short, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Where the report is written; left out: drills/ in the XDG state directory
        #[arg(long, value_name = "DIR")]
        report: Option<PathBuf>,
    },
    /// List the drills, and which were run
    Drills,
    /// How a running breakerbox stands, from its snapshot
    Status {
        /// Where it listens
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4141")]
        listen: SocketAddr,
        /// Ask once and exit with 0 (all closed), 1 (degraded) or 2 (rung 3 or unreachable)
        #[arg(long)]
        once: bool,
        /// The whole snapshot as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ConfigMode {
    /// Read it, and say everything that is wrong with it
    Check { file: Option<PathBuf> },
    /// Print what is in force, as TOML, without secrets
    Show { file: Option<PathBuf> },
    /// Print which file would be read
    Path,
    /// Write a commented breakerbox.toml into this directory
    Init {
        /// Where to write it
        #[arg(default_value = "breakerbox.toml")]
        file: PathBuf,
    },
}
