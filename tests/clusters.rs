//! The program over a stack with a cluster and things in it, in a sandbox whose clusters are real: `cargo xtask test clusters`
//! runs it.
#![cfg(unix)]

mod program;
#[path = "cluster/site.rs"]
mod site;
#[path = "cluster/stack.rs"]
mod stack;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fathuss_model::{Result, Stack};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use program::{Running, declare, fathuss, start_into};
use serde_json::{Value as Json, json};
use site::{PROGRAM, Site, client, copy, objects, of, said, show, until, walk};

/// The stack of the small cluster.
const CLUSTER: &str = "cluster";

fn small() -> Site {
    let file = "program = [\"cat\"]\n[stacks.cluster]\nregion = \"us-east-1\"\naccount = \"111122223333\"\n";
    Site::new(file, &[(CLUSTER, stack::cluster)])
}

/// The ids of the processes with this text in their command line.
fn processes(text: &str) -> Vec<String> {
    let all = fs::read_dir("/proc").expect("it can be read").flatten();
    let those = all.filter(|process| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let own = process.file_name().to_string_lossy() == std::process::id().to_string();
        !own && String::from_utf8_lossy(&line).contains(text)
    });
    those.map(|process| process.file_name().to_string_lossy().into_owned()).collect()
}

/// Whether a process with this text in its command line runs.
fn runs(text: &str) -> bool {
    !processes(text).is_empty()
}

