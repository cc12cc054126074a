//! What was promised: the objective that reports are held against.

use super::time::{as_ms, duration_text, short};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slo {
    /// The share of requests that is served as promised: 0.999.
    pub target: f64,
    /// Over how long that has to hold.
    #[serde(rename = "window_ms", with = "as_ms")]
    pub window: Duration,
    /// The bound of the 95th percentile of whole answers.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "super::time::opt_ms"
    )]
    pub p95: Option<Duration>,
    /// A canned answer is a promise kept.
    #[serde(default)]
    pub canned_is_good: bool,
}

impl Default for Slo {
    fn default() -> Self {
        Self {
            target: 0.999,
            window: Duration::from_hours(30 * 24),
            p95: None,
            canned_is_good: false,
        }
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over {}", percent(self.target), short(self.window))?;
        match self.p95 {
            Some(p95) => write!(f, ", p95 {}", duration_text(p95)),
            None => Ok(()),
        }
    }
}

/// `99.95%`: as many digits as it has, four at most.
fn percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_people_say_it() {
        let slo = Slo {
            target: 0.9995,
            p95: Some(Duration::from_secs(15)),
            ..Slo::default()
        };
        assert_eq!(slo.to_string(), "99.95% over 30d, p95 15s");
        assert_eq!(percent(0.9), "90%");
    }
}
