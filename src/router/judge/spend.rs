//! What judges cost, second by second.

use crate::{
    config::Config,
    model::{DeploymentId, Kind, event::Judging},
    provider::chat::Usage,
};

/// One second of every judge that was asked.
#[derive(Debug, Default)]
pub(super) struct Spend(Vec<Judging>);

impl Spend {
    /// Counts a call. Money is an estimate from the price list; what has no price has no estimate.
    pub(super) fn count(
        &mut self,
        judge: &DeploymentId,
        usage: Usage,
        failed: bool,
        config: &Config,
    ) {
        let place = self.0.iter().position(|j| j.judge == *judge);
        let place = place.unwrap_or_else(|| {
            self.0.push(Judging {
                judge: judge.clone(),
                calls: 0,
                failed: 0,
                input_tokens: 0,
                output_tokens: 0,
                microdollars: config.price_of(judge).map(|_| 0),
            });
            self.0.len() - 1
        });
        let Some(second) = self.0.get_mut(place) else {
            return;
        };
        second.calls += 1;
        second.failed += u32::from(failed);
        second.input_tokens += usage.input;
        second.output_tokens += usage.output;
        if let (Some(sum), Some(price)) = (&mut second.microdollars, config.price_of(judge)) {
            *sum += price.of(usage.input, usage.output);
        }
    }

    /// What this second cost; the next begins.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Kind> + use<> {
        std::mem::take(&mut self.0).into_iter().map(Kind::Judging)
    }
}
