//! What ingress and egress rules share: one EC2 thing with a direction.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, TagSpecification, UserIdGroupPair,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of a rule's type.
pub struct Rule {
    /// Whether it is about what goes out.
    pub(crate) egress: bool,
    /// Its type's schema.
    pub(crate) schema: &'static Schema,
}

#[async_trait(?Send)]
impl Kind for Rule {
    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn family(&self) -> &'static str {
        "aws_vpc_security_group_rule"
    }

    /// One `DescribeSecurityGroupRules` for all of both directions: it answers every field.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let rules = match gather(client, &wanted, "security-group-rule-id", id_of, page(client)).await {
            Ok(rules) => rules,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let mut batch = Batch::of(requests, |request| {
            let rule = rules.get(&request.identity.0)?;
            Some(Ok(observe(client, schema_of(rule), rule)))
        });
        for schema in
            [crate::vpc_security_group_ingress_rule::KIND.schema, crate::vpc_security_group_egress_rule::KIND.schema]
        {
            let of_kind = rules.iter().filter(|(_, rule)| schema_of(rule).kind == schema.kind);
            batch.strays.extend(strays(
                client,
                schema.kind,
                &wanted,
                of_kind.map(|(id, rule)| (id, tag::read(rule.tags()))),
            ));
        }
        batch
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let group = desired.text("security_group_id")?;
        let permission = permission(&desired)?;
        let tags = tag::specification(ResourceType::SecurityGroupRule, &request.mark, &request.desired.attributes)?;
        let (operation, rules) = if self.egress {
            ("AuthorizeSecurityGroupEgress", authorize_egress(client, group, permission, tags).await?)
        } else {
            ("AuthorizeSecurityGroupIngress", authorize_ingress(client, group, permission, tags).await?)
        };
        let id = rules.into_iter().find_map(|rule| rule.security_group_rule_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, operation, "SecurityGroupRuleId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match one("security-group-rule-id", &standing.identity.0, page(client)).await? {
            Some(rule) => {
                let observed = observe(client, self.schema, &rule);
                once_shown(self.schema, &standing.desired.attributes, observed)
            }
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let desired = Fields::of(&standing.desired.attributes);
        if change.changed.iter().any(|field| field != "tags") {
            let rule = SecurityGroupRuleRequest::builder()
                .ip_protocol(desired.text("ip_protocol")?)
                .from_port(desired.maybe_i32("from_port")?.unwrap_or(ALL_PORTS))
                .to_port(desired.maybe_i32("to_port")?.unwrap_or(ALL_PORTS))
                .set_cidr_ipv4(desired.maybe_string("cidr_ipv4")?)
                .set_cidr_ipv6(desired.maybe_string("cidr_ipv6")?)
                .set_prefix_list_id(desired.maybe_string("prefix_list_id")?)
                .set_referenced_group_id(desired.maybe_string("referenced_security_group_id")?)
                .set_description(desired.maybe_string("description")?)
                .build();
            let update = SecurityGroupRuleUpdate::builder()
                .security_group_rule_id(&standing.identity.0)
                .security_group_rule(rule)
                .build();
            let sending = client
                .ec2
                .modify_security_group_rules()
                .group_id(desired.text("security_group_id")?)
                .security_group_rules(update)
                .send();
            client.send(Call::ec2("ModifySecurityGroupRules"), sending).await?;
        }
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Revoking by id can be repeated: an id is never given twice.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let group = Fields::of(&standing.desired.attributes).text("security_group_id")?;
        if self.egress {
            let sending = client.ec2.revoke_security_group_egress().group_id(group).security_group_rule_ids(id).send();
            return once_accepted(client.send(Call::ec2("RevokeSecurityGroupEgress"), sending).await);
        }
        let sending = client.ec2.revoke_security_group_ingress().group_id(group).security_group_rule_ids(id).send();
        once_accepted(client.send(Call::ec2("RevokeSecurityGroupIngress"), sending).await)
    }
}

/// What EC2 writes where a rule is for all ports.
const ALL_PORTS: i32 = -1;

async fn authorize_ingress(
    client: &Client,
    group: &str,
    permission: IpPermission,
    tags: TagSpecification,
) -> Result<Vec<types::SecurityGroupRule>, Failure> {
    let sending = client
        .ec2
        .authorize_security_group_ingress()
        .group_id(group)
        .ip_permissions(permission)
        .tag_specifications(tags)
        .send();
    let answer = client.send(Call::ec2("AuthorizeSecurityGroupIngress").lagging(), sending).await?;
    Ok(answer.security_group_rules.unwrap_or_default())
}

