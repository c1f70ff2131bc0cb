//! `aws_default_security_group`: <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>
//!
//! AWS makes it with its VPC and refuses to delete it: it is found, emptied, and let go of.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, IpPermission, IpRange, UserIdGroupPair};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::adopted;
use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed};
use crate::gather::{by_values, filter, one};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::mark;
use crate::security_group::{self, SecurityGroup, arn_of, page};
use crate::tag;

/// The calls of `aws_default_security_group`.
pub struct DefaultSecurityGroup;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::DefaultSecurityGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for DefaultSecurityGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        security_group::FAMILY
    }

    /// The groups' own: one `DescribeSecurityGroups` for all.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        SecurityGroup.read(client, requests).await
    }

    /// Sends nothing that creates: finds the VPC's.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        adopted::found(look(client, request).await?, "DefaultGroupMissing", "default security group")
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        Ok(look(client, request).await?.map_or(Found::Nothing, |id| Found::Ours(Identity(id))))
    }

    /// Sets the mark where it lacks, revokes what is not wanted, and allows what is.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let desired = &standing.desired.attributes;
        let look = async || one("group-id", id, page(client)).await;
        let Some(mut group) = look().await? else { return Ok(waiting("not visible yet")) };
        let tags = mark::tags_with(&standing.mark, desired)?;
        let unmarked = adopted::lacks(group.tags(), &tags);
        let mut sent = unmarked;
        if unmarked {
            // By what they allow: a list may not show yet the rules that the group came with.
            for (egress, end) in [(false, End::Itself), (true, End::Range("0.0.0.0/0".to_owned()))] {
                let rule = Allowed { protocol: "-1".to_owned(), from_port: 0, to_port: 0, end };
                if !wanted(desired, egress)?.contains(&rule) {
                    revoke(client, id, egress, permission(id, &rule)).await?;
                }
            }
        }
        for egress in [false, true] {
            let wanted = wanted(desired, egress)?;
            let there = exploded(id, permissions(&group, egress));
            for (rule, permission) in &there {
                if !wanted.contains(rule) {
                    revoke(client, id, egress, permission.clone()).await?;
                    sent = true;
                }
            }
            for rule in wanted.iter().filter(|rule| !there.iter().any(|(there, _)| there == *rule)) {
                allow(client, id, egress, rule).await?;
                sent = true;
            }
        }
        if unmarked {
            // Last: a group that carries the mark has been emptied.
            tag::set(client, id, tags).await?;
        }
        if sent {
            match look().await? {
                Some(seen) => group = seen,
                None => return Ok(waiting("not visible yet")),
            }
        }
        for egress in [false, true] {
            let there: BTreeSet<Allowed> =
                exploded(id, permissions(&group, egress)).into_iter().map(|it| it.0).collect();
            if there != wanted(desired, egress)? {
                return Ok(waiting("setting rules"));
            }
        }
        Ok(once_shown(SCHEMA, desired, observe(client, &group, desired)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // Rules are settle's: it sets whatever differs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Takes the mark off; the group goes with its VPC.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        adopted::let_go(client, &standing.identity).await
    }
}

async fn look(client: &Client, request: &MakeRequest) -> Result<Option<String>, Failure> {
    let vpc = Fields::of(&request.desired.attributes).text("vpc_id")?.to_owned();
    let named = filter("group-name", ["default".to_owned()]);
    let groups = by_values("vpc-id", [vpc], &[named], page(client)).await?;
    Ok(groups.into_iter().find_map(|group| group.group_id))
}

/// One rule with one other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Allowed {
    protocol: String,
    from_port: i32,
    to_port: i32,
    end: End,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Range(String),
    Itself,
    /// What the schema has no field for: another group, an IPv6 range, a prefix list. Never wanted.
    Other(String),
}

fn wanted(desired: &Attributes, egress: bool) -> Result<BTreeSet<Allowed>, Failure> {
    let mut wanted = BTreeSet::new();
    for block in Fields::of(desired).blocks(if egress { "egress" } else { "ingress" })? {
        let mut ends: Vec<End> = block.texts("cidr_blocks")?.into_iter().map(End::Range).collect();
        if block.bool_or("self", false)? {
            ends.push(End::Itself);
        }
        for end in ends {
            wanted.insert(Allowed {
                protocol: block.text("protocol")?.to_owned(),
                from_port: block.maybe_i32("from_port")?.unwrap_or(0),
                to_port: block.maybe_i32("to_port")?.unwrap_or(0),
                end,
            });
        }
    }
    Ok(wanted)
}

fn permissions(group: &types::SecurityGroup, egress: bool) -> &[IpPermission] {
    if egress { group.ip_permissions_egress() } else { group.ip_permissions() }
}

