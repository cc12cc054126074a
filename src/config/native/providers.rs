//! `[providers.NAME]` and `[deployments."provider/model"]`

use super::{
    aws,
    server::{literal, variable},
};
use crate::{
    config::{
        Aws, Azure, Deployment, KeySource, Provider, azure, defaults,
        env::path_from,
        key::PLACEHOLDER,
        load::Context,
        problem::hint,
        read::{Field, Table},
        vendor,
    },
    model::{DeploymentId, Dialect, ProviderId},
};
use indexmap::IndexMap;
use secrecy::SecretString;

const DIALECTS: [(&str, Dialect); 5] = [
    ("openai", Dialect::OpenAi),
    ("anthropic", Dialect::Anthropic),
    ("gemini", Dialect::Gemini),
    ("bedrock", Dialect::Bedrock),
    ("responses", Dialect::Responses),
];

/// Providers and deployments, declared or implied by being named.
pub(super) struct Catalog<'a> {
    cx: &'a Context<'a>,
    pub(super) providers: IndexMap<ProviderId, Provider>,
    pub(super) deployments: IndexMap<DeploymentId, Deployment>,
    /// Declared, even if what is declared has problems of its own.
    declared: Vec<String>,
}

impl<'a> Catalog<'a> {
    pub(super) fn read(top: &Table<'_>, cx: &'a Context<'a>) -> Self {
        let mut catalog = Self {
            cx,
            providers: IndexMap::new(),
            deployments: IndexMap::new(),
            declared: Vec::new(),
        };
        if let Some(table) = top.table("providers") {
            for (name, at, field) in table.all() {
                catalog.declared.push(name.to_owned());
                if name.is_empty() || name.contains('/') {
                    cx.report.error(
                        at.clone(),
                        format!("provider {name:?}: a name has no slash and is not empty"),
                    );
                } else if let Some(provider) = provider(name, &field, cx) {
                    catalog.providers.insert(provider.id.clone(), provider);
                }
            }
        }
        if let Some(table) = top.table("deployments") {
            for (name, at, field) in table.all() {
                catalog.declare(name, at, &field);
            }
        }
        catalog
    }

    pub(super) fn cx(&self) -> &'a Context<'a> {
        self.cx
    }

    fn declare(&mut self, name: &str, at: &std::ops::Range<usize>, field: &Field<'_>) {
        let id = match self.find(name) {
            Ok(id) => id,
            Err(problem) => {
                self.cx
                    .report
                    .error(at.clone(), format!("deployment {problem}"));
                return;
            }
        };
        let Some(table) = field.table() else { return };
        let tokens = |key| table.get(key).and_then(|f| f.integer::<u32>(1..));
        let (window, rpm, tpm) = (tokens("context_window"), tokens("rpm"), tokens("tpm"));
        let model = table.get("model").and_then(|f| f.text());
        let prefill = table.get("prefill").and_then(|f| f.boolean());
        table.finish();
        if let Some(deployment) = self.deployments.get_mut(&id) {
            deployment.context_window = window;
            deployment.rpm = rpm;
            deployment.tpm = tpm;
            deployment.prefill = prefill.unwrap_or(false);
            if let Some(model) = model {
                model.clone_into(&mut deployment.model);
            }
        }
    }

    /// The deployment that a field names; `who` names it (`tier "secondary"`, `judge`).
    pub(super) fn deployment(&mut self, field: &Field<'_>, who: &str) -> Option<DeploymentId> {
        let name = field.text()?;
        self.find(name)
            .map_err(|problem| {
                let message = format!("{who} {problem}");
                field.report.error(field.node.at.clone(), message);
            })
            .ok()
    }

    /// Splits `provider/model` at the first slash. The error goes on after who names it.
    fn find(&mut self, name: &str) -> Result<DeploymentId, String> {
        let parts = name
            .split_once('/')
            .filter(|(p, m)| !p.is_empty() && !m.is_empty());
        let Some((provider, _)) = parts else {
            return Err(format!(
                "is {name:?}; write it as provider/model, like \"openai/gpt-4.1\""
            ));
        };
        if name.contains(char::is_whitespace) {
            return Err("has a space in its name".to_owned());
        }
        self.imply(provider);
        if !self.declared.iter().any(|p| p == provider) && !self.providers.contains_key(provider) {
            let known = self.declared.iter().map(String::as_str);
            let hint = hint(provider, known.chain(vendor::KNOWN.iter().map(|k| k.name)));
            return Err(format!("names provider {provider:?}{hint}"));
        }
        let id = DeploymentId::from(name);
        self.deployments
            .entry(id.clone())
            .or_insert_with(|| defaults::deployment(&id, &provider.into()));
        Ok(id)
    }

