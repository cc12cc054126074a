//! One provider on a socket: who may ask, what goes wrong by itself, and answers sent out in their own time.

use super::{
    One,
    ask::Ask,
    behaviour::{Behaviour, Dial},
    brain::{self, Chance},
    luck::{Luck, hash},
    pace::{Frame, Pace},
    wire::{self, Delivery, Op, Refusal, Sent, Stamp, Telling},
};
use crate::{clock, model::Dialect};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri},
    response::Response,
    serve::ListenerExt,
};
use futures_util::stream;
use http_body_util::{BodyExt, Limited};
use parking_lot::Mutex;
use serde_json::Value;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

/// What the real ones take at most.
const MAX_BODY: usize = 32 << 20;
/// Requests per minute that the account is said to have.
const PER_MINUTE: u64 = 10_000;

pub(super) struct Room {
    pub(super) dialect: Dialect,
    pub(super) key: String,
    pub(super) seed: u64,
    pub(super) speed: f64,
    pub(super) dial: Dial,
    pub(super) stop: CancellationToken,
    /// How many requests have come: what makes two equal requests differ in luck.
    served: AtomicU64,
    minute: Mutex<(u64, u64)>,
}

/// Why a body ends before its end: the provider is being shut down.
#[derive(Debug)]
struct ShutDown;

impl std::fmt::Display for ShutDown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the provider is shutting down")
    }
}

impl std::error::Error for ShutDown {}

impl Room {
    pub(super) fn new(dialect: Dialect, key: String, one: One, dial: Dial) -> Self {
        Self {
            dialect,
            key,
            seed: one.seed,
            speed: one.speed,
            dial,
            stop: CancellationToken::new(),
            served: AtomicU64::new(0),
            minute: Mutex::new((0, 0)),
        }
    }

    fn stamp(&self, luck: &mut Luck) -> Stamp {
        let wall = clock::wall();
        let mut minute = self.minute.lock();
        if minute.0 != wall.secs() / 60 {
            *minute = (wall.secs() / 60, 0);
        }
        minute.1 += 1;
        Stamp {
            request: wire::request_id(self.dialect, luck),
            wall,
            left: PER_MINUTE.saturating_sub(minute.1),
            limit: PER_MINUTE,
        }
    }
}

