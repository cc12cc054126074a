//! What can be wrong with an answer, and how far each finding may be trusted.

use super::Script;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

    /// Whether the breaker may hear of it: it hits at most one good answer in 200, deserved or not, and is wrong about at
    /// most one in 200 of any.
    pub fn feeds_breaker(self) -> bool {
        let rare = |(hits, answers): (u32, u32)| hits * 200 <= answers;
        MEASURED
            .iter()
            .any(|m| m.finding == self && rare(m.good) && rare(m.wrong))
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

/// How often a check hits real answers, and how often it is wrong.
#[derive(Debug, Clone, Copy)]
struct Measured {
    finding: Finding,
    /// Hits, wrong or not, of so many answers of strong models: 750 of `AlpacaEval` (GPT-4, 4o and 3.5, Claude 3 and
    /// 3.5), 70 references of MT-bench and Vicuna, 100 recorded from providers.
    good: (u32, u32),
    /// Hits that were wrong by eye, of so many answers that no rule was made on: 16 other models on `AlpacaEval`.
    wrong: (u32, u32),
}

const fn measured(finding: Finding, good: (u32, u32), wrong: (u32, u32)) -> Measured {
    Measured {
        finding,
        good,
        wrong,
    }
}

/// November 2026. JSON that was asked for is rare in what was recorded: 49 recorded bodies stand for it, and 33 tool
/// calls with the schemas of their tools.
const MEASURED: [Measured; 13] = [
    measured(Finding::Empty, (2, 920), (0, 12_878)),
    measured(Finding::TooShort, (0, 920), (0, 12_878)),
    measured(Finding::TooLong, (0, 920), (0, 12_878)),
    measured(Finding::WrongScript, (0, 920), (0, 12_878)),
    measured(Finding::Repetition, (0, 920), (0, 12_878)),
    measured(Finding::BrokenText, (0, 920), (0, 12_878)),
    measured(Finding::InvalidJson, (0, 82), (0, 82)),
    measured(Finding::SchemaMismatch, (0, 33), (0, 33)),
    measured(Finding::BadArguments, (0, 33), (0, 33)),
    measured(Finding::OpenFence, (0, 920), (0, 12_878)),
    measured(Finding::Refusal, (1, 920), (2, 12_878)),
    measured(Finding::Echo, (0, 920), (0, 12_878)),
    measured(Finding::WordSalad, (0, 920), (0, 12_878)),
];

/// What was found in one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

    /// Those that are so rarely wrong that the breaker may hear of them.
    #[must_use]
    pub fn feeding(self) -> Self {
        let bits = self.iter().filter(|f| f.feeds_breaker());
        Self {
            bits: bits.fold(0, |bits, f| bits | f.bit()),
            ..self
        }
    }

    /// The script of [`Finding::WrongScript`].
    pub const fn script(self) -> Option<Script> {
        self.script
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.bits |= finding.bit();
    }

    pub(super) fn add_script(&mut self, script: Script) {
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
