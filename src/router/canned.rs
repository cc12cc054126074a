//! Rung 3: a text that people wrote, and that does not pretend to be the model.

use crate::{
    config::Canned,
    model::RouteId,
    provider::chat::{Answer, Finish, Part, Usage},
};
use std::time::Duration;

/// What the answer calls itself, where a model's name stands.
pub(super) const MODEL: &str = "breakerbox/canned";

/// The route's canned answer; its JSON where the caller asked for a schema and the route has some.
pub(super) fn answer(canned: &Canned, route: &RouteId, retry_in: Duration, schema: bool) -> Answer {
    let json = canned.json.as_ref().filter(|_| schema);
    Answer {
        id: String::new(),
        model: MODEL.to_owned(),
        parts: vec![Part::Text(
            json.cloned()
                .unwrap_or_else(|| canned.fill(route, retry_in)),
        )],
        finish: Some(Finish::Stop),
        usage: Usage::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_given_only_to_those_who_asked_for_a_schema() {
        let canned = Canned {
            json: Some("{\"ok\":false}".to_owned()),
            ..Canned::default()
        };
        let text = |schema| answer(&canned, &"r".into(), Duration::from_mins(1), schema).text();
        assert_eq!(text(true), "{\"ok\":false}");
        assert!(text(false).contains("not an answer from a model"));
        assert_eq!(
            answer(&canned, &"r".into(), Duration::ZERO, false).usage,
            Usage::default()
        );
    }
}