    /// A well-known provider need not be declared.
    fn imply(&mut self, name: &str) {
        if self.declared.iter().any(|p| p == name) || self.providers.contains_key(name) {
            return;
        }
        let Some(known) = vendor::known(name) else {
            return;
        };
        let account = if known.dialect == Dialect::Bedrock {
            aws::implied(self.cx)
        } else {
            let base_url = known.base_url.to_owned();
            Account::with_key(base_url, default_key(known, self.cx), None, self.cx)
        };
        let provider = account.provider(name, known.dialect, None, None, (None, false), Vec::new());
        self.providers.insert(provider.id.clone(), provider);
    }
}

fn provider(name: &str, field: &Field<'_>, cx: &Context<'_>) -> Option<Provider> {
    let table = field.table()?;
    let off = table.get("disabled");
    let dialect = dialect(name, &table);
    let vendor = table.get("vendor").and_then(|f| f.text());
    let azure = azure(&table);
    let responses = table.get("responses").and_then(|f| f.boolean());
    let headers = headers(&table);
    let account = if dialect == Some(Dialect::Bedrock) {
        aws::read(&table, off, cx)
    } else {
        let base_url = base_url(name, dialect, &table, off.is_some());
        let key = key(&table, base_url.as_deref(), off, cx);
        base_url
            .zip(key)
            .map(|(base_url, (source, literal))| Account::with_key(base_url, source, literal, cx))
    };
    table.finish();
    Some(account?.provider(name, dialect?, vendor, responses, azure, headers))
}

/// Where a provider is and what it gets to see, as far as it could be had.
pub(super) struct Account {
    pub(super) base_url: String,
    pub(super) aws: Option<Aws>,
    pub(super) key_from: KeySource,
    pub(super) key: Option<SecretString>,
    /// Why there is no key, or no address.
    pub(super) missing: Option<String>,
}

impl Account {
    fn with_key(
        base_url: String,
        key_from: KeySource,
        literal: Option<SecretString>,
        cx: &Context<'_>,
    ) -> Self {
        let (key, missing) = match key_from.fetch(cx.env) {
            Ok(fetched) => (fetched.or(literal), None),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            base_url,
            aws: None,
            key_from,
            key,
            missing,
        }
    }

    fn provider(
        self,
        name: &str,
        dialect: Dialect,
        vendor: Option<&str>,
        responses: Option<bool>,
        (api_version, bearer): (Option<&str>, bool),
        headers: Vec<(String, String)>,
    ) -> Provider {
        let vendor = vendor.map_or_else(|| vendor::of(dialect, &self.base_url), str::to_owned);
        let (base_url, azure) = match dialect {
            Dialect::OpenAi | Dialect::Responses => Azure::of(self.base_url, api_version, bearer),
            _ => (self.base_url, None),
        };
        let has_responses = || vendor::has_responses(dialect, &base_url, azure.as_ref());
        Provider {
            id: name.into(),
            dialect,
            vendor,
            responses: responses.unwrap_or_else(has_responses),
            azure,
            base_url,
            key: self.key,
            key_from: self.key_from,
            aws: self.aws,
            missing_key: self.missing,
            headers,
        }
    }
}

fn dialect(name: &str, table: &Table<'_>) -> Option<Dialect> {
    if let Some(field) = table.get("dialect") {
        return field.word(&DIALECTS);
    }
    let known = vendor::known(name).map(|known| known.dialect);
    if known.is_none() {
        table.report.error(
            table.at.clone(),
            format!(
                "{}: dialect is missing; it is one of openai, anthropic, gemini, bedrock, responses",
                table.path
            ),
        );
    }
    known
}

fn base_url(name: &str, dialect: Option<Dialect>, table: &Table<'_>, off: bool) -> Option<String> {
    let field = table.get("base_url");
    let dialect = dialect?;
    let Some(field) = field else {
        let known = vendor::known(name).filter(|k| k.dialect == dialect);
        if known.is_none() && off {
            return Some(vendor::NOWHERE.to_owned());
        }
        let known = known.unwrap_or_else(|| vendor::known_for(dialect));
        return Some(known.base_url.to_owned());
    };
    address(&field, dialect)
}

