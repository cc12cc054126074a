//! What is sent, in words and as JSON. Pure.

use super::{
    concern::Concern,
    sieve::{Told, WINDOW},
};
use crate::{
    config::alerts::Format,
    model::{Event, event::Level},
};
use serde::Serialize;
use serde_json::json;

/// The version of [`Message`]: fields come, none goes or means something else.
const VERSION: u32 = 1;

/// Which router speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Speaker {
    pub(super) host: String,
    pub(super) listen: String,
    pub(super) version: String,
}

/// The generic form. Every field is always there.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Message {
    version: u32,
    /// Of this message: the same when it is sent again because nobody confirmed it.
    pub(super) id: String,
    pub(super) key: String,
    pub(super) subject: &'static str,
    pub(super) resolved: bool,
    pub(super) level: Level,
    at: String,
    pub(super) text: String,
    pub(super) deployment: Option<String>,
    pub(super) route: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) reason: Option<String>,
    times: usize,
    window_s: u64,
    pub(super) drill: bool,
    router: Speaker,
    event: Option<Event>,
    /// The same time, for people.
    #[serde(skip)]
    moment: String,
}

impl Message {
    pub(super) fn new(told: Told, id: String, router: Speaker) -> Self {
        let Told { concern, times } = told;
        let text = words(&concern, times);
        let Concern {
            subject,
            key,
            resolved,
            drill,
            at,
            level,
            deployment,
            route,
            from,
            to,
            reason,
            event,
            ..
        } = concern;
        Self {
            version: VERSION,
            id,
            key,
            subject: subject.as_str(),
            resolved,
            level,
            at: at.to_string(),
            moment: at.moment(),
            text,
            deployment: deployment.map(|d| d.to_string()),
            route: route.map(|r| r.to_string()),
            from,
            to,
            reason,
            times,
            window_s: WINDOW.as_secs(),
            drill,
            router,
            event: event.map(|e| (*e).clone()),
        }
    }

    pub(super) fn body(&self, format: Format) -> String {
        match format {
            Format::Json => json!(self).to_string(),
            Format::Slack => json!({"text": self.slack()}).to_string(),
        }
    }

    /// Two lines of mrkdwn. Names are shown as they are: underscores in them make nothing slanted within a word.
    fn slack(&self) -> String {
        let word = match (self.resolved, self.level) {
            (true, _) => "RESOLVED",
            (false, Level::Bad) => "BAD",
            (false, Level::Warn) => "WARN",
            (false, Level::Info | Level::Good) => "INFO",
        };
        let drill = if self.drill { " [drill]" } else { "" };
        let Speaker { host, listen, .. } = &self.router;
        format!(
            "*{word}*{drill} {}\nbreakerbox {} on {}, {}",
            escaped(&self.text),
            escaped(listen),
            escaped(host),
            self.moment
        )
    }
}

/// The screen's own line, and how often it was.
fn words(concern: &Concern, times: usize) -> String {
    if times > 1 {
        let minutes = WINDOW.as_secs() / 60;
        format!("{} ({times} times in {minutes} min)", concern.text)
    } else {
        concern.text.clone()
    }
}

/// What Slack asks to be written otherwise: without it a name could call a whole channel.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
