//! Beside what happened: what a plain cooldown router would have done with the same outcomes, incident by incident.

use crate::model::{
    State, Wall,
    counterfactual::{Compared, RULE, Rule},
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    pub rule: Rule,
    /// Those in which the two did not come to the same.
    pub incidents: Vec<Incident>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    #[serde(flatten)]
    pub compared: Compared,
    /// The last second in which something was wrong.
    pub until: Wall,
}

/// All that a stretch has a part of, while events come.
#[derive(Debug, Default)]
pub(super) struct Incidents(Vec<Incident>);

impl Incidents {
    /// Looks at how things stand: the reducer knows of one incident, and forgets it a while after its end.
    pub(super) fn look(&mut self, state: &State, from: Wall) {
        let Some((compared, until)) = state.compared().filter(|(_, until)| *until >= from) else {
            return;
        };
        let now = Incident { compared, until };
        match self.0.last_mut() {
            Some(last) if last.compared.since == compared.since => *last = now,
            _ => self.0.push(now),
        }
    }

    pub(super) fn done(self) -> Option<Beside> {
        let mut incidents = self.0;
        incidents.retain(|i| i.compared.differs());
        (!incidents.is_empty()).then_some(Beside {
            rule: RULE,
            incidents,
        })
    }
}

impl Beside {
    pub(super) const TITLE: &str = "Beside a plain cooldown router";

    /// What is compared with, before the numbers.
    pub(super) fn words(&self) -> String {
        let Rule {
            failures,
            within_s,
            out_s,
        } = self.rule;
        format!(
            "What the same outcomes would have come to in a router that takes a deployment out for {out_s}s after {failures} \
             failures within {within_s}s, and then sends it all of its traffic again at once."
        )
    }

    /// What the numbers take for granted.
    pub(super) const fn assumptions() -> [&'static str; 6] {
        [
            "an incident is counted from a minute before the first breaker moved, or the first user saw an error",
            "there, a request that failed, or whose deployment is out, goes to the next tier; where none is left the user \
             sees an error: no probe, no ramp, no judge, no canned answer",
            "its numbers are expected values, second by second: of the requests that reach a deployment the share fails \
             that failed of its last ten attempts",
            "while the real breaker sent nothing, what the last attempts said is taken to go on until a probe says \
             otherwise: an outage that ended before the probe counts a little too long against the plain router",
            "it has no breaker on quality: its bad answers are what it would have served while the real breaker was open, \
             times the share that was bad when that opened",
            "requests under way when a deployment is taken out would have failed as well, and are not counted, in the \
             plain router's favour; rate limits count on neither side",
        ]
    }
}

impl Incident {
    pub(super) const COLUMNS: [&str; 3] = ["", "really", "a plain cooldown router"];

    pub(super) fn title(&self) -> String {
        format!(
            "{}Z to {}Z",
            self.compared.since.clock(),
            self.until.clock()
        )
    }

    pub(super) fn rows(&self) -> Vec<[String; 3]> {
        let (really, plain) = (&self.compared, &self.compared.plain);
        let row = |what: &str, really: String, plain: u64| {
            [what.to_owned(), really, format!("about {plain}")]
        };
        let canned = match really.canned {
            0 => String::new(),
            n => format!(" ({n} got the canned answer)"),
        };
        let mut rows = vec![
            row(
                "calls that failed upstream",
                really.upstream.to_string(),
                plain.upstream,
            ),
            row(
                "users who got an error",
                format!("{}{canned}", really.users),
                plain.users,
            ),
            row(
                "users whom a tier below answered",
                really.lower.to_string(),
                plain.lower,
            ),
        ];
        if plain.bad > 0 {
            let what = "bad answers served while a breaker was open on quality";
            rows.push(row(what, "none".to_owned(), plain.bad));
        }
        rows
    }
}

#[cfg(test)]
mod tests;
