//! `aws_vpc`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType, VpcAttributeName};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::{try_join, try_join_all, try_join3};

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, by_values, filter, gather, ids, one, ours, strays};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, tag};

/// The calls of `aws_vpc`.
pub struct Vpc;

const SCHEMA: &Schema = fathuss_model::aws::Vpc::SCHEMA;

#[async_trait(?Send)]
impl Kind for Vpc {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeVpcs` for all. Two `DescribeVpcAttribute` for each, since that call answers
    /// one attribute of one VPC and no other has them. One `DescribeRouteTables` for all, since
    /// another table can be made the main one. `DescribeSecurityGroups` and `DescribeNetworkAcls`
    /// once in its life: what came with a VPC as its default group and list stays that until the VPC goes.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let vpcs = match gather(client, &wanted, "vpc-id", id_of, page(client)).await {
            Ok(vpcs) => vpcs,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let strays = strays(client, SCHEMA.kind, &wanted, vpcs.iter().map(|(id, vpc)| (id, tag::read(vpc.tags()))));
        let ours: Vec<_> = vpcs.into_iter().filter(|(id, _)| wanted.contains(id)).map(|(_, vpc)| vpc).collect();
        let recorded = requests.iter().map(|request| (request.identity.0.as_str(), &request.recorded)).collect();
        match observe(client, ours, &recorded).await {
            Ok(observed) => {
                let batch = Batch::of(requests, |request| observed.get(&request.identity.0).cloned().map(Ok));
                Batch { strays, ..batch }
            }
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .ec2
            .create_vpc()
            .cidr_block(desired.text("cidr_block")?)
            .set_instance_tenancy(desired.maybe_text("instance_tenancy")?.map(Into::into))
            .tag_specifications(tag::specification(ResourceType::Vpc, &request.mark, &request.desired.attributes)?)
            .send();
        let answer = client.send(Call::ec2("CreateVpc"), sending).await?;
        let id = answer.vpc.and_then(|vpc| vpc.vpc_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateVpc", "VpcId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(vpc) = one("vpc-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        match &vpc.state {
            Some(types::VpcState::Available) => {}
            state => return Ok(waiting(state.as_ref().map_or("pending", types::VpcState::as_str))),
        }
        let desired = Fields::of(&standing.desired.attributes);
        let support = desired.bool_or("enable_dns_support", true)?;
        let hostnames = desired.bool_or("enable_dns_hostnames", false)?;
        let is = try_join(
            dns_attribute(client, id, VpcAttributeName::EnableDnsSupport),
            dns_attribute(client, id, VpcAttributeName::EnableDnsHostnames),
        )
        .await?;
        // One attribute a call. Host names demand support: on, support goes first; off, host names do.
        let value = |value| AttributeBooleanValue::builder().value(value).build();
        let set_support = client.ec2.modify_vpc_attribute().vpc_id(id).enable_dns_support(value(support));
        let set_hostnames = client.ec2.modify_vpc_attribute().vpc_id(id).enable_dns_hostnames(value(hostnames));
        let mut due = Vec::new();
        if is.0 != support {
            due.push(set_support);
        }
        if is.1 != hostnames {
            due.push(set_hostnames);
        }
        if !support {
            due.reverse();
        }
        for sending in due {
            client.send(Call::ec2("ModifyVpcAttribute").lagging(), sending.send()).await?;
        }
        let observed = observe(client, vec![vpc], &BTreeMap::new()).await?.remove(id).unwrap_or_default();
        let shows =
            |name: &str, wanted: bool| Fields::of(&observed).bool_or(name, !wanted).is_ok_and(|is| is == wanted);
        if !shows("enable_dns_support", support) || !shows("enable_dns_hostnames", hostnames) {
            return Ok(waiting("setting DNS attributes"));
        }
        let parts = ["main_route_table_id", "default_security_group_id", "default_network_acl_id"];
        if parts.iter().any(|part| !observed.contains_key(*part)) {
            return Ok(waiting("default parts not visible yet"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // The DNS attributes are settle's: it sets whatever differs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_vpc().vpc_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteVpc"), sending).await)
    }
}

fn id_of(vpc: &types::Vpc) -> Option<&str> {
    vpc.vpc_id()
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Vpc>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_vpcs().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeVpcs"), sending).await?;
        Ok((answer.vpcs.unwrap_or_default(), answer.next_token))
    }
}

async fn dns_attribute(client: &Client, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let sending = client.ec2.describe_vpc_attribute().vpc_id(id).attribute(name).send();
    let answer = client.send(Call::ec2("DescribeVpcAttribute").lagging(), sending).await?;
    let value = answer.enable_dns_support.or(answer.enable_dns_hostnames).and_then(|value| value.value);
    value.ok_or_else(|| unreadable(Service::Ec2, "DescribeVpcAttribute", "value"))
}

/// All attributes of these VPCs, by id; what never changes is taken from what was recorded of them.
async fn observe(
    client: &Client,
    vpcs: Vec<types::Vpc>,
    recorded: &BTreeMap<&str, &Attributes>,
) -> Result<BTreeMap<String, Attributes>, Failure> {
    let names: Vec<String> = vpcs.iter().filter_map(|vpc| vpc.vpc_id.clone()).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let dns = try_join_all(names.iter().map(async |id| {
        try_join(
            dns_attribute(client, id, VpcAttributeName::EnableDnsSupport),
            dns_attribute(client, id, VpcAttributeName::EnableDnsHostnames),
        )
        .await
    }));
    let known = |name: &str| -> BTreeMap<String, String> {
        let of = |id: &String| recorded.get(id.as_str())?.get(name)?.as_str().map(str::to_owned);
        names.iter().filter_map(|id| Some((id.clone(), of(id)?))).collect()
    };
    let unknown = |known: &BTreeMap<String, String>| -> Vec<String> {
        names.iter().filter(|id| !known.contains_key(*id)).cloned().collect()
    };
    let (mut groups, mut acls) = (known("default_security_group_id"), known("default_network_acl_id"));
    // It was the main one when it was first seen.
    let first_tables = known("default_route_table_id");
    let (groups_of, acls_of) = (unknown(&groups), unknown(&acls));
    let parts =
        try_join3(main_tables(client, &names), default_groups(client, &groups_of), default_acls(client, &acls_of));
    let (dns, (tables, found_groups, found_acls)) = try_join(dns, parts).await?;
    groups.extend(found_groups);
    acls.extend(found_acls);
    Ok(vpcs
        .into_iter()
        .filter_map(|vpc| Some((vpc.vpc_id.clone()?, vpc)))
        .zip(dns)
        .map(|((id, vpc), (support, hostnames))| {
            let owner = vpc.owner_id.clone();
            let attributes = Observed::new()
                .with("cidr_block", vpc.cidr_block.clone())
                .with("enable_dns_support", support)
                .with("enable_dns_hostnames", hostnames)
                .with("instance_tenancy", vpc.instance_tenancy.as_ref().map(types::Tenancy::as_str))
                .tagged(&tag::read(vpc.tags()))
                .with("arn", owner.as_deref().map(|owner| arn::ec2(&client.region, owner, &format!("vpc/{id}"))))
                .with("owner_id", owner)
                .with("main_route_table_id", tables.get(&id).cloned())
                .with("default_route_table_id", first_tables.get(&id).or(tables.get(&id)).cloned())
                .with("default_security_group_id", groups.get(&id).cloned())
                .with("default_network_acl_id", acls.get(&id).cloned())
                .with("dhcp_options_id", vpc.dhcp_options_id.clone())
                .with("id", id.clone())
                .finish(SCHEMA);
            (id, attributes)
        })
        .collect())
}

async fn main_tables(client: &Client, vpcs: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let main = filter("association.main", ["true".to_owned()]);
    let tables = by_values("vpc-id", vpcs.iter().cloned(), &[main], async |filters, token| {
        let sending = client.ec2.describe_route_tables().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeRouteTables"), sending).await?;
        Ok((answer.route_tables.unwrap_or_default(), answer.next_token))
    })
    .await?;
    Ok(tables.into_iter().filter_map(|table| Some((table.vpc_id?, table.route_table_id?))).collect())
}

async fn default_groups(client: &Client, vpcs: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let named = filter("group-name", ["default".to_owned()]);
    let groups = by_values("vpc-id", vpcs.iter().cloned(), &[named], async |filters, token| {
        let sending = client.ec2.describe_security_groups().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeSecurityGroups"), sending).await?;
        Ok((answer.security_groups.unwrap_or_default(), answer.next_token))
    })
    .await?;
    Ok(groups.into_iter().filter_map(|group| Some((group.vpc_id?, group.group_id?))).collect())
}

async fn default_acls(client: &Client, vpcs: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let default = filter("default", ["true".to_owned()]);
    let acls = by_values("vpc-id", vpcs.iter().cloned(), &[default], async |filters, token| {
        let sending = client.ec2.describe_network_acls().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeNetworkAcls"), sending).await?;
        Ok((answer.network_acls.unwrap_or_default(), answer.next_token))
    })
    .await?;
    Ok(acls.into_iter().filter_map(|acl| Some((acl.vpc_id?, acl.network_acl_id?))).collect())
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{make, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_vpc.main";

    fn vpc(id: &str, tags: &str) -> String {
        format!(
            "<item><vpcId>{id}</vpcId><ownerId>111122223333</ownerId><state>available</state>\
             <cidrBlock>10.0.0.0/16</cidrBlock><dhcpOptionsId>dopt-1</dhcpOptionsId>\
             <instanceTenancy>default</instanceTenancy>{tags}</item>"
        )
    }

    fn dns(name: &str, value: bool) -> String {
        format!("<vpcId>vpc-1</vpcId><{name}><value>{value}</value></{name}>")
    }

    /// A world with one VPC, whose host names are off at first.
    fn world() -> std::sync::Arc<Canned> {
        Canned::new()
            .answer("DescribeVpcs", &format!("<vpcSet>{}</vpcSet>", vpc("vpc-1", &marked(AT))))
            .answer("DescribeVpcAttribute", &dns("enableDnsSupport", true))
            .answer("DescribeVpcAttribute", &dns("enableDnsHostnames", false))
            .answer("DescribeVpcAttribute", &dns("enableDnsSupport", true))
            .answer("DescribeVpcAttribute", &dns("enableDnsHostnames", true))
            .answer(
                "DescribeRouteTables",
                "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId></item></routeTableSet>",
            )
            .answer(
                "DescribeSecurityGroups",
                "<securityGroupInfo><item><groupId>sg-1</groupId><vpcId>vpc-1</vpcId></item></securityGroupInfo>",
            )
            .answer(
                "DescribeNetworkAcls",
                "<networkAclSet><item><networkAclId>acl-1</networkAclId><vpcId>vpc-1</vpcId></item></networkAclSet>",
            )
            .answer("ModifyVpcAttribute", "<return>true</return>")
    }

    #[tokio::test]
    async fn a_creation_is_one_call_that_carries_the_mark() {
        let canned = Canned::new().answer("CreateVpc", "<vpc><vpcId>vpc-1</vpcId><state>pending</state></vpc>");
        let request = make(AT, json!({ "cidr_block": "10.0.0.0/16", "tags": { "Project": "Fathuss" } }));
        assert_eq!(canned.aws().create(&request).await.unwrap().0, "vpc-1");
        let seen = canned.seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].get("CidrBlock"), Some("10.0.0.0/16"));
        assert_eq!(seen[0].get("TagSpecification.1.ResourceType"), Some("vpc"));
        let tags: Vec<_> = (1..=4)
            .map(|at| {
                let part = |part: &str| seen[0].get(&format!("TagSpecification.1.Tag.{at}.{part}")).unwrap();
                format!("{}={}", part("Key"), part("Value"))
            })
            .collect();
        assert_eq!(
            tags,
            ["Project=Fathuss", "fathuss:address=s.aws_vpc.main", "fathuss:generation=1", "fathuss:lineage=lineage-1"]
        );
    }

    #[tokio::test]
    async fn settling_sets_the_dns_attribute_that_differs_and_no_other() {
        let canned = world();
        let standing = standing(AT, "vpc-1", json!({ "cidr_block": "10.0.0.0/16", "enable_dns_hostnames": true }));
        let Progress::Ready(observed) = canned.aws().settle(&standing).await.unwrap() else { panic!("not ready") };
        let modified: Vec<_> =
            canned.seen().into_iter().filter(|seen| seen.operation == "ModifyVpcAttribute").collect();
        assert_eq!(modified.len(), 1);
        assert_eq!(modified[0].get("EnableDnsHostnames.Value"), Some("true"));
        assert_eq!(observed.get("enable_dns_hostnames"), Some(&Datum::Bool(true)));
        assert_eq!(observed.get("default_security_group_id").and_then(Datum::as_str), Some("sg-1"));
        assert_eq!(observed.get("arn").and_then(Datum::as_str), Some("arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1"));
        assert_eq!(observed.get("tags"), None, "the mark is no tag of the resource");
    }

    #[tokio::test]
    async fn what_a_tag_filter_does_not_show_is_asked_for_by_id_before_it_is_called_gone() {
        let canned = Canned::new()
            .answer("DescribeVpcs", &format!("<vpcSet>{}</vpcSet>", vpc("vpc-9", &marked("s.aws_vpc.lost"))))
            .answer("DescribeVpcs", "<vpcSet/>");
        let answer = canned.aws().read(&[read(AT, "vpc-1")]).await;
        assert_eq!(answer.observations, [Ok(Observation::Absent)]);
        let seen = canned.seen();
        assert_eq!(seen[0].get("Filter.1.Name"), Some("tag:fathuss:lineage"));
        assert_eq!((seen[1].get("Filter.1.Name"), seen[1].get("Filter.1.Value.1")), (Some("vpc-id"), Some("vpc-1")));
        assert_eq!(answer.strays.len(), 1);
        assert_eq!(
            (answer.strays[0].address.as_str(), answer.strays[0].identity.0.as_str()),
            ("s.aws_vpc.lost", "vpc-9")
        );
    }

    #[tokio::test]
    async fn a_vpc_just_made_that_is_not_visible_yet_is_waited_for() {
        let canned = Canned::new().answer("DescribeVpcs", "<vpcSet/>");
        let standing = standing(AT, "vpc-1", json!({ "cidr_block": "10.0.0.0/16" }));
        assert!(matches!(canned.aws().settle(&standing).await, Ok(Progress::Waiting { .. })));
    }

    #[tokio::test]
    async fn a_deletion_waits_for_what_depends_on_it_and_ends_when_nothing_is_there() {
        let canned = Canned::new()
            .refuse("DeleteVpc", 400, "DependencyViolation", "The vpc 'vpc-1' has dependencies and cannot be deleted.")
            .refuse("DeleteVpc", 400, "InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist");
        let (aws, standing) = (canned.aws(), standing(AT, "vpc-1", json!({})));
        let failure = aws.delete(&standing).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
        assert_eq!(failure.message, "The vpc 'vpc-1' has dependencies and cannot be deleted.");
        assert_eq!(failure.request_id.as_deref(), Some("r-9"));
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn a_cut_connection_leaves_open_whether_it_was_made() {
        let canned = Canned::new().reset("CreateVpc");
        let failure = canned.aws().create(&make(AT, json!({ "cidr_block": "10.0.0.0/16" }))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Ambiguous);
    }
}
