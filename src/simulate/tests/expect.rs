use super::*;
use crate::simulate::tally::Counts;

fn run(first_trip: f64, opens: u64) -> Outcome {
    Outcome {
        counts: Counts::default(),
        first_trip: Some(first_trip),
        cause: Some(Cause::Error),
        why: String::new(),
        wrong_why: String::new(),
        relapse: None,
        recover: None,
        opens,
        outside: 0,
        wrong_closes: 0,
    }
}

fn held(expect: &Expect, runs: &[Outcome]) -> bool {
    let findings = expect.check(runs, Duration::ZERO);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings[0].held
}

fn opens(max: f64) -> Expect {
    Expect {
        opens: Some(AtMost { min: 0.0, max }),
        ..Expect::default()
    }
}

#[test]
fn a_bound_of_zero_holds_for_every_run_and_others_for_the_mean() {
    let mut runs = vec![run(1.0, 0); 200];
    assert!(held(&opens(0.0), &runs));
    runs[7].opens = 1;
    assert!(!held(&opens(0.0), &runs));
    assert!(held(&opens(0.1), &runs));

    let mut runs = vec![run(1.0, 1); 200];
    runs[..10].fill(run(1.0, 2));
    assert!(held(&opens(1.0), &runs), "ten stray runs");
    runs[10].opens = 2;
    assert!(!held(&opens(1.0), &runs));
}

#[test]
fn median_and_p95_are_both_held_and_a_run_that_never_trips_is_late() {
    let expect = Expect {
        first_trip: Some(Within {
            median: Some(3.0),
            p95: Some(5.0),
        }),
        ..Expect::default()
    };
    let mut runs = vec![run(2.0, 1); 100];
    assert!(held(&expect, &runs));
    runs[..5].fill(run(f64::INFINITY, 0));
    assert!(!held(&expect, &runs));
    assert!(
        expect.check(&runs, Duration::ZERO)[0]
            .came
            .ends_with("p95 never")
    );
    assert!(!held(&expect, &[]));
}

#[test]
fn a_refused_key_is_an_error_too_but_an_error_is_no_refused_key() {
    let expect = |reason| Expect {
        reason: Some(reason),
        ..Expect::default()
    };
    let mut locked = run(1.0, 1);
    locked.cause = Some(Cause::Certain);
    assert!(held(&expect(Cause::Error), &[locked.clone()]));
    assert!(held(&expect(Cause::Certain), &[locked]));
    assert!(!held(&expect(Cause::Certain), &[run(1.0, 1)]));
    assert!(!held(&expect(Cause::Quality), &[run(1.0, 1)]));
}

#[test]
fn a_judge_at_fault_is_asked_for_by_name_or_not_at_all() {
    let expect = |fault| Expect {
        judge_fault: Some(fault),
        ..Expect::default()
    };
    let mut blamed = run(1.0, 0);
    blamed.counts.faults.push((1, "harsh".to_owned()));
    let runs = [blamed];
    assert!(held(&expect(Fault::Any), &runs) && held(&expect(Fault::Of(1)), &runs));
    assert!(!held(&expect(Fault::Of(0)), &runs) && !held(&expect(Fault::None), &runs));
}

#[test]
fn a_relapse_is_compared_without_what_nobody_could_know() {
    let expect = Expect {
        relapse_ratio: Some(0.8),
        ..Expect::default()
    };
    let mut again = run(18.0, 2);
    again.relapse = Some(15.0);
    let held_after = |unseen| expect.check(&[again.clone()], Duration::from_secs(unseen))[0].held;
    assert!(!held_after(0), "15 of 18 is 0.83");
    assert!(held_after(8), "7 of 10 is 0.7");
}