async fn authorize_egress(
    client: &Client,
    group: &str,
    permission: IpPermission,
    tags: TagSpecification,
) -> Result<Vec<types::SecurityGroupRule>, Failure> {
    let sending = client
        .ec2
        .authorize_security_group_egress()
        .group_id(group)
        .ip_permissions(permission)
        .tag_specifications(tags)
        .send();
    let answer = client.send(Call::ec2("AuthorizeSecurityGroupEgress").lagging(), sending).await?;
    Ok(answer.security_group_rules.unwrap_or_default())
}

fn permission(desired: &Fields<'_>) -> Result<IpPermission, Failure> {
    let description = desired.maybe_string("description")?;
    let ipv4 = desired
        .maybe_text("cidr_ipv4")?
        .map(|range| vec![IpRange::builder().cidr_ip(range).set_description(description.clone()).build()]);
    let ipv6 = desired
        .maybe_text("cidr_ipv6")?
        .map(|range| vec![Ipv6Range::builder().cidr_ipv6(range).set_description(description.clone()).build()]);
    let list = desired
        .maybe_text("prefix_list_id")?
        .map(|list| vec![PrefixListId::builder().prefix_list_id(list).set_description(description.clone()).build()]);
    let group = desired
        .maybe_text("referenced_security_group_id")?
        .map(|group| vec![UserIdGroupPair::builder().group_id(group).set_description(description.clone()).build()]);
    Ok(IpPermission::builder()
        .ip_protocol(desired.text("ip_protocol")?)
        .set_from_port(desired.maybe_i32("from_port")?)
        .set_to_port(desired.maybe_i32("to_port")?)
        .set_ip_ranges(ipv4)
        .set_ipv6_ranges(ipv6)
        .set_prefix_list_ids(list)
        .set_user_id_group_pairs(group)
        .build())
}

fn schema_of(rule: &types::SecurityGroupRule) -> &'static Schema {
    if rule.is_egress == Some(true) {
        crate::vpc_security_group_egress_rule::KIND.schema
    } else {
        crate::vpc_security_group_ingress_rule::KIND.schema
    }
}

fn id_of(rule: &types::SecurityGroupRule) -> Option<&str> {
    rule.security_group_rule_id()
}

pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::SecurityGroupRule>, Failure> {
    async |filters, token| {
        let sending =
            client.ec2.describe_security_group_rules().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeSecurityGroupRules"), sending).await?;
        Ok((answer.security_group_rules.unwrap_or_default(), answer.next_token))
    }
}

