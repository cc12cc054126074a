//! The doors: HTTP in, the router's reply out. Thin: a door reads, asks the router, and writes.

mod admin;
mod anthropic;
mod attach;
mod feed;
mod gemini;
mod guard;
mod health;
mod metrics;
mod models;
mod openai;
mod openapi;
mod operator;
mod responses;
mod serve;
mod socket;

use crate::{
    model::{Dialect, Order, time::duration_text},
    provider::{
        ask::{Ask, BadRequest},
        errors::CallerError,
    },
    router::{
        self, Call, Router,
        reply::{self, Reply},
    },
};
use axum::{
    Router as Axum,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use operator::Doorman;
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use serve::{Doors, bind};
pub use socket::Socket;

/// What every handler knows. Every request has it in its hands several times.
#[derive(Debug, Clone)]
pub struct Front(Arc<Known>);

#[derive(Debug)]
pub struct Known {
    pub(crate) router: Arc<Router>,
    pub(crate) orders: mpsc::Sender<Order>,
    doorman: Doorman,
    /// The end of the router has begun.
    stop: CancellationToken,
    /// It is about to.
    leaving: AtomicBool,
    /// Those that are attached, and how many more may be.
    screens: TaskTracker,
    seats: Arc<Semaphore>,
}

impl Deref for Front {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl Front {
    pub fn new(router: Arc<Router>, orders: mpsc::Sender<Order>, stop: CancellationToken) -> Self {
        Self(Arc::new(Known {
            router,
            orders,
            doorman: Doorman::default(),
            stop,
            leaving: AtomicBool::new(false),
            screens: TaskTracker::new(),
            seats: Arc::new(Semaphore::new(attach::SCREENS)),
        }))
    }

    /// From now on it is not ready, so that whoever balances load sends it nothing new.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed) || self.stop.is_cancelled()
    }

    /// Until every screen has been told of the end, as long as that does not take long.
    pub async fn said_goodbye(&self) {
        self.screens.close();
        let _ = tokio::time::timeout(GOODBYE, self.screens.wait()).await;
    }
}

/// For so long screens are waited for.
const GOODBYE: Duration = Duration::from_secs(1);
/// A command is a line, and JSON writes six characters for some.
const COMMAND_BYTES: usize = 16 * 1024;

/// The doors of operators, as assets/openapi.json describes them.
fn operators_doors() -> [(&'static str, &'static str, MethodRouter<Front>); 6] {
    [
        ("get", "/admin/snapshot", get(admin::snapshot)),
        ("post", "/admin/command", post(admin::command)),
        ("get", "/admin/events", get(feed::events)),
        ("get", "/admin/attach", get(attach::attach)),
        ("get", "/admin/openapi.json", get(openapi::describe)),
        ("get", "/metrics", get(metrics::scrape)),
    ]
}

/// On the address of all, and on a socket of their own.
fn operators() -> Axum<Front> {
    let mut app = Axum::new();
    for (_, path, door) in operators_doors() {
        app = app.route(path, door);
    }
    app.layer(DefaultBodyLimit::max(COMMAND_BYTES))
        // How things stand is never kept by whoever stands between.
        .layer(map_response(async |mut answer: Response| {
            let headers = answer.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            answer
        }))
}

/// The doors on the operators' own socket.
pub fn socket_app(front: Front) -> Axum {
    operators()
        .fallback(no_door)
        .method_not_allowed_fallback(wrong_method)
        .with_state(front)
}

/// All doors of one address.
pub fn app(front: Front) -> Axum {
    Axum::new()
        .merge(operators())
        .route("/v1/chat/completions", post(openai::chat))
        .route("/v1/responses", post(responses::create))
        .route("/v1/embeddings", post(openai::embeddings))
        .route("/v1/messages", post(anthropic::messages))
        .route("/v1/messages/count_tokens", post(anthropic::count_tokens))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one).post(gemini::ask))
        .merge(google())
        .route("/health", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/", get(health::hello).head(health::hello))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(front)
}

/// Google's clients differ in the version that they put before a path, and in the folder before a model.
fn google() -> Axum<Front> {
    let mut app = Axum::new();
    for version in ["/v1", "/v1beta", "/v1beta1"] {
        for folder in ["/models", "/tunedModels", "/publishers/google/models"] {
            let all = format!("{version}{folder}");
            // The doors that OpenAI's and Anthropic's clients share.
            if all != "/v1/models" {
                let one = get(models::one).post(gemini::ask);
                app = app.route(&format!("{all}/{{*id}}"), one);
                if folder != "/tunedModels" {
                    app = app.route(&all, get(models::list));
                }
            }
        }
    }
    app
}

/// The caller's dialect where no chat door tells: by the path that only Google has, or by the header that only
/// Anthropic's clients or only Google's send.
pub(crate) fn dialect_of(headers: &HeaderMap, uri: &Uri) -> Dialect {
    if uri.path().starts_with("/v1beta") {
        Dialect::Gemini
    } else if headers.contains_key("anthropic-version") {
        Dialect::Anthropic
    } else if headers.contains_key("x-goog-api-key") {
        Dialect::Gemini
    } else {
        Dialect::OpenAi
    }
}

