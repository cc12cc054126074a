//! Requests there and back: nothing that both dialects can say is lost.

use crate::{
    model::Dialect,
    provider::{
        chat::{Chat, Media, Message, Output, Part, Role, Thinking, Tool, ToolChoice},
        openai,
        translate::{Untranslatable, notes::Dropped, read_request, request},
    },
};
use proptest::{option, prelude::*};
use serde_json::json;

/// Models that take everything their dialect can say.
const TARGETS: [(Dialect, &str); 4] = [
    (Dialect::Anthropic, "claude-haiku-4-5"),
    (Dialect::Gemini, "gemini-3-flash"),
    (
        Dialect::Bedrock,
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    ),
    (Dialect::Responses, "gpt-4.1"),
];

fn text() -> impl Strategy<Value = Part> {
    "[a-zA-Z0-9]{1,10}[ a-zA-Z\u{4e00}-\u{4e2f}\u{1F600}-\u{1F64F}\n\"\\\\]{0,20}[.!?]"
        .prop_map(Part::Text)
}

fn media() -> impl Strategy<Value = Part> {
    let data = "[A-Za-z0-9+/]{4,16}";
    prop_oneof![
        data.prop_map(|data| Part::Image(Media::Base64 {
            media_type: "image/png".into(),
            data
        })),
        Just(Part::Image(Media::Url("https://example.com/a.png".into()))),
        data.prop_map(|data| Part::File {
            media: Media::Base64 {
                media_type: "application/pdf".into(),
                data
            },
            name: Some("a.pdf".into()),
        }),
    ]
}

/// A user's words, the assistant's calls, their results and what came of it.
fn turn() -> impl Strategy<Value = Vec<Message>> {
    let user = (text(), option::of(media()))
        .prop_map(|(t, m)| [Some(t), m].into_iter().flatten().collect());
    let results = prop::collection::vec((text(), "[a-c]"), 0..3);
    (user, text(), results).prop_map(|(asked, said, results)| {
        let mut out = vec![Message {
            role: Role::User,
            parts: asked,
        }];
        if !results.is_empty() {
            let call = |(i, (_, name)): (usize, &(Part, String))| Part::ToolUse {
                id: format!("call_{i}"),
                name: name.clone(),
                input: json!({ "n": i }),
                signature: None,
            };
            let result = |(i, (content, _)): (usize, &(Part, String))| Part::ToolResult {
                id: format!("call_{i}"),
                name: None,
                content: vec![content.clone()],
                is_error: false,
            };
            out.push(Message {
                role: Role::Assistant,
                parts: results.iter().enumerate().map(call).collect(),
            });
            out.push(Message {
                role: Role::User,
                parts: results.iter().enumerate().map(result).collect(),
            });
        }
        out.push(Message {
            role: Role::Assistant,
            parts: vec![said],
        });
        out
    })
}

fn tools() -> impl Strategy<Value = (Vec<Tool>, Option<ToolChoice>)> {
    let tool = |name: &str| Tool {
        name: name.to_owned(),
        description: Some(format!("does {name}")),
        schema: json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}),
        strict: None,
    };
    let choice = prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        Just(ToolChoice::Named("b".into())),
    ];
    (
        prop::sample::subsequence(vec!["a", "b", "c"], 1..=3),
        option::of(choice),
    )
        .prop_map(move |(names, choice)| {
            let tools: Vec<_> = names.into_iter().map(tool).collect();
            let choice = choice.filter(|_| !tools.is_empty());
            (tools, choice)
        })
}

fn output() -> impl Strategy<Value = Output> {
    let schema = json!({"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": false});
    prop_oneof![
        Just(Output::Text),
        Just(Output::Schema {
            name: "response".into(),
            schema,
            strict: None
        })
    ]
}

prop_compose! {
    fn chats()(
        system in option::of(text()),
        turns in prop::collection::vec(turn(), 0..3),
        last in text(),
        (tools, tool_choice) in tools(),
        output in output(),
        max_tokens in 16u64..9000,
        temperature in option::of(0u8..=10),
        stop in prop::collection::vec("[a-z]{1,5}", 0..4),
        stream in any::<bool>(),
    ) -> Chat {
        let mut messages = turns.concat();
        messages.push(Message { role: Role::User, parts: vec![last] });
        Chat {
            model: "m".into(),
            system: system.into_iter().collect(),
            messages,
            tools,
            tool_choice,
            output,
            max_tokens: Some(max_tokens),
            temperature: temperature.map(|t| f64::from(t) / 10.0),
            stop,
            stream,
            stream_usage: stream,
            ..Chat::default()
        }
    }
}

