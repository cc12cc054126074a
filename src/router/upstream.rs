//! One call on the wire, with the faults that are injected into it. What comes back is the same shape whether a
//! provider said it or a fault did: the classifier must not know the difference.

use super::{
    garbage,
    plant::Unit,
    refusals::{self, INJECTED},
    slow::{Slow, Stretch},
    target,
};
use crate::{
    clock,
    model::{Dialect, fault::FaultKind},
    provider::{
        chat::{Answer, Finish, Part, Usage},
        classify::TransportError,
        errors::CallerError,
        frames::{self, Framer},
        translate,
    },
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::{collections::VecDeque, error::Error as _, io, time::Duration};

/// What the bad-key fault sends: no real key looks like it, and a provider's refusal may echo it.
const WRONG_KEY: &str = "breakerbox-wrong-key-on-purpose";
/// The first token of an injected answer, when the deployment's own is not known.
const USUAL_TTFT: Duration = Duration::from_millis(400);

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) wire: Dialect,
    /// Not an answer is wanted, but vectors.
    pub(super) embeddings: bool,
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
    pub(super) stream: bool,
}

/// The head of an answer, and its body still to come.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
}

/// A body, piece by piece.
#[derive(Debug)]
pub(super) struct Body {
    source: Source,
    shaper: Option<Shaper>,
    waiting: VecDeque<Bytes>,
    then: Then,
    /// Held back once before the first piece.
    delay: Option<Duration>,
}

#[derive(Debug)]
enum Source {
    Http(reqwest::Response),
    Slow(Slow),
    Script(VecDeque<Bytes>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Cut,
    Stall,
}

/// A fault that acts on a body as it passes.
#[derive(Debug)]
struct Shaper {
    kind: FaultKind,
    dialect: Dialect,
    /// None: the body is no stream.
    framer: Option<Framer>,
    events: u32,
}

/// Calls a deployment. The future that this returns is the call: dropping it cancels the call.
pub(super) async fn open(
    unit: &Unit,
    out: Outgoing,
    fault: Option<&FaultKind>,
) -> Result<Upstream, TransportError> {
    match fault {
        Some(FaultKind::Refused) => return Err(TransportError::ConnectRefused),
        Some(FaultKind::Reset) => return Err(TransportError::Reset),
        Some(FaultKind::Hang) => std::future::pending().await,
        Some(FaultKind::Delay { by }) => tokio::time::sleep(*by).await,
        Some(FaultKind::Status { status }) => {
            return Ok(said(refusals::of_status(out.wire, *status)));
        }
        Some(FaultKind::Capacity { .. }) => return Ok(said(refusals::overloaded(out.wire))),
        Some(FaultKind::Quota) => return Ok(said(refusals::spent(out.wire))),
        Some(kind @ (FaultKind::Garbage { .. } | FaultKind::Empty | FaultKind::InBandError)) => {
            return Ok(invented(unit, &out, kind).await);
        }
        _ => {}
    }
    let wrong_key = fault == Some(&FaultKind::BadKey);
    let (wire, stream, began) = (out.wire, out.stream, clock::now());
    let mut response = send(unit, out, wrong_key)
        .await
        .map_err(|e| transport(&e))?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let shaper = match fault {
        Some(kind @ (FaultKind::Cut { .. } | FaultKind::Stall { .. } | FaultKind::Malformed)) => {
            Some(Shaper::new(kind.clone(), wire, stream))
        }
        _ => None,
    };
    let delay = match fault {
        Some(FaultKind::SlowFirstToken { by }) => Some(*by),
        _ => None,
    };
    let source = match fault {
        Some(FaultKind::Slow { times }) => {
            let (at, times) = (clock::now(), *times);
            let stretch = Stretch { began, times };
            let slow = Slow::read(response, stretch);
            tokio::time::sleep(stretch.wait(at, clock::now())).await;
            Source::Slow(slow)
        }
        Some(FaultKind::Harsh { hundredths }) => {
            let body = response.bytes().await.map_err(|e| body_error(&e))?;
            Source::Script([garbage::harsher(&body, *hundredths)].into())
        }
        _ => Source::Http(response),
    };
    Ok(Upstream {
        status,
        headers,
        body: Body {
            source,
            shaper,
            waiting: VecDeque::new(),
            then: Then::GoOn,
            delay,
        },
    })
}

async fn send(unit: &Unit, out: Outgoing, wrong_key: bool) -> reqwest::Result<reqwest::Response> {
    let url = match unit.target.embeddings() {
        Some(url) if out.embeddings => url.clone(),
        _ => unit.target.url(out.wire, out.stream).clone(),
    };
    let mut request = reqwest::Request::new(Method::POST, url);
    *request.headers_mut() = out.headers;
    unit.target.sign(&mut request, &out.body);
    *request.body_mut() = Some(out.body.into());
    if wrong_key && let Some((name, value)) = target::auth(&unit.provider, WRONG_KEY) {
        request.headers_mut().insert(name, value);
    }
    unit.client.execute(request).await
}

/// A provider's refusal, in its own words.
fn said((status, body): (u16, Bytes)) -> Upstream {
    scripted(
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
        "application/json",
        [body],
    )
}

/// A 200 that a fault made up, in the deployment's own time and dialect.
async fn invented(unit: &Unit, out: &Outgoing, kind: &FaultKind) -> Upstream {
    let dialect = out.wire;
    tokio::time::sleep(unit.recorder().ttft_quantile(0.5).unwrap_or(USUAL_TTFT)).await;
    let reply = translate::Reply {
        created: clock::wall().secs(),
        ..translate::Reply::default()
    };
    let (mime, pieces) = match kind {
        FaultKind::InBandError if out.stream => (
            frames::mime(dialect),
            vec![
                CallerError::new(500, INJECTED)
                    .code(Some("server_error"))
                    .in_band(dialect),
            ],
        ),
        FaultKind::InBandError => (
            "application/json",
            vec![CallerError::new(500, INJECTED).body(dialect)],
        ),
        _ => {
            let answer = wrong_answer(unit, out, kind);
            if out.stream {
                (
                    frames::mime(dialect),
                    translate::replay(dialect, &answer, reply, true),
                )
            } else {
                (
                    "application/json",
                    vec![translate::write_answer(dialect, &answer, &reply)],
                )
            }
        }
    };
    scripted(StatusCode::OK, mime, pieces)
}

fn wrong_answer(unit: &Unit, out: &Outgoing, kind: &FaultKind) -> Answer {
    let text = match kind {
        FaultKind::Garbage { how } => garbage::text(*how, out.body.len() as u64),
        _ => String::new(),
    };
    let output = text.len() as u64 / 4;
    Answer {
        id: "injected".to_owned(),
        model: unit.model.clone(),
        parts: if text.is_empty() {
            Vec::new()
        } else {
            vec![Part::Text(text)]
        },
        finish: Some(Finish::Stop),
        usage: Usage {
            input: out.body.len() as u64 / 4,
            output,
            ..Usage::default()
        },
    }
}

fn scripted(
    status: StatusCode,
    mime: &'static str,
    pieces: impl IntoIterator<Item = Bytes>,
) -> Upstream {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static(mime),
    );
    Upstream {
        status,
        headers,
        body: Body {
            source: Source::Script(pieces.into_iter().collect()),
            shaper: None,
            waiting: VecDeque::new(),
            then: Then::GoOn,
            delay: None,
        },
    }
}

