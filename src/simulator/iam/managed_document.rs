//! What AWS's managed policies allow, as far as the services simulated here are
//! concerned: <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/>.
//! Those that grant nothing of these services stand here with nothing. Of a policy
//! that is not here it is not known what it allows.

use serde_json::{Value as Json, json};

/// The part of a managed policy that concerns these services, by the policy's name.
#[must_use]
pub fn document(name: &str) -> Option<Json> {
    let actions: &[&str] = match name {
        "AdministratorAccess" => &["*"],
        "PowerUserAccess" => return Some(power_user()),
        "IAMFullAccess" => &["iam:*"],
        "IAMReadOnlyAccess" => &["iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "iam:Simulate*"],
        "AmazonEC2FullAccess" => &["ec2:*"],
        "AmazonEC2ReadOnlyAccess" | "AmazonVPCReadOnlyAccess" => &["ec2:Describe*", "ec2:Get*"],
        "AmazonRDSFullAccess" => &[
            "rds:*",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcs",
        ],
        "AmazonRDSReadOnlyAccess" => &[
            "rds:Describe*",
            "rds:ListTagsForResource",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeVpcs",
        ],
        "AmazonElastiCacheFullAccess" => &[
            "elasticache:*",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeVpcs",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
        ],
        "AmazonElastiCacheReadOnlyAccess" => &["elasticache:Describe*"],
        "AmazonEKSWorkerNodePolicy" => &[
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVolumes",
            "ec2:DescribeVolumesModifications",
            "ec2:DescribeVpcs",
            "eks:DescribeCluster",
        ],
        "AmazonEKSWorkerNodeMinimalPolicy"
        | "AmazonSSMManagedInstanceCore"
        | "AmazonEC2ContainerRegistryFullAccess"
        | "AmazonEC2ContainerRegistryPowerUser"
        | "AmazonEC2ContainerRegistryPullOnly"
        | "AmazonEC2ContainerRegistryReadOnly"
        | "AmazonS3FullAccess"
        | "AmazonS3ReadOnlyAccess"
        | "CloudWatchAgentServerPolicy"
        | "AWSLambdaBasicExecutionRole" => &[],
        _ => return None,
    };
    Some(allowing(actions))
}

fn allowing(actions: &[&str]) -> Json {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] })
}

fn power_user() -> Json {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*" },
        {
            "Effect": "Allow",
            "Action": ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles"],
            "Resource": "*"
        }
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::aws_managed;

    #[test]
    fn every_document_is_of_a_policy_that_exists_and_speaks_of_services_that_are_here() {
        let of = |name: &str| document(name).unwrap();
        assert_eq!(of("AdministratorAccess")["Statement"][0]["Action"], json!(["*"]));
        let known = aws_managed::ALL.iter().filter_map(|policy| document(policy.name)).count();
        assert!(known >= 20, "{known}");
        assert_eq!(document("NoSuchPolicy"), None);
    }
}
