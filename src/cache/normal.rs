//! Which prompts are the same question, spelled differently.
//!
//! A wrong answer from the cache costs far more than a miss, so every rule here only removes what carries no
//! meaning, and steps aside where it might:
//!
//! - **forms**: full-width letters, ligatures, odd spaces and composed accents become one (NFC, and of NFKC only
//!   what is a matter of form: folding superscripts too would make `10²` into `102`);
//! - **white space**: a run becomes one space, or one line break if it holds one;
//! - **final punctuation** goes when it ends a word (`5!` and `git add .` keep theirs);
//! - **case** of Capitalised words goes, in plain prose only: `US`, `iPhone`, `B12`, `R`, and words that mean
//!   something else without their capital (`Polish`) keep it.
//!
//! Fenced code, inline code and quotes are kept to the letter; a text with the marks of code outside of those is
//! only trimmed.

mod words;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Two are enough for everything that was ever tried.
const MOST_PASSES: usize = 4;

/// The text that stands for all spellings of this question. Normalising twice changes nothing more.
pub(super) fn normalise(text: &str) -> String {
    let mut out = pass(text);
    // A letter that took another form may be one that another rule goes by; plain ASCII has no other forms.
    for _ in 0..MOST_PASSES {
        if out.is_ascii() {
            break;
        }
        let again = pass(&out);
        if again == out {
            break;
        }
        out = again;
    }
    out
}

fn pass(text: &str) -> String {
    let text = without_blank_edges(text);
    let spans = spans(text);
    let prose = || spans.iter().filter_map(Span::prose);
    if prose().any(looks_like_code) {
        return text.to_owned();
    }
    let fold_case = !prose().any(looks_technical);
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    for span in &spans {
        last = out.len();
        match span {
            Span::Kept(kept) => out.push_str(kept),
            Span::Prose(prose) => {
                let prose = spaced(prose);
                if fold_case {
                    words::fold(&prose, last == 0, &mut out);
                } else {
                    out.push_str(&prose);
                }
            }
        }
    }
    if matches!(spans.last(), Some(Span::Prose(_))) {
        let end = without_final_punctuation(&out).len().max(last);
        out.truncate(end);
    }
    let start = out.len() - out.trim_start().len();
    out.drain(..start);
    out
}

/// Without white space at the end and without empty lines at the start; the first line keeps its indentation.
fn without_blank_edges(text: &str) -> &str {
    let text = text.trim_end();
    let indent = text.len() - text.trim_start().len();
    let (blank, _) = text.split_at(indent);
    let start = blank.rfind(is_line_break).map_or(0, |at| at + 1);
    text.get(start..).unwrap_or_else(|| text.trim_start())
}

enum Span<'a> {
    Prose(&'a str),
    /// Code or a quotation, with its delimiters.
    Kept(&'a str),
}

impl<'a> Span<'a> {
    fn prose(&self) -> Option<&'a str> {
        match self {
            Self::Prose(text) => Some(text),
            Self::Kept(_) => None,
        }
    }
}

fn spans(text: &str) -> Vec<Span<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut before = None;
    while let Some((start, len)) = next_kept(rest, before) {
        let (prose, tail) = rest.split_at(start);
        let (kept, tail) = tail.split_at(len);
        if !prose.is_empty() {
            out.push(Span::Prose(prose));
        }
        out.push(Span::Kept(kept));
        before = kept.chars().next_back();
        rest = tail;
    }
    if !rest.is_empty() {
        out.push(Span::Prose(rest));
    }
    out
}

/// Start and length of the next quotation or piece of code. One that never closes reaches to the end: better to
/// keep too much than to change what was quoted.
fn next_kept(text: &str, mut before: Option<char>) -> Option<(usize, usize)> {
    for (start, c) in text.char_indices() {
        let (_, from) = text.split_at(start);
        if let Some(len) = kept_len(from, c, before) {
            return Some((start, len));
        }
        before = Some(c);
    }
    None
}

