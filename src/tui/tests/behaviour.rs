//! What keys do, and what they must not do.

use super::{Desk, Flow, scene};
use crate::{
    model::{
        Class, Command, Kind, Phase, Reason, Verdict,
        drill::{Drill, DrillResult, DrillStep},
        event::Watch,
    },
    tui::{
        keys::{Context, TABLE},
        overlay::Overlay,
        theme::Palette,
    },
};
use crossterm::event::{Event, KeyCode, KeyModifiers};
use ratatui::layout::Size;
use scene::{PRIMARY, SECONDARY, TERTIARY};

fn answer(command: &str, refused: Option<&str>) -> Kind {
    Kind::Command {
        actor: "me".into(),
        command: command.into(),
        origin: None,
        ticket: None,
        refused: refused.map(Into::into),
    }
}

#[test]
fn a_force_is_sent_after_yes_and_never_before() {
    let mut desk = Desk::at(scene::calm());
    desk.press("o");
    assert!(desk.sent().is_empty());
    desk.press("y");
    assert_eq!(desk.sent(), [format!("force {PRIMARY} open --for 10m")]);
}

#[test]
fn no_is_the_default() {
    for no in ["\n", "n", "\u{1b}", "q"] {
        let mut desk = Desk::at(scene::calm());
        desk.press("o").press(no).press("y");
        assert!(desk.sent().is_empty(), "{no:?}");
    }
}

#[test]
fn a_question_that_was_not_on_screen_cannot_be_answered() {
    let mut desk = Desk::at(scene::calm());
    desk.key(KeyCode::Char('o'), KeyModifiers::NONE);
    desk.key(KeyCode::Char('y'), KeyModifiers::NONE);
    assert!(desk.sent().is_empty());
}

#[test]
fn a_question_in_a_window_too_small_to_read_is_not_asked() {
    let mut desk = Desk::at(scene::calm());
    desk.app.size = Size::new(20, 3);
    desk.press("oy");
    assert!(desk.sent().is_empty());
}

#[test]
fn the_last_healthy_tier_is_opened_only_by_its_typed_name() {
    let mut desk = Desk::at(scene::last_tier());
    desk.press("jjo").press("openai/gpt-4\n");
    assert!(desk.sent().is_empty());
    desk.press(".1\n");
    assert_eq!(desk.sent(), [format!("force {SECONDARY} open --for 10m")]);
}

#[test]
fn a_question_keeps_the_deployment_it_was_asked_about() {
    let mut desk = Desk::at(scene::calm());
    desk.press("o").then(|s| s.silence(1));
    desk.app.chosen = Some(TERTIARY.into());
    desk.press("y");
    assert_eq!(desk.sent(), [format!("force {PRIMARY} open --for 10m")]);
}

#[test]
fn pasted_text_never_acts() {
    let mut desk = Desk::at(scene::last_tier());
    assert_eq!(desk.app.handle(&Event::Paste("oyq:3".into())), Flow::Go);
    assert!(matches!(desk.app.overlay, Overlay::None));
    desk.press("jo");
    desk.app.handle(&Event::Paste(SECONDARY.into()));
    desk.press("\n");
    assert!(desk.sent().is_empty());
}

#[test]
fn pasted_text_lands_in_the_line_being_typed() {
    let mut desk = Desk::at(scene::incident());
    desk.press(":");
    desk.app.handle(&Event::Paste(format!("probe {PRIMARY}\n")));
    assert!(desk.sent().is_empty(), "the line feed sends nothing");
    desk.press("\n");
    assert_eq!(desk.sent(), [format!("probe {PRIMARY}")]);
}

#[test]
fn nothing_is_called_done_before_its_event() {
    let mut desk = Desk::at(scene::incident());
    desk.press("p");
    let line = format!("probe {PRIMARY}");
    assert!(
        desk.text(120, 40)
            .contains(&format!("sent: {line} (waiting)"))
    );
    desk.then(|s| s.silence(5));
    assert!(
        desk.text(120, 40)
            .contains(&format!("sent: {line} (waiting 0:05)"))
    );
    desk.then(|s| s.push(answer(&line, None)));
    assert!(desk.text(120, 40).contains(&format!("done: {line}")));
    desk.then(|s| s.silence(30));
    assert!(!desk.text(120, 40).contains("done:"));
}

