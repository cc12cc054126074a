//! Who judges, by what words, for how much.

use super::{native::round_trip, *};
use crate::config::{BreakerMode, Example, Price, Rubric};

/// The problems with what follows one line of route.
fn wrong(text: &str) -> Vec<String> {
    let all = problems("c.toml", &format!("routes.x.tiers = ['openai/a']\n{text}"));
    all.lines()
        .filter(|line| line.starts_with("c.toml"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_route_may_have_a_rubric_and_examples_of_its_own() {
    let config = toml(
        r#"
[routes.x]
tiers = ["openai/a"]
[routes.x.judge]
rubric = "Score how faithful it is.\n"
examples = [
  { question = "Sum up: rain.", answer = "Rain.", score = 1, reason = "faithful" },
  { question = "Sum up: rain.", answer = "\"Snow\".", score = 0.05 },
]
[routes.y]
tiers = ["openai/a"]
judge.examples = [{ question = "q", answer = "a", score = 0.5 }]
[routes.z]
tiers = ["openai/a"]
"#,
    );
    let rubric = |name: &str| config.route(name).unwrap().rubric.clone();
    let example = |question: &str, answer: &str, score, reason: &str| Example {
        question: question.to_owned(),
        answer: answer.to_owned(),
        score,
        reason: reason.to_owned(),
    };
    assert_eq!(
        rubric("x"),
        Rubric {
            text: Some("Score how faithful it is.".to_owned()),
            examples: vec![
                example("Sum up: rain.", "Rain.", 1.0, "faithful"),
                example("Sum up: rain.", "\"Snow\".", 0.05, ""),
            ],
        }
    );
    assert_eq!(
        rubric("y"),
        Rubric {
            text: None,
            examples: vec![example("q", "a", 0.5, "")],
        }
    );
    assert_eq!(rubric("z"), Rubric::default());
    round_trip(&config);
}

#[test]
fn a_rubric_in_a_file_stands_beside_the_configuration_and_is_a_part_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("breakerbox.toml");
    let text = "[routes.x]\ntiers = ['openai/a']\njudge.rubric_file = 'rubric.txt'\n";
    std::fs::write(&file, text).unwrap();
    let load = || crate::config::load(&file, &env);
    let missing = load().unwrap_err().to_string();
    assert!(
        missing.contains("breakerbox.toml:3:21: routes.x.judge.rubric_file: /")
            && missing.contains("rubric.txt: No such file"),
        "{missing}"
    );
    let rubric = dir.path().join("rubric.txt");
    std::fs::write(&rubric, "\n Faithful? \n").unwrap();
    let config = load().unwrap();
    let own = &config.route("x").unwrap().rubric;
    assert_eq!(own.text.as_deref(), Some("Faithful?"));
    round_trip(&config);
    std::fs::write(&rubric, "Complete?").unwrap();
    assert_ne!(load().unwrap().hash, config.hash);
    std::fs::write(&rubric, "x".repeat(8_001)).unwrap();
    let long = load().unwrap_err().to_string();
    assert!(
        long.contains("3:21: routes.x.judge.rubric_file: 8001 characters are too many: every judged answer pays for them again, so 8000 at most"),
        "{long}"
    );
}

#[test]
fn a_rubric_that_cannot_be_is_refused_at_its_place() {
    assert_eq!(
        wrong("[routes.x.judge]\nrubric = ' '\nexample = []"),
        [
            "c.toml:3:10: routes.x.judge.rubric: is empty; leave the line out for the rubric that comes with breakerbox",
            "c.toml:4:1: unknown key \"example\" in routes.x.judge; did you mean \"examples\"?",
        ]
    );
    assert_eq!(
        wrong("[routes.x.judge]\nrubric = 'a'\nrubric_file = '/dev/null'")[0],
        "c.toml:4:15: routes.x.judge.rubric_file: rubric_file is one too many: there is a rubric already"
    );
    assert_eq!(
        wrong(
            "[routes.x.judge]\nexamples = [\n{ question = 'q', answer = '', score = 0.5 },\n{ question = 'q', answer = 'a', score = 7 },\n{ answer = 'a' },\n]"
        ),
        [
            "c.toml:4:28: routes.x.judge.examples[0].answer: is empty",
            "c.toml:5:41: routes.x.judge.examples[1].score: 7 is not a share between 0 and 1; 2 % is written 0.02",
            "c.toml:6:1: routes.x.judge.examples[2]: question is missing",
            "c.toml:6:1: routes.x.judge.examples[2]: score is missing",
        ]
    );
    let many = "{ question = 'q', answer = 'a', score = 1 },".repeat(9);
    assert_eq!(
        wrong(&format!("[routes.x.judge]\nexamples = [{many}]")),
        [
            "c.toml:3:12: routes.x.judge.examples: 9 are too many: every judged answer pays for them again, so 8 at most"
        ]
    );
}

#[test]
fn an_answer_that_no_listed_judge_may_judge_refuses_the_file() {
    assert_eq!(
        wrong("[judge]\njudges = ['openai/j', 'openrouter/openai/k']"),
        [
            "c.toml:3:10: judge.judges: nobody may judge openai/a: openai/j, openrouter/openai/k are all of its own maker \"openai\"; add a judge of another maker"
        ]
    );
}

#[test]
fn one_other_maker_is_enough_and_worth_a_warning_for_each_deployment() {
    let warnings = |judges: &str| {
        toml(&format!(
            "routes.x.tiers = ['openai/a', 'openai/b', 'groq/c']\n[judge]\njudges = {judges}"
        ))
        .warnings
    };
    assert_eq!(
        warnings("['openai/j', 'anthropic/j', 'anthropic/k']"),
        [
            "judge.judges: only judges made by \"anthropic\" may judge openai/a, openai/b: what they say is confirmed by \
             known answers alone; a judge of a third maker would give a second opinion"
        ]
    );
    assert_eq!(
        warnings("['openai/j', 'anthropic/j', 'gemini/j']"),
        Vec::<String>::new()
    );
    assert_eq!(warnings("[]"), Vec::<String>::new());
}

#[test]
fn a_judge_costs_what_the_file_says_or_what_its_makers_list_says_or_nobody_knows() {
    let config = toml(
        r#"
routes.x.tiers = ["groq/a"]
[providers.proxy]
dialect = "openai"
base_url = "https://llm.example.com"
key = "none"
[judge]
judges = ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5", "openai/gpt-9", "proxy/gpt-4.1", "proxy/free"]
max_per_day = "unlimited"
[judge.prices."openai/gpt-4.1"]
input_per_mtok = 1.5
output_per_mtok = 6
currency = "USD"
[judge.prices."proxy/free"]
input_per_mtok = 0
output_per_mtok = 0
"#,
    );
    assert_eq!(config.judge.max_per_day, None);
    let cost = |id: &str| config.price_of(&id.into()).map(|p: Price| p.of(1_000, 100));
    assert_eq!(cost("openai/gpt-4.1"), Some(2_100));
    assert_eq!(cost("anthropic/claude-sonnet-4-5"), Some(4_500));
    assert_eq!(cost("openai/gpt-9"), None);
    assert_eq!(cost("proxy/gpt-4.1"), None);
    assert_eq!(cost("proxy/free"), Some(0));
    assert_eq!(cost("nobody/x"), None);
    round_trip(&config);
}

#[test]
fn a_price_that_cannot_be_is_refused_at_its_place() {
    assert_eq!(
        wrong(
            "[judge]\njudges = ['anthropic/j', 'gemini/k']\nmax_per_day = 0\n[judge.prices.'anthropic/k']\n[judge.prices.'anthropic/j']\ninput_per_mtok = -1\ncurrency = 'EUR'\ncached = 1"
        ),
        [
            "c.toml:4:15: judge.max_per_day: 0 is out of range",
            "c.toml:5:15: judge.prices: \"anthropic/k\" is not in judge.judges; did you mean \"anthropic/j\"?",
            "c.toml:6:1: judge.prices.anthropic/j: output_per_mtok is missing",
            "c.toml:7:18: judge.prices.anthropic/j.input_per_mtok: -1 is no price for a million tokens in US dollars (0 to 10000)",
            "c.toml:8:12: judge.prices.anthropic/j.currency: \"EUR\" is not known here; known: USD",
            "c.toml:9:1: unknown key \"cached\" in judge.prices.anthropic/j; known: input_per_mtok, output_per_mtok, currency",
        ]
    );
}

#[test]
fn what_is_weighed_and_whether_it_acts_are_two_things() {
    let config = toml("routes.x.tiers = ['openai/a']\nbreaker.mode = 'observe'");
    assert_eq!(config.breaker.mode, BreakerMode::Sequential);
    assert_eq!(
        wrong("[breaker]\nmode = 'rolling_mean'\nevidence = 'mean'"),
        [
            "c.toml:3:8: breaker.mode: is enforce or observe; what is weighed stands beside it: evidence = \"rolling_mean\"",
            "c.toml:4:12: breaker.evidence: \"mean\" is not known here; known: sequential, rolling_mean",
        ]
    );
    round_trip(&toml(
        "routes.x.tiers = ['openai/a']\nbreaker.evidence = 'rolling_mean'",
    ));
}