fn kept_len(text: &str, open: char, before: Option<char>) -> Option<usize> {
    let until = |mark: &str| {
        let (_, inner) = text.split_at(mark.len());
        let end = inner.find(mark).map(|at| at + 2 * mark.len());
        Some(end.unwrap_or(text.len()))
    };
    let closed_by = |close: fn(char) -> bool| {
        let mut inner = text.char_indices().skip(1);
        let end = inner.find(|&(_, c)| close(c));
        Some(end.map_or(text.len(), |(at, c)| at + c.len_utf8()))
    };
    match open {
        '`' if text.starts_with("```") => until("```"),
        '~' if text.starts_with("~~~") => until("~~~"),
        '`' => until("`"),
        '"' => until("\""),
        '“' | '„' => closed_by(|c| matches!(c, '”' | '“')),
        '«' => closed_by(|c| c == '»'),
        '「' => closed_by(|c| c == '」'),
        '『' => closed_by(|c| c == '』'),
        // Inside a word it is an apostrophe.
        '\'' | '‘' if !before.is_some_and(char::is_alphanumeric) => Some(single_quoted(text)),
        _ => None,
    }
}

fn single_quoted(text: &str) -> usize {
    let mut inner = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = inner.next() {
        let in_a_word = inner
            .peek()
            .is_some_and(|&(_, next)| next.is_alphanumeric());
        if matches!(c, '\'' | '’') && !in_a_word {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Marks that prose has no use for: here even white space may carry meaning.
fn looks_like_code(prose: &str) -> bool {
    let mut line_start = false;
    for c in prose.chars() {
        match c {
            // The last two compose to `;` and to a backtick.
            '{' | '}' | '=' | '<' | '>' | '\\' | '|' | ';' | '\t' | '\u{37e}' | '\u{1fef}' => {
                return true;
            }
            ' ' if line_start => return true,
            _ => line_start = is_line_break(c),
        }
    }
    false
}

/// Names, paths, addresses and calls somewhere in the text: capitals may be part of a name.
fn looks_technical(prose: &str) -> bool {
    let mut before = (' ', ' ');
    for c in prose.chars() {
        let glued = match c {
            '_' | '@' | '#' | '$' | '/' | '*' | '^' | '~' | '&' => true,
            '(' | '[' => before.1.is_alphanumeric(),
            ':' => before.1 == ':',
            _ => c.is_alphabetic() && before.1 == '.' && before.0.is_alphabetic(),
        };
        if glued {
            return true;
        }
        before = (before.1, c);
    }
    false
}

/// One form for each character, one white space between words.
fn spaced(prose: &str) -> String {
    let formed = if prose.is_ascii() {
        None
    } else {
        Some(one_form(prose))
    };
    let prose = formed.as_deref().unwrap_or(prose);
    let mut out = String::with_capacity(prose.len());
    let mut gap = None;
    for c in prose.chars() {
        if c.is_whitespace() {
            let line = is_line_break(c) || gap == Some('\n');
            gap = Some(if line { '\n' } else { ' ' });
        } else {
            out.extend(gap.take());
            out.push(c);
        }
    }
    out.extend(gap);
    out
}

fn one_form(prose: &str) -> String {
    let folded: String = prose.nfc().flat_map(fold_form).collect();
    if is_nfc(&folded) {
        folded
    } else {
        folded.nfc().collect()
    }
}

/// The compatibility form, where the two differ in width, ligature or kind of space and in nothing else.
fn fold_form(c: char) -> impl Iterator<Item = char> {
    let only_form = matches!(c,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' // spaces
        | '\u{2026}' // …
        | '\u{fb00}'..='\u{fb06}' // ligatures
        | '\u{ff01}'..='\u{ffef}' // full and half width
    );
    // A delimiter that appears only now would change what counts as quoted.
    let makes_a_delimiter = matches!(c, '＂' | '＇' | '｀' | '～' | '｢' | '｣');
    let fold = only_form && !makes_a_delimiter;
    let folded = fold.then(|| std::iter::once(c).nfkc());
    let same = (!fold).then_some(c);
    folded.into_iter().flatten().chain(same)
}

fn without_final_punctuation(text: &str) -> &str {
    let text = text.trim_end();
    let bare = text.trim_end_matches(['.', '?', '!', '。', '।', '؟']);
    let (_, marks) = text.split_at(bare.len());
    let mut end = bare.chars().rev();
    let (Some(last), before) = (end.next(), end.next()) else {
        return text;
    };
    let ends_a_word = last.is_alphanumeric()
        || matches!(
            last,
            '`' | ')' | ']' | '"' | '\'' | '”' | '’' | '»' | '」' | '』'
        );
    if !ends_a_word {
        return text;
    }
    // A factorial: of a number, a variable or a term.
    let variable = last.is_alphabetic() && before.is_none_or(|c| !c.is_alphanumeric());
    if last.is_numeric() || variable || last == ')' {
        let kept = marks.rfind('!').map_or(0, |at| at + 1);
        return text.split_at(bare.len() + kept).0;
    }
    bare
}

const fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
