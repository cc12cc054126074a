//! Whose certificate a collector may show, which one it is shown, and in which words people hear that one was refused.

use super::settings::{Pem, Settings};
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use reqwest::blocking::ClientBuilder;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::fs;

/// As the files have it.
#[derive(Default)]
pub(super) struct Tls {
    /// None: what the system trusts.
    trusted: Option<Vec<u8>>,
    /// Certificate and key.
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// The error names the variable and the file.
    pub(super) fn read(settings: &Settings) -> Result<Self, String> {
        if settings.plain {
            return Ok(Self::default());
        }
        let trusted = settings.trusted.as_ref().map(certificates).transpose()?;
        let identity = match &settings.identity {
            Some((certificate, key)) => Some((certificates(certificate)?, private_key(key)?)),
            None => None,
        };
        Ok(Self { trusted, identity })
    }

    pub(super) fn grpc(&self) -> ClientTlsConfig {
        let tls = ClientTlsConfig::new();
        let tls = match &self.trusted {
            Some(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
            None => tls.with_enabled_roots(),
        };
        match &self.identity {
            Some((certificate, key)) => tls.identity(Identity::from_pem(certificate, key)),
            None => tls,
        }
    }

    pub(super) fn http(&self, client: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let client = match &self.trusted {
            Some(pem) => client.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem)?),
            None => client,
        };
        Ok(match &self.identity {
            Some((certificate, key)) => {
                let both = [certificate.as_slice(), b"\n", key].concat();
                client.identity(reqwest::Identity::from_pem(&both)?)
            }
            None => client,
        })
    }
}

fn certificates(of: &Pem) -> Result<Vec<u8>, String> {
    let pem = text(of)?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(all) if !all.is_empty() => Ok(pem),
        _ => Err(holds_no(of, "certificate")),
    }
}

fn private_key(of: &Pem) -> Result<Vec<u8>, String> {
    let pem = text(of)?;
    match PrivateKeyDer::from_pem_slice(&pem) {
        Ok(_) => Ok(pem),
        Err(_) => Err(holds_no(of, "private key")),
    }
}

fn text(of: &Pem) -> Result<Vec<u8>, String> {
    fs::read(&of.path).map_err(|e| format!("{}: {}: {e}", of.variable, of.path.display()))
}

fn holds_no(of: &Pem, what: &str) -> String {
    format!(
        "{}: {} holds no {what} in PEM",
        of.variable,
        of.path.display()
    )
}

const NOT_TRUSTED: &str = "whoever signed the collector's certificate is not trusted here; \
                           OTEL_EXPORTER_OTLP_CERTIFICATE names a file with the certificate of who did";

/// What rustls says of a certificate or a connection, for people.
pub(super) fn in_words(why: &str) -> String {
    if let Some((_, refused)) = why.rsplit_once("invalid peer certificate: ") {
        return match refused {
            // The second is an authority made anew under the old one's name.
            "UnknownIssuer" | "BadSignature" => NOT_TRUSTED.to_owned(),
            other => format!("the collector's certificate is refused: {other}"),
        };
    }
    if why.contains("InvalidContentType") {
        return "the collector speaks no TLS there; its address may have to begin with http://"
            .to_owned();
    }
    // The first is said of a server that names no protocol, the second by one that names others.
    let no_http2 = ["HTTP/2 was not negotiated", "NoApplicationProtocol"];
    if no_http2.iter().any(|sign| why.contains(sign)) {
        return "the collector speaks no HTTP/2 there, which gRPC needs; OTEL_EXPORTER_OTLP_PROTOCOL says \"http/protobuf\" for one that \
                does not"
            .to_owned();
    }
    why.to_owned()
}
