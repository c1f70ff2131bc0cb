//! Network ACLs: the default one of each VPC, further ones, and which of them a subnet has.

use serde::{Deserialize, Serialize};

use crate::ec2::network_acl_entry::{self as entry, Entry};
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::tags;
use crate::ec2::vpc::Vpc;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateNetworkAcl", create),
    ("DeleteNetworkAcl", delete),
    ("DescribeNetworkAcls", |tx, input| {
        let listing = Listing { ids: "NetworkAclIds", answer: "NetworkAcls", ids_exclude_pages: None };
        resource::describe::<NetworkAcl>(tx, input, listing)
    }),
    ("ReplaceNetworkAclAssociation", replace_association),
];

const PAGE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.network_acl.delete.default", "the network ACL that came with a VPC goes with the VPC alone", PAGE),
    Rule::new("ec2.network_acl.delete.dependency", "a network ACL that subnets have is not deleted", PAGE),
    Rule::new("ec2.network_acl.associate.network", "subnet and network ACL are of one VPC", PAGE),
    Rule::new(
        "ec2.network_acl.quota",
        "a VPC has 200 network ACLs",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
];

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkAcl {
    /// Its id, `acl-...`.
    pub id: String,
    /// The VPC.
    pub vpc: String,
    /// Whether it came with the VPC, as all did in older worlds.
    #[serde(default = "yes")]
    pub is_default: bool,
    /// Its rules, without those that deny what no other rule is for.
    #[serde(default = "entry::of_default")]
    pub entries: Vec<Entry>,
    /// Association and subnet of each subnet.
    pub associations: Vec<(String, String)>,
}

