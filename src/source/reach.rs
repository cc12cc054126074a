//! How another process comes to a running router: by its Unix socket, or by its address and, if it asks for one, a token.

mod place;

use crate::{clock, model::order::WRONG_TOKENS, provider::retry_after};
use place::{At, Meant, USUAL_PORT, local};
use reqwest::{Client, RequestBuilder, Response, Url, redirect::Policy};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use std::{error::Error, fmt, io, path::Path, sync::Arc, time::Duration};
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
        http::{HeaderMap, HeaderValue, StatusCode, header},
        protocol::WebSocketConfig,
    },
};

/// Until there is a connection, and until a question is answered that needs no thought.
const SOON: Duration = Duration::from_secs(5);
/// Of one message. What a router sends is a quarter of it.
const MOST_BYTES: usize = 1 << 20;
/// Of a whole answer: a snapshot of hundreds of deployments is some megabytes.
const MOST_ANSWERED: usize = 256 << 20;
const SILENT: &str = "it does not answer";

/// A router in another process.
#[derive(Clone)]
pub struct Reach {
    meant: Meant,
    at: At,
    bearer: Option<HeaderValue>,
    client: Client,
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
        self.at.fmt(f)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Unreached {
    /// Nobody is there, or something else is.
    Away { to: String, why: String },
    /// Somebody is there, and it does not let us in.
    Shut {
        to: String,
        why: String,
        again: Option<Duration>,
    },
    /// It answered with another status.
    Said(Box<Said>),
}

/// What a router says when it does not do what it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub status: u16,
    pub why: String,
    /// After this long it may be tried again.
    pub again: Option<Duration>,
    /// The event of a command that it refused, as it wrote it.
    pub event: Option<Value>,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = match self {
            Self::Away { to, why } => {
                write!(f, "no breakerbox at {to}: {why}")?;
                None
            }
            Self::Shut { to, why, again } => {
                write!(f, "{to} does not let us in: {why}")?;
                *again
            }
            Self::Said(said) => {
                f.write_str(&said.why)?;
                said.again
            }
        };
        again.map_or(Ok(()), |wait| try_again(f, wait))
    }
}

