//! What kind of incident this is, in bold, and its evidence; under it what is wrong with the judges.
//!
//! ```text
//! provider quality  anthropic/claude-sonnet scores 0.58 < 0.70, 23 of 41 bad       31.2 req/s  p95 2.4s
//! provider availability  last healthy tier: openai/gpt-4.1  2 of 3 down: claude-sonnet OPEN (errors), +1
//! judge dismissed  openai/gpt-4.1: known good answers score 0.44, usually 0.93, looked at again 14:10:00
//! ```

use super::{
    app::App,
    down::{self, Reserve},
    draw::{Item, put, row, total},
    fit::{fit_sentence, fit_trouble},
    link,
    theme::{Role, Theme},
    words::{breaker, count, is_blind, per_second, shortened, width},
};
use crate::model::{
    Snapshot,
    event::Exchanges,
    shape::{Shape, ShapeKind},
    snapshot::{DeploymentView, Shown, UsersWord},
    text::{self, Trouble},
    time::{latency, short},
};
use ratatui::{buffer::Buffer, layout::Rect};

/// Lines about judges under the headline.
const LINES: usize = 3;
/// What makes users degraded.
const MINUTE: u64 = 60;
/// Columns between its parts.
const GAP: u16 = 2;
/// Evidence, as a share of what trips, that is said of a quiet screen. A single failure is less.
const SUSPICIOUS: f64 = 0.5;

struct Headline {
    what: String,
    evidence: Evidence,
    role: Role,
}

enum Evidence {
    Said(String),
    /// The same in fewer and fewer words.
    Forms(Vec<String>),
    Judges(Trouble),
}

impl Evidence {
    /// In at most `room` columns.
    fn fit(&self, room: u16, s: &Snapshot) -> String {
        let forms = match self {
            Self::Said(text) => &vec![text.clone(), shortened(text, s)],
            Self::Forms(forms) => forms,
            Self::Judges(trouble) => return fit_trouble(trouble, room),
        };
        let whole = forms.iter().find(|text| width(text) <= room);
        let last = || fit_sentence(forms.last().map_or("", String::as_str), room);
        whole.cloned().unwrap_or_else(|| last().into_owned())
    }

    /// Whether so many columns are enough for more than a number.
    fn is_told(&self, room: u16, s: &Snapshot) -> bool {
        let least = match self {
            Self::Said(text) => shortened(text, s),
            Self::Forms(forms) => forms.iter().rev().nth(1).cloned().unwrap_or_default(),
            Self::Judges(trouble) => return !fit_trouble(trouble, room).contains('…'),
        };
        width(&least) <= room
    }
}

impl Headline {
    fn new(what: impl Into<String>, evidence: impl Into<String>, role: Role) -> Self {
        Self {
            what: what.into(),
            evidence: Evidence::Said(evidence.into()),
            role,
        }
    }

    fn judges(trouble: Trouble) -> Self {
        Self {
            what: trouble.what.to_owned(),
            evidence: Evidence::Judges(trouble),
            role: Role::Warn,
        }
    }

    fn of(s: &Snapshot) -> Self {
        if link::is_unborn(s) {
            return Self::new("nothing to show yet", "", Role::Dim);
        }
        of_providers(s)
            .or_else(|| of_users(s))
            .or_else(|| drift(s))
            .or_else(|| alarm(s))
            .or_else(|| by_hand(s))
            .unwrap_or_else(|| unquiet(s))
    }
}

fn of_providers(s: &Snapshot) -> Option<Headline> {
    let shape = s.shape.as_ref()?;
    if shape.kind == ShapeKind::JudgeDrift {
        return None;
    }
    Some(Headline {
        what: shape.kind.as_str().to_owned(),
        evidence: down::beside(s, &shape.evidence)
            .map_or_else(|| Evidence::Said(shape.evidence.clone()), Evidence::Forms),
        role: Role::Bad,
    })
}

/// The jury's own word, or what the scores look like. A judge that is left out is less.
fn drift(s: &Snapshot) -> Option<Headline> {
    if let Some(trouble) = text::drifting(s).next() {
        return Some(Headline::judges(trouble));
    }
    let drifts = |shape: &&Shape| shape.kind == ShapeKind::JudgeDrift;
    let shape = s.shape.as_ref().filter(drifts)?;
    let guessed = s.judge.dismissed.is_empty();
    guessed.then(|| Headline::new(shape.kind.as_str(), &shape.evidence, Role::Warn))
}

