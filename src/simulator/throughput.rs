//! How much the simulator bears: answers a second, in this process and over HTTP, and the memory of a large world.
//!
//! `cargo xtask bench` builds this with optimisation, runs it and puts what it prints among the other figures.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fathuss_simulator::{Config, Simulator, SystemClock, Time};
use hmac::{Hmac, Mac};
use http::Request;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Runs of each figure.
const RUNS: usize = 5;
/// How long each rate is measured.
const SPAN: Duration = Duration::from_secs(2);
/// Callers at once: one for each core that the aims are for.
const CALLERS: usize = 2;
/// Connections over HTTP: enough that none waits for the network alone.
const CONNECTIONS: usize = 8;
/// Resources of the large world.
const RESOURCES: usize = 100_000;
const HOST: &str = "ec2.us-east-1.amazonaws.com";
const KIND: &str = "application/x-www-form-urlencoded";

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let rate = |runs: &[f64]| format!("{} a second", spread(runs, 0));
    let here = repeated(in_process)?;
    println!(
        "| `DescribeVpcs` in process, signatures checked, {CALLERS} callers | 20,000 a second | {} |",
        rate(&here)
    );
    let there = repeated(over_http)?;
    println!(
        "| the same over HTTP, {CONNECTIONS} connections of clients on the same cores | 3,000 a second | {} |",
        rate(&there)
    );
    let (bytes, seconds) = large_world()?;
    println!(
        "| a world of {RESOURCES} EC2 resources: its memory | 1 GB | {:.0} MB, made in {seconds:.1} s |",
        bytes / 1e6
    );
    // The program that serves is another package's; without it the rest can still be measured.
    if let Some(program) = std::env::var_os("FATHUSS") {
        let started = repeated(|| start(&program))?;
        println!(
            "| from the start of `fathuss sandbox serve` to its first answer | 50 ms | {} ms |",
            spread(&started, 0)
        );
    }
    Ok(())
}

fn repeated(measure: impl Fn() -> Result<f64, Failed>) -> Result<Vec<f64>, Failed> {
    (0..RUNS).map(|_| measure()).collect()
}

/// Median and range.
fn spread(runs: &[f64], digits: usize) -> String {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    format!("{:.digits$} ({least:.digits$} to {most:.digits$})", sorted[sorted.len() / 2])
}

/// A world whose time is the wall's, so that one signature holds for all of a run.
fn world() -> Result<Simulator, Failed> {
    let mut config = Config::calm(1);
    config.time = Time::Scaled { wall: Arc::new(SystemClock), speed: 1.0 };
    config.start = jiff::Timestamp::now();
    Ok(Simulator::open(config)?)
}

fn in_process() -> Result<f64, Failed> {
    let simulator = world()?;
    let began = Instant::now();
    let counts = std::thread::scope(|scope| {
        let call = || -> Result<u64, Failed> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
            let request = signed("Action=DescribeVpcs&Version=2016-11-15")?;
            let mut count = 0;
            while began.elapsed() < SPAN {
                let answer = runtime.block_on(simulator.handle(request.clone()))?;
                if answer.status() != 200 {
                    return Err(String::from_utf8_lossy(answer.body()).into());
                }
                count += 1;
            }
            Ok(count)
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
        callers
            .into_iter()
            .map(|caller| caller.join().map_err(|_| "a caller panicked")?)
            .collect::<Result<Vec<_>, Failed>>()
    })?;
    Ok(counts.iter().sum::<u64>() as f64 / began.elapsed().as_secs_f64())
}

fn over_http() -> Result<f64, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(CALLERS).enable_all().build()?;
    runtime.block_on(async {
        let simulator = world()?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move { simulator.serve(listener, Arc::new(SystemClock)).await });
        let request = signed("Action=DescribeVpcs&Version=2016-11-15")?;
        let mut bytes = String::from("POST / HTTP/1.1\r\n");
        for (name, value) in request.headers() {
            bytes += &format!("{name}: {}\r\n", value.to_str()?);
        }
        bytes += &format!("content-length: {}\r\n\r\n{}", request.body().len(), std::str::from_utf8(request.body())?);
        let began = Instant::now();
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let bytes = bytes.clone();
                tokio::spawn(async move { connection(address, bytes.as_bytes(), began + SPAN).await })
            })
            .collect();
        let mut count = 0;
        for client in clients {
            count += client.await??;
        }
        server.abort();
        Ok(count as f64 / began.elapsed().as_secs_f64())
    })
}

/// A request as HTTP/1.1 sends it.
fn on_the_wire(request: &Request<Bytes>) -> Result<String, Failed> {
    let mut text = String::from("POST / HTTP/1.1\r\n");
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\r\n", value.to_str()?);
    }
    let body = std::str::from_utf8(request.body())?;
    Ok(text + &format!("content-length: {}\r\n\r\n{body}", body.len()))
}

