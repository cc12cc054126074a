//! What the second line says of several deployments at once, and of how much is left.

use super::{Desk, scene};
use crate::model::{Class, ForceKind, Kind, Phase, Reason, Verdict, event::Exchanges};
use scene::{PRIMARY, SECONDARY, TERTIARY};

/// The second line, in its parts.
fn said(desk: &Desk, w: u16) -> Vec<String> {
    let text = desk.text(w, 40);
    let line = text.lines().nth(1).unwrap_or_default();
    let parts = line.split("  ").map(str::trim).filter(|p| !p.is_empty());
    parts.map(str::to_owned).collect()
}

#[test]
fn several_that_are_down_are_counted_and_named_with_their_causes_as_far_as_there_is_room() {
    let desk = Desk::at(scene::last_tier());
    let causes = format!("{PRIMARY} OPEN (errors), {TERTIARY} OPEN (errors)");
    let left = "last healthy tier: openai/gpt-4.1, what it fails reaches users";
    assert_eq!(
        said(&desk, 200)[1..3],
        [left.to_owned(), format!("2 of 4 down: {causes}")]
    );
    assert_eq!(
        said(&desk, 120),
        [
            "provider availability",
            "last healthy tier: openai/gpt-4.1",
            "2 of 4 down: claude-sonnet-4-5, gemini-2.5-pro",
        ]
    );
    assert_eq!(
        said(&desk, 80),
        [
            "provider availability",
            "last healthy tier",
            "2 of 4 down: claude-sonnet-4-5, +1",
        ]
    );
}

#[test]
fn one_that_is_down_alone_is_told_with_its_evidence() {
    let mut desk = Desk::at(scene::incident());
    desk.then(|s| {
        let earned = Reason::RampStep { ok: 30 };
        s.transition(TERTIARY, Phase::Ramp(75), Phase::Closed, earned, None);
    });
    for w in [80, 120] {
        let text = said(&desk, w).join("  ");
        assert!(text.contains("error_rate 38.4% > 2.0%"), "{text}");
        assert!(
            !text.contains("n=8…") && !text.contains("healthy"),
            "{text}"
        );
    }
}

#[test]
fn what_still_goes_to_a_lower_tier_is_counted_when_every_breaker_is_closed() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| {
        s.push(Kind::Exchanges(Exchanges {
            primary: 2,
            fallback: 3,
            ..Exchanges::default()
        }));
        s.silence(59);
    });
    let text = said(&desk, 120).join("  ");
    let counted = "failing over  a lower tier answered 3 of 5 in the last minute";
    assert!(text.starts_with(counted), "{text}");
    desk.then(|s| s.silence(1));
    assert_eq!(said(&desk, 120)[0], "all quiet");
}

#[test]
fn where_no_healthy_tier_is_left_that_stands_first() {
    let desk = Desk::at(scene::no_tier());
    for w in [80, 120] {
        let parts = said(&desk, w);
        assert_eq!(parts[1], "no healthy tier", "{parts:?}");
        assert!(parts[2].starts_with("3 of 4 down: "), "{parts:?}");
    }
}

#[test]
fn of_several_routes_the_one_that_is_worn_is_named() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| s.force(TERTIARY, ForceKind::Open, "oncall", "", 600));
    let parts = said(&desk, 100);
    let left = "last healthy tier of summarize: openai/gpt-4.1";
    assert_eq!(parts[..2], ["by hand", left], "{parts:?}");
    desk.then(|s| s.force(SECONDARY, ForceKind::Open, "oncall", "", 600));
    assert_eq!(said(&desk, 120)[1], "no healthy tier of summarize");
}

#[test]
fn what_is_down_by_hand_is_counted_beside_what_has_failed_by_itself() {
    let mut desk = Desk::at(scene::incident());
    desk.then(|s| s.force(SECONDARY, ForceKind::Open, "oncall", "", 600));
    let text = said(&desk, 200).join("  ");
    let both = format!("2 of 4 down: {PRIMARY} OPEN (errors), {SECONDARY} FORCED OPEN (by oncall)");
    assert!(text.contains(&both), "{text}");
}

#[test]
fn while_one_is_probed_the_line_still_says_what_it_tripped_on() {
    let mut desk = Desk::at(scene::incident());
    let before = said(&desk, 200)[0].clone();
    desk.then(|s| {
        s.silence(50);
        let over = Reason::CooldownOver;
        s.transition(PRIMARY, Phase::Open, Phase::Probe, over, None);
    });
    let text = said(&desk, 200).join("  ");
    assert!(text.starts_with(&before), "{text}");
    assert!(text.contains("error_rate 38.4% > 2.0% n=812"), "{text}");
    let verdict = Verdict::new(Class::Fault, "reset");
    desk.then(|s| {
        let failed = Reason::ProbeFailed { verdict };
        s.transition(PRIMARY, Phase::Probe, Phase::Open, failed, Some(60));
        s.silence(5);
    });
    let text = desk.text(200, 60);
    assert!(
        text.contains("probe failed: fault reset, probe in 0:55, tripped 13:59:12"),
        "{text}"
    );
}
