//! `POST /v1/responses`.

use super::{Held, chat};
use crate::model::Dialect;
use axum::{
    extract::{Request, State},
    response::Response,
};

pub(super) async fn create(State(front): Held, request: Request) -> Response {
    chat(front, Dialect::Responses, request).await
}
