//! Refusals where nothing could be refused. Only plain ones at the very beginning of a short answer, and only where
//! the conversation has no word that could be behind it; a model that says what it cannot do (browse, see, feel) does
//! not refuse.

use super::{Exchange, Finding, Findings, clip};

/// A refusal is short; what goes on for longer helps after all.
const LONGEST: usize = 400;

const SORRY: [&str; 14] = [
    "i'm sorry, but ",
    "i am sorry, but ",
    "i'm sorry. ",
    "i'm sorry, ",
    "sorry, but ",
    "sorry, ",
    "i apologize, but ",
    "my apologies, but ",
    "unfortunately, ",
    "as an ai language model, ",
    "as a large language model, ",
    "as a language model, ",
    "as an ai assistant, ",
    "as an ai, ",
];
const CANNOT: [&str; 13] = [
    "i can't ",
    "i cannot ",
    "i can not ",
    "i am unable to ",
    "i'm unable to ",
    "i am not able to ",
    "i'm not able to ",
    "i won't be able to ",
    "i won't ",
    "i will not ",
    "i must decline",
    "i don't feel comfortable ",
    "i'm not comfortable ",
];
const HELP: [&str; 12] = [
    "",
    "assist",
    "help",
    "fulfill",
    "comply",
    "answer",
    "continue",
    "discuss",
    "engage",
    "do that",
    "provide assistance",
    "provide that",
];
/// Whole beginnings, in other languages.
const ELSEWHERE: [&str; 16] = [
    "lo siento, pero no puedo ayudar",
    "lo siento, no puedo ayudar",
    "lo siento, pero no puedo ",
    "je suis désolé, mais je ne peux pas ",
    "désolé, mais je ne peux pas ",
    "es tut mir leid, aber ich kann ",
    "tut mir leid, aber ich kann ",
    "mi dispiace, ma non posso ",
    "desculpe, mas não posso ",
    "извините, но я не могу ",
    "к сожалению, я не могу ",
    "抱歉，我无法",
    "抱歉，我不能",
    "很抱歉，我无法",
    "对不起，我无法",
    "申し訳ありませんが、お手伝い",
];

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    if x.answer.len() > LONGEST || !x.calls.is_empty() || !is_refusal(x.answer) {
        return;
    }
    if !x.mentions(&DOUBTFUL) {
        found.add(Finding::Refusal);
    }
}

fn is_refusal(answer: &str) -> bool {
    let start = clip::head(
        answer.trim_start_matches(|c: char| !c.is_alphanumeric()),
        200,
    );
    let start = start.to_lowercase().replace('’', "'");
    if ELSEWHERE.iter().any(|e| start.starts_with(e)) {
        return true;
    }
    let mut rest = start.as_str();
    // "I'm sorry, but as an AI language model, I cannot …"
    for _ in 0..2 {
        rest = SORRY
            .iter()
            .find_map(|s| rest.strip_prefix(s))
            .unwrap_or(rest);
    }
    CANNOT
        .iter()
        .find_map(|c| rest.strip_prefix(c))
        .is_some_and(|rest| {
            HELP.iter().any(|h| {
                if h.is_empty() {
                    rest.is_empty()
                } else {
                    rest.starts_with(h)
                }
            })
        })
}

/// Words behind which a refusal may have its reason.
const DOUBTFUL: [&str; 78] = [
    "kill",
    "murder",
    "suicid",
    "self-harm",
    "bomb",
    "explos",
    "weapon",
    "gun",
    "shoot",
    "poison",
    "drug",
    "cocaine",
    "heroin",
    "meth",
    "hack",
    "crack",
    "exploit",
    "malware",
    "virus",
    "phish",
    "keylog",
    "password",
    "steal",
    "theft",
    "fraud",
    "scam",
    "forge",
    "fake",
    "counterfeit",
    "launder",
    "smuggl",
    "illegal",
    "crime",
    "attack",
    "terror",
    "war",
    "nazi",
    "hitler",
    "racis",
    "sexis",
    "hate",
    "slur",
    "porn",
    "sex",
    "nude",
    "naked",
    "erotic",
    "rape",
    "child",
    "minor",
    "abus",
    "tortur",
    "blood",
    "violen",
    "stalk",
    "spy",
    "track",
    "address",
    "private",
    "personal",
    "ssn",
    "credit card",
    "copyright",
    "pirat",
    "lyric",
    "cheat",
    "bypass",
    "jailbreak",
    "ignore",
    "medic",
    "diagnos",
    "dose",
    "legal",
    "lawsuit",
    "elect",
    "vote",
    "president",
    "predict",
];

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, text};
    use super::*;

    fn is_found(asked: &str, answer: &str) -> bool {
        finds(&text(asked, answer), Finding::Refusal)
    }

    #[test]
    fn a_plain_refusal_of_something_harmless_is_found() {
        for answer in [
            "I'm sorry, but I can't assist with that request.",
            "I\u{2019}m sorry, but I can\u{2019}t help with that.",
            "Sorry, but as an AI language model, I cannot fulfill that.",
            "As an AI language model, I cannot comply.",
            "抱歉，我无法提供帮助。",
            "Lo siento, pero no puedo ayudar con eso.",
            "Извините, но я не могу помочь с этим.",
        ] {
            assert!(is_found("How do I bake bread?", answer), "{answer}");
        }
    }

    #[test]
    fn a_reason_a_limit_or_help_is_no_refusal() {
        let refusal = "I'm sorry, but I can't assist with that request.";
        assert!(!is_found("How do I pick a lock and steal a bike?", refusal));
        for answer in [
            "I'm sorry to hear that! Try a warmer oven.",
            "I can't see your picture, but flour and water are enough.",
            "As an AI, I don't have a favourite, but many like rye.",
            "Sorry, there is no such bread; did you mean focaccia?",
            &format!(
                "I'm sorry, but I can't help with that oven. {}",
                "Here is how to do it in a pan. ".repeat(20)
            ),
        ] {
            assert!(!is_found("How do I bake bread?", answer), "{answer}");
        }
        let told = Exchange {
            before: &["Never talk about weapons."],
            ..text("How do I bake bread?", refusal)
        };
        assert!(!finds(&told, Finding::Refusal));
    }
}