/// Each rule with one other end, and the permission that revokes it.
fn exploded(group: &str, permissions: &[IpPermission]) -> Vec<(Allowed, IpPermission)> {
    let mut all = Vec::new();
    for permission in permissions {
        let base = || {
            IpPermission::builder()
                .set_ip_protocol(permission.ip_protocol.clone())
                .set_from_port(permission.from_port)
                .set_to_port(permission.to_port)
        };
        let mut push = |end, revoking| {
            let rule = Allowed {
                protocol: permission.ip_protocol().unwrap_or_default().to_owned(),
                from_port: permission.from_port.filter(|_| permission.ip_protocol() != Some("-1")).unwrap_or(0),
                to_port: permission.to_port.filter(|_| permission.ip_protocol() != Some("-1")).unwrap_or(0),
                end,
            };
            all.push((rule, revoking));
        };
        for range in permission.ip_ranges() {
            push(End::Range(range.cidr_ip().unwrap_or_default().to_owned()), base().ip_ranges(range.clone()).build());
        }
        for pair in permission.user_id_group_pairs() {
            let other = pair.group_id().unwrap_or_default();
            let end = if other == group { End::Itself } else { End::Other(other.to_owned()) };
            push(end, base().user_id_group_pairs(pair.clone()).build());
        }
        for range in permission.ipv6_ranges() {
            let end = End::Other(range.cidr_ipv6().unwrap_or_default().to_owned());
            push(end, base().ipv6_ranges(range.clone()).build());
        }
        for list in permission.prefix_list_ids() {
            let end = End::Other(list.prefix_list_id().unwrap_or_default().to_owned());
            push(end, base().prefix_list_ids(list.clone()).build());
        }
    }
    all
}

/// Revokes; what is gone already is.
async fn revoke(client: &Client, id: &str, egress: bool, permission: IpPermission) -> Result<(), Failure> {
    let answer = if egress {
        let sending = client.ec2.revoke_security_group_egress().group_id(id).ip_permissions(permission).send();
        client.send(Call::ec2("RevokeSecurityGroupEgress"), sending).await.map(drop)
    } else {
        let sending = client.ec2.revoke_security_group_ingress().group_id(id).ip_permissions(permission).send();
        client.send(Call::ec2("RevokeSecurityGroupIngress"), sending).await.map(drop)
    };
    answer.or_else(|failure| if is_not_found(&failure) { Ok(()) } else { Err(failure) })
}

/// Allows; what is there already is.
async fn allow(client: &Client, id: &str, egress: bool, rule: &Allowed) -> Result<(), Failure> {
    let permission = permission(id, rule);
    let answer = if egress {
        let sending = client.ec2.authorize_security_group_egress().group_id(id).ip_permissions(permission).send();
        client.send(Call::ec2("AuthorizeSecurityGroupEgress"), sending).await.map(drop)
    } else {
        let sending = client.ec2.authorize_security_group_ingress().group_id(id).ip_permissions(permission).send();
        client.send(Call::ec2("AuthorizeSecurityGroupIngress"), sending).await.map(drop)
    };
    answer.or_else(|failure| if failure.code == "InvalidPermission.Duplicate" { Ok(()) } else { Err(failure) })
}

fn permission(group: &str, rule: &Allowed) -> IpPermission {
    let ported = rule.protocol != "-1";
    let permission = IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(Some(rule.from_port).filter(|_| ported))
        .set_to_port(Some(rule.to_port).filter(|_| ported));
    match &rule.end {
        End::Range(range) => permission.ip_ranges(IpRange::builder().cidr_ip(range).build()).build(),
        End::Itself => permission.user_id_group_pairs(UserIdGroupPair::builder().group_id(group).build()).build(),
        // Nothing that is wanted has such an end.
        End::Other(_) => permission.build(),
    }
}

/// `given` is the form in which the program or the state says the same rules, and is kept where they are the same.
pub(crate) fn observe(client: &Client, group: &types::SecurityGroup, given: &Attributes) -> Attributes {
    let id = group.group_id().unwrap_or_default();
    let rules = |egress: bool| {
        let there: BTreeSet<Allowed> = exploded(id, permissions(group, egress)).into_iter().map(|it| it.0).collect();
        let name = if egress { "egress" } else { "ingress" };
        if wanted(given, egress).is_ok_and(|wanted| wanted == there)
            && let Some(same) = given.get(name)
        {
            return same.clone();
        }
        Datum::List(there.into_iter().map(block).collect())
    };
    Observed::new()
        .with("vpc_id", group.vpc_id())
        .with("ingress", rules(false))
        .with("egress", rules(true))
        .tagged(&tag::read(group.tags()))
        .with("id", id)
        .with("arn", arn_of(client, group))
        .with("name", group.group_name())
        .with("description", group.description())
        .with("owner_id", group.owner_id())
        .finish(SCHEMA)
}

