use super::*;
use crate::{
    journal::{Reader, files},
    model::{
        Phase, Reason,
        event::{Level, Picked},
        phase::Transition,
        topology::{DeploymentInfo, Topology},
    },
};
use std::sync::mpsc;
use tempfile::TempDir;

/// 2026-11-20T14:03:22.500Z
const T0: Wall = Wall(1_795_183_402_500);
const SETTINGS: Settings = Settings {
    file_bytes: 64 << 20,
    keep: Duration::from_hours(30 * 24),
    content: true,
    retry: Duration::from_millis(20),
};
/// Every event begins a file.
const SHORT: Settings = Settings {
    file_bytes: 1,
    ..SETTINGS
};

fn open(dir: &Path, settings: Settings) -> Writer {
    Writer::open(dir, settings, T0, nobody, |_| ()).unwrap()
}

/// A router that says nothing.
fn nobody() -> Arc<Snapshot> {
    Arc::default()
}

fn notice(seq: u64, at: Wall) -> Arc<Event> {
    let kind = Kind::Notice {
        level: Level::Info,
        text: format!("note {seq}"),
    };
    Arc::new(Event::new(seq, at, kind))
}

fn topology(hash: &str) -> Topology {
    Topology {
        config_hash: hash.into(),
        deployments: vec![DeploymentInfo {
            id: "p/a".into(),
            provider: "p".into(),
            dialect: crate::model::Dialect::OpenAi,
            model: "a".into(),
            disabled: None,
        }],
        ..Topology::default()
    }
}

fn started(seq: u64) -> Arc<Event> {
    let kind = Kind::Started {
        schema: SCHEMA,
        version: "1".into(),
        listen: "127.0.0.1:4141".into(),
        topology: topology("old"),
    };
    Arc::new(Event::new(seq, T0, kind))
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn read(path: &Path) -> Vec<Event> {
    let mut reader = Reader::open(path).unwrap();
    let events = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.report().notes(), Vec::<String>::new());
    events
}

#[test]
fn what_was_written_can_be_read_back() {
    let dir = TempDir::new().unwrap();
    let written = [started(0), notice(1, T0), notice(2, T0)];
    let journal = open(dir.path(), SETTINGS);
    assert!(
        written
            .iter()
            .all(|event| journal.append(Arc::clone(event)))
    );
    journal.sync();
    assert_eq!(journal.status().written, 3);
    drop(journal);
    assert_eq!(names(dir.path()), ["2026-11-20T14-03-22Z.jsonl"]);
    let read = read(&dir.path().join("2026-11-20T14-03-22Z.jsonl"));
    assert!(read.iter().eq(written.iter().map(|event| &**event)));
}

#[test]
fn a_finished_file_is_compressed_and_the_next_one_says_how_things_stand() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path(), SHORT);
    for event in opened() {
        journal.append(event);
    }
    journal.sync();
    let all = files(dir.path()).unwrap();
    let named: Vec<_> = all
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "2026-11-20T14-03-22Z.jsonl.zst",
            "2026-11-20T14-03-22Z-2.jsonl.zst",
            "2026-11-20T14-03-22Z-3.jsonl",
        ]
    );
    assert_eq!(read(&all[0]), [(*started(1)).clone()]);
    let last = read(&all[2]);
    let Kind::Continued { schema, standing } = &last[0].kind else {
        panic!("no header: {last:?}")
    };
    assert_eq!((last[0].seq, *schema), (2, SCHEMA));
    assert_eq!(standing.deployments[0].phase, Phase::Open);
    assert_eq!(last[1], (*notice(3, T0)).clone());
}

#[test]
fn a_file_after_a_reload_begins_with_the_new_topology() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path(), SETTINGS);
    let reloaded = Kind::Reloaded {
        topology: topology("new"),
    };
    let tomorrow = T0 + Duration::from_hours(24);
    journal.append(started(0));
    journal.append(Arc::new(Event::new(1, T0, reloaded)));
    journal.append(notice(2, tomorrow));
    drop(journal);
    let last = files(dir.path()).unwrap().pop().unwrap();
    assert!(last.ends_with("2026-11-21T14-03-22Z.jsonl"), "{last:?}");
    let first = read(&last).remove(0);
    assert_eq!(first.seq, 1);
    let Kind::Continued { standing, .. } = first.kind else {
        panic!("no header")
    };
    assert_eq!(standing.config_hash, "new");
}

