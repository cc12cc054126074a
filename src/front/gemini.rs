//! `POST /v1beta/models/{model}:generateContent` and its kin. The model and what is wanted stand in the path.

use super::{Front, Held, enter, no_request, problem};
use crate::{
    model::Dialect,
    provider::{
        ask::{Ask, counted},
        translate::ListWriter,
    },
    router::{
        self, Call,
        reply::{Body, Reply},
    },
};
use axum::{
    extract::{Path, Query, Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future, stream};
use std::{convert::Infallible, io};

/// What is wanted of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Generate,
    Stream,
    Count,
}

pub(super) async fn ask(
    State(front): Held,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let Some((model, verb)) = named(&path) else {
        return unknown(request.uri());
    };
    let events = verb == Verb::Stream && wants_events(request.uri());
    let call = match call(&front, model, verb, request).await {
        Ok(call) => call,
        Err(refused) => return *refused,
    };
    match verb {
        Verb::Count => router::count_tokens(call).await.into_response(),
        Verb::Stream if !events => as_list(router::handle(call).await),
        Verb::Stream | Verb::Generate => router::handle(call).await.into_response(),
    }
}

/// The last colon parts the model from the verb: names have colons of their own.
fn named(path: &str) -> Option<(&str, Verb)> {
    let (model, verb) = path.rsplit_once(':')?;
    let verb = match verb {
        "generateContent" => Verb::Generate,
        "streamGenerateContent" => Verb::Stream,
        "countTokens" => Verb::Count,
        _ => return None,
    };
    (!model.is_empty()).then_some((model, verb))
}

fn unknown(uri: &Uri) -> Response {
    let message = format!(
        "there is nothing at {}; a model takes :generateContent, :streamGenerateContent and :countTokens",
        uri.path()
    );
    let status = StatusCode::NOT_FOUND;
    problem(
        Dialect::Gemini,
        status,
        &message,
        Some("unknown_path"),
        None,
    )
}

/// Server-sent events, or else one array that grows.
fn wants_events(uri: &Uri) -> bool {
    Query::<Vec<(String, String)>>::try_from_uri(uri).is_ok_and(|Query(all)| {
        all.iter()
            .any(|(name, value)| matches!(name.as_str(), "alt" | "$alt") && value == "sse")
    })
}

async fn call(
    front: &Front,
    model: &str,
    verb: Verb,
    request: Request,
) -> Result<Call, Box<Response>> {
    let door = Dialect::Gemini;
    let entered = enter(front, door, request).await?;
    let body = match verb {
        Verb::Count => counted(entered.body),
        Verb::Generate | Verb::Stream => entered.body,
    };
    let ask = Ask::read(door, body)
        .map_err(|bad| no_request(door, &bad))?
        .at(model, verb == Verb::Stream);
    Ok(front
        .router
        .call(door, ask, entered.headers, entered.tenant))
}

/// A stream of events as one array.
fn as_list(mut reply: Reply) -> Response {
    let events = match reply.body {
        Body::Stream(events) => events,
        full @ Body::Full(_) => {
            reply.body = full;
            return reply.into_response();
        }
    };
    let pieces = events
        .map(Some)
        .chain(stream::once(future::ready(None)))
        .scan(ListWriter::default(), |list, piece| {
            future::ready(Some(element(list, piece)))
        });
    let mut response = Response::new(axum::body::Body::from_stream(pieces));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=UTF-8"),
    );
    response
}

/// None: the stream has ended. An error breaks the connection, which leaves the array open.
fn element(
    list: &mut ListWriter,
    piece: Option<Result<Bytes, Infallible>>,
) -> Result<Bytes, io::Error> {
    let mut out = BytesMut::new();
    match piece {
        Some(Ok(bytes)) => list.feed(&bytes, &mut out).map_err(io::Error::other)?,
        None => list.finish(&mut out),
    }
    Ok(out.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_slashes_and_colons_are_told_from_the_verb() {
        for (path, expected) in [
            ("r:generateContent", Some(("r", Verb::Generate))),
            (
                "gemini/gemini-2.5-pro:streamGenerateContent",
                Some(("gemini/gemini-2.5-pro", Verb::Stream)),
            ),
            (
                "ollama/llama3:8b:countTokens",
                Some(("ollama/llama3:8b", Verb::Count)),
            ),
            ("llama3:8b", None),
            ("r:embedContent", None),
            (":generateContent", None),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
    }

    #[test]
    fn only_alt_sse_asks_for_events() {
        let wants = |uri: &'static str| wants_events(&Uri::from_static(uri));
        assert!(wants("/m:streamGenerateContent?key=k&alt=sse"));
        assert!(wants("/m:streamGenerateContent?%24alt=sse"));
        assert!(!wants("/m:streamGenerateContent"));
        assert!(!wants("/m:streamGenerateContent?alt=json&key=sse"));
    }
}
