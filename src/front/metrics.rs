//! `GET /metrics`, for a Prometheus server: whoever may look at the snapshot may read it.

use super::{Held, operator::Operator};
use crate::metrics;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

pub(super) async fn scrape(State(front): Held, _: Operator) -> Response {
    let (bus, spans) = (front.router.bus().clone(), front.router.spans());
    // Thousands of lines, and files of the system: not on a thread that serves callers.
    let page = tokio::task::spawn_blocking(move || {
        let snapshot = bus.snapshot().load_full();
        bus.metrics()
            .text(&snapshot, metrics::process().as_ref(), spans)
    });
    match page.await {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics could not be written",
        )
            .into_response(),
    }
}
