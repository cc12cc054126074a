//! Which files are played. Never two runs at once, and nothing that lies so far before the stretch which is asked for
//! that it cannot matter.

use super::store::Store;
use crate::model::{Event, Kind, Phase, Snapshot, Wall};
use std::{cell::OnceCell, time::Duration};

/// Runs that are named among those left out.
const NAMED: usize = 3;
/// As far back as a screen's numbers reach: means of judges, an hour. Charts and shares reach less far.
const SCREEN: Duration = Duration::from_hours(1);
/// As far back as a report looks for the beginning of what went wrong.
const REPORT: Duration = Duration::from_hours(24);

/// For what a recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Screen,
    Report,
}

/// A process that recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    started: Wall,
    listen: String,
}

/// What a file begins with.
#[derive(Debug)]
struct Head {
    at: Wall,
    run: Run,
    /// Every breaker is closed, and nobody has laid anything over it.
    calm: bool,
}

impl Head {
    fn of(event: &Event) -> Option<Self> {
        let (run, calm) = match &event.kind {
            Kind::Started { listen, .. } => ((event.at, listen), true),
            Kind::Continued { standing, .. } => {
                ((standing.started, &standing.listen), is_calm(standing))
            }
            _ => return None,
        };
        Some(Self {
            at: event.at,
            run: Run {
                started: run.0,
                listen: run.1.clone(),
            },
            calm,
        })
    }
}

fn is_calm(s: &Snapshot) -> bool {
    let closed =
        |d: &crate::model::snapshot::DeploymentView| d.phase == Phase::Closed && d.force.is_none();
    s.faults.is_empty() && s.deployments.iter().all(closed)
}

#[derive(Debug)]
pub(super) struct Volume {
    pub(super) store: Store,
    /// By itself, not with the directory that it lies in.
    named: bool,
    id: Option<(u64, u64)>,
    head: Option<Head>,
    last: OnceCell<Option<Wall>>,
}

impl Volume {
    pub(super) fn new(store: Store, named: bool) -> Self {
        let head = store.first().as_ref().and_then(Head::of);
        Self {
            id: store.id(),
            store,
            named,
            head,
            last: OnceCell::new(),
        }
    }

    /// When its last event happened.
    fn last(&self) -> Option<Wall> {
        *self.last.get_or_init(|| self.store.last())
    }
}

/// The files of one process, in their order.
struct Shelf {
    run: Option<Run>,
    volumes: Vec<Volume>,
}

impl Shelf {
    fn first(&self) -> Option<Wall> {
        Some(self.volumes.first()?.head.as_ref()?.at)
    }

    fn is_named(&self) -> bool {
        self.volumes.iter().any(|v| v.named)
    }

    /// It went on after another one had begun. Its last file is read only where how that begins does not tell.
    fn goes_past(&self, when: Wall) -> bool {
        let Some(last) = self.volumes.last() else {
            return false;
        };
        last.head.as_ref().is_some_and(|head| head.at > when)
            || last.last().is_some_and(|last| last > when)
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self.first(), other.first()) {
            (Some(a), Some(b)) if a <= b => self.goes_past(b),
            (Some(a), Some(_)) => other.goes_past(a),
            _ => false,
        }
    }

    fn told(&self) -> String {
        let run = self.run.as_ref();
        let (listen, started) = run.map_or(("", Wall::default()), |r| (&r.listen, r.started));
        let since = started.moment();
        let n = self.volumes.len();
        let files = if n == 1 { "file" } else { "files" };
        format!("the run of {listen} since {since} ({n} {files})")
    }
}

