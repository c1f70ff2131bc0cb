//! The roles of service accounts in the cluster: each bound to one account by `sub` and `aud`, each with the least
//! that its program needs.

use fathuss_model::aws::policy::{Policy, Statement};
use fathuss_model::aws::{
    EksCluster, IamOpenidConnectProvider, IamPolicy, IamRole, IamRolePolicyAttachment, KmsKey, S3Bucket,
};
use fathuss_model::{Handle, IntoArn, Stack, actions};

use crate::environment::Environment;
use crate::names::Names;
use crate::storage::{self, Storage};

/// The roles that the graph or the cluster's applications refer to.
#[derive(Debug)]
pub struct ServiceAccounts {
    /// The volumes' driver.
    pub ebs_csi: Handle<IamRole>,
    /// The one who adds and takes nodes.
    pub cluster_autoscaler: Handle<IamRole>,
    /// The one who writes DNS records.
    pub external_dns: Handle<IamRole>,
    /// The one who makes load balancers.
    pub load_balancer_controller: Handle<IamRole>,
    /// The one who brings secrets into the cluster.
    pub external_secrets: Handle<IamRole>,
    /// The one who keeps logs.
    pub loki: Handle<IamRole>,
    /// The one who grades.
    pub grader_worker: Handle<IamRole>,
    /// That each has its permissions.
    pub permitted: Vec<Handle<IamRolePolicyAttachment>>,
}

/// A role per service account.
pub fn service_accounts(
    stack: &mut Stack,
    env: &Environment,
    (cluster, issuer): (&Handle<EksCluster>, &Handle<IamOpenidConnectProvider>),
    storage: &Storage,
    names: &Names,
) -> ServiceAccounts {
    let mut permitted = Vec::new();
    let mut account = |name: &str, namespace: &str, account: &str, permission: Permission| {
        let trust = Statement::assume_role_by_service_account(issuer, &cluster.oidc_issuer(), namespace, account);
        let role = env.role(stack, Policy::new([trust])).description(format!("{namespace}/{account}"));
        let role = stack.add(name, role);
        permitted.push(match permission {
            Permission::OfAws(policy) => attach(stack, name, &role, IamPolicy::of_aws(policy)),
            Permission::Own(policy) => {
                let policy = stack.add(name, IamPolicy::new(policy));
                attach(stack, name, &role, &policy)
            }
        });
        role
    };
    let ebs_csi = account(
        "ebs_csi",
        "kube-system",
        "ebs-csi-controller-sa",
        Permission::OfAws("service-role/AmazonEBSCSIDriverPolicy"),
    );
    let cluster_autoscaler =
        account("cluster_autoscaler", "kube-system", "cluster-autoscaler", Permission::Own(cluster_autoscaler(env)));
    let external_dns = account("external_dns", "external-dns", "external-dns", Permission::Own(external_dns(names)));
    let load_balancer_controller = account(
        "load_balancer_controller",
        "kube-system",
        "aws-load-balancer-controller",
        Permission::Own(load_balancer_controller(env)),
    );
    let external_secrets =
        account("external_secrets", "external-secrets", "external-secrets", Permission::Own(external_secrets(env)));
    let loki = account("loki", "loki", "loki", Permission::Own(keeps_objects(&storage.loki, &storage.key)));
    let grader_worker = account(
        "grader_worker",
        &env.namespace(),
        "grader-worker",
        Permission::Own(keeps_objects(&storage.grader_cache, &storage.key)),
    );
    ServiceAccounts {
        ebs_csi,
        cluster_autoscaler,
        external_dns,
        load_balancer_controller,
        external_secrets,
        loki,
        grader_worker,
        permitted,
    }
}

