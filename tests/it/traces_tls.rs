//! Spans to a collector behind TLS: whose certificate is trusted, which one it is shown, and what is said when one is refused.

use super::{
    collector::{Collector, Told, tracer},
    rig::{self, Rig, openai_tiers},
    upstream::{Upstream, openai},
};
use breakerbox::telemetry::{self, Tracer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

const TRUSTED: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];

/// How TLS is spoken in front of a collector.
struct Door {
    /// Whom the certificate is for.
    name: &'static str,
    /// Whoever calls has to show a certificate of the same authority.
    asks: bool,
    /// What it names of HTTP's versions.
    speaks: &'static [&'static [u8]],
}

const DOOR: Door = Door {
    name: "127.0.0.1",
    asks: false,
    speaks: &[b"h2", b"http/1.1"],
};

/// A certificate authority of a test's own, and where its certificate is.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, dir }
    }

    fn file(&self, name: &str) -> String {
        let path: PathBuf = self.dir.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A certificate for whoever calls, in two files.
    fn introduce(&self) {
        let (certificate, key) = self.sign("breakerbox");
        std::fs::write(self.file("own.pem"), certificate.pem()).unwrap();
        std::fs::write(self.file("own.key"), key.serialize_pem()).unwrap();
    }

    /// TLS in front of what speaks without it.
    async fn before(&self, plain: SocketAddr, door: Door) -> (SocketAddr, JoinSet<()>) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (certificate, key) = self.sign(door.name);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder();
        let config = if door.asks {
            let mut known = RootCertStore::empty();
            known.add(self.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(known)).build();
            config.with_client_cert_verifier(verifier.unwrap())
        } else {
            config.with_no_client_auth()
        };
        let mut config = config
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = door.speaks.iter().map(|name| name.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                open.spawn(async move {
                    // Whoever refuses the certificate hangs up.
                    let Ok(mut tls) = acceptor.accept(tcp).await else {
                        return;
                    };
                    let mut plain = TcpStream::connect(plain).await.unwrap();
                    let _ = copy_bidirectional(&mut tls, &mut plain).await;
                });
            }
        });
        (addr, tasks)
    }
}

/// Both protocols' collectors, and how each is called.
async fn collectors() -> [(Collector, &'static str); 2] {
    let [http, grpc] = PROTOCOLS;
    [
        (Collector::http().await, http),
        (Collector::grpc().await, grpc),
    ]
}

/// A router that was asked once, and whose upstream goes on.
async fn asked(
    addr: SocketAddr,
    protocol: &str,
    vars: &[(&str, &str)],
) -> ((Rig, Upstream), Arc<Tracer>, Told) {
    let a = Upstream::start(vec![openai("m-a", "A")]).await;
    let toml = format!(
        "{}[traces]\nendpoint = \"https://{addr}\"\nprotocol = \"{protocol}\"\n",
        openai_tiers(&[&a])
    );
    let config = rig::config(&toml);
    let (tracer, told) = tracer(&config, vars).await;
    let rig = Rig::traced(config, Some(Arc::clone(&tracer))).await;
    assert_eq!(rig.ask("hi").await.status(), 200);
    ((rig, a), tracer, told)
}

#[tokio::test]
async fn a_collector_with_a_certificate_of_an_authority_of_ours_gets_the_spans() {
    for (collector, protocol) in collectors().await {
        let ours = Authority::new();
        let (addr, _front) = ours.before(collector.addr, DOOR).await;
        let (_rig, tracer, told) = asked(addr, protocol, &[(TRUSTED, &ours.file("ca.pem"))]).await;
        let spans = collector.until(2).await;
        spans[1].is_child_of(&spans[0]);
        tracer.shutdown().await;
        assert_eq!(
            (tracer.tally().sent, tracer.tally().failed),
            (2, 0),
            "{protocol}"
        );
        assert_eq!(told.lock().len(), 0, "{told:?}");
    }
}

#[tokio::test]
async fn a_collector_that_wants_to_see_a_certificate_is_shown_ours() {
    for (collector, protocol) in collectors().await {
        let ours = Authority::new();
        ours.introduce();
        let (addr, _front) = ours
            .before(collector.addr, Door { asks: true, ..DOOR })
            .await;
        let vars = [
            (TRUSTED, &*ours.file("ca.pem")),
            (
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
                &ours.file("own.pem"),
            ),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &ours.file("own.key")),
        ];
        let (_rig, _tracer, told) = asked(addr, protocol, &vars).await;
        collector.until(2).await;
        assert_eq!(told.lock().len(), 0, "{told:?}");
    }
}

