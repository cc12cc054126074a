//! The configuration in effect, as native TOML without a single credential. What it prints loads again, so it also
//! turns a LiteLLM file into a native one.

use super::{
    Aws, BreakerMode, Canned, CannedForm, Commit, Config, Control, KeySource, ProbeMode, Provider,
    Route, Rubric, SecretHeader, SocketAt, Tier,
    alerts::Recipient,
    defaults,
    key::PLACEHOLDER,
    read::size_text,
    redact::{secret_looking, sounds_secret},
};
use crate::model::{Dialect, time::duration_text};
use sha2::{Digest, Sha256};
use std::{collections::HashSet, fmt::Write as _};

/// The whole configuration with every default spelled out. Literal keys are shown as `<set>`, which does not load:
/// somebody has to say where they come from.
pub fn show(config: &Config) -> String {
    let mut out = Out(String::new());
    server(&mut out, config);
    for provider in config.providers.values() {
        self::provider(&mut out, provider);
    }
    deployments(&mut out, config);
    for route in config.routes.values() {
        self::route(&mut out, route);
    }
    if !config.aliases.is_empty() {
        out.section("aliases");
        for (alias, route) in &config.aliases {
            out.set(&key(alias), text(route));
        }
    }
    breaker(&mut out, config);
    judge(&mut out, config);
    canary(&mut out, config);
    cache(&mut out, config);
    journal(&mut out, config);
    control(&mut out, config);
    slo(&mut out, config);
    fleet(&mut out, config);
    traces(&mut out, config);
    alerts(&mut out, config);
    out.0
}

/// Two runs with the same hash had the same configuration, keys aside.
pub(super) fn hash(config: &Config) -> String {
    let digest = Sha256::digest(show(config));
    digest.iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes everything
        hex
    })
}

struct Out(String);

impl Out {
    fn section(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.extend(["[", name, "]\n"]);
    }

    fn set(&mut self, key: &str, value: impl std::fmt::Display) {
        self.0.extend([key, " = ", &value.to_string(), "\n"]);
    }

    fn time(&mut self, key: &str, time: std::time::Duration) {
        self.set(key, text(&duration_text(time)));
    }
}

/// A TOML basic string. JSON's is the same but for one character; the `toml` crate would take its multi-line form
/// where it is shorter, which no key may have.
fn text(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}

fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.into_iter().map(text).collect();
    format!("[{}]", items.join(", "))
}

/// A TOML key: bare where that is allowed.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        text(name)
    }
}

/// A share as TOML has floats: with a point, and no longer than it was written.
fn share(value: f64) -> String {
    toml::Value::from(value).to_string()
}

fn server(out: &mut Out, config: &Config) {
    let server = &config.server;
    out.section("server");
    out.set("listen", text(&server.listen.to_string()));
    out.set("max_body", text(&size_text(server.max_body as u64)));
    if !server.client_key_from.is_empty() {
        let keys: Vec<_> = server.client_key_from.iter().map(reference).collect();
        out.set("client_keys", format!("[{}]", keys.join(", ")));
    }
    out.time("header_timeout", server.header_timeout);
    out.time("body_timeout", server.body_timeout);
    out.time("lame_duck", server.lame_duck);
    out.time("drain", server.drain);
}

fn control(out: &mut Out, config: &Config) {
    let Control { tokens, socket } = &config.control;
    if tokens.is_empty() && *socket == SocketAt::Usual {
        return;
    }
    out.section("control");
    match socket {
        SocketAt::Usual => {}
        SocketAt::Path(path) => out.set("socket", text(&path.to_string_lossy())),
        SocketAt::Off => out.set("socket", text("off")),
    }
    for token in tokens {
        out.section("[control.tokens]");
        out.set("name", text(&token.name));
        out.set("role", text(token.role.as_str()));
        out.set("token", reference(&token.from));
    }
}

/// Where a credential comes from, as a value.
fn reference(source: &KeySource) -> String {
    match source {
        KeySource::Env(name) => format!("{{ env = {} }}", text(name)),
        KeySource::File(path) => format!("{{ file = {} }}", text(&path.to_string_lossy())),
        _ => text(PLACEHOLDER),
    }
}

