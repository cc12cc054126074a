use super::*;
use crate::{
    journal::{Settings, Writer},
    model::{
        Class, DeploymentId, Dialect, Force, ForceKind, Kind, Mono, Phase, Reason, State, Verdict,
        Wall,
        drill::DrillResult,
        event::{Bucket, Exchanges, Level, Outcome, Picked, RouteSecond, SCHEMA, Watch},
        finding::Findings,
        phase::Transition,
        request::{Request, Span, SpanEnd, SpanKind},
        series::Latency,
        topology::{DeploymentInfo, RouteInfo, Topology},
    },
};
use proptest::prelude::*;
use std::{fs, time::Duration};

mod parts;

/// 2026-11-20T23:58:00.250Z: two minutes before a day ends.
const T0: u64 = 1_795_219_080_250;

fn topology() -> Topology {
    let deployment = |id: &str| DeploymentInfo {
        id: id.into(),
        provider: "p".into(),
        dialect: Dialect::OpenAi,
        model: id.to_owned(),
        disabled: None,
    };
    Topology {
        deployments: vec![deployment("p/a"), deployment("p/b")],
        routes: vec![RouteInfo {
            id: "r".into(),
            tiers: vec!["p/a".into(), "p/b".into()],
        }],
        judges: vec!["q/judge".into()],
        err_threshold: 0.02,
        judge_threshold: 0.7,
        ..Topology::default()
    }
}

fn started(listen: &str) -> Kind {
    Kind::Started {
        schema: SCHEMA,
        version: "1".to_owned(),
        listen: listen.to_owned(),
        topology: topology(),
    }
}

fn transition(id: DeploymentId, to: Phase, until: Option<Wall>) -> Kind {
    Kind::Transition(Transition {
        deployment: id,
        from: Phase::Closed,
        to,
        reason: Reason::ForceEnded,
        generation: 1,
        until,
    })
}

fn latency() -> impl Strategy<Value = Latency> {
    prop::collection::vec((1..60_000_u32, 1..5_u32), 0..4).prop_map(Latency)
}

fn request(deployment: DeploymentId, won: bool, took: u64) -> Kind {
    let end = if won {
        SpanEnd::Won
    } else {
        SpanEnd::Failed(Verdict::new(Class::Fault, "x").status(500))
    };
    let span = Span {
        deployment: deployment.clone(),
        tier: 0,
        kind: SpanKind::First,
        start: Duration::ZERO,
        ttft: None,
        took: Duration::from_millis(took),
        end,
        injected: false,
    };
    Kind::Request(Box::new(Request {
        exchange: "x".into(),
        route: "r".into(),
        outcome: if won {
            Outcome::Primary
        } else {
            Outcome::Error
        },
        dialect: Dialect::Anthropic,
        stream: false,
        model: "r".to_owned(),
        deployment: won.then_some(deployment),
        tier: won.then_some(0),
        cache: None,
        ttft: None,
        total: Duration::from_millis(took),
        waited: None,
        spans: vec![span],
        skipped: Vec::new(),
        rescued: false,
        drill: false,
        alike: 0,
    }))
}

