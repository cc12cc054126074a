//! `breakerbox check`

use crate::{log_to_stderr, runtime, say};
use breakerbox::{
    audit::{self, Audit, Facts, Level, Places},
    cli::CheckFormat,
    clock,
    config::{self, Config},
    drill,
    model::Wall,
};
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// A configuration that cannot be read is told in the asked format too: code scanning wants its line.
pub(crate) fn run(
    file: Option<&Path>,
    live: bool,
    strict: bool,
    format: CheckFormat,
) -> Result<ExitCode, String> {
    log_to_stderr();
    let config::Found::File(file) = config::find(file, &config::Process) else {
        let _ = writeln!(io::stderr(), "breakerbox: {}", super::config::NONE);
        return Ok(ExitCode::from(2));
    };
    let now = clock::wall();
    let tell = |audit: &Audit| match format {
        CheckFormat::Text => say(&audit::text::tell(audit, now)),
        CheckFormat::Json => say(&format!("{:#}", audit::json::tell(audit))),
        CheckFormat::Sarif => say(&format!("{:#}", audit::sarif::tell(audit))),
    };
    match config::load(&file, &config::Process) {
        Ok(config) => {
            let audit = audited(&file, &config, live, now)?;
            tell(&audit)?;
            let fails = if strict { Level::Warning } else { Level::Error };
            let failed = audit.worst() >= Some(fails);
            Ok(ExitCode::from(u8::from(failed)))
        }
        Err(problems) => {
            if format == CheckFormat::Text {
                let _ = writeln!(io::stderr(), "{problems}");
            } else {
                tell(&Audit::unreadable(&problems))?;
            }
            Ok(ExitCode::from(2))
        }
    }
}

/// The audit of a configuration against the ledger on this machine, with places and, if wanted, real calls.
fn audited(file: &Path, config: &Config, live: bool, now: Wall) -> Result<Audit, String> {
    let state = config::state_dir(&config::Process);
    let drills = state.map(|s| drill::Ledger::in_dir(&s).entries());
    let mut audit = audit::audit(Facts {
        config,
        drills: &drills.unwrap_or_default(),
        now,
    });
    audit.file = file.display().to_string();
    if live {
        let (calls, found) = runtime()?.block_on(audit::live::call(config))?;
        audit.live = Some(calls);
        audit.findings.extend(found);
    }
    // It has just been read; without it lines alone are missing.
    let text = std::fs::read_to_string(file).unwrap_or_default();
    audit.locate(&Places::read(&audit.file, &text));
    Ok(audit)
}
