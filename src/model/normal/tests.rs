use super::*;
use crate::model::{
    Force, ForceKind, Phase,
    fault::{Fault, FaultKind, Only},
    series::{Mean, Share},
    snapshot::{FaultView, RouteView},
    state::tests_support::deployment,
};
use std::time::Duration;

/// Tuesday 2026-03-10, 14:00 UTC.
const TUESDAY_14: u64 = 1_773_151_200;
const HOUR: u64 = 3_600;
const WEEK: u64 = 168 * HOUR;

/// Two deployments of one route and one of another; 200 attempts in five minutes each.
fn snapshot(sec: u64) -> Snapshot {
    let one = |id: &str, route: &str| DeploymentView {
        tier: Some((route.into(), 0)),
        errors_5m: Share { bad: 1, n: 200 },
        judge_1h: Mean { sum: 36.0, n: 40 },
        p95: Some(Duration::from_secs(2)),
        attempts_per_s: 30.0,
        ..deployment(id)
    };
    let route = |id: &str, tiers: &[&str]| {
        let tiers = tiers.iter().map(|t| DeploymentId::from(*t));
        RouteView::new(id.into(), tiers.collect())
    };
    Snapshot {
        at: Wall(sec * 1000),
        judge_min_n: 5,
        deployments: vec![one("p/a", "r"), one("p/b", "r"), one("q/c", "s")],
        routes: vec![route("r", &["p/a", "p/b"]), route("s", &["q/c"])],
        ..Snapshot::default()
    }
}

/// So many minutes from `sec` on, each as `change` makes it; the last that was told.
fn minutes(
    keeper: &mut Keeper,
    (sec, n): (u64, u64),
    change: impl Fn(&mut Snapshot),
) -> Option<Vec<Normal>> {
    let mut told = None;
    for minute in 0..n {
        let mut s = snapshot(sec + minute * 60);
        change(&mut s);
        told = keeper.minute(&s).or(told);
    }
    told
}

fn of<'a>(all: &'a [Normal], id: &str) -> Option<&'a Normal> {
    all.iter().find(|n| &*n.deployment == id)
}

fn open(s: &mut Snapshot) {
    s.deployments[0].phase = Phase::Open;
    s.deployments[0].errors_5m = Share { bad: 100, n: 200 };
}

/// What is normal in a later hour.
fn later(keeper: &Keeper, sec: u64) -> Vec<Normal> {
    keeper.at(&snapshot(sec))
}

#[test]
fn the_week_begins_on_monday_at_midnight_utc() {
    assert_eq!(hour_of_week(Wall(TUESDAY_14 * 1000)).0, 24 + 14);
    let monday = Wall(345_600_000);
    assert_eq!(hour_of_week(monday), (0, 1), "1970-01-05 was a Monday");
}

#[test]
fn an_hour_of_the_week_is_known_after_thirty_good_minutes() {
    for (good, known) in [(29, false), (30, true)] {
        let mut keeper = Keeper::default();
        // A quarter of an hour has to pass before a minute counts, here on other hours' minutes.
        minutes(&mut keeper, (TUESDAY_14, good), |_| {});
        minutes(&mut keeper, (TUESDAY_14 + 5 * HOUR, 1), |_| {});
        let next = later(&keeper, TUESDAY_14 + WEEK);
        assert_eq!(of(&next, "p/a").is_some(), known, "{good} minutes");
        assert!(later(&keeper, TUESDAY_14 + WEEK + 10 * HOUR).is_empty());
    }
}

#[test]
fn an_hour_that_is_not_known_borrows_from_its_neighbours_and_says_so() {
    let mut keeper = Keeper::default();
    minutes(&mut keeper, (TUESDAY_14, 60), |_| {});
    minutes(&mut keeper, (TUESDAY_14 + 5 * HOUR, 1), |_| {});
    let next = later(&keeper, TUESDAY_14 + HOUR + WEEK);
    let origin = |neighbours, hour| Origin::Learned {
        hour,
        weeks: 1,
        neighbours,
    };
    assert_eq!(of(&next, "p/a").unwrap().origin, origin(true, 39));
    let own = later(&keeper, TUESDAY_14 + WEEK);
    assert_eq!(of(&own, "p/a").unwrap().origin, origin(false, 38));
}

