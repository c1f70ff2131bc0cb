//! The Auto Scaling groups behind node groups: EKS makes them, they launch the nodes, and they replace what runs no
//! longer, whoever ended it.
//!
//! A group finds that out by its health checks, of which no more is seen than that it takes some minutes. So the end
//! of an instance, and not a clock, makes its group look.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::node_group::NodeGroup;
use super::tags::Tags;
use super::{node_health, nodes};
use crate::ec2::instance::Instance;
use crate::ec2::instance_lifecycle;
use crate::service::{Span, Transition};
use crate::world::{Row, Tx};

/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-checks-overview.html> and
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/replace-unhealthy-instances.html>: how long is not documented.
pub(super) const SPANS: &[Span] = &[
    Span::new("autoscaling.group.health_check", 60.0, 180.0),
    // How long a group waits after a launch that failed.
    Span::new("autoscaling.group.retry", 240.0, 600.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("autoscaling.group.checked", |tx, pending| checked(tx, &pending.subject))];

/// After that long without a launch that succeeds a group gives up:
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html>.
const SUSPENDED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// An Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoScalingGroup {
    /// Its name, `eks-<node group>-<uuid>`.
    pub name: String,
    /// The fewest instances.
    pub min: i64,
    /// The most.
    pub max: i64,
    /// How many there are to be.
    pub desired: i64,
    /// Where they stand.
    pub subnets: Vec<String>,
    /// Their ids.
    pub instances: Vec<String>,
    /// Since when none could be launched.
    #[serde(default)]
    pub failing_since: Option<Timestamp>,
    /// Its tags, which are not the node group's.
    pub tags: Tags,
    /// The keys of those that new instances do not get.
    #[serde(default)]
    pub kept_back: BTreeSet<String>,
}

impl Row for AutoScalingGroup {
    const TABLE: &'static str = "autoscaling.group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl AutoScalingGroup {
    /// Takes out the instances that run no longer. A stopped one is ended: to its group it is as good as gone.
    pub(super) fn drop_unhealthy(&mut self, tx: &mut Tx<'_>) {
        let (healthy, unhealthy): (Vec<String>, Vec<String>) =
            std::mem::take(&mut self.instances).into_iter().partition(|id| {
                tx.get::<Instance>(id).is_some_and(|one| matches!(one.state.as_str(), "pending" | "running"))
            });
        self.instances = healthy;
        for id in unhealthy {
            if let Some(instance) = tx.get::<Instance>(&id).cloned() {
                instance_lifecycle::end(tx, &instance);
            }
        }
    }

    /// Notes that a launch failed, and when to try again.
    pub(super) fn failed(&mut self, tx: &mut Tx<'_>) {
        let since = *self.failing_since.get_or_insert(tx.now());
        if tx.now().duration_since(since) < SUSPENDED_AFTER {
            tx.transition("autoscaling.group.retry", "autoscaling.group.checked", &self.name);
        }
    }
}

