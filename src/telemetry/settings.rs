//! What is asked for: OpenTelemetry's standard variables over `[traces]` of the configuration. Operators set the variables
//! for everything that runs on a machine, and expect them to count.

use super::sampler::Sampler;
use crate::config::{Env, Protocol, Traces};
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_TIMEOUT,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT,
};
use opentelemetry_sdk::trace::{
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_SCHEDULE_DELAY,
};
use secrecy::SecretString;
use std::{fmt::Display, path::PathBuf, str::FromStr, time::Duration};

const CERTIFICATE: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
];
const CLIENT_CERTIFICATE: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
];
const CLIENT_KEY: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
];
const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
/// OTLP's own path, under a collector's address.
const PATH: &str = "/v1/traces";
/// With content, a batch has to stay under the 4 MiB that collectors take.
const BATCH_WITH_CONTENT: usize = 16;

/// Where spans go, which of them, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The whole address. None: the environment says it, or OTLP's own default.
    pub(super) endpoint: Option<String>,
    pub(super) protocol: Protocol,
    /// No certificates have to be read.
    pub(super) plain: bool,
    /// Whose signature on the collector's certificate is trusted. None: what the system trusts.
    pub(super) trusted: Option<Pem>,
    /// Our own certificate, and its key, for a collector that wants to see one.
    pub(super) identity: Option<(Pem, Pem)>,
    /// Beside what the environment says.
    pub(super) headers: Vec<(String, SecretString)>,
    pub(super) timeout: Duration,
    pub(super) sampler: Sampler,
    /// None: the environment names the service.
    pub(super) service: Option<&'static str>,
    /// Prompts and answers are told, too.
    pub(super) content: bool,
    pub(super) queue: usize,
    pub(super) batch: usize,
    pub(super) delay: Duration,
}

/// A file of certificates or a key, and the variable that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pem {
    pub(super) variable: &'static str,
    pub(super) path: PathBuf,
}

/// None: nobody has asked for traces. The sentences are for people: what is not understood, and what is done instead.
pub fn settings(file: Option<&Traces>, env: &dyn Env) -> (Option<Settings>, Vec<String>) {
    let mut reader = Reader {
        env,
        warnings: Vec::new(),
    };
    let settings = reader.is_on(file).then(|| reader.read(file));
    (settings, reader.warnings)
}

