//! What a configuration may ask of its surroundings: variables, key files, key commands. Tests pass their own.

use rustix::{io::Errno, net};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// A key command that prompts would hold the start for ever.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);
/// More than any key is long.
const COMMAND_OUTPUT: u64 = 64 << 10;

/// The surroundings. A closure from name to value is one, without commands.
pub trait Env {
    /// A variable; an empty one counts as not set.
    fn var(&self, name: &str) -> Option<String>;

    /// The text of a key file. The error says why it could not be read.
    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|e| e.to_string())
    }

    /// What a command prints. The error says why it failed, never what it printed.
    fn run(&self, program: &str, arguments: &[String]) -> Result<String, String>;
}

/// The process's own surroundings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Env for Process {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn run(&self, program: &str, arguments: &[String]) -> Result<String, String> {
        run(program, arguments, COMMAND_TIMEOUT)
    }
}

impl<F: Fn(&str) -> Option<String>> Env for F {
    fn var(&self, name: &str) -> Option<String> {
        self(name).filter(|value| !value.is_empty())
    }

    fn run(&self, _program: &str, _arguments: &[String]) -> Result<String, String> {
        Err("commands are not run here".to_owned())
    }
}

fn run(program: &str, arguments: &[String], timeout: Duration) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{program} did not start: {e}"))?;
    let (send, receive) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = String::new();
            let read = out.take(COMMAND_OUTPUT).read_to_string(&mut text);
            // Nobody listens any more after a timeout.
            let _ = send.send(read.map(|_| text));
        });
    }
    let output = receive.recv_timeout(timeout);
    if output.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
    }
    let status = child
        .wait()
        .map_err(|e| format!("{program} was lost: {e}"))?;
    match output {
        Ok(Ok(text)) if status.success() => Ok(text),
        Ok(Ok(_)) => Err(format!("{program} failed ({status})")),
        Ok(Err(e)) => Err(format!("{program} printed no text: {e}")),
        Err(_) => Err(format!(
            "{program} was not done after {} s",
            timeout.as_secs()
        )),
    }
}

/// A path as a person writes it: `~/` is the home directory, anything relative starts at `base`. The result is
/// absolute, so that it means the same in whatever file `show` is kept.
pub(super) fn path_from(text: &str, base: &Path, env: &dyn Env) -> PathBuf {
    if let (Some(rest), Some(home)) = (text.strip_prefix("~/"), env.var("HOME")) {
        return Path::new(&home).join(rest);
    }
    let path = base.join(text);
    std::path::absolute(&path).unwrap_or(path)
}

/// `$XDG_CONFIG_HOME`, `$XDG_CACHE_HOME`, or the directory under home that stands for it.
pub(super) fn xdg(variable: &str, under_home: &str, env: &dyn Env) -> Option<PathBuf> {
    // The base directory specification says to ignore relative ones.
    let set = env.var(variable).map(PathBuf::from);
    set.filter(|path| path.is_absolute()).or_else(|| {
        env.var("HOME")
            .map(|home| Path::new(&home).join(under_home))
    })
}

/// Where breakerbox keeps what should outlive a run: `breakerbox` in the user's state directory. None without a home.
pub fn state_dir(env: &dyn Env) -> Option<PathBuf> {
    xdg("XDG_STATE_HOME", ".local/state", env).map(|dir| dir.join("breakerbox"))
}

/// Where the sockets of running routers are.
pub fn socket_dir(env: &dyn Env) -> Option<PathBuf> {
    let runtime = env.var("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|dir| dir.is_absolute() && dir.is_dir());
    runtime
        .map(|dir| dir.join("breakerbox"))
        .or_else(|| Some(state_dir(env)?.join("run")))
}

/// The socket of the router that listens on this port.
pub fn socket_of(dir: &Path, port: u16) -> PathBuf {
    dir.join(format!("{port}.sock"))
}

/// Does somebody listen on this socket? It is not waited for: one who is too busy to take another is there.
pub fn is_answered(socket: &Path) -> bool {
    let connect = || {
        let at = net::SocketAddrUnix::new(socket)?;
        let fd = net::socket(net::AddressFamily::UNIX, net::SocketType::STREAM, None)?;
        rustix::io::ioctl_fionbio(&fd, true)?;
        net::connect(&fd, &at)
    };
    matches!(connect(), Ok(()) | Err(Errno::AGAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_is_too_busy_to_take_another_is_there_and_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.sock");
        assert!(!is_answered(&path));
        let at = net::SocketAddrUnix::new(&path).unwrap();
        let fd = net::socket(net::AddressFamily::UNIX, net::SocketType::STREAM, None).unwrap();
        net::bind(&fd, &at).unwrap();
        assert!(!is_answered(&path), "nobody listens");
        net::listen(&fd, 0).unwrap();
        let mut waiting = Vec::new();
        for _ in 0..4 {
            waiting.push(is_answered(&path));
        }
        assert_eq!(waiting, [true; 4]);
        drop(fd);
        assert!(!is_answered(&path), "it was left behind");
    }

    fn sh(script: &str, timeout: Duration) -> Result<String, String> {
        run("sh", &["-c".to_owned(), script.to_owned()], timeout)
    }

    #[test]
    fn a_key_command_gives_what_it_prints() {
        assert_eq!(
            sh("echo geheim", COMMAND_TIMEOUT),
            Ok("geheim\n".to_owned())
        );
    }

    #[test]
    fn a_key_command_that_fails_says_so_without_its_output() {
        let error = sh("echo geheim; exit 3", COMMAND_TIMEOUT).unwrap_err();
        assert!(error.contains("exit status: 3") && !error.contains("geheim"));
        let missing = run("/nonexistent/prog", &[], COMMAND_TIMEOUT).unwrap_err();
        assert!(missing.contains("did not start"), "{missing}");
    }

    #[test]
    fn a_key_command_that_waits_for_ever_is_stopped() {
        let error = sh("exec sleep 60", Duration::from_millis(50)).unwrap_err();
        assert!(error.contains("was not done"), "{error}");
    }

    #[test]
    fn relative_xdg_directories_are_ignored() {
        let env = |name: &str| match name {
            "XDG_CACHE_HOME" => Some("cache".to_owned()),
            "HOME" => Some("/home/a".to_owned()),
            _ => None,
        };
        let path = xdg("XDG_CACHE_HOME", ".cache", &env);
        assert_eq!(path, Some(PathBuf::from("/home/a/.cache")));
    }
}
