//! Which exchanges are told.

use super::context::Parent;
use opentelemetry::trace::{SpanKind, TraceId};
use opentelemetry_sdk::trace::{SamplingDecision, ShouldSample};

/// OpenTelemetry's standard samplers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampler {
    /// A caller that has decided is followed.
    pub(super) parent_based: bool,
    /// Of the others, this share, 0 to 1.
    pub(super) ratio: f64,
}

impl Sampler {
    pub(super) fn takes(self, parent: Option<&Parent>, trace: TraceId) -> bool {
        match parent {
            Some(parent) if self.parent_based => parent.flags.is_sampled(),
            // The SDK's rule, so that all who see this trace's id come to the same decision.
            _ => {
                let rule = opentelemetry_sdk::trace::Sampler::TraceIdRatioBased(self.ratio);
                let sampled = rule.should_sample(None, trace, "", &SpanKind::Server, &[], &[]);
                sampled.decision == SamplingDecision::RecordAndSample
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::context::Flags;
    use opentelemetry::trace::SpanId;

    fn parent(sampled: bool) -> Parent {
        Parent {
            trace_id: TraceId::from(7),
            span_id: SpanId::from(7),
            flags: Flags::of(sampled),
            state: None,
        }
    }

    #[test]
    fn a_caller_that_has_decided_is_followed() {
        for (ratio, sampled) in [(0.0, true), (1.0, false)] {
            let sampler = Sampler {
                parent_based: true,
                ratio,
            };
            assert_eq!(
                sampler.takes(Some(&parent(sampled)), TraceId::from(7)),
                sampled
            );
        }
        let own = Sampler {
            parent_based: false,
            ratio: 1.0,
        };
        assert!(own.takes(Some(&parent(false)), TraceId::from(7)));
    }

    #[test]
    fn a_quarter_is_a_quarter() {
        let sampler = Sampler {
            parent_based: true,
            ratio: 0.25,
        };
        let mut random = fastrand::Rng::with_seed(1);
        let ids = std::iter::repeat_with(|| TraceId::from(random.u128(1..)));
        let taken = ids
            .take(20_000)
            .filter(|id| sampler.takes(None, *id))
            .count();
        assert!((4_700..5_300).contains(&taken), "{taken}");
    }
}
