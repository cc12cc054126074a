//! Whether JSON fits a schema, as far as a small part of JSON Schema goes: `type`, `required`, `properties`, `enum` of
//! plain values, `items`, `additionalProperties: false`, and `nullable` of `OpenAPI`. Every other keyword passes, so a
//! mismatch is one for a real validator too. The text is walked once, without building a tree.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{cell::Cell, fmt};

/// `text` is JSON.
pub(super) fn fits(schema: &Value, text: &str) -> bool {
    let broken = Cell::new(false);
    let node = Node {
        schema: schema.as_object(),
        broken: &broken,
    };
    // What the walk itself cannot read (a lone surrogate, a number beyond all bounds) is not the schema's affair.
    let _ = node.deserialize(&mut serde_json::Deserializer::from_str(text));
    !broken.get()
}

/// A place in the text, and what is wanted there; `None`: anything.
#[derive(Clone, Copy)]
struct Node<'s> {
    schema: Option<&'s Map<String, Value>>,
    broken: &'s Cell<bool>,
}

impl<'s> Node<'s> {
    fn get(self, key: &str) -> Option<&'s Value> {
        self.schema?.get(key)
    }

    fn with(self, schema: Option<&'s Value>) -> Self {
        Self {
            schema: schema.and_then(Value::as_object),
            ..self
        }
    }

    fn want(self, ok: bool) {
        if !ok {
            self.broken.set(true);
        }
    }

    fn want_type(self, names: &[&str]) {
        let is_one = |name: &Value| {
            name.as_str()
                .is_none_or(|name| names.iter().any(|n| n.eq_ignore_ascii_case(name)))
        };
        self.want(match self.get("type") {
            None => true,
            Some(Value::Array(all)) => all.iter().any(is_one),
            Some(name) => is_one(name),
        });
    }

    fn want_one_of(self, is_it: impl Fn(&Value) -> bool) {
        if let Some(Value::Array(all)) = self.get("enum") {
            self.want(all.iter().any(is_it));
        }
    }

    fn number(self, value: f64) {
        self.want_type(if value.fract() == 0.0 {
            &["number", "integer"]
        } else {
            &["number"]
        });
        self.want_one_of(|v| v.as_f64() == Some(value));
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if self.get("nullable") != Some(&Value::Bool(true)) {
            self.want_type(&["null"]);
            self.want_one_of(Value::is_null);
        }
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.want_type(&["boolean"]);
        self.want_one_of(|v| v.as_bool() == Some(value));
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with other JSON numbers, which are doubles"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(value as f64);
        Ok(())
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with other JSON numbers, which are doubles"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(value as f64);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.want_type(&["string"]);
        self.want_one_of(|v| v.as_str() == Some(value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.want_type(&["array"]);
        let item = self.with(self.get("items"));
        while seq.next_element_seed(item)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.want_type(&["object"]);
        let closed = self.get("additionalProperties") == Some(&Value::Bool(false))
            && self.get("patternProperties").is_none();
        let mut missing = self.required();
        while let Some(key) = map.next_key_seed(Key(self))? {
            missing &= !key.required;
            if key.schema.is_some() {
                map.next_value_seed(self.with(key.schema))?;
            } else {
                self.want(!closed);
                map.next_value::<IgnoredAny>()?;
            }
        }
        self.want(missing == 0);
        Ok(())
    }
}

impl Node<'_> {
    fn required_names(&self) -> impl Iterator<Item = &str> {
        let names = self.get("required").and_then(Value::as_array);
        // A bit each; a schema that requires more than 64 is believed.
        names
            .into_iter()
            .flatten()
            .take(64)
            .map(|n| n.as_str().unwrap_or_default())
    }

    fn required(self) -> u64 {
        self.required_names()
            .enumerate()
            .fold(0, |bits, (n, _)| bits | 1 << n)
    }
}

/// What is known of a key of an object.
struct Known<'s> {
    schema: Option<&'s Value>,
    /// Its bits among the required names.
    required: u64,
}

struct Key<'s>(Node<'s>);

impl<'de, 's> DeserializeSeed<'de> for Key<'s> {
    type Value = Known<'s>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Known<'s>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'s> Visitor<'_> for Key<'s> {
    type Value = Known<'s>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Known<'s>, E> {
        let named = self
            .0
            .required_names()
            .enumerate()
            .filter(|(_, name)| *name == key);
        let required = named.fold(0, |bits, (n, _)| bits | 1 << n);
        let schema = self.0.get("properties").and_then(|all| all.get(key));
        Ok(Known { schema, required })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn person() -> Value {
        json!({
            "type": "object",
            "required": ["name", "age"],
            "additionalProperties": false,
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "age": {"type": "INTEGER"},
                "role": {"enum": ["cook", "guest", null, 7]},
                "tags": {"type": "array", "items": {"type": ["string", "null"]}},
                "note": {"type": "string", "nullable": true},
                "free": {"$ref": "#/$defs/x"},
                "height": {"type": "number"}
            }
        })
    }

    #[test]
    fn what_fits_passes_and_unknown_keywords_ask_nothing() {
        for text in [
            r#"{"name": "", "age": 3}"#,
            r#"{"age": 3.0, "name": "A", "role": null, "tags": ["x", null], "note": null, "free": [1], "height": 1}"#,
            r#"{"name": "A", "age": -1, "role": 7.0, "tags": []}"#,
        ] {
            assert!(fits(&person(), text), "{text}");
        }
        assert!(fits(&json!({"anyOf": [{"type": "string"}]}), "1"));
        assert!(fits(&json!(true), "[]"));
        assert!(fits(
            &json!({"type": "object", "additionalProperties": {"type": "string"}}),
            r#"{"a": 1}"#
        ));
    }

    #[test]
    fn what_does_not_fit_is_found_at_any_depth() {
        for text in [
            r#"{"name": "A"}"#,
            r#"{"name": 1, "age": 3}"#,
            r#"{"name": "A", "age": 3.5}"#,
            r#"{"name": "A", "age": 3, "role": "boss"}"#,
            r#"{"name": "A", "age": 3, "tags": ["x", 1]}"#,
            r#"{"name": "A", "age": 3, "tags": {"x": 1}}"#,
            r#"{"name": "A", "age": 3, "more": 1}"#,
            r#"{"name": null, "age": 3}"#,
            "[]",
            "null",
            "\"A\"",
            "true",
        ] {
            assert!(!fits(&person(), text), "{text}");
        }
    }
}