/// Anything a router may say.
fn kind() -> impl Strategy<Value = Kind> {
    let id = || prop::sample::select(vec!["p/a", "p/b"]).prop_map(DeploymentId::from);
    let phase = prop::sample::select(vec![Phase::Closed, Phase::Open, Phase::Probe]);
    let until = || (T0..T0 + 900_000).prop_map(Wall);
    prop_oneof![
        4 => (id(), 0..9_u32, 0..9_u32, latency()).prop_map(|(id, ok, fail, total)| {
            let injected = if fail > 4 { vec![(1, fail)] } else { Vec::new() };
            let classes = if fail > 0 { vec![(Class::Fault, fail)] } else { Vec::new() };
            Kind::Bucket(Bucket { ok, fail, classes, injected, total, ..Bucket::empty(id) })
        }),
        4 => (0..9_u32, 0..3_u32, latency()).prop_map(|(primary, error, total)| {
            let second = RouteSecond { tiers: vec![primary], failed: error, ..RouteSecond::empty("r".into()) };
            Kind::Exchanges(Exchanges { primary, error, total, routes: vec![second], ..Exchanges::default() })
        }),
        3 => (id(), any::<bool>(), 0..9_000_u64).prop_map(|(id, won, took)| request(id, won, took)),
        2 => (id(), phase, until()).prop_map(|(id, to, until)| transition(id, to, Some(until))),
        2 => (id(), 0.0..1.0_f64).prop_map(|(deployment, score)| Kind::Score {
            deployment,
            judge: "q/judge".into(),
            exchange: "x".into(),
            score,
            reason: "because".to_owned(),
            answer: "so it is".to_owned(),
            picked: Picked::Sample,
            findings: Findings::default(),
        }),
        1 => (id(), until()).prop_map(|(deployment, until)| Kind::Forced {
            deployment,
            force: Force {
                kind: ForceKind::Open,
                who: "ann".to_owned(),
                why: String::new(),
                until,
            },
        }),
        1 => (id(), 0.0..1.0_f64).prop_map(|(deployment, suspicion)| Kind::Watch {
            deployment,
            watch: Watch { suspicion, share: 0.1, ..Watch::default() },
        }),
        1 => Just(Kind::Reloaded { topology: topology() }),
        1 => Just(Kind::LocalNetwork { down: true }),
        1 => Just(Kind::Notice { level: Level::Info, text: "ä note".to_owned() }),
    ]
}

/// A live run: its events, each some time after the one before.
fn run() -> impl Strategy<Value = Vec<Arc<Event>>> {
    let step = prop_oneof![8 => 0..400_u64, 3 => 400..3_000_u64, 1 => 3_000..90_000_u64];
    prop::collection::vec((step, kind()), 1..120).prop_map(|steps| {
        let mut at = T0;
        let mut events = vec![Arc::new(Event::new(1, Wall(T0), started("x")))];
        for (seq, (step, kind)) in (2..).zip(steps) {
            at += step;
            events.push(Arc::new(Event::new(seq, Wall(at), kind)));
        }
        events
    })
}

fn settings(file_bytes: u64, content: bool) -> Settings {
    Settings {
        file_bytes,
        keep: Duration::from_hours(30 * 24),
        content,
        retry: Settings::RETRY,
    }
}

/// Through the journal, as a router's own events go: rotated, and what is finished compressed.
fn write(dir: &Path, events: &[Arc<Event>], file_bytes: u64, content: bool) {
    let writer = Writer::open(
        dir,
        settings(file_bytes, content),
        events[0].at,
        Arc::default,
        |_| {},
    )
    .unwrap();
    for some in events.chunks(4_096) {
        for event in some {
            assert!(writer.append(Arc::clone(event)));
        }
        writer.sync();
    }
}

fn open(dir: &Path) -> Replay {
    Replay::open(&[dir.display().to_string()]).unwrap()
}

/// What a live screen showed at a second.
fn live(events: &[Arc<Event>], at: Wall) -> Snapshot {
    let mut state = State::new();
    for event in events.iter().take_while(|event| event.at <= at) {
        state.apply(event);
    }
    state.snapshot(at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_replay_shows_at_every_second_what_the_live_screen_showed(
        events in run(),
        file_bytes in prop_oneof![Just(1), 500..20_000_u64, Just(1 << 30)],
        back in prop::collection::vec(0..600_u64, 4),
        content in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &events, file_bytes, content);
        let replay = open(dir.path());
        prop_assert_eq!(&replay.notes, &Vec::<String>::new());
        let length = events[events.len() - 1].at.since(Wall(T0)).as_secs();
        let mut deck = replay.deck.lock();
        let forward = 0..=length;
        for second in forward.chain(back.into_iter().filter(|s| *s <= length)) {
            let at = Wall(T0 + second * 1000);
            deck.wind(&Wind::To(at.to_string()), Mono::default()).unwrap();
            let (shown, was) = (deck.latest(Mono::default()), live(&events, at));
            let was = if content { was } else { was.without_content() };
            prop_assert_eq!(&*shown, &was, "second {}", second);
        }
    }
}

/// One event a second for `seconds`, and a transition at each of `turns`.
fn quiet_run(seconds: u64, turns: &[u64]) -> Vec<Arc<Event>> {
    let mut events = vec![Event::new(1, Wall(T0), started("x"))];
    for second in 0..=seconds {
        let kind = if turns.contains(&second) {
            transition("p/a".into(), Phase::Open, None)
        } else {
            Kind::Bucket(Bucket::empty("p/a".into()))
        };
        events.push(Event::new(second + 2, Wall(T0 + second * 1000), kind));
    }
    events.into_iter().map(Arc::new).collect()
}

