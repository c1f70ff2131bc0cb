//! How a cluster is changed: one kind of update at a time, each taking its time.

use super::cluster::{Cluster, Endpoint, check_endpoint, find, logs, nothing_automatic, offered, strings, unique};
use super::node_group::NodeGroup;
use super::update::{self, Target, Update};
use super::{Issue, control_plane, encryption, in_use, invalid, version};
use crate::input::Input;
use crate::logs::writer;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("UpdateClusterConfig", update_config), ("UpdateClusterVersion", update_version)];

const CONFIG: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html";
const UPGRADE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.cluster.update.kinds", "a request updates a cluster in one way", CONFIG),
    Rule::new("eks.cluster.update.change", "an update changes something", CONFIG),
    Rule::new(
        "eks.cluster.update.authentication",
        "a cluster's authentication mode goes from the config map to access entries, never back",
        "https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html",
    ),
    Rule::new("eks.cluster.update.minor", "a cluster's version rises by one minor version at a time", UPGRADE),
    Rule::new(
        "eks.cluster.update.skew",
        "nodes are at most three minor versions behind their cluster",
        "https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html",
    ),
];

fn list_text(items: &[String]) -> String {
    serde_json::json!(items).to_string()
}

fn list_of(update: &Update, name: &str) -> Option<Vec<String>> {
    update.param(name).and_then(|text| serde_json::from_str(text).ok())
}

/// What an update of a cluster's configuration asks for.
pub(super) struct Asked {
    pub(super) kind: &'static str,
    pub(super) span: &'static str,
    pub(super) params: Vec<(&'static str, String)>,
}

fn update_config(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("name");
    let cluster = find(tx, name)?;
    let _ = input.text("clientRequestToken");
    nothing_automatic(tx, input)?;
    let mut asked: Vec<Asked> = Vec::new();
    if let Some(config) = input.record("resourcesVpcConfig") {
        vpc_updates(tx, &cluster, &config, &mut asked)?;
    }
    if input.has("logging") {
        let on = logs(input, cluster.logs.clone());
        tx.enforce("eks.cluster.update.change", on != cluster.logs, || {
            invalid("No changes needed for the logging config provided").member("clusterName", name)
        })?;
        asked.push(control_plane_update("LoggingUpdate", vec![("ClusterLogging", list_text(&on))]));
    }
    if let Some(mode) = input.record("accessConfig").and_then(|one| one.text("authenticationMode")) {
        let rank = |mode: &str| ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"].iter().position(|known| *known == mode);
        let rises = rank(mode).zip(rank(&cluster.authentication)).is_some_and(|(to, from)| to == from + 1);
        tx.enforce("eks.cluster.update.authentication", rises, || {
            let message = format!("Unsupported authentication mode update from {} to {mode}", cluster.authentication);
            invalid(message).member("clusterName", name)
        })?;
        asked.push(flag_update("AccessConfigUpdate", "AuthenticationMode", mode.to_owned()));
    }
    if let Some(support) = input.record("upgradePolicy").and_then(|one| one.text("supportType")) {
        asked.push(flag_update("UpgradePolicyUpdate", "UpgradePolicy", support.to_owned()));
    }
    if let Some(on) = input.record("zonalShiftConfig").and_then(|one| one.bool("enabled")) {
        asked.push(flag_update("ZonalShiftConfigUpdate", "ZonalShiftConfig", on.to_string()));
    }
    if let Some(on) = input.bool("deletionProtection") {
        asked.push(flag_update("DeletionProtectionUpdate", "DeletionProtection", on.to_string()));
    }
    tx.enforce("eks.cluster.update.kinds", asked.len() <= 1, || {
        invalid("Only one type of update can be allowed.").member("clusterName", name)
    })?;
    let Some(asked) = asked.into_iter().next() else {
        return Err(invalid("The request changes nothing that EKS can update.").member("clusterName", name));
    };
    begin(tx, cluster, asked)
}

fn flag_update(kind: &'static str, param: &'static str, value: String) -> Asked {
    Asked { kind, span: "eks.update.flag", params: vec![(param, value)] }
}

fn control_plane_update(kind: &'static str, params: Vec<(&'static str, String)>) -> Asked {
    Asked { kind, span: "eks.update.control_plane", params }
}

