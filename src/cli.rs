//! The command line. Kept stable: flags and words here are what scripts rely on.

use crate::{
    model::{command::Whom, time::parse_duration},
    simulate,
};
use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

mod operate;

pub use operate::{Asked, At, Given, GivenDrill, Wanted};

const ABOUT: &str =
    "A failover router for LLM traffic, and the panel that shows which breaker tripped";

const AFTER: &str = "\
Without a configuration, three simulated providers on loopback stand behind a route `summarize`,
with traffic: the dashboard lives at once, and every key works on it. Point a real SDK at it:

  OPENAI_BASE_URL=http://127.0.0.1:4141/v1     model \"summarize\"
  ANTHROPIC_BASE_URL=http://127.0.0.1:4141     model \"summarize\"

The configuration is looked for at --config, BREAKERBOX_CONFIG, ./breakerbox.toml, and
breakerbox/config.toml in the XDG config directory. It may also be a LiteLLM config.yaml, as it is.
BREAKERBOX_LOG says what is logged (\"info\", \"breakerbox=debug\"; left out: \"warn\"): on standard error, or
with a screen into breakerbox/breakerbox.log in the XDG state directory.

Exit codes: 0 fine, 1 it could not start or ran into an error, 2 wrong arguments.
`status --once`: 0 all closed, 1 degraded, 2 rung 3 or unreachable. `drill`: 0 passed, 1 failed, 2 could not run.
`check`: 0 no errors, 1 errors (with --strict also warnings), 2 the configuration cannot be read.
`simulate`: 0 everything expected came, 1 something did not, 2 a scenario cannot be read.
To a running router: 0 carried out, 1 refused, 2 not reachable, 3 not allowed, 4 no answer.";

const CHECK: &str = "\
It reads the configuration and the ledger of drills; without --live nobody is called.
Asked of each route: are there two tiers with keys, of two makers, behind two addresses;
does the primary leave time for the tiers below; is there a cache and a canned answer;
where do prompts go that are too long, or refused. Asked of the whole: may the judge's
score trip anything, and who bears it out; do keys exist; was this configuration drilled;
is the door shut; is there a journal.

Where it draws the line:
  - a drill that passed counts for 35 days, for the configuration that was drilled (by its
    hash); drills of the simulated providers do not count
  - a deadline over 10 minutes is longer than the SDKs of OpenAI and Anthropic wait
  - a tier is starved with less than half of its timeout when all above it hang
  - a judge's budget under 40 calls a day, or under 4 a minute, is too small for a trip

Every finding has a rule's name, which stays, and a level: error (an outage would reach
users), warning (it would be worse than it has to be) or note.

  breakerbox check                          what `breakerbox` would run with
  breakerbox check litellm-config.yaml --strict
  breakerbox check --live                   a call of 16 tokens each (models that reason
                                            get room to think); judges judge once
  breakerbox check --format sarif > breakerbox.sarif

Exit codes: 0 no errors, 1 errors (with --strict also warnings), 2 the configuration
cannot be read.";

const DRILL: &str = "\
It needs no terminal and asks nothing: cron and CI go by the exit code, `--json` is for what reads the numbers.

  breakerbox drill bad-key-tuesday                              the simulated providers
  breakerbox drill april-7 --config breakerbox.toml             your own, failing the drill's own requests only
  breakerbox drill april-7 --config breakerbox.toml --json      the report on stdout
  breakerbox drill start april-7                                in the router that runs on this machine
  breakerbox drill abort                                        ends that one; its faults come off at once

Exit codes: 0 passed, 1 failed or ended before its time, 2 could not run (nothing was broken, nothing is proven).";

const EVENTS: &str = "\
  breakerbox events                        the last ones
  breakerbox events --follow               one line each, as they come
  breakerbox events --follow --json --all  everything, for programs
  breakerbox events --to llm.example:4141 --token-file ~/.config/breakerbox/token

With --follow it outlives the router, like `journalctl -f`: it says on standard error that it
waits, and goes on when the router is back, with what that still knows of what was missed.
Ctrl-C ends it.

Exit codes: 0 told (or nobody reads any more), 1 refused by the router, 2 wrong arguments or
not reachable (with --follow: at the beginning), 3 not allowed, 4 no answer in time.";

