use super::*;
use proptest::prelude::*;

fn open_ai(body: &str) -> Ask {
    Ask::read(Dialect::OpenAi, Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

fn refused(door: Dialect, body: &[u8]) -> BadRequest {
    Ask::read(door, Bytes::copy_from_slice(body)).unwrap_err()
}

#[test]
fn only_the_model_changes_and_every_other_byte_stays() {
    let body = "{ \"temperature\":1.50e0,\"model\" : \"chat\" ,\n\"x_new\":{\"b\":1,\"a\":[ ]},\"messages\":[],\"seed\":9007199254740993}\n";
    let spliced = open_ai(body).with_model("gpt-4.1");
    assert_eq!(spliced, body.replace("\"chat\"", "\"gpt-4.1\""));
}

#[test]
fn the_same_model_shares_the_callers_bytes() {
    let ask = open_ai(r#"{"model":"chat","messages":[]}"#);
    assert_eq!(ask.with_model("chat").as_ptr(), ask.body.as_ptr());
}

#[test]
fn a_repeated_model_is_rewritten_everywhere_and_the_last_one_counts() {
    let ask = open_ai(r#"{"model":"a","messages":[],"model":"b"}"#);
    assert_eq!(ask.model, "b");
    assert_eq!(
        ask.with_model("b"),
        r#"{"model":"b","messages":[],"model":"b"}"#
    );
    assert_eq!(
        ask.with_model("c"),
        r#"{"model":"c","messages":[],"model":"c"}"#
    );
}

#[test]
fn a_model_name_with_quotes_is_escaped() {
    let spliced = open_ai(r#"{"model":"a","messages":[]}"#).with_model("x\"y");
    assert_eq!(
        open_ai(std::str::from_utf8(&spliced).unwrap()).model,
        "x\"y"
    );
}

#[test]
fn a_nested_model_is_not_ours_to_change() {
    let body = r#"{"metadata":{"model":"keep"},"model":"a","messages":[{"model":"keep"}]}"#;
    let spliced = open_ai(body).with_model("b");
    assert_eq!(spliced, body.replace("\"a\"", "\"b\""));
}

#[test]
fn an_escaped_key_is_the_same_key() {
    let ask = open_ai(r#"{"\u006dodel":"a","messages":[]}"#);
    assert_eq!(ask.with_model("b"), r#"{"\u006dodel":"b","messages":[]}"#);
}

#[test]
fn what_routing_needs_is_read_from_an_openai_request() {
    let ask = open_ai(
        r#"{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1},"max_tokens":5,
            "max_completion_tokens":7,"n":2,"tools":[ {} ],"response_format":{"type":"json_schema","json_schema":{}},
            "messages":[{"role":"user","content":"hi"}]}"#,
    );
    assert!(ask.stream && ask.stream_usage && ask.has_tools && ask.schema && ask.many);
    assert!(!ask.has_system);
    assert_eq!(ask.max_tokens, Some(7));
}

#[test]
fn a_plain_request_has_none_of_the_flags() {
    let ask = open_ai(
        r#"{"model":"m","stream":false,"stream_options":null,"n":1,"tools":[ ],"functions":null,
            "response_format":{"type":"text"},"messages":[]}"#,
    );
    assert!(
        !(ask.stream
            || ask.stream_usage
            || ask.has_tools
            || ask.schema
            || ask.many
            || ask.has_system)
    );
    assert_eq!(ask.max_tokens, None);
}

#[test]
fn what_routing_needs_is_read_from_an_anthropic_request() {
    for format in [
        r#""output_format":{"type":"json_schema"}"#,
        r#""output_config":{"format":{"type":"json_schema"}}"#,
    ] {
        let body =
            format!(r#"{{"model":"m","max_tokens":9,"system":"be brief",{format},"messages":[]}}"#);
        let ask = Ask::read(Dialect::Anthropic, body.into()).unwrap();
        assert!(ask.schema && ask.has_system && !ask.stream);
        assert_eq!(ask.max_tokens, Some(9));
    }
}

#[test]
fn a_gemini_request_needs_no_model_in_its_body() {
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"systemInstruction":{"parts":[{"text":"sys"}]},
        "generationConfig":{"maxOutputTokens":3,"responseMimeType":"application/json","candidateCount":2}}"#;
    let ask = Ask::read(Dialect::Gemini, body.into()).unwrap();
    assert!(ask.schema && ask.many && ask.has_system);
    assert_eq!(ask.max_tokens, Some(3));
    assert_eq!(ask.with_model("x"), body);
    assert_eq!(
        ask.conversation(),
        [
            ("system".into(), "sys".into()),
            ("user".into(), "hi".into())
        ]
    );
}

#[test]
fn a_gemini_request_may_hold_one_item_where_a_list_is_due() {
    let body = r#"{"model":"models/other","contents":{"parts":{"text":"hi"}},"tools":{"googleSearch":{}}}"#;
    let ask = Ask::read(Dialect::Gemini, body.into())
        .unwrap()
        .at("r", true);
    assert_eq!(ask.prompt_text(), "hi");
    assert!(ask.has_tools && ask.stream && ask.model == "r");
    assert_eq!(ask.with_model("x"), body, "the path names the model");
}

#[test]
fn a_request_to_be_counted_is_taken_out_of_its_wrapper() {
    let inner = r#"{"model":"models/m","contents":[ ]}"#;
    let wrapped = format!(r#"{{"generateContentRequest": {inner}}}"#);
    assert_eq!(counted(wrapped.into()), inner);
    assert_eq!(counted(inner.into()), inner);
}

#[test]
fn the_last_user_turn_with_text_is_the_prompt() {
    let ask = open_ai(
        r#"{"model":"m","messages":[{"role":"user","content":"first"},{"role":"assistant","content":"ok"},
            {"role":"user","content":[{"type":"text","text":"second"},{"type":"image_url","image_url":{"url":"x"}},
            {"type":"text","text":"third"}]},{"role":"assistant","content":null,"tool_calls":[]},
            {"role":"tool","content":"42"},
            {"role":"user","content":[{"type":"tool_result","content":"43"}]}]}"#,
    );
    assert_eq!(ask.prompt_text(), "second\nthird");
}

#[test]
fn a_conversation_has_roles_texts_and_tool_results() {
    let body = r#"{"model":"m","system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"a"},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r"}]}]}]}"#;
    let ask = Ask::read(Dialect::Anthropic, body.into()).unwrap();
    let said: Vec<_> = ask.conversation();
    assert_eq!(
        said,
        [
            ("system".into(), "s".into()),
            ("user".into(), "a".into()),
            ("user".into(), "r".into())
        ]
    );
}

#[test]
fn half_an_emoji_does_not_lose_the_turn() {
    let ask = open_ai(r#"{"model":"m","messages":[{"role":"user","content":"hi \ud83d there"}]}"#);
    let text = ask.prompt_text();
    assert!(
        text.starts_with("hi ") && text.ends_with(" there"),
        "{text}"
    );
}

#[test]
fn a_bad_body_is_refused_with_the_place_and_the_field() {
    for (body, param, says) in [
        (&b""[..], None, "empty"),
        (b"[1]", None, "object"),
        (b"\"x\"", None, "object"),
        (b"{\"model\":\"a\",\n oops}", None, "line 2"),
        (b"{\"model\":\"a\"", None, "ends in the middle"),
        (b"{} trailing", None, "not JSON"),
        (b"{\"model\":\"\xff\"}", None, "byte 10"),
        (b"{\"messages\":[]}", Some("model"), "missing"),
        (
            b"{\"model\":\"\",\"messages\":[]}",
            Some("model"),
            "missing",
        ),
        (b"{\"model\":7,\"messages\":[]}", Some("model"), "string"),
        (b"{\"model\":\"a\"}", Some("messages"), "missing"),
        (
            b"{\"model\":\"a\",\"messages\":\"hi\"}",
            Some("messages"),
            "array",
        ),
    ] {
        let e = refused(Dialect::OpenAi, body);
        assert_eq!(e.param, param, "{e}");
        assert!(e.message.contains(says), "{e}");
    }
    assert_eq!(refused(Dialect::Gemini, b"{}").param, Some("contents"));
}

#[test]
fn nesting_a_thousand_deep_is_no_danger() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let ask = open_ai(&format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":{deep}}}],"x":{deep}}}"#
    ));
    assert_eq!(ask.prompt_text(), "");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map("\\PC{0,6}", inner, 0..4)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn splicing_is_the_same_as_setting_the_field(
        fields in prop::collection::hash_map("[a-z_]{1,10}|\\PC{1,6}", json(), 0..8),
        model in "\\PC{1,20}",
        pretty: bool,
    ) {
        let mut object: serde_json::Map<_, _> = fields.into_iter().collect();
        object.insert("model".into(), "route".into());
        object.insert("messages".into(), serde_json::json!([{"role": "user", "content": "hi"}]));
        let value = serde_json::Value::Object(object.clone());
        let body = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let spliced = open_ai(&body).with_model(&model);
        object.insert("model".into(), model.into());
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&spliced).unwrap(), serde_json::Value::Object(object));
    }

    #[test]
    fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Ask::read(Dialect::Anthropic, body.into());
    }
}

