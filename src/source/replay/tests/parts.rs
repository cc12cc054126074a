//! Which files are read, and of which run.

use super::*;

/// What a screen shows of a moment, without the history that lies before `since`.
fn without_history_before(mut shown: Snapshot, since: Wall) -> Snapshot {
    let (first, history) = (since.secs(), shown.at.secs() - 900);
    Arc::make_mut(&mut shown.events).retain(|event| event.at > since);
    Arc::make_mut(&mut shown.requests).retain(|request| request.at > since);
    Arc::make_mut(&mut shown.exchanges).retain(|(sec, _)| *sec > history);
    for d in &mut shown.deployments {
        Arc::make_mut(&mut d.points).retain(|point| point.sec > history && point.sec > first);
        Arc::make_mut(&mut d.scores).retain(|judged| judged.at > since);
        Arc::make_mut(&mut d.failures).retain(|failure| failure.at > since);
    }
    shown
}

fn part<'a>(what: &'a [String], from: &'a str, purpose: Purpose) -> Part<'a> {
    Part {
        what,
        from: Some(from),
        to: None,
        purpose,
    }
}

/// A run of many hours: a kind every ten minutes or so.
fn long_run() -> impl Strategy<Value = Vec<Arc<Event>>> {
    prop::collection::vec((1..1_200_000_u64, kind()), 40..160).prop_map(|steps| {
        let mut at = T0;
        let mut events = vec![Arc::new(Event::new(1, Wall(T0), started("x")))];
        for (seq, (step, kind)) in (2..).zip(steps) {
            at += step;
            events.push(Arc::new(Event::new(seq, Wall(at), kind)));
        }
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn from_a_moment_on_everything_is_as_if_all_files_had_been_read(
        events in long_run(),
        file_bytes in 1..30_000_u64,
        from in 0.0..1.0_f64,
    ) {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &events, file_bytes, true);
        let what = [dir.path().display().to_string()];
        let (first, end) = (events[0].at, events[events.len() - 1].at);
        let from = first + end.since(first).mul_f64(from);
        let whole = Replay::open(&what).unwrap();
        let text = from.to_string();
        let some = Replay::part(&part(&what, &text, Purpose::Screen), &mut |_| ()).unwrap();
        prop_assert_eq!(&some.notes, &whole.notes);
        prop_assert_eq!(some.bounds(), (from, end));
        let begun = some.deck.lock().player.index.times.wall(0);
        prop_assert!(begun <= from);
        let mut at = from;
        while at <= end {
            let shown = |replay: &Replay| {
                let shown = replay.at(&at.to_string()).unwrap();
                without_history_before((*shown).clone(), begun)
            };
            prop_assert_eq!(shown(&some), shown(&whole), "at {}", at);
            at = at + Duration::from_mins(7);
        }
    }
}

#[test]
fn only_the_files_that_can_matter_are_read() {
    let dir = tempfile::tempdir().unwrap();
    // An event a second for six hours.
    write(
        dir.path(),
        &quiet_run(6 * 3600, &[20, 20_000]),
        40_000,
        true,
    );
    let what = [dir.path().display().to_string()];
    let files = journal::files(dir.path()).unwrap().len();
    let of = |from, purpose| {
        let mut read = 0;
        let part = part(&what, from, purpose);
        let replay = Replay::part(&part, &mut |progress| read = progress.files).unwrap();
        (replay, read)
    };
    let (some, read) = of("-30m", Purpose::Screen);
    assert!(files > 30 && read < files / 3, "{read} of {files}");
    // As counted from where it all begins, not from where the reading did.
    let (counted, as_many) = of("+5h30m", Purpose::Screen);
    assert_eq!(counted.bounds().0, Wall(T0) + Duration::from_mins(330));
    assert_eq!((counted.bounds(), as_many), (some.bounds(), read));
    // A report needs to know since when the breaker is open.
    assert_eq!(of("-30m", Purpose::Report).1, files);
    let outside = Replay::part(&part(&what, "12:00", Purpose::Screen), &mut |_| ()).unwrap_err();
    assert!(outside.contains("from 2026-11-20 23:58:00Z"), "{outside}");
}

#[test]
fn how_far_the_reading_is_goes_on_to_the_last_file() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &quiet_run(9_000, &[]), 400_000, true);
    let what = [dir.path().display().to_string()];
    let mut told = Vec::new();
    let part = Part {
        from: None,
        ..part(&what, "", Purpose::Screen)
    };
    Replay::part(&part, &mut |progress| told.push(progress)).unwrap();
    assert!(told.is_sorted_by_key(|p| (p.file, p.events)), "{told:?}");
    let last = told.last().unwrap();
    assert!(last.events >= 8_000 && last.files > 1, "{last:?}");
}

/// A run of its own that begins `after` seconds, and is recorded in the same directory.
fn beside(dir: &Path, listen: &str, after: u64, seconds: u64) {
    let begun = T0 + after * 1000;
    let mut events = vec![Event::new(1, Wall(begun), started(listen))];
    for second in 1..=seconds {
        let kind = Kind::LocalNetwork { down: false };
        events.push(Event::new(second + 1, Wall(begun + second * 1000), kind));
    }
    let events: Vec<_> = events.into_iter().map(Arc::new).collect();
    write(dir, &events, 4_000, true);
}

fn listens(replay: &Replay) -> Vec<String> {
    let mut all = Vec::new();
    replay
        .story(|event| {
            if let Kind::Started { listen, .. } = &event.kind {
                all.push(listen.clone());
            }
        })
        .unwrap();
    all
}

#[test]
fn of_two_runs_at_the_same_time_the_newest_is_played_or_the_one_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    beside(dir.path(), "before", 0, 60);
    beside(dir.path(), "old", 100, 600);
    beside(dir.path(), "new", 400, 100);
    let replay = open(dir.path());
    assert_eq!(listens(&replay), ["before", "new"]);
    let notes = replay.notes().join("; ");
    for what in [
        "two routers recorded here at the same time: the run of new since 2026-11-21 00:04:40Z",
        "the run of old since 2026-11-20 23:59:40Z",
        "is not; to play that one, name one of its files too",
    ] {
        assert!(notes.contains(what), "{notes}");
    }
    let named = notes.rsplit_once("like ").unwrap().1.to_owned();
    let replay = Replay::open(&[named, dir.path().display().to_string()]).unwrap();
    assert_eq!(listens(&replay), ["before", "old"]);
    assert_eq!(replay.status().length.as_secs(), 700);
}

#[test]
fn runs_that_follow_one_another_are_played_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    beside(dir.path(), "a", 0, 100);
    beside(dir.path(), "b", 100, 100);
    beside(dir.path(), "c", 300, 100);
    let replay = open(dir.path());
    assert_eq!(replay.notes(), Vec::<String>::new());
    assert_eq!(listens(&replay), ["a", "b", "c"]);
}

#[test]
fn what_comes_from_a_pipe_is_played_like_a_file() {
    let events = quiet_run(300, &[20]);
    let bytes = lines(&events);
    let pressed = zstd::encode_all(bytes.as_slice(), 3).unwrap();
    for bytes in [bytes, pressed] {
        let store = Store::spool("-", bytes.as_slice()).unwrap();
        let seqs: Vec<_> = store.events(0).unwrap().map(|e| e.unwrap().seq).collect();
        assert!(seqs.into_iter().eq(events.iter().map(|e| e.seq)));
        assert_eq!(store.last(), Some(events[events.len() - 1].at));
    }
}
