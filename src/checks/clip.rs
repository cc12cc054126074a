//! How much of a text is read.

/// Of either end of a long text.
pub(super) const END: usize = 16 * 1024;
/// Earlier turns that are looked at.
pub(super) const TURNS: usize = 16;

/// The beginning and the end of a text; of a short one everything, and an empty end.
pub(super) fn parts(text: &str) -> [&str; 2] {
    if text.len() <= 2 * END {
        return [text, ""];
    }
    let (head, rest) = text.split_at(text.floor_char_boundary(END));
    let (_, tail) = rest.split_at(rest.ceil_char_boundary(rest.len() - END));
    [head, tail]
}

/// The beginning of a text, no longer than this.
pub(super) fn head(text: &str, len: usize) -> &str {
    text.split_at(text.floor_char_boundary(len)).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_read_at_both_ends_and_never_inside_a_letter() {
        for letter in ["a", "é", "道", "😀"] {
            let text = letter.repeat(100_000);
            let [head, tail] = parts(&text);
            assert!(head.len() <= END && head.len() > END - 4);
            assert!(tail.len() <= END && tail.len() > END - 4);
        }
        assert_eq!(parts("short"), ["short", ""]);
    }
}