fn try_again(f: &mut impl fmt::Write, wait: Duration) -> fmt::Result {
    write!(f, "; try again in {} s", wait.as_secs())
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
        token: Option<&SecretString>,
        sockets: Option<&Path>,
    ) -> Result<Self, String> {
        let meant = Meant::read(to, sockets)?;
        let at = meant.find()?;
        Ok(Self {
            client: client(&at)?,
            bearer: token.map(bearer).transpose()?,
            meant,
            at,
        })
    }

    pub const fn is_socket(&self) -> bool {
        matches!(self.at, At::Socket(_))
    }

    /// Looks again for the router that is meant, when it is not reached any more. True: it is somewhere else now. The
    /// error says why nobody knows which it is.
    pub fn look_again(&mut self) -> Result<bool, String> {
        let at = self.meant.find_again(&self.at)?;
        if at == self.at {
            return Ok(false);
        }
        (self.client, self.at) = (client(&at)?, at);
        Ok(true)
    }

    /// A token that travels in the clear to another machine can be read on the way.
    pub fn warning(&self) -> Option<String> {
        let At::Url(url) = &self.at else { return None };
        let clear = url.scheme() == "http" && !self.at.is_local() && self.bearer.is_some();
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
        let answer = question.send().await.map_err(|e| self.failed(&e))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        if status.is_success() {
            return Ok(answer);
        }
        let said = body(answer, MOST_BYTES).await.unwrap_or_default();
        Err(self.refused(status, &headers, &said))
    }

    /// The same, read.
    pub async fn read<T: DeserializeOwned>(
        &self,
        question: RequestBuilder,
    ) -> Result<T, Unreached> {
        let answer = self.ask(question).await?;
        let odd = |e: &dyn fmt::Display| {
            self.away(&format!(
                "its answer cannot be read ({e}): use the same version of both"
            ))
        };
        let said = body(answer, MOST_ANSWERED).await.map_err(|e| odd(&e))?;
        serde_json::from_slice(&said).map_err(|e| odd(&e))
    }

    /// A WebSocket at this path.
    pub async fn attach(&self, path: &str) -> Result<Socket, Unreached> {
        let opened = timeout(SOON, self.open(path)).await;
        opened.unwrap_or_else(|_| Err(self.away(SILENT)))
    }

    async fn open(&self, path: &str) -> Result<Socket, Unreached> {
        let io = |e: io::Error| self.unheard(&e);
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
        if let Some(bearer) = &self.bearer {
            request
                .headers_mut()
                .insert(header::AUTHORIZATION, bearer.clone());
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MOST_BYTES))
            .max_frame_size(Some(MOST_BYTES));
        let opened =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        opened.map(|(socket, _)| socket).map_err(|e| match e {
            tungstenite::Error::Http(answer) => {
                let said = answer.body().as_deref().unwrap_or_default();
                self.refused(answer.status(), answer.headers(), said)
            }
            tungstenite::Error::Io(e) => self.unheard(&e),
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
        match &self.bearer {
            Some(bearer) => question.header(header::AUTHORIZATION, bearer),
            None => question,
        }
    }

    fn away(&self, why: &str) -> Unreached {
        Unreached::Away {
            to: self.to_string(),
            why: why.to_owned(),
        }
    }

    fn failed(&self, e: &reqwest::Error) -> Unreached {
        match cause(e) {
            (Some(system), _) if !e.is_timeout() => self.unheard(system),
            _ => self.away(&why(e)),
        }
    }

    fn unheard(&self, e: &io::Error) -> Unreached {
        if e.kind() == io::ErrorKind::PermissionDenied && self.is_socket() {
            return Unreached::Shut {
                to: self.to_string(),
                why: "its socket is for the user that it runs as; others come by its address"
                    .to_owned(),
                again: None,
            };
        }
        self.away(&in_words(e))
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap, said: &[u8]) -> Unreached {
        let again = again(headers);
        let shut = |why: String| Unreached::Shut {
            to: self.to_string(),
            why,
            again,
        };
        let said = serde_json::from_slice::<Refusal>(said).ok();
        match (status.as_u16(), said) {
            (401 | 403, said) => {
                shut(said.map_or_else(|| "not allowed".to_owned(), |said| said.error.message))
            }
            (429, Some(said)) if said.error.code.as_deref() == Some(WRONG_TOKENS) => {
                shut(said.error.message)
            }
            // A door that is not there refuses nothing: it is another program, or another version.
            (404 | 405, _) | (_, None) => self.away(&elsewhere(status, headers, again)),
            (status, Some(said)) => Unreached::Said(Box::new(Said {
                status,
                why: said.error.message,
                again,
                event: said.event,
            })),
        }
    }
}

fn elsewhere(status: StatusCode, headers: &HeaderMap, again: Option<Duration>) -> String {
    let mut why = format!(
        "something answers there with HTTP status {}",
        status.as_u16()
    );
    let to = headers
        .get(header::LOCATION)
        .and_then(|to| to.to_str().ok());
    if let Some(to) = to.filter(|_| status.is_redirection()) {
        why.push_str(", it refers to ");
        why.push_str(to);
    }
    if let Some(wait) = again {
        // Writing to a string does not fail.
        let _ = try_again(&mut why, wait);
    }
    why
}

fn client(at: &At) -> Result<Client, String> {
    // Whoever is sent on elsewhere would show the token there, or lose his command on the way.
    let mut client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(SOON);
    client = match at {
        // There is no TLS on it, and the system's certificates take their time to read.
        At::Socket(path) => client.unix_socket(path.clone()).tls_certs_only([]),
        At::Url(url) if url.scheme() == "http" => client.tls_certs_only([]),
        At::Url(_) => client,
    };
    client.build().map_err(|e| format!("no HTTP client: {e}"))
}

