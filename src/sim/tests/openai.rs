use super::*;

fn messages(text: &str) -> Value {
    asking(Dialect::OpenAi, text)
}

#[tokio::test]
async fn a_completion_has_everything_that_the_sdk_reads() {
    let served = provider(Dialect::OpenAi).await;
    let answer = ask(served.provider(), &messages(TICKET)).await;
    let body = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(str_at(&body, "/object"), "chat.completion");
    assert_eq!(str_at(&body, "/model"), "gpt-4.1-2025-04-14");
    assert_eq!(str_at(&body, "/choices/0/finish_reason"), "stop");
    assert!(str_at(&body, "/choices/0/message/content").contains("broken lamp"));
    assert!(
        str_at(&body, "/id").starts_with("chatcmpl-")
            && str_at(&body, "/system_fingerprint").starts_with("fp_")
    );
    let sum = at(&body, "/usage/prompt_tokens")
        .as_u64()
        .zip(at(&body, "/usage/completion_tokens").as_u64());
    assert_eq!(
        sum.map(|(a, b)| a + b),
        at(&body, "/usage/total_tokens").as_u64()
    );
    for name in [
        "x-request-id",
        "openai-processing-ms",
        "x-ratelimit-remaining-requests",
    ] {
        assert!(!answer.header(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn a_stream_says_the_same_in_pieces_and_its_usage_when_asked() {
    let served = provider(Dialect::OpenAi).await;
    let whole = ask(served.provider(), &messages(TICKET)).await.json();
    let body = with(
        messages(TICKET),
        json!({ "stream": true, "stream_options": { "include_usage": true } }),
    );
    let answer = ask(served.provider(), &body).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("text/event-stream")
    );
    assert!(answer.text.ends_with("data: [DONE]\n\n"));
    let events = answer.events();
    let text: String = events
        .iter()
        .filter_map(|e| e.pointer("/choices/0/delta/content")?.as_str())
        .collect();
    // The two requests differ by their bodies, so only their way of putting it may differ.
    assert!(
        text.contains("broken lamp")
            && str_at(&whole, "/choices/0/message/content").contains("broken lamp")
    );
    let finishes: Vec<_> = events
        .iter()
        .filter_map(|e| e.pointer("/choices/0/finish_reason")?.as_str())
        .collect();
    assert_eq!(finishes, ["stop"]);
    let last = events.last().expect("there are events");
    assert_eq!(at(last, "/choices"), &json!([]));
    assert!(at(last, "/usage/completion_tokens").as_u64() > Some(5));
}

#[tokio::test]
async fn a_tool_call_streams_its_arguments_as_text() {
    let served = provider(Dialect::OpenAi).await;
    let tool = json!({ "type": "function", "function": { "name": "get_weather", "parameters": weather_schema() } });
    let body = with(
        messages("What is the weather in Oslo?"),
        json!({ "tools": [tool], "stream": true }),
    );
    let events = ask(served.provider(), &body).await.events();
    let calls = |field: &str| -> String {
        let path = format!("/choices/0/delta/tool_calls/0/{field}");
        events
            .iter()
            .filter_map(|e| e.pointer(&path)?.as_str())
            .collect()
    };
    assert_eq!(calls("function/name"), "get_weather");
    assert_eq!(calls("function/arguments"), r#"{"city":"Oslo"}"#);
    assert!(
        events
            .iter()
            .any(|e| e.pointer("/choices/0/finish_reason") == Some(&json!("tool_calls")))
    );
}

#[tokio::test]
async fn a_schema_is_satisfied() {
    let served = provider(Dialect::OpenAi).await;
    let format = json!({ "type": "json_schema", "json_schema": { "name": "p", "strict": true, "schema": person_schema() } });
    let body = with(messages(PERSON), json!({ "response_format": format }));
    let answer = ask(served.provider(), &body).await.json();
    let made: Value = serde_json::from_str(str_at(&answer, "/choices/0/message/content"))
        .expect("the content is JSON");
    assert_eq!(made, json!({ "name": "Clara Neumann", "age": 34 }));
}

#[tokio::test]
async fn limits_stops_and_several_choices_are_honoured() {
    let served = provider(Dialect::OpenAi).await;
    let short = ask(
        served.provider(),
        &with(messages(TICKET), json!({ "max_tokens": 5 })),
    )
    .await
    .json();
    assert_eq!(str_at(&short, "/choices/0/finish_reason"), "length");
    assert_eq!(at(&short, "/usage/completion_tokens"), &json!(5));
    let stopped = ask(
        served.provider(),
        &with(messages(TICKET), json!({ "stop": "broken", "n": 2 })),
    )
    .await
    .json();
    assert!(!str_at(&stopped, "/choices/0/message/content").contains("broken"));
    assert_eq!(at(&stopped, "/choices/1/index"), &json!(1));
}

#[tokio::test]
async fn requests_that_the_vendor_would_refuse_are_refused() {
    let served = provider(Dialect::OpenAi).await;
    let cases = [
        (json!({ "messages": [] }), 400, "/error/param", "messages"),
        (
            json!({ "temperature": 3 }),
            400,
            "/error/param",
            "temperature",
        ),
        (
            json!({ "stream_options": { "include_usage": true } }),
            400,
            "/error/param",
            "stream_options",
        ),
        (
            json!({ "response_format": { "type": "json_object" } }),
            400,
            "/error/param",
            "messages",
        ),
        (
            json!({ "model": "gpt-9" }),
            404,
            "/error/code",
            "model_not_found",
        ),
    ];
    let newer = with(
        messages("Hello"),
        json!({ "model": "gpt-5.5", "max_tokens": 9 }),
    );
    assert_eq!(ask(served.provider(), &newer).await.status, 400);
    for (change, status, pointer, expected) in cases {
        let answer = ask(served.provider(), &with(messages("Hello"), change)).await;
        assert_eq!(
            (answer.status, str_at(&answer.json(), pointer)),
            (status, expected)
        );
    }
    let orphan = json!([{ "role": "user", "content": "x" }, { "role": "tool", "tool_call_id": "c1", "content": "y" }]);
    assert_eq!(
        ask(
            served.provider(),
            &json!({ "model": "gpt-4.1", "messages": orphan })
        )
        .await
        .status,
        400
    );
}

#[tokio::test]
async fn images_are_taken_and_models_are_listed() {
    let served = provider(Dialect::OpenAi).await;
    let parts = json!([
        { "type": "text", "text": "What is in this picture?" },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=" } },
    ]);
    let body = json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": parts }] });
    let answer = ask(served.provider(), &body).await.json();
    assert!(str_at(&answer, "/choices/0/message/content").contains("image"));
    assert!(at(&answer, "/usage/prompt_tokens").as_u64() > Some(700));
    let at_models = format!("http://{}/v1/models", served.provider().addr);
    let list = send(client().get(at_models).bearer_auth(&served.provider().key))
        .await
        .json();
    assert!(
        at(&list, "/data")
            .as_array()
            .is_some_and(|l| l.iter().any(|m| m["id"] == "gpt-4.1"))
    );
}
