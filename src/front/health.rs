//! `GET /health` (the process lives), `/health/ready` (it can serve somebody), `GET /`.

use super::Held;
use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

pub(super) async fn live() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// 200 while at least one tier of every route takes traffic. Rung 3 alone is not ready.
pub(super) async fn ready(State(front): Held) -> (StatusCode, Json<Value>) {
    let snapshot = front.router.bus().snapshot().load_full();
    let dark: Vec<_> = snapshot
        .routes
        .iter()
        .filter(|r| snapshot.is_dark(r))
        .map(|r| r.id.to_string())
        .collect();
    let ready = dark.is_empty() && !front.is_leaving() && !snapshot.routes.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({"ready": ready, "routes_without_a_tier": dark, "users": snapshot.users.word})),
    )
}

pub(super) async fn hello() -> Json<Value> {
    Json(json!({"service": "breakerbox", "version": env!("CARGO_PKG_VERSION")}))
}
