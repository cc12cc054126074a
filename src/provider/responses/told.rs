//! What has been told of a response: by the writer so far, or by a provider whose stream another one goes on with.

use super::{
    custom, item,
    part::{Form, Part, Place, Stage},
};
use crate::provider::translate::surrogate;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A stream as it came, as far as going on with it needs to know.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The number of the event that comes next.
    pub(super) events: u64,
    pub(super) created: Option<u64>,
    /// By their place in the output.
    pub(super) items: BTreeMap<u64, Item>,
}

/// An item of the output. Parallel calls may be told mixed: their numbers tell them apart.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its place in the output.
    pub(super) at: u64,
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) parts: BTreeMap<Place, Part>,
    /// As a whole, when it is.
    pub(super) done: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Message,
    Reasoning {
        sealed: Option<String>,
    },
    Call {
        index: u32,
        id: String,
        name: String,
        /// It is told as a text.
        custom: bool,
    },
    /// What only the provider that told it knows.
    Other(Value),
}

impl Told {
    pub(crate) const fn events(&self) -> u64 {
        self.events
    }
}

impl Item {
    pub(super) const fn new(at: u64, id: String, kind: Kind) -> Self {
        Self {
            at,
            id,
            kind,
            parts: BTreeMap::new(),
            done: None,
        }
    }

    pub(super) fn part(&mut self, form: Form, number: u64) -> &mut Part {
        self.parts
            .entry(form.at(number))
            .or_insert_with(|| Part::new(form))
    }

    pub(super) fn has_said(&self) -> bool {
        self.parts.values().any(|p| !p.said.is_empty())
    }

    /// Joins the halves of characters that came one by one.
    pub(super) fn mend(&mut self) {
        for part in self.parts.values_mut() {
            part.said = surrogate::mend(&part.said);
        }
        let done = self.done.as_ref().map(Value::to_string);
        self.done = done.and_then(|json| serde_json::from_str(&surrogate::mend(&json)).ok());
    }

    /// More of the same belongs to it.
    pub(super) fn goes_on(&self) -> bool {
        let last = self.parts.values().next_back();
        self.done.is_none() && last.is_none_or(|p| p.stage == Stage::Open)
    }

    /// It can get nothing more: texts when something else begins, calls when their arguments are whole.
    pub(super) fn is_told(&self) -> bool {
        let is_json = |p: &Part| serde_json::from_str::<serde::de::IgnoredAny>(&p.said).is_ok();
        match self.kind {
            Kind::Message | Kind::Reasoning { .. } | Kind::Other(_) => true,
            // Whether a text is whole only its end tells.
            Kind::Call { custom: true, .. } => false,
            Kind::Call { .. } => self.parts.values().all(is_json),
        }
    }

    pub(super) fn head(&self) -> Value {
        match &self.kind {
            Kind::Message => item::message(&self.id, &[], "in_progress"),
            Kind::Reasoning { .. } => item::reasoning(&self.id, "", None),
            Kind::Call {
                id,
                name,
                custom: true,
                ..
            } => custom::item(&self.id, id, name, "", "in_progress"),
            Kind::Call { id, name, .. } => item::call(&self.id, id, name, "", "in_progress"),
            Kind::Other(item) => item.clone(),
        }
    }

    pub(super) fn whole(&self) -> Value {
        let parts = |is_content: bool| {
            let some = self.parts.iter();
            let some = some.filter(move |(p, _)| p.is_content == is_content);
            some.map(|(_, part)| part.whole()).collect::<Vec<_>>()
        };
        match &self.kind {
            Kind::Message => item::message(&self.id, &parts(true), "completed"),
            Kind::Reasoning { sealed } => {
                let mut whole = item::reasoning(&self.id, "", sealed.as_deref());
                put(&mut whole, "summary", parts(false).into());
                let shown = parts(true);
                if !shown.is_empty() {
                    put(&mut whole, "content", shown.into());
                }
                whole
            }
            Kind::Call {
                id, name, custom, ..
            } => {
                let told = self.parts.values().next().map_or("", Part::text);
                if *custom {
                    return custom::item(&self.id, id, name, told, "completed");
                }
                item::call(&self.id, id, name, told, "completed")
            }
            // Whoever ran it has left.
            Kind::Other(item) => {
                let mut whole = item.clone();
                put(&mut whole, "status", json!("failed"));
                whole
            }
        }
    }
}

impl Kind {
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Message | Self::Other(_) => "msg",
            Self::Reasoning { .. } => "rs",
            Self::Call { custom: true, .. } => "ctc",
            Self::Call { .. } => "fc",
        }
    }

    /// How a call is told.
    pub(super) const fn form(&self) -> Option<Form> {
        match self {
            Self::Call { custom: true, .. } => Some(Form::Input),
            Self::Call { .. } => Some(Form::Arguments),
            Self::Message | Self::Reasoning { .. } | Self::Other(_) => None,
        }
    }

    /// Which call it is.
    pub(super) const fn call(&self) -> Option<u32> {
        match self {
            Self::Call { index, .. } => Some(*index),
            Self::Message | Self::Reasoning { .. } | Self::Other(_) => None,
        }
    }
}

/// One field more, or another.
pub(super) fn put(item: &mut Value, key: &str, value: Value) {
    if let Some(fields) = item.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}