fn lines(events: &[Arc<Event>]) -> Vec<u8> {
    let mut text = Vec::new();
    for event in events {
        serde_json::to_writer(&mut text, event).unwrap();
        text.push(b'\n');
    }
    text
}

fn of_bytes(bytes: &[u8]) -> Result<Replay, String> {
    let file = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .unwrap();
    fs::write(file.path(), bytes).unwrap();
    Replay::open(&[file.path().display().to_string()])
}

fn of(events: &[Arc<Event>]) -> Replay {
    of_bytes(&lines(events)).unwrap()
}

fn position(replay: &Replay) -> u64 {
    replay.status().position.as_secs()
}

#[test]
fn it_plays_as_fast_as_asked_and_stops_at_the_end() {
    let replay = of(&quiet_run(100, &[]));
    let mut deck = replay.deck.lock();
    let at = Mono::from_secs;
    deck.wind(&Wind::Toggle, at(10)).unwrap();
    assert_eq!(deck.latest(at(13)).at, Wall(T0 + 3_000));
    deck.wind(&Wind::Faster, at(13)).unwrap();
    deck.wind(&Wind::Faster, at(13)).unwrap();
    assert_eq!(deck.status().speed, 5);
    assert_eq!(deck.latest(at(15)).at, Wall(T0 + 13_000));
    deck.wind(&Wind::Toggle, at(15)).unwrap();
    assert_eq!(deck.latest(at(50)).at, Wall(T0 + 13_000));
    deck.wind(&Wind::Toggle, at(60)).unwrap();
    assert_eq!(deck.latest(at(90)).at, Wall(T0 + 100_000));
    assert!(!deck.status().playing);
    for _ in 0..20 {
        deck.wind(&Wind::Faster, at(91)).unwrap();
    }
    assert_eq!(deck.status().speed, 600);
}

#[test]
fn steps_and_transitions_are_found_both_ways() {
    let replay = of(&quiet_run(300, &[20, 200]));
    let go = |how| replay.wind(&how).map(|()| position(&replay));
    assert_eq!(go(Wind::Next), Ok(20));
    assert_eq!(replay.latest().deployments[0].phase, Phase::Open);
    assert_eq!(go(Wind::Next), Ok(200));
    assert!(go(Wind::Next).unwrap_err().contains("after"));
    assert_eq!(go(Wind::Previous), Ok(20));
    assert_eq!(go(Wind::Back(Duration::from_secs(1))), Ok(19));
    assert_eq!(replay.latest().deployments[0].phase, Phase::Closed);
    assert!(go(Wind::Previous).unwrap_err().contains("before"));
    assert_eq!(go(Wind::On(Duration::from_mins(1))), Ok(79));
    assert_eq!(go(Wind::On(Duration::from_hours(9))), Ok(300));
    assert_eq!(go(Wind::Start), Ok(0));
    assert_eq!(go(Wind::End), Ok(300));
}

#[test]
fn a_moment_is_found_as_people_write_it() {
    // From 23:58:00 to 00:03:00 of the next day.
    let replay = of(&quiet_run(300, &[]));
    let go = |text: &str| {
        let done = replay.wind(&Wind::To(text.to_owned()));
        done.map(|()| position(&replay))
    };
    assert_eq!(go("23:59:00.250"), Err(
        "\"23:59:00.250\" is not a moment; write it like 14:03:22, +5m, -30s or 2026-11-20T23:58:00.250Z".to_owned()
    ));
    assert_eq!(go("23:59:01"), Ok(60));
    assert_eq!(go("00:01"), Ok(179));
    assert_eq!(go("23:59:01"), Ok(60), "the day before");
    assert_eq!(go("+2m"), Ok(180));
    assert_eq!(go("-30s"), Ok(150));
    assert_eq!(go("2026-11-20T23:58:00Z"), Ok(0));
    let outside = go("12:00").unwrap_err();
    let span = "from 2026-11-20 23:58:00Z to 2026-11-21 00:03:00Z";
    assert!(outside.contains(span), "{outside}");
    for no in ["soon", "18446744073709551615:00:00"] {
        assert!(go(no).unwrap_err().contains("14:03:22"), "{no}");
    }
}