/// Amazon fetches no images and forbids no tools: what cannot be said there is not asked.
fn sayable(mut chat: Chat, in_dialect: Dialect) -> Chat {
    if in_dialect == Dialect::Bedrock {
        for part in chat.messages.iter_mut().flat_map(|m| &mut m.parts) {
            if let Part::Image(media) = part {
                *media = Media::Base64 {
                    media_type: "image/png".into(),
                    data: "QQ==".into(),
                };
            }
        }
        chat.tool_choice = chat.tool_choice.filter(|c| *c != ToolChoice::None);
    }
    chat
}

/// Gemini has no ids, no names of files, and says whether to stream in the address: those are put aside.
fn comparable(mut chat: Chat, through: Dialect) -> Chat {
    chat.model = String::new();
    if through == Dialect::Bedrock {
        chat.stream = false;
        chat.stream_usage = false;
        for part in chat.messages.iter_mut().flat_map(|m| &mut m.parts) {
            match part {
                Part::ToolResult { name, .. } | Part::File { name, .. } => *name = None,
                _ => {}
            }
        }
    }
    if through == Dialect::Responses {
        // It has no stop sequences, which is said.
        chat.stop.clear();
    }
    if through == Dialect::Gemini {
        chat.stream = false;
        chat.stream_usage = false;
        for part in chat.messages.iter_mut().flat_map(|m| &mut m.parts) {
            match part {
                Part::ToolUse { id, signature, .. } => {
                    id.clear();
                    *signature = None;
                }
                Part::ToolResult { id, name, .. } => {
                    id.clear();
                    *name = None;
                }
                Part::File { name, .. } => *name = None,
                _ => {}
            }
        }
    }
    chat
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_request_comes_back_from_another_dialect_as_it_went(chat in chats()) {
        for (dialect, model) in TARGETS {
            let chat = sayable(chat.clone(), dialect);
            let body = openai::write_request(&chat, "m", &mut Dropped::default()).unwrap().to_string();
            let there = request(Dialect::OpenAi, dialect, body.as_bytes(), model).unwrap();
            let lost: &[&str] = if dialect == Dialect::Responses && !chat.stop.is_empty() { &["stop"] } else { &[] };
            prop_assert_eq!(&there.dropped, lost);
            let read = read_request(dialect, &there.body).unwrap();
            prop_assert_eq!(comparable(read, dialect), comparable(chat.clone(), dialect));
            let back = request(dialect, Dialect::OpenAi, &there.body, "m").unwrap();
            let back = read_request(Dialect::OpenAi, &back.body).unwrap();
            prop_assert_eq!(comparable(back, dialect), comparable(chat.clone(), dialect));
        }
    }
}

#[test]
fn thinking_has_an_equivalent_wherever_the_model_takes_one() {
    let body =
        br#"{"model":"r","reasoning_effort":"medium","messages":[{"role":"user","content":"hi"}]}"#;
    for (dialect, model, expected) in [
        (
            Dialect::Anthropic,
            "claude-opus-4-7",
            Thinking::Effort("medium".into()),
        ),
        (
            Dialect::Anthropic,
            "claude-haiku-4-5",
            Thinking::Budget(8_192),
        ),
        (
            Dialect::Gemini,
            "gemini-3-flash",
            Thinking::Effort("medium".into()),
        ),
        (Dialect::Gemini, "gemini-2.5-flash", Thinking::Budget(8_192)),
        (
            Dialect::OpenAi,
            "gpt-5-mini",
            Thinking::Effort("medium".into()),
        ),
    ] {
        let there = request(Dialect::OpenAi, dialect, body, model).unwrap();
        assert_eq!(
            read_request(dialect, &there.body).unwrap().thinking,
            Some(expected),
            "{model}"
        );
        let back = request(dialect, Dialect::OpenAi, &there.body, "o3").unwrap();
        let back = read_request(Dialect::OpenAi, &back.body).unwrap().thinking;
        assert_eq!(back, Some(Thinking::Effort("medium".into())), "{model}");
    }
}

#[test]
fn a_call_in_a_users_message_is_refused_as_the_callers_mistake() {
    let gemini: &[u8] =
        br#"{"contents":[{"role":"usr","parts":[{"functionCall":{"name":"f","args":{}}}]}]}"#;
    let anthropic: &[u8] = br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]}]}"#;
    for (from, body) in [(Dialect::Gemini, gemini), (Dialect::Anthropic, anthropic)] {
        for to in Dialect::ALL {
            let refused = request(from, to, body, "m");
            assert!(
                matches!(&refused, Err(Untranslatable::Invalid { field, .. }) if field == "messages"),
                "{from} to {to}: {refused:?}"
            );
        }
    }
}
