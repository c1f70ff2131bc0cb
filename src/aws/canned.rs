//! A transport for tests: answers that were put in beforehand, requests that can be looked at afterwards.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use bytes::Bytes;
use fathuss_engine::Clock;
use fathuss_engine::provider::{Attributes, Desired, MakeRequest, Mark, ReadRequest, Standing};
use fathuss_model::Datum;
use fathuss_state::Identity;

use crate::transport::{Reply, Transport, TransportFault};
use crate::{Aws, Config};

/// Answers by operation, each list in its order; the last of a list stays.
#[derive(Debug, Default)]
pub struct Canned {
    answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    seen: Mutex<Vec<Seen>>,
}

type Answer = Result<(u16, String), TransportFault>;

/// A request that arrived: its operation and its parameters.
#[derive(Clone, Debug)]
pub struct Seen {
    pub operation: String,
    pub host: String,
    pub parameters: BTreeMap<String, String>,
}

impl Seen {
    /// One parameter of the query protocol; a JSON service's whole request is `body`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

impl Canned {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// One more answer to an operation: the content of its response element.
    pub fn answer(self: &Arc<Self>, operation: &str, content: &str) -> Arc<Self> {
        let body = format!("<{operation}Response><requestId>r-1</requestId>{content}</{operation}Response>");
        self.push(operation, Ok((200, body)))
    }

    /// One more answer to an operation of a query service: the content of its result element. Where two APIs have an
    /// operation of this name, the version of the one that is meant stands after it: `DescribeTags 2012-06-01`.
    pub fn result(self: &Arc<Self>, operation: &str, content: &str) -> Arc<Self> {
        let name = operation.split(' ').next().unwrap();
        let result = format!("<{name}Result>{content}</{name}Result>");
        let metadata = "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>";
        self.push(operation, Ok((200, format!("<{name}Response>{result}{metadata}</{name}Response>"))))
    }

    /// One more answer in EC2's form of an error.
    pub fn refuse(self: &Arc<Self>, operation: &str, status: u16, code: &str, message: &str) -> Arc<Self> {
        let body = format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>r-2</RequestID></Response>"
        );
        self.push(operation, Ok((status, body)))
    }

    /// One more answer in the query services' form of an error.
    pub fn refuse_query(self: &Arc<Self>, operation: &str, status: u16, code: &str, message: &str) -> Arc<Self> {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-2</RequestId></ErrorResponse>"
        );
        self.push(operation, Ok((status, body)))
    }

    /// One more answer to an operation of a JSON service, or to the method and path of one that has them, for
    /// instance `GET /clusters/main`.
    pub fn json(self: &Arc<Self>, operation: &str, status: u16, body: &serde_json::Value) -> Arc<Self> {
        self.push(operation, Ok((status, body.to_string())))
    }

    /// One more answer to a method and path of a service that speaks XML: the whole body.
    pub fn xml(self: &Arc<Self>, operation: &str, status: u16, body: &str) -> Arc<Self> {
        self.push(operation, Ok((status, body.to_owned())))
    }

    /// No answer.
    pub fn reset(self: &Arc<Self>, operation: &str) -> Arc<Self> {
        self.push(operation, Err(TransportFault::Reset("by the test".to_owned())))
    }

    fn push(self: &Arc<Self>, operation: &str, answer: Answer) -> Arc<Self> {
        self.answers.lock().unwrap().entry(operation.to_owned()).or_default().push_back(answer);
        Arc::clone(self)
    }

    /// What arrived, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The operations that arrived, in order.
    pub fn operations(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.operation).collect()
    }

    /// A provider that talks to this.
    pub fn aws(self: &Arc<Self>) -> Aws {
        Aws::new(self.config().lineage("lineage-1"))
    }

    pub fn config(self: &Arc<Self>) -> Config {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let now = Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        Config::new(credentials, Rc::new(Still)).transport(Arc::clone(self) as Arc<dyn Transport>, now)
    }
}

impl Transport for Canned {
    fn send(&self, request: http::Request<Bytes>) -> Reply {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let mut parameters: BTreeMap<String, String> = body
            .split('&')
            .filter(|_| !body.starts_with('{'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = match (parameters.get("Action"), target) {
            (Some(action), _) => {
                let version = parameters.get("Version").map(String::as_str).unwrap_or_default();
                let with_version = format!("{action} {version}");
                let is_told = self.answers.lock().unwrap().contains_key(&with_version);
                if is_told { with_version } else { action.clone() }
            }
            (None, Some(target)) => {
                parameters = BTreeMap::from([("body".to_owned(), body)]);
                target.rsplit('.').next().unwrap_or_default().to_owned()
            }
            (None, None) => {
                parameters = BTreeMap::from([("body".to_owned(), body)]);
                format!("{} {}", request.method(), request.uri().path())
            }
        };
        let host = request.uri().host().unwrap_or_default().to_owned();
        self.seen.lock().unwrap().push(Seen { operation: operation.clone(), host, parameters });
        let mut answers = self.answers.lock().unwrap();
        let queue = answers.get_mut(&operation).unwrap_or_else(|| panic!("no answer for {operation}"));
        let answer = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() };
        let answer = answer.unwrap().map(|(status, body)| {
            http::Response::builder().status(status).header("x-amzn-requestid", "r-9").body(Bytes::from(body)).unwrap()
        });
        Box::pin(async move { answer })
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A clock that stands still.
pub struct Still;

#[async_trait(?Send)]
impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::from_secs(1_700_000_000)
    }

    async fn sleep(&self, _: Duration) {}
}

/// Attributes of texts.
pub fn attributes<const N: usize>(pairs: [(&str, &str); N]) -> Attributes {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), Datum::from(value))).collect()
}

/// What is asked for at an address.
pub fn make(address: &str, desired: Attributes) -> MakeRequest {
    let address: fathuss_model::Address = address.parse().unwrap();
    MakeRequest {
        address: address.clone(),
        region: "us-east-1".to_owned(),
        account: "111122223333".to_owned(),
        mark: Mark { lineage: "lineage-1".to_owned(), address, generation: 1 },
        token: "f".repeat(64),
        desired: Desired { attributes: desired, ..Desired::default() },
    }
}

/// What stands at an address.
pub fn standing(address: &str, identity: &str, desired: Attributes) -> Standing {
    make(address, desired).standing(Identity(identity.to_owned()))
}

/// A question for what stands at an address.
pub fn read(address: &str, identity: &str, recorded: Attributes) -> ReadRequest {
    ReadRequest {
        address: address.parse().unwrap(),
        region: "us-east-1".to_owned(),
        identity: Identity(identity.to_owned()),
        recorded,
    }
}
