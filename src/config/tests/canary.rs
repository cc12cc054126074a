//! Who is asked what in quiet hours.

use super::{native::round_trip, *};
use crate::config::{Canary, CanaryPrompt};
use std::time::Duration;

const ROUTE: &str = "routes.x.tiers = ['openai/a', 'groq/b']\njudge.judges = ['gemini/j']\n";

/// The problems with a `[canary]` of these lines, which begin at line 4.
fn wrong(lines: &str) -> Vec<String> {
    let all = problems("c.toml", &format!("{ROUTE}[canary]\n{lines}"));
    all.lines()
        .filter(|line| line.starts_with("c.toml"))
        .map(str::to_owned)
        .collect()
}

fn canary(text: &str) -> Canary {
    let config = toml(text);
    round_trip(&config);
    config.canary.expect("there is such a section")
}

fn names(canary: &Canary) -> Vec<&str> {
    canary.deployments.iter().map(|id| &**id).collect()
}

#[test]
fn without_a_section_there_is_none_and_litellm_has_none() {
    assert_eq!(toml(ROUTE).canary, None);
    let models = "model_list:\n- { model_name: a, litellm_params: { model: openai/a } }\n";
    assert_eq!(yaml(models).canary, None);
}

#[test]
fn prompts_are_enough_and_every_deployment_that_a_route_names_is_asked() {
    let text = format!(
        "{ROUTE}routes.y.tiers = ['openai/a']\nroutes.y.context_fallbacks = ['xai/c']\n[canary]\nprompts = ['one']"
    );
    let canary = canary(&text);
    assert_eq!(canary.every, Duration::from_mins(5));
    assert!(canary.only_when_quiet);
    assert_eq!(canary.prompts, [CanaryPrompt::of("one".to_owned())]);
    assert_eq!(names(&canary), ["openai/a", "groq/b", "xai/c"]);
}

#[test]
fn a_person_reads_what_it_may_cost_in_calls() {
    let text = format!("{ROUTE}[canary]\nprompts = ['one']");
    assert_eq!(
        canary(&text).to_string(),
        "canaries: 2 deployments are asked every 5m where no user was answered meanwhile, at most 576 calls a day and as many to judges (4 times that while one is suspected)"
    );
}

#[test]
fn everything_can_be_said() {
    let canary = canary(&format!(
        "{ROUTE}[canary]\nevery = '10s'\nprompts = [{{ ask = 'a \"b\"', max_tokens = 200 }}, {{ ask = 'c' }}, 'd']\n\
         deployments = ['mistral/m', 'mistral/m']\nonly_when_quiet = false"
    ));
    let prompt = |ask: &str, max_tokens| CanaryPrompt {
        ask: ask.to_owned(),
        max_tokens,
    };
    assert_eq!(
        canary,
        Canary {
            every: Duration::from_secs(10),
            prompts: vec![
                prompt("a \"b\"", 200),
                prompt("c", 2_000),
                prompt("d", 2_000)
            ],
            deployments: vec!["mistral/m".into()],
            only_when_quiet: false,
        }
    );
}

#[test]
fn what_embeds_is_asked_only_by_name() {
    let routes = "judge.judges = ['gemini/j']\nroutes.x.tiers = ['openai/a', 'openai/text-embedding-3-small']\n\
                  [routes.e]\ntiers = ['groq/v']\nsame_embeddings = true\n[canary]\nprompts = ['q']\n";
    assert_eq!(names(&canary(routes)), ["openai/a"]);
    let named = format!("{routes}deployments = ['groq/v']");
    assert_eq!(names(&canary(&named)), ["groq/v"]);
}

#[test]
fn without_judges_there_is_a_warning() {
    let config = toml("routes.x.tiers = ['openai/a']\n[canary]\nprompts = ['q']");
    assert_eq!(
        config.warnings,
        [
            "canary: nobody judges what comes back (judge.judges is empty): only failures will be seen"
        ]
    );
}

#[test]
fn mistakes_are_told_where_they_are() {
    assert_eq!(
        wrong("every = '5s'\npromts = ['q']"),
        [
            "c.toml:3:1: canary.prompts is missing: what the deployments are asked, like [\"What is 17 + 25?\"]",
            "c.toml:4:9: canary.every: at least 10s: each one is a call to every deployment",
            "c.toml:5:1: unknown key \"promts\" in canary; did you mean \"prompts\"?",
        ]
    );
    assert_eq!(
        wrong("every = '2d'\nprompts = []"),
        [
            "c.toml:4:9: canary.every: at most 24h",
            "c.toml:5:11: canary.prompts: expected 1 to 64 prompts",
        ]
    );
    assert_eq!(
        wrong("prompts = [7, ' ', { max_tokens = 0 }, { ask = 'q', tokens = 1 }]"),
        [
            "c.toml:4:12: canary.prompts[0]: expected a text or { ask = \"…\", max_tokens = 200 }",
            "c.toml:4:15: canary.prompts[1]: expected a prompt of 1 to 8000 characters, found 1",
            "c.toml:4:20: canary.prompts[2]: ask is missing",
            "c.toml:4:35: canary.prompts[2].max_tokens: 0 is out of range",
            "c.toml:4:53: unknown key \"tokens\" in canary.prompts[3]; known: ask, max_tokens",
        ]
    );
    assert_eq!(
        wrong("prompts = ['q']\ndeployments = []\nonly_when_quiet = 'yes'"),
        [
            "c.toml:5:15: canary.deployments: names nobody; leave it out to ask every deployment that a route names",
            "c.toml:6:19: canary.only_when_quiet: expected true or false, found a text",
        ]
    );
    assert_eq!(
        wrong("prompts = ['q']\ndeployments = ['opnai/a']"),
        ["c.toml:5:16: canary names provider \"opnai\"; did you mean \"openai\"?"]
    );
}

#[test]
fn a_canary_that_nobody_may_judge_or_nobody_can_answer_is_refused() {
    assert_eq!(
        wrong("prompts = ['q']\ndeployments = ['gemini/other']"),
        [
            "c.toml:2:16: judge.judges: nobody may judge gemini/other: gemini/j is of its own maker \"google\"; \
             add a judge of another maker"
        ]
    );
    let text = "routes.x.tiers = ['openai/text-embedding-3-small']\n[canary]\nprompts = ['q']";
    let said = problems("c.toml", text);
    assert!(
        said.starts_with(
            "c.toml:2:1: canary: no route names a deployment that answers in words; name some:"
        ),
        "{said}"
    );
}
