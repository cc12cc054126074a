use super::*;
use crate::{
    model::Dialect,
    provider::chat::{Finish, Part, Usage},
};
use std::{fs, io::Write, path::Path};
use tempfile::TempDir;

const T0: Wall = Wall(1_800_000_000_000);
const TTL: Duration = Duration::from_mins(1);
const MAX_STALE: Duration = Duration::from_hours(1);

fn config(path: Option<&Path>) -> config::Cache {
    config::Cache {
        enabled: true,
        path: path.map(Into::into),
        ttl: TTL,
        max_stale: MAX_STALE,
        max_bytes: 1 << 20,
    }
}

fn in_memory() -> Cache {
    Cache::open_at(&config(None), T0).0
}

fn on_disk(dir: &TempDir, now: Wall) -> Cache {
    let (cache, warning) = Cache::open_at(&config(Some(&file(dir))), now);
    assert_eq!(warning, None);
    cache
}

fn file(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("cache.redb")
}

fn ask(text: &str) -> Key {
    let body = serde_json::json!({"messages": [{"role": "user", "content": text}]}).to_string();
    key(Dialect::OpenAi, &"chat".into(), None, body.as_bytes()).unwrap()
}

fn answer(text: &str) -> Answer {
    Answer {
        id: "1".into(),
        model: "gpt".into(),
        parts: vec![Part::Text(text.into())],
        finish: Some(Finish::Stop),
        usage: Usage::default(),
    }
}

fn text(hit: Option<Hit>) -> Option<String> {
    hit.map(|hit| hit.answer.text())
}

#[test]
fn an_answer_comes_back_whole_and_says_how_it_matched() {
    let cache = in_memory();
    cache
        .put(&ask("What is rain?"), &answer("Water."), T0)
        .unwrap();
    let hit = cache.get(&ask("What is rain?"), T0 + TTL).unwrap();
    assert_eq!(*hit.answer, answer("Water."));
    assert_eq!((hit.age, hit.stale, hit.how), (TTL, false, Match::Exact));
    let other = cache.get(&ask("what is  rain"), T0).unwrap();
    assert_eq!(other.how, Match::Normalised);
}

#[test]
fn an_expired_answer_is_for_outages_only() {
    let cache = in_memory();
    cache.put(&ask("q"), &answer("a"), T0).unwrap();
    let late = T0 + TTL + Duration::from_millis(1);
    assert!(cache.get(&ask("q"), late).is_none());
    assert!(cache.get_stale(&ask("q"), late).unwrap().stale);
    assert!(!cache.get_stale(&ask("q"), T0).unwrap().stale);
    let too_late = T0 + MAX_STALE + Duration::from_millis(1);
    assert!(cache.get_stale(&ask("q"), too_late).is_none());
}

#[test]
fn an_answer_from_the_future_is_worth_nothing() {
    let cache = in_memory();
    cache.put(&ask("q"), &answer("a"), T0 + MAX_STALE).unwrap();
    assert!(cache.get_stale(&ask("q"), T0).is_none());
}

#[test]
fn only_whole_useful_answers_of_models_are_kept() {
    let cache = in_memory();
    let finished = |finish| Answer {
        finish,
        ..answer("a")
    };
    for (bad, why) in [
        (finished(Some(Finish::Length)), NotStored::Cut),
        (finished(Some(Finish::Pause)), NotStored::Cut),
        (finished(None), NotStored::Cut),
        (finished(Some(Finish::Policy)), NotStored::Refused),
        (finished(Some(Finish::Refusal)), NotStored::Refused),
        (answer(" \n"), NotStored::Empty),
        (
            Answer {
                model: "breakerbox/canned".into(),
                ..answer("a")
            },
            NotStored::Canned,
        ),
        (answer(&"a".repeat(1 << 20)), NotStored::TooLarge),
    ] {
        assert_eq!(cache.put(&ask("q"), &bad, T0), Err(why));
    }
    assert!(cache.get(&ask("q"), T0).is_none());
    assert_eq!(cache.stats().not_stored, 8);
}

