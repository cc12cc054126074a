//! `/metrics` from the outside: what was sent is what is counted, and what Prometheus's own tool says of it.

use super::{
    rig::{Rig, SOON, body, config, openai_tiers, provider},
    upstream::{Upstream, json, openai, openai_stream},
};
use breakerbox::metrics::{self, ALL, Metric, Type};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const NO: &str = r#"{"error":{"message":"boom","type":"server_error"}}"#;
const WRONG: &str = r#"{"error":{"message":"no such field","type":"invalid_request_error"}}"#;

/// One scrape: every sample with its value, as it is written.
#[derive(Debug)]
struct Page {
    text: String,
    samples: BTreeMap<String, String>,
}

impl Page {
    async fn of(rig: &Rig) -> Self {
        let response = rig.client.get(rig.url("/metrics")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let text = response.text().await.unwrap();
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        let samples = lines.map(|l| {
            let (sample, value) = l.rsplit_once(' ').unwrap();
            (sample.to_owned(), value.to_owned())
        });
        Self {
            samples: samples.collect(),
            text,
        }
    }

    /// Waits for the second that has it.
    async fn until(rig: &Rig, what: &str, is: impl Fn(&Self) -> bool) -> Self {
        let deadline = tokio::time::Instant::now() + SOON;
        loop {
            let page = Self::of(rig).await;
            if is(&page) {
                return page;
            }
            let in_time = tokio::time::Instant::now() < deadline;
            assert!(in_time, "not in time: {what}\n{}", page.text);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn value<N: std::str::FromStr<Err: std::fmt::Debug>>(&self, sample: &str) -> N {
        let value = self.samples.get(&format!("breakerbox_{sample}"));
        let value = value.unwrap_or_else(|| panic!("there is no {sample} in\n{}", self.text));
        value.parse().unwrap()
    }

    fn count(&self, sample: &str) -> u64 {
        self.value(sample)
    }

    /// All that begin so.
    fn all(&self, of: &str) -> impl Iterator<Item = &String> {
        let of = format!("breakerbox_{of}");
        let own = self.samples.iter().filter(move |(s, _)| s.starts_with(&of));
        own.map(|(_, value)| value)
    }

    fn sum(&self, of: &str) -> u64 {
        self.all(of)
            .map(|value| value.parse::<u64>().unwrap())
            .sum()
    }

    fn attempts(&self, deployment: &str, class: &str) -> u64 {
        self.count(&format!(
            "attempts_total{{deployment=\"{deployment}\",class=\"{class}\"}}"
        ))
    }

    fn exchanges(&self, outcome: &str) -> u64 {
        self.count(&format!(
            "exchanges_total{{route=\"r\",outcome=\"{outcome}\"}}"
        ))
    }

    fn rungs(&self) -> [u64; 4] {
        [0, 1, 2, 3]
            .map(|rung| self.count(&format!("answers_total{{route=\"r\",rung=\"{rung}\"}}")))
    }
}

#[tokio::test]
async fn what_was_sent_is_what_is_counted() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let toml = openai_tiers(&[&a, &b]).replace(
        "enabled = false",
        "enabled = true\npath = \"memory\"\n[breaker]\ncooldown = \"5m\"",
    );
    let mut rig = Rig::start(&toml).await;
    for n in 0..5 {
        rig.ask(&format!("question {n}")).await;
    }
    for _ in 0..3 {
        rig.ask("question 0").await;
    }
    rig.ask("Question  1").await;
    a.play(vec![openai_stream(&["one ", "two"])]);
    for n in 0..4 {
        let streamed = rig.ask_stream(&format!("stream {n}")).await;
        streamed.bytes().await.unwrap();
    }
    a.play(vec![json(400, &[], WRONG)]);
    for n in 0..2 {
        let refused = rig.ask(&format!("wrong {n}")).await;
        assert_eq!(refused.status(), 400);
    }
    a.play(vec![openai("m-a", "A")]);
    // Nothing of it reaches the upstream, and all of it is counted.
    let fault = "fault add a/m-a status=429 --for 1m";
    assert_eq!(rig.done(fault).await, None);
    rig.ask("under a fault").await;
    assert_eq!(rig.done("fault clear all").await, None);
    assert_eq!(rig.done("force b/m-b open --for 5m").await, None);
    assert_eq!(rig.done("rung3 on r --for 1m").await, None);
    for n in 0..6 {
        rig.ask(&format!("down {n}")).await;
    }
    assert!(rig.done("force nobody open").await.is_some());
    assert_eq!(
        rig.post("/v1/chat/completions", &body("", false))
            .await
            .status(),
        200
    );
    let direct = serde_json::json!({"model": "a/m-a", "messages": [{"role": "user", "content": "by its own name"}]});
    rig.post("/v1/chat/completions", &direct).await;

    let page = Page::until(&rig, "all of them", |p| p.sum("exchanges_total") >= 24).await;
    let outcomes = [
        "primary",
        "fallback",
        "cached",
        "canned",
        "caller_error",
        "error",
        "broken",
        "left",
    ];
    let got = outcomes.map(|outcome| page.exchanges(outcome));
    assert_eq!(got, [9, 1, 4, 7, 2, 0, 0, 0], "{}", page.text);
    assert_eq!(page.rungs(), [9, 4, 1, 7]);
    let hits = ["exact", "normalised", "stale"]
        .map(|how| page.count(&format!("cache_hits_total{{route=\"r\",how=\"{how}\"}}")));
    assert_eq!(hits, [3, 1, 0]);
    let by_name = page.count("exchanges_total{route=\"a/m-a\",outcome=\"primary\"}");
    assert_eq!(by_name, 1);
    let classes = ["ok", "caller", "throttle", "fault"].map(|class| page.attempts("a/m-a", class));
    assert_eq!(classes, [10, 2, 1, 0]);
    let [of_a, of_b] = [&a, &b].map(|upstream| upstream.asked().len() as u64);
    assert_eq!(page.sum("attempts_total{deployment=\"a/m-a\""), of_a + 1);
    assert_eq!(page.sum("attempts_total{deployment=\"b/m-b\""), of_b);
    let once = [
        "fault_hits_total{deployment=\"a/m-a\"}",
        "fallbacks_total{deployment=\"a/m-a\"}",
        "gates_total{deployment=\"a/m-a\",class=\"throttle\"}",
        "forces_total{deployment=\"b/m-b\",force=\"open\"}",
        "commands_total{result=\"refused\"}",
        "rung3_on{route=\"r\"}",
    ];
    assert_eq!(once.map(|sample| page.count(sample)), [1; 6]);
    assert_eq!(page.count("commands_total{result=\"ok\"}"), 4);
    let answered = page.count("attempt_duration_seconds_count{deployment=\"a/m-a\"}");
    let begun = page.count("attempt_ttft_seconds_count{deployment=\"a/m-a\"}");
    assert_eq!(
        (answered, begun),
        (10, 4),
        "a first token has a stream only"
    );
}

/// Twenty events of a kind are told in a second; all of them are counted.
#[tokio::test]
async fn nothing_is_counted_less_because_there_was_much_of_it() {
    let a = Upstream::start(vec![json(503, &[], NO)]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    assert_eq!(rig.done("force a/m-a closed --for 5m").await, None);
    let all: u64 = 120;
    let asked = stream::iter(0..all).map(|n| {
        let rig = &rig;
        async move { rig.ask(&n.to_string()).await.status() }
    });
    let served = asked
        .buffer_unordered(40)
        .filter(|s| std::future::ready(*s == 200));
    assert_eq!(served.count().await as u64, all);

    let held_back = "events_suppressed_total{kind=\"fallbacks\"}";
    let page = Page::until(&rig, "the fallbacks", |p| {
        p.exchanges("fallback") >= all && p.sum(held_back) > 0
    })
    .await;
    let tried = a.asked().len() as u64;
    assert!(tried >= all);
    let on = page.count("fallbacks_total{deployment=\"a/m-a\"}");
    assert_eq!((on, page.attempts("a/m-a", "fault")), (tried, tried));
    assert_eq!(page.attempts("b/m-b", "ok"), all);
    assert_eq!(page.rungs(), [0, 0, all, 0]);
    let n = page.count("exchange_duration_seconds_count");
    assert_eq!(n, all);
    let n = page.count("attempt_duration_seconds_count{deployment=\"b/m-b\"}");
    assert_eq!(n, all);
    assert_eq!(page.count("events_lost_total"), 0);
}

#[tokio::test]
async fn what_people_lay_over_it_is_seen_while_it_lasts() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let mut rig = Rig::start(&openai_tiers(&[&a])).await;
    rig.done("fault add a/m-a hang --rate 0% --for 5m").await;
    rig.done("force a/m-a observe --for 5m").await;
    let page = Page::until(&rig, "fault and force", |p| {
        p.count("faults_active{deployment=\"a/m-a\"}") == 1
            && p.count("breaker_state{deployment=\"a/m-a\",state=\"observe\"}") == 1
    })
    .await;
    let expiry: f64 = page.value("force_expiry_timestamp_seconds{deployment=\"a/m-a\"}");
    let began: f64 = page.value("breaker_last_move_timestamp_seconds{deployment=\"a/m-a\"}");
    assert!(
        (299.0..360.0).contains(&(expiry - began)),
        "{began} {expiry}"
    );
    rig.done("release a/m-a").await;
    rig.done("fault clear all").await;
    Page::until(&rig, "nothing", |p| {
        p.count("faults_active{deployment=\"a/m-a\"}") == 0
            && p.count("breaker_state{deployment=\"a/m-a\",state=\"observe\"}") == 0
            && p.all("force_expiry_timestamp_seconds").next().is_none()
    })
    .await;
}

/// How many values a label has with so many deployments, routes and judges.
fn values(label: &str, (deployments, routes, judges): (usize, usize, usize)) -> usize {
    match label {
        "deployment" => deployments,
        // A deployment may be asked for by its own name.
        "route" => routes + deployments,
        "judge" => judges,
        "class" | "finding" => 13,
        "outcome" | "state" => 8,
        "rung" | "to" => 4,
        "how" | "result" | "force" => 3,
        "reason" => 14,
        "kind" => 10,
        "direction" => 2,
        "version" => 1,
        other => panic!("how many values has {other}?"),
    }
}

/// The most series that a configuration can have.
fn bound(of: (usize, usize, usize)) -> usize {
    let series = |m: &Metric| {
        let labels: usize = m.labels.iter().map(|l| values(l, of)).product();
        let each = match (m.is, m.name) {
            (Type::Histogram, "breakerbox_attempt_ttft_seconds") => metrics::TTFT_S.len() + 3,
            (Type::Histogram, "breakerbox_judge_score_ratio") => metrics::SCORE.len() + 3,
            (Type::Histogram, _) => metrics::TOTAL_S.len() + 3,
            _ => 1,
        };
        labels * each
    };
    ALL.iter().map(series).sum()
}

#[tokio::test]
async fn ten_thousand_names_that_callers_make_up_are_no_series() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask("hi").await;
    let before = Page::until(&rig, "the first", |p| p.exchanges("primary") == 1).await;
    let made_up = stream::iter(0..10_000).map(|n| {
        let request = serde_json::json!({
            "model": format!("madeup-{n}"), "user": format!("madeup-{n}"),
            "messages": [{"role": "user", "content": "hi"}]
        });
        let post = rig
            .client
            .post(rig.url("/v1/chat/completions"))
            .bearer_auth(format!("madeup-{n}"))
            .header("x-breakerbox-drill", format!("madeup-{n}"));
        async move { post.json(&request).send().await.unwrap().status() }
    });
    let refused = made_up
        .buffer_unordered(32)
        .filter(|s| std::future::ready(*s == 404));
    assert_eq!(refused.count().await, 10_000);
    rig.ask("and another").await;
    let after = Page::until(&rig, "the last", |p| p.exchanges("primary") == 2).await;
    assert!(!after.text.contains("madeup"));
    assert_eq!(after.samples.len(), before.samples.len());
    let most = bound((2, 1, 0));
    assert!(
        after.samples.len() <= most,
        "{} > {most}",
        after.samples.len()
    );
}

#[tokio::test]
async fn a_deployment_that_a_reload_removed_is_exported_no_more() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let b = Upstream::start(vec![openai("m-b", "B")]).await;
    let rig = Rig::start(&openai_tiers(&[&a, &b])).await;
    rig.ask("hi").await;
    Page::until(&rig, "the first", |p| p.attempts("a/m-a", "ok") == 1).await;
    let only_a = format!(
        "{}{}",
        provider("a", "openai", &a),
        "[routes.r]\ntiers = [\"a/m-a\"]\n[cache]\nenabled = false\n"
    );
    rig.reload(&only_a);
    let page = Page::until(&rig, "the reload", |p| !p.text.contains("b/m-b")).await;
    assert_eq!(page.attempts("a/m-a", "ok"), 1, "what stays goes on");
    assert_eq!(page.count("config_reloads_total{result=\"ok\"}"), 1);
}

