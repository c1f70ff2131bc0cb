//! Cache subnet groups.

use serde::{Deserialize, Serialize};

use super::arn;
use super::replication_group::ReplicationGroup;
use crate::datastore::network::{self, Place};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_value, listing};
use crate::ec2::subnet::Subnet;
use crate::ec2::vpc::Vpc;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateCacheSubnetGroup", create),
    ("DescribeCacheSubnetGroups", describe),
    ("ModifyCacheSubnetGroup", modify),
    ("DeleteCacheSubnetGroup", delete),
];

const CREATE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheSubnetGroup.html";
const MODIFY: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html";
const DELETE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheSubnetGroup.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.subnet_group.name", "a name is an identifier of at most 255 characters", CREATE),
    Rule::new("elasticache.subnet_group.exists", "names are unique", CREATE),
    Rule::new("elasticache.subnet_group.subnets", "the subnets exist", CREATE),
    Rule::new("elasticache.subnet_group.one_vpc", "the subnets are in one VPC", CREATE),
    Rule::new("elasticache.subnet_group.quota", "a region has 150 groups of 20 subnets each", QUOTAS),
    Rule::new("elasticache.subnet_group.modify.in_use", "a subnet with a node in it stays in the group", MODIFY),
    Rule::new("elasticache.subnet_group.delete.in_use", "a group in use is not deleted", DELETE),
    Rule::new("elasticache.subnet_group.delete.default", "the default group is not deleted", DELETE),
];

/// A cache subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSubnetGroup {
    /// Its name, in lower case.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The VPC.
    pub vpc: String,
    /// Its subnets.
    pub places: Vec<Place>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for CacheSubnetGroup {
    const TABLE: &'static str = "elasticache.subnet_group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl CacheSubnetGroup {
    fn view(&self, tx: &Tx<'_>) -> Value {
        let subnets: Vec<Value> = self
            .places
            .iter()
            .map(|place| {
                record! {
                    "SubnetIdentifier" => &place.subnet,
                    "SubnetAvailabilityZone" => record! { "Name" => &place.zone },
                    "SupportedNetworkTypes" => vec!["ipv4"],
                }
            })
            .collect();
        record! {
            "CacheSubnetGroupName" => &self.name,
            "CacheSubnetGroupDescription" => &self.description,
            "VpcId" => &self.vpc,
            "Subnets" => subnets,
            "ARN" => arn(tx, "subnetgroup", &self.name),
            "SupportedNetworkTypes" => vec!["ipv4"],
        }
    }

    fn users<'t>(&'t self, tx: &'t Tx<'_>) -> impl Iterator<Item = &'t ReplicationGroup> {
        tx.rows::<ReplicationGroup>().filter(|group| group.subnet_group == self.name)
    }
}

/// The group of that name.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Result<CacheSubnetGroup, Refusal> {
    tx.get::<CacheSubnetGroup>(&name.to_ascii_lowercase()).cloned().ok_or_else(|| {
        Refusal::new("CacheSubnetGroupNotFoundFault", format!("Cache Subnet Group {name} does not exist."))
    })
}

/// The group of a request that names none: the default VPC's.
pub(super) fn default(tx: &mut Tx<'_>) -> Result<CacheSubnetGroup, Refusal> {
    let Some(vpc) = tx.rows::<Vpc>().find(|vpc| vpc.is_default).map(Row::id) else {
        return Err(Refusal::new("InvalidVPCNetworkStateFault", "No default VPC found. Specify a cache subnet group."));
    };
    let places: Vec<Place> = tx
        .rows::<Subnet>()
        .filter(|subnet| subnet.vpc == vpc)
        .map(|subnet| Place { subnet: subnet.id.clone(), zone: subnet.zone.clone() })
        .collect();
    let description = "Default CacheSubnetGroup".to_owned();
    let group = CacheSubnetGroup { name: "default".to_owned(), description, vpc, places, tags: Tags::default() };
    tx.put(group.clone());
    Ok(group)
}

