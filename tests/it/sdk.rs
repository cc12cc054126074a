//! The official Python SDKs against the real binary with its simulated providers.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn run(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    if out.status.success() {
        Ok(text)
    } else {
        Err(text)
    }
}

/// A virtual environment with both SDKs, made once per requirements file.
fn python() -> Result<PathBuf, String> {
    let requirements = root().join("tests/sdk/requirements.txt");
    let venv = root().join("target/sdk-venv");
    let python = venv.join("bin/python");
    let done = venv.join("installed.txt");
    let wanted = std::fs::read_to_string(&requirements).map_err(|e| e.to_string())?;
    if std::fs::read_to_string(&done).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let uv = run(Command::new("uv")
        .args(["pip", "install", "--quiet", "--python"])
        .arg(&python)
        .arg("-r")
        .arg(&requirements));
    if uv.is_err() {
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(&requirements))?;
    }
    std::fs::write(&done, wanted).map_err(|e| e.to_string())?;
    Ok(python)
}

#[test]
fn the_official_python_sdks_chat_stream_call_tools_and_raise_the_right_errors() {
    let python = match python() {
        Ok(python) => python,
        Err(why) if std::env::var_os("CI").is_none() => {
            println!(
                "skipped: no virtual environment with the SDKs: {}",
                why.lines().next().unwrap_or_default()
            );
            return;
        }
        Err(why) => panic!("CI needs the SDKs: {why}"),
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_breakerbox"))
        .args(["serve", "--sim", "--no-traffic", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stdout = child.stdout.take().expect("stdout is piped");
    let _running = Running(child);
    let mut first = String::new();
    let mut lines = BufReader::new(stdout);
    lines
        .read_line(&mut first)
        .expect("it says where it listens");
    let base = first
        .trim()
        .strip_prefix("breakerbox listens on ")
        .expect("it says where it listens")
        .to_owned();
    let checked = run(Command::new(python)
        .arg(root().join("tests/sdk/check.py"))
        .arg(&base));
    match checked {
        Ok(said) => assert!(said.matches("ok ").count() >= 18, "{said}"),
        Err(said) => panic!("{said}"),
    }
}
