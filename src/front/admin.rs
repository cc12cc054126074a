//! The operators' door: the snapshot, and commands in the one grammar. For this machine only.

use super::{Held, serve::Peer};
use crate::model::{Command, Order, Snapshot};
use axum::{
    Json,
    extract::{Extension, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

/// A command line and who gives it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    command: String,
    #[serde(default)]
    actor: Option<String>,
}

pub(super) async fn snapshot(
    State(front): Held,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = local_only(peer, &headers) {
        return *refused;
    }
    let snapshot = front.router.bus().snapshot().load_full();
    if front.router.config().journal.content {
        return Json(&*snapshot).into_response();
    }
    Json(Snapshot::clone(&snapshot).without_content()).into_response()
}

pub(super) async fn command(
    State(front): Held,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(given): Json<Given>,
) -> Response {
    if let Err(refused) = local_only(peer, &headers) {
        return *refused;
    }
    let command = match Command::parse(&given.command) {
        Ok(command) => command,
        Err(why) => return refuse(StatusCode::BAD_REQUEST, &why),
    };
    let actor = given.actor.unwrap_or_else(|| "admin".to_owned());
    match front.orders.try_send(Order::new(actor, command)) {
        Ok(()) => (StatusCode::ACCEPTED, Json(json!({"accepted": true}))).into_response(),
        Err(_) => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "the router is busy or stopping; try again",
        ),
    }
}

/// From this machine, by its own name (a rebound DNS name is not), and not from a web page.
fn local_only(peer: Peer, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let host = headers
        .get("host")
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let local = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    if !peer.0.ip().is_loopback() || !local || headers.contains_key("origin") {
        return Err(Box::new(refuse(
            StatusCode::FORBIDDEN,
            "the operators' door opens to this machine only",
        )));
    }
    Ok(())
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": {"message": why}}))).into_response()
}
