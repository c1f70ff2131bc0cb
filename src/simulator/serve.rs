//! The simulator on a socket, for any SDK, CLI or Terraform.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::protocol::LARGEST;
use crate::{Clock, Fault, Simulator};

impl Simulator {
    /// Serves HTTP/1.1 until the future is dropped. Signatures are checked against `wall`, since clients on
    /// the other side sign with their own clock; the world's time is in each answer's `x-fathuss-now`.
    ///
    /// # Errors
    /// When the listener accepts no more connections.
    pub async fn serve(&self, listener: TcpListener, wall: Arc<dyn Clock>) -> std::io::Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            let (simulator, wall) = (self.clone(), wall.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request: http::Request<Incoming>| {
                    let (simulator, wall) = (simulator.clone(), wall.clone());
                    async move {
                        let (parts, body) = request.into_parts();
                        // A body that breaks off is a client gone, and one without an end no client at all; the
                        // connection ends without an answer. One that is just too large is refused in words.
                        let body =
                            Limited::new(body, 2 * LARGEST).collect().await.map_err(|_| Fault::Reset)?.to_bytes();
                        let request = http::Request::from_parts(parts, body);
                        let answer = simulator.answer(request, Some(wall.now())).await?;
                        Ok::<_, Fault>(answer.map(Full::<Bytes>::new))
                    }
                });
                // An error here is a fault on order or a client gone: either way this connection is over.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}
