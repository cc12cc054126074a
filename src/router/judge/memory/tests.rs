//! What comes back after a restart, what does not, and what happens to files that are none of ours.

use super::*;
use crate::{config, router::bus};
use std::{fs, sync::Arc};
use tokio_util::sync::CancellationToken;

const NOW: Wall = Wall(1_800_000_000_000);
const DAY: Duration = Duration::from_hours(24);

fn plant(more: &str) -> Plant {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let text = format!(
        "[providers.a]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:1\"\nvendor = \"a\"\nkey_env = \"K\"\n\
         [providers.j]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:2\"\nvendor = \"j\"\nkey_env = \"K\"\n\
         [routes.r]\ntiers = [\"a/m\"]\n[judge]\njudges = [\"j/m\"]\n{more}"
    );
    let key = |_: &str| Some("k".to_owned());
    let config = config::parse("breakerbox.toml", &text, &key);
    let config = config.map_err(|e| e.to_string()).unwrap();
    let (bus, _) = bus::new();
    Plant::build(Arc::new(config), None, &bus, &CancellationToken::new()).unwrap()
}

fn jury(plant: &Plant) -> Jury {
    Jury::new(super::super::desk::settings(&plant.config), clock::now())
}

fn judge() -> DeploymentId {
    "j/m".into()
}

/// A judge that gives a third of the answers of `a/m` a little less than would pass.
fn learned() -> Baseline {
    serde_json::from_str(r#"{"counts":[1.0,2.0,33.0,64.0]}"#).unwrap()
}

fn teach(plant: &Plant, jury: &mut Jury) {
    let unit = &plant.units["a/m"];
    unit.breaker(|b, _| (b.recall(judge(), learned()), Vec::new()));
    jury.recall(&judge(), 0.81, clock::now());
}

/// What the breaker of `a/m` holds for usual, and the mean of the judge.
fn known(plant: &Plant, jury: &Jury) -> (Option<Baseline>, Option<f64>) {
    let usual = plant.units["a/m"].breaker(|b, _| {
        let mut all = b.baselines();
        (all.next().map(|(_, usual)| usual.clone()), Vec::new())
    });
    (usual, jury.usual().next().map(|(_, mean)| mean))
}

/// A file that was written at `NOW` by a router that had learned something.
fn file() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/baselines.json");
    let plant = plant("");
    let mut jury = jury(&plant);
    teach(&plant, &mut jury);
    let (mut memory, complaint) = Memory::open(Some(&path), NOW);
    memory.gather(&plant, &jury, NOW);
    assert_eq!((complaint, memory.write()), (None, None));
    (dir, path)
}

/// A router that starts on this file at that time.
fn started(path: &Path, more: &str, now: Wall) -> (Option<Baseline>, Option<f64>) {
    let plant = plant(more);
    let mut jury = jury(&plant);
    let (memory, complaint) = Memory::open(Some(path), now);
    assert_eq!(complaint, None);
    memory.recall(&plant, None, &mut jury);
    known(&plant, &jury)
}

#[test]
fn what_was_learned_comes_back() {
    let (_dir, path) = file();
    assert_eq!(started(&path, "", NOW + DAY), (Some(learned()), Some(0.81)));
}

#[test]
fn the_file_is_its_owners_alone_and_no_other_is_left_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = file();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn scores_by_other_words_or_another_pass_mark_are_other_scores() {
    let (_dir, path) = file();
    let own = "[routes.r.judge]\nrubric = \"Is it polite?\"";
    let stricter = "[breaker]\njudge_threshold = 0.8";
    for other in [own, stricter] {
        assert_eq!(started(&path, other, NOW).0, None, "{other}");
    }
    let (mean, words) = (started(&path, own, NOW).1, "known answers have their own");
    assert_eq!(mean, Some(0.81), "{words}");
}

#[test]
fn what_is_kept_of_another_configuration_stays_in_the_file() {
    let (_dir, path) = file();
    let plant = plant("[breaker]\njudge_threshold = 0.8");
    let mut jury = jury(&plant);
    teach(&plant, &mut jury);
    let (mut memory, _) = Memory::open(Some(&path), NOW);
    memory.gather(&plant, &jury, NOW);
    assert_eq!(memory.write(), None);
    assert_eq!(started(&path, "", NOW).0, Some(learned()));
    assert_eq!(memory.kept.deployments.len(), 2);
}

#[test]
fn after_a_fortnight_it_is_not_usual_any_more() {
    let (_dir, path) = file();
    let last = NOW + DAY * 13;
    assert_eq!(started(&path, "", last), (Some(learned()), Some(0.81)));
    assert_eq!(started(&path, "", NOW + DAY * 14), (None, None));
}