/// A group looks at its instances, and launches what it lacks.
fn checked(tx: &mut Tx<'_>, name: &str) {
    let of_group = |group: &&NodeGroup| group.group == name && group.status != "DELETING";
    let Some(mut group) = tx.rows::<NodeGroup>().find(of_group).cloned() else { return };
    let outcome = nodes::scale(tx, &group);
    let failing = group.issues.iter().any(node_health::is_of_launch);
    group.issues.retain(|issue| !node_health::is_of_launch(issue));
    let launched = outcome.is_ok();
    group.issues.extend(outcome.err());
    let (id, creating) = (group.id(), group.status == "CREATING");
    tx.put(group);
    if failing && launched && creating {
        tx.cancel("eks.node_group.failed", &id);
        tx.transition("eks.node_group.join", "eks.node_group.active", &id);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::Client;
    use crate::eks::fixture::Ground;

    const GROUP: &str = "/clusters/c/node-groups/general";
    const RUNNING: [(&str, &str); 2] = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "running")];

    async fn ground() -> Ground {
        let ground = Ground::calm().await;
        ground.made("c").await;
        ground.with_nodes("c", "general").await;
        ground
    }

    async fn running(client: &Client) -> Vec<String> {
        client.ec2("DescribeInstances", &RUNNING).await.all("instanceId")
    }

    /// The instances that the one Auto Scaling group of the world counts as its own.
    fn counted(client: &Client) -> Vec<String> {
        let groups = client.simulator.rows("autoscaling.group").unwrap();
        serde_json::from_value(groups[0].row["instances"].clone()).unwrap()
    }

    async fn codes(client: &Client) -> (Value, Vec<Value>) {
        let group = client.eks("GET", GROUP, None).await["nodegroup"].clone();
        let issues = group["health"]["issues"].as_array().unwrap();
        (group["status"].clone(), issues.iter().map(|issue| issue["code"].clone()).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_anyone_ends_or_stops_is_replaced_some_minutes_later() {
        let ground = ground().await;
        let client = &ground.client;
        let before = running(client).await;
        client.ec2("TerminateInstances", &[("InstanceId.1", &before[0])]).await;
        client.ec2("StopInstances", &[("InstanceId.1", &before[1])]).await;
        client.wait(30);
        assert_eq!(running(client).await, Vec::<String>::new());
        client.wait(8 * 60);
        let mut after = running(client).await;
        after.sort();
        assert_eq!(after.len(), 2);
        assert!(after.iter().all(|id| !before.contains(id)));
        let mut held = counted(client);
        held.sort();
        assert_eq!(held, after);
        let ended = client.ec2("DescribeInstances", &[("InstanceId.1", &before[1])]).await;
        assert_eq!(ended.one("name"), "terminated");
        assert_eq!(codes(client).await, (json!("ACTIVE"), vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_launch_that_fails_is_a_health_issue_until_one_succeeds() {
        let ground = ground().await;
        let client = &ground.client;
        let before = running(client).await;
        assert!(client.simulator.set_quota("ec2.vcpus", Some(2)));
        client.ec2("TerminateInstances", &[("InstanceId.1", &before[0])]).await;
        client.wait(5 * 60);
        assert_eq!(codes(client).await, (json!("DEGRADED"), vec![json!("InstanceLimitExceeded")]));
        assert!(client.simulator.set_quota("ec2.vcpus", None));
        client.wait(30 * 60);
        assert_eq!(codes(client).await, (json!("ACTIVE"), vec![]));
        assert_eq!(running(client).await.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_come_from_a_launch_template_of_eks_own_which_goes_with_their_group() {
        let ground = ground().await;
        let client = &ground.client;
        let tagged = [("Filter.1.Name", "tag:eks:nodegroup-name"), ("Filter.1.Value.1", "general")];
        let template = client.ec2("DescribeLaunchTemplates", &tagged).await;
        let (id, name) = (template.one("launchTemplateId"), template.one("launchTemplateName"));
        let arn = client.eks("GET", GROUP, None).await["nodegroup"]["nodegroupArn"].as_str().unwrap().to_owned();
        assert_eq!(name, format!("eks-{}", arn.rsplit('/').next().unwrap()));
        let from = [("Filter.1.Name", "tag:aws:ec2launchtemplate:id"), ("Filter.1.Value.1", id.as_str())];
        assert_eq!(client.ec2("DescribeInstances", &from).await.all("instanceId").len(), 2);
        let versions = [("LaunchTemplateId", id.as_str())];
        let version = client.ec2("DescribeLaunchTemplateVersions", &versions).await;
        assert_eq!((version.one("instanceType"), version.one("volumeSize")), ("t3.medium".into(), "20".into()));

        client.eks("DELETE", GROUP, None).await;
        client.wait(6 * 60);
        client
            .refused("DescribeLaunchTemplates", &[("LaunchTemplateId.1", &id)], "InvalidLaunchTemplateId.NotFound")
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_template_that_is_deleted_is_a_health_issue_and_nothing_is_launched() {
        let ground = ground().await;
        let client = &ground.client;
        let tagged = [("Filter.1.Name", "tag:eks:nodegroup-name"), ("Filter.1.Value.1", "general")];
        let id = client.ec2("DescribeLaunchTemplates", &tagged).await.one("launchTemplateId");
        client.ec2("DeleteLaunchTemplate", &[("LaunchTemplateId", &id)]).await;
        assert_eq!(codes(client).await, (json!("DEGRADED"), vec![json!("Ec2LaunchTemplateNotFound")]));
        let before = running(client).await;
        client.ec2("TerminateInstances", &[("InstanceId.1", &before[0])]).await;
        client.wait(10 * 60);
        assert_eq!(running(client).await.len(), 1);
        assert_eq!(codes(client).await, (json!("DEGRADED"), vec![json!("Ec2LaunchTemplateNotFound")]));
    }
}
