//! The addons that EKS has, with their versions for each Kubernetes version.

use super::listing::listed;
use super::{invalid, version};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeAddonVersions", describe), ("DescribeAddonConfiguration", describe_configuration)];

/// An addon of EKS's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub sort: &'static str,
    /// Who makes it: `aws` or `community`.
    pub owner: &'static str,
    /// The namespace it runs in.
    pub namespace: &'static str,
    /// Whether it needs nodes to be well: deployments do, daemon sets do not.
    pub needs_nodes: bool,
    /// The service account that needs AWS's leave, with the managed policy that gives it.
    pub account: Option<(&'static str, &'static str)>,
    /// The members that its configuration takes.
    pub options: &'static [&'static str],
    versions: Versions,
}

/// The versions of an addon, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// The same for every Kubernetes version.
    All(&'static [&'static str]),
    /// By the Kubernetes minor version from which on they are.
    From(&'static [(u8, &'static [&'static str])]),
}

const POD: &[&str] = &["affinity", "nodeSelector", "podAnnotations", "podLabels", "resources", "tolerations"];
const CNI: &[&str] = &[
    "affinity",
    "cri",
    "enableNetworkPolicy",
    "enableWindowsIpam",
    "enableWindowsPrefixDelegation",
    "env",
    "eniConfig",
    "extraVolumeMounts",
    "extraVolumes",
    "init",
    "livenessProbeTimeoutSeconds",
    "nodeAgent",
    "originalMatchLabels",
    "podAnnotations",
    "podLabels",
    "readinessProbeTimeoutSeconds",
    "resources",
    "tolerations",
];
const PROXY: &[&str] = &["ipvs", "mode", "podAnnotations", "podLabels", "resources", "tolerations", "affinity"];
const DNS: &[&str] = &[
    "affinity",
    "autoScaling",
    "computeType",
    "corefile",
    "nodeSelector",
    "podAnnotations",
    "podDisruptionBudget",
    "podLabels",
    "replicaCount",
    "resources",
    "tolerations",
    "topologySpreadConstraints",
];
const STORAGE: &[&str] = &[
    "additionalDaemonSets",
    "controller",
    "defaultStorageClass",
    "fips",
    "imagePullPolicy",
    "node",
    "nodeComponentOnly",
    "sidecars",
];
const METRICS: &[&str] = &[
    "addonResizer",
    "affinity",
    "args",
    "defaultArgs",
    "nodeSelector",
    "podAnnotations",
    "podDisruptionBudget",
    "podLabels",
    "replicas",
    "resources",
    "tolerations",
    "topologySpreadConstraints",
    "updateStrategy",
];

const fn own(
    name: &'static str,
    sort: &'static str,
    needs_nodes: bool,
    account: Option<(&'static str, &'static str)>,
    options: &'static [&'static str],
    versions: Versions,
) -> Kind {
    Kind { name, sort, owner: "aws", namespace: "kube-system", needs_nodes, account, options, versions }
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html>, of early 2026.
pub static ALL: &[Kind] = &[
    own(
        "vpc-cni",
        "networking",
        false,
        Some(("aws-node", "AmazonEKS_CNI_Policy")),
        CNI,
        Versions::All(&["v1.21.1-eksbuild.1", "v1.20.5-eksbuild.1", "v1.20.4-eksbuild.2", "v1.19.6-eksbuild.7"]),
    ),
    own(
        "kube-proxy",
        "networking",
        false,
        None,
        PROXY,
        Versions::From(&[
            (35, &["v1.35.0-eksbuild.2", "v1.35.0-eksbuild.1"]),
            (34, &["v1.34.1-eksbuild.2", "v1.34.0-eksbuild.4"]),
            (33, &["v1.33.5-eksbuild.2", "v1.33.3-eksbuild.10"]),
            (32, &["v1.32.9-eksbuild.2", "v1.32.6-eksbuild.13"]),
            (31, &["v1.31.13-eksbuild.2", "v1.31.10-eksbuild.12"]),
            (30, &["v1.30.14-eksbuild.18"]),
            (29, &["v1.29.15-eksbuild.26"]),
        ]),
    ),
    own(
        "coredns",
        "networking",
        true,
        None,
        DNS,
        Versions::From(&[
            (35, &["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"]),
            (33, &["v1.12.4-eksbuild.1", "v1.12.3-eksbuild.1", "v1.12.1-eksbuild.2"]),
            (29, &["v1.11.4-eksbuild.24", "v1.11.4-eksbuild.22"]),
        ]),
    ),
    own(
        "aws-ebs-csi-driver",
        "storage",
        true,
        Some(("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy")),
        STORAGE,
        Versions::All(&["v1.54.0-eksbuild.1", "v1.53.0-eksbuild.1", "v1.52.1-eksbuild.1"]),
    ),
    own(
        "aws-efs-csi-driver",
        "storage",
        true,
        Some(("efs-csi-controller-sa", "service-role/AmazonEFSCSIDriverPolicy")),
        STORAGE,
        Versions::All(&["v2.1.15-eksbuild.1", "v2.1.13-eksbuild.1"]),
    ),
    own("snapshot-controller", "storage", true, None, POD, Versions::All(&["v8.3.0-eksbuild.1", "v8.2.0-eksbuild.1"])),
    own(
        "eks-pod-identity-agent",
        "security",
        false,
        None,
        &[
            "affinity",
            "agent",
            "init",
            "nodeSelector",
            "podAnnotations",
            "podLabels",
            "priorityClassName",
            "resources",
            "tolerations",
            "updateStrategy",
        ],
        Versions::All(&["v1.3.10-eksbuild.2", "v1.3.10-eksbuild.1", "v1.3.9-eksbuild.5"]),
    ),
    own(
        "eks-node-monitoring-agent",
        "observability",
        false,
        None,
        POD,
        Versions::All(&["v1.4.2-eksbuild.1", "v1.4.1-eksbuild.1"]),
    ),
    own(
        "amazon-cloudwatch-observability",
        "observability",
        true,
        Some(("cloudwatch-agent", "CloudWatchAgentServerPolicy")),
        &["agent", "agents", "admissionWebhooks", "containerLogs", "manager", "tolerations", "affinity"],
        Versions::All(&["v4.7.0-eksbuild.1", "v4.6.0-eksbuild.1"]),
    ),
    Kind {
        name: "metrics-server",
        sort: "observability",
        owner: "community",
        namespace: "kube-system",
        needs_nodes: true,
        account: None,
        options: METRICS,
        versions: Versions::All(&["v0.8.0-eksbuild.6", "v0.8.0-eksbuild.5", "v0.7.2-eksbuild.4"]),
    },
    Kind {
        name: "kube-state-metrics",
        sort: "observability",
        owner: "community",
        namespace: "kube-state-metrics",
        needs_nodes: true,
        account: None,
        options: POD,
        versions: Versions::All(&["v2.17.0-eksbuild.5", "v2.17.0-eksbuild.4"]),
    },
    Kind {
        name: "cert-manager",
        sort: "security",
        owner: "community",
        namespace: "cert-manager",
        needs_nodes: true,
        account: None,
        options: POD,
        versions: Versions::All(&["v1.19.1-eksbuild.2", "v1.19.1-eksbuild.1"]),
    },
    Kind {
        name: "external-dns",
        sort: "networking",
        owner: "community",
        namespace: "external-dns",
        needs_nodes: true,
        account: Some(("external-dns", "AmazonRoute53FullAccess")),
        options: POD,
        versions: Versions::All(&["v0.19.0-eksbuild.3", "v0.19.0-eksbuild.2"]),
    },
];

impl Kind {
    /// The versions for a Kubernetes version, newest first; none where there are none.
    #[must_use]
    pub fn versions(&self, minor: u8) -> &'static [&'static str] {
        match self.versions {
            Versions::All(versions) => versions,
            Versions::From(table) => {
                table.iter().find(|(from, _)| *from <= minor).map_or(&[], |(_, versions)| *versions)
            }
        }
    }

    /// The version that EKS chooses: the newest but one, as long as there are two.
    #[must_use]
    pub fn default_version(&self, minor: u8) -> Option<&'static str> {
        let versions = self.versions(minor);
        versions.get(1).or(versions.first()).copied()
    }

    /// The schema of its configuration.
    fn schema(&self) -> String {
        let members: serde_json::Map<String, serde_json::Value> =
            self.options.iter().map(|name| ((*name).to_owned(), serde_json::json!({}))).collect();
        serde_json::json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "additionalProperties": false,
            "properties": members,
        })
        .to_string()
    }

    fn view(&self, minors: &[u8]) -> Value {
        let mut names: Vec<&str> = Vec::new();
        for version in minors.iter().flat_map(|minor| self.versions(*minor)) {
            if !names.contains(version) {
                names.push(version);
            }
        }
        let versions = names.iter().map(|name| {
            let fits = minors.iter().filter(|minor| self.versions(**minor).contains(name));
            let fits = fits.map(|minor| {
                record! {
                    "clusterVersion" => format!("1.{minor}"),
                    "platformVersions" => Value::List(vec![Value::from("*")]),
                    "defaultVersion" => self.default_version(*minor) == Some(*name),
                }
            });
            record! {
                "addonVersion" => *name,
                "architecture" => Value::List(vec![Value::from("amd64"), Value::from("arm64")]),
                "computeTypes" => Value::List(vec![Value::from("ec2"), Value::from("auto")]),
                "compatibilities" => Value::List(fits.collect()),
                "requiresConfiguration" => false,
                "requiresIamPermissions" => self.account.is_some(),
            }
        });
        record! {
            "addonName" => self.name,
            "type" => self.sort,
            "addonVersions" => Value::List(versions.collect()),
            "publisher" => "eks",
            "owner" => self.owner,
            "defaultNamespace" => self.namespace,
        }
    }
}

