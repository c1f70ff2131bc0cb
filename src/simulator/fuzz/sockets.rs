//! Bytes on a socket: broken HTTP, bodies in chunks, bodies that are too large or end early.

use std::sync::Arc;
use std::time::Duration;

use fathuss_simulator::{Config, Simulator, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

const HEAD: &str = "POST / HTTP/1.1\r\nhost: ec2.us-east-1.amazonaws.com\r\nconnection: close\r\n\
    content-type: application/x-www-form-urlencoded\r\nx-amz-date: 20260209T090000Z\r\nauthorization: AWS4-HMAC-SHA256 \
    Credential=test/20260209/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=00\r\n";
const BODY: &str = "Action=DescribeVpcs&Version=2016-11-15";

async fn ask(address: std::net::SocketAddr, bytes: &[u8], end: bool) -> String {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The other side may hang up before it has heard all.
        let _ = stream.write_all(bytes).await;
        if end {
            let _ = stream.shutdown().await;
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::time::timeout(PATIENCE, talk).await.expect("an answer or an end in time")
}

#[tokio::test]
async fn a_socket_bears_what_is_no_request_and_reads_bodies_in_chunks() {
    let mut config = Config::calm(1);
    config.rules_off.insert("signature".to_owned());
    let simulator = Simulator::open(config).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { simulator.serve(listener, Arc::new(SystemClock)).await });

    let whole = format!("{HEAD}content-length: {}\r\n\r\n{BODY}", BODY.len());
    let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n6\r\nAction\r\n20\r\n{}\r\n0\r\n\r\n", &BODY[6..]);
    for sound in [&whole, &chunked] {
        let answer = ask(address, sound.as_bytes(), false).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("DescribeVpcsResponse"), "{answer}");
    }

    let success = |answer: &str| answer.starts_with("HTTP/1.1 2");
    let mut numbers = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        numbers ^= numbers << 13;
        numbers ^= numbers >> 7;
        numbers ^= numbers << 17;
        (numbers % bound as u64) as usize
    };
    for round in 0..150 {
        let mut bytes = if round % 2 == 0 { whole.clone() } else { chunked.clone() }.into_bytes();
        match round % 3 {
            // A body that ends early is a client gone.
            0 => bytes.truncate(bytes.len() - 1 - next(BODY.len())),
            // Of what stands before the body no byte may be one that HTTP does not have.
            1 => {
                let at = next(HEAD.len());
                bytes[at] = [0, b'\n', 0xff, 0x7f][next(4)];
            }
            _ => bytes = (0..next(400)).map(|_| next(256) as u8).collect(),
        }
        let answer = ask(address, &bytes, true).await;
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert!(round % 3 == 1 || !success(&answer), "{answer}\nto {shown}");
    }

    let large = 64 << 20;
    let length = format!("{HEAD}content-length: {large}\r\n\r\n{BODY}&A=");
    let refused = ask(address, length.as_bytes(), true).await;
    assert!(!success(&refused), "{refused}");
    let mut endless = format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..512 {
        endless.extend_from_slice(b"10000\r\n");
        endless.extend_from_slice(&[b'a'; 0x10000]);
        endless.extend_from_slice(b"\r\n");
    }
    let refused = ask(address, &endless, true).await;
    assert!(!success(&refused), "{refused}");

    let answer = ask(address, whole.as_bytes(), false).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "it serves on: {answer}");
    server.abort();
}
