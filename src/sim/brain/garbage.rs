//! Ways to be wrong with a straight face: what a provider that has gone bad says.

use crate::{
    model::fault::Garbage,
    sim::{brain::library::library, luck::Luck, text},
};

/// Of about the length of the answer that it stands in for.
pub(super) fn spoil(how: Option<Garbage>, good: &str, question: &str, luck: &mut Luck) -> String {
    let how = how.unwrap_or_else(|| {
        let at = luck.below(Garbage::ALL.len());
        Garbage::ALL.get(at).copied().unwrap_or(Garbage::WordSalad)
    });
    match how {
        Garbage::WrongLanguage => wrong_language(luck),
        Garbage::WordSalad => salad(good, question, luck),
        Garbage::Repetition => repetition(good),
        Garbage::OffTopic => off_topic(question, luck),
        Garbage::WrongScript => strange(good, luck),
        Garbage::TopK => unlikely(good, luck),
    }
}

const SCRIPTS: [&str; 6] = [
    "погода",
    "сегодня",
    "бабушка",
    "вечером",
    "пирогами",
    "автобусе",
];
const UNLIKELY: [&str; 8] = [
    "marzipan", "ocelot", "trombone", "velour", "hassock", "quince", "zither", "oilcloth",
];

/// Two words of three are in another script.
fn strange(good: &str, luck: &mut Luck) -> String {
    let words = good.split_whitespace().enumerate();
    let words = words.map(|(i, word)| match i % 3 {
        0 => word,
        _ => SCRIPTS
            .get(luck.below(SCRIPTS.len()))
            .copied()
            .unwrap_or(word),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Words that are never likely.
fn unlikely(good: &str, luck: &mut Luck) -> String {
    let n = text::words(good).count().max(30);
    let words = (0..n).map(|_| {
        UNLIKELY
            .get(luck.below(UNLIKELY.len()))
            .copied()
            .unwrap_or_default()
    });
    words.collect::<Vec<_>>().join(" ")
}

const RUSSIAN: &str = "К сожалению, сегодня поезд не придёт, поэтому мы поедем на автобусе. Погода будет хорошая, \
    и дети смогут играть в саду до самого вечера. Вечером бабушка испечёт пирог с яблоками.";
const CHINESE: &str = "明天早上我们会去市场买一些新鲜的蔬菜和水果。如果下雨,就在家里看书、喝茶。晚上朋友会来吃饭,大家一起聊天。";

fn wrong_language(luck: &mut Luck) -> String {
    luck.pick(&[RUSSIAN, CHINESE]).unwrap_or(RUSSIAN).to_owned()
}

fn salad(good: &str, question: &str, luck: &mut Luck) -> String {
    let source = format!("{good} {question}");
    let mut words = text::lower_words(&source);
    luck.shuffle(&mut words);
    let wanted = text::words(good).count().max(24);
    words
        .iter()
        .cycle()
        .take(wanted.min(words.len().max(1) * 2))
        .cloned()
        .collect::<Vec<_>>()
        .join(" ")
}

fn repetition(good: &str) -> String {
    let head: Vec<&str> = good.split_whitespace().take(7).collect();
    vec![head.join(" "); 14].join(" ")
}

fn off_topic(question: &str, luck: &mut Luck) -> String {
    let asked = text::stems(question);
    let mut answers: Vec<(usize, &str)> = library()
        .facts
        .iter()
        .map(|fact| {
            (
                text::shared(&text::stems(&fact.answer), &asked),
                fact.answer.as_str(),
            )
        })
        .collect();
    answers.sort_by_key(|(shared, _)| *shared);
    let farthest: Vec<&str> = answers.iter().take(6).map(|(_, answer)| *answer).collect();
    luck.pick(&farthest).unwrap_or_default().to_owned()
}
