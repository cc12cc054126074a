//! How another process comes to a running router: by its Unix socket, or by its address and, if it asks for one, a token.

use reqwest::{Client, RequestBuilder, Response, Url};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::{
    fmt, fs, io,
    os::unix::net::UnixStream as Blocking,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

/// Where a router is when nobody says.
const USUAL_PORT: u16 = 4141;
/// Until there is a connection, and until a question is answered that needs no thought.
const SOON: Duration = Duration::from_secs(5);
/// Of one message. What a router sends is a quarter of it.
const MOST_BYTES: usize = 1 << 20;

/// A router in another process.
#[derive(Clone)]
pub struct Reach {
    at: At,
    token: Option<SecretString>,
    client: Client,
}

#[derive(Debug, Clone)]
enum At {
    Socket(PathBuf),
    /// `http` or `https`, without a path.
    Url(Url),
}

/// A token is not shown.
impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Socket(path) => write!(f, "{}", path.display()),
            At::Url(url) => {
                f.write_str(url.host_str().unwrap_or_default())?;
                url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreached {
    /// Nobody is there, or something else is.
    Away { to: String, why: String },
    /// Somebody is there, and it does not let us in.
    Shut { to: String, why: String },
    /// It answered with another status.
    Said(u16, String),
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away { to, why } => write!(f, "no breakerbox at {to}: {why}"),
            Self::Shut { to, why } => write!(f, "{to} does not let us in: {why}"),
            Self::Said(_, why) => f.write_str(why),
        }
    }
}

pub type Socket = WebSocketStream<Box<dyn Io>>;

