//! What the bench does with judges that fail, change, or contradict each other.

use super::*;

fn jury(makers: &[&str]) -> Jury {
    let judges = makers.iter().map(|maker| Judge {
        id: DeploymentId::from(format!("{maker}/judge").as_str()),
        maker: (*maker).to_owned(),
    });
    let settings = Settings {
        judges: judges.collect(),
        pass: 0.7,
        max_per_minute: 600,
        max_per_day: 100_000,
        anchors: true,
    };
    Jury::new(settings, Mono::default())
}

fn first(jury: &Jury, watched: &str, at: u64) -> Option<String> {
    let panel = jury.panel(watched, |_| true, Mono::from_secs(at));
    panel.first.map(|id| id.to_string())
}

/// Scores everything that is due by a rule, until nothing more is. A first look that was bad is followed by the second.
fn score_all(jury: &mut Jury, at: u64, rule: impl Fn(&AnchorCall) -> f64) -> Vec<Move> {
    let now = Mono::from_secs(at);
    let mut moves = Vec::new();
    loop {
        let due = jury.due(now);
        if due.is_empty() {
            return moves;
        }
        for call in due {
            let said = jury.anchored(&call, Some(rule(&call)), now);
            let told = said.into_iter().filter(|m| !matches!(m, Move::Doubted(_)));
            moves.extend(told);
        }
    }
}

fn sane(call: &AnchorCall) -> f64 {
    if call.good { 0.9 } else { 0.1 }
}

#[test]
fn nobody_judges_its_own_maker_and_the_second_is_of_a_third() {
    let jury = jury(&["openai", "openai", "anthropic", "google"]);
    let panel = jury.panel("anthropic", |_| true, Mono::default());
    assert_eq!(panel.first.as_deref(), Some("openai/judge"));
    assert_eq!(panel.second.as_deref(), Some("google/judge"));
    let panel = jury.panel("openai", |_| true, Mono::default());
    assert_eq!(panel.first.as_deref(), Some("anthropic/judge"));
}

#[test]
fn four_failures_in_a_row_bring_in_the_next_judge_for_a_while() {
    let mut jury = jury(&["openai", "google"]);
    let judge = DeploymentId::from("openai/judge");
    for _ in 0..4 {
        assert_eq!(first(&jury, "x", 1).as_deref(), Some("openai/judge"));
        jury.failed(&judge, Mono::from_secs(1));
    }
    assert_eq!(first(&jury, "x", 30).as_deref(), Some("google/judge"));
    assert_eq!(first(&jury, "x", 31).as_deref(), Some("openai/judge"));
    jury.failed(&judge, Mono::from_secs(31));
    assert_eq!(first(&jury, "x", 90).as_deref(), Some("google/judge"));
    jury.scored(&judge, &DeploymentId::from("x/y"), 0.9, Mono::from_secs(90));
    assert_eq!(first(&jury, "x", 90).as_deref(), Some("openai/judge"));
}

#[test]
fn a_judge_that_scores_known_answers_lower_is_dismissed_until_it_does_not() {
    let mut jury = jury(&["openai", "google"]);
    assert_eq!(score_all(&mut jury, 0, sane).len(), 2, "both hold");
    jury.confirm(&DeploymentId::from("openai/judge"), Mono::from_secs(60));
    let moves = score_all(&mut jury, 60, |c| sane(c) - 0.2);
    assert!(
        matches!(
            &moves[..],
            [Move::Dismissed {
                cause: Cause::Harsh { .. },
                ..
            }]
        ),
        "{moves:?}"
    );
    assert_eq!(first(&jury, "x", 61).as_deref(), Some("google/judge"));
    let later = score_all(&mut jury, 361, |c| sane(c) - 0.2);
    assert!(matches!(later[..], [Move::Dismissed { .. }]), "{later:?}");
    assert!(
        score_all(&mut jury, 800, sane)
            .iter()
            .all(|m| !matches!(m, Move::Restored(_)))
    );
    let back = score_all(&mut jury, 361 + 601, sane);
    assert!(
        back.iter().any(|m| matches!(m, Move::Restored(_))),
        "{back:?}"
    );
    assert_eq!(first(&jury, "x", 970).as_deref(), Some("openai/judge"));
}

