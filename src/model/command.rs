//! Everything a person can do, with one text grammar: the key, the palette, the command line and the admin door
//! all make and read these words.

use super::{
    DeploymentId, ForceKind, RouteId,
    content::first_words,
    fault::{FaultKind, Only},
    time::{duration_text, parse_duration},
};
use clap::{Args, Parser, Subcommand};
use std::{fmt, time::Duration};

/// What is said in events and kept in the snapshot, for every screen.
const LONGEST_LINE: usize = 2000;
const LONGEST_WHY: usize = 500;

/// A command to a running router.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Command {
    /// Lay a force over a breaker; it always expires
    Force {
        /// provider/model, as the table shows it
        deployment: DeploymentId,
        /// open admits nothing, closed admits everything, observe only watches
        kind: ForceKind,
        /// How long it lasts
        #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
        lasts: Duration,
        /// Why, for the people who read the journal
        #[arg(long, default_value = "", value_parser = reason)]
        why: String,
    },
    /// Take a force off; the breaker then goes through a probe
    Release {
        /// provider/model, as the table shows it
        deployment: DeploymentId,
    },
    /// Look now whether an open deployment is back
    Probe {
        /// provider/model, as the table shows it
        deployment: DeploymentId,
    },
    /// What is usual for a deployment's answers
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// What a normal hour looks like, to compare with
    #[command(subcommand)]
    Normal(NormalCommand),
    /// Who judges
    #[command(subcommand)]
    Judge(JudgeCommand),
    /// Inject or clear failures
    #[command(subcommand)]
    Fault(FaultCommand),
    /// Answer with the canned text
    #[command(subcommand)]
    Rung3(Rung3Command),
    /// Rehearse a failure here, or end the rehearsal
    #[command(subcommand)]
    Drill(DrillCommand),
}

/// `baseline …`
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum BaselineCommand {
    /// Its answers or their judge have changed for good: what was scored lately is usual now
    Accept {
        /// provider/model, as the table shows it
        deployment: DeploymentId,
    },
}

/// `normal …`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum NormalCommand {
    /// The last minutes (up to 15) are normal, for all deployments
    Pin,
    /// What was learned by the hour of the week is normal again
    Unpin,
}

/// `judge …`
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum JudgeCommand {
    /// Take a dismissed judge back that has changed for good; its known answers are learned anew
    Restore {
        /// provider/model, as judge.judges names it
        judge: DeploymentId,
    },
}

/// `fault …`
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum FaultCommand {
    /// Inject a failure into a share of a deployment's attempts
    Add {
        /// provider/model, as the table shows it
        deployment: DeploymentId,
        /// status=503, refused, reset, hang, delay=5s, slow-first-token=10s, slow=10, stall=20, cut=20, malformed,
        /// in-band-error, empty, garbage=word-salad, bad-key, quota, capacity=5, harsh=30
        kind: FaultKind,
        /// Share of attempts, like 30%
        #[arg(long, value_name = "PERCENT", default_value = "100%", value_parser = parse_percent)]
        rate: f64,
        /// How long it lasts
        #[arg(long = "for", value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
        lasts: Duration,
        /// everybody, judging (calls to it as a judge), or drill:TAG (requests with this x-breakerbox-drill)
        #[arg(long, value_name = "WHOM", default_value = "everybody")]
        only: Only,
    },
    /// Clear one fault by number, a deployment's faults, or all
    Clear {
        /// A number, a deployment, or all
        which: String,
    },
}

/// `rung3 …`
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum Rung3Command {
    /// Start answering with the canned text
    On {
        /// A route, or all
        #[arg(default_value = "all")]
        route: RouteId,
        /// How long it lasts
        #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
        lasts: Duration,
        /// Why, for the people who read the journal
        #[arg(long, default_value = "", value_parser = reason)]
        why: String,
    },
    /// Go back to the models
    Off {
        /// A route, or all
        #[arg(default_value = "all")]
        route: RouteId,
    },
}

