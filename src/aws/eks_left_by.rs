//! What controllers in a cluster made in AWS, and nobody takes away once the cluster is gone: load balancers, classic ones
//! among them, volumes, interfaces and security groups. It holds the network, and it costs.
//!
//! Each carries a tag with the cluster's name: those of the
//! [AWS Load Balancer Controller](https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/security_groups/)
//! `elbv2.k8s.aws/cluster`, those of the
//! [EBS CSI driver](https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md) and of Kubernetes's own
//! cloud controller `kubernetes.io/cluster/NAME: owned`, those of the
//! [VPC CNI](https://github.com/aws/amazon-vpc-cni-k8s/blob/master/README.md#cluster_name) `cluster.k8s.amazonaws.com/name`.
//! What carries the mark of a state is that state's.

mod balancing;

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, NetworkInterface, NetworkInterfaceStatus, SecurityGroup, Tag, Volume, VolumeState};
use fathuss_engine::proposal::{Along, Proposal};
use fathuss_engine::provider::{Failure, Progress};
use fathuss_model::{Address, Datum};
use futures::future::{join_all, try_join_all, try_join3};

use self::balancing::Balancing;
use crate::call::Call;
use crate::client::Client;
use crate::gather::{every, filter, pages};
use crate::gone::{is_not_found, waiting};
use crate::{mark, security_group, security_group_rule, tag};

/// What is left of a cluster.
#[derive(Debug, Default)]
struct LeftBy {
    balancing: Balancing,
    volumes: Vec<Volume>,
    interfaces: Vec<NetworkInterface>,
    groups: Vec<SecurityGroup>,
}

/// What goes along with a cluster.
pub(crate) async fn along(client: &Client, address: &Address, cluster: &Proposal) -> Result<Vec<Along>, Failure> {
    let Some(name) = cluster.fields.get("name").and_then(Datum::as_str) else { return Ok(Vec::new()) };
    Ok(LeftBy::of(client, name).await?.described(address))
}

/// One step towards nothing being left of a cluster that is gone.
pub(crate) async fn delete(client: &Client, cluster: &str) -> Result<Progress, Failure> {
    let left = LeftBy::of(client, cluster).await?;
    let Some(first) = left.words().next() else { return Ok(Progress::Gone) };
    let more = left.words().count() - 1;
    let state = if more == 0 { format!("deleting {first}") } else { format!("deleting {first} and {more} more") };
    left.delete(client).await?;
    Ok(waiting(&state))
}

impl LeftBy {
    async fn of(client: &Client, cluster: &str) -> Result<Self, Failure> {
        let (balancing, (volumes, interfaces), groups) =
            try_join3(Balancing::of(client, cluster), storage(client, cluster), groups(client, cluster)).await?;
        Ok(Self { balancing, volumes, interfaces, groups })
    }

    /// What each is, with its name.
    fn words(&self) -> impl Iterator<Item = String> {
        let id = |id: Option<&str>| id.unwrap_or_default().to_owned();
        let volumes = self.volumes.iter().map(move |it| format!("volume {}{}", id(it.volume_id()), claim(it)));
        let interfaces = self.interfaces.iter().map(move |it| format!("interface {}", id(it.network_interface_id())));
        let groups = self.groups.iter().map(move |it| format!("security group {}", id(it.group_id())));
        self.balancing.words().chain(volumes).chain(interfaces).chain(groups)
    }

    fn described(&self, address: &Address) -> Vec<Along> {
        let volumes = self.balancing.words().count();
        let volumes = volumes..volumes + self.volumes.len();
        let along = |(at, what)| Along { address: address.clone(), what, destroys_data: volumes.contains(&at) };
        self.words().enumerate().map(along).collect()
    }

