use super::*;
use std::collections::HashMap;

const EVERY: Duration = Duration::from_mins(5);

fn canary(deployments: &[&str], prompts: &[&str]) -> Canary {
    let prompts = prompts.iter().map(|p| CanaryPrompt::of((*p).to_owned()));
    Canary::of(
        prompts.collect(),
        deployments.iter().map(|d| DeploymentId::from(*d)).collect(),
    )
}

fn schedule(canary: &Canary, seed: u64) -> Schedule {
    let mut schedule = Schedule::new(seed);
    schedule.follow(Some(canary), Mono::default());
    schedule
}

/// Everything that falls due in so many seconds, looked at twice a second.
fn run(
    schedule: &mut Schedule,
    secs: std::ops::Range<u64>,
    heard: impl Fn(u64) -> Option<Mono>,
) -> Vec<(f64, Due)> {
    run_suspected(schedule, secs, heard, |_| false)
}

fn run_suspected(
    schedule: &mut Schedule,
    secs: std::ops::Range<u64>,
    heard: impl Fn(u64) -> Option<Mono>,
    suspected: impl Fn(u64) -> bool,
) -> Vec<(f64, Due)> {
    let mut all = Vec::new();
    for half in secs.start * 2..secs.end * 2 {
        let now = Mono(half * 500_000);
        let due = schedule.due(now, |_| heard(half / 2), |_| suspected(half / 2));
        all.extend(
            due.into_iter()
                .map(|d| (now.since(Mono::default()).as_secs_f64(), d)),
        );
    }
    all
}

fn never(_: u64) -> Option<Mono> {
    None
}

#[test]
fn without_a_section_nobody_is_asked() {
    let mut schedule = Schedule::new(1);
    schedule.follow(None, Mono::default());
    assert_eq!(run(&mut schedule, 0..3_600, never), []);
}

#[test]
fn each_is_asked_once_per_interval_and_first_within_one() {
    for seed in 0..50 {
        let names = ["a/m", "b/m", "c/m"];
        let all = run(
            &mut schedule(&canary(&names, &["q"]), seed),
            0..36_000,
            never,
        );
        let mut last: HashMap<DeploymentId, f64> = HashMap::new();
        for (at, due) in &all {
            let gap = at - last.insert(due.deployment.clone(), *at).unwrap_or(0.0);
            let shortest = if *at < 361.0 { 0.0 } else { 239.0 };
            assert!(
                (shortest..=361.0).contains(&gap),
                "seed {seed}: {gap} at {at}"
            );
        }
        assert!(
            (357..=363).contains(&all.len()),
            "seed {seed}: {}",
            all.len()
        );
    }
}

