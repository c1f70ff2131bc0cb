//! Who acts in an account: the roles of CI, which plan and apply its environment, the role of its administrators, and the
//! boundary of all roles that CI makes. It is there before the environment is, and an administrator applies it.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{IamOpenidConnectProvider, IamPolicy, IamRole, IamRolePolicy, IamRolePolicyAttachment};
use fathuss_model::{Arn, Handle, IntoArn, Output, Stack, actions};

/// The repository that CI works for.
const REPOSITORY: &str = "fathuss/fathuss";
/// Who says for GitHub which workflow asks: <https://docs.github.com/en/actions/reference/security/oidc>.
const ISSUER: &str = "token.actions.githubusercontent.com";
/// What the names of all that stands here begin with, and of nothing that an environment makes.
const OWN: &str = "fathuss-";

/// What an account's environment refers to.
#[derive(Debug)]
pub struct Access {
    /// The role that people administer the cluster with.
    pub administrators: Output<Arn<IamRole>>,
    /// The role that CI applies with.
    pub deploy: Output<Arn<IamRole>>,
    /// What roles that CI makes are allowed at most.
    pub boundary: Output<Arn<IamPolicy>>,
}

impl Access {
    /// What the stack of that name makes.
    #[must_use]
    pub const fn of(stack: &'static str) -> Self {
        Self {
            administrators: Output::new(stack, "administrators"),
            deploy: Output::new(stack, "deploy"),
            boundary: Output::new(stack, "boundary"),
        }
    }
}

/// The roles and the boundary of an account. What only plans can change nothing; what applies is bound to the GitHub
/// environment of the same name, to which people approve deployments.
pub fn access(stack: &mut Stack, access: &Access, account: &str, environment: &str) {
    stack.default_tag("Service", "access");
    let boundary = IamPolicy::new(bounds(account)).name(format!("{OWN}boundary"));
    let boundary = stack.add("boundary", boundary.description("What roles that CI makes are allowed at most"));

    let issuer = IamOpenidConnectProvider::new(format!("https://{ISSUER}"), ["sts.amazonaws.com"]);
    let issuer = stack.add("github", issuer);
    let plan = role(stack, "plan", by_workflow(&issuer, "pull_request"), "GitHub Actions: what a change would do");
    attach(stack, "plan", &plan, IamPolicy::of_aws("ReadOnlyAccess"));
    stack.add("plan", IamRolePolicy::new(&plan, reads_no_data(environment)).name("no_data"));
    let deploy = by_workflow(&issuer, &format!("environment:{environment}"));
    let deploy = role(stack, "deploy", deploy, "GitHub Actions: what was approved is done");
    attach(stack, "deploy", &deploy, IamPolicy::of_aws("PowerUserAccess"));
    let roles = IamPolicy::new(keeps_roles(account, environment, &boundary)).name(format!("{OWN}deploy"));
    let roles = stack.add("deploy", roles);
    stack.add(("deploy", "roles"), IamRolePolicyAttachment::new(&deploy, &roles));

    // Who of the account's people may take it, their own policies say; a session of CI has shown no second factor.
    let people = Statement::assume_role(Principal::aws(format!("arn:aws:iam::{account}:root"))).when(
        "Bool",
        "aws:MultiFactorAuthPresent",
        ["true"],
    );
    let people = role(stack, "administrators", Policy::new([people]), "What people administer the cluster with");
    stack.add("administrators", IamRolePolicyAttachment::new(&people, IamPolicy::of_aws("ReadOnlyAccess")));

    stack.output(&access.administrators, people.arn());
    stack.output(&access.deploy, deploy.arn());
    stack.output(&access.boundary, boundary.arn());
}

/// A role with a name that others know.
#[track_caller]
fn role(stack: &mut Stack, name: &str, trust: Policy, description: &str) -> Handle<IamRole> {
    stack.add(name, IamRole::new(trust).name(format!("{OWN}{name}")).description(description))
}

/// Lets workflows of the repository in that run for one purpose.
fn by_workflow(issuer: &Handle<IamOpenidConnectProvider>, subject: &str) -> Policy {
    let trust = Statement::allow(actions!["sts:AssumeRoleWithWebIdentity"])
        .by(Principal::federated(issuer))
        .when("StringEquals", format!("{ISSUER}:aud"), ["sts.amazonaws.com"])
        .when("StringEquals", format!("{ISSUER}:sub"), [format!("repo:{REPOSITORY}:{subject}")]);
    Policy::new([trust])
}

fn attach(stack: &mut Stack, name: &str, role: &Handle<IamRole>, policy: impl IntoArn<IamPolicy>) {
    stack.add(name, IamRolePolicyAttachment::new(role, policy));
}

