//! What is described of the operators' door is what it says.

use super::{CONTROL, FORCE, HERE, TOKENS, VIEW, bearer, give, look, rig, said};
use breakerbox::model::{Event, Snapshot, State, Wall, event::KINDS};
use serde_json::{Value, json};
use std::sync::Arc;

const TEXT: &str = include_str!("../../../assets/openapi.json");

/// One event of each kind, with everything in it that it can have.
const EVENTS: &str = include_str!("events.jsonl");

struct Described(Value);

impl Described {
    /// So strict that a field which is not described is wrong too; whoever reads it as a program need not be.
    fn strictly() -> Self {
        let mut doc: Value = serde_json::from_str(TEXT).unwrap();
        let schemas = doc["components"]["schemas"].as_object_mut().unwrap();
        schemas.values_mut().for_each(close);
        Self(doc)
    }

    fn wrong_with(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut closed = json!({"properties": {"it": schema}, "components": self.0["components"]});
        close(&mut closed);
        let validator = jsonschema::draft202012::new(&closed).unwrap();
        let it = json!({"it": value});
        let errors = validator.iter_errors(&it);
        errors
            .map(|e| format!("{} {e}", e.instance_path()))
            .collect()
    }

    fn named(&self, name: &str, value: &Value) {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let wrong = self.wrong_with(&schema, value);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}\n{value}");
    }

    /// An answer of this path is one that is described.
    fn answer(&self, method: &str, path: &str, said: &super::Said) {
        let all = &self.0["paths"][path][method]["responses"];
        let mut described = &all[said.status.to_string()];
        if let Some(name) = described["$ref"].as_str() {
            described = self.0.pointer(name.trim_start_matches('#')).unwrap();
        }
        let schema = &described["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{method} {path}: {said:?}");
        let wrong = self.wrong_with(schema, &said.json());
        assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{said:?}");
    }
}

/// Wherever a schema is used for a whole value, nothing may stand beside what it names.
fn close(schema: &mut Value) {
    let Value::Object(all) = schema else { return };
    for (key, inner) in all.iter_mut() {
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(whole),
            ("items", inner) => whole(inner),
            ("prefixItems", Value::Array(each)) => each.iter_mut().for_each(whole),
            ("oneOf" | "allOf", Value::Array(each)) => each.iter_mut().for_each(close),
            _ => {}
        }
    }
}

fn whole(schema: &mut Value) {
    close(schema);
    let free = schema["type"] == "object" && schema.get("properties").is_none();
    if let (false, Value::Object(all)) = (free, schema) {
        all.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

fn events() -> Vec<Event> {
    let lines = EVENTS.lines().enumerate();
    let read = lines.map(|(i, line)| {
        let mut event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        event["seq"] = json!(i + 1);
        event["at"] = json!(1_700_000_000_000_u64 + i as u64);
        let read: Event = serde_json::from_value(event).unwrap_or_else(|e| panic!("{e}: {line}"));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<Event>(written).unwrap(), read);
        read
    });
    read.collect()
}

/// After all of them.
fn everything() -> Snapshot {
    let mut state = State::new();
    for event in events() {
        state.apply(&Arc::new(event));
    }
    state.snapshot(Wall(1_700_000_000_100))
}

#[test]
fn every_kind_of_event_is_described() {
    let described = Described::strictly();
    let names: Vec<_> = events().iter().map(|e| e.kind.name()).collect();
    for kind in KINDS.iter().filter(|kind| **kind != "continued") {
        assert!(names.contains(kind), "no example of {kind}");
    }
    for event in events() {
        described.named("Event", &serde_json::to_value(event).unwrap());
    }
    let standing = everything().standing();
    described.named(
        "Event",
        &json!({"seq": 1, "at": 1, "event": "continued", "schema": 1, "standing": standing}),
    );
    let unknown = json!({"seq": 1, "at": 1, "event": "stopping", "more": 1});
    let schema = json!({"$ref": "#/components/schemas/Event"});
    assert!(
        !described.wrong_with(&schema, &unknown).is_empty(),
        "it would not be noticed"
    );
}

#[test]
fn a_snapshot_with_everything_in_it_is_described() {
    let snapshot = serde_json::to_value(everything()).unwrap();
    for part in [
        "slo",
        "shape",
        "drill",
        "last_drill",
        "journal_stopped",
        "fleet",
    ] {
        assert!(
            snapshot.get(part).is_some_and(|p| !p.is_null()),
            "no {part}"
        );
    }
    for part in [
        "deployments",
        "routes",
        "faults",
        "drills",
        "normal",
        "exchanges",
        "events",
        "requests",
    ] {
        assert_ne!(snapshot[part], json!([]), "no {part}");
    }
    Described::strictly().named("Snapshot", &snapshot);
}

#[tokio::test]
async fn what_the_door_answers_is_what_is_described() {
    let (rig, _) = rig(TOKENS).await;
    let described = Described::strictly();
    let (view, control) = (bearer(VIEW), bearer(CONTROL));
    let doc = said(&rig, "GET", "/admin/openapi.json", &[HERE, &view], "").await;
    assert_eq!((doc.status, doc.body.as_str()), (200, TEXT));
    assert_eq!(doc.header("content-type"), Some("application/json"));

    for headers in [&[HERE, view.as_str()][..], &[HERE], &[HERE, "origin: null"]] {
        described.answer("get", "/admin/snapshot", &look(&rig, headers).await);
        for path in ["/admin/openapi.json", "/admin/events", "/admin/attach"] {
            if headers.len() == 1 {
                let refused = said(&rig, "GET", path, headers, "").await;
                described.answer("get", path, &refused);
            }
        }
    }
    let huge = json!({"command": "x".repeat(100_000)}).to_string();
    let mut seen = Vec::new();
    for (headers, body) in [
        (&[control.as_str()][..], FORCE),
        (&[&control], r#"{"command": "release nobody"}"#),
        (&[&control], "{"),
        (&[&control], &huge),
        (&[&view], FORCE),
        (&[], FORCE),
    ] {
        let answer = give(&rig, headers, body).await;
        described.answer("post", "/admin/command", &answer);
        seen.push(answer.status);
    }
    assert_eq!(seen, [200, 409, 400, 413, 403, 401]);
    let plain = said(&rig, "POST", "/admin/command", &[HERE, &control], FORCE).await;
    described.answer("post", "/admin/command", &plain);
    let upgrade = said(&rig, "GET", "/admin/attach", &[HERE, &view], "").await;
    described.answer("get", "/admin/attach", &upgrade);
}

#[tokio::test]
async fn every_path_that_is_described_is_there() {
    let (rig, _) = rig(TOKENS).await;
    let doc: Value = serde_json::from_str(TEXT).unwrap();
    for (path, methods) in doc["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let answer = said(&rig, &method.to_uppercase(), path, &[HERE], "").await;
            assert!(![404, 405].contains(&answer.status), "{method} {path}");
            let asks = methods[method]["security"] != json!([]);
            assert_eq!(answer.status == 401, asks, "{method} {path}: {answer:?}");
        }
    }
}
