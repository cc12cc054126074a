//! Which upstream account a `litellm_params` block means: vendor, address, key.

use super::{Surroundings, aws};
use crate::{
    config::{
        Azure, KeySource, Provider, azure,
        problem::hint,
        read::Table,
        vendor::{self, Known},
    },
    model::{Dialect, ProviderId},
};
use indexmap::IndexMap;
use secrecy::SecretString;

/// Vendors that speak OpenAI's dialect at whatever address they are run.
const OPENAI_LIKE: [&str; 12] = [
    "openai_like",
    "custom_openai",
    "hosted_vllm",
    "vllm",
    "lm_studio",
    "llamafile",
    "litellm_proxy",
    "xinference",
    "nvidia_nim",
    "docker_model_runner",
    "huggingface",
    "custom",
];

/// Vendors with a dialect or a way to sign of their own.
const NOT_YET: [(&str, &str); 12] = [
    ("sagemaker", "is not supported yet"),
    ("vertex_ai", "is not supported yet"),
    ("vertex_ai_beta", "is not supported yet"),
    ("azure_ai", "is not supported yet"),
    ("cohere", "is not supported yet"),
    ("cohere_chat", "is not supported yet"),
    ("replicate", "is not supported yet"),
    ("watsonx", "is not supported yet"),
    ("databricks", "is not supported yet"),
    ("cloudflare", "is not supported yet"),
    ("github_copilot", "is not supported yet"),
    (
        "perplexity",
        "is not supported yet: it answers at /chat/completions, without /v1",
    ),
];

/// Accounts seen so far; each distinct one is a provider.
pub(super) struct Accounts<'a> {
    around: &'a Surroundings<'a>,
    pub(super) providers: IndexMap<ProviderId, Provider>,
    seen: Vec<(Identity, ProviderId)>,
}

/// What makes two blocks the same account.
#[derive(PartialEq)]
struct Identity {
    vendor: String,
    base: Option<String>,
    key: Option<String>,
    headers: Vec<(String, String)>,
    aws: Option<aws::Fields>,
    /// Of Azure: the version of its API, and whether the key is a token.
    azure: Option<(Option<String>, bool)>,
}

/// How a vendor is called, or why it is not.
enum Way {
    Known(&'static Known),
    OpenAiLike,
    Azure,
    None(String),
}

impl<'a> Accounts<'a> {
    pub(super) fn new(around: &'a Surroundings<'a>) -> Self {
        Self {
            around,
            providers: IndexMap::new(),
            seen: Vec::new(),
        }
    }

    /// The provider of a block, and the model as that provider calls it.
    pub(super) fn of(&mut self, model: &str, params: &Table<'_>) -> (ProviderId, String) {
        let base = params
            .get("api_base")
            .or_else(|| params.get("base_url"))
            .and_then(|f| f.text().map(str::to_owned));
        let custom = params.get("custom_llm_provider").and_then(|f| f.text());
        let (vendor, model) = split(model, custom, base.is_some());
        let key = params.get("api_key").and_then(|f| f.text());
        let is_amazons = vendor == Dialect::Bedrock.as_str();
        let mut identity = Identity {
            vendor,
            aws: is_amazons.then(|| aws::Fields::read(params)),
            base,
            key: key.filter(|k| !k.trim().is_empty()).map(str::to_owned),
            headers: self.headers(params),
            azure: None,
        };
        let model = if identity.vendor == "azure" {
            self.azure(&mut identity, params);
            // LiteLLM's hints at what such a deployment is.
            let hints = ["o_series/", "gpt5_series/"];
            let own = hints.iter().find_map(|hint| model.strip_prefix(hint));
            own.map_or_else(|| model.clone(), str::to_owned)
        } else {
            model
        };
        if let Some((_, id)) = self.seen.iter().find(|(seen, _)| *seen == identity) {
            return (id.clone(), model);
        }
        let id = self.free_name(&identity.vendor);
        let provider = self.provider(id.clone(), &identity, params);
        self.providers.insert(id.clone(), provider);
        self.seen.push((identity, id.clone()));
        (id, model)
    }

    /// What Azure wants to know besides: from the block, or from the variables that LiteLLM reads.
    fn azure(&self, identity: &mut Identity, params: &Table<'_>) {
        let version = params.get("api_version").and_then(|f| f.text());
        let version = version
            .and_then(|v| self.around.value(v).ok())
            .or_else(|| self.around.var("AZURE_API_VERSION"));
        let token = params.get("azure_ad_token").and_then(|f| f.text());
        let bearer = identity.key.is_none() && token.is_some();
        if bearer {
            identity.key = token.map(str::to_owned);
        }
        if identity.base.is_none() {
            identity.base = self.around.var("AZURE_API_BASE");
        }
        identity.azure = Some((version, bearer));
    }

