//! Arithmetic that appears in prompts: done, not guessed.

use crate::sim::text;

pub(super) struct Worked {
    pub(super) result: String,
    pub(super) steps: String,
}

pub(super) fn solve(question: &str) -> Option<Worked> {
    let low = question.to_lowercase();
    let figures = figures(question);
    let (a, b) = (*figures.first()?, figures.get(1).copied());
    let has = |word: &str| low.contains(word);
    let (value, how) = if has("% of") || has("percent of") {
        let of = b?;
        (
            a / 100.0 * of,
            format!(
                "{}% of {} is {} / 100 × {}",
                plain(a),
                plain(of),
                plain(a),
                plain(of)
            ),
        )
    } else if has("average of") || has("mean of") {
        let sum: f64 = figures.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a handful of numbers")]
        let count = figures.len() as f64;
        let list: Vec<_> = figures.iter().copied().map(plain).collect();
        (
            sum / count,
            format!("The average is ({}) / {}", list.join(" + "), plain(count)),
        )
    } else if has("average speed") {
        let hours = b.filter(|h| *h != 0.0)?;
        (
            a / hours,
            format!(
                "The train's average speed in kilometres per hour is {} / {}",
                plain(a),
                plain(hours)
            ),
        )
    } else if has("revenue") {
        let each = b?;
        (
            a * each,
            format!(
                "The revenue in euros is {} units × {}",
                plain(a),
                plain(each)
            ),
        )
    } else {
        operation(question, a, b?)?
    };
    Some(Worked {
        result: plain(value),
        steps: format!("{how} = **{}**.", plain(value)),
    })
}

fn operation(question: &str, a: f64, b: f64) -> Option<(f64, String)> {
    let sign = question
        .split_whitespace()
        .find(|w| matches!(*w, "*" | "x" | "×" | "+" | "-" | "−" | "/" | "÷"))?;
    let value = match sign {
        "*" | "x" | "×" => a * b,
        "+" => a + b,
        "-" | "−" => a - b,
        _ if b != 0.0 => a / b,
        _ => return None,
    };
    Some((value, format!("{} {sign} {}", plain(a), plain(b))))
}

/// Numbers in digits and in words, in the order of the text.
fn figures(question: &str) -> Vec<f64> {
    question
        .split_whitespace()
        .filter_map(|raw| {
            #[expect(clippy::cast_precision_loss, reason = "one to ten")]
            let in_words = word_number(raw).map(|n| n as f64);
            text::numbers(raw).first().copied().or(in_words)
        })
        .collect()
}

pub(super) fn word_number(word: &str) -> Option<usize> {
    let names = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let bare = word
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    names.iter().position(|n| *n == bare).map(|at| at + 1)
}

/// The number before a currency.
pub(super) fn amount(text: &str) -> Option<f64> {
    let list: Vec<&str> = text.split_whitespace().collect();
    list.windows(2).find_map(|pair| match pair {
        [number, unit] if unit.starts_with("euro") || unit.starts_with("dollar") => {
            text::numbers(number).first().copied()
        }
        _ => None,
    })
}

/// The nearest whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast to an integer stops at its limits"
)]
pub(super) fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// Two decimals at most, and none where none are needed.
pub(super) fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_done_and_not_guessed() {
        let result = |q: &str| solve(q).map(|w| w.result);
        assert_eq!(result("What is 15% of 240?").as_deref(), Some("36"));
        assert_eq!(
            result("Calculate 17 * 23 and show the steps.").as_deref(),
            Some("391")
        );
        assert_eq!(
            result("What is the average of 3, 4 and 8?").as_deref(),
            Some("5")
        );
        assert_eq!(
            result("A train covers 240 kilometres in three hours. What is its average speed?")
                .as_deref(),
            Some("80")
        );
        assert_eq!(result("What is 1,200 + 34?").as_deref(), Some("1234"));
        assert_eq!(result("How are you?"), None);
    }
}
