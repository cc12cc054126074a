//! What the simulated models can do: recognise a task by its words, and really do it with the text that came along.

use super::{
    library::{fact, library},
    sums,
    voice::Draft,
};
use crate::sim::{luck::Luck, text};

/// How like a known question a prompt must be before anything else is tried, and as a last resort.
const SURELY: f64 = 0.8;
const PERHAPS: f64 = 0.45;

pub(super) fn answer(question: &str, luck: &mut Luck) -> Draft {
    let (instruction, body) = split(question);
    let low = instruction.to_lowercase();
    let has = |any: &[&str]| any.iter().any(|w| low.contains(w));
    if let Some(known) = fact(question, SURELY) {
        return Draft::Prose(known.answer.clone());
    }
    let task = if has(&["translat"]) {
        translation(question)
    } else if has(&["one word", "classify"]) {
        label(&instruction, &body)
    } else if has(&["rewrite", "polite:", "make this shorter"]) {
        Some(rewrite(&body, &low))
    } else if has(&["write", "draft"]) && has(&["email", "reply", "letter"]) {
        Some(email(&instruction, &body, luck))
    } else if has(&["extract", "fill in"]) {
        Some(extract(question))
    } else if has(&["summar", "tl;dr", "key points"]) {
        summary(&body, &low)
    } else {
        sums::solve(question).map(|worked| {
            if has(&["number only"]) {
                Draft::Exact(worked.result)
            } else {
                Draft::Prose(worked.steps)
            }
        })
    };
    task.or_else(|| fact(question, PERHAPS).map(|f| Draft::Prose(f.answer.clone())))
        .unwrap_or_else(|| general(question))
}

/// The instruction, and the text that it is about.
fn split(question: &str) -> (String, String) {
    let (instruction, body) = question
        .split_once("\n\n")
        .or_else(|| question.split_once(": "))
        .unwrap_or((question, ""));
    let body = body.replace("<text>", "").replace("</text>", "");
    (instruction.to_owned(), body.trim().to_owned())
}

fn translation(question: &str) -> Option<Draft> {
    let phrase = library().phrases.iter().find(|p| p.is_in(question))?;
    text::words(question)
        .find_map(|word| phrase.in_language(word))
        .map(|t| Draft::Exact(t.to_owned()))
}

/// Signs by which a text is put under a label; the labels themselves come from the question.
const SIGNS: [(&str, &[&str]); 6] = [
    (
        "positive",
        &["great", "love", "perfect", "helpful", "excellent", "happy"],
    ),
    (
        "negative",
        &["broke", "disappointed", "bad", "late", "angry", "terrible"],
    ),
    (
        "billing",
        &["charged", "invoice", "refund", "payment", "price"],
    ),
    (
        "shipping",
        &["parcel", "delivered", "delivery", "tracking", "address"],
    ),
    ("engineering", &["error", "crash", "bug", "slow", "login"]),
    ("urgent", &["urgent", "today", "immediately"]),
];

fn label(instruction: &str, body: &str) -> Option<Draft> {
    let body = body.to_lowercase();
    let asked = text::lower_words(instruction);
    let signs = |name: &str| {
        SIGNS
            .iter()
            .find(|(label, _)| *label == name)
            .map_or(0, |(_, signs)| {
                signs.iter().filter(|s| body.contains(**s)).count()
            })
    };
    let at = asked.iter().position(|w| w == "or")?;
    let choices = asked.get(at.saturating_sub(2)..=(at + 1).min(asked.len().saturating_sub(1)))?;
    choices
        .iter()
        .filter(|w| *w != "or")
        .rev()
        .max_by_key(|w| signs(w))
        .map(|best| Draft::Exact(text::capitalise(best)))
}

fn rewrite(body: &str, instruction: &str) -> Draft {
    let sentences = text::sentences(body);
    if instruction.contains("shorter") {
        let kept = body
            .trim_start_matches("We would like to inform you that ")
            .replace("which you ordered on", "you ordered on")
            .replace(" unfortunately", "")
            .replace(" at the moment", "")
            .replace("and that we expect a new delivery", "we expect more");
        return Draft::Piece(text::capitalise(&kept));
    }
    let polite: Vec<String> = sentences
        .iter()
        .map(|s| {
            let inner = s.trim_end_matches(['.', '!']);
            let mut chars = inner.chars();
            let first = chars.next().map(|c| c.to_lowercase().to_string());
            format!(
                "Could you please {}{}? It would help me a great deal, thank you.",
                first.unwrap_or_default(),
                chars.as_str()
            )
        })
        .collect();
    Draft::Piece(polite.join(" "))
}

