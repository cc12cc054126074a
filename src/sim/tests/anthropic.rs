use super::*;

fn messages(text: &str) -> Value {
    asking(Dialect::Anthropic, text)
}

#[tokio::test]
async fn a_message_has_everything_that_the_sdk_reads() {
    let served = provider(Dialect::Anthropic).await;
    let answer = ask(served.provider(), &messages(TICKET)).await;
    let body = answer.json();
    assert_eq!(str_at(&body, "/type"), "message");
    assert_eq!(str_at(&body, "/model"), "claude-sonnet-4-5-20250929");
    assert_eq!(str_at(&body, "/stop_reason"), "end_turn");
    assert!(str_at(&body, "/content/0/text").contains("broken lamp"));
    assert!(at(&body, "/usage/output_tokens").as_u64() > Some(5));
    assert!(answer.header("request-id").starts_with("req_"));
    let reset = answer.header("anthropic-ratelimit-requests-reset");
    assert!(reset.ends_with('Z') && reset.len() == 20, "{reset}");
}

#[tokio::test]
async fn a_stream_has_its_events_in_order() {
    let served = provider(Dialect::Anthropic).await;
    let answer = ask(
        served.provider(),
        &with(messages(TICKET), json!({ "stream": true })),
    )
    .await;
    let events = answer.events();
    let mut kinds: Vec<&str> = events.iter().map(|e| str_at(e, "/type")).collect();
    let named: Vec<&str> = answer
        .text
        .lines()
        .filter_map(|l| l.strip_prefix("event: "))
        .collect();
    assert_eq!(kinds, named, "the name of an event is its type");
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    let text: String = events
        .iter()
        .filter_map(|e| e.pointer("/delta/text")?.as_str())
        .collect();
    assert!(text.contains("broken lamp"));
}

#[tokio::test]
async fn thinking_comes_first_and_signed() {
    let served = provider(Dialect::Anthropic).await;
    let more =
        json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 }, "max_tokens": 3000 });
    let body = ask(served.provider(), &with(messages(TICKET), more.clone()))
        .await
        .json();
    assert_eq!(str_at(&body, "/content/0/type"), "thinking");
    assert!(str_at(&body, "/content/0/signature").len() > 100);
    assert_eq!(str_at(&body, "/content/1/type"), "text");
    let streamed = with(with(messages(TICKET), more), json!({ "stream": true }));
    let events = ask(served.provider(), &streamed).await.events();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|e| e.pointer("/delta/type")?.as_str())
        .collect();
    assert!(kinds.starts_with(&["thinking_delta"]) && kinds.contains(&"signature_delta"));
    assert_eq!(kinds.last(), Some(&"text_delta"));
}

#[tokio::test]
async fn a_tool_call_and_its_result_make_a_conversation() {
    let served = provider(Dialect::Anthropic).await;
    let tools = json!([{ "name": "get_weather", "description": "Weather", "input_schema": weather_schema() }]);
    let first = with(
        messages("What is the weather in Oslo?"),
        json!({ "tools": tools }),
    );
    let body = ask(served.provider(), &first).await.json();
    assert_eq!(str_at(&body, "/stop_reason"), "tool_use");
    let call = at(&body, "/content/1");
    assert_eq!(at(call, "/input"), &json!({ "city": "Oslo" }));

    let result = json!([{ "type": "tool_result", "tool_use_id": str_at(call, "/id"), "content": "{\"sky\":\"clear\"}" }]);
    let turns = json!([
        { "role": "user", "content": "What is the weather in Oslo?" },
        { "role": "assistant", "content": at(&body, "/content") },
        { "role": "user", "content": result },
    ]);
    let second = with(first, json!({ "messages": turns }));
    let body = ask(served.provider(), &second).await.json();
    assert!(
        str_at(&body, "/content/0/text").contains("sky clear"),
        "{body}"
    );
}