    fn free_name(&self, vendor: &str) -> ProviderId {
        let mut id = ProviderId::from(vendor);
        let mut n = 2;
        while self.providers.contains_key(&id) {
            id = format!("{vendor}-{n}").into();
            n += 1;
        }
        id
    }

    fn provider(&self, id: ProviderId, identity: &Identity, params: &Table<'_>) -> Provider {
        let way = way(&identity.vendor, identity.base.is_some());
        let (dialect, known) = match &way {
            Way::Known(known) => (known.dialect, Some(*known)),
            Way::OpenAiLike | Way::Azure | Way::None(_) => (Dialect::OpenAi, None),
        };
        let mut provider = Provider {
            id,
            dialect,
            base_url: vendor::NOWHERE.to_owned(),
            vendor: identity.vendor.clone(),
            key: None,
            key_from: KeySource::NotNeeded,
            aws: None,
            missing_key: None,
            responses: false,
            azure: None,
            headers: identity.headers.clone(),
        };
        if let Some(fields) = &identity.aws {
            provider.vendor = vendor::of(dialect, vendor::NOWHERE);
            let (key, base) = (identity.key.as_deref(), identity.base.as_deref());
            aws::fill(&mut provider, fields, key, base, self.around, params);
            return provider;
        }
        let base = match way {
            Way::None(why) => Err(why),
            _ => self.base_url(dialect, known, identity, params),
        };
        match base {
            Ok(base) => {
                provider.vendor = match known {
                    None if identity.azure.is_some() => "openai".to_owned(),
                    Some(known) => vendor::of(dialect, known.base_url),
                    None => vendor::of(dialect, &base),
                };
                let (version, bearer) = identity.azure.clone().unwrap_or_default();
                if identity.azure.is_some() {
                    let version = version.as_deref().unwrap_or("v1");
                    (provider.base_url, provider.azure) = Azure::of(base, Some(version), bearer);
                } else {
                    provider.base_url = base;
                }
                let azure = provider.azure.as_ref();
                provider.responses = vendor::has_responses(dialect, &provider.base_url, azure);
                self.key(&mut provider, known, identity, params);
            }
            Err(why) => {
                provider.missing_key = Some(why.clone());
                provider.key_from = KeySource::Off(why);
            }
        }
        provider
    }

    fn base_url(
        &self,
        dialect: Dialect,
        known: Option<&Known>,
        identity: &Identity,
        params: &Table<'_>,
    ) -> Result<String, String> {
        let is_azure = identity.azure.is_some();
        let Some(given) = identity.base.as_deref() else {
            return known
                .map(|known| known.base_url.to_owned())
                .ok_or_else(|| "it has no api_base".to_owned());
        };
        let value = self
            .around
            .value(given)
            .map_err(|why| format!("no api_base: {why}"))?;
        let base = vendor::base_url(&value, dialect).map_err(|why| format!("api_base: {why}"))?;
        let is_ollama = known.is_some_and(|known| known.key_env.is_empty());
        let has_v1 = value.contains("/v1") || vendor::known_at(&base).is_some();
        if dialect == Dialect::OpenAi && !has_v1 && !is_ollama && !is_azure {
            params.report.warn(format!(
                "{}.api_base: breakerbox calls {base}/v1/chat/completions, with the /v1 that is missing here",
                params.path
            ));
        }
        Ok(base)
    }

    fn key(
        &self,
        provider: &mut Provider,
        known: Option<&Known>,
        identity: &Identity,
        params: &Table<'_>,
    ) {
        let (source, key) = match &identity.key {
            Some(text) => self.around.secret(text),
            None if identity.azure.is_some() => self.usual_of(&azure::KEY_ENV, false),
            None => self.usual_key(known, identity.base.is_some()),
        };
        if source == KeySource::Literal {
            params.report.warn(format!(
                "{}: a key stands in the file; os.environ/NAME keeps it out",
                params.path
            ));
        }
        provider.key_from = source;
        match key {
            _ if provider.key_from == KeySource::NotNeeded => {}
            Ok(key) => provider.key = Some(key),
            Err(why) => provider.missing_key = Some(why),
        }
    }

