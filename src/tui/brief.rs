//! What a drill will do here, to be read before anybody says yes.
//!
//! ```text
//! ┌ drill bad-key-tuesday  The primary's key is revoked ──────────────────────────┐
//! │ does      Really sends a wrong key to the primary, which really answers 401.  │
//! │ to whom   ← the drill's own requests →                                        │
//! │ route     chat: anthropic/claude-sonnet-4-5 → openai/gpt-4.1                  │
//! │ breaks    bad-key on 100% of the primary (anthropic/claude-sonnet-4-5) for … │
//! └───────────────────────────────────────────────────────────────────────────────┘
//! ```

use super::{
    app::{App, View},
    draw::{clear, framed, put, title, wrap},
    keys::Action,
    layout::centered,
    overlay::{Brief, Items, Menu, Overlay, WHOM},
    radius::Ask,
    theme::Role,
    words::per_second,
};
use crate::model::{
    Command, DeploymentId, Snapshot,
    command::{DrillCommand, Whom},
    drill::{DrillInfo, DrillRun, OPEN_FOR_ALL},
    time::{duration_text, latency, short},
};
use ratatui::{buffer::Buffer, layout::Rect};

const LABEL: u16 = 10;
/// Rows around it: the header and the keys.
const AROUND: u16 = 2;

impl App {
    /// The drill that runs, or which there are.
    pub(super) fn drill(&mut self) {
        let live = self.live();
        if live.drilling().is_some() {
            self.view = View::Drill;
            return;
        }
        if live.drills.is_empty() {
            if live.drill.is_some() {
                self.view = View::Drill;
            } else {
                self.outbox.note("no drill is known here");
            }
            return;
        }
        self.overlay = Overlay::Menu(Menu {
            items: Items::Drills {
                last: live.drill.as_deref().map(last),
                drills: live.drills.to_vec(),
            },
            at: 0,
        });
    }

    pub(super) fn abort(&mut self) {
        self.order(Command::Drill(DrillCommand::Abort));
    }

    pub(super) fn brief(&mut self, action: Action) {
        let Overlay::Brief(brief) = &mut self.overlay else {
            return;
        };
        match action {
            Action::Down => brief.scroll = brief.scroll.saturating_add(1),
            Action::Up => brief.scroll = brief.scroll.saturating_sub(1),
            Action::More => {
                let last = WHOM.len().saturating_sub(1);
                brief.whom = brief.whom.saturating_add(1).min(last);
            }
            Action::Less => brief.whom = brief.whom.saturating_sub(1),
            Action::Choose => {
                let share = brief.share();
                let name = brief.drill.name.clone();
                let whom = Whom {
                    share,
                    only_drill: share.is_none(),
                };
                self.overlay = Overlay::None;
                self.order(Command::Drill(DrillCommand::Start { name, whom }));
            }
            _ => self.overlay = Overlay::None,
        }
    }
}

/// `bad-key-tuesday passed 6/6`
fn last(run: &DrillRun) -> String {
    let (passed, all) = run.passed();
    let result = run.end.as_ref().map_or("runs", |end| end.result.as_str());
    format!("{} {result} {passed}/{all}", run.scenario)
}

/// What is asked before a drill begins.
pub(super) fn ask(s: &Snapshot, name: &str, share: Option<f64>) -> Ask {
    let Some(drill) = s.drills.iter().find(|d| d.name == name) else {
        // Who starts it says why not.
        return Ask::Nothing;
    };
    let mut lines = whom(s, drill, share);
    lines.push(format!(
        "it takes {} at most, and every fault expires by itself",
        short(drill.takes)
    ));
    lines.extend(unfit(drill));
    match share.and_then(|_| primary(s, drill)) {
        Some(primary) if !s.simulated => {
            lines.push("THIS IS REAL TRAFFIC".to_owned());
            Ask::Type(primary.to_string(), lines)
        }
        _ => Ask::YesNo(lines),
    }
}

fn primary<'a>(s: &'a Snapshot, drill: &DrillInfo) -> Option<&'a DeploymentId> {
    let route = s
        .routes
        .iter()
        .find(|r| Some(&r.id) == drill.route.as_ref());
    route?.tiers.first()
}

