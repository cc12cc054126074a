//! All checks together; each has its own tests beside it.

mod corrupt;
mod measure;
mod real;

use super::{Call, Ended, Exchange, Finding, Findings, Format, check, clip, needs_more};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A whole answer in text to a question without history.
pub(super) fn text<'a>(asked: &'a str, answer: &'a str) -> Exchange<'a> {
    Exchange {
        asked,
        before: &[],
        answer,
        ended: Ended::Whole,
        format: Format::Text,
        calls: &[],
    }
}

/// A line for each number.
pub(super) fn lines(numbers: std::ops::Range<u32>, line: impl Fn(u32) -> String) -> String {
    numbers.map(line).collect::<Vec<_>>().concat()
}

pub(super) fn finds(x: &Exchange<'_>, finding: Finding) -> bool {
    check(x).contains(finding)
}

#[test]
fn findings_are_named_in_events_and_in_json() {
    let x = text(
        "How do I bake bread?",
        "Mix 面粉 flour and 酵母 yeast:\n```\nwait",
    );
    let found = check(&x);
    assert_eq!(found.to_string(), "wrong script (Han), unclosed code fence");
    let names: Vec<_> = found.iter().collect();
    assert_eq!(
        serde_json::to_value(names).unwrap(),
        json!(["wrong_script", "open_fence"])
    );
    assert!(!found.is_empty());
    let written = serde_json::to_value(found).unwrap();
    assert_eq!(
        written,
        json!({"findings": ["wrong_script", "open_fence"], "script": "han"})
    );
    assert_eq!(serde_json::from_value::<Findings>(written).unwrap(), found);
    assert_eq!(Findings::default().to_string(), "");
    assert_eq!(
        serde_json::to_value(Findings::default()).unwrap(),
        json!({})
    );
}

#[test]
fn every_finding_has_its_own_bit_name_and_measurement() {
    for (n, finding) in Finding::ALL.into_iter().enumerate() {
        let mut found = Findings::default();
        found.add(finding);
        assert_eq!(found.iter().collect::<Vec<_>>(), [finding]);
        assert!(
            Finding::ALL
                .iter()
                .skip(n + 1)
                .all(|f| f.as_str() != finding.as_str())
        );
        assert_eq!(!found.feeding().is_empty(), finding.feeds_breaker());
    }
}

#[test]
fn good_answers_in_many_languages_have_no_findings() {
    for (asked, answer) in [
        ("How tall is the tower?", "330 m."),
        ("Is 7 a prime? One word.", "Yes"),
        ("2+2?", "4"),
        (
            "Erkläre kurz die Fotosynthese.",
            "Pflanzen wandeln Licht, Wasser und CO₂ in Zucker und Sauerstoff um – »aus Licht wird Nahrung«.",
        ),
        (
            "¿Cuál es la capital de Perú?",
            "¡La capital es Lima! Está en la costa, y la fundó Pizarro en 1535.",
        ),
        (
            "Почему небо голубое?",
            "Из-за рэлеевского рассеяния (Rayleigh scattering): синий свет рассеивается сильнее красного.",
        ),
        (
            "天空为什么是蓝色的？",
            "因为大气中的分子更容易散射波长较短的蓝光，这叫做瑞利散射。",
        ),
        (
            "空はなぜ青いのですか？",
            "太陽の光のうち、波長の短い青い光が大気中でよく散乱されるためです。",
        ),
        (
            "하늘은 왜 파란가요?",
            "대기 중의 분자가 파장이 짧은 파란빛을 더 많이 산란시키기 때문입니다.",
        ),
        (
            "ทำไมท้องฟ้าจึงเป็นสีฟ้า",
            "เพราะโมเลกุลในอากาศกระเจิงแสงสีน้ำเงินซึ่งมีความยาวคลื่นสั้นได้ดีกว่า",
        ),
        (
            "لماذا السماء زرقاء؟",
            "لأن جزيئات الهواء تشتت الضوء الأزرق ذا الموجة القصيرة أكثر من الأحمر.",
        ),
        (
            "आसमान नीला क्यों है?",
            "क्योंकि हवा के अणु छोटी तरंगदैर्घ्य वाले नीले प्रकाश को अधिक बिखेरते हैं।",
        ),
        (
            "Pourquoi le ciel est-il bleu ?",
            "Parce que l’air diffuse mieux le bleu : c’est la « diffusion de Rayleigh ».",
        ),
        (
            "Write hello world in Rust.",
            "```rust\nfn main() {\n    println!(\"Hello, world!\");\n}\n```",
        ),
        (
            "Prove that the sum is even.",
            "Let $a = 2k$ and $b = 2m$; then $a + b = 2(k + m)$, so Σ is even. ∎",
        ),
        ("Send a thumbs-up.", "👍"),
    ] {
        let found = check(&text(asked, answer));
        assert!(found.is_empty(), "{asked}: {found}");
    }
}