    /// Sends the deletes that are due. What others hold is for a later step: groups are held by load balancers and
    /// interfaces.
    async fn delete(&self, client: &Client) -> Result<(), Failure> {
        let mut outcomes = self.balancing.delete(client).await;
        let free = self.volumes.iter().filter(|volume| volume.state() == Some(&VolumeState::Available));
        let gone = free.map(|volume| {
            let sending = client.ec2.delete_volume().set_volume_id(volume.volume_id.clone()).send();
            client.send(Call::ec2("DeleteVolume").expects("VolumeInUse", ""), sending)
        });
        outcomes.extend(all(gone).await);
        let free = self.interfaces.iter().filter(|one| one.status() == Some(&NetworkInterfaceStatus::Available));
        let gone = free.map(|interface| {
            let id = interface.network_interface_id.clone();
            let sending = client.ec2.delete_network_interface().set_network_interface_id(id).send();
            client.send(Call::ec2("DeleteNetworkInterface").expects("InvalidParameterValue", "in use"), sending)
        });
        outcomes.extend(all(gone).await);
        if !self.balancing.has_load_balancers() && self.interfaces.is_empty() {
            outcomes.push(self.let_go(client).await);
            let gone = self.groups.iter().map(|group| {
                let sending = client.ec2.delete_security_group().set_group_id(group.group_id.clone()).send();
                client.send(Call::ec2("DeleteSecurityGroup").expects("DependencyViolation", ""), sending)
            });
            outcomes.extend(all(gone).await);
        }
        // What is in the way for a moment is looked at again in the next step.
        let fatal = |failure: &Failure| !failure.class.is_early() && !is_not_found(failure);
        outcomes.into_iter().filter_map(Result::err).find(fatal).map_or(Ok(()), Err)
    }

