//! Moments as people write them: `14:03:22`, `+5m`, `-30s`, `2026-11-20T14:03:22Z`.

use super::player::Player;
use crate::model::{Wall, time::parse_duration};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// `+5m` and `-30s` count from the position.
pub(super) fn from_here(text: &str, player: &Player) -> Result<u64, String> {
    position(text, player, (player.pos(), player.pos()))
}

/// `+5m` counts from the beginning, `-30s` from the end.
pub(super) fn from_start(text: &str, player: &Player) -> Result<u64, String> {
    position(text, player, (0, player.index.end))
}

fn position(text: &str, player: &Player, (on, back): (u64, u64)) -> Result<u64, String> {
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
                player.wall(0)
            )
        })?;
        let at = u64::try_from(at.as_millisecond()).unwrap_or(0);
        return find(player, Wall(at)).ok_or_else(|| outside(text, player));
    };
    // The same day as here, or the first later day that has it, or the day before.
    let today = player.wall(player.pos()).0 / DAY_MS;
    let last = player.wall(player.index.end).0 / DAY_MS;
    let first = player.wall(0).0 / DAY_MS;
    (today..=last)
        .chain((first..today).rev())
        .find_map(|day| find(player, Wall(day * DAY_MS + time)))
        .ok_or_else(|| outside(text, player))
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
    (h < 24 && m < 60 && s < 60).then_some(((h * 60 + m) * 60 + s) * 1000)
}

/// The first position at which a clock showed this. A second has a thousand: up to a whole one before the beginning is
/// the beginning.
fn find(player: &Player, at: Wall) -> Option<u64> {
    let eras = &player.index.eras;
    let ends = eras.iter().skip(1).map(|era| era.pos);
    eras.iter()
        .zip(ends.chain([player.index.end]))
        .find_map(|(era, end)| {
            let (first, last) = (era.at.0, era.at.0 + (end - era.pos));
            (first / 1000 * 1000..=last)
                .contains(&at.0)
                .then(|| era.pos + at.0.saturating_sub(first))
        })
}

fn outside(text: &str, player: &Player) -> String {
    format!(
        "{text} is not in it: it goes from {} to {}",
        player.wall(0).moment(),
        player.wall(player.index.end).moment()
    )
}
