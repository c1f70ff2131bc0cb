//! DB subnet groups.

use serde::{Deserialize, Serialize};

use super::{arn, filters, instance::DbInstance};
use crate::datastore::network::{self, Place};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateDBSubnetGroup", create),
    ("DescribeDBSubnetGroups", describe),
    ("ModifyDBSubnetGroup", modify),
    ("DeleteDBSubnetGroup", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html";
const MODIFY: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "rds.subnet_group.name",
        "a name has letters, digits, periods, underscores, spaces and hyphens, and is not default",
        CREATE,
    ),
    Rule::new("rds.subnet_group.exists", "names are unique", CREATE),
    Rule::new("rds.subnet_group.subnets", "the subnets exist", CREATE),
    Rule::new("rds.subnet_group.one_vpc", "the subnets are in one VPC", CREATE),
    Rule::new("rds.subnet_group.zones", "the subnets cover two zones", CREATE),
    Rule::new(
        "rds.subnet_group.quota",
        "an account has 50 groups of 20 subnets each",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    ),
    Rule::new("rds.subnet_group.modify.in_use", "a subnet with an instance in it stays in the group", MODIFY),
    Rule::new("rds.subnet_group.modify.vpc", "a group in use stays in its VPC", MODIFY),
    Rule::new("rds.subnet_group.delete.in_use", "a group in use is not deleted", DELETE),
];

/// A DB subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbSubnetGroup {
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

impl Row for DbSubnetGroup {
    const TABLE: &'static str = "rds.subnet_group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl DbSubnetGroup {
    /// What Describe shows.
    #[must_use]
    pub fn view(&self, tx: &Tx<'_>) -> Value {
        let subnets: Vec<Value> = self
            .places
            .iter()
            .map(|place| {
                record! {
                    "SubnetIdentifier" => &place.subnet,
                    "SubnetAvailabilityZone" => record! { "Name" => &place.zone },
                    "SubnetOutpost" => Value::Record(Record::new()),
                    "SubnetStatus" => "Active",
                }
            })
            .collect();
        record! {
            "DBSubnetGroupName" => &self.name,
            "DBSubnetGroupDescription" => &self.description,
            "VpcId" => &self.vpc,
            "SubnetGroupStatus" => "Complete",
            "Subnets" => subnets,
            "DBSubnetGroupArn" => arn(tx, "subgrp", &self.name),
            "SupportedNetworkTypes" => vec!["IPV4"],
        }
    }

    fn users(&self, tx: &Tx<'_>) -> Vec<DbInstance> {
        tx.rows::<DbInstance>().filter(|instance| instance.subnet_group == self.name).cloned().collect()
    }
}

/// The refusal of a group that is not there.
pub(super) fn not_found(name: &str) -> Refusal {
    Refusal::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' does not exist."))
}

/// The group of that name.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Result<DbSubnetGroup, Refusal> {
    tx.get::<DbSubnetGroup>(&name.to_ascii_lowercase()).cloned().ok_or_else(|| not_found(name))
}

/// The group of a request that names none: the default VPC's.
pub(super) fn default(tx: &mut Tx<'_>) -> Result<DbSubnetGroup, Refusal> {
    use crate::ec2::{subnet::Subnet, vpc::Vpc};
    let Some(vpc) = tx.rows::<Vpc>().find(|vpc| vpc.is_default).map(Row::id) else {
        return Err(Refusal::new("InvalidVPCNetworkStateFault", "No default VPC found. Specify a DB subnet group."));
    };
    let places: Vec<Place> = tx
        .rows::<Subnet>()
        .filter(|subnet| subnet.vpc == vpc)
        .map(|subnet| Place { subnet: subnet.id.clone(), zone: subnet.zone.clone() })
        .collect();
    let group = DbSubnetGroup {
        name: "default".to_owned(),
        description: "default".to_owned(),
        vpc,
        places,
        tags: Tags::default(),
    };
    tx.put(group.clone());
    Ok(group)
}

