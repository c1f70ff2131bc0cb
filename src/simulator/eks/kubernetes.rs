//! Clusters as Kubernetes has them: where their API server is, who enters, and which nodes have joined.
//!
//! The simulator has no API server of its own. Who runs one beside it gives [`Endpoints`], asks [`Simulator::clusters`]
//! what there is to be in it, and has its tokens looked at by [`Simulator::authenticate`].

use std::fmt;

use bytes::Bytes;
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::access_entry::{AccessEntry, parts};
use super::access_policy::{self, Association};
use super::addon::Addon;
use super::auto_scaling_group::AutoScalingGroup;
use super::cluster::Cluster;
use super::node_group::NodeGroup;
use crate::Simulator;
use crate::ec2::instance::Instance;
use crate::ec2::network_interface;
use crate::front::Arrived;
use crate::identity::role_of_session;
use crate::protocol::{base64_decode, percent_decode};
use crate::world::{Row, Scope, WorldError};

/// Where the API servers of clusters are.
pub trait Endpoints: fmt::Debug + Send + Sync {
    /// Where a cluster's is, or will be; none where it has none. Asked under the world's lock: it answers at once.
    fn of(&self, cluster: &ClusterId) -> Option<ApiServer>;
}

/// Which cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClusterId {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The name.
    pub name: String,
    /// What tells it from others that had its name before.
    pub key: String,
}

/// An API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiServer {
    /// `https://...`
    pub url: String,
    /// What its certificate is signed by, as base64 of a PEM text.
    pub authority: String,
}

/// A cluster with what is to be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveCluster {
    /// Which.
    pub id: ClusterId,
    /// `1.35`
    pub version: String,
    /// The names of the addons that work in it.
    pub addons: Vec<String>,
    /// Whether `vpc-cni` gives nodes prefixes of addresses for their pods.
    pub prefix_delegation: bool,
    /// Its nodes.
    pub nodes: Vec<Node>,
}

/// A node: an instance of a node group that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Its name: the instance's private one.
    pub name: String,
    /// Its instance.
    pub instance: String,
    /// The instance's type.
    pub instance_type: String,
    /// Its zone.
    pub zone: String,
    /// Its private address.
    pub address: String,
    /// Its group.
    pub group: String,
    /// `ON_DEMAND` or `SPOT`.
    pub capacity: String,
    /// The group's labels.
    pub labels: Vec<(String, String)>,
    /// Key, value and effect in EKS's word.
    pub taints: Vec<(String, Option<String>, String)>,
}

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// What Kubernetes calls them.
    pub username: String,
    /// What they are known by.
    pub uid: String,
    /// Their groups; [`POLICY_GROUP`] and the name of each access policy that holds in all of the cluster among them.
    pub groups: Vec<String>,
    /// Whose credentials made the token.
    pub arn: String,
}

/// What the groups begin with that stand for access policies.
pub const POLICY_GROUP: &str = "eks-access-policy:";

/// How long an entry or a policy takes to reach the authenticator: "several seconds", by
/// <https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>.
const REACHES: SignedDuration = SignedDuration::from_secs(5);

/// What a token begins with: <https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster>.
const TOKEN: &str = "k8s-aws-v1.";

/// The header that binds a token to a cluster.
const CLUSTER: &str = "x-k8s-aws-id";

/// A token's longest form.
const LONGEST: usize = 8192;

