//! Looking at text: words, sentences, stems, numbers. Small, and good enough for English prose.

use std::{collections::HashSet, sync::LazyLock};

/// Words that say how and not what; kept short on purpose: only the overlap of what is left matters.
const COMMON: &str = "a an the and or but if then than so as at by for from in into of on onto to up out with without \
    about after again all also am any are be because been before being between both can could did do does doing down \
    each few he her here him his how i is it its just like make may me might more most must my no nor not now off one \
    only other our over own please same she should some such that their them there these they this those through too \
    under until us very was we were what when where which while who whom why will would you your write give tell \
    explain answer question short brief sentence sentences words following below text";

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .map(|w| w.trim_matches(['\'', '’']))
        .filter(|w| !w.is_empty())
}

pub(super) fn lower_words(text: &str) -> Vec<String> {
    words(text).map(str::to_lowercase).collect()
}

pub(super) fn is_common(word: &str) -> bool {
    static SET: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.split_whitespace().collect());
    SET.contains(word)
}

/// What a word is about: lower case and without its ending, so that `resets` meets `resetting`.
pub(super) fn stem(word: &str) -> String {
    word.to_lowercase().chars().take(5).collect()
}

/// The stems that carry meaning, in order, each once.
pub(super) fn stems(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    for word in lower_words(text) {
        let enough = word.chars().count() > 2 || word.chars().any(|c| c.is_ascii_digit());
        if enough && !is_common(&word) {
            let stem = stem(&word);
            if seen.insert(stem.clone()) {
                found.push(stem);
            }
        }
    }
    found
}

/// How many of `a` are in `b`.
pub(super) fn shared(a: &[String], b: &[String]) -> usize {
    let b: HashSet<&String> = b.iter().collect();
    a.iter().filter(|stem| b.contains(stem)).count()
}

/// Sentences with their own punctuation; lines end them too, and a full stop inside `2.5` or `e.g.` does not.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        let mut chars = line.trim().chars().peekable();
        while let Some(c) = chars.next() {
            current.push(c);
            let last = current.split_whitespace().next_back().unwrap_or_default();
            let abbreviation = last.chars().filter(|c| *c == '.').count() > 1
                || matches!(last.as_bytes(), [b'A'..=b'Z', b'.']);
            let ends = matches!(c, '!' | '?') || (c == '.' && !abbreviation);
            if ends && chars.peek().is_none_or(|next| next.is_whitespace()) {
                found.push(std::mem::take(&mut current).trim().to_owned());
            }
        }
        found.push(current.trim().to_owned());
    }
    found.retain(|s| s.chars().any(char::is_alphanumeric));
    found
}

/// Numbers as they stand in the text; thousands may be grouped.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-')))
        .filter_map(|raw| {
            let raw = raw.trim_end_matches(['.', ',', '-']).replace(',', "");
            let negative = raw.starts_with('-');
            let bare = raw.trim_start_matches('-');
            let value: f64 = bare.parse().ok()?;
            Some(if negative { -value } else { value })
        })
        .collect()
}

pub(super) fn email(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"'))
        .map(|w| w.trim_end_matches(['.', ':', '?', '!']))
        .find(|w| {
            w.split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        })
}

/// An ISO date.
pub(super) fn date(text: &str) -> Option<&str> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '-'))
        .find(|w| {
            let parts: Vec<_> = w.split('-').map(str::len).collect();
            parts == [4, 2, 2]
        })
}

/// A ticket, order or invoice number: a word with both letters and digits, or a long number.
pub(super) fn reference(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '#' | ':'))
        .map(|w| w.trim_end_matches(['.', '?', '!']))
        .find(|w| {
            let digits = w.chars().filter(char::is_ascii_digit).count();
            let code = w.chars().any(|c| c.is_ascii_uppercase()) && digits >= 2;
            !w.contains('@') && (code || digits >= 5) && date(w).is_none()
        })
}

/// The first run of capitalised words that does not open a sentence, or that follows `after`.
pub(super) fn proper_name(text: &str) -> Option<String> {
    let capital = |w: &str| {
        w.chars().next().is_some_and(char::is_uppercase)
            && w.chars().skip(1).all(char::is_lowercase)
    };
    sentences(text).iter().find_map(|sentence| {
        let run: Vec<&str> = words(sentence)
            .skip(1)
            .skip_while(|w| !capital(w) || w.chars().count() < 2)
            .take_while(|w| capital(w))
            .take(2)
            .collect();
        (!run.is_empty()).then(|| run.join(" "))
    })
}

/// The capitalised words behind one of these prepositions: `in Lisbon`, `for New York`.
pub(super) fn place(text: &str) -> Option<String> {
    let list: Vec<&str> = words(text).collect();
    let at = list.windows(2).position(|pair| match pair {
        [before, name] => {
            matches!(*before, "in" | "for" | "near" | "at" | "to" | "from")
                && name.chars().next().is_some_and(char::is_uppercase)
        }
        _ => false,
    })?;
    let name: Vec<&str> = list
        .into_iter()
        .skip(at + 1)
        .take_while(|w| w.chars().next().is_some_and(char::is_uppercase))
        .take(2)
        .collect();
    Some(name.join(" "))
}

/// The first letter made large.
pub(super) fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_point_and_an_abbreviation_do_not_end_a_sentence() {
        let text = "It took 2.5 hours, e.g. on Monday. Why? Nobody knows!";
        assert_eq!(
            sentences(text),
            [
                "It took 2.5 hours, e.g. on Monday.",
                "Why?",
                "Nobody knows!"
            ]
        );
    }

    #[test]
    fn the_parts_of_an_order_are_found() {
        let text =
            "Maria Lopez (maria@shop.example) ordered 3 lamps on 2026-03-14, order LX-20417.";
        assert_eq!(email(text), Some("maria@shop.example"));
        assert_eq!(date(text), Some("2026-03-14"));
        assert_eq!(reference(text), Some("LX-20417"));
        assert!(numbers(text).contains(&3.0));
    }

    #[test]
    fn a_place_is_the_name_behind_its_preposition() {
        assert_eq!(
            place("What is the weather in New York today?").as_deref(),
            Some("New York")
        );
        assert_eq!(place("What is the weather?"), None);
    }
}
