//! Configuration: native TOML, LiteLLM's YAML, and errors that point at the line.

pub mod alerts;
mod aws;
mod azure;
mod canned;
mod check;
mod control;
mod defaults;
mod env;
mod find;
mod key;
mod litellm;
mod load;
mod lookup;
mod native;
mod price;
mod problem;
mod read;
mod redact;
mod redis_url;
mod show;
mod simulated;
#[cfg(test)]
mod tests;
mod traces;
mod tree;
mod vendor;
mod watch;

pub use alerts::Alert;
pub use aws::{Aws, Credential, Signing};
pub use azure::Azure;
pub(crate) use check::{judged, named, that_chat};
pub use control::{Control, SocketAt, Token};
pub use env::{Env, Process, is_answered, socket_dir, socket_of, state_dir};
pub use find::{Found, find};
pub use key::KeySource;
pub(crate) use load::tree_of;
pub use load::{load, parse};
pub use price::Price;
pub use problem::{Problem, Problems};
pub(crate) use problem::{Report, hint, line_and_column};
pub(crate) use read::{Field, Table};
pub use show::show;
pub use simulated::simulated;
pub use traces::{Protocol, SecretHeader, Traces};
pub(crate) use tree::{Node, Value, parse_toml};
pub use vendor::is_on_this_machine;
pub use watch::Watch;

use crate::model::{DeploymentId, Dialect, ProviderId, RouteId, Slo, time::duration_text};
use indexmap::IndexMap;
use secrecy::SecretString;
use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

/// What `breakerbox config init` writes: every option with its default, explained.
pub const EXAMPLE: &str = include_str!("../../assets/breakerbox.toml");

/// A checked configuration: every name in it resolves, every limit is sane.
#[derive(Debug, Clone)]
pub struct Config {
    pub origin: Origin,
    /// Read from LiteLLM's format, where whatever others fall back to is a route as well.
    pub litellm: bool,
    /// Hash of what was read (never of secrets), so that two runs can be told apart.
    pub hash: String,
    pub server: Server,
    pub control: Control,
    pub providers: IndexMap<ProviderId, Provider>,
    pub deployments: IndexMap<DeploymentId, Deployment>,
    pub routes: IndexMap<RouteId, Route>,
    /// Other names that clients may ask for (`model_group_alias`).
    pub aliases: IndexMap<String, RouteId>,
    pub breaker: Breaker,
    pub judge: Judge,
    /// None: nobody is asked anything but what users ask.
    pub canary: Option<Canary>,
    pub cache: Cache,
    pub journal: Journal,
    /// None: this replica shares nothing.
    pub fleet: Option<Fleet>,
    /// None: nothing is promised.
    pub slo: Option<Slo>,
    /// What the file says of traces. Whether there are any, the environment says too.
    pub traces: Option<Traces>,
    /// Who is told when something happens; empty: nobody.
    pub alerts: Vec<Alert>,
    /// What a person should know: options that are not honoured (by name), missing keys.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    /// The simulated providers.
    Builtin,
}

#[derive(Debug, Clone)]
pub struct Server {
    pub listen: SocketAddr,
    /// Requests past this get a 413.
    pub max_body: usize,
    /// When any is set, clients must send one of them.
    pub client_keys: Vec<SecretString>,
    /// Where each of them came from, in the same order.
    pub client_key_from: Vec<KeySource>,
    /// How long a client may take to send its headers (an idle connection is one that has not begun), and then its
    /// body.
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    /// How long after TERM it still takes requests, while `/health/ready` says that it is not ready.
    pub lame_duck: Duration,
    /// How long what is under way may go on after that.
    pub drain: Duration,
}