fn email(instruction: &str, body: &str, luck: &mut Luck) -> Draft {
    let whole = format!("{instruction}\n{body}");
    let name = text::proper_name(if body.is_empty() { instruction } else { body })
        .unwrap_or_else(|| "all".to_owned());
    let matter = instruction
        .split_once(" that ")
        .or_else(|| instruction.split_once(" to ask "))
        .or_else(|| instruction.split_once(": "))
        .map_or(instruction, |(_, matter)| matter)
        .trim_end_matches('.');
    let hello = luck.pick(&["Dear", "Hello", "Hi"]).unwrap_or("Dear");
    let about = if body.is_empty() {
        format!("I am writing because of the following: {matter}.")
    } else {
        let first = text::sentences(body)
            .into_iter()
            .take(2)
            .collect::<Vec<_>>();
        format!(
            "Thank you for your message. As we understand it: {} We are looking into it and will answer within two days.",
            first.join(" ")
        )
    };
    let subject = text::reference(&whole).map_or_else(
        || text::capitalise(&text::stems(matter).into_iter().take(1).collect::<String>()),
        |r| format!("Your reference {r}"),
    );
    let subject = if subject.chars().count() < 6 {
        "A short note".to_owned()
    } else {
        subject
    };
    Draft::Piece(format!(
        "Subject: {subject}\n\n{hello} {name},\n\n{about} Please let me know if that suits you, or if you have any questions.\n\nKind regards"
    ))
}

fn extract(question: &str) -> Draft {
    let (_, body) = split(question);
    let mut found = serde_json::Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            found.insert(key.to_owned(), value.into());
        }
    };
    put("order_number", text::reference(&body).map(str::to_owned));
    put("name", text::proper_name(&body));
    put("city", text::place(&body));
    put("date", text::date(&body).map(str::to_owned));
    put("email", text::email(&body).map(str::to_owned));
    put("amount", sums::amount(&body).map(sums::plain));
    Draft::Exact(
        serde_json::to_string_pretty(&found).expect("a map of strings is always valid JSON"),
    )
}

fn summary(body: &str, instruction: &str) -> Option<Draft> {
    let sentences = text::sentences(body);
    let wanted = text::words(instruction).find_map(sums::word_number);
    let count = wanted.unwrap_or_else(|| (sentences.len() / 3).clamp(2, 12));
    let mut ranked: Vec<(usize, usize)> = sentences
        .iter()
        .enumerate()
        .map(|(at, s)| (weight(at, s), at))
        .collect();
    ranked.sort_by(|a, b| b.cmp(a));
    let mut kept: Vec<usize> = ranked.into_iter().take(count).map(|(_, at)| at).collect();
    kept.sort_unstable();
    let points: Vec<String> = kept
        .into_iter()
        .filter_map(|at| sentences.get(at).cloned())
        .collect();
    (!points.is_empty()).then_some(Draft::Points(points))
}

/// What makes a sentence worth keeping: it opens the text, it has figures, it says what was decided or is open.
fn weight(at: usize, sentence: &str) -> usize {
    let low = sentence.to_lowercase();
    let marks = [
        "decided", "agreed", "open", "asks", "expect", "because", "next", "will",
    ];
    let marked = marks.iter().filter(|m| low.contains(**m)).count();
    let figures = text::numbers(sentence).len().min(2);
    let opens = if at == 0 { 5 } else { 0 };
    opens + 2 * marked + figures
}

/// Nothing is known about it, so the answer stays with the question's own words.
fn general(question: &str) -> Draft {
    let kept: Vec<String> = text::words(question)
        .filter(|w| w.chars().count() > 3 && !text::is_common(&w.to_lowercase()))
        .map(str::to_owned)
        .take(4)
        .collect();
    let topic = if kept.is_empty() {
        "your question".to_owned()
    } else {
        kept.join(" ")
    };
    let last = kept.last().cloned().unwrap_or_else(|| topic.clone());
    Draft::Prose(format!(
        "When it comes to {topic}, it helps to begin with what you want to reach and to work back from there. \
         The part that most often decides the outcome is {last}, so look at it first and write down what you already know. \
         If you tell me more about your situation, I can give you a more exact answer."
    ))
}