#[test]
fn one_unlucky_look_is_taken_twice() {
    let mut jury = jury(&["openai"]);
    score_all(&mut jury, 0, sane);
    jury.confirm(&DeploymentId::from("openai/judge"), Mono::from_secs(60));
    let now = Mono::from_secs(60);
    for call in jury.due(now) {
        let moves = jury.anchored(&call, Some(0.75), now);
        assert!(moves.iter().all(|m| matches!(m, Move::Doubted(_))));
    }
    let moves = score_all(&mut jury, 61, |_| 0.95);
    assert_eq!(moves, [Move::Held(DeploymentId::from("openai/judge"))]);
}

#[test]
fn a_judge_that_passes_garbage_is_dismissed() {
    let mut jury = jury(&["openai"]);
    score_all(&mut jury, 0, sane);
    let mut moves = Vec::new();
    for i in 1..=4 {
        moves.extend(score_all(&mut jury, i * 600, |_| 0.9));
    }
    assert!(
        matches!(
            moves[..],
            [Move::Dismissed {
                cause: Cause::Lenient { .. },
                ..
            }]
        ),
        "{moves:?}"
    );
}

#[test]
fn a_judge_that_calls_every_good_answer_bad_is_unfit_from_the_start() {
    let mut jury = jury(&["openai", "google"]);
    let moves = score_all(&mut jury, 0, |c| {
        if c.judge.starts_with('o') {
            0.4
        } else {
            sane(c)
        }
    });
    assert!(
        moves.iter().any(|m| matches!(m, Move::Dismissed { .. })),
        "{moves:?}"
    );
    assert_eq!(first(&jury, "x", 1).as_deref(), Some("google/judge"));
}

#[test]
fn a_judge_that_cannot_be_reached_is_neither_fit_nor_unfit() {
    let mut jury = jury(&["openai"]);
    let now = Mono::default();
    for call in jury.due(now) {
        assert_eq!(jury.anchored(&call, None, now), []);
    }
    assert_eq!(first(&jury, "x", 1), None, "away");
    assert!(first(&jury, "x", 600).is_some());
}

#[test]
fn a_reload_keeps_what_is_known_of_judges_that_stay() {
    let mut jury = jury(&["openai", "google"]);
    score_all(&mut jury, 0, sane);
    let mut settings = jury.settings.clone();
    settings.judges.swap(0, 1);
    settings.judges.push(Judge {
        id: DeploymentId::from("new/judge"),
        maker: "new".to_owned(),
    });
    jury.configure(settings, Mono::from_secs(5));
    let known: Vec<&str> = jury.usual().map(|(judge, _)| &**judge).collect();
    assert_eq!(known, ["google/judge", "openai/judge"]);
    assert_eq!(first(&jury, "x", 6).as_deref(), Some("google/judge"));
}

#[test]
fn one_dispute_is_bad_luck_and_two_within_an_hour_are_not() {
    let judge = DeploymentId::from("openai/judge");
    let mut jury = jury(&["openai", "google"]);
    let mut dispute = |at| jury.disputed(&judge, 10, 12, Mono::from_secs(at));
    assert_eq!(dispute(10), None);
    assert_eq!(dispute(5_000), None, "the first is forgotten");
    assert!(matches!(
        dispute(6_000),
        Some(Move::Dismissed {
            cause: Cause::Disputed { passed: 10, of: 12 },
            ..
        })
    ));
}

