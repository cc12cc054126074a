use super::*;
use crate::sim::ask::Turn;
use serde_json::json;

fn asking(text: &str) -> Ask {
    Ask {
        turns: vec![Turn::User {
            text: text.into(),
            images: 0,
        }],
        ..Ask::default()
    }
}

fn chance(seed: u64) -> Chance {
    Chance {
        words: Luck::new(&[seed, 1]),
        day: Luck::new(&[seed, 2]),
    }
}

fn text_of(ask: &Ask, dialect: Dialect) -> String {
    reply(ask, dialect, &Behaviour::faultless(), &mut chance(3)).text
}

const TICKET: &str = "Summarize the following ticket in two sentences.\n\nCustomer Jonas from Ghent reports that order \
    GT-5521 arrived with a broken lamp. The box was intact. The sun was shining. He asks for a refund of 90 euros because \
    he needs the lamp this week. Support likes lamps.";

#[test]
fn a_summary_is_made_of_sentences_of_the_text() {
    let text = text_of(&asking(TICKET), Dialect::OpenAi);
    assert!(
        text.contains("order GT-5521 arrived with a broken lamp."),
        "{text}"
    );
    assert!(
        text.contains("refund of 90 euros") && !text.contains("shining"),
        "{text}"
    );
}

#[test]
fn three_vendors_put_the_same_answer_in_three_ways() {
    let vendors = [Dialect::OpenAi, Dialect::Anthropic, Dialect::Gemini];
    let said = vendors.map(|d| text_of(&asking(TICKET), d));
    let [a, b, c] = &said;
    assert!(a != b && b != c && a != c);
    assert!(said.iter().all(|s| s.contains("broken lamp")));
}

#[test]
fn an_answer_that_was_cut_off_is_gone_on_with_from_its_last_words() {
    let whole = text_of(&asking(TICKET), Dialect::OpenAi);
    let (begun, _) = whole.split_at(whole.len() / 2);
    let last_words: String = begun.trim_end().split_inclusive(' ').skip(3).collect();
    let mut ask = asking(TICKET);
    ask.turns.push(Turn::Model { text: begun.into() });
    ask.turns.push(Turn::User {
        text: format!("Go on. Begin with:\n\n{last_words}\n\nThen to the end."),
        images: 0,
    });
    for dialect in Dialect::ALL {
        let more = text_of(&ask, dialect);
        assert!(more.starts_with(&last_words), "{more}");
        assert!(more.len() > last_words.len() + 20, "{more}");
    }
}

#[test]
fn every_prompt_of_the_material_gets_an_answer_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for fact in &library::library().facts {
        let text = text_of(&asking(&fact.ask), Dialect::OpenAi);
        let start: String = fact.answer.chars().take(30).collect();
        assert!(text.starts_with(&start), "{} -> {text}", fact.ask);
        assert!(seen.insert(text));
    }
}

#[test]
fn a_sentiment_is_read_from_the_review() {
    let ask = |body: &str| {
        let text = format!(
            "Classify the sentiment of this review as positive, negative or neutral. Answer with one word.\n\n{body}"
        );
        text_of(&asking(&text), Dialect::Gemini)
    };
    assert_eq!(ask("I love it, works perfectly."), "Positive");
    assert_eq!(ask("It broke and I am disappointed."), "Negative");
}

fn weather() -> Tool {
    Tool {
        name: "get_weather".into(),
        description: "Current weather of a city".into(),
        schema: json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
    }
}

#[test]
fn a_tool_is_called_when_the_prompt_fits_and_its_result_becomes_the_answer() {
    let mut ask = asking("What is the weather in Porto right now?");
    ask.tools = vec![weather()];
    let called = reply(
        &ask,
        Dialect::OpenAi,
        &Behaviour::faultless(),
        &mut chance(1),
    );
    assert_eq!(
        called.calls.first().map(|c| &c.args),
        Some(&json!({"city": "Porto"}))
    );

    ask.turns.push(Turn::Model {
        text: String::new(),
    });
    ask.turns.push(Turn::Tool {
        name: "get_weather".into(),
        content: json!({"temperature": 17, "sky": "clear"}).to_string(),
    });
    let answered = reply(
        &ask,
        Dialect::OpenAi,
        &Behaviour::faultless(),
        &mut chance(1),
    );
    assert!(
        answered.calls.is_empty() && answered.text.contains("temperature 17"),
        "{}",
        answered.text
    );
}

#[test]
fn a_tool_that_does_not_fit_is_left_alone_unless_it_has_to_be_used() {
    let mut ask = asking("Why is the sky blue during the day but red at sunset?");
    ask.tools = vec![weather()];
    let free = reply(
        &ask,
        Dialect::OpenAi,
        &Behaviour::faultless(),
        &mut chance(1),
    );
    assert!(free.calls.is_empty());
    ask.choice = Choice::Must;
    let forced = reply(
        &ask,
        Dialect::OpenAi,
        &Behaviour::faultless(),
        &mut chance(1),
    );
    assert_eq!(forced.calls.len(), 1);
}

#[test]
fn a_beginning_that_another_vendor_made_is_continued_where_it_broke_off() {
    let mut ask = asking(TICKET);
    let begun = "- Customer Jonas from Ghent reports that order GT-5521 arr";
    ask.turns.push(Turn::Model { text: begun.into() });
    let rest = text_of(&ask, Dialect::Anthropic);
    assert!(rest.starts_with("ived with a broken lamp."), "{rest}");
    assert!(rest.contains("refund"), "{rest}");
}

#[test]
fn garbage_comes_at_its_share_and_in_the_way_that_was_set() {
    let ask = asking(TICKET);
    let bad = Behaviour {
        garbage_share: 1.0,
        garbage: Some(crate::model::fault::Garbage::Repetition),
        ..Behaviour::faultless()
    };
    let text = reply(&ask, Dialect::OpenAi, &bad, &mut chance(1)).text;
    assert!(text.matches("Customer Jonas").count() > 5, "{text}");
}
