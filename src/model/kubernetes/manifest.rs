//! `kubernetes_manifest`: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>

use super::namespace_of;
use crate::aws::EksCluster;
use crate::check::{Findings, View};
use crate::expression::{Document, Expression};
use crate::{Computed, Id, Json, Name, Value};

/// An object of any kind, applied by the API server itself: its fields that stand here are this stack's, the others are
/// whoever's they are.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, kubernetes::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// # let role = stack.add("cluster", IamRole::new(trust));
/// # let cluster = stack.add("main", EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)));
/// let place = document!({
///     "apiVersion": "v1",
///     "kind": "ConfigMap",
///     "metadata": { "name": "place", "namespace": "default" },
///     // What stands in brackets is any value of Rust's, or of another resource.
///     "data": { "vpc": (vpc.id()), "region": "us-east-1" },
/// });
/// stack.add("place", KubernetesManifest::new(&cluster, json(place)));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "kubernetes_manifest",
    provider = "kubernetes",
    service = "kubernetes",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 5,
    check = check,
    waits = waits
)]
pub struct KubernetesManifest {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The object. Its version, kind, namespace and name can't be other resources' values.
    #[field(json)]
    manifest: Value<Json>,
    /// Whether fields are taken from others who manage them; otherwise that is a conflict, which names them.
    #[field(instruction, default = "false")]
    force_conflicts: Option<Value<bool>>,
    /// Cluster, version, kind, namespace and name with slashes between.
    id: Computed<Id<KubernetesManifest>>,
    /// What tells it from others that had its name before.
    #[field(volatile)]
    uid: Computed<String>,
}

/// What stands in a document at this path, where it is a plain text.
fn text<'a>(document: &'a Document, path: &[&str]) -> Option<&'a str> {
    match (document, path) {
        (Document::Value(expression), []) => expression.literal()?.as_str(),
        (Document::Object(entries), [first, rest @ ..]) => {
            let is = |key: &Expression| key.literal().and_then(|key| key.as_str()) == Some(first);
            text(entries.iter().find(|(key, _)| is(key)).map(|(_, value)| value)?, rest)
        }
        _ => None,
    }
}

/// Version, kind, namespace and name, as far as they are plain.
fn identity<'a>(manifest: &View<'a>) -> Option<[Option<&'a str>; 4]> {
    let Expression::Json(document) = manifest.node().fields.get("manifest")? else { return None };
    let paths: [&[&str]; 4] = [&["apiVersion"], &["kind"], &["metadata", "namespace"], &["metadata", "name"]];
    Some(paths.map(|path| text(document, path)))
}

/// The first key of a Secret whose value is written in the program.
fn plain_secret<'a>(manifest: &View<'a>) -> Option<&'a str> {
    let Expression::Json(document) = manifest.node().fields.get("manifest")? else { return None };
    let entries = document.entries()?;
    let held = entries.into_iter().filter(|(key, _)| ["data", "stringData"].contains(key));
    let mut values = held.filter_map(|(_, held)| held.entries()).flatten();
    values.find(|(_, value)| text(value, &[]).is_some_and(|text| !text.is_empty())).map(|(key, _)| key)
}

/// Beside what lets who applies into the cluster: its namespace, and the definition of its kind.
fn waits<'a>(manifest: &View<'a>) -> Vec<View<'a>> {
    let mut waits = super::entrances(manifest);
    let Some([Some(version), Some(kind), namespace, _]) = identity(manifest) else { return waits };
    waits.extend(namespace.and_then(|name| namespace_of(manifest, name)));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let defines = |other: &View<'a>| {
        let Some(Expression::Json(document)) = other.node().fields.get("manifest") else { return false };
        text(document, &["kind"]) == Some("CustomResourceDefinition")
            && text(document, &["spec", "group"]) == Some(group)
            && text(document, &["spec", "names", "kind"]) == Some(kind)
            && other.node().fields.get("cluster_name") == manifest.node().fields.get("cluster_name")
    };
    waits.extend(manifest.beside("kubernetes_manifest").into_iter().filter(defines));
    waits
}

fn check(manifest: &View<'_>, findings: &mut Findings<'_>) {
    let Some(Expression::Json(Document::Object(_))) = manifest.node().fields.get("manifest") else {
        findings.refuse("`manifest` is an object: write json(document!({ ... }))");
        return;
    };
    let Some(own @ [version, kind, _, name]) = identity(manifest) else { return };
    if let [Some("v1"), Some("List"), ..] = own {
        findings.refuse("a `List` is no object of its own: declare each of its items");
        return;
    }
    if let ([Some("v1"), Some("Secret"), ..], Some(key)) = (own, plain_secret(manifest)) {
        findings.refuse(format!(
            "the value of `{key}` would stand in the program, in plans and in the state: `KubernetesSecret` keeps it out of all"
        ));
    }
    for (there, what) in [(version, "apiVersion"), (kind, "kind"), (name, "metadata.name")] {
        if there.is_none_or(str::is_empty) {
            findings.refuse(format!("`{what}` is a plain text: the object is found by it"));
        }
    }
    let cluster = |one: &View<'_>| one.node().fields.get("cluster_name").cloned();
    let same = |other: &View<'_>| identity(other) == Some(own) && cluster(other) == cluster(manifest);
    if let Some(other) = manifest.earlier_siblings().find(same) {
        findings.refuse(format!("{} is the same object", other.named()));
    }
}
