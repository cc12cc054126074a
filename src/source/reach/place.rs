//! Where a router is: where somebody says, or wherever one runs on this machine.

use crate::config::{is_answered, is_on_this_machine, socket_of};
use reqwest::Url;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// Where a router is when nobody says.
pub(super) const USUAL_PORT: u16 = 4141;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    Socket(PathBuf),
    /// `http` or `https`, without a path.
    Url(Url),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "{}", path.display()),
            Self::Url(url) => {
                f.write_str(url.host_str().unwrap_or_default())?;
                url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
            }
        }
    }
}

impl At {
    /// What is sent there stays on this machine.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Url(url) => is_on_this_machine(url.as_str()),
        }
    }
}

/// Which router is meant. `sockets` is the directory of those on this machine.
#[derive(Debug, Clone)]
pub(super) enum Meant {
    At(At),
    /// The one that listens on this port of this machine.
    Port {
        port: u16,
        sockets: Option<PathBuf>,
    },
    /// The one that runs on this machine.
    Here {
        sockets: Option<PathBuf>,
    },
}

impl Meant {
    /// `to`: a URL, HOST:PORT, a port, or the path of a socket; left out: the router on this machine.
    pub(super) fn read(to: Option<&str>, sockets: Option<&Path>) -> Result<Self, String> {
        let sockets = sockets.map(Path::to_owned);
        let Some(to) = to else {
            return Ok(Self::Here { sockets });
        };
        Ok(match to.parse() {
            Ok(port) => Self::Port { port, sockets },
            Err(_) => Self::At(read(to)?),
        })
    }

    /// Where it is now: its socket, where somebody answers on it; otherwise its address.
    pub(super) fn find(&self) -> Result<At, String> {
        match self {
            Self::At(at) => Ok(at.clone()),
            Self::Port { port, sockets } => {
                Ok(socket(sockets.as_deref(), *port).unwrap_or_else(|| on_this_machine(*port)))
            }
            Self::Here { sockets } => {
                let usual = socket(sockets.as_deref(), USUAL_PORT);
                let only = || only(sockets.as_deref());
                let found = usual.map_or_else(only, |at| Ok(Some(at)))?;
                Ok(found.unwrap_or_else(|| on_this_machine(USUAL_PORT)))
            }
        }
    }

    /// The same, for whoever came to it at `last` and does not any more. Of several the usual one is as good a guess as
    /// any at the beginning; for somebody who had another before his eyes it is not.
    pub(super) fn find_again(&self, last: &At) -> Result<At, String> {
        match (self, last) {
            (Self::Here { sockets }, At::Socket(_)) => {
                Ok(only(sockets.as_deref())?.unwrap_or_else(|| last.clone()))
            }
            _ => self.find(),
        }
    }
}

fn socket(dir: Option<&Path>, port: u16) -> Option<At> {
    let path = socket_of(dir?, port);
    is_answered(&path).then_some(At::Socket(path))
}

/// The only one on which somebody answers; an error where there are several.
fn only(dir: Option<&Path>) -> Result<Option<At>, String> {
    let entries = dir.map(fs::read_dir).into_iter().flatten().flatten();
    let mut live: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_socket(path) && is_answered(path))
        .collect();
    if live.len() > 1 {
        return Err(several(&live));
    }
    Ok(live.pop().map(At::Socket))
}

fn several(live: &[PathBuf]) -> String {
    let mut ports: Vec<_> = live
        .iter()
        .filter_map(|path| path.file_stem()?.to_str())
        .collect();
    ports.sort_unstable();
    let first = ports.first().unwrap_or(&"PORT");
    format!(
        "several routers run here: {}; say which: attach {first}, elsewhere --to {first}",
        ports.join(", ")
    )
}

fn is_socket(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "sock")
}