impl Simulator {
    /// The clusters whose API server is to be there, by account, region and name.
    ///
    /// # Errors
    /// When what is due cannot be written.
    pub fn clusters(&self) -> Result<Vec<LiveCluster>, WorldError> {
        let mut core = self.lock();
        let now = core.clock.now();
        core.settle(now)?;
        let tables = &core.state.tables;
        let Some(clusters) = tables.of::<Cluster>() else { return Ok(Vec::new()) };
        let mut live = Vec::new();
        for (scope, rows) in &clusters.rows {
            let groups = all::<NodeGroup>(tables, scope);
            let addons = all::<Addon>(tables, scope);
            let scaled = all::<AutoScalingGroup>(tables, scope);
            let instances = tables.of::<Instance>().and_then(|table| table.rows.get(scope));
            for cluster in rows.values().map(|slot| &slot.row).filter(|cluster| is_live(cluster)) {
                let mut nodes = Vec::new();
                for group in groups.iter().filter(|group| group.cluster == cluster.name) {
                    let ids = scaled.iter().filter(|scaled| scaled.name == group.group).flat_map(|it| &it.instances);
                    let running = ids.filter_map(|id| Some(&instances?.get(id)?.row));
                    nodes.extend(running.filter_map(|instance| node(scope, group, instance)));
                }
                let addons: Vec<&Addon> =
                    addons.iter().filter(|addon| addon.cluster == cluster.name && addon.works()).collect();
                live.push(LiveCluster {
                    id: id(scope, cluster),
                    version: cluster.version.clone(),
                    addons: addons.iter().map(|addon| addon.name.clone()).collect(),
                    prefix_delegation: addons.iter().any(|addon| addon.delegates_prefixes()),
                    nodes,
                });
            }
        }
        Ok(live)
    }

    /// Whom a cluster's token speaks for; why it speaks for nobody. Its signature is checked against `wall`.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn authenticate(&self, cluster: &ClusterId, token: &str, wall: Timestamp) -> Result<Person, String> {
        let request = signed(token, &cluster.name)?;
        let mut core = self.lock();
        let outcome = core.handle(Arrived::of(&request), Some(wall));
        let answer = outcome.answer.map_err(|fault| format!("STS did not answer: {fault:?}"))?;
        let text = String::from_utf8_lossy(answer.body());
        let arn = between(&text, "<Arn>", "</Arn>").filter(|_| answer.status().is_success());
        let arn = arn.ok_or_else(|| {
            let why = between(&text, "<Message>", "</Message>").unwrap_or("no reason given");
            format!("STS answered {}: {why}", answer.status().as_u16())
        })?;
        let now = core.clock.now();
        let scope = Scope { account: cluster.account.clone(), region: cluster.region.clone() };
        let tables = &core.state.tables;
        let there = tables.of::<Cluster>().and_then(|table| table.rows.get(&scope)?.get(&cluster.name));
        if there.is_none_or(|slot| slot.row.key != cluster.key) {
            return Err(format!("there is no cluster {}", cluster.name));
        }
        let user_id = between(&text, "<UserId>", "</UserId>").unwrap_or_default().split(':').next();
        let whose = principal(arn).ok_or_else(|| format!("{arn} is nobody who can have an access entry"))?;
        let reached = |since: Timestamp| since.checked_add(REACHES).is_ok_and(|moment| moment <= now);
        let entry = all::<AccessEntry>(tables, &scope)
            .into_iter()
            .find(|entry| entry.cluster == cluster.name && principal(&entry.principal) == Some(whose))
            .filter(|entry| reached(entry.created))
            .ok_or_else(|| format!("{arn} has no access entry in {}", cluster.name))?;
        let policies = all::<Association>(tables, &scope).into_iter().filter(|policy| {
            (&policy.cluster, &policy.principal) == (&entry.cluster, &entry.principal)
                && policy.namespaces.is_empty()
                && reached(policy.modified)
        });
        let named =
            policies.filter_map(|policy| Some(format!("{POLICY_GROUP}{}", access_policy::name(&policy.policy)?)));
        let session = arn.rsplit('/').next().unwrap_or_default();
        Ok(Person {
            username: entry.username.replace("{{SessionName}}", session).replace("{{SessionNameRaw}}", session),
            uid: format!("aws-iam-authenticator:{}:{}", cluster.account, user_id.unwrap_or_default()),
            groups: entry.groups.iter().cloned().chain(named).collect(),
            arn: arn.to_owned(),
        })
    }
}

/// Whether an API server answers for it.
fn is_live(cluster: &Cluster) -> bool {
    !matches!(cluster.status.as_str(), "CREATING" | "FAILED")
}

/// Which one it is.
pub(super) fn id(scope: &Scope, cluster: &Cluster) -> ClusterId {
    let Scope { account, region } = scope.clone();
    ClusterId { account, region, name: cluster.name.clone(), key: cluster.key.clone() }
}

