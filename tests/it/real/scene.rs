//! A route over two providers of different dialects that give real answers, and a third one that judges them.

use super::{
    super::{
        rig::{Rig, SOON, body, header, provider},
        upstream::{
            Asked, Do, Upstream, anthropic, by, chunk, end, json, named, openai, openai_stream,
            sse_head,
        },
    },
    Gives, Real,
    data::STRONG,
    stats::mean,
};
use fastrand::Rng;
use parking_lot::Mutex;
use serde_json::{Value, json as value};
use tokio::sync::mpsc;

/// Which of the strong models the two tiers are. The judge refers to the other two.
const PRIMARY: usize = 1;
const SECONDARY: usize = 3;

/// The prompt of a request of either dialect: what its only message says.
fn prompt(real: &Real, text: &str) -> usize {
    let mut prompts = real.record.prompts.iter();
    prompts
        .position(|p| p.text.trim() == text.trim())
        .unwrap_or_else(|| panic!("a prompt that was not sent: {text:?}"))
}

fn asked_text(body: &Value) -> &str {
    let content = &body["messages"][0]["content"];
    content
        .as_str()
        .or(content[0]["text"].as_str())
        .unwrap_or_default()
}

/// What the primary's provider plays: in this part of all cases it gives this instead of its own answers.
fn gives(real: &'static Real, instead: Gives, part: f64) -> Vec<Do> {
    let rng = Mutex::new(Rng::with_seed(5));
    by(move |asked| {
        let body = asked.json();
        let mut rng = rng.lock();
        let gives = if rng.f64() < part {
            instead
        } else {
            Gives::Own
        };
        let prompt = prompt(real, asked_text(&body));
        let text = real.record.answer(prompt, PRIMARY, gives, &mut rng);
        if body["stream"] == true {
            openai_stream(&halves(&text))
        } else {
            openai("m-a", &text)
        }
    })
}

fn halves(text: &str) -> [&str; 2] {
    let middle = text.char_indices().nth(text.chars().count() / 2);
    let (a, b) = text.split_at(middle.map_or(0, |(at, _)| at));
    [a, b]
}

fn secondary(real: &'static Real) -> Vec<Do> {
    by(move |asked| {
        let body = asked.json();
        let text = secondary_says(real, prompt(real, asked_text(&body)));
        if body["stream"] == true {
            anthropic_stream(text)
        } else {
            anthropic("m-b", text)
        }
    })
}

pub(super) fn secondary_says(real: &Real, prompt: usize) -> &str {
    real.record.prompts[prompt].answer(STRONG[SECONDARY])
}

fn anthropic_stream(text: &str) -> Vec<Do> {
    let events = [
        value!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
            "model": "m-b", "content": [], "stop_reason": null, "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        value!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        value!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        value!({"type": "content_block_stop", "index": 0}),
        value!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
        value!({"type": "message_stop"}),
    ];
    let head = [sse_head()].into_iter();
    let told = events.iter().map(|e| chunk(&named(e)));
    head.chain(told).chain([end()]).collect()
}

/// A provider of a third dialect that judges by arithmetic what it finds between the fences.
fn judge(real: &'static Real, given: mpsc::UnboundedSender<f64>) -> Vec<Do> {
    by(move |asked: &Asked| {
        let body = asked.json();
        let said = body["contents"][0]["parts"][0]["text"]
            .as_str()
            .unwrap_or_default();
        let between = |mark: &str| {
            let (_, rest) = said.split_once(&format!("<{mark}"))?;
            let (tag, rest) = rest.split_once(">\n")?;
            Some(rest.rsplit_once(&format!("\n</{mark}{tag}>"))?.0)
        };
        let (question, answer) = (between("question").unwrap(), between("answer").unwrap());
        let prompt = prompt(real, question);
        let agreement = real.record.agreement(prompt, &[PRIMARY, SECONDARY], answer);
        let score = real.curve.score(agreement);
        let _ = given.send(score);
        let ruling = value!({"score": score, "reason": format!("agreement {agreement:.2}")});
        let answer = value!({"candidates": [{"index": 0, "finishReason": "STOP",
            "content": {"role": "model", "parts": [{"text": ruling.to_string()}]}}]});
        json(200, &[], &answer.to_string())
    })
}

