//! Letters that have no business in this conversation: what a provider's broken sampler looks like from outside.
//!
//! Latin letters are at home everywhere, and an answer may quote: a foreign word in brackets, quotes or code, alone on
//! its line or with its gloss is no fault. A foreign word between two small letters of running text is, once it happens
//! again, and so is an answer that is foreign for the most part.

use super::{Exchange, Findings, clip, prose, script::Scripts, spoken};
use crate::model::finding::Script;

/// Foreign words in the middle of sentences: one may be a term.
const EMBEDDED: u32 = 2;

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    let parts = clip::parts(x.answer);
    let written = Scripts::of(parts[0]).and(Scripts::of(parts[1]));
    let mut home = Scripts::default().with(Script::Latin);
    // Mostly everything is at home before the first turn, or after the last question.
    for turn in x.turns() {
        if written.are_among(home) {
            return;
        }
        home = kin(home.and(Scripts::of(turn)));
    }
    let is_foreign = |s: &Script| written.contains(*s) && !home.contains(*s);
    for script in Script::ALL.into_iter().filter(is_foreign) {
        let mut tally = Tally::default();
        for line in parts.into_iter().flat_map(prose::lines) {
            tally.line(line, script, home);
        }
        if tally.is_strange(script, || {
            home.has_more_than_latin() || spoken::is_plain(x.asked)
        }) && !spoken::is_expected(x, script)
        {
            found.add_script(script);
            return;
        }
    }
}

/// Letters that nobody used before, wrong or not.
pub(super) fn has_strange_letters(x: &Exchange<'_>) -> bool {
    if x.answer.is_ascii() {
        return false;
    }
    let latin = Scripts::default().with(Script::Latin);
    let home = x
        .turns()
        .fold(latin, |home, turn| home.and(Scripts::of(turn)));
    let parts = clip::parts(x.answer);
    parts
        .into_iter()
        .any(|part| !Scripts::of(part).are_among(home))
}

/// Japanese is written in two scripts and a question may happen to have only one of them.
fn kin(spoken: Scripts) -> Scripts {
    if spoken.contains(Script::Han) || spoken.contains(Script::Kana) {
        return spoken.with(Script::Han).with(Script::Kana);
    }
    spoken
}

#[derive(Debug, Default)]
struct Tally {
    /// Foreign words inside running text.
    embedded: u32,
    foreign: u32,
    letters: u32,
}

impl Tally {
    fn line(&mut self, line: &str, script: Script, home: Scripts) {
        let runs_on = |c: Option<char>| {
            c.is_some_and(|c| !c.is_uppercase() && Script::of(c).is_some_and(|s| home.contains(s)))
        };
        let mut rest = line;
        let mut before = None;
        while let Some(first) = rest.chars().next() {
            let is_foreign = Script::of(first) == Some(script);
            let len = if is_foreign {
                run(rest, script)
            } else {
                first.len_utf8()
            };
            let (run, after) = rest.split_at(len);
            rest = after;
            if is_foreign {
                let letters = u32::try_from(run.chars().count()).unwrap_or(u32::MAX);
                self.foreign += letters;
                self.letters += letters;
                let next = after.strip_prefix(' ').unwrap_or(after).chars().next();
                if letters >= shortest(script) && runs_on(before) && runs_on(next) {
                    self.embedded += 1;
                }
                before = None;
            } else {
                self.letters += u32::from(Script::of(first).is_some());
                // One space parts two words; anything else parts more.
                if first != ' ' || before == Some(' ') {
                    before = Some(first);
                }
            }
        }
    }

    /// Where it is foreign for the most part, it has to be certain which language was spoken.
    fn is_strange(&self, script: Script, is_certain: impl FnOnce() -> bool) -> bool {
        self.embedded >= EMBEDDED || self.is_mostly(script) && is_certain()
    }

    const fn is_mostly(&self, script: Script) -> bool {
        let enough = match script {
            Script::Han | Script::Kana | Script::Hangul => 12,
            _ => 30,
        };
        self.foreign >= enough && self.foreign * 2 >= self.letters
    }
}

