//! EKS: clusters, their nodes, addons and who may enter, one file per resource.

pub mod access_entry;
pub mod access_policy;
pub mod addon;
pub mod addon_version;
pub mod auto_scaling_group;
pub mod cluster;
pub mod cluster_update;
pub mod control_plane;
pub mod encryption;
pub mod fargate_profile;
#[cfg(test)]
mod fixture;
pub mod kubernetes;
pub mod listing;
pub mod node_group;
pub mod node_group_settings;
pub mod node_group_update;
pub mod node_health;
pub mod node_template;
pub mod nodes;
pub mod pod_identity;
pub mod tags;
pub mod update;
pub mod version;

use std::sync::OnceLock;

use jiff::SignedDuration;

use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, REST_MANNERS, Service, Tokens};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "eks",
    model,
    operations: &[
        access_entry::OPERATIONS,
        access_policy::OPERATIONS,
        addon::OPERATIONS,
        addon_version::OPERATIONS,
        cluster::OPERATIONS,
        cluster_update::OPERATIONS,
        encryption::OPERATIONS,
        fargate_profile::OPERATIONS,
        node_group::OPERATIONS,
        node_group_update::OPERATIONS,
        pod_identity::OPERATIONS,
        tags::OPERATIONS,
        update::OPERATIONS,
        version::OPERATIONS,
    ],
    transitions: &[
        addon::TRANSITIONS,
        auto_scaling_group::TRANSITIONS,
        cluster::TRANSITIONS,
        fargate_profile::TRANSITIONS,
        node_group::TRANSITIONS,
        node_group_update::TRANSITIONS,
        update::TRANSITIONS,
    ],
    spans: &[
        addon::SPANS,
        auto_scaling_group::SPANS,
        cluster::SPANS,
        encryption::SPANS,
        fargate_profile::SPANS,
        node_group::SPANS,
        node_group_update::SPANS,
        update::SPANS,
    ],
    rules: &[
        RULES,
        access_entry::RULES,
        access_policy::RULES,
        addon::RULES,
        cluster::RULES,
        cluster_update::RULES,
        encryption::RULES,
        fargate_profile::RULES,
        listing::RULES,
        node_group::RULES,
        node_group_update::RULES,
        pod_identity::RULES,
        tags::RULES,
        update::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners {
        throttled,
        bucket,
        tokens: Some(Tokens {
            members: &["clientRequestToken"],
            check: |_, _| Ok(()),
            lifetime: SignedDuration::from_hours(24),
            holds: |_, _, _| false,
            rule: "eks.token.mismatch",
            mismatch: |token| {
                let message =
                    format!("The client request token {token} was used before in a request with other parameters.");
                Refusal::new("InvalidParameterException", message)
            },
            again: |_, _, answer| Ok(answer.clone()),
        }),
        ..REST_MANNERS
    },
};

const RULES: &[Rule] = &[Rule::new(
    "eks.token.mismatch",
    "a client request token used before with other parameters is refused",
    "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html",
)];

/// What a request beyond the limits is answered. Most operations send what they do not declare: a public report of each
/// year has it (<https://github.com/awslabs/amazon-eks-ami/pull/218>, <https://github.com/fidelity/kconnect/issues/751>).
/// These declare an exception for it.
fn throttled(operation: &str) -> Refusal {
    const DECLARED: &[&str] = &[
        "AssociateEncryptionConfig",
        "AssociateIdentityProviderConfig",
        "CreateCapability",
        "DisassociateIdentityProviderConfig",
        "UpdateClusterConfig",
        "UpdateClusterVersion",
    ];
    if DECLARED.contains(&operation) {
        Refusal::new("ThrottlingException", "Rate exceeded").status(429)
    } else {
        Refusal::new("TooManyRequestsException", "Too Many Requests").status(429)
    }
}

/// AWS documents no rates for EKS. Of 100 calls of DescribeCluster at once about 20 were refused
/// (<https://github.com/fidelity/kconnect/issues/751>); how fast its buckets fill, and those of what changes something,
/// no one has published: they are EC2's usual ones.
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let reads = ["Describe", "List"].iter().any(|start| operation.starts_with(start));
    let (size, refill) = if reads { (80.0, 20.0) } else { (50.0, 5.0) };
    Some(Bucket::of("eks", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/eks.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<access_entry::AccessEntry>();
    tables.add::<access_policy::Association>();
    tables.add::<addon::Addon>();
    tables.add::<auto_scaling_group::AutoScalingGroup>();
    tables.add::<cluster::Cluster>();
    tables.add::<fargate_profile::FargateProfile>();
    tables.add::<node_group::NodeGroup>();
    tables.add::<pod_identity::PodIdentityAssociation>();
    tables.add::<update::Update>();
}

/// The refusal of a value.
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

/// The refusal of what is not there.
fn missing(message: impl Into<String>) -> Refusal {
    Refusal::new("ResourceNotFoundException", message)
}

/// The refusal of what is taken, or busy.
fn in_use(message: impl Into<String>) -> Refusal {
    Refusal::new("ResourceInUseException", message)
}

/// The refusal of what does not fit the cluster's state.
fn unfit(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequestException", message)
}

/// The ARN of something of EKS's in this account and region.
fn arn(tx: &Tx<'_>, resource: &str) -> String {
    format!("arn:aws:eks:{}:{}:{resource}", tx.region(), tx.account())
}

/// A health issue, or an update's error.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// What kind of.
    pub code: String,
    /// What it says.
    pub message: String,
    /// What it is about.
    pub resources: Vec<String>,
}

impl Issue {
    fn new(code: &str, message: impl Into<String>, resources: Vec<String>) -> Issue {
        Issue { code: code.to_owned(), message: message.into(), resources }
    }

    fn view(&self) -> crate::value::Value {
        crate::record! { "code" => &self.code, "message" => &self.message, "resourceIds" => &self.resources }
    }
}

/// A resource's health.
fn health(issues: &[Issue]) -> crate::value::Value {
    crate::record! { "issues" => crate::value::Value::List(issues.iter().map(Issue::view).collect()) }
}
