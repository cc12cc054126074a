//! A post-mortem of a stretch is the same whether all of the journal is read for it, or only the files that matter.

use breakerbox::{
    journal::{Settings, Writer},
    model::{
        Dialect, Event, Kind, Phase, Reason, Wall,
        event::{Bucket, Exchanges, SCHEMA},
        fault::{Fault, FaultKind, Only},
        phase::Transition,
        topology::{DeploymentInfo, Topology},
    },
    postmortem::Gather,
    source::{
        Tape,
        replay::{Part, Purpose, Replay},
    },
};
use std::{path::Path, sync::Arc, time::Duration};

/// 2026-11-17T00:00:00Z
const T0: Wall = Wall(1_794_873_600_000);
const MINUTES: u64 = 4 * 24 * 60;

fn started() -> Kind {
    let deployment = |id: &str| DeploymentInfo {
        id: id.into(),
        provider: "p".into(),
        dialect: Dialect::OpenAi,
        model: id.to_owned(),
        disabled: None,
    };
    Kind::Started {
        schema: SCHEMA,
        version: "1".to_owned(),
        listen: "x".to_owned(),
        topology: Topology {
            deployments: vec![deployment("p/a"), deployment("p/b")],
            err_threshold: 0.02,
            judge_threshold: 0.7,
            ..Topology::default()
        },
    }
}

fn moved(to: Phase) -> Kind {
    let reason = Reason::ErrorRate {
        rate: 0.5,
        limit: 0.02,
        bad: 50,
        n: 100,
        window_s: 300,
    };
    Kind::Transition(Transition {
        deployment: "p/a".into(),
        from: Phase::Closed,
        to,
        reason,
        generation: 1,
        until: None,
    })
}

/// What happens in a minute besides traffic: each episode is out for an hour, the third over midnight.
fn at(minute: u64) -> Vec<Kind> {
    let fault = |until| {
        Kind::FaultAdded(Fault {
            id: 7,
            deployment: "p/a".into(),
            kind: "status=503".parse::<FaultKind>().unwrap(),
            rate: 1.0,
            only: Only::default(),
            who: "ann".to_owned(),
            until,
        })
    };
    let cleared = Kind::FaultCleared {
        id: 7,
        deployment: "p/a".into(),
        hits: 3,
        who: "ann".to_owned(),
    };
    match minute {
        0 | 5_000 => vec![started()],
        // By hand, then by itself, then over midnight, then while the process ends.
        598 => vec![fault(T0 + Duration::from_mins(700))],
        600 | 2_000 | 2_850 | 4_960 => vec![moved(Phase::Open)],
        640 => vec![cleared],
        650 | 2_050 | 2_900 => vec![moved(Phase::Probe)],
        660 | 2_060 | 2_910 => vec![moved(Phase::Closed)],
        _ => Vec::new(),
    }
}

fn record(dir: &Path) {
    let settings = Settings {
        file_bytes: 50_000,
        keep: Duration::from_hours(24 * 30),
        content: true,
        retry: Settings::RETRY,
    };
    let open = |at| Writer::open(dir, settings, at, Arc::default, |_| {}).unwrap();
    let mut writer = open(T0);
    let mut seq = 0;
    for minute in 0..MINUTES {
        let now = T0 + Duration::from_mins(minute);
        let special = at(minute);
        if minute > 0 && matches!(special.first(), Some(Kind::Started { .. })) {
            drop(writer);
            writer = open(now);
            seq = 0;
        }
        let ill = minute % 1_000 < 60;
        let traffic = [
            Kind::Bucket(Bucket {
                ok: 90,
                fail: if ill { 5 } else { 0 },
                ..Bucket::empty("p/a".into())
            }),
            Kind::Exchanges(Exchanges {
                primary: 88,
                fallback: 2,
                error: u32::from(ill),
                ..Exchanges::default()
            }),
        ];
        for kind in special.into_iter().chain(traffic) {
            seq += 1;
            let event = Event::new(seq, now, kind);
            assert!(writer.append(Arc::new(event)));
        }
        if minute % 500 == 0 {
            writer.sync();
        }
    }
}

fn report(what: &[String], from: &str, purpose: Purpose) -> (serde_json::Value, usize) {
    let part = Part {
        what,
        from: Some(from),
        to: Some("2026-11-20T12:00:00Z"),
        purpose,
    };
    let mut files = 0;
    let replay = Replay::part(&part, &mut |read| files = read.files).unwrap();
    let (from, to) = replay.bounds();
    let mut gather = Gather::new(from, to, None);
    replay.story(|event| gather.take(event)).unwrap();
    let report = gather.done(replay.notes().to_vec()).unwrap();
    (serde_json::to_value(report).unwrap(), files)
}

#[test]
fn a_report_of_a_stretch_is_the_same_when_only_the_files_that_matter_are_read() {
    let dir = tempfile::tempdir().unwrap();
    record(dir.path());
    let what = [dir.path().display().to_string()];
    let files = breakerbox::journal::files(dir.path()).unwrap();
    // As it is read when there is nothing to go by but the files themselves, joined into one.
    let joined = dir.path().join("joined");
    let mut all = Vec::new();
    for file in &files {
        let mut lines = breakerbox::journal::lines(std::fs::File::open(file).unwrap()).unwrap();
        std::io::copy(&mut lines, &mut all).unwrap();
    }
    std::fs::write(&joined, all).unwrap();
    let joined = [joined.display().to_string()];

    let mut least = usize::MAX;
    for from in [
        "2026-11-17T06:00:00Z",
        // While it is open, by a fault; by errors; over midnight; and after another process has begun.
        "2026-11-17T10:30:00Z",
        "2026-11-18T09:40:00Z",
        "2026-11-19T00:10:00Z",
        "2026-11-19T18:00:00Z",
        "2026-11-20T11:30:00Z",
    ] {
        let (part, read) = report(&what, from, Purpose::Report);
        let (whole, _) = report(&joined, from, Purpose::Report);
        assert_eq!(part, whole, "{from}");
        least = least.min(read);
    }
    assert!(least < files.len() / 2, "{least} of {}", files.len());
}
