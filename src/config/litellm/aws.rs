//! What a `litellm_params` block says of an account at Amazon.

use super::Surroundings;
use crate::config::{
    Aws, KeySource, Provider,
    aws::{self, Access, Signing},
    read::Table,
    vendor,
};
use crate::model::Dialect;

/// The fields as they are written; some of what makes two blocks the same account.
#[derive(PartialEq, Default)]
pub(super) struct Fields {
    region: Option<String>,
    endpoint: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
}

impl Fields {
    pub(super) fn read(params: &Table<'_>) -> Self {
        let text = |key| {
            let text = params.get(key).and_then(|f| f.text())?;
            (!text.trim().is_empty()).then(|| text.to_owned())
        };
        Self {
            region: text("aws_region_name"),
            endpoint: text("aws_bedrock_runtime_endpoint"),
            access_key_id: text("aws_access_key_id"),
            secret_access_key: text("aws_secret_access_key"),
            session_token: text("aws_session_token"),
        }
    }
}

/// Less the words that say in which of LiteLLM's ways a model is called.
pub(super) fn model(model: &str) -> &str {
    model.strip_prefix("converse/").unwrap_or(model)
}

/// Fills in address, region and credentials, or why they are missing.
pub(super) fn fill(
    provider: &mut Provider,
    fields: &Fields,
    api_key: Option<&str>,
    api_base: Option<&str>,
    around: &Surroundings<'_>,
    params: &Table<'_>,
) {
    let base_url = match fields.endpoint.as_deref().or(api_base) {
        None => Ok(None),
        Some(given) => around
            .value(given)
            .and_then(|value| vendor::base_url(&value, Dialect::Bedrock))
            .map(Some)
            .map_err(|why| format!("api_base: {why}")),
    };
    let region = fields.region.as_deref().map(|r| around.value(r));
    let found = base_url.and_then(|base_url| {
        let region = region
            .transpose()
            .map_err(|why| format!("no region: {why}"))?;
        let region = aws::region(region, base_url.as_deref(), |name| around.var(name));
        // An API key at an address of its own holds for no region.
        Ok(match (base_url, region) {
            (Some(base_url), Err(_)) if api_key.is_some() => (base_url, String::new()),
            (base_url, region) => {
                let region = region?;
                (base_url.unwrap_or_else(|| aws::base_url(&region)), region)
            }
        })
    });
    let (base_url, region) = match found {
        Ok(found) => found,
        Err(why) => {
            provider.missing_key = Some(why.clone());
            provider.key_from = KeySource::Off(why);
            return;
        }
    };
    provider.base_url = base_url;
    let mut account = Aws {
        region,
        signing: None,
    };
    match access(fields, api_key, around, &provider.base_url) {
        Access::Key(from, key) => {
            warn_of_literals([&from], params);
            provider.key_from = from;
            match key {
                Ok(key) => provider.key = key,
                Err(why) => provider.missing_key = Some(why),
            }
        }
        Access::Signing(signing, missing) => {
            let secrets = [
                Some(&signing.secret_access_key),
                signing.session_token.as_ref(),
            ];
            warn_of_literals(secrets.into_iter().flatten().map(|c| &c.from), params);
            provider.missing_key = missing;
            account.signing = Some(signing);
        }
    }
    provider.aws = Some(account);
}

fn access(
    fields: &Fields,
    api_key: Option<&str>,
    around: &Surroundings<'_>,
    base_url: &str,
) -> Access {
    if let Some(api_key) = api_key {
        let (from, key) = around.secret(api_key);
        return Access::Key(from, key.map(Some));
    }
    match (&fields.access_key_id, &fields.secret_access_key) {
        (Some(id), Some(secret)) => {
            let token = fields.session_token.as_deref();
            let (signing, missing) = Signing::of(
                around.secret(id),
                around.secret(secret),
                token.map(|token| around.secret(token)),
            );
            Access::Signing(signing, missing)
        }
        (None, None) if aws::is_amazons(base_url) => aws::of_environment(|name| {
            around.var(name)?;
            Some(around.secret(&format!("os.environ/{name}")))
        }),
        (None, None) => Access::Key(KeySource::NotNeeded, Ok(None)),
        _ => {
            let why =
                "no key: aws_access_key_id and aws_secret_access_key sign together; one is missing";
            Access::Key(KeySource::Off(why.to_owned()), Err(why.to_owned()))
        }
    }
}

fn warn_of_literals<'a>(sources: impl IntoIterator<Item = &'a KeySource>, params: &Table<'_>) {
    if sources.into_iter().any(|from| *from == KeySource::Literal) {
        params.report.warn(format!(
            "{}: a key stands in the file; os.environ/NAME keeps it out",
            params.path
        ));
    }
}
