//! TOML and YAML as one tree in which every value and every key knows its place in the file.

use super::{problem::Report, redact::hide_secrets_by_line};
use std::ops::Range;

mod toml;
mod yaml;

pub(crate) use self::{toml::parse as parse_toml, yaml::parse as parse_yaml};

pub(crate) type Span = Range<usize>;

pub(crate) struct Node {
    pub(crate) at: Span,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// What neither format's reader here has a use for: dates.
    Other(&'static str),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Span,
    pub(crate) node: Node,
}

impl Value {
    /// What a person calls it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Other(kind) => kind,
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}