fn responses(body: &str) -> Ask {
    Ask::read(Dialect::Responses, Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

#[test]
fn a_responses_request_is_read_under_its_own_names() {
    let ask = responses(
        r#"{"model":"r","stream":true,"input":"hi","instructions":"s","max_output_tokens":9,"tools":[{}],
            "text":{"format":{"type":"json_schema"}},"messages":"of no interest"}"#,
    );
    assert!(ask.stream && ask.has_tools && ask.schema && ask.has_system);
    assert_eq!(ask.max_tokens, Some(9));
    assert_eq!(ask.prompt_text(), "hi");
    let said = [("system", "s"), ("user", "hi")].map(|(r, t)| (r.to_owned(), t.to_owned()));
    assert_eq!(ask.conversation(), said);
    assert!(!responses(r#"{"model":"r","input":"x","text":{"format":{"type":"text"}}}"#).schema);
}

#[test]
fn the_prompt_among_items_is_the_last_message_of_the_user() {
    let ask = responses(
        r#"{"model":"r","input":[{"role":"user","content":[{"type":"input_text","text":"why?"}]},
            {"type":"reasoning","content":[{"type":"reasoning_text","text":"hm"}]},
            {"type":"function_call_output","call_id":"c","output":"4"}]}"#,
    );
    assert_eq!(ask.prompt_text(), "why?");
}

#[test]
fn an_input_is_a_text_or_a_list() {
    for body in [r#"{"model":"r"}"#, r#"{"model":"r","input":{}}"#] {
        assert_eq!(
            refused(Dialect::Responses, body.as_bytes()).param,
            Some("input")
        );
    }
}

#[test]
fn requests_that_ask_the_same_have_one_fingerprint_and_others_have_another() {
    let of = |body: &str| open_ai(body).fingerprint();
    let asked = of(r#"{"model":"r","messages":[{"role":"user","content":"sum it up"}]}"#);
    let streamed =
        r#"{"stream":true,"model":"s","messages":[{"role":"user","content":"sum it up"}],"n":1}"#;
    assert_eq!(of(streamed), asked);
    // The last turn alone is no question: what it is about may stand before it.
    let about = r#"{"model":"r","messages":[{"role":"user","content":"a text"},{"role":"user","content":"sum it up"}]}"#;
    assert_ne!(of(about), asked);
    let with = |system: &str| {
        let body = format!(
            r#"{{"model":"r","system":"{system}","messages":[{{"role":"user","content":"sum it up"}}]}}"#
        );
        Ask::read(Dialect::Anthropic, body.into())
            .unwrap()
            .fingerprint()
    };
    assert_ne!(with("one text"), with("another"));
}