/// Any pull request may plan, and a plan looks at how things are set up: what is kept in them is no business of it. The
/// state is in a bucket whose name does not begin with the environment's, as all of its own do.
fn reads_no_data(environment: &str) -> Policy {
    Policy::new([
        Statement::deny(actions!["s3:GetObject*"]).on(format!("arn:aws:s3:::{environment}-*/*")),
        Statement::deny(actions![
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PartiQLSelect",
            "dynamodb:Query",
            "dynamodb:Scan",
            "logs:FilterLogEvents",
            "logs:GetLogEvents",
            "logs:GetLogRecord",
            "logs:GetQueryResults",
            "logs:StartLiveTail",
            "logs:StartQuery",
            "sqs:ReceiveMessage",
            "ssm:GetParameter*",
        ])
        .on("*"),
    ])
}

/// The services that the platform's roles are for, and nothing of IAM by which one of them could get beyond that:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>
fn bounds(account: &str) -> Policy {
    Policy::new([
        Statement::allow(actions![
            "acm:DescribeCertificate",
            "acm:ListCertificates",
            "autoscaling:*",
            "backup-storage:*",
            "backup:*",
            "ec2:*",
            "ec2messages:*",
            "ecr:*",
            "eks-auth:AssumeRoleForPodIdentity",
            "eks:Describe*",
            "elasticloadbalancing:*",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
            "logs:*",
            "route53:ChangeResourceRecordSets",
            "route53:List*",
            "s3:*",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:ListSecretVersionIds",
            "ssm:*",
            "ssmmessages:*",
            "tag:GetResources",
        ])
        .on("*"),
        Statement::allow(actions!["iam:CreateServiceLinkedRole"])
            .on(format!("arn:aws:iam::{account}:role/aws-service-role/*")),
    ])
}

