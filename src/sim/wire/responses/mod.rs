//! `POST /v1/responses`; models are listed where the vendor's other API lists them.

mod read;
mod tell;

pub(super) use read::read;
pub(super) use tell::tell;

use super::{Delivery, Op, openai};
use axum::http::Method;

pub(super) fn is_at(path: &str) -> bool {
    path == "/v1/responses"
}

pub(super) fn route(method: &Method, path: &str) -> Option<Op> {
    match *method {
        Method::POST if is_at(path) => Some(Op::Chat {
            path_model: None,
            how: Delivery::ByBody,
        }),
        Method::GET => openai::route(method, path),
        _ => None,
    }
}
