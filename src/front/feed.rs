//! `GET /admin/events`: everything that happens from now on, one JSON object a line.

use super::{Held, operator::Operator};
use crate::model::Event;
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::json;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) async fn events(State(front): Held, _: Operator) -> Response {
    let content = front.router.config().journal.content;
    let events = front.router.bus().subscribe();
    // A stream that goes on would hold up the end of the router.
    let stop = front.stop.clone();
    let lines = stream::unfold(events, move |mut events| {
        let stop = stop.clone();
        async move {
            let line = stop
                .run_until_cancelled_owned(next(&mut events, content))
                .await??;
            Some((Ok::<_, Infallible>(line), events))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(lines)).into_response()
}

/// A reader that is too slow is told how many it missed.
async fn next(events: &mut Receiver<Arc<Event>>, content: bool) -> Option<String> {
    let line = match events.recv().await {
        Ok(event) if content => serde_json::to_string(&*event).ok()?,
        Ok(event) => serde_json::to_string(&event.without_content()).ok()?,
        Err(RecvError::Lagged(n)) => json!({"missed": n}).to_string(),
        Err(RecvError::Closed) => return None,
    };
    Some(line + "\n")
}