/// The addon of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let minors: Vec<u8> = match input.text("kubernetesVersion") {
        Some(name) => version::find(name).map(|version| version.minor).into_iter().collect(),
        None => version::ALL.iter().filter(|version| version.is_offered(tx)).map(|version| version.minor).collect(),
    };
    let name = input.text("addonName");
    let any = |wanted: Vec<&str>, is: &str| wanted.is_empty() || wanted.contains(&is);
    let (types, publishers, owners) = (input.texts("types"), input.texts("publishers"), input.texts("owners"));
    let known = name
        .is_none_or(|name| find(name).is_some_and(|kind| minors.iter().any(|minor| !kind.versions(*minor).is_empty())));
    if !known {
        let version = input.text("kubernetesVersion").unwrap_or_default();
        let name = name.unwrap_or_default();
        return Err(invalid(format!("Addon {name} specified is not supported in {version} kubernetes version")));
    }
    let items = ALL.iter().filter(|kind| {
        name.is_none_or(|name| name == kind.name)
            && any(types.clone(), kind.sort)
            && any(publishers.clone(), "eks")
            && any(owners.clone(), kind.owner)
            && minors.iter().any(|minor| !kind.versions(*minor).is_empty())
    });
    listed(tx, input, "addons", items.map(|kind| (kind.name.to_owned(), kind.view(&minors))).collect())
}

fn describe_configuration(_: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (name, version) = (input.required("addonName"), input.required("addonVersion"));
    let Some(kind) = find(name) else {
        return Err(invalid(format!("Addon {name} specified is not supported")));
    };
    if !version::ALL.iter().any(|known| kind.versions(known.minor).contains(&version)) {
        return Err(invalid("Addon version specified is not supported"));
    }
    let pod_identity = kind.account.map(|(account, policy)| {
        let policy = Value::from(format!("arn:aws:iam::aws:policy/{policy}"));
        vec![record! { "serviceAccount" => account, "recommendedManagedPolicies" => Value::List(vec![policy]) }]
    });
    Ok(record! {
        "addonName" => name,
        "addonVersion" => version,
        "configurationSchema" => kind.schema(),
        "podIdentityConfiguration" => pod_identity,
    })
}
