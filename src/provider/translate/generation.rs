//! What a model's name says about its generation: some fields are refused with a 400 by some generations, and a
//! request that fails over must not fail on those.

/// Major and minor version of a family in a model name: `claude-opus-4-6` is 4.6, `gemini-2.5-flash` is 2.5.
/// Dates are not versions. `None`: not of this family, or no number in the name.
pub(crate) fn version(model: &str, family: &str) -> Option<(u32, u32)> {
    let (_, rest) = model.split_once(family)?;
    let mut words = rest.split(['-', '.', '_', ':', '/']);
    // A leading number of at most two digits: `4o` is 4, a date is none.
    let leading = |word: &str| -> Option<u32> {
        let digits = word
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(word.len());
        word.get(..digits)
            .filter(|d| (1..=2).contains(&d.len()))?
            .parse()
            .ok()
    };
    let major = words.find_map(leading)?;
    let minor = words
        .next()
        .filter(|w| w.chars().all(|c| c.is_ascii_digit()))
        .and_then(leading);
    Some((major, minor.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_shapes_give_their_version() {
        for (model, family, expected) in [
            ("claude-opus-4-6", "claude", Some((4, 6))),
            ("claude-3-5-sonnet-20241022", "claude", Some((3, 5))),
            ("claude-opus-4-20250514", "claude", Some((4, 0))),
            ("anthropic/claude-haiku-4.5", "claude", Some((4, 5))),
            ("claude-fable-5", "claude", Some((5, 0))),
            ("gemini-3.1-pro-preview", "gemini", Some((3, 1))),
            ("gemini-3-flash-preview", "gemini", Some((3, 0))),
            ("gemini-flash-latest", "gemini", None),
            ("gpt-5-nano-2025-08-07", "gpt-", Some((5, 0))),
            ("gpt-4o-mini", "gpt-", Some((4, 0))),
            ("grok-4", "gpt-", None),
        ] {
            assert_eq!(version(model, family), expected, "{model}");
        }
    }
}
