//! `GET /v1/models` and `/v1/models/{id}`, in the shape of whoever asks.

use super::{Front, Held, dialect_of, guard, problem};
use crate::{config::Config, model::Dialect};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Routes have no birthday; clients want a date.
const CREATED: &str = "2026-01-01T00:00:00Z";
const CREATED_S: u64 = 1_767_225_600;

pub(super) async fn list(State(front): Held, headers: HeaderMap, uri: Uri) -> Response {
    let (door, config) = match enter(&front, &headers, &uri) {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let names = config.names();
    let data: Vec<Value> = names.iter().map(|n| model(door, n)).collect();
    Json(match door {
        Dialect::Anthropic => {
            json!({"data": data, "has_more": false, "first_id": names.first(), "last_id": names.last()})
        }
        Dialect::Gemini => json!({"models": data}),
        // Bedrock is no door.
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock => json!({"object": "list", "data": data}),
    })
    .into_response()
}

pub(super) async fn one(
    State(front): Held,
    headers: HeaderMap,
    uri: Uri,
    Path(id): Path<String>,
) -> Response {
    let (door, config) = match enter(&front, &headers, &uri) {
        Ok(entered) => entered,
        Err(refused) => return *refused,
    };
    let names = config.names();
    if names.contains(&id.as_str()) {
        return Json(model(door, &id)).into_response();
    }
    let message = format!(
        "there is no route or deployment {id:?} here; there are: {}",
        names.join(", ")
    );
    problem(
        door,
        StatusCode::NOT_FOUND,
        &message,
        Some("model_not_found"),
        Some("model"),
    )
}

/// Who asks, in which dialect, and what there is.
fn enter(
    front: &Front,
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<(Dialect, Arc<Config>), Box<Response>> {
    let door = dialect_of(headers, uri);
    let config = front.router.config();
    match guard::admit(&config.server.client_keys, headers, uri) {
        Ok(_) => Ok((door, config)),
        Err(why) => Err(Box::new(problem(
            door,
            StatusCode::UNAUTHORIZED,
            why,
            Some("invalid_api_key"),
            None,
        ))),
    }
}

fn model(door: Dialect, name: &str) -> Value {
    match door {
        Dialect::Anthropic => {
            json!({"id": name, "type": "model", "display_name": name, "created_at": CREATED, "lifecycle": "active"})
        }
        Dialect::Gemini => json!({
            "name": format!("models/{name}"),
            "version": "1",
            "displayName": name,
            "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
        }),
        Dialect::OpenAi | Dialect::Responses | Dialect::Bedrock => {
            json!({"id": name, "object": "model", "created": CREATED_S, "owned_by": "breakerbox"})
        }
    }
}
