//! Two kinds of time. [`Mono`] never jumps and drives every timer; [`Wall`] is what people and journals read.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Monotonic time: microseconds since the process started. The breaker knows no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(pub u64);

impl Mono {
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    pub fn from_secs_f64(secs: f64) -> Self {
        Self::default() + Duration::from_secs_f64(secs)
    }

    /// Time since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Time left until `later`; zero when it has passed.
    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }
}

impl std::ops::Add<Duration> for Mono {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

/// Wall-clock time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Wall(pub u64);

impl Wall {
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    pub const fn until(self, later: Self) -> Duration {
        later.since(self)
    }

    /// So long before it.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(by))
    }

    /// So long after it.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        self + by
    }

    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    fn timestamp(self) -> jiff::Timestamp {
        i64::try_from(self.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// `2026-11-20 14:03:22Z`: with its day, for those who look back.
    pub fn moment(self) -> String {
        self.timestamp().strftime("%F %TZ").to_string()
    }

    /// `14:03:22`, UTC.
    pub fn clock(self) -> String {
        self.timestamp().strftime("%H:%M:%S").to_string()
    }
}

impl std::ops::Add<Duration> for Wall {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

/// RFC 3339, UTC, milliseconds.
impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

/// `0:48`, `4:12`, `23h53`, `34d`: a duration as narrow as a table column.
pub fn short(d: Duration) -> String {
    let s = d.as_secs();
    match s {
        0..3_600 => format!("{}:{:02}", s / 60, s % 60),
        3_600..86_400 => format!("{}h{:02}", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d", s / 86_400),
    }
}

/// `250ms`, `1.9s`, `42s`, `2m05`: a latency as narrow as a table column.
pub fn latency(d: Duration) -> String {
    let ms = d.as_millis();
    match ms {
        // On the wire there are whole milliseconds.
        0 if d.is_zero() => "<1ms".to_owned(),
        0 => format!("{}µs", d.as_micros()),
        1..1_000 => format!("{ms}ms"),
        1_000..60_000 => format!("{:.1}s", d.as_secs_f64()),
        _ => format!("{}m{:02}", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// Reads `90`, `250ms`, `90s`, `10m`, `1h30m`, `2d`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is not a duration; write it like 30s, 10m or 1h30m");
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let number: f64 = number.parse().map_err(|_| bad())?;
        let seconds = match unit {
            "ms" => number / 1000.0,
            "" | "s" => number,
            "m" => number * 60.0,
            "h" => number * 3600.0,
            "d" => number * 86_400.0,
            _ => return Err(bad()),
        };
        total = Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|d| total.checked_add(d))
            .ok_or_else(bad)?;
        rest = tail;
    }
    Ok(total)
}

/// A duration as [`parse_duration`] reads it: `10m`, `1h30m`, `250ms`.
pub fn duration_text(d: Duration) -> String {
    let ms = d.as_millis();
    if !ms.is_multiple_of(1000) {
        return format!("{ms}ms");
    }
    let s = ms / 1000;
    let (h, m, s) = (s / 3600, s % 3600 / 60, s % 60);
    let part = |n: u128, unit: &str| {
        if n > 0 {
            format!("{n}{unit}")
        } else {
            String::new()
        }
    };
    match (h, m, s) {
        (0, 0, 0) => "0s".to_owned(),
        _ => part(h, "h") + &part(m, "m") + &part(s, "s"),
    }
}

/// Durations in events and snapshots are whole milliseconds.
pub mod as_ms {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        u64::deserialize(d).map(Duration::from_millis)
    }
}

/// The same, where there may be none.
pub mod opt_ms {
    use super::as_ms;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(d: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        match d {
            Some(d) => as_ms::serialize(d, s),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(d)?.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_they_are_written() {
        for text in ["30s", "10m", "1h30m", "250ms", "48h"] {
            let d = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&duration_text(d)).unwrap(), d, "{text}");
        }
        assert_eq!(parse_duration("90").unwrap(), Duration::from_secs(90));
        assert!(parse_duration("soon").unwrap_err().contains("30s"));
        assert!(parse_duration("-1s").is_err());
        assert!(parse_duration("1e400s").is_err());
    }

    #[test]
    fn wall_time_is_written_as_utc() {
        let t = Wall(1_700_000_000_123);
        assert_eq!(t.to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!(t.clock(), "22:13:20");
        assert_eq!(t.moment(), "2023-11-14 22:13:20Z");
    }

    #[test]
    fn time_never_underflows() {
        assert_eq!(Mono(1).since(Mono(5)), Duration::ZERO);
        assert_eq!(Wall(1).since(Wall(5)), Duration::ZERO);
        assert_eq!(Mono(u64::MAX) + Duration::MAX, Mono(u64::MAX));
    }
}
