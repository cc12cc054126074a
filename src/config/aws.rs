//! Accounts at Amazon: the region, and a key that goes along or keys that sign.

use super::KeySource;
use secrecy::SecretString;

/// Where Amazon's own tools look for an API key.
pub(super) const API_KEY: &str = "AWS_BEARER_TOKEN_BEDROCK";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
/// Amazon's two words for it, and LiteLLM's.
const REGIONS: [&str; 3] = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME"];

/// What an account at Amazon has beside an address.
#[derive(Debug, Clone)]
pub struct Aws {
    /// Signatures hold for one region.
    pub region: String,
    /// None: an API key goes along, or nothing.
    pub signing: Option<Signing>,
}

/// The keys that requests are signed with.
#[derive(Debug, Clone)]
pub struct Signing {
    pub access_key_id: Credential,
    pub secret_access_key: Credential,
    /// Only temporary keys have one.
    pub session_token: Option<Credential>,
}

/// A credential with its source; none when it could not be had.
#[derive(Debug, Clone)]
pub struct Credential {
    pub from: KeySource,
    pub value: Option<SecretString>,
}

/// A credential, or why there is none.
pub(super) type Fetched = (KeySource, Result<SecretString, String>);

/// How an account shows who it is, or why it can't.
pub(super) enum Access {
    /// None: by nothing.
    Key(KeySource, Result<Option<SecretString>, String>),
    Signing(Signing, Option<String>),
}

impl Signing {
    /// With why a part of it is missing, if one is.
    pub(super) fn of(
        access_key_id: Fetched,
        secret_access_key: Fetched,
        session_token: Option<Fetched>,
    ) -> (Self, Option<String>) {
        let mut missing = None;
        let mut part = |(from, value): Fetched| {
            let value = value.map_err(|why| missing.get_or_insert(why).clone()).ok();
            Credential { from, value }
        };
        let signing = Self {
            access_key_id: part(access_key_id),
            secret_access_key: part(secret_access_key),
            session_token: session_token.map(part),
        };
        (signing, missing)
    }
}

/// What the variables of Amazon's own tools say, an API key first, as in theirs. `var` gives a credential out of a
/// variable that is set.
pub(super) fn of_environment(var: impl Fn(&str) -> Option<Fetched>) -> Access {
    if let Some((from, key)) = var(API_KEY) {
        return Access::Key(from, key.map(Some));
    }
    let Some(id) = var(ACCESS_KEY_ID) else {
        let why = format!("no key: neither {API_KEY} nor {ACCESS_KEY_ID} is set");
        return Access::Key(KeySource::Env(API_KEY.to_owned()), Err(why));
    };
    let secret = var(SECRET_ACCESS_KEY).unwrap_or_else(|| {
        let why = format!("no key: {SECRET_ACCESS_KEY} is not set");
        (KeySource::Env(SECRET_ACCESS_KEY.to_owned()), Err(why))
    });
    let (signing, missing) = Signing::of(id, secret, var(SESSION_TOKEN));
    Access::Signing(signing, missing)
}

/// The region that is given, or that the address names, or that a variable does.
pub(super) fn region(
    given: Option<String>,
    base_url: Option<&str>,
    var: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let region = given
        .or_else(|| base_url.and_then(region_of).map(str::to_owned))
        .or_else(|| REGIONS.iter().find_map(|name| var(name)))
        .ok_or_else(|| {
            "no region: set region (like \"us-east-1\") or the variable AWS_REGION".to_owned()
        })?;
    if is_region(&region) {
        return Ok(region);
    }
    Err(format!(
        "{region:?} is not a region; write it like \"us-east-1\""
    ))
}

fn is_region(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 32 && text.chars().all(fits) && text.contains('-')
}

/// `https://bedrock-runtime.us-east-1.amazonaws.com` says where it is; an address inside an account's own network
/// does, too.
fn region_of(base_url: &str) -> Option<&str> {
    let mut labels = super::vendor::host(base_url).split('.');
    labels.find(|label| matches!(*label, "bedrock-runtime" | "bedrock-runtime-fips"))?;
    labels.next().filter(|label| is_region(label))
}

/// The address of a region.
pub(super) fn base_url(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://bedrock-runtime.{region}.amazonaws.com{china}")
}

/// Whether it is Amazon who gets what is sent there.
pub(super) fn is_amazons(base_url: &str) -> bool {
    let host = super::vendor::host(base_url);
    [".amazonaws.com", ".amazonaws.com.cn"]
        .iter()
        .any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_given_or_in_the_address_or_in_a_variable() {
        let set = |name: &str| (name == "AWS_DEFAULT_REGION").then(|| "eu-west-3".to_owned());
        let at = "https://vpce-1.bedrock-runtime.us-west-2.vpce.amazonaws.com";
        for (given, base, region_is) in [
            (Some("eu-central-1"), Some(at), "eu-central-1"),
            (None, Some(at), "us-west-2"),
            (None, Some("http://127.0.0.1:4000"), "eu-west-3"),
            (None, None, "eu-west-3"),
        ] {
            let found = region(given.map(str::to_owned), base, set);
            assert_eq!(found.as_deref(), Ok(region_is));
        }
        assert!(region(None, None, |_| None).is_err());
        let bad = region(Some("us-east-1.evil.example".to_owned()), None, set);
        assert!(bad.is_err());
    }

    #[test]
    fn only_amazons_own_addresses_are_amazons() {
        assert!(is_amazons(&base_url("us-east-1")));
        assert!(is_amazons(&base_url("cn-north-1")));
        for other in ["http://127.0.0.1:1", "https://amazonaws.com.example.org"] {
            assert!(!is_amazons(other), "{other}");
        }
    }
}