/// `drill …`
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum DrillCommand {
    /// Start one; one at a time
    Start {
        /// Which, as `breakerbox drills` lists them
        name: String,
        #[command(flatten)]
        whom: Whom,
    },
    /// End the one that runs; its faults come off at once
    Abort,
}

/// To whom a drill happens. Left out: real providers fail the drill's own requests only, simulated ones everything.
#[derive(Debug, Clone, Copy, PartialEq, Default, Args)]
pub struct Whom {
    /// Fail this share of all requests, like 10%
    #[arg(long, value_name = "PERCENT", value_parser = some_percent, conflicts_with = "only_drill")]
    pub share: Option<f64>,
    /// Fail the drill's own requests only
    #[arg(long)]
    pub only_drill: bool,
}

impl Whom {
    /// The share of all requests that is failed; none: the drill's own only.
    pub fn share_of_all(self, simulated: bool) -> Option<f64> {
        match self {
            Self {
                share: Some(share), ..
            } => Some(share),
            Self {
                only_drill: true, ..
            } => None,
            Self { .. } => simulated.then_some(1.0),
        }
    }
}

/// It stands on one line of many a screen, and in journals.
fn reason(text: &str) -> Result<String, String> {
    if text.chars().count() > LONGEST_WHY {
        return Err(format!("a reason is {LONGEST_WHY} characters at most"));
    }
    Ok(first_words(text, LONGEST_WHY))
}

fn some_percent(text: &str) -> Result<f64, String> {
    let share = parse_percent(text)?;
    let some = Some(share).filter(|s| *s > 0.0);
    some.ok_or_else(|| "a drill that hits nobody proves nothing".to_owned())
}

/// `30%`, `0.5%` or `100`: a share of attempts, as 0 to 1.
pub fn parse_percent(text: &str) -> Result<f64, String> {
    text.trim_end_matches('%')
        .parse::<f64>()
        .ok()
        .filter(|p| (0.0..=100.0).contains(p))
        .map(|p| p / 100.0)
        .ok_or_else(|| format!("{text:?} is not a share; write it like 30%"))
}

#[derive(Debug, Parser)]
#[command(
    name = "",
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true
)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

impl Command {
    /// Reads one line of the grammar. The error is for a person and fits in a few lines.
    pub fn parse(line: &str) -> Result<Self, String> {
        if line.len() > LONGEST_LINE {
            return Err(format!("a command is {LONGEST_LINE} bytes at most"));
        }
        let words = shlex::split(line).ok_or("a quotation mark is not closed")?;
        Line::try_parse_from(words).map(|l| l.command).map_err(|e| {
            let text = e.to_string();
            text.strip_prefix("error: ")
                .unwrap_or(&text)
                .trim_end()
                .to_owned()
        })
    }

    /// Whether it takes traffic away from a model or puts failures into it.
    pub fn is_dangerous(&self) -> bool {
        matches!(
            self,
            Self::Force { .. }
                | Self::Fault(FaultCommand::Add { .. })
                | Self::Rung3(Rung3Command::On { .. })
                | Self::Drill(DrillCommand::Start { .. })
        )
    }
}

fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), std::borrow::Cow::into_owned)
}