fn vpc_updates(tx: &Tx<'_>, cluster: &Cluster, config: &Input<'_>, asked: &mut Vec<Asked>) -> Result<(), Refusal> {
    let named = |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str());
    let endpoint = ["endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"];
    if endpoint.iter().any(|member| config.has(member)) {
        let is = &cluster.endpoint;
        let ranges = strings(config.texts("publicAccessCidrs"));
        let wanted = Endpoint {
            public: config.bool("endpointPublicAccess").unwrap_or(is.public),
            private: config.bool("endpointPrivateAccess").unwrap_or(is.private),
            ranges: if ranges.is_empty() { is.ranges.clone() } else { ranges },
        };
        check_endpoint(tx, &wanted).map_err(named)?;
        tx.enforce("eks.cluster.update.change", wanted != *is, || {
            named(invalid(format!(
                "Cluster is already at the desired configuration with endpointPrivateAccess: {} , \
                 endpointPublicAccess: {}, and Public Endpoint Restrictions: [{}]",
                is.private,
                is.public,
                is.ranges.join(", ")
            )))
        })?;
        let params = vec![
            ("EndpointPublicAccess", wanted.public.to_string()),
            ("EndpointPrivateAccess", wanted.private.to_string()),
            ("PublicAccessCidrs", list_text(&wanted.ranges)),
        ];
        asked.push(control_plane_update("EndpointAccessUpdate", params));
    }
    if config.has("subnetIds") || config.has("securityGroupIds") {
        let subnets = if config.has("subnetIds") { unique(config.texts("subnetIds")) } else { cluster.subnets.clone() };
        let groups = if config.has("securityGroupIds") {
            unique(config.texts("securityGroupIds"))
        } else {
            cluster.security_groups.clone()
        };
        let vpc = control_plane::place(tx, &cluster.name, &subnets, &groups)?;
        tx.enforce("eks.cluster.subnet.vpc", vpc == cluster.vpc, || {
            named(invalid("Provided subnets belong to a different VPC than the cluster's."))
        })?;
        tx.enforce(
            "eks.cluster.update.change",
            subnets != cluster.subnets || groups != cluster.security_groups,
            || named(invalid("No changes needed for the VPC config provided")),
        )?;
        let params = vec![("Subnets", list_text(&subnets)), ("SecurityGroups", list_text(&groups))];
        asked.push(control_plane_update("VpcConfigUpdate", params));
    }
    Ok(())
}

/// Begins an update of a cluster that nothing else changes.
pub(super) fn begin(tx: &mut Tx<'_>, mut cluster: Cluster, asked: Asked) -> Result<Value, Refusal> {
    let name = cluster.name.clone();
    let running = update::under_way(tx, &name).map(|update| update.id.clone());
    tx.enforce("eks.update.one", running.is_none(), || {
        let message = format!(
            "Cannot {} because cluster {name} currently has update {} in progress",
            asked.kind,
            running.as_deref().unwrap_or_default()
        );
        in_use(message).member("clusterName", name.as_str())
    })?;
    let works = matches!(cluster.status.as_str(), "ACTIVE" | "UPDATING");
    tx.enforce("eks.cluster.active", works, || {
        let message = format!("Cannot {} because cluster {name} currently has status {}", asked.kind, cluster.status);
        in_use(message).member("clusterName", name.as_str())
    })?;
    cluster.status = "UPDATING".to_owned();
    tx.put(cluster);
    let target = Target { cluster: &name, ..Target::default() };
    let (id, answer) = update::begin(tx, target, asked.kind, asked.params);
    tx.transition(asked.span, "eks.cluster.updated", &id);
    Ok(answer)
}

