//! The question given back instead of an answer.
//!
//! Groups of three words are compared: nearly all of the answer's are the question's, most of the question's are the
//! answer's, and both ends of the question are among them. A task about a text gives back the text and not the task; a
//! yes said in a whole sentence is not the end of its question.

use super::{Exchange, Finding, Findings, clip, prose};

/// A shorter question may be said back: a greeting.
const MIN_WORDS: usize = 8;
/// Of either text.
const READ: usize = 8 * 1024;
/// Groups at the beginning of the question that all have to be there.
const HEAD: usize = 4;

pub(super) fn check(x: &Exchange<'_>, found: &mut Findings) {
    let (asked, answer) = (x.asked.trim(), x.answer.trim());
    // Else it can be neither mostly the question nor most of it.
    if answer.len() * 2 < asked.len() || asked.len() * 2 < answer.len() {
        return;
    }
    if is_echo(clip::head(asked, READ), clip::head(answer, READ)) && !x.mentions(&EXCUSES) {
        found.add(Finding::Echo);
    }
}

fn is_echo(asked: &str, answer: &str) -> bool {
    if prose::words(asked).nth(MIN_WORDS - 1).is_none() {
        return false;
    }
    let of_answer = Groups::of(answer);
    let of_asked = Groups::of(asked);
    groups(asked).take(HEAD).all(|g| of_answer.contains(g))
        && groups(asked).last().is_none_or(|g| of_answer.contains(g))
        && share(groups(answer), &of_asked, 85)
        && share(groups(asked), &of_answer, 60)
}

/// Whether at least so many in a hundred of the groups are among the others.
fn share(groups: impl Iterator<Item = u32>, among: &Groups, percent: usize) -> bool {
    let (all, known) = groups.fold((0, 0), |(all, known), g| {
        (all + 1, known + usize::from(among.contains(g)))
    });
    all > 0 && known * 100 >= all * percent
}

fn groups(text: &str) -> impl Iterator<Item = u32> {
    prose::words(text)
        .map(prose::hash)
        .scan([0_u32; 2], |[first, second], third| {
            let group = first.rotate_left(11) ^ second.rotate_left(22) ^ third;
            (*first, *second) = (*second, third);
            Some(group.wrapping_mul(0x9E37_79B1))
        })
        .skip(2)
}

/// A set that may hold one group for another: at most 8192 letters of a text, one in twenty.
struct Groups([u64; 512]);

impl Groups {
    fn of(text: &str) -> Self {
        let mut set = Self([0; 512]);
        for group in groups(text) {
            let (word, bit) = Self::place(group);
            set.0[word] |= bit;
        }
        set
    }

    const fn contains(&self, group: u32) -> bool {
        let (word, bit) = Self::place(group);
        self.0[word] & bit != 0
    }

    const fn place(group: u32) -> (usize, u64) {
        let bit = group >> 17;
        ((bit / 64) as usize, 1 << (bit % 64))
    }
}

/// Tasks whose result may be the text that came with them, and the task with it.
const EXCUSES: [&str; 36] = [
    "repeat",
    "say ",
    "echo",
    "copy",
    "verbatim",
    "quote",
    "proofread",
    "correct",
    "fix",
    "edit",
    "rewrit",
    "rephras",
    "paraphras",
    "grammar",
    "spell",
    "typo",
    "punctuat",
    "translat",
    "convert",
    "format",
    "capital",
    "continu",
    "complet",
    "transcrib",
    "improve",
    "exact",
    "sort",
    "wiederhol",
    "korrigier",
    "corrig",
    "répèt",
    "исправ",
    "повтор",
    "重复",
    "翻译",
    "修改",
];

#[cfg(test)]
mod tests {
    use super::super::tests::{finds, text};
    use super::*;

    fn is_found(asked: &str, answer: &str) -> bool {
        finds(&text(asked, answer), Finding::Echo)
    }

    #[test]
    fn the_question_given_back_is_found() {
        let asked = "What should I look at before I buy a house that is a hundred years old?";
        assert!(is_found(asked, asked));
        assert!(is_found(
            asked,
            &format!("User: {}\n", asked.to_uppercase())
        ));
        let chinese = "买一栋有一百年历史的房子之前，我应该注意哪些问题？";
        assert!(is_found(chinese, chinese));
        let thai = "ก่อนซื้อบ้านอายุร้อยปีควรดูอะไรบ้าง";
        assert!(is_found(thai, thai));
    }

    #[test]
    fn answers_that_quote_or_work_on_the_question_are_not() {
        for (asked, answer) in [
            (
                "Was Bach the father of twenty children in all?",
                "Yes, Bach was the father of twenty children in all.",
            ),
            (
                "贝多芬是不是在维也纳写完了他的第九交响曲呢？",
                "是的，贝多芬在维也纳写完了他的第九交响曲。",
            ),
            (
                "Please repeat after me: the rain in Spain stays mainly in the plain.",
                "Please repeat after me: the rain in Spain stays mainly in the plain.",
            ),
            (
                "Correct the mistakes: he go to school every day with him brother.",
                "Correct the mistakes: he goes to school every day with his brother.",
            ),
            ("Hello there, dear!", "Hello there, dear!"),
            (
                "Which line is a heading?\n\nThe old mill stands by the river and has done so for years.\nMills",
                "The old mill stands by the river and has done so for years.",
            ),
        ] {
            assert!(!is_found(asked, answer), "{asked}");
        }
    }
}