fn block(rule: Allowed) -> Datum {
    let block =
        Observed::new().with("protocol", rule.protocol).with("from_port", rule.from_port).with("to_port", rule.to_port);
    match rule.end {
        End::Range(end) | End::Other(end) => block.with_list("cidr_blocks", [end]),
        End::Itself => block.with("self", true),
    }
    .into_datum()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{make, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_default_security_group.main";

    fn group(tags: &str, rules: bool) -> String {
        let ingress = "<ipPermissions><item><ipProtocol>-1</ipProtocol><groups><item><groupId>sg-1</groupId>\
                       <userId>1</userId></item></groups></item></ipPermissions>";
        let egress = "<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges><item>\
                      <cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissionsEgress>";
        let rules = if rules { format!("{ingress}{egress}") } else { String::new() };
        format!(
            "<securityGroupInfo><item><groupId>sg-1</groupId><groupName>default</groupName>\
             <vpcId>vpc-1</vpcId><ownerId>1</ownerId>{rules}{tags}</item></securityGroupInfo>"
        )
    }

    #[tokio::test]
    async fn it_is_found_by_its_vpc_and_nothing_is_created() {
        let canned = Canned::new()
            .answer("DescribeSecurityGroups", "<securityGroupInfo/>")
            .answer("DescribeSecurityGroups", &group("", true));
        let (aws, request) = (canned.aws(), make(AT, json!({ "vpc_id": "vpc-1" })));
        assert_eq!(aws.create(&request).await.unwrap_err().class, FailureClass::NotYet);
        assert_eq!(aws.create(&request).await.unwrap().0, "sg-1");
        assert!(canned.operations().iter().all(|operation| operation == "DescribeSecurityGroups"));
    }

    #[tokio::test]
    async fn settling_marks_it_and_revokes_both_rules_that_it_came_with() {
        let canned = Canned::new()
            .answer("DescribeSecurityGroups", &group("", true))
            .answer("DescribeSecurityGroups", &group(&marked(AT), false))
            .answer("CreateTags", "<return>true</return>")
            .answer("RevokeSecurityGroupIngress", "<return>true</return>")
            .answer("RevokeSecurityGroupEgress", "<return>true</return>");
        let progress = canned.aws().settle(&standing(AT, "sg-1", json!({ "vpc_id": "vpc-1" }))).await.unwrap();
        let Progress::Ready(observed) = progress else { panic!("not ready") };
        assert_eq!(observed.get("ingress"), Some(&Datum::List(Vec::new())));
        let operations = canned.operations();
        let revoked = |operation: &str| operations.iter().position(|one| one == operation).unwrap();
        let marked = revoked("CreateTags");
        assert!(revoked("RevokeSecurityGroupIngress") < marked && revoked("RevokeSecurityGroupEgress") < marked);
        assert_eq!(canned.seen()[1].get("IpPermissions.1.Groups.1.GroupId"), Some("sg-1"));
    }

    #[tokio::test]
    async fn rules_that_no_list_shows_yet_are_revoked_all_the_same() {
        let gone = "the specified rule does not exist in this security group";
        let canned = Canned::new()
            .answer("DescribeSecurityGroups", &group("", false))
            .answer("DescribeSecurityGroups", &group(&marked(AT), false))
            .answer("CreateTags", "<return>true</return>")
            .answer("RevokeSecurityGroupIngress", "<return>true</return>")
            .refuse("RevokeSecurityGroupEgress", 400, "InvalidPermission.NotFound", gone);
        let progress = canned.aws().settle(&standing(AT, "sg-1", json!({ "vpc_id": "vpc-1" }))).await;
        assert!(matches!(progress, Ok(Progress::Ready(_))), "{progress:?}");
        let revoked = canned.operations().iter().filter(|it| it.starts_with("Revoke")).count();
        assert_eq!(revoked, 2);
    }

    #[tokio::test]
    async fn a_rule_that_someone_added_is_drift() {
        let canned = Canned::new().answer("DescribeSecurityGroups", &group(&marked(AT), true));
        let answer = canned.aws().read(&[read(AT, "sg-1")]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        let rule = observed.get("egress").and_then(|rules| rules.at("0.cidr_blocks.0"));
        assert_eq!(rule.and_then(Datum::as_str), Some("0.0.0.0/0"));
        assert_eq!(observed.get("ingress").and_then(|rules| rules.at("0.self")), Some(&Datum::Bool(true)));
    }

    #[tokio::test]
    async fn letting_go_takes_the_mark_off_and_deletes_nothing() {
        let canned = Canned::new().answer("DeleteTags", "<return>true</return>");
        assert_eq!(canned.aws().delete(&standing(AT, "sg-1", json!({}))).await, Ok(Progress::Gone));
        assert_eq!(canned.operations(), ["DeleteTags"]);
    }
}
