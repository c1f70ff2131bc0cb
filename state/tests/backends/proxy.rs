//! Between a backend and its server: lets requests through, or does to one of them what networks and busy servers do.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out, and answered.
    Through,
    /// It is carried out, and the connection ends before the answer.
    AnswerLost,
    /// It is not carried out, and the connection ends.
    RequestLost,
    /// It is not carried out, and answered with this status.
    Refused(u16),
    /// It is carried out, and answered with this status all the same.
    Misreported(u16),
    /// It is carried out as if it had no condition.
    Unconditional,
}

type Decide = Box<dyn FnMut(&Request) -> Fate + Send>;

/// A proxy, until its process ends.
#[derive(Clone)]
pub struct Proxy {
    /// Its address.
    pub url: String,
    decide: Arc<Mutex<Decide>>,
    seen: Arc<Mutex<Vec<Request>>>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `PUT`.
    pub method: String,
    /// Its path and query.
    pub target: String,
    head: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Whether it puts an object of this name, or under this folder.
    pub fn puts(&self, key: &str) -> bool {
        self.method == "PUT" && self.target.contains(key)
    }

    /// Whether it deletes an object of this name, or under this folder.
    pub fn deletes(&self, key: &str) -> bool {
        self.method == "DELETE" && self.target.contains(key)
    }

    /// Whether it has this header.
    pub fn has(&self, header: &str) -> bool {
        self.head.iter().any(|(name, _)| name == header)
    }
}

impl Proxy {
    /// A proxy for the server at this `http://` address.
    pub fn before(server: &str) -> Self {
        let server = server.strip_prefix("http://").expect("plain http").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let decide: Arc<Mutex<Decide>> = Arc::new(Mutex::new(Box::new(|_| Fate::Through)));
        let seen = Arc::default();
        let proxy = Self { url, decide, seen };
        let serving = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (serving, server) = (serving.clone(), server.clone());
                // A connection that breaks is what this is for.
                thread::spawn(move || client.and_then(|client| serving.serve(client, &server)));
            }
        });
        proxy
    }

    /// From now on, this says what becomes of each request.
    pub fn decide(&self, decide: impl FnMut(&Request) -> Fate + Send + 'static) {
        *self.decide.lock().expect("whole") = Box::new(decide);
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("whole").clone()
    }

    fn serve(&self, mut client: TcpStream, server: &str) -> io::Result<()> {
        while let Some(request) = read_request(&mut client)? {
            let fate = (self.decide.lock().expect("whole"))(&request);
            self.seen.lock().expect("whole").push(request.clone());
            let answer = match fate {
                Fate::RequestLost => return Ok(()),
                Fate::Refused(status) => refusal(status),
                Fate::Through => forward(&request, server, false)?,
                Fate::Unconditional => forward(&request, server, true)?,
                Fate::AnswerLost => {
                    forward(&request, server, false)?;
                    return Ok(());
                }
                Fate::Misreported(status) => {
                    forward(&request, server, false)?;
                    refusal(status)
                }
            };
            client.write_all(&answer)?;
        }
        Ok(())
    }
}

fn read_request(client: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let mut more = [0; 4096];
        match client.read(&mut more)? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&more[..read]),
        }
    };
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let head: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        head.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap_or(0));
    let mut body = bytes.split_off(end);
    let read = body.len();
    body.resize(length, 0);
    client.read_exact(&mut body[read..])?;
    Ok(Some(Request { method, target, head, body }))
}

/// Carries a request out, and gives the answer as it came.
fn forward(request: &Request, server: &str, unconditional: bool) -> io::Result<Vec<u8>> {
    let mut upstream = TcpStream::connect(server)?;
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    for (name, value) in &request.head {
        let condition = name == "if-match" || name == "if-none-match";
        if name != "connection" && !(unconditional && condition) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text.push_str("connection: close\r\n\r\n");
    upstream.write_all(text.as_bytes())?;
    upstream.write_all(&request.body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    Ok(answer)
}

fn refusal(status: u16) -> Vec<u8> {
    let code = match status {
        409 => "ConditionalRequestConflict",
        412 => "PreconditionFailed",
        503 => "SlowDown",
        403 => "AccessDenied",
        _ => "InternalError",
    };
    let body = format!("<Error><Code>{code}</Code><Message>Said by the test.</Message></Error>");
    format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
