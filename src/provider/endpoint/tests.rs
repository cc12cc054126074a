use super::*;

/// dialect, base URL, the URL that is called for model `m`
const JOINED: &str = "
openai    https://api.openai.com                     https://api.openai.com/v1/chat/completions
openai    https://api.openai.com/                    https://api.openai.com/v1/chat/completions
openai    https://api.openai.com/v1                  https://api.openai.com/v1/chat/completions
openai    https://api.openai.com/v1/                 https://api.openai.com/v1/chat/completions
openai    https://api.openai.com/v1/chat/completions https://api.openai.com/v1/chat/completions
openai    https://openrouter.ai/api/v1               https://openrouter.ai/api/v1/chat/completions
openai    https://api.groq.com/openai                https://api.groq.com/openai/v1/chat/completions
openai    https://open.bigmodel.cn/api/paas/v4       https://open.bigmodel.cn/api/paas/v4/chat/completions
openai    https://g.example/v1beta/openai/           https://g.example/v1beta/openai/chat/completions
openai    https://az.example/openai/deployments/gpt?api-version=1 https://az.example/openai/deployments/gpt/chat/completions?api-version=1
openai    http://127.0.0.1:11434                     http://127.0.0.1:11434/v1/chat/completions
openai    http://v1:8000                             http://v1:8000/v1/chat/completions
openai    http://vllm.local/vision                   http://vllm.local/vision/v1/chat/completions
responses https://api.openai.com                     https://api.openai.com/v1/responses
responses https://api.openai.com/v1/responses        https://api.openai.com/v1/responses
anthropic https://api.anthropic.com                  https://api.anthropic.com/v1/messages
anthropic https://api.anthropic.com/v1               https://api.anthropic.com/v1/messages
anthropic https://api.deepseek.com/anthropic         https://api.deepseek.com/anthropic/v1/messages
gemini    https://g.example                          https://g.example/v1beta/models/m:generateContent
gemini    https://g.example/v1beta                   https://g.example/v1beta/models/m:generateContent
gemini    https://g.example/v1                       https://g.example/v1/models/m:generateContent
bedrock   https://b.example                          https://b.example/model/m/converse
bedrock   https://b.example/proxy/v1/                https://b.example/proxy/v1/model/m/converse
gemini    https://v.example/v1/projects/p/publishers/google https://v.example/v1/projects/p/publishers/google/models/m:generateContent
";

#[test]
fn base_urls_are_joined_as_people_write_them() {
    for line in JOINED.trim().lines() {
        let columns: Vec<_> = line.split_whitespace().collect();
        let [dialect, base, url] = columns[..] else {
            panic!("three columns: {line}");
        };
        let dialect = Dialect::ALL
            .into_iter()
            .find(|d| d.as_str() == dialect)
            .unwrap();
        assert_eq!(request(dialect, base, "m", false), url);
    }
}

#[test]
fn geminis_stream_has_its_own_verb_and_asks_for_events() {
    let url = request(
        Dialect::Gemini,
        "https://g.example/v1beta?x=1",
        "gemini-2.5-pro",
        true,
    );
    assert_eq!(
        url,
        "https://g.example/v1beta/models/gemini-2.5-pro:streamGenerateContent?x=1&alt=sse"
    );
}

#[test]
fn the_whole_name_of_a_profile_is_one_segment() {
    let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0";
    let url = request(Dialect::Bedrock, "https://b.example", arn, true);
    assert_eq!(
        url,
        "https://b.example/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0/converse-stream"
    );
}

#[test]
fn what_a_path_cannot_hold_is_escaped_in_a_model_name() {
    let url = request(
        Dialect::Gemini,
        "https://g.example",
        "tunedModels/a b?c#d",
        false,
    );
    assert_eq!(
        url,
        "https://g.example/v1beta/tunedModels/a%20b%3Fc%23d:generateContent"
    );
}

