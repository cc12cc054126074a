//! Checked reading of a tree: every accessor says what it wants, reports what it finds instead, and goes on, so that
//! one run names all problems.

use super::{
    problem::{Report, hint},
    tree::{Entry, Node, Span, Value},
};
use crate::model::time::parse_duration;
use std::{cell::RefCell, ops::RangeBounds, time::Duration};

/// A value with its dotted path (`breaker.cooldown`) and the report that its problems go to.
#[derive(Clone)]
pub(crate) struct Field<'a> {
    pub(crate) path: String,
    pub(crate) node: &'a Node,
    pub(crate) report: &'a Report,
}

/// A table whose keys are ticked off as they are asked for.
pub(crate) struct Table<'a> {
    pub(crate) path: String,
    pub(crate) at: Span,
    entries: &'a [Entry],
    pub(crate) report: &'a Report,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Field<'a> {
    pub(crate) fn root(node: &'a Node, report: &'a Report) -> Self {
        let path = String::new();
        Self { path, node, report }
    }

    /// A problem with this value: `path: message`, at its place.
    pub(crate) fn error(&self, message: impl AsRef<str>) {
        let message = message.as_ref();
        if self.path.is_empty() {
            self.report.error(self.node.at.clone(), message);
        } else {
            self.report
                .error(self.node.at.clone(), format!("{}: {message}", self.path));
        }
    }

    pub(crate) fn warn(&self, message: impl AsRef<str>) {
        self.report
            .warn(format!("{}: {}", self.path, message.as_ref()));
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
        self.error(format!("expected {what}, found {}", self.node.value.kind()));
        None
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.node.value, Value::Text(_))
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.node.value, Value::Table(_))
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            _ => self.expected("a text"),
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match &self.node.value {
            Value::Bool(yes) => Some(*yes),
            _ => self.expected("true or false"),
        }
    }

    /// True or false in any of YAML 1.1's words.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.node.value {
            Value::Text(word) => match word.to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" => Some(true),
                "no" | "off" | "false" => Some(false),
                _ => self.boolean(),
            },
            _ => self.boolean(),
        }
    }

    /// A whole number. A text of digits and underscores is one too: `80_000` is a number to PyYAML.
    pub(crate) fn integer<T: TryFrom<i64>>(&self, limits: impl RangeBounds<i64>) -> Option<T> {
        let number = match &self.node.value {
            Value::Int(number) => Some(*number),
            Value::Float(number) if number.fract() == 0.0 => format!("{number:.0}").parse().ok(),
            Value::Text(text) => text.replace('_', "").parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            return self.expected("a whole number");
        };
        let fitting = limits.contains(&number).then(|| T::try_from(number).ok());
        if let Some(Some(value)) = fitting {
            return Some(value);
        }
        self.error(format!("{number} is out of range"));
        None
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match &self.node.value {
            Value::Int(_) => self
                .integer::<i64>(..)
                .and_then(|n| n.to_string().parse().ok()),
            Value::Float(number) if number.is_finite() => Some(*number),
            Value::Text(text) if text.parse::<f64>().is_ok_and(f64::is_finite) => text.parse().ok(),
            _ => self.expected("a number"),
        }
    }

    /// A share between 0 and 1.
    pub(crate) fn share(&self) -> Option<f64> {
        let share = self.number()?;
        if (0.0..=1.0).contains(&share) {
            return Some(share);
        }
        self.error(format!(
            "{share} is not a share between 0 and 1; 2 % is written 0.02"
        ));
        None
    }

    /// A text like `30s` or `1h30m`, or a number of seconds.
    pub(crate) fn duration(&self, limits: impl RangeBounds<Duration>) -> Option<Duration> {
        let parsed = match &self.node.value {
            Value::Text(text) => parse_duration(text),
            Value::Int(_) | Value::Float(_) => {
                let seconds = self.number()?;
                Duration::try_from_secs_f64(seconds)
                    .map_err(|_| format!("{seconds} is not a duration in seconds"))
            }
            _ => return self.expected("a duration like \"30s\""),
        };
        match parsed {
            Ok(duration) if limits.contains(&duration) => Some(duration),
            Ok(duration) => {
                let text = crate::model::time::duration_text(duration);
                self.error(format!("{text} is out of range"));
                None
            }
            Err(message) => {
                self.error(message);
                None
            }
        }
    }

    /// Bytes: a number, or a text like `10MiB`.
    pub(crate) fn size(&self) -> Option<u64> {
        let Value::Text(text) = &self.node.value else {
            return self.integer(1..);
        };
        let size = parse_size(text);
        if size.is_none() {
            self.error(format!("{text:?} is not a size; write it like \"10MiB\""));
        }
        size
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known = hint(text, words.iter().map(|(word, _)| *word));
            self.error(format!("{text:?} is not known here{known}"));
        }
        found.map(|(_, value)| *value)
    }

    pub(crate) fn list(&self) -> Option<Vec<Field<'a>>> {
        let Value::List(items) = &self.node.value else {
            return self.expected("a list");
        };
        let item = |(i, node)| Field {
            path: format!("{}[{i}]", self.path),
            node,
            report: self.report,
        };
        Some(items.iter().enumerate().map(item).collect())
    }

    pub(crate) fn texts(&self) -> Option<Vec<Field<'a>>> {
        let items = self.list()?;
        let all = items.iter().all(|item| item.text().is_some());
        all.then_some(items)
    }

    pub(crate) fn table(&self) -> Option<Table<'a>> {
        let Value::Table(entries) = &self.node.value else {
            return self.expected("a table");
        };
        Some(Table {
            path: self.path.clone(),
            at: self.node.at.clone(),
            entries,
            report: self.report,
            asked: RefCell::default(),
        })
    }
}

