//! Requests and whole answers of one dialect in every other: no panic, and what comes out is JSON that its own
//! dialect reads.

#![no_main]

use breakerbox::{
    model::Dialect,
    provider::{
        ask::Ask,
        translate::{self, Reply},
    },
};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn is_object(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|v| v.is_object())
}

fn ask(from: Dialect, body: &[u8]) {
    let Ok(ask) = Ask::read(from, Bytes::copy_from_slice(body)) else {
        return;
    };
    let other = ask.with_model("another \"model\"");
    assert!(is_object(&other) || !is_object(body), "a model spliced in");
    let _ = translate::strip_foreign(from, &other);
}

fn request(from: Dialect, to: Dialect, body: &[u8]) {
    let Ok(made) = translate::request(from, to, body, "m") else {
        return;
    };
    assert!(is_object(&made.body), "a request for {to}");
    let again = translate::read_request(to, &made.body);
    assert!(
        again.is_ok(),
        "{to} does not read its own request: {again:?}"
    );
}

fn answer(from: Dialect, to: Dialect, body: &[u8]) {
    let Ok(answer) = translate::read_answer(from, body) else {
        return;
    };
    let written = translate::write_answer(to, &answer, &Reply::default());
    assert!(is_object(&written), "an answer at the {to} door");
    let again = translate::read_answer(to, &written);
    assert!(
        again.is_ok(),
        "{to} does not read its own answer: {again:?}"
    );
}

fuzz_target!(|body: &[u8]| {
    for from in Dialect::ALL {
        ask(from, body);
        for to in Dialect::ALL {
            request(from, to, body);
            answer(from, to, body);
        }
    }
});
