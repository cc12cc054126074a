//! Client keys: the proxy's own, not the providers'.

use axum::http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Whose request it is; none where no keys are asked for. The error is what the caller reads.
pub(super) fn admit(
    keys: &[SecretString],
    headers: &HeaderMap,
) -> Result<Option<String>, &'static str> {
    if keys.is_empty() {
        return Ok(None);
    }
    let sent = sent(headers)
        .ok_or("this router asks for a key: send it as Authorization: Bearer … or x-api-key")?;
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

fn sent(headers: &HeaderMap) -> Option<&[u8]> {
    let bearer = headers.get("authorization").and_then(|v| {
        let bytes = v.as_bytes();
        let (scheme, key) = bytes.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(key)
    });
    bearer.or_else(|| {
        headers
            .get("x-api-key")
            .map(axum::http::HeaderValue::as_bytes)
    })
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
    fn both_ways_of_sending_a_key_are_taken() {
        for headers in [
            with("authorization", "Bearer sk-two"),
            with("x-api-key", "sk-two"),
            with("authorization", "bearer sk-two"),
        ] {
            assert!(admit(&keys(), &headers).unwrap().is_some());
        }
        assert_eq!(admit(&[], &HeaderMap::new()), Ok(None));
    }

    #[test]
    fn a_wrong_or_missing_key_is_refused() {
        for headers in [
            HeaderMap::new(),
            with("authorization", "Bearer sk-tw"),
            with("x-api-key", ""),
            with("authorization", "sk-two"),
        ] {
            assert!(admit(&keys(), &headers).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn two_keys_are_two_tenants() {
        let of = |key| admit(&keys(), &with("x-api-key", key)).unwrap();
        assert_ne!(of("sk-one"), of("sk-two"));
    }
}
