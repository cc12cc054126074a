//! What the filter lets through: words, and terms like `deployment:claude kind:transition tier:primary sev:warn`.
//!
//! All of them have to hold. A term about events says nothing of rows, so it hides none.

use super::columns;
use crate::model::{
    Event, Snapshot,
    event::{KINDS, Level, Outcome},
    request::RequestView,
    snapshot::DeploymentView,
};

#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Filter {
    /// As it was typed.
    pub(super) text: String,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq)]
enum Term {
    Word(String),
    Deployment(String),
    Tier(String),
    Kind(String),
    /// This, or worse.
    Severity(Level),
}

/// What the line offers under it.
pub(super) const TERMS: &str = "deployment:  tier:  kind:  sev:  and plain words";
const SEVERITIES: [(&str, Level); 4] = [
    ("info", Level::Info),
    ("good", Level::Good),
    ("warn", Level::Warn),
    ("bad", Level::Bad),
];

impl Filter {
    /// Words that are no terms are looked for as they stand; a term that cannot match says so.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let terms = text
            .split_whitespace()
            .filter_map(term)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            terms,
        })
    }

    pub(super) fn row(&self, d: &DeploymentView, s: &Snapshot) -> bool {
        let tier = columns::tier(d, s);
        self.terms.iter().all(|term| match term {
            Term::Word(word) => has(&d.id, word) || has(&tier, word),
            Term::Deployment(word) => has(&d.id, word),
            Term::Tier(word) => has(&tier, word),
            Term::Kind(_) | Term::Severity(_) => true,
        })
    }

    pub(super) fn request(&self, view: &RequestView, s: &Snapshot) -> bool {
        let r = &view.request;
        let level = match r.outcome {
            Outcome::Error | Outcome::Broken => Level::Bad,
            Outcome::Fallback | Outcome::Canned => Level::Warn,
            _ if r.rescued => Level::Warn,
            _ => Level::Info,
        };
        let tried = r.spans.iter().map(|span| &span.deployment);
        let passed_over = r.skipped.iter().map(|skipped| &skipped.deployment);
        let touched: Vec<_> = r
            .deployment
            .iter()
            .chain(tried)
            .chain(passed_over)
            .collect();
        self.terms.iter().all(|term| match term {
            Term::Word(word) => has(&r.line(), word) || touched.iter().any(|id| has(id, word)),
            Term::Deployment(word) => touched.iter().any(|id| has(id, word)),
            Term::Tier(word) => touched
                .iter()
                .filter_map(|id| s.deployment(id))
                .any(|d| has(&columns::tier(d, s), word)),
            Term::Kind(_) => true,
            Term::Severity(least) => level >= *least,
        })
    }

    pub(super) fn event(&self, e: &Event, s: &Snapshot) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Word(word) => has(&e.line(), word),
            Term::Deployment(word) => {
                let meant = |d: &DeploymentView| {
                    has(&d.id, word) && (e.deployment() == Some(&d.id) || e.mentions(&d.id))
                };
                s.deployments.iter().any(meant)
            }
            Term::Tier(word) => e
                .deployment()
                .and_then(|id| s.deployment(id))
                .is_some_and(|d| has(&columns::tier(d, s), word)),
            Term::Kind(word) => e.kind.name().starts_with(word),
            Term::Severity(least) => e.level() >= *least,
        })
    }
}

fn has(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(word)
}

/// None: a term whose value is still being typed.
fn term(word: &str) -> Option<Result<Term, String>> {
    let word = word.to_lowercase();
    let Some((key, value)) = word.split_once(':') else {
        return Some(Ok(Term::Word(word)));
    };
    let value = value.to_owned();
    let made = match key {
        "deployment" | "tier" | "kind" | "sev" if value.is_empty() => return None,
        "deployment" => Ok(Term::Deployment(value)),
        "tier" => Ok(Term::Tier(value)),
        "kind" if KINDS.iter().any(|kind| kind.starts_with(&value)) => Ok(Term::Kind(value)),
        "kind" => Err(format!(
            "no kind of event begins with {value:?}: {}",
            KINDS.join(", ")
        )),
        "sev" => SEVERITIES
            .iter()
            .find(|(name, _)| name.starts_with(&value))
            .map(|(_, level)| Term::Severity(*level))
            .ok_or_else(|| format!("sev:{value} is none of info, good, warn, bad")),
        // A colon may stand in a word: a model's name, a time.
        _ => Ok(Term::Word(word.clone())),
    };
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::tests::scene::{self, PRIMARY, TERTIARY};

    fn rows(text: &str) -> Vec<String> {
        let s = scene::incident().snapshot();
        let filter = Filter::parse(text).unwrap();
        let rows = s.deployments.iter().filter(|d| filter.row(d, &s));
        rows.map(|d| d.id.to_string()).collect()
    }

    fn events(text: &str) -> Vec<String> {
        let s = scene::incident().snapshot();
        let filter = Filter::parse(text).unwrap();
        let events = s.events.iter().filter(|e| filter.event(e, &s));
        events.map(|e| e.kind.name().to_owned()).collect()
    }

    #[test]
    fn a_word_is_looked_for_in_names_and_tiers() {
        assert_eq!(rows("CLAUDE"), [PRIMARY]);
        assert_eq!(rows("tert"), [TERTIARY]);
        assert_eq!(rows("deployment:gemini tier:tertiary"), [TERTIARY]);
        assert!(rows("deployment:gemini tier:primary").is_empty());
    }

    #[test]
    fn a_term_about_events_hides_no_row() {
        assert_eq!(rows("kind:transition sev:bad"), rows(""));
    }

    #[test]
    fn events_are_picked_by_kind_and_by_severity() {
        let all = events("");
        let moves = events("kind:transition");
        assert!(!moves.is_empty() && moves.len() < all.len());
        assert!(moves.iter().all(|k| k == "transition"));
        let bad = events("sev:bad");
        assert!(!bad.is_empty() && bad.len() < all.len());
        assert!(events("kind:transition deployment:gemini").len() < moves.len());
        assert!(!events("tier:primary").is_empty());
    }

    #[test]
    fn a_term_that_can_match_nothing_says_what_could() {
        let why = Filter::parse("kind:explosion").unwrap_err();
        assert!(why.contains("transition"), "{why}");
        let why = Filter::parse("sev:awful").unwrap_err();
        assert!(why.contains("warn"), "{why}");
        assert_eq!(Filter::parse("kind: 14:03").unwrap().terms.len(), 1);
    }
}