fn yes() -> bool {
    true
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
        "entry.cidr",
        "entry.icmp.code",
        "entry.icmp.type",
        "entry.ipv6-cidr",
        "network-acl-id",
        "owner-id",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        match name {
            "association.association-id" => self.associations.iter().map(|(id, _)| id.clone()).collect(),
            "association.subnet-id" => self.associations.iter().map(|(_, subnet)| subnet.clone()).collect(),
            "association.network-acl-id" => self.associations.iter().map(|_| self.id.clone()).collect(),
            "network-acl-id" => vec![self.id.clone()],
            "default" => vec![self.is_default.to_string()],
            "owner-id" => vec![tx.account().to_owned()],
            "vpc-id" => vec![self.vpc.clone()],
            name => entry::shown(&self.entries).flat_map(|entry| entry.compared(name)).collect(),
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
        record! {
            "NetworkAclId" => &self.id,
            "VpcId" => &self.vpc,
            "OwnerId" => tx.account(),
            "IsDefault" => self.is_default,
            "Associations" => associations,
            "Entries" => entry::shown(&self.entries).map(|entry| entry.view()).collect::<Vec<_>>(),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

/// Makes a new VPC's default network ACL.
pub(super) fn make(tx: &mut Tx<'_>, vpc: &str) {
    let id = tx.new_id("acl");
    let entries = entry::of_default();
    tx.put(NetworkAcl { id, vpc: vpc.to_owned(), is_default: true, entries, associations: Vec::new() });
}

/// Whether a VPC has a network ACL that is in the way of its end.
pub(super) fn any_in(tx: &Tx<'_>, vpc: &str) -> bool {
    tx.rows::<NetworkAcl>().any(|acl| acl.vpc == vpc && !acl.is_default)
}

/// Associates a new subnet with its VPC's default network ACL.
pub(super) fn associate(tx: &mut Tx<'_>, vpc: &str, subnet: &str) {
    let default = tx.rows::<NetworkAcl>().find(|acl| acl.vpc == vpc && acl.is_default).map(Row::id);
    if let Some(default) = default {
        let id = tx.new_id("aclassoc");
        tx.change::<NetworkAcl>(&default, |acl| acl.associations.push((id, subnet.to_owned())));
    }
}

/// Ends a subnet's association.
pub(super) fn dissociate(tx: &mut Tx<'_>, subnet: &str) {
    let has = |acl: &&NetworkAcl| acl.associations.iter().any(|(_, associated)| associated == subnet);
    let holder = tx.rows::<NetworkAcl>().find(has).map(Row::id);
    if let Some(acl) = holder {
        tx.change::<NetworkAcl>(&acl, |acl| acl.associations.retain(|(_, associated)| associated != subnet));
    }
}

/// Removes a VPC's network ACL with the VPC.
pub(super) fn forget(tx: &mut Tx<'_>, vpc: &str) {
    let ids: Vec<String> = tx.rows::<NetworkAcl>().filter(|acl| acl.vpc == vpc).map(Row::id).collect();
    for id in ids {
        tags::forget(tx, &id);
        tx.remove::<NetworkAcl>(&id);
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let have = tx.rows::<NetworkAcl>().filter(|acl| acl.vpc == vpc.id).count() as i64;
    tx.enforce("ec2.network_acl.quota", have < tx.quota("ec2.network-acls-per-vpc"), || {
        Refusal::new("NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached.")
    })?;
    let id = tx.new_id("acl");
    let acl =
        NetworkAcl { id: id.clone(), vpc: vpc.id, is_default: false, entries: Vec::new(), associations: Vec::new() };
    tx.put(acl);
    tags::on_create(tx, input, "network-acl", &id)?;
    Ok(record! {
        "NetworkAcl" => resource::find::<NetworkAcl>(tx, &id)?.view(tx),
        "ClientToken" => input.text("ClientToken"),
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let acl: NetworkAcl = resource::find(tx, input.required("NetworkAclId"))?;
    tx.enforce("ec2.network_acl.delete.default", !acl.is_default, || {
        // AWS's page says that it can't be done; its words are not known.
        Refusal::new("InvalidParameterValue", format!("cannot delete default network ACL {}", acl.id))
    })?;
    tx.enforce("ec2.network_acl.delete.dependency", acl.associations.is_empty(), || {
        let message = format!("The networkAcl '{}' has dependencies and cannot be deleted.", acl.id);
        Refusal::new("DependencyViolation", message)
    })?;
    tags::forget(tx, &acl.id);
    tx.remove::<NetworkAcl>(&acl.id);
    Ok(nothing())
}

fn replace_association(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let association = input.required("AssociationId");
    let has = |acl: &&NetworkAcl| acl.associations.iter().any(|(id, _)| id == association);
    let Some(from) = tx.rows::<NetworkAcl>().find(has).cloned() else {
        let message = format!("The association ID '{association}' does not exist");
        return Err(Refusal::new("InvalidAssociationID.NotFound", message));
    };
    let to: NetworkAcl = resource::find(tx, input.required("NetworkAclId"))?;
    tx.enforce("ec2.network_acl.associate.network", from.vpc == to.vpc, || {
        // As route tables have it; AWS's words for network ACLs are not known.
        let message = format!("Network ACL {} and association {association} belong to different networks", to.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    let subnet = from.associations.iter().find(|(id, _)| id == association).map(|(_, subnet)| subnet.clone());
    let id = tx.new_id("aclassoc");
    tx.change::<NetworkAcl>(&from.id, |acl| acl.associations.retain(|(known, _)| known != association));
    tx.change::<NetworkAcl>(&to.id, |acl| acl.associations.extend(subnet.map(|subnet| (id.clone(), subnet))));
    Ok(record! { "NewAssociationId" => id })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    async fn default_of(client: &Client, vpc: &str) -> String {
        let filters = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc)];
        let default = [("Filter.2.Name", "default"), ("Filter.2.Value.1", "true")];
        let shown = client.ec2("DescribeNetworkAcls", &[filters[0], filters[1], default[0], default[1]]).await;
        shown.all("networkAclId").first().cloned().expect("each VPC has one")
    }

    async fn association(client: &Client, subnet: &str) -> String {
        let of_subnet = [("Filter.1.Name", "association.subnet-id"), ("Filter.1.Value.1", subnet)];
        let shown = client.ec2("DescribeNetworkAcls", &of_subnet).await.text;
        // Of each association first its own id, then the list's, then the subnet's.
        let before = shown.split(&format!("<subnetId>{subnet}")).next().expect("it is there");
        let from = before.rfind("<networkAclAssociationId>").expect("it has one") + "<networkAclAssociationId>".len();
        before[from..].split('<').next().unwrap_or_default().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_subnet_has_one_list_and_a_list_that_a_subnet_has_stays() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let default = default_of(&client, &vpc).await;
        let made = client.ec2("CreateNetworkAcl", &[("VpcId", &vpc)]).await;
        assert_eq!(made.all("ruleNumber"), ["32767", "32767"], "it lets nothing through");
        let acl = made.one("networkAclId");
        let first = association(&client, &subnet).await;
        let replace = [("AssociationId", first.as_str()), ("NetworkAclId", acl.as_str())];
        let second = client.ec2("ReplaceNetworkAclAssociation", &replace).await.one("newAssociationId");
        assert_eq!(association(&client, &subnet).await, second);
        client.refused("ReplaceNetworkAclAssociation", &replace, "InvalidAssociationID.NotFound").await;
        client.refused("DeleteNetworkAcl", &[("NetworkAclId", &acl)], "DependencyViolation").await;
        client.refused("DeleteNetworkAcl", &[("NetworkAclId", &default)], "InvalidParameterValue").await;
        let other = client.vpc("10.1.0.0/16").await;
        let elsewhere = default_of(&client, &other).await;
        let away = [("AssociationId", second.as_str()), ("NetworkAclId", elsewhere.as_str())];
        client.refused("ReplaceNetworkAclAssociation", &away, "InvalidParameterValue").await;
        client.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await;
        client.refused("DeleteVpc", &[("VpcId", &vpc)], "DependencyViolation").await;
        client.ec2("DeleteNetworkAcl", &[("NetworkAclId", &acl)]).await;
        client.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
        client.refused("DescribeNetworkAcls", &[("NetworkAclId.1", &default)], "InvalidNetworkAclID.NotFound").await;
    }
}