/// Nothing of the traffic is lost, and a dozen batches that fail are one sentence.
async fn refused(addr: SocketAddr, protocol: &str, vars: &[(&str, &str)], why: &str) {
    let ((rig, _a), tracer, told) = asked(addr, protocol, vars).await;
    let mut asked = 1;
    rig.until("some batches have failed", |_| tracer.tally().failed >= 2)
        .await;
    for _ in 0..5 {
        asked += 1;
        assert_eq!(rig.ask("hi").await.status(), 200);
    }
    rig.until("all have", |_| tracer.tally().failed == 2 * asked)
        .await;
    let told = told.lock().clone();
    assert_eq!(told.len(), 1, "{protocol}: {told:?}");
    assert!(
        told[0].contains("spans are lost") && told[0].contains(why),
        "{protocol}: {told:?}"
    );
}

#[tokio::test]
async fn a_certificate_of_somebody_elses_authority_is_told_once_in_words_and_costs_no_request() {
    let (ours, others) = (Authority::new(), Authority::new());
    for (collector, protocol) in collectors().await {
        let (addr, _front) = others.before(collector.addr, DOOR).await;
        let why = "whoever signed the collector's certificate is not trusted here; OTEL_EXPORTER_OTLP_CERTIFICATE names";
        refused(addr, protocol, &[(TRUSTED, &ours.file("ca.pem"))], why).await;
        refused(addr, protocol, &[], why).await;
        assert_eq!(collector.spans().len(), 0);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_told_with_that_name() {
    let ours = Authority::new();
    for (collector, protocol) in collectors().await {
        let (addr, _front) = ours
            .before(
                collector.addr,
                Door {
                    name: "otel.internal",
                    ..DOOR
                },
            )
            .await;
        let why = "the collector's certificate is refused: certificate not valid for name \"127.0.0.1\"; certificate is only valid for DnsName(\"otel.internal\")";
        refused(addr, protocol, &[(TRUSTED, &ours.file("ca.pem"))], why).await;
    }
}

#[tokio::test]
async fn a_collector_without_tls_behind_an_https_address_is_told() {
    for (collector, protocol) in collectors().await {
        refused(
            collector.addr,
            protocol,
            &[],
            "the collector speaks no TLS there",
        )
        .await;
    }
}

#[tokio::test]
async fn a_collector_without_http_2_is_told_to_whoever_sends_over_grpc() {
    let ours = Authority::new();
    let collector = Collector::http().await;
    for speaks in [&[] as &[&[u8]], &[b"http/1.1"]] {
        let door = Door { speaks, ..DOOR };
        let (addr, _front) = ours.before(collector.addr, door).await;
        let why = "the collector speaks no HTTP/2 there, which gRPC needs";
        refused(addr, "grpc", &[(TRUSTED, &ours.file("ca.pem"))], why).await;
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_with_its_variable() {
    let dir = tempfile::tempdir().unwrap();
    let not_pem = dir.path().join("ca.der");
    std::fs::write(&not_pem, [0x30, 0x82]).unwrap();
    for protocol in PROTOCOLS {
        for (path, why) in [
            ("/nonexistent/ca.pem", "/nonexistent/ca.pem: No such file"),
            (
                not_pem.to_str().unwrap(),
                "ca.der holds no certificate in PEM",
            ),
        ] {
            let a = Upstream::start(vec![openai("m-a", "A")]).await;
            let toml = format!(
                "{}[traces]\nendpoint = \"https://127.0.0.1:9\"\nprotocol = \"{protocol}\"\n",
                openai_tiers(&[&a])
            );
            let env = |name: &str| (name == TRUSTED).then(|| path.to_owned());
            let (settings, _) = telemetry::settings(rig::config(&toml).traces.as_ref(), &env);
            let said = Tracer::start(settings.unwrap(), Box::new(|_, _| {})).await;
            let said = said.unwrap_err();
            assert!(said.starts_with(TRUSTED) && said.contains(why), "{said}");
        }
    }
}
