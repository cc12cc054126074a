//! TOML into the tree.

use super::{Entry, Node, Report, Value, hide_secrets_by_line};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// All syntax errors go to the report at once; then there is no tree.
pub(crate) fn parse(text: &str, report: &Report) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let at = 0..text.len();
        let value = entries(table.into_inner());
        return Some(Node { at, value });
    }
    hide_secrets_by_line(text, report);
    for error in errors {
        report.error(error.span().unwrap_or(0..0), error.message());
    }
    None
}

fn entries(table: DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            key_at: key.span(),
            key: key.into_inner().into_owned(),
            node: node(value),
        })
        .collect();
    // The parser sorts by name; a person's order is the order in the file.
    entries.sort_by_key(|entry| entry.key_at.start);
    Value::Table(entries)
}

fn node(spanned: Spanned<DeValue<'_>>) -> Node {
    let at = spanned.span();
    let value = match spanned.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Int),
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Value::Other("a number out of range"), Value::Float),
        DeValue::Boolean(yes) => Value::Bool(yes),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(table) => entries(table),
    };
    Node { at, value }
}