#[test]
fn a_refusal_is_shown_with_its_reason() {
    let mut desk = Desk::at(scene::incident());
    desk.press("p").then(|s| {
        s.push(answer(
            &format!("probe {PRIMARY}"),
            Some("a probe is under way"),
        ));
    });
    assert!(
        desk.text(120, 40)
            .contains(&format!("REFUSED: probe {PRIMARY}: a probe is under way"))
    );
}

#[test]
fn an_older_event_is_no_answer() {
    let mut desk = Desk::at(scene::incident());
    desk.then(|s| s.push(answer(&format!("probe {PRIMARY}"), None)));
    desk.press("p").then(|s| s.silence(1));
    assert!(desk.text(120, 40).contains("(waiting)"));
}

#[test]
fn ones_own_force_is_released_without_a_question_and_anothers_is_not() {
    let mut desk = Desk::at(scene::forced());
    desk.press("r");
    assert!(desk.sent().is_empty(), "asks first");
    desk.press("n:").press(&format!("probe {PRIMARY}\n"));
    desk.then(|s| {
        s.push(Kind::Command {
            actor: "oncall".into(),
            command: format!("probe {PRIMARY}"),
            origin: None,
            ticket: None,
            refused: None,
        });
    });
    desk.press("r");
    assert_eq!(desk.sent()[1], format!("release {SECONDARY}"));
}

#[test]
fn freezing_stops_the_screen_and_counts_what_is_missed() {
    let mut desk = Desk::at(scene::calm());
    desk.press(" ").then(|s| {
        s.silence(42);
        s.push(answer("fault clear all", None));
    });
    let text = desk.text(120, 40);
    assert!(text.contains("FROZEN 0:42, 1 event behind"), "{text}");
    assert!(text.contains("14:03:22Z"));
    desk.press(" ");
    assert!(desk.text(120, 40).contains("14:04:04Z"));
}

#[test]
fn a_frozen_screen_steps_back_and_on() {
    let mut desk = Desk::at(scene::calm());
    for _ in 0..3 {
        desk.then(|s| {
            s.silence(10);
            s.push(answer("fault clear all", None));
        });
    }
    desk.press(" [[");
    assert!(desk.text(120, 40).contains("14:03:32Z"));
    desk.press("]");
    assert!(desk.text(120, 40).contains("14:03:42Z"));
    desk.press("]]]");
    assert!(desk.text(120, 40).contains("FROZEN 0:00, 0 events behind"));
}

#[test]
fn a_filter_keeps_the_rows_it_fits_and_escape_drops_it() {
    let mut desk = Desk::at(scene::calm());
    desk.press("/gem\n");
    assert!(!desk.text(80, 24).contains(SECONDARY));
    desk.press("o");
    assert!(matches!(&desk.app.overlay, Overlay::Confirm(d) if d.question().contains(TERTIARY)));
    desk.press("n\u{1b}");
    assert!(desk.text(80, 24).contains(SECONDARY));
}

#[test]
fn a_wrong_command_stays_to_be_mended_and_the_history_brings_lines_back() {
    let mut desk = Desk::at(scene::incident());
    desk.press(":froce\n");
    assert!(desk.text(120, 40).contains("froce"));
    desk.press("\u{1b}:probe nobody\n:↑");
    assert!(desk.text(120, 40).contains(":probe nobody"));
    assert_eq!(desk.sent(), ["probe nobody"]);
}

#[test]
fn a_fault_is_chosen_with_its_share() {
    let mut desk = Desk::at(scene::simulated());
    desk.press("f").press("jj").press("h\n").press("y");
    assert_eq!(
        desk.sent(),
        [format!("fault add {PRIMARY} bad-key --rate 50% --for 5m")]
    );
}

