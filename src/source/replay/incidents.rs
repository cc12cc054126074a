//! Incidents that come with breakerbox: recorded runs, to be looked at before one has to.
//!
//! Each is the journal of a real drill on the simulated providers. To make one again:
//!
//! ```text
//! breakerbox drill bad-key-tuesday --sim --journal DIR
//! zstd -19 DIR/*.jsonl -o assets/incidents/bad-key-tuesday.jsonl.zst
//! ```

#[derive(Debug)]
pub struct Incident {
    pub name: &'static str,
    /// What there is to see.
    pub shows: &'static str,
    pub(super) bytes: &'static [u8],
}

macro_rules! incidents {
    ($($name:literal $shows:literal)*) => {
        &[$(Incident {
            name: $name,
            shows: $shows,
            bytes: include_bytes!(concat!("../../../assets/incidents/", $name, ".jsonl.zst")),
        }),*]
    };
}

pub const ALL: &[Incident] = incidents! {
    "bad-key-tuesday" "the primary's key is revoked: 401, its breaker opens at once, the secondary serves"
    "april-7" "the primary answers 503 to everything; it opens in seconds, is probed, and ramps back"
    "april-8" "it comes back and goes again: the second time takes less evidence"
    "hang" "connections are accepted and nothing comes: the first waits, the rest do not"
    "slow" "ten times as slow and without an error: what failing over does about it"
    "brownout-30" "three answers in ten are nonsense with status 200: only the judge sees it"
    "august-2025" "a context routing error grows from 0.8 % to 16 %, then wrong scripts and odd words"
    "quota" "the account is spent: 429, a gate and no trip"
    "mid-stream" "streams are cut and stall half-way, and are gone on with elsewhere"
    "flap" "down and up, down and up: it opens once and waits"
    "judge-down" "no judge gives a score: blind, and said so"
    "judge-drift" "a judge becomes harsh: it is dismissed, and nothing trips"
    "all-down" "every provider is down: the cache and the canned answer carry everything"
    "thundering-return" "it comes back with little capacity: the ramp does not knock it over again"
};

/// One line each, for those who ask what there is.
pub fn list() -> String {
    let mut lines = vec![
        "incidents that come with breakerbox; replay one with: breakerbox replay NAME".to_owned(),
    ];
    let wide = ALL.iter().map(|i| i.name.len()).max().unwrap_or(0);
    lines.extend(
        ALL.iter()
            .map(|i| format!("  {:<wide$}  {}", i.name, i.shows)),
    );
    lines.join("\n")
}
