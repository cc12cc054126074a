//! What a judge is told, and how the judged texts are fenced. Pure: the tag of the fence is passed in.
//!
//! Question and answer were written by others, and some of them write to the judge. They stand between marks with a tag
//! that nobody could know when they were written; whatever in them looks like a mark, in any case, spacing, script or
//! with invisible signs in it, loses its bracket. A person may replace the rubric, never the contract below it.

use crate::config::Rubric;
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, sync::LazyLock};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters of a question, or of an answer, that a judge reads: the beginning, and the end, where it shows whether
/// there is one.
const HEAD: usize = 4_000;
const TAIL: usize = 2_000;

/// The two messages of one judge call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) system: String,
    pub(super) user: String,
}

struct Shipped {
    version: &'static str,
    rubric: &'static str,
    contract: &'static str,
}

static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    let (version, text) = include_str!("../../../assets/judge.txt")
        .strip_prefix("# rubric ")
        .and_then(|text| text.split_once('\n'))
        .expect("the shipped rubric begins with its version");
    let (rubric, contract) = text
        .split_once("\n# contract\n")
        .expect("the shipped rubric ends with the contract");
    Shipped {
        version,
        rubric,
        contract: contract.trim_end(),
    }
});

/// Which words scored: the version of the shipped ones, and for a route's own a digest of them. Scores by different
/// words are not compared.
pub(super) fn name(rubric: &Rubric) -> String {
    if *rubric == Rubric::default() {
        return SHIPPED.version.to_owned();
    }
    let digest = Sha256::digest(instructions(rubric));
    digest
        .iter()
        .take(4)
        .fold(format!("{}/", SHIPPED.version), |mut name, byte| {
            let _ = write!(name, "{byte:02x}"); // a String takes everything
            name
        })
}

/// `nonce` is drawn for this call alone. What is the same in every call of a route stands first, where providers cache.
pub(super) fn prompt(rubric: &Rubric, question: &str, answer: &str, nonce: u64) -> Prompt {
    let tag = format!("{nonce:016x}");
    let contract = SHIPPED.contract.replace("{tag}", &tag);
    let (question, answer) = (shown(question, &tag), shown(answer, &tag));
    Prompt {
        system: format!("{}\n\n{contract}", instructions(rubric)),
        user: format!(
            "<question-{tag}>\n{question}\n</question-{tag}>\n<answer-{tag}>\n{answer}\n</answer-{tag}>"
        ),
    }
}

/// The rubric and its examples.
fn instructions(rubric: &Rubric) -> String {
    let mut text = rubric
        .text
        .as_deref()
        .unwrap_or(SHIPPED.rubric)
        .trim()
        .to_owned();
    for (i, example) in rubric.examples.iter().enumerate() {
        let (n, score) = (i + 1, example.score);
        let (question, answer) = (example.question.trim(), example.answer.trim());
        let _ = write!(
            text,
            "\n\nExample {n}, question:\n{question}\nExample {n}, answer:\n{answer}\nExample {n}, score: {score}"
        );
        if !example.reason.is_empty() {
            let _ = write!(text, "\nExample {n}, reason: {}", example.reason);
        }
    }
    text
}

/// A text as the judge sees it.
fn shown(text: &str, tag: &str) -> String {
    disarmed(&cut(text, tag))
}

/// Head and tail of a long text, and how much is missing between them. The mark bears the tag, so that no answer that
/// breaks off can claim to have been cut.
fn cut(text: &str, tag: &str) -> String {
    let count = text.chars().count();
    if count <= HEAD + TAIL {
        return text.to_owned();
    }
    let left_out = thousands(count - HEAD - TAIL);
    let head: String = text.chars().take(HEAD).collect();
    let tail: String = text.chars().skip(count - TAIL).collect();
    format!("{head}\n[… {left_out} characters left out, {tag} …]\n{tail}")
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Takes the bracket from whatever could be read as a mark of the fence.
fn disarmed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = || text.get(at + c.len_utf8()..).unwrap_or_default();
        out.push(if BRACKETS.contains(&c) && is_mark(rest()) {
            '‹'
        } else {
            c
        });
    }
    out
}

/// Signs that read like `<`.
const BRACKETS: [char; 9] = ['<', '＜', '﹤', '\u{2329}', '\u{3008}', '⟨', '˂', 'ᐸ', '❮'];
const SLASHES: [char; 6] = ['/', '\\', '／', '∕', '⁄', '⧸'];

/// Whether what follows a bracket begins like one of the two marks, to a reader who does not look closely.
fn is_mark(rest: &str) -> bool {
    let letters = rest.chars().filter(|c| !is_gap(*c));
    let name: String = letters
        .skip_while(|c| SLASHES.contains(c))
        .flat_map(folded)
        .take("question".len())
        .collect();
    name.starts_with("answer") || name == "question"
}

/// White space, control characters, and what Unicode says is not shown at all (`Default_Ignorable_Code_Point`).
fn is_gap(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A letter as the Latin one that it looks like: without case, width, ornament and accent, and out of the scripts that
/// share its shape. Only the letters of the two names matter.
fn folded(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c)
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'а' | 'α' | 'ɑ' => 'a',
            'е' | 'ε' | 'ҽ' | 'є' => 'e',
            'о' | 'ο' | 'օ' | 'σ' | 'ᴏ' => 'o',
            'ѕ' | 'ꜱ' | 'ʂ' => 's',
            'і' | 'ι' | 'ı' | 'ɩ' => 'i',
            'п' | 'ո' | 'η' | 'ɴ' => 'n',
            'ԝ' | 'ω' | 'ѡ' | 'ա' | 'ᴡ' => 'w',
            'г' | 'ʀ' => 'r',
            'т' | 'τ' | 'ᴛ' => 't',
            'υ' | 'ս' | 'ᴜ' => 'u',
            'ԛ' | 'զ' => 'q',
            other => other,
        })
}

#[cfg(test)]
mod tests;