fn all<T: Row>(tables: &crate::world::Tables, scope: &Scope) -> Vec<T> {
    let rows = tables.of::<T>().and_then(|table| table.rows.get(scope));
    rows.into_iter().flat_map(|rows| rows.values()).map(|slot| slot.row.clone()).collect()
}

fn node(scope: &Scope, group: &NodeGroup, instance: &Instance) -> Option<Node> {
    let address = instance.private_ip.clone().filter(|_| instance.state == "running")?;
    Some(Node {
        name: network_interface::host_name(&scope.region, &address),
        instance: instance.id.clone(),
        instance_type: instance.kind.clone(),
        zone: instance.zone.clone(),
        address,
        group: group.name.clone(),
        capacity: group.capacity.clone(),
        labels: group.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        taints: group.taints.iter().map(|one| (one.key.clone(), one.value.clone(), one.effect.clone())).collect(),
    })
}

/// The request to STS that a token is, by whoever signed it for this cluster.
fn signed(token: &str, cluster: &str) -> Result<Request<Bytes>, String> {
    let text = token.strip_prefix(TOKEN).filter(|text| text.len() <= LONGEST).ok_or("it is no token of EKS's")?;
    let mut padded = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    padded.extend(std::iter::repeat_n('=', (4 - padded.len() % 4) % 4));
    let url = base64_decode(&padded).and_then(|bytes| String::from_utf8(bytes).ok()).ok_or("it is not base64")?;
    let uri: http::Uri = url.parse().map_err(|_| "it holds no URL".to_owned())?;
    let host = uri.authority().map(|it| it.as_str().to_owned()).ok_or("its URL has no host")?;
    let query: Vec<(String, String)> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_lowercase(), percent_decode(value)))
        .collect();
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if value("action") != Some("GetCallerIdentity") {
        return Err("it asks something else than who made it".to_owned());
    }
    let binds = value("x-amz-signedheaders").is_some_and(|signed| signed.split(';').any(|name| name == CLUSTER));
    if !binds {
        return Err(format!("it is not bound to a cluster by {CLUSTER}"));
    }
    if value("x-amz-expires").and_then(|text| text.parse::<i64>().ok()).is_none_or(|seconds| seconds > 900) {
        return Err("it is good for longer than 15 minutes".to_owned());
    }
    let request = Request::get(uri).header(http::header::HOST, host).header(CLUSTER, cluster).body(Bytes::new());
    request.map_err(|error| error.to_string())
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}

/// Kind, account and name of a principal: an assumed role is its role, and paths do not count.
fn principal(arn: &str) -> Option<(&str, &str, &str)> {
    match role_of_session(arn) {
        Some(role) => Some(("role", arn.split(':').nth(4)?, role)),
        None => parts(arn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumed_role_is_its_role_and_paths_do_not_count() {
        let role = Some(("role", "111122223333", "deploy"));
        for arn in [
            "arn:aws:iam::111122223333:role/deploy",
            "arn:aws:iam::111122223333:role/ci/deploy",
            "arn:aws:sts::111122223333:assumed-role/deploy/run-17",
        ] {
            assert_eq!(principal(arn), role, "{arn}");
        }
        assert_eq!(principal("arn:aws:iam::111122223333:user/mia"), Some(("user", "111122223333", "mia")));
    }

    #[test]
    fn what_is_no_token_is_said_to_be_none() {
        let token = |url: &str| {
            let text = crate::protocol::base64_encode(url.as_bytes()).replace('+', "-").replace('/', "_");
            format!("{TOKEN}{}", text.trim_end_matches('='))
        };
        let refused = |token: &str| signed(token, "main").unwrap_err();
        assert_eq!(refused("abc"), "it is no token of EKS's");
        assert_eq!(refused("k8s-aws-v1.%%"), "it is not base64");
        let of = |query: &str| refused(&token(&format!("https://sts.us-east-1.amazonaws.com/?{query}")));
        assert_eq!(of("Action=AssumeRole"), "it asks something else than who made it");
        assert_eq!(
            of("Action=GetCallerIdentity&X-Amz-SignedHeaders=host"),
            "it is not bound to a cluster by x-k8s-aws-id"
        );
        let long = "Action=GetCallerIdentity&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Expires=901";
        assert_eq!(of(long), "it is good for longer than 15 minutes");
    }
}