fn provider(out: &mut Out, provider: &Provider) {
    out.section(&format!("providers.{}", key(&provider.id)));
    out.set("dialect", text(provider.dialect.as_str()));
    out.set("base_url", text(&provider.base_url));
    out.set("vendor", text(&provider.vendor));
    if provider.dialect == Dialect::OpenAi {
        out.set("responses", provider.responses.to_string());
    }
    if let Some(azure) = &provider.azure {
        out.set(
            "api_version",
            text(azure.api_version.as_deref().unwrap_or("v1")),
        );
        out.set(
            "auth",
            text(if azure.bearer { "bearer" } else { "api-key" }),
        );
    }
    if let Some(aws) = &provider.aws {
        self::aws(out, aws);
    }
    let signs = provider.aws.as_ref().is_some_and(|a| a.signing.is_some());
    match &provider.key_from {
        KeySource::NotNeeded if signs => {}
        KeySource::NotNeeded => out.set("key", text("none")),
        KeySource::Env(name) => out.set("key_env", text(name)),
        KeySource::File(path) => out.set("key_file", text(&path.to_string_lossy())),
        KeySource::Command(words) => {
            out.set("key_command", texts(words.iter().map(String::as_str)));
        }
        KeySource::Literal => out.set("key", text(PLACEHOLDER)),
        KeySource::Off(why) => out.set("disabled", text(why)),
    }
    if !provider.headers.is_empty() {
        let headers: Vec<_> = provider
            .headers
            .iter()
            .map(|(name, value)| format!("{} = {}", key(name), header(name, value)))
            .collect();
        out.set("headers", format!("{{ {} }}", headers.join(", ")));
    }
}

fn aws(out: &mut Out, aws: &Aws) {
    if !aws.region.is_empty() {
        out.set("region", text(&aws.region));
    }
    let Some(signing) = &aws.signing else { return };
    out.set("access_key_id", reference(&signing.access_key_id.from));
    out.set(
        "secret_access_key",
        reference(&signing.secret_access_key.from),
    );
    if let Some(token) = &signing.session_token {
        out.set("session_token", reference(&token.from));
    }
}

fn header(name: &str, value: &str) -> String {
    let secret = sounds_secret(name) || secret_looking(value).next().is_some();
    text(if secret { PLACEHOLDER } else { value })
}

/// Those that have something to say, or that nothing else names.
fn deployments(out: &mut Out, config: &Config) {
    let routes = config.routes.values();
    let tiers = routes.flat_map(|r| {
        r.tiers
            .iter()
            .chain(&r.context_fallbacks)
            .chain(&r.policy_fallbacks)
    });
    let named: HashSet<_> = tiers
        .flat_map(|tier| &tier.deployments)
        .chain(&config.judge.judges)
        .chain(config.canary.iter().flat_map(|c| &c.deployments))
        .collect();
    for deployment in config.deployments.values() {
        let bare = defaults::deployment(&deployment.id, &deployment.provider);
        if *deployment == bare && named.contains(&deployment.id) {
            continue;
        }
        out.section(&format!("deployments.{}", text(&deployment.id)));
        if deployment.model != bare.model {
            out.set("model", text(&deployment.model));
        }
        for (name, value) in [
            ("context_window", deployment.context_window),
            ("rpm", deployment.rpm),
            ("tpm", deployment.tpm),
        ] {
            if let Some(value) = value {
                out.set(name, value);
            }
        }
        if deployment.prefill {
            out.set("prefill", true);
        }
    }
}

fn route(out: &mut Out, route: &Route) {
    let name = format!("routes.{}", key(&route.id));
    out.section(&name);
    out.set("tiers", tiers(&route.tiers));
    out.time("deadline", route.deadline);
    for (key, list) in [
        ("context_fallbacks", &route.context_fallbacks),
        ("policy_fallbacks", &route.policy_fallbacks),
    ] {
        if !list.is_empty() {
            out.set(key, tiers(list));
        }
    }
    out.set("cache", route.cache);
    out.set("stream_commit", commit(route.commit));
    if route.same_embeddings {
        out.set("same_embeddings", true);
    }
    if route.hedge {
        out.set("hedge", true);
    }
    canned(out, &format!("{name}.canned"), &route.canned);
    rubric(out, &format!("{name}.judge"), &route.rubric);
}

