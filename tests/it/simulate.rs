//! `breakerbox simulate` from the outside: what it prints, and its exit codes.

use std::process::{Command, Output};

fn simulate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breakerbox"))
        .arg("simulate")
        .args(args)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file of somebody's own, with these expectations.
fn scenario(dir: &tempfile::TempDir, expect: &str) -> String {
    let path = dir.path().join("mine.toml");
    let text = format!(
        "name = \"mine\"\nseeds = 20\nbaseline = \"cold\"\nduration = \"20m\"\n\
         [[providers]]\nid = \"primary\"\nphases = [{{ t = 60, err = 1 }}, {{ t = \"5m\" }}]\n\
         [[providers]]\nid = \"secondary\"\n[expect]\n{expect}\n"
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_comes_with_it_is_listed_and_run_by_name() {
    let list = simulate(&[]);
    assert_eq!(list.status.code(), Some(0));
    assert!(out(&list).contains("garbage-30"), "{}", out(&list));

    let run = simulate(&["blip-1s", "--seeds", "3", "--rate", "1"]);
    assert_eq!(run.status.code(), Some(0), "{}", out(&run));
    assert!(
        out(&run).starts_with("blip-1s: 1 req/s, 3 seeds"),
        "{}",
        out(&run)
    );
    assert!(out(&run).contains("✓ no opens"), "{}", out(&run));
}

#[test]
fn the_exit_code_says_whether_what_was_expected_came() {
    let dir = tempfile::tempdir().unwrap();
    let came = scenario(
        &dir,
        "first_trip_s = { median = 4, p95 = 6 }\nreason = \"error\"\nopens = 1",
    );
    let output = simulate(&[&came]);
    assert_eq!(output.status.code(), Some(0), "{}", out(&output));

    let missed = scenario(&dir, "first_trip_s = 0.1");
    let output = simulate(&[&missed]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        out(&output).contains("✗ first trip within median 0.1 s"),
        "{}",
        out(&output)
    );
}

#[test]
fn a_file_that_cannot_be_read_is_two_and_says_where() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = scenario(&dir, "opnes = 1");
    let output = simulate(&[&wrong, "garbage-3"]);
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    assert!(
        said.contains("mine.toml:11:1: unknown key \"opnes\" in expect; did you mean \"opens\"?"),
        "{said}"
    );
    assert!(said.contains("garbage-3: cannot be read"), "{said}");
    assert_eq!(out(&output), "");
}

#[test]
fn json_is_one_object_for_each_scenario_and_the_same_every_time() {
    let dir = tempfile::tempdir().unwrap();
    let file = scenario(&dir, "opens = 1");
    let output = simulate(&[&file, "blip-1s", "--seeds", "3", "--json"]);
    let objects: Vec<serde_json::Value> = out(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["scenario"], "mine");
    assert_eq!(objects[0]["passed"], true);
    assert!(
        objects[0]["breakerbox"]["first_trip"]["median"]
            .as_f64()
            .unwrap()
            < 4.0
    );
    assert!(objects[0]["rolling_mean"]["requests"].as_f64().unwrap() > 10_000.0);
    let again = simulate(&[&file, "blip-1s", "--seeds", "3", "--json"]);
    assert_eq!(out(&output), out(&again));
}

#[test]
fn several_scenarios_end_in_a_table() {
    let output = simulate(&["blip-1s", "blip-5s", "--seeds", "2", "--rate", "1"]);
    let text = out(&output);
    let table: Vec<_> = text.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(table.len(), 4, "{text}");
    assert!(
        table[0].starts_with("| scenario") && table[3].starts_with("| blip-5s"),
        "{text}"
    );
    let width = table[0].chars().count();
    assert!(
        table.iter().all(|line| line.chars().count() == width),
        "{text}"
    );
}

#[test]
fn numbers_out_of_range_are_refused_before_anything_runs() {
    for args in [
        ["blip-1s", "--rate", "0"],
        ["blip-1s", "--seeds", "0"],
        ["blip-1s", "--rate", "NaN"],
    ] {
        let output = simulate(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err(&output).contains("invalid value"), "{}", err(&output));
    }
}

#[test]
fn the_runbook_has_every_scenario_and_the_example_in_it_can_be_run() {
    let page = include_str!("../../docs/breaker.md");
    let list = out(&simulate(&[]));
    let names = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for name in names {
        assert!(
            rows.iter().any(|row| row.starts_with(&format!("| {name}"))),
            "{name}"
        );
    }
    let example = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("example.toml");
    std::fs::write(&path, example.unwrap()).unwrap();
    let output = simulate(&[path.to_str().unwrap(), "--seeds", "3"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        out(&output),
        err(&output)
    );
}
