//! `GET /admin/openapi.json`: what the operators' doors take and say, for programs.

use super::operator::Operator;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

const TEXT: &str = include_str!("../../assets/openapi.json");

pub(super) async fn describe(_: Operator) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], TEXT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_door_of_operators_is_described_and_no_other() {
        let doors = super::super::operators_doors();
        let doors: BTreeSet<_> = doors
            .map(|(method, path, _)| format!("{method} {path}"))
            .into();
        let doc: Value = serde_json::from_str(TEXT).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in doc["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys();
            if !path.starts_with("/health") {
                described.extend(methods.map(|method| format!("{method} {path}")));
            }
        }
        assert_eq!(described, doors);
    }
}
