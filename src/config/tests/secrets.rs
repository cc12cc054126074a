//! A marker stands wherever a person might put a key; it must come out nowhere.

use super::*;
use crate::config::show;
use proptest::prelude::*;
use std::fmt::Write as _;

const MARK: &str = "sk-geheim-7";
/// Looks like no key at all: only its place says what it is.
const PLAIN_MARK: &str = "geheim.wort-7";

/// Everything that a person can get to see of a file.
fn shown(name: &str, text: &str, env: &dyn Env) -> String {
    let text = text.replace("MARK", MARK);
    match load_with(name, &text, env) {
        Ok(config) => {
            let mut out = format!("{config:?}\n{config:#?}\n{}", show(&config));
            let _ = write!(out, "{:?} {:?}", config.warnings, config.hash);
            out
        }
        Err(problems) => format!("{problems}\n{problems:?}"),
    }
}

fn all_marked(name: &str) -> Option<String> {
    (name != "HOME").then(|| MARK.to_owned())
}

#[test]
fn keys_that_were_read_come_out_nowhere() {
    for (name, text) in [
        (
            "c.toml",
            "routes.x.tiers = ['openai/a', 'groq/b']\nserver.client_keys = ['MARK', { env = 'A' }]\n\
             providers.openai = { key = 'MARK', headers = { authorization = 'MARK', x-api-key = 'MARK' } }\n\
             fleet = { redis = 'redis://:MARK@h', password = 'MARK' }\n\
             alerts = [{ url = 'https://h/MARK', headers = { x-a = 'MARK' } }]",
        ),
        (
            "c.yaml",
            "model_list:\n- model_name: a\n  litellm_params: { model: gpt-4, api_key: MARK, organization: o, \
             extra_headers: { x-auth: MARK, cookie: os.environ/B } }\n\
             general_settings: { master_key: MARK }\nenvironment_variables: { OPENAI_API_KEY: MARK, B: MARK }\n\
             router_settings: { redis_url: 'redis://u:MARK@h' }\n",
        ),
    ] {
        let marked = text.replace("MARK", MARK);
        let config = load_with(name, &marked, &all_marked).unwrap();
        assert!(
            config.providers.values().all(|p| p.key.is_some()),
            "the keys were read"
        );
        let out = shown(name, text, &all_marked);
        assert!(!out.contains(MARK), "{out}");
        assert!(out.contains("<set>"), "{out}");
    }
}

