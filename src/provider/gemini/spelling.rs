//! Google's JSON reader takes a field under both its names (`system_instruction`, `systemInstruction`) and a single
//! item where a list is due; its own examples do both. Here a request gets one spelling before it is read, so that
//! nothing is lost in translation for how it was written.

use serde_json::{Map, Value};

/// Values that are the caller's own, whose names are data.
const OPAQUE: [&str; 8] = [
    "args",
    "response",
    "parametersJsonSchema",
    "responseJsonSchema",
    "labels",
    "default",
    "example",
    "enum",
];

/// Fields that are lists.
const LISTS: [&str; 6] = [
    "contents",
    "parts",
    "tools",
    "functionDeclarations",
    "stopSequences",
    "allowedFunctionNames",
];

/// The request with every field under its JSON name and every list a list.
pub(crate) fn respelled(request: Value) -> Value {
    match request {
        Value::Object(fields) => Value::Object(fields.into_iter().map(field).collect()),
        Value::Array(items) => items.into_iter().map(respelled).collect(),
        other => other,
    }
}

fn field((name, value): (String, Value)) -> (String, Value) {
    let name = camel(name);
    let value = match value {
        value if OPAQUE.contains(&name.as_str()) => value,
        // The names in a schema's properties are the caller's, what they hold are schemas.
        Value::Object(own) if name == "properties" => Value::Object(properties(own)),
        value => respelled(value),
    };
    let alone = LISTS.contains(&name.as_str()) && !value.is_array() && !value.is_null();
    let value = if alone {
        Value::Array(vec![value])
    } else {
        value
    };
    (name, value)
}

fn properties(own: Map<String, Value>) -> Map<String, Value> {
    own.into_iter()
        .map(|(name, schema)| (name, respelled(schema)))
        .collect()
}

fn camel(name: String) -> String {
    if !name.contains('_') {
        return name;
    }
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut chars = word.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_read_the_same() {
        let written = json!({
            "system_instruction": {"parts": {"text": "be brief"}},
            "contents": {"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "iVBO"}}]},
            "generation_config": {"max_output_tokens": 5, "stop_sequences": "END"},
        });
        assert_eq!(
            respelled(written),
            json!({
                "systemInstruction": {"parts": [{"text": "be brief"}]},
                "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBO"}}]}],
                "generationConfig": {"maxOutputTokens": 5, "stopSequences": ["END"]},
            })
        );
    }

    #[test]
    fn names_that_are_data_stay_as_they_are() {
        let own = json!({
            "contents": [{"parts": [
                {"functionCall": {"name": "a_b", "args": {"zip_code": 1, "parts": {}}}},
                {"functionResponse": {"name": "a_b", "response": {"street_name": "x"}}},
            ]}],
            "tools": [{"functionDeclarations": [{"name": "a_b", "parameters": {"type": "OBJECT",
                "properties": {"zip_code": {"type": "STRING", "minLength": 1}, "parts": {"type": "OBJECT"}}}}]}],
        });
        assert_eq!(respelled(own.clone()), own);
    }
}
