//! JSON that satisfies a schema, with what the text offers for each field.

use super::sums;
use crate::sim::{luck::Luck, text};
use serde_json::{Map, Value, json};

/// Deeper than this, only what is required is written, and lists stay as short as they may be.
const DEEP: usize = 5;
/// No schema that ends by itself needs more.
const BOTTOM: usize = 40;

pub(super) fn fill(schema: &Value, text: &str, luck: &mut Luck) -> Value {
    let mut filler = Filler {
        root: schema,
        text,
        numbers: text::numbers(text),
        luck,
    };
    filler.value("", schema, 0)
}

struct Filler<'a> {
    root: &'a Value,
    text: &'a str,
    numbers: Vec<f64>,
    luck: &'a mut Luck,
}

impl Filler<'_> {
    fn value(&mut self, name: &str, schema: &Value, depth: usize) -> Value {
        let schema = &self.resolved(schema, depth);
        if depth > BOTTOM {
            return Value::Null;
        }
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        if let Some(Value::Array(choices)) = schema.get("enum") {
            return self.choice(choices);
        }
        if let Some(branch) = branch(schema, depth) {
            return self.value(name, &branch, depth + 1);
        }
        match kind(schema).as_str() {
            "object" => self.object(schema, depth),
            "array" => self.array(name, schema, depth),
            "integer" => self.number(name, schema, true),
            "number" => self.number(name, schema, false),
            "boolean" => Value::Bool(self.holds(name)),
            "null" => Value::Null,
            _ => Value::String(self.string(name, schema)),
        }
    }

    /// References followed, and the parts of an `allOf` laid over each other.
    fn resolved(&self, schema: &Value, depth: usize) -> Value {
        let mut schema = schema.clone();
        for _ in 0..BOTTOM.saturating_sub(depth) {
            let Some(path) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let pointer = path.trim_start_matches('#');
            schema = self.root.pointer(pointer).cloned().unwrap_or_default();
        }
        let Some(Value::Array(parts)) = schema.get("allOf").cloned() else {
            return schema;
        };
        let mut whole = schema.as_object().cloned().unwrap_or_default();
        whole.shift_remove("allOf");
        for part in &parts {
            if let Value::Object(part) = self.resolved(part, depth + 1) {
                merge(&mut whole, part);
            }
        }
        Value::Object(whole)
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut made = Map::new();
        for (key, part) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if depth < DEEP || required.contains(&key.as_str()) {
                made.insert(key.clone(), self.value(key, part, depth + 1));
            }
        }
        for key in required {
            if !made.contains_key(key) {
                let value = Value::String(self.string(key, &Value::Null));
                made.insert(key.to_owned(), value);
            }
        }
        Value::Object(made)
    }

    fn array(&mut self, name: &str, schema: &Value, depth: usize) -> Value {
        let limit = |key: &str| {
            let n = schema.get(key).and_then(Value::as_f64);
            n.map(|n| usize::try_from(sums::whole(n)).unwrap_or(0))
        };
        let least = limit("minItems").unwrap_or(0);
        let usual = if depth >= DEEP { least } else { 2.max(least) };
        let count = usual.min(limit("maxItems").unwrap_or(usize::MAX));
        let item = schema
            .get("items")
            .cloned()
            .unwrap_or_else(|| json!({"type": "string"}));
        let sentences = text::sentences(self.text);
        let items = (0..count).map(|at| {
            let made = self.value(name, &item, depth + 1);
            // A list of free strings would else say the same thing twice.
            match (&made, sentences.get(at)) {
                (Value::String(_), Some(sentence)) if item.get("enum").is_none() && free(&item) => {
                    Value::String(sentence.clone())
                }
                _ => made,
            }
        });
        Value::Array(items.collect())
    }

    /// The choice that the text names, else the one whose label suits it, else any.
    fn choice(&mut self, choices: &[Value]) -> Value {
        let text = self.text.to_lowercase();
        let named = choices
            .iter()
            .find(|c| c.as_str().is_some_and(|c| text.contains(&c.to_lowercase())));
        let any = choices.get(self.luck.below(choices.len()));
        named.or(any).cloned().unwrap_or_default()
    }

    fn holds(&mut self, name: &str) -> bool {
        let about = text::stems(&name.replace('_', " "));
        text::shared(&about, &text::stems(self.text)) > 0
    }

    fn number(&mut self, name: &str, schema: &Value, whole: bool) -> Value {
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let step = if whole { 1.0 } else { 0.01 };
        let low = bound("minimum").or(bound("exclusiveMinimum").map(|m| m + step));
        let high = bound("maximum").or(bound("exclusiveMaximum").map(|m| m - step));
        let fits = |n: &f64| low.is_none_or(|l| *n >= l) && high.is_none_or(|h| *n <= h);
        let money = ["amount", "total", "price", "sum"]
            .iter()
            .any(|w| name.to_lowercase().contains(w));
        let found = sums::amount(self.text)
            .filter(|_| money)
            .or_else(|| self.numbers.first().copied())
            .filter(fits);
        let floor = low.unwrap_or(0.0);
        let top = high.unwrap_or(floor + 10.0);
        let value =
            found.unwrap_or_else(|| floor + (top - floor) * (0.3 + 0.6 * self.luck.share()));
        if let Some(step) = bound("multipleOf").filter(|s| *s > 0.0) {
            return number((value / step).round() * step, whole);
        }
        let value = if whole { value.ceil() } else { value };
        number(value.min(high.unwrap_or(f64::INFINITY)), whole)
    }

    fn string(&mut self, name: &str, schema: &Value) -> String {
        let format = schema
            .get("format")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let low = name.to_lowercase();
        let has = |any: &[&str]| any.iter().any(|w| low.contains(w));
        let found = if format == "email" || has(&["email"]) {
            text::email(self.text)
                .unwrap_or("contact@example.com")
                .to_owned()
        } else if format == "date-time" {
            format!(
                "{}T09:00:00Z",
                text::date(self.text).unwrap_or("2026-01-15")
            )
        } else if format == "date" || has(&["date", "day"]) {
            text::date(self.text).unwrap_or("2026-01-15").to_owned()
        } else if format == "time" {
            "09:00:00Z".to_owned()
        } else if matches!(format, "uri" | "url") || has(&["url"]) {
            "https://example.com/".to_owned()
        } else if format == "uuid" {
            let part = |luck: &mut Luck, n| luck.hex(n);
            let luck = &mut *self.luck;
            format!(
                "{}-{}-4{}-8{}-{}",
                part(luck, 8),
                part(luck, 4),
                part(luck, 3),
                part(luck, 3),
                part(luck, 12)
            )
        } else if has(&["city", "location", "place", "country"]) {
            text::place(self.text).unwrap_or_else(|| "unknown".to_owned())
        } else if has(&["order", "number", "reference", "ticket", "invoice"])
            || low == "id"
            || low.ends_with("_id")
        {
            text::reference(self.text).unwrap_or("unknown").to_owned()
        } else if has(&["name", "person", "customer", "author"]) {
            text::proper_name(self.text).unwrap_or_else(|| "unknown".to_owned())
        } else {
            self.telling(&low)
        };
        fitted(&found, schema)
    }

    /// The sentence that has most to do with a field's name.
    fn telling(&mut self, name: &str) -> String {
        let about = text::stems(&name.replace('_', " "));
        let (_, body) = self.text.split_once("\n\n").unwrap_or(("", self.text));
        let sentences = text::sentences(body);
        sentences
            .iter()
            .rev()
            .max_by_key(|s| text::shared(&about, &text::stems(s)))
            .cloned()
            .unwrap_or_else(|| "unknown".to_owned())
    }
}

