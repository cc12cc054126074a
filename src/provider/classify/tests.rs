mod echo;
mod golden;
mod recorded;
mod streams;
mod whole;

use super::*;
use crate::model::{Class, Dialect, Verdict, Wall};
use ::http::{HeaderMap, HeaderName, HeaderValue};

/// 2026-11-01T00:00:00Z
const NOW: Wall = Wall(1_793_491_200_000);

/// `name: value` per line.
fn headers(lines: &str) -> HeaderMap {
    lines
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(n, v)| {
            (
                n.parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(v).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_failure_of_the_wire_is_a_fault_and_silences_are_not_tried_again() {
    use TransportError as T;
    for error in T::ALL {
        let verdict = transport(error);
        assert_eq!(verdict.class, Class::Fault, "{error:?}");
        let fast = matches!(
            error,
            T::ConnectRefused | T::Dns | T::Tls | T::Reset | T::Cut | T::BadFraming
        );
        assert_eq!(verdict.may_retry_same_tier(), fast, "{error:?}");
    }
    assert_eq!(transport(T::TtftTimeout).to_string(), "fault ttft_timeout");
}

#[test]
fn only_what_happens_before_a_connection_points_at_our_own_network() {
    use TransportError as T;
    let never: Vec<_> = T::ALL.into_iter().filter(|e| e.never_connected()).collect();
    assert_eq!(
        never,
        [T::ConnectRefused, T::Dns, T::Tls, T::ConnectTimeout]
    );
}
