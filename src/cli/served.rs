//! A world that another process serves: found by what that process says beside the world's lock, talked to over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use fathuss_simulator::inventory::Resource;
use fathuss_simulator::{ClusterId, Holder};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde::Deserialize;

use crate::error::Error;
use crate::remote_clock::RemoteClock;

/// A served world that has answered.
#[derive(Clone, Debug)]
pub struct Served {
    /// The process that serves it.
    pub holder: Holder,
    /// Its clock, as the answers tell it.
    pub clock: RemoteClock,
    /// How fast its time goes whenever it is not held.
    pub speed: f64,
    address: SocketAddr,
}

/// How fast the world's time goes.
#[derive(Deserialize)]
struct Speeds {
    usual: f64,
}

/// A server opens its world before it answers; a large one takes some seconds.
const PATIENCE: Duration = Duration::from_secs(20);

impl Served {
    /// The world that this process serves; none where it serves none, or something else answers at its address.
    pub async fn find(holder: &Holder) -> Option<Self> {
        let address = holder.address?;
        let answer = ask(address, Method::GET, "holder", Bytes::new()).await.ok()?;
        let told: Holder = serde_json::from_slice(answer.body()).ok()?;
        if told != *holder {
            return None;
        }
        let answer = ask(address, Method::GET, "speed", Bytes::new()).await.ok()?;
        let speed = serde_json::from_slice::<Speeds>(answer.body()).ok()?.usual;
        let served = Self { holder: told, clock: RemoteClock::default(), speed, address };
        served.hear(&answer);
        Some(served)
    }

    /// The URL of every service.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who serves it, where, and how fast its time goes.
    pub fn sentence(&self) -> String {
        let pace = match self.speed {
            1.0 => "its time goes as ours".to_owned(),
            speed => format!("{speed} of its seconds are one of ours"),
        };
        format!("The sandbox is served by {} at {}; {pace}.", self.holder, self.url())
    }

    /// Lets the world's time keep the wall's pace for so long.
    pub async fn hold(&self, lasting: Duration) -> Result<(), Error> {
        let body = serde_json::json!({ "speed": 1, "seconds": lasting.as_secs_f64() }).to_string();
        self.told(Method::PUT, "speed", Bytes::from(body), "hold its time").await.map(|_| ())
    }

    /// The clusters of the world.
    pub async fn clusters(&self) -> Result<Vec<ClusterId>, Error> {
        let text = self.told(Method::GET, "world/eks.cluster", Bytes::new(), "say which clusters it has").await?;
        let unreadable = |error: serde_json::Error| Error::Usage(format!("the sandbox's clusters: {error}"));
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&text).map_err(unreadable)?;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let cluster = |row: serde_json::Value| ClusterId {
            account: text(&row["account"]),
            region: text(&row["region"]),
            name: text(&row["id"]),
            key: text(&row["row"]["key"]),
        };
        Ok(rows.into_iter().map(cluster).collect())
    }

    /// The world that this address serves.
    pub async fn at(address: SocketAddr) -> Option<Self> {
        let answer = ask(address, Method::GET, "holder", Bytes::new()).await.ok()?;
        let holder: Holder = serde_json::from_slice(answer.body()).ok()?;
        Self::find(&holder).await
    }

    /// Empties the world.
    pub async fn reset(&self) -> Result<(), Error> {
        self.told(Method::POST, "reset", Bytes::new(), "empty the world").await.map(|_| ())
    }

    /// The whole world as text.
    pub async fn snapshot(&self) -> Result<String, Error> {
        let text = self.told(Method::GET, "snapshot", Bytes::new(), "give its world").await?;
        String::from_utf8(text.to_vec()).map_err(|error| Error::Usage(format!("a snapshot is text: {error}")))
    }

    /// Puts a snapshot in the world's place.
    pub async fn restore(&self, text: String) -> Result<(), Error> {
        self.told(Method::PUT, "snapshot", Bytes::from(text), "take the snapshot").await.map(|_| ())
    }

    /// Everything in the world.
    pub async fn inventory(&self) -> Result<Vec<Resource>, Error> {
        let text = self.told(Method::GET, "inventory", Bytes::new(), "say what it holds").await?;
        serde_json::from_slice(&text).map_err(|error| Error::Usage(format!("what the sandbox holds: {error}")))
    }

    /// What time it is there, and how fast that goes.
    fn hear(&self, answer: &Response<Bytes>) {
        self.clock.hear(|name| answer.headers().get(name).and_then(|value| value.to_str().ok()));
    }

    async fn told(&self, method: Method, path: &str, body: Bytes, what: &str) -> Result<Bytes, Error> {
        let failed = |why: String| Error::Usage(format!("{} does not {what}: {why}", self.holder));
        let answer = ask(self.address, method, path, body).await.map_err(|error| failed(error.to_string()))?;
        self.hear(&answer);
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        Err(failed(String::from_utf8_lossy(answer.body()).trim().to_owned()))
    }
}

/// Asks one of the simulator's own paths.
async fn ask(address: SocketAddr, method: Method, path: &str, body: Bytes) -> std::io::Result<Response<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_fathuss/{path}"))
        .header(http::header::HOST, address.to_string())
        .body(Full::new(body))
        .map_err(std::io::Error::other)?;
    let exchange = async {
        let stream = tokio::net::TcpStream::connect(address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        // It ends with the sender; what goes wrong with it the answer says, too.
        tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.map_err(std::io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?
}
