//! What is left out where there is no room: never what matters most, and that is rarely the beginning alone.

use super::words::{fit, width};
use crate::model::text::{Clause, Rank, Trouble};
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

/// A note without the clauses that matter least, as far as it takes to fit. Before one goes that says why it is so, or
/// what comes next, the others are said shorter.
pub(super) fn fit_clauses(mut clauses: Vec<Clause>, room: u16) -> String {
    loop {
        let all_matter = clauses.iter().all(|c| c.rank <= Rank::Evidence);
        let forms = clauses.iter().map(|c| c.shorter.len()).max();
        let forms = forms.filter(|_| all_matter).unwrap_or(0);
        let fits = (0..=forms)
            .map(|n| said(&clauses, n))
            .find(|text| width(text) <= room);
        if let Some(text) = fits {
            return text;
        }
        let ranked = clauses.iter().enumerate();
        match ranked.max_by_key(|(_, c)| c.rank) {
            Some((at, _)) if clauses.len() > 1 => drop(clauses.remove(at)),
            _ => return said(&clauses, 0),
        }
    }
}

fn said(clauses: &[Clause], shorter: usize) -> String {
    let texts: Vec<_> = clauses.iter().map(|c| c.at(shorter)).collect();
    texts.join(", ")
}

/// A sentence cut after one of its clauses or else of its words, where that loses little: half of a number is another one.
pub(super) fn fit_sentence(text: &str, room: u16) -> Cow<'_, str> {
    if width(text) <= room {
        return Cow::from(text);
    }
    let enough = room.saturating_mul(2) / 3;
    let before = |mark: &str| {
        text.match_indices(mark)
            .filter_map(|(at, _)| text.get(..at))
            .filter(|head| (enough..room).contains(&width(head)))
            .last()
    };
    before(", ")
        .or_else(|| before(" "))
        .map_or_else(|| fit(text, room), |head| Cow::from(format!("{head}…")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text;

    #[test]
    fn at_80_columns_a_fault_what_the_judge_saw_and_the_next_probe_stand_side_by_side() {
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
        let mut clauses = vec![Clause {
            shorter: vec!["FAULT word-salad 30% 1:51".to_owned(), "FAULT".to_owned()],
            ..Clause::new(Rank::Cause, fault)
        }];
        clauses.extend(text::of_reason(&reason));
        clauses.push(Clause::new(Rank::Next, "probe in 4:45"));
        let before = clauses.clone();
        let at = |room| fit_clauses(before.clone(), room);
        let rest = ", quality 0.72, 15 of 62 bad, probe in 4:45";
        assert_eq!(at(80), format!("{fault}{rest}"));
        assert_eq!(at(76), format!("FAULT word-salad 30% 1:51{rest}"));
        assert_eq!(at(50), format!("FAULT{rest}"));
        assert_eq!(at(40), "FAULT, quality 0.72, 15 of 62 bad");
        clauses.truncate(1);
        clauses.push(Clause::new(Rank::Suspicion, "suspicion 90%"));
        clauses.push(Clause::new(Rank::Evidence, "15 of 62 bad"));
        clauses.push(Clause::new(Rank::Share, "50% judged"));
        assert_eq!(
            fit_clauses(clauses, 60),
            "FAULT word-salad 30% 1:51, suspicion 90%, 15 of 62 bad"
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
            "claude, which…"
        );
        assert_eq!(fit_sentence("error_rate n=812", 15), "error_rate…");
        assert_eq!(fit_sentence("error_rate38.4%", 10), "error_rat…");
    }
}