pub(super) fn address(field: &Field<'_>, dialect: Dialect) -> Option<String> {
    vendor::base_url(field.text()?, dialect)
        .map_err(|problem| field.error(problem))
        .ok()
}

/// The version of Azure's API, and whether the key is an Entra token.
fn azure<'a>(table: &Table<'a>) -> (Option<&'a str>, bool) {
    let version = table.get("api_version").and_then(|f| f.text());
    let auth = table.get("auth");
    let bearer = auth.and_then(|f| f.word(&[("api-key", false), ("bearer", true)]));
    (version, bearer.unwrap_or(false))
}

fn headers(table: &Table<'_>) -> Vec<(String, String)> {
    let Some(headers) = table.table("headers") else {
        return Vec::new();
    };
    let mut list = Vec::new();
    for (name, at, field) in headers.all() {
        let Some(value) = field.text() else { continue };
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            headers.report.error(
                at.clone(),
                format!("{name:?} cannot be the name of a header"),
            );
        } else if value == PLACEHOLDER {
            field.error(
                "\"<set>\" is what `config show` prints in place of a value; put the value here",
            );
        } else if http::HeaderValue::from_str(value).is_err() {
            field.error("has characters that no header can carry");
        } else {
            list.push((name.to_owned(), value.to_owned()));
        }
    }
    list
}

/// One of `key_env`, `key_file`, `key_command`, `key`, or what the address implies.
pub(super) fn key(
    table: &Table<'_>,
    base_url: Option<&str>,
    off: Option<Field<'_>>,
    cx: &Context<'_>,
) -> Option<(KeySource, Option<SecretString>)> {
    let names = ["key_env", "key_file", "key_command", "key"];
    let given: Vec<_> = names
        .into_iter()
        .filter_map(|name| table.get(name).map(|field| (name, field)))
        .collect();
    if let Some(off) = off {
        return off.text().map(|why| (KeySource::Off(why.to_owned()), None));
    }
    let source = match given.as_slice() {
        [] => return implied_key(table, base_url?, cx).map(|source| (source, None)),
        [("key_env", field)] => variable(field)?,
        [("key_file", field)] => KeySource::File(path_from(field.text()?, cx.base, cx.env)),
        [("key_command", field)] => {
            let words = field.texts()?;
            if words.is_empty() {
                field.error("expected a program and its arguments");
                return None;
            }
            KeySource::Command(
                words
                    .iter()
                    .filter_map(|w| w.text().map(str::to_owned))
                    .collect(),
            )
        }
        [(_, field)] => return literal_key(field),
        [_, (name, field), ..] => {
            let all: Vec<_> = given.iter().map(|(name, _)| *name).collect();
            field.error(format!(
                "{name} is one too many: choose one of {}",
                all.join(", ")
            ));
            return None;
        }
    };
    Some((source, None))
}

fn literal_key(field: &Field<'_>) -> Option<(KeySource, Option<SecretString>)> {
    if field.text()? == "none" {
        return Some((KeySource::NotNeeded, None));
    }
    let key = literal(field)?;
    field.warn("the key stands in the file; key_env, key_file or key_command keeps it out");
    Some((KeySource::Literal, Some(key)))
}

/// A well-known address has a usual variable. Anywhere else a guess could hand one vendor's key to another.
fn implied_key(table: &Table<'_>, base_url: &str, cx: &Context<'_>) -> Option<KeySource> {
    if azure::is_at(base_url) {
        return Some(usual(&azure::KEY_ENV, cx));
    }
    let known = vendor::known_at(base_url);
    if known.is_none() {
        table.report.error(
            table.at.clone(),
            format!(
                "{}: say which key {base_url} gets: key_env = \"NAME\", or key = \"none\" if it wants none",
                table.path
            ),
        );
    }
    known.map(|known| default_key(known, cx))
}

/// The first of the usual variables that is set, else the most usual one.
fn default_key(known: &vendor::Known, cx: &Context<'_>) -> KeySource {
    usual(known.key_env, cx)
}

fn usual(names: &[&str], cx: &Context<'_>) -> KeySource {
    let set = names.iter().find(|name| cx.env.var(name).is_some());
    set.or(names.first()).map_or(KeySource::NotNeeded, |name| {
        KeySource::Env((*name).to_owned())
    })
}