/// What is to be played, in the order in which it was found, and what is said of the rest.
pub(super) fn one_at_a_time(volumes: Vec<Volume>) -> (Vec<Volume>, Vec<String>) {
    let mut shelves = sort(once_each(volumes));
    let mut order: Vec<usize> = (0..shelves.len()).collect();
    // Whom somebody names comes first, then the newest.
    order.sort_by_key(|i| {
        let shelf = &shelves[*i];
        let started = shelf.run.as_ref().map(|run| run.started);
        std::cmp::Reverse((shelf.is_named(), started))
    });
    let mut played: Vec<usize> = Vec::new();
    let mut left_out = Vec::new();
    for i in order {
        match played.iter().find(|p| shelves[**p].overlaps(&shelves[i])) {
            Some(p) => left_out.push((i, *p)),
            None => played.push(i),
        }
    }
    let notes = notes(&shelves, &left_out);
    let mut i = 0;
    shelves.retain(|_| {
        i += 1;
        played.contains(&(i - 1))
    });
    let volumes = shelves.into_iter().flat_map(|s| s.volumes).collect();
    (volumes, notes)
}

fn notes(shelves: &[Shelf], left_out: &[(usize, usize)]) -> Vec<String> {
    let told = |(i, p): &(usize, usize)| {
        let (out, instead) = (&shelves[*i], &shelves[*p]);
        let file = out.volumes.first().map_or("", |v| v.store.name.as_str());
        format!(
            "two routers recorded here at the same time: {} is played, {} is not; to play that one, name one of its \
             files too, like {file}",
            instead.told(),
            out.told(),
        )
    };
    let mut notes: Vec<_> = left_out.iter().take(NAMED).map(told).collect();
    let more = left_out.len().saturating_sub(NAMED);
    if more > 0 {
        notes.push(format!("{more} more such runs are not played"));
    }
    notes
}

/// A file that is named by itself and lies in a directory that is named too stays in its place there.
fn once_each(volumes: Vec<Volume>) -> Vec<Volume> {
    let mut kept: Vec<Volume> = Vec::with_capacity(volumes.len());
    for mut volume in volumes {
        let twice = |had: &Volume| had.id.is_some() && had.id == volume.id;
        if let Some(i) = kept.iter().position(twice) {
            volume.named |= kept.remove(i).named;
        }
        kept.push(volume);
    }
    kept
}

/// What does not say whose it is belongs to the file before it.
fn sort(volumes: Vec<Volume>) -> Vec<Shelf> {
    let mut shelves: Vec<Shelf> = Vec::new();
    let mut last = None;
    for volume in volumes {
        let run = volume.head.as_ref().map(|head| head.run.clone());
        let at = match (&run, last) {
            (None, Some(last)) => Some(last),
            (run, _) => shelves.iter().position(|s| s.run == *run),
        };
        let at = at.unwrap_or_else(|| {
            let volumes = Vec::new();
            shelves.push(Shelf { run, volumes });
            shelves.len() - 1
        });
        last = Some(at);
        shelves[at].volumes.push(volume);
    }
    shelves
}

/// From when to when it goes, where that can be known without reading all of it: each file says when it begins, and
/// none begins before the one that it follows.
pub(super) fn span(volumes: &[Volume]) -> Option<(Wall, Wall)> {
    let heads: Option<Vec<_>> = volumes.iter().map(|v| v.head.as_ref()).collect();
    let heads = heads?;
    if !heads.is_sorted_by_key(|head| head.at) {
        return None;
    }
    Some((heads.first()?.at, volumes.last()?.last()?))
}

/// The file to begin with, so that from that moment on everything is as if all of them had been read.
pub(super) fn first_needed(volumes: &[Volume], from: Wall, purpose: Purpose) -> usize {
    let heads = || volumes.iter().map(|v| v.head.as_ref());
    let by = |when: Wall| heads().rposition(|head| head.is_some_and(|head| head.at <= when));
    let back = |when: Wall, by: Duration| {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Wall(when.0.saturating_sub(by))
    };
    let before = match purpose {
        Purpose::Screen => Some(back(from, SCREEN)),
        // What is out of order when the stretch begins has begun after this.
        Purpose::Report => heads()
            .flatten()
            .filter(|head| head.at <= from && head.calm)
            .last()
            .map(|head| back(head.at, REPORT)),
    };
    before.and_then(by).unwrap_or(0)
}
