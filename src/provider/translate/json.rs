//! Small, forgiving readers of JSON values. Providers add fields and change types of unimportant ones every month;
//! what is not understood reads as absent, never as an error.

use super::surrogate;
use serde_json::{Map, Value};

/// A string field.
pub(crate) fn text<'a>(v: &'a Value, key: &str) -> Option<&'a str> {
    v.get(key)?.as_str()
}

/// A token count; absent, null and negative read as 0.
pub(crate) fn count(v: &Value, key: &str) -> u64 {
    v.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// An array field; anything else reads as empty.
pub(crate) fn list<'a>(v: &'a Value, key: &str) -> &'a [Value] {
    v.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The fields of an object that are not null, but those that say `nothing`.
pub(crate) fn fields_but(v: &Value, nothing: impl Fn(&str, &Value) -> bool) -> Map<String, Value> {
    let said = |(k, v): &(&String, &Value)| !v.is_null() && !nothing(k, v);
    let fields = v.as_object().into_iter().flatten().filter(said);
    fields.map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// A field that is there and not null.
pub(crate) fn present<'a>(v: &'a Value, key: &str) -> Option<&'a Value> {
    v.get(key).filter(|v| !v.is_null())
}

/// Parses a whole body. Half characters (lone surrogates) become U+FFFD: they can't be joined to anything any more.
pub(crate) fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body)
        .ok()
        .or_else(|| serde_json::from_slice(&surrogate::replace(body)?).ok())
}

/// The arguments of a tool call as a value. Models do write broken JSON: it is kept as the text it is.
pub(crate) fn arguments(json: &str) -> Value {
    if json.trim().is_empty() {
        return Value::Object(Map::new());
    }
    parse(json.as_bytes()).unwrap_or_else(|| Value::String(json.to_owned()))
}

/// The arguments as JSON text; the inverse of [`arguments`].
pub(crate) fn arguments_text(input: &Value) -> String {
    match input {
        Value::String(raw) => raw.clone(),
        Value::Null => "{}".to_owned(),
        v => v.to_string(),
    }
}

/// The arguments for a dialect that takes only objects; what is none goes under `arguments`.
pub(crate) fn arguments_object(input: &Value) -> Value {
    match input {
        Value::Object(_) => input.clone(),
        Value::Null => Value::Object(Map::new()),
        other => serde_json::json!({ "arguments": other }),
    }
}

/// Builds an object, leaving out what is absent.
#[derive(Debug, Default)]
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub(crate) fn put_some<T: Into<Value>>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For building in one expression.
    pub(crate) fn tap(mut self, f: impl FnOnce(&mut Self)) -> Self {
        f(&mut self);
        self
    }

    /// The fields of both, these first.
    pub(crate) fn with(mut self, other: Self) -> Value {
        self.0.extend(other.0);
        self.into()
    }
}

impl From<Object> for Value {
    fn from(o: Object) -> Self {
        Self::Object(o.0)
    }
}
