//! `breakerbox report`

use super::progress;
use breakerbox::{
    cli::{Report, ReportFormat},
    model::Slo,
    postmortem::{Gather, PostMortem},
    source::{
        Tape,
        replay::{Part, Purpose, Replay},
    },
};
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// What is to be printed.
pub(crate) fn run(wish: &Report) -> Result<String, String> {
    let part = Part {
        what: &wish.what,
        from: wish.from.as_deref(),
        to: wish.to.as_deref(),
        purpose: Purpose::Report,
    };
    let replay = progress::shown(|watch| Replay::part(&part, watch))?;
    let (from, to) = replay.bounds();
    let mut gather = Gather::new(from, to, objective(wish));
    replay
        .story(|event| gather.take(event))
        .map_err(|e| e.to_string())?;
    let report = gather
        .done(replay.notes().to_vec())
        .ok_or("no event lies in that stretch")?;
    match &wish.out {
        Some(dir) => write(&report, dir)
            .map(|page| format!("{}\n{}", report.sentence(), page.display()))
            .map_err(|e| format!("{} is not written: {e}", dir.display())),
        None => Ok(match wish.format {
            ReportFormat::Md => report.markdown(),
            ReportFormat::Html => report.html(),
            ReportFormat::Json => {
                serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?
            }
        }),
    }
}

/// None: what the journal says was promised.
fn objective(wish: &Report) -> Option<Slo> {
    wish.slo.map(|target| Slo {
        target,
        window: wish.window,
        p95: wish.p95,
        canned_is_good: wish.canned_is_good,
    })
}

/// All forms; the path of the page.
fn write(report: &PostMortem, dir: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(dir)?;
    let json = serde_json::to_string_pretty(report)?;
    fs::write(dir.join("report.json"), json + "\n")?;
    let charts = report.charts();
    let mut markdown = report.markdown() + "\n## Charts\n";
    for (name, svg) in &charts {
        fs::write(dir.join(name), svg)?;
        // A String takes everything.
        let _ = writeln!(markdown, "\n![{name}]({name})");
    }
    fs::write(dir.join("report.md"), markdown)?;
    let page = dir.join("report.html");
    fs::write(&page, report.html())?;
    Ok(page)
}
