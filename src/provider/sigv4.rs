//! Amazon's request signatures (Signature Version 4). A signature holds for one body at one moment, so each attempt
//! is signed anew.

use crate::model::Wall;
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningError, SigningSettings, sign},
    sign::v4::SigningParams,
};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};
use std::{
    fmt::{self, Write as _},
    time::{Duration, UNIX_EPOCH},
};

/// The name that the runtime's endpoints have in signatures.
const SERVICE: &str = "bedrock";

/// An account's keys, for one region.
#[derive(Clone)]
pub struct Signer {
    region: String,
    keys: Credentials,
}

/// Nothing of the keys is shown.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Signer {
    pub fn new(region: &str, access_key_id: &str, secret: &str, token: Option<&str>) -> Self {
        Self {
            region: region.to_owned(),
            keys: Credentials::new(
                access_key_id,
                secret,
                token.map(str::to_owned),
                None,
                "configuration",
            ),
        }
    }

    /// Adds the signature of a POST of `body` to `url`. Of the headers only the content type is signed: proxies on
    /// the way may change others.
    pub fn sign(
        &self,
        url: &str,
        headers: &mut HeaderMap,
        body: &[u8],
        now: Wall,
    ) -> Result<(), SigningError> {
        let identity = self.keys.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(UNIX_EPOCH + Duration::from_secs(now.secs()))
            .settings(SigningSettings::default())
            .build()
            .expect("everything that a signature needs is given")
            .into();
        let signed = {
            let content_type = headers.get(header::CONTENT_TYPE);
            let content_type = content_type.and_then(|v| v.to_str().ok());
            let named = content_type.map(|v| (header::CONTENT_TYPE.as_str(), v));
            // The digest, and not the body, since whatever is signed may be traced.
            let body = SignableBody::Precomputed(hex(&Sha256::digest(body)));
            let request = SignableRequest::new("POST", url, named.into_iter(), body)?;
            sign(request, &params)?.into_parts().0.into_parts().0
        };
        for part in signed {
            let name = HeaderName::from_static(part.name());
            if let Ok(mut value) = HeaderValue::from_str(part.value()) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a String takes everything
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-01T00:00:07Z
    const NOW: Wall = Wall(1_793_491_207_000);
    const AT_AMAZON: &str = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-2-lite-v1%3A0/converse";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";

    fn signed(url: &str, token: Option<&str>) -> HeaderMap {
        let signer = Signer::new("us-east-1", "AKIDEXAMPLE", SECRET, token);
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert("traceparent", HeaderValue::from_static("00-1-1-00"));
        signer
            .sign(url, &mut headers, br#"{"messages":[]}"#, NOW)
            .unwrap();
        headers
    }

    /// The expected values were computed with botocore 1.44.5 for the same request at the same moment.
    #[test]
    fn signatures_are_those_that_amazons_own_library_makes() {
        let local = AT_AMAZON.replace(
            "https://bedrock-runtime.us-east-1.amazonaws.com",
            "http://127.0.0.1:8080",
        );
        let plain = "content-type;host;x-amz-date";
        let with_token = "content-type;host;x-amz-date;x-amz-security-token";
        for (url, token, names, signature) in [
            (
                AT_AMAZON,
                None,
                plain,
                "ba5292a7f377be4a8616038db1c64f2ff573234c928da8e2be02be5481aa5ca8",
            ),
            (
                &local,
                None,
                plain,
                "867add9c73e166e81e006d82fffbfbb89b9f2c5adab0b7d49481f3e4bb67e06d",
            ),
            (
                AT_AMAZON,
                Some(TOKEN),
                with_token,
                "0aae4023f9f3d07e1b30a5ee391062f30463138bc5cfd181ba1a27e27c48188f",
            ),
            (
                &local,
                Some(TOKEN),
                with_token,
                "1bf805be879c5b5c1db8b4839eeb91454a617486fc29c96a9bf9f04fcfa3fa7b",
            ),
        ] {
            let headers = signed(url, token);
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/us-east-1/bedrock/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            );
            assert_eq!(headers["authorization"], expected, "{url} {token:?}");
            assert_eq!(headers["x-amz-date"], "20261101T000007Z");
            assert_eq!(
                headers
                    .get("x-amz-security-token")
                    .map(|v| v.to_str().unwrap()),
                token
            );
        }
    }

    #[test]
    fn nothing_of_the_keys_is_printed() {
        let signer = Signer::new("us-east-1", "AKIDEXAMPLE", SECRET, Some(TOKEN));
        let shown = format!("{signer:?} {:?}", signed(AT_AMAZON, Some(TOKEN)));
        for hidden in ["AKIDEXAMPLE", SECRET, TOKEN, "0aae4023"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
