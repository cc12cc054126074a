use super::*;

/// What a client puts together from the events.
fn last(events: &[Value]) -> &Value {
    at(events.last().expect("there are events"), "/response")
}

#[tokio::test]
async fn openais_account_answers_at_both_of_its_apis() {
    let served = provider(Dialect::OpenAi).await;
    let body = asking(Dialect::Responses, TICKET);
    let at_responses = post(served.provider(), "/v1/responses", &served.provider().key);
    let answer = send(at_responses.json(&body)).await.json();
    assert_eq!(str_at(&answer, "/object"), "response");
    assert!(str_at(&answer, "/output/0/content/0/text").contains("broken lamp"));
}

#[tokio::test]
async fn events_are_numbered_and_the_last_says_everything_once_more() {
    let served = provider(Dialect::Responses).await;
    let tool = json!({ "type": "function", "name": "get_weather", "parameters": weather_schema() });
    let body = with(
        asking(Dialect::Responses, "What is the weather in Oslo?"),
        json!({ "tools": [tool], "stream": true }),
    );
    let events = ask(served.provider(), &body).await.events();
    for (n, event) in events.iter().enumerate() {
        assert_eq!(at(event, "/sequence_number"), n);
    }
    let told: String = events
        .iter()
        .filter(|e| str_at(e, "/type") == "response.function_call_arguments.delta")
        .map(|e| str_at(e, "/delta"))
        .collect();
    assert_eq!(told, str_at(last(&events), "/output/0/arguments"));
    assert_eq!(str_at(last(&events), "/status"), "completed");
}

#[tokio::test]
async fn an_answer_that_was_cut_is_incomplete() {
    let served = provider(Dialect::Responses).await;
    let body = with(
        asking(Dialect::Responses, TICKET),
        json!({ "max_output_tokens": 16, "stream": true }),
    );
    let events = ask(served.provider(), &body).await.events();
    let end = last(&events);
    assert_eq!(str_at(end, "/status"), "incomplete");
    assert_eq!(
        str_at(end, "/incomplete_details/reason"),
        "max_output_tokens"
    );
}

#[tokio::test]
async fn reasoning_of_another_provider_is_refused() {
    let served = provider(Dialect::Responses).await;
    let body = json!({ "model": "gpt-4.1", "input": [
        { "type": "reasoning", "summary": [], "encrypted_content": "breakerbox/gemini/Eq" },
        { "role": "user", "content": "hi" } ] });
    assert_eq!(ask(served.provider(), &body).await.status, 400);
}
