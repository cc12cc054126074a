//! The same question again: its answers are no new evidence.
//!
//! Evidence is made of answers that have nothing to do with each other. A question that a healthy deployment always
//! answers badly is asked again and again (a bad answer is not cached), and ten times its score would be ten bad
//! answers of one. So once a question's bad score has counted, the question has spoken for a while: no score of its
//! next answers counts, neither a bad nor a good one. Whether a score counts thus rests on what came before it, never
//! on the score itself, which keeps the evidence honest in both directions.

use crate::model::{DeploymentId, Mono};
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

/// A question has spoken for so long.
const SPOKEN_FOR: Duration = Duration::from_mins(15);
/// So many are remembered, by each of two judges 64.
const MOST: usize = 128;

/// The questions of one deployment whose bad scores have counted, since its breaker last moved: each phase gathers
/// evidence of its own.
#[derive(Debug, Default)]
pub struct Repeats {
    spoken: VecDeque<(Mono, u64)>,
    generation: u64,
}

impl Repeats {
    /// Whether this judge's score of an answer to this question counts.
    pub fn counts(
        &mut self,
        (judge, question): (&DeploymentId, u64),
        passes: bool,
        generation: u64,
        now: Mono,
    ) -> bool {
        if generation > self.generation {
            self.spoken.clear();
            self.generation = generation;
        }
        while self
            .spoken
            .front()
            .is_some_and(|(at, _)| now.since(*at) >= SPOKEN_FOR)
        {
            self.spoken.pop_front();
        }
        let mut hasher = DefaultHasher::new();
        (judge, question).hash(&mut hasher);
        let word = hasher.finish();
        if self.spoken.iter().any(|(_, spoken)| *spoken == word) {
            return false;
        }
        if !passes {
            if self.spoken.len() == MOST {
                self.spoken.pop_front();
            }
            self.spoken.push_back((now, word));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Hand(Repeats);

    impl Hand {
        fn new() -> Self {
            Self(Repeats::default())
        }

        fn counts(&mut self, judge: &str, question: u64, passes: bool, at: u64) -> bool {
            let judge = DeploymentId::from(judge);
            self.0
                .counts((&judge, question), passes, 0, Mono::from_secs(at))
        }
    }

    #[test]
    fn a_bad_answer_counts_once_and_again_after_a_quarter_of_an_hour() {
        let mut hand = Hand::new();
        assert!(hand.counts("j/one", 7, false, 0));
        assert!(!hand.counts("j/one", 7, false, 1));
        assert!(!hand.counts("j/one", 7, false, 899));
        assert!(hand.counts("j/one", 7, false, 900));
        assert!(!hand.counts("j/one", 7, false, 901));
    }

    #[test]
    fn a_good_score_counts_until_a_bad_one_has() {
        let mut hand = Hand::new();
        for at in 0..20 {
            assert!(hand.counts("j/one", 7, true, at));
        }
        assert!(hand.counts("j/one", 7, false, 20));
        assert!(!hand.counts("j/one", 7, true, 21), "that would be a bias");
    }

    #[test]
    fn ten_different_questions_are_ten_bad_answers() {
        let mut hand = Hand::new();
        assert!((0..10).all(|question| hand.counts("j/one", question, false, question)));
    }

    #[test]
    fn two_judges_of_one_answer_are_both_heard() {
        let mut hand = Hand::new();
        assert!(hand.counts("j/one", 7, false, 0));
        assert!(hand.counts("k/two", 7, false, 0));
        assert!(!hand.counts("k/two", 7, false, 0));
    }

    #[test]
    fn a_breaker_that_has_moved_hears_everything_anew() {
        let (mut repeats, judge) = (Repeats::default(), DeploymentId::from("j/one"));
        let mut at = |generation| repeats.counts((&judge, 7), false, generation, Mono(0));
        assert!(at(1) && !at(1));
        assert!(at(2) && !at(2));
        assert!(!at(1), "one that comes late clears nothing");
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let mut hand = Hand::new();
        for question in 0..1_000 {
            assert!(hand.counts("j/one", question, false, 1));
        }
        assert_eq!(hand.0.spoken.len(), MOST);
        assert!(!hand.counts("j/one", 999, false, 2));
        assert!(hand.counts("j/one", 0, false, 2), "forgotten");
    }
}
