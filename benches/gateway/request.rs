//! The requests that are sent and the answers that the upstream has ready for them.

use bytes::Bytes;
use std::fmt::Write;

/// Events of a streamed answer, the end mark included.
pub(crate) const EVENTS: usize = 43;
/// Chunks that arrive together: what a provider's own proxy does to a stream.
const BURST: usize = 11;

/// A kind of request. Its name travels in the body's `user` field: every gateway passes that on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One at a time: what a gateway adds when nothing waits.
    Single,
    /// As many as there are connections.
    Plain,
    /// A stream whose chunks come in bursts.
    Burst,
    /// A stream whose first event comes alone.
    Paced,
    /// 400 KB of prompt.
    Large,
    /// A stream that goes on until the caller leaves.
    Held,
}

impl Shape {
    pub(crate) const MEASURED: [Self; 5] = [
        Self::Single,
        Self::Plain,
        Self::Burst,
        Self::Paced,
        Self::Large,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Plain => "plain",
            Self::Burst => "burst",
            Self::Paced => "paced",
            Self::Large => "large",
            Self::Held => "held",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Single => "1.7 KB request, 1.1 KB answer, 1 connection",
            Self::Plain => "1.7 KB request, 1.1 KB answer, 32 connections",
            Self::Burst => "43 events in bursts, 32 connections",
            Self::Paced => "43 events, the first alone, 1 connection (latency: first chunk)",
            Self::Large => "400 KB request, 1.1 KB answer, 8 connections",
            Self::Held => "open streams",
        }
    }

    pub(crate) const fn connections(self) -> usize {
        match self {
            Self::Single | Self::Paced => 1,
            Self::Large => 8,
            Self::Plain | Self::Burst | Self::Held => 32,
        }
    }

    pub(crate) const fn streams(self) -> bool {
        matches!(self, Self::Burst | Self::Paced | Self::Held)
    }

    /// Whether its latency is that of the first chunk.
    pub(crate) const fn timed_to_first(self) -> bool {
        matches!(self, Self::Paced)
    }

    /// What a request says its shape is, at the upstream.
    pub(crate) fn of(body: &[u8]) -> Self {
        let all = [Self::Burst, Self::Paced, Self::Large, Self::Held];
        let start = body.get(..40).unwrap_or(body);
        all.into_iter()
            .find(|s| memchr::memmem::find(start, s.word().as_bytes()).is_some())
            .unwrap_or(Self::Plain)
    }

    /// Head and body, ready to send.
    pub(crate) fn request(self) -> Bytes {
        let size = if self == Self::Large { 400_000 } else { 1_500 };
        let line =
            "What exactly does this mean in practice, and how would I check that it is so?\\n";
        let turn = format!(r#"{{"role":"user","content":"{}"}}"#, line.repeat(6));
        let turns = vec![turn.as_str(); size / turn.len() + 1].join(",");
        let stream = self.streams();
        let body = format!(
            r#"{{"user":"{}","model":"bench","temperature":0.2,"stream":{stream},"max_tokens":400,"messages":[{turns}]}}"#,
            self.word()
        );
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\naccept: application/json\r\n\
             content-type: application/json\r\nauthorization: Bearer sk-none\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        (head + &body).into()
    }
}

/// As long as usual, and nothing that the checks would take for nonsense: a sentence that is repeated is read against the
/// whole conversation.
const ANSWER: &str = "A lock lifts a boat with nothing but the weight of water. The keeper lets it into the chamber through \
the lower gates, closes them behind its stern, and opens small paddles in the upper pair. Water from the higher reach runs in, \
slowly at first because a sudden rush would throw the hull against the walls. As the level climbs, the crew takes in the slack \
of both ropes so that the bow stays where it is. After some ten minutes inside and outside stand equally high; only then can \
anybody push the upper gates, since a difference of a hand's breadth already presses on them with several tons. The boat \
leaves, and the chamber is full for whoever comes down next. To check that you have understood it, follow one bucket of water: \
each passage takes a whole chamber from the top to the bottom, never back. That is why canals need reservoirs on their summit, \
why some keep side ponds that save half of it, and why boats in a dry summer wait until two of them can share the same lock.";

/// A whole answer, head included.
pub(crate) fn answer() -> Bytes {
    let text = ANSWER;
    let body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench-1","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":400,"completion_tokens":200,"total_tokens":600}}}}"#
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into()
}

/// A streamed answer in the pieces in which it is written.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) bursts: Vec<Bytes>,
    /// Head and first event, and all the rest.
    pub(crate) first: Bytes,
    pub(crate) rest: Bytes,
}

impl Stream {
    pub(crate) fn new() -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let chunks: Vec<String> = (0..EVENTS).map(|n| chunk(&event(n))).collect();
        let end = "0\r\n\r\n";
        let mut bursts: Vec<String> = chunks.chunks(BURST).map(<[String]>::concat).collect();
        if let Some(first) = bursts.first_mut() {
            first.insert_str(0, head);
        }
        if let Some(last) = bursts.last_mut() {
            last.push_str(end);
        }
        let (first, rest) = chunks.split_at(1);
        Self {
            bursts: bursts.into_iter().map(Bytes::from).collect(),
            first: (head.to_owned() + &first.concat()).into(),
            rest: (rest.concat() + end).into(),
        }
    }
}

fn event(n: usize) -> String {
    if n + 1 == EVENTS {
        return "data: [DONE]\n\n".to_owned();
    }
    let mut delta = String::new();
    let mut finish = "null";
    if n + 2 == EVENTS {
        finish = "\"stop\"";
    } else {
        let word = ANSWER.split(' ').nth(n).unwrap_or_default();
        let _ = write!(delta, r#""content":"{word} ""#);
    }
    format!(
        r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench-1","choices":[{{"index":0,"delta":{{{delta}}},"finish_reason":{finish}}}]}}"#
    ) + "\n\n"
}

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}