/// Where a role's permissions come from.
enum Permission {
    /// A policy that AWS keeps.
    OfAws(&'static str),
    /// One of our own.
    Own(Policy),
}

fn attach(
    stack: &mut Stack,
    name: &str,
    role: &Handle<IamRole>,
    policy: impl IntoArn<IamPolicy>,
) -> Handle<IamRolePolicyAttachment> {
    stack.add(name, IamRolePolicyAttachment::new(role, policy))
}

/// <https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md>
fn cluster_autoscaler(env: &Environment) -> Policy {
    let owned = format!("aws:ResourceTag/k8s.io/cluster-autoscaler/{}", env.cluster_name());
    Policy::new([
        Statement::allow(actions![
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeLaunchConfigurations",
            "autoscaling:DescribeScalingActivities",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:GetInstanceTypesFromInstanceRequirements",
        ])
        .on("*"),
        Statement::allow(actions!["eks:DescribeNodegroup"])
            .on(env.arn("eks", &format!("nodegroup/{}/*", env.cluster_name()))),
        Statement::allow(actions!["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"])
            .on("*")
            .when("StringEquals", owned, ["owned"]),
    ])
}

/// <https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/>
fn external_dns(names: &Names) -> Policy {
    Policy::new([
        Statement::allow(actions!["route53:ChangeResourceRecordSets"]).on(names.zone.arn()),
        Statement::allow(actions![
            "route53:ListHostedZones",
            "route53:ListResourceRecordSets",
            "route53:ListTagsForResources"
        ])
        .on("*"),
    ])
}

/// Reads what is named after the environment, and the password that RDS keeps where it manages one, which it names
/// itself: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html>
fn external_secrets(env: &Environment) -> Policy {
    let read = |secrets: &str| {
        Statement::allow(actions![
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:ListSecretVersionIds",
        ])
        .on(env.arn("secretsmanager", secrets))
    };
    let mut statements = vec![read(&format!("secret:{}/*", env.name()))];
    if !env.keeps_the_password_of_postgres() {
        statements.push(read("secret:rds!db-*"));
    }
    Policy::new(statements)
}

/// Reads, writes and deletes the objects of one bucket, which its key encrypts.
fn keeps_objects(bucket: &Handle<S3Bucket>, key: &Handle<KmsKey>) -> Policy {
    Policy::new([
        Statement::allow(actions!["s3:ListBucket"]).on(bucket.arn()),
        Statement::allow(actions!["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]).on(storage::objects(bucket)),
        Statement::allow(actions!["kms:Decrypt", "kms:GenerateDataKey"]).on(key.arn()),
    ])
}

/// <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/>
///
/// What it makes it tags with the cluster's name, and it changes only what is tagged so.
fn load_balancer_controller(env: &Environment) -> Policy {
    const CLUSTER: &str = "elbv2.k8s.aws/cluster";
    let marked = format!("aws:ResourceTag/{CLUSTER}");
    let marking = format!("aws:RequestTag/{CLUSTER}");
    let groups = env.arn("ec2", "security-group/*");
    let balancers = ["loadbalancer/app/*", "loadbalancer/net/*", "targetgroup/*"];
    let balancers: Vec<String> = balancers.iter().map(|what| env.arn("elasticloadbalancing", what)).collect();
    let on_balancers = |statement: Statement| balancers.iter().fold(statement, Statement::on);
    let listeners = ["listener/app/*", "listener/net/*", "listener-rule/app/*", "listener-rule/net/*"];
    let listeners: Vec<String> = listeners.iter().map(|what| env.arn("elasticloadbalancing", what)).collect();
    let on_listeners = |statement: Statement| listeners.iter().fold(statement, Statement::on);
    Policy::new([
        Statement::allow(actions![
            "acm:DescribeCertificate",
            "acm:ListCertificates",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInstances",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeIpamPools",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVpcs",
            "ec2:GetSecurityGroupsForVpc",
            "elasticloadbalancing:Describe*",
        ])
        .on("*"),
        Statement::allow(actions!["iam:CreateServiceLinkedRole"]).on("*").when(
            "StringEquals",
            "iam:AWSServiceName",
            ["elasticloadbalancing.amazonaws.com"],
        ),
        Statement::allow(actions!["ec2:CreateSecurityGroup"]).on("*"),
        Statement::allow(actions!["ec2:CreateTags"])
            .on(&groups)
            .when("StringEquals", "ec2:CreateAction", ["CreateSecurityGroup"])
            .when("StringEquals", &marking, [env.cluster_name()]),
        // Nodes and pods let the balancers in by a group that EKS made, with the cluster's own tag.
        Statement::allow(actions!["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"])
            .on(&groups)
            .when("StringEquals", "aws:ResourceTag/aws:eks:cluster-name", [env.cluster_name()]),
        Statement::allow(actions![
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateTags",
            "ec2:DeleteSecurityGroup",
            "ec2:DeleteTags",
            "ec2:RevokeSecurityGroupIngress",
        ])
        .on(&groups)
        .when("StringEquals", &marked, [env.cluster_name()]),
        Statement::allow(actions!["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"])
            .on("*")
            .when("StringEquals", &marking, [env.cluster_name()]),
        // Listeners and rules are marked as they are made, and again as they change.
        on_listeners(Statement::allow(actions!["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"])),
        on_balancers(Statement::allow(actions!["elasticloadbalancing:AddTags"]))
            .when("StringEquals", "elasticloadbalancing:CreateAction", ["CreateLoadBalancer", "CreateTargetGroup"])
            .when("StringEquals", &marking, [env.cluster_name()]),
        on_balancers(Statement::allow(actions![
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:ModifyCapacityReservation",
            "elasticloadbalancing:ModifyIpPools",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RegisterTargets",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
        ]))
        .when("StringEquals", &marked, [env.cluster_name()]),
        on_listeners(Statement::allow(actions!["elasticloadbalancing:ModifyListenerAttributes"])).when(
            "StringEquals",
            marked,
            [env.cluster_name()],
        ),
        Statement::allow(actions![
            "elasticloadbalancing:AddListenerCertificates",
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DeleteRule",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:RemoveListenerCertificates",
            "elasticloadbalancing:SetRulePriorities",
        ])
        .on("*"),
    ])
}

#[cfg(test)]
mod tests {
    use crate::inspection::{both, node, nodes, staging, value};

    /// The most characters of a managed policy, and of a trust policy, that IAM takes; white space is not counted.
    const POLICY: usize = 6144;
    const TRUST: usize = 2048;

    #[test]
    fn each_role_is_bound_to_one_account_and_one_audience() {
        let graph = staging();
        let trust = value(node(&graph, "aws_iam_role", "cluster_autoscaler"), "assume_role_policy").unwrap();
        let issuer = "<aws_eks_cluster.main.identity.oidc.issuer>";
        assert_eq!(
            trust.as_str().unwrap(),
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"<aws_iam_openid_connect_provider.cluster.arn>"}},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{"StringEquals":{{"{issuer}:sub":"system:serviceaccount:kube-system:cluster-autoscaler","{issuer}:aud":"sts.amazonaws.com"}}}}}}]}}"#
            )
        );
        let federated = nodes(&graph, "aws_iam_role").into_iter().filter_map(|role| {
            let trust = value(role, "assume_role_policy")?.as_str()?.to_owned();
            trust.contains("AssumeRoleWithWebIdentity").then_some(trust)
        });
        let federated: Vec<String> = federated.collect();
        assert_eq!(federated.len(), 7);
        assert!(federated.iter().all(|trust| trust.contains(":sub\"") && trust.contains(":aud\"")));
    }

    #[test]
    fn documents_are_as_long_as_iam_takes_them() {
        for graph in both() {
            for policy in nodes(&graph, "aws_iam_policy") {
                let length = value(policy, "policy").unwrap().as_str().unwrap().len();
                assert!(length <= POLICY, "{}: {length}", policy.address);
            }
            for role in nodes(&graph, "aws_iam_role") {
                let length = value(role, "assume_role_policy").unwrap().as_str().unwrap().len();
                assert!(length <= TRUST, "{}: {length}", role.address);
            }
        }
    }

    #[test]
    fn no_policy_allows_everything() {
        for graph in both() {
            for policy in nodes(&graph, "aws_iam_policy") {
                let document = value(policy, "policy").unwrap();
                for wide in [r#""Action":"*""#, r#":*""#] {
                    let found = document.as_str().unwrap().match_indices(wide).any(|(at, _)| {
                        // An ARN, or what stands for one here, may end so; an action may not.
                        let before = document.as_str().unwrap()[..at].rsplit('"').next().unwrap_or_default();
                        !["arn:", "<"].iter().any(|start| before.starts_with(start))
                    });
                    assert!(!found, "{} allows {wide}", policy.address);
                }
            }
        }
    }

    #[test]
    fn what_load_balancers_are_changed_with_is_bound_to_the_cluster_s_own() {
        let policy = value(node(&staging(), "aws_iam_policy", "load_balancer_controller"), "policy").unwrap();
        let statements: Vec<&str> = policy.as_str().unwrap().split(r#"{"Effect":"#).collect();
        let marked = r#""StringEquals":{"aws:ResourceTag/elbv2.k8s.aws/cluster":"staging-fathuss"}"#;
        for action in ["ModifyListenerAttributes", "ModifyCapacityReservation", "ModifyIpPools"] {
            let action = format!(r#""elasticloadbalancing:{action}""#);
            let allowing: Vec<_> = statements.iter().filter(|statement| statement.contains(&action)).collect();
            let [statement] = allowing.as_slice() else { panic!("{action}: {allowing:?}") };
            assert!(statement.contains(marked), "{statement}");
        }
        assert!(policy.as_str().unwrap().contains(r#""elasticloadbalancing:SetRulePriorities""#));
    }

    #[test]
    fn secrets_are_read_under_the_environment_s_name_and_where_rds_keeps_them_alone() {
        let graph = staging();
        let policy = value(node(&graph, "aws_iam_policy", "external_secrets"), "policy").unwrap();
        let ours = r#""Resource":"arn:aws:secretsmanager:us-east-1:111122223333:secret:staging/*""#;
        let of_rds = r#""Resource":"arn:aws:secretsmanager:us-east-1:111122223333:secret:rds!db-*""#;
        let policy = policy.as_str().unwrap();
        assert!(policy.contains(ours) && policy.contains(of_rds), "{policy}");
        assert_eq!(policy.matches("arn:aws:secretsmanager").count(), 2, "{policy}");
    }
}
