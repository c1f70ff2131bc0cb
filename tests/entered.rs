//! The way into a cluster whose endpoint is not simply there: through a port forward or a proxy, with a token that ran out,
//! while its API server is away, and when it never answers again. `cargo xtask test clusters` runs it.
#![cfg(unix)]

mod program;
#[path = "cluster/site.rs"]
mod site;
#[path = "cluster/stack.rs"]
mod stack;

use std::cell::Cell;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use fathuss_aws::{Aws, Config};
use fathuss_engine::Provider as _;
use fathuss_engine::provider::{Attributes, Failure, FailureClass, Observation, ReadRequest};
use fathuss_kubernetes::{Clusters, Endpoint, Helm, Kubernetes, Token};
use fathuss_state::Identity;
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use program::{ask, declare, fathuss};
use serde_json::{Value as Json, json};
use site::{PROGRAM, Site, client, copy, of, said, show, until};

/// How a client says where it wants to go.
#[derive(Clone, Copy)]
enum Speech {
    /// It does not: there is one place.
    Forward,
    /// `CONNECT host:port`.
    Http,
    /// <https://www.rfc-editor.org/rfc/rfc1928>
    Socks,
}

/// Passes connections on to what stands behind it, while it is open.
struct Passage {
    port: u16,
    target: Arc<Mutex<Option<String>>>,
    open: Arc<AtomicBool>,
    passed: Arc<AtomicUsize>,
}

impl Passage {
    fn new(speech: Speech) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it has one").port();
        let passage = Self { port, target: Arc::default(), open: Arc::new(true.into()), passed: Arc::default() };
        let (target, open, passed) =
            (Arc::clone(&passage.target), Arc::clone(&passage.open), Arc::clone(&passage.passed));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if !open.load(Ordering::Relaxed) {
                    continue;
                }
                let (target, open, passed) = (Arc::clone(&target), Arc::clone(&open), Arc::clone(&passed));
                std::thread::spawn(move || {
                    let forwarded = target.lock().expect("nobody died").clone();
                    let Some(to) = wanted(&stream, speech).or(forwarded) else { return };
                    let Ok(there) = TcpStream::connect(&to) else { return };
                    passed.fetch_add(1, Ordering::Relaxed);
                    pass(&stream, &there, &open);
                });
            }
        });
        passage
    }

    fn to(&self, target: &str) {
        *self.target.lock().expect("nobody died") = Some(target.to_owned());
    }

    fn open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }
}

/// Hears where a client wants to go, and tells it that it is there.
fn wanted(mut stream: &TcpStream, speech: Speech) -> Option<String> {
    match speech {
        Speech::Forward => None,
        Speech::Http => {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).ok()?;
                head.push(byte[0]);
            }
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
            let head = String::from_utf8_lossy(&head).into_owned();
            head.strip_prefix("CONNECT ")?.split(' ').next().map(str::to_owned)
        }
        Speech::Socks => {
            let mut greeting = [0; 2];
            stream.read_exact(&mut greeting).ok()?;
            stream.read_exact(&mut vec![0; greeting[1].into()]).ok()?;
            stream.write_all(&[5, 0]).ok()?;
            let mut request = [0; 4];
            stream.read_exact(&mut request).ok()?;
            let host = match request[3] {
                1 => {
                    let mut address = [0; 4];
                    stream.read_exact(&mut address).ok()?;
                    Ipv4Addr::from(address).to_string()
                }
                3 => {
                    let mut length = [0];
                    stream.read_exact(&mut length).ok()?;
                    let mut name = vec![0; length[0].into()];
                    stream.read_exact(&mut name).ok()?;
                    String::from_utf8(name).ok()?
                }
                _ => return None,
            };
            let mut port = [0; 2];
            stream.read_exact(&mut port).ok()?;
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
            Some(format!("{host}:{}", u16::from_be_bytes(port)))
        }
    }
}

