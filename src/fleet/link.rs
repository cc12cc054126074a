//! One connection to Redis: what is written there, and what is heard.

use super::board::{KEEP, Letter};
use crate::config::Redis;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, FromRedisValue, IntoConnectionInfo,
    ProtocolVersion, PushInfo, PushKind, RedisConnectionInfo, RedisError, RedisResult, Script,
    aio::MultiplexedConnection,
};
use secrecy::ExposeSecret;
use std::time::Duration;
use tokio::sync::mpsc::{self, error::TrySendError};

/// How long Redis may take for anything.
const PATIENCE: Duration = Duration::from_secs(1);
/// A replica that was not heard of for so long is gone.
const PRESENCE: Duration = Duration::from_secs(5);
/// Published letters that wait to be read; more are found at the next comparison.
const HEARD: usize = 256;

/// Lets a letter in if it is newer than the one that is there, and tells everybody.
const POST: &str = r"
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held then
  local ok, old = pcall(cjson.decode, held)
  if ok and type(old) == 'table' and old.epoch then
    local epoch, tie = tonumber(ARGV[2]), tonumber(ARGV[3])
    if old.epoch > epoch or (old.epoch == epoch and (old.tie or 0) >= tie) then
      return 0
    end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', KEYS[1], ARGV[4])
return 1
";

/// Says that this replica is here; answers who else is, and everything that was told.
const COMPARE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {redis.call('ZRANGE', KEYS[2], 0, -1), redis.call('HVALS', KEYS[1])}
";

#[derive(Debug)]
pub(super) struct Link {
    connection: MultiplexedConnection,
    pushed: mpsc::Receiver<PushInfo>,
    names: Names,
    post: Script,
    compare: Script,
}

/// Keys in Redis. The channel has the name of the hash.
#[derive(Debug, Clone)]
pub(super) struct Names {
    told: String,
    replicas: String,
}

impl Names {
    pub(super) fn of(name: &str) -> Self {
        Self {
            told: format!("bb:{name}:told"),
            replicas: format!("bb:{name}:replicas"),
        }
    }
}

/// Everything that Redis knows.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) replicas: Vec<String>,
    pub(super) letters: Vec<Letter>,
}

impl Link {
    /// Connects, and listens from then on.
    pub(super) async fn open(redis: &Redis, names: &Names) -> RedisResult<Self> {
        let (heard, pushed) = mpsc::channel(HEARD);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_push_sender(move |info| match heard.try_send(info) {
                Err(TrySendError::Closed(_)) => Err(()),
                Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            });
        let client = Client::open(address(redis)?)?;
        let opening = client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = tokio::time::timeout(PATIENCE, opening)
            .await
            .map_err(|_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))??;
        connection.subscribe(&names.told).await?;
        Ok(Self {
            connection,
            pushed,
            names: names.clone(),
            post: Script::new(POST),
            compare: Script::new(COMPARE),
        })
    }

    /// Redis does not take it when it knows something newer, which the next comparison brings.
    pub(super) async fn post(&mut self, letter: &Letter) -> RedisResult<()> {
        let json = serde_json::to_string(letter)
            .expect("a letter is plain data with text for keys, which JSON takes");
        let keep = u64::try_from(KEEP.as_millis()).unwrap_or(u64::MAX);
        self.post
            .key(&self.names.told)
            .arg(letter.note.about())
            .arg(letter.stamp.epoch)
            .arg(letter.stamp.tie)
            .arg(json)
            .arg(keep)
            .invoke_async(&mut self.connection)
            .await
    }

    pub(super) async fn compare(&mut self, replica: &str) -> RedisResult<Known> {
        let presence = u64::try_from(PRESENCE.as_millis()).unwrap_or(u64::MAX);
        let (replicas, told): (Vec<String>, Vec<String>) = self
            .compare
            .key(&self.names.told)
            .key(&self.names.replicas)
            .arg(replica)
            .arg(presence)
            .invoke_async(&mut self.connection)
            .await?;
        Ok(Known {
            replicas,
            letters: told.iter().filter_map(|json| letter(json)).collect(),
        })
    }

    pub(super) async fn ping(&mut self) -> RedisResult<()> {
        redis::cmd("PING").query_async(&mut self.connection).await
    }

    /// The next letter that somebody published; none: the connection is gone.
    pub(super) async fn heard(&mut self) -> Option<Letter> {
        loop {
            let PushInfo { kind, data } = self.pushed.recv().await?;
            match kind {
                PushKind::Disconnection => return None,
                PushKind::Message => {
                    let text = data.into_iter().nth(1).map(String::from_redis_value);
                    if let Some(letter) = text.and_then(Result::ok).and_then(|json| letter(&json)) {
                        return Some(letter);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A letter in the words of another version may not be one here: it is passed over.
fn letter(json: &str) -> Option<Letter> {
    serde_json::from_str(json).ok()
}

fn address(redis: &Redis) -> RedisResult<redis::ConnectionInfo> {
    let (host, port) = (redis.host.clone(), redis.port);
    let address = if redis.tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let mut settings = RedisConnectionInfo::default()
        .set_db(redis.db)
        .set_protocol(ProtocolVersion::RESP3);
    if let Some(username) = &redis.username {
        settings = settings.set_username(username);
    }
    if let Some(password) = &redis.password {
        settings = settings.set_password(password.expose_secret());
    }
    Ok(address.into_connection_info()?.set_redis_settings(settings))
}
