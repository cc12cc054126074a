//! `router_settings` and `litellm_settings`: the same keys may stand under either.

use super::models;
use crate::config::{
    Breaker,
    read::{Field, Table},
};
use std::time::Duration;

/// Limits for tiers that declare none.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) timeout: Option<Duration>,
    pub(super) stream_timeout: Option<Duration>,
    pub(super) retries: Option<u8>,
}

pub(super) struct Settings<'a> {
    sections: Vec<Table<'a>>,
    pub(super) limits: Limits,
    pub(super) breaker: Breaker,
    pub(super) cache: bool,
}

impl<'a> Settings<'a> {
    pub(super) fn read(top: &Table<'a>) -> Self {
        let sections = ["router_settings", "litellm_settings"]
            .into_iter()
            .filter_map(|name| top.table(name))
            .collect();
        let mut settings = Self {
            sections,
            limits: Limits::default(),
            breaker: Breaker::default(),
            cache: true,
        };
        settings.read_limits();
        settings.read_breaker();
        if let Some(cache) = settings.pick("cache").and_then(|f| f.flag()) {
            settings.cache = cache;
        }
        settings
    }

    /// A key under either section; the router's own stands above.
    pub(super) fn pick(&self, key: &'static str) -> Option<Field<'a>> {
        let mut found = self.sections.iter().filter_map(|section| section.get(key));
        let first = found.next();
        for other in found {
            other.warn("not honoured: router_settings has it too");
        }
        first
    }

    fn time(&self, key: &'static str) -> Option<Duration> {
        self.pick(key)?.duration(models::SOME)
    }

    fn read_limits(&mut self) {
        let of_request = self.time("request_timeout");
        self.limits = Limits {
            timeout: self.time("timeout").or(of_request),
            stream_timeout: self.time("stream_timeout"),
            retries: self.pick("num_retries").and_then(|f| models::retries(&f)),
        };
    }

    fn read_breaker(&mut self) {
        let breaker = Breaker::default();
        if let Some(time) = self.pick("cooldown_time").and_then(|f| {
            let time = f.duration(..)?;
            let least = Duration::from_secs(1);
            if time < least {
                f.warn("shorter than a second; a breaker stays open for a second at least");
            }
            Some(time.max(least))
        }) {
            self.breaker.cooldown = time;
            self.breaker.max_cooldown = breaker.max_cooldown.max(time);
        }
        if let Some(field) = self.pick("disable_cooldowns")
            && field.flag() == Some(true)
        {
            field.warn("breakers only watch: they say what they would have done and block nothing");
            self.breaker.observe = true;
        }
    }

    /// Whatever nobody asked for is said.
    pub(super) fn finish(&self) {
        for section in &self.sections {
            for (key, _, field) in section.unasked() {
                field.warn(format!("not honoured: {}", why(key)));
            }
        }
    }
}

fn why(key: &str) -> &'static str {
    match key {
        "allowed_fails" | "allowed_fails_policy" => {
            "a breaker opens on evidence (breaker.err_threshold, breaker.judge_threshold), not on a count"
        }
        "routing_strategy" | "routing_strategy_args" => {
            "tiers are tried in order, and deployments of one name take turns"
        }
        "retry_after" | "retry_policy" => "a retry waits as long as the provider asks",
        "enable_pre_call_checks" => {
            "a prompt that is too long for a tier goes to the context_fallbacks without it"
        }
        "drop_params" | "modify_params" => {
            "what another dialect cannot say is always dropped, and named in a response header"
        }
        "cache_params" => "breakerbox has a cache of its own ([cache] in its own format)",
        key if key.starts_with("redis_") => {
            "no counterpart here; redis_url, redis_host, redis_port, redis_password and redis_db are known"
        }
        key if key.contains("callback") => "breakerbox has a journal and metrics of its own",
        "max_fallbacks" => "every tier is tried until the deadline",
        "set_verbose" | "json_logs" => "logging is set on the command line",
        _ => "no counterpart here",
    }
}
