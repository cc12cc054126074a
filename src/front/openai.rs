//! `POST /v1/chat/completions` and `/v1/embeddings`.

use super::{Held, chat as answer, embed};
use crate::model::Dialect;
use axum::{
    extract::{Request, State},
    response::Response,
};

pub(super) async fn chat(State(front): Held, request: Request) -> Response {
    answer(front, Dialect::OpenAi, request).await
}

pub(super) async fn embeddings(State(front): Held, request: Request) -> Response {
    embed(front, request).await
}