async fn unknown(headers: HeaderMap, uri: Uri) -> Response {
    let message = format!(
        "there is nothing at {}; doors are /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages, /v1beta/models/MODEL:generateContent and /v1/models",
        uri.path()
    );
    problem(
        dialect_of(&headers, &uri),
        StatusCode::NOT_FOUND,
        &message,
        Some("unknown_path"),
        None,
    )
}

async fn no_door(uri: Uri) -> Response {
    let why = format!(
        "there is nothing at {} on the operators' socket; GET /admin/openapi.json says what there is",
        uri.path()
    );
    operator::refuse(StatusCode::NOT_FOUND, &why)
}

async fn wrong_method(headers: HeaderMap, uri: Uri) -> Response {
    let message = format!("{} does not take this method", uri.path());
    problem(
        dialect_of(&headers, &uri),
        StatusCode::METHOD_NOT_ALLOWED,
        &message,
        None,
        None,
    )
}

/// An error of ours, before there is a call.
pub(crate) fn problem(
    door: Dialect,
    status: StatusCode,
    message: &str,
    code: Option<&str>,
    param: Option<&str>,
) -> Response {
    let id = router::new_id();
    let body = CallerError::new(status.as_u16(), message)
        .code(code)
        .param(param)
        .request_id(&id)
        .body(door);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(id) = HeaderValue::from_str(&id) {
        for name in ["x-breakerbox-request-id", "x-request-id", "request-id"] {
            headers.insert(name, id.clone());
        }
    }
    response
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = match self.body {
            reply::Body::Full(bytes) => Body::from(bytes),
            reply::Body::Stream(stream) => Body::from_stream(stream),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// A request that has passed the door: who sent it and what it says.
struct Entered {
    headers: HeaderMap,
    tenant: Option<String>,
    body: Bytes,
}

/// The router ends before the request is there.
fn stopping(door: Dialect) -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut told = problem(door, status, reply::STOPPED, Some(router::STOPPING), None);
    let later = HeaderValue::from_static(reply::STOPPED_RETRY_AFTER);
    told.headers_mut().insert(header::RETRY_AFTER, later);
    told
}

/// Checks the key and reads the body, within its size and its time.
async fn enter(front: &Front, door: Dialect, request: Request) -> Result<Entered, Box<Response>> {
    let config = front.router.config();
    let (parts, body) = request.into_parts();
    let tenant = guard::admit(&config.server.client_keys, &parts.headers, &parts.uri).map_err(
        |message| {
            problem(
                door,
                StatusCode::UNAUTHORIZED,
                message,
                Some("invalid_api_key"),
                None,
            )
        },
    )?;
    let body = tokio::select! {
        biased;
        body = read(body, config.server.max_body, config.server.body_timeout) => body,
        () = front.router.ending() => return Err(Box::new(stopping(door))),
    };
    let body = body.map_err(|(status, message)| problem(door, status, &message, None, None))?;
    Ok(Entered {
        headers: parts.headers,
        tenant,
        body,
    })
}

async fn read(body: Body, limit: usize, within: Duration) -> Result<Bytes, (StatusCode, String)> {
    let collected = tokio::time::timeout(within, Limited::new(body, limit).collect()).await;
    match collected {
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, too_late(within))),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => Err((
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit} bytes (server.max_body)"),
        )),
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body broke off".to_owned())),
    }
}

fn too_late(within: Duration) -> String {
    let within = duration_text(within);
    format!("the body did not arrive within {within} (server.body_timeout)")
}

/// A chat request whose body says everything: read, handled, answered.
pub(crate) async fn chat(front: Front, door: Dialect, request: Request) -> Response {
    match call(&front, door, request).await {
        Ok(call) => router::handle(call).await.into_response(),
        Err(refused) => *refused,
    }
}

/// A request as the router takes it, or why it is none.
pub(crate) async fn call(
    front: &Front,
    door: Dialect,
    request: Request,
) -> Result<Call, Box<Response>> {
    let entered = enter(front, door, request).await?;
    let ask = Ask::read(door, entered.body).map_err(|bad| no_request(door, &bad))?;
    Ok(front
        .router
        .call(door, ask, entered.headers, entered.tenant))
}

/// A request for embeddings, as the router takes it.
pub(crate) async fn embed(front: Front, request: Request) -> Response {
    let door = Dialect::OpenAi;
    let entered = match enter(&front, door, request).await {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    match Ask::of_embeddings(entered.body) {
        Ok(ask) => {
            let call = front
                .router
                .call(door, ask, entered.headers, entered.tenant);
            router::embed(call).await.into_response()
        }
        Err(bad) => no_request(door, &bad),
    }
}

/// A body that is no request.
fn no_request(door: Dialect, bad: &BadRequest) -> Response {
    problem(door, StatusCode::BAD_REQUEST, &bad.message, None, bad.param)
}

pub(crate) type Held = State<Front>;
