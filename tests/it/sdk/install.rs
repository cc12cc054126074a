//! The SDKs themselves, pinned, installed once under `target/sdk` and again only when what is pinned has changed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

type Installed = LazyLock<Result<PathBuf, String>>;

static PYTHON: Installed = LazyLock::new(|| venv("python"));
static NODE: Installed = LazyLock::new(node);
static ROTEL: Installed = LazyLock::new(|| {
    let python = venv("rotel")?;
    let site = "import rotel, pathlib; print(pathlib.Path(rotel.__file__).parent / 'rotel-agent')";
    let out = Command::new(&python).args(["-c", site]).output();
    let out = out.map_err(|e| format!("{}: {e}", python.display()))?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().into())
});

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sdk")
}

/// The program that runs this script, and the script where its SDKs are found; or why it cannot run.
pub(crate) fn script(name: &str) -> Result<(PathBuf, PathBuf), String> {
    let installed = if name.starts_with("python/") {
        &*PYTHON
    } else {
        &*NODE
    };
    let program = installed.clone()?;
    // Node looks for packages beside the script; Python does not mind.
    Ok((program, target().join(name)))
}

/// The collector that is tested against, as a program.
pub(crate) fn rotel() -> Result<PathBuf, String> {
    ROTEL.clone()
}

/// None, and a line that says so: it cannot be installed here. In CI that is a failure.
#[expect(
    clippy::print_stdout,
    reason = "what a test says when it is asked to show it"
)]
pub(crate) fn or_skip<T>(what: &str, installed: Result<T, String>) -> Option<T> {
    installed
        .inspect_err(|why| {
            let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!in_ci, "CI needs {what}: {why}");
            println!("skipped: {why}");
        })
        .ok()
}

/// The Python of an environment with what `requirements.txt` of this folder pins.
fn venv(name: &str) -> Result<PathBuf, String> {
    let here = target().join(name);
    let venv = here.join("venv");
    let python = venv.join("bin/python");
    once(&here, &["requirements.txt"], |requirements| {
        run(Command::new("uv")
            .args(["venv", "--quiet", "--allow-existing", "--python", ">=3.11"])
            .arg(&venv))?;
        run(Command::new("uv")
            .args(["pip", "sync", "--quiet", "--python"])
            .arg(&python)
            .arg(requirements))
    })?;
    Ok(python)
}

fn node() -> Result<PathBuf, String> {
    let here = target().join("node");
    run(Command::new("node").arg("--version"))?;
    once(&here, &["package-lock.json", "package.json"], |_| {
        let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        run(Command::new("npm").args(ci).current_dir(&here))
    })?;
    Ok("node".into())
}

/// Copies the scripts to `here`, and installs when one of the `pins` is not what it was at the last installation.
fn once(
    here: &Path,
    pins: &[&str],
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let said = |e: io::Error| format!("{}: {e}", here.display());
    fs::create_dir_all(here).map_err(said)?;
    let from = scripts().join(here.file_name().unwrap_or_default());
    for file in fs::read_dir(from).map_err(said)? {
        let file = file.map_err(said)?;
        if file.path().is_file() {
            fs::copy(file.path(), here.join(file.file_name())).map_err(said)?;
        }
    }
    let pinned: Result<String, _> = pins
        .iter()
        .map(|pin| fs::read_to_string(here.join(pin)))
        .collect();
    let pinned = pinned.map_err(said)?;
    let stamp = here.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == pinned) {
        return Ok(());
    }
    let first = pins.first().copied().unwrap_or_default();
    install(&here.join(first))?;
    fs::write(&stamp, pinned).map_err(said)
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().map_err(|e| format!("{name}: {e}"))?;
    if out.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&out.stderr).into_owned();
    Err(format!("{name} failed: {}", why.trim()))
}