/// Whose requests fail, and where.
fn whom(s: &Snapshot, drill: &DrillInfo, share: Option<f64>) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for id in drill.faults.iter().flat_map(|f| &f.deployments) {
        if !names.contains(&&**id) {
            names.push(id);
        }
    }
    let names = names.join(", ");
    let mut lines = match share {
        None => vec![
            format!("only the drill's own requests to {names} fail"),
            OPEN_FOR_ALL.to_owned(),
        ],
        Some(share) => {
            let all = per_second(s.users.per_s);
            let share = share * 100.0;
            vec![format!(
                "failures are for {share}% of all requests to {names}, {all} req/s come in now"
            )]
        }
    };
    if s.simulated {
        lines.push("providers are simulated: no real traffic is hurt".to_owned());
    }
    lines
}

fn unfit(drill: &DrillInfo) -> Option<String> {
    let why = drill.unfit.as_ref()?;
    Some(format!("it will fail: {why}"))
}

fn facts(s: &Snapshot, brief: &Brief) -> Vec<(&'static str, String, Role)> {
    let drill = &brief.drill;
    let text = |label, text: String| (label, text, Role::Text);
    let choice = match brief.share() {
        None => "← the drill's own requests →".to_owned(),
        Some(share) => format!("← {}% of all requests →", share * 100.0),
    };
    let real = brief.share().is_some() && !s.simulated;
    let mut facts = vec![
        text("does", drill.what.clone()),
        ("to whom", choice, if real { Role::Bad } else { Role::Warn }),
    ];
    facts.extend(
        whom(s, drill, brief.share())
            .into_iter()
            .map(|t| text("", t)),
    );
    facts.push(text("route", route(s, drill)));
    let label = |first| move |i| if i == 0 { first } else { "" };
    for (i, fault) in drill.faults.iter().enumerate() {
        facts.push(text(label("breaks")(i), fault.line()));
    }
    facts.push(text(
        "how long",
        format!(
            "{} at most, of which {} to measure what is normal",
            short(drill.takes),
            duration_text(drill.steady)
        ),
    ));
    facts.push(text(
        "ends",
        format!(
            "by itself at more than {} errors at users, or a p95 over {}; a aborts it",
            drill.abort_errors,
            latency(drill.abort_p95)
        ),
    ));
    facts.push(text(
        "",
        "every fault expires by itself, also without this process".to_owned(),
    ));
    facts.extend(unfit(drill).map(|why| ("but", why, Role::Bad)));
    for (i, check) in drill.checks.iter().enumerate() {
        facts.push(text(label("checks")(i), format!("· {check}")));
    }
    facts
}

fn route(s: &Snapshot, drill: &DrillInfo) -> String {
    let route = s
        .routes
        .iter()
        .find(|r| Some(&r.id) == drill.route.as_ref());
    route.map_or("none".to_owned(), |r| {
        let tiers: Vec<_> = r.tiers.iter().map(|t| &**t).collect();
        format!("{}: {}", r.id, tiers.join(" → "))
    })
}

pub(super) fn draw(app: &App, brief: &Brief, area: Rect, buf: &mut Buffer) {
    let theme = app.awake;
    let wide = area.width.min(100);
    let room = wide.saturating_sub(LABEL.saturating_add(4));
    let mut lines = Vec::new();
    for (label, text, role) in facts(app.live(), brief) {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        lines.extend(
            labels
                .zip(wrap(&text, room))
                .map(|(l, text)| (l, text, role)),
        );
    }
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let most = area.height.saturating_sub(AROUND);
    let place = centered(area, wide, rows.saturating_add(2).min(most));
    clear(place, buf, theme);
    let name = format!("drill {}", brief.drill.name);
    let inner = framed(
        place,
        buf,
        title(&name, &brief.drill.title, theme),
        theme,
        true,
    );
    let first = brief.scroll.min(rows.saturating_sub(inner.height));
    let lines = lines.iter().skip(usize::from(first));
    for (y, (label, text, role)) in (inner.y..inner.bottom()).zip(lines) {
        let x = inner.x.saturating_add(1);
        put(buf, (x, y), label, LABEL, theme.style(Role::Dim));
        put(
            buf,
            (x.saturating_add(LABEL), y),
            text,
            room,
            theme.style(*role),
        );
    }
}