#[test]
fn weeks_add_up_and_those_older_than_four_are_forgotten() {
    let mut keeper = Keeper::default();
    for week in 0..7 {
        minutes(&mut keeper, (TUESDAY_14 + week * WEEK, 40), |_| {});
        minutes(
            &mut keeper,
            (TUESDAY_14 + week * WEEK + 5 * HOUR, 1),
            |_| {},
        );
    }
    let all = later(&keeper, TUESDAY_14 + 7 * WEEK);
    let normal = of(&all, "p/a").unwrap();
    assert!(
        matches!(normal.origin, Origin::Learned { weeks: 4, .. }),
        "{normal:?}"
    );
    assert_eq!(normal.bands.rate.unwrap().n, 160);
    assert!(later(&keeper, TUESDAY_14 + 12 * WEEK).is_empty());
}

#[test]
fn an_incident_does_not_become_normal_nor_does_what_shortly_came_before_it() {
    let mut keeper = Keeper::default();
    minutes(&mut keeper, (TUESDAY_14, 40), |s| {
        s.deployments[0].errors_5m = Share { bad: 60, n: 200 };
    });
    minutes(&mut keeper, (TUESDAY_14 + 40 * 60, 10), open);
    minutes(&mut keeper, (TUESDAY_14 + 50 * 60, 10), |_| {});
    minutes(&mut keeper, (TUESDAY_14 + 5 * HOUR, 1), |_| {});
    let all = later(&keeper, TUESDAY_14 + WEEK);
    // 40 minutes less the 15 before the trip, and the 10 after the incident.
    let hour = of(&all, "p/a").unwrap().bands;
    assert_eq!(hour.rate.unwrap().n, 25 + 10);
    // Five minutes have to pass until no window of five holds anything of it, an hour for the judge's.
    assert_eq!(hour.errors.unwrap().n, 25 + 6);
    assert_eq!(hour.judge.unwrap().n, 25);
    assert!(hour.errors.unwrap().high < 0.31, "0.5 was the incident");
    // It shares a route, and with it the traffic.
    assert_eq!(of(&all, "p/b").unwrap().bands.rate.unwrap().n, 35);
    assert_eq!(of(&all, "q/c").unwrap().bands.rate.unwrap().n, 60);
}

type Hand<'a> = (&'a str, &'a dyn Fn(&mut Snapshot));

#[test]
fn minutes_with_a_hand_on_something_do_not_count() {
    let fault = FaultView {
        fault: Fault {
            id: 1,
            deployment: "q/c".into(),
            kind: FaultKind::Hang,
            rate: 1.0,
            only: Only::Everybody,
            who: "w".to_owned(),
            until: Wall(0),
        },
        hits: 0,
    };
    let force = Force {
        kind: ForceKind::Closed,
        who: "w".to_owned(),
        why: String::new(),
        until: Wall(0),
    };
    let hands: [Hand<'_>; 3] = [
        ("fault", &|s| s.faults.push(fault.clone())),
        ("force", &|s| s.deployments[0].force = Some(force.clone())),
        ("rung 3", &|s| {
            s.routes[1].rung3 = Some(crate::model::snapshot::Rung3View {
                who: "w".to_owned(),
                why: String::new(),
                until: Wall(0),
            });
        }),
    ];
    for (name, hand) in hands {
        let mut keeper = Keeper::default();
        minutes(&mut keeper, (TUESDAY_14, 60), hand);
        minutes(&mut keeper, (TUESDAY_14 + 5 * HOUR, 1), |_| {});
        let all = later(&keeper, TUESDAY_14 + WEEK);
        assert!(of(&all, "p/a").is_none(), "{name}");
    }
}

#[test]
fn what_is_pinned_holds_in_every_hour_until_it_is_unpinned() {
    let mut keeper = Keeper::default();
    minutes(&mut keeper, (TUESDAY_14, 3), |_| {});
    let now = snapshot(TUESDAY_14 + 200);
    let told = keeper.pin("ana", &now).unwrap().expect("it is new");
    let pinned = of(&told, "p/a").unwrap();
    let origin = Origin::Pinned {
        at: now.at,
        who: "ana".to_owned(),
    };
    assert_eq!(pinned.origin, origin);
    assert_eq!(pinned.bands.rate.unwrap().n, 4);
    assert!(keeper.minute(&snapshot(TUESDAY_14 + 240)).is_none());
    assert!(
        keeper.minute(&snapshot(TUESDAY_14 + HOUR)).is_none(),
        "it is the same in the next hour"
    );
    let told = keeper.unpin(&now).unwrap().expect("that is new too");
    assert_eq!(told, []);
    assert!(
        keeper
            .unpin(&now)
            .unwrap_err()
            .contains("nothing is pinned")
    );
}

#[test]
fn before_anything_was_measured_nothing_can_be_pinned() {
    let empty = Snapshot {
        deployments: vec![deployment("p/a")],
        ..Snapshot::default()
    };
    let mut keeper = Keeper::default();
    assert!(keeper.pin("ana", &empty).is_err());
    assert_eq!(keeper.news(), None);
}