#[test]
fn anthropic_and_gemini_count_tokens() {
    let url = count_tokens(Dialect::Anthropic, "https://api.anthropic.com/v1", "m").unwrap();
    assert_eq!(url, "https://api.anthropic.com/v1/messages/count_tokens");
    let url = count_tokens(
        Dialect::Gemini,
        "https://generativelanguage.googleapis.com",
        "m",
    );
    let there = "https://generativelanguage.googleapis.com/v1beta/models/m:countTokens";
    assert_eq!(url.as_deref(), Some(there));
    assert_eq!(
        count_tokens(Dialect::OpenAi, "https://api.openai.com", "m"),
        None
    );
}

#[test]
fn each_dialect_has_its_credential_header_and_none_prints_it() {
    for (dialect, name, value) in [
        (Dialect::OpenAi, "authorization", "Bearer k1"),
        (Dialect::Responses, "authorization", "Bearer k1"),
        (Dialect::Anthropic, "x-api-key", "k1"),
        (Dialect::Gemini, "x-goog-api-key", "k1"),
    ] {
        let (n, v) = auth(dialect, "k1\n").unwrap();
        assert_eq!((n.as_str(), v.to_str().unwrap()), (name, value));
        assert!(v.is_sensitive());
        assert!(!format!("{v:?}").contains("k1"));
    }
    assert!(auth(Dialect::OpenAi, "k\u{0}1").is_none());
}

fn callers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", "Bearer caller"),
        ("x-api-key", "caller"),
        ("x-goog-api-key", "caller"),
        ("api-key", "caller"),
        ("cookie", "a=b"),
        ("host", "localhost"),
        ("content-length", "5"),
        ("accept-encoding", "gzip, br"),
        ("connection", "keep-alive"),
        ("openai-organization", "org-1"),
        ("openai-project", "proj-1"),
        ("idempotency-key", "i"),
        ("user-agent", "sdk"),
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "one"),
        ("openai-beta", "two"),
        ("traceparent", "00-1-2-01"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.append("anthropic-beta", HeaderValue::from_static("three"));
    headers
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.iter().map(|(n, _)| n.as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn only_listed_headers_go_upstream() {
    use Dialect::{Anthropic, Gemini, OpenAi};
    let caller = callers();
    let sent = |door, upstream| forwardable(door, upstream, &caller);
    assert_eq!(
        names(&sent(OpenAi, OpenAi)),
        ["content-type", "openai-beta"]
    );
    assert_eq!(names(&sent(OpenAi, Gemini)), ["content-type"]);
    let same = sent(Anthropic, Anthropic);
    assert_eq!(
        names(&same),
        [
            "anthropic-beta",
            "anthropic-beta",
            "anthropic-version",
            "content-type"
        ]
    );
    assert_eq!(same["anthropic-version"], "2026-10-21");
}

#[test]
fn anthropic_gets_a_version_from_callers_that_have_none() {
    let headers = forwardable(Dialect::OpenAi, Dialect::Anthropic, &callers());
    assert_eq!(headers["anthropic-version"], "2023-06-01");
    let headers = forwardable(Dialect::Anthropic, Dialect::Anthropic, &HeaderMap::new());
    assert_eq!(headers["anthropic-version"], "2023-06-01");
}

#[test]
fn callers_see_nothing_of_our_account() {
    let mut upstream = HeaderMap::new();
    for name in [
        "content-type",
        "openai-processing-ms",
        "retry-after",
        "set-cookie",
        "cf-ray",
        "openai-organization",
        "anthropic-organization-id",
        "anthropic-workspace-id",
        "anthropic-ratelimit-tokens-reset",
        "x-ratelimit-remaining-requests",
        "content-length",
        "transfer-encoding",
        "content-encoding",
    ] {
        upstream.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
    }
    assert_eq!(
        names(&response_headers(&upstream)),
        ["content-type", "openai-processing-ms"]
    );
}
