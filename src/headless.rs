//! The dashboard without a terminal: one line per event, or one JSON object per event.

use crate::model::{
    Event, Kind, Snapshot, content::first_words, event::Level, snapshot::Shown, text,
};
use std::{
    io::{self, Write},
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::timeout,
};

/// Lines that wait for a reader; what comes while they are full is counted.
const LINES: usize = 4096;
/// For so long the last lines are waited for.
const LAST: Duration = Duration::from_secs(1);

enum Line {
    Event(Arc<Event>),
    Missed(u64),
}

/// Writes events until the run ends or nobody reads any more. A thread of its own does it: standard output that takes
/// nothing (a stopped terminal, a full pipe) would hold a worker of the router, and then its end. Without `content`
/// nothing is in the lines that may quote prompts and answers.
pub async fn follow(mut events: broadcast::Receiver<Arc<Event>>, json: bool, content: bool) {
    let (lines, waiting) = mpsc::channel(LINES);
    let (end, ended) = oneshot::channel();
    thread::spawn(move || {
        print_all(waiting, json, content);
        let _ = end.send(());
    });
    let mut missed = 0_u64;
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(n)) => {
                missed = missed.saturating_add(n);
                continue;
            }
            Err(RecvError::Closed) => break,
        };
        let done = matches!(event.kind, Kind::Stopping);
        if missed > 0 && lines.try_send(Line::Missed(missed)).is_ok() {
            missed = 0;
        }
        match lines.try_send(Line::Event(event)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => missed = missed.saturating_add(1),
            // A closed pipe ends the lines, never the router.
            Err(TrySendError::Closed(_)) => return,
        }
        if done {
            break;
        }
    }
    drop(lines);
    let _ = timeout(LAST, ended).await;
}

fn print_all(mut lines: mpsc::Receiver<Line>, json: bool, content: bool) {
    while let Some(line) = lines.blocking_recv() {
        let written = match line {
            Line::Event(event) if content => write(&event, json),
            Line::Event(event) => write(&event.without_content(), json),
            Line::Missed(n) if json => self::json(&serde_json::json!({ "missed": n })),
            Line::Missed(n) => print(&missed(n)),
        };
        if written.is_err() {
            return;
        }
    }
}

/// Events that did not come, in place of them.
pub fn missed(n: u64) -> String {
    format!("# {n} events were missed: this reader is too slow")
}

/// One event; in words only those that a person should see.
pub fn write(event: &Event, as_json: bool) -> io::Result<()> {
    if as_json {
        return json(event);
    }
    if is_for_people(event) {
        print(&line(event))?;
    }
    Ok(())
}

/// Something that a person reads as a line: neither a measure nor one judged answer of many.
pub fn is_for_people(event: &Event) -> bool {
    !event.kind.is_measure() && !matches!(event.kind, Kind::Score { .. })
}

