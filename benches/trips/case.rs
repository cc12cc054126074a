//! Which illnesses are caught, and what is asked of the breaker then.

use breakerbox::{
    model::fault::Garbage,
    sim::{Behaviour, Dial},
};

/// What befalls a provider. Its callers cannot be told: it answers, or does not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Illness {
    /// This share of its answers is fluent and about something else: only who understands them sees it.
    OffTopic(f64),
    /// This share is its own words shuffled: the free checks see most of it too.
    Salad(f64),
    /// 503 to everything.
    Outage,
    /// Everything is accepted and nothing answered.
    Hang,
}

/// How many seconds a breaker may take: in half of the runs, and in nearly all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    Seconds(f64, f64),
    /// So many after the deadline for a first token.
    AfterDeadline(f64),
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) illness: Illness,
    /// Requests per second.
    pub(crate) rate: f64,
    pub(crate) routers: usize,
    pub(crate) bar: Bar,
}

const fn case(illness: Illness, rate: f64, routers: usize, bar: Bar) -> Case {
    Case {
        illness,
        rate,
        routers,
        bar,
    }
}

pub(crate) const CASES: [Case; 9] = [
    case(Illness::OffTopic(0.3), 10.0, 8, Bar::Seconds(20.0, 45.0)),
    case(Illness::Salad(0.3), 10.0, 4, Bar::Seconds(20.0, 45.0)),
    case(Illness::OffTopic(1.0), 10.0, 4, Bar::Seconds(12.0, 20.0)),
    case(Illness::Outage, 10.0, 4, Bar::Seconds(3.4, 4.0)),
    case(Illness::Hang, 10.0, 3, Bar::AfterDeadline(3.0)),
    case(Illness::OffTopic(0.3), 1.0, 4, Bar::Seconds(62.0, 185.0)),
    case(Illness::Outage, 1.0, 3, Bar::Seconds(8.0, 13.0)),
    case(Illness::Hang, 1.0, 2, Bar::AfterDeadline(10.0)),
    case(Illness::Outage, 100.0, 1, Bar::Seconds(2.7, 3.2)),
];

impl Illness {
    pub(crate) fn name(self) -> String {
        match self {
            Self::OffTopic(share) => format!("{:.0} % off the subject", share * 100.0),
            Self::Salad(share) => format!("{:.0} % word salad", share * 100.0),
            Self::Outage => "outage (503)".to_owned(),
            Self::Hang => "hangs".to_owned(),
        }
    }

    /// The provider on a good day: as often wrong as the simulation's, and wrong in the way in which it will fall ill.
    pub(crate) fn before(self) -> Behaviour {
        Behaviour {
            error_share: 0.005,
            garbage_share: 0.002,
            garbage: Some(match self {
                Self::Salad(_) => Garbage::WordSalad,
                _ => Garbage::OffTopic,
            }),
            ..Behaviour::faultless()
        }
    }

    pub(crate) fn strike(self, provider: &Dial) {
        provider.change(|b| match self {
            Self::OffTopic(share) | Self::Salad(share) => b.garbage_share = share,
            Self::Outage => (b.error_share, b.error_status) = (1.0, Some(503)),
            Self::Hang => b.hang_share = 1.0,
        });
    }

    /// The same in a scenario file.
    pub(crate) fn phase(self) -> String {
        match self {
            Self::OffTopic(share) | Self::Salad(share) => format!("garbage = {share:?}"),
            Self::Outage => "err = 1.0".to_owned(),
            Self::Hang => "hang = 1.0".to_owned(),
        }
    }
}