    /// Without `api_key`: the vendor's usual variable. A server of one's own may want none at all.
    fn usual_key(
        &self,
        known: Option<&Known>,
        own_address: bool,
    ) -> (KeySource, Result<SecretString, String>) {
        self.usual_of(known.map_or(&[][..], |known| known.key_env), own_address)
    }

    fn usual_of(
        &self,
        names: &[&str],
        own_address: bool,
    ) -> (KeySource, Result<SecretString, String>) {
        let set = names.iter().find(|name| self.around.var(name).is_some());
        match set.or(names.first().filter(|_| !own_address)) {
            Some(name) => self.around.secret(&format!("os.environ/{name}")),
            None => (KeySource::NotNeeded, Err(String::new())),
        }
    }

    fn headers(&self, params: &Table<'_>) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        if let Some(organization) = params.get("organization").and_then(|f| f.text()) {
            headers.extend(self.header(
                "openai-organization",
                organization,
                "organization",
                params,
            ));
        }
        if let Some(table) = params.table("extra_headers") {
            for (name, _, field) in table.all() {
                if let Some(value) = field.text() {
                    headers.extend(self.header(name, value, "extra_headers", params));
                }
            }
        }
        headers
    }

    fn header(
        &self,
        name: &str,
        value: &str,
        key: &str,
        params: &Table<'_>,
    ) -> Option<(String, String)> {
        let value = self.around.value(value);
        let fits = http::HeaderName::from_bytes(name.as_bytes()).is_ok()
            && value
                .as_ref()
                .is_ok_and(|v| http::HeaderValue::from_str(v).is_ok());
        if fits {
            return Some((name.to_owned(), value.ok()?));
        }
        let why = value
            .err()
            .unwrap_or_else(|| "no header can carry it".to_owned());
        params.report.warn(format!(
            "{}.{key}: {name:?} is not sent: {why}",
            params.path
        ));
        None
    }
}

/// How model names begin that need no vendor in front.
const STARTS: [(&str, &str); 8] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
    ("claude", "anthropic"),
    ("gemini", "gemini"),
];

/// Vendor and model of LiteLLM's `vendor/model`; a bare model name tells its vendor by how it begins.
fn split(model: &str, custom: Option<&str>, has_base: bool) -> (String, String) {
    if let Some(vendor) = custom {
        let own = model.strip_prefix(vendor).and_then(|m| m.strip_prefix('/'));
        return named(vendor, own.unwrap_or(model));
    }
    if let Some((vendor, rest)) = model
        .split_once('/')
        .filter(|(v, m)| !v.is_empty() && !m.is_empty())
    {
        return named(vendor, rest);
    }
    let vendor = STARTS.iter().find(|(start, _)| model.starts_with(start));
    let vendor = match vendor {
        Some((_, vendor)) => vendor,
        None if has_base => "openai_like",
        None => "unknown",
    };
    (vendor.to_owned(), model.to_owned())
}

fn named(vendor: &str, model: &str) -> (String, String) {
    let vendor = canonical(vendor);
    let is_amazons = vendor == Dialect::Bedrock.as_str();
    let model = if is_amazons { aws::model(model) } else { model };
    (vendor, model.to_owned())
}

/// LiteLLM has two words for some vendors.
fn canonical(vendor: &str) -> String {
    match vendor {
        "ollama_chat" => "ollama",
        "together" => "together_ai",
        "bedrock_converse" => "bedrock",
        other => other,
    }
    .to_owned()
}

fn way(vendor: &str, has_base: bool) -> Way {
    if let Some(known) = vendor::known(vendor) {
        return Way::Known(known);
    }
    if let Some((_, why)) = NOT_YET.iter().find(|(name, _)| *name == vendor) {
        return Way::None(format!("vendor {vendor:?} {why}"));
    }
    if vendor == "azure" {
        return if has_base {
            Way::Azure
        } else {
            Way::None("vendor \"azure\" needs an api_base".to_owned())
        };
    }
    match (has_base, OPENAI_LIKE.contains(&vendor)) {
        (true, _) => Way::OpenAiLike,
        (false, true) => Way::None(format!("vendor {vendor:?} needs an api_base")),
        (false, false) if vendor == "unknown" => {
            Way::None("whose model it is cannot be told; write it as vendor/model".to_owned())
        }
        (false, false) => {
            let known = vendor::KNOWN.iter().map(|known| known.name);
            let hint = hint(vendor, known.chain(OPENAI_LIKE));
            Way::None(format!("vendor {vendor:?} is not supported{hint}"))
        }
    }
}
