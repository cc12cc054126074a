//! `GET /admin/events`: everything that happens from now on, one JSON object a line.

use super::{Front, Held, attach::seat, operator::Operator};
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
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{Receiver, error::RecvError},
};

pub(super) async fn events(State(front): Held, operator: Operator) -> Response {
    let seat = match seat(&front) {
        Ok(seat) => seat,
        Err(refused) => return *refused,
    };
    let reader = Reader {
        events: front.router.bus().subscribe(),
        front,
        operator,
        _seat: seat,
    };
    let lines = stream::unfold(reader, |mut reader| async move {
        let line = reader.next().await?;
        Some((Ok::<_, Infallible>(line), reader))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(lines)).into_response()
}

struct Reader {
    events: Receiver<Arc<Event>>,
    front: Front,
    operator: Operator,
    _seat: OwnedSemaphorePermit,
}

impl Reader {
    /// None: it is over, with the router or with what let the reader in. A reader that is too slow is told how many
    /// it missed.
    async fn next(&mut self) -> Option<String> {
        // A stream that goes on would hold up the end of the router.
        let told = self
            .front
            .stop
            .run_until_cancelled(self.events.recv())
            .await?;
        // After it has come: a reload is an event too.
        let config = self.front.router.config();
        if !self.operator.is_still_let_in(&config.control) {
            return None;
        }
        let line = match told {
            Ok(event) if config.journal.content => serde_json::to_string(&*event).ok()?,
            Ok(event) => serde_json::to_string(&event.without_content()).ok()?,
            Err(RecvError::Lagged(n)) => json!({"missed": n}).to_string(),
            Err(RecvError::Closed) => return None,
        };
        Some(line + "\n")
    }
}
