//! `[[alerts]]`

use super::server::{literal, secret};
use crate::config::{
    KeySource,
    alerts::{Alert, Format, Recipient, Subject, Webhook},
    load::Context,
    read::{Field, Table},
};
use secrecy::{ExposeSecret, SecretString};

const WITHOUT: &str = "nobody would be told";

pub(super) fn read(field: Option<Field<'_>>, cx: &Context<'_>) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = Vec::new();
    let list = field.and_then(|f| f.list()).unwrap_or_default();
    for (n, field) in list.iter().enumerate() {
        let Some(alert) = alert(field, n + 1, cx) else {
            continue;
        };
        if alerts.iter().any(|a| a.name == alert.name) {
            field.error(format!("two alerts are named {:?}", alert.name));
        }
        alerts.push(alert);
    }
    alerts
}

fn alert(field: &Field<'_>, place: usize, cx: &Context<'_>) -> Option<Alert> {
    let table = field.table()?;
    let name = match table.get("name") {
        Some(field) => name(&field)?,
        None => format!("alert-{place}"),
    };
    let (url, command) = (table.get("url"), table.get("command"));
    let format = table.get("format");
    let headers = table.table("headers");
    let on = table.get("on").map_or(Some(Subject::usual()), |f| on(&f));
    let drills = table.get("drills").and_then(|f| f.boolean());
    if command.is_some() {
        for (key, given) in [("format", format.is_some()), ("headers", headers.is_some())] {
            if given {
                field.error(format!("{key} is for a url; a command gets the JSON"));
            }
        }
    }
    table.finish();
    let to = match (url, command) {
        (Some(url), None) => Recipient::Webhook(webhook(&url, format, headers, cx)?),
        (None, Some(command)) => Recipient::Command(words(&command)?),
        _ => {
            field.error("an alert has a url or a command, one of them");
            return None;
        }
    };
    Some(Alert {
        name,
        to,
        on: on?,
        drills: drills.unwrap_or(false),
    })
}

/// As it stands in events, logs and messages.
fn name(field: &Field<'_>) -> Option<String> {
    let name = field.text()?;
    let slug = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 40 || !name.chars().all(slug) {
        field.error("a name is up to 40 letters, digits, -, _ and .");
        return None;
    }
    Some(name.to_owned())
}

fn on(field: &Field<'_>) -> Option<Vec<Subject>> {
    let words = Subject::words();
    let items = field.list()?;
    let mut on: Vec<_> = items
        .iter()
        .map(|item| item.word(&words))
        .collect::<Option<_>>()?;
    if on.is_empty() {
        field.error("an empty list: nobody would be told of anything");
    }
    on.sort_unstable();
    on.dedup();
    Some(on)
}

fn words(field: &Field<'_>) -> Option<Vec<String>> {
    let items = field.texts()?;
    let words: Vec<_> = items.iter().filter_map(Field::text).collect();
    if words.first().is_none_or(|program| program.is_empty()) {
        field.error("a command is a program and its arguments, like [\"notify-send\", \"LLM\"]");
        return None;
    }
    Some(words.into_iter().map(str::to_owned).collect())
}

fn webhook(
    field: &Field<'_>,
    format: Option<Field<'_>>,
    headers: Option<Table<'_>>,
    cx: &Context<'_>,
) -> Option<Webhook> {
    let format = format.map_or(Some(Format::default()), |f| f.word(&Format::WORDS));
    let headers = headers.map_or_else(Vec::new, |t| super::headers::headers(&t, cx, WITHOUT));
    let (from, url) = value(field, cx)?;
    let parsed = reqwest::Url::parse(url.expose_secret()).ok();
    if parsed.is_none_or(|url| !matches!(url.scheme(), "http" | "https") || !url.has_host()) {
        field.error("is no address of a webhook; one begins with https://");
        return None;
    }
    let format = format?;
    if from == KeySource::Literal && format == Format::Slack {
        field.warn(
            "whoever knows the address can write to the channel; { env = \"NAME\" } keeps it out of the file",
        );
    }
    Some(Webhook {
        url,
        from,
        format,
        headers,
    })
}

/// A text, which may well be no secret, or the place of one.
fn value(field: &Field<'_>, cx: &Context<'_>) -> Option<(KeySource, SecretString)> {
    if field.is_text() {
        return Some((KeySource::Literal, literal(field)?));
    }
    secret(field, cx, WITHOUT)
}