#[test]
fn faults_are_cleared_of_the_row_or_else_all() {
    let mut desk = Desk::at(scene::forced());
    desk.press("xjx");
    assert_eq!(
        desk.sent(),
        [
            "fault clear all".to_owned(),
            format!("fault clear {TERTIARY}")
        ]
    );
}

#[test]
fn rung_3_goes_off_without_a_question_and_on_with_a_word() {
    let mut desk = Desk::at(scene::forced());
    desk.press("3");
    assert_eq!(desk.sent(), ["rung3 off all"]);
    let mut desk = Desk::at(scene::calm());
    desk.press("3\n").press("al\n");
    assert!(desk.sent().is_empty());
    desk.press("l\n");
    assert_eq!(desk.sent(), ["rung3 on all --for 10m"]);
}

#[test]
fn suspending_asks_where_the_router_is_in_this_process() {
    let mut desk = Desk::at(scene::calm());
    assert_eq!(
        desk.key(KeyCode::Char('z'), KeyModifiers::CONTROL),
        Flow::Go
    );
    desk.app.drawn();
    assert_eq!(
        desk.key(KeyCode::Char('y'), KeyModifiers::NONE),
        Flow::Suspend
    );
    let mut replay = Desk::with(scene::calm(), Palette::Dark, false, true);
    assert_eq!(
        replay.key(KeyCode::Char('z'), KeyModifiers::CONTROL),
        Flow::Suspend
    );
}

#[test]
fn on_a_read_only_screen_nothing_is_ever_sent() {
    let mut desk = Desk::with(scene::forced(), Palette::Dark, false, true);
    for b in TABLE.iter().filter(|b| b.context == Context::Board) {
        for k in b.keys.iter().filter(|k| !k.ctrl) {
            desk.key(k.code, KeyModifiers::NONE);
            desk.app.drawn();
            desk.press("y\n\u{1b}");
        }
    }
    assert!(desk.sent().is_empty());
}

#[test]
fn the_help_tells_every_key_that_exists() {
    for read_only in [false, true] {
        let mut desk = Desk::with(scene::calm(), Palette::Dark, false, read_only);
        desk.press("?");
        let text = desk.text(140, 110);
        for b in TABLE {
            let told = text
                .lines()
                .any(|l| l.contains(b.shown) && l.contains(b.help));
            let here = b.context != Context::Tape;
            let exists = here && (!read_only || b.reach == crate::tui::keys::Reach::Look);
            assert_eq!(told, exists, "{} {}", b.shown, b.help);
        }
    }
}

#[test]
fn every_key_of_the_board_does_something_to_be_seen() {
    use crate::tui::keys::Action;
    for b in TABLE.iter().filter(|b| b.context == Context::Board) {
        for k in b.keys {
            let mut desk = Desk::at(scene::forced());
            // Somewhere in the middle, so that every direction is open.
            desk.then(|s| s.silence(20)).press("j");
            match b.action {
                Action::Back => drop(desk.press("\n")),
                Action::Wind(_) => drop(desk.looking_back()),
                _ => {}
            }
            desk.app.errands.clear();
            let before = (desk.text(120, 40), desk.sent(), Flow::Go);
            let bold = desk.draw(120, 40);
            let modifiers = if k.ctrl {
                KeyModifiers::CONTROL
            } else {
                KeyModifiers::NONE
            };
            let flow = desk.key(k.code, modifiers);
            let after = (desk.text(120, 40), desk.sent(), flow);
            let seen = before != after || bold != desk.draw(120, 40);
            assert!(seen || !desk.app.errands.is_empty(), "{}", b.shown);
        }
    }
}

#[test]
fn the_footer_keeps_what_matters_most() {
    let mut desk = Desk::at(scene::calm());
    desk.press(" ");
    let footer = |w: u16| {
        desk.text(w, 24)
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        footer(62).contains("? help") && footer(62).contains("q quit"),
        "{}",
        footer(62)
    );
    let wide = footer(340);
    for b in TABLE
        .iter()
        .filter(|b| b.context == Context::Board && !b.label.is_empty())
    {
        assert!(wide.contains(b.label), "{}", b.label);
    }
}

