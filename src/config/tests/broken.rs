//! Broken files and the exact words about them.

use super::*;

/// The first line of each problem, without the excerpt.
fn first_lines(name: &str, text: &str) -> Vec<String> {
    problems(name, text)
        .lines()
        .filter(|line| line.starts_with(name))
        .map(str::to_owned)
        .collect()
}

macro_rules! broken {
    ($($name:ident: $file:literal $text:literal => [$($line:literal),+ $(,)?])+) => {$(
        #[test]
        fn $name() {
            assert_eq!(first_lines($file, $text), [$(concat!($file, ":", $line)),+]);
        }
    )+};
}

#[test]
fn every_problem_is_shown_with_its_line_and_a_caret() {
    let text = r#"
[server]
listn = "127.0.0.1:4141"

[routes.summarize]
tiers = [
  "anthropic/claude-sonnet-4-5",
  "opnai/gpt-4.1",
]
deadline = "soon"
"#;
    assert_eq!(
        problems("config.toml", text),
        r#"config.toml:3:1: unknown key "listn" in server; did you mean "listen"?
  3 | listn = "127.0.0.1:4141"
    | ^^^^^
config.toml:8:3: tier "secondary" names provider "opnai"; did you mean "openai"?
  8 |   "opnai/gpt-4.1",
    |   ^^^^^^^^^^^^^^^
config.toml:10:12: routes.summarize.deadline: "soon" is not a duration; write it like 30s, 10m or 1h30m
  10 | deadline = "soon"
     |            ^^^^^^"#
    );
}

