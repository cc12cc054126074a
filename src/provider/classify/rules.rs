//! From what was said to the class. Words decide first, being the provider's contract; then sentences, but only
//! those that it writes itself and at places where a request's own text cannot stand; then the status.

use super::said::Said;
use crate::model::{Class, Dialect};

/// What a machine word means, whoever says it. Words that mean nothing by themselves (`invalid_request_error`,
/// `invalid_argument`) are not here.
fn of_word(word: &str) -> Option<Class> {
    Some(match word {
        "insufficient_quota"
        | "credit_balance_exhausted"
        | "organization_spend_limit_exceeded"
        | "project_spend_limit_exceeded"
        | "organization_usage_limit_exceeded"
        | "enforced_spend_limit_reached"
        | "billing_error"
        | "billing_hard_limit_reached"
        | "billing_not_active"
        | "insufficient_balance"
        | "insufficient_credits"
        | "quota_exceeded"
        | "service_quota_exceeded_exception" => Class::Quota,
        "rate_limit_exceeded"
        | "rate_limit_error"
        | "rate_limit_reached"
        | "rate_limited"
        | "too_many_requests"
        | "too_many_requests_exception"
        | "throttling_exception" => Class::Throttle,
        "context_length_exceeded" | "context_window_exceeded" | "model_context_window_exceeded" => {
            Class::Context
        }
        "content_policy_violation"
        | "content_filter"
        | "responsible_aipolicy_violation"
        | "moderation_blocked"
        | "image_content_policy_violation"
        | "invalid_prompt" => Class::Policy,
        "invalid_api_key"
        | "incorrect_api_key"
        | "api_key_invalid"
        | "api_key_expired"
        | "authentication_error"
        | "invalid_authentication"
        | "unauthenticated"
        | "permission_error"
        | "permission_denied"
        | "account_deactivated"
        | "organization_deactivated"
        | "unsupported_country_region_territory"
        | "access_denied_exception"
        | "unrecognized_client_exception"
        | "invalid_signature_exception"
        | "incomplete_signature_exception"
        | "expired_token_exception"
        | "missing_authentication_token_exception" => Class::Credential,
        "model_not_found"
        | "deployment_not_found"
        | "not_found_error"
        | "model_not_available"
        | "model_decommissioned"
        | "invalid_model"
        | "unknown_model"
        | "resource_not_found_exception"
        | "unknown_operation_exception" => Class::Config,
        // The caller's own tool server, and what the Responses API says of a picture after it has begun to answer.
        "external_connector_error"
        | "invalid_image"
        | "invalid_image_format"
        | "invalid_image_mode"
        | "invalid_image_url"
        | "invalid_base64_image"
        | "image_too_large"
        | "image_too_small"
        | "image_parse_error"
        | "image_file_too_large"
        | "image_file_not_found"
        | "empty_image_file"
        | "unsupported_image_media_type" => Class::Caller,
        "server_error"
        | "internal_server_error"
        | "internal_error"
        | "internal"
        | "api_error"
        | "overloaded_error"
        | "overloaded"
        | "server_is_overloaded"
        | "engine_overloaded"
        | "slow_down"
        | "unavailable"
        | "service_unavailable"
        | "deadline_exceeded"
        | "timeout_error"
        | "timeout"
        | "internal_server_exception"
        | "service_unavailable_exception"
        | "model_timeout_exception"
        | "model_error_exception"
        | "model_stream_error_exception"
        | "model_not_ready_exception" => Class::Fault,
        _ => return None,
    })
}

/// Sentences that mean the prompt is longer than the window.
const TOO_LONG: &[&str] = &[
    "prompt is too long",
    "input is too long",
    "context is too long",
    "maximum context length",
    "context window",
    "exceed context limit",
    "exceeds the maximum number of tokens",
    "exceeds maximum length",
    "reduce the length of",
];

/// Words without a meaning of their own that say, inside a stream, that the request was wrong.
const CALLERS_FAULT: [&str; 3] = [
    "invalid_request_error",
    "invalid_argument",
    "validation_exception",
];

const REFUSED: &[&str] = &[
    "content filtering policy",
    "content management policy",
    "content policy",
    "usage policies",
    "safety system",
    "was flagged",
];

const NO_MONEY: &[&str] = &[
    "credit balance",
    "spend limit",
    "spending limit",
    "usage limit",
];

/// Amazon's sentences that mean a model that this account cannot call so.
const NO_MODEL: &[&str] = &[
    "model identifier is invalid",
    "with on-demand throughput",
    "could not resolve the foundation model",
    "operation not allowed",
];

/// Things of the caller's that a request can name and a provider can miss or refuse: no fault of ours.
const CALLERS_THINGS: &[&str] = &[
    "file",
    "files",
    "cachedcontent",
    "cached",
    "container",
    "skill",
    "vector",
    "conversation",
    "batch",
];

/// A signal as the rules see it. Status 0: inside a stream, none said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signal<'a> {
    pub(super) dialect: Dialect,
    pub(super) status: u16,
    pub(super) said: &'a Said,
    /// A header says when to come back.
    pub(super) dated: bool,
}