/// On a line of its own.
pub fn json(what: &impl serde::Serialize) -> io::Result<()> {
    print(&serde_json::to_string(what).map_err(io::Error::other)?)
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// `14:03:22Z  BAD   anthropic/claude CLOSED -> OPEN: …`
pub fn line(event: &Event) -> String {
    let level = match event.level() {
        Level::Info => "     ",
        Level::Good => "GOOD ",
        Level::Warn => "WARN ",
        Level::Bad => "BAD  ",
    };
    // What somebody wrote must not pass for a line of its own.
    let said = first_words(&event.line(), usize::MAX);
    format!("{}Z {level} {said}", event.at.clock())
}

/// A snapshot in lines: what `status` prints.
pub fn status(s: &Snapshot) -> String {
    let share =
        |bad: Option<f64>| bad.map_or("-".to_owned(), |r| format!("{:.2}%", (1.0 - r) * 100.0));
    let mut lines = vec![format!(
        "breakerbox {} on {}: users {}, served {}, {:.1} req/s",
        s.version,
        s.listen,
        s.users.word.as_str(),
        share(s.users.failed_5m.rate()),
        s.users.per_s
    )];
    if let Some(shape) = &s.shape {
        lines.push(format!(
            "incident: {}: {}",
            shape.kind.as_str(),
            shape.evidence
        ));
    }
    let named = |t: &&text::Trouble| {
        let incident = s.shape.as_ref();
        incident.is_some_and(|shape| shape.evidence.ends_with(&t.text()))
    };
    let troubles = text::troubles(s);
    lines.extend(
        troubles
            .iter()
            .filter(|t| !named(t))
            .map(ToString::to_string),
    );
    for d in &s.deployments {
        let rate = d
            .errors_5m
            .rate()
            .map_or("-".to_owned(), |r| format!("{:.1}%", r * 100.0));
        let score = match d.judge_1h.value() {
            _ if d.watch.blind && d.tier.is_some() => "blind".to_owned(),
            Some(mean) => format!("{mean:.2} n={}", d.judge_1h.n),
            None => "-".to_owned(),
        };
        lines.push(format!(
            "  {:<14} {:<32} err {rate:<7} judge {score:<11} {}",
            word(d.shown()),
            d.id,
            text::note(d, s.at)
        ));
    }
    lines.extend(text::spent(&s.judge).map(|spent| format!("  judges: {spent}")));
    for (what, until) in s.overrides() {
        lines.push(format!("  until {}Z {what}", until.clock()));
    }
    lines.join("\n")
}

fn word(shown: Shown) -> String {
    match shown {
        Shown::Closed => "CLOSED".to_owned(),
        Shown::Probe => "PROBE".to_owned(),
        Shown::Ramp(percent) => format!("RAMP {percent}%"),
        Shown::Open => "OPEN".to_owned(),
        Shown::ForcedOpen => "FORCED OPEN".to_owned(),
        Shown::ForcedClosed => "FORCED CLOSED".to_owned(),
        Shown::Observe => "OBSERVE".to_owned(),
        Shown::Disabled => "DISABLED".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Dialect, State, Wall,
        event::{Judging, SCHEMA, Watch},
        topology::{DeploymentInfo, RouteInfo, Topology},
    };

    const T0: u64 = 1_700_000_000_000;

    fn status_after(kinds: Vec<Kind>) -> String {
        let started = Kind::Started {
            schema: SCHEMA,
            version: "1".to_owned(),
            listen: "x".to_owned(),
            topology: Topology {
                deployments: vec![DeploymentInfo {
                    id: "p/a".into(),
                    provider: "p".into(),
                    dialect: Dialect::OpenAi,
                    model: "a".to_owned(),
                    disabled: None,
                }],
                routes: vec![RouteInfo {
                    id: "r".into(),
                    tiers: vec!["p/a".into()],
                }],
                judges: vec!["q/judge".into()],
                ..Topology::default()
            },
        };
        let mut state = State::new();
        for (seq, kind) in std::iter::once(started).chain(kinds).enumerate() {
            state.apply(&Arc::new(Event::new(seq as u64 + 1, Wall(T0), kind)));
        }
        status(&state.snapshot(Wall(T0)))
    }

    #[test]
    fn status_says_that_nobody_judges_any_more_and_why() {
        let blind = Watch {
            blind: true,
            ..Watch::default()
        };
        let text = status_after(vec![
            Kind::JudgeAvailable {
                available: false,
                why: "every judge is away".to_owned(),
                deployments: vec!["p/a".into()],
            },
            Kind::Watch {
                deployment: "p/a".into(),
                watch: blind,
            },
        ]);
        let line = "\nBLIND: no answer is judged, only errors trip: every judge is away\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains(" judge blind "), "{text}");
    }

    #[test]
    fn status_says_once_what_is_wrong_with_a_judge_and_what_judges_cost() {
        let text = status_after(vec![
            Kind::JudgeDrift {
                judge: "q/judge".into(),
                on: true,
                deployments: vec!["p/a".into()],
            },
            Kind::Judging(Judging {
                judge: "q/judge".into(),
                calls: 3,
                failed: 0,
                input_tokens: 1,
                output_tokens: 1,
                microdollars: None,
            }),
        ]);
        let line = "incident: judge drift: p/a fell together under q/judge: nothing trips on it";
        assert!(text.contains(line), "{text}");
        assert_eq!(text.matches("judge drift").count(), 1, "{text}");
        assert!(text.contains("  judges: 3 calls, no price known"), "{text}");
    }
}
