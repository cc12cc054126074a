//! `breakerbox config`

use crate::say;
use breakerbox::{
    cli::ConfigMode,
    config::{self, Config, Found, Process},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(super) const NONE: &str = "no configuration found; `breakerbox config init` writes one";

pub(crate) fn run(mode: ConfigMode) -> Result<ExitCode, String> {
    match mode {
        ConfigMode::Path => match config::find(None, &Process) {
            Found::File(path) => say(&path.display().to_string()),
            Found::Builtin => say("no configuration found: the simulated providers would run"),
        },
        ConfigMode::Check { file } => {
            let (path, config) = read(file.as_deref())?;
            check(&path, &config)
        }
        ConfigMode::Show { file } => say(&config::show(&read(file.as_deref())?.1)),
        ConfigMode::Init { file } => init(&file),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// The file that was named, or the one that would be read.
fn read(file: Option<&Path>) -> Result<(PathBuf, Config), String> {
    let Found::File(path) = config::find(file, &Process) else {
        return Err(NONE.to_owned());
    };
    let config = config::load(&path, &Process).map_err(|p| p.to_string())?;
    Ok((path, config))
}

fn check(path: &Path, config: &Config) -> Result<(), String> {
    for warning in &config.warnings {
        say(&format!("warning: {warning}"))?;
    }
    let (routes, deployments) = (config.routes.len(), config.deployments.len());
    let path = path.display();
    say(&format!(
        "{path}: {routes} routes over {deployments} deployments, no errors"
    ))?;
    match &config.canary {
        Some(canary) => say(&canary.to_string()),
        None => Ok(()),
    }
}

fn init(file: &Path) -> Result<(), String> {
    let path = file.display();
    std::fs::File::create_new(file)
        .and_then(|mut out| out.write_all(config::EXAMPLE.as_bytes()))
        .map_err(|e| format!("{path} is not written: {e}"))?;
    say(&format!(
        "wrote {path}; edit it, then: breakerbox config check"
    ))
}
