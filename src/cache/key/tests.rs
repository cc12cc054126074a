use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn open(body: &Value) -> Option<Key> {
    of(Dialect::OpenAi, body)
}

fn anthropic(body: &Value) -> Option<Key> {
    of(Dialect::Anthropic, body)
}

fn of(door: Dialect, body: &Value) -> Option<Key> {
    key(door, &"chat".into(), None, body.to_string().as_bytes())
}

fn question(text: &str) -> Value {
    json!({"model": "chat", "messages": [{"role": "user", "content": text}]})
}

/// `body` with one more field.
fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[test]
fn spelling_changes_the_exact_key_only() {
    let a = open(&question("What is 2+2?")).unwrap();
    let b = open(&question("what is  2+2")).unwrap();
    assert_eq!((a.scope, a.normal), (b.scope, b.normal));
    assert_ne!(a.exact, b.exact);
}

#[test]
fn white_space_of_json_changes_nothing() {
    let body = question("hi");
    let airy = serde_json::to_vec_pretty(&body).unwrap();
    assert_eq!(
        key(Dialect::OpenAi, &"chat".into(), None, &airy),
        open(&body)
    );
}

#[test]
fn fields_without_effect_change_nothing() {
    let plain = open(&question("hi"));
    for (name, value) in [
        ("stream", json!(true)),
        ("stream_options", json!({"include_usage": true})),
        ("user", json!("u1")),
        ("metadata", json!({"a": 1})),
        ("store", json!(true)),
        ("model", json!("alias")),
        ("n", json!(1)),
        ("temperature", json!(null)),
        ("logprobs", json!(false)),
        ("response_format", json!({"type": "text"})),
        ("modalities", json!(["text"])),
    ] {
        assert_eq!(open(&with(question("hi"), name, value)), plain, "{name}");
    }
}

#[test]
fn everything_else_is_another_scope() {
    let base = question("hi");
    let mut seen = vec![open(&base).unwrap().scope];
    let tool = |name: &str, description: &str| json!([{"type": "function", "function": {"name": name, "description": description, "parameters": {}}}]);
    for (name, value) in [
        ("temperature", json!(0)),
        ("temperature", json!(1)),
        ("top_p", json!(0)),
        ("top_p", json!(1)),
        ("max_tokens", json!(1)),
        ("seed", json!(1)),
        ("stop", json!("a")),
        ("stop", json!(["a", "b"])),
        ("tools", tool("f", "d")),
        ("tools", tool("g", "d")),
        ("tools", tool("f", "e")),
        ("tool_choice", json!("none")),
        (
            "tool_choice",
            json!({"type": "function", "function": {"name": "none"}}),
        ),
        ("response_format", json!({"type": "json_object"})),
        ("reasoning_effort", json!("low")),
        ("a_field_of_next_year", json!(1)),
        (
            "messages",
            json!([{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}]),
        ),
        (
            "messages",
            json!([{"role": "user", "content": "s"}, {"role": "user", "content": "hi"}]),
        ),
        (
            "messages",
            json!([{"role": "assistant", "content": "s"}, {"role": "user", "content": "hi"}]),
        ),
    ] {
        let scope = open(&with(base.clone(), name, value.clone()))
            .unwrap()
            .scope;
        assert!(!seen.contains(&scope), "{name}: {value}");
        seen.push(scope);
    }
}

#[test]
fn routes_tenants_and_families_share_nothing() {
    let body = question("hi").to_string();
    let key =
        |route: &str, tenant| key(Dialect::OpenAi, &route.into(), tenant, body.as_bytes()).unwrap();
    let all = [
        key("a", None),
        key("b", None),
        key("a", Some("")),
        key("a", Some("b")),
        key("ab", None),
        key("a", None).for_family("gpt"),
        key("a", None).for_family("claude"),
    ];
    for (i, a) in all.iter().enumerate() {
        for b in &all[..i] {
            assert!(a.scope != b.scope && a.exact != b.exact && a.normal != b.normal);
        }
    }
}

