//! Drills and the journal over the whole program: a configuration file, real sockets, providers that check their key.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use breakerbox::{
    app::{App, Wish},
    drill::{self, Ledger, Report, Scenario},
    journal::Reader,
    model::{Event, Kind, Snapshot, Wall, drill::DrillResult},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// A provider of the OpenAI dialect that takes one key, and repeats any other one back as real ones do.
#[derive(Debug, Clone)]
pub(super) struct Provider {
    pub(super) key: &'static str,
    pub(super) says: String,
    pub(super) after: Duration,
}

impl Provider {
    pub(super) fn well(key: &'static str) -> Self {
        Self {
            key,
            says: SENTENCE.to_owned(),
            after: Duration::ZERO,
        }
    }
}

async fn serve(tasks: &mut JoinSet<()>, provider: Provider) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let addr = listener
        .local_addr()
        .expect("a bound socket has an address");
    let app = Router::new()
        .route("/v1/chat/completions", post(answer))
        .with_state(provider);
    tasks.spawn(async move {
        let _ = axum::serve(listener, app).await;
    });
    addr
}

async fn answer(State(me): State<Provider>, headers: HeaderMap, ask: Json<Value>) -> Response {
    tokio::time::sleep(me.after).await;
    let sent = headers
        .get("authorization")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    if sent != format!("Bearer {}", me.key) {
        let message = format!("Incorrect API key provided: {sent}");
        let error = json!({"error": {"message": message, "type": "invalid_request_error", "code": "invalid_api_key"}});
        return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
    }
    if ask["stream"] == true {
        let text = super::upstream::openai_text(&me.says) + &super::upstream::openai_done();
        return ([("content-type", "text/event-stream")], text).into_response();
    }
    let message = json!({"role": "assistant", "content": me.says});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    Json(json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}))
        .into_response()
}

const SENTENCE: &str = "The rehearsal note is about a quiet Tuesday on which nothing happened.";

pub(super) struct House {
    pub(super) dir: tempfile::TempDir,
    pub(super) app: App,
    _providers: JoinSet<()>,
}

pub(super) const KEYS: [&str; 2] = ["sk-geheim-of-a-0123456789", "sk-geheim-of-b-0123456789"];

impl House {
    /// Two providers, `a` and `b`; `more` is TOML for the configuration.
    pub(super) async fn open(more: &str) -> Self {
        Self::build(KEYS.map(Provider::well), "", more).await
    }

    /// With more for `[breaker]`.
    pub(super) async fn open_with(breaker: &str, more: &str) -> Self {
        Self::build(KEYS.map(Provider::well), breaker, more).await
    }

    pub(super) async fn of(two: [Provider; 2], more: &str) -> Self {
        Self::build(two, "", more).await
    }

    async fn build(two: [Provider; 2], breaker: &str, more: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut providers = JoinSet::new();
        let mut toml = String::new();
        for ((name, one), key) in ["a", "b"].into_iter().zip(two).zip(KEYS) {
            let addr = serve(&mut providers, one).await;
            toml = format!(
                "{toml}[providers.{name}]\ndialect = \"openai\"\nbase_url = \"http://{addr}\"\nvendor = \"{name}\"\n\
                 key = \"{key}\"\n"
            );
        }
        let journal = if more.contains("[journal]") {
            ""
        } else {
            "[journal]\npath = \"off\"\n"
        };
        let rest =
            "[server]\ndrain = \"1s\"\n[cache]\nenabled = false\n[breaker]\ncooldown = \"1s\"\n";
        let text = format!("{toml}{rest}{breaker}{journal}{more}");
        std::fs::write(dir.path().join("breakerbox.toml"), text).expect("the file is written");
        let app = start(dir.path()).await;
        Self {
            dir,
            app,
            _providers: providers,
        }
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.app.bus.snapshot().load_full()
    }

    pub(super) async fn drill(
        &self,
        scenario: &Scenario,
        stop: &CancellationToken,
    ) -> Result<Report, String> {
        let target = self.app.drill_target("test".to_owned());
        drill::run(scenario, &target, stop.clone(), |_| {}).await
    }

    pub(super) async fn until(&self, is: impl Fn(&Snapshot) -> bool) {
        until(&self.app, |s| is(s).then_some(())).await;
    }

    pub(super) async fn has_fault(&self, has: bool) {
        until(&self.app, |s| (s.faults.is_empty() != has).then_some(())).await;
    }
}

