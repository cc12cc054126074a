//! JSON Schema keywords that a provider refuses.

use super::notes::Dropped;
use serde_json::{Value, json};

/// Removes keywords everywhere in a schema, naming each that said something.
pub(crate) fn without(
    schema: &Value,
    refused: &[&str],
    path: &str,
    dropped: &mut Dropped,
) -> Value {
    let mut schema = schema.clone();
    visit(&mut schema, &mut |object| {
        for keyword in refused {
            if object.shift_remove(*keyword).is_some() {
                dropped.note(format!("{path}.{keyword}"));
            }
        }
    });
    schema
}

/// Says of every object in a schema that it has no further properties.
pub(crate) fn close_objects(schema: &mut Value) {
    visit(schema, &mut |object| {
        let is_object = object.get("type").and_then(Value::as_str) == Some("object");
        if is_object || object.contains_key("properties") {
            object.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    });
}

/// A schema that is an object schema, which tools must have everywhere.
pub(crate) fn of_tool(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) if fields.contains_key("type") => schema.clone(),
        Value::Object(fields) => {
            let mut whole = fields.clone();
            whole.insert("type".to_owned(), json!("object"));
            Value::Object(whole)
        }
        _ => json!({ "type": "object", "properties": {} }),
    }
}

/// Calls `f` on every schema object; the names under `properties` and the like are not keywords.
fn visit(schema: &mut Value, f: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            f(object);
            for (key, value) in object.iter_mut() {
                match key.as_str() {
                    "properties" | "$defs" | "definitions" | "patternProperties" => {
                        for (_, inner) in value.as_object_mut().into_iter().flatten() {
                            visit(inner, f);
                        }
                    }
                    "enum" | "const" | "default" | "examples" | "example" => {}
                    _ => visit(value, f),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, f)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_is_called_like_a_keyword_stays() {
        let schema =
            json!({"type": "object", "properties": {"minimum": {"type": "integer", "minimum": 3}}});
        let mut dropped = Dropped::default();
        let out = without(&schema, &["minimum"], "schema", &mut dropped);
        assert_eq!(
            out,
            json!({"type": "object", "properties": {"minimum": {"type": "integer"}}})
        );
        assert_eq!(dropped.names(), ["schema.minimum"]);
    }

    #[test]
    fn objects_are_closed_at_every_depth() {
        let mut schema =
            json!({"type": "array", "items": {"type": "object", "additionalProperties": true}});
        close_objects(&mut schema);
        assert_eq!(schema["items"]["additionalProperties"], false);
        assert!(schema.get("additionalProperties").is_none());
    }
}