impl<'a> Table<'a> {
    /// The value of a key. A YAML `key:` with nothing after it is as good as no key.
    pub(crate) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        self.asked.borrow_mut().push(key);
        self.entries
            .iter()
            .find(|entry| entry.key == key && !matches!(entry.node.value, Value::Null))
            .map(|entry| self.field(entry))
    }

    /// A table of this name, or none; anything else there is a problem.
    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        self.get(key)?.table()
    }

    /// All keys with their places, for tables whose keys are names of a person's choice.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'a str, &'a Span, Field<'a>)> + '_ {
        self.entries
            .iter()
            .map(|entry| (entry.key.as_str(), &entry.key_at, self.field(entry)))
    }

    fn field(&self, entry: &'a Entry) -> Field<'a> {
        Field {
            path: self.path_of(&entry.key),
            node: &entry.node,
            report: self.report,
        }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// What nobody asked for.
    pub(crate) fn unasked(&self) -> Vec<(&'a str, &'a Span, Field<'a>)> {
        let asked = self.asked.borrow();
        self.all()
            .filter(|(key, _, _)| !asked.contains(key))
            .collect()
    }

    /// Every key that nobody asked for is a problem, with the nearest word that somebody did ask for.
    pub(crate) fn finish(self) {
        for (key, at, _) in self.unasked() {
            let place = if self.path.is_empty() {
                "at the top".to_owned()
            } else {
                format!("in {}", self.path)
            };
            let hint = hint(key, self.asked.borrow().iter().copied());
            self.report
                .error(at.clone(), format!("unknown key {key:?} {place}{hint}"));
        }
    }
}

/// `10MiB`, `64 KB`, `1048576`.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit: u64 = match text.get(digits..)?.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(unit).filter(|size| *size > 0)
}

/// A size as [`parse_size`] reads it back.
pub(crate) fn size_text(size: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if size.is_multiple_of(unit) {
            return format!("{}{name}", size / unit);
        }
    }
    size.to_string()
}
