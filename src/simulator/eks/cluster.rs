//! Clusters.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::access_entry::{self, AccessEntry};
use super::access_policy::Association;
use super::addon::{self, Addon};
use super::fargate_profile::FargateProfile;
use super::listing::named;
use super::node_group::NodeGroup;
use super::pod_identity::PodIdentityAssociation;
use super::tags::{self, Tags};
use super::update::{self, Target};
use super::{Issue, arn, control_plane, encryption, health, in_use, invalid, kubernetes, missing, unfit, version};
use crate::ec2::cidr;
use crate::ec2::vpc::Vpc;
use crate::iam::attachment::Attachment;
use crate::iam::role::Role;
use crate::iam::role_policy::RolePolicy;
use crate::iam::service_linked_role;
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::logs::writer;
use crate::protocol::base64_encode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Scope, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateCluster", create), ("DescribeCluster", describe), ("ListClusters", list), ("DeleteCluster", delete)];

pub(super) const SPANS: &[Span] =
    &[Span::new("eks.cluster.create", 480.0, 660.0), Span::new("eks.cluster.delete", 120.0, 240.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("eks.cluster.plugged_in", |tx, pending| plugged_in(tx, name_in(&pending.subject))),
    ("eks.cluster.active", |tx, pending| {
        let name = name_in(&pending.subject);
        tx.change::<Cluster>(name, |cluster| cluster.status = "ACTIVE".to_owned());
        if tx.get::<Cluster>(name).is_some_and(|cluster| !cluster.logs.is_empty()) {
            writer::begins(tx, &writer::of_cluster(name));
        }
    }),
    ("eks.cluster.failed", |tx, pending| {
        tx.change::<Cluster>(name_in(&pending.subject), |cluster| {
            cluster.status = "FAILED".to_owned();
            let (why, resources) = ("The cluster could not be created.", Vec::new());
            cluster.issues.push(Issue::new("InternalFailure", why, resources));
        });
    }),
    ("eks.cluster.deleted", |tx, pending| gone(tx, name_in(&pending.subject))),
];

/// The name in a cluster's ARN. What happens to clusters happens by ARN: other services' things can have their names.
fn name_in(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

const CREATE: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html";
const NETWORK: &str = "https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html";
const CONFIG: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html";
const DELETE: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.cluster.name.taken", "a cluster's name is unique in its account and region", CREATE),
    Rule::new(
        "eks.cluster.quota",
        "a region has at most 100 clusters",
        "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
    ),
    Rule::new(
        "eks.cluster.list.include",
        "all is the one word that clusters are listed by",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_ListClusters.html",
    ),
    Rule::new("eks.cluster.version", "a cluster is of a version that EKS offers", CREATE),
    Rule::new(
        "eks.cluster.role.exists",
        "a cluster's role exists and has reached EKS",
        "https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html",
    ),
    Rule::new(
        "eks.cluster.role.trust",
        "a cluster's role trusts eks.amazonaws.com",
        "https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html",
    ),
    Rule::new(
        "eks.cluster.role.policy",
        "a cluster's role has EKS's policy, or one of its own",
        "https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html",
    ),
    Rule::new("eks.cluster.subnet.exists", "a cluster's subnets exist", NETWORK),
    Rule::new("eks.cluster.subnet.vpc", "a cluster's subnets are of one VPC", NETWORK),
    Rule::new("eks.cluster.subnet.zone", "a cluster's subnets are in zones where EKS has room", NETWORK),
    Rule::new("eks.cluster.subnet.zones", "a cluster's subnets are in at least two zones", NETWORK),
    Rule::new("eks.cluster.subnet.free", "a cluster's subnets have addresses left for the control plane", NETWORK),
    Rule::new("eks.cluster.security_group", "a cluster's security groups exist in its VPC", NETWORK),
    Rule::new("eks.cluster.endpoint", "a cluster can be reached from somewhere", CONFIG),
    Rule::new(
        "eks.cluster.endpoint.ranges",
        "the ranges that may reach a public endpoint are ranges of IPv4 on the internet, each once, at most 40",
        "https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    ),
    Rule::new(
        "eks.cluster.service_range",
        "services have a private range between /12 and /24 apart from the VPC's",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html",
    ),
    Rule::new(
        "eks.cluster.auto_mode",
        "EKS Auto Mode is on in all its parts or in none",
        "https://docs.aws.amazon.com/eks/latest/userguide/auto-enable-existing.html",
    ),
    Rule::new(
        "eks.cluster.bootstrap",
        "without access entries the creator is the administrator",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessConfigRequest.html",
    ),
    Rule::new("eks.cluster.active", "a cluster is changed once it is active", CONFIG),
    Rule::new("eks.cluster.delete.fargate_profiles", "a cluster with Fargate profiles is not deleted", DELETE),
    Rule::new("eks.cluster.delete.node_groups", "a cluster with node groups is not deleted", DELETE),
    Rule::new("eks.cluster.delete.update", "a cluster is not deleted while it is updated", DELETE),
    Rule::new(
        "eks.cluster.delete.protection",
        "a protected cluster is not deleted",
        "https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html",
    ),
];

/// The control plane's logs.
const LOGS: &[&str] = &["api", "audit", "authenticator", "controllerManager", "scheduler"];

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// `1.35`
    pub version: String,
    /// EKS's own version, e.g. `eks.3`.
    pub platform_version: String,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING` or `FAILED`.
    pub status: String,
    /// The role it acts with.
    pub role: String,
    /// Its VPC.
    pub vpc: String,
    /// The subnets for its interfaces.
    pub subnets: Vec<String>,
    /// The groups that its interfaces have besides its own.
    pub security_groups: Vec<String>,
    /// Its own group, once it is there.
    pub security_group: Option<String>,
    /// Its interfaces.
    pub interfaces: Vec<String>,
    /// What its endpoint and its issuer are found by.
    pub key: String,
    /// What its certificates are signed by, as base64.
    pub authority: String,
    /// Who can reach its endpoint.
    pub endpoint: Endpoint,
    /// The range of services.
    pub service_range: String,
    /// The logs that are on.
    pub logs: Vec<String>,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub authentication: String,
    /// Whether its creator is an administrator.
    pub bootstrap: bool,
    /// Whether EKS put vpc-cni, kube-proxy and coredns in.
    pub own_addons: bool,
    /// `STANDARD` or `EXTENDED`.
    pub support: String,
    /// Whether it leaves a zone in trouble.
    pub zonal_shift: bool,
    /// Whether it can't be deleted.
    pub protected: bool,
    /// The ARN of the key that encrypts its secrets, where the customer gave one.
    #[serde(default)]
    pub encryption: Option<String>,
    /// The token it was made with.
    pub token: Option<String>,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Its tags.
    pub tags: Tags,
}

/// Who can reach a cluster's endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Whether the internet can.
    pub public: bool,
    /// Whether its VPC can.
    pub private: bool,
    /// From where in the internet.
    pub ranges: Vec<String>,
}

impl Row for Cluster {
    const TABLE: &'static str = "eks.cluster";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Cluster {
    /// The issuer of its service accounts' tokens.
    #[must_use]
    pub fn issuer(&self, tx: &Tx<'_>) -> String {
        format!("https://oidc.eks.{}.amazonaws.com/id/{}", tx.region(), self.key)
    }

    /// Whether access entries mean something in it.
    #[must_use]
    pub fn has_access_entries(&self) -> bool {
        self.authentication != "CONFIG_MAP"
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let issues: Vec<Issue> = self.issues.iter().cloned().chain(encryption::issue(tx, self)).collect();
        let reachable = self.status != "CREATING" && self.status != "FAILED";
        let scope = Scope { account: tx.account().to_owned(), region: tx.region().to_owned() };
        let server = if reachable { tx.api_server(&kubernetes::id(&scope, self)) } else { None };
        let (endpoint, authority) = match server {
            Some(server) => (server.url, server.authority),
            None => {
                let endpoint = format!("https://{}.gr7.{}.eks.amazonaws.com", self.key, tx.region());
                (endpoint, self.authority.clone())
            }
        };
        let disabled = LOGS.iter().filter(|log| !self.logs.iter().any(|on| on == *log)).map(|log| Value::from(*log));
        let disabled: Vec<Value> = disabled.collect();
        let mut logging = Vec::new();
        if !self.logs.is_empty() {
            logging.push(record! { "types" => &self.logs, "enabled" => true });
        }
        if !disabled.is_empty() {
            logging.push(record! { "types" => disabled, "enabled" => false });
        }
        record! {
            "name" => &self.name,
            "arn" => &self.arn,
            "createdAt" => self.created,
            "version" => &self.version,
            "endpoint" => reachable.then_some(endpoint),
            "roleArn" => &self.role,
            "resourcesVpcConfig" => record! {
                "subnetIds" => &self.subnets,
                "securityGroupIds" => &self.security_groups,
                "clusterSecurityGroupId" => self.security_group.as_ref(),
                "vpcId" => &self.vpc,
                "endpointPublicAccess" => self.endpoint.public,
                "endpointPrivateAccess" => self.endpoint.private,
                "publicAccessCidrs" => &self.endpoint.ranges,
            },
            "kubernetesNetworkConfig" => record! {
                "serviceIpv4Cidr" => &self.service_range,
                "ipFamily" => "ipv4",
                "elasticLoadBalancing" => record! { "enabled" => false },
            },
            "logging" => record! { "clusterLogging" => logging },
            "identity" => self.security_group.is_some().then(|| record! { "oidc" => record! { "issuer" => self.issuer(tx) } }),
            "status" => &self.status,
            "certificateAuthority" => if reachable {
                record! { "data" => authority }
            } else {
                Value::Record(crate::value::Record::new())
            },
            "clientRequestToken" => self.token.as_ref(),
            "platformVersion" => &self.platform_version,
            "tags" => tags::view(&self.tags),
            "encryptionConfig" => self.encryption.as_deref().map(encryption::view),
            "health" => health(&issues),
            "accessConfig" => record! { "authenticationMode" => &self.authentication },
            "upgradePolicy" => record! { "supportType" => &self.support },
            "zonalShiftConfig" => record! { "enabled" => self.zonal_shift },
            "computeConfig" => record! { "enabled" => false, "nodePools" => Value::List(Vec::new()) },
            "storageConfig" => record! { "blockStorage" => record! { "enabled" => false } },
            "deletionProtection" => self.protected,
            "controlPlaneScalingConfig" => record! { "tier" => "standard" },
        }
    }
}

/// The cluster of that name.
///
/// # Errors
/// When there is none.
pub fn find(tx: &Tx<'_>, name: &str) -> Result<Cluster, Refusal> {
    let absent = || missing(format!("No cluster found for name: {name}.")).member("clusterName", name);
    tx.get::<Cluster>(name).cloned().ok_or_else(absent)
}

/// The cluster of that name, in which something is to be made.
pub(super) fn active(tx: &Tx<'_>, name: &str) -> Result<Cluster, Refusal> {
    let cluster = find(tx, name)?;
    let works = matches!(cluster.status.as_str(), "ACTIVE" | "UPDATING");
    tx.enforce("eks.cluster.active", works, || {
        let message = format!("Cluster '{name}' is not in ACTIVE status. Its status is {}.", cluster.status);
        unfit(message).member("clusterName", name)
    })?;
    Ok(cluster)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("name");
    tx.enforce("eks.cluster.name.taken", tx.get::<Cluster>(name).is_none(), || {
        in_use(format!("Cluster already exists with name: {name}")).member("clusterName", name)
    })?;
    let limit = tx.quota("eks.clusters");
    let have = i64::try_from(tx.rows::<Cluster>().count()).unwrap_or(i64::MAX);
    tx.enforce("eks.cluster.quota", have < limit, || {
        Refusal::new("ResourceLimitExceededException", format!("maximum of {limit} clusters"))
            .member("clusterName", name)
    })?;
    let version = offered(tx, input.text("version"))?;
    let role = input.required("roleArn");
    check_role(tx, name, role)?;
    let (subnets, security_groups, endpoint) = place_of(input);
    check_endpoint(tx, &endpoint)?;
    let vpc = control_plane::place(tx, name, &subnets, &security_groups)?;
    let service_range = service_range(tx, input, &vpc)?;
    nothing_automatic(tx, input)?;
    let encryption = encryption::asked(tx, input).map_err(|refusal| refusal.member("clusterName", name))?;
    let access = input.record("accessConfig");
    let authentication = access.as_ref().and_then(|one| one.text("authenticationMode")).unwrap_or("CONFIG_MAP");
    let bootstrap = access.as_ref().and_then(|one| one.bool("bootstrapClusterCreatorAdminPermissions")).unwrap_or(true);
    tx.enforce("eks.cluster.bootstrap", bootstrap || authentication != "CONFIG_MAP", || {
        invalid(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
        )
    })?;
    let key = tx.hex(32).to_uppercase();
    let cluster = Cluster {
        name: name.to_owned(),
        arn: arn(tx, &format!("cluster/{name}")),
        created: tx.now(),
        version: version.name(),
        platform_version: version.platform_version(),
        status: "CREATING".to_owned(),
        role: role.to_owned(),
        vpc,
        subnets,
        security_groups,
        security_group: None,
        interfaces: Vec::new(),
        authority: authority(tx),
        key,
        endpoint,
        service_range,
        logs: logs(input, Vec::new()),
        authentication: authentication.to_owned(),
        bootstrap,
        own_addons: input.bool("bootstrapSelfManagedAddons").unwrap_or(true),
        support: input
            .record("upgradePolicy")
            .and_then(|policy| policy.text("supportType"))
            .unwrap_or("EXTENDED")
            .to_owned(),
        zonal_shift: input.record("zonalShiftConfig").is_some_and(|one| one.flag("enabled")),
        protected: input.flag("deletionProtection"),
        encryption,
        token: input.text("clientRequestToken").map(str::to_owned),
        issues: Vec::new(),
        tags: tags::read(tx, input)?,
    };
    if bootstrap {
        access_entry::admit_creator(tx, &cluster);
    }
    service_linked_role::ensure(tx, "eks.amazonaws.com");
    let mut view = cluster.view(tx);
    view.set(
        "accessConfig",
        record! { "bootstrapClusterCreatorAdminPermissions" => bootstrap, "authenticationMode" => authentication },
    );
    let arn = cluster.arn.clone();
    tx.put(cluster);
    let wait = tx.draw("eks.cluster.create", name);
    tx.after(wait / 3, "eks.cluster.plugged_in", &arn);
    let end = if tx.fails() { "eks.cluster.failed" } else { "eks.cluster.active" };
    tx.after(wait, end, &arn);
    Ok(record! { "cluster" => view })
}

pub(super) fn offered(tx: &Tx<'_>, asked: Option<&str>) -> Result<&'static version::Version, Refusal> {
    let found = match asked {
        Some(name) => version::find(name),
        None => version::default(tx),
    };
    let is_offered = found.is_some_and(|version| version.is_offered(tx));
    tx.enforce("eks.cluster.version", is_offered, || invalid("unsupported Kubernetes version"))?;
    found.ok_or_else(|| invalid("unsupported Kubernetes version"))
}

fn check_role(tx: &Tx<'_>, cluster: &str, arn: &str) -> Result<(), Refusal> {
    let refuse = |message: String| invalid(message).member("clusterName", cluster);
    match trust::role_for(tx, arn, "eks.amazonaws.com") {
        Ok(role) => tx.enforce("eks.cluster.role.policy", is_permitted(tx, &role, &["AmazonEKSClusterPolicy"]), || {
            refuse(
                "The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the \
                 following policies [arn:aws:iam::aws:policy/AmazonEKSClusterPolicy] are attached"
                    .to_owned(),
            )
        }),
        Err(Flaw::Malformed) => {
            tx.enforce("eks.cluster.role.exists", false, || refuse(format!("The role ARN {arn} is invalid.")))
        }
        Err(Flaw::Missing) => {
            tx.enforce("eks.cluster.role.exists", false, || refuse(format!("roleArn, {arn}, does not exist")))
        }
        Err(Flaw::Unknown(key)) => Err(trust::unknown(&key)),
        Err(Flaw::Untrusting) => tx.enforce("eks.cluster.role.trust", false, || {
            refuse("Role could not be assumed because the trusted entity is not correct".to_owned())
        }),
    }
}

/// Whether a role has one of AWS's policies, as far as that has reached EKS. What the account's own policies
/// permit is not looked into.
pub(super) fn is_permitted(tx: &Tx<'_>, role: &Role, policies: &[&str]) -> bool {
    let ids = Attachment::ids_of(&role.name);
    let own = tx.rows_under::<Attachment>(&ids).any(|one| !one.policy.starts_with("arn:aws:iam::aws:"))
        || tx.rows_under::<RolePolicy>(&RolePolicy::ids_of(&role.name)).next().is_some();
    let has = |policy: &&str| {
        let policy = format!("arn:aws:iam::aws:policy/{policy}");
        trust::reached::<Attachment>(tx, &Attachment { role: role.name.clone(), policy }.id()).is_some()
    };
    own || policies.iter().any(has)
}

pub(super) fn strings(given: Vec<&str>) -> Vec<String> {
    given.into_iter().map(str::to_owned).collect()
}

/// Subnets, groups and endpoint of a new cluster.
pub(super) fn place_of(input: &Input<'_>) -> (Vec<String>, Vec<String>, Endpoint) {
    let any = || vec!["0.0.0.0/0".to_owned()];
    let Some(config) = input.record("resourcesVpcConfig") else {
        return (Vec::new(), Vec::new(), Endpoint { public: true, private: false, ranges: any() });
    };
    let ranges = strings(config.texts("publicAccessCidrs"));
    let endpoint = Endpoint {
        public: config.bool("endpointPublicAccess").unwrap_or(true),
        private: config.bool("endpointPrivateAccess").unwrap_or(false),
        ranges: if ranges.is_empty() { any() } else { ranges },
    };
    (unique(config.texts("subnetIds")), unique(config.texts("securityGroupIds")), endpoint)
}

pub(super) fn unique(given: Vec<&str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in given {
        if !kept.iter().any(|known| known == one) {
            kept.push(one.to_owned());
        }
    }
    kept
}

/// Ranges from which no one can come over the internet. Those for documentation, which AWS's own examples have, may
/// stand in requests.
const RESERVED: [(Ipv4Addr, u8); 11] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn is_reserved(range: Ipv4Net) -> bool {
    RESERVED.iter().any(|(start, length)| Ipv4Net::new(*start, *length).is_ok_and(|reserved| reserved.contains(&range)))
}

pub(super) fn check_endpoint(tx: &Tx<'_>, endpoint: &Endpoint) -> Result<(), Refusal> {
    tx.enforce("eks.cluster.endpoint", endpoint.public || endpoint.private, || {
        invalid("Private and public endpoint access cannot be false")
    })?;
    let wrong: Vec<&str> = endpoint
        .ranges
        .iter()
        .map(String::as_str)
        .filter(|range| !range.parse::<Ipv4Net>().is_ok_and(|net| net.addr() == net.network() && !is_reserved(net)))
        .collect();
    tx.enforce("eks.cluster.endpoint.ranges", wrong.is_empty(), || {
        invalid(format!("The following CIDRs are invalid in publicAccessCidrs: [{}]", wrong.join(", ")))
    })?;
    // What AWS says of a range that comes twice no one has published: these are its general code and words of ours.
    let once = unique(endpoint.ranges.iter().map(String::as_str).collect()).len() == endpoint.ranges.len();
    tx.enforce("eks.cluster.endpoint.ranges", once, || {
        invalid("The CIDRs in publicAccessCidrs must not contain duplicates.")
    })?;
    tx.enforce("eks.cluster.endpoint.ranges", endpoint.ranges.len() <= 40, || {
        invalid("The number of CIDRs in publicAccessCidrs exceeds the limit of 40.")
    })
}

fn service_range(tx: &Tx<'_>, input: &Input<'_>, vpc: &str) -> Result<String, Refusal> {
    let network = input.record("kubernetesNetworkConfig");
    if let Some(network) = &network {
        if network.text("ipFamily") == Some("ipv6") {
            return Err(Refusal::not_simulated("eks CreateCluster with IPv6"));
        }
        if network.record("elasticLoadBalancing").is_some_and(|one| one.flag("enabled")) {
            return Err(Refusal::not_simulated("EKS Auto Mode"));
        }
    }
    let vpc = tx.get::<Vpc>(vpc);
    let overlaps = |range: Ipv4Net| vpc.is_some_and(|vpc| vpc.ranges().any(|part| cidr::overlap(part, range)));
    match network.and_then(|network| network.text("serviceIpv4Cidr")) {
        None => {
            let usual = "10.100.0.0/16".parse().is_ok_and(|range: Ipv4Net| !overlaps(range));
            let within_ten = vpc.is_some_and(|vpc| vpc.cidr.network().octets()[0] == 10);
            Ok(if usual && !within_ten { "10.100.0.0/16" } else { "172.20.0.0/16" }.to_owned())
        }
        Some(text) => {
            let range = text.parse::<Ipv4Net>().ok().filter(|net| net.addr() == net.network());
            let fits = range.is_some_and(|range| {
                (12..=24).contains(&range.prefix_len())
                    && range.network().is_private()
                    && range.broadcast().is_private()
            });
            tx.enforce("eks.cluster.service_range", fits, || {
                invalid(format!(
                    "The Service CIDR {text} is invalid: it must be a private IPv4 range with a prefix between /24 and /12."
                ))
            })?;
            tx.enforce("eks.cluster.service_range", !range.is_some_and(overlaps), || {
                invalid(format!("The Service CIDR {text} overlaps with a CIDR of the VPC."))
            })?;
            Ok(text.to_owned())
        }
    }
}

/// EKS Auto Mode is off, said or not.
pub(super) fn nothing_automatic(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let compute = input.record("computeConfig");
    let storage = input.record("storageConfig").and_then(|one| one.record("blockStorage"));
    let (compute, storage) =
        (compute.is_some_and(|one| one.flag("enabled")), storage.is_some_and(|one| one.flag("enabled")));
    tx.enforce("eks.cluster.auto_mode", compute == storage, || {
        invalid(
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig, \
             kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
        )
    })?;
    if compute || storage { Err(Refusal::not_simulated("EKS Auto Mode")) } else { Ok(()) }
}

/// The logs that are on after a request.
pub(super) fn logs(input: &Input<'_>, mut on: Vec<String>) -> Vec<String> {
    let Some(logging) = input.record("logging") else { return on };
    for setup in logging.records("clusterLogging") {
        let types = setup.texts("types");
        let enabled = setup.flag("enabled");
        on.retain(|log| !types.contains(&log.as_str()));
        if enabled {
            on.extend(types.into_iter().map(str::to_owned));
        }
    }
    on.sort();
    on.dedup();
    on
}

/// Something of the form of a certificate.
fn authority(tx: &mut Tx<'_>) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for _ in 0..16 {
        let line = tx.hex(48);
        text.push_str(&base64_encode(line.as_bytes()));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    base64_encode(text.as_bytes())
}

/// A third into its creation a cluster's network is there.
fn plugged_in(tx: &mut Tx<'_>, name: &str) {
    let Some(mut cluster) = tx.get::<Cluster>(name).cloned() else { return };
    let lost: Vec<String> =
        cluster.subnets.iter().filter(|id| tx.get::<crate::ec2::subnet::Subnet>(id).is_none()).cloned().collect();
    if !lost.is_empty() {
        cluster.status = "FAILED".to_owned();
        cluster.issues.push(Issue::new("Ec2SubnetNotFound", "The subnets of the cluster could not be found.", lost));
        tx.cancel("eks.cluster.active", &cluster.arn);
        tx.put(cluster);
        return;
    }
    let group = control_plane::security_group(tx, name, &cluster.vpc);
    cluster.security_group = Some(group);
    match control_plane::plug_in(tx, &cluster) {
        Ok(interfaces) => cluster.interfaces = interfaces,
        Err(refusal) => {
            cluster.status = "FAILED".to_owned();
            cluster.issues.push(Issue::new("InsufficientFreeAddresses", refusal.message, cluster.subnets.clone()));
            tx.cancel("eks.cluster.active", &cluster.arn);
        }
    }
    tx.put(cluster);
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "cluster" => find(tx, input.required("name"))?.view(tx) })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // Connected clusters, which `include` asks for, are none of EKS's own. "The word `all` must be in lowercase otherwise
    // an error occurs", the page says, and not in which words.
    let all = input.texts("include").iter().all(|word| *word == "all");
    tx.enforce("eks.cluster.list.include", all, || invalid("The include parameter can only be all."))?;
    named(tx, input, "clusters", tx.rows::<Cluster>().map(|cluster| &cluster.name))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("name");
    let mut cluster = find(tx, name)?;
    let held = tx.rows::<NodeGroup>().find(|group| group.cluster == name).map(|group| group.name.clone());
    tx.enforce("eks.cluster.delete.node_groups", held.is_none(), || {
        in_use("Cluster has nodegroups attached")
            .member("clusterName", name)
            .member("nodegroupName", held.as_deref().unwrap_or_default())
    })?;
    let held = tx.rows::<FargateProfile>().find(|profile| profile.cluster == name).map(|profile| profile.name.clone());
    // Of the words no source is known; they are those of node groups.
    tx.enforce("eks.cluster.delete.fargate_profiles", held.is_none(), || {
        in_use("Cluster has Fargate profiles attached").member("clusterName", name)
    })?;
    tx.enforce("eks.cluster.delete.protection", !cluster.protected, || {
        let message =
            format!("The cluster {name} has deletion protection enabled. Disable it before you delete the cluster.");
        unfit(message).member("clusterName", name)
    })?;
    let busy = update::under_way(tx, name).is_some();
    tx.enforce("eks.cluster.delete.update", !busy, || {
        in_use(format!("Cannot delete because cluster {name} currently has an update in progress"))
            .member("clusterName", name)
    })?;
    let settled = matches!(cluster.status.as_str(), "ACTIVE" | "FAILED");
    tx.enforce("eks.cluster.delete.update", settled, || {
        let message = format!("Cannot delete because cluster {name} currently has status {}", cluster.status);
        in_use(message).member("clusterName", name)
    })?;
    cluster.status = "DELETING".to_owned();
    let view = cluster.view(tx);
    let arn = cluster.arn.clone();
    tx.put(cluster);
    tx.cancel("eks.cluster", &arn);
    let wait = tx.draw("eks.cluster.delete", name);
    tx.after(wait, "eks.cluster.deleted", &arn);
    Ok(record! { "cluster" => view })
}

/// Takes a cluster away with everything in it.
fn gone(tx: &mut Tx<'_>, name: &str) {
    let Some(cluster) = tx.get::<Cluster>(name).cloned() else { return };
    control_plane::unplug(tx, &cluster.interfaces);
    if let Some(group) = &cluster.security_group {
        control_plane::remove_security_group(tx, group);
    }
    let addons: Vec<String> = tx.rows_under::<Addon>(&format!("{name}/")).map(Row::id).collect();
    for id in addons {
        addon::forget(tx, &id);
    }
    forget::<AccessEntry>(tx, name);
    forget::<PodIdentityAssociation>(tx, name);
    forget::<Association>(tx, name);
    update::forget(tx, &Target { cluster: name, ..Target::default() });
    tx.remove::<Cluster>(name);
}

/// Removes rows whose ids begin with a cluster's name and a slash.
fn forget<T: Row>(tx: &mut Tx<'_>, cluster: &str) {
    let ids: Vec<String> = tx.rows_under::<T>(&format!("{cluster}/")).map(Row::id).collect();
    for id in ids {
        tx.remove::<T>(&id);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::Client;
    use crate::eks::fixture::Ground;
    use crate::{Config, Simulator};

    #[tokio::test(start_paused = true)]
    async fn a_cluster_takes_minutes_to_come_and_brings_its_network_along() {
        let ground = Ground::calm().await;
        let made = ground.client.eks("POST", "/clusters", Some(ground.cluster("c"))).await;
        assert_eq!(made["cluster"]["status"], "CREATING");
        assert_eq!(made["cluster"]["arn"], "arn:aws:eks:us-east-1:000000000000:cluster/c");
        ground.client.wait(5 * 60);
        let coming = ground.shown("c").await;
        assert_eq!(coming["status"], "CREATING");
        assert!(coming["endpoint"].is_null());
        ground.client.wait(10 * 60);
        let there = ground.shown("c").await;
        assert_eq!(there["status"], "ACTIVE");
        assert_eq!(there["version"], "1.34");
        let issuer = there["identity"]["oidc"]["issuer"].as_str().unwrap();
        assert!(issuer.starts_with("https://oidc.eks.us-east-1.amazonaws.com/id/"));
        assert!(there["endpoint"].as_str().unwrap().ends_with(".eks.amazonaws.com"));
        assert!(!there["certificateAuthority"]["data"].as_str().unwrap().is_empty());
        let group = there["resourcesVpcConfig"]["clusterSecurityGroupId"].as_str().unwrap();
        let filter = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", group)];
        let interfaces = ground.client.ec2("DescribeNetworkInterfaces", &filter).await;
        assert_eq!(interfaces.all("description"), ["Amazon EKS c"; 2]);
        // EKS acts through its service-linked role:
        // <https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles-eks.html>.
        let role = ground.client.iam("GetRole", &[("RoleName", "AWSServiceRoleForAmazonEKS")]).await.one("RoleId");
        assert_eq!(interfaces.all("requesterId"), [format!("{role}:AmazonEKS"), format!("{role}:AmazonEKS")]);
        assert_eq!(interfaces.all("requesterManaged"), ["false"; 2]);
        ground.client.refused("DeleteSubnet", &[("SubnetId", &ground.subnets[0])], "DependencyViolation").await;
        // The creator is an administrator.
        let entries = ground.client.eks("GET", "/clusters/c/access-entries", None).await;
        assert_eq!(entries["accessEntries"], json!(["arn:aws:iam::000000000000:user/administrator"]));

        ground.client.eks("DELETE", "/clusters/c", None).await;
        assert_eq!(ground.shown("c").await["status"], "DELETING");
        ground.client.wait(6 * 60);
        ground
            .client
            .eks_refuses("GET", "/clusters/c", None, "ResourceNotFoundException", "No cluster found for name: c.")
            .await;
        ground.client.ec2("DeleteSubnet", &[("SubnetId", &ground.subnets[0])]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_token_gives_the_first_answer_and_no_other_request() {
        let ground = Ground::calm().await;
        let first = ground.client.eks("POST", "/clusters", Some(ground.cluster("c"))).await;
        let again = ground.client.eks("POST", "/clusters", Some(ground.cluster("c"))).await;
        assert_eq!(first, again);
        let mut other = ground.cluster("c");
        other["version"] = json!("1.33");
        let refused = ground.client.rest("eks", "POST", "/clusters", Some(other.clone())).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidParameterException"));
        other["clientRequestToken"] = json!("another");
        ground
            .client
            .eks_refuses(
                "POST",
                "/clusters",
                Some(other),
                "ResourceInUseException",
                "Cluster already exists with name: c",
            )
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn clusters_that_eks_does_not_take_are_refused_in_its_words() {
        let ground = Ground::calm().await;
        let client = &ground.client;
        let untrusted = client.role("untrusted", "ec2.amazonaws.com").await;
        let unpermitted = client.role("unpermitted", "eks.amazonaws.com").await;
        let cases = [
            ("/version", json!("1.20"), "unsupported Kubernetes version"),
            (
                "/resourcesVpcConfig/subnetIds",
                json!([ground.subnets[0]]),
                "Subnets specified must be in at least two different AZs",
            ),
            (
                "/resourcesVpcConfig/subnetIds",
                json!(["subnet-00000000000000000", ground.subnets[0]]),
                "The subnet ID 'subnet-00000000000000000' does not exist",
            ),
            (
                "/roleArn",
                json!("arn:aws:iam::000000000000:role/none"),
                "roleArn, arn:aws:iam::000000000000:role/none, does not exist",
            ),
            ("/roleArn", json!(untrusted), "Role could not be assumed because the trusted entity is not correct"),
            (
                "/roleArn",
                json!(unpermitted),
                "The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure the following policies [arn:aws:iam::aws:policy/AmazonEKSClusterPolicy] are attached",
            ),
            (
                "/accessConfig",
                json!({"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false}),
                "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
            ),
        ];
        for (at, value, message) in cases {
            let mut asked = ground.cluster("c");
            *asked.pointer_mut(at).unwrap() = value;
            client.eks_refuses("POST", "/clusters", Some(asked), "InvalidParameterException", message).await;
        }
        let mut closed = ground.cluster("c");
        closed["resourcesVpcConfig"]["endpointPublicAccess"] = json!(false);
        let message = "Private and public endpoint access cannot be false";
        client.eks_refuses("POST", "/clusters", Some(closed.clone()), "InvalidParameterException", message).await;
        assert!(client.simulator.switch("eks.cluster.endpoint", false));
        client.eks("POST", "/clusters", Some(closed)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_update_runs_at_a_time_and_versions_rise_by_one() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let endpoint = json!({"resourcesVpcConfig": {"endpointPrivateAccess": true}});
        let begun = client.eks("POST", "/clusters/c/update-config", Some(endpoint.clone())).await;
        let id = begun["update"]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            (&begun["update"]["type"], &begun["update"]["status"]),
            (&json!("EndpointAccessUpdate"), &json!("InProgress"))
        );
        assert_eq!(ground.shown("c").await["status"], "UPDATING");
        let busy = format!("Cannot VersionUpdate because cluster c currently has update {id} in progress");
        let rise = Some(json!({"version": "1.35"}));
        client.eks_refuses("POST", "/clusters/c/updates", rise.clone(), "ResourceInUseException", &busy).await;
        let message = "Cannot delete because cluster c currently has an update in progress";
        client.eks_refuses("DELETE", "/clusters/c", None, "ResourceInUseException", message).await;
        client.wait(7 * 60);
        let done = client.eks("GET", &format!("/clusters/c/updates/{id}"), None).await;
        assert_eq!(done["update"]["status"], "Successful");
        assert_eq!(ground.shown("c").await["resourcesVpcConfig"]["endpointPrivateAccess"], true);
        let message = "Cluster is already at the desired configuration with endpointPrivateAccess: true , endpointPublicAccess: true, and Public Endpoint Restrictions: [0.0.0.0/0]";
        client
            .eks_refuses("POST", "/clusters/c/update-config", Some(endpoint), "InvalidParameterException", message)
            .await;
        let message = "Unsupported Kubernetes minor version update from 1.34 to 1.33";
        client
            .eks_refuses(
                "POST",
                "/clusters/c/updates",
                Some(json!({"version": "1.33"})),
                "InvalidParameterException",
                message,
            )
            .await;
        client.eks("POST", "/clusters/c/updates", rise).await;
        client.wait(16 * 60);
        assert_eq!(ground.shown("c").await["version"], "1.35");
        let updates = client.eks("GET", "/clusters/c/updates", None).await;
        assert_eq!(updates["updateIds"].as_array().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_protected_cluster_is_not_deleted() {
        let ground = Ground::calm().await;
        let mut asked = ground.cluster("c");
        asked["deletionProtection"] = json!(true);
        ground.client.eks("POST", "/clusters", Some(asked)).await;
        ground.client.wait(15 * 60);
        let refused = ground.client.rest("eks", "DELETE", "/clusters/c", None).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidRequestException"));
        let off = json!({"deletionProtection": false});
        ground.client.eks("POST", "/clusters/c/update-config", Some(off)).await;
        ground.client.wait(60);
        ground.client.eks("DELETE", "/clusters/c", None).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_that_iam_made_a_moment_ago_can_be_unknown_to_eks() {
        let mut young = 0;
        for seed in 0..8 {
            let client = Client::of(Simulator::open(Config::new(seed)).unwrap());
            let ground = Ground::of(client).await;
            let asked = Some(ground.cluster("c"));
            let first = ground.client.rest("eks", "POST", "/clusters", asked.clone()).await;
            if first.status != 200 {
                let sentences = ["does not exist", "EKS Managed Policies"];
                assert!(sentences.iter().any(|sentence| first.message.contains(sentence)), "{}", first.text);
                young += 1;
                ground.client.wait(16);
                ground.client.eks("POST", "/clusters", asked).await;
            }
        }
        assert!(young > 0);
    }
}
