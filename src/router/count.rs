//! `count_tokens`: asked of the route's own deployment of the caller's dialect where there is one, estimated where
//! there is none.

use super::{Call, plant::Unit, reply::Reply};
use crate::{model::Dialect, provider::endpoint, telemetry::context};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// Roughly, in English text.
const BYTES_PER_TOKEN: usize = 4;
const TIMEOUT: Duration = Duration::from_secs(10);

pub async fn count_tokens(call: Call) -> Reply {
    let plant = call.router.plant.load_full();
    let Some(route) = plant.route(&call.ask.model) else {
        let message = format!(
            "there is no route or deployment {:?} here; there are: {}",
            call.ask.model,
            plant.config.names().join(", ")
        );
        return Reply::error(
            &call,
            StatusCode::NOT_FOUND,
            &message,
            Some("model_not_found"),
            Some("model"),
        );
    };
    let mut units = route
        .tiers
        .iter()
        .flat_map(|t| &t.deployments)
        .filter_map(|d| plant.units.get(d));
    let counts = |u: &&Arc<Unit>| u.dialect() == call.door && u.provider.missing_key.is_none();
    if let Some(unit) = units.find(counts) {
        let counted = tokio::select! {
            biased;
            counted = ask(&call, unit) => counted,
            () = call.router.ending() => None,
        };
        if let Some(reply) = counted {
            return reply;
        }
    }
    let estimate = call.ask.body.len().div_ceil(BYTES_PER_TOKEN);
    let body = match call.door {
        Dialect::Gemini => json!({"totalTokens": estimate}),
        _ => json!({"input_tokens": estimate}),
    };
    let mut reply = Reply::full(StatusCode::OK, HeaderMap::new(), body.to_string().into());
    reply.set("x-breakerbox-estimated", "true");
    reply
}

/// What is sent to be counted. Gemini counts system text and tools only of a request in a wrapper, which has to name
/// its model.
fn counted(call: &Call, model: &str) -> Option<Bytes> {
    if call.door != Dialect::Gemini {
        return Some(call.ask.with_model(model));
    }
    let mut request: Value = serde_json::from_slice(&call.ask.body).ok()?;
    request["model"] = format!("models/{model}").into();
    Some(
        json!({"generateContentRequest": request})
            .to_string()
            .into(),
    )
}

/// The provider's own count; none when it gives none.
async fn ask(call: &Call, unit: &Unit) -> Option<Reply> {
    let url = endpoint::count_tokens(unit.dialect(), &unit.provider.base_url, &unit.model)?;
    let mut headers = endpoint::forwardable(call.door, unit.dialect(), &call.headers);
    context::pass_on(&call.headers, &mut headers);
    let mut request = unit
        .client
        .post(url)
        .headers(headers)
        .timeout(TIMEOUT)
        .body(counted(call, &unit.model)?);
    let key = unit.provider.key.as_ref()?;
    if let Some((name, value)) = endpoint::auth(unit.dialect(), key.expose_secret()) {
        request = request.header(name, value);
    }
    let response = request.send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let mut reply = Reply::full(
        StatusCode::OK,
        HeaderMap::new(),
        response.bytes().await.ok()?,
    );
    reply.set("x-breakerbox-deployment", &unit.id);
    Some(reply)
}
