//! Answers that are fluent and wrong: what a provider serves with a 200 when it has gone silently stupid.

use crate::model::fault::Garbage;

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
        Garbage::WordSalad => {
            let mut words: Vec<_> = SALAD.split_whitespace().collect();
            rng.shuffle(&mut words);
            words.join(" ")
        }
    }
}
