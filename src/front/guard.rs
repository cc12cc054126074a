//! Client keys: the proxy's own, not the providers'.

use axum::{
    extract::Query,
    http::{HeaderMap, Uri},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Whose request it is; none where no keys are asked for. The error is what the caller reads.
pub(super) fn admit(
    keys: &[SecretString],
    headers: &HeaderMap,
    uri: &Uri,
) -> Result<Option<String>, &'static str> {
    if keys.is_empty() {
        return Ok(None);
    }
    let sent = sent(headers, uri).ok_or(
        "this router asks for a key: send it as Authorization: Bearer …, x-api-key or x-goog-api-key",
    )?;
    let sent = Sha256::digest(sent);
    // Digests are compared, all of them: neither length nor place of a difference can be timed.
    let known = keys.iter().fold(false, |known, key| {
        known | (Sha256::digest(key.expose_secret()) == sent)
    });
    if !known {
        return Err("this router does not know the key that was sent");
    }
    let short = sent
        .first_chunk::<8>()
        .map_or(0, |b| u64::from_be_bytes(*b));
    Ok(Some(format!("{short:016x}")))
}

/// Google's clients may put it in the address; it is read from there and shown nowhere.
fn sent<'a>(headers: &'a HeaderMap, uri: &Uri) -> Option<Cow<'a, [u8]>> {
    let named = ["x-api-key", "x-goog-api-key"]
        .iter()
        .find_map(|name| Some(headers.get(*name)?.as_bytes()));
    let in_uri = || {
        let Query(all) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
        let (_, key) = all.into_iter().find(|(name, _)| name == "key")?;
        Some(Cow::Owned(key.into_bytes()))
    };
    bearer(headers).or(named).map(Cow::Borrowed).or_else(in_uri)
}

pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let bytes = headers.get("authorization")?.as_bytes();
    let (scheme, key) = bytes.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<SecretString> {
        vec!["sk-one".into(), "sk-two".into()]
    }

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            axum::http::HeaderName::from_static(name),
            axum::http::HeaderValue::from_static(value),
        )])
    }

    #[test]
    fn every_way_of_sending_a_key_is_taken() {
        for headers in [
            with("authorization", "Bearer sk-two"),
            with("x-api-key", "sk-two"),
            with("authorization", "bearer sk-two"),
            with("x-goog-api-key", "sk-two"),
        ] {
            assert!(admit(&keys(), &headers, &Uri::default()).unwrap().is_some());
        }
        assert_eq!(admit(&[], &HeaderMap::new(), &Uri::default()), Ok(None));
    }

    #[test]
    fn a_key_in_the_address_is_the_same_tenant_as_in_a_header() {
        let uri = Uri::from_static("/v1beta/models/r:generateContent?alt=sse&key=sk%2Dtwo");
        let by_header = admit(&keys(), &with("x-goog-api-key", "sk-two"), &Uri::default());
        let by_uri = admit(&keys(), &HeaderMap::new(), &uri);
        assert!(by_uri.is_ok() && by_uri == by_header, "{by_uri:?}");
        let wrong = Uri::from_static("/?key=sk-thr");
        assert!(admit(&keys(), &HeaderMap::new(), &wrong).is_err());
    }

    #[test]
    fn a_wrong_or_missing_key_is_refused() {
        for headers in [
            HeaderMap::new(),
            with("authorization", "Bearer sk-tw"),
            with("x-api-key", ""),
            with("authorization", "sk-two"),
        ] {
            assert!(
                admit(&keys(), &headers, &Uri::default()).is_err(),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn two_keys_are_two_tenants() {
        let of = |key| admit(&keys(), &with("x-api-key", key), &Uri::default()).unwrap();
        assert_ne!(of("sk-one"), of("sk-two"));
    }
}
