use super::*;
use crate::{
    model::Phase,
    tui::tests::scene::{self, PRIMARY, SECONDARY, TERTIARY},
};

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
        lines[0].contains("req/s move to openai/gpt-4.1, CLOSED"),
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