fn read(to: &str) -> Result<At, String> {
    let wrong = |why: &str| {
        format!(
            "{to:?} is not where a router can be: {why}; write it like 127.0.0.1:4141, wss://host, or the path of its socket"
        )
    };
    let path = to.strip_prefix("unix:").unwrap_or(to);
    if !to.contains("://") && (path.contains('/') || is_socket(Path::new(path))) {
        return Ok(At::Socket(PathBuf::from(path)));
    }
    let (scheme, rest) = to.split_once("://").unwrap_or(("http", to));
    let scheme = match scheme {
        "ws" | "http" => "http",
        "wss" | "https" => "https",
        other => return Err(wrong(&format!("{other}:// is not spoken here"))),
    };
    let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(|e| wrong(&e.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a token does not belong into the address: set BREAKERBOX_TOKEN, or name its file with --token-file".to_owned());
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(wrong("it has a path"));
    }
    let bare = rest.trim_end_matches('/');
    let says_port = bare
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if scheme == "http" && !says_port {
        // Only a URL without a host takes no port.
        let _ = url.set_port(Some(USUAL_PORT));
    }
    Ok(At::Url(url))
}

fn on_this_machine(port: u16) -> At {
    let mut url = local();
    // It has a host.
    let _ = url.set_port(Some(port));
    At::Url(url)
}

#[expect(clippy::expect_used, reason = "a constant")]
pub(super) fn local() -> Url {
    Url::parse("http://127.0.0.1").expect("an address")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn at(to: &str) -> Result<At, String> {
        Meant::read(Some(to), None)?.find()
    }

    #[test]
    fn a_router_is_named_as_people_name_things() {
        for (to, url, shown) in [
            ("10.0.0.5:4777", "http://10.0.0.5:4777/", "10.0.0.5:4777"),
            ("ws://box", "http://box:4141/", "box:4141"),
            ("http://box:80/", "http://box/", "box"),
            ("wss://box.example", "https://box.example/", "box.example"),
            ("4777", "http://127.0.0.1:4777/", "127.0.0.1:4777"),
            ("[::1]:4777", "http://[::1]:4777/", "[::1]:4777"),
        ] {
            let at = at(to).unwrap();
            assert_eq!(
                (&at, at.to_string().as_str()),
                (&At::Url(url.parse().unwrap()), shown)
            );
        }
        for socket in ["/run/bb.sock", "unix:/run/bb.sock"] {
            assert_eq!(at(socket), Ok(At::Socket("/run/bb.sock".into())));
        }
        assert!(
            at("ftp://x")
                .unwrap_err()
                .contains("ftp:// is not spoken here")
        );
        assert!(at("http://x/admin").unwrap_err().contains("it has a path"));
        let secret = at("https://op:geheim@box").unwrap_err();
        assert!(
            secret.contains("BREAKERBOX_TOKEN") && !secret.contains("geheim"),
            "{secret}"
        );
    }

    #[test]
    fn only_this_machines_own_addresses_are_local() {
        for here in [
            "127.0.0.1:4141",
            "127.9.9.9",
            "localhost",
            "[::1]:1",
            "/run/bb.sock",
        ] {
            assert!(at(here).unwrap().is_local(), "{here}");
        }
        for elsewhere in [
            "10.0.0.5",
            "127.evil.example",
            "localhost.evil.example",
            "[::2]",
        ] {
            assert!(!at(elsewhere).unwrap().is_local(), "{elsewhere}");
        }
    }

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn runs(&self, port: u16) -> UnixListener {
            let path = socket_of(self.0.path(), port);
            let _ = fs::remove_file(&path);
            UnixListener::bind(path).unwrap()
        }

        fn socket(&self, port: u16) -> At {
            At::Socket(socket_of(self.0.path(), port))
        }

        fn meant(&self, to: Option<&str>) -> Meant {
            Meant::read(to, Some(self.0.path())).unwrap()
        }
    }

    #[test]
    fn without_a_name_the_only_router_on_this_machine_is_meant() {
        let here = Machine::new();
        let meant = here.meant(None);
        assert_eq!(meant.find(), Ok(on_this_machine(4141)));
        let _one = here.runs(4777);
        // One that was left behind.
        drop(here.runs(4800));
        assert_eq!(meant.find(), Ok(here.socket(4777)));
        let _two = here.runs(4999);
        let which = meant.find().unwrap_err();
        assert!(
            which.contains("4777, 4999")
                && which.contains("attach 4777")
                && which.contains("--to 4777"),
            "{which}"
        );
        assert_eq!(here.meant(Some("4999")).find(), Ok(here.socket(4999)));
        let _usual = here.runs(4141);
        assert_eq!(meant.find(), Ok(here.socket(4141)));
    }

    #[test]
    fn in_place_of_one_that_has_gone_the_only_other_is_meant_and_of_several_none() {
        let here = Machine::new();
        let (meant, last) = (here.meant(None), here.socket(4777));
        assert_eq!(
            meant.find_again(&last),
            Ok(last.clone()),
            "it may come back"
        );
        let _other = here.runs(4800);
        assert_eq!(meant.find_again(&last), Ok(here.socket(4800)));
        let _usual = here.runs(4141);
        let which = meant.find_again(&last).unwrap_err();
        assert!(which.contains("4141, 4800"), "{which}");
        let nobody_yet = on_this_machine(4141);
        assert_eq!(meant.find_again(&nobody_yet), Ok(here.socket(4141)));
    }

    #[test]
    fn one_that_was_named_stays_the_one_that_is_meant() {
        let here = Machine::new();
        let _other = here.runs(4800);
        let port = here.meant(Some("4777"));
        let last = port.find().unwrap();
        assert_eq!(last, on_this_machine(4777));
        assert_eq!(port.find_again(&last), Ok(last.clone()));
        let _itself = here.runs(4777);
        assert_eq!(
            port.find_again(&last),
            Ok(here.socket(4777)),
            "by its socket now"
        );
        let named = here.meant(Some("box:4141"));
        let last = named.find().unwrap();
        assert_eq!(named.find_again(&last), Ok(last));
    }
}
