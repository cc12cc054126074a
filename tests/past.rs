//! What looking back costs: a target of its own, since it counts allocations.

use allocation_counter::measure;
use breakerbox::model::{
    Class, Dialect, Event, Kind, Verdict, Wall,
    event::{Bucket, Exchanges, Outcome, Picked},
    finding::Findings,
    past::Past,
    request::{Request, Span, SpanEnd, SpanKind},
    state::State,
    topology::{DeploymentInfo, RouteInfo, Topology},
};
use std::{sync::Arc, time::Duration};

const START: u64 = 1_773_151_000;
const DEPLOYMENTS: usize = 6;
/// What README promises for six deployments.
const MOST: i64 = 32 * 1024 * 1024;

fn ids() -> impl Iterator<Item = String> {
    (0..DEPLOYMENTS).map(|i| format!("provider-{i}/some-model-with-a-name"))
}

fn started() -> Kind {
    let deployments = ids().map(|id| DeploymentInfo {
        id: id.as_str().into(),
        provider: "provider".into(),
        dialect: Dialect::OpenAi,
        model: "some-model-with-a-name".into(),
        disabled: None,
    });
    Kind::Started {
        schema: 1,
        version: "0".into(),
        listen: "127.0.0.1:1".into(),
        topology: Topology {
            deployments: deployments.collect(),
            routes: vec![RouteInfo {
                id: "chat".into(),
                tiers: ids().map(|id| id.as_str().into()).collect(),
            }],
            ..Topology::default()
        },
    }
}

/// One that went through every deployment.
fn request() -> Request {
    let spans = ids().map(|id| Span {
        deployment: id.as_str().into(),
        tier: 1,
        kind: SpanKind::Fallback,
        start: Duration::from_millis(1),
        ttft: None,
        took: Duration::from_millis(2),
        end: SpanEnd::Failed(Verdict::new(Class::Fault, "overloaded_error").status(529)),
        injected: false,
    });
    Request {
        exchange: "01JABCDEFGHJKMNPQRSTVWXYZ0".into(),
        route: "chat".into(),
        outcome: Outcome::Error,
        dialect: Dialect::OpenAi,
        stream: true,
        model: "some-model-with-a-name".into(),
        deployment: None,
        tier: None,
        cache: None,
        ttft: None,
        total: Duration::from_millis(20),
        waited: None,
        spans: spans.collect(),
        skipped: Vec::new(),
        rescued: false,
        drill: false,
        alike: 0,
    }
}

/// A second of everything there is: traffic, scores with long reasons, and requests that failed everywhere.
fn second() -> Vec<Kind> {
    let mut all: Vec<_> = ids()
        .flat_map(|id| {
            let bucket = Kind::Bucket(Bucket {
                ok: 40,
                fail: 3,
                ..Bucket::empty(id.as_str().into())
            });
            let score = Kind::Score {
                deployment: id.as_str().into(),
                judge: "judge/model".into(),
                exchange: "01JABCDEFGHJKMNPQRSTVWXYZ0".into(),
                score: 0.4,
                reason: "it answers another question than the one that was asked ".repeat(3),
                answer: String::new(),
                picked: Picked::Sample,
                findings: Findings::default(),
            };
            [bucket, score]
        })
        .collect();
    all.extend((0..20).map(|_| Kind::Request(Box::new(request()))));
    let mut exchanges = Exchanges::default();
    exchanges.count(Outcome::Primary);
    all.push(Kind::Exchanges(exchanges));
    all
}

/// A day that is looked at once a minute, then half an hour that is looked at once a second: every list is full.
#[test]
fn a_day_of_looking_back_stays_within_what_is_promised() {
    let mut held = None;
    let cost = measure(|| {
        let (mut state, mut past, mut seq) = (State::new(), Past::default(), 0);
        let mut tell = |state: &mut State, sec: u64, kind| {
            seq += 1;
            state.apply(&Arc::new(Event::new(seq, Wall(sec * 1000), kind)));
        };
        tell(&mut state, START, started());
        let day = 24 * 60;
        let minutes = (0..day).map(|m| START + m * 60);
        let seconds = (0..1800).map(|s| START + day * 60 + s);
        for sec in minutes.chain(seconds) {
            for kind in second() {
                tell(&mut state, sec, kind);
            }
            past.take(&state.snapshot(Wall(sec * 1000)));
        }
        held = Some(past);
    });
    assert!(
        cost.bytes_current < MOST,
        "{} bytes are held",
        cost.bytes_current
    );
    let oldest = held.as_ref().and_then(Past::oldest);
    let newest = Wall((START + 24 * 3600 + 1799) * 1000);
    let kept = oldest.map(|at| newest.since(at).as_secs() / 3600);
    assert_eq!(kept, Some(23), "a day is kept, and no more");
    println!("{} bytes are held", cost.bytes_current);
}