    /// Takes the rules out of other groups that name one of these, as the controller put them into the nodes' group: as
    /// long as they do, neither group can be deleted.
    async fn let_go(&self, client: &Client) -> Result<(), Failure> {
        let ids: Vec<String> = self.groups.iter().filter_map(|group| group.group_id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let named = ["ip-permission.group-id", "egress.ip-permission.group-id"]
            .map(async |by| pages(&[filter(by, ids.clone())], &security_group::page(client)).await);
        let holders = try_join_all(named).await?.concat();
        let holders: Vec<String> = holders.into_iter().filter_map(|group| group.group_id).collect();
        if holders.is_empty() {
            return Ok(());
        }
        let rules = pages(&[filter("group-id", holders)], &security_group_rule::page(client)).await?;
        let mut revoked: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
        for rule in rules {
            let referred = rule.referenced_group_info().and_then(|other| other.group_id());
            if !referred.is_some_and(|referred| ids.iter().any(|id| id == referred)) {
                continue;
            }
            let (Some(group), Some(id)) = (rule.group_id, rule.security_group_rule_id) else { continue };
            revoked.entry((group, rule.is_egress == Some(true))).or_default().push(id);
        }
        for ((group, is_egress), rules) in revoked {
            if is_egress {
                let sending =
                    client.ec2.revoke_security_group_egress().group_id(group).set_security_group_rule_ids(Some(rules));
                client.send(Call::ec2("RevokeSecurityGroupEgress"), sending.send()).await?;
            } else {
                let sending =
                    client.ec2.revoke_security_group_ingress().group_id(group).set_security_group_rule_ids(Some(rules));
                client.send(Call::ec2("RevokeSecurityGroupIngress"), sending.send()).await?;
            }
        }
        Ok(())
    }
}

/// How each of these calls ended.
async fn all<T>(calls: impl Iterator<Item = impl Future<Output = Result<T, Failure>>>) -> Vec<Result<(), Failure>> {
    join_all(calls).await.into_iter().map(|outcome| outcome.map(drop)).collect()
}

/// The claim that a volume was made for, in words.
fn claim(volume: &Volume) -> String {
    let tags = tag::read(volume.tags());
    let part = |name: &str| tags.get(&format!("kubernetes.io/created-for/pvc/{name}"));
    part("namespace").zip(part("name")).map(|(space, name)| format!(" of {space}/{name}")).unwrap_or_default()
}

fn owned(cluster: &str) -> String {
    format!("kubernetes.io/cluster/{cluster}")
}

async fn storage(client: &Client, cluster: &str) -> Result<(Vec<Volume>, Vec<NetworkInterface>), Failure> {
    let volumes = every(async |token| {
        let tagged = filter(&format!("tag:{}", owned(cluster)), ["owned".to_owned()]);
        let sending = client.ec2.describe_volumes().filters(tagged).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeVolumes"), sending).await?;
        Ok((answer.volumes.unwrap_or_default(), answer.next_token))
    });
    let interfaces = every(async |token| {
        let tagged = filter("tag:cluster.k8s.amazonaws.com/name", [cluster.to_owned()]);
        let sending = client.ec2.describe_network_interfaces().filters(tagged).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeNetworkInterfaces"), sending).await?;
        Ok((answer.network_interfaces.unwrap_or_default(), answer.next_token))
    });
    let (mut volumes, mut interfaces) = futures::future::try_join(volumes, interfaces).await?;
    // The disks of nodes carry the cluster's tag, too, and go with their machines.
    volumes.retain(|volume| {
        let has = |key: &str| volume.tags().iter().any(|tag| tag.key() == Some(key));
        let is_claimed = has("CSIVolumeName") || has("kubernetes.io/created-for/pv/name");
        let is_there = !matches!(volume.state(), Some(VolumeState::Deleting | VolumeState::Deleted));
        is_claimed && is_there && !is_marked(volume.tags())
    });
    interfaces.retain(|interface| !is_marked(interface.tag_set()));
    Ok((volumes, interfaces))
}

async fn groups(client: &Client, cluster: &str) -> Result<Vec<SecurityGroup>, Failure> {
    let by = [
        filter("tag:elbv2.k8s.aws/cluster", [cluster.to_owned()]),
        filter(&format!("tag:{}", owned(cluster)), ["owned".to_owned()]),
    ];
    let found = by.map(async |by: Filter| pages(&[by], &security_group::page(client)).await);
    let mut groups: BTreeMap<String, SecurityGroup> = BTreeMap::new();
    for group in try_join_all(found).await?.into_iter().flatten() {
        // EKS deletes its own.
        let is_of_eks = group.tags().iter().any(|tag| tag.key() == Some("aws:eks:cluster-name"));
        if let Some(id) = group.group_id.clone().filter(|_| !is_of_eks && !is_marked(group.tags())) {
            groups.insert(id, group);
        }
    }
    Ok(groups.into_values().collect())
}

fn is_marked(tags: &[Tag]) -> bool {
    tags.iter().any(|tag| tag.key() == Some(mark::LINEAGE))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider as _;
    use fathuss_engine::proposal::Proposed;
    use serde_json::json;

    use super::*;
    use crate::asked::standing;
    use crate::canned::Canned;

    const AT: &str = "s.aws_eks_cluster.main";

    fn tagged(tags: &[(&str, &str)]) -> String {
        tags.iter().map(|(key, value)| format!("<item><key>{key}</key><value>{value}</value></item>")).collect()
    }

    fn described(arn: &str, key: &str, value: &str) -> String {
        format!("<member><ResourceArn>{arn}</ResourceArn><Tags>{}</Tags></member>", member(key, value))
    }

    fn member(key: &str, value: &str) -> String {
        format!("<member><Key>{key}</Key><Value>{value}</Value></member>")
    }

    /// The classic load balancers of these names, and the tags that each has: one is the cluster's, one another's, one is
    /// shared, and the rest are a state's.
    fn classic(names: &[&str]) -> (String, String) {
        let (ours, others) = ("kubernetes.io/cluster/main", "kubernetes.io/cluster/other");
        let tags = |name: &str| match name {
            "a1" => member("kubernetes.io/service-name", "shop/door") + &member(ours, "owned"),
            "a2" => member(others, "owned"),
            "a3" => member(ours, "shared"),
            _ => member(ours, "owned") + &member(mark::LINEAGE, "lineage-2"),
        };
        let each = |of: &dyn Fn(&str) -> String| {
            names
                .iter()
                .map(|name| format!("<member><LoadBalancerName>{name}</LoadBalancerName>{}</member>", of(name)))
                .collect::<String>()
        };
        (
            format!("<LoadBalancerDescriptions>{}</LoadBalancerDescriptions>", each(&|_| String::new())),
            format!("<TagDescriptions>{}</TagDescriptions>", each(&|name| format!("<Tags>{}</Tags>", tags(name)))),
        )
    }

    /// A region in which these are left, all others being somebody else's.
    fn left(balancer: bool, target: bool, volume: &str, group: bool) -> Arc<Canned> {
        let balancers = format!(
            "<LoadBalancers>{}<member><LoadBalancerArn>lb-2</LoadBalancerArn><LoadBalancerName>theirs</LoadBalancerName></member></LoadBalancers>",
            if balancer {
                "<member><LoadBalancerArn>lb-1</LoadBalancerArn><LoadBalancerName>k8s-shop</LoadBalancerName></member>"
            } else {
                ""
            }
        );
        let targets = if target {
            "<TargetGroups><member><TargetGroupArn>tg-1</TargetGroupArn><TargetGroupName>k8s-cart</TargetGroupName></member></TargetGroups>"
        } else {
            "<TargetGroups/>"
        };
        let tags = [
            described("lb-1", "elbv2.k8s.aws/cluster", "main"),
            described("lb-2", "elbv2.k8s.aws/cluster", "other"),
            described("tg-1", "elbv2.k8s.aws/cluster", "main"),
        ];
        // Each question is about some of them, and answers those.
        let asked = |arns: &[&str]| {
            let told = tags.iter().filter(|told| arns.iter().any(|arn| told.contains(&format!("<ResourceArn>{arn}<"))));
            format!("<TagDescriptions>{}</TagDescriptions>", told.map(String::as_str).collect::<String>())
        };
        let balancers_asked = if balancer { asked(&["lb-1", "lb-2"]) } else { asked(&["lb-2"]) };
        let volumes = if volume.is_empty() {
            "<volumeSet/>".to_owned()
        } else {
            let node = tagged(&[("kubernetes.io/cluster/main", "owned")]);
            let claim = tagged(&[
                ("kubernetes.io/cluster/main", "owned"),
                ("CSIVolumeName", "pvc-1"),
                ("kubernetes.io/created-for/pvc/namespace", "loki"),
                ("kubernetes.io/created-for/pvc/name", "data"),
            ]);
            format!(
                "<volumeSet><item><volumeId>vol-1</volumeId><status>{volume}</status><tagSet>{claim}</tagSet></item><item><volumeId>vol-2</volumeId><status>available</status><tagSet>{node}</tagSet></item></volumeSet>"
            )
        };
        let own = tagged(&[("elbv2.k8s.aws/cluster", "main"), ("fathuss:lineage", "lineage-2")]);
        let group = if group { "<item><groupId>sg-1</groupId></item>" } else { "" };
        let groups = format!(
            "<securityGroupInfo>{group}<item><groupId>sg-2</groupId><tagSet>{own}</tagSet></item></securityGroupInfo>"
        );
        let (classic, classic_tags) = classic(if balancer { &["a1", "a2", "a3", "a4"] } else { &["a2", "a3", "a4"] });
        let canned = Canned::new()
            .json(
                "GET /clusters/main",
                404,
                &json!({ "__type": "ResourceNotFoundException", "message": "No cluster found for name: main." }),
            )
            .result("DescribeLoadBalancers", &balancers)
            .result("DescribeTargetGroups", targets)
            .result("DescribeTags", &balancers_asked)
            .result("DescribeLoadBalancers 2012-06-01", &classic)
            .result("DescribeTags 2012-06-01", &classic_tags)
            .answer("DescribeVolumes", &volumes)
            .answer("DescribeNetworkInterfaces", "<networkInterfaceSet/>")
            .answer("DescribeSecurityGroups", &groups);
        if target { canned.result("DescribeTags", &asked(&["tg-1"])) } else { canned }
    }

    #[tokio::test]
    async fn what_is_left_of_a_cluster_is_told_before_and_goes_after_it() {
        let canned = left(true, true, "in-use", true);
        let fields = [("name".to_owned(), "main".into())].into();
        let proposal = Proposal { region: "us-east-1".to_owned(), fields, ..Proposal::default() };
        let deleted = [(AT.parse().unwrap(), proposal)].into();
        let outlook = canned.aws().outlook(&Proposed { deleted, ..Proposed::default() }).await.unwrap();
        let told: Vec<_> = outlook.along.iter().map(|along| (along.what.as_str(), along.destroys_data)).collect();
        assert_eq!(
            told,
            [
                ("load balancer k8s-shop", false),
                ("classic load balancer a1", false),
                ("target group k8s-cart", false),
                ("volume vol-1 of loki/data", true),
                ("security group sg-1", false),
            ]
        );

        let standing = standing(AT, "main", json!({ "name": "main" }));
        let canned = left(true, true, "in-use", true)
            .result("DeleteLoadBalancer", "")
            .result("DeleteLoadBalancer 2012-06-01", "");
        let progress = canned.aws().delete(&standing).await;
        let state = "deleting load balancer k8s-shop and 4 more".to_owned();
        assert_eq!(progress, Ok(Progress::Waiting { state }));
        let sent = |canned: &Arc<Canned>| {
            let all = canned.operations().into_iter();
            all.filter(|operation| !operation.starts_with("Describe") && !operation.starts_with("GET"))
                .collect::<Vec<_>>()
        };
        let both = ["DeleteLoadBalancer", "DeleteLoadBalancer 2012-06-01"];
        assert_eq!(sent(&canned), both, "what they hold, and volumes in use, are for later");
        let gone = canned.seen().into_iter().find(|seen| seen.operation == both[1]).unwrap();
        assert_eq!(gone.get("LoadBalancerName"), Some("a1"));

        let canned = left(false, true, "available", true)
            .result("DeleteTargetGroup", "")
            .answer("DeleteVolume", "<return>true</return>")
            .refuse("DeleteSecurityGroup", 400, "DependencyViolation", "resource sg-1 has a dependent object")
            .answer(
                "DescribeSecurityGroupRules",
                "<securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-3</groupId><isEgress>false</isEgress><referencedGroupInfo><groupId>sg-1</groupId></referencedGroupInfo></item><item><securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-3</groupId></item></securityGroupRuleSet>",
            )
            .answer("RevokeSecurityGroupIngress", "<return>true</return>");
        let progress = canned.aws().delete(&standing).await;
        assert!(matches!(progress, Ok(Progress::Waiting { .. })), "{progress:?}");
        assert_eq!(
            sent(&canned),
            ["DeleteTargetGroup", "DeleteVolume", "RevokeSecurityGroupIngress", "DeleteSecurityGroup"]
        );
        let revoked = canned.seen().into_iter().find(|seen| seen.operation == "RevokeSecurityGroupIngress").unwrap();
        assert_eq!((revoked.get("GroupId"), revoked.get("SecurityGroupRuleId.1")), (Some("sg-3"), Some("sgr-1")));
        assert_eq!(revoked.get("SecurityGroupRuleId.2"), None);

        let canned = left(false, false, "", false);
        assert_eq!(canned.aws().delete(&standing).await, Ok(Progress::Gone));
        assert_eq!(sent(&canned), [""; 0]);
    }

    #[tokio::test]
    async fn of_classic_load_balancers_all_pages_are_read_and_tags_asked_for_twenty_names() {
        let names: Vec<String> = (10..31).map(|number| format!("b{number}")).collect();
        let (first, rest) = names.split_at(11);
        let page = |names: &[String], marker: &str| {
            let members =
                names.iter().map(|name| format!("<member><LoadBalancerName>{name}</LoadBalancerName></member>"));
            format!("<LoadBalancerDescriptions>{}</LoadBalancerDescriptions>{marker}", members.collect::<String>())
        };
        let canned = Canned::new()
            .result("DescribeLoadBalancers", "<LoadBalancers/>")
            .result("DescribeTargetGroups", "<TargetGroups/>")
            .result("DescribeLoadBalancers 2012-06-01", &page(first, "<NextMarker>more</NextMarker>"))
            .result("DescribeLoadBalancers 2012-06-01", &page(rest, ""))
            .result("DescribeTags 2012-06-01", "<TagDescriptions/>")
            .answer("DescribeVolumes", "<volumeSet/>")
            .answer("DescribeNetworkInterfaces", "<networkInterfaceSet/>")
            .answer("DescribeSecurityGroups", "<securityGroupInfo/>");
        let fields = [("name".to_owned(), "main".into())].into();
        let proposal = Proposal { region: "us-east-1".to_owned(), fields, ..Proposal::default() };
        let deleted = [(AT.parse().unwrap(), proposal)].into();
        let outlook = canned.aws().outlook(&Proposed { deleted, ..Proposed::default() }).await.unwrap();
        assert_eq!(outlook.along.len(), 0);
        let asked =
            |operation: &str| canned.seen().into_iter().filter(|seen| seen.operation == operation).collect::<Vec<_>>();
        let pages = asked("DescribeLoadBalancers 2012-06-01");
        assert_eq!(pages.iter().map(|seen| seen.get("Marker")).collect::<Vec<_>>(), [None, Some("more")]);
        let tags = asked("DescribeTags 2012-06-01");
        let last = |seen: &crate::canned::Seen, at: u32| seen.get(&format!("LoadBalancerNames.member.{at}")).is_some();
        assert_eq!(tags.len(), 2);
        assert!(last(&tags[0], 20) && !last(&tags[0], 21) && last(&tags[1], 1) && !last(&tags[1], 2));
    }
}
