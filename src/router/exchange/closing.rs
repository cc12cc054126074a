//! The last word of an exchange that no tier answered: a cached answer, the canned one, or the caller's own mistake.

use super::{Exchange, seat::NOT_SAYABLE};
use crate::{
    cache::{Hit, Match},
    clock,
    config::CannedForm,
    model::{event::Outcome, request::CacheHit},
    provider::translate::Untranslatable,
    router::{
        canned,
        reply::{Reply, Served},
    },
};
use http::StatusCode;
use std::time::Duration;

impl Exchange {
    pub(super) fn told(&self, status: StatusCode, body: bytes::Bytes) -> Reply {
        self.guard.end(Outcome::CallerError);
        Reply::full(status, http::HeaderMap::new(), body).by(&self.call, &self.nobody())
    }

    /// The router ends before a tier has answered.
    pub(super) fn stopped(&self) -> Reply {
        self.guard.stopped();
        Reply::stopping(&self.call).by(&self.call, &self.nobody())
    }

    const fn nobody(&self) -> Served<'static> {
        Served {
            rung: 0,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        }
    }

    /// The request is wrong in the caller's own dialect: no tier would take it.
    pub(super) fn invalid(&self, field: &str, why: &str) -> Reply {
        self.guard.end(Outcome::CallerError);
        let message = format!("{field}: {why}");
        Reply::error(
            &self.call,
            StatusCode::BAD_REQUEST,
            &message,
            None,
            Some(field),
        )
        .by(&self.call, &self.nobody())
    }

    /// Every tier that was asked has no words for what the request wants, and none of the others has: the caller is
    /// told what it is. None: something else went wrong.
    pub(super) fn unsaid(&self) -> Option<Reply> {
        let (Untranslatable::Unsupported { field, why } | Untranslatable::Invalid { field, why }) =
            self.unsayable.as_ref()?;
        let mut units = self
            .route
            .tiers
            .iter()
            .flat_map(|t| &t.deployments)
            .filter_map(|d| self.plant.units.get(d));
        let somebody_could = units.any(|u| u.wire(self.call.door) == self.call.door);
        let only_that = self.failures.iter().all(|(_, v, _)| v.code == NOT_SAYABLE);
        (only_that && !somebody_could).then(|| self.invalid(field, why))
    }

    pub(super) fn cached(&self, hit: &Hit) -> Reply {
        let how = match (hit.stale, hit.how) {
            (true, _) => CacheHit::Stale,
            (false, Match::Exact) => CacheHit::Exact,
            (false, Match::Normalised) => CacheHit::Normalised,
        };
        self.guard.trace().cached(how);
        self.guard.trace().gave(&hit.answer);
        self.guard.end(Outcome::Cached);
        let served = Served {
            rung: 1,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        };
        let mut reply = Reply::answer(&self.call, &hit.answer).by(&self.call, &served);
        reply.set("age", &hit.age.as_secs().to_string());
        reply.set("x-breakerbox-cache", how.as_str());
        reply
    }

    pub(super) fn canned(mut self, why: &str) -> Reply {
        let injected = self.failures.iter().any(|(.., injected)| *injected);
        self.guard.trace().fell_back(self.failures.drain(..), None);
        let retry_in = self.retry_in();
        let served = Served {
            rung: 3,
            tier: None,
            deployment: None,
            attempts: self.attempts,
        };
        let form = self.route.canned.form;
        let outcome = if form == CannedForm::Answer {
            Outcome::Canned
        } else {
            Outcome::Error
        };
        let answer = canned::answer(
            &self.route.canned,
            &self.route.id,
            retry_in,
            self.call.ask.schema,
        );
        if form == CannedForm::Answer {
            self.guard.trace().gave(&answer);
        }
        self.guard.end(outcome);
        self.guard.trace().unserved(outcome, why, injected);
        let reply = match form {
            CannedForm::Answer => Reply::answer(&self.call, &answer),
            CannedForm::Error => Reply::exhausted(&self.call, &answer.text(), retry_in),
        };
        reply.by(&self.call, &served)
    }

    /// When trying again makes sense: the first time that a breaker or a gate looks again.
    pub(super) fn retry_in(&self) -> Duration {
        let now = clock::now();
        let units = self
            .route
            .tiers
            .iter()
            .flat_map(|t| &t.deployments)
            .filter_map(|d| self.plant.units.get(d));
        units
            .filter_map(|u| u.back_in(now))
            .min()
            .unwrap_or(self.plant.config.breaker.cooldown)
    }
}