#[tokio::test]
async fn a_prometheus_server_knows_the_format_and_a_web_page_gets_nothing() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let rig = Rig::start(&openai_tiers(&[&a])).await;
    let get = || rig.client.get(rig.url("/metrics"));
    let response = get().send().await.unwrap();
    let is = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(is, "text/plain; version=0.0.4; charset=utf-8");
    let page = get()
        .header("origin", "https://example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 403);
}

#[tokio::test]
async fn a_token_that_may_look_reads_the_metrics_and_no_other_does() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let token = "a-token-for-the-prometheus-server-alone";
    let toml = format!(
        "{}[[control.tokens]]\nname = \"prometheus\"\nrole = \"view\"\ntoken = {{ env = \"PROM_API_KEY\" }}\n",
        openai_tiers(&[&a])
    );
    let rig = Rig::start(&toml).await;
    let known = "key-of-prom_api_key";
    for (shown, status) in [(None, 401), (Some(token), 401), (Some(known), 200)] {
        let get = rig.client.get(rig.url("/metrics"));
        let get = match shown {
            Some(token) => get.bearer_auth(token),
            None => get,
        };
        let response = get.send().await.unwrap();
        assert_eq!(response.status(), status);
        assert!(!response.text().await.unwrap().contains(known));
    }
}