fn commit(commit: Commit) -> String {
    match commit {
        Commit::FirstToken => text("first_token"),
        Commit::Full => text("full"),
        Commit::HoldChars(chars) => format!("{{ hold = {chars} }}"),
        Commit::HoldFor(time) => format!("{{ hold = {} }}", text(&duration_text(time))),
    }
}

fn tiers(tiers: &[Tier]) -> String {
    let lines: Vec<_> = tiers.iter().map(|t| format!("  {},\n", tier(t))).collect();
    format!("[\n{}]", lines.concat())
}

fn tier(tier: &Tier) -> String {
    let time = |d| text(&duration_text(d));
    let mut parts = vec![match tier.deployments.as_slice() {
        [one] => format!("deployment = {}", text(one)),
        several => format!("deployments = {}", texts(several.iter().map(|id| &**id))),
    }];
    parts.push(format!("timeout = {}", time(tier.timeout)));
    if let Some(ttft) = tier.ttft_timeout {
        parts.push(format!("ttft_timeout = {}", time(ttft)));
    }
    parts.push(format!("stall_timeout = {}", time(tier.stall_timeout)));
    parts.push(format!("min_chars_per_s = {}", tier.min_chars_per_s));
    parts.push(format!("retries = {}", tier.retries));
    format!("{{ {} }}", parts.join(", "))
}

/// Only what differs from the defaults: the default text is long and the same everywhere.
fn canned(out: &mut Out, name: &str, canned: &Canned) {
    let default = Canned::default();
    if *canned == default {
        return;
    }
    out.section(name);
    if canned.form == CannedForm::Error {
        out.set("form", text("error"));
    }
    if canned.text != default.text {
        out.set("text", text(&canned.text));
    }
    if let Some(json) = &canned.json {
        out.set("json", text(json));
    }
    if !canned.support.is_empty() {
        out.set("support", text(&canned.support));
    }
}

/// A rubric that was read from a file is shown as the text that it was.
fn rubric(out: &mut Out, name: &str, rubric: &Rubric) {
    if *rubric == Rubric::default() {
        return;
    }
    out.section(name);
    if let Some(own) = &rubric.text {
        out.set("rubric", text(own));
    }
    if !rubric.examples.is_empty() {
        let lines: Vec<_> = rubric
            .examples
            .iter()
            .map(|e| {
                let (question, answer, reason) = (text(&e.question), text(&e.answer), text(&e.reason));
                format!(
                    "  {{ question = {question}, answer = {answer}, score = {}, reason = {reason} }},\n",
                    share(e.score)
                )
            })
            .collect();
        out.set("examples", format!("[\n{}]", lines.concat()));
    }
}

fn breaker(out: &mut Out, config: &Config) {
    let breaker = &config.breaker;
    out.section("breaker");
    out.set("err_threshold", share(breaker.err_threshold));
    out.set("judge_threshold", share(breaker.judge_threshold));
    out.time("cooldown", breaker.cooldown);
    out.time("max_cooldown", breaker.max_cooldown);
    let probe = match breaker.probe {
        ProbeMode::Shadow => "shadow",
        ProbeMode::Live => "live",
    };
    out.set("probe", text(probe));
    let mode = if breaker.observe {
        "observe"
    } else {
        "enforce"
    };
    out.set("mode", text(mode));
    let evidence = match breaker.mode {
        BreakerMode::Sequential => "sequential",
        BreakerMode::RollingMean => "rolling_mean",
    };
    out.set("evidence", text(evidence));
    out.time("hang_credit", breaker.hang_credit);
}

fn judge(out: &mut Out, config: &Config) {
    let judge = &config.judge;
    out.section("judge");
    out.set("judges", texts(judge.judges.iter().map(|id| &**id)));
    out.set("sample", share(judge.sample));
    out.time("window", judge.window);
    out.set("min_n", judge.min_n);
    out.time("timeout", judge.timeout);
    out.set("max_per_minute", judge.max_per_minute);
    out.set("anchors", judge.anchors);
    match judge.max_per_day {
        Some(most) => out.set("max_per_day", most),
        None => out.set("max_per_day", text("unlimited")),
    }
    out.set("queue", judge.queue);
    let path = judge.baselines.as_ref().map(|p| p.to_string_lossy());
    out.set("baselines", text(path.as_deref().unwrap_or("off")));
    for (id, price) in &judge.prices {
        let [input, output] = price.dollars().map(share);
        out.section(&format!("judge.prices.{}", text(id)));
        out.set("input_per_mtok", input);
        out.set("output_per_mtok", output);
        out.set("currency", text("USD"));
    }
}

