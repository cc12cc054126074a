use super::*;
use crate::{
    journal::Reader,
    model::{event::Level, topology::Topology},
};
use tempfile::TempDir;

/// 2026-11-20T14:03:22.500Z
const T0: Wall = Wall(1_795_183_402_500);

fn open(dir: &TempDir, limits: Limits) -> Writer {
    Writer::open(dir.path(), limits, T0, |_| ()).unwrap()
}

fn notice(seq: u64, at: Wall) -> Arc<Event> {
    let kind = Kind::Notice {
        level: Level::Info,
        text: format!("note {seq}"),
    };
    Arc::new(Event::new(seq, at, kind))
}

fn started(seq: u64) -> Arc<Event> {
    let kind = Kind::Started {
        schema: crate::model::event::SCHEMA,
        version: "1".into(),
        listen: "127.0.0.1:4141".into(),
        topology: Topology::default(),
    };
    Arc::new(Event::new(seq, T0, kind))
}

fn files(dir: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn events(dir: &TempDir, name: &str) -> Vec<Event> {
    let mut reader = Reader::open(&dir.path().join(name)).unwrap();
    let events = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.report().notes(), Vec::<String>::new());
    events
}

#[test]
fn what_was_written_can_be_read_back() {
    let dir = TempDir::new().unwrap();
    let written = [started(0), notice(1, T0), notice(2, T0)];
    let journal = open(&dir, Limits::default());
    assert!(
        written
            .iter()
            .all(|event| journal.append(Arc::clone(event)))
    );
    journal.sync();
    assert_eq!(journal.status().written, 3);
    drop(journal);
    assert_eq!(files(&dir), ["2026-11-20T14-03-22Z.jsonl"]);
    let read = events(&dir, "2026-11-20T14-03-22Z.jsonl");
    assert!(read.iter().eq(written.iter().map(|event| &**event)));
}

#[test]
fn a_long_file_is_followed_by_one_that_stands_alone() {
    let dir = TempDir::new().unwrap();
    let journal = open(
        &dir,
        Limits {
            file_bytes: 1,
            ..Limits::default()
        },
    );
    journal.append(started(0));
    journal.append(notice(1, T0));
    drop(journal);
    assert_eq!(
        files(&dir),
        ["2026-11-20T14-03-22Z-2.jsonl", "2026-11-20T14-03-22Z.jsonl"]
    );
    let second = events(&dir, "2026-11-20T14-03-22Z-2.jsonl");
    assert_eq!(second, [(*started(0)).clone(), (*notice(1, T0)).clone()]);
}

#[test]
fn a_file_after_a_reload_begins_with_the_new_topology() {
    let dir = TempDir::new().unwrap();
    let journal = open(&dir, Limits::default());
    let topology = Topology {
        config_hash: "new".into(),
        ..Topology::default()
    };
    let tomorrow = T0 + Duration::from_hours(24);
    journal.append(started(0));
    journal.append(Arc::new(Event {
        injected: false,
        seq: 1,
        at: T0,
        kind: Kind::Reloaded {
            topology: topology.clone(),
        },
    }));
    journal.append(notice(2, tomorrow));
    drop(journal);
    assert_eq!(files(&dir).last().unwrap(), "2026-11-21T14-03-22Z.jsonl");
    let first = events(&dir, "2026-11-21T14-03-22Z.jsonl").remove(0);
    assert_eq!(first.seq, 1);
    assert!(matches!(first.kind, Kind::Started { topology: t, .. } if t == topology));
}

#[test]
fn only_old_journals_are_removed() {
    let dir = TempDir::new().unwrap();
    let others = [
        "2020-01-01T00-00-00Z.jsonl.bak",
        "2020-notes.jsonl",
        "2026-10-22T00-00-00Z.jsonl",
    ];
    for name in others
        .iter()
        .chain(&["2026-10-20T00-00-00Z.jsonl", "2026-10-20T00-00-00Z-2.jsonl"])
    {
        fs::write(dir.path().join(name), "").unwrap();
    }
    drop(open(&dir, Limits::default()));
    let mut left = files(&dir);
    left.retain(|name| name != "2026-11-20T14-03-22Z.jsonl");
    assert_eq!(left, others);
}

#[test]
fn a_failing_disk_stops_the_journal_and_is_said_once() {
    let dir = TempDir::new().unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let journal = Writer::open(
        &dir.path().join("j"),
        Limits {
            file_bytes: 1,
            ..Limits::default()
        },
        T0,
        move |why| {
            said.send(why).unwrap();
        },
    )
    .unwrap();
    journal.append(notice(0, T0));
    journal.sync();
    fs::remove_dir_all(dir.path().join("j")).unwrap();
    journal.append(notice(1, T0));
    let why = heard.recv().unwrap();
    assert!(why.contains("restarted"), "{why}");
    journal.sync();
    assert!(!journal.append(notice(2, T0)));
    let status = journal.status();
    assert_eq!(
        (status.failed, status.dropped, status.written),
        (Some(why), 1, 1)
    );
    assert!(heard.recv().is_err());
}

#[test]
fn a_journal_that_cannot_begin_is_an_error() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let result = Writer::open(
        &dir.path().join("file/journal"),
        Limits::default(),
        T0,
        |_| (),
    );
    assert!(result.is_err());
}