fn free(item: &Value) -> bool {
    item.get("format").is_none() && item.get("maxLength").is_none() && item.get("$ref").is_none()
}

fn merge(whole: &mut Map<String, Value>, part: Map<String, Value>) {
    for (key, value) in part {
        match (whole.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(more)) => into.extend(more),
            (Some(Value::Array(into)), Value::Array(more)) => into.extend(more),
            (Some(slot), value) => *slot = value,
            (None, value) => {
                whole.insert(key, value);
            }
        }
    }
}

/// One of several shapes: the first with content, or null when it is deep enough.
fn branch(schema: &Value, depth: usize) -> Option<Value> {
    let choices = schema
        .get("anyOf")
        .or_else(|| schema.get("oneOf"))?
        .as_array()?;
    let null = |v: &&Value| v.get("type").and_then(Value::as_str) == Some("null");
    let deep = choices.iter().find(null).filter(|_| depth >= DEEP);
    deep.or_else(|| choices.iter().find(|v| !null(v)))
        .or_else(|| choices.first())
        .cloned()
}

/// Gemini writes its types in capitals; a list of types means its first that is not null.
fn kind(schema: &Value) -> String {
    match schema.get("type") {
        Some(Value::String(name)) => name.to_lowercase(),
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .find(|n| *n != "null")
            .unwrap_or("null")
            .to_lowercase(),
        _ if schema.get("properties").is_some() => "object".to_owned(),
        _ if schema.get("items").is_some() => "array".to_owned(),
        _ => "string".to_owned(),
    }
}

