//! From finished spans to a collector: the SDK's queue and thread, and the exporters of OTLP's two protocols.

use super::{
    ledger::{Ledger, Tally, Tell},
    post::{Post, Why},
    settings::Settings,
    tls::{Tls, in_words},
};
use crate::config::Protocol;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    ExporterBuildError, WithExportConfig, WithHttpConfig, WithTonicConfig,
    tonic_types::metadata::MetadataMap,
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    resource::{EnvResourceDetector, ResourceDetector, TelemetryResourceDetector},
    trace::{BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanExporter, SpanProcessor},
};
use secrecy::ExposeSecret;
use std::{sync::Arc, time::Duration};

/// What is left is sent within this time when the process ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Pipeline {
    processor: Arc<BatchSpanProcessor>,
    ledger: Arc<Ledger>,
}

impl Pipeline {
    /// Within a tokio runtime, which gRPC's connection lives in.
    pub(super) async fn start(settings: &Settings, tell: Tell) -> Result<Self, String> {
        let why = Why::default();
        let exporter = match settings.protocol {
            Protocol::Grpc => grpc(settings, &Tls::read(settings)?),
            Protocol::Http => http(settings, &why).await?,
        };
        let exporter = exporter.map_err(|e| e.to_string())?;
        let ledger = Arc::new(Ledger::new(settings.queue, tell));
        let counted = Counted {
            exporter,
            why,
            ledger: Arc::clone(&ledger),
        };
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(settings.queue)
            .with_max_export_batch_size(settings.batch)
            .with_scheduled_delay(settings.delay)
            .build();
        let mut processor = BatchSpanProcessor::new(counted, batches);
        processor.set_resource(&resource(settings));
        Ok(Self {
            processor: Arc::new(processor),
            ledger,
        })
    }

    /// Spans that belong together: all are sent, or none.
    pub(super) fn give(&self, spans: Vec<SpanData>) {
        if self.ledger.admits(spans.len()) {
            for span in spans {
                self.processor.on_end(span);
            }
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.ledger.tally()
    }

    /// Sends what is left, and waits no longer for a collector than is decent.
    pub(super) async fn shutdown(&self) {
        let processor = Arc::clone(&self.processor);
        let ended =
            tokio::task::spawn_blocking(move || processor.shutdown_with_timeout(LAST_WORDS));
        if let Ok(Err(e)) = ended.await {
            tracing::warn!("the last spans were not sent: {e}");
        }
    }
}

/// The exporter, with what becomes of each batch counted. The SDK itself says it to nobody.
#[derive(Debug)]
struct Counted {
    exporter: opentelemetry_otlp::SpanExporter,
    why: Why,
    ledger: Arc<Ledger>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.ledger.taken(spans);
        let done = self.exporter.export(batch).await;
        match &done {
            Ok(()) => self.ledger.sent(spans),
            Err(e) => {
                let why = self.why.lock().take().unwrap_or_else(|| e.to_string());
                self.ledger.failed(spans, &in_words(&why));
            }
        }
        done
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

type Built = Result<opentelemetry_otlp::SpanExporter, ExporterBuildError>;

fn grpc(settings: &Settings, tls: &Tls) -> Built {
    let headers = settings.headers.iter();
    let headers = headers.filter_map(|(name, value)| {
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        let mut value = http::HeaderValue::from_str(value.expose_secret()).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    });
    let mut builder = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_metadata(MetadataMap::from_headers(headers.collect()))
        .with_timeout(settings.timeout);
    if !settings.plain {
        builder = builder.with_tls_config(tls.grpc());
    }
    match &settings.endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint).build(),
        None => builder.build(),
    }
}

/// The client is the blocking one: the SDK's thread has no runtime. It is made beside ours, where it may wait.
async fn http(settings: &Settings, why: &Why) -> Result<Built, String> {
    let (settings, why) = (settings.clone(), Arc::clone(why));
    let made = tokio::task::spawn_blocking(move || {
        let tls = Tls::read(&settings)?;
        let client = reqwest::blocking::Client::builder();
        let client = if settings.plain {
            Ok(client.tls_certs_only([]))
        } else {
            tls.http(client)
        };
        let client = client
            .and_then(|client| {
                client
                    .timeout(settings.timeout)
                    // Another address would get the collector's key.
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
            })
            .map_err(|e| format!("no HTTP client: {e}"))?;
        let secrets = settings.headers.iter();
        let secrets = secrets.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        let builder = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .with_http_client(Post { client, why })
            .with_headers(secrets.collect())
            .with_timeout(settings.timeout);
        Ok(match &settings.endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint).build(),
            None => builder.build(),
        })
    });
    made.await.map_err(|e| e.to_string())?
}

/// Who sends: ours first, and the environment's word over it.
fn resource(settings: &Settings) -> Resource {
    let env: [Box<dyn ResourceDetector>; 2] = [
        Box::new(TelemetryResourceDetector),
        Box::new(EnvResourceDetector::new()),
    ];
    let instance = uuid::Uuid::now_v7().to_string();
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance),
        ])
        .with_detectors(&env);
    let named = std::env::var("OTEL_SERVICE_NAME").ok();
    match settings.service.map(str::to_owned).or(named) {
        Some(name) => resource.with_service_name(name).build(),
        None => resource.build(),
    }
}
