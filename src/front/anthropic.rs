//! `POST /v1/messages` and `/v1/messages/count_tokens`.

use super::{Held, call, chat};
use crate::{model::Dialect, router};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};

pub(super) async fn messages(State(front): Held, request: Request) -> Response {
    chat(front, Dialect::Anthropic, request).await
}

pub(super) async fn count_tokens(State(front): Held, request: Request) -> Response {
    match call(&front, Dialect::Anthropic, request).await {
        Ok(call) => router::count_tokens(call).await.into_response(),
        Err(refused) => *refused,
    }
}
