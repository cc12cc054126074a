//! One deployment's hours of the week, at most four weeks back.

use super::{Bands, Measure, Origin, hour_of_week, sketch::Sketch};
use crate::model::Wall;
use serde::{Deserialize, Serialize};

/// Weeks that an hour remembers.
const WEEKS: u32 = 4;
/// Of a week.
const HOURS: u8 = 168;
/// Good minutes from which on an hour is known.
const LEAST: u32 = 30;
/// Numbers of one measure that make a band.
const LEAST_NUMBERS: u32 = 10;

/// One number of each measure, where there is one.
pub(super) type Numbers = [Option<f64>; 4];

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Hours(Vec<Hour>);

/// One hour of one week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Hour {
    /// Of the week.
    of: u8,
    week: u32,
    /// Good minutes.
    good: u32,
    /// In the order of [`Measure::ALL`].
    numbers: [Sketch; 4],
}

impl Hours {
    /// A good minute.
    pub(super) fn push(&mut self, at: Wall, numbers: &Numbers) {
        let (hour, week) = hour_of_week(at);
        let place = self.0.iter().position(|h| (h.of, h.week) == (hour, week));
        let place = place.unwrap_or_else(|| {
            self.forget(week);
            self.0.push(Hour {
                of: hour,
                week,
                ..Hour::default()
            });
            self.0.len() - 1
        });
        let known = &mut self.0[place];
        known.good += 1;
        for ((sketch, measure), number) in known.numbers.iter_mut().zip(Measure::ALL).zip(numbers) {
            if let Some(number) = number {
                sketch.push(measure, *number);
            }
        }
    }

    /// Drops what is older than four weeks.
    pub(super) fn forget(&mut self, week: u32) {
        self.0.retain(|h| h.week + WEEKS >= week && h.week <= week);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_sound(&self) -> bool {
        let sound = |h: &Hour| h.of < HOURS && h.good <= 120;
        self.0.len() <= usize::from(HOURS) * (WEEKS as usize + 1)
            && self
                .0
                .iter()
                .all(|h| sound(h) && h.numbers.iter().all(Sketch::is_sound))
    }

    /// What is normal in the hour of `at`: of that hour of the week, or, where it is not known well enough, with its
    /// neighbours. None when that is too little as well.
    pub(super) fn at(&self, at: Wall) -> Option<(Origin, Bands)> {
        let (hour, week) = hour_of_week(at);
        let before = hour.checked_sub(1).unwrap_or(HOURS - 1);
        let after = (hour + 1) % HOURS;
        for near in [&[hour][..], &[before, hour, after]] {
            let found: Vec<_> = self
                .0
                .iter()
                .filter(|h| near.contains(&h.of) && h.week + WEEKS >= week)
                .collect();
            if found.iter().map(|h| h.good).sum::<u32>() < LEAST {
                continue;
            }
            let mut weeks: Vec<_> = found.iter().map(|h| h.week).collect();
            weeks.sort_unstable();
            weeks.dedup();
            let bands = Bands::each(|measure| {
                let mut sum = Sketch::default();
                for hour in &found {
                    sum.add(&hour.numbers[measure as usize]);
                }
                sum.band(measure, LEAST_NUMBERS)
            })?;
            let origin = Origin::Learned {
                hour,
                weeks: u8::try_from(weeks.len()).unwrap_or(u8::MAX),
                neighbours: near.len() > 1,
            };
            return Some((origin, bands));
        }
        None
    }
}
