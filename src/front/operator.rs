//! Who is at the operators' door, and what he may do there.

use super::serve::Peer;
use crate::{
    clock,
    config::{Control, Token},
    model::{
        Mono,
        order::{Origin, Role, WRONG_TOKENS},
    },
};
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts, uri::Authority},
    response::{IntoResponse, Response},
};
use moka::sync::Cache;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

/// Wrong tokens from one address within a minute; then nothing that it shows is looked at until the minute is over.
const WRONG: u32 = 10;
/// Commands of one operator: at once, and then each second.
const BURST: f64 = 20.0;
const PER_S: f64 = 5.0;
/// Addresses and operators that are remembered; the least recent are forgotten.
const REMEMBERED: u64 = 4096;
const MINUTE: Duration = Duration::from_mins(1);

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub(super) struct Operator {
    pub(super) role: Role,
    pub(super) origin: Origin,
    /// What was shown; none where none is asked for.
    token: Option<Token>,
}

impl Operator {
    /// As his commands are signed, where he has not said a name himself.
    pub(super) fn actor(&self) -> &str {
        match &self.origin {
            Origin::Net {
                token: Some(name), ..
            } => name,
            _ => "operator",
        }
    }

    /// Is what he was let in for still so? A token that a reload took away, or put another one in the place of, ends
    /// what it began.
    pub(super) fn is_still_let_in(&self, control: &Control) -> bool {
        match (&self.origin, &self.token) {
            (Origin::Socket { .. }, _) => true,
            (Origin::Net { .. }, None) => control.tokens.is_empty(),
            (Origin::Net { .. }, Some(shown)) => control.tokens.iter().any(|t| t.is_same(shown)),
        }
    }
}

/// What is counted at the door.
#[derive(Debug)]
pub(crate) struct Doorman {
    wrong: Cache<IpAddr, Arc<Mutex<u32>>>,
    commands: Cache<String, Arc<Mutex<Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Mono,
}

impl Default for Doorman {
    fn default() -> Self {
        let wrong = Cache::builder().max_capacity(REMEMBERED);
        Self {
            wrong: wrong.time_to_live(MINUTE).build(),
            commands: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(MINUTE)
                .build(),
        }
    }
}

/// Nobody is let in, and the answer that says so.
pub(super) type Refused = Box<Response>;

impl Doorman {
    pub(super) fn admit(
        &self,
        control: &Control,
        peer: Peer,
        asked: &Parts,
    ) -> Result<Operator, Refused> {
        let headers = &asked.headers;
        if from_a_page(headers) {
            return Err(Box::new(forbidden(NO_PAGE)));
        }
        let addr = match peer {
            Peer::Socket { .. } if handed_on(headers) => return Err(Box::new(forbidden(NO_PROXY))),
            Peer::Socket { uid } => {
                return Ok(Operator {
                    role: Role::Control,
                    origin: Origin::Socket { uid },
                    token: None,
                });
            }
            Peer::Net(addr) => canonical(addr.ip()),
        };
        let token = if control.tokens.is_empty() {
            if !on_this_machine(addr, asked) {
                return Err(Box::new(forbidden(THIS_MACHINE)));
            }
            None
        } else {
            Some(self.token(&control.tokens, addr, headers)?.clone())
        };
        Ok(Operator {
            role: token.as_ref().map_or(Role::Control, |t| t.role),
            origin: Origin::Net {
                from: addr.to_string(),
                token: token.as_ref().map(|t| t.name.clone()),
            },
            token,
        })
    }

    fn token<'a>(
        &self,
        tokens: &'a [Token],
        addr: IpAddr,
        headers: &HeaderMap,
    ) -> Result<&'a Token, Refused> {
        let wrong = self.wrong.get(&addr);
        if wrong.as_ref().is_some_and(|n| *n.lock() >= WRONG) {
            let said = json!({"message": LOCKED_OUT, "code": WRONG_TOKENS});
            return Err(Box::new(slowly(&said, MINUTE)));
        }
        let Some(shown) = super::guard::bearer(headers) else {
            return Err(Box::new(unauthorized(
                "show a token: Authorization: Bearer …",
            )));
        };
        // All are compared, so that nobody learns from the time which was near.
        let known = tokens.iter().fold(None, |known, token| {
            token.is(shown).then_some(token).or(known)
        });
        known.ok_or_else(|| {
            *self.wrong.get_with(addr, Arc::default).lock() += 1;
            Box::new(unauthorized("this token is not known here"))
        })
    }

    /// May he try a command now?
    pub(super) fn turn(&self, operator: &Operator) -> Result<(), Refused> {
        let may = self.take_turn(operator, clock::now());
        may.then_some(()).ok_or_else(|| {
            Box::new(slowly(
                &json!({"message": TOO_FAST}),
                Duration::from_secs(1),
            ))
        })
    }

    fn take_turn(&self, operator: &Operator, now: Mono) -> bool {
        let full = || {
            Arc::new(Mutex::new(Bucket {
                left: BURST,
                at: now,
            }))
        };
        let bucket = self.commands.get_with(operator.origin.to_string(), full);
        let mut bucket = bucket.lock();
        let earned = now.since(bucket.at).as_secs_f64() * PER_S;
        (bucket.left, bucket.at) = ((bucket.left + earned).min(BURST), now);
        let may = bucket.left >= 1.0;
        bucket.left -= f64::from(u8::from(may));
        may
    }
}

