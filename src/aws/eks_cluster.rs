//! `aws_eks_cluster`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>

use async_trait::async_trait;
use aws_sdk_eks::operation::update_cluster_config::builders::UpdateClusterConfigFluentBuilder;
use aws_sdk_eks::types::{
    self, ClusterStatus, CreateAccessConfigRequest, EncryptionConfig, KubernetesNetworkConfigRequest, LogSetup,
    LogType, Logging, UpdateAccessConfigRequest, UpgradePolicyRequest, VpcConfigRequest,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::{broken, unreadable};
use crate::fields::{Fields, Observed, instant};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::{cloudwatch_log_group, eks, eks_left_by, mark, service_linked_role};

/// The calls of `aws_eks_cluster`.
pub struct EksCluster;

const SCHEMA: &Schema = fathuss_model::aws::EksCluster::SCHEMA;

/// Every log of the control plane; what is not turned on is turned off by name.
const LOGS: &[&str] = &["api", "audit", "authenticator", "controllerManager", "scheduler"];

#[async_trait(?Send)]
impl Kind for EksCluster {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeCluster` for each: lists answer names alone, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async move {
            Ok(cluster(client, &request.identity.0).await?.map(|cluster| observe(&cluster)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = desired.text("name")?;
        let mut creating = client
            .eks
            .create_cluster()
            .client_request_token(&request.token)
            .name(name)
            .role_arn(desired.text("role_arn")?)
            .set_version(desired.maybe_string("version")?)
            .set_bootstrap_self_managed_addons(desired.maybe_bool("bootstrap_self_managed_addons")?)
            .set_deletion_protection(desired.maybe_bool("deletion_protection")?)
            .set_tags(Some(eks::written(mark::tags_with(&request.mark, &request.desired.attributes)?)));
        if let Some(vpc) = desired.block("vpc_config")? {
            creating =
                creating.resources_vpc_config(endpoint(network(VpcConfigRequest::builder(), &vpc)?, &vpc)?.build());
        }
        if let Some(access) = desired.block("access_config")? {
            let mode = access.maybe_text("authentication_mode")?.map(Into::into);
            let bootstrap = access.bool_or("bootstrap_cluster_creator_admin_permissions", true)?;
            let config = CreateAccessConfigRequest::builder()
                .set_authentication_mode(mode)
                .bootstrap_cluster_creator_admin_permissions(bootstrap);
            creating = creating.access_config(config.build());
        }
        if let Some(network) = desired.block("kubernetes_network_config")? {
            let config = KubernetesNetworkConfigRequest::builder()
                .set_service_ipv4_cidr(network.maybe_string("service_ipv4_cidr")?)
                .set_ip_family(network.maybe_text("ip_family")?.map(Into::into));
            creating = creating.kubernetes_network_config(config.build());
        }
        let logs = desired.texts("enabled_cluster_log_types")?;
        if !logs.is_empty() {
            creating = creating.logging(logging(&logs));
        }
        if let Some(config) = desired.block("encryption_config")? {
            creating = creating.encryption_config(encryption(&config)?);
        }
        if let Some(policy) = desired.block("upgrade_policy")? {
            creating = creating.upgrade_policy(upgrade_policy(&policy)?);
        }
        let answer = client.send(eks::with_role(Call::eks("CreateCluster")), creating.send()).await;
        let answer = answer.map_err(|failure| eks::taken(failure, name))?;
        let name = answer.cluster.and_then(|cluster| cluster.name);
        name.map(Identity).ok_or_else(|| unreadable(Service::Eks, "CreateCluster", "name"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = Fields::of(&request.desired.attributes).text("name")?.to_owned();
        let found = cluster(client, &name).await?;
        Ok(mark::owner(&request.mark, found.map(|cluster| (name, eks::read(cluster.tags())))))
    }

    /// Waits for `ACTIVE`, then sends the next change that is due: EKS does one at a time.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(cluster) = cluster(client, &standing.identity.0).await? else { return Ok(waiting("not visible yet")) };
        match &cluster.status {
            Some(ClusterStatus::Active) => {}
            Some(ClusterStatus::Failed) => return Err(failed(&cluster)),
            status => return Ok(waiting(status.as_ref().map_or("CREATING", ClusterStatus::as_str))),
        }
        let observed = observe(&cluster);
        match due(&standing.desired.attributes, &observed)? {
            Some(change) => send(client, standing, change).await,
            None => Ok(Progress::Ready(observed)),
        }
    }

    /// Tags alone: settle looks first and sends what is due then, which an earlier run may have begun.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        eks::update_tags(client, "arn", standing, change).await
    }

    /// EKS refuses while node groups are left or another update runs. What controllers in it made goes after it: before, they
    /// would make it again.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(cluster) = cluster(client, name).await? else { return eks_left_by::delete(client, name).await };
        if cluster.status == Some(ClusterStatus::Deleting) {
            return Ok(waiting("DELETING"));
        }
        let answer = client.send(Call::eks("DeleteCluster"), client.eks.delete_cluster().name(name).send()).await;
        match there(answer) {
            Ok(Some(_)) => Ok(waiting("DELETING")),
            Ok(None) => eks_left_by::delete(client, name).await,
            Err(failure) if cluster.deletion_protection == Some(true) => Err(Failure {
                hint: Some("set deletion_protection to false and apply that first".to_owned()),
                ..failure
            }),
            Err(failure) => Err(failure),
        }
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let was = Fields::of(attributes);
        let logs = !was.texts("enabled_cluster_log_types").unwrap_or_default().is_empty();
        let name = was.maybe_text("name").ok().flatten().filter(|_| logs);
        let group = name.map(|name| cloudwatch_log_group::left_by("EKS", format!("/aws/eks/{name}/cluster")));
        group.into_iter().chain([service_linked_role::left("AWSServiceRoleForAmazonEKS")]).collect()
    }
}

async fn cluster(client: &Client, name: &str) -> Result<Option<types::Cluster>, Failure> {
    let answer =
        there(client.send(Call::eks("DescribeCluster"), client.eks.describe_cluster().name(name).send()).await)?;
    Ok(answer.and_then(|answer| answer.cluster))
}

/// One change that EKS makes in place.
#[derive(Debug, PartialEq)]
enum Change {
    Version(String),
    Endpoint(VpcConfigRequest),
    Network(VpcConfigRequest),
    Logging(Vec<String>),
    Authentication(String),
    Support(UpgradePolicyRequest),
    Protection(bool),
    Encryption(EncryptionConfig),
}

/// The next change that is due. Who may enter goes before the rest, the version last.
fn due(desired: &Attributes, observed: &Attributes) -> Result<Option<Change>, Failure> {
    let differences = Differences::of(SCHEMA, desired, observed);
    let fields = Fields::of(desired);
    if let Some(vpc) = fields.block("vpc_config")? {
        let inside = differences.block("vpc_config");
        if inside.any(&["endpoint_private_access", "endpoint_public_access", "public_access_cidrs"]) {
            return Ok(Some(Change::Endpoint(endpoint(VpcConfigRequest::builder(), &vpc)?.build())));
        }
        if inside.any(&["subnet_ids", "security_group_ids"]) {
            return Ok(Some(Change::Network(network(VpcConfigRequest::builder(), &vpc)?.build())));
        }
    }
    if let Some(access) = fields.block("access_config")?
        && differences.block("access_config").has("authentication_mode")
    {
        return Ok(Some(Change::Authentication(access.text("authentication_mode")?.to_owned())));
    }
    if differences.has("enabled_cluster_log_types") {
        return Ok(Some(Change::Logging(fields.texts("enabled_cluster_log_types")?)));
    }
    if differences.has("deletion_protection") {
        return Ok(Some(Change::Protection(fields.bool_or("deletion_protection", false)?)));
    }
    if let Some(policy) = fields.block("upgrade_policy")?
        && differences.block("upgrade_policy").has("support_type")
    {
        return Ok(Some(Change::Support(upgrade_policy(&policy)?)));
    }
    // A key is given once: another one replaces the cluster.
    if let Some(config) = fields.block("encryption_config")?
        && !observed.contains_key("encryption_config")
    {
        return Ok(Some(Change::Encryption(encryption(&config)?)));
    }
    if differences.has("version") {
        return Ok(Some(Change::Version(fields.text("version")?.to_owned())));
    }
    Ok(None)
}

async fn send(client: &Client, standing: &Standing, change: Change) -> Result<Progress, Failure> {
    let name = standing.identity.0.as_str();
    let config = |what: &str, set: &dyn Fn(UpdateClusterConfigFluentBuilder) -> UpdateClusterConfigFluentBuilder| {
        set(client.eks.update_cluster_config().name(name).client_request_token(eks::token(standing, what))).send()
    };
    let updating = match change {
        Change::Version(version) => {
            let token = eks::token(standing, "version");
            let updating = client.eks.update_cluster_version().name(name).client_request_token(token);
            let call = eks::one_at_a_time(Call::eks("UpdateClusterVersion"));
            let answer = client.send(call, updating.version(version).send()).await?;
            return eks::progress("UpdateClusterVersion", answer.update);
        }
        Change::Encryption(encryption) => {
            let token = eks::token(standing, "encryption");
            let updating = client.eks.associate_encryption_config().cluster_name(name).client_request_token(token);
            let call = eks::one_at_a_time(Call::eks("AssociateEncryptionConfig"));
            let answer = client.send(call, updating.encryption_config(encryption).send()).await?;
            return eks::progress("AssociateEncryptionConfig", answer.update);
        }
        Change::Endpoint(vpc) => config("endpoint", &|it| it.resources_vpc_config(vpc.clone())),
        Change::Network(vpc) => config("network", &|it| it.resources_vpc_config(vpc.clone())),
        Change::Logging(logs) => config("logging", &|it| it.logging(logging(&logs))),
        Change::Authentication(mode) => config("access", &|it| {
            it.access_config(UpdateAccessConfigRequest::builder().authentication_mode(mode.as_str().into()).build())
        }),
        Change::Support(policy) => config("support", &|it| it.upgrade_policy(policy.clone())),
        Change::Protection(on) => config("protection", &|it| it.deletion_protection(on)),
    };
    let answer = client.send(eks::one_at_a_time(Call::eks("UpdateClusterConfig")), updating).await?;
    eks::progress("UpdateClusterConfig", answer.update)
}

type VpcConfig = types::builders::VpcConfigRequestBuilder;

fn network(config: VpcConfig, vpc: &Fields<'_>) -> Result<VpcConfig, Failure> {
    Ok(config
        .set_subnet_ids(Some(vpc.texts("subnet_ids")?))
        .set_security_group_ids(Some(vpc.texts("security_group_ids")?)))
}

fn endpoint(config: VpcConfig, vpc: &Fields<'_>) -> Result<VpcConfig, Failure> {
    let cidrs = vpc.has("public_access_cidrs").then(|| vpc.texts("public_access_cidrs")).transpose()?;
    Ok(config
        .endpoint_private_access(vpc.bool_or("endpoint_private_access", false)?)
        .endpoint_public_access(vpc.bool_or("endpoint_public_access", true)?)
        .set_public_access_cidrs(cidrs))
}

fn logging(enabled: &[String]) -> Logging {
    let setup = |on: bool| {
        let kinds = LOGS.iter().filter(|log| enabled.iter().any(|enabled| enabled == *log) == on);
        let kinds: Vec<LogType> = kinds.map(|log| LogType::from(*log)).collect();
        (!kinds.is_empty()).then(|| LogSetup::builder().enabled(on).set_types(Some(kinds)).build())
    };
    Logging::builder().set_cluster_logging(Some([setup(true), setup(false)].into_iter().flatten().collect())).build()
}

#[expect(deprecated, reason = "EKS encrypts more than the resources say by now, and still wants and shows them")]
fn encrypted(config: &EncryptionConfig) -> Observed {
    let key = config.provider().and_then(|provider| provider.key_arn.clone());
    Observed::new()
        .with_block("provider", Observed::new().with("key_arn", key))
        .with_list("resources", config.resources().iter().cloned())
}

#[expect(deprecated, reason = "EKS encrypts more than the resources say by now, and still wants and shows them")]
fn encryption(config: &Fields<'_>) -> Result<EncryptionConfig, Failure> {
    let key = config.block("provider")?.map(|provider| provider.text("key_arn").map(str::to_owned)).transpose()?;
    let provider = types::Provider::builder().set_key_arn(key).build();
    Ok(EncryptionConfig::builder().provider(provider).set_resources(Some(config.texts("resources")?)).build())
}

fn upgrade_policy(policy: &Fields<'_>) -> Result<UpgradePolicyRequest, Failure> {
    let support = policy.maybe_text("support_type")?.map(Into::into);
    Ok(UpgradePolicyRequest::builder().set_support_type(support).build())
}

fn failed(cluster: &types::Cluster) -> Failure {
    let issues = cluster.health().map(types::ClusterHealth::issues).unwrap_or_default().iter().map(|issue| {
        let code = issue.code().map(types::ClusterIssueCode::as_str).unwrap_or_default();
        eks::issue(code, issue.message(), issue.resource_ids().to_vec())
    });
    broken(Service::Eks, "FAILED", &eks::said(issues, "EKS could not make the cluster and gives no reason"))
}

fn observe(cluster: &types::Cluster) -> Attributes {
    let vpc = cluster.resources_vpc_config().map(|vpc| {
        Observed::new()
            .with_list("subnet_ids", vpc.subnet_ids().iter().cloned())
            .with_list("security_group_ids", vpc.security_group_ids().iter().cloned())
            .with("endpoint_private_access", vpc.endpoint_private_access)
            .with("endpoint_public_access", vpc.endpoint_public_access)
            .with_list("public_access_cidrs", vpc.public_access_cidrs().iter().cloned())
            .with("cluster_security_group_id", vpc.cluster_security_group_id.clone())
            .with("vpc_id", vpc.vpc_id.clone())
    });
    let access = cluster.access_config().map(|access| {
        Observed::new()
            .with("authentication_mode", access.authentication_mode().map(types::AuthenticationMode::as_str))
            .with("bootstrap_cluster_creator_admin_permissions", access.bootstrap_cluster_creator_admin_permissions)
    });
    let network = cluster.kubernetes_network_config().map(|network| {
        Observed::new()
            .with("service_ipv4_cidr", network.service_ipv4_cidr.clone())
            .with("ip_family", network.ip_family().map(types::IpFamily::as_str))
    });
    let logs = cluster.logging().map(types::Logging::cluster_logging).unwrap_or_default();
    let enabled = logs.iter().filter(|setup| setup.enabled == Some(true)).flat_map(types::LogSetup::types);
    let encryption = cluster.encryption_config().first().map(encrypted);
    let policy = cluster.upgrade_policy().and_then(|policy| policy.support_type()).map(types::SupportType::as_str);
    let authority = cluster.certificate_authority().and_then(|authority| authority.data.clone());
    let issuer = cluster.identity().and_then(|identity| identity.oidc()).and_then(|oidc| oidc.issuer.clone());
    Observed::new()
        .with("name", cluster.name.clone())
        .with("role_arn", cluster.role_arn.clone())
        .with_block("vpc_config", vpc.unwrap_or_default())
        .with("version", cluster.version.clone())
        .with_block("access_config", access.unwrap_or_default())
        .with_block("kubernetes_network_config", network.unwrap_or_default())
        .with_list("enabled_cluster_log_types", enabled.map(types::LogType::as_str))
        .with_block("encryption_config", encryption.unwrap_or_default())
        .with_block("upgrade_policy", Observed::new().with("support_type", policy))
        .with("deletion_protection", cluster.deletion_protection)
        .tagged(&eks::read(cluster.tags()))
        .with("id", cluster.name.clone())
        .with("arn", cluster.arn.clone())
        .with("endpoint", cluster.endpoint.clone())
        .with_block("certificate_authority", Observed::new().with("data", authority))
        .with_block("identity", Observed::new().with_block("oidc", Observed::new().with("issuer", issuer)))
        .with("platform_version", cluster.platform_version.clone())
        .with("status", cluster.status().map(ClusterStatus::as_str))
        .with("created_at", instant(cluster.created_at()))
        .finish(SCHEMA)
}
