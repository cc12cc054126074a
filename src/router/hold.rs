//! How long a stream is held back. Until it is let go every failure of it is invisible to the caller.

use super::{attempt::Limits, relay::Progress};
use crate::{
    config::Commit,
    model::{Mono, Verdict},
    provider::classify::{self, TransportError},
};
use std::time::Duration;

/// A throughput over less than this is an accident.
pub(super) const LONG_ENOUGH: Duration = Duration::from_secs(5);

/// What a chunk, or the lack of one, means for a stream that is held back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Now {
    Wait,
    LetGo,
    Failed(Verdict),
}

#[derive(Debug)]
pub(super) struct Hold {
    commit: Commit,
    limits: Limits,
    /// When a held stream has to be whole.
    whole: Mono,
    patience: Mono,
    silence: TransportError,
    /// The first sign of thought or of content.
    flows: Option<Mono>,
    content: Option<Mono>,
}

impl Hold {
    pub(super) fn new(commit: Commit, limits: Limits, now: Mono) -> Self {
        Self {
            commit,
            limits,
            whole: now + limits.whole,
            patience: now + limits.answer,
            silence: TransportError::TtftTimeout,
            flows: None,
            content: None,
        }
    }

    /// Until when the next chunk is waited for.
    pub(super) fn until(&self) -> Mono {
        match (self.commit, self.content) {
            (Commit::HoldFor(time), Some(since)) => self.patience.min(since + time).min(self.whole),
            (_, Some(_)) => self.patience.min(self.whole),
            _ => self.patience,
        }
    }

    /// `chars` of content and `thought` of reasoning have come by now.
    pub(super) fn came(&mut self, what: Progress, chars: u64, thought: u64, now: Mono) -> Now {
        if what < Progress::Life {
            return Now::Wait;
        }
        // From the first sign of life on only silence counts.
        self.patience = now + self.limits.stall;
        self.silence = TransportError::Stall;
        if chars + thought > 0 {
            let since = *self.flows.get_or_insert(now);
            if is_crawl(
                self.limits.min_chars_per_s,
                chars + thought,
                now.since(since),
            ) {
                return Now::Failed(classify::transport(TransportError::Slow));
            }
        }
        if what < Progress::Content && self.content.is_none() {
            return Now::Wait;
        }
        let since = *self.content.get_or_insert(now);
        let enough = match self.commit {
            Commit::FirstToken => true,
            Commit::HoldChars(n) => chars >= u64::from(n),
            Commit::HoldFor(time) => now.since(since) >= time,
            Commit::Full => false,
        };
        if enough { Now::LetGo } else { Now::Wait }
    }

    /// Nothing has come until now.
    pub(super) fn nothing_came(&self, now: Mono) -> Now {
        if let (Commit::HoldFor(time), Some(since)) = (self.commit, self.content)
            && now >= since + time
        {
            return Now::LetGo;
        }
        if now >= self.patience {
            return Now::Failed(self.limits.ran_out(self.silence));
        }
        Now::Failed(self.limits.ran_out(TransportError::Timeout))
    }
}

/// Slower than the floor, over long enough to say so.
pub(super) fn is_crawl(min_chars_per_s: u32, chars: u64, flowed: Duration) -> bool {
    flowed >= LONG_ENOUGH
        && u128::from(chars) * 1000 < u128::from(min_chars_per_s) * flowed.as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Class;

    const S: Duration = Duration::from_secs(1);

    fn hold(commit: Commit) -> Hold {
        Hold::new(commit, Limits::for_tests(8 * S, 20 * S, 60 * S, 10), at(0))
    }

    fn at(s: u32) -> Mono {
        Mono::default() + s * S
    }

    #[test]
    fn a_stream_is_let_go_with_its_first_content_unless_the_route_holds_it() {
        assert_eq!(
            hold(Commit::FirstToken).came(Progress::Content, 1, 0, at(1)),
            Now::LetGo
        );
        let mut chars = hold(Commit::HoldChars(100));
        assert_eq!(chars.came(Progress::Content, 99, 0, at(1)), Now::Wait);
        assert_eq!(chars.came(Progress::Content, 100, 0, at(2)), Now::LetGo);
        let mut time = hold(Commit::HoldFor(2 * S));
        assert_eq!(time.came(Progress::Content, 900, 0, at(1)), Now::Wait);
        assert_eq!(time.until(), at(3), "the hold ends although nothing comes");
        assert_eq!(time.nothing_came(at(3)), Now::LetGo);
        let mut full = hold(Commit::Full);
        assert_eq!(full.came(Progress::Content, 9_000, 0, at(1)), Now::Wait);
    }

    #[test]
    fn a_held_stream_has_to_be_whole_within_the_tiers_timeout() {
        let mut full = hold(Commit::Full);
        for s in 1..60 {
            assert_eq!(
                full.came(Progress::Content, 100 * u64::from(s), 0, at(s)),
                Now::Wait
            );
        }
        assert_eq!(full.until(), at(60));
        assert!(matches!(full.nothing_came(at(60)), Now::Failed(v) if v.class == Class::Fault));
    }

    #[test]
    fn a_drip_is_told_from_a_flow_before_it_is_let_go() {
        let mut held = hold(Commit::HoldChars(1_000));
        assert_eq!(held.came(Progress::Content, 5, 0, at(1)), Now::Wait);
        assert_eq!(
            held.came(Progress::Content, 10, 0, at(5)),
            Now::Wait,
            "too early to say"
        );
        assert!(matches!(
            held.came(Progress::Content, 15, 0, at(6)),
            Now::Failed(v) if v.code == "slow"
        ));
        let mut thinks = hold(Commit::FirstToken);
        assert_eq!(thinks.came(Progress::Life, 0, 200, at(1)), Now::Wait);
        assert_eq!(thinks.came(Progress::Life, 0, 250, at(20)), Now::Wait);
        assert!(matches!(
            thinks.came(Progress::Life, 0, 251, at(39)),
            Now::Failed(_)
        ));
    }

    #[test]
    fn a_ping_is_no_first_token() {
        let mut held = hold(Commit::FirstToken);
        assert_eq!(held.came(Progress::Nothing, 0, 0, at(7)), Now::Wait);
        assert_eq!(held.until(), at(8));
        assert!(matches!(held.nothing_came(at(8)), Now::Failed(v) if v.code == "ttft_timeout"));
    }

    #[test]
    fn a_crawl_is_slower_than_the_floor_for_long_enough_to_say_so() {
        assert!(is_crawl(10, 99, 10 * S));
        assert!(!is_crawl(10, 100, 10 * S));
        assert!(!is_crawl(10, 0, 4 * S), "too short to say");
        assert!(!is_crawl(0, 0, 60 * S), "no floor");
    }
}