#[test]
fn memory_stays_under_its_limit() {
    let cache = in_memory();
    for n in 0..40 {
        cache
            .put(&ask(&format!("q{n}")), &answer(&"a".repeat(100_000)), T0)
            .unwrap();
    }
    let stats = cache.stats();
    assert!(stats.bytes <= 1 << 20 && stats.entries > 0, "{stats:?}");
}

#[test]
fn a_restart_begins_warm() {
    let dir = TempDir::new().unwrap();
    on_disk(&dir, T0).put(&ask("q"), &answer("a"), T0).unwrap();
    let cache = on_disk(&dir, T0);
    assert_eq!(cache.stats().entries, 0);
    assert_eq!(cache.stats().stored_entries, 1);
    assert_eq!(text(cache.get(&ask("q"), T0)).as_deref(), Some("a"));
    assert_eq!(cache.stats().entries, 1);
}

#[test]
fn a_removed_answer_stays_removed() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    cache.put(&ask("q"), &answer("a"), T0).unwrap();
    cache.flush();
    cache.remove(&ask("q"));
    assert!(cache.get_stale(&ask("q"), T0).is_none());
    drop(cache);
    assert!(on_disk(&dir, T0).get_stale(&ask("q"), T0).is_none());
}

#[test]
fn what_still_waits_for_the_disk_can_be_read() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    cache.put(&ask("q"), &answer("a"), T0).unwrap();
    cache.memory.invalidate_all();
    assert_eq!(text(cache.get(&ask("q"), T0)).as_deref(), Some("a"));
}

#[test]
fn a_newer_answer_takes_the_place_of_the_older() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    for (text, at) in [("old", T0), ("new", T0 + TTL)] {
        cache.put(&ask("q"), &answer(text), at).unwrap();
        cache.flush();
    }
    assert_eq!(cache.stats().stored_entries, 1);
    drop(cache);
    let cache = on_disk(&dir, T0);
    assert_eq!(text(cache.get(&ask("q"), T0 + TTL)).as_deref(), Some("new"));
}

#[test]
fn entries_past_max_stale_are_gone_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    cache.put(&ask("old"), &answer("a"), T0).unwrap();
    cache
        .put(&ask("young"), &answer("a"), T0 + MAX_STALE)
        .unwrap();
    drop(cache);
    let cache = on_disk(&dir, T0 + MAX_STALE + TTL);
    assert_eq!(cache.stats().stored_entries, 1);
}

#[test]
fn a_full_store_drops_its_oldest_entries() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    for n in 0..15 {
        let at = T0 + Duration::from_secs(n);
        cache
            .put(&ask(&format!("q{n}")), &answer(&"a".repeat(100_000)), at)
            .unwrap();
    }
    cache.flush();
    let stats = cache.stats();
    assert!(
        stats.stored_bytes <= 1 << 20 && stats.stored_entries == 10,
        "{stats:?}"
    );
    drop(cache);
    let cache = on_disk(&dir, T0);
    assert!(cache.get_stale(&ask("q0"), T0).is_none());
    assert!(cache.get_stale(&ask("q14"), T0).is_some());
}

#[test]
fn what_is_too_much_for_the_writer_is_dropped_and_counted() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    let store = cache.store.as_ref().unwrap();
    store.put(ask("q").normal, vec![0; 33 << 20], T0);
    assert_eq!(cache.stats().dropped_writes, 1);
    assert!(store.read(&ask("q").normal).is_none());
}

#[test]
fn a_locked_store_costs_the_file_but_not_the_cache() {
    let dir = TempDir::new().unwrap();
    let _first = on_disk(&dir, T0);
    let (second, warning) = Cache::open_at(&config(Some(&file(&dir))), T0);
    let warning = warning.unwrap();
    assert!(
        warning.contains("another process") && warning.contains("cache.redb"),
        "{warning}"
    );
    second.put(&ask("q"), &answer("a"), T0).unwrap();
    assert!(second.get(&ask("q"), T0).is_some());
}

