//! The numbers people know, and the waits that follow from them.

use std::time::Duration;

/// What a person sets. The defaults are the documented ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The error rate that is tolerated.
    pub err_threshold: f64,
    /// The pass mark of an answer, and the mean under which a deployment is bad.
    pub judge_threshold: f64,
    /// The wait before an open breaker looks again.
    pub cooldown: Duration,
    /// Relapses double the cooldown up to this.
    pub max_cooldown: Duration,
    /// What the judge's mean is a mean over.
    pub judge_window: Duration,
    /// Fewer scores than this never trip by their mean.
    pub judge_min_n: u32,
    /// The share of answers that is judged while nothing is suspected.
    pub judge_sample: f64,
    pub mode: Mode,
    /// Says what it would have done, and blocks nothing.
    pub observe: bool,
}

/// What trips a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Sequential evidence for both signals.
    #[default]
    Sequential,
    /// The thresholds read literally, to compare with: an error rate over a minute, a mean of the scores.
    RollingMean,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            err_threshold: 0.02,
            judge_threshold: 0.70,
            cooldown: Duration::from_mins(5),
            max_cooldown: Duration::from_mins(20),
            judge_window: Duration::from_hours(1),
            judge_min_n: 20,
            judge_sample: 0.05,
            mode: Mode::Sequential,
            observe: false,
        }
    }
}

/// A provider that has come back is held to a stricter test for this long.
pub(super) const PROBATION: Duration = Duration::from_hours(24);

impl Settings {
    /// A wait that is `secs` long for cooldowns of a minute and more, and shorter in proportion below that.
    fn paced(&self, secs: f64) -> Duration {
        let pace = (self.cooldown.as_secs_f64() / 60.0).clamp(1.0 / 60.0, 1.0);
        Duration::from_secs_f64(secs * pace)
    }

    /// Until the next look after a probe came back badly: cheap to repeat, so much less than a cooldown.
    pub(super) fn reprobe(&self) -> Duration {
        self.paced(60.0)
    }

    /// Until the next look after the ramp failed `before` times already since the breaker was last closed.
    pub(super) fn after_ramp_failure(&self, before: u32) -> Duration {
        self.paced((60.0 * f64::from(1_u32 << before.min(3))).min(300.0))
    }

    /// After this a probe that has not come back no longer keeps others out.
    pub(super) fn stuck_after(&self) -> Duration {
        self.paced(60.0)
    }

    /// Good errors wait this long for the judge. After a quality trip the judge matters more, but even then a
    /// deployment whose answers are never sampled must not stay out for ever: the ramp looks again.
    pub(super) fn judge_patience(&self, quality_trip: bool) -> Duration {
        self.paced(if quality_trip { 300.0 } else { 30.0 })
    }

    /// The least time a step of the ramp takes.
    pub(super) fn ramp_hold(&self) -> Duration {
        self.paced(15.0)
    }

    /// A quiet deployment climbs after this without the answers it would need.
    pub(super) fn ramp_patience(&self) -> Duration {
        self.paced(90.0)
    }

    /// In a ramp at least one request is admitted in this time, however small the share.
    pub(super) fn ramp_floor(&self) -> Duration {
        self.paced(5.0)
    }

    /// Tripping again this soon after closing is a relapse.
    pub(super) fn relapse_window(&self) -> Duration {
        (self.cooldown * 6).min(Duration::from_mins(30))
    }

    /// The cooldown after so many relapses, without jitter.
    pub(super) fn cooldown_after(&self, relapses: u32) -> Duration {
        self.cooldown
            .saturating_mul(1 << relapses.min(16))
            .min(self.max_cooldown.max(self.cooldown))
    }
}