/// What a WebSocket runs over.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Reach {
    /// `to`: a URL, HOST:PORT, a port, or the path of a socket; left out: the router on this machine, by its socket in
    /// `sockets` if there is one.
    pub fn new(
        to: Option<&str>,
        token: Option<SecretString>,
        sockets: Option<&Path>,
    ) -> Result<Self, String> {
        let at = match to {
            Some(to) => At::parse(to, sockets)?,
            None => At::usual(sockets)?,
        };
        let mut client = Client::builder().no_proxy().connect_timeout(SOON);
        client = match &at {
            // There is no TLS on it, and the system's certificates take their time to read.
            At::Socket(path) => client.unix_socket(path.clone()).tls_certs_only([]),
            At::Url(url) if url.scheme() == "http" => client.tls_certs_only([]),
            At::Url(_) => client,
        };
        let client = client.build().map_err(|e| format!("no HTTP client: {e}"))?;
        Ok(Self { at, token, client })
    }

    pub const fn is_socket(&self) -> bool {
        matches!(self.at, At::Socket(_))
    }

    /// A token that travels in the clear to another machine can be read on the way.
    pub fn warning(&self) -> Option<String> {
        let At::Url(url) = &self.at else { return None };
        let local = url
            .host_str()
            .is_some_and(|h| h == "localhost" || h.starts_with("127.") || h == "[::1]");
        let clear = url.scheme() == "http" && !local && self.token.is_some();
        clear.then(|| {
            format!("the token goes to {self} unencrypted; https:// (or wss://) would hide it")
        })
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.signed(self.client.get(self.url(path)))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.signed(self.client.post(self.url(path)))
    }

    /// The answer, if it is a good one.
    pub async fn ask(&self, question: RequestBuilder) -> Result<Response, Unreached> {
        let answer = question.send().await.map_err(|e| self.away(&reasons(&e)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let said = answer.text().await.unwrap_or_default();
        Err(self.refused(status.as_u16(), said.as_bytes()))
    }

    /// A WebSocket at this path.
    pub async fn attach(&self, path: &str) -> Result<Socket, Unreached> {
        let opened = timeout(SOON, self.open(path)).await;
        opened.unwrap_or_else(|_| Err(self.away("it does not answer")))
    }

    async fn open(&self, path: &str) -> Result<Socket, Unreached> {
        let io = |e: io::Error| match e.kind() {
            io::ErrorKind::ConnectionRefused => self.away("connection refused"),
            io::ErrorKind::NotFound => self.away("its socket is not there"),
            _ => self.away(&e.to_string()),
        };
        let stream: Box<dyn Io> = match &self.at {
            At::Socket(path) => Box::new(UnixStream::connect(path).await.map_err(io)?),
            At::Url(url) => {
                let host = url.host_str().unwrap_or_default();
                let port = url.port_or_known_default().unwrap_or(USUAL_PORT);
                let bare = host.trim_start_matches('[').trim_end_matches(']');
                let tcp = TcpStream::connect((bare, port)).await.map_err(io)?;
                tcp.set_nodelay(true).map_err(io)?;
                if url.scheme() == "https" {
                    Box::new(self.tls(bare, tcp).await?)
                } else {
                    Box::new(tcp)
                }
            }
        };
        let mut address = self.url(path);
        // Only its scheme: whether it is encrypted was decided above.
        let _ = address.set_scheme("ws");
        let mut request = address
            .as_str()
            .into_client_request()
            .map_err(|e| self.away(&e.to_string()))?;
        if let Some(bearer) = self.bearer() {
            request.headers_mut().insert(header::AUTHORIZATION, bearer);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST_BYTES))
            .max_frame_size(Some(MOST_BYTES));
        let opened =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        opened.map(|(socket, _)| socket).map_err(|e| match e {
            tungstenite::Error::Http(answer) => {
                let said = answer.body().as_deref().unwrap_or_default();
                self.refused(answer.status().as_u16(), said)
            }
            e => self.away(&e.to_string()),
        })
    }

    async fn tls(
        &self,
        host: &str,
        tcp: TcpStream,
    ) -> Result<impl Io + 'static + use<>, Unreached> {
        let config = rustls::ClientConfig::builder()
            .with_platform_verifier()
            .map_err(|e| self.away(&format!("the system's certificates cannot be read: {e}")))?
            .with_no_client_auth();
        let name = host
            .to_owned()
            .try_into()
            .map_err(|_| self.away("this is no host name"))?;
        let connector = TlsConnector::from(Arc::new(config));
        connector
            .connect(name, tcp)
            .await
            .map_err(|e| self.away(&format!("no TLS: {e}")))
    }

    fn url(&self, path: &str) -> Url {
        let mut url = match &self.at {
            At::Url(url) => url.clone(),
            At::Socket(_) => local(),
        };
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(path);
        url.set_query(query);
        url
    }

    fn signed(&self, question: RequestBuilder) -> RequestBuilder {
        match self.bearer() {
            Some(bearer) => question.header(header::AUTHORIZATION, bearer),
            None => question,
        }
    }

    fn bearer(&self) -> Option<HeaderValue> {
        let token = self.token.as_ref()?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn away(&self, why: &str) -> Unreached {
        Unreached::Away {
            to: self.to_string(),
            why: why.to_owned(),
        }
    }

    fn refused(&self, status: u16, said: &[u8]) -> Unreached {
        let why = serde_json::from_slice::<Refusal>(said).map(|r| r.error.message);
        match (status, why) {
            (401 | 403, why) => {
                let why = why.unwrap_or_else(|_| "not allowed".to_owned());
                let to = self.to_string();
                Unreached::Shut { to, why }
            }
            (status, Ok(why)) => Unreached::Said(status, why),
            (status, Err(_)) => self.away(&format!(
                "something answers there with HTTP status {status}"
            )),
        }
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: Message,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

impl At {
    fn parse(to: &str, sockets: Option<&Path>) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "{to:?} is not where a router can be: {why}; write it like 127.0.0.1:4141, wss://host, or the path of its socket"
            )
        };
        if let Ok(port) = to.parse::<u16>() {
            let socket = sockets.map(|dir| crate::config::socket_of(dir, port));
            return Ok(socket
                .filter(|path| answers(path))
                .map_or_else(|| on_this_machine(port), Self::Socket));
        }
        let path = to.strip_prefix("unix:").unwrap_or(to);
        if !to.contains("://") && (path.contains('/') || is_socket(Path::new(path))) {
            return Ok(Self::Socket(PathBuf::from(path)));
        }
        let full = if to.contains("://") {
            to.to_owned()
        } else {
            format!("http://{to}")
        };
        let (scheme, rest) = full.split_once("://").unwrap_or(("http", to));
        let scheme = match scheme {
            "ws" | "http" => "http",
            "wss" | "https" => "https",
            other => return Err(wrong(&format!("{other}:// is not spoken here"))),
        };
        let mut url =
            Url::parse(&format!("{scheme}://{rest}")).map_err(|e| wrong(&e.to_string()))?;
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
        Ok(Self::Url(url))
    }

    /// Its socket, where somebody answers on it; otherwise the usual address.
    fn usual(sockets: Option<&Path>) -> Result<Self, String> {
        let Some(dir) = sockets else {
            return Ok(on_this_machine(USUAL_PORT));
        };
        let usual = crate::config::socket_of(dir, USUAL_PORT);
        if answers(&usual) {
            return Ok(Self::Socket(usual));
        }
        let entries = fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        let mut live: Vec<_> = entries
            .filter(|path| is_socket(path) && answers(path))
            .collect();
        live.sort();
        match (live.pop(), live.is_empty()) {
            (None, _) => Ok(on_this_machine(USUAL_PORT)),
            (Some(only), true) => Ok(Self::Socket(only)),
            (Some(last), false) => {
                live.push(last);
                let ports: Vec<_> = live
                    .iter()
                    .filter_map(|p| p.file_stem()?.to_str())
                    .collect();
                Err(format!(
                    "several routers run here, on the ports {}; say which one with --to PORT",
                    ports.join(", ")
                ))
            }
        }
    }
}

