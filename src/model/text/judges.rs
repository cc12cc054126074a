//! What a person has to know of the judges, in a line each; and what they cost.

use super::judging::join;
use crate::model::{
    Snapshot,
    snapshot::{Dismissed, Drifting, JudgeView},
};
use std::fmt;

/// Something about the judges that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub what: &'static str,
    pub head: String,
    /// May be cut where there is no room; what stands before it and after it matters more.
    pub middle: String,
    /// Stand for the middle where that does not fit, the longest first.
    pub shorter: Vec<String>,
    pub tail: String,
}

impl Trouble {
    /// Without saying what it is.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.head, self.middle, self.tail)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.text())
    }
}

/// Worst first.
pub fn troubles(s: &Snapshot) -> Vec<Trouble> {
    let blind = all_blind(s).then(|| blind(s.judge.unavailable.as_deref()));
    blind
        .into_iter()
        .chain(drifting(s))
        .chain(dismissed(s))
        .collect()
}

/// Judges under which everything fell together.
pub fn drifting(s: &Snapshot) -> impl Iterator<Item = Trouble> {
    s.judge.drifting.iter().map(drift)
}

/// Judges at fault.
pub fn dismissed(s: &Snapshot) -> impl Iterator<Item = Trouble> {
    s.judge.dismissed.iter().map(|d| dismissal(d, s))
}

/// Nobody can judge any deployment that answers users. One alone may have no judge of another maker for good.
pub fn all_blind(s: &Snapshot) -> bool {
    let mut answering = s
        .deployments
        .iter()
        .filter(|d| d.disabled.is_none() && d.tier.is_some())
        .peekable();
    !s.judge.judges.is_empty() && answering.peek().is_some() && answering.all(|d| d.watch.blind)
}

fn blind(why: Option<&str>) -> Trouble {
    let head = "no answer is judged, only errors trip";
    Trouble {
        what: "BLIND",
        head: why.map_or_else(|| head.to_owned(), |_| format!("{head}: ")),
        middle: why.unwrap_or_default().to_owned(),
        shorter: Vec::new(),
        tail: String::new(),
    }
}

fn drift(drifting: &Drifting) -> Trouble {
    let Drifting { judge, deployments } = drifting;
    let n = deployments.len();
    Trouble {
        what: "judge drift",
        head: String::new(),
        middle: join(deployments),
        shorter: vec![format!("{n} deployments"), n.to_string()],
        tail: format!(" fell together under {judge}: nothing trips on it"),
    }
}

fn dismissal(d: &Dismissed, s: &Snapshot) -> Trouble {
    let tail = if d.until > s.at {
        format!(", looked at again {}", d.until.clock())
    } else {
        ", is being looked at again".to_owned()
    };
    Trouble {
        what: "judge dismissed",
        head: format!("{}: ", d.judge),
        middle: d.why.clone(),
        shorter: Vec::new(),
        tail,
    }
}

/// `412 calls ~$0.38 (12 unpriced, 3 failed)`; none: nobody was asked yet.
pub fn spent(judge: &JudgeView) -> Option<String> {
    if judge.calls == 0 {
        return None;
    }
    let money = if judge.unpriced_calls >= judge.calls {
        ", no price known".to_owned()
    } else {
        format!(" ~{}", dollars(judge.microdollars))
    };
    let some = |n: u64, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let unpriced = some(judge.unpriced_calls, "unpriced");
    let rest: Vec<_> = unpriced
        .filter(|_| judge.unpriced_calls < judge.calls)
        .into_iter()
        .chain(some(judge.failed_calls, "failed"))
        .collect();
    let rest = if rest.is_empty() {
        String::new()
    } else {
        format!(" ({})", rest.join(", "))
    };
    Some(format!("{} calls{money}{rest}", judge.calls))
}

/// An estimate: no more digits than it deserves, and never a round 0 for something that costs.
fn dollars(micro: u64) -> String {
    match micro {
        0 => "$0".to_owned(),
        1..10_000 => "<$0.01".to_owned(),
        10_000..100_000_000 => {
            let cents = (micro + 5_000) / 10_000;
            format!("${}.{:02}", cents / 100, cents % 100)
        }
        _ => format!("${}", (micro + 500_000) / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_without_a_price_are_told_apart() {
        let judge = |calls, microdollars, unpriced_calls, failed_calls| {
            spent(&JudgeView {
                failed_calls,
                calls,
                microdollars,
                unpriced_calls,
                ..JudgeView::default()
            })
        };
        assert_eq!(judge(0, 0, 0, 0), None);
        assert_eq!(
            judge(412, 384_000, 0, 0).as_deref(),
            Some("412 calls ~$0.38")
        );
        assert_eq!(
            judge(412, 384_000, 12, 3).as_deref(),
            Some("412 calls ~$0.38 (12 unpriced, 3 failed)")
        );
        assert_eq!(
            judge(9, 0, 9, 1).as_deref(),
            Some("9 calls, no price known (1 failed)")
        );
    }

    #[test]
    fn what_fell_together_is_named_whatever_has_happened_since() {
        let mut s = Snapshot::default();
        s.judge.drifting.push(Drifting {
            judge: "j/one".into(),
            deployments: vec!["a/x".into(), "b/y".into()],
        });
        let told: Vec<_> = drifting(&s).map(|t| t.to_string()).collect();
        let all = "judge drift: a/x, b/y fell together under j/one: nothing trips on it";
        assert_eq!(told, [all]);
    }

    #[test]
    fn money_is_never_rounded_to_nothing() {
        let texts = [1, 9_999, 10_000, 1_994_999, 99_994_999, 412_400_000].map(dollars);
        assert_eq!(
            texts,
            ["<$0.01", "<$0.01", "$0.01", "$1.99", "$99.99", "$412"]
        );
    }
}