/// What promtool says to this; none, and a line that says so, where there is no promtool.
fn promtool(args: &[&str], input: &str) -> Option<Result<(), String>> {
    let spawned = Command::new("promtool")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut tool = match spawned {
        Ok(tool) => tool,
        Err(why) => {
            let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(
                !in_ci,
                "CI needs promtool (Debian's package prometheus): {why}"
            );
            eprintln!("skipped: promtool does not start: {why}");
            return None;
        }
    };
    let mut stdin = tool.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let out = tool.wait_with_output().unwrap();
    let said = [out.stdout, out.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let clean = out.status.success() && !said.contains("FAILED");
    Some(if clean { Ok(()) } else { Err(said) })
}

#[tokio::test]
async fn promtool_has_nothing_to_say_about_the_page() {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let b = Upstream::start(vec![json(503, &[], NO)]).await;
    let judge = provider("j", "openai", &a);
    let toml = format!(
        "{}{judge}[judge]\njudges = [\"j/m-j\"]\n",
        openai_tiers(&[&b, &a])
    );
    let mut rig = Rig::start(&toml).await;
    rig.done("force a/m-a observe --for 5m").await;
    rig.ask("hi").await;
    let page = Page::until(&rig, "the first", |p| p.exchanges("fallback") == 1).await;
    if let Some(said) = promtool(&["check", "metrics"], &page.text) {
        assert_eq!(said, Ok(()));
    }
    let names = page.text.lines().filter_map(|l| l.strip_prefix("# TYPE "));
    let names: Vec<_> = names.filter_map(|l| l.split(' ').next()).collect();
    let known: BTreeSet<_> = ALL.iter().map(|m| m.name).collect();
    assert!(names.iter().all(|n| known.contains(n)), "{names:?}");
    assert!(names.len() > 55, "{} of {}", names.len(), known.len());
}

fn shipped(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap()
}

fn board() -> Value {
    serde_json::from_str(&shipped("assets/grafana/breakerbox.json")).unwrap()
}

/// What the dashboard asks.
struct Query {
    title: String,
    expr: String,
    /// What a series of it is called.
    legend: String,
}

impl Query {
    fn of(title: &Value, asked: &Value, legend: &str) -> Self {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        Self {
            title: text(title),
            expr: text(&asked["expr"]),
            legend: text(&asked[legend]),
        }
    }
}

/// Its annotations too.
fn queries() -> Vec<Query> {
    let board = board();
    let mut all = Vec::new();
    // A row that is folded up has its panels in it.
    let mut panels: Vec<_> = board["panels"].as_array().unwrap().iter().collect();
    while let Some(panel) = panels.pop() {
        panels.extend(panel["panels"].as_array().into_iter().flatten());
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert_eq!(target["datasource"]["uid"], "${datasource}");
            all.push(Query::of(&panel["title"], target, "legendFormat"));
        }
    }
    for note in board["annotations"]["list"].as_array().unwrap() {
        if note["expr"].is_string() {
            all.push(Query::of(&note["name"], note, "titleFormat"));
        }
    }
    all
}