broken! {
    a_section_that_does_not_exist: "c.toml" "routes.x.tiers = ['openai/a']\n[braker]\n" =>
        ["2:2: unknown key \"braker\" at the top; did you mean \"breaker\"?"]

    a_deployment_without_its_provider: "c.toml" "routes.x.tiers = ['gpt-4.1']" =>
        ["1:19: tier \"primary\" is \"gpt-4.1\"; write it as provider/model, like \"openai/gpt-4.1\""]

    a_route_without_tiers: "c.toml" "[routes.x]\ndeadline = '5s'\n[routes.y]\ntiers = []" =>
        ["1:1: routes.x: tiers is missing; name at least one deployment",
         "4:9: routes.y.tiers: name at least one deployment"]

    a_deployment_with_two_places: "c.toml" "routes.x.tiers = ['openai/a', { deployment = 'openai/a' }]" =>
        ["1:31: routes.x.tiers[1]: openai/a has its place above already"]

    a_tier_that_is_neither_text_nor_table: "c.toml" "routes.x.tiers = [3, {}]" =>
        ["1:19: routes.x.tiers[0]: expected a text like \"openai/gpt-4.1\" or a table like { deployment = \"openai/gpt-4.1\" }",
         "1:22: routes.x.tiers[1]: expected deployment = \"provider/model\", or deployments = […] that take turns"]

    a_tier_with_a_misspelt_limit: "c.toml" "routes.x.tiers = [{ deployment = 'openai/a', time_out = '1s', retries = 11 }]" =>
        ["1:46: unknown key \"time_out\" in routes.x.tiers[0]; did you mean \"timeout\"?",
         "1:73: routes.x.tiers[0].retries: 11 is out of range"]

    a_route_called_all: "c.toml" "[routes.all]\ntiers = ['openai/a']" =>
        ["1:9: a route cannot be called \"all\": commands mean every route by \"all\""]

    an_alias_to_nowhere: "c.toml" "routes.summarize.tiers = ['openai/a']\naliases = { tldr = 'sumarize', summarize = 'x' }" =>
        ["2:20: aliases.tldr: no route \"sumarize\"; did you mean \"summarize\"?",
         "2:32: alias \"summarize\" has the name of a route, which would always win"]

    a_canned_answer_that_is_no_answer: "c.toml" "[routes.x]\ntiers = ['openai/a']\ncanned = { form = 'anser', text = ' ', json = '{' }" =>
        ["3:19: routes.x.canned.form: \"anser\" is not known here; did you mean \"answer\"?",
         "3:35: routes.x.canned.text: an empty answer is no answer; leave the line out for the default text",
         "3:47: routes.x.canned.json: is not JSON: EOF while parsing an object at line 1 column 1"]

    a_percentage_for_a_share: "c.toml" "routes.x.tiers = ['openai/a']\n[breaker]\nerr_threshold = 2\njudge_threshold = 1.0" =>
        ["3:17: breaker.err_threshold: 2 is not a share between 0 and 1; 2 % is written 0.02",
         "4:19: breaker.judge_threshold: 0 and 1 would trip always or never"]

    cooldowns_that_cannot_be: "c.toml" "routes.x.tiers = ['openai/a']\n[breaker]\ncooldown = 300\nmax_cooldown = '1m'\nprobe = 'shdow'\nmode = true" =>
        ["4:16: breaker.max_cooldown: is shorter than cooldown",
         "5:9: breaker.probe: \"shdow\" is not known here; did you mean \"shadow\"?",
         "6:8: breaker.mode: expected a text, found true or false"]

    a_listener_without_a_port: "c.toml" "routes.x.tiers = ['openai/a']\n[server]\nlisten = 'localhost'\nmax_body = '10 megs'\ndrain = -1" =>
        ["3:10: server.listen: \"localhost\" is not an address; write it like \"127.0.0.1:4141\"",
         "4:12: server.max_body: \"10 megs\" is not a size; write it like \"10MiB\"",
         "5:9: server.drain: -1 is not a duration in seconds"]

    a_client_key_that_is_not_set: "c.toml" "routes.x.tiers = ['openai/a']\nserver.client_keys = [{ env = 'MISSING' }, { evn = 'A' }]" =>
        ["2:31: server.client_keys[0].env: no key: MISSING is not set; without it the door would stand open",
         "2:44: server.client_keys[1]: expected a text, { env = \"NAME\" } or { file = \"path\" }"]

    a_provider_without_a_dialect: "c.toml" "routes.x.tiers = ['local/a']\n[providers.local]\nbase_url = 'http://localhost'\nkey = 'none'" =>
        ["2:1: providers.local: dialect is missing; it is one of openai, anthropic, gemini, bedrock, responses"]

    an_address_that_nobody_said_a_key_for: "c.toml" "routes.x.tiers = ['local/a']\n[providers.local]\ndialect = 'openai'\nbase_url = 'http://localhost'" =>
        ["2:1: providers.local: say which key http://localhost gets: key_env = \"NAME\", or key = \"none\" if it wants none"]

    an_address_that_is_none: "c.toml" "routes.x.tiers = ['openai/a']\nproviders.openai = { dialect = 'opnai', base_url = 'api.openai.com' }\nproviders.gemini.base_url = 'gemini'" =>
        ["2:32: providers.openai.dialect: \"opnai\" is not known here; did you mean \"openai\"?",
         "3:29: providers.gemini.base_url: expected an address that starts with https:// or http://"]

    two_keys_for_one_provider: "c.toml" "routes.x.tiers = ['openai/a']\nproviders.openai = { key_env = 'A', key_file = 'b' }" =>
        ["2:48: providers.openai.key_file: key_file is one too many: choose one of key_env, key_file"]

    keys_in_the_wrong_words: "c.toml" "routes.x.tiers = ['openai/a', 'groq/b', 'xai/c']\nproviders.openai.key = '<set>'\nproviders.groq.key = 'os.environ/GROQ'\nproviders.xai.key_command = []" =>
        ["2:24: providers.openai.key: \"<set>\" is what `config show` prints in place of a key; put the key's source here",
         "3:22: providers.groq.key: \"os.environ/GROQ\" is LiteLLM's spelling; write key_env = \"GROQ\"",
         "4:29: providers.xai.key_command: expected a program and its arguments"]

    a_header_that_cannot_be_sent: "c.toml" "routes.x.tiers = ['openai/a']\nproviders.openai.headers = { 'x y' = 'a', z = \"\\n\", b = '<set>' }" =>
        ["2:30: \"x y\" cannot be the name of a header",
         "2:47: providers.openai.headers.z: has characters that no header can carry",
         "2:57: providers.openai.headers.b: \"<set>\" is what `config show` prints in place of a value; put the value here"]

    deployments_of_nobody: "c.toml" "routes.x.tiers = ['openai/a']\n[deployments.gpt]\n[deployments.'grok/b']\n[deployments.'openai/a']\nrpm = 0\ncontext = 1" =>
        ["2:14: deployment is \"gpt\"; write it as provider/model, like \"openai/gpt-4.1\"",
         "3:14: deployment names provider \"grok\"; did you mean \"groq\"?",
         "5:7: deployments.openai/a.rpm: 0 is out of range",
         "6:1: unknown key \"context\" in deployments.openai/a; known: context_window, rpm, tpm, model, prefill"]

    judges_of_the_same_vendor: "c.toml" "routes.x.tiers = ['openai/a', 'groq/b']\n[judge]\njudges = ['openai/j']\nsample = '5%'\nmin_n = 0" =>
        ["3:10: judge.judges: nobody may judge openai/a: openai/j is of its own maker \"openai\"; add a judge of another maker",
         "4:10: judge.sample: expected a number, found a text",
         "5:9: judge.min_n: 0 is out of range"]

    a_judge_of_nobody: "c.toml" "routes.x.tiers = ['openai/a']\n[judge]\njudges = ['antropic/j', 3]" =>
        ["3:11: judge names provider \"antropic\"; did you mean \"anthropic\"?",
         "3:25: judge.judges[1]: expected a text, found a number"]

    a_cache_that_forgets_before_it_is_stale: "c.toml" "routes.x.tiers = ['openai/a']\n[cache]\nttl = '2h'\nmax_stale = '1h'\nenabled = 'yes'\nmax_bytes = 0" =>
        ["4:13: cache.max_stale: is shorter than ttl",
         "5:11: cache.enabled: expected true or false, found a text",
         "6:13: cache.max_bytes: 0 is out of range"]

    several_syntax_errors: "c.toml" "a = \n[routes.x]\ntiers = ['openai/a']\ntiers = []\n[judge\n" =>
        ["1:5: string values must be quoted, expected literal string",
         "4:1: duplicate key",
         "5:7: unclosed table, expected `]`"]

    a_yaml_file_that_is_not_litellms: "c.yaml" "routes: {}\n" =>
        [" model_list is missing: YAML is read as a LiteLLM proxy configuration (breakerbox's own is TOML)"]

    broken_yaml: "c.yaml" "model_list:\n  - model_name: x\n   litellm_params: 3\n" =>
        ["3:4: while parsing a block collection, did not find expected '-' indicator"]

    litellm_entries_with_holes: "c.yaml" "model_list:\n- litellm_params: { model: gpt-4 }\n- model_name: a\n- model_name: b\n  litellm_params: { api_key: x }\n- model_name: all\n  litellm_params: { model: gpt-4 }\n- 3\n" =>
        ["2:3: model_list[0]: model_name is missing",
         "3:3: model_list[1]: litellm_params is missing",
         "5:19: model_list[2].litellm_params: model is missing",
         "6:3: model_list[3]: a route cannot be called \"all\": commands mean every route by it",
         "8:3: model_list[4]: expected a table, found a number"]

    litellm_fallbacks_to_nowhere: "c.yaml" "model_list:\n- model_name: alpha\n  litellm_params: { model: gpt-4, timeout: soon, rpm: x }\nrouter_settings:\n  fallbacks: [{ alpha: [alhpa], beta: [alpha] }, 3]\n  model_group_alias: { a: b }\n" =>
        ["3:44: model_list[0].litellm_params.timeout: \"soon\" is not a duration; write it like 30s, 10m or 1h30m",
         "3:55: model_list[0].litellm_params.rpm: expected a whole number, found a text",
         "5:25: router_settings.fallbacks[0].alpha[0]: no model_name \"alhpa\"; did you mean \"alpha\"?",
         "5:33: router_settings.fallbacks[0]: no model_name \"beta\"; known: alpha",
         "5:50: router_settings.fallbacks[1]: expected a table, found a number",
         "6:27: router_settings.model_group_alias.a: no model_name \"b\"; known: alpha"]

    a_master_key_that_is_not_set: "c.yaml" "model_list:\n- model_name: a\n  litellm_params: { model: gpt-4 }\ngeneral_settings: { master_key: os.environ/MISSING }\n" =>
        ["4:33: general_settings.master_key: no key: MISSING is not set; without it the door would stand open"]
}

#[test]
fn a_file_that_is_not_there_says_so() {
    let error = crate::config::load(Path::new("/nowhere/c.toml"), &env).unwrap_err();
    let shown = error.to_string();
    assert!(
        shown.starts_with("/nowhere/c.toml: cannot be read: "),
        "{shown}"
    );
}

#[test]
fn a_file_without_any_deployment_says_so() {
    assert_eq!(
        problems("c.toml", "server.drain = '1s'"),
        "c.toml: no deployment: nothing to route to (`breakerbox config init` writes an example)"
    );
}
