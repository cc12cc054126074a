//! What changed in a list that grows at its end and is shortened at its front.

use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};

/// Of the old list `cut` entries go from the front and `keep` stay; `front` comes before them and `back` after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Change<T> {
    #[serde(default, skip_serializing_if = "super::is_default")]
    cut: usize,
    #[serde(default, skip_serializing_if = "super::is_default")]
    keep: usize,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    front: Vec<T>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    back: Vec<T>,
}

impl<T: Clone + PartialEq> Change<T> {
    /// What makes `new` of `old`; none: nothing.
    pub(super) fn between(old: &VecDeque<T>, new: &VecDeque<T>) -> Option<Self> {
        // Where both overlap begins in the one or in the other with its first entry.
        let at = |list: &VecDeque<T>, first: Option<&T>| list.iter().position(|x| Some(x) == first);
        let (cut, before) = match (at(old, new.front()), at(new, old.front())) {
            (Some(cut), _) => (cut, 0),
            (None, Some(before)) => (0, before),
            (None, None) => (old.len(), 0),
        };
        let both = old.range(cut..).zip(new.range(before..));
        let keep = both.take_while(|(old, new)| old == new).count();
        if (cut, before) == (0, 0) && keep == old.len() && keep == new.len() {
            return None;
        }
        Some(Self {
            cut,
            keep,
            front: new.range(..before).cloned().collect(),
            back: new.range(before + keep..).cloned().collect(),
        })
    }

    pub(super) fn apply(self, list: &mut Arc<VecDeque<T>>) -> Result<(), String> {
        let whole = self.cut.checked_add(self.keep).filter(|n| *n <= list.len());
        whole.ok_or_else(|| {
            format!(
                "a list of {} has no {} + {} entries",
                list.len(),
                self.cut,
                self.keep
            )
        })?;
        let list = Arc::make_mut(list);
        list.drain(..self.cut);
        list.truncate(self.keep);
        for x in self.front.into_iter().rev() {
            list.push_front(x);
        }
        list.extend(self.back);
        Ok(())
    }
}

/// The newest `share` of a list.
pub(super) fn newest<T: Clone>(list: &Arc<VecDeque<T>>, share: f64) -> Arc<VecDeque<T>> {
    if share >= 1.0 {
        return Arc::clone(list);
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of some thousands"
    )]
    let kept = (list.len() as f64 * share) as usize;
    Arc::new(list.range(list.len() - kept..).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn change(old: &[u8], new: &[u8]) -> Option<Change<u8>> {
        Change::between(
            &old.iter().copied().collect(),
            &new.iter().copied().collect(),
        )
    }

    proptest! {
        #[test]
        fn what_changed_makes_the_new_of_the_old(
            old in prop::collection::vec(0..6_u8, 0..12),
            new in prop::collection::vec(0..6_u8, 0..12),
        ) {
            let mut told = Arc::new(old.iter().copied().collect());
            if let Some(change) = change(&old, &new) {
                change.apply(&mut told).unwrap();
            }
            prop_assert!(told.iter().eq(&new));
        }
    }

    #[test]
    fn what_grows_and_what_is_filled_up_is_told_by_its_ends_alone() {
        let moved = change(&[1, 2, 3, 4], &[2, 3, 5, 6]).unwrap();
        assert_eq!((moved.cut, moved.keep, moved.back), (1, 2, vec![5, 6]));
        let filled = change(&[3, 4], &[1, 2, 3, 4]).unwrap();
        assert_eq!((filled.keep, filled.front), (2, vec![1, 2]));
        assert_eq!(change(&[1, 2], &[1, 2]), None);
        let other = change(&[1, 2], &[7]).unwrap();
        assert_eq!((other.cut, other.back), (2, vec![7]));
    }

    #[test]
    fn a_change_for_a_longer_list_is_refused() {
        let moved = change(&[1, 2, 3, 4], &[2, 3, 4, 5]).unwrap();
        let err = moved
            .apply(&mut Arc::new(VecDeque::from([1, 2])))
            .unwrap_err();
        assert_eq!(err, "a list of 2 has no 1 + 3 entries");
    }
}
