//! What the headline says of several deployments at once, and of how much is left: the same in more and in fewer words,
//! the longest first.

use super::words::{breaker, short_name, shortened};
use crate::model::{
    Class, ForceKind, Phase, Reason, Snapshot,
    reserve::{Thin, down, thin},
    snapshot::DeploymentView,
};

/// More names than this fit no screen.
const NAMED: usize = 6;

/// What is said in place of the evidence about one deployment where others are down; none where that one is alone.
pub(super) fn beside(s: &Snapshot, evidence: &str) -> Option<Vec<String>> {
    let down = down(s);
    let is_told = |d: &&DeploymentView| {
        let rest = evidence.strip_prefix(&*d.id);
        rest.is_some_and(|rest| rest.starts_with([':', ' ']))
    };
    if down.iter().any(is_told) {
        return (down.len() > 1).then(|| several(s, &down));
    }
    let whole = |count: &String| format!("{evidence}, {count}");
    let mut forms: Vec<_> = match down.as_slice() {
        [] => return None,
        down => several(s, down).iter().map(whole).collect(),
    };
    forms.extend([evidence.to_owned(), shortened(evidence, s)]);
    Some(forms)
}

/// `2 of 3 down: anthropic/claude OPEN (errors), openai/gpt-4.1 FORCED OPEN (by oncall)`
fn several(s: &Snapshot, down: &[&DeploymentView]) -> Vec<String> {
    let all = s.deployments.iter().filter(|d| d.disabled.is_none());
    let count = format!("{} of {} down", down.len(), all.count());
    let names = |name: &dyn Fn(&DeploymentView) -> String| -> Vec<String> {
        down.iter().map(|d| name(d)).collect()
    };
    let lists = [
        names(&|d| told(d, &d.id)),
        names(&|d| told(d, short_name(d, s))),
        names(&|d| short_name(d, s).to_owned()),
    ];
    let mut forms = Vec::new();
    for named in (1..=down.len().min(NAMED)).rev() {
        let more = match down.len().saturating_sub(named) {
            0 => String::new(),
            more => format!(", +{more}"),
        };
        for list in &lists {
            let list = list.iter().take(named).map(String::as_str);
            let list = list.collect::<Vec<_>>().join(", ");
            forms.push(format!("{count}: {list}{more}"));
        }
    }
    forms.push(count);
    forms
}

fn told(d: &DeploymentView, name: &str) -> String {
    let (_, word, _) = breaker(d);
    match cause(d) {
        Some(why) => format!("{name} {word} ({why})"),
        None => format!("{name} {word}"),
    }
}

fn cause(d: &DeploymentView) -> Option<String> {
    if let Some(force) = d.force.as_ref().filter(|f| f.kind == ForceKind::Open) {
        return Some(format!("by {}", force.who));
    }
    if let Some(gate) = d.gate.as_ref().filter(|_| d.phase == Phase::Closed) {
        return Some(gate.class.to_string());
    }
    let word = match d.why()? {
        Reason::ErrorRate { .. } | Reason::RampFailed { .. } => "errors",
        Reason::Quality { .. } | Reason::ProbeJudgedBad { .. } | Reason::RampJudgedBad { .. } => {
            "quality"
        }
        Reason::Certain { verdict } | Reason::ProbeFailed { verdict } => match verdict.class {
            Class::Fault => "errors",
            class => class.as_str(),
        },
        Reason::Fleet { replica, .. } => return Some(format!("at {replica}")),
        _ => return None,
    };
    Some(word.to_owned())
}

/// What is said of the routes that have at most one healthy tier left.
pub(super) struct Reserve {
    /// `last healthy tier of chat: openai/gpt-4.1`
    pub(super) forms: Vec<String>,
    /// Somewhere there is none.
    pub(super) gone: bool,
}

pub(super) fn reserve(s: &Snapshot) -> Option<Reserve> {
    let all = thin(s);
    let gone = all.first()?.last.is_none();
    // Where a route has none left, that is what matters.
    let told: Vec<_> = all.iter().filter(|t| t.last.is_none() == gone).collect();
    let whose = match told.as_slice() {
        // Every route that is asked for.
        _ if told.len() == s.routes.len() => String::new(),
        [one] => format!(" of {}", one.route.id),
        several => format!(" of {} routes", several.len()),
    };
    let mut forms = Vec::new();
    if gone {
        forms.push(format!("no healthy tier{whose}"));
        forms.push("no healthy tier".to_owned());
    } else {
        if let Some(d) = shared(&told) {
            let beyond = "what it fails reaches users";
            forms.push(format!("last healthy tier{whose}: {}, {beyond}", d.id));
            forms.push(format!("last healthy tier{whose}: {}", d.id));
            forms.push(format!("last healthy tier: {}", d.id));
            forms.push(format!("last healthy tier: {}", short_name(d, s)));
        } else {
            forms.push(format!("last healthy tier{whose}"));
        }
        forms.push("last healthy tier".to_owned());
    }
    Some(Reserve { forms, gone })
}

/// The one deployment that all of them are left with.
fn shared<'a>(told: &[&Thin<'a>]) -> Option<&'a DeploymentView> {
    let first = told.first()?.last?;
    let is_it = |t: &&Thin<'_>| t.last.is_some_and(|d| d.id == first.id);
    told.iter().all(is_it).then_some(first)
}