/// Waits until the snapshot has it.
async fn until<T>(app: &App, find: impl Fn(&Snapshot) -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = find(&app.bus.snapshot().load_full()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(super::rig::SOON, wait)
        .await
        .expect("the snapshot has it in time")
}

/// How the last drill ended, once it has.
async fn last_drill(app: &App) -> (Wall, DrillResult) {
    until(app, |s| {
        let mark = s.last_drill.as_ref()?;
        Some((mark.at, mark.result?))
    })
    .await
}

async fn start(dir: &Path) -> App {
    let wish = Wish {
        config: Some(dir.join("breakerbox.toml")),
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        state: Some(dir.join("state")),
        drills: vec![scenario(BAD_KEY), endless()],
        ..Wish::default()
    };
    App::start(&wish).await.expect("the program starts")
}

pub(super) const TWO: &str =
    "[routes.r]\ntiers = [{ deployment = \"a/m\", timeout = \"3s\" }, \"b/m\"]\n";

pub(super) fn scenario(faults: &str) -> Scenario {
    let text = format!(
        "name = \"short\"\ntitle = \"Short\"\nwhat = \"x\"\nsteady_s = 0.5\nobserve_s = 4\n\
         traffic = {{ rate = 30 }}\nabort = {{ errors = 0 }}\n{faults}"
    );
    Scenario::parse("short.toml", &text)
        .map_err(|e| e.to_string())
        .expect("a good scenario")
}

pub(super) const BAD_KEY: &str = r#"
[[fault]]
for = "1s"
tier = "primary"
kind = "bad-key"
[[check]]
is = "primary-fails-fast"
[[check]]
is = "secondary-picks-up"
retries = 1
[[check]]
is = "p95-within-slo"
slo = "2s"
[[check]]
is = "breaker-opened"
tier = "primary"
why = "credential"
within = "1s"
[[check]]
is = "nothing-reached-the-user"
[[check]]
is = "as-before"
"#;

/// Longer than any test, and harmless.
fn endless() -> Scenario {
    let text = LONG.replace("empty", "delay=1ms");
    Scenario {
        name: "endless".to_owned(),
        ..scenario(&text)
    }
}

/// Longer than any test.
const LONG: &str = "[[fault]]\nfor = \"1m\"\ntier = \"primary\"\nkind = \"empty\"\n[[check]]\nis = \"as-before\"\n";

#[tokio::test]
async fn a_bad_key_on_a_quiet_tuesday_is_rehearsed_from_end_to_end() {
    let house = House::open(TWO).await;
    let stop = CancellationToken::new();
    let report = house.drill(&scenario(BAD_KEY), &stop).await.unwrap();
    assert_eq!(report.result, DrillResult::Passed, "{}", report.markdown());
    assert_eq!(report.checks.len(), 6);
    assert!(report.steady.primary >= 10 && report.steady.failed == 0);
    assert!(
        report.drill.fallback >= 20 && report.drill.failed == 0,
        "{:?}",
        report.drill
    );
    let told = report.markdown() + &serde_json::to_string(&report).unwrap();
    assert!(
        told.contains("CLOSED -> OPEN: credential 401 invalid_api_key"),
        "{told}"
    );
    assert!(!told.contains("geheim"), "{told}");
    assert_eq!(last_drill(&house.app).await.1, DrillResult::Passed);
    house.app.shutdown().await;
}

#[tokio::test]
async fn a_configuration_that_cannot_fail_over_fails_before_anything_is_broken_and_is_remembered() {
    let house = House::open("[routes.r]\ntiers = [\"a/m\"]\n").await;
    let mut events = house.app.bus.subscribe();
    let stop = CancellationToken::new();
    let report = house.drill(&scenario(BAD_KEY), &stop).await.unwrap();
    assert_eq!(report.result, DrillResult::Failed);
    assert!(report.why.contains("its only tier"), "{}", report.why);
    assert_eq!(report.steady.requests, 0);
    let state = house.dir.path().join("state");
    Ledger::in_dir(&state).append(&report).unwrap();
    house.app.shutdown().await;
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event.kind, Kind::FaultAdded(_)), "{event:?}");
    }
    let again = start(house.dir.path()).await;
    let remembered = last_drill(&again).await;
    assert_eq!(remembered, (report.ended, DrillResult::Failed));
    again.shutdown().await;
}

#[tokio::test]
async fn a_drill_that_hurts_users_ends_itself_and_takes_its_faults_off() {
    let house = House::open(&format!("{TWO}canned = {{ form = \"error\" }}\n")).await;
    let all = BAD_KEY.replace(
        "\"1s\"\ntier = \"primary\"\nkind",
        "\"1m\"\ntier = \"all\"\nkind",
    );
    let stop = CancellationToken::new();
    let report = house.drill(&scenario(&all), &stop).await.unwrap();
    assert_eq!(report.result, DrillResult::Aborted);
    assert!(report.why.contains("users got errors"), "{}", report.why);
    house.has_fault(false).await;
    house.app.shutdown().await;
}