#[derive(Clone)]
pub struct Provider {
    pub id: ProviderId,
    pub dialect: Dialect,
    /// Without a trailing slash, and without the dialect's own path (`/v1/chat/completions` and so on).
    pub base_url: String,
    /// Who is behind it, for "another vendor than the one that answered". Defaults to the dialect's own vendor.
    pub vendor: String,
    pub key: Option<SecretString>,
    /// Where the key comes from; the key itself is never written back.
    pub key_from: KeySource,
    /// What Amazon's dialect needs beside that.
    pub aws: Option<Aws>,
    /// Why there is no key although one was asked for; its deployments are disabled.
    pub missing_key: Option<String>,
    /// An `OpenAI` account that has the Responses API too: callers of that door get it, with the same bytes.
    pub responses: bool,
    /// None: `OpenAI`'s own addresses, or another dialect's.
    pub azure: Option<Azure>,
    pub headers: Vec<(String, String)>,
}

/// Header values can be credentials: only the names are shown.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("dialect", &self.dialect)
            .field("base_url", &self.base_url)
            .field("vendor", &self.vendor)
            .field("key_from", &self.key_from)
            .field("aws", &self.aws)
            .field("missing_key", &self.missing_key)
            .field("responses", &self.responses)
            .field("azure", &self.azure)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    pub id: DeploymentId,
    pub provider: ProviderId,
    /// As the provider calls it.
    pub model: String,
    /// In tokens; none: unknown.
    pub context_window: Option<u32>,
    /// It goes on with an answer whose beginning stands as the assistant's last turn.
    pub prefill: bool,
    /// Requests and tokens per minute that the account allows, when declared.
    pub rpm: Option<u32>,
    pub tpm: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub id: RouteId,
    /// In declared order; never empty.
    pub tiers: Vec<Tier>,
    /// The whole exchange, all tiers and rung 3 included.
    pub deadline: Duration,
    /// Tried, in order, when a prompt is too long for the tier that was asked.
    pub context_fallbacks: Vec<Tier>,
    /// Tried, in order, when a safety system refuses: the route opts in by naming them.
    pub policy_fallbacks: Vec<Tier>,
    pub canned: Canned,
    pub cache: bool,
    pub commit: Commit,
    /// The next tier is asked too when the first token is later than usual.
    pub hedge: bool,
    /// Its deployments give the same vectors under different names: embeddings may fail over among all of them.
    pub same_embeddings: bool,
    /// What its answers are judged by.
    pub rubric: Rubric,
}

/// What a judge scores a route's answers by. How it has to reply is not a matter of choice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rubric {
    /// None: the one that comes with breakerbox.
    pub text: Option<String>,
    pub examples: Vec<Example>,
}

/// An answer and the score that it deserves.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub question: String,
    pub answer: String,
    /// 0 to 1.
    pub score: f64,
    pub reason: String,
}

/// When a stream's caller gets its first byte: until then failover is invisible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Commit {
    /// With the first content.
    #[default]
    FirstToken,
    /// When so many characters of content are there.
    HoldChars(u32),
    /// So long after the first content.
    HoldFor(Duration),
    /// When the whole answer is there.
    Full,
}

/// A deployment's place in a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Deployments of one name share the tier in turn (LiteLLM's load balancing); usually one.
    pub deployments: Vec<DeploymentId>,
    /// The whole answer.
    pub timeout: Duration,
    /// The first content. None: learned from the deployment itself.
    pub ttft_timeout: Option<Duration>,
    /// Silence inside a stream.
    pub stall_timeout: Duration,
    /// A stream slower than this is a fault: one that is held back moves on, one that has been let go keeps its caller
    /// and is counted. 0 is no floor.
    pub min_chars_per_s: u32,
    /// Fast failures tried again on the same tier.
    pub retries: u8,
}