/// Copies both ways until one side ends or the passage is closed.
fn pass(here: &TcpStream, there: &TcpStream, open: &AtomicBool) {
    std::thread::scope(|scope| {
        for (mut from, mut to) in [(here, there), (there, here)] {
            scope.spawn(move || {
                let _ = from.set_read_timeout(Some(Duration::from_millis(50)));
                let mut buffer = [0; 16 * 1024];
                while open.load(Ordering::Relaxed) {
                    match from.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) if to.write_all(&buffer[..count]).is_ok() => {}
                        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                        _ => break,
                    }
                }
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
            });
        }
    });
}

const ACCOUNT: &str = "111122223333";

/// What `fathuss.toml` says, with this way into clusters.
fn file(way: &str) -> String {
    format!(
        "program = [\"cat\"]\n[stacks.cluster]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\n[stacks.cluster.clusters]\n{way}\n"
    )
}

/// The program as in a cloud that a sandbox plays: nobody tells it that its clusters are of a sandbox.
fn in_cloud(site: &Site, endpoint: &str, words: &str) -> Command {
    let mut command = fathuss(PROGRAM.as_ref(), site.folder.path(), words);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test");
    command
}

fn well(site: &Site, endpoint: &str, words: &str) -> String {
    let output = in_cloud(site, endpoint, words).output().expect("it starts");
    assert!(output.status.success(), "{words}: {}", said(&output));
    said(&output)
}

