//! Checks that cost nothing, on every answer: what can be seen in a text without asking another model.
//!
//! Pure: plain data in, a small set of named findings out. A finding says that something is wrong with high
//! probability; what is subtle is the judge's. Of a long text the first and the last 16 KiB are read (`clip`); fences
//! are looked for in all of it, and JSON that was asked for is parsed up to 256 KiB. What excuses a finding (a
//! translation was asked for, a song, a text about encodings) is looked up only when there is something to excuse: a
//! good answer allocates nothing and takes 10 µs at 1.1 KB (mean of 1200 real answers), 24 µs at 4 KB, 0.4 ms at 100 KB.
//!
//! What each check found, November 2026: hits on answers of strong and of weak models; how many hits were wrong by eye
//! on 12,878 answers of 16 models that no rule was made on (all `AlpacaEval` prompts); what it finds of 688 good answers
//! spoiled on purpose. `cargo test --lib checks::tests::measure -- --nocapture` prints all but the third anew where the
//! answers are at hand.
//!
//! | finding | strong /920 | weak /450 | wrong | found |
//! |---|---|---|---|---|
//! | empty | 2 | 3 | 0 of 0 | 100 % |
//! | too short, too long | 0 | 0 | 0 of 0 | a full stop 98 % |
//! | wrong script | 0 | 0 | 0 of 2 | 3 % of words 78 %, 10 % 94 %, 50 % 97 %, all 93 % |
//! | repetition | 0 | 1 | 0 of 3 | loop from the middle 91 % |
//! | broken text | 0 | 0 | 0 of 7 | 1 % of bytes 99 %, decoded twice 99 % |
//! | invalid JSON | 0 of 82 | – | – | cut off 49 of 49 |
//! | schema mismatch | 0 of 33 | – | – | a key missing 14 of 14 |
//! | bad arguments | 0 of 33 | – | – | cut off 14 of 14 |
//! | open fence | 0 | 1 | 0 of 5 | last fence missing 21 of 21 |
//! | refusal | 1 | 0 | 2 of 2 | 88 % |
//! | echo | 0 | 0 | 0 of 0 | 88 % |
//! | word salad | 0 | 0 | 0 of 0 | words shuffled 71 %; English only |
//!
//! All of them feed the breaker by the rule of one good answer in 200 ([`Finding::feeds_breaker`]). The rules were made
//! on 13,436 further answers, 4,268 of them in nine languages other than English: 7 of their hits were wrong before the
//! rules were adjusted to them, none after. Most of the open fences were cut at a limit that these data do not name.

mod broken;
mod clip;
mod echo;
mod fence;
mod finding;
mod foreign;
mod json;
mod prose;
mod refusal;
mod repeat;
mod salad;
mod schema;
mod script;
mod size;
mod spoken;
#[cfg(test)]
mod tests;

pub use crate::model::finding::{Finding, Findings};

use serde_json::Value;

/// A question with its answer. For answers of text and tool calls; one that is a picture or a sound is not for here.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// What the user said last.
    pub asked: &'a str,
    /// The rest of the conversation in order, as far as it is at hand: earlier turns, results of tools, and system text,
    /// which best comes last: of many turns the last are read. The more is given, the more is excused; a repetition of
    /// `asked` in it does no harm.
    pub before: &'a [&'a str],
    pub answer: &'a str,
    pub ended: Ended,
    pub format: Format<'a>,
    pub calls: &'a [Call<'a>],
}

/// Why the answer ends where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The model had said everything. Not where it met a stop word of the caller's: that may cut anything.
    Whole,
    /// At the limit on its length.
    Length,
    /// To have tools called.
    Tools,
    /// Anything else, or nobody said: nothing that a whole answer owes is asked of it.
    Other,
}

/// What the caller wanted the text to be.
#[derive(Debug, Clone, Copy)]
pub enum Format<'a> {
    Text,
    /// Some JSON object or array.
    Json,
    Schema(&'a Value),
}

/// A call of a tool, its arguments as the model wrote them. Not for tools that take plain text.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub name: &'a str,
    pub arguments: &'a str,
}

/// Everything that is visibly wrong with an answer.
pub fn check(x: &Exchange<'_>) -> Findings {
    let mut found = Findings::default();
    size::check(x, &mut found);
    json::check(x, &mut found);
    if x.answer.is_empty() {
        return found;
    }
    broken::check(x, &mut found);
    foreign::check(x, &mut found);
    repeat::stuck(x, &mut found);
    if !json::is_document(x) {
        repeat::check(x, &mut found);
        echo::check(x, &mut found);
        fence::check(x, &mut found);
        refusal::check(x, &mut found);
        salad::check(x, &mut found);
    }
    found
}

/// Whether more of the conversation might change what is found: it excuses much, and it says which letters are at home.
pub fn needs_more(x: &Exchange<'_>, found: Findings) -> bool {
    !found.is_empty() || foreign::has_strange_letters(x)
}

impl Exchange<'_> {
    /// Whether anybody in the conversation used one of these words or beginnings of words, in small letters. Walks over
    /// the conversation: only for an answer that is suspect already.
    fn mentions(&self, words: &[&str]) -> bool {
        self.turns().any(|turn| prose::mentions(turn, words))
    }

    /// What was said before the answer, the latest first, each turn clipped.
    fn turns(&self) -> impl Iterator<Item = &str> {
        let before = self.before.iter().rev().take(clip::TURNS);
        std::iter::once(&self.asked)
            .chain(before)
            .flat_map(|turn| clip::parts(turn))
    }
}