/// The length of the foreign words at the beginning, with the spaces between them.
fn run(text: &str, script: Script) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if Script::of(c) == Some(script) {
            end = at + c.len_utf8();
        } else if c != ' ' || at != end {
            break;
        }
    }
    end
}

/// Letters that make a word. Greek letters are signs of science, and lookalikes stand alone.
const fn shortest(script: Script) -> u32 {
    match script {
        Script::Han | Script::Kana | Script::Hangul => 1,
        Script::Greek => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, text};
    use super::*;
    use crate::checks::Finding::WrongScript;

    const ENGLISH: &str = "What is the best way to store bread at home?";

    #[test]
    fn foreign_words_in_the_middle_of_sentences_are_found() {
        for answer in [
            "Keep the loaf in a cloth สวัสดี bag, and away from the อากาศ sun for as long as you can.",
            "Keep the loaf in a 布袋 bag and away from 阳光 light, then slice it.",
            "Keep the loaf in хлеба paper and never in the холодильник fridge, which makes it stale.",
        ] {
            assert!(finds(&text(ENGLISH, answer), WrongScript), "{answer}");
        }
    }

    #[test]
    fn an_answer_in_another_script_is_found_and_named() {
        let answer = "根据您提供的信息，面包应当放在阴凉干燥的地方。";
        assert_eq!(
            super::super::check(&text(ENGLISH, answer)).to_string(),
            "wrong script (Han)"
        );
        let asked = "How do I reset my password when I no longer have access to my email?";
        assert!(finds(&text(asked, answer), WrongScript));
        let russian = "Как лучше всего хранить хлеб дома, чтобы он не черствел?";
        assert!(finds(&text(russian, answer), WrongScript));
        let korean = "빵은 서늘하고 건조한 곳에 보관하는 것이 좋습니다. 냉장고는 피하세요.";
        assert!(finds(
            &text("家でパンを保存する一番いい方法は何ですか？", korean),
            WrongScript
        ));
    }

    #[test]
    fn what_was_asked_for_or_belongs_to_the_subject_is_no_fault() {
        for (asked, answer) in [
            (
                "Translate into Thai: good morning, how are you?",
                "สวัสดีตอนเช้า คุณเป็นอย่างไรบ้าง วันนี้อากาศดีมากเลยนะ",
            ),
            (
                "How do you say good evening in Russian?",
                "You say добрый вечер to a friend, or вечер добрый in a text.",
            ),
            (
                "What kind of foods do they eat in Thailand?",
                "People eat ผัดไทย with lime and ต้มยำ with prawns.",
            ),
            (
                "Who founded Alibaba?",
                "Jack Ma (马云) founded it with seventeen (十七) friends.",
            ),
            (
                "Name some novels for a fan of science fiction.",
                "1. 三体 (The Three-Body Problem)\n2. Солярис – Solaris\n3. Пикник на обочине",
            ),
            (
                "What is the angle?",
                "The angle α is twice β because γ and δ are equal, so sin α = Δx / λ.",
            ),
            (
                "mujhe chai banane ka tarika batao",
                "चाय बनाने के लिए पहले पानी उबालें, फिर उसमें चायपत्ती और दूध डालें।",
            ),
            (
                "How do I print text?",
                "Use this:\n```python\nprint('你好世界 это я สวัสดี ครับ ทุกคน')\n```\nIt prints `你好` to the screen.",
            ),
            (
                "東京都知事選挙結果",
                "東京都知事選挙の結果は、こちらのとおりです。",
            ),
            (
                "为什么天空是蓝色的？",
                "因为大气散射 (Rayleigh scattering) 蓝光，GPU 也一样。",
            ),
            (
                "Say hello 😀",
                "Hello 😀🎉 – ¡hola! Ça va? Zażółć gęślą jaźń.",
            ),
        ] {
            assert!(
                !finds(&text(asked, answer), WrongScript),
                "{asked}: {answer}"
            );
        }
    }

    #[test]
    fn a_script_of_earlier_turns_is_at_home() {
        let x = Exchange {
            before: &["Ты отвечаешь только по-русски."],
            ..text(
                ENGLISH,
                "Храните хлеб в льняном мешке, вдали от солнца и в сухом месте.",
            )
        };
        assert!(!finds(&x, WrongScript));
    }
}
