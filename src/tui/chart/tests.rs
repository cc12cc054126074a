use super::*;
use crate::tui::theme::Palette;
use proptest::prelude::*;

const ERRORS: Scale = Scale {
    limit: 0.02,
    high_is_good: false,
};
const SCORES: Scale = Scale {
    limit: 0.70,
    high_is_good: true,
};

fn drawn(scale: Scale, values: &[Option<f64>], w: u16, h: u16) -> Vec<String> {
    with_band(scale, values, None, (w, h))
}

fn with_band(
    scale: Scale,
    values: &[Option<f64>],
    band: Option<(f64, f64)>,
    (w, h): (u16, u16),
) -> Vec<String> {
    let area = Rect::new(0, 0, w, h);
    let mut buf = Buffer::empty(area);
    let chart = Chart {
        scale,
        values,
        few: &[],
        ticks: ["top".into(), "limit".into(), "end".into()],
        span: "",
        band,
    };
    chart.draw(area, &mut buf, Theme::new(Palette::Mono));
    (0..h)
        .map(|y| (TICK..w).map(|x| buf[(x, y)].symbol()).collect())
        .collect()
}

#[test]
fn the_limit_is_the_middle_row() {
    let rows = drawn(ERRORS, &[Some(0.02), Some(0.02)], TICK + 3, 5);
    assert_eq!(rows, ["   ", "   ", "⠤┄┄", "   ", "   "]);
}

#[test]
fn what_is_normal_lies_between_two_lines_that_give_way_to_numbers_and_limit() {
    let rows = |scale, band, value| with_band(scale, &[value, value], Some(band), (TICK + 3, 5));
    let empty = rows(ERRORS, (0.0, 0.008), None);
    assert_eq!(empty, ["   ", "   ", "┄┄┄", "   ", "┈ ┈"]);
    let over = rows(ERRORS, (0.0, 0.9), Some(0.001));
    assert_eq!(over, ["┈ ┈", "   ", "┄┄┄", "   ", "⣀ ┈"]);
    let scores = rows(SCORES, (0.6, 0.95), None);
    assert_eq!(scores, ["┈ ┈", "   ", "┄┄┄", "┈ ┈", "   "]);
}

#[test]
fn an_error_rate_over_the_limit_is_filled_upwards() {
    let rows = drawn(ERRORS, &[Some(1.0), Some(1.0)], TICK + 1, 5);
    assert_eq!(rows, ["⣿", "⣿", "┄", " ", " "]);
}

#[test]
fn a_score_under_the_floor_is_filled_downwards() {
    let rows = drawn(SCORES, &[Some(0.0), Some(0.0)], TICK + 1, 5);
    assert_eq!(rows, [" ", " ", "┄", "⣿", "⣿"]);
}

#[test]
fn a_good_value_is_a_line() {
    assert_eq!(drawn(ERRORS, &[Some(0.0), Some(0.0)], TICK + 1, 5)[4], "⣀");
    assert_eq!(drawn(SCORES, &[Some(1.0), Some(1.0)], TICK + 1, 5)[0], "⠉");
}

#[test]
fn a_missing_bucket_is_a_gap() {
    let rows = drawn(
        ERRORS,
        &[Some(0.0), Some(0.0), None, None, Some(0.0), Some(0.0)],
        TICK + 3,
        3,
    );
    assert_eq!(rows[2], "⣀ ⣀");
}

#[test]
fn it_is_linear_under_the_limit_and_logarithmic_over_it() {
    assert!((ERRORS.badness(0.01) + 0.5).abs() < 1e-9);
    let step = ERRORS.badness(0.08) - ERRORS.badness(0.04);
    let next = ERRORS.badness(0.16) - ERRORS.badness(0.08);
    assert!((step - next).abs() < 1e-9, "doubling is one step");
}

proptest! {
    #[test]
    fn worse_is_never_drawn_better(a in 0.0..1.0_f64, b in 0.0..1.0_f64, limit in 0.0..1.0_f64) {
        let (lo, hi) = if a <= b { (a, b) } else { (b, a) };
        let errors = Scale { limit, high_is_good: false };
        let scores = Scale { limit, high_is_good: true };
        prop_assert!(errors.badness(lo) <= errors.badness(hi));
        prop_assert!(scores.badness(lo) >= scores.badness(hi));
        prop_assert!((-1.0..=1.0).contains(&errors.badness(a)));
    }

    #[test]
    fn over_the_limit_shows_in_a_sparkline(over in 0.021..1.0_f64, under in 0.0..0.02_f64) {
        prop_assert!("▅▆▇█".contains(spark(ERRORS, over)));
        prop_assert!("▁▂▃▄".contains(spark(ERRORS, under)));
    }
}