#[tokio::test]
async fn a_streamed_tool_call_starts_empty_and_adds_up_to_its_arguments() {
    let served = provider(Dialect::Anthropic).await;
    let tools = json!([{ "name": "get_weather", "input_schema": weather_schema() }]);
    let more = json!({ "tools": tools, "tool_choice": { "type": "tool", "name": "get_weather" }, "stream": true });
    let events = ask(
        served.provider(),
        &with(messages("Is it cold in Oslo?"), more),
    )
    .await
    .events();
    let opening = events
        .iter()
        .find_map(|e| e.pointer("/content_block"))
        .expect("a block opens");
    assert_eq!(at(opening, "/input"), &json!({}));
    let parts: Vec<&str> = events
        .iter()
        .filter_map(|e| e.pointer("/delta/partial_json")?.as_str())
        .collect();
    assert_eq!(parts.first(), Some(&""));
    assert_eq!(parts.concat(), r#"{"city":"Oslo"}"#);
}

#[tokio::test]
async fn a_schema_is_satisfied_in_its_present_place_and_in_its_old_one() {
    let served = provider(Dialect::Anthropic).await;
    let format = json!({ "type": "json_schema", "schema": person_schema() });
    for more in [
        json!({ "output_config": { "format": format } }),
        json!({ "output_format": format }),
    ] {
        let body = ask(served.provider(), &with(messages(PERSON), more))
            .await
            .json();
        let made: Value =
            serde_json::from_str(str_at(&body, "/content/0/text")).expect("the text is JSON");
        assert_eq!(made, json!({ "name": "Clara Neumann", "age": 34 }));
    }
}

#[tokio::test]
async fn a_beginning_is_continued_and_one_that_ends_in_a_blank_is_refused() {
    let served = provider(Dialect::Anthropic).await;
    let begun = |text: &str| {
        let turns = json!([{ "role": "user", "content": TICKET }, { "role": "assistant", "content": text }]);
        with(messages(""), json!({ "messages": turns }))
    };
    let body = ask(
        served.provider(),
        &begun("Customer Jonas from Ghent reports that order GT"),
    )
    .await
    .json();
    assert!(
        str_at(&body, "/content/0/text").starts_with("-5521 arrived"),
        "{body}"
    );
    let refused = ask(served.provider(), &begun("Customer Jonas ")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("trailing whitespace"));
}

#[tokio::test]
async fn requests_that_the_vendor_would_refuse_are_refused() {
    let served = provider(Dialect::Anthropic).await;
    let without =
        json!({ "model": "claude-sonnet-4-5", "messages": [{ "role": "user", "content": "Hi" }] });
    let answer = ask(served.provider(), &without).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        str_at(&answer.json(), "/error/type"),
        "invalid_request_error"
    );
    assert!(answer.text.contains("max_tokens: Field required"));

    let orphan = json!([{ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "t1", "content": "x" }] }]);
    let cases = [
        json!({ "temperature": 1.5 }),
        json!({ "temperature": 0.5, "top_p": 0.9 }),
        json!({ "messages": [] }),
        json!({ "messages": [{ "role": "system", "content": "x" }] }),
        json!({ "messages": orphan }),
        json!({ "thinking": { "type": "enabled", "budget_tokens": 4000 } }),
        json!({ "tool_choice": { "type": "any" } }),
    ];
    for change in cases {
        let body = with(messages("Hi"), change);
        let answer = ask(served.provider(), &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
    let unknown = ask(
        served.provider(),
        &with(messages("Hi"), json!({ "model": "claude-9" })),
    )
    .await;
    assert_eq!(
        (unknown.status, str_at(&unknown.json(), "/error/type")),
        (404, "not_found_error")
    );
}

#[tokio::test]
async fn tokens_are_counted_without_asking_the_model() {
    let served = provider(Dialect::Anthropic).await;
    let body = json!({ "model": "claude-sonnet-4-5", "messages": [{ "role": "user", "content": "x".repeat(400) }] });
    let request = post(
        served.provider(),
        "/v1/messages/count_tokens?beta=true",
        &served.provider().key,
    );
    let counted = send(request.json(&body)).await.json();
    let tokens = at(&counted, "/input_tokens").as_u64().unwrap_or(0);
    assert!((100..115).contains(&tokens), "{tokens}");
}

#[tokio::test]
async fn a_bearer_token_opens_as_well_and_a_missing_version_does_not() {
    let served = provider(Dialect::Anthropic).await;
    let at = served.provider();
    let url = format!("http://{}/v1/messages", at.addr);
    let bearer = client()
        .post(&url)
        .bearer_auth(&at.key)
        .json(&messages("Hi"));
    let with_version = send(
        bearer
            .try_clone()
            .expect("no stream in it")
            .header("anthropic-version", "2026-10-21"),
    )
    .await;
    assert_eq!(with_version.status, 200);
    let without = send(bearer).await;
    assert_eq!(without.status, 400);
    assert!(without.text.contains("anthropic-version"));
}
