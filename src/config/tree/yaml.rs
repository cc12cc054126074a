//! YAML into the tree.

use super::{Entry, Node, Report, Span, Value, hide_secrets_by_line};
use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned, from_str_with_options};
use std::fmt;

/// A syntax error goes to the report; then there is no tree. A key that stands twice in a mapping is a warning, as
/// published samples have it: the last one counts.
pub(crate) fn parse(text: &str, report: &Report) -> Option<Node> {
    // PyYAML, which LiteLLM reads with, takes `y` and `n` for texts; `yes` and `no` are left to who asks for a flag.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    match from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Some(node(raw, text, report)),
        Err(error) => {
            hide_secrets_by_line(text, report);
            let at = error.location().map_or(0..0, |l| span(l, text));
            let message = error.without_snippet().to_string();
            report.error(at, plain(&message));
            None
        }
    }
}

/// The message without the place, which stands in front of it already.
fn plain(message: &str) -> &str {
    let first = message.lines().next().unwrap_or(message);
    first
        .rfind(" at line ")
        .and_then(|i| first.get(..i))
        .unwrap_or(first)
}

enum Raw {
    Leaf(Value),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(raw: Spanned<Raw>, text: &str, report: &Report) -> Node {
    let at = span(raw.referenced, text);
    let value = match raw.value {
        Raw::Leaf(leaf) => leaf,
        Raw::List(items) => Value::List(items.into_iter().map(|i| node(i, text, report)).collect()),
        Raw::Table(pairs) => table(pairs, text, report),
    };
    Node { at, value }
}

fn table(pairs: Vec<(Spanned<String>, Spanned<Raw>)>, text: &str, report: &Report) -> Value {
    let mut entries: IndexMap<String, Entry> = IndexMap::with_capacity(pairs.len());
    for (key, raw) in pairs {
        let entry = Entry {
            key_at: span(key.referenced, text),
            node: node(raw, text, report),
            key: key.value,
        };
        if let Some(earlier) = entries.insert(entry.key.clone(), entry) {
            report.warn(format!(
                "line {}: {:?} stands twice in this mapping; the last one counts",
                key.referenced.line(),
                earlier.key
            ));
        }
    }
    Value::Table(entries.into_values().collect())
}

fn span(location: Location, text: &str) -> Span {
    let at = location.span();
    let offset = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
    let start = offset(at.byte_offset())
        .unwrap_or_else(|| by_line(location, text))
        .min(text.len());
    let len = offset(at.byte_len()).unwrap_or(0);
    start..start.saturating_add(len).min(text.len())
}

/// For places of which only line and column are known: syntax errors.
fn by_line(location: Location, text: &str) -> usize {
    let from_0 = |n: u64| usize::try_from(n.saturating_sub(1)).unwrap_or(0);
    let (lines, columns) = (from_0(location.line()), from_0(location.column()));
    let mut rest = text.split_inclusive('\n');
    let before: usize = rest.by_ref().take(lines).map(str::len).sum();
    let line = rest.next().unwrap_or_default();
    before
        + line
            .chars()
            .take(columns)
            .map(char::len_utf8)
            .sum::<usize>()
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Leaf(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Raw, E> {
        Ok(Raw::Leaf(Value::Bool(yes)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Value::Int(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        let value = i64::try_from(number).map_or(Value::Other("a number out of range"), Value::Int);
        Ok(Raw::Leaf(value))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Value::Float(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Leaf(Value::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Raw, A::Error> {
        let mut table = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            table.push(pair);
        }
        Ok(Raw::Table(table))
    }
}