/// Asks again and again on one connection.
async fn connection(address: std::net::SocketAddr, bytes: &[u8], until: Instant) -> Result<u64, Failed> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut count, mut read) = (0, Vec::new());
    while Instant::now() < until {
        stream.write_all(bytes).await?;
        read.clear();
        // The answer's element is closed at its very end.
        while !read.ends_with(b"</DescribeVpcsResponse>") {
            if stream.read_buf(&mut read).await? == 0 {
                return Err(String::from_utf8_lossy(&read).into());
            }
        }
        count += 1;
    }
    Ok(count)
}

/// Milliseconds from a process's start to its answer to a signed request.
fn start(program: &OsStr) -> Result<f64, Failed> {
    let began = Instant::now();
    let mut server = Command::new(program)
        .args(["sandbox", "serve", "--memory", "--port", "0"])
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::piped())
        .spawn()?;
    let answered = first_answer(&mut server);
    let took = began.elapsed();
    server.kill()?;
    server.wait()?;
    answered.map(|()| took.as_secs_f64() * 1000.0)
}

fn first_answer(server: &mut Child) -> Result<(), Failed> {
    let mut said = String::new();
    BufReader::new(server.stdout.take().ok_or("it has no output")?).read_line(&mut said)?;
    let (_, address) = said.trim().rsplit_once("http://").ok_or("it does not say where it listens")?;
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(on_the_wire(&signed("Action=DescribeVpcs&Version=2016-11-15")?)?.as_bytes())?;
    let mut first = [0; 12];
    stream.read_exact(&mut first)?;
    if first == *b"HTTP/1.1 200" { Ok(()) } else { Err(String::from_utf8_lossy(&first).into()) }
}

/// The memory that a large world takes, and the seconds that it took to make.
fn large_world() -> Result<(f64, f64), Failed> {
    let mut config = Config::calm(1);
    let quotas = Simulator::open(Config::calm(1))?.rules();
    config.rules_off =
        quotas.into_iter().map(|(rule, _)| rule.id.to_owned()).filter(|id| id.contains("quota")).collect();
    config.rules_off.insert("signature".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let simulator = {
        let _inside = runtime.enter();
        Simulator::open(config)?
    };
    let before = resident()?;
    let began = Instant::now();
    let tagged = |kind: &str, at: usize| {
        format!(
            "&TagSpecification.1.ResourceType={kind}&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=number-{at}"
        )
    };
    for at in 0..RESOURCES {
        let body = match at % 4 {
            0 => format!("Action=CreateVolume&AvailabilityZone=us-east-1a&Size=8{}", tagged("volume", at)),
            1 => format!("Action=AllocateAddress&Domain=vpc{}", tagged("elastic-ip", at)),
            2 => format!("Action=CreateInternetGateway{}", tagged("internet-gateway", at)),
            _ => format!(
                "Action=CreateLaunchTemplate&LaunchTemplateName=template-{at}&LaunchTemplateData.InstanceType=t3.micro"
            ),
        };
        let answer = runtime.block_on(simulator.handle(signed(&format!("{body}&Version=2016-11-15"))?))?;
        if answer.status() != 200 {
            return Err(format!("{body}: {}", String::from_utf8_lossy(answer.body())).into());
        }
    }
    Ok((resident()? - before, began.elapsed().as_secs_f64()))
}

/// The bytes of this process that are in memory.
fn resident() -> Result<f64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the system does not say")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

/// A request of the administrator, signed now.
fn signed(body: &str) -> Result<Request<Bytes>, Failed> {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let date = &stamp[..8];
    let digest = hex::encode(Sha256::digest(body.as_bytes()));
    let headers = format!("content-type:{KIND}\nhost:{HOST}\nx-amz-date:{stamp}\n");
    let names = "content-type;host;x-amz-date";
    let canonical = format!("POST\n/\n\n{headers}\n{names}\n{digest}");
    let scope = format!("{date}/us-east-1/ec2/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
    let mut key = b"AWS4test".to_vec();
    for part in [date, "us-east-1", "ec2", "aws4_request", &text] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
        mac.update(part.as_bytes());
        key = mac.finalize().into_bytes().to_vec();
    }
    let signature = hex::encode(key);
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders={names}, Signature={signature}");
    let request = Request::post(format!("http://{HOST}/"));
    let request = request.header("content-type", KIND).header("host", HOST).header("x-amz-date", &stamp);
    Ok(request.header("authorization", authorization).body(Bytes::from(body.to_owned()))?)
}
