//! What is wrong with a file, pointing at the place. Excerpts never show a credential.

use super::redact::secret_looking;
use indexmap::IndexSet;
use std::{cell::RefCell, fmt, ops::Range};

/// Nobody reads more at once.
const MOST: usize = 100;

/// Everything that is wrong with one file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    pub file: String,
    pub list: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line and column, from 1; none when the file as a whole is meant.
    pub at: Option<(usize, usize)>,
    pub message: String,
    /// The line and a caret below it.
    excerpt: String,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            match problem.at {
                Some((line, column)) => write!(f, "{}:{line}:{column}: ", self.file)?,
                None => write!(f, "{}: ", self.file)?,
            }
            write!(f, "{}{}", problem.message, problem.excerpt)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Problems {
    /// One problem with the file as a whole.
    pub(crate) fn of_file(file: String, message: String) -> Self {
        let problem = Problem {
            at: None,
            message,
            excerpt: String::new(),
        };
        Self {
            file,
            list: vec![problem],
        }
    }
}

/// A file being read: its text, and what has been found wrong or worth a warning so far.
pub(crate) struct Report {
    file: String,
    text: String,
    /// The text as excerpts may show it: same offsets as the file, credentials blanked.
    shown: RefCell<String>,
    problems: RefCell<Vec<(Option<Range<usize>>, String)>>,
    warnings: RefCell<IndexSet<String>>,
    /// Credentials, to be kept out of messages as well: a slip of the hand can make one a part of a name.
    secrets: RefCell<IndexSet<String>>,
}

impl Report {
    pub(crate) fn new(file: String, text: &str) -> Self {
        let report = Self {
            file,
            text: text.to_owned(),
            shown: RefCell::new(text.to_owned()),
            problems: RefCell::default(),
            warnings: RefCell::default(),
            secrets: RefCell::default(),
        };
        for (at, word) in secret_looking(text) {
            report.hide(&(at..at + word.len()));
            report.never_say(word);
        }
        report
    }

    /// Keeps a credential out of every message. What is short or nothing but letters (`ollama`, `anything`: keys of
    /// servers that want none) would take ordinary words with it.
    pub(crate) fn never_say(&self, secret: &str) {
        if secret.len() >= 6 && !secret.chars().all(|c| c.is_ascii_alphabetic()) {
            self.secrets.borrow_mut().insert(secret.to_owned());
        }
    }

    fn redacted(&self, message: String) -> String {
        let secrets = self.secrets.borrow();
        secrets.iter().fold(message, |message, secret| {
            if message.contains(secret.as_str()) {
                message.replace(secret.as_str(), "<hidden>")
            } else {
                message
            }
        })
    }

    pub(crate) fn error(&self, at: Range<usize>, message: impl Into<String>) {
        self.problems.borrow_mut().push((Some(at), message.into()));
    }

    /// A problem with the file as a whole.
    pub(crate) fn error_in_file(&self, message: impl Into<String>) {
        self.problems.borrow_mut().push((None, message.into()));
    }

    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.warnings.borrow_mut().insert(message.into());
    }

    /// Keeps a part of the file out of every excerpt.
    pub(crate) fn hide(&self, at: &Range<usize>) {
        let mut shown = self.shown.borrow_mut();
        if let Some(part) = shown.get(at.clone()) {
            let blank: String = part
                .bytes()
                .map(|b| if b == b'\n' { '\n' } else { '*' })
                .collect();
            shown.replace_range(at.clone(), &blank);
        }
    }

    pub(crate) fn has_problems(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        let warnings = self.warnings.take();
        let redacted = warnings.into_iter().map(|message| self.redacted(message));
        redacted.collect::<IndexSet<_>>().into_iter().collect()
    }

    pub(crate) fn into_problems(self) -> Problems {
        let mut found = self.problems.take();
        found.sort_by_key(|(at, _)| at.as_ref().map_or(usize::MAX, |at| at.start));
        found.dedup();
        let more = found.len().saturating_sub(MOST);
        found.truncate(MOST);
        if more > 0 {
            found.push((None, format!("{more} more problems are not listed")));
        }
        let list = found
            .into_iter()
            .map(|(at, message)| self.problem(at, message))
            .collect();
        Problems {
            file: self.file,
            list,
        }
    }

    fn problem(&self, at: Option<Range<usize>>, message: String) -> Problem {
        // What is blanked has other columns than the file.
        let shown = self.shown.borrow();
        let places = at.map(|at| (place(&self.text, &at).0, place(&shown, &at).1));
        let (at, excerpt) = places.unzip();
        Problem {
            at,
            message: self.redacted(message),
            excerpt: excerpt.unwrap_or_default(),
        }
    }
}

