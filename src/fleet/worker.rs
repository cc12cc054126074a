//! The task that talks to Redis: connects, posts, listens, compares, and says when it cannot.

use super::{
    Heard,
    board::{Board, Letter},
    link::{Link, Names},
};
use crate::{
    clock,
    config::{self, Redis},
    model::{
        event::Level,
        fleet::{FleetView, Note},
    },
};
use redis::{RedisError, RedisResult};
use secrecy::ExposeSecret;
use std::{future::Future, pin::pin, time::Duration};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};

/// Between two signs of life. Every second one is a comparison.
const BEAT: Duration = Duration::from_millis(500);
/// Between two attempts to connect, and as much again by chance at most.
const RETRY: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub struct Worker {
    redis: Redis,
    names: Names,
    replica: String,
    board: Board,
    posted: mpsc::Receiver<Note>,
    tell: mpsc::Sender<Heard>,
    /// What was said last; none: nothing yet.
    view: Option<FleetView>,
}

impl Worker {
    pub(super) fn new(
        config: &config::Fleet,
        posted: mpsc::Receiver<Note>,
        tell: mpsc::Sender<Heard>,
    ) -> Self {
        let replica = config.replica.clone().unwrap_or_else(own_name);
        Self {
            redis: config.redis.clone(),
            names: Names::of(&config.name),
            board: Board::new(&replica),
            replica,
            posted,
            tell,
            view: None,
        }
    }

    /// Goes on for ever.
    pub async fn run(mut self) {
        loop {
            let (redis, names) = (self.redis.clone(), self.names.clone());
            match self.while_posting(Link::open(&redis, &names)).await {
                Ok(link) => {
                    // Whatever ended it: whether Redis is really away shows at the next attempt.
                    let _ended = self.attend(link).await;
                }
                Err(error) => self.alone(&error).await,
            }
            let pause = RETRY + RETRY.mul_f64(fastrand::f64());
            self.while_posting(sleep(pause)).await;
        }
    }

    /// Takes notes while something else is waited for, so that they carry the time when they were made.
    async fn while_posting<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                out = &mut work => return out,
                Some(note) = self.posted.recv() => {
                    self.board.post(note, clock::wall());
                }
            }
        }
    }

    /// Until the connection breaks.
    async fn attend(&mut self, mut link: Link) -> RedisResult<()> {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = 0_u64;
        loop {
            tokio::select! {
                Some(note) = self.posted.recv() => {
                    let letter = self.board.post(note, clock::wall());
                    link.post(&letter).await?;
                }
                letter = link.heard() => match letter {
                    Some(letter) => self.read(letter).await,
                    None => return Ok(()),
                },
                _ = beat.tick() => {
                    if beats.is_multiple_of(2) {
                        self.compare(&mut link).await?;
                    } else {
                        link.ping().await?;
                    }
                    beats += 1;
                }
            }
        }
    }

    /// Takes what Redis has newer, gives it what it has not.
    async fn compare(&mut self, link: &mut Link) -> RedisResult<()> {
        let known = link.compare(&self.replica).await?;
        for letter in self.board.unknown_to(&known.letters, clock::wall()) {
            link.post(&letter).await?;
        }
        for letter in known.letters {
            self.read(letter).await;
        }
        self.roll(true, peers(known.replicas, &self.replica)).await;
        Ok(())
    }

    async fn read(&mut self, letter: Letter) {
        if self.board.merge(&letter, clock::wall()) {
            let Letter { replica, note, .. } = letter;
            self.say(Heard::Told { replica, note }).await;
        }
    }

    async fn alone(&mut self, error: &RedisError) {
        if self.view.as_ref().is_none_or(|view| view.reachable) {
            let text = format!(
                "fleet: Redis unreachable: this replica only ({}: {})",
                self.redis.address(),
                self.why(error)
            );
            let level = Level::Warn;
            self.say(Heard::Notice { level, text }).await;
        }
        self.roll(false, Vec::new()).await;
    }

    /// Servers may repeat what they were sent.
    fn why(&self, error: &RedisError) -> String {
        let text = error.to_string();
        match &self.redis.password {
            Some(password) => text.replace(password.expose_secret(), "…"),
            None => text,
        }
    }

    async fn roll(&mut self, reachable: bool, peers: Vec<String>) {
        let view = FleetView {
            replica: self.replica.clone(),
            reachable,
            peers,
        };
        if self.view.as_ref() == Some(&view) {
            return;
        }
        let was_alone = self.view.as_ref().is_some_and(|view| !view.reachable);
        if reachable && was_alone {
            let text = "fleet: Redis is back, replicas share again".to_owned();
            let level = Level::Good;
            self.say(Heard::Notice { level, text }).await;
        }
        self.view = Some(view.clone());
        self.say(Heard::Roll(view)).await;
    }

    async fn say(&self, heard: Heard) {
        // Nobody listens any more while the router stops.
        let _ = self.tell.send(heard).await;
    }
}

/// The others, in an order that does not change from one comparison to the next.
fn peers(mut replicas: Vec<String>, own: &str) -> Vec<String> {
    replicas.retain(|r| r != own);
    replicas.sort();
    replicas
}

/// The machine and the process, so that no two replicas have one name.
fn own_name() -> String {
    let machine = rustix::system::uname();
    let machine = machine.nodename().to_string_lossy();
    format!("{machine}:{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> (Worker, mpsc::Receiver<Heard>) {
        let (_, posted) = mpsc::channel(1);
        let (tell, heard) = mpsc::channel(8);
        let redis = Redis::parse("redis://:geheim@cache", config::KeySource::Literal);
        let config = config::Fleet {
            redis: redis.expect("an address"),
            name: "test".to_owned(),
            replica: Some("b".to_owned()),
        };
        (Worker::new(&config, posted, tell), heard)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn peers_are_the_others_in_the_order_of_their_names() {
        assert_eq!(peers(names(&["c", "b", "a"]), "b"), ["a", "c"]);
    }

    #[tokio::test]
    async fn the_same_roll_is_told_once() {
        let (mut worker, mut heard) = worker();
        for order in [["a", "b", "c"], ["c", "a", "b"]] {
            worker.roll(true, peers(names(&order), "b")).await;
        }
        assert!(matches!(heard.try_recv(), Ok(Heard::Roll(_))));
        assert!(heard.try_recv().is_err());
    }

    #[tokio::test]
    async fn that_redis_is_away_is_said_once_and_so_is_that_it_is_back() {
        let (mut worker, mut heard) = worker();
        let error = RedisError::from((
            redis::ErrorKind::AuthenticationFailed,
            "refused",
            "geheim is wrong".to_owned(),
        ));
        worker.alone(&error).await;
        worker.alone(&error).await;
        worker.roll(true, Vec::new()).await;
        let mut said = Vec::new();
        while let Ok(heard) = heard.try_recv() {
            if let Heard::Notice { text, .. } = heard {
                said.push(text);
            }
        }
        let [away, back] = said.as_slice() else {
            panic!("{said:?}");
        };
        assert!(
            away.contains("this replica only") && !away.contains("geheim"),
            "{away}"
        );
        assert!(back.contains("back"), "{back}");
    }
}
