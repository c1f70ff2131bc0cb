//! The simulator on a socket, for any SDK, CLI or Terraform.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http::header::{CONNECTION, EXPECT};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::protocol::{LARGEST, LARGEST_OBJECT, may_be_object};
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
            tokio::spawn(self.clone().converse(stream, wall.clone()));
        }
    }

    /// Answers the requests of one connection.
    async fn converse(self, stream: TcpStream, wall: Arc<dyn Clock>) {
        let service = service_fn(move |request| {
            let (simulator, now) = (self.clone(), wall.now());
            async move { simulator.respond(request, now).await }
        });
        // An error here is a fault on order or a client gone: either way this connection is over.
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    /// Answers one request.
    async fn respond(
        &self,
        request: http::Request<Incoming>,
        now: jiff::Timestamp,
    ) -> Result<http::Response<Full<Bytes>>, Fault> {
        let (parts, body) = request.into_parts();
        // Who sends Expect reads no answer before "100 Continue", which hyper says to who has a body alone. Where the
        // connection ends, such a client takes the answer for what it is and asks on another one.
        let unheeded = parts.headers.contains_key(EXPECT) && body.is_end_stream();
        let most = match parts.uri.path() {
            path if path.starts_with("/_fathuss/") => LARGEST_WORLD,
            _ if may_be_object(&parts) => LARGEST_OBJECT,
            _ => LARGEST,
        };
        let body = received(body, most).await?;
        let mut answer = self.answer(http::Request::from_parts(parts, body), Some(now)).await?;
        if unheeded {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(answer.map(Full::new))
    }
}

/// Bytes of a world that can be restored.
const LARGEST_WORLD: usize = 1 << 28;

/// Bytes that are taken from a client which sends more than is read of them. Who still sends then does not listen.
const DRAINED: usize = 1 << 30;

/// Bodies larger than most that are taken at once: what all of them need is bounded, and who comes later waits.
static LARGE: Semaphore = Semaphore::const_new(16);

/// A request's body: all of it, or one byte more than the most that is read of it, which is how the front knows it for
/// too large. The rest is taken from the client all the same, since clients send before they listen.
async fn received(mut body: Incoming, most: usize) -> Result<Bytes, Fault> {
    let (mut kept, mut seen) = (BytesMut::new(), 0);
    let mut turn = None;
    while let Some(frame) = body.frame().await {
        // A body that breaks off is a client gone.
        let Ok(data) = frame.map_err(|_| Fault::Reset)?.into_data() else { continue };
        seen += data.len();
        if seen > LARGEST && turn.is_none() {
            // The bound is never closed.
            turn = LARGE.acquire().await.ok();
        }
        let room = (most + 1).saturating_sub(kept.len());
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if seen > DRAINED {
            break;
        }
    }
    Ok(kept.freeze())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use crate::client::Client;
    use crate::protocol::LARGEST;
    use crate::{Config, Simulator, SystemClock, Time};

    /// The answer to a POST of so many bytes to a server of its own, sent whole before anything is read.
    async fn post(bytes: usize) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let simulator = Client::calm().simulator;
        let server = tokio::spawn(async move { simulator.serve(listener, std::sync::Arc::new(SystemClock)).await });
        let start = "Action=GetCallerIdentity&Version=2011-06-15&A=";
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {bytes}\r\nconnection: close\r\n\r\n{start}"
        );
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b'a'; bytes - start.len()]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        server.abort();
        answer
    }

    #[tokio::test]
    async fn a_body_of_any_size_is_answered() {
        for bytes in [LARGEST + 1, 2 * LARGEST + 1, 48 * LARGEST] {
            let answer = post(bytes).await;
            assert!(answer.starts_with("HTTP/1.1 413 "), "{bytes}: {answer}");
            assert!(answer.contains("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"), "{answer}");
            assert!(answer.contains("<Code>RequestEntityTooLargeException</Code>"), "{answer}");
        }
        let answer = post(LARGEST).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "just small enough to be asked who sends it: {answer}");
    }

    /// What comes back for one request with `Expect: 100-continue`, whose body is sent once the server says so, until
    /// the connection ends or nothing has come for a while; and whether it ended.
    async fn expecting(path: &str, body: &str) -> (String, bool) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let simulator = Client::calm().simulator;
        let server = tokio::spawn(async move { simulator.serve(listener, std::sync::Arc::new(SystemClock)).await });
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "PUT {path} HTTP/1.1\r\nhost: s3.us-east-1.amazonaws.com\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut answer, mut sent) = (String::new(), false);
        let ended = loop {
            let mut bytes = [0; 4096];
            match tokio::time::timeout(std::time::Duration::from_millis(500), stream.read(&mut bytes)).await {
                Ok(Ok(0)) => break true,
                Ok(read) => answer.push_str(std::str::from_utf8(&bytes[..read.unwrap()]).unwrap()),
                Err(_) => break false,
            }
            if !sent && answer.starts_with("HTTP/1.1 100 ") {
                stream.write_all(body.as_bytes()).await.unwrap();
                sent = true;
            }
        };
        server.abort();
        (answer, ended)
    }

    /// <https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1>, and AWS's "Expect" in
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonRequestHeaders.html>.
    #[tokio::test]
    async fn who_waits_for_100_continue_gets_it_or_the_end_of_the_connection() {
        let (answer, ended) = expecting("/a-bucket/key", "body").await;
        assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 "), "{answer}");
        assert!(!ended, "the connection serves on");
        let (answer, ended) = expecting("/a-bucket/key", "").await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("connection: close"), "{answer}");
        assert!(ended);
    }

    /// Asks as many times at once as there are numbers, each from a task of its own on several threads.
    async fn at_once<T: Send + 'static>(
        client: &Client,
        numbers: std::ops::Range<usize>,
        ask: impl AsyncTask<T>,
    ) -> Vec<T> {
        let tasks = numbers.map(|number| {
            let client = Client { simulator: client.simulator.clone(), region: client.region };
            tokio::spawn(ask.run(client, number))
        });
        let mut answers = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            answers.push(task.await.unwrap());
        }
        answers
    }

    trait AsyncTask<T> {
        fn run(&self, client: Client, number: usize) -> impl Future<Output = T> + Send + 'static;
    }

    impl<T, F, Fut> AsyncTask<T> for F
    where
        F: Fn(Client, usize) -> Fut,
        Fut: Future<Output = T> + Send + 'static,
    {
        fn run(&self, client: Client, number: usize) -> impl Future<Output = T> + Send + 'static {
            self(client, number)
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
    async fn many_clients_at_once_lose_nothing_and_double_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let time = Time::Scaled { wall: std::sync::Arc::new(SystemClock), speed: 60.0 };
        let config = || Config { world: Some(folder.path().to_owned()), time: time.clone(), ..Config::calm(3) };
        let client = Client::of(Simulator::open(config()).unwrap());
        let vpc = client.vpc("10.0.0.0/16").await;

        // Each makes something of its own.
        let made = at_once(&client, 0..200, {
            let vpc = vpc.clone();
            move |client: Client, number| {
                let (vpc, range) = (vpc.clone(), format!("10.0.{number}.0/24"));
                async move { client.subnet(&vpc, &range, "us-east-1a").await }
            }
        });
        let made: BTreeSet<String> = made.await.into_iter().collect();
        assert_eq!(made.len(), 200);

        // All want the same name, or the same range: one gets it.
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let roles = at_once(&client, 0..100, move |client: Client, _| async move {
            let role = [("RoleName", "one"), ("AssumeRolePolicyDocument", trust)];
            client.query("iam", "2010-05-08", "CreateRole", &role).await.code
        });
        let codes = roles.await;
        assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 1);
        assert_eq!(codes.iter().filter(|code| *code == "EntityAlreadyExists").count(), 99);

        // All bring the same token: one thing is made, and each is told of it.
        let volumes = at_once(&client, 0..100, |client: Client, _| async move {
            let volume = [("AvailabilityZone", "us-east-1a"), ("Size", "1"), ("ClientToken", "the-same")];
            client.ec2("CreateVolume", &volume).await.one("volumeId")
        });
        assert_eq!(volumes.await.into_iter().collect::<HashSet<_>>().len(), 1);
        assert_eq!(client.ec2("DescribeVolumes", &[]).await.all("volumeId").len(), 1);

        // What one thread was told of is in the journal.
        drop(client);
        let client = Client::of(Simulator::open(config()).unwrap());
        let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc.as_str())];
        let kept: BTreeSet<String> = client.ec2("DescribeSubnets", &filter).await.all("subnetId").into_iter().collect();
        assert_eq!(kept, made);
    }
}
