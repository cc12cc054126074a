use super::*;

fn contents(text: &str) -> Value {
    asking(Dialect::Gemini, text)
}

#[tokio::test]
async fn a_response_has_everything_that_the_sdk_reads() {
    let served = provider(Dialect::Gemini).await;
    let at_v1 = post(
        served.provider(),
        "/v1/models/gemini-2.5-flash:generateContent",
        &served.provider().key,
    );
    let body = send(at_v1.json(&contents(TICKET))).await.json();
    assert_eq!(str_at(&body, "/modelVersion"), "gemini-2.5-flash");
    assert_eq!(str_at(&body, "/candidates/0/finishReason"), "STOP");
    assert_eq!(str_at(&body, "/candidates/0/content/role"), "model");
    assert!(str_at(&body, "/candidates/0/content/parts/0/text").contains("broken lamp"));
    assert!(at(&body, "/usageMetadata/candidatesTokenCount").as_u64() > Some(5));
}

#[tokio::test]
async fn a_stream_comes_as_events_or_as_a_list() {
    let served = provider(Dialect::Gemini).await;
    let key = &served.provider().key;
    let path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent";
    let sse =
        send(post(served.provider(), &format!("{path}?alt=sse"), key).json(&contents(TICKET)))
            .await;
    let events = sse.events();
    let list = send(post(served.provider(), path, key).json(&contents(TICKET)))
        .await
        .json();
    let list = list.as_array().expect("without alt=sse it is a list");
    let text = |chunks: &[Value]| -> String {
        chunks
            .iter()
            .filter_map(|c| c.pointer("/candidates/0/content/parts/0/text")?.as_str())
            .collect()
    };
    assert!(text(&events).contains("broken lamp"));
    assert_eq!(
        text(&events),
        text(list),
        "the same prompt is put the same way"
    );
    let finished = events
        .iter()
        .filter(|e| e.pointer("/candidates/0/finishReason").is_some())
        .count();
    assert!(finished == 1 && events.len() > 1);
}

#[tokio::test]
async fn a_function_is_called_and_its_response_becomes_the_answer() {
    let served = provider(Dialect::Gemini).await;
    let schema = json!({ "type": "OBJECT", "properties": { "city": { "type": "STRING" } }, "required": ["city"] });
    let tools =
        json!([{ "function_declarations": [{ "name": "get_weather", "parameters": schema }] }]);
    let first = with(
        contents("What is the weather in Oslo?"),
        json!({ "tools": tools }),
    );
    let body = ask(served.provider(), &first).await.json();
    let call = at(&body, "/candidates/0/content/parts/0/functionCall");
    assert_eq!(
        (str_at(call, "/name"), at(call, "/args")),
        ("get_weather", &json!({ "city": "Oslo" }))
    );
    let turns = json!([
        { "role": "user", "parts": [{ "text": "What is the weather in Oslo?" }] },
        { "role": "model", "parts": [{ "functionCall": call }] },
        { "role": "user", "parts": [{ "functionResponse": { "name": "get_weather", "response": { "sky": "clear" } } }] },
    ]);
    let body = ask(
        served.provider(),
        &with(first, json!({ "contents": turns })),
    )
    .await
    .json();
    assert!(
        str_at(&body, "/candidates/0/content/parts/0/text").contains("sky clear"),
        "{body}"
    );
}

#[tokio::test]
async fn a_schema_is_satisfied_and_a_limit_is_kept() {
    let served = provider(Dialect::Gemini).await;
    let config =
        json!({ "responseMimeType": "application/json", "responseJsonSchema": person_schema() });
    let body = ask(
        served.provider(),
        &with(contents(PERSON), json!({ "generationConfig": config })),
    )
    .await
    .json();
    let text = str_at(&body, "/candidates/0/content/parts/0/text");
    let made: Value = serde_json::from_str(text).expect("the text is JSON");
    assert_eq!(made, json!({ "name": "Clara Neumann", "age": 34 }));
    let short = with(
        contents(TICKET),
        json!({ "generation_config": { "max_output_tokens": 4 } }),
    );
    let body = ask(served.provider(), &short).await.json();
    assert_eq!(str_at(&body, "/candidates/0/finishReason"), "MAX_TOKENS");
}

#[tokio::test]
async fn requests_that_the_vendor_would_refuse_are_refused() {
    let served = provider(Dialect::Gemini).await;
    for body in [
        json!({ "contents": [] }),
        json!({ "contents": [{ "role": "assistant", "parts": [{ "text": "x" }] }] }),
        json!({ "contents": [{ "role": "user", "parts": [{}] }] }),
        with(contents("x"), json!({ "messages": [] })),
    ] {
        let answer = ask(served.provider(), &body).await;
        assert_eq!(
            (answer.status, str_at(&answer.json(), "/error/status")),
            (400, "INVALID_ARGUMENT"),
            "{body}"
        );
    }
    let path = "/v1beta/models/gemini-9:generateContent";
    let unknown =
        send(post(served.provider(), path, &served.provider().key).json(&contents("x"))).await;
    assert_eq!(
        (unknown.status, str_at(&unknown.json(), "/error/status")),
        (404, "NOT_FOUND")
    );
}

#[tokio::test]
async fn tokens_are_counted_and_models_are_listed() {
    let served = provider(Dialect::Gemini).await;
    let at_count = post(
        served.provider(),
        "/v1beta/models/gemini-2.5-pro:countTokens",
        &served.provider().key,
    );
    let counted = send(at_count.json(&contents(&"x".repeat(400))))
        .await
        .json();
    assert!(at(&counted, "/totalTokens").as_u64() > Some(99));
    let url = format!(
        "http://{}/v1beta/models?key={}",
        served.provider().addr,
        served.provider().key
    );
    let list = send(client().get(url)).await.json();
    let models = at(&list, "/models").as_array().expect("a list");
    assert!(models.iter().any(|m| m["name"] == "models/gemini-2.5-pro"));
}