fn because(f: &mut fmt::Formatter<'_>, why: &str) -> fmt::Result {
    if why.is_empty() {
        Ok(())
    } else {
        write!(f, " --why {}", quoted(why))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Force {
                deployment,
                kind,
                lasts,
                why,
            } => {
                write!(
                    f,
                    "force {} {kind} --for {}",
                    quoted(deployment),
                    duration_text(*lasts)
                )?;
                because(f, why)
            }
            Self::Release { deployment } => write!(f, "release {}", quoted(deployment)),
            Self::Probe { deployment } => write!(f, "probe {}", quoted(deployment)),
            Self::Baseline(BaselineCommand::Accept { deployment }) => {
                write!(f, "baseline accept {}", quoted(deployment))
            }
            Self::Normal(NormalCommand::Pin) => f.write_str("normal pin"),
            Self::Normal(NormalCommand::Unpin) => f.write_str("normal unpin"),
            Self::Judge(JudgeCommand::Restore { judge }) => {
                write!(f, "judge restore {}", quoted(judge))
            }
            Self::Fault(FaultCommand::Add {
                deployment,
                kind,
                rate,
                lasts,
                only,
            }) => {
                write!(
                    f,
                    "fault add {} {kind} --rate {}% --for {}",
                    quoted(deployment),
                    rate * 100.0,
                    duration_text(*lasts)
                )?;
                if only.is_everybody() {
                    Ok(())
                } else {
                    write!(f, " --only {only}")
                }
            }
            Self::Fault(FaultCommand::Clear { which }) => {
                write!(f, "fault clear {}", quoted(which))
            }
            Self::Rung3(Rung3Command::On { route, lasts, why }) => {
                write!(
                    f,
                    "rung3 on {} --for {}",
                    quoted(route),
                    duration_text(*lasts)
                )?;
                because(f, why)
            }
            Self::Rung3(Rung3Command::Off { route }) => write!(f, "rung3 off {}", quoted(route)),
            Self::Drill(DrillCommand::Start { name, whom }) => {
                write!(f, "drill start {}", quoted(name))?;
                match whom.share {
                    Some(share) => write!(f, " --share {}%", share * 100.0),
                    None if whom.only_drill => f.write_str(" --only-drill"),
                    None => Ok(()),
                }
            }
            Self::Drill(DrillCommand::Abort) => f.write_str("drill abort"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_back_as_it_is_written() {
        for line in [
            "force anthropic/claude-sonnet-4-5 open --for 10m --why 'it is 3 a.m.'",
            "release openai/gpt-4.1",
            "probe openai/gpt-4.1",
            "baseline accept openai/gpt-4.1",
            "judge restore openai/gpt-4.1",
            "normal pin",
            "normal unpin",
            "fault add openai/gpt-4.1 cut=12 --rate 30% --for 5m",
            "fault add openai/gpt-4.1 harsh=30 --only judging",
            "fault add openai/gpt-4.1 hang --only drill:a1b2",
            "fault clear all",
            "rung3 on summarize --for 1h --why \"it's down\"",
            "rung3 off",
            "drill start bad-key-tuesday",
            "drill start flap --share 10%",
            "drill start 'of my own' --only-drill",
            "drill abort",
        ] {
            let command = Command::parse(line).unwrap();
            assert_eq!(
                Command::parse(&command.to_string()).unwrap(),
                command,
                "{line}"
            );
        }
    }

    #[test]
    fn a_reason_stands_on_one_line_and_neither_it_nor_a_command_is_endless() {
        let said = "force a/m open --why \"over\n23:59:59Z  GOOD  all is well\u{1b}[2J\"";
        let Command::Force { why, .. } = Command::parse(said).unwrap() else {
            unreachable!("a force")
        };
        assert_eq!(why, "over 23:59:59Z GOOD all is well\u{fffd}[2J");
        let long = format!("rung3 on --why {}", "x".repeat(LONGEST_WHY + 1));
        assert!(
            Command::parse(&long)
                .unwrap_err()
                .contains("500 characters")
        );
        let endless = format!("release {}", "x".repeat(LONGEST_LINE));
        assert!(Command::parse(&endless).unwrap_err().contains("2000 bytes"));
    }

    #[test]
    fn a_wrong_word_gets_the_nearest_right_one() {
        let err = Command::parse("froce x open").unwrap_err();
        assert!(err.contains("force"), "{err}");
        let err = Command::parse("force x opne").unwrap_err();
        assert!(err.contains("open"), "{err}");
        assert!(Command::parse("fault add x hang --rate 300%").is_err());
        let err = Command::parse("drill start x --share 0%").unwrap_err();
        assert!(err.contains("hits nobody"), "{err}");
        assert!(Command::parse("drill start x --share 5% --only-drill").is_err());
        assert!(
            Command::parse("force 'x")
                .unwrap_err()
                .contains("quotation")
        );
    }
}
