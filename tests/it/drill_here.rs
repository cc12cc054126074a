//! Drills in a router that runs, by the operators' door: the same orders as the screen gives.

use super::drill::{House, TWO};
use breakerbox::{
    drill::Ledger,
    model::{
        Event, Kind, Phase,
        drill::{DrillResult, DrillRun},
    },
};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;

/// Gives an order as `ana`, and waits for what becomes of it.
async fn order(house: &House, line: &str) -> Option<String> {
    let mut events = house.app.bus.subscribe();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = client
        .post(format!("http://{}/admin/command", house.app.addr))
        .json(&json!({"command": line, "actor": "ana"}))
        .send()
        .await
        .unwrap();
    assert!(matches!(sent.status().as_u16(), 200 | 409), "{line}");
    let answer = async {
        loop {
            if let Kind::Command {
                actor,
                command,
                refused,
                ..
            } = &events.recv().await.unwrap().kind
                && command == line
            {
                assert_eq!(actor, "ana");
                return refused.clone();
            }
        }
    };
    tokio::time::timeout(super::rig::SOON, answer)
        .await
        .expect("what becomes of an order is told")
}

/// The drill, once it has ended and its report is written.
async fn ended(house: &House) -> Arc<DrillRun> {
    let reported = async {
        loop {
            let drill = house.snapshot().drill.clone();
            if let Some(drill) = drill.filter(|d| d.report.is_some()) {
                return drill;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(4 * super::rig::SOON, reported)
        .await
        .expect("it ends and its report is written")
}

fn heard(events: &mut Receiver<Arc<Event>>) -> Vec<Arc<Event>> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

#[tokio::test]
async fn a_drill_is_started_in_a_running_router_and_remembered_like_any_other() {
    let house = House::open(TWO).await;
    house.until(|s| s.drills.len() == 2).await;
    let known = Arc::clone(&house.snapshot().drills);
    assert_eq!(known[0].faults[0].deployments, ["a/m".into()]);
    assert_eq!(order(&house, "drill start short").await, None);
    let drill = ended(&house).await;
    let end = drill.end.as_ref().unwrap();
    assert_eq!(end.result, DrillResult::Passed, "{drill:?}");
    assert_eq!((drill.passed(), drill.who.as_str()), ((6, 6), "ana"));
    assert_eq!(drill.plan.whom, "the drill's own requests");
    assert_eq!(drill.measured.len(), 2);
    let written = std::fs::read_to_string(drill.report.as_ref().unwrap()).unwrap();
    assert!(written.contains("By: ana"), "{written}");
    let entries = Ledger::in_dir(&house.dir.path().join("state")).entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (
            entries[0].scenario.as_str(),
            entries[0].result,
            entries[0].who.as_str()
        ),
        ("short", DrillResult::Passed, "ana")
    );
    house.app.shutdown().await;
}

#[tokio::test]
async fn one_drill_at_a_time_and_an_abort_takes_the_faults_off() {
    let house = House::open(TWO).await;
    assert_eq!(order(&house, "drill start endless --share 50%").await, None);
    house.has_fault(true).await;
    let set = house.snapshot();
    let fault = &set.faults[0].fault;
    assert_eq!((fault.rate, fault.who.as_str()), (0.5, "drill:endless"));
    let why = order(&house, "drill start short").await.unwrap();
    assert!(why.contains("drill endless by ana is under way"), "{why}");
    house.until(|s| s.faults.iter().any(|f| f.hits > 0)).await;
    assert_eq!(order(&house, "drill abort").await, None);
    let drill = ended(&house).await;
    let end = drill.end.as_ref().unwrap();
    assert_eq!(end.result, DrillResult::Aborted);
    assert_eq!(end.why, "somebody stopped it");
    house.has_fault(false).await;
    let after = house.snapshot();
    assert_eq!(after.overrides(), []);
    assert!(after.deployments.iter().all(|d| d.phase == Phase::Closed));
    let entries = Ledger::in_dir(&house.dir.path().join("state")).entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].radius, "50% of all requests");
    assert!(
        entries[0].drill.requests > 0,
        "what was sent before the abort counts"
    );
    let why = order(&house, "drill abort").await.unwrap();
    assert!(why.contains("no drill is under way"), "{why}");
    house.app.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_drilled_is_refused_with_the_reason() {
    let house = House::open(TWO).await;
    house.until(|s| !s.drills.is_empty()).await;
    let why = order(&house, "drill start nonsense").await.unwrap();
    assert!(why.contains("there are: short, endless"), "{why}");
    assert_eq!(
        order(&house, "fault add b/m delay=1ms --rate 1% --for 1m").await,
        None
    );
    house.has_fault(true).await;
    let why = order(&house, "drill start short").await.unwrap();
    assert!(why.contains("a drill would measure that"), "{why}");
    assert!(house.snapshot().drill.is_none());
    house.app.shutdown().await;
}

#[tokio::test]
async fn a_router_that_ends_aborts_its_drill_and_remembers_it() {
    let house = House::open(TWO).await;
    assert_eq!(order(&house, "drill start endless").await, None);
    house.has_fault(true).await;
    let mut events = house.app.bus.subscribe();
    house.app.shutdown().await;
    let told = heard(&mut events);
    let cleared = |e: &Arc<Event>| matches!(e.kind, Kind::FaultCleared { .. });
    let stopping = |e: &Arc<Event>| matches!(e.kind, Kind::Stopping);
    let off = told.iter().position(cleared).expect("the fault comes off");
    assert!(off < told.iter().position(stopping).unwrap());
    let entries = Ledger::in_dir(&house.dir.path().join("state")).entries();
    assert_eq!(entries[0].result, DrillResult::Aborted);
}
