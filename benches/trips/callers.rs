//! People who ask: as often as was said, whatever becomes of what they asked before.

use breakerbox::{clock, model::Mono, sim::traffic::mix::Mix};
use futures_util::StreamExt;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The share that wants its answer in pieces.
const STREAMS: f64 = 0.3;
/// Longer prompts are left out: a simulated model would use up the machine on reading them.
const LONGEST: usize = 800;

/// What became of one request.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) sent: Mono,
    pub(crate) done: Mono,
    /// How much later it was sent than it should have been: the machine was busy.
    pub(crate) late: Duration,
    pub(crate) exchange: String,
    pub(crate) by: String,
    pub(crate) end: End,
    /// What a caller saw in the place of an answer.
    pub(crate) failure: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Good,
    /// A whole answer that has nothing to do with the question, or is none.
    Bad,
    /// The text that stands in for a model's.
    Canned,
    /// A status that is not 200, an error inside a stream, a stream without its end, no connection.
    Failed,
}

/// Asks until it is told to stop. What is still under way then is in the set.
pub(crate) async fn call(
    door: SocketAddr,
    rate: f64,
    seed: u64,
    stop: CancellationToken,
) -> crate::Result<JoinSet<Asked>> {
    let client = Client::builder().no_proxy().tls_certs_only([]).build()?;
    let url: Arc<str> = format!("http://{door}/v1/chat/completions").into();
    let mut prompts = Prompts::new(seed);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut asked = JoinSet::new();
    let mut next = clock::now();
    loop {
        next = next + Duration::from_secs_f64(-(1.0 - rng.f64()).ln() / rate);
        let due = tokio::time::sleep(clock::now().until(next));
        if stop.run_until_cancelled(due).await.is_none() {
            return Ok(asked);
        }
        let (client, url) = (client.clone(), Arc::clone(&url));
        let (prompt, stream) = (prompts.next(), rng.f64() < STREAMS);
        asked.spawn(async move { ask(&client, &url, prompt, stream, next).await });
    }
}

/// A mix of questions and work, none of them twice: a question that has spoken is not heard again.
struct Prompts {
    mix: Mix,
    asked: HashSet<String>,
}

impl Prompts {
    fn new(seed: u64) -> Self {
        Self {
            mix: Mix::new(seed),
            asked: HashSet::new(),
        }
    }

    fn next(&mut self) -> String {
        loop {
            let text = self.mix.prompt().text;
            if text.len() <= LONGEST && self.asked.insert(bare(&text)) {
                return text;
            }
        }
    }
}

async fn ask(client: &Client, url: &str, prompt: String, stream: bool, due: Mono) -> Asked {
    let sent = clock::now();
    let body = json!({
        "model": "r", "stream": stream, "max_tokens": 1_024,
        "messages": [{"role": "user", "content": prompt}],
    });
    let mut asked = Asked {
        sent,
        done: sent,
        late: sent.since(due),
        exchange: String::new(),
        by: String::new(),
        end: End::Failed,
        failure: String::new(),
    };
    match client.post(url).json(&body).send().await {
        Ok(response) => {
            asked.exchange = header(&response, "x-breakerbox-request-id");
            asked.by = header(&response, "x-breakerbox-deployment");
            let canned = header(&response, "x-breakerbox-rung") == "3";
            match text(response, stream).await {
                Ok(_) if canned => asked.end = End::Canned,
                Ok(text) if is_bad(&prompt, &text) => asked.end = End::Bad,
                Ok(_) => asked.end = End::Good,
                Err(why) => asked.failure = why,
            }
        }
        Err(why) => asked.failure = why.to_string(),
    }
    asked.done = clock::now();
    asked
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    let text = value.and_then(|v| v.to_str().ok());
    text.unwrap_or_default().to_owned()
}

/// The text of a whole answer, or what came instead.
async fn text(response: Response, stream: bool) -> Result<String, String> {
    let status = response.status();
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(|e| e.to_string())?);
    }
    let said = String::from_utf8_lossy(&body);
    let text = match status {
        StatusCode::OK if stream => streamed(&said),
        StatusCode::OK => whole(&said),
        _ => None,
    };
    text.ok_or_else(|| {
        let end: String = said.chars().rev().take(300).collect();
        format!("{status}: {}", end.chars().rev().collect::<String>())
    })
}

fn whole(body: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let content = answer["choices"][0]["message"]["content"].as_str()?;
    Some(content.to_owned())
}

/// None: it broke off, or an error is in it.
fn streamed(body: &str) -> Option<String> {
    let (events, _) = body.split_once("data: [DONE]")?;
    let mut text = String::new();
    for data in events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
    {
        let event: Value = serde_json::from_str(data).ok()?;
        if event.get("error").is_some() {
            return None;
        }
        let piece = event["choices"][0]["delta"]["content"].as_str();
        text.push_str(piece.unwrap_or_default());
    }
    Some(text)
}

/// What the simulated models know. One that speaks off the subject tells a fact that nobody asked about.
#[derive(Debug, Deserialize)]
struct Known {
    fact: Vec<Fact>,
}

#[derive(Debug, Deserialize)]
struct Fact {
    ask: String,
    answer: String,
}

static FACTS: LazyLock<Vec<Fact>> = LazyLock::new(|| {
    let known: Known = toml::from_str(include_str!("../../assets/sim/knowledge.toml"))
        .expect("the simulated models read the same file");
    let bare = |f: &Fact| Fact {
        ask: bare(&f.ask),
        answer: f.answer.trim().to_owned(),
    };
    known.fact.iter().map(bare).collect()
});

/// Words alone.
fn bare(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_bad(question: &str, answer: &str) -> bool {
    let told = FACTS.iter().find(|fact| fact.answer == answer.trim());
    told.is_some_and(|fact| !bare(question).contains(&fact.ask)) || is_salad(answer)
}

/// Shuffled words have neither capitals nor marks.
fn is_salad(answer: &str) -> bool {
    let plain = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || " '’".contains(c);
    answer.chars().all(plain) && answer.split(' ').count() >= 20
}