/// Makes a cluster what an update asked for.
pub(super) fn apply(tx: &mut Tx<'_>, cluster: &mut Cluster, update: &Update) {
    let flag = |name: &str| update.param(name).map(|text| text == "true");
    if let Some(version) = update.param("Version").and_then(version::find) {
        cluster.version = version.name();
        cluster.platform_version = version.platform_version();
    }
    cluster.endpoint.public = flag("EndpointPublicAccess").unwrap_or(cluster.endpoint.public);
    cluster.endpoint.private = flag("EndpointPrivateAccess").unwrap_or(cluster.endpoint.private);
    if let Some(ranges) = list_of(update, "PublicAccessCidrs") {
        cluster.endpoint.ranges = ranges;
    }
    if let Some(logs) = list_of(update, "ClusterLogging") {
        cluster.logs = logs;
        if !cluster.logs.is_empty() {
            writer::begins(tx, &writer::of_cluster(&cluster.name));
        }
    }
    if let Some(mode) = update.param("AuthenticationMode") {
        mode.clone_into(&mut cluster.authentication);
    }
    if let Some(support) = update.param("UpgradePolicy") {
        support.clone_into(&mut cluster.support);
    }
    if let Some(key) = update.param("EncryptionConfig").and_then(encryption::brought) {
        cluster.encryption = Some(key);
    }
    cluster.zonal_shift = flag("ZonalShiftConfig").unwrap_or(cluster.zonal_shift);
    cluster.protected = flag("DeletionProtection").unwrap_or(cluster.protected);
    if let (Some(subnets), Some(groups)) = (list_of(update, "Subnets"), list_of(update, "SecurityGroups")) {
        cluster.subnets = subnets;
        cluster.security_groups = groups;
        control_plane::unplug(tx, &cluster.interfaces);
        // A subnet that has filled up meanwhile leaves the cluster without its interfaces, and unhealthy.
        match control_plane::plug_in(tx, cluster) {
            Ok(interfaces) => cluster.interfaces = interfaces,
            Err(refusal) => {
                cluster.interfaces.clear();
                let subnets = cluster.subnets.clone();
                cluster.issues.push(Issue::new("InsufficientFreeAddresses", refusal.message, subnets));
            }
        }
    }
}

fn update_version(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("name");
    let cluster = find(tx, name)?;
    let (wanted, _, force) = (input.required("version"), input.text("clientRequestToken"), input.flag("force"));
    let to = offered(tx, Some(wanted)).map_err(|refusal| refusal.member("clusterName", name))?;
    let from = version::find(&cluster.version).map_or(0, |version| version.minor);
    tx.enforce("eks.cluster.update.change", to.minor != from, || {
        invalid(format!("Cluster is already at the desired version {wanted}")).member("clusterName", name)
    })?;
    tx.enforce("eks.cluster.update.minor", to.minor == from + 1 || to.minor == from, || {
        let message = format!("Unsupported Kubernetes minor version update from {} to {wanted}", cluster.version);
        invalid(message).member("clusterName", name)
    })?;
    let behind = tx.rows::<NodeGroup>().find(|group| {
        let minor = version::find(&group.version).map_or(0, |version| version.minor);
        group.cluster == name && minor + 3 < to.minor
    });
    tx.enforce("eks.cluster.update.skew", force || behind.is_none(), || {
        let group = behind.map(|group| group.name.as_str()).unwrap_or_default();
        let message = format!(
            "Kubelet version of nodegroup {group} must be updated to match or be within 3 minor versions of {wanted}"
        );
        invalid(message).member("clusterName", name).member("nodegroupName", group)
    })?;
    let params = vec![("Version", wanted.to_owned()), ("PlatformVersion", to.platform_version())];
    begin(tx, cluster, Asked { kind: "VersionUpdate", span: "eks.update.version", params })
}