#[test]
fn the_summary_is_five_lines_and_says_what_is_still_on() {
    let text = crate::tui::Summary::of(&scene::forced().snapshot()).to_string();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        text.contains("STILL ON: gemini/gemini-2.5-pro fault status=503"),
        "{text}"
    );
}

#[test]
fn every_command_of_the_keys_reads_back_from_its_text() {
    let mut desk = Desk::at(scene::incident());
    for keys in ["p", "oy", "cy", "wy", "jjp"] {
        desk.press(keys);
    }
    let sent = desk.sent();
    assert_eq!(sent.len(), 5);
    for text in sent {
        assert_eq!(Command::parse(&text).unwrap().to_string(), text);
    }
}

#[test]
fn the_header_says_how_long_ago_the_last_drill_was_and_when_it_failed() {
    let mut desk = Desk::at(scene::calm());
    let text = desk.text(160, 40);
    assert!(!text.lines().next().unwrap().contains("drill"), "{text}");
    let ended = |result| {
        Kind::Drill(Drill {
            scenario: "bad-key-tuesday".to_owned(),
            step: DrillStep::Ended {
                result,
                why: String::new(),
            },
        })
    };
    desk.then(|s| {
        s.push(ended(DrillResult::Passed));
        s.silence(34 * 24 * 3600);
    });
    assert!(desk.text(160, 40).contains("drill 34d ago"));
    desk.then(|s| s.push(ended(DrillResult::Failed)));
    assert!(desk.text(160, 40).contains("drill failed 0:00 ago"));
}

#[test]
fn scrolling_ends_with_the_oldest_event_in_sight_in_the_detail_too() {
    for keys in ["\t", "\n\t"] {
        let mut desk = Desk::at(scene::incident());
        desk.then(|s| {
            for i in 0..30 {
                s.push(answer(&format!("probe {PRIMARY} {i}"), None));
            }
        });
        desk.press(keys).press(&"j".repeat(60));
        let text = desk.text(80, 24);
        let lines: Vec<_> = text.lines().collect();
        let last = lines[lines.len() - 3];
        assert!(
            last.contains("13:"),
            "an old event in the last line: {text}"
        );
        let (end, up) = (desk.app.scroll, desk.press("k").app.scroll);
        assert_eq!(up + 1, end, "the first key back moves");
    }
}

#[test]
fn the_mark_of_an_injected_failure_is_never_cut_off() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| {
        s.injected(Kind::Fallback {
            exchange: "req".into(),
            route: "summarize".into(),
            from: PRIMARY.into(),
            to: Some(SECONDARY.into()),
            verdict: Verdict::new(Class::Fault, "overloaded_error").status(529),
        });
    });
    let text = desk.text(80, 24);
    let brief = "claude-sonnet-4-5 -> gpt-4.1: fault 529 overloaded_error [injected]│";
    assert!(text.contains(&format!("14:03:22 · {brief}")), "{text}");
    assert!(desk.text(62, 24).contains("… [injected]│"));
    let whole = format!("{PRIMARY} -> {SECONDARY}: fault 529 overloaded_error [injected]");
    assert!(desk.text(200, 60).contains(&whole));
}

#[test]
fn what_harms_users_is_named_before_what_is_wrong_with_a_judge() {
    let mut desk = Desk::at(scene::drift());
    assert!(desk.text(80, 24).contains("\njudge drift  2 fell together"));
    desk.then(|s| {
        let verdict = Verdict::new(Class::Fault, "connect_refused");
        let reason = Reason::ProbeFailed { verdict };
        s.transition(TERTIARY, Phase::Closed, Phase::Open, reason, Some(300));
    });
    let text = desk.text(80, 24);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[1].starts_with("provider availability"), "{text}");
    assert!(
        lines[2].starts_with("judge drift  2 fell together"),
        "{text}"
    );
}