#[tokio::test]
async fn a_stack_and_what_is_in_its_cluster_come_up_in_one_apply_and_go_again() {
    let site = small();
    site.well("sandbox up");
    site.well("sandbox up");
    assert!(site.well("sandbox status").contains("It has no cluster."));

    // Before there is a cluster, a plan shows what will be in it.
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("+ kubernetes_namespace.shop"), "{text}");
    site.well("apply cluster --sandbox --yes");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");

    let client = client(&site).await;
    let (namespaces, configs) = (objects(&client, "Namespace", None), objects(&client, "ConfigMap", Some("shop")));
    let (secrets, nodes) = (objects(&client, "Secret", Some("shop")), objects(&client, "Node", None));
    // They join a moment after their API server answers.
    let nodes = until("there are as many nodes as the group has", async || {
        let nodes = nodes.list(&kube::api::ListParams::default()).await.map_err(|error| error.to_string())?.items;
        if nodes.len() == 2 { Ok(nodes) } else { Err(format!("{} are there", nodes.len())) }
    })
    .await;
    assert_eq!(nodes.len(), 2, "as many as the node group has");
    for node in &nodes {
        let node = serde_json::to_value(node).expect("it is JSON");
        assert_eq!(node["metadata"]["labels"]["dedicated"], json!("grader"));
        let taint = json!({ "key": "dedicated", "value": "grader", "effect": "NoSchedule" });
        assert!(node["spec"]["taints"].as_array().expect("it has some").contains(&taint), "{node}");
    }
    let place = show(&configs, "place").await;
    let vpc = place["data"]["vpc"].as_str().expect("the VPC's id is in it");
    assert!(site.well("state show cluster aws_vpc.main --sandbox").contains(vpc));
    let key = show(&secrets, "key").await["data"]["key"].clone();
    let key = key.as_str().expect("it is there").to_owned();
    for file in walk(site.folder.path()) {
        let holds = fs::read(&file).unwrap_or_default().windows(key.len()).any(|window| window == key.as_bytes());
        // etcd has it, as a real cluster's has.
        assert!(!holds || file.components().any(|part| part.as_os_str() == "clusters"), "{}", file.display());
    }

    // By other hands: a label, a field that somebody else manages from then on, and a secret that is gone.
    let others = PatchParams::apply("others").force();
    let patch =
        json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "baseline", "theirs": "yes" } } });
    namespaces.patch("shop", &PatchParams::default(), &Patch::Merge(&patch)).await.expect("it can be changed");
    let patch = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "place" }, "data": { "region": "mars" } });
    configs.patch("place", &others, &Patch::Apply(&patch)).await.expect("it can be changed");
    secrets.delete("key", &kube::api::DeleteParams::default()).await.expect("it can be deleted");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    for part in ["\"baseline\" → \"restricted\"", "data.region  \"mars\" → \"us-east-1\"", "+ kubernetes_secret.key"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("theirs"), "what others added is theirs: {text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let conflict = "It will be refused: Apply failed with 1 conflict: conflict with \"others\": .data.region";
    assert!(words.contains(conflict), "{text}");
    let refused = site.run("apply cluster --sandbox --yes");
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(
        text.contains("conflict with \"others\": .data.region") && text.contains(".force_conflicts(true)"),
        "{text}"
    );
    assert_eq!(show(&namespaces, "shop").await["metadata"]["labels"]["theirs"], json!("yes"), "it goes on beside it");
    assert_ne!(show(&secrets, "key").await["data"]["key"], json!(key), "another value is drawn");
    // They let go of it.
    let patch = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "place" } });
    configs.patch("place", &others, &Patch::Apply(&patch)).await.expect("it can be changed");
    site.well("apply cluster --sandbox --yes");
    assert_eq!(show(&configs, "place").await["data"]["region"], json!("us-east-1"));
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");

    // Another value is seen, though nobody knows which was sent; what somebody is deleting is made again once it is gone.
    let patched = PatchParams::default();
    let theirs = json!({ "data": { "key": "dGhlaXJz" } });
    secrets.patch("key", &patched, &Patch::Merge(&theirs)).await.expect("it can be changed");
    let held = |finalizers: Json| Patch::Merge(json!({ "metadata": { "finalizers": finalizers } }));
    configs.patch("place", &patched, &held(json!(["example.com/held"]))).await.expect("it can be changed");
    configs.delete("place", &kube::api::DeleteParams::default()).await.expect("it can be deleted");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    for part in ["± kubernetes_secret.key", "+ kubernetes_manifest.place"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let run = waits_with(&site, stack::cluster, "the ConfigMap place of before is being deleted");
    configs.patch("place", &patched, &held(Json::Null)).await.expect("it can be changed");
    run.end().well();
    assert_ne!(show(&secrets, "key").await["data"]["key"], theirs["data"]["key"]);
    assert_eq!(show(&configs, "place").await["data"]["region"], json!("us-east-1"));
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");

    // What the cluster has outlives the process that serves it.
    site.well("sandbox down");
    let folder = site.folder.path().display().to_string();
    assert!(!runs(&folder), "nothing of it is left");
    site.well("sandbox up");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");

    // A control plane that dies is started again.
    let servers = processes(&format!("--client-ca-file={folder}"));
    let killed = Command::new("kill").arg("-KILL").args(&servers).status().expect("it starts");
    assert!(servers.len() == 1 && killed.success(), "{servers:?}");
    let end = Instant::now() + Duration::from_secs(60);
    while site.plan(CLUSTER).0 != Some(0) {
        assert!(Instant::now() < end, "it runs again");
    }
    let log = fs::read_to_string(site.folder.path().join(".fathuss/sandbox/daemon.log")).expect("it is written");
    assert!(log.contains("the control plane ended (signal: 9 (SIGKILL))"), "{log}");

    site.well("destroy cluster --sandbox --yes");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "all of it is to be made again: {text}");
    assert!(text.contains("19 to create"), "{text}");
    assert!(site.well("sandbox status").contains("It has no cluster."));
    let clusters = site.folder.path().join(".fathuss/sandbox/clusters");
    let left = || fs::read_dir(&clusters).expect("it was made").flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let end = Instant::now() + Duration::from_secs(10);
    while !left().is_empty() {
        assert!(Instant::now() < end, "what the cluster had goes with it: {:?}", left());
        std::thread::sleep(Duration::from_millis(100));
    }
    site.well("sandbox down");
    assert!(!runs(&folder), "nothing of it is left");
}

/// What Helm keeps of a release says this of its newest revision: its secret, and what is in it.
async fn newest(secrets: &Api<DynamicObject>) -> Json {
    let listed = secrets.list(&kube::api::ListParams::default().labels("owner=helm,name=cart")).await;
    let all =
        listed.expect("they can be listed").items.into_iter().map(|one| serde_json::to_value(one).expect("it is JSON"));
    all.max_by_key(|secret| secret["metadata"]["labels"]["version"].as_str().and_then(|text| text.parse::<u32>().ok()))
        .expect("there is one")
}

