//! `aws_eks_cluster`: <https://docs.aws.amazon.com/eks/latest/userguide/clusters.html>

use ipnet::Ipv4Net;

use super::block::block_around;
use super::cloudwatch_log_group::written_by;
use super::form;
use super::subnet::{check_groups, check_spread, vpc_of};
use super::{IamRole, KmsKey, SecurityGroup, Subnet, Vpc};
use crate::check::{Findings, Part, View};
use crate::transition::{Becoming, Impossible, is_earlier};
use crate::{Arn, Computed, Datum, Handle, Id, IntoArn, Tags, Value, words};

words! {
    /// Who tells EKS who may enter.
    pub enum AuthenticationMode {
        /// Access entries alone.
        Api = "API",
        /// Access entries and the `aws-auth` config map.
        ApiAndConfigMap = "API_AND_CONFIG_MAP",
        /// The `aws-auth` config map alone.
        ConfigMap = "CONFIG_MAP",
    }
}

words! {
    /// A log of the control plane.
    pub enum ControlPlaneLog {
        /// The API server's.
        Api = "api",
        /// Who did what.
        Audit = "audit",
        /// Who was let in.
        Authenticator = "authenticator",
        /// The controller manager's.
        ControllerManager = "controllerManager",
        /// The scheduler's.
        Scheduler = "scheduler",
    }
}

words! {
    /// What happens when a version's standard support ends.
    pub enum SupportType {
        /// It is upgraded.
        Standard = "STANDARD",
        /// It stays, at a price.
        Extended = "EXTENDED",
    }
}

words! {
    /// What a key of one's own encrypts.
    pub enum EncryptedResource {
        /// Kubernetes' secrets.
        Secrets = "secrets",
    }
}

words! {
    /// The addresses of pods and services.
    pub enum IpFamily {
        /// IPv4.
        Ipv4 = "ipv4",
        /// IPv6.
        Ipv6 = "ipv6",
    }
}

/// A Kubernetes control plane that AWS runs.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// let role = stack.add("cluster", IamRole::new(trust));
/// let policy = IamPolicy::of_aws("AmazonEKSClusterPolicy");
/// let permitted = stack.add("cluster", IamRolePolicyAttachment::new(&role, policy));
/// let key = stack.add("cluster", KmsKey::new().enable_key_rotation(true));
///
/// let place = ClusterVpcConfig::new(&subnets)
///     .endpoint_private_access(true)
///     .public_access_cidrs(["203.0.113.0/24".parse::<Ipv4Net>()?]);
/// let access = AccessConfig::new()
///     .authentication_mode(AuthenticationMode::Api)
///     .bootstrap_cluster_creator_admin_permissions(false);
/// let cluster = EksCluster::new("main", &role, place)
///     .version("1.35")
///     .access_config(access)
///     .encryption_config(EncryptionConfig::secrets(&key))
///     .enabled_cluster_log_types([ControlPlaneLog::Api, ControlPlaneLog::Audit]);
/// // No field refers to the permission, and the cluster needs it.
/// stack.add("main", cluster.depends_on(&permitted));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eks_cluster", service = "eks", creation = Token, create_seconds = 570, delete_seconds = 180, check = check, waits = waits, transition = transition)]
pub struct EksCluster {
    /// The name, unique in account and region.
    #[field(
        replace,
        named,
        min_length = 1,
        max_length = 100,
        form = form::EKS_NAME
    )]
    name: Value<String>,
    /// The role that the control plane acts with.
    #[field(replace)]
    role_arn: Value<Arn<IamRole>>,
    /// Where it stands and who can reach it.
    #[field(update_seconds = 195)]
    vpc_config: Value<ClusterVpcConfig>,
    /// The Kubernetes version, for instance `1.33`; AWS takes its default where none is given, and none can go back.
    #[field(computed, form = form::KUBERNETES_VERSION, update_seconds = 600)]
    version: Option<Value<String>>,
    /// Who may enter.
    #[field(computed, update_seconds = 195)]
    access_config: Option<Value<AccessConfig>>,
    /// The ranges of services.
    #[field(computed)]
    kubernetes_network_config: Option<Value<KubernetesNetworkConfig>>,
    /// The logs that go to CloudWatch.
    #[field(set, default = "[]", update_seconds = 195)]
    enabled_cluster_log_types: Option<Value<Vec<ControlPlaneLog>>>,
    /// What happens when the version's standard support ends.
    #[field(computed, update_seconds = 12)]
    upgrade_policy: Option<Value<UpgradePolicy>>,
    /// The key that encrypts its secrets, where it is one of one's own: it can be given later, and not be taken back.
    #[field(computed, update_seconds = 1350)]
    encryption_config: Option<Value<EncryptionConfig>>,
    /// Whether EKS puts its own vpc-cni, kube-proxy and coredns in at creation.
    #[field(ignored_after_creation, default = "true")]
    bootstrap_self_managed_addons: Option<Value<bool>>,
    /// Whether AWS refuses to delete it.
    #[field(default = "false", update_seconds = 12)]
    deletion_protection: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<EksCluster>>,
    /// The ARN.
    arn: Computed<Arn<EksCluster>>,
    /// The API server's URL.
    endpoint: Computed<String>,
    /// What the API server's certificate is signed by.
    certificate_authority: Computed<CertificateAuthority>,
    /// The issuer of its service accounts' tokens.
    identity: Computed<ClusterIdentity>,
    /// EKS's own version.
    #[field(volatile)]
    platform_version: Computed<String>,
    /// `ACTIVE` once it can be used.
    status: Computed<String>,
    /// When it was made.
    created_at: Computed<String>,
}

