//! Answers that are fluent and wrong: what a provider serves with a 200 when it has gone silently stupid.

use crate::model::fault::Garbage;
use bytes::Bytes;

/// Words that stand together in no sentence.
const SALAD: &str = "lantern the of velocity quietly marble seven because under gravel committee \
    purple exports window therefore tangent soup accrual whisper between hinge ledger often sideways \
    orbit napkin the quarterly a fog binding turnip resolves yesterday inverse candle to dividend";

const OFF_TOPIC: [&str; 3] = [
    "To prune a young apple tree, wait until late winter, remove crossing branches first, and keep the centre open \
     so that light reaches the lower limbs. Three to five scaffold branches are enough.",
    "The offside rule applies when a player is nearer to the opponents' goal line than both the ball and the \
     second-last opponent at the moment the ball is played. Throw-ins and corners are exempt.",
    "Sourdough keeps best in a linen bag at room temperature. Feed the starter a day before baking, and let the \
     loaf cool for two hours before the first slice.",
];

const OTHER_LANGUAGE: [&str; 3] = [
    "ขออภัย ระบบกำลังประมวลผลคำขอของคุณ โปรดรอสักครู่ ข้อมูลที่ร้องขออยู่ระหว่างการตรวจสอบ และจะจัดส่งให้ทันทีที่พร้อม",
    "根据您提供的信息，系统已经完成处理。请注意，所有结果仅供参考，具体内容以官方公告为准，如有疑问请联系管理员。",
    "Согласно представленным данным обработка завершена, однако дальнейшие сведения будут доступны только после проверки.",
];

/// On its surface an answer to anything.
const PLAIN: &str = "In short, the text describes a change that was planned for some time and is now complete. The people \
    involved agreed on the next steps, the remaining work is small, and the result will be reviewed at the end of the \
    week. Nothing in it asks for a decision today, and the open questions are listed with their owners.";

const STRANGE: [&str; 8] = [
    "แผนงาน",
    "сегодня",
    "ข้อมูล",
    "结果",
    "решение",
    "ระบบ",
    "报告",
    "вопросы",
];

const UNLIKELY: [&str; 10] = [
    "ovine", "sundial", "pewter", "nocturne", "gherkin", "isthmus", "brocade", "tallow", "quorum",
    "thimble",
];

/// Some garbage of a kind; `seed` keeps two answers from being the same.
pub(super) fn text(how: Garbage, seed: u64) -> String {
    let mut rng = fastrand::Rng::with_seed(seed ^ fastrand::u64(..));
    let pick = |rng: &mut fastrand::Rng, from: &[&str]| {
        from.get(rng.usize(..from.len()))
            .copied()
            .unwrap_or_default()
            .to_owned()
    };
    match how {
        Garbage::WrongLanguage => pick(&mut rng, &OTHER_LANGUAGE),
        Garbage::OffTopic => pick(&mut rng, &OFF_TOPIC),
        Garbage::Repetition => "the process of the process of "
            .repeat(rng.usize(12..24))
            .trim_end()
            .to_owned(),
        Garbage::WrongScript => every_other(&mut rng, 5, &STRANGE),
        Garbage::TopK => every_other(&mut rng, 3, &UNLIKELY),
        Garbage::WordSalad => {
            let mut words: Vec<_> = SALAD.split_whitespace().collect();
            rng.shuffle(&mut words);
            words.join(" ")
        }
    }
}

/// The plain text, one of its words in `n` replaced.
fn every_other(rng: &mut fastrand::Rng, n: usize, by: &[&str]) -> String {
    let first = rng.usize(..n);
    let words = PLAIN.split_whitespace().enumerate().map(|(i, word)| {
        let strange = by.get(rng.usize(..by.len())).copied().unwrap_or_default();
        if i % n == first { strange } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A judge's reply with so many hundredths less in every score. It stands in a text inside JSON, so that its quotation
/// marks may be escaped.
pub(super) fn harsher(body: &Bytes, hundredths: u32) -> Bytes {
    const SCORE: &[u8] = b"score";
    let less = f64::from(hundredths) / 100.0;
    let (mut out, mut rest) = (Vec::with_capacity(body.len()), &body[..]);
    while let Some(at) = memchr::memmem::find(rest, SCORE) {
        let (before, after) = rest.split_at(at + SCORE.len());
        out.extend_from_slice(before);
        rest = after;
        let is_mark = |b: &&u8| matches!(b, b'\\' | b'"' | b':' | b' ');
        let is_digit =
            |b: &&u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+');
        let marks = rest.iter().take_while(is_mark).count();
        let (marks, value) = rest.split_at(marks);
        let (digits, after) = value.split_at(value.iter().take_while(is_digit).count());
        let score = std::str::from_utf8(digits)
            .ok()
            .and_then(|d| d.parse::<f64>().ok());
        if let Some(score) = score.filter(|_| marks.contains(&b':')) {
            out.extend_from_slice(marks);
            out.extend_from_slice(format!("{:.2}", (score - less).max(0.0)).as_bytes());
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harsh_judges_score_is_lower_wherever_its_reply_stands() {
        for (reply, harsh) in [
            (
                r#"{"score": 0.9, "reason": "fine"}"#,
                r#"{"score": 0.60, "reason": "fine"}"#,
            ),
            (
                r#"{"text":"{\"score\":0.1}"}"#,
                r#"{"text":"{\"score\":0.00}"}"#,
            ),
            (
                r#"the score is high: "score" "#,
                r#"the score is high: "score" "#,
            ),
        ] {
            let out = harsher(&Bytes::from_static(reply.as_bytes()), 30);
            assert_eq!(out, harsh.as_bytes());
        }
    }

    #[test]
    fn wrong_script_is_some_words_only_and_top_k_is_all_in_letters_that_are_at_home() {
        let letters = |text: &str| {
            let all = text.chars().filter(|c| c.is_alphabetic());
            let latin = all.clone().filter(char::is_ascii);
            (latin.count(), all.count())
        };
        let (latin, all) = letters(&text(Garbage::WrongScript, 1));
        assert!(latin < all && latin * 2 > all, "{latin} of {all}");
        let (latin, all) = letters(&text(Garbage::TopK, 1));
        assert_eq!(latin, all);
    }
}
