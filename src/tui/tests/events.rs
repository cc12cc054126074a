//! The list of events: what must not mislead.

use super::{Desk, scene};
use crate::model::{Class, Kind, Phase, Reason, Verdict};
use scene::{PRIMARY, SECONDARY};

fn probed(id: &str, class: Class) -> Kind {
    Kind::Probed {
        deployment: id.into(),
        verdict: Verdict::new(class, ""),
        shadow: true,
    }
}

#[test]
fn a_good_answer_that_was_asked_for_before_the_trip_says_so() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| {
        let (ramp, open) = (Phase::Ramp(25), Phase::Open);
        s.transition(PRIMARY, Phase::Closed, ramp, Reason::CooldownOver, None);
        s.push(probed(PRIMARY, Class::Ok));
        s.transition(PRIMARY, ramp, open, Reason::CooldownOver, None);
        s.push(probed(PRIMARY, Class::Ok));
        s.push(probed(PRIMARY, Class::Ok));
        s.push(probed(PRIMARY, Class::Fault));
        s.push(probed(SECONDARY, Class::Ok));
        s.transition(PRIMARY, open, Phase::Probe, Reason::CooldownOver, None);
        s.push(probed(PRIMARY, Class::Ok));
    });
    let text = desk.press("E").text(120, 40);
    let probes: Vec<_> = text
        .lines()
        .filter(|l| l.contains("shadow probe"))
        .map(|l| {
            l.trim_matches(['│', ' '])
                .chars()
                .skip(11)
                .collect::<String>()
        })
        .collect();
    assert_eq!(
        probes,
        [
            "2x anthropic/claude-sonnet-4-5 shadow probe: ok",
            "openai/gpt-4.1 shadow probe: ok",
            "anthropic/claude-sonnet-4-5 shadow probe: fault",
            "2x anthropic/claude-sonnet-4-5 shadow probe: ok, asked before it opened",
        ],
        "{text}"
    );
}