fn within(tx: &Tx<'_>, places: &[Place]) -> Result<(), Refusal> {
    let most = tx.quota("elasticache.subnets-per-group");
    tx.enforce("elasticache.subnet_group.quota", i64::try_from(places.len()).is_ok_and(|count| count <= most), || {
        let message =
            "The request would result in the user exceeding the allowed number of subnets in a cache subnet group.";
        Refusal::new("CacheSubnetQuotaExceededFault", message)
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let rule = "elasticache.subnet_group.name";
    let name = identifier::read(tx, rule, "CacheSubnetGroupName", input.required("CacheSubnetGroupName"), 255)?;
    tx.enforce("elasticache.subnet_group.exists", tx.get::<CacheSubnetGroup>(&name).is_none(), || {
        Refusal::new("CacheSubnetGroupAlreadyExists", format!("Cache subnet group {name} already exists."))
    })?;
    let ids = input.texts("SubnetIds");
    let rules = ("elasticache.subnet_group.subnets", "elasticache.subnet_group.one_vpc");
    let (vpc, places) = network::places(tx, &ids, rules.0, rules.1)?;
    within(tx, &places)?;
    let count = tx.rows::<CacheSubnetGroup>().count();
    let most = tx.quota("elasticache.subnet-groups");
    tx.enforce("elasticache.subnet_group.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new(
            "CacheSubnetGroupQuotaExceeded",
            "The request would result in the user exceeding the allowed number of cache subnet groups.",
        )
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);
    let description = input.required("CacheSubnetGroupDescription").to_owned();
    let group = CacheSubnetGroup { name, description, vpc, places, tags };
    tx.put(group.clone());
    Ok(record! { "CacheSubnetGroup" => group.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = match input.text("CacheSubnetGroupName") {
        Some(name) => {
            let group = find(tx, name)?;
            vec![(group.name.clone(), group.view(tx))]
        }
        None => tx.rows::<CacheSubnetGroup>().map(|group| (group.name.clone(), group.view(tx))).collect(),
    };
    listing::paged(tx, input, "elasticache.page.size", "CacheSubnetGroups", items)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = find(tx, input.required("CacheSubnetGroupName"))?;
    if let Some(description) = input.text("CacheSubnetGroupDescription") {
        group.description = description.to_owned();
    }
    let ids = input.texts("SubnetIds");
    if !ids.is_empty() {
        let rules = ("elasticache.subnet_group.subnets", "elasticache.subnet_group.one_vpc");
        let (vpc, places) = network::places(tx, &ids, rules.0, rules.1)?;
        within(tx, &places)?;
        let standing: Vec<String> = group
            .users(tx)
            .flat_map(|user| user.subnets(tx))
            .filter(|subnet| places.iter().all(|place| place.subnet != *subnet))
            .collect();
        tx.enforce("elasticache.subnet_group.modify.in_use", standing.is_empty(), || {
            Refusal::new(
                "SubnetInUse",
                format!("The subnet ID {} is currently in use by a cache instance.", standing.join(", ")),
            )
        })?;
        (group.vpc, group.places) = (vpc, places);
    }
    tx.put(group.clone());
    Ok(record! { "CacheSubnetGroup" => group.view(tx) })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = find(tx, input.required("CacheSubnetGroupName"))?;
    tx.enforce("elasticache.subnet_group.delete.default", group.name != "default", || {
        invalid_value("The default cache subnet group cannot be deleted.")
    })?;
    let used = group.users(tx).next().is_some();
    tx.enforce("elasticache.subnet_group.delete.in_use", !used, || {
        let message = format!("Cache subnet group {} is currently in use by a cache cluster.", group.name);
        Refusal::new("CacheSubnetGroupInUse", message)
    })?;
    tx.remove::<CacheSubnetGroup>(&group.name);
    Ok(Value::Record(Record::new()))
}
