//! What answers an analysis in the place of Prometheus: one value for each query, which a test decides on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The answers, until the test ends.
pub struct Prometheus {
    address: SocketAddr,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    error_rate: f64,
    queries: Vec<String>,
}

impl Prometheus {
    /// Answers at a free port: no errors, and a 99th percentile of 120 ms.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        let told = Arc::<Mutex<Told>>::default();
        let shared = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A client that went away asks again.
                std::thread::spawn(move || drop(answer(stream, &shared)));
            }
        });
        Self { address, told }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The share of errors from now on.
    pub fn error_rate(&self, rate: f64) {
        self.told.lock().expect("nothing failed").error_rate = rate;
    }

    /// What it was asked, in PromQL as forms write it.
    pub fn queries(&self) -> Vec<String> {
        self.told.lock().expect("nothing failed").queries.clone()
    }
}

/// Answers one request, and says that no other follows.
fn answer(stream: TcpStream, told: &Mutex<Told>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut form = vec![0; length];
    reader.read_exact(&mut form)?;
    let form = String::from_utf8_lossy(&form).into_owned();
    let is_query = first.split(' ').nth(1).is_some_and(|path| path.starts_with("/api/v1/query"));
    let (status, body) = if is_query {
        let mut told = told.lock().expect("nothing failed");
        let value = if form.contains("histogram_quantile") { 120.0 } else { told.error_rate };
        told.queries.push(form);
        let result = serde_json::json!([{ "metric": {}, "value": [1_700_000_000, value.to_string()] }]);
        let data = serde_json::json!({ "resultType": "vector", "result": result });
        ("200 OK", serde_json::json!({ "status": "success", "data": data }).to_string())
    } else {
        ("404 Not Found", String::new())
    };
    let head = format!("content-type: application/json\r\ncontent-length: {}\r\nconnection: close", body.len());
    write!(reader.get_mut(), "HTTP/1.1 {status}\r\n{head}\r\n\r\n{body}")
}
