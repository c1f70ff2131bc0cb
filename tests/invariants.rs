//! The dependency graph holds what docs/architecture.md says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

type Packages = BTreeMap<String, BTreeSet<String>>;

/// Every package with its normal and build dependencies, as Cargo resolves them.
fn packages() -> Packages {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    let name_of = |id: &serde_json::Value| {
        let package = metadata["packages"].as_array()?.iter().find(|package| package["id"] == *id)?;
        Some(package["name"].as_str()?.to_owned())
    };
    let nodes = metadata["resolve"]["nodes"].as_array().expect("it resolves");
    let mut packages = Packages::new();
    for node in nodes {
        let normal = node["deps"].as_array().into_iter().flatten().filter(|dependency| {
            dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
        });
        let names = normal.filter_map(|dependency| name_of(&dependency["pkg"])).collect::<BTreeSet<_>>();
        packages.entry(name_of(&node["id"]).expect("each node is a package")).or_default().extend(names);
    }
    packages
}

/// Everything that a package reaches, itself left out.
fn reached(packages: &Packages, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut left = vec![from.to_owned()];
    while let Some(name) = left.pop() {
        let dependencies = packages.get(&name).unwrap_or_else(|| panic!("there is no package {name}"));
        left.extend(dependencies.iter().filter(|name| reached.insert((*name).clone())).cloned());
    }
    reached
}

fn assert_reaches_none(packages: &Packages, from: &str, forbidden: &[&str]) {
    let reached = reached(packages, from);
    let found: Vec<_> = reached.iter().filter(|name| forbidden.iter().any(|word| name.starts_with(word))).collect();
    assert!(found.is_empty(), "{from} must not reach {found:?}");
}

/// The same without what `fathuss-state` reaches buckets and databases with: who uses it sees `Store` and `Backend` alone.
fn beside_backends(mut packages: Packages) -> Packages {
    let state = packages.get_mut("fathuss-state").expect("there is such a package");
    state.retain(|name| name.starts_with("fathuss-"));
    packages
}

const SDK: &[&str] = &["aws-"];
const ASYNC: &[&str] = &["tokio", "futures", "async-trait"];

#[test]
fn the_model_has_no_io_no_async_and_no_sdk() {
    let packages = packages();
    assert_reaches_none(&packages, "fathuss-model", SDK);
    assert_reaches_none(&packages, "fathuss-model", ASYNC);
    assert_reaches_none(&packages, "fathuss-model", &["rusqlite", "hyper", "fathuss-engine", "fathuss-state"]);
}

/// Of AWS the state's backends take the credentials and the HTTP client, and what wraps their data keys.
#[test]
fn of_aws_s_services_the_state_calls_kms_alone() {
    let packages = packages();
    let state = packages.get("fathuss-state").expect("there is such a package");
    let services: Vec<_> = state.iter().filter(|name| name.starts_with("aws-sdk-")).collect();
    assert_eq!(services, ["aws-sdk-kms"]);
    let ours: Vec<_> = state.iter().filter(|name| name.starts_with("fathuss-")).collect();
    assert_eq!(ours, ["fathuss-model"]);
}

#[test]
fn the_engine_knows_no_cloud() {
    let packages = beside_backends(packages());
    assert_reaches_none(&packages, "fathuss-engine", SDK);
    assert_reaches_none(&packages, "fathuss-engine", &["fathuss-aws", "fathuss-simulator", "fathuss-report", "hyper"]);
}

#[test]
fn the_stacks_reach_the_model_alone() {
    let packages = packages();
    let ours: Vec<_> =
        reached(&packages, "fathuss-stacks").into_iter().filter(|name| name.starts_with("fathuss-")).collect();
    assert_eq!(ours, ["fathuss-derive", "fathuss-model"]);
    assert_reaches_none(&packages, "fathuss-stacks", SDK);
}

#[test]
fn the_simulator_shares_nothing_with_what_it_tests() {
    let packages = packages();
    assert_reaches_none(&packages, "fathuss-simulator", &["fathuss-", "aws-"]);
}

#[test]
fn reports_need_no_cloud() {
    let packages = beside_backends(packages());
    assert_reaches_none(&packages, "fathuss-report", &["aws-", "fathuss-aws", "fathuss-simulator"]);
}

/// The rule itself is tried on a graph that breaks it.
#[test]
fn a_forbidden_edge_is_found_however_far_away() {
    let edge = |from: &str, to: &[&str]| (from.to_owned(), to.iter().map(|name| (*name).to_owned()).collect());
    let packages =
        Packages::from([edge("a", &["b"]), edge("b", &["c"]), edge("c", &["aws-sdk"]), edge("aws-sdk", &[])]);
    assert!(reached(&packages, "a").contains("aws-sdk"));
}
