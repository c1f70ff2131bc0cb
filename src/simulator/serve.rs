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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use crate::client::Client;
    use crate::{Config, Simulator, SystemClock, Time};

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