#[test]
fn only_a_part_is_played_and_what_was_before_is_known() {
    let replay = of(&quiet_run(300, &[20, 200]));
    let cut = |from, to| replay.deck.lock().cut(Some(from), Some(to));
    cut("+1m", "-30s").unwrap();
    let status = replay.status();
    assert_eq!(
        (status.position.as_secs(), status.length.as_secs()),
        (0, 210)
    );
    assert_eq!(replay.latest().deployments[0].phase, Phase::Open);
    let mut turns = Vec::new();
    replay
        .turns(|s| {
            turns.push((s.at.0 - T0) / 1000);
            Ok(())
        })
        .unwrap();
    assert_eq!(turns, [60, 200, 270]);
    let mut events = 0;
    replay
        .events(|_| {
            events += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(events, 211);
    assert!(cut("+2m", "+1m").is_err());
}

#[test]
fn every_event_of_a_recording_is_passed_once() {
    let events = quiet_run(10, &[]);
    let mut seen = Vec::new();
    of(&events)
        .events(|event| {
            seen.push(event.seq);
            Ok(())
        })
        .unwrap();
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
}

#[test]
fn no_event_of_a_long_recording_is_passed_over_wherever_it_stands() {
    let events = quiet_run(5_000, &[]);
    let replay = of(&events);
    for stand in [None, Some(Wind::End), Some(Wind::Start)] {
        if let Some(stand) = stand {
            replay.wind(&stand).unwrap();
        }
        let (mut played, mut told) = (0, 0);
        let each = |_: &Event| {
            played += 1;
            Ok(())
        };
        replay.events(each).unwrap();
        replay.story(|_| told += 1).unwrap();
        assert_eq!((played, told), (events.len(), events.len()));
    }
}

#[test]
fn checkpoints_do_not_grow_with_the_recording() {
    let mut events = quiet_run(0, &[]);
    events.extend((3..70_000).map(|seq| {
        let at = Wall(T0 + seq * 100);
        Arc::new(Event::new(seq, at, Kind::LocalNetwork { down: false }))
    }));
    let replay = of(&events);
    let n = replay.deck.lock().player.index.checkpoints.len();
    assert!((20..=64).contains(&n), "{n}");
    replay.wind(&Wind::End).unwrap();
    replay.wind(&Wind::Back(Duration::from_mins(1))).unwrap();
    assert_eq!(replay.latest().seq, 69_399);
}

#[test]
fn a_run_after_another_goes_on_where_it_ended_also_with_a_clock_that_was_set_back() {
    let mut events = quiet_run(60, &[]);
    let earlier = T0 - 3_600_000;
    events.push(Arc::new(Event::new(1, Wall(earlier), started("second"))));
    events.push(Arc::new(Event::new(
        2,
        Wall(earlier + 10_000),
        Kind::Stopping,
    )));
    let replay = of(&events);
    assert!(replay.notes.is_empty(), "{:?}", replay.notes);
    assert_eq!(replay.status().length.as_secs(), 70);
    replay.wind(&Wind::End).unwrap();
    let end = replay.latest();
    assert_eq!(
        (end.listen.as_str(), end.at, end.started),
        ("second", Wall(earlier + 10_000), Wall(earlier))
    );
    replay.wind(&Wind::To("22:58:05".to_owned())).unwrap();
    assert_eq!(replay.status().position.as_millis(), 64_750);
    replay.wind(&Wind::To("23:58:30".to_owned())).unwrap();
    assert_eq!(replay.latest().listen, "x");
}

#[test]
fn a_clock_that_jumps_within_a_run_stops_nothing() {
    let at = |seq: u64, ms: u64| Arc::new(Event::new(seq, Wall(ms), Kind::Stopping));
    let mut events = quiet_run(1, &[]);
    // An hour back, and a day on.
    events.push(at(4, T0 - 3_600_000));
    events.push(at(5, T0 + 86_400_000));
    events.push(at(6, T0 + 2_000));
    let replay = of(&events);
    replay.wind(&Wind::End).unwrap();
    let end = replay.latest();
    assert_eq!((end.seq, end.at), (6, Wall(T0 + 86_400_000)));
    assert_eq!(end.events.len(), 4);
}

#[test]
fn a_file_from_the_middle_starts_from_how_things_stood() {
    let dir = tempfile::tempdir().unwrap();
    let events = quiet_run(300, &[20]);
    write(dir.path(), &events, 4_000, true);
    let files = journal::files(dir.path()).unwrap();
    assert!(files.len() > 3, "{files:?}");
    let alone = Replay::open(&[files[2].display().to_string()]).unwrap();
    assert!(alone.notes.is_empty(), "{:?}", alone.notes);
    let shown = alone.latest();
    assert!(shown.seq > 22, "{}", shown.seq);
    let (listen, phase) = (shown.listen.as_str(), shown.deployments[0].phase);
    assert_eq!((listen, phase), ("x", Phase::Open));
    assert_eq!(shown.started, Wall(T0));
}

#[test]
fn what_is_missing_is_said_and_the_rest_is_played() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &quiet_run(300, &[20]), 4_000, true);
    let files = journal::files(dir.path()).unwrap();
    let (gone, last) = (&files[2], files.last().unwrap());
    fs::remove_file(gone).unwrap();
    let whole = fs::read(last).unwrap();
    let future = b"{\"seq\":303,\"at\":1,\"event\":\"of_next_year\"}\n{\"seq\":304,\"at\"";
    fs::write(last, [&whole[..], future].concat()).unwrap();
    let replay = open(dir.path());
    let notes = replay.notes().join("; ");
    for what in [
        "cut in the middle",
        "unknown to this version",
        "events missing",
    ] {
        assert!(notes.contains(what), "{notes}");
    }
    assert_eq!(replay.status().length.as_secs(), 300);
    replay.wind(&Wind::End).unwrap();
    assert_eq!(replay.latest().deployments[0].phase, Phase::Open);
}