fn number(value: f64, whole: bool) -> Value {
    if whole {
        json!(sums::whole(value))
    } else {
        json!((value * 100.0).round() / 100.0)
    }
}

fn fitted(text: &str, schema: &Value) -> String {
    let limit = |key: &str| {
        schema
            .get(key)
            .and_then(Value::as_u64)
            .and_then(|n| usize::try_from(n).ok())
    };
    let most = limit("maxLength").unwrap_or(usize::MAX);
    let mut text: String = text.chars().take(most).collect();
    while text.chars().count() < limit("minLength").unwrap_or(0) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Extract the contact.\n\nHello, this is Anna Weber from Lisbon, anna@shop.example. \
        Order LX-2041 of 2026-03-14, total 480 euros. It is urgent.";

    fn made(schema: &Value) -> Value {
        fill(schema, TEXT, &mut Luck::new(&[1]))
    }

    #[test]
    fn fields_are_taken_from_the_text() {
        let made = made(&json!({"type": "object", "properties": {
            "email": {"type": "string"}, "city": {"type": "string"}, "order_number": {"type": "string"},
            "date": {"type": "string", "format": "date"}, "total": {"type": "number"}, "urgent": {"type": "boolean"}
        }}));
        assert_eq!(
            made,
            json!({"email": "anna@shop.example", "city": "Lisbon", "order_number": "LX-2041",
                "date": "2026-03-14", "total": 480.0, "urgent": true})
        );
    }

    #[test]
    fn limits_and_choices_are_kept() {
        let made = made(
            &json!({"type": "object", "required": ["grade"], "properties": {
                "level": {"enum": ["low", "urgent"]}, "n": {"type": "integer", "minimum": 3, "maximum": 5},
                "short": {"type": "string", "maxLength": 4}, "tags": {"type": "array", "minItems": 3, "items": {"type": "string"}}
            }}),
        );
        assert_eq!(made.pointer("/level"), Some(&json!("urgent")));
        let n = made.pointer("/n").and_then(Value::as_i64);
        assert!(n.is_some_and(|n| (3..=5).contains(&n)), "{made}");
        assert!(
            made.pointer("/short")
                .and_then(Value::as_str)
                .is_some_and(|s| s.len() <= 4)
        );
        assert_eq!(
            made.pointer("/tags")
                .and_then(Value::as_array)
                .map(Vec::len),
            Some(3)
        );
        assert!(made.get("grade").is_some());
    }

    #[test]
    fn a_schema_that_names_itself_ends() {
        let made = made(
            &json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
            "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
            "required": ["value", "next"]}}}),
        );
        assert!(made.to_string().len() < 1000 && made.get("value").is_some());
    }
}
