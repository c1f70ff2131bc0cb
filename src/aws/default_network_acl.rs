//! `aws_default_network_acl`: <https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html>
//!
//! AWS makes it with its VPC and refuses to delete it: it is found, given its rules, and let go of.

use async_trait::async_trait;
use aws_sdk_ec2::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::adopted;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::one;
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::mark;
use crate::network_acl::{self, NetworkAcl, arn_of, page};
use crate::{network_acl_rule, tag};

/// The calls of `aws_default_network_acl`.
pub struct DefaultNetworkAcl;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::DefaultNetworkAcl::SCHEMA;

#[async_trait(?Send)]
impl Kind for DefaultNetworkAcl {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        network_acl::FAMILY
    }

    /// The others' own: one `DescribeNetworkAcls` for all.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        NetworkAcl.read(client, requests).await
    }

    /// Sends nothing that creates: looks whether it is there.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        adopted::found(look(client, request).await?, "DefaultAclMissing", "default network ACL")
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        Ok(look(client, request).await?.map_or(Found::Nothing, |id| Found::Ours(Identity(id))))
    }

    /// Sets the rules, and then the mark where it lacks: a list that carries it has its rules.
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
        let tags = mark::tags_with(&standing.mark, desired)?;
        if adopted::lacks(acl.tags(), &tags) {
            tag::set(client, id, tags).await?;
            return Ok(waiting("setting tags"));
        }
        Ok(once_shown(SCHEMA, desired, observe(client, &acl, desired)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        // Rules are settle's: it sets whatever differs.
        tag::update(client, &standing.identity.0, standing, change).await
    }

    /// Takes the mark off; the list goes with its VPC.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        adopted::let_go(client, &standing.identity).await
    }
}

async fn look(client: &Client, request: &MakeRequest) -> Result<Option<String>, Failure> {
    let id = Fields::of(&request.desired.attributes).text("default_network_acl_id")?;
    let acl = one("network-acl-id", id, page(client)).await?;
    match acl {
        Some(acl) if acl.is_default != Some(true) => {
            Err(refused("NotDefault", format!("{id} is no VPC's default network ACL; `aws_network_acl` is for others")))
        }
        acl => Ok(acl.and_then(|acl| acl.network_acl_id)),
    }
}

/// `given` is the form in which the program or the state says the same rules.
pub(crate) fn observe(client: &Client, acl: &types::NetworkAcl, given: &Attributes) -> Attributes {
    let observed = Observed::new()
        .with("default_network_acl_id", acl.network_acl_id())
        .tagged(&tag::read(acl.tags()))
        .with("id", acl.network_acl_id())
        .with("arn", arn_of(client, acl))
        .with("vpc_id", acl.vpc_id())
        .with("owner_id", acl.owner_id());
    network_acl_rule::observe(observed, acl, given).finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Progress};
    use serde_json::json;

    use crate::asked::{make, marked, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_default_network_acl.main";

    fn acl(default: bool, tags: &str, rules: bool) -> String {
        let rule = |egress: bool| {
            format!(
                "<item><ruleNumber>100</ruleNumber><protocol>-1</protocol><ruleAction>allow</ruleAction>\
                 <egress>{egress}</egress><cidrBlock>0.0.0.0/0</cidrBlock></item>"
            )
        };
        let rules = if rules { rule(false) + &rule(true) } else { String::new() };
        format!(
            "<networkAclSet><item><networkAclId>acl-0</networkAclId><vpcId>vpc-1</vpcId><default>{default}</default>\
             <ownerId>1</ownerId><entrySet>{rules}</entrySet>{tags}</item></networkAclSet>"
        )
    }

    #[tokio::test]
    async fn it_is_looked_for_and_another_one_is_refused() {
        let request = make(AT, json!({ "default_network_acl_id": "acl-0" }));
        let canned = Canned::new()
            .answer("DescribeNetworkAcls", "<networkAclSet/>")
            .answer("DescribeNetworkAcls", &acl(true, "", true))
            .answer("DescribeNetworkAcls", &acl(false, "", true));
        let aws = canned.aws();
        assert_eq!(aws.create(&request).await.unwrap_err().class, FailureClass::NotYet);
        assert_eq!(aws.create(&request).await.unwrap().0, "acl-0");
        assert_eq!(aws.create(&request).await.unwrap_err().code, "NotDefault");
        assert!(canned.operations().iter().all(|operation| operation == "DescribeNetworkAcls"));
    }

    #[tokio::test]
    async fn settling_takes_the_rules_that_it_came_with_and_marks_it_after() {
        let canned = Canned::new()
            .answer("DescribeNetworkAcls", &acl(true, "", true))
            .answer("DescribeNetworkAcls", &acl(true, "", false))
            .answer("DescribeNetworkAcls", &acl(true, &marked(AT), false))
            .answer("DeleteNetworkAclEntry", "<return>true</return>")
            .answer("CreateTags", "<return>true</return>");
        let (aws, standing) = (canned.aws(), standing(AT, "acl-0", json!({ "default_network_acl_id": "acl-0" })));
        for _ in 0..2 {
            assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        }
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
        let sent: Vec<String> =
            canned.operations().into_iter().filter(|operation| operation != "DescribeNetworkAcls").collect();
        assert_eq!(sent, ["DeleteNetworkAclEntry", "DeleteNetworkAclEntry", "CreateTags"]);
    }

    #[tokio::test]
    async fn letting_go_takes_the_mark_off_and_deletes_nothing() {
        let canned = Canned::new().answer("DeleteTags", "<return>true</return>");
        assert_eq!(canned.aws().delete(&standing(AT, "acl-0", json!({}))).await, Ok(Progress::Gone));
        assert_eq!(canned.operations(), ["DeleteTags"]);
    }
}