/// Where a cluster stands and who can reach it.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ClusterVpcConfig {
    /// The subnets of its network interfaces, in two zones at least.
    #[field(set, min_length = 2, max_length = 16, holds = Firm)]
    subnet_ids: Value<Vec<Id<Subnet>>>,
    /// Security groups beside the cluster's own.
    #[field(set, default = "[]", max_length = 5, holds = Firm)]
    security_group_ids: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// Whether the API server is reached from inside the VPC without leaving it.
    #[field(default = "false")]
    endpoint_private_access: Option<Value<bool>>,
    /// Whether the API server is reached from the internet.
    #[field(default = "true")]
    endpoint_public_access: Option<Value<bool>>,
    /// From where on the internet; anywhere where it is not given. For nowhere, turn public access off.
    #[field(set, computed, min_length = 1, max_length = 40)]
    public_access_cidrs: Option<Value<Vec<Ipv4Net>>>,
    /// The group that EKS makes for control plane and nodes.
    cluster_security_group_id: Computed<Id<SecurityGroup>>,
    /// The VPC of the subnets.
    vpc_id: Computed<Id<Vpc>>,
}

/// Who may enter a cluster.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct AccessConfig {
    /// Who tells EKS; it can go from the config map to access entries, not back.
    #[field(computed)]
    authentication_mode: Option<Value<AuthenticationMode>>,
    /// Whether who makes the cluster becomes its administrator; then an access entry of theirs is refused as taken.
    #[field(ignored_after_creation, default = "true")]
    bootstrap_cluster_creator_admin_permissions: Option<Value<bool>>,
}

/// The ranges of a cluster's services.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct KubernetesNetworkConfig {
    /// The range of services, inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, from /12 to /24.
    #[field(replace, computed)]
    service_ipv4_cidr: Option<Value<Ipv4Net>>,
    /// The addresses of pods and services.
    #[field(replace, computed)]
    ip_family: Option<Value<IpFamily>>,
}

/// What happens when a version's standard support ends.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct UpgradePolicy {
    /// What happens.
    #[field(computed)]
    support_type: Option<Value<SupportType>>,
}

/// The envelope encryption of a cluster: <https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html>
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EncryptionConfig {
    /// The key.
    provider: Value<EncryptionProvider>,
    /// What is encrypted.
    #[field(replace, set, min_length = 1, max_length = 1)]
    resources: Value<Vec<EncryptedResource>>,
}

/// The key of a cluster.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EncryptionProvider {
    /// The key: symmetric, and of the cluster's region.
    #[field(
        replace,
        form = form::KMS_KEY
    )]
    key_arn: Value<Arn<KmsKey>>,
}

impl EncryptionConfig {
    /// Encryption of Kubernetes' secrets with a key.
    #[must_use]
    pub fn secrets(key: impl IntoArn<KmsKey>) -> Self {
        Self::new(EncryptionProvider::new(key), [EncryptedResource::Secrets])
    }
}

/// What a cluster's certificate is signed by.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct CertificateAuthority {
    /// The certificate, PEM in base64.
    data: Computed<String>,
}

/// Who a cluster's service accounts are to others.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ClusterIdentity {
    /// OpenID Connect.
    oidc: Computed<ClusterOidc>,
}

/// The issuer of a cluster's service accounts' tokens.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ClusterOidc {
    /// Its URL, with `https://`.
    issuer: Computed<String>,
}