#[test]
fn only_old_journals_are_removed() {
    let dir = TempDir::new().unwrap();
    let others = [
        "2020-01-01T00-00-00Z.jsonl.bak",
        "2020-notes.jsonl",
        "2026-10-22T00-00-00Z.jsonl.zst",
    ];
    for name in others.iter().chain(&[
        "2026-10-20T00-00-00Z.jsonl",
        "2026-10-20T00-00-00Z-2.jsonl.zst",
        "2026-10-20T00-00-00Z.hlog",
    ]) {
        fs::write(dir.path().join(name), "").unwrap();
    }
    drop(open(dir.path(), SETTINGS));
    let mut left = names(dir.path());
    left.retain(|name| name != "2026-11-20T14-03-22Z.jsonl");
    assert_eq!(left, others);
}

#[test]
fn a_clock_that_is_set_back_begins_no_file_and_loses_nothing() {
    let dir = TempDir::new().unwrap();
    let journal = open(dir.path(), SETTINGS);
    let (yesterday, tomorrow) = (Wall(T0.0 - 2 * DAY_MS), T0 + Duration::from_hours(24));
    for event in [
        started(1),
        notice(2, yesterday),
        notice(3, tomorrow),
        notice(4, T0),
    ] {
        journal.append(event);
    }
    drop(journal);
    let all = files(dir.path()).unwrap();
    let seqs: Vec<_> = all
        .iter()
        .flat_map(|path| read(path))
        .map(|event| event.seq)
        .collect();
    assert_eq!((all.len(), seqs), (2, vec![1, 2, 2, 3, 4]));
}

#[test]
fn what_was_answered_and_what_a_judge_said_of_it_is_written_only_where_that_is_wanted() {
    for (content, kept) in [(false, ""), (true, "it quotes the prompt")] {
        let dir = TempDir::new().unwrap();
        let journal = open(
            dir.path(),
            Settings {
                content,
                ..SETTINGS
            },
        );
        let score = Kind::Score {
            deployment: "p/a".into(),
            judge: "q/b".into(),
            exchange: "x".into(),
            score: 0.5,
            reason: "it quotes the prompt".into(),
            answer: "the first words".into(),
            picked: Picked::Sample,
            findings: crate::model::finding::Findings::default(),
        };
        journal.append(Arc::new(Event::new(1, T0, score)));
        drop(journal);
        let event = read(&files(dir.path()).unwrap()[0]).remove(0);
        let Kind::Score {
            reason,
            answer,
            score,
            ..
        } = event.kind
        else {
            panic!("{event:?}")
        };
        assert_eq!((reason.as_str(), score), (kept, 0.5));
        assert_eq!(answer.is_empty(), !content);
    }
}

#[test]
fn a_journal_that_fails_says_so_and_goes_on_when_it_can() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("j");
    let (say, heard) = mpsc::channel();
    let journal = Writer::open(&place, SHORT, T0, nobody, move |kind| {
        say.send(kind).unwrap();
    })
    .unwrap();
    journal.append(started(1));
    journal.sync();
    let kept = files(&place).unwrap().remove(0);
    let safe = dir.path().join("first.jsonl");
    fs::rename(kept, &safe).unwrap();
    fs::remove_dir_all(&place).unwrap();
    // Where the directory was is a file now: nothing can be created there.
    fs::write(&place, "").unwrap();
    journal.append(notice(2, T0));
    let Kind::Journal {
        stopped: Some(why), ..
    } = heard.recv().unwrap()
    else {
        panic!("it goes on")
    };
    assert!(why.contains("/j"), "{why}");
    journal.append(notice(3, T0));
    journal.sync();
    assert_eq!((journal.status().dropped, journal.status().written), (2, 1));

    fs::remove_file(&place).unwrap();
    let again = Kind::Journal {
        stopped: None,
        missed: 2,
    };
    assert_eq!(heard.recv().unwrap(), again);
    journal.append(notice(4, T0));
    drop(journal);
    assert!(heard.recv().is_err(), "said once each");
    // Told in the order of the files, with what is missing between them.
    let mut text = fs::read(safe).unwrap();
    for path in files(&place).unwrap() {
        let mut lines = crate::journal::lines(fs::File::open(path).unwrap()).unwrap();
        io::copy(&mut lines, &mut text).unwrap();
    }
    let mut reader = Reader::new(text.as_slice());
    let seqs: Vec<_> = reader.by_ref().map(|event| event.unwrap().seq).collect();
    assert_eq!((seqs.first(), seqs.last()), (Some(&1), Some(&4)));
    assert_eq!(reader.report().missing, 2);
}

