//! Is it them, or is it us? When every provider fails to connect at once, the network in between is ours: nothing
//! is tripped, and it is said.

use super::bus::Bus;
use crate::model::{Class, Kind, Mono, ProviderId, Verdict};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Failures to connect further apart than this are not "at once".
const AT_ONCE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Network {
    /// Something failed to connect; else there is nothing to look up.
    trouble: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When each provider last failed to connect; taken out when it connects.
    failed: HashMap<ProviderId, Mono>,
    down: bool,
}

impl Network {
    /// A provider was reached: whatever is wrong, it is not our network.
    pub(super) fn reached(&self, provider: &ProviderId, bus: &Bus) {
        if !self.trouble.load(Ordering::Relaxed) {
            return;
        }
        let mut s = self.state.lock();
        s.failed.remove(provider);
        self.trouble.store(!s.failed.is_empty(), Ordering::Relaxed);
        if std::mem::take(&mut s.down) {
            bus.emit(Kind::LocalNetwork { down: false });
        }
    }

    /// A provider could not be reached. Says `Local` instead of `Fault` once that is so for all `providers`.
    pub(super) fn unreachable(
        &self,
        provider: &ProviderId,
        providers: &[ProviderId],
        verdict: Verdict,
        now: Mono,
        bus: &Bus,
    ) -> Verdict {
        let mut s = self.state.lock();
        s.failed.insert(provider.clone(), now);
        self.trouble.store(true, Ordering::Relaxed);
        let all = providers.len() >= 2
            && providers
                .iter()
                .all(|p| s.failed.get(p).is_some_and(|at| now.since(*at) <= AT_ONCE));
        if all && !std::mem::replace(&mut s.down, true) {
            bus.emit(Kind::LocalNetwork { down: true });
        }
        if all {
            Verdict {
                class: Class::Local,
                ..verdict
            }
        } else {
            verdict
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_our_network_only_when_all_fail_at_once() {
        let (bus, _hub) = super::super::bus::new();
        let net = Network::default();
        let all: Vec<ProviderId> = vec!["a".into(), "b".into()];
        let [a, b] = all.as_slice() else {
            unreachable!()
        };
        let fault = || Verdict::new(Class::Fault, "dns");
        assert_eq!(
            net.unreachable(a, &all, fault(), Mono::from_secs(0), &bus)
                .class,
            Class::Fault
        );
        assert_eq!(
            net.unreachable(b, &all, fault(), Mono::from_secs(31), &bus)
                .class,
            Class::Fault
        );
        assert_eq!(
            net.unreachable(a, &all, fault(), Mono::from_secs(32), &bus)
                .class,
            Class::Local
        );
        net.reached(b, &bus);
        assert_eq!(
            net.unreachable(a, &all, fault(), Mono::from_secs(33), &bus)
                .class,
            Class::Fault
        );
    }

    #[test]
    fn one_provider_alone_is_never_our_network() {
        let (bus, _hub) = super::super::bus::new();
        let a = ProviderId::from("a");
        let verdict = Verdict::new(Class::Fault, "dns");
        let said = Network::default().unreachable(
            &a,
            std::slice::from_ref(&a),
            verdict,
            Mono::default(),
            &bus,
        );
        assert_eq!(said.class, Class::Fault);
    }
}
