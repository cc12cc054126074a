//! One way through the router: which door, which kind of configuration, which dialects upstream.

use super::{caller::Said, voice::Voice};
use crate::{
    rig::{self, Rig},
    upstream::{Asked, Do, Upstream},
};
use breakerbox::{
    config::Config,
    model::Dialect::{self, Anthropic, OpenAi},
};
use futures_util::{FutureExt, future::join_all};
use serde_json::json as value;
use std::{fmt, future::Future, panic::AssertUnwindSafe, time::Duration};
use tokio::{sync::Barrier, time::Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Two tiers in breakerbox's own words, and nothing else.
    Native,
    /// Two models, a fallback, `num_retries: 2`, `timeout: 30`.
    LiteLlm,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) door: Dialect,
    pub(crate) form: Form,
    first: Dialect,
    second: Dialect,
    pub(crate) stream: bool,
}

impl fmt::Display for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            Form::Native => "native",
            Form::LiteLlm => "litellm",
        };
        let how = if self.stream { "stream" } else { "whole" };
        write!(
            f,
            "{} | {form} | {} > {} | {how}",
            self.door, self.first, self.second
        )
    }
}

impl Scene {
    /// Streams: both doors, both configurations, tiers of unlike dialects in either order.
    pub(crate) fn streams() -> impl Iterator<Item = Self> {
        Self::over(&[(OpenAi, Anthropic), (Anthropic, OpenAi)], &[true])
    }

    /// The same, streamed and whole.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::over(&[(OpenAi, Anthropic), (Anthropic, OpenAi)], &[true, false])
    }

    pub(crate) fn over(
        tiers: &'static [(Dialect, Dialect)],
        how: &'static [bool],
    ) -> impl Iterator<Item = Self> {
        let doors = [OpenAi, Anthropic].into_iter();
        let forms = doors.flat_map(|door| [Form::Native, Form::LiteLlm].map(|form| (door, form)));
        forms.flat_map(move |(door, form)| {
            tiers.iter().flat_map(move |&(first, second)| {
                how.iter().map(move |&stream| Self {
                    door,
                    form,
                    first,
                    second,
                    stream,
                })
            })
        })
    }

    /// The primary; its bill is no one else's.
    pub(crate) fn a(self) -> Voice {
        Voice {
            dialect: self.first,
            model: "m-a",
            usage: (11, 60),
        }
    }

    /// The fallback.
    pub(crate) fn b(self) -> Voice {
        Voice {
            dialect: self.second,
            model: "m-b",
            usage: (17, 58),
        }
    }

    /// How often a tier may be tried that fails fast.
    pub(crate) fn tries(self) -> usize {
        match self.form {
            Form::Native => 2,
            Form::LiteLlm => 3,
        }
    }

    /// A router with default settings over these two.
    pub(crate) async fn set(self, a: Vec<Vec<Do>>, b: Vec<Vec<Do>>) -> Stage {
        self.set_with(a, b, |_| {}).await
    }

    /// The same with something of the configuration changed.
    pub(crate) async fn set_with(
        self,
        a: Vec<Vec<Do>>,
        b: Vec<Vec<Do>>,
        change: impl FnOnce(&mut Config),
    ) -> Stage {
        let (a, b) = (Upstream::start(a).await, Upstream::start(b).await);
        let mut config = match self.form {
            Form::Native => rig::config(&self.native(&a, &b)),
            Form::LiteLlm => rig::litellm(&self.litellm(&a, &b)),
        };
        change(&mut config);
        let rig = Rig::with(config).await;
        Stage {
            scene: self,
            a,
            b,
            rig,
        }
    }

    fn native(self, a: &Upstream, b: &Upstream) -> String {
        format!(
            "{}{}[routes.r]\ntiers = [\"a/m-a\", \"b/m-b\"]\n",
            rig::provider("a", self.first.as_str(), a),
            rig::provider("b", self.second.as_str(), b)
        )
    }

    fn litellm(self, a: &Upstream, b: &Upstream) -> String {
        let params = |dialect: Dialect, model: &str, upstream: &Upstream| {
            let (path, key) = match dialect {
                Anthropic => ("", "ANTHROPIC_API_KEY"),
                _ => ("/v1", "OPENAI_API_KEY"),
            };
            let addr = upstream.addr;
            format!(
                "{{model: {dialect}/{model}, api_base: \"http://{addr}{path}\", api_key: os.environ/{key}}}"
            )
        };
        format!(
            "model_list:
  - model_name: r
    litellm_params: {}
  - model_name: spare
    litellm_params: {}
router_settings:
  fallbacks: [{{r: [spare]}}]
  num_retries: 2
  timeout: 30
",
            params(self.first, "m-a", a),
            params(self.second, "m-b", b)
        )
    }
}