/// Serves until the room is stopped.
pub(super) async fn serve(room: Arc<Room>, listener: TcpListener) -> io::Result<()> {
    let stop = room.stop.clone();
    let app = Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::disable())
        .with_state(room);
    let listener = listener.tap_io(|socket| {
        // Only latency is lost when this fails.
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn handle(State(room): State<Arc<Room>>, request: Request) -> Response {
    let came = Instant::now();
    let (parts, body) = request.into_parts();
    let number = room.served.fetch_add(1, Ordering::Relaxed);
    let vendor = hash(room.dialect.as_str().as_bytes());
    let dialect = wire::spoken(room.dialect, parts.uri.path());
    let mut day = Luck::new(&[room.seed, vendor, number]);
    let behaviour = room.dial.read();
    let pace = Pace::draw(&behaviour, room.speed, &mut day);
    let stamp = room.stamp(&mut day);
    let refused = |why: &Refusal| wire::refuse(dialect, why, &stamp, pace);

    let sent = match entered(&room, dialect, &parts.method, &parts.uri, &parts.headers) {
        Err(why) => refused(&why),
        Ok(op) => match trouble(dialect, &behaviour, &mut day) {
            Trouble::Silence => {
                room.stop.cancelled().await;
                refused(&Refusal::Down(503))
            }
            Trouble::Refusal(why) => refused(&why),
            Trouble::None => match Limited::new(body, MAX_BODY).collect().await {
                Err(_) => refused(&Refusal::TooLarge),
                Ok(whole) => {
                    let body = whole.to_bytes();
                    let words = Luck::new(&[room.seed, vendor, hash(&body)]);
                    let chance = Chance { words, day };
                    match work(dialect, &op, &body, &behaviour, pace, &stamp, chance) {
                        Ok(sent) => sent,
                        Err(why) => refused(&why),
                    }
                }
            },
        },
    };
    deliver(sent, came, &room.stop).await
}

fn entered(
    room: &Room,
    dialect: Dialect,
    method: &Method,
    uri: &Uri,
    headers: &axum::http::HeaderMap,
) -> Result<Op, Refusal> {
    let op = wire::route(dialect, method, uri)?;
    wire::admit(dialect, headers, uri, &room.key)?;
    Ok(op)
}

enum Trouble {
    None,
    Silence,
    Refusal(Refusal),
}

/// What goes wrong by itself. The order of draws is fixed, so that changing one share does not reshuffle the rest.
fn trouble(dialect: Dialect, behaviour: &Behaviour, luck: &mut Luck) -> Trouble {
    let silent = luck.hits(behaviour.hang_share);
    let fails = luck.hits(behaviour.error_share);
    let throttled = luck.hits(behaviour.throttle_share);
    let own = wire::own_failure(dialect, luck);
    let wait = u64::try_from(luck.int(1, 20)).unwrap_or(1);
    if silent {
        Trouble::Silence
    } else if fails {
        match behaviour.error_status.unwrap_or(own) {
            429 => Trouble::Refusal(Refusal::Throttled { wait }),
            status => Trouble::Refusal(Refusal::Down(status)),
        }
    } else if throttled {
        Trouble::Refusal(Refusal::Throttled { wait })
    } else {
        Trouble::None
    }
}

fn work(
    dialect: Dialect,
    op: &Op,
    body: &[u8],
    behaviour: &Behaviour,
    pace: Pace,
    stamp: &Stamp,
    mut chance: Chance,
) -> Result<Sent, Refusal> {
    let inform = |value: &Value| Ok(wire::inform(dialect, value, stamp, pace));
    let how = match op {
        Op::Models => return inform(&wire::list(dialect)),
        Op::Model(name) => return inform(&wire::describe(dialect, wire::model(dialect, name)?)),
        Op::Count { .. } => Delivery::Whole,
        Op::Chat { how, .. } => *how,
    };
    let body: Value = serde_json::from_slice(body).map_err(|e| Refusal::BadJson(e.to_string()))?;
    let ask = wire::read(dialect, op, &body)?;
    let model = wire::model(dialect, &ask.model)?;
    let input = ask.input_tokens();
    if matches!(op, Op::Count { .. }) {
        return inform(&wire::counted(dialect, input));
    }
    if input > behaviour.window {
        return Err(Refusal::TooLong {
            tokens: input,
            window: behaviour.window,
        });
    }
    let replies: Vec<_> = (0..ask.count.max(1))
        .map(|_| brain::reply(&ask, dialect, behaviour, &mut chance))
        .collect();
    Ok(wire::tell(
        dialect,
        how,
        &mut telling(&ask, model, &replies, stamp, pace, &mut chance),
    ))
}

fn telling<'a>(
    ask: &'a Ask,
    model: wire::Model,
    replies: &'a [super::reply::Reply],
    stamp: &'a Stamp,
    pace: Pace,
    chance: &'a mut Chance,
) -> Telling<'a> {
    Telling {
        ask,
        model,
        replies,
        stamp,
        pace,
        luck: &mut chance.day,
    }
}

/// Sends the head when it is due, and every frame when it is.
async fn deliver(sent: Sent, came: Instant, stop: &CancellationToken) -> Response {
    // Shutting down does not wait for a model that takes its time.
    let _ = stop
        .run_until_cancelled(sleep_until(came, sent.head_at))
        .await;
    let mut response = Response::new(body(sent.frames, came, stop.clone()));
    *response.status_mut() =
        StatusCode::from_u16(sent.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in sent.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn body(frames: Vec<Frame>, came: Instant, stop: CancellationToken) -> Body {
    if let [(_, only)] = frames.as_slice() {
        return Body::from(only.clone());
    }
    let state = (frames.into_iter(), stop);
    Body::from_stream(stream::unfold(
        state,
        move |(mut frames, stop)| async move {
            let (due, bytes) = frames.next()?;
            let came_due = stop
                .run_until_cancelled(sleep_until(came, due))
                .await
                .is_some();
            let item: Result<Bytes, ShutDown> = if came_due { Ok(bytes) } else { Err(ShutDown) };
            Some((item, (frames, stop)))
        },
    ))
}

/// Timers wake on the millisecond; less than that is now.
async fn sleep_until(came: Instant, due: Duration) {
    let at = came + due.min(Duration::from_hours(24));
    if at > Instant::now() + Duration::from_millis(1) {
        tokio::time::sleep_until(at).await;
    }
}