#[test]
fn one_question_through_two_doors_is_one_entry() {
    let tool_schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let left = json!({
        "model": "chat", "max_tokens": 100, "temperature": 0.5, "stop": "END", "stream": true,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello.", "refusal": null},
            {"role": "user", "content": [{"type": "text", "text": "What is rain?"}]},
        ],
        "tools": [{"type": "function", "function": {"name": "w", "description": "d", "parameters": tool_schema}}],
        "tool_choice": "required",
    });
    let right = json!({
        "model": "chat", "max_tokens": 100, "temperature": 0.5, "stop_sequences": ["END"],
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]},
            {"role": "user", "content": "What is rain?"},
        ],
        "tools": [{"name": "w", "description": "d", "input_schema": tool_schema}],
        "tool_choice": {"type": "any"},
        "metadata": {"user_id": "u"},
    });
    assert!(open(&left).is_some());
    assert_eq!(open(&left), anthropic(&right));
}

#[test]
fn what_only_one_dialect_says_stays_at_its_door() {
    for (name, value) in [
        ("seed", json!(1)),
        ("thinking", json!({"type": "disabled"})),
    ] {
        let body = with(question("hi"), name, value);
        assert!(open(&body).is_some());
        assert_ne!(open(&body), anthropic(&body), "{name}");
    }
}

#[test]
fn answers_that_must_be_fresh_have_no_key() {
    for (name, value) in [
        ("n", json!(2)),
        ("temperature", json!(1.2)),
        ("logprobs", json!(true)),
        ("web_search_options", json!({})),
        ("modalities", json!(["text", "audio"])),
        (
            "tools",
            json!([{"type": "web_search_20250305", "name": "web_search"}]),
        ),
        ("messages", json!([])),
        ("messages", json!("hi")),
    ] {
        assert_eq!(
            open(&with(question("hi"), name, value.clone())),
            None,
            "{name}: {value}"
        );
    }
    assert_eq!(key(Dialect::OpenAi, &"chat".into(), None, b"{"), None);
    assert_eq!(of(Dialect::Gemini, &question("hi")), None);
}

#[test]
fn only_the_users_own_words_are_a_question() {
    let picture = json!({"type": "image_url", "image_url": {"url": "data:"}});
    let user = json!({"role": "user", "content": "hi"});
    for messages in [
        json!([user, {"role": "assistant", "content": "Sure, "}]),
        json!([user, {"role": "tool", "tool_call_id": "1", "content": "4"}]),
        json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "4"}]}]),
        json!([{"role": "user", "content": [picture]}]),
        json!([{"role": "user", "content": [picture]}, {"role": "assistant", "content": "A cat."}, user]),
        json!([{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "image"}]}]}, user]),
        json!([{"role": "system", "content": "s"}]),
    ] {
        let body = json!({"messages": messages});
        assert_eq!((open(&body), anthropic(&body)), (None, None), "{body}");
    }
}

#[test]
fn tool_calls_earlier_in_the_talk_belong_to_the_scope() {
    let talk = |arguments: &str| {
        json!({"messages": [
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
                "function": {"name": "w", "arguments": arguments}}]},
            {"role": "tool", "tool_call_id": "1", "content": "sun"},
            {"role": "assistant", "content": "Sunny."},
            {"role": "user", "content": "thanks"},
        ]})
    };
    let (paris, london) = (
        open(&talk("Paris")).unwrap(),
        open(&talk("London")).unwrap(),
    );
    assert_ne!(paris.scope, london.scope);
    assert_eq!(Some(paris), open(&talk("Paris")));
}

#[test]
fn pieces_cannot_be_moved_from_one_field_to_the_next() {
    let split = |a: &str, b: &str| {
        open(&json!({"messages": [{"role": "user", "content": [
            {"type": "text", "text": a}, {"type": "text", "text": b}]}]}))
        .unwrap()
    };
    assert_ne!(split("ab", "c").exact, split("a", "bc").exact);
    assert_ne!(split("ab", "c").normal, split("a", "bc").normal);
}

/// Small JSON values, objects included.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-d]{1,2}", inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: Map<_, _> = fields
                .iter()
                .rev()
                .map(|(k, v)| (k.clone(), reversed(v)))
                .collect();
            fields.into()
        }
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