fn bearer(token: &SecretString) -> Result<HeaderValue, String> {
    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
    let mut value =
        value.map_err(|_| "the token has characters that no header can carry".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

#[derive(Deserialize)]
struct Refusal {
    error: Message,
    #[serde(default)]
    event: Option<Value>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
    #[serde(default)]
    code: Option<String>,
}

/// What was answered, as far as anybody reads it.
async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(|e| why(&e))? {
        if all.len() + more.len() > most {
            return Err(format!("it is larger than {most} bytes"));
        }
        all.extend_from_slice(&more);
    }
    Ok(all)
}

/// What is behind an error: the system's own word where there is one.
fn cause<'e>(e: &'e (dyn Error + 'static)) -> (Option<&'e io::Error>, &'e (dyn Error + 'static)) {
    let mut last = e;
    let mut system = None;
    loop {
        system = last.downcast_ref::<io::Error>().or(system);
        match last.source() {
            Some(source) => last = source,
            None => return (system, last),
        }
    }
}

fn why(e: &reqwest::Error) -> String {
    match cause(e) {
        _ if e.is_timeout() => SILENT.to_owned(),
        (Some(system), _) => in_words(system),
        (None, last) => last.to_string(),
    }
}

fn in_words(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NotFound => "its socket is not there".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the connection broke".to_owned()
        }
        _ => e.to_string(),
    }
}

/// When it makes sense to try again: whole seconds, begun ones too.
fn again(headers: &HeaderMap) -> Option<Duration> {
    let wait = retry_after::explicit(headers, clock::wall())?.min(retry_after::LONGEST);
    Some(Duration::from_secs(
        wait.as_millis().div_ceil(1000).try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::http::HeaderName;

    fn to(to: &str) -> Reach {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Reach::new(Some(to), Some(&"geheim-geheim-geheim".into()), None).unwrap()
    }

    #[test]
    fn a_path_and_a_query_are_put_behind_the_address() {
        let url = |at: &str| to(at).url("/x?y=1").to_string();
        assert_eq!(url("ws://box"), "http://box:4141/x?y=1");
        assert_eq!(url("/run/bb.sock"), "http://127.0.0.1/x?y=1");
    }

    #[test]
    fn a_token_in_the_clear_is_warned_of_and_shown_nowhere() {
        assert!(to("ws://box").warning().unwrap().contains("unencrypted"));
        assert!(to("ws://127.box.example").warning().is_some());
        assert_eq!(to("wss://box").warning(), None);
        assert_eq!(to("127.0.0.1:4141").warning(), None);
        assert!(!format!("{:?}", to("ws://box")).contains("geheim"));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_told_and_not_left_out() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let why = Reach::new(Some("box"), Some(&"geheim\nand more".into()), None).unwrap_err();
        assert!(why.contains("token") && !why.contains("geheim"), "{why}");
    }

    fn refused(status: u16, headers: &[(&'static str, &'static str)], said: &str) -> Unreached {
        let headers = headers.iter().map(|(name, value)| {
            let (name, value) = (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            (name, value)
        });
        let status = StatusCode::from_u16(status).unwrap();
        to("box").refused(status, &headers.collect(), said.as_bytes())
    }

    #[test]
    fn who_is_refused_hears_when_to_try_again() {
        let fast = r#"{"error":{"message":"too fast"}}"#;
        let fast = refused(429, &[("retry-after", "1")], fast);
        assert_eq!(fast.to_string(), "too fast; try again in 1 s");
        let locked = r#"{"error":{"message":"too many wrong tokens","code":"wrong_tokens"}}"#;
        let locked = refused(429, &[("retry-after", "60")], locked);
        assert!(matches!(&locked, Unreached::Shut { .. }), "{locked:?}");
        assert!(
            locked
                .to_string()
                .ends_with("too many wrong tokens; try again in 60 s")
        );
        let proxy = refused(503, &[("retry-after", "2")], "<html>");
        assert!(matches!(&proxy, Unreached::Away { .. }), "{proxy:?}");
        assert!(
            proxy
                .to_string()
                .ends_with("HTTP status 503; try again in 2 s"),
            "{proxy}"
        );
    }

    #[test]
    fn somebody_who_has_none_of_our_doors_is_no_router() {
        let other = refused(404, &[], r#"{"error":{"message":"Not Found"}}"#).to_string();
        assert!(
            other.contains("no breakerbox at box:4141") && other.contains("404"),
            "{other}"
        );
        let moved = refused(308, &[("location", "https://box/admin/snapshot")], "").to_string();
        assert!(
            moved.ends_with("it refers to https://box/admin/snapshot"),
            "{moved}"
        );
    }
}
