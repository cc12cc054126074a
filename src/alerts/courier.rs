//! One recipient's messages, in their order: sent, tried again, given up.

use super::{
    Pace,
    body::Message,
    hook::{self, Failed},
    target::{Target, Webhook},
};
use crate::{
    clock,
    model::{Kind, Mono, event::Level},
    provider::retry_after,
    router::Bus,
};
use reqwest::StatusCode;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// A command that fails may be wrong in itself: it is not run all the ten minutes long.
const RUNS: u32 = 3;

/// A message and when it was put in line.
pub(super) type Waiting = (Message, Mono);

pub(super) struct Courier {
    pub(super) name: String,
    /// The last that a reload gave.
    pub(super) target: watch::Receiver<Arc<Target>>,
    pub(super) queue: mpsc::Receiver<Waiting>,
    pub(super) bus: Bus,
    pub(super) pace: Pace,
    /// The end has begun: nothing is waited for any more.
    pub(super) closing: CancellationToken,
    /// Messages that were given up since one arrived.
    pub(super) lost: u32,
}

enum Tried {
    Arrived,
    Again {
        after: Option<Duration>,
        why: String,
    },
    Never(String),
}

impl Courier {
    pub(super) async fn run(mut self) {
        while let Some((message, since)) = self.queue.recv().await {
            match self.deliver(&message, since).await {
                Ok(()) => self.arrived(),
                Err(why) => self.gave_up(&why),
            }
        }
    }

    async fn deliver(&mut self, message: &Message, since: Mono) -> Result<(), String> {
        let mut tries = 0_u32;
        loop {
            let closing = self.closing.is_cancelled();
            let target = Arc::clone(&self.target.borrow_and_update());
            let (after, why) = match self.once(&target, message, tries).await {
                Tried::Arrived => return Ok(()),
                Tried::Never(why) => return Err(why),
                Tried::Again { after, why } => (after, why),
            };
            tries += 1;
            let wait = after.map_or_else(|| self.pace.backoff(tries), |t| t.max(self.pace.first));
            if closing || clock::now().since(since).saturating_add(wait) >= self.pace.give_up {
                let tries = if tries == 1 {
                    "one try".to_owned()
                } else {
                    format!("{tries} tries")
                };
                return Err(format!("{why}; given up after {tries}"));
            }
            tracing::debug!(alert = self.name, tries, why, "an alert did not arrive");
            tokio::select! {
                () = sleep(wait) => {}
                () = self.closing.cancelled() => {}
                // Another address may be a better one.
                changed = self.target.changed() => if changed.is_err() && !self.closing.is_cancelled() {
                    return Err("it is no longer configured".to_owned());
                },
            }
        }
    }

    async fn once(&self, target: &Target, message: &Message, tries: u32) -> Tried {
        match target {
            Target::Webhook(webhook) => post(webhook, message, self.pace.limit).await,
            Target::Command(words) => match hook::run(words, message, self.pace.limit).await {
                Ok(()) => Tried::Arrived,
                Err(Failed::Again(why)) if tries + 1 < RUNS => Tried::Again { after: None, why },
                Err(Failed::Again(why)) => {
                    Tried::Never(format!("{why}; given up after {RUNS} tries"))
                }
                Err(Failed::Never(why)) => Tried::Never(why),
            },
            Target::None(why) => Tried::Never(why.clone()),
        }
    }

    /// Says so once, and not with each message.
    fn gave_up(&mut self, why: &str) {
        self.lost += 1;
        if self.lost == 1 {
            self.say(
                Level::Bad,
                format!("alert {} does not reach anybody: {why}", self.name),
            );
        }
    }

    fn arrived(&mut self) {
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            self.say(
                Level::Good,
                format!(
                    "alert {} arrives again, {lost} before it did not",
                    self.name
                ),
            );
        }
    }

    fn say(&self, level: Level, text: String) {
        self.bus.emit(Kind::Notice { level, text });
    }
}

/// What went wrong is said in words of our own: an error's would name the address.
async fn post(webhook: &Webhook, message: &Message, limit: Duration) -> Tried {
    let again = |why: String| Tried::Again { after: None, why };
    let sent = webhook
        .client
        .post(webhook.url.clone())
        .headers(webhook.headers.clone())
        .body(message.body(webhook.format))
        .timeout(limit)
        .send()
        .await;
    let response = match sent {
        Ok(response) => response,
        Err(e) if e.is_timeout() => {
            return again(format!("no answer within {} s", limit.as_secs_f64()));
        }
        Err(e) if e.is_connect() => return again("it cannot be connected to".to_owned()),
        Err(_) => return again("the connection broke".to_owned()),
    };
    let status = response.status();
    if status.is_success() {
        return Tried::Arrived;
    }
    let why = format!("it answered {}", status.as_u16());
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        let after = retry_after::read(response.headers(), None, clock::wall());
        return Tried::Again { after, why };
    }
    Tried::Never(why)
}