#[tokio::test]
async fn a_chart_is_installed_upgraded_repaired_and_removed() {
    let site = small();
    let chart = site.folder.path().join("chart");
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cluster/chart")), &chart);
    let declare = |stack: fn(&mut Stack) -> Result<()>| {
        declare(site.folder.path(), &[("cluster", stack)]);
    };
    // What its schema refuses ends the release alone; with what is right it is installed. Applying starts what serves the
    // cluster.
    declare(stack::many);
    let refused = site.run("apply cluster --sandbox --yes");
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    for part in ["helm_release.cart", "19 created, 1 failed"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // As Helm 4 and as Helm 3 say it.
    assert!(text.contains("at '/replicas'") || text.contains("replicas: Invalid type"), "{text}");
    declare(stack::two);
    site.well("apply cluster --sandbox --yes");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");
    let client = client(&site).await;
    let secrets = objects(&client, "Secret", Some("shop"));
    let deployments = of(&client, "apps/v1/Deployment", "shop");
    assert_eq!(show(&deployments, "cart").await["status"]["availableReplicas"], json!(2));

    // Other values, and another content of its folder.
    declare(stack::three);
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    let rendered = ["~ Deployment cart   1 difference", "spec.replicas  2 → 3", "~ ConfigMap cart   1 difference"];
    for part in ["~ helm_release.cart", "replicas  2 → 3"].into_iter().chain(rendered) {
        assert!(text.contains(part), "{part}: {text}");
    }
    site.well("apply cluster --sandbox --yes");
    assert_eq!(show(&deployments, "cart").await["status"]["availableReplicas"], json!(3));
    let template = chart.join("templates/objects.yaml");
    let text = fs::read_to_string(&template).expect("it is there");
    fs::write(&template, text.replace("  greeting:", "  more: content\n  greeting:")).expect("there is room");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("as it was installed") && !text.contains("changed outside"), "it is our own edit: {text}");
    site.well("apply cluster --sandbox --yes");
    let configs = objects(&client, "ConfigMap", Some("shop"));
    assert_eq!(show(&configs, "cart").await["data"]["more"], json!("content"));

    // What a run that died has left pending is in the plan, and is repaired.
    let secret = newest(&secrets).await;
    let name = secret["metadata"]["name"].as_str().expect("it has one");
    let release = secret["data"]["release"].as_str().expect("it is there");
    let pending = with(release, |content| content["info"]["status"] = json!("pending-upgrade"));
    let patch = json!({ "metadata": { "labels": { "status": "pending-upgrade" } }, "data": { "release": pending } });
    secrets.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.expect("it can be changed");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("\"pending-upgrade\" → \"deployed\""), "{text}");
    site.well("apply cluster --sandbox --yes");
    assert_eq!(newest(&secrets).await["metadata"]["labels"]["status"], json!("deployed"));

    // An archive is a chart as well.
    let packed = Command::new("tar").args(["-czf", "chart.tgz", "chart"]).current_dir(site.folder.path()).status();
    assert!(packed.expect("it starts").success());
    declare(stack::archived);
    site.well("apply cluster --sandbox --yes");
    assert_eq!(show(&deployments, "cart").await["status"]["availableReplicas"], json!(2));
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");

    declare(stack::elsewhere);
    let refused = site.run("apply cluster --sandbox --yes");
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("elsewhere"), "{text}");
    // A release is taken out with its chart.
    declare(stack::cluster);
    fs::remove_file(site.folder.path().join("chart.tgz")).expect("it is there");
    site.well("apply cluster --sandbox --yes");
    assert!(deployments.get_opt("cart").await.expect("it can be asked").is_none(), "it goes with its release");
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");

    // One that others installed by its name, after it went, is theirs.
    declare(stack::two);
    site.well("apply cluster --sandbox --yes");
    let secret = newest(&secrets).await;
    let name = secret["metadata"]["name"].as_str().expect("it has one");
    let release = secret["data"]["release"].as_str().expect("it is there");
    let theirs = with(release, |content| content["info"]["first_deployed"] = json!("2026-01-01T00:00:00Z"));
    let unmarked = json!({ "fathuss.com/lineage": null, "fathuss.com/address": null });
    let patch = json!({ "metadata": { "labels": unmarked }, "data": { "release": theirs } });
    secrets.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.expect("it can be changed");
    declare(stack::cluster);
    site.well("apply cluster --sandbox --yes");
    assert_eq!(show(&deployments, "cart").await["status"]["availableReplicas"], json!(2));
}

