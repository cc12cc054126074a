//! Requests of an incident, told with their attempts.

use super::{PRIMARY, SECONDARY, Scene, TERTIARY, incident};
use crate::model::{
    Class, Dialect, Kind, Verdict,
    event::{Exchanges, Outcome, RouteSecond},
    request::{CacheHit, Request, Skipped, Span, SpanEnd, SpanKind},
};
use std::time::Duration;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn span(id: &str, tier: usize, kind: SpanKind, (start, took): (u64, u64), end: SpanEnd) -> Span {
    Span {
        deployment: id.into(),
        tier,
        kind,
        start: ms(start),
        ttft: end.is_won().then(|| ms(took * 2 / 5)),
        took: ms(took),
        end,
        injected: false,
    }
}

fn overloaded() -> SpanEnd {
    SpanEnd::Failed(Verdict::new(Class::Fault, "overloaded_error").status(529))
}

/// One that the primary failed and the secondary answered.
pub(in crate::tui) fn request(n: u64) -> Request {
    Request {
        exchange: format!("0199a1c2-77{n:02}").as_str().into(),
        route: "chat".into(),
        outcome: Outcome::Fallback,
        dialect: Dialect::Anthropic,
        stream: true,
        model: "claude-sonnet-4-5".into(),
        deployment: Some(SECONDARY.into()),
        tier: Some(1),
        cache: None,
        ttft: Some(ms(298)),
        total: ms(544),
        waited: None,
        spans: vec![
            span(PRIMARY, 0, SpanKind::First, (0, 130), overloaded()),
            span(SECONDARY, 1, SpanKind::Fallback, (134, 410), SpanEnd::Won),
        ],
        skipped: Vec::new(),
        rescued: false,
        drill: false,
        alike: 0,
    }
}

/// An incident whose requests are told: failed over, passed over, from the cache, hedged, rescued, and one that failed.
pub(in crate::tui) fn requested() -> Scene {
    let mut s = incident();
    for n in 0..12 {
        s.push(Kind::Request(Box::new(request(n))));
    }
    s.push(Kind::Request(Box::new(Request {
        skipped: vec![Skipped {
            deployment: PRIMARY.into(),
            tier: 0,
            why: "open".into(),
        }],
        spans: vec![span(
            SECONDARY,
            1,
            SpanKind::First,
            (2, 1_900),
            SpanEnd::Won,
        )],
        total: ms(1_904),
        ttft: Some(ms(760)),
        alike: 36,
        ..request(20)
    })));
    s.push(Kind::Request(Box::new(Request {
        outcome: Outcome::Cached,
        cache: Some(CacheHit::Normalised),
        deployment: None,
        tier: None,
        spans: Vec::new(),
        stream: false,
        ttft: None,
        total: ms(2),
        ..request(21)
    })));
    s.push(Kind::Request(Box::new(Request {
        outcome: Outcome::Error,
        deployment: None,
        tier: None,
        spans: vec![
            span(
                PRIMARY,
                0,
                SpanKind::First,
                (0, 8_000),
                SpanEnd::Failed(Verdict::new(Class::Fault, "ttft_timeout")),
            ),
            span(SECONDARY, 1, SpanKind::Hedge, (4_000, 9_000), SpanEnd::Lost),
            span(
                TERTIARY,
                2,
                SpanKind::Fallback,
                (13_010, 16_990),
                SpanEnd::Failed(Verdict::new(Class::Fault, "timeout")),
            ),
        ],
        waited: Some(ms(250)),
        ttft: None,
        total: ms(30_000),
        ..request(22)
    })));
    s.push(Kind::Request(Box::new(Request {
        rescued: true,
        drill: true,
        ..request(23)
    })));
    let second = |route: &str, tiers: &[u32], cached, canned| RouteSecond {
        route: route.into(),
        tiers: tiers.to_vec(),
        cached,
        canned,
        ..RouteSecond::empty(route.into())
    };
    s.push(Kind::Exchanges(Exchanges {
        fallback: 300,
        cached: 12,
        routes: vec![
            second("chat", &[0, 281, 19], 12, 0),
            second("summarize", &[18, 2], 0, 3),
        ],
        ..Exchanges::default()
    }));
    s
}