/// The first three events of a run, the second of which is the only one that says that the breaker opened.
fn opened() -> [Arc<Event>; 3] {
    let opened = Kind::Transition(Transition {
        deployment: "p/a".into(),
        from: Phase::Closed,
        to: Phase::Open,
        reason: Reason::ForceEnded,
        generation: 1,
        until: None,
    });
    [
        started(1),
        Arc::new(Event::new(2, T0, opened)),
        notice(3, T0),
    ]
}

/// As the router says it after an event.
fn after(events: &[Arc<Event>], seq: u64) -> Arc<Snapshot> {
    let mut state = State::new();
    for event in events.iter().filter(|event| event.seq <= seq) {
        state.apply(event);
    }
    Arc::new(state.snapshot(T0 + Duration::from_millis(40)))
}

fn phase_of(event: &Event) -> Option<Phase> {
    match &event.kind {
        Kind::Continued { standing, .. } => Some(standing.deployments[0].phase),
        _ => None,
    }
}

#[test]
fn what_never_came_is_counted_to_the_event_and_how_things_stand_is_taken_from_the_router() {
    let dir = TempDir::new().unwrap();
    let events = opened();
    let router = {
        let events = events.clone();
        move || after(&events, 3)
    };
    let (say, heard) = mpsc::channel();
    let tell = move |kind| say.send(kind).unwrap();
    let journal = Writer::open(dir.path(), SHORT, T0, router, tell).unwrap();
    let [first, _, third] = events;
    for event in [first, third, notice(6, T0)] {
        journal.append(event);
    }
    // Once a second, what came to it since.
    let mut told = 0;
    while told < 3 {
        match heard.recv().unwrap() {
            Kind::Journal {
                stopped: None,
                missed,
            } => told += missed,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, 3);
    drop(journal);
    let all: Vec<_> = files(dir.path()).unwrap();
    let mut replayed = State::new();
    let mut headers = Vec::new();
    for event in all
        .iter()
        .flat_map(|path| Reader::open(path).unwrap())
        .map(|event| Arc::new(event.unwrap()))
    {
        replayed.apply(&event);
        headers.extend(phase_of(&event).map(|phase| (event.seq, phase)));
    }
    // Nothing is said to stand before it is known: the first file goes on until then.
    assert_eq!(headers.first(), Some(&(3, Phase::Open)), "{headers:?}");
    assert_eq!(replayed.standing().deployments[0].phase, Phase::Open);
}

#[test]
fn what_a_router_says_that_is_ahead_is_written_where_it_belongs() {
    let dir = TempDir::new().unwrap();
    let mut events = opened().to_vec();
    events.extend((4..=6).map(|seq| notice(seq, T0)));
    let router = {
        let events = events.clone();
        move || after(&events, 5)
    };
    let journal = Writer::open(dir.path(), SETTINGS, T0, router, |_| ()).unwrap();
    for event in events.iter().filter(|event| event.seq != 2) {
        journal.append(Arc::clone(event));
    }
    drop(journal);
    let file = files(dir.path()).unwrap().remove(0);
    let kept: Vec<_> = Reader::open(&file)
        .unwrap()
        .map(|event| event.map(|e| (e.seq, phase_of(&e))).unwrap())
        .collect();
    let want = [1, 3, 4, 5].map(|seq| (seq, None)).into_iter();
    let want = want.chain([(5, Some(Phase::Open)), (6, None)]);
    assert!(kept.iter().copied().eq(want), "{kept:?}");
}

#[test]
fn two_writers_in_one_directory_never_write_the_same_file() {
    let dir = TempDir::new().unwrap();
    let (a, b) = (open(dir.path(), SETTINGS), open(dir.path(), SETTINGS));
    assert_ne!(a.status().path, b.status().path);
    for seq in 1..=50 {
        a.append(notice(seq, T0));
        b.append(notice(seq + 100, T0));
    }
    drop((a, b));
    let seqs: Vec<Vec<u64>> = files(dir.path())
        .unwrap()
        .iter()
        .map(|path| read(path).iter().map(|event| event.seq).collect())
        .collect();
    let want: [Vec<u64>; 2] = [(1..=50).collect(), (101..=150).collect()];
    assert_eq!(seqs, want);
}

#[test]
fn a_journal_that_cannot_begin_is_an_error() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let result = Writer::open(
        &dir.path().join("file/journal"),
        SETTINGS,
        T0,
        nobody,
        |_| (),
    );
    assert!(result.is_err());
}