#[test]
fn a_blind_screen_says_so_first_and_then_why() {
    let text = Desk::at(scene::blind()).text(120, 40);
    let lines: Vec<_> = text.lines().collect();
    let blind = "BLIND  no answer is judged, only errors trip: every judge of another maker is";
    assert!(lines[1].starts_with(blind), "{text}");
    assert!(lines[2].starts_with("judge dismissed  openai/gpt-4.1-mini: "));
    assert!(lines[2].ends_with(", looked at again 14:07:55"), "{text}");
    assert_eq!(
        text.matches(" blind ").count(),
        4,
        "three rows and the chart: {text}"
    );
}

#[test]
fn one_deployment_without_a_judge_is_no_blind_screen() {
    let mut desk = Desk::at(scene::calm());
    desk.then(|s| {
        s.watch(
            SECONDARY,
            Watch {
                blind: true,
                ..Watch::default()
            },
        );
    });
    let text = desk.text(80, 24);
    assert!(
        text.contains("all quiet") && !text.contains("BLIND"),
        "{text}"
    );
    assert_eq!(text.matches("blind").count(), 1, "{text}");
}

#[test]
fn the_detail_says_how_the_last_canary_went() {
    let mut desk = Desk::at(scene::calm());
    desk.press("\n");
    assert!(!desk.text(120, 40).contains("canary"));
    desk.then(|s| {
        s.push(Kind::CanaryFailed {
            deployment: PRIMARY.into(),
            verdict: Verdict::new(Class::Fault, "overloaded_error").status(529),
        });
        s.silence(42);
    });
    let text = desk.text(120, 40);
    assert!(
        text.contains("canary   FAILED 0:42 ago: fault 529 overloaded_error"),
        "{text}"
    );
}

#[test]
fn bad_scores_of_two_minutes_are_one_line_for_each_deployment_and_hide_nothing_between_them() {
    let mut desk = Desk::at(scene::drift());
    desk.then(|s| {
        let suppressed = |what: &str| Kind::Suppressed {
            what: what.to_owned(),
            n: 7,
        };
        s.push(suppressed("scores"));
        s.push(suppressed("fallbacks"));
    });
    let text = desk.text(120, 40);
    assert!(!text.contains("scores not shown"), "{text}");
    assert!(text.contains("7 more fallbacks not shown"), "{text}");
    let line = |name: &str| format!("14:03:12 · 12x {name} judged 0.");
    assert_eq!(text.matches(" judged 0.").count(), 2 * 2, "{text}");
    assert!(
        text.contains(&line("claude-sonnet-4-5")) && text.contains(&line("gemini-2.5-pro")),
        "{text}"
    );
    assert!(text.contains("▲ judge drift: "), "{text}");
}

#[test]
fn equal_fallbacks_are_one_line_with_their_number_whatever_lies_between_them() {
    let mut desk = Desk::at(scene::calm());
    let fallback = |code: &str| Kind::Fallback {
        exchange: "req".into(),
        route: "summarize".into(),
        from: PRIMARY.into(),
        to: Some(SECONDARY.into()),
        verdict: Verdict::new(Class::Fault, code),
    };
    desk.then(|s| {
        for _ in 0..13 {
            s.push(fallback("headers_timeout"));
        }
        s.push(fallback("reset"));
        s.push(fallback("headers_timeout"));
    });
    let text = desk.text(200, 60);
    assert_eq!(text.matches("14x ").count(), 1, "{text}");
    assert_eq!(text.matches("fault headers_timeout").count(), 1, "{text}");
    assert_eq!(text.matches("fault reset").count(), 1, "{text}");
}

#[test]
fn equal_probes_are_one_line_and_a_failed_one_stays_apart() {
    let mut desk = Desk::at(scene::calm());
    let probed = |class, code: &str| Kind::Probed {
        deployment: PRIMARY.into(),
        verdict: Verdict::new(class, code),
        shadow: true,
    };
    desk.then(|s| {
        for _ in 0..5 {
            s.push(probed(Class::Ok, ""));
        }
        s.push(probed(Class::Fault, "reset"));
        s.push(probed(Class::Ok, ""));
    });
    let text = desk.text(200, 60);
    let lines: Vec<_> = text
        .lines()
        .filter(|l| l.contains("shadow probe"))
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(
        lines[0].contains("6x ") && lines[1].contains("reset"),
        "{text}"
    );
}