proptest! {
    #[test]
    fn the_order_of_json_keys_changes_nothing(extra in any_json(), text in "\\PC{0,20}") {
        let body = with(question(&text), "extra", extra);
        prop_assert_eq!(open(&body), open(&reversed(&body)));
    }

    #[test]
    fn different_scopes_never_meet(a in any_json(), b in any_json()) {
        prop_assume!(sorted(&a) != sorted(&b));
        let key = |extra: Value| open(&with(question("hi"), "extra", extra)).unwrap();
        let (a, b) = (key(a), key(b));
        prop_assert!(a.scope != b.scope && a.exact != b.exact && a.normal != b.normal);
    }
}

#[test]
fn the_same_question_at_geminis_door_is_the_same_entry() {
    let asked = json!({
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generationConfig": {"temperature": 0.5, "maxOutputTokens": 9, "stopSequences": ["END"]},
        "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}}]}],
    });
    let same = json!({
        "system": "be brief", "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.5, "max_tokens": 9, "stop_sequences": ["END"],
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    });
    let key = of(Dialect::Gemini, &asked);
    assert!(key.is_some());
    assert_eq!(key, anthropic(&same));
}

#[test]
fn what_only_gemini_can_say_stays_at_its_door_and_tells_requests_apart() {
    let asked = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    let plain = of(Dialect::Gemini, &asked);
    assert_eq!(plain, open(&question("hi")));
    let mut seen = vec![plain];
    for (name, value) in [
        (
            "generationConfig",
            json!({"thinkingConfig": {"thinkingBudget": 0}}),
        ),
        (
            "generationConfig",
            json!({"responseSchema": {"type": "STRING"}}),
        ),
        ("safetySettings", json!([{"category": "x"}])),
        ("cachedContent", json!("cachedContents/1")),
    ] {
        let key = of(Dialect::Gemini, &with(asked.clone(), name, value));
        assert!(key.is_some() && !seen.contains(&key), "{name}");
        seen.push(key);
    }
}

#[test]
fn nothing_is_kept_of_what_gemini_looks_up_or_of_pictures() {
    let asked = json!({"contents": [{"parts": [{"text": "hi"}]}]});
    assert!(of(Dialect::Gemini, &asked).is_some());
    for body in [
        with(asked.clone(), "tools", json!([{"google_search": {}}])),
        with(
            asked.clone(),
            "generationConfig",
            json!({"candidateCount": 2}),
        ),
        json!({"contents": [{"parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}]}]}),
        json!({"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {}}}]}]}),
    ] {
        assert_eq!(of(Dialect::Gemini, &body), None, "{body}");
    }
}

fn response(input: &Value) -> Value {
    json!({"model": "chat", "store": false, "input": input})
}

fn at_responses(body: &Value) -> Option<Key> {
    of(Dialect::Responses, body)
}

#[test]
fn the_same_question_has_the_same_key_at_the_responses_door() {
    let chat = json!({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}], "max_tokens": 50,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}}});
    let mut same = response(
        &json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]),
    );
    for (name, value) in [
        ("instructions", json!("s")),
        ("max_output_tokens", json!(50)),
        ("text", json!({"format": {"type": "text"}})),
        (
            "tools",
            json!([{"type": "function", "name": "f", "parameters": {}}]),
        ),
        ("tool_choice", json!({"type": "function", "name": "f"})),
    ] {
        same[name] = value;
    }
    assert!(open(&chat).is_some());
    assert_eq!(at_responses(&same), open(&chat));
    assert_eq!(at_responses(&response(&json!("hi"))), open(&question("hi")));
}

#[test]
fn a_response_that_is_stored_or_refers_to_what_is_stored_has_no_key() {
    assert!(at_responses(&response(&json!("hi"))).is_some());
    let mut stored = response(&json!("hi"));
    stored["store"] = json!(true);
    assert_eq!(at_responses(&stored), None);
    for (name, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!("conv_1")),
        ("background", json!(true)),
        ("tools", json!([{"type": "web_search"}])),
        (
            "input",
            json!([{"type": "item_reference", "id": "msg_1"}, {"role": "user", "content": "hi"}]),
        ),
        (
            "input",
            json!([{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]),
        ),
    ] {
        assert_eq!(
            at_responses(&with(response(&json!("hi")), name, value)),
            None,
            "{name}"
        );
    }
}
