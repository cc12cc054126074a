//! The operators' door: the snapshot, and commands in the one grammar.

use super::{
    Front, Held,
    operator::{MAY_LOOK, Operator, Refused, refuse},
    serve::Peer,
    too_late,
};
use crate::model::{Command, Event, Kind, Order, Snapshot, content::first_words, order::Role};
use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Request, State, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{sync::broadcast, time::timeout};
use uuid::Uuid;

/// A router that works carries a command out in milliseconds.
const ANSWER: Duration = Duration::from_secs(10);
/// Characters of a name that somebody gives himself.
const NAME: usize = 64;
const BUSY: &str = "the router is busy or stopping; try again";

/// Whoever is let in may look.
impl FromRequestParts<Front> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, front: &Front) -> Result<Self, Response> {
        let Some(peer) = parts.extensions.get::<Peer>() else {
            return Err(refuse(
                StatusCode::FORBIDDEN,
                "nobody knows where this call is from",
            ));
        };
        let config = front.router.config();
        let admitted = front.doorman.admit(&config.control, *peer, parts);
        admitted.map_err(|refused| *refused)
    }
}

/// A command line and who gives it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    command: String,
    #[serde(default)]
    actor: Option<String>,
}

pub(super) async fn snapshot(State(front): Held, _: Operator) -> Response {
    // It may be megabytes: not on a thread that serves callers.
    let written = tokio::task::spawn_blocking(move || {
        let now = front.router.bus().snapshot().load_full();
        Json(&*shown(&front, now)).into_response()
    });
    written.await.unwrap_or_else(|_| {
        let why = "the snapshot could not be written";
        refuse(StatusCode::INTERNAL_SERVER_ERROR, why)
    })
}

/// As it may leave this process.
pub(super) fn shown(front: &Front, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
    if front.router.config().journal.content {
        return snapshot;
    }
    Arc::new(Snapshot::clone(&snapshot).without_content())
}

/// Answers when the event is there that says what became of it.
pub(super) async fn command(State(front): Held, operator: Operator, request: Request) -> Response {
    let done = async {
        let given = given(&front, request).await?;
        front.doorman.turn(&operator)?;
        let command = Command::parse(&given.command);
        let command = command.map_err(|why| Box::new(refuse(StatusCode::BAD_REQUEST, &why)))?;
        carried_out(
            &front,
            &operator,
            order(&operator, given.actor.as_deref(), command),
        )
        .await
    };
    done.await.unwrap_or_else(|refused: Refused| *refused)
}

async fn given(front: &Front, request: Request) -> Result<Given, Refused> {
    let within = front.router.config().server.body_timeout;
    let read = timeout(within, Json::<Given>::from_request(request, front)).await;
    let read =
        read.map_err(|_| Box::new(refuse(StatusCode::REQUEST_TIMEOUT, &too_late(within))))?;
    let Json(given) = read.map_err(|e| Box::new(no_command(&e)))?;
    Ok(given)
}

fn no_command(e: &JsonRejection) -> Response {
    let status = match e.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    refuse(status, &e.body_text())
}

/// Hands an order to whoever carries it out. What is not even handed on is told like what is refused later.
pub(super) fn hand_on(
    front: &Front,
    operator: &Operator,
    order: Order,
) -> Result<(), (StatusCode, &'static str)> {
    let (order, status, why) = if operator.role < Role::Control {
        (order, StatusCode::FORBIDDEN, MAY_LOOK)
    } else {
        match front.orders.try_send(order) {
            Ok(()) => return Ok(()),
            Err(e) => (e.into_inner(), StatusCode::SERVICE_UNAVAILABLE, BUSY),
        }
    };
    front.router.bus().emit(order.told(Some(why.to_owned())));
    Err((status, why))
}

/// As he calls himself, or else as he is known here.
pub(super) fn name(operator: &Operator, said: Option<&str>) -> String {
    let said = said.map(|name| first_words(name, NAME));
    said.filter(|name| !name.is_empty())
        .unwrap_or_else(|| operator.actor().to_owned())
}

pub(super) fn order(operator: &Operator, actor: Option<&str>, command: Command) -> Order {
    Order {
        actor: name(operator, actor),
        command,
        origin: Some(operator.origin.clone()),
        ticket: Some(Uuid::now_v7()),
    }
}

async fn carried_out(
    front: &Front,
    operator: &Operator,
    order: Order,
) -> Result<Response, Refused> {
    let events = front.router.bus().subscribe();
    let ticket = order.ticket;
    hand_on(front, operator, order).map_err(|(status, why)| Box::new(refuse(status, why)))?;
    let answer = timeout(ANSWER, answer(events, ticket)).await.ok().flatten();
    let event = answer.ok_or_else(|| {
        let why = "nothing came of it within 10 s; look at the events before it is given again";
        Box::new(refuse(StatusCode::GATEWAY_TIMEOUT, why))
    })?;
    let refused = match &event.kind {
        Kind::Command { refused, .. } => refused.as_ref(),
        _ => None,
    };
    let (status, mut said) = match refused {
        None => (StatusCode::OK, json!({})),
        Some(why) => (StatusCode::CONFLICT, json!({"error": {"message": why}})),
    };
    said["event"] = json!(&*event);
    Ok((status, Json(said)).into_response())
}

async fn answer(
    mut events: broadcast::Receiver<Arc<Event>>,
    wanted: Option<Uuid>,
) -> Option<Arc<Event>> {
    loop {
        match events.recv().await {
            Ok(event) => {
                if matches!(&event.kind, Kind::Command { ticket, .. } if *ticket == wanted) {
                    return Some(event);
                }
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return None,
        }
    }
}
