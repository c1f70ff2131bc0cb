//! Requests that were once taken for something else, or would have brought the process down, each in its plainest
//! form.

use bytes::Bytes;
use fathuss_simulator::model::Protocol;
use fathuss_simulator::{Config, Simulator};

use crate::answer;

/// What a request is refused with: a service, a method and path, a body, the code.
const REFUSED: &[(&str, &str, &str, &[u8], &str)] = &[
    // A name that comes twice, in a form and in JSON.
    ("ec2", "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15&MaxResults=5&MaxResults=6", "MalformedQueryString"),
    ("eks", "POST", "/clusters", br#"{"name": "a", "name": "b"}"#, "SerializationException"),
    // Bytes that are no text, which became a mark that stood for any of them.
    ("ec2", "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15&VpcId.1=%FF", "MalformedQueryString"),
    ("iam", "POST", "/", b"Action=ListRoles&Version=2010-05-08&PathPrefix=/\xff", "MalformedQueryString"),
    ("eks", "GET", "/clusters/%FF", b"", "SerializationException"),
    // Items numbered as no client numbers them, and so put in another place.
    ("ec2", "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15&VpcId.0=vpc-1", "UnknownParameter"),
    ("ec2", "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15&VpcId.01=vpc-1", "UnknownParameter"),
    // Text where a structure belongs, and strays within a structure, which were dropped.
    ("ec2", "POST", "/", b"Action=DescribeVpcs&Version=2016-11-15&Filter.1=a", "InvalidParameterValue"),
    ("rds", "POST", "/", b"Action=DescribeDBInstances&Version=2014-10-31&Filters.Filter.1=a", "ValidationError"),
    // Another path, another method.
    ("ec2", "POST", "/elsewhere", b"Action=DescribeVpcs&Version=2016-11-15", "InvalidAction"),
    ("sts", "PUT", "/", b"Action=GetCallerIdentity&Version=2011-06-15", "InvalidAction"),
];

async fn ask(simulator: &Simulator, service: &str, method: &str, path: &str, body: &[u8]) -> Option<String> {
    let kind = if service == "eks" { "application/json" } else { "application/x-www-form-urlencoded" };
    let scope = format!("test/20260209/us-east-1/{service}/aws4_request");
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://{service}.us-east-1.amazonaws.com{path}"))
        .header("content-type", kind)
        .header("x-amz-date", "20260209T090000Z")
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"))
        .body(Bytes::copy_from_slice(body))
        .unwrap();
    answer::code(&simulator.handle(request).await.unwrap(), Protocol::Ec2Query, false).unwrap()
}

fn unsigned() -> Simulator {
    let mut config = Config::calm(1);
    config.rules_off.insert("signature".to_owned());
    Simulator::open(config).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_once_understood_wrongly_is_refused() {
    let simulator = unsigned();
    for (service, method, path, body, code) in REFUSED {
        let found = ask(&simulator, service, method, path, body).await;
        assert_eq!(found.as_deref(), Some(*code), "{service} {method} {path} {}", String::from_utf8_lossy(body));
    }
}

#[tokio::test(start_paused = true)]
async fn no_depth_of_names_or_lists_and_no_size_ends_the_process() {
    let simulator = unsigned();
    let start = b"Action=DescribeVpcs&Version=2016-11-15&A".to_vec();
    let deep = [start.clone(), b".A".repeat(200_000), b"=a".to_vec()].concat();
    assert_eq!(ask(&simulator, "ec2", "POST", "/", &deep).await.as_deref(), Some("MalformedQueryString"));
    let lists = [br#"{"tags":"#.to_vec(), b"[".repeat(500_000)].concat();
    assert_eq!(ask(&simulator, "eks", "POST", "/clusters", &lists).await.as_deref(), Some("SerializationException"));
    let large = [start, b"a".repeat(2 << 20)].concat();
    assert_eq!(ask(&simulator, "ec2", "POST", "/", &large).await.as_deref(), Some("RequestEntityTooLarge"));
}
