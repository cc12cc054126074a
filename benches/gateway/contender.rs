//! Who is compared: nothing in between, nginx, breakerbox without its screen and with it.

use crate::{
    GATEWAY_CORE, Result,
    process::{self, Child},
};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::{
    fs,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpStream;

const NGINX: &str = "/usr/sbin/nginx";
const BREAKERBOX: &str = env!("CARGO_BIN_EXE_breakerbox");
/// A gateway that does not listen after this long never will.
const START: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Direct,
    Nginx,
    Breakerbox,
    Screen,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::Breakerbox => "breakerbox",
            Self::Screen => "breakerbox, screen on",
        }
    }
}

/// Those that can run here.
pub(crate) fn available(screen: bool, out: &mut impl Write) -> Result<Vec<Kind>> {
    let mut kinds = vec![Kind::Direct];
    if Path::new(NGINX).exists() {
        kinds.push(Kind::Nginx);
    } else {
        writeln!(out, "skipped: nginx ({NGINX} is not there)")?;
    }
    kinds.push(Kind::Breakerbox);
    if screen {
        kinds.push(Kind::Screen);
    }
    Ok(kinds)
}

/// One of them, running.
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    pub(crate) addr: SocketAddr,
    pub(crate) pid: Option<u32>,
    _running: Running,
    _dir: TempDir,
}

enum Running {
    Nothing,
    Process(#[expect(dead_code, reason = "ends when it is dropped")] Child),
    Pty(#[expect(dead_code, reason = "ends when it is dropped")] Pty),
}

/// A program in a terminal that somebody reads.
struct Pty {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Contender {
    /// Starts it and waits until it takes connections.
    pub(crate) async fn start(kind: Kind, upstream: SocketAddr) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let addr = free_port()?;
        let (addr, pid, running) = match kind {
            Kind::Direct => (upstream, None, Running::Nothing),
            Kind::Nginx => {
                let child = nginx(dir.path(), addr, upstream)?;
                (addr, Some(child.0.id()), Running::Process(child))
            }
            Kind::Breakerbox => {
                let child = headless(dir.path(), addr, upstream)?;
                (addr, Some(child.0.id()), Running::Process(child))
            }
            Kind::Screen => {
                let pty = screen(dir.path(), addr, upstream)?;
                (addr, pty.child.process_id(), Running::Pty(pty))
            }
        };
        tokio::time::timeout(START, listening(addr))
            .await
            .map_err(|_| format!("{} does not listen", kind.name()))?;
        Ok(Self {
            kind,
            addr,
            pid,
            _running: running,
            _dir: dir,
        })
    }

    pub(crate) fn cpu(&self) -> Result<Option<Duration>> {
        self.pid.map(process::cpu).transpose()
    }

    pub(crate) fn rss_kib(&self) -> Result<u32> {
        process::rss_kib(self.pid.ok_or("no process")?)
    }
}

async fn listening(addr: SocketAddr) {
    while TcpStream::connect(addr).await.is_err() {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// A port that was free a moment ago.
fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// As fast as it goes: one worker, no log, connections kept on both sides, streams passed on as they come, request
/// bodies in memory (its default puts those over 16 KiB in a file, and 400 KB then take 50 ms).
fn nginx(dir: &Path, addr: SocketAddr, upstream: SocketAddr) -> Result<Child> {
    let d = dir.display();
    let config = format!(
        "daemon off; master_process off; worker_processes 1; pid {d}/pid; error_log {d}/error.log crit;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_max_body_size 32m; client_body_buffer_size 1m; keepalive_requests 100000000;
  client_body_temp_path {d}/body; proxy_temp_path {d}/proxy; fastcgi_temp_path {d}/f; uwsgi_temp_path {d}/u;
  scgi_temp_path {d}/s;
  upstream provider {{ server {upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen {addr};
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering off;
    }}
  }}
}}
"
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = process::pinned(GATEWAY_CORE, Path::new(NGINX));
    command.arg("-e").arg(dir.join("error.log"));
    command.arg("-c").arg(&file).arg("-p").arg(dir);
    Ok(Child(command.spawn()?))
}

fn config(dir: &Path, upstream: SocketAddr) -> io::Result<PathBuf> {
    let file = dir.join("breakerbox.toml");
    let text = format!(
        "[routes.bench]\ntiers = [\"local/bench-1\"]\n[cache]\nenabled = false\n[judge]\njudges = []\n\
         [providers.local]\ndialect = \"openai\"\nbase_url = \"http://{upstream}\"\nkey = \"none\"\n"
    );
    fs::write(&file, text)?;
    Ok(file)
}

fn headless(dir: &Path, addr: SocketAddr, upstream: SocketAddr) -> Result<Child> {
    let mut command = process::pinned(GATEWAY_CORE, Path::new(BREAKERBOX));
    command
        .arg("serve")
        .arg("--config")
        .arg(config(dir, upstream)?)
        .args(["--listen", &addr.to_string()])
        .stdout(Stdio::null());
    Ok(Child(command.spawn()?))
}

fn screen(dir: &Path, addr: SocketAddr, upstream: SocketAddr) -> Result<Pty> {
    let size = PtySize {
        rows: 60,
        cols: 200,
        ..PtySize::default()
    };
    let pair = native_pty_system().openpty(size)?;
    let mut command = CommandBuilder::new(if process::can_pin() {
        "taskset"
    } else {
        BREAKERBOX
    });
    if process::can_pin() {
        command.args(["-c", GATEWAY_CORE, BREAKERBOX]);
    }
    command.arg("--config");
    command.arg(config(dir, upstream)?);
    command.args(["--listen", &addr.to_string()]);
    command.env("TERM", "xterm-256color");
    command.env("XDG_STATE_HOME", dir);
    let child = pair.slave.spawn_command(command)?;
    let mut shown = pair.master.try_clone_reader()?;
    // Somebody has to read the terminal; it ends when the program does.
    std::thread::spawn(move || {
        let mut buf = vec![0; 65_536];
        while shown.read(&mut buf).is_ok_and(|n| n > 0) {}
    });
    Ok(Pty {
        child,
        _master: pair.master,
    })
}