/// Host and port of the cluster's API server, once there is one.
fn api_server(site: &Site) -> String {
    let end = Instant::now() + Duration::from_secs(240);
    loop {
        let output = site.run("sandbox kubeconfig");
        if output.status.success() {
            let config: Json = serde_json::from_slice(&output.stdout).expect("it is one");
            let server = config["clusters"][0]["cluster"]["server"].as_str().expect("it is there");
            return server.trim_start_matches("https://").to_owned();
        }
        assert!(Instant::now() < end, "{}", said(&output));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[tokio::test]
async fn a_cluster_is_entered_by_whichever_way_leads_there_and_goes_when_none_does() {
    let forward = Passage::new(Speech::Forward);
    let site =
        Site::new(&file(&format!("address = \"https://127.0.0.1:{}\"", forward.port)), &[("cluster", stack::two)]);
    copy(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cluster/chart")),
        &site.folder.path().join("chart"),
    );
    // Slow enough for what is waited for in the world's time to be waited for here.
    let up = site.well("sandbox up --speed 20");
    let endpoint = up.split_whitespace().find(|word| word.starts_with("http://")).expect("it says where it is");
    let endpoint = endpoint.trim_end_matches(['.', ';']).to_owned();

    // The forward leads nowhere until the cluster is there: it is waited for, and then Helm goes through it, too.
    let applying = in_cloud(&site, &endpoint, "apply cluster --yes");
    let applying = std::thread::spawn({
        let mut applying = applying;
        move || applying.output().expect("it starts")
    });
    let server = api_server(&site);
    std::thread::sleep(Duration::from_secs(3));
    forward.to(&server);
    let applied: Output = applying.join().expect("it ended");
    assert!(applied.status.success(), "{}", said(&applied));
    assert!(said(&applied).contains("20 created"), "{}", said(&applied));
    assert!(forward.passed() > 0);
    assert!(well(&site, &endpoint, "plan cluster").contains("No changes"));

    for (speech, scheme) in [(Speech::Http, "http"), (Speech::Socks, "socks5")] {
        let proxy = Passage::new(speech);
        let way = format!("proxy = \"{scheme}://127.0.0.1:{}\"", proxy.port);
        fs::write(site.folder.path().join("fathuss.toml"), file(&way)).expect("there is room");
        let told = well(&site, &endpoint, "doctor");
        assert!(told.contains("v1.35") && proxy.passed() > 0, "{scheme}: {told}");
        let before = (forward.passed(), proxy.passed());
        let next = if scheme == "http" { stack::three } else { stack::two };
        declare(site.folder.path(), &[("cluster", next)]);
        let told = well(&site, &endpoint, "apply cluster --yes");
        assert!(told.contains("1 changed"), "{scheme}: {told}");
        assert!(forward.passed() == before.0 && proxy.passed() > before.1 + 1, "{scheme}: Helm's calls, too");

        // It is away for a moment.
        proxy.open(false);
        let mut planning = in_cloud(&site, &endpoint, "plan cluster");
        let planning = std::thread::spawn(move || planning.output().expect("it starts"));
        std::thread::sleep(Duration::from_millis(1500));
        proxy.open(true);
        let planned = planning.join().expect("it ended");
        assert!(planned.status.success() && said(&planned).contains("No changes"), "{}", said(&planned));
    }

    // What others put into it has a load balancer and a volume in AWS.
    let made_by_others = others(&site).await;
    // Nothing leads there any more. What stays is planned by what is known, which says what can be done; what goes goes.
    let nowhere = "address = \"https://127.0.0.1:9\"";
    fs::write(site.folder.path().join("fathuss.toml"), file(nowhere)).expect("there is room");
    let doubted = in_cloud(&site, &endpoint, "plan cluster --detailed-exitcode").output().expect("it starts");
    let text = said(&doubted);
    assert_eq!(doubted.status.code(), Some(2), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("and 4 could not be read") && text.contains("can be reached from here"), "{text}");
    let planned = well(&site, &endpoint, "plan cluster --destroy");
    let goes = ["can't be asked, goes with aws_eks_cluster.main", "load balancer k8s-default-door-", "DESTROYS DATA"];
    for part in goes.into_iter().chain([format!("volume {made_by_others} of default/data").as_str()]) {
        assert!(planned.contains(part), "{part}: {planned}");
    }
    assert_eq!(world(&endpoint, "elasticloadbalancing.load_balancer"), 1);
    let destroyed = well(&site, &endpoint, "destroy cluster --yes");
    assert!(destroyed.contains("4 forgotten"), "{destroyed}");
    assert!(site.well("sandbox status").contains("It has no cluster."));
    for table in ["elasticloadbalancing.load_balancer", "elasticloadbalancing.target_group"] {
        assert_eq!(world(&endpoint, table), 0, "{table}");
    }
    let again = well(&site, &endpoint, "plan cluster");
    assert!(again.contains("20 to create"), "{again}");
}

/// How many of a thing the simulated AWS has.
fn world(endpoint: &str, table: &str) -> usize {
    let rows = ask(endpoint.trim_start_matches("http://"), &format!("world/{table}"));
    rows.as_array().expect("it is a list").len()
}

/// Installs by hand what no stack knows: a load balancer's controller, a Service of its class, and a claim. The volume's id.
async fn others(site: &Site) -> String {
    let client = client(site).await;
    let objects = [
        (
            "kube-system",
            "apps/v1/Deployment",
            json!({
                "metadata": {
                    "name": "aws-load-balancer-controller",
                    "labels": { "app.kubernetes.io/name": "aws-load-balancer-controller" },
                },
                "spec": {
                    "selector": { "matchLabels": { "app": "controller" } },
                    "template": {
                        "metadata": { "labels": { "app": "controller" } },
                        "spec": {
                            "tolerations": [{ "operator": "Exists" }],
                            "containers": [{ "name": "controller", "image": "registry.k8s.io/pause:3.10" }],
                        },
                    },
                },
            }),
        ),
        (
            "default",
            "/v1/Service",
            json!({
                "metadata": {
                    "name": "door",
                    "annotations": { "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing" },
                },
                "spec": {
                    "type": "LoadBalancer",
                    "loadBalancerClass": "service.k8s.aws/nlb",
                    "selector": { "app": "door" },
                    "ports": [{ "port": 80 }],
                },
            }),
        ),
        (
            "default",
            "/v1/PersistentVolumeClaim",
            json!({
                "metadata": { "name": "data" },
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "now",
                    "resources": { "requests": { "storage": "1Gi" } },
                },
            }),
        ),
    ];
    let class = json!({
        "metadata": { "name": "now" },
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "Immediate",
    });
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("storage.k8s.io", "v1", "StorageClass"));
    let class = serde_json::from_value(class).expect("it is an object");
    let classes = Api::<DynamicObject>::all_with(client.clone(), &resource);
    classes.create(&PostParams::default(), &class).await.expect("it can be made");
    for (namespace, kind, object) in objects {
        let object = serde_json::from_value(object).expect("it is an object");
        of(&client, kind, namespace).create(&PostParams::default(), &object).await.expect("it can be made");
    }
    let services = of(&client, "/v1/Service", "default");
    until("the Service has an address", async || {
        let door = show(&services, "door").await;
        if door["status"]["loadBalancer"]["ingress"].is_array() { Ok(()) } else { Err(door.to_string()) }
    })
    .await;
    let claims = of(&client, "/v1/PersistentVolumeClaim", "default");
    let volume = until("the claim has a volume", async || {
        let claim = show(&claims, "data").await;
        claim["spec"]["volumeName"].as_str().map(str::to_owned).ok_or(claim.to_string())
    })
    .await;
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "PersistentVolume"));
    let volume = show(&Api::all_with(client.clone(), &resource), &volume).await;
    volume["spec"]["csi"]["volumeHandle"].as_str().expect("it is one of EBS's").to_owned()
}

