//! The table is whole, and says the same everywhere.

use super::*;
use crate::model::Command;
use clap::Subcommand;
use std::collections::HashSet;

const LIVE: Desk = Desk {
    orders: Orders::Taken,
    tape: false,
    frozen: false,
    home: true,
    drill: When::Idle,
    laid: Laid {
        forces: false,
        faults: false,
        rung3: false,
    },
    known: Known::Deployments,
};
const REPLAY: Desk = Desk {
    orders: Orders::Refused,
    tape: true,
    ..LIVE
};

#[test]
fn a_key_means_one_thing_in_a_place() {
    let mut seen = HashSet::new();
    for b in TABLE {
        for k in b.keys {
            assert!(
                seen.insert((b.context, format!("{k:?}"))),
                "{} twice",
                b.shown
            );
        }
    }
}

#[test]
fn every_key_finds_its_action() {
    for b in TABLE {
        for k in b.keys {
            let modifiers = if k.ctrl {
                KeyModifiers::CONTROL
            } else {
                KeyModifiers::NONE
            };
            let desk = if b.context == Context::Tape {
                REPLAY
            } else {
                let drill = match b.when {
                    When::Drilling => When::Drilling,
                    _ => When::Idle,
                };
                Desk { drill, ..LIVE }
            };
            let found = find(b.context, KeyEvent::new(k.code, modifiers), desk);
            assert_eq!(found.map(|f| f.action), Some(b.action), "{}", b.shown);
        }
    }
}

#[test]
fn on_a_read_only_screen_no_key_sends_a_command() {
    for b in TABLE.iter().filter(|b| b.reach > Reach::Look) {
        for k in b.keys {
            for (tape, drill) in [
                (false, When::Idle),
                (false, When::Drilling),
                (true, When::Idle),
            ] {
                let desk = Desk {
                    orders: Orders::Refused,
                    tape,
                    frozen: false,
                    home: true,
                    drill,
                    laid: Laid::default(),
                    known: Known::Deployments,
                };
                let found = find(b.context, KeyEvent::new(k.code, KeyModifiers::NONE), desk);
                assert!(found.is_none_or(|f| f.reach == Reach::Look), "{}", b.shown);
            }
        }
    }
}

#[test]
fn a_drill_is_aborted_while_it_runs_and_another_begun_when_it_is_over() {
    let offered = |drill| {
        let desk = Desk { drill, ..LIVE };
        let of_drill = holding(Context::Drill, desk).filter(|b| b.context == Context::Drill);
        of_drill.map(|b| b.action).collect::<Vec<_>>()
    };
    assert_eq!(offered(When::Drilling), [Action::Abort, Action::Back]);
    assert_eq!(offered(When::Idle), [Action::Drill, Action::Back]);
}

#[test]
fn in_a_replay_a_key_means_one_thing_too() {
    let mut seen = HashSet::new();
    for b in existing(REPLAY).filter(|b| b.is_in(Context::Board)) {
        for k in b.keys {
            assert!(seen.insert(format!("{k:?}")), "{} twice", b.shown);
        }
    }
    assert!(existing(REPLAY).all(|b| b.action != Action::Freeze));
    assert!(existing(LIVE).all(|b| b.context != Context::Tape));
}

#[test]
fn no_word_of_the_screen_is_a_word_of_a_command_or_there_twice() {
    let commands = Command::augment_subcommands(clap::Command::new(""));
    let known: Vec<_> = commands
        .get_subcommands()
        .flat_map(clap::Command::get_name_and_visible_aliases)
        .collect();
    assert!(known.contains(&"fault"));
    for desk in [LIVE, REPLAY] {
        let mut seen = HashSet::new();
        for b in existing(desk).filter(|b| !b.word.is_empty()) {
            assert!(!known.contains(&b.word), "{}", b.word);
            assert!(seen.insert(b.word), "{} twice", b.word);
            assert_eq!(b.reach, Reach::Look, "{} sends a command", b.word);
        }
        assert!(seen.contains("requests") && seen.contains("overview"));
    }
}