#[test]
fn a_store_that_is_something_else_costs_the_file_but_not_the_cache() {
    let dir = TempDir::new().unwrap();
    fs::write(file(&dir), "not a store ".repeat(1000)).unwrap();
    let (cache, warning) = Cache::open_at(&config(Some(&file(&dir))), T0);
    assert!(warning.unwrap().contains("memory only"));
    assert!(cache.put(&ask("q"), &answer("a"), T0).is_ok());
    assert!(
        fs::read_to_string(file(&dir))
            .unwrap()
            .starts_with("not a store")
    );
}

#[test]
fn a_damaged_store_never_crashes_and_never_answers_wrongly() {
    let dir = TempDir::new().unwrap();
    let cache = on_disk(&dir, T0);
    for n in 0..50 {
        cache
            .put(
                &ask(&format!("q{n}")),
                &answer(&format!("{n}").repeat(100)),
                T0,
            )
            .unwrap();
    }
    drop(cache);
    let whole = fs::read(file(&dir)).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..24 {
        let mut bytes = whole.clone();
        if round % 4 == 0 {
            bytes.truncate(random.usize(..bytes.len()));
        }
        for _ in 0..=round {
            let at = random.usize(..bytes.len().min(80_000));
            bytes[at] ^= random.u8(1..);
        }
        fs::write(file(&dir), bytes).unwrap();
        let (cache, _) = Cache::open_at(&config(Some(&file(&dir))), T0);
        for n in 0..50 {
            let found = text(cache.get(&ask(&format!("q{n}")), T0));
            assert!(found.is_none_or(|text| text == format!("{n}").repeat(100)));
        }
        cache.put(&ask("new"), &answer("a"), T0).unwrap();
        cache.flush();
        assert_eq!(text(cache.get(&ask("new"), T0)).as_deref(), Some("a"));
    }
}

#[test]
fn a_store_of_another_version_is_put_aside() {
    let dir = TempDir::new().unwrap();
    let db = redb::Database::create(file(&dir)).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(redb::TableDefinition::<&str, u64>::new("meta"))
        .unwrap()
        .insert("version", 99)
        .unwrap();
    txn.commit().unwrap();
    drop(db);
    let cache = on_disk(&dir, T0);
    cache.put(&ask("q"), &answer("a"), T0).unwrap();
    cache.flush();
    assert_eq!(cache.stats().stored_entries, 1);
    assert!(dir.path().join("cache.redb.old").exists());
}

#[test]
fn no_prompt_is_written() {
    let dir = TempDir::new().unwrap();
    on_disk(&dir, T0)
        .put(&ask("my secret question"), &answer("a plain answer"), T0)
        .unwrap();
    let bytes = fs::read(file(&dir)).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"a plain answer"));
    assert!(!holds(b"secret"));
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let _cache = on_disk(&dir, T0);
    assert_eq!(
        fs::metadata(file(&dir)).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn a_store_in_a_place_that_cannot_be_written_is_a_warning() {
    let dir = TempDir::new().unwrap();
    write!(fs::File::create(dir.path().join("file")).unwrap(), "x").unwrap();
    let path = dir.path().join("file/cache.redb");
    let (_, warning) = Cache::open_at(&config(Some(&path)), T0);
    assert!(warning.unwrap().contains("file/cache.redb"));
}

#[test]
fn counts_tell_hits_from_misses() {
    let cache = in_memory();
    cache.get(&ask("q"), T0);
    cache.put(&ask("q"), &answer("a"), T0).unwrap();
    cache.get(&ask("q"), T0);
    cache.get_stale(&ask("q"), T0 + TTL + TTL);
    let stats = cache.stats();
    assert_eq!(
        (stats.misses, stats.hits, stats.stale_hits, stats.stored),
        (1, 1, 1, 1)
    );
}
