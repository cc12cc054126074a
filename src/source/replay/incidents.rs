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

pub const ALL: &[Incident] = &[Incident {
    name: "bad-key-tuesday",
    shows: "the primary's key is revoked: 401, its breaker opens at once, the secondary serves",
    bytes: include_bytes!("../../../assets/incidents/bad-key-tuesday.jsonl.zst"),
}];

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
