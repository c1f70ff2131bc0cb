//! How requests reach an object store: through the HTTP client and the
//! credentials that the AWS SDK uses, so that there is one TLS stack and one
//! way to be let in.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings, SharedHttpClient};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use object_store::aws::AwsCredential;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::{ClientOptions, CredentialProvider};

/// How long connecting may take, and the wait for an answer.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(15);

/// Credentials are asked for anew this long before they end.
const CREDENTIALS_MARGIN: Duration = Duration::from_secs(5 * 60);

const RING: tls::Provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);

/// What an answer said, heard beside the library that makes objects of it. It travels with the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness(Arc<Mutex<Heard>>);

/// What an answer said beyond an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// The HTTP status; none where no answer came.
    pub(super) status: Option<u16>,
    /// The store's own clock, in milliseconds since 1970.
    pub(super) date_ms: Option<i64>,
    /// How many seconds of that clock go by in one of ours: a sandbox's time may be faster.
    pub(super) speed: Option<f64>,
    /// A refusal in the store's words: its code and message.
    pub(super) refusal: Option<String>,
}

impl Witness {
    pub(super) fn heard(&self) -> Heard {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hears(&self, heard: Heard) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = heard;
    }
}

/// The SDK's connector, as the object store's library calls it.
#[derive(Debug)]
pub(super) struct Transport(Arc<Connector>);

impl Transport {
    pub(super) fn new() -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(READ).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .tls_provider(RING)
            .build();
        Self(Arc::new(connector))
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Self(Arc::clone(&self.0))))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let malformed = |error| HttpError::new(HttpErrorKind::Unknown, error);
        let witness = request.extensions().get::<Witness>().cloned().unwrap_or_default();
        let (parts, body) = request.into_parts();
        let body = SdkBody::from(body.collect().await?.to_bytes());
        let request = http::Request::from_parts(parts, body).try_into().map_err(malformed)?;
        let answer = self.0.call(request).await.map_err(|error| {
            let kind = if error.is_timeout() { HttpErrorKind::Timeout } else { HttpErrorKind::Connect };
            HttpError::new(kind, error)
        })?;
        let (parts, body) = answer.try_into_http1x().map_err(malformed)?.into_parts();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        // A sandbox's objects are of its own time, which its answers tell beside that of the wall.
        let simulated = header("x-fathuss-now").and_then(|now| now.parse::<jiff::Timestamp>().ok());
        let date = simulated.map(jiff::Timestamp::as_millisecond).or_else(|| header("date").and_then(moment_ms));
        let speed = header("x-fathuss-speed").and_then(|speed| speed.parse().ok()).filter(|speed| *speed > 0.0);
        // An object is one piece of JSON: it is read whole, and an answer that breaks off is none.
        let body = body.collect().await.map_err(|error| HttpError::new_boxed(HttpErrorKind::Interrupted, error))?;
        let body = body.to_bytes();
        let refusal = (!parts.status.is_success()).then(|| refusal(parts.status.as_u16(), &body));
        witness.hears(Heard { status: Some(parts.status.as_u16()), date_ms: date, speed, refusal });
        Ok(HttpResponse::from_parts(parts, body.into()))
    }
}

/// A date as HTTP has it.
fn moment_ms(text: &str) -> Option<i64> {
    let moment = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(moment.timestamp().as_millisecond())
}

/// `<Code>` and `<Message>` of an S3 error, or the status alone.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn refusal(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let within = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (inner, _) = rest.split_once(&format!("</{name}>"))?;
        Some(inner.chars().filter(|letter| !letter.is_control()).take(200).collect::<String>())
    };
    match (within("Code"), within("Message")) {
        (Some(code), Some(message)) => format!("{status} {code}: {message}"),
        (Some(code), None) => format!("{status} {code}"),
        _ => format!("status {status}"),
    }
}

/// What went wrong, from the outermost cause to the innermost, without the library's own frame.
pub(super) fn causes(error: &object_store::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// AWS's usual chain: environment, profiles, SSO, web identity, the container's and the instance's role.
#[derive(Debug)]
pub(super) struct Chain {
    provider: SharedCredentialsProvider,
    known: Mutex<Option<Credentials>>,
}

impl Chain {
    /// The chain, as this machine's environment and files configure it.
    pub(super) async fn of_environment() -> Option<Self> {
        let http: SharedHttpClient = aws_smithy_http_client::Builder::new().tls_provider(RING).build_https();
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        Some(Self { provider: config.credentials_provider()?, known: Mutex::default() })
    }

    fn known(&self) -> Option<Credentials> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let soon = SystemTime::now() + CREDENTIALS_MARGIN;
        known.expiry().is_none_or(|expiry| expiry > soon).then_some(known)
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let credentials = match self.known() {
            Some(known) => known,
            None => {
                let asked = self.provider.provide_credentials().await.map_err(|error| {
                    let mut told = error.to_string();
                    let mut source = error.source();
                    while let Some(cause) = source {
                        told = format!("{told}: {cause}");
                        source = cause.source();
                    }
                    object_store::Error::Unauthenticated { path: "credentials".to_owned(), source: told.into() }
                })?;
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked.clone());
                asked
            }
        };
        Ok(Arc::new(AwsCredential {
            key_id: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().to_owned(),
            token: credentials.session_token().map(str::to_owned),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_stores_own_words() {
        let body = b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
        assert_eq!(refusal(403, body), "403 AccessDenied: Access Denied");
        assert_eq!(refusal(503, b"<html>busy</html>"), "status 503");
    }

    #[test]
    fn a_date_of_http_is_a_moment() {
        assert_eq!(moment_ms("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        assert_eq!(moment_ms("soon"), None);
    }
}
