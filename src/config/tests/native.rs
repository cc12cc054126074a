use super::*;
use crate::{
    config::{BreakerMode, Commit, EXAMPLE, KeySource, Origin, ProbeMode, show, simulated},
    model::Dialect,
};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use std::time::Duration;

const fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[test]
fn one_line_is_a_configuration() {
    let config = toml("routes.x.tiers = [\"openai/gpt-4.1\"]");
    let route = config.route("x").unwrap();
    let tier = route.tiers.first().unwrap();
    assert_eq!(&*tier.deployments[0], "openai/gpt-4.1");
    assert_eq!(tier.timeout, secs(60));
    assert_eq!(tier.retries, 1);
    assert_eq!(route.deadline, secs(65));
    assert!(route.cache);
    let provider = config.provider_of(&tier.deployments[0]).unwrap();
    assert_eq!(provider.base_url, "https://api.openai.com");
    assert_eq!(provider.vendor, "openai");
    assert_eq!(
        provider.key.as_ref().unwrap().expose_secret(),
        "value-of-OPENAI_API_KEY"
    );
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn the_example_loads_without_a_warning_and_says_only_defaults() {
    let config = toml(EXAMPLE);
    assert_eq!(config.warnings, Vec::<String>::new());
    assert_eq!(config.routes.len(), 1);
    assert_eq!(config.breaker, crate::config::Breaker::default());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:4141");
    assert_eq!(config.server.max_body, 32 << 20);
    let defaults = crate::config::Judge::default();
    let judge = crate::config::Judge {
        judges: config.judge.judges.clone(),
        baselines: Some("/home/op/.local/state/breakerbox/baselines.json".into()),
        ..defaults
    };
    assert_eq!(config.judge, judge);
    assert_eq!(
        config.cache.path.as_deref(),
        Some(Path::new("/home/op/.cache/breakerbox/cache.redb"))
    );
    let without = toml("routes.x.tiers = [\"openai/gpt-4.1\"]");
    assert_eq!(config.cache, without.cache);
    assert_eq!(
        config.journal.path.as_deref(),
        Some(Path::new("/home/op/.local/state/breakerbox/journal"))
    );
    assert_eq!(config.journal, without.journal);
}

/// The commented lines of the example are options too: each must still be one.
#[test]
fn every_option_that_the_example_comments_out_is_known() {
    let is_name = |key: &str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let mut section = String::new();
    let mut seen = 0;
    for line in EXAMPLE.lines() {
        let line = line
            .strip_prefix('#')
            .map_or(line, |l| l.strip_prefix(' ').unwrap_or(l));
        let option = line.trim_start();
        if line.starts_with('[') {
            line.clone_into(&mut section);
            continue;
        }
        let known = option
            .split_once(" = ")
            .is_some_and(|(key, _)| is_name(key));
        if !known || option.starts_with("tiers") || option.starts_with("deployment = ") {
            continue;
        }
        let value = option.split("  ").next().unwrap_or(option);
        let text = if option.starts_with("key") {
            format!("[providers.x]\n{value}")
        } else if line.starts_with(' ') {
            format!("routes.x.tiers = [{{ deployment = \"openai/a\", {value} }}]")
        } else {
            format!("{section}\n{value}")
        };
        let shown = load("config.toml", &text).map_or_else(|e| e.to_string(), |c| c.hash);
        assert!(
            !shown.contains("unknown key") && !shown.contains("expected"),
            "{shown}"
        );
        seen += 1;
    }
    assert!(seen > 40, "{seen} options were found");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_file() {
    toml("\u{feff}routes.x.tiers = [\"openai/a\"]");
    yaml("\u{feff}model_list: [{ model_name: a, litellm_params: { model: gpt-4 } }]");
}

#[test]
fn a_route_of_which_nobody_has_a_key_is_a_warning() {
    let config = toml(
        "routes.x.tiers = [\"openai/a\"]\nroutes.y.tiers = [\"groq/b\"]\nproviders.groq.key_env = \"MISSING\"",
    );
    assert_eq!(
        config.warnings,
        [
            "provider groq: no key: MISSING is not set; it takes no traffic (groq/b)",
            "route y: no tier can take traffic; only the cache and the canned answer are left",
        ]
    );
}

#[test]
fn tiers_take_limits_of_their_own() {
    let config = toml(
        r#"
[routes.x]
tiers = [
  "anthropic/claude-sonnet-4-5",
  { deployment = "openai/gpt-4.1", timeout = "20s", ttft_timeout = "8s", stall_timeout = 7, min_chars_per_s = 3, retries = 0 },
  { deployments = ["groq/a", "mistral/b"] },
]
deadline = "90s"
context_fallbacks = [{ deployment = "gemini/gemini-2.5-pro", timeout = "1m" }]
policy_fallbacks = ["openai/gpt-4.1"]
cache = false
hedge = true
stream_commit = { hold = "800ms" }
canned = { form = "error", text = "down", json = '{"down": true}', support = "help@example.com" }
"#,
    );
    let route = config.route("x").unwrap();
    let tier = &route.tiers[1];
    assert_eq!(
        (tier.timeout, tier.ttft_timeout, tier.stall_timeout),
        (secs(20), Some(secs(8)), secs(7))
    );
    assert_eq!((tier.min_chars_per_s, tier.retries), (3, 0));
    assert_eq!(route.tiers[2].deployments.len(), 2);
    assert_eq!(route.deadline, secs(90));
    assert_eq!(route.context_fallbacks[0].timeout, secs(60));
    assert_eq!(&*route.policy_fallbacks[0].deployments[0], "openai/gpt-4.1");
    assert!(!route.cache && route.hedge);
    assert_eq!(route.commit, Commit::HoldFor(Duration::from_millis(800)));
    assert_eq!(route.canned.form, crate::config::CannedForm::Error);
    assert_eq!(route.canned.json.as_deref(), Some("{\"down\": true}"));
}

#[test]
fn a_stream_is_held_by_characters_by_time_or_whole() {
    let commit = |line: &str| {
        let config = toml(&format!("routes.x.tiers = [\"openai/a\"]\n{line}"));
        config.route("x").unwrap().commit
    };
    assert_eq!(commit(""), Commit::FirstToken);
    assert_eq!(commit("routes.x.stream_commit = \"full\""), Commit::Full);
    assert_eq!(
        commit("routes.x.stream_commit = { hold = 400 }"),
        Commit::HoldChars(400)
    );
}

#[test]
fn a_deadline_is_the_sum_of_the_tiers_up_to_two_minutes_or_the_slowest_tier() {
    let deadline = |tiers: &str| {
        let config = toml(&format!("routes.x.tiers = [{tiers}]"));
        config.route("x").unwrap().deadline
    };
    let tier = |n: u32, timeout: &str| {
        format!("{{ deployment = \"openai/m{n}\", timeout = \"{timeout}\" }},")
    };
    assert_eq!(deadline(&(tier(1, "20s") + &tier(2, "25s"))), secs(50));
    assert_eq!(deadline(&(tier(1, "80s") + &tier(2, "80s"))), secs(120));
    assert_eq!(deadline(&(tier(1, "5m") + &tier(2, "20s"))), secs(305));
}

#[test]
fn keys_come_from_variables_files_commands_or_are_not_needed() {
    struct Around;
    impl Env for Around {
        fn var(&self, name: &str) -> Option<String> {
            env(name)
        }
        fn read(&self, path: &Path) -> Result<String, String> {
            assert!(path.is_absolute() && path.ends_with("keys/b"));
            Ok("from-file\n".to_owned())
        }
        fn run(&self, program: &str, arguments: &[String]) -> Result<String, String> {
            assert_eq!((program, arguments), ("pass", &["c".to_owned()][..]));
            Ok("from-command\n".to_owned())
        }
    }
    let config = load_with(
        "config.toml",
        r#"
routes.x.tiers = ["a/m", "b/m", "c/m", "d/m"]
[providers]
a = { dialect = "openai", base_url = "https://a.example.com/v1", key_env = "A_KEY" }
b = { dialect = "anthropic", base_url = "https://b.example.com", key_file = "keys/b" }
c = { dialect = "gemini", base_url = "https://c.example.com", key_command = ["pass", "c"] }
d = { dialect = "openai", base_url = "http://localhost:8000", key = "none" }
"#,
        &Around,
    )
    .unwrap();
    let keys: Vec<_> = config
        .providers
        .values()
        .map(|p| p.key.as_ref().map(|k| k.expose_secret().to_owned()))
        .collect();
    let expected = [
        Some("value-of-A_KEY"),
        Some("from-file"),
        Some("from-command"),
        None,
    ];
    assert_eq!(keys, expected.map(|k| k.map(str::to_owned)));
    assert_eq!(config.providers["a"].base_url, "https://a.example.com");
    assert_eq!(config.providers["a"].vendor, "example.com");
    assert_eq!(config.providers["d"].key_from, KeySource::NotNeeded);
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn key_files_are_found_beside_the_configuration_and_stay_found_when_it_is_shown_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("breakerbox.toml");
    std::fs::write(dir.path().join("openai.key"), "geheim\n").unwrap();
    std::fs::write(
        &file,
        "routes.x.tiers = [\"openai/a\"]\nproviders.openai.key_file = \"openai.key\"",
    )
    .unwrap();
    let config = crate::config::load(&file, &env).unwrap();
    let again = load("elsewhere/shown.toml", &show(&config)).unwrap();
    for config in [&config, &again] {
        let key = config.providers["openai"].key.as_ref();
        assert_eq!(key.map(ExposeSecret::expose_secret), Some("geheim"));
    }
    assert_eq!(again.hash, config.hash);
}

#[test]
fn a_missing_key_disables_its_deployments_and_says_so() {
    let config = toml(
        "routes.x.tiers = [\"openai/a\", \"local/b\"]\n\
         providers.local = { dialect = \"openai\", base_url = \"http://[::1]:1\", key_env = \"MISSING\" }",
    );
    let local = &config.providers["local"];
    assert_eq!(
        local.missing_key.as_deref(),
        Some("no key: MISSING is not set")
    );
    assert_eq!(
        config.warnings,
        ["provider local: no key: MISSING is not set; it takes no traffic (local/b)"]
    );
}

#[test]
fn with_no_key_at_all_the_file_is_refused_with_every_reason() {
    let text = "routes.x.tiers = [\"openai/a\", \"anthropic/b\"]";
    let problems = load_with("config.toml", text, &nothing_set).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "config.toml: no deployment can take traffic: openai: no key: OPENAI_API_KEY is not set; \
         anthropic: no key: ANTHROPIC_API_KEY is not set"
    );
}

#[test]
fn a_provider_can_be_switched_off_with_a_reason() {
    let config = toml(
        "routes.x.tiers = [\"openai/a\", \"old/b\"]\n\
         providers.old = { dialect = \"openai\", disabled = \"contract ended\" }",
    );
    assert_eq!(
        config.providers["old"].missing_key.as_deref(),
        Some("contract ended")
    );
}

#[test]
fn clients_may_ask_for_routes_aliases_and_deployments() {
    let config = toml(
        r#"
routes.x.tiers = ["openai/gpt-4.1"]
aliases.y = "x"
[deployments."groq/openai/gpt-oss-120b"]
context_window = 131072
[deployments."openai/gpt-4.1"]
model = "gpt-4.1-2025-04-14"
"#,
    );
    assert_eq!(
        config.names(),
        ["x", "y", "groq/openai/gpt-oss-120b", "openai/gpt-4.1"]
    );
    assert_eq!(&*config.resolve("y").unwrap().id, "x");
    let direct = config.resolve("groq/openai/gpt-oss-120b").unwrap();
    assert_eq!(&*direct.tiers[0].deployments[0], "groq/openai/gpt-oss-120b");
    assert_eq!(
        config.deployments["groq/openai/gpt-oss-120b"].model,
        "openai/gpt-oss-120b"
    );
    assert_eq!(
        config.deployments["openai/gpt-4.1"].model,
        "gpt-4.1-2025-04-14"
    );
    assert!(config.resolve("gpt-4.1").is_none());
}

#[test]
fn every_knob_is_read() {
    let config = toml(
        r#"
routes.x.tiers = ["openai/a"]
[server]
listen = "[::]:80"
max_body = 1000
header_timeout = "1s"
body_timeout = "2s"
drain = "3s"
client_keys = [{ env = "CLIENT" }]
[breaker]
err_threshold = 0.1
judge_threshold = 0.5
cooldown = "30m"
probe = "live"
mode = "observe"
evidence = "rolling_mean"
hang_credit = "4s"
[judge]
judges = ["anthropic/j"]
sample = 1
window = "2h"
min_n = 3
timeout = "5s"
max_per_minute = 6
max_per_day = 9
anchors = false
queue = 7
baselines = "off"
[cache]
enabled = false
path = "memory"
ttl = "2d"
max_bytes = "1GiB"
"#,
    );
    let server = &config.server;
    assert_eq!(server.listen.to_string(), "[::]:80");
    assert_eq!(server.max_body, 1000);
    assert_eq!(server.client_keys[0].expose_secret(), "value-of-CLIENT");
    assert_eq!(
        (server.header_timeout, server.body_timeout, server.drain),
        (secs(1), secs(2), secs(3))
    );
    let breaker = &config.breaker;
    assert!(breaker.observe && breaker.probe == ProbeMode::Live);
    assert_eq!(breaker.mode, BreakerMode::RollingMean);
    assert_eq!(
        (breaker.cooldown, breaker.max_cooldown),
        (secs(1800), secs(1800))
    );
    assert_eq!(breaker.hang_credit, secs(4));
    assert_eq!(
        format!("{:?}", config.judge),
        "Judge { judges: [\"anthropic/j\"], sample: 1.0, window: 7200s, min_n: 3, timeout: 5s, \
         max_per_minute: 6, max_per_day: Some(9), prices: {}, anchors: false, queue: 7, baselines: None }"
    );
    let cache = &config.cache;
    assert_eq!((cache.enabled, &cache.path), (false, &None));
    assert_eq!((cache.ttl, cache.max_stale), (secs(172_800), secs(172_800)));
    assert_eq!(cache.max_bytes, 1 << 30);
}

#[test]
fn a_deadline_that_leaves_nothing_for_the_tiers_below_is_a_warning() {
    let config = toml("routes.x = { tiers = [\"openai/a\", \"groq/b\"], deadline = \"10s\" }");
    assert_eq!(
        config.warnings,
        [
            "routes.x.deadline: 10s is shorter than the primary's own timeout of 1m: \
          nothing may be left for the tiers below"
        ]
    );
}

#[test]
fn the_simulated_configuration_points_at_the_given_addresses_only() {
    let at = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let config = simulated(
        &[
            ("anthropic", Dialect::Anthropic, at(1), "sim-a"),
            ("openai", Dialect::OpenAi, at(2), "sim-o"),
            ("gemini", Dialect::Gemini, at(3), "sim-g"),
        ],
        at(4),
    );
    assert_eq!(config.origin, Origin::Builtin);
    assert_eq!(config.server.listen, at(4));
    assert_eq!(config.warnings, Vec::<String>::new());
    let seen: Vec<_> = config
        .providers
        .values()
        .map(|p| {
            (
                p.base_url.as_str(),
                p.vendor.as_str(),
                p.key.as_ref().unwrap().expose_secret(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("http://127.0.0.1:1", "anthropic", "sim-a"),
            ("http://127.0.0.1:2", "openai", "sim-o"),
            ("http://127.0.0.1:3", "google", "sim-g"),
        ]
    );
    let route = config.route("summarize").unwrap();
    let timeouts: Vec<_> = route.tiers.iter().map(|t| t.timeout.as_secs()).collect();
    assert_eq!(timeouts, [20, 20, 25]);
    assert_eq!(config.judge.judges.len(), 3);
    assert_eq!(config.cache.path, None);
    assert_eq!(
        (config.journal.path, config.judge.baselines),
        (None, None),
        "a demonstration leaves nothing behind"
    );
}

#[test]
fn the_hash_changes_with_the_content_and_not_with_keys_or_layout() {
    let one = "routes.x.tiers = [\"openai/a\"]";
    let same = "# a comment\n[routes.x]\ntiers = [ 'openai/a' ]\n";
    let other = "routes.x.tiers = [\"openai/b\"]";
    assert_eq!(toml(one).hash.len(), 12);
    assert_eq!(toml(one).hash, toml(same).hash);
    assert_ne!(toml(one).hash, toml(other).hash);
    let rotated = |_: &str| Some("another-key".to_owned());
    let config = load_with("config.toml", one, &rotated).unwrap();
    // They depend on where the home directory is.
    let cache = "\ncache.path = \"memory\"\njournal.path = \"off\"\njudge.baselines = \"off\"";
    let (a, b) = (
        format!("{one}{cache}"),
        format!(
            "{same}[cache]\npath = \"memory\"\n[journal]\npath = \"off\"\n[judge]\nbaselines = \"off\""
        ),
    );
    assert_ne!(config.hash, "");
    assert_eq!(
        load_with("config.toml", &a, &rotated).unwrap().hash,
        toml(&b).hash
    );
}

#[test]
fn a_journal_is_kept_where_the_file_says_or_not_at_all() {
    let route = "routes.x.tiers = [\"openai/a\"]\n";
    let off = toml(&format!("{route}[journal]\npath = \"off\""));
    assert_eq!(off.journal.path, None);
    round_trip(&off);
    let home = toml(&format!("{route}[journal]\npath = \"~/j\""));
    assert_eq!(home.journal.path.as_deref(), Some(Path::new("/home/op/j")));
    assert!(!home.journal.content, "no prompt, no answer");
    round_trip(&home);
    let more = toml(&format!(
        "{route}[journal]\nkeep = \"7d\"\nfile_bytes = \"1MiB\"\ncontent = true"
    ));
    let (keep, bytes, content) = (
        more.journal.keep,
        more.journal.file_bytes,
        more.journal.content,
    );
    assert_eq!(
        (keep, bytes, content),
        (Duration::from_hours(7 * 24), 1 << 20, true)
    );
    round_trip(&more);
    let homeless = load_with("config.toml", route, &|name: &str| {
        (!name.starts_with("XDG") && name != "HOME").then(|| "k".to_owned())
    })
    .unwrap();
    assert_eq!(homeless.journal.path, None);
}

#[test]
fn what_is_usual_is_kept_where_the_file_says_or_not_at_all() {
    let with = |path: &str| {
        toml(&format!(
            "routes.x.tiers = [\"openai/a\"]\njudge.baselines = \"{path}\""
        ))
    };
    let off = with("off");
    assert_eq!(off.judge.baselines, None);
    round_trip(&off);
    let home = with("~/usual.json");
    let path = home.judge.baselines.as_deref();
    assert_eq!(path, Some(Path::new("/home/op/usual.json")));
    round_trip(&home);
}

#[test]
fn what_show_prints_of_the_example_loads_to_the_same() {
    round_trip(&toml(EXAMPLE));
}

pub(super) fn round_trip(config: &Config) {
    let shown = show(config);
    let again = load("shown.toml", &shown).unwrap_or_else(|e| panic!("{e}\n{shown}"));
    assert_eq!(show(&again), shown);
    assert_eq!(again.hash, config.hash);
    assert_eq!(again.routes, config.routes);
    assert_eq!(again.deployments, config.deployments);
    assert_eq!(again.aliases, config.aliases);
}

fn name() -> impl Strategy<Value = String> {
    // Names that need quoting in TOML, and ordinary ones; "all" is taken.
    prop_oneof!["[a-z][a-z0-9-]{0,6}", "[a-z .\"'\\\\é=#]{1,6}x"]
        .prop_filter("reserved", |n| n != "all")
}

fn time() -> impl Strategy<Value = String> {
    (1u64..10_000_000).prop_map(|ms| format!("{ms}ms"))
}

prop_compose! {
    fn route()(
        name in name(),
        models in prop::collection::hash_set(("(openai|groq|anthropic)", "[a-z.\"'\\\\é=#/-]{1,8}x"), 1..5),
        (timeout, ttft, stall) in (time(), time(), time()),
        retries in 0u8..=10,
        text in "\\PC{1,20}x",
        alias in name(),
        cache: bool,
    ) -> (String, String, String) {
        let quote = |s: &str| ::toml::Value::from(s).to_string();
        let tiers: Vec<_> = models.iter().map(|(p, m)| format!(
            "{{ deployment = {}, timeout = {timeout:?}, ttft_timeout = {ttft:?}, stall_timeout = {stall:?}, retries = {retries} }}",
            quote(&format!("{p}/{m}")),
        )).collect();
        let body = format!(
            "[routes.{}]\ntiers = [{}]\ncache = {cache}\ncanned = {{ text = {} }}\n",
            quote(&name), tiers.join(", "), quote(&text),
        );
        (name, alias, body)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_loads_is_shown_in_a_form_that_loads_to_the_same(
        routes in prop::collection::vec(route(), 1..4),
        err in 0.000_1f64..0.999,
        sample in 0.0f64..=1.0,
        bytes in 1u64..=1 << 40,
    ) {
        let mut text = String::new();
        let mut seen = std::collections::HashSet::new();
        let mut aliases = String::from("[aliases]\n");
        for (name, alias, body) in routes {
            if seen.insert(name.clone()) {
                text.push_str(&body);
            }
            if seen.insert(alias.clone()) {
                let quote = |s: &str| ::toml::Value::from(s).to_string();
                aliases.extend([quote(&alias), " = ".to_owned(), quote(&name), "\n".to_owned()]);
            }
        }
        let knobs = format!("[breaker]\nerr_threshold = {err}\n[judge]\nsample = {sample:.17}\n[cache]\nmax_bytes = {bytes}\n");
        // An alias may have become the name of a later route: then the file is rightly refused.
        if let Ok(config) = load("config.toml", &format!("{text}{aliases}{knobs}")) {
            round_trip(&config);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,80}", yaml: bool) {
        let name = if yaml { "x.yaml" } else { "x.toml" };
        let _ = load(name, &text).map_err(|problems| problems.to_string());
    }
}
