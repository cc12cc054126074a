use super::*;
use crate::provider::eventstream::Framer;

/// The events of a stream, by name.
async fn events(at: &Provider, body: &Value) -> Vec<(String, Value)> {
    let path = chat_path(Dialect::Bedrock, true);
    let request = post(at, path, &at.key).json(body);
    let response = request.send().await.expect("the provider answers");
    let kind = response.headers()["content-type"].to_str().expect("text");
    assert_eq!(kind, "application/vnd.amazon.eventstream");
    let mut framer = Framer::new();
    framer.push(&response.bytes().await.expect("the answer is whole"));
    let read = |frame: crate::provider::eventstream::Frame| {
        let event = serde_json::from_slice(frame.data()).expect("every event is JSON");
        (
            frame.event().expect("every event has a name").to_owned(),
            event,
        )
    };
    framer.map(|f| read(f.expect("good messages"))).collect()
}

#[tokio::test]
async fn an_answer_has_everything_that_the_sdk_reads() {
    let served = provider(Dialect::Bedrock).await;
    let answer = ask(served.provider(), &asking(Dialect::Bedrock, TICKET)).await;
    let body = answer.json();
    assert_eq!(str_at(&body, "/stopReason"), "end_turn");
    assert!(str_at(&body, "/output/message/content/0/text").contains("broken lamp"));
    assert!(at(&body, "/usage/outputTokens").as_u64() > Some(5));
    assert_eq!(answer.header("x-amzn-requestid").len(), 36);
}

#[tokio::test]
async fn a_stream_says_the_same_in_padded_messages() {
    let served = provider(Dialect::Bedrock).await;
    let body = asking(Dialect::Bedrock, TICKET);
    let whole = ask(served.provider(), &body).await.json();
    let events = events(served.provider(), &body).await;
    let text: String = events
        .iter()
        .filter_map(|(_, e)| e.pointer("/delta/text")?.as_str())
        .collect();
    assert_eq!(text, str_at(&whole, "/output/message/content/0/text"));
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.first(), Some(&"messageStart"));
    assert!(names.ends_with(&["contentBlockStop", "messageStop", "metadata"]));
    assert!(events.iter().all(|(_, e)| e.get("p").is_some()));
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_becomes_the_answer() {
    let served = provider(Dialect::Bedrock).await;
    let spec = json!({ "name": "get_weather", "inputSchema": { "json": weather_schema() } });
    let tools = json!({ "tools": [{ "toolSpec": spec }] });
    let question = asking(Dialect::Bedrock, "What is the weather in Oslo?");
    let first = with(question, json!({ "toolConfig": tools }));
    let events = events(served.provider(), &first).await;
    let find = |pointer: &str| events.iter().find_map(|(_, e)| e.pointer(pointer)).cloned();
    let call = find("/start/toolUse").expect("a call begins");
    assert_eq!(call["name"], "get_weather");
    assert_eq!(find("/stopReason"), Some(json!("tool_use")));
    let turns = json!([
        first["messages"][0],
        { "role": "assistant", "content": [{ "toolUse": with(call.clone(), json!({ "input": { "city": "Oslo" } })) }] },
        { "role": "user", "content": [{ "toolResult": { "toolUseId": call["toolUseId"], "content": [{ "json": { "sky": "clear" } }] } }] },
    ]);
    let body = ask(
        served.provider(),
        &with(first, json!({ "messages": turns })),
    )
    .await
    .json();
    let text = str_at(&body, "/output/message/content/0/text");
    assert!(text.contains("sky clear"), "{body}");
}

#[tokio::test]
async fn a_signature_is_taken_for_a_key_when_all_of_it_is_there() {
    let served = provider(Dialect::Bedrock).await;
    let sign = |id: &str, signature: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={id}/20261101/us-east-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
        )
    };
    let key = served.provider().key.clone();
    let good = "a".repeat(64);
    for (authorization, status) in [
        (sign(&key, &good), 200),
        (sign("AKIDEXAMPLE", &good), 403),
        (sign(&key, "short"), 403),
    ] {
        let path = chat_path(Dialect::Bedrock, false);
        let request = client()
            .post(format!("http://{}{path}", served.provider().addr))
            .header("authorization", authorization)
            .header("x-amz-date", "20261101T000007Z")
            .json(&asking(Dialect::Bedrock, "Hi"));
        assert_eq!(send(request).await.status, status);
    }
}

#[tokio::test]
async fn requests_that_the_vendor_would_refuse_are_refused() {
    let served = provider(Dialect::Bedrock).await;
    let document =
        json!({ "document": { "format": "pdf", "name": "a", "source": { "bytes": "QQ==" } } });
    let said =
        |role: &str, content: Value| json!({ "messages": [{ "role": role, "content": content }] });
    for (body, why) in [
        (json!({ "messages": [] }), "must not be null"),
        (
            said("assistant", json!([{ "text": "x" }])),
            "start with a user message",
        ),
        (said("user", json!([{ "text": " " }])), "is blank"),
        (said("user", json!([{ "video": {} }])), "is not valid"),
        (said("user", json!([document])), "needs a text block"),
        (
            said("user", json!([{ "text": "x" }, document, document])),
            "duplicate document names",
        ),
    ] {
        let answer = ask(served.provider(), &body).await;
        let kind = answer.header("x-amzn-errortype").split(':').next();
        assert_eq!((answer.status, kind), (400, Some("ValidationException")));
        assert!(
            str_at(&answer.json(), "/message")
                .to_lowercase()
                .contains(why),
            "{}",
            answer.text
        );
    }
    let path = "/model/nobody.knows-v1%3A0/converse";
    let unknown = post(served.provider(), path, &served.provider().key);
    let answer = send(unknown.json(&asking(Dialect::Bedrock, "Hi"))).await;
    assert!(answer.text.contains("model identifier is invalid"));
}

#[tokio::test]
async fn tokens_are_counted_and_models_are_listed() {
    let served = provider(Dialect::Bedrock).await;
    let path = "/model/us.amazon.nova-2-lite-v1%3A0/count-tokens";
    let long = asking(Dialect::Bedrock, &"x".repeat(400));
    let counted = post(served.provider(), path, &served.provider().key)
        .json(&json!({ "input": { "converse": long } }));
    let counted = send(counted).await.json();
    assert!(at(&counted, "/inputTokens").as_u64() > Some(99));
    let url = format!("http://{}/foundation-models", served.provider().addr);
    let list = send(client().get(url).bearer_auth(&served.provider().key)).await;
    let list = list.json();
    let models = at(&list, "/modelSummaries").as_array().expect("a list");
    assert!(
        models
            .iter()
            .any(|m| m["modelId"] == "amazon.nova-2-lite-v1:0")
    );
}
