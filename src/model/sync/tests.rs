//! What a screen in another process may rely on.

use super::*;
use crate::model::{
    State, Wall,
    state::tests::{T0, run, some_kind, views::full},
};
use proptest::prelude::*;

/// What the router says, as the screen reads it.
fn read(text: &str) -> Update {
    match serde_json::from_str(text).unwrap() {
        ToScreen::Update(update) => *update,
        other => panic!("{other:?}"),
    }
}

fn send(router: &mut Mirror, screen: &mut Mirror, now: &Snapshot, history: History) -> usize {
    let text = router.send(now, history).unwrap();
    screen.take(read(&text)).unwrap();
    text.len()
}

proptest! {
    #[test]
    fn a_screen_shows_what_the_router_shows_however_much_of_it_was_left_out_before(
        kinds in prop::collection::vec((0..3_000_u64, some_kind()), 1..60),
        steps in prop::collection::vec((1..12_usize, any::<bool>()), 0..12),
    ) {
        let (_, events) = run(kinds);
        let (mut state, mut router, mut screen) = (State::new(), Mirror::default(), Mirror::default());
        let mut events = events.iter();
        for (n, all) in steps {
            for event in events.by_ref().take(n) {
                state.apply(event);
            }
            let history = if all { History::All } else { History::None };
            send(&mut router, &mut screen, &state.snapshot(state.at()), history);
        }
        for event in events {
            state.apply(event);
        }
        let now = state.snapshot(state.at());
        send(&mut router, &mut screen, &now, History::All);
        prop_assert_eq!(screen.snapshot().unwrap(), now);
    }
}

#[test]
fn a_screen_of_twenty_deployments_begins_at_once_and_has_everything_some_messages_later() {
    let now = full();
    let (mut router, mut screen) = (Mirror::default(), Mirror::default());
    let mut messages = Vec::new();
    while !router.is_whole() {
        messages.push(send(&mut router, &mut screen, &now, History::All));
        let shown = screen.snapshot().unwrap();
        assert_eq!(shown.clone().standing(), now.clone().standing());
        assert!(!shown.events.is_empty() && !shown.deployments[19].points.is_empty());
    }
    assert!(messages.iter().all(|n| *n <= MOST_BYTES), "{messages:?}");
    assert!(messages.len() <= 16, "{messages:?}");
    assert_eq!(screen.snapshot().unwrap(), now);
}

#[test]
fn a_screen_that_is_too_slow_gets_how_things_stand_without_history() {
    let now = full();
    let (mut router, mut screen) = (Mirror::default(), Mirror::default());
    let bytes = send(&mut router, &mut screen, &now, History::None);
    assert_eq!(screen.snapshot().unwrap(), now.standing());
    assert!(bytes < MOST_BYTES / 2, "{bytes}");
}

#[test]
fn a_second_in_which_nothing_happened_is_a_few_bytes() {
    let (state, _) = run([]);
    let (mut router, mut screen) = (Mirror::default(), Mirror::default());
    send(
        &mut router,
        &mut screen,
        &state.snapshot(Wall(T0)),
        History::All,
    );
    let bytes = send(
        &mut router,
        &mut screen,
        &state.snapshot(Wall(T0 + 1_000)),
        History::All,
    );
    assert!(bytes < 100, "{bytes}");
}

#[test]
fn a_message_that_was_missed_is_noticed_and_healed_by_beginning_anew() {
    let (state, _) = run([]);
    let (mut router, mut screen) = (Mirror::default(), Mirror::default());
    let at = |second: u64| state.snapshot(Wall(T0 + second * 1_000));
    send(&mut router, &mut screen, &at(0), History::All);
    let _lost = router.send(&at(1), History::All).unwrap();
    let next = read(&router.send(&at(2), History::All).unwrap());
    let missed = screen.take(next).unwrap_err();
    assert_eq!(missed, "message 2 came where 1 was due");
    router = Mirror::default();
    send(&mut router, &mut screen, &at(3), History::All);
    assert_eq!(screen.snapshot().unwrap(), at(3));
}

#[test]
fn what_another_version_says_beyond_ours_is_left_out() {
    let (state, _) = run([]);
    let mut standing = serde_json::to_value(state.snapshot(Wall(T0))).unwrap();
    standing["colour_of_the_box"] = "grey".into();
    let update =
        serde_json::json!({"message": "update", "n": 0, "standing": [standing], "more": 1});
    let mut screen = Mirror::default();
    screen.take(read(&update.to_string())).unwrap();
    assert_eq!(
        screen.snapshot().unwrap(),
        state.snapshot(Wall(T0)).standing()
    );
}
