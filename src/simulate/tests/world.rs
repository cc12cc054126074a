use super::*;
use crate::simulate::parse;

fn world(text: &str) -> World {
    World::new(&parse("w.toml", text).unwrap(), Mono::default())
}

fn arrivals(world: &mut World, until: u64) -> Vec<Mono> {
    let mut rng = fastrand::Rng::with_seed(9);
    let mut all = Vec::new();
    let mut now = Mono::default();
    while let Some(next) = world
        .next_arrival(now, &mut rng)
        .filter(|at| *at < Mono::from_secs(until))
    {
        now = next;
        all.push(now);
    }
    all
}

#[test]
fn traffic_comes_at_its_rate_and_follows_its_steps() {
    let mut world = world(
        "rate_rps = 20\n[[providers]]\nid = \"a\"\n[[traffic]]\nt = 1000\nmult = 0\n\
         [[traffic]]\nt = 2000\nmult = 2",
    );
    let all = arrivals(&mut world, 3_000);
    let within = |from, to| {
        let span = Mono::from_secs(from)..Mono::from_secs(to);
        all.iter().filter(|at| span.contains(at)).count()
    };
    assert!(
        (19_400..20_600).contains(&within(0, 1_000)),
        "{}",
        within(0, 1_000)
    );
    assert_eq!(within(1_000, 2_000), 0);
    assert!(
        (39_000..41_000).contains(&within(2_000, 3_000)),
        "{}",
        within(2_000, 3_000)
    );
}

#[test]
fn traffic_that_ends_for_good_brings_nobody() {
    let mut world = world("[[providers]]\nid = \"a\"\n[[traffic]]\nt = 10\nmult = 0");
    assert!(arrivals(&mut world, 100_000).len() < 200);
}

#[test]
fn every_share_is_what_the_phase_says() {
    let mut world = world(
        "[[providers]]\nid = \"a\"\nphases = [{ c401 = 0.1, hang = 0.1, err = 0.1, c429 = 0.1, \
         c400 = 0.1, garbage = 0.2, mediocre = 0.2 }]",
    );
    let mut rng = fastrand::Rng::with_seed(4);
    let n = 100_000;
    let fates: Vec<Fate> = (0..n).map(|_| world.send(0, Mono(1), &mut rng).0).collect();
    for (fate, share) in [
        (Fate::Locked, 0.1),
        (Fate::Silent, 0.1),
        (Fate::Failed, 0.1),
        (Fate::Limited, 0.1),
        (Fate::Mistaken, 0.1),
        (Fate::Answered(Worth::Garbage), 0.1),
        (Fate::Answered(Worth::Mediocre), 0.1),
        (Fate::Answered(Worth::Good), 0.3),
    ] {
        let seen = fates.iter().filter(|f| **f == fate).count();
        let seen = crate::simulate::stats::real(seen as u64) / f64::from(n);
        assert!((seen - share).abs() < 0.01, "{fate:?}: {seen}");
    }
}

#[test]
fn a_healthy_provider_has_its_background() {
    let mut world = world("[[providers]]\nid = \"a\"");
    let mut rng = fastrand::Rng::with_seed(4);
    let fates: Vec<Fate> = (0..200_000)
        .map(|_| world.send(0, Mono(1), &mut rng).0)
        .collect();
    let count = |fate| fates.iter().filter(|f| **f == fate).count();
    assert!(
        (900..1_100).contains(&count(Fate::Failed)),
        "{}",
        count(Fate::Failed)
    );
    let garbage = count(Fate::Answered(Worth::Garbage));
    assert!((330..470).contains(&garbage), "{garbage}");
}

#[test]
fn over_its_capacity_a_provider_refuses() {
    let mut world = world("[[providers]]\nid = \"a\"\nphases = [{ capacity_rps = 4 }]");
    let mut rng = fastrand::Rng::with_seed(4);
    let fates = (0..1_000_u64).map(|i| world.send(0, Mono(i * 100_000), &mut rng).0);
    let refused = fates.filter(|f| *f == Fate::Overloaded).count();
    assert!(
        (590..=600).contains(&refused),
        "{refused} of 1000 at ten a second"
    );
}

#[test]
fn latencies_lie_around_their_median_and_what_is_too_slow_hangs() {
    let mut world = world("[[providers]]\nid = \"a\"\nphases = [{ latency_ms = 4000 }]");
    let mut rng = fastrand::Rng::with_seed(4);
    let all: Vec<(Fate, Duration)> = (0..20_000)
        .map(|_| world.send(0, Mono(1), &mut rng))
        .collect();
    let below = all
        .iter()
        .filter(|(_, t)| *t < Duration::from_secs(4))
        .count();
    assert!((9_700..10_300).contains(&below), "{below}");
    assert!(all.iter().all(|(_, t)| *t <= TTFT_DEADLINE));
    let hung = all.iter().filter(|(fate, _)| *fate == Fate::Silent).count();
    assert!((100..1_500).contains(&hung), "{hung}");
}
