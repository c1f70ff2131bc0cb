//! The proxy itself: it answers for the hosts that it stands for, by TLS of its own where a client asks for a tunnel
//! to one, and passes everything else on.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::repository::Served;
use super::stand_ins::Files;

/// What is answered here.
pub(super) struct Near {
    pub(super) hosts: BTreeSet<String>,
    pub(super) files: Files,
    pub(super) repositories: Vec<Arc<Served>>,
    pub(super) tls: TlsAcceptor,
}

pub(super) type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// Takes connections until it is dropped.
pub(super) async fn serve(listener: TcpListener, near: Arc<Near>) {
    let mut connections = JoinSet::new();
    loop {
        // Those that ended are let go of.
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open: some will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let near = Arc::clone(&near);
        connections.spawn(async move {
            let service = service_fn(|request| proxied(Arc::clone(&near), request));
            // A client that goes away is nobody's trouble.
            let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
        });
    }
}

async fn proxied(near: Arc<Near>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let Some(to) = request.uri().authority().cloned() else {
        return Ok(text(StatusCode::BAD_REQUEST, "this is a proxy: it is asked for whole addresses"));
    };
    let is_near = near.hosts.contains(to.host());
    Ok(match (request.method() == Method::CONNECT, is_near) {
        (true, true) => {
            tokio::spawn(terminate(near, to, request));
            text(StatusCode::OK, "")
        }
        (true, false) => tunnel(&to, request).await,
        (false, true) => near.answer(to.host(), request).await,
        (false, false) => forward(&to, request).await.unwrap_or_else(|why| unreachable(&to, &why)),
    })
}

/// Speaks TLS with the client as the host that it wants, and answers in its place.
async fn terminate(near: Arc<Near>, to: Authority, request: Request<Incoming>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
    let Ok(stream) = near.tls.accept(TokioIo::new(upgraded)).await else { return };
    let service = service_fn(|request| {
        let (near, to) = (Arc::clone(&near), to.clone());
        async move { Ok::<_, Infallible>(near.answer(to.host(), request).await) }
    });
    let _ = server::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn tunnel(to: &Authority, request: Request<Incoming>) -> Answer {
    let mut stream = match TcpStream::connect((host(to), to.port_u16().unwrap_or(443))).await {
        Ok(stream) => stream,
        Err(error) => return unreachable(to, &error.to_string()),
    };
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(request).await {
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut stream).await;
        }
    });
    text(StatusCode::OK, "")
}

async fn forward(to: &Authority, mut request: Request<Incoming>) -> Result<Answer, String> {
    let stream =
        TcpStream::connect((host(to), to.port_u16().unwrap_or(80))).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    if let Ok(value) = HeaderValue::from_str(to.as_str()) {
        request.headers_mut().insert(HOST, value);
    }
    request.headers_mut().remove("proxy-connection");
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    Ok(response.map(BodyExt::boxed))
}

impl Near {
    async fn answer(&self, host: &str, request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        if let Some(file) = self.files.get(&format!("{host}{path}")) {
            return content(StatusCode::OK, "application/octet-stream", file.clone());
        }
        for repository in &self.repositories {
            if let Some(rest) = repository.rest(host, path).map(str::to_owned) {
                return repository.answer(&rest, request).await;
            }
        }
        text(StatusCode::NOT_FOUND, &format!("the sandbox stands for {host}, and has no {path} there"))
    }
}

/// What a socket calls the host: without the brackets of an address.
fn host(to: &Authority) -> &str {
    to.host().trim_start_matches('[').trim_end_matches(']')
}

fn unreachable(to: &Authority, why: &str) -> Answer {
    text(StatusCode::BAD_GATEWAY, &format!("{to}: {why}"))
}

pub(super) fn text(status: StatusCode, text: &str) -> Answer {
    content(status, "text/plain", text.to_owned().into())
}

pub(super) fn content(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