const SIMULATE: &str = "\
A scenario says how providers and judges are, from when on, and what is expected of the breaker:

  name = \"my-outage\"
  rate_rps = 2
  [[providers]]
  id = \"primary\"
  phases = [{ t = \"10m\", err = 0.3 }, { t = \"40m\" }]     # 30 % 5xx for half an hour, then well again
  [[providers]]
  id = \"secondary\"
  [expect]
  first_trip_s = { median = 10, p95 = 20 }
  opens_outside = 0

  breakerbox simulate                    what comes with breakerbox
  breakerbox simulate garbage-30         one of these, by its name
  breakerbox simulate all                all of these, and a table at the end
  breakerbox simulate my-outage.toml --rate 0.5 --seeds 1000

A phase may have err, hang, garbage, mediocre, c400, c401, c429 (shares from 0 to 1), capacity_rps and
latency_ms; a judge's shift, fail and latency_ms; [[traffic]] has t and mult. Everything is in docs/breaker.md.

Exit codes: 0 everything expected came, 1 something did not, 2 a scenario cannot be read.";

const REPLAY: &str = "\
TIME is 14:03:22 (UTC), 2026-11-20T14:03:22Z, or counted: +5m from the beginning, -30s from the end.
On the screen: space plays and pauses, + and - change the speed, [ ] step a second and { } a minute,
n and N go to the next and the last time a breaker moved, t to a moment, < and > to beginning and end.

  breakerbox replay                                       the incidents that come with breakerbox
  breakerbox replay bad-key-tuesday                       one of these
  breakerbox replay ~/.local/state/breakerbox/journal     everything that was recorded
  breakerbox replay 2026-11-20T00-00-00Z.jsonl.zst --from 14:00
  breakerbox replay bad-key-tuesday --at +20s --svg incident.svg
  zstdcat *.jsonl.zst | breakerbox replay - --json

Of runs that were recorded at the same time the newest is played; to play another, name one of its files too:
  breakerbox replay journal/2026-11-20T00-00-00Z.jsonl.zst journal

Where standard output is no terminal: one line per event.";

#[cfg(feature = "tui")]
const ATTACH: &str = "\
The same screen, over WebSocket: the numbers are those of the router itself. When the connection is lost, the last state
stays, is marked STALE with its age, and the screen comes back by itself; commands are refused meanwhile. Where no router
was named, it looks again: the only other one that runs on this machine is shown in its place, and the screen says so.

  breakerbox attach                                     the router on this machine
  breakerbox attach 4777                                the one that listens on this port
  BREAKERBOX_TOKEN=… breakerbox attach wss://llm.example
  breakerbox attach ws://10.0.0.5:4141 --token-file ~/.config/breakerbox/token --read-only

On this machine the Unix socket of the router's user opens without a token. From elsewhere the router has to be
configured with control.tokens; a token with the role view attaches a screen that cannot change anything.";

/// What was built: `--version`; `-V` is the number alone.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let screen = if cfg!(feature = "tui") { "yes" } else { "no" };
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    let number = env!("CARGO_PKG_VERSION");
    format!("{number}\nscreen: {screen}\nallocator: mimalloc\ntarget: {arch}-{os}\nbuild: {build}")
});

#[derive(Debug, Parser)]
#[command(name = "breakerbox", version, long_version = VERSION.as_str(), about = ABOUT, after_help = AFTER, subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
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
    #[arg(long, short, value_name = "FILE")]
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
    #[command(flatten)]
    pub look: Look,
}

