use super::*;
use crate::{
    model::{
        Class, Phase,
        fault::{Fault, FaultKind, Only},
        series::Share,
        snapshot::{FaultView, Gate},
    },
    tui::{
        draw::wrap,
        tests::scene::{self, PRIMARY, SECONDARY, TERTIARY},
    },
};
use std::time::Duration;

fn asked(s: &Snapshot, line: &str) -> Ask {
    ask(s, &Command::parse(line).unwrap(), Some("me"))
}

#[test]
fn a_probe_and_what_makes_things_better_ask_nothing() {
    let s = scene::incident().snapshot();
    for line in [
        format!("probe {PRIMARY}"),
        "fault clear all".into(),
        "rung3 off".into(),
    ] {
        assert_eq!(asked(&s, &line), Ask::Nothing, "{line}");
    }
}

#[test]
fn a_force_says_where_the_traffic_goes() {
    let s = scene::calm().snapshot();
    let Ask::YesNo(lines) = asked(&s, &format!("force {PRIMARY} open")) else {
        panic!("asks y or n")
    };
    assert!(
        lines[0].contains("req/s of chat move to openai/gpt-4.1, CLOSED"),
        "{lines:?}"
    );
}

#[test]
fn opening_the_last_healthy_tier_asks_for_its_name() {
    let s = scene::last_tier().snapshot();
    assert!(
        matches!(asked(&s, &format!("force {SECONDARY} open")), Ask::Type(word, _) if word == SECONDARY)
    );
}

#[test]
fn a_fault_asks_for_the_name_unless_providers_are_simulated() {
    let line = format!("fault add {PRIMARY} hang --rate 30%");
    assert!(
        matches!(asked(&scene::calm().snapshot(), &line), Ask::Type(word, _) if word == PRIMARY)
    );
    assert!(matches!(
        asked(&scene::simulated().snapshot(), &line),
        Ask::YesNo(_)
    ));
}

#[test]
fn rung_3_for_all_asks_for_the_word() {
    let s = scene::calm().snapshot();
    assert!(matches!(asked(&s, "rung3 on"), Ask::Type(word, _) if word == "all"));
    assert!(matches!(asked(&s, "rung3 on chat"), Ask::YesNo(_)));
}

#[test]
fn releasing_a_force_of_somebody_else_asks() {
    let s = scene::forced().snapshot();
    let command = Command::parse(&format!("release {SECONDARY}")).unwrap();
    assert!(matches!(ask(&s, &command, None), Ask::YesNo(_)));
    assert_eq!(ask(&s, &command, Some("oncall")), Ask::Nothing);
}

/// A route that sends `tiers` of its answers to each of its deployments, as many per second as it has in five minutes.
fn route(id: &str, tiers: &[(&str, u32)], per_s: f64) -> RouteView {
    RouteView {
        per_s,
        tiers_5m: tiers.iter().map(|(_, n)| *n).collect(),
        ..RouteView::new(id.into(), tiers.iter().map(|(t, _)| (*t).into()).collect())
    }
}

fn with(routes: Vec<RouteView>, change: impl FnOnce(&mut Snapshot)) -> Snapshot {
    let mut s = scene::calm().snapshot();
    s.routes = routes;
    change(&mut s);
    s
}

fn of_mut<'a>(s: &'a mut Snapshot, id: &str) -> &'a mut DeploymentView {
    s.deployments.iter_mut().find(|d| &*d.id == id).unwrap()
}

/// What the first route would do without its primary.
fn opened(s: &Snapshot) -> String {
    if_opened(s, &s.routes[0], &PRIMARY.into())
}

fn three() -> Vec<RouteView> {
    let tiers = [(PRIMARY, 80), (SECONDARY, 20), (TERTIARY, 0)];
    vec![route("chat", &tiers, 10.0)]
}

#[test]
fn of_a_route_only_the_share_that_the_deployment_answers_moves() {
    let s = with(three(), |s| of_mut(s, SECONDARY).p95 = None);
    assert_eq!(opened(&s), "8.0 req/s → openai/gpt-4.1 CLOSED");
}

#[test]
fn a_tier_that_ramps_takes_its_share_and_lets_the_rest_go_on() {
    let ramps = |s: &mut Snapshot| of_mut(s, SECONDARY).phase = Phase::Ramp(25);
    assert_eq!(
        opened(&with(three(), ramps)),
        "8.0 req/s → 25% openai/gpt-4.1 RAMP 25%, 75% gemini/gemini-2.5-pro CLOSED, p95 2.6s"
    );
    let two = route("chat", &[(PRIMARY, 100), (SECONDARY, 0)], 10.0);
    assert_eq!(
        opened(&with(vec![two], ramps)),
        "10.0 req/s → 25% openai/gpt-4.1 RAMP 25%, 75% canned answer, then the last healthy tier"
    );
}