impl Body {
    /// The next piece; none at the end. Safe to drop and call again.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        if let Some(delay) = self.delay {
            tokio::time::sleep(delay).await;
            self.delay = None;
        }
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Ok(Some(piece));
            }
            match self.then {
                Then::GoOn => {}
                Then::Cut => return Err(TransportError::Cut),
                Then::Stall => std::future::pending().await,
            }
            let piece = match &mut self.source {
                Source::Http(response) => response.chunk().await.map_err(|e| body_error(&e))?,
                Source::Slow(slow) => slow.chunk().await?,
                Source::Script(pieces) => pieces.pop_front(),
            };
            let Some(shaper) = &mut self.shaper else {
                return Ok(piece);
            };
            let Some(piece) = piece else {
                return Ok(shaper.rest());
            };
            self.then = shaper.pass(&piece, &mut self.waiting);
        }
    }

    /// All of it, up to `limit` bytes.
    pub(super) async fn whole(&mut self, limit: usize) -> Result<Bytes, TransportError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut all = bytes::BytesMut::with_capacity(first.len() + second.len());
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.chunk().await? {
            if all.len() + piece.len() > limit {
                return Err(TransportError::BadFraming);
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}

impl Shaper {
    fn new(kind: FaultKind, dialect: Dialect, stream: bool) -> Self {
        Self {
            kind,
            dialect,
            framer: stream.then(|| Framer::new(dialect)),
            events: 0,
        }
    }

    /// Lets a piece through, event by event, until the fault strikes.
    fn pass(&mut self, piece: &Bytes, out: &mut VecDeque<Bytes>) -> Then {
        let Some(framer) = &mut self.framer else {
            return self.half(piece, out);
        };
        framer.push(piece);
        while let Some(Ok(frame)) = framer.next() {
            self.events += 1;
            out.push_back(frame.into_raw());
            match self.kind {
                FaultKind::Cut { after } if self.events > after => return Then::Cut,
                FaultKind::Stall { after } if self.events > after => return Then::Stall,
                FaultKind::Malformed if self.events.is_multiple_of(3) => {
                    out.push_back(frames::malformed(self.dialect, "{\"injected\": "));
                }
                _ => {}
            }
        }
        Then::GoOn
    }

    /// What no event has ended when the body does.
    fn rest(&mut self) -> Option<Bytes> {
        self.framer.take()?.remainder()
    }

    /// A body that is no stream is cut in the middle of what comes first.
    fn half(&self, piece: &Bytes, out: &mut VecDeque<Bytes>) -> Then {
        if piece.is_empty() {
            return Then::GoOn;
        }
        out.push_back(piece.slice(..piece.len() / 2));
        match self.kind {
            FaultKind::Cut { .. } => Then::Cut,
            FaultKind::Stall { .. } => Then::Stall,
            _ => {
                out.push_back(Bytes::from_static(b"\"injected"));
                Then::GoOn
            }
        }
    }
}

/// What a failed call means, by its innermost cause.
fn transport(e: &reqwest::Error) -> TransportError {
    let mut cause = e.source();
    while let Some(c) = cause {
        if let Some(io) = c.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return TransportError::ConnectRefused,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => {
                    return TransportError::Reset;
                }
                io::ErrorKind::TimedOut
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable => return TransportError::ConnectTimeout,
                _ => {}
            }
        }
        if c.is::<rustls::Error>() {
            return TransportError::Tls;
        }
        let text = c.to_string();
        if text.contains("dns error") || text.contains("failed to lookup") {
            return TransportError::Dns;
        }
        cause = c.source();
    }
    match e {
        e if e.is_timeout() => TransportError::ConnectTimeout,
        e if e.is_connect() => TransportError::ConnectRefused,
        _ => TransportError::Reset,
    }
}

