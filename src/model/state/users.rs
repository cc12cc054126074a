//! How users are: what the last minutes of exchanges come to.

use super::{FIVE_MINUTES, MINUTE, NOW_S, State};
use crate::model::{
    event::Exchanges,
    series::Share,
    snapshot::{Users, UsersWord},
};

impl State {
    pub(super) fn users_at(&self, now: u64) -> Users {
        let (mut minute, mut five, mut recent) = (Exchanges::default(), Exchanges::default(), 0);
        for (sec, e) in self
            .s
            .exchanges
            .iter()
            .rev()
            .take_while(|(sec, _)| sec + FIVE_MINUTES > now)
        {
            five.add(e);
            if sec + MINUTE > now {
                minute.add(e);
            }
            if sec + u64::from(NOW_S) > now {
                recent += e.answered() + e.caller_error + e.left;
            }
        }
        let share = |bad, of: &Exchanges| Share {
            bad,
            n: of.answered(),
        };
        Users {
            word: word(&minute),
            failed_1m: share(minute.failed(), &minute),
            failed_5m: share(five.failed(), &five),
            degraded_5m: share(five.degraded(), &five),
            per_s: f64::from(recent) / f64::from(NOW_S),
            p95: self.users.p95().filter(|_| five.answered() > 0),
            client_retries_5m: five.client_retries,
        }
    }
}

fn word(minute: &Exchanges) -> UsersWord {
    match minute {
        e if e.failed() > 0 => UsersWord::Failing,
        e if e.canned > 0 => UsersWord::Canned,
        e if e.fallback > 0 => UsersWord::Degraded,
        e if e.answered() > 0 => UsersWord::Ok,
        _ => UsersWord::Idle,
    }
}