#[test]
fn the_footer_begins_with_the_keys_of_the_view_and_the_way_out_of_it() {
    let away = Desk {
        home: false,
        ..LIVE
    };
    let firsts = |context, n| {
        let offered = offered(context, away);
        offered.iter().take(n).map(|b| b.label).collect::<Vec<_>>()
    };
    assert_eq!(
        firsts(Context::Faults, 4),
        ["clear", "change", "add", "back"]
    );
    assert_eq!(firsts(Context::Requests, 2), ["attempts", "back"]);
    assert_eq!(firsts(Context::Board, 2), ["back", "force open"]);
    assert_eq!(firsts(Context::Drill, 2), ["another", "leave it"]);
    let home = offered(Context::Board, LIVE);
    assert!(home.iter().all(|b| b.action != Action::Back));
}

#[test]
fn the_footer_keeps_what_takes_off_what_is_laid_over_the_router() {
    let rank = |action, laid| {
        let desk = Desk { laid, ..LIVE };
        let b = offered(Context::Board, desk)
            .into_iter()
            .find(|b| b.action == action);
        b.map(|b| b.rank(desk))
    };
    let (none, all) = (
        Laid::default(),
        Laid {
            forces: true,
            faults: true,
            rung3: true,
        },
    );
    for off in [Action::Release, Action::ClearFaults, Action::Rung3] {
        assert!(rank(off, all) <= rank(Action::ForceClosed, all), "{off:?}");
        assert!(rank(off, none) > rank(off, all), "{off:?}");
    }
}

#[test]
fn the_footer_of_a_moment_that_has_passed_begins_with_the_keys_of_time() {
    let frozen = Desk {
        frozen: true,
        home: false,
        ..LIVE
    };
    let labels = offered(Context::Board, frozen).into_iter().map(|b| b.label);
    let labels: Vec<_> = labels.take(7).collect();
    let times = ["freeze", "back 1s", "on 1s", "on 1m", "time", "next move"];
    assert_eq!((labels[0], &labels[1..]), ("back", &times[..]));
}

#[test]
fn every_key_of_the_table_is_in_the_manual() {
    let told: Vec<_> = manual().flat_map(|keys| keys.all).collect();
    assert_eq!(told.len(), TABLE.len());
    for b in TABLE {
        let entry = told
            .iter()
            .find(|(shown, text)| *shown == b.shown && *text == b.told());
        assert!(entry.is_some(), "{} {}", b.shown, b.help);
    }
}

#[test]
fn before_the_first_state_there_are_the_keys_that_need_none() {
    let unborn = Desk {
        known: Known::Nothing,
        ..LIVE
    };
    let labels = |context, desk| {
        let offered = offered(context, desk).into_iter().map(|b| b.label);
        offered.collect::<Vec<_>>()
    };
    assert_eq!(
        labels(Context::Board, unborn),
        ["wall", "save", "mouse", "help", "quit"]
    );
    for b in TABLE.iter().filter(|b| b.reach > Reach::Look) {
        for k in b.keys {
            let event = KeyEvent::new(k.code, KeyModifiers::NONE);
            let found = find(Context::Board, event, unborn);
            assert!(found.is_none_or(|f| f.reach == Reach::Look), "{}", b.shown);
        }
    }
    assert!(!holding(Context::Board, unborn).any(|b| b.action == Action::Freeze));
    let away = Desk {
        home: false,
        ..unborn
    };
    assert!(labels(Context::Wall, away).contains(&"back"));
}

#[test]
fn without_a_deployment_no_key_about_one_is_offered() {
    let empty = Desk {
        known: Known::Empty,
        ..LIVE
    };
    let offered = offered(Context::Board, empty);
    let has = |action| offered.iter().any(|b| b.action == action);
    assert!(!has(Action::ForceOpen) && !has(Action::Detail) && !has(Action::Probe));
    assert!(has(Action::Events) && has(Action::Zoom) && has(Action::Quit));
}
