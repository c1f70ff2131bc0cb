//! `aws_network_acl`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAcl.html>
//!
//! A subnet has one network ACL, always: it is given another one, and never none.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, NetworkAclAssociation, ResourceType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, by_values, filter, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, default_network_acl, network_acl_rule, tag};

/// The calls of `aws_network_acl`.
pub struct NetworkAcl;

/// The family that the lists which come with VPCs belong to.
pub(crate) const FAMILY: &str = SCHEMA.kind;

const SCHEMA: &Schema = fathuss_model::aws::NetworkAcl::SCHEMA;

#[async_trait(?Send)]
impl Kind for NetworkAcl {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeNetworkAcls` for all, those that came with a VPC too: it answers every field, rules included.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let acls = match gather(client, &wanted, "network-acl-id", id_of, page(client)).await {
            Ok(acls) => acls,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        // The one that comes with a VPC may be ours by its mark: it is another type's.
        let made = acls.iter().filter(|(_, acl)| acl.is_default != Some(true));
        let strays = strays(client, SCHEMA.kind, &wanted, made.map(|(id, acl)| (id, tag::read(acl.tags()))));
        let present = |request: &ReadRequest| {
            let acl = acls.get(&request.identity.0)?;
            Some(Ok(if request.address.kind() == default_network_acl::SCHEMA.kind {
                default_network_acl::observe(client, acl, &request.recorded)
            } else {
                observe(client, acl, &request.recorded)
            }))
        };
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::NetworkAcl, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_network_acl()
            .client_token(&request.token)
            .vpc_id(desired.text("vpc_id")?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateNetworkAcl").lagging(), sending).await?;
        let id = answer.network_acl.and_then(|acl| acl.network_acl_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateNetworkAcl", "NetworkAclId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    /// Sets the rules, and then gives it to its subnets: what no rule is for is dropped.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let desired = &standing.desired.attributes;
        let Some(acl) = one("network-acl-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        if !network_acl_rule::are_set(&acl, desired)? {
            network_acl_rule::set(client, id, &acl, desired).await?;
            return Ok(waiting("setting rules"));
        }
        if give(client, &acl, desired).await? {
            return Ok(waiting("giving it to its subnets"));
        }
        Ok(once_shown(SCHEMA, desired, observe(client, &acl, desired)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // Rules and subnets are settle's: it sets whatever differs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Gives its subnets the VPC's default one first.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = standing.identity.0.as_str();
        let Some(acl) = one("network-acl-id", id, page(client)).await? else { return Ok(Progress::Gone) };
        let associations: Vec<&NetworkAclAssociation> = acl.associations().iter().collect();
        take_back(client, &acl, &associations).await?;
        let sending = client.ec2.delete_network_acl().network_acl_id(id).send();
        once_accepted(client.send(Call::ec2("DeleteNetworkAcl"), sending).await)
    }
}

/// Gives it to the subnets that are to have it, and the VPC's default one to those that are not. Whether it had to.
async fn give(client: &Client, acl: &types::NetworkAcl, desired: &Attributes) -> Result<bool, Failure> {
    let fields = Fields::of(desired);
    if !fields.has("subnet_ids") {
        return Ok(false);
    }
    let wanted: BTreeSet<String> = fields.texts("subnet_ids")?.into_iter().collect();
    let is_wanted =
        |association: &&NetworkAclAssociation| association.subnet_id().is_some_and(|subnet| wanted.contains(subnet));
    let (kept, exceeds): (Vec<_>, Vec<_>) = acl.associations().iter().partition(is_wanted);
    let has: BTreeSet<&str> = kept.iter().filter_map(|association| association.subnet_id()).collect();
    let lacks: Vec<String> = wanted.iter().filter(|subnet| !has.contains(subnet.as_str())).cloned().collect();
    if lacks.is_empty() && exceeds.is_empty() {
        return Ok(false);
    }
    let holders = by_values("association.subnet-id", lacks.clone(), &[], page(client)).await?;
    for association in holders.iter().flat_map(types::NetworkAcl::associations) {
        if association.subnet_id().is_some_and(|subnet| lacks.iter().any(|lacking| lacking == subnet)) {
            replace(client, association, acl.network_acl_id().unwrap_or_default()).await?;
        }
    }
    take_back(client, acl, &exceeds).await?;
    Ok(true)
}

/// Gives these subnets the VPC's default one.
async fn take_back(
    client: &Client,
    acl: &types::NetworkAcl,
    associations: &[&NetworkAclAssociation],
) -> Result<(), Failure> {
    if associations.is_empty() {
        return Ok(());
    }
    let default = filter("default", ["true".to_owned()]);
    let found = by_values("vpc-id", acl.vpc_id.clone(), &[default], page(client)).await?;
    let Some(default) = found.first().and_then(id_of) else { return Ok(()) };
    for association in associations {
        replace(client, association, default).await?;
    }
    Ok(())
}

/// An association that is gone has been replaced, or its subnet is gone: the next look shows it.
async fn replace(client: &Client, association: &NetworkAclAssociation, acl: &str) -> Result<(), Failure> {
    let id = association.network_acl_association_id().unwrap_or_default();
    let sending = client.ec2.replace_network_acl_association().association_id(id).network_acl_id(acl).send();
    match client.send(Call::ec2("ReplaceNetworkAclAssociation"), sending).await {
        Err(failure) if is_not_found(&failure) => Ok(()),
        answer => answer.map(drop),
    }
}

fn id_of(acl: &types::NetworkAcl) -> Option<&str> {
    acl.network_acl_id()
}

pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::NetworkAcl>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_network_acls().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeNetworkAcls"), sending).await?;
        Ok((answer.network_acls.unwrap_or_default(), answer.next_token))
    }
}

pub(crate) fn arn_of(client: &Client, acl: &types::NetworkAcl) -> Option<String> {
    let (owner, id) = (acl.owner_id()?, acl.network_acl_id()?);
    Some(arn::ec2(&client.region, owner, &format!("network-acl/{id}")))
}

fn observe(client: &Client, acl: &types::NetworkAcl, given: &Attributes) -> Attributes {
    let subnets = acl.associations().iter().filter_map(|association| association.subnet_id.clone());
    let observed = Observed::new()
        .with("vpc_id", acl.vpc_id())
        // An empty list is one: a program that asks for none asks for that.
        .with("subnet_ids", fathuss_model::Datum::List(subnets.map(Into::into).collect()))
        .tagged(&tag::read(acl.tags()))
        .with("id", acl.network_acl_id())
        .with("arn", arn_of(client, acl))
        .with("owner_id", acl.owner_id());
    network_acl_rule::observe(observed, acl, given).finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_network_acl.private";

    fn entry(number: u32, egress: bool, protocol: &str, more: &str) -> String {
        let action = if number == 32_767 { "deny" } else { "allow" };
        format!(
            "<item><ruleNumber>{number}</ruleNumber><protocol>{protocol}</protocol><ruleAction>{action}</ruleAction>\
             <egress>{egress}</egress><cidrBlock>0.0.0.0/0</cidrBlock>{more}</item>"
        )
    }

    fn acl(id: &str, default: bool, subnet: &str, entries: &str) -> String {
        let last = entry(32_767, false, "-1", "") + &entry(32_767, true, "-1", "");
        let association = format!(
            "<item><networkAclAssociationId>aclassoc-{subnet}</networkAclAssociationId>\
             <networkAclId>{id}</networkAclId><subnetId>subnet-{subnet}</subnetId></item>"
        );
        let associations = if subnet.is_empty() { String::new() } else { association };
        format!(
            "<item><networkAclId>{id}</networkAclId><vpcId>vpc-1</vpcId><default>{default}</default>\
             <ownerId>1</ownerId><entrySet>{entries}{last}</entrySet>\
             <associationSet>{associations}</associationSet>{}</item>",
            marked(AT)
        )
    }

    fn answer(acls: &str) -> String {
        format!("<networkAclSet>{acls}</networkAclSet>")
    }

    const HTTPS: &str = "<portRange><from>443</from><to>443</to></portRange>";

    fn https() -> serde_json::Value {
        json!({ "rule_no": 100, "action": "allow", "protocol": "tcp", "from_port": 443, "to_port": 443,
                "cidr_block": "0.0.0.0/0" })
    }

    #[tokio::test]
    async fn a_protocol_is_shown_by_its_name_and_the_last_rules_are_aws_s() {
        let canned = Canned::new()
            .answer("DescribeNetworkAcls", &answer(&acl("acl-1", false, "1", &entry(100, false, "6", HTTPS))));
        let answer = canned.aws().read(&[read(AT, "acl-1")]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        let rules = observed.get("ingress").and_then(Datum::as_list).unwrap();
        assert_eq!((rules.len(), rules[0].at("protocol").and_then(Datum::as_str)), (1, Some("tcp")));
        assert_eq!(observed.get("egress"), Some(&Datum::List(Vec::new())));
    }

    #[tokio::test]
    async fn rules_are_set_by_their_numbers_and_what_is_not_wanted_goes_last() {
        let there = entry(100, false, "-1", "") + &entry(200, false, "-1", "");
        let canned = Canned::new()
            .answer("DescribeNetworkAcls", &answer(&acl("acl-1", false, "", &there)))
            .answer("ReplaceNetworkAclEntry", "<return>true</return>")
            .answer("CreateNetworkAclEntry", "<return>true</return>")
            .answer("DeleteNetworkAclEntry", "<return>true</return>");
        let out = json!({ "rule_no": 1, "action": "deny", "protocol": "icmp", "icmp_type": -1, "icmp_code": -1,
                          "cidr_block": "0.0.0.0/0" });
        let desired = json!({ "vpc_id": "vpc-1", "ingress": [https()], "egress": [out] });
        let progress = canned.aws().settle(&standing(AT, "acl-1", desired)).await.unwrap();
        assert!(matches!(progress, Progress::Waiting { .. }));
        let sent = canned.seen().split_off(1);
        let operations: Vec<&str> = sent.iter().map(|one| one.operation.as_str()).collect();
        assert_eq!(operations, ["ReplaceNetworkAclEntry", "DeleteNetworkAclEntry", "CreateNetworkAclEntry"]);
        assert_eq!((sent[0].get("Protocol"), sent[0].get("PortRange.To")), (Some("6"), Some("443")));
        assert_eq!((sent[1].get("RuleNumber"), sent[1].get("Egress")), (Some("200"), Some("false")));
        assert_eq!((sent[2].get("Icmp.Type"), sent[2].get("Egress")), (Some("-1"), Some("true")));
    }

    #[tokio::test]
    async fn a_subnet_that_is_to_have_it_is_found_at_the_list_that_it_has() {
        let canned = Canned::new()
            .answer("DescribeNetworkAcls", &answer(&acl("acl-1", false, "1", "")))
            .answer("DescribeNetworkAcls", &answer(&acl("acl-0", true, "2", "")))
            .answer("ReplaceNetworkAclAssociation", "<newAssociationId>aclassoc-9</newAssociationId>");
        let desired = json!({ "vpc_id": "vpc-1", "subnet_ids": ["subnet-2"] });
        canned.aws().settle(&standing(AT, "acl-1", desired)).await.unwrap();
        let seen = canned.seen();
        let replaced: Vec<_> = seen.iter().filter(|one| one.operation == "ReplaceNetworkAclAssociation").collect();
        let pairs: Vec<_> = replaced.iter().map(|one| (one.get("AssociationId"), one.get("NetworkAclId"))).collect();
        assert_eq!(pairs, [(Some("aclassoc-2"), Some("acl-1")), (Some("aclassoc-1"), Some("acl-0"))]);
    }

    #[tokio::test]
    async fn without_a_word_on_subnets_those_that_have_it_keep_it() {
        let canned = Canned::new().answer("DescribeNetworkAcls", &answer(&acl("acl-1", false, "1", "")));
        let progress = canned.aws().settle(&standing(AT, "acl-1", json!({ "vpc_id": "vpc-1" }))).await.unwrap();
        assert!(matches!(progress, Progress::Ready(_)), "{progress:?}");
    }

    #[tokio::test]
    async fn its_subnets_have_the_vpc_s_default_one_before_it_goes() {
        let canned = Canned::new()
            .answer("DescribeNetworkAcls", &answer(&acl("acl-1", false, "1", "")))
            .answer("DescribeNetworkAcls", &answer(&acl("acl-0", true, "2", "")))
            .answer("ReplaceNetworkAclAssociation", "<newAssociationId>aclassoc-9</newAssociationId>")
            .answer("DeleteNetworkAcl", "<return>true</return>");
        let gone = canned.aws().delete(&standing(AT, "acl-1", json!({ "vpc_id": "vpc-1" }))).await;
        assert_eq!(gone, Ok(Progress::Gone));
        let replaced = canned.seen().into_iter().find(|one| one.operation == "ReplaceNetworkAclAssociation").unwrap();
        assert_eq!(replaced.get("NetworkAclId"), Some("acl-0"));
    }

    #[tokio::test]
    async fn the_default_one_is_no_stray_of_this_type() {
        let canned = Canned::new().answer("DescribeNetworkAcls", &answer(&acl("acl-0", true, "2", "")));
        let answer = canned.aws().read(&[read(AT, "acl-1")]).await;
        assert_eq!((&answer.observations[0], answer.strays.len()), (&Ok(Observation::Absent), 0));
    }
}
