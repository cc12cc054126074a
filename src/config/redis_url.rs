//! Addresses of Redis servers, as people write them.

use super::{Fleet, KeySource, Redis};
use redis::{ConnectionAddr, IntoConnectionInfo};
use secrecy::ExposeSecret;

/// What a wrong address is told.
pub(super) const LIKE: &str = "not the address of a Redis server; write it like \"redis://127.0.0.1:6379/0\" (rediss:// for TLS)";
/// Where Redis listens when nobody says.
pub(super) const PORT: u16 = 6379;

impl Redis {
    /// Reads `redis://user:password@host:port/db`, or `rediss://` for TLS. A password in it counts as written where
    /// the address is. None: it is something else, perhaps with a password in it, so it must not be repeated.
    pub(crate) fn parse(url: &str, from: KeySource) -> Option<Self> {
        if url.contains('#') {
            return None;
        }
        let info = url.into_connection_info().ok()?;
        let (tls, host, port) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (false, host, *port),
            ConnectionAddr::TcpTls { host, port, .. } => (true, host, *port),
            _ => return None,
        };
        let settings = info.redis_settings();
        let password = settings.password().map(Into::into);
        // A variable's address brings its password along: nothing has to be said about it.
        let password_from = match (&password, &from) {
            (Some(_), KeySource::Literal) => KeySource::Literal,
            _ => KeySource::NotNeeded,
        };
        Some(Self {
            tls,
            host: host.clone(),
            port,
            db: settings.db(),
            username: settings.username().map(str::to_owned),
            password,
            from,
            password_from,
        })
    }

    /// Without anything secret.
    pub fn address(&self) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        format!("{scheme}://{host}:{}/{}", self.port, self.db)
    }
}

impl Fleet {
    /// Whether it is one fleet, met in one way.
    pub fn are_same(a: Option<&Self>, b: Option<&Self>) -> bool {
        let key = |f: &Self| {
            let Redis {
                username, password, ..
            } = &f.redis;
            let password = password.as_ref().map(|p| p.expose_secret().to_owned());
            let place = (f.redis.address(), username.clone(), password);
            (place, f.name.clone(), f.replica.clone())
        };
        a.map(key) == b.map(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Option<Redis> {
        Redis::parse(url, KeySource::Literal)
    }

    #[test]
    fn an_address_is_read_part_by_part_and_shown_without_its_credentials() {
        let redis = parse("rediss://ops:p%40ss@cache.internal:6380/3").expect("an address");
        assert!(redis.tls);
        assert_eq!(redis.username.as_deref(), Some("ops"));
        let password = redis
            .password
            .as_ref()
            .map(|p| p.expose_secret().to_owned());
        assert_eq!(password.as_deref(), Some("p@ss"));
        assert_eq!(redis.address(), "rediss://cache.internal:6380/3");
        assert!(!format!("{redis:?}").contains("p@ss"));
    }

    #[test]
    fn what_is_left_out_is_the_usual() {
        let redis = parse("redis://localhost").expect("an address");
        assert_eq!(redis.address(), "redis://localhost:6379/0");
        let six = parse("redis://[::1]:7000").expect("an address");
        assert_eq!(six.address(), "redis://[::1]:7000/0");
        assert!(parse(&six.address()).is_some());
    }

    #[test]
    fn other_addresses_are_none() {
        for url in [
            "localhost:6379",
            "http://localhost",
            "unix:///tmp/redis.sock",
            "rediss://localhost#insecure",
            "redis://localhost/first",
        ] {
            assert!(parse(url).is_none(), "{url}");
        }
    }
}
