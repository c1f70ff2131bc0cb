//! Network ACLs: the default one of each VPC, which all of its subnets are associated with.

use serde::{Deserialize, Serialize};

use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::tags;
use crate::record;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeNetworkAcls", |tx, input| {
    let listing = Listing { ids: "NetworkAclIds", answer: "NetworkAcls", ids_exclude_pages: None };
    resource::describe::<NetworkAcl>(tx, input, listing)
})];

/// A VPC's default network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkAcl {
    /// Its id, `acl-...`.
    pub id: String,
    /// The VPC.
    pub vpc: String,
    /// Association and subnet of each subnet.
    pub associations: Vec<(String, String)>,
}

impl Row for NetworkAcl {
    const TABLE: &'static str = "ec2.network_acl";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for NetworkAcl {
    const SHAPE: &'static str = "NetworkAcl";
    const KIND: Kind = Kind {
        prefix: "acl",
        tagged_as: "network-acl",
        not_found: "InvalidNetworkAclID.NotFound",
        malformed: "InvalidNetworkAclId.Malformed",
        one: "The networkAcl ID '{}' does not exist",
        several: "The networkAcl IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "association.association-id",
        "association.network-acl-id",
        "association.subnet-id",
        "default",
        "network-acl-id",
        "owner-id",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        match name {
            "association.association-id" => self.associations.iter().map(|(id, _)| id.clone()).collect(),
            "association.subnet-id" => self.associations.iter().map(|(_, subnet)| subnet.clone()).collect(),
            "network-acl-id" | "association.network-acl-id" => vec![self.id.clone()],
            "default" => vec!["true".to_owned()],
            "owner-id" => vec![tx.account().to_owned()],
            "vpc-id" => vec![self.vpc.clone()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let associations: Vec<Value> = self
            .associations
            .iter()
            .map(|(id, subnet)| {
                record! { "NetworkAclAssociationId" => id, "NetworkAclId" => &self.id, "SubnetId" => subnet }
            })
            .collect();
        let entry = |egress: bool, number: i64, action: &str| {
            record! {
                "CidrBlock" => "0.0.0.0/0",
                "Egress" => egress,
                "Protocol" => "-1",
                "RuleAction" => action,
                "RuleNumber" => number,
            }
        };
        record! {
            "NetworkAclId" => &self.id,
            "VpcId" => &self.vpc,
            "OwnerId" => tx.account(),
            "IsDefault" => true,
            "Associations" => associations,
            "Entries" => vec![
                entry(true, 100, "allow"),
                entry(true, 32767, "deny"),
                entry(false, 100, "allow"),
                entry(false, 32767, "deny"),
            ],
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

/// Makes a new VPC's default network ACL.
pub(super) fn make(tx: &mut Tx<'_>, vpc: &str) {
    let id = tx.new_id("acl");
    tx.put(NetworkAcl { id, vpc: vpc.to_owned(), associations: Vec::new() });
}

fn of_vpc(tx: &Tx<'_>, vpc: &str) -> Option<NetworkAcl> {
    tx.rows::<NetworkAcl>().find(|acl| acl.vpc == vpc).cloned()
}

/// Associates a new subnet with its VPC's default network ACL.
pub(super) fn associate(tx: &mut Tx<'_>, vpc: &str, subnet: &str) {
    if let Some(mut acl) = of_vpc(tx, vpc) {
        acl.associations.push((tx.new_id("aclassoc"), subnet.to_owned()));
        tx.put(acl);
    }
}

/// Ends a subnet's association.
pub(super) fn dissociate(tx: &mut Tx<'_>, vpc: &str, subnet: &str) {
    if let Some(mut acl) = of_vpc(tx, vpc) {
        acl.associations.retain(|(_, associated)| associated != subnet);
        tx.put(acl);
    }
}

/// Removes a VPC's network ACL with the VPC.
pub(super) fn forget(tx: &mut Tx<'_>, vpc: &str) {
    if let Some(acl) = of_vpc(tx, vpc) {
        tags::forget(tx, &acl.id);
        tx.remove::<NetworkAcl>(&acl.id);
    }
}