#[test]
fn a_recording_without_its_beginning_is_refused_with_the_reason() {
    let why = |bytes: &[u8]| of_bytes(bytes).unwrap_err();
    let events = quiet_run(10, &[]);
    let middle = why(&lines(&events[1..]));
    assert!(middle.contains("its beginning is missing"), "{middle}");
    assert!(why(b"").contains("no event"));
    assert!(why(b"hello\n").contains(".jsonl: no event"));
    let missing = Replay::open(&["no/such".to_owned()]).unwrap_err();
    assert!(missing.contains("bad-key-tuesday"), "{missing}");
    let dir = tempfile::tempdir().unwrap();
    let empty = Replay::open(&[dir.path().display().to_string()]).unwrap_err();
    assert!(empty.contains("no journal"), "{empty}");
}

#[test]
fn a_file_that_was_compressed_since_it_was_listed_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let listed = dir.path().join("2026-11-20T14-03-22Z.jsonl");
    assert!(Store::of_journal(&listed).is_err());
    fs::write(listed.with_extension("jsonl.zst"), b"x").unwrap();
    let found = Store::of_journal(&listed).unwrap();
    assert!(found.name.ends_with("22Z.jsonl.zst"), "{}", found.name);
}

#[test]
fn nothing_can_be_changed_in_a_replay() {
    let replay = of(&quiet_run(1, &[]));
    let order = Command::parse("probe p/a").unwrap();
    assert!(replay.send(order).unwrap_err().contains("replay"));
    assert!(replay.read_only());
}

#[test]
fn every_incident_plays_from_its_drills_beginning_to_its_end() {
    let mut bytes = 0;
    for incident in incidents::ALL {
        bytes += incident.bytes.len();
        let replay = Replay::open(&[incident.name.to_owned()]).unwrap();
        assert!(replay.notes.is_empty(), "{}", incident.name);
        replay.wind(&Wind::End).unwrap();
        let at = replay.latest();
        let last = at.last_drill.as_ref().unwrap();
        assert_eq!(
            (last.scenario.as_str(), last.result),
            (incident.name, Some(DrillResult::Passed))
        );
        let mut moves = 0;
        replay
            .story(|event| moves += u32::from(matches!(event.kind, Kind::Transition(_))))
            .unwrap();
        let nothing_trips = ["judge-down", "judge-drift", "quota"];
        assert_eq!(
            moves == 0,
            nothing_trips.contains(&incident.name),
            "{}",
            incident.name
        );
        assert!(incidents::list().contains(incident.name));
    }
    assert!(bytes <= 2 << 20, "{bytes}");
}
