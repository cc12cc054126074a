//! A command that is told: without a shell, with the message on its standard input, and never for longer than its time.

use super::body::Message;
use crate::{config::alerts::Format, model::content::first_words, provider::redact::redact};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{ffi::OsString, io, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStderr, Command},
    task::JoinSet,
    time::timeout,
};

/// Of our own variables it gets these; the others may hold the keys of providers.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
];
/// Of what it says on standard error.
const SAID: u64 = 4096;
const LINE: usize = 200;
/// For what it has said, once it has ended: a child of its own may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How it failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It cannot be started, and will not be by trying again.
    Never(String),
    Again(String),
}

/// Runs it once.
pub(super) async fn run(
    words: &[String],
    message: &Message,
    limit: Duration,
) -> Result<(), Failed> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failed::Never("there is no command".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(passed())
        .envs(told(message))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|e| Failed::Never(format!("{program} did not start: {e}")))?;
    let mut group = Group::of(&child);
    let said = child.stderr.take().map(listen);
    let done = timeout(limit, attend(&mut child, &message.body(Format::Json))).await;
    if done.is_ok() {
        // Its number may be somebody else's by now.
        group.0 = None;
    }
    drop(group);
    let failed = match done {
        Ok(Ok(status)) if status.success() => return Ok(()),
        Ok(Ok(status)) => format!("{program} failed ({status})"),
        Ok(Err(e)) => format!("{program} was lost: {e}"),
        Err(_) => {
            let _ = child.wait().await;
            format!(
                "{program} was not done after {} s, and was killed",
                limit.as_secs_f64()
            )
        }
    };
    let line = match said {
        Some(mut said) => timeout(LAST_WORDS, said.join_next()).await.ok().flatten(),
        None => None,
    };
    Err(Failed::Again(match line {
        Some(Ok(line)) if !line.is_empty() => format!("{failed}: {line}"),
        _ => failed,
    }))
}

/// Gives it the message and waits for its end. One that reads nothing does not have to.
async fn attend(child: &mut Child, message: &str) -> io::Result<std::process::ExitStatus> {
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(message.as_bytes()).await;
    }
    child.wait().await
}

/// The first line of what it says. The rest is read too, or it would have to wait.
fn listen(stderr: ChildStderr) -> JoinSet<String> {
    let mut reading = JoinSet::new();
    reading.spawn(async move { first_line(stderr).await });
    reading
}

async fn first_line(mut from: impl AsyncRead + Unpin) -> String {
    let mut said = Vec::new();
    let _ = (&mut from).take(SAID).read_to_end(&mut said).await;
    let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().find(|line| !line.trim().is_empty());
    first_words(&redact(line.unwrap_or_default()), LINE)
}

fn passed() -> impl Iterator<Item = (&'static str, OsString)> {
    PASSED
        .iter()
        .filter_map(|name| std::env::var_os(name).map(|value| (*name, value)))
}

fn told(message: &Message) -> Vec<(&'static str, String)> {
    let yes = |is: bool| if is { "1" } else { "0" }.to_owned();
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        ("BREAKERBOX_ALERT_KEY", message.key.clone()),
        ("BREAKERBOX_ALERT_SUBJECT", message.subject.to_owned()),
        ("BREAKERBOX_ALERT_TEXT", message.text.clone()),
        ("BREAKERBOX_ALERT_RESOLVED", yes(message.resolved)),
        ("BREAKERBOX_ALERT_DRILL", yes(message.drill)),
        ("BREAKERBOX_ALERT_DEPLOYMENT", some(&message.deployment)),
        ("BREAKERBOX_ALERT_ROUTE", some(&message.route)),
        ("BREAKERBOX_ALERT_FROM", some(&message.from)),
        ("BREAKERBOX_ALERT_TO", some(&message.to)),
    ]
}

/// A command that has not ended, and all that it has started: they end with this.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // There may be none left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
