//! What has been told of a response: by the writer so far, or by a provider whose stream another one goes on with.

use super::{custom, item};
use serde_json::Value;
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
    pub(super) id: String,
    pub(super) kind: Kind,
    /// Text, summary or arguments so far.
    pub(super) told: String,
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
    pub(super) const fn new(id: String, kind: Kind) -> Self {
        Self {
            id,
            kind,
            told: String::new(),
            done: None,
        }
    }

    /// It can get nothing more: texts when something else begins, calls when their arguments are whole.
    pub(super) fn is_told(&self) -> bool {
        match self.kind {
            Kind::Message | Kind::Reasoning { .. } | Kind::Other(_) => true,
            // Whether a text is whole only its end tells.
            Kind::Call { custom: true, .. } => false,
            Kind::Call { .. } => serde_json::from_str::<serde::de::IgnoredAny>(&self.told).is_ok(),
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
        match &self.kind {
            Kind::Message => {
                item::message(&self.id, &[item::content(&self.told, false)], "completed")
            }
            Kind::Reasoning { sealed } => item::reasoning(&self.id, &self.told, sealed.as_deref()),
            Kind::Call {
                id,
                name,
                custom: true,
                ..
            } => custom::item(&self.id, id, name, &self.told, "completed"),
            Kind::Call { id, name, .. } => {
                item::call(&self.id, id, name, arguments(&self.told), "completed")
            }
            Kind::Other(item) => item.clone(),
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
}

/// A call without arguments has an empty object of them.
pub(super) fn arguments(told: &str) -> &str {
    if told.is_empty() { "{}" } else { told }
}
