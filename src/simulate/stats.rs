//! Figures over many runs.

/// The value that so many percent of all lie under. Of nothing: never.
pub(super) fn at(all: &[f64], percent: usize) -> f64 {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = sorted.len() * percent / 100;
    sorted.get(place).copied().unwrap_or(f64::INFINITY)
}

pub(super) fn median(all: &[f64]) -> f64 {
    at(all, 50)
}

pub(super) fn mean(all: &[f64]) -> f64 {
    all.iter().sum::<f64>() / real(all.len().max(1) as u64)
}

/// A count as a number to reckon with.
pub(super) fn real(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