/// Rung 3 of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    pub form: CannedForm,
    /// `{minutes}`, `{support}` and `{route}` are filled in.
    pub text: String,
    /// For clients that asked for a schema.
    pub json: Option<String>,
    pub support: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannedForm {
    /// 200 with the text (or the JSON).
    Answer,
    /// An honest 503 with Retry-After.
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Breaker {
    pub err_threshold: f64,
    pub judge_threshold: f64,
    pub cooldown: Duration,
    pub max_cooldown: Duration,
    pub probe: ProbeMode,
    pub mode: BreakerMode,
    /// Counts and says "would have tripped", blocks nothing.
    pub observe: bool,
    /// An abort counts as a fault once its caller has waited so long for headers.
    pub hang_credit: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeMode {
    /// The user is served by the next tier; the probe is a copy.
    Shadow,
    /// The user's own request, with failover if it fails.
    Live,
}

/// What counts as evidence that answers have become bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerMode {
    /// Each score is weighed as it comes.
    #[default]
    Sequential,
    /// The mean of the judge's scores over `judge.window`: the plain rule, to compare with.
    RollingMean,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// In order; empty: nobody judges.
    pub judges: Vec<DeploymentId>,
    /// Share of answers, 0 to 1.
    pub sample: f64,
    /// Window and minimum sample of the rolling mean.
    pub window: Duration,
    pub min_n: u32,
    pub timeout: Duration,
    /// At most so many judge calls per minute,
    pub max_per_minute: u32,
    /// and per day. None: no limit.
    pub max_per_day: Option<u32>,
    /// What the file says that judges cost; [`Config::price_of`] knows the usual ones.
    pub prices: IndexMap<DeploymentId, Price>,
    /// Known answers are put to each judge: when it is new, every ten minutes, and before its scores trip.
    pub anchors: bool,
    /// Judged answers wait here; more are dropped.
    pub queue: usize,
    /// The file that keeps what is usual over restarts. None: it is learned anew after each.
    pub baselines: Option<PathBuf>,
}

/// Prompts that deployments are asked on a schedule, so that quiet hours are watched too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    pub every: Duration,
    /// Asked in turn; never empty.
    pub prompts: Vec<CanaryPrompt>,
    pub deployments: Vec<DeploymentId>,
    /// Not where users were answered since the last one was due.
    pub only_when_quiet: bool,
}

/// Who is asked, how often, and how many calls that is at most.
impl fmt::Display for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, every) = (self.deployments.len(), self.every);
        let a_day = n as u128 * Duration::from_hours(24).as_millis() / every.as_millis().max(1);
        let when = if self.only_when_quiet {
            " where no user was answered meanwhile"
        } else {
            ""
        };
        let every = duration_text(every);
        write!(
            f,
            "canaries: {n} deployments are asked every {every}{when}, at most {a_day} calls a day and as many to judges \
             ({} times that while one is suspected)",
            Self::HASTE
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryPrompt {
    pub ask: String,
    pub max_tokens: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Cache {
    pub enabled: bool,
    /// None: in memory only.
    pub path: Option<PathBuf>,
    pub ttl: Duration,
    /// With every tier down, entries this old still answer.
    pub max_stale: Duration,
    pub max_bytes: u64,
}

/// Where events are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// A directory; none: nothing is recorded.
    pub path: Option<PathBuf>,
    /// Files that began longer ago are removed.
    pub keep: Duration,
    /// A file longer than this is followed by another.
    pub file_bytes: u64,
    /// Judges' reasons and the first words of what they judged leave the process: they may quote prompts and answers.
    pub content: bool,
}

/// Where replicas share what operators did and which breakers tripped.
#[derive(Debug, Clone)]
pub struct Fleet {
    pub redis: Redis,
    /// Replicas of one name share; several fleets can use one Redis.
    pub name: String,
    /// None: the machine and the process.
    pub replica: Option<String>,
}

/// A Redis or Valkey server.
#[derive(Debug, Clone)]
pub struct Redis {
    pub tls: bool,
    pub host: String,
    pub port: u16,
    pub db: i64,
    pub username: Option<String>,
    pub password: Option<SecretString>,
    /// Where the address comes from: the file itself, or a variable.
    pub from: KeySource,
    pub password_from: KeySource,
}