/// Where the token comes from. Never from an argument: everybody on the machine can read those.
#[derive(Debug, Clone, Default, Args)]
pub struct TokenFrom {
    /// Read the token from this file; left out: from `BREAKERBOX_TOKEN`, if it is set
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// How a screen is drawn.
#[derive(Debug, Clone, Args)]
pub struct Look {
    /// Draw with ASCII only
    #[arg(long)]
    pub ascii: bool,
    /// Colours: auto (`NO_COLOR`, COLORTERM and COLORFGBG are read), dark, light, 256-light, 16-dark, 16-light,
    /// none
    #[arg(long, value_name = "PALETTE", default_value = "auto")]
    pub palette: PaletteName,
    /// Begin with the facts in large letters, for a screen on the wall (W on the screen)
    #[arg(long)]
    pub wall: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PaletteName {
    Auto,
    Dark,
    Light,
    /// The nearest of 256 colours to those of `light`
    #[value(name = "256-light")]
    IndexedLight,
    #[value(name = "16-dark")]
    SixteenDark,
    #[value(name = "16-light")]
    SixteenLight,
    None,
}

/// What to replay, and in what form.
#[derive(Debug, Clone, Args)]
pub struct Replay {
    /// Files of a journal (.jsonl, .jsonl.zst), its directory, - for standard input, or the name of an incident; left
    /// out: lists these
    #[arg(value_name = "FILE")]
    pub what: Vec<String>,
    /// Play from this moment on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Play up to this moment
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// Say how things stood at this moment, without a screen
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Draw the screen at that moment into this file
    #[cfg(feature = "tui")]
    #[arg(long, value_name = "FILE", requires = "at", conflicts_with = "json")]
    pub svg: Option<PathBuf>,
    /// Columns and rows of that picture
    #[cfg(feature = "tui")]
    #[arg(long, value_name = "WxH", requires = "svg", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// JSON: with --at the whole snapshot; without, one a line, at the beginning, after each transition and at the end
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub look: Look,
}

/// Of what a report is made, and in what form.
#[derive(Debug, Clone, Args)]
pub struct Report {
    /// Files of a journal, its directory, - for standard input, or the name of an incident
    #[arg(value_name = "FILE", required = true)]
    pub what: Vec<String>,
    /// From this moment on: 14:03:22, +5m from the beginning, -30m from the end
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Up to this moment
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// What was promised, over the journal's own [slo]: like 99.9%
    #[arg(long, value_name = "PERCENT", value_parser = objective)]
    pub slo: Option<f64>,
    /// Over how long that has to hold
    #[arg(long, value_name = "TIME", default_value = "30d", requires = "slo", value_parser = parse_duration)]
    pub window: Duration,
    /// The bound of the 95th percentile of whole answers
    #[arg(long, value_name = "TIME", requires = "slo", value_parser = parse_duration)]
    pub p95: Option<Duration>,
    /// A canned answer is a promise kept
    #[arg(long, requires = "slo")]
    pub canned_is_good: bool,
    /// Write report.html, report.md, report.json and the charts into this directory; left out: one of them on stdout
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is written on stdout
    #[arg(
        long,
        value_name = "FORM",
        default_value = "md",
        conflicts_with = "out"
    )]
    pub format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    Md,
    Html,
    Json,
}

