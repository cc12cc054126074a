//! OTLP's HTTP client: the blocking one, since the SDK's thread has no runtime, with the reason kept when a request comes to
//! nothing. The SDK itself says no more than that it did.

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use parking_lot::Mutex;
use std::{error::Error, sync::Arc};

/// Why the last request got no answer; none: it got one.
pub(super) type Why = Arc<Mutex<Option<String>>>;

#[derive(Debug)]
pub(super) struct Post {
    pub(super) client: reqwest::blocking::Client,
    pub(super) why: Why,
}

#[async_trait::async_trait]
impl HttpClient for Post {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.send_bytes(request).await;
        *self.why.lock() = answer.as_ref().err().map(|e| cause(&**e));
        answer
    }
}

/// The innermost error. Those around it name the address, which may have a password in it.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error.source();
    while let Some(inner) = innermost.and_then(Error::source) {
        innermost = Some(inner);
    }
    innermost.map_or_else(|| "no answer".to_owned(), ToString::to_string)
}
