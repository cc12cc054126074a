//! The fields of `[providers.NAME]` that only Amazon's dialect has.

use super::{
    providers::{Account, address, key},
    server::{literal, variable},
};
use crate::{
    config::{
        Aws, KeySource,
        aws::{self, Access, Fetched, Signing},
        env::path_from,
        key::usable,
        load::Context,
        read::{Field, Table},
    },
    model::Dialect,
};

/// A provider that is only named: region and keys are in Amazon's own variables.
pub(super) fn implied(cx: &Context<'_>) -> Account {
    account(None, None, of_environment(cx), cx)
}

/// None when a problem has been reported.
pub(super) fn read(table: &Table<'_>, off: Option<Field<'_>>, cx: &Context<'_>) -> Option<Account> {
    let [base_url, region] = ["base_url", "region"].map(|name| table.get(name));
    let signing = ["access_key_id", "secret_access_key", "session_token"].map(|n| table.get(n));
    let api_key = ["key_env", "key_file", "key_command", "key"].map(|name| table.get(name));
    let base_url = match base_url {
        Some(field) => Some(address(&field, Dialect::Bedrock)?),
        None => None,
    };
    let region = match region {
        Some(field) => Some(field.text()?.to_owned()),
        None => None,
    };
    let access = if let Some(off) = off {
        let why = off.text()?.to_owned();
        Access::Key(KeySource::Off(why.clone()), Err(why))
    } else if signing.iter().any(Option::is_some) {
        if let Some(field) = api_key.into_iter().flatten().next() {
            field.error("is one too many beside keys that sign");
            return None;
        }
        self::signing(table, signing, cx)?
    } else if api_key.iter().any(Option::is_some) {
        let (from, written) = key(table, None, None, cx)?;
        let key = from.fetch(cx.env).map(|fetched| fetched.or(written));
        Access::Key(from, key)
    } else if base_url.as_deref().is_none_or(aws::is_amazons) {
        of_environment(cx)
    } else {
        table.report.error(
            table.at.clone(),
            format!(
                "{}: say which credentials {} gets: key_env = \"NAME\", access_key_id and secret_access_key, or \
                 key = \"none\"",
                table.path,
                base_url.unwrap_or_default()
            ),
        );
        return None;
    };
    Some(account(region, base_url, access, cx))
}

fn account(
    region: Option<String>,
    base_url: Option<String>,
    access: Access,
    cx: &Context<'_>,
) -> Account {
    let region = aws::region(region, base_url.as_deref(), |name| cx.env.var(name));
    let nowhere = region.as_ref().err().cloned();
    let region = region.unwrap_or_default();
    // An API key at an address of its own holds for no region.
    let signs = matches!(access, Access::Signing(..));
    let nowhere = nowhere.filter(|_| signs || base_url.is_none());
    let (key_from, key, signing, missing) = match access {
        Access::Key(from, Ok(key)) => (from, key, None, None),
        Access::Key(from, Err(why)) => (from, None, None, Some(why)),
        Access::Signing(signing, why) => (KeySource::NotNeeded, None, Some(signing), why),
    };
    Account {
        base_url: base_url.unwrap_or_else(|| aws::base_url(&region)),
        aws: Some(Aws { region, signing }),
        key_from,
        key,
        missing: missing.or(nowhere),
    }
}

fn of_environment(cx: &Context<'_>) -> Access {
    aws::of_environment(|name| {
        let value = cx.env.var(name)?;
        let value = usable(&value).map_err(|why| format!("no key: {name}: {why}"));
        Some((KeySource::Env(name.to_owned()), value))
    })
}

fn signing(
    table: &Table<'_>,
    [id, secret, token]: [Option<Field<'_>>; 3],
    cx: &Context<'_>,
) -> Option<Access> {
    let Some((id, secret)) = id.zip(secret) else {
        table.report.error(
            table.at.clone(),
            format!(
                "{}: access_key_id and secret_access_key sign together; one is missing",
                table.path
            ),
        );
        return None;
    };
    let id = credential(&id, cx)?;
    let secret = credential(&secret, cx)?;
    let token = match token {
        Some(field) => Some(credential(&field, cx)?),
        None => None,
    };
    let (signing, missing) = Signing::of(id, secret, token);
    Some(Access::Signing(signing, missing))
}

/// A text, `{ env = "NAME" }` or `{ file = "path" }`.
fn credential(field: &Field<'_>, cx: &Context<'_>) -> Option<Fetched> {
    if field.is_text() {
        let value = literal(field)?;
        field.warn("it stands in the file; { env = \"NAME\" } keeps it out");
        return Some((KeySource::Literal, Ok(value)));
    }
    let table = field.table()?;
    let source = match (table.get("env"), table.get("file")) {
        (Some(env), None) => variable(&env)?,
        (None, Some(file)) => KeySource::File(path_from(file.text()?, cx.base, cx.env)),
        _ => {
            field.error("expected a text, { env = \"NAME\" } or { file = \"path\" }");
            return None;
        }
    };
    table.finish();
    let fetched = source
        .fetch(cx.env)
        .and_then(|key| key.ok_or_else(String::new));
    Some((source, fetched))
}