/// A body that ended early, unless it is no body at all.
pub(super) fn body_error(e: &reqwest::Error) -> TransportError {
    let mut causes = std::iter::successors(e.source(), |&cause| cause.source());
    if causes.any(|c| {
        c.downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_parse)
    }) {
        TransportError::BadFraming
    } else {
        TransportError::Cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Garbage;

    fn shaped(kind: FaultKind, pieces: &[&'static str]) -> (String, Then) {
        let stream = pieces.concat().starts_with("data");
        let mut shaper = Shaper::new(kind, Dialect::OpenAi, stream);
        let mut out = VecDeque::new();
        let mut then = Then::GoOn;
        for piece in pieces {
            then = shaper.pass(&Bytes::from_static(piece.as_bytes()), &mut out);
            if then != Then::GoOn {
                break;
            }
        }
        (
            out.iter()
                .map(|b| String::from_utf8_lossy(b).into_owned())
                .collect(),
            then,
        )
    }

    #[test]
    fn a_cut_comes_after_so_many_events_wherever_the_pieces_end() {
        let events = ["data: 1\n\ndata: 2\n", "\ndata: 3\n\n"];
        assert_eq!(
            shaped(
                FaultKind::Cut { after: 1 },
                &["data: 1\n\ndata: 2\n\ndata: 3\n\n"]
            )
            .0,
            "data: 1\n\ndata: 2\n\n"
        );
        assert_eq!(
            shaped(FaultKind::Stall { after: 9 }, &events),
            ("data: 1\n\ndata: 2\n\ndata: 3\n\n".to_owned(), Then::GoOn)
        );
    }

    #[test]
    fn a_whole_body_is_cut_in_half() {
        assert_eq!(
            shaped(FaultKind::Cut { after: 20 }, &["{\"a\":1}."]),
            ("{\"a\"".to_owned(), Then::Cut)
        );
    }

    #[test]
    fn malformed_events_are_strewn_between_good_ones() {
        let (text, then) = shaped(
            FaultKind::Malformed,
            &["data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n"],
        );
        assert!(
            text.contains("data: 3\n\ndata: {\"injected\": \n\ndata: 4\n\n"),
            "{text}"
        );
        assert_eq!(then, Then::GoOn);
    }

    #[test]
    fn a_binary_stream_is_cut_between_two_messages() {
        let mut stream = bytes::BytesMut::new();
        for n in 1..=3 {
            let event = format!("{{\"contentBlockIndex\":{n}}}");
            crate::provider::eventstream::put_event(&mut stream, "e", event.as_bytes());
        }
        let stream = stream.freeze();
        let one = stream.len() / 3;
        let mut shaper = Shaper::new(FaultKind::Cut { after: 1 }, Dialect::Bedrock, true);
        let mut out = VecDeque::new();
        let thens: Vec<_> = stream
            .chunks(7)
            .map(|piece| shaper.pass(&Bytes::copy_from_slice(piece), &mut out))
            .take_while(|then| *then == Then::GoOn)
            .collect();
        assert!(thens.len() < stream.len() / 7, "it was cut");
        assert_eq!(
            out.iter().flatten().copied().collect::<Vec<_>>(),
            stream[..2 * one]
        );
    }

    #[test]
    fn what_no_event_has_ended_passes_at_the_end() {
        let mut shaper = Shaper::new(FaultKind::Malformed, Dialect::OpenAi, true);
        let mut out = VecDeque::new();
        shaper.pass(&Bytes::from_static(b"data: 1\n\ndata: 2"), &mut out);
        assert_eq!(out.len(), 1);
        assert_eq!(shaper.rest().unwrap(), "data: 2");
        assert_eq!(shaper.rest(), None);
    }

    #[test]
    fn garbage_of_every_kind_has_text() {
        for how in Garbage::ALL {
            assert!(garbage::text(how, 7).len() > 80, "{how:?}");
        }
    }
}
