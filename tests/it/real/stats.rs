//! The few figures by which scores are compared.

/// A number of things, as a number to calculate with.
pub(super) fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).expect("a test counts no more than that"))
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len())
}

pub(super) fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: Vec<f64> = values.iter().map(|v| (v - middle).powi(2)).collect();
    mean(&squares).sqrt()
}

pub(super) fn share(values: &[f64], is: impl Fn(f64) -> bool) -> f64 {
    count(values.iter().filter(|v| is(**v)).count()) / count(values.len())
}

/// The value under which `percent` of all lie.
pub(super) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * percent / 100]
}

/// How often a good value is over a bad one: 1 is always, 0.5 is chance. Equal values count half.
pub(super) fn auc(good: &[f64], bad: &[f64]) -> f64 {
    let over = |g: f64| {
        let won = bad.iter().filter(|b| g > **b).count();
        let tied = bad.iter().filter(|b| g.total_cmp(b).is_eq()).count();
        count(won) + count(tied) / 2.0
    };
    good.iter().map(|g| over(*g)).sum::<f64>() / (count(good.len()) * count(bad.len()))
}