/// The metrics that a text names, each with the labels that are asked of it.
fn named(text: &str) -> Vec<(&str, Vec<&str>)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut all = Vec::new();
    let starts = ["breakerbox_", "process_"];
    let mut rest = text;
    while let Some(at) = starts.iter().filter_map(|s| rest.find(s)).min() {
        let (before, found) = rest.split_at(at);
        let begins = !before.ends_with(is_word);
        rest = found;
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let labels = after.strip_prefix('{').and_then(|s| s.split_once('}'));
        let labels = labels.map_or(Vec::new(), |(inside, _)| {
            let pairs = inside.split(',').filter_map(|p| p.split_once('='));
            pairs.map(|(l, _)| l.trim_end_matches('!').trim()).collect()
        });
        if begins {
            all.push((name, labels));
        }
        rest = after;
    }
    all
}

/// The metric of a sample's name.
fn metric(name: &str) -> Option<&'static Metric> {
    let of_histogram = |m: &&Metric| {
        let part = name.strip_prefix(m.name);
        m.is == Type::Histogram && matches!(part, Some("_bucket" | "_sum" | "_count"))
    };
    let plain = ALL
        .iter()
        .find(|m| m.name == name && m.is != Type::Histogram);
    plain.or_else(|| ALL.iter().find(of_histogram))
}

