//! An audit for people: 80 columns, grouped by what it is about.

use super::{
    Audit, DRILL_AGE,
    finding::{About, Finding, Level},
    live::Called,
};
use crate::{
    fitness::RouteFacts,
    model::{
        Wall,
        time::{duration_text, latency, short},
    },
};

const WIDTH: usize = 80;

pub fn tell(audit: &Audit, now: Wall) -> String {
    let mut out = Out::default();
    out.line(0, &format!("{}, configuration {}", audit.file, audit.hash));
    out.findings(audit, &About::File);
    for route in &audit.routes {
        let about = About::Route(route.route.clone());
        out.head(&about.to_string());
        out.route(route);
        out.findings(audit, &about);
    }
    for about in [About::Providers, About::Judging, About::Router] {
        let own = audit.findings.iter().any(|f| f.about == about);
        if own {
            out.head(&about.to_string());
            out.findings(audit, &about);
        }
    }
    out.head("drills");
    out.line(2, &drilled(audit, now));
    out.findings(audit, &About::Drills);
    if let Some(calls) = &audit.live {
        out.head("live");
        out.calls(calls);
    }
    out.0.push('\n');
    out.line(0, &summary(audit));
    out.0.truncate(out.0.trim_end().len());
    out.0
}

fn drilled(audit: &Audit, now: Wall) -> String {
    match &audit.drill {
        None => format!(
            "none on record; one that passed counts for {}",
            short(DRILL_AGE)
        ),
        Some(last) => format!(
            "{} {}, {} ago",
            last.scenario,
            last.result,
            short(now.since(last.ended))
        ),
    }
}

fn summary(audit: &Audit) -> String {
    let counted = |level: Level| {
        let n = audit.count(level);
        format!("{n} {level}{}", if n == 1 { "" } else { "s" })
    };
    let all = [Level::Error, Level::Warning, Level::Note].map(counted);
    all.join(", ")
}

#[derive(Default)]
struct Out(String);

impl Out {
    fn head(&mut self, text: &str) {
        self.0.push('\n');
        self.line(0, text);
    }

    /// A line, broken at words; what goes on stands under it.
    fn line(&mut self, indent: usize, text: &str) {
        self.hanging(indent, "", text);
    }

    fn hanging(&mut self, indent: usize, mark: &str, text: &str) {
        let (pad, room) = (" ".repeat(indent), WIDTH - indent);
        let hang = " ".repeat(mark.chars().count());
        let mut row = mark.to_owned();
        let mut empty = true;
        for word in text.split_whitespace() {
            let gap = usize::from(!empty);
            if !empty && row.chars().count() + gap + word.chars().count() > room {
                self.push(&pad, &row);
                row.clone_from(&hang);
                empty = true;
            }
            if !empty {
                row.push(' ');
            }
            row.push_str(word);
            empty = false;
        }
        self.push(&pad, &row);
    }

    fn push(&mut self, pad: &str, row: &str) {
        self.0.extend([pad, row, "\n"]);
    }

    fn route(&mut self, route: &RouteFacts) {
        let tiers = route.tiers.iter().map(|tier| {
            let names: Vec<&str> = tier.deployments.iter().map(|id| &**id).collect();
            let off = if tier.takes_traffic { "" } else { " (no key)" };
            format!("{}{off}", names.join(" or "))
        });
        let tiers: Vec<_> = tiers.collect();
        self.hanging(2, "tiers   ", &tiers.join(", "));
        let join = |words: &indexmap::IndexSet<String>| {
            words
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let behind = if route.accounts.is_empty() {
            "nobody that has a key".to_owned()
        } else {
            format!(
                "{}: {}; {}: {}",
                count(route.makers.len(), "maker"),
                join(&route.makers),
                count(route.accounts.len(), "address"),
                join(&route.accounts)
            )
        };
        self.hanging(2, "behind  ", &behind);
        let times = route.tiers.iter().map(|tier| {
            if tier.takes_traffic {
                format!("{} of {}", latency(tier.has), duration_text(tier.timeout))
            } else {
                "none".to_owned()
            }
        });
        let times: Vec<_> = times.collect();
        let times = format!(
            "{}, when those above hang; deadline {}",
            times.join(", then "),
            duration_text(route.deadline)
        );
        self.hanging(2, "time    ", &times);
        let cache = if route.cache { "1 cache" } else { "no rung 1" };
        let rungs = format!("{cache}, 3 canned {}", route.canned);
        self.hanging(2, "rungs   ", &rungs);
    }

    fn findings(&mut self, audit: &Audit, about: &About) {
        let mut own: Vec<&Finding> = audit
            .findings
            .iter()
            .filter(|f| f.about == *about)
            .collect();
        own.sort_by_key(|f| std::cmp::Reverse(f.level()));
        for finding in own {
            let at = finding.place.map_or_else(String::new, |place| {
                format!("  {}:{}:{}", audit.file, place.line, place.column)
            });
            let head = format!("{} {}", finding.level(), finding.rule.id);
            self.push("  ", &format!("{} {head}{at}", mark(finding.level())));
            self.line(4, &finding.message);
            self.hanging(4, "→ ", &finding.todo);
        }
    }

    fn calls(&mut self, calls: &[Called]) {
        for call in calls {
            let name = if call.as_judge {
                format!("{} as judge", call.deployment)
            } else {
                call.deployment.to_string()
            };
            let took = call.took.map_or_else(String::new, |took| {
                format!(
                    ", {}, {} tokens in, {} out",
                    latency(took),
                    call.input,
                    call.output
                )
            });
            let mark = if call.ok { "✓ " } else { "✗ " };
            self.hanging(2, mark, &format!("{name}: {}{took}", call.said));
        }
        let made = calls.iter().filter(|c| c.took.is_some());
        let (n, tokens) = made.fold((0, 0), |(n, t), c| (n + 1, t + c.input + c.output));
        self.line(2, &format!("{} made, {tokens} tokens", count(n, "call")));
    }
}

fn count(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) => format!("1 {what}"),
        (_, "address") => format!("{n} addresses"),
        _ => format!("{n} {what}s"),
    }
}

fn mark(level: Level) -> char {
    match level {
        Level::Error => '✗',
        Level::Warning => '!',
        Level::Note => '·',
    }
}