fn observe(client: &Client, schema: &'static Schema, rule: &types::SecurityGroupRule) -> Attributes {
    let id = rule.security_group_rule_id().unwrap_or_default();
    let ported = rule.ip_protocol() != Some("-1");
    let built = || {
        let owner = rule.group_owner_id()?;
        Some(arn::ec2(&client.region, owner, &format!("security-group-rule/{id}")))
    };
    let referenced = rule.referenced_group_info.as_ref().and_then(|group| group.group_id());
    Observed::new()
        .with("security_group_id", rule.group_id())
        .with("ip_protocol", rule.ip_protocol())
        .with("from_port", rule.from_port.filter(|_| ported))
        .with("to_port", rule.to_port.filter(|_| ported))
        .with("cidr_ipv4", rule.cidr_ipv4())
        .with("cidr_ipv6", rule.cidr_ipv6())
        .with("prefix_list_id", rule.prefix_list_id())
        .with("referenced_security_group_id", referenced)
        .with("description", rule.description().filter(|description| !description.is_empty()))
        .tagged(&tag::read(rule.tags()))
        .with("id", id)
        .with("arn", rule.security_group_rule_arn.clone().or_else(built))
        .with("security_group_rule_id", id)
        .finish(schema)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{change, make, marked, read, standing};
    use crate::canned::Canned;

    const IN: &str = "s.aws_vpc_security_group_ingress_rule.postgres";
    const OUT: &str = "s.aws_vpc_security_group_egress_rule.all";

    fn rules() -> String {
        format!(
            "<securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId>\
             <groupOwnerId>1</groupOwnerId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>5432</fromPort>\
             <toPort>5432</toPort><referencedGroupInfo><groupId>sg-2</groupId><userId>1</userId></referencedGroupInfo>{}</item>\
             <item><securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-1</groupId><groupOwnerId>1</groupOwnerId>\
             <isEgress>true</isEgress><ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>\
             <cidrIpv4>0.0.0.0/0</cidrIpv4>{}</item></securityGroupRuleSet>",
            marked(IN),
            marked(OUT)
        )
    }

    #[tokio::test]
    async fn rules_of_both_directions_are_one_call() {
        let canned = Canned::new().answer("DescribeSecurityGroupRules", &rules());
        let answer = canned.aws().read(&[read(OUT, "sgr-2"), read(IN, "sgr-1")]).await;
        assert_eq!(canned.operations(), ["DescribeSecurityGroupRules"]);
        let Ok(Observation::Present(out)) = &answer.observations[0] else { panic!("absent") };
        let Ok(Observation::Present(into)) = &answer.observations[1] else { panic!("absent") };
        assert_eq!(out.get("from_port"), None, "all protocols have no ports");
        assert_eq!(into.get("from_port"), Some(&Datum::Integer(5432)));
        assert_eq!(into.get("referenced_security_group_id").and_then(Datum::as_str), Some("sg-2"));
    }

    #[tokio::test]
    async fn a_rule_that_nobody_asks_for_is_a_stray_of_its_direction() {
        let canned = Canned::new().answer("DescribeSecurityGroupRules", &rules());
        let answer = canned.aws().read(&[read(IN, "sgr-1")]).await;
        let strays: Vec<_> =
            answer.strays.iter().map(|stray| (stray.kind.as_str(), stray.identity.0.as_str())).collect();
        assert_eq!(strays, [("aws_vpc_security_group_egress_rule", "sgr-2")]);
    }

    #[tokio::test]
    async fn each_direction_has_a_creating_call_of_its_own() {
        let made = "<return>true</return><securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId></item></securityGroupRuleSet>";
        let canned =
            Canned::new().answer("AuthorizeSecurityGroupIngress", made).answer("AuthorizeSecurityGroupEgress", made);
        let into = json!({ "security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432,
            "referenced_security_group_id": "sg-2", "description": "from the cluster" });
        assert_eq!(canned.aws().create(&make(IN, into)).await.unwrap().0, "sgr-1");
        let out = json!({ "security_group_id": "sg-1", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0" });
        canned.aws().create(&make(OUT, out)).await.unwrap();
        let seen = canned.seen();
        assert_eq!(seen[0].get("IpPermissions.1.Groups.1.GroupId"), Some("sg-2"));
        assert_eq!(seen[0].get("IpPermissions.1.Groups.1.Description"), Some("from the cluster"));
        assert_eq!(seen[1].operation, "AuthorizeSecurityGroupEgress");
        assert_eq!(seen[1].get("IpPermissions.1.IpRanges.1.CidrIp"), Some("0.0.0.0/0"));
    }

    #[tokio::test]
    async fn a_rule_that_is_there_already_is_refused_for_good() {
        let canned = Canned::new().refuse(
            "AuthorizeSecurityGroupIngress",
            400,
            "InvalidPermission.Duplicate",
            "the specified rule \"peer: 10.0.0.0/16, TCP, from port: 1, to port: 1, ALLOW\" already exists",
        );
        let desired = json!({ "security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 1, "to_port": 1, "cidr_ipv4": "10.0.0.0/16" });
        assert_eq!(canned.aws().create(&make(IN, desired)).await.unwrap_err().class, FailureClass::Refused);
    }

    #[tokio::test]
    async fn a_changed_port_is_changed_in_place() {
        let canned = Canned::new().answer("ModifySecurityGroupRules", "<return>true</return>");
        let desired = json!({ "security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 6379, "to_port": 6379, "cidr_ipv4": "10.0.0.0/16" });
        let changed = change(json!({}), &["from_port", "to_port"]);
        canned.aws().update(&standing(IN, "sgr-1", desired), &changed).await.unwrap();
        let sent = canned.seen().pop().unwrap();
        assert_eq!(sent.get("SecurityGroupRule.1.SecurityGroupRuleId"), Some("sgr-1"));
        assert_eq!(sent.get("SecurityGroupRule.1.SecurityGroupRule.FromPort"), Some("6379"));
    }

    #[tokio::test]
    async fn revoking_a_rule_that_is_gone_is_done() {
        let canned = Canned::new().refuse(
            "RevokeSecurityGroupIngress",
            400,
            "InvalidSecurityGroupRuleId.NotFound",
            "The security group rule ID 'sgr-1' does not exist",
        );
        let progress = canned.aws().delete(&standing(IN, "sgr-1", json!({ "security_group_id": "sg-1" }))).await;
        assert_eq!(progress, Ok(Progress::Gone));
    }
}
