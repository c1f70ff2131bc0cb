//! `aws_iam_openid_connect_provider`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html>

use super::form;
use crate::{Arn, Computed, Id, Tags, Value};

/// An issuer of identity tokens that trust policies may name, for instance a cluster's for its service accounts.
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
/// # let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// # let role = stack.add("cluster", IamRole::new(trust));
/// # let cluster = stack.add("main", EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)));
/// let issuer = cluster.oidc_issuer();
/// let provider = IamOpenidConnectProvider::new(&issuer, ["sts.amazonaws.com"]);
/// let provider = stack.add("cluster", provider);
/// // The role of one service account of the cluster, and of no other.
/// let trust = Statement::assume_role_by_service_account(&provider, &issuer, "loki", "loki");
/// stack.add("loki", IamRole::new(Policy::new([trust])));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_iam_openid_connect_provider",
    service = "iam",
    creation = Name,
    create_seconds = 2,
    delete_seconds = 1
)]
pub struct IamOpenidConnectProvider {
    /// The issuer's URL with `https://`, unique in the account; IAM gives it back without.
    #[field(
        replace,
        max_length = 255,
        pattern = r"https://[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+(/[^?#\s]*)?",
        pattern_words = "an issuer's URL is https://, the name of a host without a port, and a path without a query"
    )]
    url: Value<String>,
    /// The audiences that tokens may be for; `sts.amazonaws.com` for a cluster's service accounts.
    #[field(set, max_length = 100)]
    client_id_list: Value<Vec<String>>,
    /// SHA-1 thumbprints of the issuer's certificate authority; IAM finds them itself where none are given.
    #[field(
        set,
        computed,
        max_length = 5,
        form = form::THUMBPRINT
    )]
    thumbprint_list: Option<Value<Vec<String>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The ARN, by which IAM knows it.
    id: Computed<Id<IamOpenidConnectProvider>>,
    /// The ARN.
    arn: Computed<Arn<IamOpenidConnectProvider>>,
}