/// Ends an apply without asking, so long after it has begun with the release.
fn kill_in_release(site: &Site, after: Duration) {
    let progress = site.folder.path().join("progress");
    let mut command = fathuss(PROGRAM.as_ref(), site.folder.path(), "apply cluster --sandbox --yes");
    command.stdout(Stdio::null()).stderr(fs::File::create(&progress).expect("there is room"));
    let mut child = command.spawn().expect("it starts");
    let end = Instant::now() + Duration::from_secs(60);
    while !fs::read_to_string(&progress).expect("it is there").contains("helm_release.cart: c") {
        assert!(Instant::now() < end, "{}", fs::read_to_string(&progress).expect("it is there"));
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(after);
    child.kill().expect("it can be killed");
    child.wait().expect("it has ended");
}

#[tokio::test]
async fn a_run_that_is_killed_while_helm_is_at_work_leaves_no_release_pending() {
    let site = small();
    copy(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cluster/chart")),
        &site.folder.path().join("chart"),
    );
    declare(site.folder.path(), &[("cluster", stack::cluster)]);
    site.well("apply cluster --sandbox --yes");
    let client = client(&site).await;
    let secrets = objects(&client, "Secret", Some("shop"));
    let stacks: [fn(&mut Stack) -> Result<()>; 2] = [stack::two, stack::three];
    for (at, after) in [0, 60, 120, 200, 300, 450, 700].into_iter().enumerate() {
        declare(site.folder.path(), &[("cluster", stacks[at % 2])]);
        kill_in_release(&site, Duration::from_millis(after));
        site.well("apply cluster --sandbox --yes");
        let kept = secrets.list(&kube::api::ListParams::default().labels("owner=helm,name=cart")).await;
        for secret in kept.expect("they can be listed") {
            let status = secret.metadata.labels.expect("it has some")["status"].clone();
            assert!(!status.starts_with("pending"), "killed after {after} ms: {status}");
        }
        assert_eq!(
            newest(&secrets).await["metadata"]["labels"]["status"],
            json!("deployed"),
            "killed after {after} ms"
        );
        let (code, text) = site.plan(CLUSTER);
        assert_eq!(code, Some(0), "killed after {after} ms: {text}");
    }
}

/// An apply beside the test, until it says this of what it waits for.
fn waits_with(site: &Site, stack: fn(&mut Stack) -> Result<()>, state: &str) -> Running {
    declare(site.folder.path(), &[(CLUSTER, stack)]);
    let progress = site.folder.path().join("progress");
    let file = fs::File::create(&progress).expect("there is room");
    let run = start_into(fathuss(PROGRAM.as_ref(), site.folder.path(), "apply cluster --sandbox --yes"), &file);
    let end = Instant::now() + Duration::from_secs(60);
    while !fs::read_to_string(&progress).expect("it is there").contains(state) {
        assert!(Instant::now() < end, "{}", fs::read_to_string(&progress).expect("it is there"));
        std::thread::sleep(Duration::from_millis(20));
    }
    run
}

#[tokio::test]
async fn what_can_t_be_applied_is_said_by_the_plan_and_holds_no_corrected_program_back() {
    let site = small();
    site.well("apply cluster --sandbox --yes");
    let client = client(&site).await;
    let theirs = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "theirs" } });
    let patch = Patch::Apply(&theirs);
    let configs = objects(&client, "ConfigMap", Some("shop"));
    configs.patch("theirs", &PatchParams::apply("others"), &patch).await.expect("it can be made");
    declare(site.folder.path(), &[(CLUSTER, stack::mistaken)]);
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        ".dataa: field not declared in schema; correct the manifest",
        "It can't be made yet: the cluster knows no Lamp of shop.example.com/v1",
        "there is a ConfigMap theirs already; `fathuss import cluster 'kubernetes_manifest.theirs' 'main/v1/ConfigMap/shop/theirs'`",
    ] {
        assert!(words.contains(part), "{part}: {text}");
    }
    let unknown = "the cluster knows no Lamp of shop.example.com/v1";
    waits_with(&site, stack::mistaken, unknown).kill();
    declare(site.folder.path(), &[(CLUSTER, stack::cluster)]);
    let began = Instant::now();
    let text = site.well("apply cluster --sandbox --yes");
    assert!(began.elapsed() < Duration::from_secs(20), "nothing is waited for: {text}");
    assert_eq!(site.plan(CLUSTER).0, Some(0));
}

