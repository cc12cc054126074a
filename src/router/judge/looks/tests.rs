use super::*;
use crate::model::Dialect::{self, Anthropic, Gemini, OpenAi, Responses};
use bytes::Bytes;
use serde_json::json;

const THAI: &str =
    "The weather in อากาศ is fine and the ประเทศ is warm, so take a light coat with you.";

fn ask(door: Dialect, body: &Value) -> Ask {
    Ask::read(door, Bytes::from(body.to_string())).unwrap()
}

fn said(text: &str) -> Answer {
    Answer {
        parts: vec![Part::Text(text.to_owned())],
        finish: Some(Finish::Stop),
        ..Answer::default()
    }
}

fn called(input: Value) -> Answer {
    Answer {
        parts: vec![Part::ToolUse {
            id: "c".to_owned(),
            name: "weather".to_owned(),
            input,
            signature: None,
        }],
        finish: Some(Finish::ToolUse),
        ..Answer::default()
    }
}

fn found(ask: &Ask, answer: &Answer) -> Vec<Finding> {
    at(ask, answer).findings.iter().collect()
}

fn question(text: &str) -> Value {
    json!({"model": "r", "messages": [{"role": "user", "content": text}]})
}

/// A question with more beside it.
fn with(mut body: Value, more: &Value) -> Value {
    let (all, more) = (body.as_object_mut().unwrap(), more.as_object().unwrap());
    all.extend(more.clone());
    body
}

