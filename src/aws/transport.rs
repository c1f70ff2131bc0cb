//! What carries a request: real HTTP, or anything in this process that answers like AWS.
//!
//! [`Transport`] is all that such a thing implements; [`Plugged`] is its face
//! towards the SDK, which signs before and parses after as it does on a socket.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

/// Carries a signed request to whoever answers it.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends, and answers with what came back whole.
    fn send(&self, request: http::Request<Bytes>) -> Reply;
}

/// What [`Transport::send`] gives: the response, or why none came.
pub type Reply = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, TransportFault>> + Send>>;

/// No answer came. The request may have arrived all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// The connection was cut, before or after the request arrived.
    #[error("the connection was reset: {0}")]
    Reset(String),
    /// Nothing came within the time allowed.
    #[error("no answer came in time: {0}")]
    TimedOut(String),
}

/// A [`Transport`] as the SDK's HTTP client.
#[derive(Clone, Debug)]
pub(crate) struct Plugged(pub(crate) Arc<dyn Transport>);

impl HttpClient for Plugged {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Plugged {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let transport = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
            let answer = transport.send(http::Request::from_parts(head, body)).await.map_err(|fault| match fault {
                TransportFault::Reset(_) => ConnectorError::io(fault.into()),
                TransportFault::TimedOut(_) => ConnectorError::timeout(fault.into()),
            })?;
            HttpResponse::try_from(answer.map(SdkBody::from)).map_err(|error| ConnectorError::io(error.into()))
        })
    }
}

/// Hears the headers of every answer, whatever it answers.
pub type Listener = Arc<dyn Fn(&Headers) + Send + Sync>;

/// An HTTP client whose answers someone else hears, too.
#[derive(Clone)]
pub(crate) struct Overheard {
    pub(crate) client: SharedHttpClient,
    pub(crate) listener: Listener,
}

impl fmt::Debug for Overheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overheard").field("client", &self.client).finish_non_exhaustive()
    }
}

impl HttpClient for Overheard {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(OverheardConnector { connector, listener: Arc::clone(&self.listener) })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}

/// A connector of an [`Overheard`] client.
struct OverheardConnector {
    connector: SharedHttpConnector,
    listener: Listener,
}

impl fmt::Debug for OverheardConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverheardConnector").field("connector", &self.connector).finish_non_exhaustive()
    }
}

impl HttpConnector for OverheardConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, listener) = (self.connector.call(request), Arc::clone(&self.listener));
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            listener(answer.headers());
            Ok(answer)
        })
    }
}

/// The time that signatures carry, asked of a closure.
pub(crate) struct Told(pub(crate) Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl TimeSource for Told {
    fn now(&self) -> SystemTime {
        (self.0)()
    }
}
