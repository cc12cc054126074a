//! `breakerbox config`

use crate::say;
use breakerbox::{cli::ConfigMode, config};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(crate) fn run(mode: ConfigMode) -> Result<ExitCode, String> {
    let found = |file: Option<PathBuf>| config::find(file.as_deref(), &config::Process);
    let load = |file: &Path| config::load(file, &config::Process).map_err(|p| p.to_string());
    match mode {
        ConfigMode::Path => match found(None) {
            config::Found::File(path) => say(&path.display().to_string())?,
            config::Found::Builtin => {
                say("no configuration found: the simulated providers would run")?;
            }
        },
        ConfigMode::Check { file } => match found(file) {
            config::Found::File(path) => {
                let config = load(&path)?;
                for warning in &config.warnings {
                    say(&format!("warning: {warning}"))?;
                }
                let (routes, deployments) = (config.routes.len(), config.deployments.len());
                say(&format!(
                    "{}: {routes} routes over {deployments} deployments, no errors",
                    path.display()
                ))?;
                if let Some(canary) = &config.canary {
                    say(&canary.to_string())?;
                }
            }
            config::Found::Builtin => {
                return Err(
                    "no configuration found; `breakerbox config init` writes one".to_owned(),
                );
            }
        },
        ConfigMode::Show { file } => match found(file) {
            config::Found::File(path) => say(&config::show(&load(&path)?))?,
            config::Found::Builtin => {
                return Err(
                    "no configuration found; `breakerbox config init` writes one".to_owned(),
                );
            }
        },
        ConfigMode::Init { file } => {
            let mut out = std::fs::File::create_new(&file)
                .map_err(|e| format!("{} is not written: {e}", file.display()))?;
            out.write_all(config::EXAMPLE.as_bytes())
                .map_err(|e| e.to_string())?;
            say(&format!(
                "wrote {}; edit it, then: breakerbox config check",
                file.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