#[test]
fn no_more_of_a_conversation_is_read_than_the_caps_allow() {
    let turn = "слово ".repeat(20_000);
    let before = vec![turn.as_str(); 500];
    let x = Exchange {
        before: &before,
        ..text(&turn, &turn)
    };
    let read: usize = x.turns().map(str::len).sum();
    assert!(read <= (clip::TURNS + 1) * 2 * clip::END);
}

/// Pieces that the checks look for, so that arbitrary texts meet them.
fn anything() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => ".*",
        1 => "[a-c ]{0,80}",
        1 => "(?s).{0,60}",
        1 => prop::sample::select(vec![
            "```", "~~~~", "\n", "ÃÂâ€™", "สวัสดี", "道道道", "the of ", "I'm sorry, but I can't ", "{\"a\":[", "\u{FFFD}",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "слово и ", "12. ", "| a |", "!!!!!!!!", "",
        ]).prop_map(str::to_owned),
    ];
    let pieces = prop::collection::vec(piece, 0..12);
    (pieces, 1_usize..60).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

proptest! {
    #[test]
    fn no_text_panics_and_the_same_answer_is_judged_the_same(
        asked in anything(), before in anything(), answer in anything(), kind in 0..3_u8, ended in 0..4_u8,
    ) {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"enum": [1, "x"]}}}});
        let x = Exchange {
            before: &[&before],
            ended: [Ended::Whole, Ended::Length, Ended::Tools, Ended::Other][usize::from(ended)],
            format: match kind { 0 => Format::Text, 1 => Format::Json, _ => Format::Schema(&schema) },
            calls: &[Call { name: "f", arguments: &before }],
            ..text(&asked, &answer)
        };
        prop_assert_eq!(check(&x), check(&x));
        let _ = check(&Exchange { calls: &[], ..x });
    }

    #[test]
    fn an_answer_that_needs_no_more_has_no_findings_however_much_was_said_before(
        asked in anything(), before in prop::collection::vec(anything(), 0..4), answer in anything(), ended in 0..4_u8,
    ) {
        let alone = Exchange {
            ended: [Ended::Whole, Ended::Length, Ended::Tools, Ended::Other][usize::from(ended)],
            ..text(&asked, &answer)
        };
        if !needs_more(&alone, check(&alone)) {
            let before: Vec<_> = before.iter().map(String::as_str).collect();
            let found = check(&Exchange { before: &before, ..alone });
            prop_assert_eq!(found, Findings::default());
        }
    }

    #[test]
    fn what_is_read_of_a_text_is_bounded_and_is_in_it(text in anything(), times in 1_usize..40) {
        let text = text.repeat(times);
        let [head, tail] = clip::parts(&text);
        prop_assert!(head.len() + tail.len() <= 2 * clip::END);
        prop_assert!(text.starts_with(head) && text.ends_with(tail));
    }

    #[test]
    fn any_value_written_out_fits_a_schema_made_of_its_own_types(n in any::<i64>(), s in "[ -~é-ž]{0,40}", b in any::<bool>(), f in any::<f64>()) {
        let value = json!({"n": n, "s": s, "b": b, "f": if f.is_finite() { f } else { 0.5 }, "l": [s.clone()], "z": null});
        let schema = json!({"type": "object", "required": ["n", "s", "b", "f", "l", "z"], "additionalProperties": false, "properties": {
            "n": {"type": "integer", "enum": [n]}, "s": {"type": ["string", "null"]}, "b": {"type": "boolean"}, "f": {"type": "number"},
            "l": {"type": "array", "items": {"type": "string", "enum": [s]}}, "z": {"type": "null"}}});
        let written = value.to_string();
        let x = Exchange { format: Format::Schema(&schema), ..text("?", &written) };
        prop_assert_eq!(check(&x), Findings::default());
        let wrong: Value = json!({"type": "array"});
        let x = Exchange { format: Format::Schema(&wrong), ..x };
        prop_assert!(finds(&x, Finding::SchemaMismatch));
    }
}