#[tokio::test]
async fn what_is_waited_for_may_be_killed_taken_out_and_deleted_by_other_hands() {
    let site = small();
    site.well("apply cluster --sandbox --yes");
    let unseen = "Argo CD has not looked at it yet";
    waits_with(&site, stack::waiting, unseen).kill();
    // The next run's plan has it: it goes on waiting.
    waits_with(&site, stack::waiting, unseen).kill();
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("~ argocd_application.cart") && text.contains("begun earlier, goes on"), "{text}");
    declare(site.folder.path(), &[(CLUSTER, stack::cluster)]);
    let began = Instant::now();
    let text = site.well("apply cluster --sandbox --yes");
    assert!(text.contains("argocd_application.cart"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(30), "nothing is waited for: {text}");
    assert_eq!(site.plan(CLUSTER).0, Some(0));

    let run = waits_with(&site, stack::waiting, unseen);
    let applications = of(&client(&site).await, "argoproj.io/v1alpha1/Application", "shop");
    applications.delete("cart", &kube::api::DeleteParams::default()).await.expect("it can be deleted");
    let (output, in_time) = run.end_by(Instant::now() + Duration::from_secs(30), Duration::ZERO);
    assert!(in_time && output.status.code() == Some(1), "it sees that it is gone: {output:?}");
    let text = fs::read_to_string(site.folder.path().join("progress")).expect("it is there");
    assert!(text.contains("gone again before it became usable"), "{text}");

    waits_with(&site, stack::waiting, unseen).kill();
    let began = Instant::now();
    site.well("destroy cluster --sandbox --yes");
    assert!(began.elapsed() < Duration::from_secs(60), "it is not waited for: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_cluster_that_lets_nobody_in_any_more_is_entered_again_by_one_apply() {
    let site = small();
    declare(site.folder.path(), &[(CLUSTER, stack::entered)]);
    site.well("apply cluster --sandbox --yes");
    declare(site.folder.path(), &[(CLUSTER, stack::shut)]);
    site.well("apply cluster --sandbox --yes");
    let shut = until("nobody gets in", async || match site.plan(CLUSTER) {
        (Some(2), text) => Ok(text),
        (_, text) => Err(text),
    });
    let text = shut.await.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["kubernetes_namespace.shop", "give who applies an `EksAccessEntry`", "and 3 could not be read"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let refused = site.run("apply cluster --sandbox --yes");
    assert_eq!(refused.status.code(), Some(1), "nothing is known to be as it is to be: {}", said(&refused));

    // A run that dies as it makes something there leaves that to the one that opens the door.
    waits_with(&site, stack::shut_with_more, "kubernetes_manifest.more: again in").kill();
    declare(site.folder.path(), &[(CLUSTER, stack::entered_with_more)]);
    let began = Instant::now();
    let text = site.well("apply cluster --sandbox --yes");
    assert!(text.contains("kubernetes_manifest.more: what an earlier run began can't be looked at"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}: {text}", began.elapsed());
    let (code, text) = site.plan(CLUSTER);
    assert_eq!(code, Some(0), "{text}");
    show(&objects(&client(&site).await, "ConfigMap", Some("shop")), "more").await;
}

/// A release's content with this change.
fn with(release: &str, change: impl Fn(&mut Json)) -> String {
    use std::io::Read as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let packed = STANDARD.decode(STANDARD.decode(release).expect("it is base64")).expect("it is base64 twice");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("it is packed");
    let mut content: Json = serde_json::from_str(&text).expect("it is JSON");
    change(&mut content);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(content.to_string().as_bytes()).expect("it fits");
    STANDARD.encode(STANDARD.encode(packer.finish().expect("it fits")))
}

/// What the wrong words lead to.
#[test]
fn where_nothing_serves_the_sandbox_its_commands_say_so() {
    let site = small();
    assert!(site.well("sandbox down").contains("Nothing serves the sandbox."));
    assert!(site.well("sandbox status").contains("fathuss sandbox up"));
    let refused = site.run("sandbox kubeconfig");
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("Next: fathuss sandbox up"), "{}", said(&refused));
}

/// Who has no Go leaves out what is in clusters.
#[test]
fn without_go_all_but_what_is_in_clusters_comes_up() {
    let site = small();
    let programs = site.folder.path().join("programs");
    fs::create_dir(&programs).expect("there is room");
    std::os::unix::fs::symlink("/bin/cat", programs.join("cat")).expect("there is room");
    let bare = |words: &str| {
        let mut command = fathuss(PROGRAM.as_ref(), site.folder.path(), words);
        command.env("PATH", &programs).env("XDG_CACHE_HOME", site.folder.path().join("cache"));
        command.output().expect("it starts")
    };
    let refused = bare("apply cluster --sandbox --yes");
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    for part in ["3 resources of cluster are in a cluster", "Go", "--no-cluster"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let applied = bare("apply cluster --sandbox --no-cluster --yes");
    assert!(said(&applied).contains("16 created"), "{}", said(&applied));
    let planned = bare("plan cluster --sandbox --no-cluster --detailed-exitcode");
    assert_eq!(planned.status.code(), Some(0), "{}", said(&planned));
    // A plan needs nothing of it, as long as nothing is there.
    let planned = bare("plan cluster --sandbox");
    assert!(said(&planned).contains("3 to create"), "{}", said(&planned));
}
