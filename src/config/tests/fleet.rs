use super::{native::round_trip, *};
use crate::config::show;
use secrecy::ExposeSecret;

const ROUTE: &str = "routes.x.tiers = [\"openai/a\"]\n";
const MODELS: &str = "model_list:\n- { model_name: a, litellm_params: { model: openai/a } }\n";

fn password(config: &Config) -> Option<&str> {
    let password = config.fleet.as_ref()?.redis.password.as_ref()?;
    Some(password.expose_secret())
}

fn address(config: &Config) -> String {
    let fleet = config.fleet.as_ref().expect("it shares");
    fleet.redis.address()
}

#[test]
fn without_a_section_a_replica_shares_nothing() {
    assert!(toml(ROUTE).fleet.is_none());
    assert!(yaml(MODELS).fleet.is_none());
}

#[test]
fn an_address_is_enough() {
    let config = toml(&format!("{ROUTE}[fleet]\nredis = \"redis://cache:7000/2\""));
    let fleet = config.fleet.as_ref().expect("it shares");
    assert_eq!(address(&config), "redis://cache:7000/2");
    assert_eq!((&*fleet.name, &fleet.replica), ("default", &None));
    assert_eq!(config.warnings, Vec::<String>::new());
    round_trip(&config);
}

#[test]
fn everything_can_be_said_and_is_shown_without_the_password() {
    let config = toml(&format!(
        "{ROUTE}[fleet]\nredis = \"rediss://cache\"\nusername = \"ops\"\npassword_env = \"PASSWORD\"\n\
         name = \"staging\"\nreplica = \"router-1\""
    ));
    let fleet = config.fleet.as_ref().expect("it shares");
    assert_eq!(password(&config), Some("value-of-PASSWORD"));
    assert_eq!(fleet.redis.username.as_deref(), Some("ops"));
    assert_eq!(fleet.replica.as_deref(), Some("router-1"));
    let shown = show(&config);
    assert!(shown.contains("password_env = \"PASSWORD\""), "{shown}");
    assert!(!shown.contains("value-of-PASSWORD"), "{shown}");
    round_trip(&config);
}

#[test]
fn the_whole_address_may_come_from_a_variable() {
    let env = |name: &str| match name {
        "REDIS_URL" => Some("redis://:geheim@cache:6380".to_owned()),
        name => env(name),
    };
    let text = format!("{ROUTE}fleet.redis = {{ env = \"REDIS_URL\" }}");
    let config = load_with("config.toml", &text, &env).expect("it loads");
    assert_eq!(password(&config), Some("geheim"));
    assert_eq!(address(&config), "redis://cache:6380/0");
    let shown = show(&config);
    assert!(shown.contains("redis = { env = \"REDIS_URL\" }"), "{shown}");
    assert!(
        !shown.contains("geheim") && !shown.contains("cache:6380"),
        "{shown}"
    );
}

#[test]
fn a_password_in_the_file_is_a_warning() {
    for fleet in [
        "redis = \"redis://:geheim@cache\"",
        "redis = \"redis://cache\"\npassword = \"geheim\"",
    ] {
        let config = toml(&format!("{ROUTE}[fleet]\n{fleet}"));
        assert_eq!(password(&config), Some("geheim"));
        let [warning] = config.warnings.as_slice() else {
            panic!("{:?}", config.warnings);
        };
        assert!(warning.contains("password_env"), "{warning}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    for (fleet, said) in [
        ("name = \"x\"", "config.toml:2:1: fleet.redis is missing"),
        (
            "redis = \"cache:6379\"",
            "config.toml:3:9: fleet.redis: not the address",
        ),
        (
            "redis = 6379",
            "config.toml:3:9: fleet.redis: expected an address or",
        ),
        (
            "redis = { env = \"MISSING\" }",
            "config.toml:3:17: fleet.redis.env: MISSING is not set; without it the replicas cannot share",
        ),
        (
            "redis = { env = \"WRONG\" }",
            "config.toml:3:17: fleet.redis.env: what the variable holds is not the address",
        ),
        (
            "redis = \"redis://cache\"\nreplica = \"a b\"",
            "config.toml:4:11: fleet.replica: expected a name without spaces",
        ),
        (
            "redis = \"redis://cache\"\nreplika = \"a\"",
            "config.toml:4:1: unknown key \"replika\" in fleet; did you mean \"replica\"?",
        ),
    ] {
        let problems = problems("config.toml", &format!("{ROUTE}[fleet]\n{fleet}"));
        assert!(problems.contains(said), "{problems}");
    }
}

#[test]
fn litellms_redis_is_shared_as_it_is_there() {
    let parts = "router_settings: { redis_host: os.environ/MY_HOST, redis_port: 7000, redis_password: os.environ/SECRET }\n";
    let config = yaml(&format!("{MODELS}{parts}"));
    assert_eq!(address(&config), "redis://value-of-MY_HOST:7000/0");
    assert_eq!(password(&config), Some("value-of-SECRET"));
    assert_eq!(config.warnings, Vec::<String>::new());
    round_trip(&config);

    let url = "router_settings: { redis_url: 'redis://cache:7001/1', redis_host: other }\n";
    assert_eq!(
        address(&yaml(&format!("{MODELS}{url}"))),
        "redis://cache:7001/1"
    );
}

#[test]
fn the_redis_of_litellms_cache_is_taken_where_the_router_has_none() {
    let cache = "litellm_settings: { cache: true, cache_params: { type: redis, host: cache, port: '6380', ttl: 60 } }\n";
    let config = yaml(&format!("{MODELS}{cache}"));
    assert_eq!(address(&config), "redis://cache:6380/0");
    assert_eq!(
        config.warnings,
        [
            "litellm_settings.cache_params: only its Redis is used, for what replicas share; breakerbox has a cache \
             of its own"
        ]
    );
    let both = "router_settings: { redis_host: own }\n";
    assert_eq!(
        address(&yaml(&format!("{MODELS}{both}{cache}"))),
        "redis://own:6379/0"
    );
}

#[test]
fn a_variable_that_litellms_redis_lacks_is_a_warning_and_the_replica_goes_on_alone() {
    let url = "router_settings: { redis_url: os.environ/MISSING_URL }\n";
    let config = yaml(&format!("{MODELS}{url}"));
    assert!(config.fleet.is_none());
    let [warning] = config.warnings.as_slice() else {
        panic!("{:?}", config.warnings);
    };
    assert!(warning.contains("MISSING_URL is not set"), "{warning}");
    assert!(warning.contains("this replica shares nothing"), "{warning}");
}

#[test]
fn parts_of_litellms_redis_that_change_nothing_are_listed() {
    for (parts, warnings) in [
        (
            "redis_password: os.environ/SECRET",
            ["router_settings.redis_password: not honoured: there is no redis_host"],
        ),
        (
            "redis_url: 'redis://cache', redis_db: 3",
            ["router_settings.redis_db: not honoured: redis_url says it"],
        ),
    ] {
        let config = yaml(&format!("{MODELS}router_settings: {{ {parts} }}\n"));
        assert_eq!(config.warnings, warnings);
    }
}