struct Reader<'a> {
    env: &'a dyn Env,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn is_on(&mut self, file: Option<&Traces>) -> bool {
        if self.flag("OTEL_SDK_DISABLED") {
            return false;
        }
        match self.env.var("OTEL_TRACES_EXPORTER").as_deref() {
            None => self.endpoint_in_env().is_some() || file.is_some_and(|t| t.endpoint.is_some()),
            Some("otlp") => true,
            Some("none") => false,
            Some(other) => {
                self.warn(
                    "OTEL_TRACES_EXPORTER",
                    other,
                    "otlp and none; there are no traces",
                );
                false
            }
        }
    }

    fn endpoint_in_env(&self) -> Option<String> {
        let names = [
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
            OTEL_EXPORTER_OTLP_ENDPOINT,
        ];
        Some(self.either(names)?.1)
    }

    /// That of traces alone before that of everything, and which it was.
    fn either(&self, names: [&'static str; 2]) -> Option<(&'static str, String)> {
        names
            .into_iter()
            .find_map(|name| Some((name, self.env.var(name)?)))
    }

    fn pem(&self, names: [&'static str; 2]) -> Option<Pem> {
        let (variable, path) = self.either(names)?;
        let path = path.into();
        Some(Pem { variable, path })
    }

    fn identity(&mut self) -> Option<(Pem, Pem)> {
        match (self.pem(CLIENT_CERTIFICATE), self.pem(CLIENT_KEY)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => {
                self.warnings.push(format!(
                    "traces: {} is set alone: a certificate and its key go together; the collector is shown neither",
                    one.variable
                ));
                None
            }
        }
    }

    fn read(&mut self, file: Option<&Traces>) -> Settings {
        let protocol = self.protocol(file.and_then(|t| t.protocol));
        let own = |t: &Traces| {
            let base = t.endpoint.as_deref()?;
            let whole = protocol == Protocol::Grpc || base.ends_with(PATH);
            Some(if whole {
                base.to_owned()
            } else {
                format!("{base}{PATH}")
            })
        };
        let theirs = self.endpoint_in_env();
        let endpoint = file.and_then(own).filter(|_| theirs.is_none());
        let plain = theirs
            .as_ref()
            .or(endpoint.as_ref())
            .is_none_or(|e| e.starts_with("http:"));
        let headers = file.iter().flat_map(|t| &t.headers);
        let content = self.content();
        let queue = self.number(OTEL_BSP_MAX_QUEUE_SIZE, 2_048_usize).max(1);
        let batch = if content { BATCH_WITH_CONTENT } else { 512 };
        Settings {
            endpoint,
            protocol,
            plain,
            trusted: self.pem(CERTIFICATE),
            identity: self.identity(),
            headers: headers.map(|h| (h.name.clone(), h.value.clone())).collect(),
            timeout: self.timeout(),
            sampler: self.sampler(file.map_or(1.0, |t| t.sample)),
            service: self.service(),
            content,
            queue,
            batch: self
                .number(OTEL_BSP_MAX_EXPORT_BATCH_SIZE, batch)
                .clamp(1, queue),
            delay: Duration::from_millis(self.number(OTEL_BSP_SCHEDULE_DELAY, 5_000)),
        }
    }

    fn protocol(&mut self, own: Option<Protocol>) -> Protocol {
        let names = [
            OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
            OTEL_EXPORTER_OTLP_PROTOCOL,
        ];
        let Some((name, word)) = self.either(names) else {
            return own.unwrap_or(Protocol::Http);
        };
        let known = Protocol::WORDS.iter().find(|(known, _)| *known == word);
        if known.is_none() {
            self.warn(name, &word, "http/protobuf, which is taken, and grpc");
        }
        known.map_or(Protocol::Http, |(_, protocol)| *protocol)
    }

    /// The specification has milliseconds.
    fn timeout(&mut self) -> Duration {
        let all = self.number(OTEL_EXPORTER_OTLP_TIMEOUT, 10_000);
        Duration::from_millis(self.number(OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, all))
    }

    fn sampler(&mut self, ratio: f64) -> Sampler {
        const NAME: &str = "OTEL_TRACES_SAMPLER";
        let own = Sampler {
            parent_based: true,
            ratio,
        };
        let Some(word) = self.env.var(NAME) else {
            return own;
        };
        let (parent_based, root) = match word.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, &*word),
        };
        let ratio = match root {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => {
                let share = self.number("OTEL_TRACES_SAMPLER_ARG", 1.0_f64);
                if share.is_nan() {
                    1.0
                } else {
                    share.clamp(0.0, 1.0)
                }
            }
            _ => {
                let known =
                    "always_on, always_off, traceidratio, each also with parentbased_ before it";
                self.warn(NAME, &word, known);
                return own;
            }
        };
        Sampler {
            parent_based,
            ratio,
        }
    }

    fn service(&self) -> Option<&'static str> {
        let attributes = self.env.var("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let mut names = attributes.split(',').filter_map(|kv| kv.split_once('='));
        let is_set = self.env.var("OTEL_SERVICE_NAME").is_some()
            || names.any(|(name, _)| name.trim() == "service.name");
        (!is_set).then_some("breakerbox")
    }

    fn content(&mut self) -> bool {
        let word = self.env.var(CAPTURE).unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "true" | "span_only" | "span_and_event" => true,
            "" | "false" | "no_content" => false,
            _ => {
                let known = "true, SPAN_ONLY and SPAN_AND_EVENT (content on spans; there are no events); nothing is told";
                self.warn(CAPTURE, &word, known);
                false
            }
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.env
            .var(name)
            .is_some_and(|word| word.eq_ignore_ascii_case("true"))
    }

    fn number<T: FromStr + Display + Copy>(&mut self, name: &str, default: T) -> T {
        let Some(word) = self.env.var(name) else {
            return default;
        };
        word.trim().parse().unwrap_or_else(|_| {
            self.warn(name, &word, &format!("numbers; {default} is taken"));
            default
        })
    }

    fn warn(&mut self, name: &str, word: &str, known: &str) {
        self.warnings
            .push(format!("traces: {name} says {word:?}; known are {known}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn of(vars: &[(&str, &str)], toml: &str) -> (Option<Settings>, Vec<String>) {
        let env = |name: &str| {
            let found = vars.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let text =
            format!("[providers.openai]\nkey = 'k'\n[routes.r]\ntiers = ['openai/m']\n{toml}");
        let config = crate::config::parse("c.toml", &text, &env)
            .map_err(|problems| problems.to_string())
            .unwrap();
        settings(config.traces.as_ref(), &env)
    }

    fn on(vars: &[(&str, &str)], toml: &str) -> Settings {
        let (settings, warnings) = of(vars, toml);
        assert!(warnings.is_empty(), "{warnings:?}");
        settings.expect("there are traces")
    }

    const FILE: &str = "[traces]\nendpoint = 'http://file:4318'\n";

    #[test]
    fn nobody_who_has_not_asked_has_traces() {
        assert!(of(&[], "").0.is_none());
        assert!(of(&[], "[traces]\nsample = 0.5\n").0.is_none());
        assert!(of(&[("OTEL_SDK_DISABLED", "TRUE")], FILE).0.is_none());
        assert!(of(&[("OTEL_TRACES_EXPORTER", "none")], FILE).0.is_none());
        let (settings, warnings) = of(&[("OTEL_TRACES_EXPORTER", "zipkin")], FILE);
        assert!(settings.is_none());
        assert!(warnings[0].contains("\"zipkin\""), "{warnings:?}");
    }

    #[test]
    fn an_address_is_asking_whoever_says_it() {
        let own = on(&[], FILE);
        assert_eq!(own.endpoint.as_deref(), Some("http://file:4318/v1/traces"));
        assert_eq!(own.protocol, Protocol::Http);
        assert_eq!(own.service, Some("breakerbox"));
        let grpc = on(
            &[],
            "[traces]\nendpoint = 'http://file:4317'\nprotocol = 'grpc'\n",
        );
        assert_eq!(grpc.endpoint.as_deref(), Some("http://file:4317"));
        on(&[(OTEL_EXPORTER_OTLP_ENDPOINT, "http://env")], "");
        on(&[("OTEL_TRACES_EXPORTER", "otlp")], "");
    }

    #[test]
    fn the_environment_overrules_the_file() {
        let vars = [
            (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, "http://env:4317"),
            (OTEL_EXPORTER_OTLP_PROTOCOL, "grpc"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
            (OTEL_EXPORTER_OTLP_TIMEOUT, "700"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=theirs"),
        ];
        let s = on(&vars, &format!("{FILE}sample = 0.5\n"));
        assert_eq!(
            s.endpoint, None,
            "the exporter reads it, by its own rules for paths"
        );
        assert_eq!(s.protocol, Protocol::Grpc);
        assert_eq!(
            s.sampler,
            Sampler {
                parent_based: false,
                ratio: 0.1
            }
        );
        assert_eq!(s.timeout, Duration::from_millis(700));
        assert_eq!(s.service, None);
        let own = on(&[], &format!("{FILE}sample = 0.5\n"));
        assert_eq!(
            own.sampler,
            Sampler {
                parent_based: true,
                ratio: 0.5
            }
        );
    }

    #[test]
    fn certificates_of_traces_go_before_those_of_everything() {
        let all = [
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
            ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/own.pem"),
            ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/own.key"),
            ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/traces.pem"),
        ];
        let s = on(&all, FILE);
        assert_eq!(s.trusted.unwrap().path, PathBuf::from("/traces.pem"));
        let (certificate, key) = s.identity.unwrap();
        assert_eq!(certificate.path, PathBuf::from("/own.pem"));
        assert_eq!(key.variable, "OTEL_EXPORTER_OTLP_CLIENT_KEY");
        let (settings, warnings) = of(&all[1..2], FILE);
        assert_eq!(settings.unwrap().identity, None);
        assert!(warnings[0].contains("set alone"), "{warnings:?}");
    }

    #[test]
    fn content_is_told_only_where_the_variable_says_so() {
        assert!(!on(&[], FILE).content);
        for word in ["true", "SPAN_ONLY", "span_and_event"] {
            let s = on(&[(CAPTURE, word)], FILE);
            assert!(s.content && s.batch == BATCH_WITH_CONTENT, "{word}");
        }
        for word in ["false", "NO_CONTENT"] {
            assert!(!on(&[(CAPTURE, word)], FILE).content, "{word}");
        }
        for word in ["EVENT_ONLY", "1"] {
            let (settings, warnings) = of(&[(CAPTURE, word)], FILE);
            assert!(!settings.unwrap().content, "{word}");
            assert!(warnings[0].contains(CAPTURE), "{warnings:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said_and_changes_nothing() {
        let vars = [
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            (OTEL_EXPORTER_OTLP_PROTOCOL, "http/json"),
            (OTEL_BSP_MAX_QUEUE_SIZE, "many"),
        ];
        let (settings, warnings) = of(&vars, FILE);
        let s = settings.unwrap();
        assert_eq!((s.protocol, s.queue), (Protocol::Http, 2_048));
        assert_eq!(
            s.sampler,
            Sampler {
                parent_based: true,
                ratio: 1.0
            }
        );
        assert_eq!(warnings.len(), 3, "{warnings:?}");
    }

    #[test]
    fn a_header_comes_from_where_the_file_says_and_is_shown_nowhere() {
        let toml = "[traces]\nendpoint = 'http://file'\nheaders = { x-team = { env = 'TEAM' } }\n";
        let s = on(&[("TEAM", "geheim-7")], toml);
        assert_eq!(s.headers[0].0, "x-team");
        assert_eq!(s.headers[0].1.expose_secret(), "geheim-7");
        assert!(!format!("{s:?}").contains("geheim"));
    }
}