#[test]
fn without_the_last_healthy_tier_there_is_only_the_canned_answer() {
    let s = with(three(), |s| {
        of_mut(s, SECONDARY).phase = Phase::Open;
        of_mut(s, TERTIARY).phase = Phase::Probe;
    });
    assert_eq!(
        opened(&s),
        "8.0 req/s → canned answer: it is the last healthy tier"
    );
}

#[test]
fn a_route_without_traffic_says_where_it_would_go() {
    let s = with(three(), |s| {
        s.routes[0].per_s = 0.0;
        of_mut(s, TERTIARY).phase = Phase::Open;
        of_mut(s, SECONDARY).p95 = None;
    });
    assert_eq!(
        opened(&s),
        "no traffic now; it would go → openai/gpt-4.1 CLOSED, then the last healthy tier"
    );
}

#[test]
fn where_nothing_is_sent_to_it_nothing_moves() {
    let s = with(three(), |s| of_mut(s, PRIMARY).phase = Phase::Open);
    assert_eq!(opened(&s), "nothing: it takes no traffic now, OPEN");
}

#[test]
fn two_routes_never_move_more_than_the_deployment_is_asked_for() {
    let both = vec![
        route("chat", &[(PRIMARY, 90), (SECONDARY, 10)], 20.0),
        route("code", &[(PRIMARY, 50), (TERTIARY, 50)], 12.0),
    ];
    let rates = |asked: f64| {
        let s = with(both.clone(), |s| of_mut(s, PRIMARY).attempts_per_s = asked);
        let d = s.deployment(PRIMARY).unwrap();
        let rates: Vec<_> = reroute::all(&s, d)
            .iter()
            .map(|r| (r.route.id.to_string(), per_second(r.per_s)))
            .collect();
        rates
    };
    let told = |chat: &str, code: &str| {
        vec![
            ("chat".to_owned(), chat.to_owned()),
            ("code".to_owned(), code.to_owned()),
        ]
    };
    assert_eq!(rates(30.0), told("18.0", "6.0"));
    assert_eq!(rates(12.0), told("9.0", "3.0"));
}

fn lines(ask: Ask) -> Vec<String> {
    match ask {
        Ask::YesNo(lines) | Ask::Type(_, lines) => lines,
        Ask::Nothing => Vec::new(),
    }
}

fn quiet(s: &mut Snapshot, id: &str, per_s: f64) {
    let d = of_mut(s, id);
    d.attempts_per_s = per_s;
    (d.in_flight, d.p50) = (4, Some(Duration::from_secs(2)));
    d.p95 = Some(Duration::from_millis(1900));
    d.errors_5m = Share { bad: 3, n: 900 };
}

#[test]
fn two_routes_that_share_a_deployment_say_what_each_moves_and_what_that_makes_of_the_other() {
    let both = vec![
        route("chat", &[(PRIMARY, 90), (SECONDARY, 10)], 20.0),
        route("code", &[(PRIMARY, 50), (SECONDARY, 50)], 12.0),
    ];
    let s = with(both, |s| quiet(s, SECONDARY, 8.0));
    let told = lines(asked(&s, &format!("force {PRIMARY} open")));
    assert_eq!(
        told[..2],
        [
            "18.0 req/s of chat and 6.0 of code move to openai/gpt-4.1, CLOSED, then the last healthy tier: what it fails gets canned text or an error",
            "  8.0 → 32.0 req/s, 4 → about 52 in flight, p95 1.9s, errors 0.3% n=900",
        ]
    );
}

#[test]
fn a_tier_that_only_ramps_leaves_most_to_the_canned_answer_and_asks_for_the_name() {
    let two = route("chat", &[(PRIMARY, 100), (SECONDARY, 0)], 10.0);
    let s = with(vec![two], |s| {
        of_mut(s, SECONDARY).phase = Phase::Ramp(25);
    });
    let ask = asked(&s, &format!("force {PRIMARY} open"));
    assert!(matches!(&ask, Ask::Type(word, _) if word == PRIMARY));
    assert_eq!(
        lines(ask)[0],
        "10.0 req/s of chat move: 75% to canned text or an error; 25% to openai/gpt-4.1, RAMP 25%, then the last healthy tier"
    );
}

#[test]
fn a_tier_that_is_rate_limited_or_broken_on_purpose_says_so_before_it_gets_more() {
    let s = with(three(), |s| {
        of_mut(s, SECONDARY).throttled_5m = 14;
        let fault = Fault {
            id: 1,
            deployment: SECONDARY.into(),
            kind: FaultKind::Hang,
            rate: 0.1,
            only: Only::Everybody,
            who: "ana".to_owned(),
            until: s.at,
        };
        s.faults = vec![FaultView { fault, hits: 0 }];
    });
    let told = lines(asked(&s, &format!("force {PRIMARY} open")));
    assert!(
        told[1].ends_with("14 rate-limited, a FAULT is on it"),
        "{told:?}"
    );
}

