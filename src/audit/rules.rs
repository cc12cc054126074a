//! Every rule that there is. Ids are for ever: other people's suppressions name them.

use super::finding::{
    Level::{Error, Note, Warning},
    Rule,
};

macro_rules! rules {
    ($($name:ident = $id:literal, $level:ident, $title:literal, $why:literal;)*) => {
        $(pub(super) static $name: Rule = Rule { id: $id, level: $level, title: $title, why: $why };)*
        /// In the order in which they are told.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    UNREADABLE = "unreadable", Error, "The configuration cannot be read",
        "A router that is started or reloaded with it refuses it.";
    NO_TIER = "no-tier", Error, "No tier of a route takes traffic",
        "Only the cache and the canned answer are left.";
    ONE_TIER = "one-tier", Error, "A route has one tier that takes traffic",
        "There is nothing to fail over to.";
    FALLBACK_ROUTE = "fallback-route", Note, "A route is there because others fall back to it",
        "Who asks for it by its own name has one tier.";
    ONE_VENDOR = "one-vendor", Error, "Every tier is of one maker, at one address or in one account",
        "One outage, one revoked key or one spent quota takes all tiers at once.";
    ONE_ACCOUNT = "one-account", Error, "Every tier is behind one address, or in one account",
        "One outage, one revoked key or one spent quota takes all tiers at once, whoever made the models.";
    ONE_MAKER = "one-maker", Warning, "Every tier is of one maker",
        "What goes wrong with a maker's models goes wrong behind every cloud that serves them.";
    DEADLINE_EATEN = "deadline-eaten", Error, "The primary may use up the deadline",
        "When it hangs, the tiers below get seconds.";
    TIER_STARVED = "tier-starved", Warning, "A tier has less than half of its timeout when those above hang",
        "It is asked, and cut off before it can answer.";
    DEADLINE_TOO_LONG = "deadline-too-long", Warning, "A deadline is longer than usual clients wait",
        "The clients leave before the last tier or rung 3 answers.";
    TTFT_TOO_LATE = "ttft-too-late", Note, "A limit for the first content is not below the tier's timeout",
        "It never comes to bear.";
    NO_CACHE = "no-rung-1", Note, "Answers are not cached",
        "Nothing that was answered before can be given again when every tier is down.";
    CANNED_ERROR = "rung-3-error", Note, "Rung 3 is an error",
        "When everything is down, callers get a 503 in place of words that people wrote.";
    CANNED_BLANK = "canned-blank", Warning, "The canned text has a blank that nothing fills in",
        "Users read the braces.";
    CANNED_DEFAULT = "canned-default", Note, "The canned text is the one that comes with breakerbox",
        "It names nobody to turn to.";
    CANNED_NO_JSON = "canned-no-json", Note, "There is no canned JSON",
        "Clients that asked for a schema get a text that they cannot parse.";
    NO_LARGER_WINDOW = "no-larger-window", Note, "No tier is known to have a larger context window",
        "A prompt that is too long for the primary goes back to its caller.";
    SMALL_WINDOW = "small-window", Warning, "No context fallback has a larger window than the primary",
        "A prompt that is too long is refused a second time.";
    NO_POLICY_FALLBACK = "no-policy-fallback", Note, "What a safety system refuses goes nowhere else",
        "A refusal goes back to the caller unless the route opts in.";
    NO_KEY = "no-key", Error, "A provider has no usable key",
        "Its deployments take no traffic.";
    UNSUPPORTED = "unsupported", Warning, "A provider of a LiteLLM file is not supported",
        "Its deployments take no traffic.";
    DISABLED = "disabled", Note, "A provider is switched off",
        "Its deployments take no traffic.";
    UNROUTED = "unrouted", Note, "A deployment has no place in any route",
        "Only who asks for it by its own name gets it.";
    LIVE_FAILED = "live-failed", Error, "A deployment did not answer a real call",
        "A request that reaches it now fails or moves on.";
    LIVE_DOUBTFUL = "live-doubtful", Warning, "A deployment answered a real call, but not as it should",
        "It is there and takes the key; what it said is not what users need.";
    NO_JUDGE = "no-judge", Warning, "Nobody judges the answers",
        "Breakers see failures only; fluent nonsense with a 200 trips nothing.";
    VANITY_JUDGE = "vanity-judge", Warning, "The judge's score trips nothing",
        "It is a vanity signal: it costs money, looks like safety and opens no breaker.";
    BLIND = "blind", Warning, "Nobody with a key may judge a deployment",
        "Nobody judges their own maker; its errors alone are watched.";
    ONE_JUDGE_MAKER = "no-second-opinion", Warning, "There is no second judge of another maker",
        "What the first judge says is borne out by known answers alone.";
    LIVE_JUDGE = "live-judge", Error, "A judge gave no usable score",
        "A reply that cannot be read is no score, and evidence for nothing.";
    LIVE_JUDGE_HARSH = "live-judge-harsh", Warning, "A judge does not pass a known good answer",
        "It will call ordinary answers bad, or be dismissed.";
    OBSERVE = "observe-only", Warning, "Breakers block nothing",
        "They count and say what they would have done; every request still asks the broken tier first.";
    TOLERANT = "tolerant-breaker", Warning, "Breakers let a large share of requests fail",
        "Outages are mostly partial: what fails for a part of the requests only, fails them for as long as it lasts.";
    OPEN_DOOR = "open-door", Error, "The door is open to the network without client keys",
        "Whoever reaches it spends your money.";
    NO_JOURNAL = "no-journal", Warning, "No journal is kept",
        "After an incident nobody can say what happened.";
    NO_ALERTS = "no-alerts", Note, "Nobody is told",
        "A breaker that opens at night is seen by whoever looks at the screen.";
    LOAD_WARNINGS = "load-warnings", Note, "Reading the configuration gave warnings",
        "Options may not be honoured.";
    NEVER_DRILLED = "never-drilled", Warning, "This configuration was never drilled",
        "A fallback that was never exercised does not exist.";
    STALE_DRILL = "stale-drill", Warning, "The last drill that passed is too long ago",
        "Keys, models and quotas change without a word.";
    FAILED_DRILL = "failed-drill", Error, "The last drill failed",
        "What it rehearsed is known not to work.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_words_with_hyphens_and_each_stands_once() {
        let ids: HashSet<_> = ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), ALL.len());
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(ids.iter().all(|id| id.chars().all(is_word)));
    }
}
