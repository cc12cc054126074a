//! What is asked of a router that runs: the palette's own grammar, each word with where that router is.

use super::TokenFrom;
use crate::model::{Command as Order, command::DrillCommand};
use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand, error::Result};

/// The exit codes of everything that is asked of a running router.
pub(super) const EXIT: &str = "\
The router is the one on this machine, by its Unix socket; elsewhere it asks for a token
(control.tokens): --token-file, or BREAKERBOX_TOKEN.

With --json the event is printed, also that of a command that was refused.

Exit codes: 0 carried out, 1 refused by the router (it did nothing), 2 wrong arguments or not
reachable, 3 not allowed, 4 no answer in time (look at the events first).";

/// A router in another process, and what opens it.
#[derive(Debug, Clone, Default, Args)]
pub struct At {
    /// A URL, HOST:PORT, a port or a socket of this machine; left out: the router on this machine
    #[arg(long, value_name = "ROUTER", env = "BREAKERBOX_TO", alias = "listen")]
    pub to: Option<String>,
    #[command(flatten)]
    pub token: TokenFrom,
}

/// What becomes of what is asked, as a person or a program reads it.
#[derive(Debug, Clone, Default, Args)]
pub struct Asked {
    #[command(flatten)]
    pub at: At,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone)]
pub enum Wanted {
    Order(Order),
    /// Which faults are injected now.
    Faults,
}

/// A word of the grammar, given to a running router.
#[derive(Debug, Clone)]
pub struct Given {
    pub wanted: Wanted,
    pub asked: Asked,
}

/// The same for a drill in a running router; `drill NAME` is another word.
#[derive(Debug, Clone)]
pub struct GivenDrill(pub Given);

const FAULT: &str = "fault";
const LIST: &str = "list";
const DRILL: &str = "drill";

/// At the end of every sentence of the grammar.
fn with_asked(mut command: Command) -> Command {
    if !command.has_subcommands() {
        // It would put what is said of itself in the place of what the sentence does.
        let about = command.get_about().cloned().unwrap_or_default();
        return Asked::augment_args(command).about(about).after_help(EXIT);
    }
    let names: Vec<_> = command
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, with_asked);
    }
    command
}

fn words<S: Subcommand>() -> Vec<Command> {
    let all = S::augment_subcommands(Command::new(""));
    all.get_subcommands().cloned().collect()
}

fn asked(matches: &ArgMatches) -> Result<Asked> {
    let mut last = matches;
    while let Some((_, next)) = last.subcommand() {
        last = next;
    }
    Asked::from_arg_matches(last)
}

fn is_list(matches: &ArgMatches) -> bool {
    matches
        .subcommand_matches(FAULT)
        .is_some_and(|fault| fault.subcommand_name() == Some(LIST))
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self> {
        let wanted = if is_list(matches) {
            Wanted::Faults
        } else {
            Wanted::Order(Order::from_arg_matches(matches)?)
        };
        let asked = asked(matches)?;
        Ok(Self { wanted, asked })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<()> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for Given {
    fn augment_subcommands(mut command: Command) -> Command {
        for mut word in words::<Order>() {
            if word.get_name() == DRILL {
                continue;
            }
            if word.get_name() == FAULT {
                let list = Command::new(LIST).about("Which failures are injected now");
                word = word.subcommand(list);
            }
            command = command.subcommand(with_asked(word));
        }
        command
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        name != DRILL && Order::has_subcommand(name)
    }
}

impl FromArgMatches for GivenDrill {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self> {
        let order = Order::Drill(DrillCommand::from_arg_matches(matches)?);
        let (wanted, asked) = (Wanted::Order(order), asked(matches)?);
        Ok(Self(Given { wanted, asked }))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<()> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for GivenDrill {
    fn augment_subcommands(mut command: Command) -> Command {
        for word in words::<DrillCommand>() {
            command = command.subcommand(with_asked(word));
        }
        command
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        DrillCommand::has_subcommand(name)
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Mode};
    use clap::{CommandFactory, Parser};

    fn order(line: &str) -> String {
        let words = std::iter::once("breakerbox".to_owned()).chain(shlex::split(line).unwrap());
        match Cli::try_parse_from(words).unwrap().command {
            Some(
                Mode::Order(given)
                | Mode::Drill {
                    here: Some(super::GivenDrill(given)),
                    ..
                },
            ) => {
                let at = given.asked.at.to.unwrap_or_default();
                match given.wanted {
                    super::Wanted::Order(order) => format!("{at}|{order}"),
                    super::Wanted::Faults => format!("{at}|faults"),
                }
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_has_the_palettes_grammar_and_says_where_the_router_is() {
        Cli::command().debug_assert();
        let forced = order("force a/m open --to 4777 --why 'a fire' --for 5m");
        assert_eq!(forced, "4777|force a/m open --for 5m --why 'a fire'");
        assert_eq!(order("fault clear all"), "|fault clear all");
        assert_eq!(order("fault list --json --listen box:1"), "box:1|faults");
        assert_eq!(order("rung3 off r --to x"), "x|rung3 off r");
        assert_eq!(
            order("drill start short --share 5%"),
            "|drill start short --share 5%"
        );
        assert_eq!(order("drill abort --to 1"), "1|drill abort");
    }

    #[test]
    fn every_sentence_for_a_running_router_teaches_its_exit_codes() {
        for line in [
            "force",
            "fault add",
            "fault list",
            "drill start",
            "normal pin",
            "snapshot",
        ] {
            let words = std::iter::once("breakerbox").chain(line.split(' '));
            let help = Cli::try_parse_from(words.chain(["--help"])).unwrap_err();
            let help = help.to_string();
            assert!(
                help.contains("3 not allowed") && help.contains("--to"),
                "{help}"
            );
        }
    }

    #[test]
    fn a_sentence_says_on_the_command_line_what_it_does_in_the_palette() {
        fn same(here: &clap::Command, palette: &clap::Command) {
            let said = |c: &clap::Command| c.get_about().map(ToString::to_string);
            assert_eq!(said(here), said(palette), "{}", palette.get_name());
            assert!(said(here).is_some(), "{}", palette.get_name());
            for word in palette.get_subcommands() {
                same(here.find_subcommand(word.get_name()).unwrap(), word);
            }
        }
        let cli = Cli::command();
        for word in super::words::<super::Order>() {
            // Here it is a rehearsal of its own first.
            if word.get_name() == super::DRILL {
                let here = cli.find_subcommand(super::DRILL).unwrap();
                for word in word.get_subcommands() {
                    same(here.find_subcommand(word.get_name()).unwrap(), word);
                }
            } else {
                same(cli.find_subcommand(word.get_name()).unwrap(), &word);
            }
        }
    }

    #[test]
    fn a_drill_of_its_own_is_still_asked_for_by_its_name_alone() {
        let cli = Cli::try_parse_from(["breakerbox", "drill", "bad-key-tuesday", "--sim"]).unwrap();
        let Some(Mode::Drill {
            name, here: None, ..
        }) = cli.command
        else {
            panic!("{cli:?}")
        };
        assert_eq!(name.as_deref(), Some("bad-key-tuesday"));
        assert!(Cli::try_parse_from(["breakerbox", "drill"]).is_err());
    }
}
