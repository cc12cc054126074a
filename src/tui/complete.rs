//! Completion of the command line: which words can come next, from the grammar and from what there is.

use super::keys::{self, Desk, Orders};
use crate::model::{Snapshot, fault::FaultKind};

/// The words that fit the one being typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) Vec<String>);

const TIMES: [&str; 4] = ["5m", "10m", "30m", "1h"];
const SHARES: [&str; 5] = ["1%", "5%", "10%", "30%", "100%"];

pub(super) fn complete(line: &str, s: &Snapshot, desk: Desk) -> Words {
    let mut before: Vec<&str> = line.split_whitespace().collect();
    let typed = if line.ends_with(char::is_whitespace) {
        ""
    } else {
        before.pop().unwrap_or_default()
    };
    let fitting = candidates(&before, s, desk)
        .into_iter()
        .filter(|w| w.starts_with(typed))
        .collect();
    Words(fitting)
}

/// What a line begins with: a command, where there are any, or what the screen itself does.
pub(super) fn first(desk: Desk) -> Vec<String> {
    let commands = [
        "force", "release", "probe", "baseline", "normal", "judge", "fault", "rung3", "drill",
    ];
    let commands = commands
        .into_iter()
        .filter(|_| desk.orders != Orders::Refused);
    let own = keys::existing(desk).map(|b| b.word);
    commands
        .chain(own.filter(|word| !word.is_empty()))
        .map(str::to_owned)
        .collect()
}

fn candidates(before: &[&str], s: &Snapshot, desk: Desk) -> Vec<String> {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
    let deployments = || {
        s.deployments
            .iter()
            .map(|d| d.id.to_string())
            .collect::<Vec<_>>()
    };
    let options = |list: &[&str]| -> Vec<String> {
        list.iter()
            .filter(|o| !before.contains(o))
            .map(|o| (*o).to_owned())
            .collect()
    };
    match before {
        [.., "--for"] => words(&TIMES),
        [.., "--rate" | "--share"] => words(&SHARES),
        [.., "--only"] => words(&["everybody", "judging"]),
        [.., "--why"] => Vec::new(),
        [] => first(desk),
        ["force" | "release" | "probe" | "detail"] | ["fault", "add"] | ["baseline", "accept"] => {
            deployments()
        }
        ["baseline"] => words(&["accept"]),
        ["normal"] => words(&["pin", "unpin"]),
        ["judge"] => words(&["restore"]),
        ["judge", "restore"] => s.judge.judges.iter().map(ToString::to_string).collect(),
        ["force", _] => words(&["open", "closed", "observe"]),
        ["fault"] => words(&["add", "clear"]),
        ["fault", "clear"] => {
            let ids = s.faults.iter().map(|f| f.fault.id.to_string());
            let on = s.faults.iter().map(|f| f.fault.deployment.to_string());
            std::iter::once("all".to_owned())
                .chain(ids)
                .chain(on)
                .collect()
        }
        ["fault", "add", _] => FaultKind::menu().iter().map(ToString::to_string).collect(),
        ["fault", "add", _, _, ..] => options(&["--rate", "--for", "--only"]),
        ["drill"] => words(&["start", "abort"]),
        ["drill", "start"] => s.drills.iter().map(|d| d.name.clone()).collect(),
        ["drill", "start", _] => words(&["--share", "--only-drill"]),
        ["rung3"] => words(&["on", "off"]),
        ["rung3", "on" | "off"] => std::iter::once("all".to_owned())
            .chain(s.routes.iter().map(|r| r.id.to_string()))
            .collect(),
        ["force", _, _, ..] | ["rung3", "on", _, ..] => options(&["--for", "--why"]),
        _ => Vec::new(),
    }
}

impl Words {
    /// The line with its last word completed as far as all that fit agree; none when that adds nothing.
    pub(super) fn extend(&self, line: &str) -> Option<String> {
        let first = self.0.first()?;
        let common = self.0.iter().fold(first.as_str(), |common, word| {
            let same = common
                .char_indices()
                .zip(word.chars())
                .find(|((_, a), b)| a != b)
                .map_or(common.len().min(word.len()), |((i, _), _)| i);
            common.get(..same).unwrap_or_default()
        });
        let start = line
            .rfind(char::is_whitespace)
            .map_or(0, |i| i.saturating_add(1));
        let (head, typed) = line.split_at_checked(start)?;
        // A whole word that others begin with is taken as it is: fault, and not faults.
        let whole = common == typed && self.0.iter().any(|word| word == typed);
        let space = if self.0.len() == 1 || whole { " " } else { "" };
        let done = format!("{head}{common}{space}");
        (common.len() > typed.len() || !space.is_empty()).then_some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Command,
        tui::tests::{
            Desk as Screen,
            scene::{self, PRIMARY},
        },
    };

    fn tab(line: &str) -> Option<String> {
        let desk = Screen::at(scene::calm()).app.desk();
        complete(line, &scene::calm().snapshot(), desk).extend(line)
    }

    #[test]
    fn a_word_is_completed_from_the_grammar() {
        assert_eq!(tab("fo").as_deref(), Some("force "));
        assert_eq!(tab("force anth").unwrap(), format!("force {PRIMARY} "));
        assert_eq!(tab("force x o").as_deref(), None, "open or observe");
        assert_eq!(
            tab("rung3 on all --f").as_deref(),
            Some("rung3 on all --for ")
        );
        assert_eq!(tab("normal u").as_deref(), Some("normal unpin "));
        assert_eq!(tab("req").as_deref(), Some("requests "));
        assert_eq!(
            tab("detail gem").as_deref(),
            Some("detail gemini/gemini-2.5-pro ")
        );
        assert_eq!(tab("zzz"), None);
    }

    #[test]
    fn words_that_share_a_beginning_are_completed_to_it() {
        assert_eq!(
            tab("fault add x gar").as_deref(),
            Some("fault add x garbage=")
        );
    }

    #[test]
    fn whatever_is_completed_is_understood() {
        let mut line = String::new();
        for typed in ["fau", "", "a", "anth", "han", "--r", "30", "--o", "judg"] {
            line.push_str(typed);
            line = tab(&line).unwrap();
        }
        assert!(Command::parse(&line).is_ok(), "{line}");
    }
}