/// What an environment makes in IAM, which power users may not touch. By their names, what it makes is told from what
/// stands here; each role that it makes, or gives a policy to, is within the boundary:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate>
fn keeps_roles(account: &str, environment: &str, boundary: &Handle<IamPolicy>) -> Policy {
    let named = |kind: &str, name: &str| format!("arn:aws:iam::{account}:{kind}/{name}*");
    let of_environment = |kind: &str| named(kind, &format!("{environment}-"));
    Policy::new([
        Statement::allow(actions![
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
        ])
        .sid("WithinTheBoundary")
        .on(of_environment("role"))
        .when("StringEquals", "iam:PermissionsBoundary", [boundary.arn()]),
        Statement::allow(actions![
            "iam:DeleteRole",
            "iam:PassRole",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ])
        .on(of_environment("role")),
        Statement::allow(actions![
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ])
        .on(of_environment("policy")),
        Statement::allow(actions![
            "iam:AddRoleToInstanceProfile",
            "iam:CreateInstanceProfile",
            "iam:DeleteInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:UntagInstanceProfile",
        ])
        .on(of_environment("instance-profile")),
        // The clusters' own, and not the one by which CI itself comes in.
        Statement::allow(actions![
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:DeleteOpenIDConnectProvider",
            "iam:RemoveClientIDFromOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UntagOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint",
        ])
        .on(named("oidc-provider", "oidc.eks.")),
        Statement::allow(actions!["iam:Get*", "iam:List*"]).on("*"),
        // Power users may take every role that trusts the account, those of other accounts among them; and where an
        // organization is managed from here, they reach its accounts by its means.
        Statement::deny(actions![
            "cloudformation:CreateStackInstances",
            "cloudformation:CreateStackSet",
            "cloudformation:UpdateStackInstances",
            "cloudformation:UpdateStackSet",
            "sso:*",
            "sts:AssumeRole",
            "sts:AssumeRoot",
        ])
        .sid("TakesNoOtherRole")
        .on("*"),
        // Whatever else it is allowed one day: a boundary stays, and what stands here stays as it is.
        Statement::deny(actions!["iam:DeleteRolePermissionsBoundary"]).sid("BoundariesStay").on(named("role", "")),
        Statement::deny(actions![
            "iam:Attach*",
            "iam:Create*",
            "iam:Delete*",
            "iam:Detach*",
            "iam:PassRole",
            "iam:Put*",
            "iam:Set*",
            "iam:Update*",
        ])
        .sid("NotItself")
        .on(named("policy", OWN))
        .on(named("role", OWN)),
    ])
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph::Graph;
    use fathuss_model::graph_of;

    use crate::inspection::{literal, node, nodes, refers_to, value};
    use crate::{account, staging_account};

    /// Each account's stack, with the number of the account and the environment that it is for.
    fn accounts() -> [(Graph, &'static str, &'static str); 2] {
        let graph = |name: &str, stack: fn(&mut fathuss_model::Stack) -> fathuss_model::Result<()>| {
            graph_of(name, stack).unwrap_or_else(|findings| panic!("{findings:#?}"))
        };
        [
            (graph("account", account::account), "444455556666", "production"),
            (graph("staging-account", staging_account::staging_account), "111122223333", "staging"),
        ]
    }

    #[test]
    fn what_plans_may_read_alone_and_each_role_of_ci_is_bound_to_one_subject() {
        for (graph, _, environment) in accounts() {
            let plan = node(&graph, "aws_iam_role_policy_attachment", "plan");
            assert_eq!(literal(plan, "policy_arn"), Some("arn:aws:iam::aws:policy/ReadOnlyAccess".into()));
            let denied = value(node(&graph, "aws_iam_role_policy", "plan"), "policy").unwrap();
            let denied = denied.as_str().unwrap();
            assert!(!denied.contains("Allow"), "{denied}");
            let objects =
                format!(r#"{{"Effect":"Deny","Action":"s3:GetObject*","Resource":"arn:aws:s3:::{environment}-*/*"}}"#);
            assert!(denied.contains(&objects) && denied.contains(r#""logs:GetLogEvents""#), "{denied}");
            let subjects = [("plan", "pull_request".to_owned()), ("deploy", format!("environment:{environment}"))];
            for (name, subject) in subjects {
                let trust = value(node(&graph, "aws_iam_role", name), "assume_role_policy").unwrap();
                let trust = trust.as_str().unwrap();
                let claim =
                    |name: &str, value: &str| format!(r#""token.actions.githubusercontent.com:{name}":"{value}""#);
                assert!(trust.contains(&claim("sub", &format!("repo:fathuss/fathuss:{subject}"))), "{trust}");
                assert!(trust.contains(&claim("aud", "sts.amazonaws.com")), "{trust}");
                assert!(!trust.contains('*'), "{trust}");
            }
        }
    }

    #[test]
    fn people_administer_with_a_second_factor_alone() {
        for (graph, account, _) in accounts() {
            let trust = value(node(&graph, "aws_iam_role", "administrators"), "assume_role_policy").unwrap();
            let expected = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"sts:AssumeRole","Condition":{{"Bool":{{"aws:MultiFactorAuthPresent":"true"}}}}}}]}}"#
            );
            assert_eq!(trust.as_str(), Some(expected.as_str()));
        }
    }

    #[test]
    fn ci_makes_roles_of_its_environment_within_the_boundary_alone() {
        for (graph, account, environment) in accounts() {
            let deploy = node(&graph, "aws_iam_policy", "deploy");
            assert_eq!(refers_to(deploy, "policy"), ["aws_iam_policy.boundary"]);
            let policy = value(deploy, "policy").unwrap();
            let policy = policy.as_str().unwrap();
            let within = format!(
                r#""Resource":"arn:aws:iam::{account}:role/{environment}-*","Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"<aws_iam_policy.boundary.arn>"}}}}"#
            );
            let statement = policy.split(r#"{"Sid":"#).find(|statement| statement.contains("iam:CreateRole")).unwrap();
            assert!(statement.contains(&within), "{statement}");
            for gives in ["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"] {
                assert!(statement.contains(gives), "{gives}");
                assert_eq!(policy.matches(&format!(r#""{gives}""#)).count(), 1, "{gives} is nowhere else");
            }
            let stays = format!(
                r#""Effect":"Deny","Action":"iam:DeleteRolePermissionsBoundary","Resource":"arn:aws:iam::{account}:role/*""#
            );
            assert!(policy.contains(&stays), "{policy}");
            let itself = format!(
                r#""Resource":["arn:aws:iam::{account}:policy/fathuss-*","arn:aws:iam::{account}:role/fathuss-*"]"#
            );
            assert!(policy.split(r#""Sid":"NotItself""#).nth(1).unwrap().contains(&itself), "{policy}");
        }
    }

    #[test]
    fn the_boundary_lets_nobody_change_who_may_do_what() {
        for (graph, ..) in accounts() {
            let policy = value(node(&graph, "aws_iam_policy", "boundary"), "policy").unwrap();
            let policy = policy.as_str().unwrap();
            let of_iam: Vec<&str> = policy.split('"').filter(|text| text.starts_with("iam:")).collect();
            assert_eq!(of_iam, ["iam:CreateServiceLinkedRole"]);
            for service in ["sts:", "organizations:", "lambda:", r#""*","#] {
                assert!(!policy.contains(service), "{service} in {policy}");
            }
        }
    }

    #[test]
    fn all_here_is_named_apart_from_what_environments_make() {
        for (graph, ..) in accounts() {
            for kind in ["aws_iam_role", "aws_iam_policy"] {
                for node in nodes(&graph, kind) {
                    let name = literal(node, "name").unwrap();
                    assert!(name.as_str().unwrap().starts_with("fathuss-"), "{}", node.address);
                }
            }
        }
    }

    #[test]
    fn documents_are_as_long_as_iam_takes_them() {
        for (graph, ..) in accounts() {
            for policy in nodes(&graph, "aws_iam_policy") {
                assert!(value(policy, "policy").unwrap().as_str().unwrap().len() <= 6144, "{}", policy.address);
            }
        }
    }
}