fn asks_only_what_there_is(place: &str, query: &str) {
    for (name, labels) in named(query) {
        let metric = metric(name).unwrap_or_else(|| panic!("{place}: nothing exports {name}"));
        for label in labels {
            let known =
                metric.labels.contains(&label) || ["instance", "job", "le"].contains(&label);
            assert!(known, "{place}: {name} has no label {label}");
        }
    }
}

#[test]
fn the_dashboard_asks_only_for_what_is_exported() {
    let all = queries();
    assert!(all.len() > 40);
    for Query { title, expr, .. } in &all {
        assert!(!named(expr).is_empty(), "{title} asks for nothing of ours");
        asks_only_what_there_is(title, expr);
    }
}

/// The labels that a query keeps: those that it sums by, or else all of what it asks for.
fn kept(expr: &str) -> BTreeSet<&str> {
    let by: Vec<_> = expr.split("by (").skip(1).collect();
    let lists = by.iter().filter_map(|rest| rest.split_once(')'));
    let mut kept: BTreeSet<_> = lists.flat_map(|(list, _)| list.split(", ")).collect();
    if by.is_empty() {
        let all = named(expr);
        let asked = all.iter().filter_map(|(name, _)| metric(name));
        kept.extend(asked.flat_map(|m| m.labels).copied());
        kept.insert("instance");
    }
    kept
}

