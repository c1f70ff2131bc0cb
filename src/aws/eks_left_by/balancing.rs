//! What is left of a cluster in Elastic Load Balancing: load balancers and target groups, which its newer API has, and
//! classic load balancers, which its older one has. Both are one service, and one limit holds for both here.

use std::collections::BTreeMap;

use fathuss_engine::provider::Failure;
use futures::future::{try_join, try_join_all};

use super::{all, owned};
use crate::call::{Call, Service};
use crate::client::Client;
use crate::gather::every;
use crate::mark;

/// How many resources `DescribeTags` of either API takes.
const AT_ONCE: usize = 20;

/// What is left of a cluster there.
#[derive(Debug, Default)]
pub(super) struct Balancing {
    load_balancers: Vec<Named>,
    target_groups: Vec<Named>,
    /// The names of classic load balancers: they have no other identity.
    classic: Vec<String>,
}

/// What the newer API tells of.
#[derive(Debug)]
struct Named {
    arn: String,
    name: String,
}

impl Balancing {
    pub(super) async fn of(client: &Client, cluster: &str) -> Result<Self, Failure> {
        let ((load_balancers, target_groups), classic) =
            try_join(newer(client, cluster), classic(client, cluster)).await?;
        Ok(Self { load_balancers, target_groups, classic })
    }

    /// What each is, with its name.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        let balancers = self.load_balancers.iter().map(|it| format!("load balancer {}", it.name));
        let classic = self.classic.iter().map(|name| format!("classic load balancer {name}"));
        let targets = self.target_groups.iter().map(|it| format!("target group {}", it.name));
        balancers.chain(classic).chain(targets)
    }

    /// Whether there are any that hold subnets and security groups.
    pub(super) fn has_load_balancers(&self) -> bool {
        !self.load_balancers.is_empty() || !self.classic.is_empty()
    }

    /// Sends the deletes that are due: target groups are held by load balancers.
    pub(super) async fn delete(&self, client: &Client) -> Vec<Result<(), Failure>> {
        let elb = &client.elb;
        let mut outcomes = all(self.load_balancers.iter().map(|it| {
            client.send(call("DeleteLoadBalancer"), elb.delete_load_balancer().load_balancer_arn(&it.arn).send())
        }))
        .await;
        let gone = self.classic.iter().map(|name| {
            let sending = client.classic_elb.delete_load_balancer().load_balancer_name(name).send();
            client.send(call("DeleteLoadBalancer"), sending)
        });
        outcomes.extend(all(gone).await);
        if self.load_balancers.is_empty() {
            let gone = self.target_groups.iter().map(|it| {
                let sending = elb.delete_target_group().target_group_arn(&it.arn).send();
                client.send(call("DeleteTargetGroup").expects("ResourceInUse", ""), sending)
            });
            outcomes.extend(all(gone).await);
        }
        outcomes
    }
}

fn call(operation: &'static str) -> Call {
    Call::new(Service::ElasticLoadBalancing, operation)
}

/// The load balancers and the target groups that the newer API tells of.
async fn newer(client: &Client, cluster: &str) -> Result<(Vec<Named>, Vec<Named>), Failure> {
    let elb = &client.elb;
    let balancers = every(async |marker| {
        let sending = elb.describe_load_balancers().set_marker(marker).send();
        let answer = client.send(call("DescribeLoadBalancers"), sending).await?;
        Ok((answer.load_balancers.unwrap_or_default(), answer.next_marker))
    });
    let targets = every(async |marker| {
        let sending = elb.describe_target_groups().set_marker(marker).send();
        let answer = client.send(call("DescribeTargetGroups"), sending).await?;
        Ok((answer.target_groups.unwrap_or_default(), answer.next_marker))
    });
    let (balancers, targets) = try_join(balancers, targets).await?;
    let balancers = balancers.into_iter().filter_map(|it| it.load_balancer_arn.zip(it.load_balancer_name));
    let targets = targets.into_iter().filter_map(|it| it.target_group_arn.zip(it.target_group_name));
    let of_cluster = async |all: BTreeMap<String, String>| {
        let arns: Vec<String> = all.keys().cloned().collect();
        let asked = arns.chunks(AT_ONCE).map(|arns| {
            let sending = elb.describe_tags().set_resource_arns(Some(arns.to_vec())).send();
            // One of them may be gone by now.
            client.send(call("DescribeTags").lagging(), sending)
        });
        let told = try_join_all(asked).await?.into_iter().flat_map(|it| it.tag_descriptions.unwrap_or_default());
        let ours = told.filter(|told| is_of(told.tags().iter().map(|tag| (tag.key(), tag.value())), cluster));
        let ours = ours.filter_map(|told| told.resource_arn);
        Ok::<_, Failure>(ours.map(|arn| Named { name: all[&arn].clone(), arn }).collect::<Vec<_>>())
    };
    try_join(of_cluster(balancers.collect()), of_cluster(targets.collect())).await
}

/// The names of the classic load balancers.
async fn classic(client: &Client, cluster: &str) -> Result<Vec<String>, Failure> {
    let elb = &client.classic_elb;
    let found = every(async |marker| {
        let sending = elb.describe_load_balancers().set_marker(marker).send();
        let answer = client.send(call("DescribeLoadBalancers"), sending).await?;
        Ok((answer.load_balancer_descriptions.unwrap_or_default(), answer.next_marker))
    });
    let names: Vec<String> = found.await?.into_iter().filter_map(|it| it.load_balancer_name).collect();
    let asked = names.chunks(AT_ONCE).map(|names| {
        let sending = elb.describe_tags().set_load_balancer_names(Some(names.to_vec())).send();
        // One of them may be gone by now.
        client.send(call("DescribeTags").lagging(), sending)
    });
    let told = try_join_all(asked).await?.into_iter().flat_map(|it| it.tag_descriptions.unwrap_or_default());
    let ours = told.filter(|told| is_of(told.tags().iter().map(|tag| (Some(tag.key()), tag.value())), cluster));
    Ok(ours.filter_map(|told| told.load_balancer_name).collect())
}

/// Whether what has these tags is of the cluster, and of no state.
fn is_of<'t>(tags: impl Iterator<Item = (Option<&'t str>, Option<&'t str>)>, cluster: &str) -> bool {
    let tags: BTreeMap<&str, &str> = tags.filter_map(|(key, value)| Some((key?, value.unwrap_or_default()))).collect();
    let has = |key: &str, value: &str| tags.get(key) == Some(&value);
    !tags.contains_key(mark::LINEAGE) && (has("elbv2.k8s.aws/cluster", cluster) || has(&owned(cluster), "owned"))
}
