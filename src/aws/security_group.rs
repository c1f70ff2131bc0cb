//! `aws_security_group`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, IpPermission, ResourceType};
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
use crate::gather::{Page, by_values, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, default_security_group, name, security_group_rule, tag};

/// The calls of `aws_security_group`.
pub struct SecurityGroup;

/// The family that the groups which come with VPCs belong to.
pub(crate) const FAMILY: &str = SCHEMA.kind;

const SCHEMA: &Schema = fathuss_model::aws::SecurityGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for SecurityGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeSecurityGroups` for all, those that came with a VPC too: it answers every field, rules included.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let groups = match gather(client, &wanted, "group-id", id_of, page(client)).await {
            Ok(groups) => groups,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        // The group that comes with a VPC may be ours by its mark: it is another type's.
        let made = groups.iter().filter(|(_, group)| group.group_name() != Some("default"));
        let strays = strays(client, SCHEMA.kind, &wanted, made.map(|(id, group)| (id, tag::read(group.tags()))));
        let present = |request: &ReadRequest| {
            let group = groups.get(&request.identity.0)?;
            Some(Ok(if request.address.kind() == default_security_group::SCHEMA.kind {
                default_security_group::observe(client, group, &request.recorded)
            } else {
                observe(client, group)
            }))
        };
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::SecurityGroup, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_security_group()
            .group_name(name::of(SCHEMA, "name", request)?)
            .description(desired.text("description")?)
            .vpc_id(desired.text("vpc_id")?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateSecurityGroup").lagging(), sending).await?;
        answer.group_id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateSecurityGroup", "GroupId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    /// Revokes the rule that lets everything out, which AWS makes with the group: it has no tags, as rules
    /// that are resources of their own have.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(group) = one("group-id", id, page(client)).await? else { return Ok(waiting("not visible yet")) };
        let rules = by_values("group-id", [id.clone()], &[], security_group_rule::page(client)).await?;
        let everything = |rule: &types::SecurityGroupRule| {
            rule.is_egress == Some(true) && rule.ip_protocol() == Some("-1") && rule.cidr_ipv4() == Some("0.0.0.0/0")
        };
        let declared = |rule: &types::SecurityGroupRule| {
            !rule.tags().is_empty() || !rule.description().unwrap_or_default().is_empty()
        };
        if !rules.iter().any(|rule| everything(rule) && declared(rule)) {
            // By what it allows: lists may not show a rule yet that is there.
            let all = IpPermission::builder()
                .ip_protocol("-1")
                .ip_ranges(types::IpRange::builder().cidr_ip("0.0.0.0/0").build())
                .build();
            let sending = client.ec2.revoke_security_group_egress().group_id(id).ip_permissions(all).send();
            match client.send(Call::ec2("RevokeSecurityGroupEgress"), sending).await {
                Ok(_) => {}
                Err(failure) if is_not_found(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(client, &group)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice. While an interface or another group's rule
    /// uses it, AWS refuses: not yet.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_security_group().group_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteSecurityGroup"), sending).await)
    }
}

pub(crate) fn id_of(group: &types::SecurityGroup) -> Option<&str> {
    group.group_id()
}

pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::SecurityGroup>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_security_groups().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeSecurityGroups"), sending).await?;
        Ok((answer.security_groups.unwrap_or_default(), answer.next_token))
    }
}

/// The group's ARN: newer answers hold it.
pub(crate) fn arn_of(client: &Client, group: &types::SecurityGroup) -> Option<String> {
    let built = || {
        let (owner, id) = (group.owner_id()?, group.group_id()?);
        Some(arn::ec2(&client.region, owner, &format!("security-group/{id}")))
    };
    group.security_group_arn.clone().or_else(built)
}

fn observe(client: &Client, group: &types::SecurityGroup) -> Attributes {
    Observed::new()
        .with("vpc_id", group.vpc_id())
        .with("description", group.description())
        .with("name", group.group_name())
        .tagged(&tag::read(group.tags()))
        .with("id", group.group_id())
        .with("arn", arn_of(client, group))
        .with("owner_id", group.owner_id())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Progress};
    use serde_json::json;

    use crate::asked::{make, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_security_group.database";

    fn group(egress: &str) -> String {
        format!(
            "<securityGroupInfo><item><groupId>sg-1</groupId><groupName>g</groupName><ownerId>1</ownerId>\
             <ipPermissionsEgress>{egress}</ipPermissionsEgress></item></securityGroupInfo>"
        )
    }

    const ALL: &str =
        "<item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>";

    fn rule(id: &str, tags: &str) -> String {
        format!(
            "<item><securityGroupRuleId>{id}</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true</isEgress>\
             <ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4>{tags}</item>"
        )
    }

    #[tokio::test]
    async fn the_rule_that_lets_everything_out_is_revoked() {
        let canned = Canned::new()
            .answer("DescribeSecurityGroups", &group(ALL))
            .answer(
                "DescribeSecurityGroupRules",
                &format!("<securityGroupRuleSet>{}</securityGroupRuleSet>", rule("sgr-1", "")),
            )
            .answer("RevokeSecurityGroupEgress", "<return>true</return>");
        let progress = canned.aws().settle(&standing(AT, "sg-1", json!({}))).await.unwrap();
        assert!(matches!(progress, Progress::Ready(_)));
        let revoked = canned.seen().pop().unwrap();
        assert_eq!(revoked.get("IpPermissions.1.IpProtocol"), Some("-1"));
        assert_eq!(revoked.get("IpPermissions.1.IpRanges.1.CidrIp"), Some("0.0.0.0/0"));
    }

    #[tokio::test]
    async fn the_rule_that_lets_everything_out_is_revoked_though_no_list_shows_it_yet() {
        let canned = Canned::new()
            .answer("DescribeSecurityGroups", &group(""))
            .answer("DescribeSecurityGroupRules", "<securityGroupRuleSet/>")
            .refuse("RevokeSecurityGroupEgress", 400, "InvalidPermission.NotFound", "no such rule");
        let progress = canned.aws().settle(&standing(AT, "sg-1", json!({}))).await.unwrap();
        assert!(matches!(progress, Progress::Ready(_)), "gone already is gone");
        assert_eq!(canned.operations().pop().as_deref(), Some("RevokeSecurityGroupEgress"));
    }

    #[tokio::test]
    async fn a_rule_that_someone_declared_stays() {
        let tagged = rule("sgr-1", "<tagSet><item><key>fathuss:lineage</key><value>lineage-1</value></item></tagSet>");
        let canned = Canned::new()
            .answer("DescribeSecurityGroups", &group(ALL))
            .answer("DescribeSecurityGroupRules", &format!("<securityGroupRuleSet>{tagged}</securityGroupRuleSet>"));
        canned.aws().settle(&standing(AT, "sg-1", json!({}))).await.unwrap();
        assert_eq!(canned.operations(), ["DescribeSecurityGroups", "DescribeSecurityGroupRules"]);
    }

    #[tokio::test]
    async fn a_group_without_a_name_gets_one_of_its_own() {
        let canned = Canned::new().answer("CreateSecurityGroup", "<groupId>sg-1</groupId>");
        let request = make(AT, json!({ "vpc_id": "vpc-1", "description": "for tests" }));
        canned.aws().create(&request).await.unwrap();
        let name = canned.seen()[0].get("GroupName").unwrap().to_owned();
        assert!(name.starts_with("s-database-"), "{name}");
    }

    #[tokio::test]
    async fn a_group_that_an_interface_uses_is_deleted_later() {
        let canned = Canned::new().refuse(
            "DeleteSecurityGroup",
            400,
            "DependencyViolation",
            "resource sg-1 has a dependent object",
        );
        let failure = canned.aws().delete(&standing(AT, "sg-1", json!({}))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
    }
}
