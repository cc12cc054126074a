//! `POST /v1/chat/completions`.

use super::{Held, chat as answer};
use crate::model::Dialect;
use axum::{
    extract::{Request, State},
    response::Response,
};

pub(super) async fn chat(State(front): Held, request: Request) -> Response {
    answer(front, Dialect::OpenAi, request).await
}