/// Each is wrong in some way, so that its line is quoted.
#[test]
fn excerpts_and_messages_never_quote_a_key() {
    for (name, text) in [
        ("c.toml", "providers.openai = { api_key = 'MARK' }"),
        (
            "c.toml",
            "providers.openai = { key = 'MARK', key_env = 'MARK' }",
        ),
        ("c.toml", "providers.openai.key_env = 'MARK'"),
        ("c.toml", "providers.openai = { bogus = 1, key = 'MARK' }"),
        (
            "c.toml",
            "providers.openai = { base_url = 'https://u:MARK@h', dialect = 'x' }",
        ),
        ("c.toml", "providers.openai.base_url = 'https://u:MARK@h'"),
        ("c.toml", "providers.openai.headers = { a = \"MARK\\n\" }"),
        ("c.toml", "fleet = { redis = 'redis://:MARK@h/x' }"),
        ("c.toml", "fleet.redis = 'redis://:a=MARK@h/x'"),
        ("c.toml", "fleet.redis = { env = 'MARK' }"),
        (
            "c.toml",
            "fleet = { redis = 'redis://h', password = 'MARK', password_env = 'MARK' }",
        ),
        (
            "c.toml",
            "fleet = { redis = 'redis://h', password = 'os.environ/MARK' }",
        ),
        (
            "c.yaml",
            "model_list: []\nrouter_settings: { redis_url: 'redis://:a=MARK@h/x', redis_port: x }\n",
        ),
        (
            "c.yaml",
            "model_list: []\nrouter_settings: { redis_host: h, redis_password: [MARK] }\n",
        ),
        ("c.toml", "alerts = [{ url = 'MARK' }]"),
        ("c.toml", "alerts = [{ url = 'https://h/MARK', bogus = 1 }]"),
        ("c.toml", "[[alerts]]\nurl = 'https://h/MARK\nname = 3"),
        (
            "c.toml",
            "alerts = [{ url = 'https://h', headers = { a = \"MARK\\n\" } }]",
        ),
        ("c.toml", "server.client_keys = 'MARK'"),
        (
            "c.toml",
            "server.client_keys = [{ env = 'MARK' }, 3, { bogus = 'MARK' }]",
        ),
        (
            "c.toml",
            "server.client_keys = [\n  'MARK',\n  'MARK'\n  bogus\n]",
        ),
        ("c.toml", "[providers.openai]\nkey = 'MARK\nkey_env = MARK"),
        ("c.toml", "server.client_keys = [\n  'MARK' 'x',\n]"),
        ("c.toml", "[providers]\nopenai = { key = \"MARK\", = }"),
        ("c.toml", "key = \"\"\"\nMARK\n'x' = \\q\n"),
        (
            "c.yaml",
            "model_list:\n- litellm_params: { api_key: MARK, model: [ }\n",
        ),
        (
            "c.yaml",
            "model_list:\n- litellm_params: { api_key: MARK }\n",
        ),
        ("c.yaml", "model_list:\n  - a\n api_key: MARK\n"),
        (
            "c.yaml",
            "model_list: []\ngeneral_settings: { master_key: [MARK] }\n",
        ),
        ("c.yaml", "general_settings:\n  master_key: MARK\n   x: [\n"),
        (
            "c.yaml",
            "model_list:\n- model_name: a\n  litellm_params: { model: gpt-4, api_base: 'https://u:MARK@h', rpm: x }\n",
        ),
        (
            "c.yaml",
            "model_list:\n- litellm_params: { model: gpt-4, api_key: os.environ/MARK }\n  model_name: a\n",
        ),
        (
            "c.yaml",
            "model_list:\n- { model_name: [], litellm_params: { model: gpt-4, api_key: os.environ/MARK } }\n",
        ),
        (
            "c.yaml",
            "model_list: []\ngeneral_settings: { master_key: os.environ/MARK }\n",
        ),
        (
            "c.yaml",
            "model_list: []\ngeneral_settings:\n  master_key: |\n    MARK\n  database_url: 3\n",
        ),
    ] {
        for mark in [MARK, PLAIN_MARK] {
            let out = shown(name, &text.replace("MARK", mark), &nothing_set);
            assert!(!out.contains(mark), "{text}\n{out}");
            let problem = out.contains(&format!("{name}:"));
            assert!(problem, "it is a problem: {text}\n{out}");
        }
    }
}

const LONG_MARK: &str = "geheim0123456789abcdefgh";

const GOOD: [(&str, &str); 2] = [
    (
        "c.toml",
        "[routes.x]\ntiers = [\"openai/a\", { deployment = \"groq/b\", timeout = \"20s\" }]\n[server]\n\
         client_keys = [\"LONG\",\n  \"LONG\"]\n[providers]\nopenai = { key = \"LONG\", vendor = \"x\" }\n\
         groq.headers = { authorization = \"LONG\" }\n",
    ),
    (
        "c.yaml",
        "model_list:\n- model_name: a\n  litellm_params:\n    model: gpt-4\n    api_key: LONG\n    rpm: 3\n\
         general_settings:\n  master_key: 'LONG'\nrouter_settings: { redis_password: \"LONG\", timeout: 3 }\n",
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Slips of the hand: something deleted, something typed, in any place.
    #[test]
    fn no_slip_in_a_file_brings_its_keys_to_light(
        yaml: bool,
        slips in prop::collection::vec((any::<prop::sample::Index>(), 0usize..5, "[a-z\"'=:,{}\\[\\]\n \t]{0,2}"), 1..4),
    ) {
        let (name, good) = GOOD[usize::from(yaml)];
        let mut text = good.replace("LONG", LONG_MARK);
        for (at, deleted, typed) in slips {
            let at = at.index(text.len());
            text.replace_range(at..(at + deleted).min(text.len()), &typed);
        }
        let out = shown(name, &text, &nothing_set);
        prop_assert!(!out.contains(LONG_MARK), "{text}\n---\n{out}");
    }
}
