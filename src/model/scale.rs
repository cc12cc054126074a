//! The scale of charts that are centred on their limit: linear up to it, logarithmic beyond.

/// Where a value stands against its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub limit: f64,
    /// Large values are good (scores), so bad hangs down.
    pub high_is_good: bool,
}

impl Scale {
    /// -1 best, 0 at the limit, 1 worst. Values are shares: 0 to 1.
    pub fn badness(self, value: f64) -> f64 {
        let (bad, limit) = if self.high_is_good {
            (1.0 - value, 1.0 - self.limit)
        } else {
            (value, self.limit)
        };
        let limit = limit.clamp(0.001, 0.999);
        let bad = bad.clamp(0.0, 1.0);
        if bad <= limit {
            bad / limit - 1.0
        } else {
            (bad / limit).ln() / (1.0 / limit).ln()
        }
    }
}