/// Enters with a token that was signed an hour ago, and after that with good ones.
struct Late {
    old: Aws,
    new: Aws,
    endpoint: Endpoint,
    given: Rc<Cell<usize>>,
}

#[async_trait(?Send)]
impl Clusters for Late {
    async fn endpoint(&self, _: &str, _: &str) -> Result<Option<Endpoint>, Failure> {
        Ok(Some(self.endpoint.clone()))
    }

    async fn token(&self, region: &str, name: &str) -> Result<Token, Failure> {
        let given = self.given.replace(self.given.get() + 1);
        let whose = if given == 0 { &self.old } else { &self.new };
        let lifetime = Duration::from_secs(600);
        Ok(Token { text: whose.cluster_token(region, name).await?, lifetime })
    }

    async fn helm(&self) -> Result<Helm, Failure> {
        unreachable!("nothing is installed")
    }
}

#[tokio::test]
async fn a_token_that_ran_out_is_made_anew() {
    let site = Site::new(&file(""), &[("cluster", stack::cluster)]);
    site.well("apply cluster --sandbox --yes");
    let config: Json = serde_json::from_str(&site.well("sandbox kubeconfig")).expect("it is one");
    let cluster = &config["clusters"][0]["cluster"];
    let text = |name: &str| cluster[name].as_str().expect("it is there").to_owned();
    let endpoint =
        Endpoint { url: text("server"), authority: text("certificate-authority-data"), server_name: None, proxy: None };
    let signed = |ago: u64| {
        let credentials = Credentials::new(ACCOUNT, "test", None, None, "test");
        let now = Arc::new(move || SystemTime::now() - Duration::from_secs(ago));
        Aws::new(Config::new(credentials, Rc::new(Still)).transport(Arc::new(Nowhere), now))
    };
    let given = Rc::new(Cell::new(0));
    let late = Late { old: signed(3600), new: signed(0), endpoint, given: Rc::clone(&given) };
    let kubernetes = Kubernetes::new(late);
    let request = ReadRequest {
        address: "cluster.kubernetes_namespace.shop".parse().expect("an address"),
        region: "us-east-1".to_owned(),
        identity: Identity("main/shop".to_owned()),
        recorded: Attributes::new(),
    };
    let read = async || kubernetes.read(std::slice::from_ref(&request)).await.observations.remove(0);
    let failure = read().await.expect_err("it ran out");
    assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Unseen, "Unauthorized"), "it is tried again");
    assert!(matches!(read().await, Ok(Observation::Present(_))), "by another token");
    assert_eq!(given.get(), 2);
    assert!(matches!(read().await, Ok(Observation::Present(_))));
    assert_eq!(given.get(), 2, "which is good for a while");
}

/// No time passes, and nothing is waited for.
struct Still;

#[async_trait(?Send)]
impl fathuss_engine::Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {}
}

/// Signing needs no network.
#[derive(Debug)]
struct Nowhere;

impl fathuss_aws::Transport for Nowhere {
    fn send(&self, request: http::Request<bytes::Bytes>) -> fathuss_aws::Reply {
        unreachable!("{request:?} is sent")
    }
}