const NO_PAGE: &str = "the operators' door does not open to web pages";
const THIS_MACHINE: &str =
    "the operators' door opens to this machine only; set control.tokens to open it to others";
const NO_PROXY: &str =
    "the socket is for users of this machine; a proxy goes to the router's address, with a token";

const LOCKED_OUT: &str = "too many wrong tokens from this address";

/// Why somebody's command is not even looked at.
pub(super) const MAY_LOOK: &str = "this token may look only: it has the role view, not control";
pub(super) const TOO_FAST: &str = "commands come too fast: at most 20 at once, and 5 a second";

/// A browser says where a page is from that makes it call; nothing else sends these.
fn from_a_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != b"none")
}

/// From this machine, by its own name in every place that can name one (a rebound DNS name is not), and not handed on.
fn on_this_machine(addr: IpAddr, asked: &Parts) -> bool {
    let hosts = asked.headers.get_all(header::HOST).iter();
    let target = asked.uri.authority();
    let mut names = hosts
        .map(|h| h.to_str().unwrap_or_default())
        .chain(target.map(Authority::as_str))
        .peekable();
    let says_one = names.peek().is_some();
    addr.is_loopback() && says_one && names.all(is_own_name) && !handed_on(&asked.headers)
}

fn is_own_name(host: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok();
    let name = host.rsplit_once(':').filter(|(_, after)| port(after));
    let name = name.map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}

/// By a proxy, which would make all the world look like this machine.
fn handed_on(headers: &HeaderMap) -> bool {
    let by_proxies = [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-real-ip",
        "via",
    ];
    by_proxies.iter().any(|name| headers.contains_key(*name))
}

fn canonical(addr: IpAddr) -> IpAddr {
    match addr {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| network(v6), IpAddr::V4),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Of IPv6 everybody has 64 bits of addresses of his own.
fn network(addr: Ipv6Addr) -> IpAddr {
    if addr.is_loopback() {
        return IpAddr::V6(addr);
    }
    IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & (u128::MAX << 64)))
}

fn forbidden(why: &str) -> Response {
    refuse(StatusCode::FORBIDDEN, why)
}

fn unauthorized(why: &str) -> Response {
    let mut refused = refuse(StatusCode::UNAUTHORIZED, why);
    let bearer = HeaderValue::from_static("Bearer realm=\"breakerbox\"");
    refused
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, bearer);
    refused
}

fn slowly(error: &Value, later: Duration) -> Response {
    let mut refused = told(StatusCode::TOO_MANY_REQUESTS, error);
    refused
        .headers_mut()
        .insert(header::RETRY_AFTER, later.as_secs().into());
    refused
}

pub(super) fn refuse(status: StatusCode, why: &str) -> Response {
    told(status, &json!({"message": why}))
}

fn told(status: StatusCode, error: &Value) -> Response {
    (status, Json(json!({"error": error}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn from(addr: &str) -> Result<Operator, StatusCode> {
        let asked = Request::get("/admin/snapshot").header("host", "localhost");
        let (parts, ()) = asked.body(()).unwrap().into_parts();
        let peer = Peer::Net(addr.parse().unwrap());
        let admitted = Doorman::default().admit(&Control::default(), peer, &parts);
        admitted.map_err(|refused| refused.status())
    }

    #[test]
    fn without_a_token_nobody_elsewhere_comes_in_whatever_name_he_says() {
        for addr in [
            "192.0.2.9:80",
            "10.0.0.1:80",
            "[2001:db8::1]:80",
            "[::ffff:192.0.2.9]:80",
        ] {
            assert_eq!(from(addr).err(), Some(StatusCode::FORBIDDEN), "{addr}");
        }
        for addr in ["127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(from(addr).is_ok(), "{addr}");
        }
    }

    #[test]
    fn commands_are_earned_back_with_time() {
        let (doorman, start) = (Doorman::default(), clock::now());
        let operator = from("127.0.0.1:80").unwrap();
        let burst = (0..40).filter(|_| doorman.take_turn(&operator, start));
        assert_eq!(burst.count(), 20);
        let later = start + Duration::from_secs(1);
        let earned = (0..40).filter(|_| doorman.take_turn(&operator, later));
        assert_eq!(earned.count(), 5);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let one = canonical("2001:db8::1".parse().unwrap());
        assert_eq!(one, canonical("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(one, canonical("2001:db8:0:1::1".parse().unwrap()));
    }
}