#[test]
fn what_has_not_changed_is_not_written_again_and_grows_old() {
    let (_dir, path) = file();
    let plant = plant("");
    let mut jury = jury(&plant);
    let (mut memory, _) = Memory::open(Some(&path), NOW + DAY);
    memory.recall(&plant, None, &mut jury);
    fs::remove_file(&path).unwrap();
    memory.gather(&plant, &jury, NOW + DAY);
    assert_eq!(memory.write(), None);
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_none_of_ours_is_put_aside_and_said_to_be() {
    let deep = "[".repeat(100_000);
    for (bytes, why) in [
        ("", "not a file of baselines"),
        (
            r#"{"version":1,"deployments":[{"#,
            "not a file of baselines",
        ),
        (
            r#"{"version":2,"something":"else"}"#,
            "of version 2, this breakerbox reads 1",
        ),
        (r#"{"version":"1.0.0","name":"x"}"#, "invalid type"),
        ("\u{0}\u{1}\u{2}", "not a file of baselines"),
        (&deep, "not a file of baselines"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("baselines.json");
        fs::write(&path, bytes).unwrap();
        let (mut memory, complaint) = Memory::open(Some(&path), NOW);
        let text = complaint.unwrap();
        let aside = dir.path().join("baselines.json.old");
        for part in [path.to_str().unwrap(), why, aside.to_str().unwrap()] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(fs::read_to_string(&aside).unwrap(), bytes);
        let plant = plant("");
        let mut jury = jury(&plant);
        teach(&plant, &mut jury);
        memory.gather(&plant, &jury, NOW);
        assert_eq!(memory.write(), None);
        assert_eq!(started(&path, "", NOW).1, Some(0.81));
    }
}

#[test]
fn numbers_that_nobody_can_have_learned_are_left_out() {
    let (_dir, path) = file();
    let text = fs::read_to_string(&path).unwrap();
    let wrong = text.replace("64.0", "-64.0").replace("0.81", "81.0");
    assert_ne!(wrong, text);
    fs::write(&path, wrong).unwrap();
    assert_eq!(started(&path, "", NOW), (None, None));
}

#[test]
fn what_cannot_be_read_is_not_written_over_and_what_cannot_be_written_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let plant = plant("");
    let mut jury = jury(&plant);
    teach(&plant, &mut jury);
    let (mut memory, complaint) = Memory::open(Some(dir.path()), NOW);
    assert!(complaint.unwrap().contains("learned anew"));
    memory.gather(&plant, &jury, NOW);
    assert_eq!(memory.write(), None);

    let below_a_file = dir.path().join("file/baselines.json");
    let (mut memory, _) = Memory::open(Some(&below_a_file), NOW);
    fs::write(dir.path().join("file"), "").unwrap();
    memory.gather(&plant, &jury, NOW);
    assert!(memory.write().unwrap().contains("is not written"));
    assert_eq!(memory.write(), None, "it was said");
    fs::remove_file(dir.path().join("file")).unwrap();
    assert_eq!(memory.write(), None);
    assert_eq!(started(&below_a_file, "", NOW).1, Some(0.81));
}

#[test]
fn nothing_is_kept_where_nobody_wants_it() {
    let plant = plant("");
    let mut jury = jury(&plant);
    teach(&plant, &mut jury);
    let (mut memory, complaint) = Memory::open(None, NOW);
    memory.gather(&plant, &jury, NOW);
    assert_eq!((complaint, memory.write()), (None, None));
}

#[test]
fn a_reload_keeps_what_is_usual_and_another_pass_mark_asks_for_its_own() {
    let old = plant("");
    let mut jury = jury(&old);
    teach(&old, &mut jury);
    let (mut memory, _) = Memory::open(None, NOW);
    memory.gather(&old, &jury, NOW);
    let built = |more: &str, before: &Plant| {
        let (bus, _) = bus::new();
        let config = Arc::clone(&plant(more).config);
        Plant::build(config, Some(before), &bus, &CancellationToken::new()).unwrap()
    };
    let same = built("sample = 0.5", &old);
    memory.recall(&same, Some(&old), &mut jury);
    assert_eq!(known(&same, &jury), (Some(learned()), Some(0.81)));
    let stricter = built("[breaker]\njudge_threshold = 0.8", &same);
    memory.recall(&stricter, Some(&same), &mut jury);
    assert_eq!(known(&stricter, &jury).0, Some(Baseline::default()));
    let back = built("", &stricter);
    memory.recall(&back, Some(&stricter), &mut jury);
    assert_eq!(known(&back, &jury).0, Some(learned()));
}

#[test]
fn a_large_plant_fits_into_a_file_that_is_read_again() {
    let entry = |n: u32| {
        Watched {
        deployment: format!("provider-{n}/a-model-with-a-long-name-2026-01-01").into(),
        judge: "provider/another-model-with-a-long-name".into(),
        by: Measure {
            rubric: "2/0123abcd+2/4567cdef".to_owned(),
            pass: 0.7,
        },
        seen: NOW,
        usual: serde_json::from_str(
            r#"{"counts":[21.123456789012345,30.123456789012345,300.12345678901234,1640.1234567890123]}"#,
        )
        .unwrap(),
    }
    };
    let kept = Kept {
        deployments: (0..3_000).map(entry).collect(),
        ..Kept::default()
    };
    let bytes = serde_json::to_vec(&kept).unwrap();
    assert!((800_000..1_000_000).contains(&bytes.len()));
    assert_eq!(parsed(&bytes).unwrap().deployments.len(), 3_000);
}
