//! What a frame of each view costs, and what a second of events costs the reducer: a quarter of an hour of three busy
//! deployments, judged, tripping, falling over, with every list full.

use breakerbox::{
    model::{
        Class, Command, Dialect, Event, Kind, Phase, Reason, Snapshot, State, Verdict, Wall,
        event::{Bucket, Exchanges, Picked, SCHEMA},
        finding::Findings,
        phase::Transition,
        series::Latency,
        topology::{DeploymentInfo, RouteInfo, Topology},
    },
    source::Source,
    tui::{Options, Palette, View, picture},
};
use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::layout::Size;
use std::{hint::black_box, sync::Arc, time::Duration};

const IDS: [&str; 3] = [
    "anthropic/claude-sonnet-4-5",
    "openai/gpt-4.1",
    "gemini/gemini-2.5-pro",
];
const SECONDS: u64 = 900;
const START: Wall = Wall(1_700_000_000_000);

struct Still(Arc<Snapshot>);

impl Source for Still {
    fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0)
    }

    fn send(&self, _: Command) -> Result<(), String> {
        Err("nothing runs here".to_owned())
    }

    fn label(&self) -> &'static str {
        "REPLAY"
    }

    fn read_only(&self) -> bool {
        true
    }
}

fn started() -> Kind {
    let deployment = |id: &&str| DeploymentInfo {
        id: (*id).into(),
        provider: "p".into(),
        dialect: Dialect::OpenAi,
        model: "m".to_owned(),
        disabled: None,
    };
    let topology = Topology {
        deployments: IDS.iter().map(deployment).collect(),
        routes: vec![RouteInfo {
            id: "summarize".into(),
            tiers: IDS.iter().map(|id| (*id).into()).collect(),
        }],
        err_threshold: 0.02,
        judge_threshold: 0.7,
        judge_min_n: 20,
        ..Topology::default()
    };
    Kind::Started {
        schema: SCHEMA,
        version: "0".to_owned(),
        listen: "127.0.0.1:4141".to_owned(),
        topology,
    }
}

fn score(id: &str, sec: u64) -> Kind {
    Kind::Score {
        deployment: id.into(),
        judge: "mistral/mistral-medium".into(),
        exchange: "01J".into(),
        score: if sec.is_multiple_of(9) { 0.4 } else { 0.9 },
        reason: "The answer addresses the question and is complete, but cites a clause that is not there."
            .to_owned(),
        answer: "The contract runs for two years and can be ended at the end of each quarter (§ 12).".to_owned(),
        picked: Picked::Sample,
        findings: Findings::default(),
    }
}

/// The primary opens and closes, so that charts have marks and the list of events has reasons to word.
fn trip(sec: u64) -> Kind {
    let (from, to) = if sec.is_multiple_of(60) {
        (Phase::Closed, Phase::Open)
    } else {
        (Phase::Open, Phase::Closed)
    };
    Kind::Transition(Transition {
        deployment: IDS[0].into(),
        from,
        to,
        reason: Reason::ErrorRate {
            rate: 0.384,
            limit: 0.02,
            bad: 312,
            n: 812,
            window_s: 60,
        },
        generation: sec,
        until: Some(START + Duration::from_secs(sec + 300)),
    })
}

/// What one second brings.
fn second(sec: u64) -> Vec<Kind> {
    let times = Latency((0..12).map(|i| (200 + i * 150, 2)).collect());
    let mut kinds: Vec<_> = IDS
        .iter()
        .map(|id| {
            Kind::Bucket(Bucket {
                ok: 24,
                fail: u32::from(sec.is_multiple_of(20)),
                ttft: times.clone(),
                total: times.clone(),
                ..Bucket::empty((*id).into())
            })
        })
        .collect();
    kinds.extend(IDS.iter().map(|id| score(id, sec)));
    kinds.push(Kind::Fallback {
        exchange: "01J".into(),
        route: "summarize".into(),
        from: IDS[0].into(),
        to: Some(IDS[1].into()),
        verdict: Verdict::new(Class::Fault, "overloaded_error").status(529),
    });
    if sec.is_multiple_of(30) {
        kinds.push(trip(sec));
    }
    kinds.push(Kind::Exchanges(Exchanges {
        primary: 60,
        fallback: 5,
        cached: 7,
        total: times,
        ..Exchanges::default()
    }));
    kinds
}

fn feed(state: &mut State, seq: &mut u64, sec: u64, kinds: Vec<Kind>) {
    for kind in kinds {
        *seq += 1;
        state.apply(&Arc::new(Event::new(
            *seq,
            START + Duration::from_secs(sec),
            kind,
        )));
    }
}

fn bench(c: &mut Criterion) {
    let (mut state, mut seq) = (State::new(), 0);
    feed(&mut state, &mut seq, 0, vec![started()]);
    for sec in 0..SECONDS {
        feed(&mut state, &mut seq, sec, second(sec));
    }
    let now = START + Duration::from_secs(SECONDS);
    let source: Arc<dyn Source> = Arc::new(Still(Arc::new(state.snapshot(now))));
    for view in [View::Overview, View::Detail, View::Events, View::Wall] {
        let options = Options {
            palette: Palette::Dark,
            view,
            ..Options::default()
        };
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            c.bench_function(&format!("{view:?} {width}x{height}"), |b| {
                b.iter(|| {
                    black_box(picture(
                        Arc::clone(&source),
                        &options,
                        Size { width, height },
                    ))
                });
            });
        }
    }
    c.bench_function("snapshot", |b| b.iter(|| black_box(state.snapshot(now))));
    let mut sec = SECONDS;
    c.bench_function("a second of events", |b| {
        b.iter(|| {
            sec += 1;
            feed(&mut state, &mut seq, sec, second(sec));
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
