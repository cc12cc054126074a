//! The words of rung 3.

use super::Canned;
use std::time::Duration;

impl Canned {
    /// The text for a person, with its blanks filled in. Minutes are rounded up and at least one; without a
    /// support address, lines that name it are left out.
    pub fn fill(&self, route: &str, retry_in: Duration) -> String {
        let minutes = retry_in.as_secs().div_ceil(60).max(1).to_string();
        let lines: Vec<_> = self
            .text
            .lines()
            .filter(|line| !(self.support.is_empty() && line.contains("{support}")))
            .collect();
        lines
            .join("\n")
            .replace("{minutes}", &minutes)
            .replace("{support}", &self.support)
            .replace("{route}", route)
            .trim_end()
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_text_says_minutes_and_route_and_is_no_model() {
        let text = Canned::default().fill("summarize", Duration::from_secs(61));
        assert!(text.contains("about 2 min") && text.contains("\"summarize\""));
        assert!(text.contains("not an answer from a model"));
        assert!(!text.contains('{'), "{text}");
        assert!(
            !text.contains("contact"),
            "no address, no such line: {text}"
        );
    }

    #[test]
    fn a_support_address_is_named_when_there_is_one() {
        let canned = Canned {
            support: "help@example.com".to_owned(),
            ..Canned::default()
        };
        let text = canned.fill("summarize", Duration::ZERO);
        assert!(text.ends_with("contact help@example.com."), "{text}");
        assert!(text.contains("about 1 min"), "{text}");
    }
}