#[test]
fn the_form_that_was_asked_for_is_known_at_every_door() {
    let schema =
        json!({"type": "object", "required": ["age"], "properties": {"age": {"type": "integer"}}});
    let chat = question("Who is it? Reply in JSON.");
    let contents =
        json!({"contents": [{"role": "user", "parts": [{"text": "Who is it? Reply in JSON."}]}]});
    let spec = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let flat = json!({"type": "json_schema", "name": "n", "schema": schema});
    let input = json!({"model": "r", "input": "Who is it? Reply in JSON."});
    let mime = "application/json";
    for (door, body) in [
        (
            OpenAi,
            with(chat.clone(), &json!({"response_format": spec})),
        ),
        (Responses, with(input, &json!({"text": {"format": flat}}))),
        (
            Anthropic,
            with(
                chat.clone(),
                &json!({"max_tokens": 9, "output_config": {"format": flat}}),
            ),
        ),
        (
            Gemini,
            with(
                contents.clone(),
                &json!({"generationConfig": {"responseMimeType": mime, "responseSchema": schema}}),
            ),
        ),
    ] {
        let ask = ask(door, &body);
        assert_eq!(found(&ask, &said(r#"{"age": 3}"#)), [], "{door}");
        assert_eq!(
            found(&ask, &said(r#"{"age": "three"}"#)),
            [Finding::SchemaMismatch],
            "{door}"
        );
        assert_eq!(
            found(&ask, &said(r#"{"age": 3"#)),
            [Finding::InvalidJson],
            "{door}"
        );
    }
    for (door, body) in [
        (
            OpenAi,
            with(chat, &json!({"response_format": {"type": "json_object"}})),
        ),
        (
            Gemini,
            with(
                contents,
                &json!({"generation_config": {"response_mime_type": mime}}),
            ),
        ),
    ] {
        let ask = ask(door, &body);
        assert_eq!(found(&ask, &said("{}")), [], "{door}");
        assert_eq!(
            found(&ask, &said("Nobody.")),
            [Finding::InvalidJson],
            "{door}"
        );
    }
    let plain = ask(OpenAi, &question("Who is it?"));
    assert_eq!(found(&plain, &said(r#"{"age": 3"#)), []);
}

#[test]
fn a_form_is_owed_by_a_whole_answer_alone() {
    let body = with(
        question("As JSON, please."),
        &json!({"response_format": {"type": "json_object"}}),
    );
    let (plain, stops) = (
        ask(OpenAi, &body),
        ask(OpenAi, &with(body.clone(), &json!({"stop": ["}"]}))),
    );
    let cut = Answer {
        finish: Some(Finish::Length),
        ..said("{\"a\": [")
    };
    assert_eq!(found(&plain, &said("{\"a\": [")), [Finding::InvalidJson]);
    assert_eq!(found(&stops, &said("{\"a\": [")), []);
    assert_eq!(found(&plain, &cut), []);
}

#[test]
fn foreign_words_are_excused_by_whatever_was_said_before() {
    let turns = |earlier: &Value| {
        let first = json!([{"role": "user", "content": "What is the weather like?"}]);
        let all: Vec<_> = [&first, earlier]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .collect();
        json!({"model": "r", "max_tokens": 9, "messages": all})
    };
    let asked = turns(&json!([]));
    let input = json!([
        {"role": "user", "content": "What is the weather like?"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "อากาศดี"},
    ]);
    let contents = json!([
        {"role": "user", "parts": [{"text": "What is the weather like?"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"says": "อากาศดี"}}}]},
    ]);
    for (door, body) in [
        (
            OpenAi,
            turns(&json!([
                {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "c", "content": "อากาศดี"},
            ])),
        ),
        (
            Anthropic,
            turns(&json!([
                {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"place": "ประเทศ"}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "fine"}]},
            ])),
        ),
        (Responses, json!({"model": "r", "input": input})),
        (Gemini, json!({"contents": contents})),
        (
            Anthropic,
            with(asked.clone(), &json!({"system": "You love ภาษาไทย."})),
        ),
    ] {
        assert_eq!(found(&ask(door, &body), &said(THAI)), [], "{door}: {body}");
    }
    let looked = at(&ask(OpenAi, &asked), &said(THAI));
    assert_eq!(looked.findings.to_string(), "wrong script (Thai)");
    assert_eq!(looked.question, "What is the weather like?");
}

#[test]
fn a_conversation_in_another_script_is_known_though_the_last_question_is_not_in_it() {
    let body = json!({"model": "r", "messages": [
        {"role": "user", "content": "Какая сегодня погода?"}, {"role": "assistant", "content": "Тёплая."},
        {"role": "user", "content": "ok?"},
    ]});
    let ask = ask(OpenAi, &body);
    assert_eq!(found(&ask, &said("Да, возьмите лёгкую куртку.")), []);
    assert_eq!(
        found(&ask, &said("Да, погода อากาศ тёплая, и в ประเทศ сухо.")),
        [Finding::WrongScript]
    );
}

#[test]
fn a_systems_words_are_looked_at_however_long_the_conversation_is() {
    let turn = json!([{"role": "user", "content": "And then?"}, {"role": "assistant", "content": "Rain."}]);
    let turns: Vec<_> = (0..40).flat_map(|_| turn.as_array().unwrap()).collect();
    let body = json!({"model": "r", "max_tokens": 9, "messages": turns});
    let thai = with(body.clone(), &json!({"system": "ตอบเป็นภาษาไทย"}));
    assert_eq!(
        found(&ask(Anthropic, &body), &said(THAI)),
        [Finding::WrongScript]
    );
    assert_eq!(found(&ask(Anthropic, &thai), &said(THAI)), []);
}

#[test]
fn where_a_part_of_the_conversation_is_not_at_hand_only_the_rest_is_said() {
    let stored = json!({"model": "r", "previous_response_id": "resp_1", "input": "And there?"});
    let long = question(&"What is the weather like? ".repeat(LONGEST / 20));
    let picture = json!({"model": "r", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "What does it say?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]}]});
    let kept =
        json!({"cachedContent": "cachedContents/1", "contents": [{"parts": [{"text": "And?"}]}]});
    for ask in [
        ask(Responses, &stored),
        ask(OpenAi, &long),
        ask(OpenAi, &picture),
        ask(Gemini, &kept),
    ] {
        assert_eq!(found(&ask, &said(THAI)), []);
        assert_eq!(
            found(&ask, &called(json!("{\"city\": \"Os"))),
            [Finding::BadArguments]
        );
    }
    assert_eq!(
        found(&ask(OpenAi, &picture), &said("It says:\n```\nhello")),
        [Finding::OpenFence]
    );
}

#[test]
fn arguments_are_held_to_be_an_object_as_they_were_written() {
    let ask = ask(OpenAi, &question("What is the weather like in Oslo?"));
    for (input, bad) in [
        (json!({"city": "Oslo"}), false),
        (json!({}), false),
        (Value::Null, false),
        (json!("{\"city\": \"Os"), true),
        (json!(["Oslo"]), true),
        (json!(7), true),
    ] {
        let expected: &[Finding] = if bad { &[Finding::BadArguments] } else { &[] };
        assert_eq!(found(&ask, &called(input.clone())), expected, "{input}");
    }
    let tools = json!([{"type": "custom", "name": "weather"}]);
    let plain = json!({"model": "r", "input": "What is the weather like in Oslo?", "tools": tools});
    let text = called(json!("Oslo"));
    assert_eq!(found(&self::ask(Responses, &plain), &text), []);
}

#[test]
fn an_answer_that_is_not_made_of_words_is_not_looked_at() {
    let ask = ask(OpenAi, &question("Draw a cat."));
    assert_eq!(found(&ask, &said(" \n")), []);
    let mut drawn = said(THAI);
    drawn
        .parts
        .push(Part::Image(crate::provider::chat::Media::Url(
            "x".to_owned(),
        )));
    assert_eq!(found(&ask, &drawn), []);
}
