//! Tags of ElastiCache's resources, by ARN. Those of a replication group go to its
//! clusters too.

use super::cache_cluster;
use super::parameter_group::{self, CacheParameterGroup};
use super::replication_group::{self, ReplicationGroup};
use super::snapshot::{self, CacheSnapshot};
use super::subnet_group::{self, CacheSubnetGroup};
use super::user::User;
use super::user_group::{self, UserGroup};
use crate::datastore::tags::{self, Tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AddTagsToResource", add), ("RemoveTagsFromResource", remove), ("ListTagsForResource", list)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Tagging-Resources.html";
const LIST: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ListTagsForResource.html";
const REMOVE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_RemoveTagsFromResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.tags", "keys have 1 to 128 characters, values up to 256, and no aws: at the front", PAGE),
    Rule::new("elasticache.tags.limit", "a resource has at most 50 tags", PAGE),
    Rule::new("elasticache.tags.arn", "a resource is named by an ARN of this account and region", LIST),
    Rule::new("elasticache.tags.state", "a group's tags are read and changed while it is available", LIST),
    Rule::new("elasticache.tags.found", "a tag that is removed is there", REMOVE),
];

/// A resource that carries tags.
enum Tagged {
    Group(String),
    /// A cluster, with its group.
    Cluster(String, String),
    ParameterGroup(String),
    Snapshot(String),
    SubnetGroup(String),
    User(String),
    UserGroup(String),
}

fn resource(tx: &Tx<'_>, arn: &str) -> Result<Tagged, Refusal> {
    let start = format!("arn:aws:elasticache:{}:{}:", tx.region(), tx.account());
    let parts = arn.strip_prefix(&start).and_then(|rest| rest.split_once(':'));
    let foreign = || Refusal::new("InvalidARN", format!("ARN {arn} is not valid"));
    tx.enforce("elasticache.tags.arn", parts.is_some(), foreign)?;
    let (kind, name) = parts.ok_or_else(foreign)?;
    let available = |group: &ReplicationGroup| {
        tx.enforce("elasticache.tags.state", group.status == "available", || {
            let message = "Cluster not in available state to perform tagging operations.";
            Refusal::new("InvalidReplicationGroupState", message)
        })
    };
    match kind {
        "replicationgroup" => {
            let group = replication_group::find(tx, name)?;
            available(&group)?;
            Ok(Tagged::Group(group.id))
        }
        "cluster" => {
            let (group, node) = cache_cluster::find(tx, name)?;
            available(group)?;
            Ok(Tagged::Cluster(group.id.clone(), node.cluster.clone()))
        }
        "parametergroup" => parameter_group::find(tx, name).map(|group| Tagged::ParameterGroup(group.name)),
        "subnetgroup" => subnet_group::find(tx, name).map(|group| Tagged::SubnetGroup(group.name)),
        "snapshot" => match tx.get::<CacheSnapshot>(&name.to_ascii_lowercase()) {
            Some(row) => Ok(Tagged::Snapshot(row.id())),
            None => Err(snapshot::not_found(name)),
        },
        "user" => match tx.get::<User>(&name.to_ascii_lowercase()) {
            Some(row) => Ok(Tagged::User(row.id())),
            None => Err(Refusal::new("UserNotFound", format!("User {name} not found."))),
        },
        "usergroup" => user_group::find(tx, name).map(|group| Tagged::UserGroup(group.id)),
        "globalreplicationgroup" | "reserved-instance" | "securitygroup" | "serverlesscache" => {
            Err(Refusal::not_simulated(format!("elasticache with tags of {kind}")))
        }
        _ => Err(foreign()),
    }
}

impl Tagged {
    fn tags(&self, tx: &Tx<'_>) -> Tags {
        match self {
            Tagged::Group(id) => tx.get::<ReplicationGroup>(id).map(|row| row.tags.clone()),
            Tagged::Cluster(_, cluster) => cache_cluster::find(tx, cluster).ok().map(|(_, node)| node.tags.clone()),
            Tagged::ParameterGroup(id) => tx.get::<CacheParameterGroup>(id).map(|row| row.tags.clone()),
            Tagged::Snapshot(id) => tx.get::<CacheSnapshot>(id).map(|row| row.tags.clone()),
            Tagged::SubnetGroup(id) => tx.get::<CacheSubnetGroup>(id).map(|row| row.tags.clone()),
            Tagged::User(id) => tx.get::<User>(id).map(|row| row.tags.clone()),
            Tagged::UserGroup(id) => tx.get::<UserGroup>(id).map(|row| row.tags.clone()),
        }
        .unwrap_or_default()
    }

    /// Changes the tags, and those of a group's clusters in the same way.
    fn change(&self, tx: &mut Tx<'_>, change: &dyn Fn(&mut Tags)) {
        match self {
            Tagged::Group(id) => tx.change::<ReplicationGroup>(id, |row| {
                change(&mut row.tags);
                row.shards.iter_mut().flat_map(|shard| &mut shard.nodes).for_each(|node| change(&mut node.tags));
            }),
            Tagged::Cluster(id, cluster) => tx.change::<ReplicationGroup>(id, |row| {
                let nodes = row.shards.iter_mut().flat_map(|shard| &mut shard.nodes);
                nodes.filter(|node| node.cluster == *cluster).for_each(|node| change(&mut node.tags));
            }),
            Tagged::ParameterGroup(id) => tx.change::<CacheParameterGroup>(id, |row| change(&mut row.tags)),
            Tagged::Snapshot(id) => tx.change::<CacheSnapshot>(id, |row| change(&mut row.tags)),
            Tagged::SubnetGroup(id) => tx.change::<CacheSubnetGroup>(id, |row| change(&mut row.tags)),
            Tagged::User(id) => tx.change::<User>(id, |row| change(&mut row.tags)),
            Tagged::UserGroup(id) => tx.change::<UserGroup>(id, |row| change(&mut row.tags)),
        };
    }
}

fn shown(tags: &Tags) -> Value {
    record! { "TagList" => tags.view() }
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resource = resource(tx, input.required("ResourceName"))?;
    let new = tags::read(tx, "elasticache.tags", input)?;
    let mut tags = resource.tags(tx);
    tags.add(new.clone());
    tx.enforce("elasticache.tags.limit", tags.0.len() <= 50, || {
        let message = "The request cannot be processed because it would cause the resource to have more than the allowed number of tags.";
        Refusal::new("TagQuotaPerResourceExceeded", message)
    })?;
    resource.change(tx, &|tags| tags.add(new.clone()));
    Ok(shown(&tags))
}

fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resource = resource(tx, input.required("ResourceName"))?;
    let keys = input.texts("TagKeys");
    let tags = resource.tags(tx);
    let absent = keys.iter().find(|key| tags.0.iter().all(|(known, _)| known != *key));
    tx.enforce("elasticache.tags.found", absent.is_none(), || {
        let message =
            format!("The requested tag was not found on this resource: {}", absent.copied().unwrap_or_default());
        Refusal::new("TagNotFound", message)
    })?;
    resource.change(tx, &|tags| tags.remove(&keys));
    Ok(shown(&resource.tags(tx)))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resource = resource(tx, input.required("ResourceName"))?;
    Ok(shown(&resource.tags(tx)))
}