#[test]
fn a_gated_tier_is_passed_over_and_named() {
    let s = with(three(), |s| {
        let until = s.at + Duration::from_secs(40);
        of_mut(s, SECONDARY).gate = Some(Gate {
            class: Class::Throttle,
            code: "429".to_owned(),
            until,
        });
    });
    let told = lines(asked(&s, &format!("force {PRIMARY} open")));
    assert!(
        told[0].contains("move to gemini/gemini-2.5-pro"),
        "{told:?}"
    );
    assert_eq!(told[2], "passed over: openai/gpt-4.1, gated for 0:40");
}

#[test]
fn a_lower_tier_without_traffic_says_where_it_would_go_if_it_came() {
    let s = with(three(), |s| quiet(s, TERTIARY, 0.0));
    let told = lines(asked(&s, &format!("force {TERTIARY} open")));
    assert_eq!(
        told[0],
        "no traffic of chat now; if it came, it would get canned text or an error"
    );
}

#[test]
fn closing_by_hand_says_what_comes_back() {
    let s = with(three(), |s| {
        of_mut(s, PRIMARY).phase = Phase::Open;
        s.routes[0].tiers_5m = vec![0, 80];
        s.routes[0].canned_5m = 20;
        quiet(s, SECONDARY, 9.0);
    });
    let told = lines(asked(&s, &format!("force {PRIMARY} closed")));
    assert_eq!(
        told[1],
        "10.0 req/s of chat, which tiers below it answer or nobody, come to it"
    );
    let told = lines(asked(&s, &format!("force {TERTIARY} closed")));
    assert!(told.iter().all(|l| !l.contains("come to it")), "{told:?}");
}

#[test]
fn a_fault_on_a_share_says_what_moves_now_and_what_once_the_breaker_opens() {
    let s = with(three(), |s| quiet(s, SECONDARY, 2.0));
    let told = lines(asked(&s, &format!("fault add {PRIMARY} hang --rate 30%")));
    assert!(told[2].starts_with("2.4 req/s of chat that fail move to openai/gpt-4.1, CLOSED"));
    assert!(told[3].starts_with("  2.0 → 4.4 req/s, 4 → about 9 in flight"));
    assert_eq!(told[4], "once its breaker opens, all 8.0 req/s move");
}

#[test]
fn a_bad_key_moves_everything_however_small_its_share() {
    let s = with(three(), |_| {});
    let told = lines(asked(&s, &format!("fault add {PRIMARY} bad-key --rate 5%")));
    assert!(
        told[2].contains("the first that is hit is enough"),
        "{told:?}"
    );
    assert!(told[3].starts_with("8.0 req/s of chat move"), "{told:?}");
}

#[test]
fn rung_3_says_of_each_route_what_its_users_lose() {
    let mut chat = route("chat", &[(PRIMARY, 90), (SECONDARY, 5)], 20.0);
    (chat.cached_5m, chat.canned_5m) = (4, 1);
    let s = with(vec![route("code", &[(PRIMARY, 0)], 0.0), chat], |_| {});
    let told = lines(asked(&s, "rung3 on"));
    assert_eq!(
        told[1..3],
        [
            "chat: 20.0 req/s, models answer 95.0% of them now, the cache 4.0%, 1.0% get no answer of a model already",
            "code: no traffic now",
        ]
    );
}

#[test]
fn with_many_routes_a_question_stays_readable_at_80_columns() {
    let mut routes = Vec::new();
    for n in 0..9 {
        let tiers = match n % 3 {
            0 => vec![(PRIMARY, 90), (SECONDARY, 10)],
            1 => vec![(PRIMARY, 50), (TERTIARY, 50)],
            _ => vec![(PRIMARY, 10)],
        };
        routes.push(route(&format!("route-{n}"), &tiers, 9.0));
        routes.push(route(&format!("idle-{n}"), &tiers, 0.0));
    }
    let s = with(routes, |s| {
        of_mut(s, PRIMARY).attempts_per_s = 200.0;
        of_mut(s, SECONDARY).phase = Phase::Ramp(25);
    });
    for line in ["open", "closed"] {
        let told = lines(asked(&s, &format!("force {PRIMARY} {line}")));
        let broken = told.iter().flat_map(|l| wrap(l, 76)).count();
        assert!(broken <= 8, "{told:#?}");
    }
    for fault in ["hang --rate 30%", "bad-key", "garbage", "delay=5s"] {
        let told = lines(asked(&s, &format!("fault add {PRIMARY} {fault}")));
        let broken = told.iter().flat_map(|l| wrap(l, 76)).count();
        assert!(broken <= 8, "{told:#?}");
        assert!(
            told[0].contains("REAL") && told[1].starts_with("hits "),
            "{told:#?}"
        );
        let rest = told[2..].concat();
        let hurt = rest.contains("req/s of") || rest.contains("answers/s");
        assert!(hurt, "{told:#?}");
    }
    let told = lines(asked(&s, "rung3 on"));
    assert!(
        told.iter().flat_map(|l| wrap(l, 76)).count() <= 8,
        "{told:#?}"
    );
}