fn of_users(s: &Snapshot) -> Option<Headline> {
    let failed = s.users.failed_1m;
    if s.users.word < UsersWord::Canned {
        return None;
    }
    if s.users.word == UsersWord::Failing {
        let evidence = format!(
            "{} of {} in the last minute",
            count(failed.bad.into()),
            count(failed.n.into())
        );
        return Some(Headline::new("users see errors", evidence, Role::Bad));
    }
    let evidence = match s.routes.iter().find(|r| r.rung3.is_some()) {
        Some(r) => format!("{} is on rung 3 by hand", r.id),
        None => "no tier could answer".to_owned(),
    };
    let what = "users get the canned answer";
    Some(Headline::new(what, evidence, Role::Bad))
}

fn by_hand(s: &Snapshot) -> Option<Headline> {
    let all: Vec<_> = s
        .overrides()
        .iter()
        .map(|(what, until)| format!("{what} {}", short(s.at.until(*until))))
        .collect();
    (!all.is_empty()).then(|| Headline::new("by hand", all.join(", "), Role::Manual))
}

/// Nothing is named, and nobody's hand is on it: what is left that is not as it should be.
fn unquiet(s: &Snapshot) -> Headline {
    if s.deployments.iter().all(|d| d.disabled.is_some()) {
        let what = if s.deployments.is_empty() {
            "no deployments"
        } else {
            "every deployment is disabled"
        };
        return Headline::new(what, "nothing can be served", Role::Bad);
    }
    let moving: Vec<_> = s
        .deployments
        .iter()
        .filter(|d| !matches!(d.shown(), Shown::Closed | Shown::Disabled) || d.gate.is_some())
        .map(|d| format!("{} {}", d.id, breaker(d).1))
        .collect();
    if !moving.is_empty() {
        return Headline::new("not all closed", moving.join(", "), Role::Warn);
    }
    if s.users.word == UsersWord::Degraded {
        let evidence = moved(s);
        return Headline::new("failing over", evidence, Role::Warn);
    }
    let trouble = text::troubles(s).into_iter().next();
    trouble
        .map(Headline::judges)
        .or_else(|| suspicion(s))
        .or_else(|| looks(s))
        .unwrap_or_else(|| Headline::new("all quiet", judged(s), Role::Good))
}

/// How many there were, where everything is closed: an outage that is over still shows in what is counted over longer.
fn moved(s: &Snapshot) -> String {
    let mut minute = Exchanges::default();
    let now = s.at.secs();
    for (_, second) in s
        .exchanges
        .iter()
        .filter(|(sec, _)| *sec > now.saturating_sub(MINUTE))
    {
        minute.add(second);
    }
    let (n, all) = (minute.fallback.into(), minute.answered().into());
    format!(
        "a lower tier answered {} of {} in the last minute",
        count(n),
        count(all)
    )
}

fn alarm(s: &Snapshot) -> Option<Headline> {
    let d = s.deployments.iter().find(|d| d.watch.alarm)?;
    let evidence = format!("{}: enough evidence, asking others", d.id);
    Some(Headline::new("quality alarm", evidence, Role::Warn))
}

/// Nothing has tripped, and something may.
fn suspicion(s: &Snapshot) -> Option<Headline> {
    let most = s
        .deployments
        .iter()
        .max_by(|a, b| a.watch.suspicion.total_cmp(&b.watch.suspicion))
        .filter(|d| d.watch.suspicion >= SUSPICIOUS)?;
    let what = format!("suspicion {:.0}%", most.watch.suspicion * 100.0);
    let evidence = format!("of {}, {}", most.id, text::judged(&most.watch));
    Some(Headline::new(what, evidence, Role::Warn))
}

/// No judge has said anything against it yet.
fn looks(s: &Snapshot) -> Option<Headline> {
    let looking = |d: &DeploymentView| Some((d.id.clone(), d.watch.share, d.watch.looks?));
    let (id, share, looks) = s.deployments.iter().find_map(looking)?;
    let evidence = format!(
        "{id} looks wrong ({looks}), {:.0}% of its answers judged",
        share * 100.0
    );
    Some(Headline::new("suspicion", evidence, Role::Warn))
}

fn judged(s: &Snapshot) -> String {
    if s.judge.judges.is_empty() {
        return "nobody judges".to_owned();
    }
    let blind = s.deployments.iter().filter(|d| is_blind(d, s));
    let blind: Vec<_> = blind.map(|d| &*d.id).collect();
    if blind.is_empty() {
        return String::new();
    }
    format!("but nobody can judge {}", blind.join(", "))
}

