//! `POST /v1/messages` and `/v1/messages/count_tokens`.

use super::{Held, chat, enter, no_request};
use crate::{model::Dialect, provider::ask::Ask, router};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};

pub(super) async fn messages(State(front): Held, request: Request) -> Response {
    chat(front, Dialect::Anthropic, request).await
}

pub(super) async fn count_tokens(State(front): Held, request: Request) -> Response {
    let door = Dialect::Anthropic;
    let entered = match enter(&front, door, request).await {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    match Ask::read(door, entered.body) {
        Ok(ask) => {
            let call = front
                .router
                .call(door, ask, entered.headers, entered.tenant);
            router::count_tokens(call).await.into_response()
        }
        Err(bad) => no_request(door, &bad),
    }
}
