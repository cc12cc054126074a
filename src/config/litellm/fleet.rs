//! `redis_url`, `redis_host` and so on under `router_settings`, or under `litellm_settings.cache_params`: with
//! LiteLLM the proxies share their cooldowns there, so here the replicas share what they share.

use super::{Surroundings, settings::Settings};
use crate::config::{
    Fleet, KeySource, Redis,
    read::{Field, Table},
    redis_url::{LIKE, PORT},
};
use secrecy::SecretString;

/// The five parts, each where one is.
struct Parts<'a> {
    url: Option<Field<'a>>,
    host: Option<Field<'a>>,
    port: Option<Field<'a>>,
    password: Option<Field<'a>>,
    db: Option<Field<'a>>,
}

pub(super) fn read(settings: &Settings<'_>, around: &Surroundings<'_>) -> Option<Fleet> {
    let own = Parts {
        url: settings.pick("redis_url"),
        host: settings.pick("redis_host"),
        port: settings.pick("redis_port"),
        password: settings.pick("redis_password"),
        db: settings.pick("redis_db"),
    };
    own.say_idle();
    let cache = settings.pick("cache_params");
    let shared = cache
        .as_ref()
        .filter(|f| f.is_table())
        .and_then(Field::table);
    let of_cache = shared.as_ref().map(of_cache);
    let (parts, from_cache) = match of_cache {
        _ if own.is_there() => (Some(own), false),
        Some(parts) if parts.is_there() => (Some(parts), true),
        _ => (None, false),
    };
    if let Some(field) = &cache {
        field.warn(if from_cache {
            "only its Redis is used, for what replicas share; breakerbox has a cache of its own"
        } else {
            "not honoured: breakerbox has a cache of its own ([cache] in its own format)"
        });
    }
    let redis = parts?.server(around)?;
    Some(Fleet {
        redis,
        name: Fleet::NAME.to_owned(),
        replica: None,
    })
}

fn of_cache<'a>(table: &Table<'a>) -> Parts<'a> {
    let either = |plain, prefixed| table.get(plain).or_else(|| table.get(prefixed));
    Parts {
        url: either("url", "redis_url"),
        host: either("host", "redis_host"),
        port: either("port", "redis_port"),
        password: either("password", "redis_password"),
        db: either("db", "redis_db"),
    }
}

impl Parts<'_> {
    const fn is_there(&self) -> bool {
        self.url.is_some() || self.host.is_some()
    }

    /// Parts that change nothing.
    fn say_idle(&self) {
        let (idle, why): (&[_], _) = match (&self.url, &self.host) {
            (Some(_), _) => (&[&self.host, &self.port, &self.db], "redis_url says it"),
            (None, Some(_)) => (&[], ""),
            (None, None) => (
                &[&self.port, &self.password, &self.db],
                "there is no redis_host",
            ),
        };
        for field in idle.iter().filter_map(|f| f.as_ref()) {
            field.warn(format!("not honoured: {why}"));
        }
    }

    /// A variable that is not set is a warning, as it is for a provider: requests are served all the same.
    fn server(&self, around: &Surroundings<'_>) -> Option<Redis> {
        let mut server = match (&self.url, &self.host) {
            (Some(url), _) => by_url(url, around)?,
            (None, Some(host)) => self.by_host(host, around)?,
            (None, None) => return None,
        };
        if let Some(field) = &self.password {
            let (source, password) = around.secret(field.text()?);
            match password {
                Ok(password) => {
                    if source == KeySource::Literal {
                        field.warn("the password stands in the file; os.environ/NAME keeps it out");
                    }
                    server.password = Some(password);
                    server.password_from = source;
                }
                Err(why) => return alone(field, &why),
            }
        }
        Some(server)
    }

    fn by_host(&self, host: &Field<'_>, around: &Surroundings<'_>) -> Option<Redis> {
        let name = match around.value(host.text()?) {
            Ok(name) => name,
            Err(why) => return alone(host, &why),
        };
        let port = match &self.port {
            Some(field) => number(field, around)?,
            None => i64::from(PORT),
        };
        let db = match &self.db {
            Some(field) => number(field, around)?,
            None => 0,
        };
        let bracketed = if name.contains(':') && !name.starts_with('[') {
            format!("[{name}]")
        } else {
            name
        };
        let url = format!("redis://{bracketed}:{port}/{db}");
        let server = Redis::parse(&url, KeySource::Literal);
        if server.is_none() {
            host.error("host, port and db make no address of a Redis server");
        }
        server
    }
}

fn by_url(field: &Field<'_>, around: &Surroundings<'_>) -> Option<Redis> {
    use secrecy::ExposeSecret;
    let (source, url): (_, Result<SecretString, String>) = around.secret(field.text()?);
    let url = match url {
        Ok(url) => url,
        Err(why) => return alone(field, &why),
    };
    let server = Redis::parse(url.expose_secret(), source.clone());
    match &server {
        None => field.error(LIKE),
        Some(server) if server.password.is_some() && source == KeySource::Literal => {
            field.warn("the password stands in the file; os.environ/NAME keeps it out");
        }
        Some(_) => {}
    }
    server
}

fn number(field: &Field<'_>, around: &Surroundings<'_>) -> Option<i64> {
    if !field.is_text() {
        return field.integer(0..=65_535);
    }
    match around.value(field.text()?) {
        Ok(text) => {
            let number = text.trim().parse().ok();
            if number.is_none() {
                field.error("expected a number");
            }
            number
        }
        Err(why) => alone(field, &why),
    }
}

fn alone<T>(field: &Field<'_>, why: &str) -> Option<T> {
    field.warn(format!("not honoured: {why}; this replica shares nothing"));
    None
}
