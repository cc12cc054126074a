//! How far each finding may be trusted.

use crate::model::finding::{Finding, Findings};

impl Finding {
    /// Whether the breaker may hear of it: it hits at most one good answer in 200, deserved or not, and is wrong about at
    /// most one in 200 of any.
    pub fn feeds_breaker(self) -> bool {
        let rare = |(hits, answers): (u32, u32)| hits * 200 <= answers;
        MEASURED
            .iter()
            .any(|m| m.finding == self && rare(m.good) && rare(m.wrong))
    }
}

impl Findings {
    /// Those that are so rarely wrong that the breaker may hear of them.
    #[must_use]
    pub fn feeding(self) -> Self {
        self.only(Finding::feeds_breaker)
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
