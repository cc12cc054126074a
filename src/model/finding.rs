//! What can be wrong with an answer, as far as it can be seen in it: the words of the checks.

use serde::{Deserialize, Serialize};
use std::fmt;
use strum::IntoStaticStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Finding {
    /// Nothing to read and nothing to call.
    Empty,
    /// No word in it, or a few where a text was asked for.
    TooShort,
    TooLong,
    /// Letters that nobody in the conversation uses.
    WrongScript,
    Repetition,
    /// Replacement and control characters, text decoded twice.
    BrokenText,
    InvalidJson,
    /// JSON, but not of the shape that was asked for.
    SchemaMismatch,
    /// A tool call whose arguments are no JSON object.
    BadArguments,
    OpenFence,
    Refusal,
    /// The question instead of an answer.
    Echo,
    WordSalad,
}

impl Finding {
    pub const ALL: [Self; 13] = [
        Self::Empty,
        Self::TooShort,
        Self::TooLong,
        Self::WrongScript,
        Self::Repetition,
        Self::BrokenText,
        Self::InvalidJson,
        Self::SchemaMismatch,
        Self::BadArguments,
        Self::OpenFence,
        Self::Refusal,
        Self::Echo,
        Self::WordSalad,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty answer",
            Self::TooShort => "absurdly short answer",
            Self::TooLong => "absurdly long answer",
            Self::WrongScript => "wrong script",
            Self::Repetition => "repetition loop",
            Self::BrokenText => "broken characters",
            Self::InvalidJson => "invalid JSON",
            Self::SchemaMismatch => "JSON against its schema",
            Self::BadArguments => "unreadable tool arguments",
            Self::OpenFence => "unclosed code fence",
            Self::Refusal => "refusal of a harmless request",
            Self::Echo => "echo of the prompt",
            Self::WordSalad => "word salad",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A kind of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Hebrew,
    Arabic,
    Devanagari,
    Bengali,
    /// Gurmukhi, Gujarati, Tamil, Telugu, Kannada, Malayalam, Sinhala, Oriya.
    Indic,
    Thai,
    /// Lao, Khmer, Myanmar, Tibetan.
    SoutheastAsian,
    Georgian,
    Hangul,
    Ethiopic,
    Kana,
    Han,
}

impl Script {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Armenian => "Armenian",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
            Self::Devanagari => "Devanagari",
            Self::Bengali => "Bengali",
            Self::Indic => "Indic",
            Self::Thai => "Thai",
            Self::SoutheastAsian => "Southeast Asian",
            Self::Georgian => "Georgian",
            Self::Hangul => "Hangul",
            Self::Ethiopic => "Ethiopic",
            Self::Kana => "Kana",
            Self::Han => "Han",
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was found in one answer. Where it is written down, its names and the script stand among the fields around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Findings {
    bits: u16,
    /// The script that has no business there.
    script: Option<Script>,
}

impl Findings {
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    pub const fn contains(self, finding: Finding) -> bool {
        self.bits & finding.bit() != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Finding> {
        Finding::ALL.into_iter().filter(move |f| self.contains(*f))
    }

    /// Some of them.
    #[must_use]
    pub fn only(self, which: impl Fn(Finding) -> bool) -> Self {
        let mut some = Self::default();
        for finding in self.iter().filter(|f| which(*f)) {
            match (finding, self.script) {
                (Finding::WrongScript, Some(script)) => some.add_script(script),
                _ => some.add(finding),
            }
        }
        some
    }

    /// The script of [`Finding::WrongScript`].
    pub const fn script(self) -> Option<Script> {
        self.script
    }

    /// One more answer with these.
    pub(crate) fn count_in(self, tally: &mut Tally) {
        for finding in self.iter() {
            match tally.iter_mut().find(|(f, _)| *f == finding) {
                Some((_, n)) => *n = n.saturating_add(1),
                None => tally.push((finding, 1)),
            }
        }
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.bits |= finding.bit();
    }

    pub(crate) fn add_script(&mut self, script: Script) {
        self.add(Finding::WrongScript);
        self.script = Some(script);
    }
}

/// As it stands in an event: `wrong script (Thai), unclosed code fence`.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, finding) in self.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{finding}")?;
            if let (Finding::WrongScript, Some(script)) = (finding, self.script) {
                write!(f, " ({script})")?;
            }
        }
        Ok(())
    }
}

/// How many answers each was found in.
pub type Tally = Vec<(Finding, u32)>;

/// Of several tallies one, in the order of [`Finding::ALL`].
pub fn add_up<'a>(tallies: impl IntoIterator<Item = &'a Tally>) -> Tally {
    let mut sums = Finding::ALL.map(|finding| (finding, 0_u32));
    for (finding, n) in tallies.into_iter().flatten() {
        let (_, sum) = &mut sums[*finding as usize];
        *sum = sum.saturating_add(*n);
    }
    sums.into_iter().filter(|(_, n)| *n > 0).collect()
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<Script>,
}

impl From<Findings> for Written {
    fn from(found: Findings) -> Self {
        Self {
            findings: found.iter().collect(),
            script: found.script,
        }
    }
}

impl From<Written> for Findings {
    fn from(written: Written) -> Self {
        let mut found = Self::default();
        for finding in written.findings {
            found.add(finding);
        }
        found.script = written.script;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, Kind, Wall, event::Picked};
    use serde_json::json;

    fn score(findings: Findings) -> Event {
        let kind = Kind::Score {
            deployment: "p/a".into(),
            judge: "q/j".into(),
            exchange: "x".into(),
            score: 0.25,
            reason: "half of it is Thai".to_owned(),
            answer: String::new(),
            picked: Picked::Looks,
            findings,
        };
        Event::new(1, Wall(0), kind)
    }

    #[test]
    fn a_judged_answer_is_told_with_what_was_wrong_with_it() {
        let mut found = Findings::default();
        found.add(Finding::OpenFence);
        found.add_script(Script::Thai);
        let (good, bad) = (score(Findings::default()), score(found));
        assert_eq!(
            bad.line(),
            "p/a judged 0.25 by q/j for its looks: half of it is Thai (wrong script (Thai), unclosed code fence)"
        );
        assert!(good.line().ends_with("half of it is Thai"));
        let written = serde_json::to_value(&bad).unwrap();
        assert_eq!(written["findings"], json!(["wrong_script", "open_fence"]));
        assert_eq!(written["script"], "thai");
        let plain = serde_json::to_string(&good).unwrap();
        assert!(!plain.contains("findings") && !plain.contains("script"));
        for event in [good, bad] {
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
        }
    }
}