#[test]
fn a_series_is_called_by_labels_that_it_has() {
    for Query {
        title,
        expr,
        legend,
    } in queries()
    {
        let kept = kept(&expr);
        let of = named(&expr);
        let known: BTreeSet<_> = of
            .iter()
            .filter_map(|(name, _)| metric(name))
            .flat_map(|m| m.labels)
            .copied()
            .chain(["instance", "le"])
            .collect();
        assert!(kept.is_subset(&known), "{title}: {kept:?} in {expr}");
        for part in legend.split("{{").skip(1) {
            let (label, _) = part.split_once("}}").unwrap();
            assert!(kept.contains(label), "{title}: {label} in {expr}");
        }
    }
}

#[test]
fn what_the_dashboard_lets_one_choose_is_exported() {
    let board = board();
    let mut asked = 0;
    for variable in board["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"]["query"].as_str() else {
            continue;
        };
        assert_eq!(variable["definition"], query);
        let inside = query.strip_prefix("label_values(").unwrap();
        let (name, label) = inside.trim_end_matches(')').split_once(", ").unwrap();
        let labels = metric(name).unwrap().labels;
        assert!(labels.contains(&label) || label == "instance", "{query}");
        asked += 1;
    }
    assert_eq!(asked, 3);
}

#[test]
fn each_panel_is_one_and_has_a_place_of_its_own() {
    let board = board();
    let panels = board["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|p| p["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|n| panel["gridPos"][n].as_u64().unwrap());
        assert!(x + w <= 24, "{}", panel["title"]);
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{} lies over another", panel["title"]);
        }
    }
}

#[test]
fn every_query_of_the_dashboard_is_one() {
    let rule = |(n, query): (usize, Query)| {
        let query = query
            .expr
            .replace("$__rate_interval", "5m")
            .replace("$__range", "1h");
        let quoted = serde_json::to_string(&query).unwrap();
        format!("  - record: query:{n}\n    expr: {quoted}\n")
    };
    let rules: Vec<_> = queries().into_iter().enumerate().map(rule).collect();
    let rules = format!("groups:\n- name: dashboard\n  rules:\n{}", rules.concat());
    let mut file = tempfile::NamedTempFile::with_suffix(".yml").unwrap();
    file.write_all(rules.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    if let Some(said) = promtool(&["check", "rules", path], "") {
        assert_eq!(said, Ok(()));
    }
}

#[test]
fn the_alerts_ask_only_for_what_is_exported_and_fire_when_they_should() {
    let rules = "assets/prometheus/breakerbox.rules.yml";
    asks_only_what_there_is(rules, &shipped(rules));
    let path = |name: &str| format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    if let Some(said) = promtool(&["check", "rules", &path(rules)], "") {
        assert_eq!(said, Ok(()));
    }
    let tests = path("assets/prometheus/breakerbox.rules.test.yml");
    if let Some(said) = promtool(&["test", "rules", &tests], "") {
        assert_eq!(said, Ok(()));
    }
}

#[test]
fn every_metric_is_in_the_manual_and_nothing_else() {
    let manual = shipped("docs/metrics.md");
    for m in ALL {
        assert!(
            manual.contains(&format!("`{}`", m.name)),
            "{} is missing",
            m.name
        );
    }
    for (name, _) in named(&manual) {
        let known = metric(name).is_some() || ALL.iter().any(|m| m.name == name);
        assert!(known, "there is no {name}");
    }
}

#[test]
fn a_large_configuration_stays_affordable() {
    let one = bound(config_size(&config(include_str!(
        "../../assets/breakerbox.toml"
    ))));
    assert!(one < 3_000, "{one}");
    assert!(bound((100, 30, 4)) < 35_000, "{}", bound((100, 30, 4)));
}

fn config_size(config: &breakerbox::config::Config) -> (usize, usize, usize) {
    let judges = config.judge.judges.len();
    (config.deployments.len(), config.routes.len(), judges)
}
