use super::*;
use crate::model::{Force, ForceKind};
use proptest::{collection::vec, prelude::*, sample::Index};

const NOW: Wall = Wall(1_000_000_000_000);

fn force(who: &str) -> Note {
    Note::Forced {
        deployment: "p/m".into(),
        force: Force {
            kind: ForceKind::Open,
            who: who.to_owned(),
            why: String::new(),
            until: NOW + Duration::from_mins(10),
        },
    }
}

fn release(who: &str) -> Note {
    Note::Released {
        deployment: "p/m".into(),
        who: who.to_owned(),
    }
}

fn holds(board: &Board) -> &Note {
    &board.letters["force p/m"].note
}

#[test]
fn the_later_of_two_acts_holds_whichever_comes_first() {
    let mut one = Board::new("one");
    let forced = one.post(force("ann"), NOW);
    let released = one.post(release("ann"), NOW + Duration::from_secs(1));
    let mut in_order = Board::new("two");
    assert!(in_order.merge(&forced, NOW));
    assert!(in_order.merge(&released, NOW));
    let mut turned = Board::new("three");
    assert!(turned.merge(&released, NOW));
    assert!(!turned.merge(&forced, NOW), "an older one is no news");
    assert_eq!(holds(&in_order), holds(&turned));
}

#[test]
fn whoever_has_seen_an_act_comes_after_it_even_with_a_slow_clock() {
    let mut ahead = Board::new("ahead");
    let forced = ahead.post(force("ann"), NOW + Duration::from_hours(1));
    let mut behind = Board::new("behind");
    assert!(behind.merge(&forced, NOW));
    let released = behind.post(release("bob"), NOW);
    assert!(released.stamp > forced.stamp);
    assert!(ahead.merge(&released, NOW));
}

#[test]
fn a_clock_that_is_set_back_does_not_turn_the_order_of_ones_own_acts() {
    let mut board = Board::new("one");
    let first = board.post(force("ann"), NOW);
    let second = board.post(release("ann"), Wall(NOW.0 - 60_000));
    assert!(second.stamp > first.stamp);
}

#[test]
fn two_acts_in_one_millisecond_are_put_in_the_same_order_everywhere() {
    let (mut one, mut two) = (Board::new("one"), Board::new("two"));
    let (a, b) = (one.post(force("ann"), NOW), two.post(release("bob"), NOW));
    let news = (one.merge(&b, NOW), two.merge(&a, NOW));
    assert!(news == (true, false) || news == (false, true), "{news:?}");
    assert_eq!(holds(&one), holds(&two));
}

#[test]
fn what_is_a_day_old_is_forgotten_and_no_news_either() {
    let mut one = Board::new("one");
    let forced = one.post(force("ann"), NOW);
    let later = NOW + KEEP + Duration::from_secs(1);
    assert_eq!(
        one.unknown_to(&[], NOW).as_slice(),
        std::slice::from_ref(&forced)
    );
    assert_eq!(one.unknown_to(&[], later), []);
    assert!(!Board::new("two").merge(&forced, later));
}

#[test]
fn an_epoch_that_lua_could_not_compare_is_no_news() {
    let mut letter = Board::new("one").post(force("ann"), NOW);
    letter.stamp.epoch = u64::MAX;
    let mut board = Board::new("two");
    assert!(!board.merge(&letter, NOW));
    assert!(board.post(release("bob"), NOW).stamp.epoch < EXACT);
}

#[test]
fn a_letter_reads_back_as_it_was_written() {
    for note in [
        force("ann"),
        release("ann"),
        Note::Rung3On {
            route: "all".into(),
            who: "ann".to_owned(),
            why: "dark".to_owned(),
            until: NOW,
        },
        Note::Tripped {
            deployment: "p/m".into(),
            cause: "error_rate 30.0% > 2.0% n=40".to_owned(),
            until: NOW,
        },
    ] {
        let letter = Board::new("one").post(note, NOW);
        let json = serde_json::to_string(&letter).unwrap();
        assert_eq!(serde_json::from_str::<Letter>(&json).unwrap(), letter);
    }
}

/// Acts at three replicas, and letters that are delivered late, twice or never.
#[derive(Debug, Clone)]
enum Step {
    Act { at: usize, open: bool, skew: i64 },
    Deliver { letter: Index, to: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_usize, any::<bool>(), -5_000..5_000_i64).prop_map(|(at, open, skew)| Step::Act {
            at,
            open,
            skew
        }),
        (any::<Index>(), 0..3_usize).prop_map(|(letter, to)| Step::Deliver { letter, to }),
    ]
}

proptest! {
    #[test]
    fn replicas_that_have_compared_agree_whatever_was_lost_before(steps in vec(step(), 1..40)) {
        let mut boards = ["one", "two", "three"].map(Board::new);
        let mut sent: Vec<Letter> = Vec::new();
        for step in steps {
            match step {
                Step::Act { at, open, skew } => {
                    let note = if open { force("ann") } else { release("bob") };
                    let now = Wall(NOW.0.saturating_add_signed(skew));
                    sent.push(boards[at].post(note, now));
                }
                Step::Deliver { letter, to } if !sent.is_empty() => {
                    boards[to].merge(letter.get(&sent), NOW);
                }
                Step::Deliver { .. } => {}
            }
        }
        // What Redis is to them: one board that everybody compares with.
        let mut redis = Board::new("redis");
        for board in &mut boards {
            for letter in board.unknown_to(&[], NOW) {
                redis.merge(&letter, NOW);
            }
        }
        let there = redis.unknown_to(&[], NOW);
        for board in &mut boards {
            for letter in &there {
                board.merge(letter, NOW);
            }
            prop_assert_eq!(board.unknown_to(&[], NOW), there.clone());
            prop_assert_eq!(board.unknown_to(&there, NOW), []);
        }
        let last = sent.iter().max_by_key(|l| l.stamp).map(|l| &l.note);
        prop_assert_eq!(there.first().map(|l| &l.note), last);
    }
}
