//! Moments as people write them: `14:03:22`, `+5m`, `-30s`, `2026-11-20T14:03:22Z`.

use crate::model::{Event, State, Wall, time::parse_duration};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Where the recording stands after an event. Time goes on as it did; where another run begins at an earlier time
/// (its clock was set back) none has passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds since the first event.
    pub(super) pos: u64,
    pub(super) at: Wall,
}

impl Moment {
    /// Of the next event, given the state before it. None has passed before the first one.
    pub(super) fn next(self, state: &State, event: &Event) -> Self {
        let at = state.time_of(event);
        let passed = if self.at == Wall::default() {
            0
        } else {
            at.0.saturating_sub(self.at.0)
        };
        Self {
            pos: self.pos + passed,
            at,
        }
    }
}

/// Which position is which time.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    /// From which position on the clock goes on from which time. The first is the beginning.
    pub(super) eras: Vec<Moment>,
    pub(super) end: u64,
}

impl Times {
    /// Of a recording whose clock was never set back.
    pub(super) fn between(first: Wall, last: Wall) -> Self {
        Self {
            eras: vec![Moment { pos: 0, at: first }],
            end: last.0.saturating_sub(first.0),
        }
    }

    /// What a clock showed at a position.
    pub(super) fn wall(&self, pos: u64) -> Wall {
        let after = self.eras.partition_point(|era| era.pos <= pos);
        let era = self.eras.get(after.saturating_sub(1));
        era.map_or(Wall::default(), |era| {
            Wall(era.at.0 + pos.saturating_sub(era.pos))
        })
    }

    /// The first position at which a clock showed this. A second has a thousand: up to a whole one before the
    /// beginning is the beginning.
    pub(super) fn find(&self, at: Wall) -> Option<u64> {
        let ends = self.eras.iter().skip(1).map(|era| era.pos);
        self.eras
            .iter()
            .zip(ends.chain([self.end]))
            .find_map(|(era, end)| {
                let (first, last) = (era.at.0, era.at.0 + (end - era.pos));
                (first / 1000 * 1000..=last)
                    .contains(&at.0)
                    .then(|| era.pos + at.0.saturating_sub(first))
            })
    }
}

/// `+5m` and `-30s` count from the position.
pub(super) fn from_here(text: &str, pos: u64, times: &Times) -> Result<u64, String> {
    position(text, times, pos, (pos, pos))
}

/// `+5m` counts from the beginning of a part, `-30s` from its end.
pub(super) fn within(text: &str, part: (u64, u64), times: &Times) -> Result<u64, String> {
    position(text, times, part.0, part)
}

/// From where to where; `+5m` counts from the beginning, `-30s` from the end.
pub(super) fn stretch(
    from: Option<&str>,
    to: Option<&str>,
    times: &Times,
) -> Result<(u64, u64), String> {
    let of = |text: &str| position(text, times, 0, (0, times.end));
    let from = from.map_or(Ok(0), of)?;
    let to = to.map_or(Ok(times.end), of)?;
    if from > to {
        return Err("it would end before it begins: --from is after --to".to_owned());
    }
    Ok((from, to))
}

/// `here`: of which day a time is that names none.
fn position(text: &str, times: &Times, here: u64, (on, back): (u64, u64)) -> Result<u64, String> {
    let text = text.trim();
    let ms = |by: &str| {
        let by = parse_duration(by)?;
        Ok::<_, String>(u64::try_from(by.as_millis()).unwrap_or(u64::MAX))
    };
    if let Some(by) = text.strip_prefix('+') {
        return Ok(on.saturating_add(ms(by)?));
    }
    if let Some(by) = text.strip_prefix('-') {
        return Ok(back.saturating_sub(ms(by)?));
    }
    let Some(time) = time_of_day(text) else {
        let at: jiff::Timestamp = text.parse().map_err(|_| {
            format!(
                "{text:?} is not a moment; write it like 14:03:22, +5m, -30s or {}",
                times.wall(0)
            )
        })?;
        let at = u64::try_from(at.as_millisecond()).unwrap_or(0);
        return times.find(Wall(at)).ok_or_else(|| outside(text, times));
    };
    // The same day as here, or the first later day that has it, or the day before.
    let today = times.wall(here).0 / DAY_MS;
    let last = times.wall(times.end).0 / DAY_MS;
    let first = times.wall(0).0 / DAY_MS;
    (today..=last)
        .chain((first..today).rev())
        .find_map(|day| times.find(Wall(day * DAY_MS + time)))
        .ok_or_else(|| outside(text, times))
}

/// `14:03` and `14:03:22`, as milliseconds of a day.
fn time_of_day(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let parts: Option<Vec<u64>> = text.split(':').map(|part| part.parse().ok()).collect();
    let (h, m, s) = match parts?.as_slice() {
        [h, m] => (*h, *m, 0),
        [h, m, s] => (*h, *m, *s),
        _ => return None,
    };
    (h < 24 && m < 60 && s < 60).then(|| ((h * 60 + m) * 60 + s) * 1000)
}

fn outside(text: &str, times: &Times) -> String {
    format!(
        "{text} is not in it: it goes from {} to {}",
        times.wall(0).moment(),
        times.wall(times.end).moment()
    )
}