impl Signal<'_> {
    pub(super) fn class(&self) -> Class {
        if self.status >= 500 {
            return self.of_server_error();
        }
        self.of_callers_thing()
            .or_else(|| self.of_google())
            .or_else(|| self.of_amazon())
            .or_else(|| self.of_words())
            .or_else(|| self.of_sentence())
            .unwrap_or_else(|| self.of_status())
    }

    fn says(&self, word: &str) -> bool {
        self.said.words.iter().any(|w| w == word)
    }

    /// Money goes before any other word: it is often said beside a rate limit's. A word of failure beside a 4xx is a
    /// careless type (`api_error` for a wrong field), and the status is right.
    fn of_words(&self) -> Option<Class> {
        let careless = |class: &Class| *class == Class::Fault && (400..500).contains(&self.status);
        let mut classes = self
            .said
            .words
            .iter()
            .filter_map(|w| of_word(w))
            .filter(|c| !careless(c));
        let first = classes.next()?;
        let money = first == Class::Quota || classes.any(|c| c == Class::Quota);
        Some(if money { Class::Quota } else { first })
    }

    /// A 5xx is the provider's failure, except where its body says something that only looks like one.
    fn of_server_error(&self) -> Class {
        match self.of_words() {
            Some(class @ (Class::Throttle | Class::Quota | Class::Context)) => class,
            _ if self.said.number == Some(429) => Class::Throttle,
            _ if contains(&self.sentence(), TOO_LONG) => Class::Context,
            _ => Class::Fault,
        }
    }

    /// Google says `RESOURCE_EXHAUSTED` for a rate limit, a day's quota and an empty account alike: it is a rate limit
    /// when it says that waiting helps. And `FAILED_PRECONDITION` means that this account may not call from here.
    fn of_google(&self) -> Option<Class> {
        if self.says("failed_precondition") {
            return Some(Class::Credential);
        }
        if !self.says("resource_exhausted") {
            return None;
        }
        let waiting_helps = self.dated
            || self.said.wait.is_some()
            || self.says("rate_limit_exceeded")
            || self.sentence().contains("try again");
        Some(if waiting_helps && !self.said.per_day {
            Class::Throttle
        } else {
            Class::Quota
        })
    }

    /// Amazon's words that mean something else by what is said beside them. A model that is not there is said to be an
    /// invalid request; one that is loading, a rate limit; a failure in a stream has the model's own status.
    fn of_amazon(&self) -> Option<Class> {
        if self.says("model_not_ready_exception") {
            return Some(Class::Fault);
        }
        if self.says("model_stream_error_exception") && self.said.number != Some(429) {
            let too_long = contains(&self.sentence(), TOO_LONG);
            return Some(if too_long {
                Class::Context
            } else {
                Class::Fault
            });
        }
        if self.says("throttling_exception") && self.sentence().contains("per day") {
            return Some(Class::Quota);
        }
        let no_model = self.says("validation_exception") && contains(&self.sentence(), NO_MODEL);
        no_model.then_some(Class::Config)
    }

    /// What is said of a file that the request names would else open the breaker at once.
    fn of_callers_thing(&self) -> Option<Class> {
        if !matches!(self.status, 403 | 404) && !self.says("failed_precondition") {
            return None;
        }
        let sentence = self.sentence();
        let mut words = sentence.split(|c: char| !c.is_ascii_alphanumeric());
        let thing =
            words.any(|w| CALLERS_THINGS.contains(&w)) && !contains(&sentence, &["model", "key"]);
        let other_param =
            self.status == 404 && self.said.param.as_deref().is_some_and(|p| p != "model");
        (other_param || thing).then_some(Class::Caller)
    }

    fn of_sentence(&self) -> Option<Class> {
        let sentence = self.sentence();
        match self.status {
            0 | 400 | 413 | 422 if contains(&sentence, TOO_LONG) => Some(Class::Context),
            400 if self.names_money(&sentence) => Some(Class::Quota),
            400 if sentence.starts_with("this organization has been disabled") => {
                Some(Class::Credential)
            }
            0 | 400 | 403 if contains(&sentence, REFUSED) => Some(Class::Policy),
            400 if sentence.ends_with("is not a valid model id") => Some(Class::Config),
            _ => None,
        }
    }

    /// Anthropic has no word for it on a 400. Its complaints about unknown fields begin with the field's name.
    fn names_money(&self, sentence: &str) -> bool {
        sentence.starts_with("your credit balance")
            || self.dialect == Dialect::Anthropic
                && contains(sentence, NO_MONEY)
                && !sentence.ends_with("extra inputs are not permitted")
    }

    fn of_status(&self) -> Class {
        match self.status {
            0 if CALLERS_FAULT.iter().any(|word| self.says(word)) => Class::Caller,
            402 => Class::Quota,
            // A page instead of an error: a firewall before the provider, that may have disliked this one request.
            403 if self.said.html => Class::Fault,
            401 | 403 => Class::Credential,
            // 405: the base URL points at something else.
            404 | 405 => Class::Config,
            // 498: Groq has no flexible capacity left.
            429 | 498 => Class::Throttle,
            451 => Class::Policy,
            407 | 408 | 424 | 425 | 499 => Class::Fault,
            400..=498 => Class::Caller,
            _ => Class::Fault,
        }
    }

    /// The provider's sentence in lower case, without what it quotes: that can be the caller's own text, and a
    /// request must not be able to close a deployment by quoting the right words.
    fn sentence(&self) -> String {
        self.said
            .message
            .as_deref()
            .map(unquoted)
            .unwrap_or_default()
    }
}

fn contains(sentence: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|p| sentence.contains(p))
}

/// Lower case, without quoted parts. An apostrophe inside a word opens no quotation.
fn unquoted(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut open = None;
    let mut last = ' ';
    for c in message.chars().take(4096) {
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if matches!(c, '"' | '`') || c == '\'' && !last.is_alphanumeric() => {
                open = Some(c);
            }
            None => out.extend(c.to_lowercase()),
        }
        last = c;
    }
    out
}