fn is_socket(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "sock")
}

fn answers(path: &Path) -> bool {
    Blocking::connect(path).is_ok()
}

fn on_this_machine(port: u16) -> At {
    let mut url = local();
    // It has a host.
    let _ = url.set_port(Some(port));
    At::Url(url)
}

#[expect(clippy::expect_used, reason = "a constant")]
fn local() -> Url {
    Url::parse("http://127.0.0.1").expect("an address")
}

/// An error and what is behind it.
fn reasons(e: &dyn std::error::Error) -> String {
    let mut last = e;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn at(to: &str) -> String {
        Reach::new(Some(to), None, None)
            .map_or_else(|e| e, |reach| format!("{} {}", reach.url("/x?y=1"), reach))
    }

    #[test]
    fn a_router_is_named_as_people_name_things() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert_eq!(
            at("10.0.0.5:4777"),
            "http://10.0.0.5:4777/x?y=1 10.0.0.5:4777"
        );
        assert_eq!(at("ws://box"), "http://box:4141/x?y=1 box:4141");
        assert_eq!(at("http://box:80/"), "http://box/x?y=1 box");
        assert_eq!(
            at("wss://box.example"),
            "https://box.example/x?y=1 box.example"
        );
        assert_eq!(at("4777"), "http://127.0.0.1:4777/x?y=1 127.0.0.1:4777");
        assert_eq!(at("[::1]:4777"), "http://[::1]:4777/x?y=1 [::1]:4777");
        assert_eq!(at("/run/bb.sock"), "http://127.0.0.1/x?y=1 /run/bb.sock");
        assert!(at("ftp://x").contains("ftp:// is not spoken here"));
        assert!(at("http://x/admin").contains("it has a path"));
        let secret = at("https://op:geheim@box");
        assert!(
            secret.contains("BREAKERBOX_TOKEN") && !secret.contains("geheim"),
            "{secret}"
        );
    }

    #[test]
    fn without_a_name_the_only_router_on_this_machine_is_meant() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let named = |to: Option<&str>| {
            Reach::new(to, None, Some(dir.path())).map(|reach| reach.to_string())
        };
        assert_eq!(named(None).unwrap(), "127.0.0.1:4141");
        let path = |name: &str| dir.path().join(name);
        let _one = UnixListener::bind(path("4777.sock")).unwrap();
        // One that was left behind.
        drop(UnixListener::bind(path("4800.sock")).unwrap());
        assert!(named(None).unwrap().ends_with("/4777.sock"));
        let _two = UnixListener::bind(path("4999.sock")).unwrap();
        let which = named(None).unwrap_err();
        assert!(
            which.contains("4777, 4999") && which.contains("--to"),
            "{which}"
        );
        assert!(named(Some("4999")).unwrap().ends_with("/4999.sock"));
        let _usual = UnixListener::bind(path("4141.sock")).unwrap();
        assert!(named(None).unwrap().ends_with("/4141.sock"));
    }

    #[test]
    fn a_token_in_the_clear_is_warned_of_and_shown_nowhere() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let of =
            |to: &str| Reach::new(Some(to), Some("geheim-geheim-geheim".into()), None).unwrap();
        assert!(of("ws://box").warning().unwrap().contains("unencrypted"));
        assert_eq!(of("wss://box").warning(), None);
        assert_eq!(of("127.0.0.1:4141").warning(), None);
        assert!(!format!("{:?}", of("ws://box")).contains("geheim"));
    }
}