fn covered(tx: &Tx<'_>, places: &[Place]) -> Result<(), Refusal> {
    let zones = network::zones(places);
    tx.enforce("rds.subnet_group.zones", zones.len() >= 2, || {
        let message = format!(
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {}. \
             Add subnets to cover at least 2 AZs.",
            zones.join(", ")
        );
        Refusal::new("DBSubnetGroupDoesNotCoverEnoughAZs", message)
    })?;
    let most = tx.quota("rds.subnets-per-group");
    let within = i64::try_from(places.len()).is_ok_and(|count| count <= most);
    tx.enforce("rds.subnet_group.quota", within, || {
        Refusal::new(
            "DBSubnetQuotaExceededFault",
            "The request would result in the user exceeding the allowed number of subnets in a DB subnet groups.",
        )
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("DBSubnetGroupName");
    let description = input.required("DBSubnetGroupDescription");
    let name = given.to_ascii_lowercase();
    let rule = "rds.subnet_group.name";
    tx.enforce(rule, !given.is_empty(), || {
        invalid_value("The parameter DBSubnetGroupName must be provided and must not be blank.")
    })?;
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._ -".contains(&byte));
    tx.enforce(rule, letters && name.len() <= 255, || {
        invalid_value(
            "The parameter DBSubnetGroupName is not a valid identifier. It must contain no more than 255 letters, \
             numbers, periods, underscores, spaces, or hyphens.",
        )
    })?;
    tx.enforce(rule, name != "default", || invalid_value("DBSubnetGroupName default is reserved and cannot be used."))?;
    tx.enforce(rule, !description.is_empty(), || {
        invalid_value("The parameter DBSubnetGroupDescription must be provided and must not be blank.")
    })?;
    tx.enforce("rds.subnet_group.exists", tx.get::<DbSubnetGroup>(&name).is_none(), || {
        Refusal::new("DBSubnetGroupAlreadyExists", format!("The DB subnet group '{name}' already exists."))
    })?;
    let ids = input.texts("SubnetIds");
    let (vpc, places) = network::places(tx, &ids, "rds.subnet_group.subnets", "rds.subnet_group.one_vpc")?;
    covered(tx, &places)?;
    let count = tx.rows::<DbSubnetGroup>().filter(|group| group.name != "default").count();
    let most = tx.quota("rds.subnet-groups");
    tx.enforce("rds.subnet_group.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new("DBSubnetGroupQuotaExceeded", "Subnet group quota exceeded for this account.")
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "rds.tags", input)?);
    let group = DbSubnetGroup { name, description: description.to_owned(), vpc, places, tags };
    tx.put(group.clone());
    Ok(record! { "DBSubnetGroup" => group.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    let items = match input.text("DBSubnetGroupName") {
        Some(name) => {
            let group = find(tx, name).map_err(|_| {
                Refusal::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' not found."))
            })?;
            vec![(group.name.clone(), group.view(tx))]
        }
        None => tx.rows::<DbSubnetGroup>().map(|group| (group.name.clone(), group.view(tx))).collect(),
    };
    listing::paged(tx, input, "rds.page.size", "DBSubnetGroups", items)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = find(tx, input.required("DBSubnetGroupName"))?;
    let ids = input.texts("SubnetIds");
    let (vpc, places) = network::places(tx, &ids, "rds.subnet_group.subnets", "rds.subnet_group.one_vpc")?;
    covered(tx, &places)?;
    let users = group.users(tx);
    tx.enforce("rds.subnet_group.modify.vpc", users.is_empty() || vpc == group.vpc, || {
        invalid_value(format!(
            "The new Subnets are not in the same Vpc as the existing subnet group: {} and {vpc}.",
            group.vpc
        ))
    })?;
    let standing: Vec<String> = users
        .iter()
        .flat_map(|instance| instance.subnets(tx))
        .filter(|subnet| places.iter().all(|place| place.subnet != *subnet))
        .collect();
    tx.enforce("rds.subnet_group.modify.in_use", standing.is_empty(), || {
        let message = format!("Some of the subnets to be deleted are currently in use: {}", standing.join(", "));
        Refusal::new("SubnetAlreadyInUse", message)
    })?;
    if let Some(description) = input.text("DBSubnetGroupDescription") {
        group.description = description.to_owned();
    }
    (group.vpc, group.places) = (vpc, places);
    tx.put(group.clone());
    Ok(record! { "DBSubnetGroup" => group.view(tx) })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("DBSubnetGroupName");
    let group = find(tx, name)
        .map_err(|_| Refusal::new("DBSubnetGroupNotFoundFault", format!("DB subnet group '{name}' not found.")))?;
    let user = group.users(tx).first().map(|instance| instance.identifier.clone());
    tx.enforce("rds.subnet_group.delete.in_use", user.is_none(), || {
        let message = format!(
            "Cannot delete the subnet group '{}' because at least one database instance: {} is still using it.",
            group.name,
            user.as_deref().unwrap_or_default()
        );
        Refusal::new("InvalidDBSubnetGroupStateFault", message)
    })?;
    tx.remove::<DbSubnetGroup>(&group.name);
    Ok(Value::Record(Record::new()))
}
