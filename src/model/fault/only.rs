//! Whom a fault may hit: its blast radius, beside the share.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longer than any tag of a drill.
const LONGEST: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Only {
    #[default]
    Everybody,
    /// Calls that are made to it as a judge.
    Judging,
    /// Requests that carry this tag in `x-breakerbox-drill`. It opens nothing but being failed on purpose, so it is not
    /// kept from people who see the faults.
    Drill(String),
}

impl Only {
    /// Whether a call of this kind may be hit.
    pub fn covers(&self, judging: bool, tag: Option<&str>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Judging => judging,
            Self::Drill(own) => tag == Some(own),
        }
    }

    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        matches!(self, Self::Everybody)
    }

    /// Behind the name of a fault; empty when there is nothing to say.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Everybody => "",
            Self::Judging => ", only as a judge",
            Self::Drill(_) => ", only a drill's own requests",
        }
    }
}

impl fmt::Display for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Judging => f.write_str("judging"),
            Self::Drill(tag) => write!(f, "drill:{tag}"),
        }
    }
}

impl FromStr for Only {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "everybody" => Ok(Self::Everybody),
            "judging" => Ok(Self::Judging),
            _ => text
                .strip_prefix("drill:")
                .filter(|tag| {
                    (1..=LONGEST).contains(&tag.len())
                        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
                .map(|tag| Self::Drill(tag.to_owned()))
                .ok_or_else(|| {
                    format!("{text:?}: only everybody, judging, or drill:TAG with a tag of letters and digits")
                }),
        }
    }
}

impl TryFrom<String> for Only {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Only> for String {
    fn from(only: Only) -> Self {
        only.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_without_the_tag_of_a_drill_is_never_covered() {
        let drill: Only = "drill:a1".parse().unwrap();
        assert!(drill.covers(false, Some("a1")));
        for (judging, tag) in [
            (false, None),
            (true, None),
            (false, Some("a2")),
            (false, Some("")),
        ] {
            assert!(!drill.covers(judging, tag), "{tag:?}");
        }
        assert!(Only::Judging.covers(true, None) && !Only::Judging.covers(false, Some("a1")));
        assert!("drill:".parse::<Only>().is_err() && "drill:a b".parse::<Only>().is_err());
    }
}
