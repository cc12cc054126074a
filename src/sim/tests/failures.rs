//! What goes wrong, in each vendor's own words.

use super::*;
use crate::model::fault::Garbage;
use std::time::Duration;

#[tokio::test]
async fn a_wrong_key_and_a_missing_one_are_refused_in_each_dialects_shape() {
    let expected = [
        (Dialect::OpenAi, 401, "/error/code", "invalid_api_key", 401),
        (
            Dialect::Anthropic,
            401,
            "/error/type",
            "authentication_error",
            401,
        ),
        (
            Dialect::Gemini,
            400,
            "/error/details/0/reason",
            "API_KEY_INVALID",
            403,
        ),
        (
            Dialect::Bedrock,
            403,
            "/message",
            "The security token included in the request is invalid.",
            403,
        ),
    ];
    for (dialect, status, pointer, what, missing) in expected {
        let served = provider(dialect).await;
        let path = chat_path(dialect, false);
        let wrong = send(
            post(served.provider(), path, "sk-wrong-key-that-is-long").json(&asking(dialect, "Hi")),
        )
        .await;
        assert_eq!(
            (wrong.status, str_at(&wrong.json(), pointer)),
            (status, what)
        );
        assert!(
            !wrong.text.contains("sk-wrong-key-that-is-long"),
            "a key is never shown back whole"
        );
        let none = send(post(served.provider(), path, "").json(&asking(dialect, "Hi"))).await;
        assert_eq!(none.status, missing, "{dialect}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_and_a_path_that_is_not_there_are_refused() {
    for dialect in Dialect::ALL {
        let served = provider(dialect).await;
        let at = served.provider();
        let says = if dialect == Dialect::Bedrock {
            "message"
        } else {
            "error"
        };
        let broken = send(post(at, chat_path(dialect, false), &at.key).body("{\"model\": ")).await;
        assert_eq!(broken.status, 400, "{dialect}");
        assert!(broken.json().get(says).is_some());
        let nowhere = send(post(at, "/v1/nothing", &at.key).body("{}")).await;
        assert_eq!(nowhere.status, 404, "{dialect}");
        assert!(nowhere.json().get(says).is_some());
    }
}

#[tokio::test]
async fn a_prompt_over_the_window_is_a_context_error() {
    for (dialect, says) in [
        (Dialect::OpenAi, "context_length_exceeded"),
        (Dialect::Anthropic, "prompt is too long"),
        (Dialect::Gemini, "exceeds the maximum number of tokens"),
        (Dialect::Bedrock, "Input is too long for requested model"),
    ] {
        let served = provider(dialect).await;
        served.provider().behaviour.change(|b| b.window = 100);
        let answer = ask(served.provider(), &asking(dialect, &"word ".repeat(200))).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains(says), "{}", answer.text);
    }
}

#[tokio::test]
async fn errors_come_at_their_share_with_their_status() {
    for (dialect, pointer, what) in [
        (Dialect::OpenAi, "/error/type", "server_error"),
        (Dialect::Anthropic, "/error/type", "api_error"),
        (Dialect::Gemini, "/error/status", "UNAVAILABLE"),
    ] {
        let ill = Behaviour {
            error_share: 1.0,
            error_status: Some(503),
            ..Behaviour::faultless()
        };
        let served = served(dialect, ill).await;
        let answer = ask(served.provider(), &asking(dialect, "Hi")).await;
        assert_eq!(
            (answer.status, str_at(&answer.json(), pointer)),
            (503, what)
        );
        served.provider().behaviour.change(|b| b.error_share = 0.0);
        assert_eq!(
            ask(served.provider(), &asking(dialect, "Hi")).await.status,
            200
        );
    }
}

#[tokio::test]
async fn an_overload_is_the_vendors_own_status() {
    let ill = Behaviour {
        error_share: 1.0,
        error_status: Some(529),
        ..Behaviour::faultless()
    };
    let served = served(Dialect::Anthropic, ill).await;
    let answer = ask(served.provider(), &asking(Dialect::Anthropic, "Hi")).await;
    assert_eq!(
        (answer.status, str_at(&answer.json(), "/error/type")),
        (529, "overloaded_error")
    );
    assert_eq!(answer.header("x-should-retry"), "true");
}

#[tokio::test]
async fn a_throttle_says_when_to_come_back() {
    for dialect in Dialect::ALL {
        let busy = Behaviour {
            throttle_share: 1.0,
            ..Behaviour::faultless()
        };
        let served = served(dialect, busy).await;
        let answer = ask(served.provider(), &asking(dialect, "Hi")).await;
        assert_eq!(answer.status, 429);
        if dialect == Dialect::Bedrock {
            let said = answer.header("x-amzn-errortype");
            assert!(said.starts_with("ThrottlingException:"), "{said}");
        } else if dialect == Dialect::Gemini {
            assert!(str_at(&answer.json(), "/error/details/1/retryDelay").ends_with('s'));
        } else {
            assert!(
                answer
                    .header("retry-after")
                    .parse::<u64>()
                    .is_ok_and(|s| (1..=20).contains(&s))
            );
        }
    }
}

#[tokio::test]
async fn a_hang_never_answers_and_does_not_hold_up_the_shutdown() {
    let silent = Behaviour {
        hang_share: 1.0,
        ..Behaviour::faultless()
    };
    let served = served(Dialect::OpenAi, silent).await;
    let body = asking(Dialect::OpenAi, "Hi");
    let waiting = ask(served.provider(), &body);
    let nothing = tokio::time::timeout(Duration::from_millis(150), waiting).await;
    assert!(nothing.is_err(), "a hanging provider answered");
    let down = tokio::time::timeout(Duration::from_secs(1), served.shutdown()).await;
    assert!(down.is_ok(), "the shutdown waited for a request that hangs");
}

#[tokio::test]
async fn garbage_is_a_good_response_with_a_bad_text() {
    let bad = Behaviour {
        garbage_share: 1.0,
        garbage: Some(Garbage::WrongLanguage),
        ..Behaviour::faultless()
    };
    let served = served(Dialect::Anthropic, bad).await;
    let answer = ask(served.provider(), &asking(Dialect::Anthropic, TICKET)).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, str_at(&body, "/stop_reason")),
        (200, "end_turn")
    );
    assert!(!str_at(&body, "/content/0/text").is_ascii());
}
