//! Seconds of history gathered into as many stretches as a chart has room for.

use crate::model::{
    series::{Mean, Share},
    snapshot::{DeploymentView, Point},
};

/// Splits the last `span` seconds before `now` into `n` stretches and says what each holds; none where there was
/// nothing. Stretches lie on fixed borders, so that a bar does not change its height as it moves left.
fn stretches<T: Default>(
    d: &DeploymentView,
    (now, span): (u64, u64),
    n: usize,
    mut gather: impl FnMut(&mut T, &Point),
    value: impl Fn(&T) -> Option<f64>,
) -> Vec<Option<f64>> {
    let n64 = u64::try_from(n).unwrap_or(u64::MAX).max(1);
    let step = span.div_ceil(n64).max(1);
    let last = now.checked_div(step).unwrap_or_default();
    let first = last.saturating_sub(n64.saturating_sub(1));
    let mut slots: Vec<T> = std::iter::repeat_with(T::default).take(n).collect();
    for p in d.points.iter() {
        let at = p.sec.checked_div(step).unwrap_or_default();
        let Some(i) = at.checked_sub(first).and_then(|i| usize::try_from(i).ok()) else {
            continue;
        };
        if let Some(slot) = slots.get_mut(i) {
            gather(slot, p);
        }
    }
    slots.iter().map(value).collect()
}

pub(super) fn errors(d: &DeploymentView, window: (u64, u64), n: usize) -> Vec<Option<f64>> {
    stretches(
        d,
        window,
        n,
        |sum: &mut Share, p| sum.add(p.errors),
        |sum| sum.rate(),
    )
}

/// Attempts of a stretch under which its rate says nothing: a probe that failed is 100 %.
const FEW: u32 = 3;

/// The stretches of [`errors`] that had next to no attempts.
pub(super) fn few(d: &DeploymentView, window: (u64, u64), n: usize) -> Vec<bool> {
    let counted = stretches(
        d,
        window,
        n,
        |sum: &mut Share, p| sum.add(p.errors),
        |sum| Some(f64::from(sum.n)),
    );
    let is_few = |n: Option<f64>| n.is_some_and(|n| n < f64::from(FEW));
    counted.into_iter().map(is_few).collect()
}

/// Scores are few: two neighbours of the chart share one mean, and what it shows is still each stretch's own.
pub(super) fn scores(d: &DeploymentView, window: (u64, u64), n: usize) -> Vec<Option<f64>> {
    stretches(
        d,
        window,
        n.div_ceil(2),
        |sum: &mut Mean, p| sum.add(p.score),
        |sum| sum.value(),
    )
    .into_iter()
    .flat_map(|v| [v, v])
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Kind, event::Bucket},
        tui::tests::scene::{self, PRIMARY},
    };

    #[test]
    fn a_stretch_with_next_to_no_attempts_is_known_by_it() {
        let mut scene = scene::calm();
        scene.silence(60);
        scene.push(Kind::Bucket(Bucket {
            fail: 1,
            ..Bucket::empty(PRIMARY.into())
        }));
        let s = scene.snapshot();
        let d = s.deployment(PRIMARY).unwrap();
        let window = (s.at.secs(), 900);
        let (values, few) = (errors(d, window, 90), few(d, window, 90));
        assert_eq!((values[89], few[89]), (Some(1.0), true));
        let busy = values.iter().position(|v| *v == Some(0.0)).unwrap();
        assert!(!few[busy]);
    }

    #[test]
    fn a_stretch_without_attempts_has_no_value() {
        let mut scene = scene::calm();
        scene.silence(60);
        let s = scene.snapshot();
        let values = errors(s.deployment(PRIMARY).unwrap(), (s.at.secs(), 900), 90);
        assert_eq!(values.last(), Some(&None));
        assert!(values.contains(&Some(0.0)));
    }
}
