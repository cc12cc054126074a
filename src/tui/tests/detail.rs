//! What the detail of a deployment never leaves out.

use super::{Desk, scene};

#[test]
fn at_80_by_24_the_detail_loses_neither_the_breaker_nor_its_evidence_nor_what_a_person_laid_over_it()
 {
    let mut desk = Desk::at(scene::forced());
    let text = desk.press("\n").text(80, 24);
    for told in [
        "FORCED OPEN",
        "open by oncall, ends in 8:12",
        "bill looks wrong",
        "would be CLOSED",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    desk.press("\u{1b}j\n");
    let text = desk.text(80, 24);
    for told in [
        "#1 status=503 on 30% by ana",
        "ends in 3:55",
        "% of a trip",
        "n=292 in 5 min, limit 2.0%",
        "fault 503 unavailable [injected]",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn failures_are_told_by_class_with_how_many_there_were() {
    let mut desk = Desk::at(scene::incident());
    desk.press("\n");
    for (w, h) in [(80, 24), (120, 40)] {
        let text = desk.text(w, h);
        assert!(text.contains(": fault 99"), "{text}");
        assert!(
            text.contains("13:59:02 fault 529 overloaded_error"),
            "{text}"
        );
    }
    let text = desk.text(200, 60);
    assert!(text.contains("13:59:02  fault       99x"), "{text}");
}