#[test]
fn what_is_kept_reads_back_and_goes_on() {
    let mut keeper = Keeper::default();
    minutes(&mut keeper, (TUESDAY_14, 60), |_| {});
    minutes(&mut keeper, (TUESDAY_14 + 5 * HOUR, 1), |_| {});
    keeper.pin("ana", &snapshot(TUESDAY_14 + 5 * HOUR)).unwrap();
    let kept = keeper.news().expect("it learned");
    assert_eq!(keeper.news(), None, "once");
    let bytes = serde_json::to_vec(&kept).unwrap();
    let back = Kept::parse(&bytes).unwrap();
    assert_eq!(back, kept);
    let mut again = Keeper::new(back);
    let told = again.minute(&snapshot(TUESDAY_14 + WEEK)).unwrap();
    assert!(matches!(told[0].origin, Origin::Pinned { .. }));
}

#[test]
fn a_file_of_something_else_is_named() {
    for (bytes, why) in [
        (&b""[..], "does not say what is normal"),
        (
            b"{\"version\":1,\"deployments\":[{\"dep",
            "does not say what is normal",
        ),
        (b"{\"version\":9}", "version 9"),
    ] {
        let err = Kept::parse(bytes).unwrap_err();
        assert!(err.contains(why), "{err}");
    }
}

#[test]
fn a_year_of_ten_deployments_stays_small() {
    let mut keeper = Keeper::default();
    let mut of = Vec::new();
    for i in 0..10 {
        let mut d = snapshot(0).deployments.swap_remove(0);
        d.id = format!("p/{i}").into();
        of.push(d);
    }
    for hour in 0..24 * 7 * 8 {
        for minute in [0, 20, 40] {
            let at = TUESDAY_14 + hour * HOUR + minute * 60;
            let mut s = snapshot(at);
            s.deployments.clone_from(&of);
            for (i, d) in s.deployments.iter_mut().enumerate() {
                let noise = (at / 60).wrapping_mul(2_654_435_761 + i as u64) % 1_000;
                d.p95 = Some(Duration::from_millis(1_500 + noise));
                d.attempts_per_s = f64::from(u32::try_from(noise).unwrap()) / 50.0;
            }
            keeper.minute(&s);
        }
    }
    let bytes = serde_json::to_vec(&keeper.news().unwrap()).unwrap().len();
    assert!(bytes < 4 << 20, "{bytes}");
}

#[test]
fn a_number_is_outside_only_beyond_what_chance_would_do() {
    let s = snapshot(TUESDAY_14);
    let band = |low, mid, high| {
        Some(Band {
            low,
            mid,
            high,
            n: 15,
        })
    };
    let normal = Normal {
        deployment: "p/a".into(),
        origin: Origin::Pinned {
            at: Wall(0),
            who: "w".to_owned(),
        },
        bands: Bands {
            errors: band(0.0, 0.003, 0.01),
            judge: band(0.84, 0.9, 0.93),
            p95: band(1.2, 1.9, 2.6),
            rate: band(28.0, 30.0, 34.0),
        },
    };
    let outside = |change: &dyn Fn(&mut DeploymentView)| {
        let mut d = s.deployments[0].clone();
        change(&mut d);
        normal.worst(&d, &s).map(|o| (o.measure, o.above()))
    };
    assert_eq!(outside(&|_| {}), None);
    // 2 of 100 under a limit of 1 %: two standard errors are 2 %.
    assert_eq!(outside(&|d| d.errors_5m = Share { bad: 2, n: 100 }), None);
    let ill = outside(&|d| d.errors_5m = Share { bad: 77, n: 200 });
    assert_eq!(ill, Some((Measure::Errors, true)));
    assert_eq!(
        outside(&|d| d.errors_5m = Share { bad: 19, n: 19 }),
        None,
        "a number that is greyed is not compared"
    );
    let worse = outside(&|d| d.judge_1h = Mean { sum: 21.0, n: 40 });
    assert_eq!(worse, Some((Measure::Judge, false)));
    assert_eq!(outside(&|d| d.judge_1h = Mean { sum: 1.0, n: 4 }), None);
    let slow = outside(&|d| d.p95 = Some(Duration::from_secs(18)));
    assert_eq!(slow, Some((Measure::P95, true)));
    assert_eq!(outside(&|d| d.p95 = Some(Duration::from_secs(3))), None);
    let idle = outside(&|d| d.attempts_per_s = 0.0);
    assert_eq!(idle, Some((Measure::Rate, false)));
    assert_eq!(outside(&|d| d.attempts_per_s = 38.0), None);
}
