//! Configurations that cannot fail over: a drill of one fails, and says why.

use super::drill::{BAD_KEY, House, KEYS, Provider, TWO, scenario};
use breakerbox::{
    drill::{Report, Scenario},
    model::{Command, Order, drill::DrillResult},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A primary that answers 503 for a second.
const DOWN: &str = r#"
[[fault]]
for = "1s"
tier = "primary"
kind = "status=503"
[[check]]
is = "secondary-picks-up"
retries = 2
[[check]]
is = "p95-within-slo"
slo = "500ms"
[[check]]
is = "breaker-opened"
tier = "primary"
why = "error-rate"
within = "1s"
"#;

async fn run(house: &House, scenario: &Scenario) -> Report {
    let stop = CancellationToken::new();
    let report = house.drill(scenario, &stop).await;
    report.unwrap_or_else(|why| panic!("it has to fail, not to be refused: {why}"))
}

/// Fails before any fault was set, for this reason.
async fn fails_at_once(house: House, scenario: &Scenario, says: &str) {
    let report = run(&house, scenario).await;
    assert_eq!(report.result, DrillResult::Failed, "{}", report.markdown());
    assert!(report.why.contains(says), "{}", report.why);
    assert_eq!(report.drill.requests, 0, "nothing was broken");
    house.app.shutdown().await;
}

/// Goes through, and this check says no.
async fn fails_by_its_check(house: House, scenario: &Scenario, check: &str, says: &str) {
    let report = run(&house, scenario).await;
    assert_eq!(report.result, DrillResult::Failed, "{}", report.markdown());
    let found = report
        .checks
        .iter()
        .find(|c| !c.passed && c.check.contains(check));
    let found = found.unwrap_or_else(|| panic!("{}", report.markdown()));
    assert!(found.numbers.contains(says), "{}", found.numbers);
    house.app.shutdown().await;
}

#[tokio::test]
async fn the_same_vendor_twice() {
    let toml = "[routes.r]\ntiers = [\"a/m\", \"a/n\"]\n";
    fails_at_once(
        House::open(toml).await,
        &scenario(BAD_KEY),
        "its 2 tiers are all a's, at 127.0.0.1:",
    )
    .await;
}

#[tokio::test]
async fn a_secondary_whose_port_refuses() {
    // Nothing listens on the discard port of a machine of today.
    let toml = "[providers.dead]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:9\"\nvendor = \"dead\"\n\
                key = \"k\"\n[routes.r]\ntiers = [\"a/m\", \"dead/m\"]\n";
    let says = "the secondary of route r gives no good answer before anything is broken: dead/m: dead/m: fault connect_refused";
    fails_at_once(House::open(toml).await, &scenario(BAD_KEY), says).await;
}

#[tokio::test]
async fn a_secondary_whose_key_is_not_taken() {
    let other = Provider::well("sk-another-key-0123456789");
    let two = [Provider::well(KEYS[0]), other];
    let house = House::of(two, TWO).await;
    fails_at_once(
        house,
        &scenario(BAD_KEY),
        "secondary of route r gives no good answer",
    )
    .await;
}

#[tokio::test]
async fn a_secondary_that_answers_nonsense_with_a_200() {
    let nonsense = Provider {
        says: "the process of the process of ".repeat(20),
        ..Provider::well(KEYS[1])
    };
    let house = House::of([Provider::well(KEYS[0]), nonsense], TWO).await;
    fails_at_once(
        house,
        &scenario(BAD_KEY),
        "a 200 that looks wrong (repetition loop)",
    )
    .await;
}

#[tokio::test]
async fn a_primary_whose_timeout_is_all_the_time_there_is() {
    let toml = "[routes.r]\ntiers = [{ deployment = \"a/m\", timeout = \"5s\" }, \"b/m\"]\ndeadline = \"5s\"\n";
    fails_at_once(
        House::open(toml).await,
        &scenario(BAD_KEY),
        "when it hangs, the next tier has",
    )
    .await;
}

#[tokio::test]
async fn a_primary_that_may_take_longer_than_its_callers_wait() {
    let mut scenario = scenario(BAD_KEY);
    scenario.traffic.patience = Duration::from_secs(3);
    fails_at_once(House::open(TWO).await, &scenario, "callers wait 3s").await;
}

#[tokio::test]
async fn breakers_that_only_observe() {
    let house = House::open_with("mode = \"observe\"\n", TWO).await;
    fails_at_once(house, &scenario(BAD_KEY), "breaker.mode is observe").await;
}

#[tokio::test]
async fn a_threshold_under_which_the_drill_stays() {
    let house = House::open_with("err_threshold = 0.6\n", TWO).await;
    let half = DOWN.replace("kind =", "rate = 0.5\nkind =");
    fails_at_once(
        house,
        &scenario(&half),
        "tolerates 60% failures, and the drill makes 50%",
    )
    .await;
}

#[tokio::test]
async fn a_secondary_that_a_person_has_forced_open() {
    let house = House::open(TWO).await;
    let command = Command::parse("force b/m open --for 1m").unwrap();
    let actor = "oncall".to_owned();
    house
        .app
        .orders
        .send(Order::new(actor, command))
        .await
        .unwrap();
    house
        .until(|s| s.deployments.iter().any(|d| d.force.is_some()))
        .await;
    fails_at_once(
        house,
        &scenario(BAD_KEY),
        "the secondary of route r is forced open by oncall",
    )
    .await;
}

#[tokio::test]
async fn bad_answers_that_nobody_judges() {
    let garbage = DOWN
        .replace("status=503", "garbage=word-salad")
        .replace("error-rate", "quality");
    fails_at_once(House::open(TWO).await, &scenario(&garbage), "nobody judges").await;
}

#[tokio::test]
async fn no_canned_answer_for_the_day_when_everything_is_down() {
    let all = DOWN.replace("\"primary\"\nkind", "\"all\"\nkind")
        + "[[check]]\nis = \"last-rungs-carry\"\n";
    let house = House::open(&format!("{TWO}canned = {{ form = \"error\" }}\n")).await;
    fails_at_once(house, &scenario(&all), "no canned answer").await;
}

#[tokio::test]
async fn a_secondary_that_is_too_slow_for_the_slo() {
    let slow = Provider {
        after: Duration::from_millis(900),
        ..Provider::well(KEYS[1])
    };
    let house = House::of([Provider::well(KEYS[0]), slow], TWO).await;
    fails_by_its_check(house, &scenario(DOWN), "SLO", "bound 500ms").await;
}

#[tokio::test]
async fn a_primary_that_is_down_already() {
    let dead = Provider::well("sk-another-key-0123456789");
    let house = House::of([dead, Provider::well(KEYS[1])], TWO).await;
    fails_at_once(
        house,
        &scenario(BAD_KEY),
        "the primary of route r gives no good answer",
    )
    .await;
}

#[tokio::test]
async fn a_drill_about_a_tier_that_is_not_there_is_refused_before_anything_is_broken() {
    let house = House::open(TWO).await;
    let later = format!("{BAD_KEY}\n[[probe]]\nat = \"1s\"\ntier = \"tertiary\"\n");
    let stop = CancellationToken::new();
    let why = house.drill(&scenario(&later), &stop).await.unwrap_err();
    assert!(why.contains("route r has no tertiary tier"), "{why}");
    assert!(house.snapshot().faults.is_empty() && house.snapshot().last_drill.is_none());
    house.app.shutdown().await;
}

#[tokio::test]
async fn it_is_told_in_json_and_kept_in_the_ledger_to_whom_and_how_long() {
    let house = House::open("[routes.r]\ntiers = [\"a/m\"]\n").await;
    let report = run(&house, &scenario(BAD_KEY)).await;
    assert_eq!(report.radius, "the drill's own requests");
    let dir = tempfile::tempdir().unwrap();
    let ledger = breakerbox::drill::Ledger::in_dir(dir.path());
    ledger.append(&report).unwrap();
    let list = breakerbox::drill::words::list_json(&[], Some(&ledger));
    let run = &list["runs"][0];
    assert_eq!(run["radius"], "the drill's own requests", "{list}");
    assert_eq!(
        (run["result"].as_str(), run["scenario"].as_str()),
        (Some("failed"), Some("short"))
    );
    assert!(
        run["took_ms"].is_u64() && run["config"].is_string() && run["who"] == "test",
        "{list}"
    );
    house.app.shutdown().await;
}