impl Handle<EksCluster> {
    /// The URL of the issuer of its service accounts' tokens, with `https://`.
    #[must_use]
    pub fn oidc_issuer(&self) -> Value<String> {
        self.attribute("identity.oidc.issuer")
    }

    /// What the API server's certificate is signed by, PEM in base64.
    #[must_use]
    pub fn certificate_authority_data(&self) -> Value<String> {
        self.attribute("certificate_authority.data")
    }

    /// The group that EKS makes for control plane and nodes.
    #[must_use]
    pub fn cluster_security_group_id(&self) -> Value<Id<SecurityGroup>> {
        self.attribute("vpc_config.cluster_security_group_id")
    }
}

/// How many free addresses EKS wants in each subnet, and how many AWS keeps of each:
/// <https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>
const WANTED: u64 = 6;
const KEPT: u64 = 5;

/// The log group of its control plane.
fn waits<'a>(cluster: &View<'a>) -> Vec<View<'a>> {
    let group = cluster.text("name").map(|name| format!("/aws/eks/{name}/cluster"));
    written_by(cluster, &group.into_iter().collect::<Vec<_>>())
}

fn check(cluster: &View<'_>, findings: &mut Findings<'_>) {
    super::trust::check(cluster, "role_arn", "eks", findings);
    check_spread(cluster, "vpc_config.subnet_ids", 2, "an EKS cluster", findings);
    let subnets = cluster.follow_all("vpc_config.subnet_ids").unwrap_or_default();
    for subnet in &subnets {
        let Some(range) = subnet.cidr("cidr_block") else { continue };
        let addresses = 1_u64 << (32 - range.prefix_len());
        let usable = addresses.saturating_sub(KEPT);
        if usable < WANTED {
            findings.refuse(format!(
                "{} is {range}, with {usable} usable addresses; EKS wants {WANTED} free ones in each subnet: \
                 /28 is the smallest, /27 or more leaves room for upgrades",
                subnet.named()
            ));
        }
    }
    if let Some(vpc) = subnets.first().and_then(vpc_of) {
        check_groups(cluster, "vpc_config.security_group_ids", &vpc, findings);
    }
    let private = cluster.truth("vpc_config.endpoint_private_access").unwrap_or(false);
    let public = cluster.truth("vpc_config.endpoint_public_access").unwrap_or(true);
    if !private && !public {
        findings.refuse("the API server has to be reached somehow: private access, public access, or both");
    }
    for range in cluster.part("vpc_config.public_access_cidrs").map(Part::items).unwrap_or_default() {
        let range = range.literal().and_then(Datum::as_str).and_then(|range| range.parse::<Ipv4Net>().ok());
        if let Some(range) = range.filter(|range| block_around(*range, &RESERVED).is_some()) {
            findings.refuse(format!(
                "`vpc_config.public_access_cidrs` has {range}, from where no one comes over the internet: EKS refuses \
                 it, and private access is what lets a VPC and its peers in"
            ));
        }
    }
    if let Some(range) = cluster.cidr("kubernetes_network_config.service_ipv4_cidr") {
        let homes = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        let at_home = block_around(range, &homes).is_some();
        if !at_home || !(12..=24).contains(&range.prefix_len()) {
            findings.refuse(format!(
                "services' range {range} has to lie in {}, with a prefix length from /12 to /24",
                homes.join(", ")
            ));
        }
        let vpc = subnets.first().and_then(vpc_of);
        if let Some(vpc) = vpc
            && let Some(other) = vpc.cidr("cidr_block")
            && (other.contains(&range) || range.contains(&other))
        {
            findings.refuse(format!("services' range {range} overlaps {other}, the range of {}", vpc.named()));
        }
    }
}

/// The blocks that IANA gives to no one on the internet, but for those of documentation, which AWS takes:
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
const RESERVED: [&str; 11] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// <https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html>
fn transition(cluster: &Becoming<'_>) -> Result<(), Impossible> {
    let Some((is, wanted)) = cluster.version("version") else { return Ok(()) };
    let (Some((text, target)), &[major, minor]) = (cluster.text("version"), is.as_slice()) else { return Ok(()) };
    let next = format!("{major}.{}", minor + 1);
    if is_earlier(&wanted, &is) {
        return Err(Impossible {
            field: "version",
            reason: format!("The cluster is at {text}, and EKS takes no cluster back to {target}."),
            next: format!("write {text}"),
        });
    }
    if target != next {
        return Err(Impossible {
            field: "version",
            reason: format!(
                "The cluster is at {text}, and EKS upgrades one minor version at a time: not to {target} at once."
            ),
            next: format!("write {next} and apply, and go on from there"),
        });
    }
    Ok(())
}