#[test]
fn no_two_fire_within_a_second_of_each_other_more_than_by_chance() {
    let names: Vec<String> = (0..10).map(|i| format!("p/m{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = run(&mut schedule(&canary(&names, &["q"]), 7), 0..36_000, never);
    let together = all.windows(2).filter(|w| w[1].0 - w[0].0 < 1.0).count();
    assert!(together * 50 < all.len(), "{together} of {}", all.len());
}

#[test]
fn two_processes_that_start_together_ask_at_different_times() {
    let canary = canary(&["a/m"], &["q"]);
    let firsts: Vec<f64> = (0..20)
        .map(|seed| run(&mut schedule(&canary, seed), 0..400, never)[0].0)
        .collect();
    let (least, most) = firsts
        .iter()
        .fold((f64::MAX, 0.0_f64), |(l, m), x| (l.min(*x), m.max(*x)));
    assert!(most - least > 150.0, "{firsts:?}");
}

#[test]
fn the_prompts_take_turns_at_each_deployment() {
    let all = run(
        &mut schedule(&canary(&["a/m", "b/m"], &["one", "two", "three"]), 3),
        0..3_000,
        never,
    );
    for name in ["a/m", "b/m"] {
        let asked = all.iter().filter(|(_, d)| &*d.deployment == name);
        let asked: Vec<&str> = asked.map(|(_, d)| d.prompt.ask.as_str()).collect();
        assert_eq!(asked[..4], ["one", "two", "three", "one"]);
    }
}

#[test]
fn whoever_has_answered_users_is_left_alone_until_it_was_quiet_for_an_interval() {
    let busy = |sec: u64| Some(Mono::from_secs(sec.min(3_600)));
    let mut schedule = schedule(&canary(&["a/m"], &["q"]), 5);
    let all = run(&mut schedule, 0..7_200, busy);
    let first = all.first().expect("it becomes quiet").0;
    assert!((3_900.0..=4_260.0).contains(&first), "{first}");
    assert!(all.len() > 8 && all.iter().all(|(_, d)| d.quiet));
}

#[test]
fn one_that_is_asked_on_busy_days_too_is_told_that_it_is_not_quiet() {
    let busy = |sec: u64| Some(Mono::from_secs(sec));
    let canary = Canary {
        only_when_quiet: false,
        ..canary(&["a/m"], &["q"])
    };
    let all = run(&mut schedule(&canary, 5), 0..3_600, busy);
    assert!(all.len() >= 11 && all.iter().all(|(_, d)| !d.quiet));
}

#[test]
fn time_in_which_nobody_looked_is_not_made_up_for() {
    let mut schedule = schedule(&canary(&["a/m"], &["q"]), 9);
    run(&mut schedule, 0..600, never);
    let after = run(&mut schedule, 90_000..90_240, never);
    assert!((1..=2).contains(&after.len()), "{after:?}");
}

#[test]
fn the_same_configuration_again_changes_nothing_and_another_takes_over() {
    let one = canary(&["a/m"], &["q"]);
    let mut schedule = schedule(&one, 11);
    let due = schedule.seats[0].due;
    schedule.follow(Some(&one), Mono::from_secs(1));
    assert_eq!(schedule.seats[0].due, due);
    let other = Canary {
        every: EVERY / 5,
        ..canary(&["b/m"], &["other"])
    };
    schedule.follow(Some(&other), Mono::from_secs(1));
    let all = run(&mut schedule, 1..301, never);
    assert!((4..=5).contains(&all.len()), "{all:?}");
    assert!(all.iter().all(|(_, d)| d.prompt.ask == "other"));
}

#[test]
fn one_under_suspicion_is_asked_four_times_as_often_and_then_as_before() {
    for seed in 0..50 {
        let mut schedule = schedule(&canary(&["a/m", "b/m"], &["q"]), seed);
        let suspected = |sec: u64| (3_600..7_200).contains(&sec);
        let all = run_suspected(&mut schedule, 0..10_800, never, suspected);
        let at = |name: &str, from: f64| {
            let asked = all.iter().filter(|(_, d)| &*d.deployment == name);
            let asked = asked.filter(|(at, _)| (from..from + 3_600.0).contains(at));
            asked.map(|(at, _)| *at).collect::<Vec<_>>()
        };
        for name in ["a/m", "b/m"] {
            let during = at(name, 3_600.0);
            assert!(
                during[0] - 3_600.0 <= 75.0 * (1.0 + JITTER) + 0.5,
                "seed {seed}: {during:?}"
            );
            assert!((46..=50).contains(&during.len()), "seed {seed}: {during:?}");
            for ordinary in [at(name, 0.0), at(name, 7_200.0)] {
                assert!(
                    (11..=14).contains(&ordinary.len()),
                    "seed {seed}: {ordinary:?}"
                );
            }
        }
    }
}

#[test]
fn a_suspicion_that_comes_and_goes_keeps_nobody_from_being_asked() {
    let mut schedule = schedule(&canary(&["a/m"], &["q"]), 13);
    let all = run_suspected(&mut schedule, 0..36_000, never, |sec| sec.is_multiple_of(2));
    assert!(all.len() >= 118, "{}", all.len());
}

#[test]
fn a_suspicion_about_one_hurries_no_other() {
    let mut schedule = schedule(&canary(&["a/m", "b/m"], &["q"]), 17);
    let mut asked: HashMap<DeploymentId, u32> = HashMap::new();
    for sec in 0..3_600 {
        for due in schedule.due(Mono::from_secs(sec), |_| None, |id| &**id == "a/m") {
            *asked.entry(due.deployment).or_default() += 1;
        }
    }
    assert!(
        (46..=49).contains(&asked[&DeploymentId::from("a/m")]),
        "{asked:?}"
    );
    assert!(
        (11..=13).contains(&asked[&DeploymentId::from("b/m")]),
        "{asked:?}"
    );
}
