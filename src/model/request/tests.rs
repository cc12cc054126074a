use super::*;
use crate::model::{Event, Kind};
use proptest::{collection::vec, option, prelude::*};

fn event(request: Request) -> Event {
    Event {
        injected: true,
        ..Event::new(1, Wall(5), Kind::Request(Box::new(request)))
    }
}

fn line(request: &Request) -> String {
    serde_json::to_string(&event(request.clone())).unwrap()
}

fn read(line: &str) -> Result<Request, String> {
    match serde_json::from_str::<Event>(line) {
        Ok(Event {
            kind: Kind::Request(request),
            ..
        }) => Ok(*request),
        Ok(other) => Err(format!("{other:?}")),
        Err(why) => Err(why.to_string()),
    }
}

/// The primary answered at once.
fn ordinary() -> Request {
    Request {
        exchange: "x".into(),
        route: "r".into(),
        outcome: Outcome::Primary,
        dialect: Dialect::OpenAi,
        stream: true,
        model: "r".to_owned(),
        deployment: Some("p/a".into()),
        tier: Some(0),
        cache: None,
        ttft: Some(Duration::from_millis(12)),
        total: Duration::from_millis(20),
        waited: None,
        spans: vec![Span {
            deployment: "p/a".into(),
            tier: 0,
            kind: SpanKind::First,
            start: Duration::from_millis(2),
            ttft: Some(Duration::from_millis(10)),
            took: Duration::from_millis(18),
            end: SpanEnd::Won,
            injected: false,
        }],
        skipped: Vec::new(),
        rescued: false,
        drill: false,
        alike: 0,
    }
}

#[test]
fn of_an_ordinary_request_only_that_is_written_which_does_not_follow() {
    assert_eq!(
        line(&ordinary()),
        r#"{"seq":1,"at":5,"injected":true,"event":"request","exchange":"x","route":"r","stream":true,"#.to_owned()
            + r#""deployment":"p/a","ttft":12,"total":20,"spans":[{"start":2}]}"#
    );
}

#[test]
fn a_request_is_read_from_journals_in_which_all_of_it_is_written() {
    let whole = r#"{"seq":1,"at":5,"injected":true,"event":"request","exchange":"x","route":"r","outcome":"primary",
        "dialect":"openai","stream":true,"model":"r","deployment":"p/a","tier":0,"ttft":12,"total":20,
        "spans":[{"deployment":"p/a","start":2,"ttft":10,"took":18}]}"#;
    assert_eq!(read(whole).unwrap(), ordinary());
    let unanswered = r#"{"seq":1,"at":5,"event":"request","exchange":"x","route":"r","outcome":"error","dialect":"gemini",
        "model":"m","total":20,"spans":[{"deployment":"p/b","tier":1,"took":20,"end":"left"}]}"#;
    let read = read(unanswered).unwrap();
    assert_eq!((read.deployment, read.tier, read.ttft), (None, None, None));
    assert_eq!((&*read.spans[0].deployment, read.spans[0].tier), ("p/b", 1));
}

#[test]
fn what_would_have_to_follow_from_nothing_is_refused() {
    for (spans, why) in [
        (r#"[{"took":1}]"#, "nobody answered"),
        (
            r#"[{"deployment":"p/a","start":21}]"#,
            "begins after the answer",
        ),
    ] {
        let line = format!(
            r#"{{"seq":1,"at":5,"event":"request","exchange":"x","route":"r","total":20,"spans":{spans}}}"#
        );
        let said = read(&line).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}

fn ms() -> impl Strategy<Value = Duration> {
    // Few values, so that what follows from the rest often does, by chance too.
    (0_u64..6).prop_map(Duration::from_millis)
}

fn deployment() -> impl Strategy<Value = DeploymentId> {
    prop_oneof![Just("p/a"), Just("p/b")].prop_map(DeploymentId::from)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Primary),
        Just(Outcome::Fallback),
        Just(Outcome::Cached),
        Just(Outcome::Broken),
        Just(Outcome::Left),
    ]
}

fn end() -> impl Strategy<Value = SpanEnd> {
    prop_oneof![
        3 => Just(SpanEnd::Won),
        1 => Just(SpanEnd::Failed(Verdict::new(Class::Fault, "overloaded").status(503))),
        1 => Just(SpanEnd::Lost),
        1 => Just(SpanEnd::Left),
    ]
}

fn kind() -> impl Strategy<Value = SpanKind> {
    prop_oneof![
        Just(SpanKind::First),
        Just(SpanKind::Fallback),
        Just(SpanKind::Rescue),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let times = (ms(), option::of(ms()), ms());
    (
        deployment(),
        0_usize..3,
        kind(),
        times,
        end(),
        any::<bool>(),
    )
        .prop_map(
            |(deployment, tier, kind, (start, ttft, took), end, injected)| Span {
                deployment,
                tier,
                kind,
                start,
                ttft,
                took,
                end,
                injected,
            },
        )
}

fn skipped() -> impl Strategy<Value = Skipped> {
    (deployment(), 0_usize..3).prop_map(|(deployment, tier)| Skipped {
        deployment,
        tier,
        why: "open".to_owned(),
    })
}

fn request() -> impl Strategy<Value = Request> {
    let cache = option::of(prop_oneof![Just(CacheHit::Exact), Just(CacheHit::Stale)]);
    let dialect = proptest::sample::select(&Dialect::ALL[..]);
    let said = (outcome(), dialect, prop_oneof!["r", "other", ""], cache);
    let who = (option::of(deployment()), option::of(0_usize..3));
    let times = (option::of(ms()), ms(), option::of(ms()));
    let lists = (vec(span(), 0..4), vec(skipped(), 0..2));
    let marks = (any::<bool>(), any::<bool>(), any::<bool>(), 0_u32..3);
    (said, who, times, lists, marks).prop_map(
        |(said, (deployment, tier), (ttft, total, waited), (spans, skipped), marks)| Request {
            exchange: "x".into(),
            route: "r".into(),
            outcome: said.0,
            dialect: said.1,
            stream: marks.0,
            model: said.2,
            deployment,
            tier,
            cache: said.3,
            ttft,
            total,
            waited,
            spans,
            skipped,
            rescued: marks.1,
            drill: marks.2,
            alike: marks.3,
        },
    )
}

proptest! {
    #[test]
    fn every_request_reads_back_as_it_was(request in request()) {
        let line = line(&request);
        prop_assert_eq!(read(&line), Ok(request), "{}", line);
    }
}
