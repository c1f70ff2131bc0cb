//! What Argo CD and Argo Rollouts make of the platform's charts, both real, in a sandbox whose clusters are:
//! `cargo xtask test clusters` runs it.
#![cfg(unix)]

mod program;
#[path = "cluster/prometheus.rs"]
mod prometheus;
#[path = "cluster/site.rs"]
mod site;

use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, WatchEvent, WatchParams};
use program::{fathuss, start, start_into};
use prometheus::Prometheus;
use serde_json::{Value as Json, json};
use site::{PROGRAM, Site, client, objects, of, said, show, until};

const WAVES: [&[&str]; 3] = [
    &[
        "argo-rollouts",
        "aws-load-balancer-controller",
        "external-secrets",
        "istio-base",
        "istio-cni",
        "istiod",
        "kube-prometheus-stack",
    ],
    &["cluster-autoscaler", "external-dns", "istio-gateway", "loki", "sentry"],
    &[
        "api-gateway",
        "audit",
        "challenge",
        "frontend",
        "grader",
        "hiring",
        "leaderboard",
        "marketplace",
        "monitoring",
        "user",
    ],
];

fn applications(client: &Client) -> Api<DynamicObject> {
    of(client, "argoproj.io/v1alpha1/Application", "argocd")
}

/// All objects of a kind, by name; none where the kind is not there yet.
async fn all(api: &Api<DynamicObject>) -> Vec<(String, Json)> {
    let listed = api.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default();
    let mut all: Vec<_> = listed
        .into_iter()
        .map(|one| (one.metadata.name.clone().unwrap_or_default(), serde_json::to_value(one).expect("it is JSON")))
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// An object, or that it is not there.
async fn get(api: &Api<DynamicObject>, name: &str) -> Result<Json, String> {
    let object = api.get(name).await.map_err(|error| format!("{name}: {error}"))?;
    Ok(serde_json::to_value(object).expect("it is JSON"))
}

/// What Argo CD says of an Application, in a line.
fn told(name: &str, application: &Json) -> String {
    let status = &application["status"];
    let operation = &status["operationState"];
    let ailing = status["resources"].as_array().into_iter().flatten();
    let ailing: Vec<_> = ailing
        .filter(|one| {
            one["status"] == json!("OutOfSync") || !matches!(one["health"]["status"].as_str(), None | Some("Healthy"))
        })
        .map(|one| format!("{}/{}: {} {}", one["kind"], one["name"], one["status"], one["health"]))
        .collect();
    format!(
        "\n{name}: {} {} at {}; operation {} {}; conditions {}; {}",
        status["sync"]["status"],
        status["health"],
        status["sync"]["revision"],
        operation["phase"],
        operation["message"],
        status["conditions"],
        ailing.join(", ")
    )
}

/// What Argo CD says of all Applications.
async fn says(client: &Client) -> String {
    all(&applications(client)).await.iter().map(|(name, application)| told(name, application)).collect()
}

fn is_well(application: &Json) -> bool {
    let status = &application["status"];
    status["sync"]["status"] == json!("Synced") && status["health"]["status"] == json!("Healthy")
}

/// Applies, and says what Argo CD says where that does not end well.
async fn apply(site: &Site, stack: &str, client: &Client) {
    let output = site.run(&format!("apply {stack} --sandbox --yes"));
    if !output.status.success() {
        panic!("{}{}", said(&output), says(client).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_comes_up_in_waves_follows_develop_and_gives_the_grader_s_new_versions_little_by_little() {
    let began = Instant::now();
    let lap = |what: &str| println!("{what} after {:.0} s", began.elapsed().as_secs_f64());
    let prometheus = Prometheus::start();
    let site = Site::platform(&[
        ("staging-account", fathuss_stacks::staging_account::staging_account),
        ("staging", fathuss_stacks::staging::staging),
    ]);
    // The grader's canary is production's, but for the length of its pauses and of the analysis' interval.
    let direct = "canary:\n  strategy: direct\n  analysis:\n    enabled: false\n";
    let gradual = format!(
        "canary:\n  strategy: gradual\n  pause: 2s\n  analysis:\n    prometheus: {}\n    interval: 5s\n",
        prometheus.url()
    );
    site.edit("helm/grader/values-staging.yaml", direct, &gradual);

    site.well("apply staging-account --sandbox --yes");
    let client = waves(&site).await;
    lap("staging is whole");
    placed(&client).await;
    develop(&site, &client).await;
    lap("what develop has has come");
    canary(&site, &client, &prometheus).await;
    lap("two versions of the grader have come, and one of them gone back");
    kept_as_declared(&site, &client).await;
    lap("what others changed is set back");

    site.well("destroy staging --sandbox --yes");
    lap("nothing is left");
    let planned = site.run("plan staging --sandbox");
    assert!(said(&planned).contains("167 to create"), "{}", said(&planned));
    assert!(site.well("sandbox status").contains("It has no cluster."));
}

/// Each pod runs, on a node that is for it.
async fn placed(client: &Client) {
    let nodes = all(&objects(client, "Node", None)).await;
    let group = |name: &Json| {
        let (_, node) = nodes.iter().find(|(node, _)| json!(node) == *name).expect("it is there");
        node["metadata"]["labels"]["eks.amazonaws.com/nodegroup"].to_string()
    };
    let pods = all(&objects(client, "Pod", None)).await;
    let mut graders = 0;
    for (name, pod) in &pods {
        assert_eq!(pod["status"]["phase"], json!("Running"), "{name}");
        let is_grader = name.starts_with("grader-");
        let on = group(&pod["spec"]["nodeName"]);
        let owners = pod["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        let is_everywhere = owners.into_iter().any(|owner| owner["kind"] == json!("DaemonSet"));
        assert!(is_everywhere || is_grader == on.contains("grader"), "{name} is on {on}");
        graders += usize::from(is_grader);
    }
    assert!(pods.len() > 40 && graders > 0, "{} pods, {graders} graders", pods.len());
}

/// What is deleted by hand comes back, and what the repository has no more goes.
async fn kept_as_declared(site: &Site, client: &Client) {
    let deployments = of(client, "apps/v1/Deployment", "fathuss-staging");
    deployments.delete("user", &DeleteParams::default()).await.expect("it can be deleted");
    site.edit("helm/platform/values.yaml", "\n  hiring: *service\n", "\n");
    until("what is deleted by hand comes back", async || match deployments.get("user").await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    })
    .await;
    until("what the repository has no more goes", async || match deployments.get_opt("hiring").await {
        Ok(None) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

/// Brings staging up with a wave that is held, and a run that is killed meanwhile.
async fn waves(site: &Site) -> Client {
    // No node has this label.
    let held = "nodeSelector:\n  fathuss.com/nowhere: \"true\"\n";
    let values = "helm/platform/applications/external-secrets.yaml";
    site.edit(values, "installCRDs: true\n", &format!("installCRDs: true\n{held}"));
    let progress = tempfile::NamedTempFile::new().expect("there is room");
    let apply = fathuss(PROGRAM.as_ref(), site.folder.path(), "apply staging --sandbox --yes");
    let mut apply = start_into(apply, progress.as_file());
    let progress = || fs::read_to_string(progress.path()).expect("it is there");
    let mut has_ended = || apply.ended().map(|status| format!("{status}: {}", progress()));
    until("the cluster comes up", async || {
        assert_eq!(has_ended(), None);
        // What serves the sandbox is there by then: one that asks before would have the run refused.
        if !progress().contains("aws_eks_cluster.main: creating") {
            return Err(progress());
        }
        let output = site.run("sandbox kubeconfig");
        if output.status.success() { Ok(()) } else { Err(said(&output)) }
    })
    .await;
    let client = client(site).await;
    let made = applications(&client);
    let waiting = "waiting for healthy state of argoproj.io/Application/external-secrets";
    let root = until("all but one of the first wave gets well", async || {
        assert_eq!(has_ended(), None, "{}", says(&client).await);
        let all = all(&made).await;
        let well = all.iter().filter(|(_, application)| is_well(application)).count();
        let root = all.iter().find(|(name, _)| name == "platform").map(|(_, root)| root.clone()).unwrap_or_default();
        let message = root["status"]["operationState"]["message"].as_str().unwrap_or_default();
        if well == WAVES[0].len() - 1 && message.contains(waiting) { Ok(root) } else { Err(says(&client).await) }
    })
    .await;
    let only_the_first = async || {
        let made: Vec<String> = all(&made).await.into_iter().map(|(name, _)| name).collect();
        let mut first: Vec<&str> = WAVES[0].iter().copied().chain(["platform"]).collect();
        first.sort_unstable();
        assert_eq!(made, first, "none of the waves after it: {}", says(&client).await);
    };
    only_the_first().await;
    assert_eq!(
        get(&made, "external-secrets").await.expect("it is there")["status"]["health"]["status"],
        json!("Progressing")
    );
    assert!(apply.kill_alive(), "the run waits with the wave: {}", says(&client).await);
    only_the_first().await;

    // The mend is a commit that Argo CD sees. It stays with the one that it has begun with until that ends.
    site.edit(values, held, "");
    let at = &root["status"]["operationState"]["syncResult"]["revision"];
    until("Argo CD sees the mend", async || {
        let root = get(&made, "platform").await?;
        if root["status"]["sync"]["revision"] == *at { Err(told("platform", &root)) } else { Ok(()) }
    })
    .await;
    only_the_first().await;
    terminate(&made, "platform").await;
    self::apply(site, "staging", &client).await;

    let all = all(&made).await;
    let mut names: Vec<&str> = WAVES.concat().into_iter().chain(["platform"]).collect();
    names.sort_unstable();
    assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
    assert_eq!(names.len(), 23);
    assert!(all.iter().all(|(_, application)| is_well(application)), "{}", says(&client).await);
    let releases = objects(&client, "Secret", None).list(&ListParams::default().labels("owner=helm")).await;
    let releases = releases.expect("they can be listed").items;
    assert!(!releases.is_empty(), "Argo CD's is one");
    for release in releases {
        let labels = release.metadata.labels.unwrap_or_default();
        assert!(!labels["status"].starts_with("pending"), "{labels:?}");
    }
    let (code, text) = site.plan("staging");
    assert_eq!(code, Some(0), "{text}");
    client
}

/// Ends an Application's operation, as `argocd app terminate-op` does.
async fn terminate(applications: &Api<DynamicObject>, name: &str) {
    let patch = json!({ "status": { "operationState": { "phase": "Terminating" } } });
    applications.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.expect("it can be changed");
}

/// A commit on `develop` arrives without anybody's doing.
async fn develop(site: &Site, client: &Client) {
    let deployments = of(client, "apps/v1/Deployment", "fathuss-staging");
    let image = |deployment: &Json| deployment["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    let registry = "111122223333.dkr.ecr.us-east-1.amazonaws.com/fathuss";
    assert_eq!(image(&show(&deployments, "user").await), json!(format!("{registry}/user:0.1.0")));
    site.edit("helm/services/user.yaml", "tag: 0.1.0", "tag: 0.2.0");
    until("the commit reaches the cluster", async || {
        let deployment = get(&deployments, "user").await?;
        let application = get(&applications(client), "user").await?;
        let by_itself = &application["status"]["operationState"]["operation"]["initiatedBy"]["automated"];
        let has_come = image(&deployment) == json!(format!("{registry}/user:0.2.0")) && *by_itself == json!(true);
        if has_come && is_well(&application) { Ok(()) } else { Err(told("user", &application)) }
    })
    .await;
}

/// The weights of the grader's route, stable and canary, in the order in which they were.
#[derive(Clone, Default)]
struct Weights(Arc<Mutex<Vec<(i64, i64)>>>);

impl Weights {
    /// Sees each change from now on, for as long as the test runs.
    async fn watch(services: Api<DynamicObject>) -> Self {
        let weights = Self::default();
        let listed = services.list(&ListParams::default()).await.expect("they can be listed");
        let mut version = listed.metadata.resource_version.unwrap_or_default();
        listed.items.iter().for_each(|one| weights.note(one));
        let noted = weights.clone();
        tokio::spawn(async move {
            loop {
                // One that breaks goes on where it was, and loses nothing.
                let Ok(events) = services.watch(&WatchParams::default().timeout(290), &version).await else {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                };
                let mut events = events.boxed();
                while let Some(Ok(event)) = events.next().await {
                    match event {
                        WatchEvent::Added(one) | WatchEvent::Modified(one) | WatchEvent::Deleted(one) => {
                            noted.note(&one);
                            version = one.metadata.resource_version.unwrap_or_default();
                        }
                        WatchEvent::Bookmark(mark) => version = mark.metadata.resource_version,
                        WatchEvent::Error(error) => panic!("changes are lost: {error:?}"),
                    }
                }
            }
        });
        weights
    }

    fn note(&self, service: &DynamicObject) {
        if service.metadata.name.as_deref() != Some("grader") {
            return;
        }
        let routes = service.data["spec"]["http"].as_array().into_iter().flatten();
        let primary = routes.filter(|route| route["name"] == json!("primary"));
        let to: Vec<&Json> = primary.flat_map(|route| route["route"].as_array().into_iter().flatten()).collect();
        let of = |subset: &str| {
            let one = to.iter().find(|one| one["destination"]["subset"] == json!(subset));
            one.and_then(|one| one["weight"].as_i64()).unwrap_or_default()
        };
        let now = (of("stable"), of("canary"));
        let mut seen = self.0.lock().expect("nothing failed");
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }

    fn seen(&self) -> Vec<(i64, i64)> {
        self.0.lock().expect("nothing failed").clone()
    }

    /// What there is from now on follows what there is now.
    fn begin(&self) {
        let mut seen = self.0.lock().expect("nothing failed");
        let last = seen.last().copied();
        *seen = last.into_iter().collect();
    }
}

const HASH: &str = "rollouts-pod-template-hash";

/// Two new versions of the grader: a good one, which takes over little by little, and a bad one, which goes back.
async fn canary(site: &Site, client: &Client, prometheus: &Prometheus) {
    let namespace = "fathuss-staging";
    let rollouts = of(client, "argoproj.io/v1alpha1/Rollout", namespace);
    let runs = of(client, "argoproj.io/v1alpha1/AnalysisRun", namespace);
    let routes = of(client, "networking.istio.io/v1/VirtualService", namespace);
    let weights = Weights::watch(routes).await;
    let state = async || {
        let rollout = get(&rollouts, "grader").await.map_or_else(|error| error, |one| one["status"].to_string());
        let runs: String = all(&runs).await.iter().map(|(name, run)| format!("\n{name}: {}", run["status"])).collect();
        format!("{:?} {rollout}{runs}{}", weights.seen(), says(client).await)
    };
    let first = show(&rollouts, "grader").await;
    let pause = json!({ "pause": { "duration": "2s" } });
    let mut steps = vec![json!({ "setWeight": 5 }), json!({ "pause": {} })];
    steps.extend([20, 40, 60, 80].into_iter().flat_map(|weight| [json!({ "setWeight": weight }), pause.clone()]));
    steps.push(json!({ "setWeight": 100 }));
    assert_eq!(
        first["spec"]["strategy"]["canary"]["steps"],
        json!(steps),
        "production's, but for the length of pauses"
    );
    let first = first["status"]["stableRS"].as_str().expect("it is stable").to_owned();
    assert_eq!(weights.seen(), [(100, 0)]);

    // 5 % go to the good one until somebody approves, while the analysis measures it.
    site.edit("helm/grader/values.yaml", "tag: 0.1.0", "tag: 0.2.0");
    let good = until("the canary waits, and is measured", async || {
        let rollout = get(&rollouts, "grader").await?;
        let hash = rollout["status"]["currentPodHash"].as_str().unwrap_or_default().to_owned();
        let waits = rollout["status"]["pauseConditions"][0]["reason"] == json!("CanaryPauseStep");
        let measured = all(&runs).await.into_iter().any(|(name, run)| {
            let metrics = run["status"]["metricResults"].as_array().cloned().unwrap_or_default();
            let good = |metric: &Json| metric["successful"].as_i64().is_some_and(|count| count >= 2);
            name.contains(&hash) && metrics.len() == 2 && metrics.iter().all(good)
        });
        let application = get(&applications(client), "grader").await?;
        let is_shown = application["status"]["health"]["status"] == json!("Suspended");
        if hash != first && waits && measured && is_shown { Ok(hash) } else { Err(state().await) }
    })
    .await;
    let rollout = show(&rollouts, "grader").await;
    assert_eq!(rollout["status"]["currentStepIndex"], json!(1), "it waits at the first pause");
    assert_eq!(rollout["status"]["stableRS"], json!(first));
    assert_eq!(weights.seen(), [(100, 0), (95, 5)], "{}", state().await);
    for query in prometheus.queries() {
        assert!(query.contains(&format!("grader-{good}-")), "it asks of the new version's pods: {query}");
    }
    by_header(client, &good).await;
    let rule = show(&of(client, "networking.istio.io/v1/DestinationRule", namespace), "grader").await;
    let subsets = rule["spec"]["subsets"].as_array().expect("it has some");
    let of_subset = |name: &str| {
        let subset = subsets.iter().find(|subset| subset["name"] == json!(name)).expect("it is there");
        subset["labels"][HASH].clone()
    };
    assert_eq!((of_subset("stable"), of_subset("canary")), (json!(first), json!(good)));

    // Approved as `kubectl argo rollouts promote` does it.
    let patch = Patch::Merge(json!({ "status": { "pauseConditions": null } }));
    rollouts.patch_status("grader", &PatchParams::default(), &patch).await.expect("it can be approved");
    let all_the_way = [(100, 0), (95, 5), (80, 20), (60, 40), (40, 60), (20, 80), (0, 100), (100, 0)];
    until("the good version takes over", async || {
        let rollout = get(&rollouts, "grader").await?;
        let status = &rollout["status"];
        let is_over = status["phase"] == json!("Healthy") && status["stableRS"] == json!(good);
        if is_over && weights.seen().last() == Some(&(100, 0)) { Ok(()) } else { Err(state().await) }
    })
    .await;
    assert_eq!(weights.seen(), all_the_way, "{}", state().await);
    until("the grader's Application is well", async || {
        let application = get(&applications(client), "grader").await?;
        if is_well(&application) { Ok(()) } else { Err(state().await) }
    })
    .await;

    // The bad one is taken back by the third bad measurement, without anybody's doing.
    weights.begin();
    prometheus.error_rate(0.5);
    site.edit("helm/grader/values.yaml", "tag: 0.2.0", "tag: 0.3.0");
    let bad = until("the bad version is taken back", async || {
        let rollout = get(&rollouts, "grader").await?;
        let status = &rollout["status"];
        let hash = status["currentPodHash"].as_str().unwrap_or_default().to_owned();
        let application = get(&applications(client), "grader").await?;
        let is_shown = application["status"]["health"]["status"] == json!("Degraded");
        let is_back = status["abort"] == json!(true) && weights.seen().last() == Some(&(100, 0));
        if hash != good && is_back && is_shown { Ok(hash) } else { Err(state().await) }
    })
    .await;
    assert_eq!(weights.seen(), [(100, 0), (95, 5), (100, 0)], "{}", state().await);
    let rollout = show(&rollouts, "grader").await;
    assert_eq!(rollout["status"]["stableRS"], json!(good), "{}", state().await);
    let all = all(&runs).await;
    let (_, run) = all.iter().find(|(name, _)| name.contains(&bad)).expect("it was measured");
    assert_eq!(run["status"]["phase"], json!("Failed"), "{run}");
    let measured = |name: &str| {
        let results = run["status"]["metricResults"].as_array().expect("it has some");
        results.iter().find(|result| result["name"] == json!(name)).expect("it is there").clone()
    };
    assert_eq!(measured("error-rate")["failed"], json!(3), "{run}");
    assert_eq!(measured("latency-p99")["failed"], Json::Null, "{run}");
    // Whoever sends the header gets the stable version again.
    until("the header leads to the stable version", async || {
        let service = get(&objects(client, "Service", Some(namespace)), "grader-canary").await?;
        if service["spec"]["selector"][HASH] == json!(good) { Ok(()) } else { Err(service["spec"].to_string()) }
    })
    .await;

    // The commit is taken back, too, and all is well.
    site.edit("helm/grader/values.yaml", "tag: 0.3.0", "tag: 0.2.0");
    until("all is well", async || {
        let all = self::all(&applications(client)).await;
        let is_whole = all.len() == 23 && all.iter().all(|(_, application)| is_well(application));
        if is_whole { Ok(()) } else { Err(state().await) }
    })
    .await;
    assert_eq!(show(&rollouts, "grader").await["status"]["stableRS"], json!(good));
    assert_eq!(weights.seen(), [(100, 0), (95, 5), (100, 0)], "{}", state().await);
    let (code, text) = site.plan("staging");
    assert_eq!(code, Some(0), "{text}");
}

/// A request with the header is led to the pods of this version, and to all of them.
async fn by_header(client: &Client, hash: &str) {
    let namespace = "fathuss-staging";
    let route = show(&of(client, "networking.istio.io/v1/VirtualService", namespace), "grader").await;
    let first = &route["spec"]["http"][0];
    assert_eq!(first["match"], json!([{ "headers": { "x-canary": { "exact": "true" } } }]), "{route}");
    let to = first["route"].as_array().expect("it leads somewhere");
    assert_eq!(to.len(), 1, "{route}");
    assert_eq!(to[0]["destination"]["host"], json!("grader-canary"));
    let service = show(&objects(client, "Service", Some(namespace)), "grader-canary").await;
    assert_eq!(service["spec"]["selector"][HASH], json!(hash), "{service}");
    let pods = objects(client, "Pod", Some(namespace));
    let pods = pods.list(&ListParams::default().labels(&format!("{HASH}={hash}"))).await.expect("they can be listed");
    let mut pods: Vec<String> = pods.into_iter().filter_map(|pod| pod.metadata.name).collect();
    pods.sort();
    let slices = of(client, "discovery.k8s.io/v1/EndpointSlice", namespace);
    let of_service = ListParams::default().labels("kubernetes.io/service-name=grader-canary");
    until("the service has the new version's pods", async || {
        let slices = slices.list(&of_service).await.map_err(|error| error.to_string())?;
        let endpoints = slices.iter().flat_map(|slice| slice.data["endpoints"].as_array().into_iter().flatten());
        let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == json!(true));
        let mut names: Vec<&str> = ready.filter_map(|endpoint| endpoint["targetRef"]["name"].as_str()).collect();
        names.sort_unstable();
        if !pods.is_empty() && names == pods { Ok(()) } else { Err(format!("{names:?}, not {pods:?}")) }
    })
    .await;
}

/// What is brought up of production, wave by wave: a service, and what it stands on.
const FEW: [&[&str]; 3] = [
    &["aws-load-balancer-controller", "external-secrets", "istio-base", "kube-prometheus-stack"],
    &["istio-gateway"],
    &["api-gateway"],
];

/// Leaves the others out of the root's chart.
fn leave_few(site: &Site) {
    let path = site.folder.path().join("helm/platform/values.yaml");
    let text = fs::read_to_string(&path).expect("it is there");
    let (before, applications) = text.split_once("\napplications:\n").expect("it has some");
    let few = FEW.concat();
    let mut is_kept = false;
    let mut kept = Vec::new();
    for line in applications.lines() {
        let name =
            line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#'])).and_then(|it| it.split(':').next());
        is_kept = name.map_or(is_kept, |name| few.contains(&name));
        kept.extend(is_kept.then_some(line));
    }
    fs::write(&path, format!("{before}\napplications:\n{}\n", kept.join("\n"))).expect("there is room");
}

/// `helm/sync` with these words, for the sandbox's cluster.
fn sync(site: &Site, words: &[&str]) -> Command {
    let kubectl = std::env::var_os("KUBECTL").unwrap_or_else(|| "kubectl".into());
    let found = Command::new(&kubectl).args(["version", "--client"]).stdout(Stdio::null()).status();
    let hint = "`cargo xtask test clusters` installs kubectl, and KUBECTL says where it is";
    assert!(found.is_ok_and(|status| status.success()), "{}: {hint}", kubectl.display());
    let folder = std::path::Path::new(&kubectl).parent().map(ToOwned::to_owned).unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(folder).chain(std::env::split_paths(&path)).filter(|one| !one.as_os_str().is_empty());
    let kubeconfig = site.folder.path().join(".fathuss/kubeconfig");
    fs::write(&kubeconfig, site.well("sandbox kubeconfig")).expect("there is room");
    let mut command = Command::new(site.folder.path().join("helm/sync"));
    command.args(words).current_dir(site.folder.path()).stdin(Stdio::null());
    command.env("PATH", std::env::join_paths(path).expect("it is one")).env("KUBECONFIG", kubeconfig);
    command.env("SYNC_TIMEOUT", "240");
    command
}

/// The same to its end, which has to be good.
async fn sync_well(site: &Site, client: &Client, words: &[&str]) -> String {
    let output = sync(site, words).output().expect("it starts");
    if !output.status.success() {
        panic!("helm/sync {}: {}{}", words.join(" "), said(&output), says(client).await);
    }
    said(&output)
}

#[tokio::test(flavor = "multi_thread")]
async fn production_brings_no_commit_but_the_one_that_somebody_approves_of() {
    let began = Instant::now();
    let lap = |what: &str| println!("{what} after {:.0} s", began.elapsed().as_secs_f64());
    let site = Site::platform(&[
        ("account", fathuss_stacks::account::account),
        ("production-dr", fathuss_stacks::production_dr::production_dr),
        ("production", fathuss_stacks::production::production),
    ]);
    leave_few(&site);
    for stack in ["account", "production-dr", "production"] {
        site.well(&format!("apply {stack} --sandbox --yes"));
    }
    lap("production is applied");
    let client = client(&site).await;
    let made = applications(&client);
    let before = all(&made).await;
    let [(name, root)] = &before[..] else { panic!("nothing but the root: {}", says(&client).await) };
    assert_eq!(name, "platform");
    assert_eq!(root["status"]["sync"]["status"], json!("OutOfSync"), "{root}");
    assert_eq!(root["status"]["operationState"], Json::Null, "nobody has synchronised it: {root}");
    let deployments = of(&client, "apps/v1/Deployment", "fathuss-production");
    assert!(all(&deployments).await.is_empty());
    let (code, text) = site.plan("production");
    assert_eq!(code, Some(0), "{text}");

    // A new cluster comes up wave by wave, while the root's own synchronisation waits for each.
    let first = revision(root);
    let whole = start(sync(&site, &[&first, "platform"]));
    for wave in FEW {
        until("the wave's Applications are made", async || {
            let all = all(&made).await;
            let is_there = |name: &&str| all.iter().any(|(made, _)| made == name);
            if wave.iter().all(|name| is_there(name)) { Ok(()) } else { Err(says(&client).await) }
        })
        .await;
        for name in wave {
            let application = get(&made, name).await.expect("it is there");
            assert_eq!(
                application["status"]["operationState"],
                Json::Null,
                "nobody has synchronised it: {application}"
            );
        }
        sync_well(&site, &client, &[&[first.as_str()], wave].concat()).await;
    }
    let text = whole.end().well();
    assert!(text.contains("platform: Succeeded"), "{text}");
    until("all is well", async || {
        let all = all(&made).await;
        let is_whole = all.len() == FEW.concat().len() + 1 && all.iter().all(|(_, application)| is_well(application));
        if is_whole { Ok(()) } else { Err(says(&client).await) }
    })
    .await;
    lap("a service of production is there");

    // A commit on `main` is seen, and nothing more. Another one comes after it.
    let image = async || {
        let deployment = show(&deployments, "api-gateway").await;
        let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        image.rsplit_once(':').expect("it has a tag").1.to_owned()
    };
    let was = get(&made, "api-gateway").await.expect("it is there")["status"]["operationState"].clone();
    let service = "helm/services/api-gateway.yaml";
    site.edit(service, "tag: 0.1.0", "tag: 0.2.0");
    let approved = seen(&made, &first).await;
    let mut looked = get(&made, "api-gateway").await.expect("it is there")["status"]["reconciledAt"].clone();
    for _ in 0..2 {
        let asked = json!({ "metadata": { "annotations": { "argocd.argoproj.io/refresh": "normal" } } });
        made.patch("api-gateway", &PatchParams::default(), &Patch::Merge(&asked)).await.expect("it can be asked");
        looked = until("Argo CD looks again", async || {
            let application = get(&made, "api-gateway").await?;
            let again = &application["status"]["reconciledAt"];
            if *again == looked { Err(told("api-gateway", &application)) } else { Ok(again.clone()) }
        })
        .await;
    }
    site.edit(service, "tag: 0.2.0", "tag: 0.3.0");
    let later = seen(&made, &approved).await;
    assert_ne!(later, first);
    let application = get(&made, "api-gateway").await.expect("it is there");
    assert_eq!(application["status"]["operationState"], was, "nobody has synchronised it: {application}");
    assert_eq!(image().await, "0.1.0");
    lap("two commits are seen");

    // The approved one is brought, and not what came after it. A branch is no commit.
    let refused = sync(&site, &["main", "api-gateway"]).output().expect("it starts");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("40 digits"), "{}", said(&refused));
    let text = sync_well(&site, &client, &[&approved, "api-gateway"]).await;
    assert!(text.contains("api-gateway: Succeeded"), "{text}");
    assert_eq!(image().await, "0.2.0", "{text}");
    until("its pods are there", async || {
        let deployment = get(&deployments, "api-gateway").await?;
        let (status, wanted) = (&deployment["status"], &deployment["spec"]["replicas"]);
        let is_done = status["updatedReplicas"] == *wanted && status["availableReplicas"] == *wanted;
        if is_done && status["replicas"] == *wanted { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    let application = get(&made, "api-gateway").await.expect("it is there");
    let status = &application["status"];
    assert_eq!(status["operationState"]["syncResult"]["revision"], json!(approved), "{status}");
    let options = &status["operationState"]["operation"]["sync"]["syncOptions"];
    assert_eq!(*options, application["spec"]["syncPolicy"]["syncOptions"], "those of its own policy");
    until("what came after it is a difference", async || {
        let application = get(&made, "api-gateway").await?;
        let sync = &application["status"]["sync"];
        let is_shown = sync["status"] == json!("OutOfSync") && sync["revision"] == json!(later);
        if is_shown { Ok(()) } else { Err(told("api-gateway", &application)) }
    })
    .await;
    assert_eq!(image().await, "0.2.0");
    lap("one commit is brought");
}

/// The commit that Argo CD has looked at.
fn revision(application: &Json) -> String {
    let revision = application["status"]["sync"]["revision"].as_str().unwrap_or_default();
    assert_eq!(revision.len(), 40, "{application}");
    revision.to_owned()
}

/// The commit that Argo CD sees after this one, from which the service in the cluster differs.
async fn seen(applications: &Api<DynamicObject>, before: &str) -> String {
    until("Argo CD sees the commit", async || {
        let application = get(applications, "api-gateway").await?;
        let sync = &application["status"]["sync"];
        let is_seen = sync["status"] == json!("OutOfSync") && sync["revision"] != json!(before);
        if is_seen { Ok(revision(&application)) } else { Err(told("api-gateway", &application)) }
    })
    .await
}
