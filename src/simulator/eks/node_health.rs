//! What is wrong with a node group: with the launches of its Auto Scaling group, which are noted when they fail, and
//! with what it stands on, which is looked at when it is described.
//!
//! Codes are those of <https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html>, and sentences too where it
//! has one; it has none of a subnet or a source template that is gone.

use super::Issue;
use super::cluster::Cluster;
use super::node_group::NodeGroup;
use crate::ec2::launch_template::{LaunchTemplate, LaunchTemplateVersion};
use crate::ec2::security_group::SecurityGroup;
use crate::ec2::subnet::Subnet;
use crate::iam::instance_profile::InstanceProfile;
use crate::iam::role::Role;
use crate::iam::trust;
use crate::refusal::Refusal;
use crate::world::Tx;

/// The codes of launches that fail, by what EC2 says.
const OF_LAUNCHES: &[(&str, &str)] = &[
    ("InsufficientFreeAddressesInSubnet", "InsufficientFreeAddresses"),
    ("InvalidLaunchTemplateId.NotFound", "Ec2LaunchTemplateNotFound"),
    ("InvalidLaunchTemplateId.VersionNotFound", "Ec2LaunchTemplateVersionMismatch"),
    ("InvalidSubnetID.NotFound", "Ec2SubnetNotFound"),
    ("InvalidGroup.NotFound", "Ec2SecurityGroupNotFound"),
    ("VcpuLimitExceeded", "InstanceLimitExceeded"),
];

/// The issue that a launch shows which EC2 refused.
pub(super) fn of_launch(group: &NodeGroup, refusal: &Refusal) -> Issue {
    let code = OF_LAUNCHES.iter().find(|(code, _)| *code == refusal.code).map(|(_, code)| *code);
    let kind = if group.capacity == "SPOT" { "Spot" } else { "On-Demand" };
    let message = format!(
        "Could not launch {kind} Instances. {} - {} Launching EC2 instance failed.",
        refusal.code, refusal.message
    );
    Issue::new(code.unwrap_or("AsgInstanceLaunchFailures"), message, vec![group.group.clone()])
}

/// Whether an issue is one of a failed launch.
pub(super) fn is_of_launch(issue: &Issue) -> bool {
    issue.code == "AsgInstanceLaunchFailures" || OF_LAUNCHES.iter().any(|(_, code)| *code == issue.code)
}

/// Everything that is wrong with a node group now.
pub(super) fn issues(tx: &Tx<'_>, group: &NodeGroup) -> Vec<Issue> {
    let mut issues = group.issues.clone();
    if matches!(group.status.as_str(), "ACTIVE" | "DEGRADED" | "UPDATING") {
        for found in foundations(tx, group) {
            if issues.iter().all(|known| known.code != found.code) {
                issues.push(found);
            }
        }
    }
    issues
}

fn foundations(tx: &Tx<'_>, group: &NodeGroup) -> Vec<Issue> {
    let mut found = Vec::new();
    let mut note = |code: &str, message: &str, resource: &str| {
        found.push(Issue::new(code, message, vec![resource.to_owned()]));
    };
    if let Some(own) = &group.launched_from {
        let number = own.version.parse::<i64>().unwrap_or_default();
        if tx.get::<LaunchTemplate>(&own.id).is_none() {
            let message = "We couldn't find the Amazon EC2 launch template for your managed node group. You may be \
                           able to recreate a launch template with the same settings to recover.";
            note("Ec2LaunchTemplateNotFound", message, &own.id);
        } else if tx.get::<LaunchTemplateVersion>(&LaunchTemplateVersion::id_of(&own.id, number)).is_none() {
            let message = "The Amazon EC2 launch template version for your managed node group does not match the \
                           version that Amazon EKS created. You may be able to revert to the version that Amazon EKS \
                           created to recover.";
            note("Ec2LaunchTemplateVersionMismatch", message, &own.id);
        }
    }
    if let Some(source) = group.template.as_ref().filter(|one| tx.get::<LaunchTemplate>(&one.id).is_none()) {
        let message = "We couldn't find the launch template that your managed node group was created from.";
        note("SourceEc2LaunchTemplateNotFound", message, &source.id);
    }
    if tx.get::<InstanceProfile>(&group.profile.to_lowercase()).is_none() {
        let message = "We couldn't find the IAM instance profile for your managed node group. You may be able to \
                       recreate an instance profile with the same settings to recover.";
        note("IamInstanceProfileNotFound", message, &group.profile);
    }
    if tx.get::<Role>(&Role::id_of(trust::role_name(&group.role).unwrap_or_default())).is_none() {
        let message = "We couldn't find the IAM role for your managed node group. You may be able to recreate an IAM \
                       role with the same settings to recover.";
        note("IamNodeRoleNotFound", message, &group.role);
    }
    let shared = tx.get::<Cluster>(&group.cluster).and_then(|cluster| cluster.security_group.as_ref());
    if let Some(shared) = shared.filter(|id| tx.get::<SecurityGroup>(id).is_none()) {
        let message = "We couldn't find the cluster security group for the cluster. You must recreate your cluster.";
        note("Ec2SecurityGroupNotFound", message, shared);
    }
    for subnet in group.subnets.iter().filter(|id| tx.get::<Subnet>(id).is_none()) {
        note("Ec2SubnetNotFound", "We couldn't find one or more subnets of your managed node group.", subnet);
    }
    found
}