/// How an audit is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CheckFormat {
    Text,
    Json,
    Sarif,
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
    /// The dashboard over a router that runs somewhere else
    #[cfg(feature = "tui")]
    #[command(after_help = ATTACH)]
    Attach {
        /// `ws://HOST:PORT`, `wss://HOST`, a port or a socket on this machine; left out: the router on this machine
        #[arg(value_name = "URL", env = "BREAKERBOX_TO")]
        to: Option<String>,
        #[command(flatten)]
        token: TokenFrom,
        #[command(flatten)]
        screen: Screen,
    },
    /// Check, show, find or begin a configuration
    #[command(subcommand)]
    Config(ConfigMode),
    /// Ask whether a configuration could fail over: tiers, times, judges, keys, drills
    #[command(after_help = CHECK)]
    Check {
        /// breakerbox's TOML or a LiteLLM YAML; left out: the one that `breakerbox` would run with
        file: Option<PathBuf>,
        /// Also call each deployment once, with its own key, and have each judge score an answer
        #[arg(long)]
        live: bool,
        /// Warnings fail too
        #[arg(long)]
        strict: bool,
        /// For people, for programs, or for code scanning (SARIF 2.1.0)
        #[arg(long, default_value = "text")]
        format: CheckFormat,
    },
    /// Run the simulated providers alone, for anything that speaks to OpenAI, Anthropic or Gemini
    Sim {
        /// First of three ports (Anthropic, OpenAI, Gemini); 0 takes free ones
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        port: u16,
        /// The same seed gives the same answers
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Rehearse a failure on a router of its own, and report; exits with 0 (passed), 1 (failed) or 2 (could not run)
    #[command(
        after_help = DRILL,
        args_conflicts_with_subcommands = true,
        subcommand_negates_reqs = true,
        disable_help_subcommand = true
    )]
    Drill {
        /// Which (`breakerbox drills` lists them), or a scenario file of your own
        #[arg(required = true)]
        name: Option<String>,
        /// In a router that runs
        #[command(subcommand)]
        here: Option<GivenDrill>,
        /// Drill the simulated providers, whatever configuration there is
        #[arg(long, conflicts_with = "config")]
        sim: bool,
        /// The configuration to drill, against its real providers
        #[arg(long, short, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Where the report is written; left out: drills/ in the XDG state directory
        #[arg(long, value_name = "DIR")]
        report: Option<PathBuf>,
        /// Keep a journal of it in this directory, to be replayed
        #[arg(long, value_name = "DIR")]
        journal: Option<PathBuf>,
        #[command(flatten)]
        whom: Whom,
        /// The report as JSON on stdout, and the steps on stderr
        #[arg(long)]
        json: bool,
        /// For scripts that say so: it never has a screen (`d` on the dashboard is the drill that has one)
        #[arg(long)]
        headless: bool,
    },
    /// Play a journal, or an incident that comes with breakerbox, on the same screen
    #[command(after_help = REPLAY)]
    Replay(Replay),
    /// Write the post-mortem of a stretch of a journal: what reached users, what opened, what it cost, who did what
    Report(Report),
    /// List the drills, and which were run
    Drills {
        /// All of them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Run the breaker through scenarios in virtual time, beside the rolling mean that it replaces
    #[command(after_help = SIMULATE)]
    Simulate {
        /// Scenario files, or names of those that come with breakerbox; left out: lists these
        #[arg(value_name = "FILE")]
        scenarios: Vec<String>,
        /// Requests per second, over the file's
        #[arg(long, value_name = "R", value_parser = rate_per_s)]
        rate: Option<f64>,
        /// How often it is run, each time with other luck, over the file's
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        seeds: Option<u32>,
        /// One JSON object a line instead of the tables
        #[arg(long)]
        json: bool,
    },
    /// Write completions for a shell to stdout
    Completions { shell: clap_complete::Shell },
    /// Write the manual: the first page to stdout, or all of them into a directory
    Man {
        /// A page for each command into this directory
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// How a running breakerbox stands, from its snapshot
    Status {
        #[command(flatten)]
        asked: Asked,
        /// Ask once and exit with 0 (all closed), 1 (degraded) or 2 (rung 3 or unreachable)
        #[arg(long)]
        once: bool,
    },
    /// What happened in a running breakerbox
    #[command(after_help = EVENTS)]
    Events {
        #[command(flatten)]
        asked: Asked,
        /// What happens from now on, also when the router was away meanwhile
        #[arg(long, short)]
        follow: bool,
        /// With --follow: every judged answer, request and second too
        #[arg(long, requires = "follow")]
        all: bool,
    },
    /// The whole state of a running breakerbox, as JSON
    #[command(after_help = operate::EXIT)]
    Snapshot {
        #[command(flatten)]
        at: At,
    },
    /// A command to a running breakerbox
    #[command(flatten)]
    Order(Given),
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

#[cfg(feature = "tui")]
fn size(text: &str) -> Result<(u16, u16), String> {
    let size = text
        .split_once('x')
        .and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    size.filter(|(w, h)| (20..=1000).contains(w) && (5..=500).contains(h))
        .ok_or_else(|| "columns and rows like 120x40, at most 1000x500".to_owned())
}

fn objective(text: &str) -> Result<f64, String> {
    let percent: Result<f64, _> = text.trim_end_matches('%').parse();
    let share = percent.ok().map(|percent| percent / 100.0);
    share
        .filter(|share| (0.5..1.0).contains(share))
        .ok_or_else(|| "a share of requests, from 50% to under 100%, like 99.9%".to_owned())
}

fn rate_per_s(text: &str) -> Result<f64, String> {
    let rate: Result<f64, _> = text.parse();
    let rate = rate.ok().filter(|rate| simulate::RATES.contains(rate));
    rate.ok_or_else(|| "a number of requests per second, from 0.001 to 10000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenario_in_the_help_can_be_run() {
        let lines: Vec<_> = SIMULATE
            .lines()
            .skip_while(|line| !line.contains("name ="))
            .take_while(|line| !line.contains("breakerbox simulate"))
            .collect();
        let read = simulate::parse("help.toml", &lines.join("\n"))
            .unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(read.name, "my-outage");
    }
}
