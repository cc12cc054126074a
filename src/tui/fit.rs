//! What is left out where there is no room: never what matters most, and that is rarely the beginning alone.

use super::words::{fit, width};
use crate::model::text::{self, Clause, Trouble};
use std::borrow::Cow;

/// The text in at most `room` columns, cut in `middle`: what stands before it and after it matters more.
pub(super) fn fit_middle(head: &str, middle: &str, tail: &str, room: u16) -> String {
    let fixed = width(head).saturating_add(width(tail));
    let left = room.saturating_sub(fixed);
    if left < SHORTEST.min(width(middle)) {
        return fit(&format!("{head}{middle}{tail}"), room).into_owned();
    }
    format!("{head}{}{tail}", fit(middle, left))
}

/// A middle cut shorter than this says nothing.
const SHORTEST: u16 = 6;

/// A trouble of the judges, without saying what it is.
pub(super) fn fit_trouble(t: &Trouble, room: u16) -> String {
    let whole = |middle: &String| format!("{}{middle}{}", t.head, t.tail);
    std::iter::once(&t.middle)
        .chain(&t.shorter)
        .map(whole)
        .find(|text| width(text) <= room)
        .unwrap_or_else(|| fit_middle(&t.head, &t.middle, &t.tail, room))
}

/// A note without the clauses that matter least, as far as it takes to fit.
pub(super) fn fit_clauses(mut clauses: Vec<Clause>, room: u16) -> String {
    loop {
        let text = text::join(&clauses);
        let last = clauses
            .iter()
            .enumerate()
            .max_by_key(|(_, c)| c.rank)
            .map(|(at, _)| at);
        match last {
            Some(at) if width(&text) > room && clauses.len() > 1 => drop(clauses.remove(at)),
            _ => return text,
        }
    }
}

/// A sentence cut after one of its clauses, where that loses little.
pub(super) fn fit_sentence(text: &str, room: u16) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::from(text);
    }
    let enough = room.saturating_mul(2) / 3;
    text.match_indices(", ")
        .filter_map(|(at, _)| text.get(..at))
        .filter(|clause| (enough..room).contains(&width(clause)))
        .last()
        .map_or_else(|| fit(text, room), |clause| Cow::from(format!("{clause}…")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Rank;

    #[test]
    fn at_80_columns_a_fault_and_what_the_judge_saw_stand_side_by_side() {
        let reason = crate::model::Reason::Quality {
            mean: 0.72,
            floor: 0.7,
            bad: 15,
            n: 62,
            window_s: 4,
            usual: Some(0.1),
            judge: Some("openai/gpt-4.1".into()),
            confirmed: true,
            since: Some(crate::model::Wall(0)),
        };
        let fault = "FAULT garbage=word-salad on 30% 1:51";
        let mut clauses = vec![Clause::new(Rank::Cause, fault)];
        clauses.extend(text::of_reason(&reason));
        clauses.push(Clause::new(Rank::Next, "probe in 4:45"));
        assert_eq!(
            fit_clauses(clauses, 76),
            format!("{fault}, quality 0.72, 15 of 62 bad")
        );
    }

    #[test]
    fn a_text_is_cut_in_its_middle_before_it_loses_its_end() {
        assert_eq!(
            fit_middle("", "failed", " [injected]", 17),
            "failed [injected]"
        );
        assert_eq!(
            fit_middle("", "failed at once", " [injected]", 20),
            "failed a… [injected]"
        );
        assert_eq!(
            fit_middle("a: ", "long words", ", 14:10", 14),
            "a: long words…"
        );
    }

    #[test]
    fn clauses_give_way_by_what_matters_and_not_from_the_end() {
        let clauses = || {
            vec![
                Clause::new(Rank::Cause, "quality"),
                Clause::new(Rank::Judge, "judge"),
                Clause::new(Rank::Since, "since"),
                Clause::new(Rank::Next, "probe"),
            ]
        };
        let fitted = [30, 27, 21, 14, 3].map(|room| fit_clauses(clauses(), room));
        assert_eq!(
            fitted,
            [
                "quality, judge, since, probe",
                "quality, since, probe",
                "quality, since, probe",
                "quality, probe",
                "quality"
            ]
        );
    }

    #[test]
    fn a_sentence_ends_with_a_clause_where_that_loses_little() {
        assert_eq!(
            fit_sentence("claude scores 0.58, 23 of 41 bad", 25),
            "claude scores 0.58…"
        );
        assert_eq!(
            fit_sentence("claude, which scores 0.58", 20),
            "claude, which score…"
        );
    }
}