#[tokio::test]
async fn a_drill_that_is_stopped_or_dropped_takes_its_faults_off() {
    let house = House::open(TWO).await;
    let scenario = scenario(LONG);
    let stop = CancellationToken::new();
    let stopped = async {
        house.has_fault(true).await;
        stop.cancel();
    };
    let (report, ()) = tokio::join!(house.drill(&scenario, &stop), stopped);
    let report = report.unwrap();
    assert_eq!(report.result, DrillResult::Aborted, "{}", report.why);
    house.has_fault(false).await;
    house.app.shutdown().await;

    let house = House::open(TWO).await;
    let stop = CancellationToken::new();
    tokio::select! {
        done = house.drill(&scenario, &stop) => panic!("{done:?}"),
        () = house.has_fault(true) => {}
    }
    house.has_fault(false).await;
    house.app.shutdown().await;
}

#[tokio::test]
async fn callers_of_real_providers_are_not_hit_by_a_drill_that_fails_its_own_requests() {
    let house = House::open(TWO).await;
    let (scenario, stop) = (scenario(LONG), CancellationToken::new());
    let url = format!("http://{}/v1/chat/completions", house.app.addr);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let callers = async {
        house.has_fault(true).await;
        for _ in 0..20 {
            let request = client.post(&url).json(&super::rig::body("hi", false));
            let answer = request.send().await.unwrap();
            assert_eq!(super::rig::header(&answer, "x-breakerbox-rung"), "0");
        }
        house.until(|s| s.faults.iter().any(|f| f.hits > 0)).await;
        let faults = house.snapshot().faults.clone();
        stop.cancel();
        faults
    };
    let (report, faults) = tokio::join!(house.drill(&scenario, &stop), callers);
    assert!(!faults[0].fault.only.is_everybody(), "{faults:?}");
    assert_eq!(report.unwrap().radius, "the drill's own requests");
    house.app.shutdown().await;
}

#[tokio::test]
async fn a_drill_that_breaks_the_slo_ends_itself() {
    let slow = Provider {
        after: Duration::from_millis(400),
        ..Provider::well(KEYS[1])
    };
    let house = House::of([Provider::well(KEYS[0]), slow], TWO).await;
    let mut scenario = scenario(LONG);
    scenario.abort.p95 = Duration::from_millis(300);
    let report = house
        .drill(&scenario, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(report.result, DrillResult::Aborted, "{}", report.markdown());
    assert!(
        report.why.contains("p95 of the last answers"),
        "{}",
        report.why
    );
    house.has_fault(false).await;
    house.app.shutdown().await;
}

#[tokio::test]
async fn somebody_elses_fault_is_a_reason_not_to_drill() {
    let house = House::open(TWO).await;
    let target = house.app.drill_target("test".to_owned());
    let command = breakerbox::model::Command::parse("fault add b/m hang --for 1m").unwrap();
    let actor = "oncall".to_owned();
    let order = breakerbox::model::Order::new(actor, command);
    target.orders.send(order).await.unwrap();
    house.has_fault(true).await;
    let stop = CancellationToken::new();
    let why = house.drill(&scenario(LONG), &stop).await.unwrap_err();
    assert!(why.contains("b/m fault hang"), "{why}");
    assert_eq!(house.snapshot().faults.len(), 1, "it is left alone");
    house.app.shutdown().await;
}

#[tokio::test]
async fn the_journal_has_the_whole_run_without_a_gap_or_a_secret() {
    let house = House::open(&format!("{TWO}[journal]\npath = \"journal\"\n")).await;
    let url = format!("http://{}/v1/chat/completions", house.app.addr);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let target = house.app.drill_target("test".to_owned());
    for line in [
        "fault add a/m bad-key --for 1m",
        "force b/m closed --for 1m",
    ] {
        let command = breakerbox::model::Command::parse(line).unwrap();
        let actor = "oncall".to_owned();
        let order = breakerbox::model::Order::new(actor, command);
        target.orders.send(order).await.unwrap();
    }
    house.has_fault(true).await;
    for _ in 0..5 {
        let answer = client.post(&url).json(&super::rig::body("hi", false));
        assert_eq!(answer.send().await.unwrap().status(), 200);
    }
    house.app.shutdown().await;
    let files = breakerbox::journal::files(&house.dir.path().join("journal")).unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
    let mut reader = Reader::open(&files[0]).unwrap();
    let events: Vec<Event> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.report().notes(), Vec::<String>::new());
    let seqs: Vec<_> = events.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(matches!(events[0].kind, Kind::Started { .. }));
    assert!(matches!(events.last().unwrap().kind, Kind::Stopping));
    let has = |is: fn(&Kind) -> bool| events.iter().any(|e| is(&e.kind));
    assert!(has(|k| matches!(k, Kind::Transition(_))));
    assert!(has(|k| matches!(k, Kind::Fallback { .. })));
    assert!(has(|k| matches!(k, Kind::Forced { .. })));
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(!text.contains("geheim"), "{text}");
}