#[test]
fn a_judge_that_is_taken_back_learns_its_known_answers_anew() {
    let mut jury = jury(&["openai", "google"]);
    let judge = DeploymentId::from("openai/judge");
    score_all(&mut jury, 0, sane);
    let lower = |c: &AnchorCall| sane(c) - 0.2;
    jury.confirm(&judge, Mono::from_secs(60));
    score_all(&mut jury, 60, lower);
    assert_eq!(first(&jury, "x", 61).as_deref(), Some("google/judge"));
    assert_eq!(jury.take_back(&judge, Mono::from_secs(70)), Ok(()));
    assert_eq!(first(&jury, "x", 71).as_deref(), Some("openai/judge"));
    let moves = score_all(&mut jury, 71, lower);
    assert_eq!(moves, [Move::Held(judge.clone())]);
    let usual = jury.usual().next().map(|(_, usual)| usual);
    assert!((usual.unwrap() - 0.7).abs() < 1e-9);
    jury.confirm(&judge, Mono::from_secs(120));
    assert_eq!(score_all(&mut jury, 120, lower), [Move::Held(judge)]);
}

#[test]
fn one_that_is_unfit_is_not_kept_by_being_taken_back() {
    let mut jury = jury(&["openai"]);
    let judge = DeploymentId::from("openai/judge");
    score_all(&mut jury, 0, |_| 0.3);
    assert_eq!(jury.take_back(&judge, Mono::from_secs(1)), Ok(()));
    let moves = score_all(&mut jury, 1, |_| 0.3);
    assert!(matches!(moves[..], [Move::Dismissed { .. }]), "{moves:?}");
}

#[test]
fn only_a_judge_that_is_dismissed_is_taken_back() {
    let mut jury = jury(&["openai"]);
    let known = jury.take_back(&"openai/judge".into(), Mono(0)).unwrap_err();
    assert_eq!(known, "judge openai/judge is not dismissed");
    let unknown = jury.take_back(&"openai/gpt".into(), Mono(0)).unwrap_err();
    assert!(unknown.contains("there are: openai/judge"), "{unknown}");
}

#[test]
fn what_a_person_accepts_is_no_drift() {
    let mut jury = jury(&["openai"]);
    let judge = DeploymentId::from("openai/judge");
    let of = ["a/x", "b/y"].map(DeploymentId::from);
    for at in 0..60 {
        let score = if at < 40 { 0.9 } else { 0.5 };
        for id in &of {
            jury.scored(&judge, id, score, Mono::from_secs(at));
        }
    }
    let now = Mono::from_secs(60);
    assert_eq!(jury.drift(&judge, now).len(), 2);
    jury.accepted(&of[0]);
    jury.accepted(&of[1]);
    assert_eq!(jury.drift(&judge, now), []);
}

#[test]
fn a_judge_that_is_remembered_needs_no_first_batch_and_is_held_to_what_it_was() {
    let mut known = jury(&["openai", "google"]);
    score_all(&mut known, 0, sane);
    let usual: Vec<_> = known.usual().map(|(j, u)| (j.clone(), u)).collect();
    assert_eq!(usual.len(), 2);
    let mut jury = jury(&["openai", "google"]);
    let (judge, mean) = &usual[0];
    jury.recall(judge, *mean, Mono(0));
    jury.recall(&"gone/judge".into(), 0.9, Mono(0));
    let due = jury.due(Mono(0));
    let of = |judge: &str| due.iter().filter(|c| &*c.judge == judge).count();
    assert_eq!((of("openai/judge"), of("google/judge")), (2, 12));
    jury.confirm(judge, Mono::from_secs(9));
    let moves = score_all(&mut jury, 9, |c| sane(c) - 0.15);
    assert!(
        matches!(
            &moves[..],
            [Move::Dismissed {
                cause: Cause::Harsh { .. },
                ..
            }]
        ),
        "{moves:?}"
    );
    jury.recall(judge, 0.1, Mono::from_secs(10));
    assert!(jury.usual().all(|(_, u)| u > 0.5), "what is known stays");
}
