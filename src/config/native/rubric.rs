//! `[routes.NAME.judge]`: what a route's answers are judged by.

use crate::config::{
    Example, Rubric,
    env::path_from,
    load::Context,
    read::{Field, Table},
};

/// Every judged answer pays for all of it again.
const LONGEST: usize = 8_000;
const LONGEST_EXAMPLE: usize = 2_000;
const MOST_EXAMPLES: usize = 8;

pub(super) fn read(table: Option<Table<'_>>, cx: &Context<'_>) -> Rubric {
    let mut rubric = Rubric::default();
    let Some(table) = table else { return rubric };
    let (inline, file) = (table.get("rubric"), table.get("rubric_file"));
    if let (Some(_), Some(field)) = (&inline, &file) {
        field.error("rubric_file is one too many: there is a rubric already");
    }
    rubric.text = inline
        .and_then(|f| own(&f, f.text()?))
        .or_else(|| file.and_then(|f| from_file(&f, cx)));
    if let Some(field) = table.get("examples")
        && let Some(items) = field.list()
    {
        if items.len() > MOST_EXAMPLES {
            field.error(format!(
                "{} are too many: every judged answer pays for them again, so {MOST_EXAMPLES} at most",
                items.len()
            ));
        }
        rubric.examples = items.iter().filter_map(example).collect();
    }
    table.finish();
    rubric
}

fn from_file(field: &Field<'_>, cx: &Context<'_>) -> Option<String> {
    let path = path_from(field.text()?, cx.base, cx.env);
    match cx.env.read(&path) {
        Ok(text) => own(field, &text),
        Err(why) => {
            field.error(format!("{}: {why}", path.display()));
            None
        }
    }
}

fn own(field: &Field<'_>, text: &str) -> Option<String> {
    fits(field, text, LONGEST).then(|| text.trim().to_owned())
}

fn fits(field: &Field<'_>, text: &str, most: usize) -> bool {
    let count = text.chars().count();
    if text.trim().is_empty() {
        field.error("is empty; leave the line out for the rubric that comes with breakerbox");
    } else if count > most {
        field.error(format!(
            "{count} characters are too many: every judged answer pays for them again, so {most} at most"
        ));
    } else {
        return true;
    }
    false
}

fn example(item: &Field<'_>) -> Option<Example> {
    let table = item.table()?;
    let missing = |key: &str| {
        let message = format!("{}: {key} is missing", table.path);
        table.report.error(table.at.clone(), message);
    };
    let text = |key: &'static str| {
        let Some(field) = table.get(key) else {
            missing(key);
            return None;
        };
        let text = field.text()?;
        if text.trim().is_empty() {
            field.error("is empty");
            return None;
        }
        fits(&field, text, LONGEST_EXAMPLE).then(|| text.trim().to_owned())
    };
    let (question, answer) = (text("question"), text("answer"));
    let score = table.get("score");
    if score.is_none() {
        missing("score");
    }
    let score = score.and_then(|f| f.share());
    let reason = table.get("reason").map(|f| f.text().map(str::to_owned));
    table.finish();
    Some(Example {
        question: question?,
        answer: answer?,
        score: score?,
        reason: reason.unwrap_or_else(|| Some(String::new()))?,
    })
}