fn config(a: &Upstream, b: &Upstream, judge: &Upstream, more: &str) -> String {
    format!(
        "{}{}{}[routes.r]\ntiers = [\"a/m-a\", \"b/m-b\"]\n[cache]\nenabled = false\n\
         [judge]\njudges = [\"j/m-j\"]\nsample = 1.0\nanchors = false\nmax_per_minute = 100000\n{more}",
        provider("a", "openai", a),
        provider("b", "anthropic", b),
        provider("j", "gemini", judge),
    )
}

pub(super) struct Scene {
    pub(super) real: &'static Real,
    pub(super) rig: Rig,
    primary: Upstream,
    _others: [Upstream; 2],
    scores: mpsc::UnboundedReceiver<f64>,
    rng: Rng,
    asked: usize,
}

/// A request and what the caller got.
pub(super) struct Told {
    pub(super) prompt: usize,
    pub(super) by: String,
    stream: bool,
    body: String,
}

impl Scene {
    pub(super) async fn start(real: &'static Real, more: &str) -> Self {
        let primary = Upstream::start(vec![gives(real, Gives::Own, 1.0)]).await;
        let secondary = Upstream::start(vec![secondary(real)]).await;
        let (send, scores) = mpsc::unbounded_channel();
        let judge = Upstream::start(vec![judge(real, send)]).await;
        Self {
            scores,
            real,
            rig: Rig::start(&config(&primary, &secondary, &judge, more)).await,
            primary,
            _others: [secondary, judge],
            rng: Rng::with_seed(3),
            asked: 0,
        }
    }

    /// Asks one of the prompts that nothing was fitted on, every other time as a stream.
    pub(super) async fn ask(&mut self) -> Told {
        let prompts: Vec<_> = self.real.record.odd().collect();
        let prompt = prompts[self.rng.usize(..prompts.len())];
        self.asked += 1;
        let stream = self.asked % 2 == 1;
        let sent = body(&self.real.record.prompts[prompt].text, stream);
        let response = self.rig.post("/v1/chat/completions", &sent).await;
        assert_eq!(response.status(), 200);
        let by = header(&response, "x-breakerbox-deployment").to_owned();
        let body = response.text().await.unwrap();
        Told {
            prompt,
            by,
            stream,
            body,
        }
    }

    pub(super) fn primary_gives(&self, instead: Gives, part: f64) {
        self.primary.play(vec![gives(self.real, instead, part)]);
    }

    async fn score(&mut self) -> f64 {
        let score = tokio::time::timeout(SOON, self.scores.recv()).await;
        score.expect("a score comes").expect("the judge is there")
    }

    /// So many requests that the primary answers, each one judged; their mean score.
    pub(super) async fn stays_closed(&mut self, requests: usize) -> f64 {
        let mut scores = Vec::new();
        for n in 0..requests {
            assert_eq!(self.ask().await.by, "a/m-a", "request {n}");
            scores.push(self.score().await);
        }
        mean(&scores)
    }

    /// Requests until the secondary answers one, each one judged before the next.
    pub(super) async fn until_open(&mut self, requests: usize) -> Vec<f64> {
        let mut scores = Vec::new();
        while scores.len() < requests {
            if self.ask().await.by == "b/m-b" {
                return scores;
            }
            scores.push(self.score().await);
        }
        panic!(
            "{requests} requests and not open, mean {:.2}",
            mean(&scores)
        );
    }
}

impl Told {
    /// What the answer says, to a client of OpenAI's.
    pub(super) fn text(&self) -> String {
        let said = |json: &str, part: &str| {
            let json: Value = serde_json::from_str(json).ok()?;
            Some(json["choices"][0][part]["content"].as_str()?.to_owned())
        };
        if self.stream {
            let data = self.body.lines().filter_map(|l| l.strip_prefix("data: "));
            data.filter_map(|json| said(json, "delta")).collect()
        } else {
            said(&self.body, "message").unwrap_or_default()
        }
    }
}
