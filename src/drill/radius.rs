//! To whom a drill happens.

use crate::model::{command::Whom, drill::OPEN_FOR_ALL, fault::Only};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Radius {
    /// The drill's own requests, which carry its tag. Nobody else is ever hit.
    OnlyDrill,
    /// This share of all requests, whoever sends them.
    Share(f64),
}

impl Radius {
    /// As somebody wants it, or as is right when nobody says: simulated providers have no users to be careful of.
    pub fn of_wish(whom: Whom, simulated: bool) -> Self {
        whom.share_of_all(simulated)
            .map_or(Self::OnlyDrill, Self::Share)
    }

    /// What else is to be known of it.
    pub(super) const fn caution(self) -> Option<&'static str> {
        match self {
            Self::OnlyDrill => Some(OPEN_FOR_ALL),
            Self::Share(_) => None,
        }
    }

    /// A fault's share and scope within it.
    pub(super) fn of(self, rate: f64, judging: bool, tag: &str) -> (f64, Only) {
        match self {
            // A judge's call answers no user.
            _ if judging => (rate, Only::Judging),
            Self::OnlyDrill => (rate, Only::Drill(tag.to_owned())),
            Self::Share(share) => (rate * share, Only::Everybody),
        }
    }
}

impl fmt::Display for Radius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyDrill => f.write_str("the drill's own requests"),
            Self::Share(share) => write!(f, "{}% of all requests", share * 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_users_are_never_hit_unless_somebody_says_so() {
        let usual = Radius::of_wish(Whom::default(), false);
        let (rate, only) = usual.of(0.5, false, "t1");
        assert!((rate - 0.5).abs() < 1e-9);
        assert!(only.covers(false, Some("t1")) && !only.covers(false, None));
        let (rate, only) = Radius::Share(0.1).of(0.5, false, "t1");
        assert!((rate - 0.05).abs() < 1e-9 && only.is_everybody());
        assert_eq!(Radius::Share(0.1).of(1.0, true, "t1"), (1.0, Only::Judging));
    }
}