/// What stands beside the headline.
pub(super) struct Notes {
    pub(super) link: Option<String>,
    /// What is wrong with the judges.
    pub(super) troubles: Vec<Trouble>,
}

impl Notes {
    pub(super) fn of(app: &App, wide: u16) -> Self {
        Self {
            link: app.link_note(wide),
            troubles: below(app.shown()),
        }
    }

    pub(super) fn lines(&self) -> u16 {
        let lines = self
            .troubles
            .len()
            .saturating_add(usize::from(self.link.is_some()));
        u16::try_from(lines).unwrap_or(u16::MAX)
    }
}

/// What is wrong with the judges and does not stand in the headline already.
fn below(s: &Snapshot) -> Vec<Trouble> {
    let said = match Headline::of(s).evidence {
        Evidence::Judges(trouble) => Some(trouble),
        _ => None,
    };
    text::troubles(s)
        .into_iter()
        .filter(|t| Some(t) != said.as_ref())
        .take(LINES)
        .collect()
}

pub(super) fn draw_shape(app: &App, area: Rect, buf: &mut Buffer) {
    let (s, theme) = (app.shown(), app.theme);
    let head = Headline::of(s);
    let left = area
        .width
        .saturating_sub(width(&head.what))
        .saturating_sub(GAP);
    let mut items = vec![Item::new(&*head.what, theme.bold(head.role), 0)];
    let mut room = left;
    if let Some(reserve) = down::reserve(s) {
        let item = reserve_item(&reserve, &head.evidence, left, s, theme);
        room = left.saturating_sub(width(&item.text)).saturating_sub(GAP);
        items.push(item);
    }
    let evidence = head.evidence.fit(room, s);
    items.push(Item::new(evidence, theme.style(Role::Text), 1));
    row(buf, area, &items, GAP);
    if app.knows_nothing() {
        return;
    }
    let flow = flow(s);
    let used = total(&items, GAP).saturating_add(GAP);
    if used.saturating_add(width(&flow)) <= area.width {
        let x = area.right().saturating_sub(width(&flow));
        let dim = theme.style(Role::Dim);
        put(buf, (x, area.y), &flow, width(&flow), dim);
    }
}

/// How much is left stands before what is wrong: in as many words as leave that whole, or in a third of the line.
fn reserve_item(r: &Reserve, evidence: &Evidence, room: u16, s: &Snapshot, theme: Theme) -> Item {
    let beside = |text: &&String| {
        let left = room.saturating_sub(width(text)).saturating_sub(GAP);
        evidence.is_told(left, s)
    };
    let third = |text: &&String| width(text) <= room / 3;
    let forms = || r.forms.iter();
    let text = forms()
        .find(beside)
        .or_else(|| forms().find(third))
        .or(r.forms.last());
    let role = if r.gone { Role::Bad } else { Role::Warn };
    Item::new(text.cloned().unwrap_or_default(), theme.bold(role), 0)
}

/// `31.2 req/s  p95 2.4s`
fn flow(s: &Snapshot) -> String {
    let per_s = per_second(s.users.per_s);
    match s.users.p95 {
        Some(p95) => format!("{per_s} req/s  p95 {}", latency(p95)),
        None => format!("{per_s} req/s"),
    }
}

/// What has to be known of the connection, the headline, and a line for each trouble.
pub(super) fn draw(app: &App, notes: &Notes, area: Rect, buf: &mut Buffer) {
    let line = |y: u16| Rect {
        y,
        height: 1,
        ..area
    };
    let mut lines = area.y..area.bottom();
    if let Some(text) = &notes.link
        && let Some(y) = lines.next()
    {
        draw_link(app, text, line(y), buf);
    }
    if let Some(y) = lines.next() {
        draw_shape(app, line(y), buf);
    }
    for (y, trouble) in lines.zip(&notes.troubles) {
        let style = app.theme.bold(Role::Warn);
        let x = put(buf, (area.x, y), trouble.what, area.width, style).saturating_add(2);
        let room = area.right().saturating_sub(x);
        let text = fit_trouble(trouble, room);
        put(buf, (x, y), &text, room, app.theme.style(Role::Text));
    }
}

pub(super) fn draw_link(app: &App, text: &str, line: Rect, buf: &mut Buffer) {
    let style = app.awake.bold(Role::Warn);
    let text = fit_sentence(text, line.width);
    put(buf, (line.x, line.y), &text, line.width, style);
}