/// A scene with its router and its two upstreams.
pub(crate) struct Stage {
    pub(crate) scene: Scene,
    pub(crate) a: Upstream,
    pub(crate) b: Upstream,
    pub(crate) rig: Rig,
}

impl Stage {
    pub(crate) async fn ask(&self, prompt: &str) -> Said {
        let asked = Instant::now();
        let response = self.request(prompt).send().await.expect("the door answers");
        Said::read(self.scene.door, asked, response).await
    }

    pub(crate) fn request(&self, prompt: &str) -> reqwest::RequestBuilder {
        let mut body = value!({
            "model": "r", "stream": self.scene.stream, "messages": [{"role": "user", "content": prompt}]
        });
        let path = if self.scene.door == Anthropic {
            body["max_tokens"] = 200.into();
            "/v1/messages"
        } else {
            if self.scene.stream {
                body["stream_options"] = value!({"include_usage": true});
            }
            "/v1/chat/completions"
        };
        self.rig.client.post(self.rig.url(path)).json(&body)
    }

    /// How often each was called.
    pub(crate) fn calls(&self) -> (usize, usize) {
        (self.a.asked().len(), self.b.asked().len())
    }
}

/// The time between each call and the one after it.
pub(crate) fn gaps(asked: &[Asked]) -> Vec<Duration> {
    let pairs = asked.iter().zip(asked.iter().skip(1));
    pairs.map(|(one, next)| next.at - one.at).collect()
}

/// Sets every scene, then plays them all at the same time, and prints a line for each with what `act` measured. Those
/// that fail are told together.
pub(crate) async fn play<S, F>(
    scenes: impl IntoIterator<Item = Scene>,
    set: impl Fn(Scene) -> S,
    act: impl Fn(Stage) -> F,
) where
    S: Future<Output = Stage>,
    F: Future<Output = String>,
{
    play_together(&Barrier::new(1), scenes, set, act).await;
}

/// The same, beginning when all others are set too that wait here: a router takes a while to start, which would be
/// time on the clocks of those who share its thread.
pub(crate) async fn play_together<S, F>(
    ready: &Barrier,
    scenes: impl IntoIterator<Item = Scene>,
    set: impl Fn(Scene) -> S,
    act: impl Fn(Stage) -> F,
) where
    S: Future<Output = Stage>,
    F: Future<Output = String>,
{
    let mut stages = Vec::new();
    for scene in scenes {
        stages.push(set(scene).await);
    }
    ready.wait().await;
    let plays = stages.into_iter().map(|stage| {
        let scene = stage.scene;
        let played = AssertUnwindSafe(act(stage)).catch_unwind();
        async move { (scene, played.await) }
    });
    let mut failed = Vec::new();
    for (scene, played) in join_all(plays).await {
        match played {
            Ok(note) => eprintln!("{scene} | {note}"),
            Err(why) => failed.push(format!("{scene} | {}", words(&*why))),
        }
    }
    assert!(
        failed.is_empty(),
        "{} scenes failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
}
