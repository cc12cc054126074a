use super::normalise;
use proptest::prelude::*;

fn same(pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        assert_eq!(
            normalise(a),
            normalise(b),
            "{a:?} and {b:?} are one question"
        );
    }
}

fn different(pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        assert_ne!(
            normalise(a),
            normalise(b),
            "{a:?} and {b:?} are two questions"
        );
    }
}

#[test]
fn spelling_that_carries_no_meaning_is_ignored() {
    same(&[
        ("What is 2+2?", "what is 2+2"),
        (
            "What is the capital of France?",
            "what is the capital of france",
        ),
        ("How do I reset my password?", "how do i reset my password"),
        ("I forgot my password.", "i forgot my password"),
        ("I'm late", "i'm late"),
        ("  hello   world ", "hello world"),
        ("hello\u{a0}world", "hello world"),
        ("Hello!!!", "hello"),
        ("Really?!", "really"),
        ("And then…", "and then"),
        ("line one\r\n\r\nline two", "line one\nline two"),
        ("caf\u{e9}", "cafe\u{301}"),
        ("Ｈｅｌｌｏ　ｗｏｒｌｄ", "hello world"),
        ("日本の首都は？", "日本の首都は"),
        ("东京在哪里。", "东京在哪里"),
        ("ﬁnd the oﬃce", "find the office"),
        ("ﾊﾟﾝ", "パン"),
        (
            "Is \"Hello World\" a greeting?",
            "is \"Hello World\" a greeting",
        ),
        ("Explain `Vec<T>`.", "explain `Vec<T>`"),
        ("(Please) help", "(please) help"),
        ("Where is order 8841?", "where is order 8841"),
        ("Will it rain?", "will it rain"),
        (
            "What does\n```\nFoo  Bar\n```\ndo?",
            "what does\n```\nFoo  Bar\n```\ndo",
        ),
    ]);
}

#[test]
fn names_ids_and_code_keep_their_case() {
    different(&[
        ("print(i)", "Print(i)"),
        ("Explain print(i)", "Explain Print(i)"),
        ("What is the US", "what is the us"),
        ("Who is WHO", "who is who"),
        ("the IT team", "the it team"),
        ("status of ord_8841", "status of Ord_8841"),
        ("order A8841", "order a8841"),
        ("order Ab12cd", "order ab12cd"),
        ("iPhone", "IPhone"),
        ("is GitHub down", "is Github down"),
        ("learn R", "learn r"),
        ("what is I", "what is i"),
        ("open /Users/Me", "open /users/me"),
        ("read Foo.Bar", "read foo.bar"),
        ("https://x.io/Ab", "https://x.io/ab"),
        ("mail Ann@x.io", "mail ann@x.io"),
        ("Foo::New", "foo::new"),
        ("run it with -Name", "run it with -name"),
        ("define `Foo`", "define `foo`"),
        ("define 'Foo'", "define 'foo'"),
        ("define \"Foo\"", "define \"foo\""),
        ("define “Foo”", "define “foo”"),
        ("define «Foo»", "define «foo»"),
        ("```\nFoo\n```", "```\nfoo\n```"),
        ("```\nFoo", "```\nfoo"),
        ("X = 1, x = 2", "x = 1, x = 2"),
        ("should I Polish it", "should I polish it"),
        ("Wie alt sind Sie?", "Wie alt sind sie?"),
    ]);
}

#[test]
fn white_space_keeps_its_meaning_where_it_has_one() {
    different(&[
        ("say \"a  b\"", "say \"a b\""),
        ("run `a  b`", "run `a b`"),
        ("```\na  b\n```", "```\na b\n```"),
        ("if x:\n    y()\nz()", "if x:\n    y()\n    z()"),
        ("a:\n b: 1", "a:\nb: 1"),
        ("a b\tc", "a\tb c"),
        ("sort\na\nb", "sort a b"),
        ("a * b", "a *b"),
        ("there for", "therefor"),
    ]);
}

#[test]
fn punctuation_keeps_its_meaning_where_it_has_one() {
    different(&[
        ("What is 5!", "What is 5"),
        ("What is 5!?", "What is 5?"),
        ("What is n!", "What is n"),
        ("What is (n)!", "What is (n)"),
        ("git add .", "git add"),
        ("explain the operator ?", "explain the operator !"),
        ("cd ..", "cd"),
        ("what is \"why?\"", "what is \"why\""),
        ("let's eat, grandma", "let's eat grandma"),
        ("$x = 'a.'", "$x = 'a'"),
        ("10.5", "105"),
    ]);
}

#[test]
fn other_words_and_numbers_are_other_questions() {
    different(&[
        ("What is 10²?", "What is 102?"),
        ("What is x½", "What is x12"),
        ("Is 𝐱 bold", "Is x bold"),
        ("order 8841", "order 8814"),
        ("can I drive", "can I not drive"),
        ("can I drive", "can't I drive"),
        ("enable 2FA", "disable 2FA"),
        ("English to French", "French to English"),
        ("refund 1,000", "refund 1.000"),
        ("costs -5", "costs 5"),
        ("résumé", "resume"),
        ("Straße", "Strasse"),
    ]);
}

#[test]
fn nothing_is_left_of_nothing() {
    assert_eq!(normalise(""), "");
    assert_eq!(normalise(" \n\t "), "");
    assert_eq!(normalise("?"), "?");
}

#[test]
fn a_mark_that_takes_another_form_changes_nothing_the_second_time() {
    let once = normalise(" I \u{ff9f}(5");
    assert_eq!(normalise(&once), once);
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing_more(text in "\\PC*") {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }

    #[test]
    fn normalising_marks_and_spaces_twice_changes_nothing_more(
        text in "([A-Za-z5I]|[ \n\t'\"`~.?!…=_:/(){}]|[＂＇｀？．！＝／ＡİΣßﾊﾟ\u{301}\u{1fef}\u{37e}\u{a0}“”„«»‘’「」]|```| I | \n){0,24}"
    ) {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }
}