/// Line and column, both from 1, of a place in a text.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Line and column (both from 1) of a span, and the line with carets under it.
fn place(text: &str, at: &Range<usize>) -> ((usize, usize), String) {
    let (line_number, column) = line_and_column(text, at.start);
    let before = text.get(..at.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let lead = before.get(line_start..).unwrap_or_default();
    let line = text
        .get(line_start..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let marked = text
        .get(at.clone())
        .and_then(|part| part.lines().next())
        .map_or(1, |part| part.trim_end().chars().count().max(1));
    // Tabs keep their width, so that the caret stands under its word.
    let pad: String = lead
        .chars()
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let gutter = " ".repeat(line_number.to_string().len());
    let carets = "^".repeat(marked);
    let excerpt = format!("\n  {line_number} | {line}\n  {gutter} | {pad}{carets}");
    ((line_number, column), excerpt)
}

/// `; did you mean "openai"?` when something known is near, else `; known: a, b` when the list is short.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, &known) {
        return format!("; did you mean {near:?}?");
    }
    match known.as_slice() {
        [] => String::new(),
        list if list.len() <= 12 => format!("; known: {}", list.join(", ")),
        _ => String::new(),
    }
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = word.chars().count().div_ceil(3).max(1);
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), *k))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_its_word_after_wide_letters_and_tabs() {
        let text = "a = 1\n\tname = \"größe\", x = 2\n";
        let start = text.find('x').unwrap();
        let (at, excerpt) = place(text, &(start..start + 1));
        assert_eq!(at, (2, 18));
        assert_eq!(
            excerpt,
            "\n  2 | \tname = \"größe\", x = 2\n    | \t                ^"
        );
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        assert_eq!(
            hint("opnai", ["anthropic", "openai"]),
            "; did you mean \"openai\"?"
        );
        assert_eq!(hint("zzz", ["a", "b"]), "; known: a, b");
        assert_eq!(hint("zzz", []), "");
    }

    #[test]
    fn what_is_wrong_on_every_line_of_a_long_file_is_counted_and_not_listed() {
        let text = "x\n".repeat(5_000);
        let report = Report::new("f.toml".to_owned(), &text);
        for line in 0..5_000 {
            report.error(2 * line..2 * line + 1, "no");
        }
        let problems = report.into_problems();
        assert_eq!(problems.list.len(), MOST + 1);
        assert!(
            problems
                .to_string()
                .ends_with("f.toml: 4900 more problems are not listed")
        );
    }

    #[test]
    fn hidden_parts_never_reach_an_excerpt_and_offsets_stay() {
        let text = "key = \"geheim-ü\" # x\n";
        let report = Report::new("f.toml".to_owned(), text);
        report.hide(&(6..17));
        report.error(0..3, "no");
        let shown = report.into_problems().to_string();
        assert_eq!(
            shown,
            "f.toml:1:1: no\n  1 | key = *********** # x\n    | ^^^"
        );
    }

    #[test]
    fn what_is_hidden_before_a_place_does_not_move_it() {
        let text = "key = \"gehéîm-ü\" = x\n";
        let report = Report::new("f.toml".to_owned(), text);
        report.hide(&(6..19));
        report.error(20..21, "no");
        let shown = report.into_problems().to_string();
        assert_eq!(
            shown,
            "f.toml:1:18: no\n  1 | key = ************* = x\n    |                     ^"
        );
    }
}
