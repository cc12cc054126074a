//! Call arguments that arrive in pieces: `partialArgs` name a place in the arguments and say what is there, strings
//! over several events.

use crate::provider::translate::json::{list, text};
use serde_json::{Map, Value};

/// Deeper paths and longer lists than this are not arguments but an attack.
const DEEPEST: usize = 32;
const LONGEST: usize = 4_096;

/// Puts the pieces of one event where they belong.
pub(super) fn merge(arguments: &mut Value, call: &Value) {
    for piece in list(call, "partialArgs") {
        let Some(steps) = text(piece, "jsonPath").and_then(path) else {
            continue;
        };
        let Some(place) = place(arguments, &steps) else {
            continue;
        };
        if let Some(more) = text(piece, "stringValue") {
            match place {
                Value::String(so_far) => so_far.push_str(more),
                other => *other = Value::String(more.to_owned()),
            }
        } else if let Some(value) = piece.get("numberValue").or_else(|| piece.get("boolValue")) {
            *place = value.clone();
        }
    }
}

enum Step {
    Field(String),
    Item(usize),
}

/// Reads `$.a.b[0]['c d']`.
fn path(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text.strip_prefix('$')?;
    while !rest.is_empty() && steps.len() < DEEPEST {
        if let Some(tail) = rest.strip_prefix('.') {
            let (name, tail) = tail.split_at(tail.find(['.', '[']).unwrap_or(tail.len()));
            steps.push(Step::Field(name.to_owned()));
            rest = tail;
        } else {
            let (inside, tail) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = inside.trim_matches(['\'', '"']);
            steps.push(match inside.parse() {
                Ok(item) => Step::Item(item),
                Err(_) => Step::Field(quoted.to_owned()),
            });
            rest = tail;
        }
    }
    rest.is_empty().then_some(steps)
}

fn place<'a>(root: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    let mut at = root;
    for step in steps {
        at = match step {
            Step::Field(name) => {
                if !at.is_object() {
                    *at = Value::Object(Map::new());
                }
                at.as_object_mut()?
                    .entry(name.as_str())
                    .or_insert(Value::Null)
            }
            Step::Item(n) if *n < LONGEST => {
                if !at.is_array() {
                    *at = Value::Array(Vec::new());
                }
                let items = at.as_array_mut()?;
                while items.len() <= *n {
                    items.push(Value::Null);
                }
                items.get_mut(*n)?
            }
            Step::Item(_) => return None,
        };
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pieces_find_their_places() {
        let mut arguments = json!({});
        let pieces = json!({"partialArgs": [
            {"jsonPath": "$.where.city", "stringValue": "Bos"},
            {"jsonPath": "$.where.city", "stringValue": "ton"},
            {"jsonPath": "$.days[1]", "numberValue": 3},
            {"jsonPath": "$['a b']", "boolValue": true},
            {"jsonPath": "$.none", "nullValue": null},
            {"jsonPath": "$.x[99999999]", "boolValue": true},
        ]});
        merge(&mut arguments, &pieces);
        let days = json!([null, 3]);
        assert_eq!(arguments["where"]["city"], "Boston");
        assert_eq!(arguments["days"], days);
        assert_eq!(arguments["a b"], true);
        assert!(arguments["none"].is_null());
    }
}