fn canary(out: &mut Out, config: &Config) {
    let Some(canary) = &config.canary else { return };
    out.section("canary");
    out.time("every", canary.every);
    let prompts = canary.prompts.iter().map(|prompt| {
        let (ask, most) = (text(&prompt.ask), prompt.max_tokens);
        format!("  {{ ask = {ask}, max_tokens = {most} }},\n")
    });
    out.set("prompts", format!("[\n{}]", prompts.collect::<String>()));
    out.set(
        "deployments",
        texts(canary.deployments.iter().map(|id| &**id)),
    );
    out.set("only_when_quiet", canary.only_when_quiet);
}

fn cache(out: &mut Out, config: &Config) {
    let cache = &config.cache;
    out.section("cache");
    out.set("enabled", cache.enabled);
    let path = cache.path.as_ref().map(|path| path.to_string_lossy());
    out.set("path", text(path.as_deref().unwrap_or("memory")));
    out.time("ttl", cache.ttl);
    out.time("max_stale", cache.max_stale);
    out.set("max_bytes", text(&size_text(cache.max_bytes)));
}

fn journal(out: &mut Out, config: &Config) {
    let path = config.journal.path.as_ref().map(|p| p.to_string_lossy());
    out.section("journal");
    out.set("path", text(path.as_deref().unwrap_or("off")));
    out.time("keep", config.journal.keep);
    out.set("file_bytes", text(&size_text(config.journal.file_bytes)));
    out.set("content", config.journal.content);
}

fn slo(out: &mut Out, config: &Config) {
    let Some(slo) = &config.slo else { return };
    out.section("slo");
    out.set("target", share(slo.target));
    out.time("window", slo.window);
    if let Some(p95) = slo.p95 {
        out.time("p95", p95);
    }
    out.set("canned_is_good", slo.canned_is_good);
}

fn fleet(out: &mut Out, config: &Config) {
    let Some(fleet) = &config.fleet else { return };
    let redis = &fleet.redis;
    out.section("fleet");
    let address = match &redis.from {
        KeySource::Env(name) => format!("{{ env = {} }}", text(name)),
        _ => text(&redis.address()),
    };
    out.set("redis", address);
    if let Some(username) = &redis.username {
        out.set("username", text(username));
    }
    match &redis.password_from {
        KeySource::Env(name) => out.set("password_env", text(name)),
        KeySource::Literal => out.set("password", text(PLACEHOLDER)),
        _ => {}
    }
    out.set("name", text(&fleet.name));
    if let Some(replica) = &fleet.replica {
        out.set("replica", text(replica));
    }
}

fn traces(out: &mut Out, config: &Config) {
    let Some(traces) = &config.traces else { return };
    out.section("traces");
    if let Some(endpoint) = &traces.endpoint {
        out.set("endpoint", text(endpoint));
    }
    if let Some(protocol) = traces.protocol {
        out.set("protocol", text(protocol.as_str()));
    }
    secret_headers(out, &traces.headers);
    out.set("sample", share(traces.sample));
}

fn secret_headers(out: &mut Out, headers: &[SecretHeader]) {
    if !headers.is_empty() {
        let one = |h: &SecretHeader| format!("{} = {}", key(&h.name), reference(&h.from));
        let all: Vec<_> = headers.iter().map(one).collect();
        out.set("headers", format!("{{ {} }}", all.join(", ")));
    }
}

fn alerts(out: &mut Out, config: &Config) {
    for alert in &config.alerts {
        out.section("[alerts]");
        out.set("name", text(&alert.name));
        match &alert.to {
            Recipient::Webhook(webhook) => {
                out.set("url", reference(&webhook.from));
                out.set("format", text(webhook.format.as_str()));
                secret_headers(out, &webhook.headers);
            }
            Recipient::Command(words) => {
                let secret = |word: &&str| secret_looking(word).next().is_some();
                let words = words.iter().map(String::as_str);
                let words = words.map(|w| if secret(&w) { PLACEHOLDER } else { w });
                out.set("command", texts(words));
            }
        }
        out.set("on", texts(alert.on.iter().map(|s| s.as_str())));
        out.set("drills", alert.drills);
    }
}
