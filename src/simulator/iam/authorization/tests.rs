//! What sessions of roles may do, over the whole way of a request.

use bytes::Bytes;

use crate::client::{Answer, Client};
use crate::signature::tests::sign;
use crate::{Config, Simulator};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;

/// A world that enforces policies, and the keys of a session of a role with these statements.
struct Session {
    admin: Client,
    key: String,
    secret: String,
    token: String,
}

impl Session {
    async fn of(statements: &str) -> Session {
        let admin = Client::of(Simulator::open(Config { enforce_iam: true, ..Config::calm(7) }).unwrap());
        let role = [("RoleName", "builder"), ("AssumeRolePolicyDocument", TRUST)];
        let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "blue")];
        let arn = admin.iam("CreateRole", &[&role[..], &tags[..]].concat()).await.one("Arn");
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let policy = [("RoleName", "builder"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
        admin.iam("PutRolePolicy", &policy).await;
        let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
        let keys = admin.query("sts", "2011-06-15", "AssumeRole", &asked).await;
        let [key, secret, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| keys.one(name));
        Session { admin, key, secret, token }
    }

    async fn send(&self, service: &str, mut request: http::Request<Bytes>) -> Answer {
        request.headers_mut().remove("authorization");
        request.headers_mut().insert("x-amz-security-token", self.token.parse().unwrap());
        let now = self.admin.simulator.now();
        sign(&mut request, &self.key, &self.secret, "us-east-1", service, now);
        self.admin.send(request).await.unwrap()
    }

    async fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.send("ec2", self.admin.query_request("ec2", "2016-11-15", action, parameters)).await
    }

    async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.send("iam", self.admin.query_request("iam", "2010-05-08", action, parameters)).await
    }
}

const ME: &str = "arn:aws:sts::000000000000:assumed-role/builder/session";

#[tokio::test(start_paused = true)]
async fn a_session_that_was_given_a_policy_stays_within_it() {
    let mut session = Session::of(r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#).await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeVpcs","iam:*"],"Resource":"*"}]}"#;
    let arn = "arn:aws:iam::000000000000:role/builder";
    let asked = [("RoleArn", arn), ("RoleSessionName", "session"), ("Policy", policy)];
    let keys = session.admin.query("sts", "2011-06-15", "AssumeRole", &asked).await;
    [session.key, session.secret, session.token] =
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| keys.one(name));
    assert_eq!(session.ec2("DescribeVpcs", &[]).await.status, 200);
    let refused = session.ec2("DescribeSubnets", &[]).await;
    let why = "because no session policy allows the ec2:DescribeSubnets action";
    assert!(refused.code == "UnauthorizedOperation" && refused.message.ends_with(why), "{}", refused.message);
    // It gives nothing that the role does not.
    assert_eq!(session.iam("ListRoles", &[]).await.code, "AccessDenied");
}

#[tokio::test(start_paused = true)]
async fn a_session_may_do_what_its_role_allows_and_is_refused_the_rest_in_each_services_words() {
    let session =
        Session::of(r#"{"Effect":"Allow","Action":["ec2:DescribeVpcs","ec2:CreateVpc"],"Resource":"*"}"#).await;
    assert_eq!(session.ec2("DescribeVpcs", &[]).await.status, 200);
    assert_eq!(session.ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).await.status, 200);
    let refused = session.ec2("DescribeSubnets", &[]).await;
    assert_eq!((refused.status, refused.code.as_str()), (403, "UnauthorizedOperation"));
    let message = format!(
        "You are not authorized to perform this operation. User: {ME} is not authorized to perform: \
         ec2:DescribeSubnets because no identity-based policy allows the ec2:DescribeSubnets action"
    );
    assert_eq!(refused.message, message);
    let refused = session.iam("GetRole", &[("RoleName", "builder")]).await;
    assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDenied"));
    let message = format!(
        "User: {ME} is not authorized to perform: iam:GetRole on resource: arn:aws:iam::000000000000:role/builder \
         because no identity-based policy allows the iam:GetRole action"
    );
    assert_eq!(refused.message, message);
    let request = session.admin.query_request("rds", "2014-10-31", "DescribeDBInstances", &[]);
    let refused = session.send("rds", request).await;
    assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDenied"));
    assert!(refused.message.contains("rds:DescribeDBInstances on resource: arn:aws:rds:us-east-1:000000000000:db:*"));
    for (service, target, operation) in [
        ("kms", "TrentService", "ListKeys"),
        ("secretsmanager", "secretsmanager", "ListSecrets"),
        ("logs", "Logs_20140328", "DescribeLogGroups"),
    ] {
        let request = session.admin.json_request(service, target, operation, &serde_json::json!({}));
        let refused = session.send(service, request).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "AccessDeniedException"), "{service}");
    }
    for (service, version, operation, code) in [
        ("sns", "2010-03-31", "ListTopics", "AuthorizationError"),
        ("monitoring", "2010-08-01", "DescribeAlarms", "AccessDenied"),
    ] {
        let refused = session.send(service, session.admin.query_request(service, version, operation, &[])).await;
        assert_eq!((refused.status, refused.code.as_str()), (403, code), "{service}");
    }
    assert_eq!(session.admin.ec2("DescribeSubnets", &[]).await.status, 200, "an administrator may do everything");
}

#[tokio::test(start_paused = true)]
async fn tags_on_creation_need_a_permission_of_their_own_and_can_be_asked_for() {
    let session = Session::of(
        r#"{"Effect":"Allow","Action":"ec2:CreateVpc","Resource":"*"},
           {"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{
               "StringEquals":{"ec2:CreateAction":"CreateVpc","aws:RequestTag/team":"${aws:PrincipalTag/team}"}}},
           {"Effect":"Allow","Action":"ec2:DeleteVpc","Resource":"*","Condition":{
               "StringEquals":{"aws:ResourceTag/team":"blue"}}}"#,
    )
    .await;
    let tagged = |value| {
        [
            ("CidrBlock", "10.0.0.0/16"),
            ("TagSpecification.1.ResourceType", "vpc"),
            ("TagSpecification.1.Tag.1.Key", "team"),
            ("TagSpecification.1.Tag.1.Value", value),
        ]
    };
    let refused = session.ec2("CreateVpc", &tagged("red")).await;
    assert_eq!(refused.code, "UnauthorizedOperation");
    assert!(refused.message.contains("ec2:CreateTags on resource: arn:aws:ec2:us-east-1:000000000000:vpc/*"));
    let vpcs = session.admin.ec2("DescribeVpcs", &[]).await.all("vpcId");
    assert_eq!(vpcs.len(), 1, "what is refused makes nothing");
    let ours = session.ec2("CreateVpc", &tagged("blue")).await.one("vpcId");
    let plain = session.ec2("CreateVpc", &[("CidrBlock", "10.1.0.0/16")]).await.one("vpcId");
    assert_eq!(session.ec2("DeleteVpc", &[("VpcId", &plain)]).await.code, "UnauthorizedOperation");
    assert_eq!(session.ec2("DeleteVpc", &[("VpcId", &ours)]).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_role_is_passed_only_by_whom_may_and_a_boundary_bounds() {
    let session = Session::of(
        r#"{"Effect":"Allow","Action":["iam:*InstanceProfile*"],"Resource":"*"},
           {"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}"#,
    )
    .await;
    assert_eq!(session.iam("CreateInstanceProfile", &[("InstanceProfileName", "p")]).await.status, 200);
    let add = [("InstanceProfileName", "p"), ("RoleName", "builder")];
    let refused = session.iam("AddRoleToInstanceProfile", &add).await;
    assert!(refused.message.contains("iam:PassRole on resource: arn:aws:iam::000000000000:role/builder"));
    assert_eq!(session.iam("GetRole", &[("RoleName", "builder")]).await.status, 200);
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}"#;
    let made = session.admin.iam("CreatePolicy", &[("PolicyName", "b"), ("PolicyDocument", document)]).await;
    let bound = [("RoleName", "builder"), ("PermissionsBoundary", &made.one("Arn"))];
    session.admin.iam("PutRolePermissionsBoundary", &bound).await;
    let refused = session.iam("GetRole", &[("RoleName", "builder")]).await;
    assert!(
        refused.message.ends_with("because no permissions boundary allows the iam:GetRole action"),
        "{}",
        refused.message
    );
}

#[tokio::test(start_paused = true)]
async fn a_launch_templates_role_is_passed_by_whom_launches_by_it() {
    let session = Session::of(r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#).await;
    let role = session.admin.role("node", "ec2.amazonaws.com").await;
    session.admin.iam("CreateInstanceProfile", &[("InstanceProfileName", "nodes")]).await;
    session.admin.iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "nodes"), ("RoleName", "node")]).await;
    let plain = [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
    let image = session.admin.ec2("DescribeImages", &plain).await.one("imageId");
    let create = [
        ("LaunchTemplateName", "nodes"),
        ("LaunchTemplateData.ImageId", image.as_str()),
        ("LaunchTemplateData.InstanceType", "t3.large"),
        ("LaunchTemplateData.IamInstanceProfile.Name", "nodes"),
    ];
    session.admin.ec2("CreateLaunchTemplate", &create).await;
    let run = [("LaunchTemplate.LaunchTemplateName", "nodes"), ("MinCount", "1"), ("MaxCount", "1")];
    let refused = session.ec2("RunInstances", &run).await;
    assert_eq!(refused.code, "UnauthorizedOperation", "{}", refused.text);
    assert!(refused.message.contains(&format!("iam:PassRole on resource: {role}")), "{}", refused.message);
    assert_eq!(session.admin.ec2("RunInstances", &run).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_asked_for_by_its_arn_whatever_a_request_calls_it_and_an_alias_with_its_key() {
    let session = Session::of(
        r#"{"Effect":"Allow","Action":["kms:CreateKey","kms:ListKeys"],"Resource":"*"},
           {"Effect":"Allow","Action":"kms:TagResource","Resource":"*","Condition":{
               "StringEquals":{"aws:RequestTag/team":"blue"}}},
           {"Effect":"Allow","Action":["kms:DescribeKey","kms:DisableKey","kms:CreateAlias"],
               "Resource":"arn:aws:kms:us-east-1:000000000000:key/*","Condition":{
               "StringEquals":{"aws:ResourceTag/team":"blue"}}},
           {"Effect":"Allow","Action":"kms:CreateAlias",
               "Resource":"arn:aws:kms:us-east-1:000000000000:alias/blue/*"}"#,
    )
    .await;
    let ask = async |operation: &str, body: serde_json::Value| {
        session.send("kms", session.admin.json_request("kms", "TrentService", operation, &body)).await
    };
    let tagged = |team| serde_json::json!({"Tags": [{"TagKey": "team", "TagValue": team}]});
    let refused = ask("CreateKey", tagged("red")).await;
    assert_eq!((refused.status, refused.code.as_str()), (400, "AccessDeniedException"), "{}", refused.text);
    assert!(refused.message.contains("kms:TagResource on resource: arn:aws:kms:us-east-1:000000000000:key/*"));
    let id = |answer: &Answer| answer.json()["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    let (blue, plain) =
        (id(&ask("CreateKey", tagged("blue")).await), id(&ask("CreateKey", serde_json::json!({})).await));
    let refused = ask("DescribeKey", serde_json::json!({"KeyId": plain})).await;
    let message = format!(
        "User: {ME} is not authorized to perform: kms:DescribeKey on resource: \
         arn:aws:kms:us-east-1:000000000000:key/{plain} because no identity-based policy allows the \
         kms:DescribeKey action"
    );
    assert_eq!(refused.message, message);
    let alias = |name: &str, key: &str| serde_json::json!({"AliasName": name, "TargetKeyId": key});
    assert_eq!(ask("CreateAlias", alias("alias/red/a", &blue)).await.code, "AccessDeniedException");
    assert_eq!(ask("CreateAlias", alias("alias/blue/a", &plain)).await.code, "AccessDeniedException");
    assert_eq!(ask("CreateAlias", alias("alias/blue/a", &blue)).await.status, 200);
    assert_eq!(ask("DescribeKey", serde_json::json!({"KeyId": "alias/blue/a"})).await.status, 200);
    let by_arn = format!("arn:aws:kms:us-east-1:000000000000:key/{blue}");
    assert_eq!(ask("DisableKey", serde_json::json!({"KeyId": by_arn})).await.status, 200);
    assert_eq!(ask("ListKeys", serde_json::json!({})).await.status, 200);
    assert_eq!(ask("ListAliases", serde_json::json!({})).await.code, "AccessDeniedException");
}

#[tokio::test(start_paused = true)]
async fn an_explicit_deny_wins_over_a_managed_policy_and_what_is_not_known_is_said() {
    let session = Session::of(r#"{"Effect":"Deny","Action":"ec2:DeleteVpc","Resource":"*"}"#).await;
    let attach = async |name: &str| {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        session.admin.iam("AttachRolePolicy", &[("RoleName", "builder"), ("PolicyArn", &arn)]).await;
    };
    attach("SecurityAudit").await;
    assert_eq!(session.ec2("DescribeVpcs", &[]).await.code, "NotSimulated");
    attach("AdministratorAccess").await;
    let vpc = session.ec2("DescribeVpcs", &[]).await.one("vpcId");
    let refused = session.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
    let message = format!(
        "You are not authorized to perform this operation. User: {ME} is not authorized to perform: ec2:DeleteVpc \
         on resource: arn:aws:ec2:us-east-1:000000000000:vpc/{vpc} with an explicit deny in an identity-based policy. \
         Encoded authorization failure message: "
    );
    assert!(refused.message.starts_with(&message), "{}", refused.message);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_trusts_the_account_is_assumed_by_whom_a_policy_allows_it() {
    let session = Session::of(r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#).await;
    let account = [("RoleName", "open"), ("AssumeRolePolicyDocument", TRUST)];
    let open = session.admin.iam("CreateRole", &account).await.one("Arn");
    let named = TRUST.replace("\"000000000000\"", "\"arn:aws:iam::000000000000:role/builder\"");
    let by_name = [("RoleName", "named"), ("AssumeRolePolicyDocument", named.as_str())];
    let named = session.admin.iam("CreateRole", &by_name).await.one("Arn");
    let assume = async |arn: &str| {
        let parameters = [("RoleArn", arn), ("RoleSessionName", "next")];
        session.send("sts", session.admin.query_request("sts", "2011-06-15", "AssumeRole", &parameters)).await
    };
    assert_eq!(assume(&open).await.code, "AccessDenied");
    assert_eq!(assume(&named).await.status, 200);
}

#[test]
fn zones_and_changes_are_named_by_their_arns_and_lists_are_of_all() {
    use crate::record;
    let asked = |operation: &str, input: crate::Value| {
        let asks = super::route53::asks(operation, &input);
        asks.into_iter().map(|ask| format!("{} {}", ask.action, ask.resource)).collect::<Vec<_>>()
    };
    let get = asked("GetHostedZone", record! { "Id" => "/hostedzone/Z1" });
    assert_eq!(get, ["route53:GetHostedZone arn:aws:route53:::hostedzone/Z1"]);
    let change = asked("GetChange", record! { "Id" => "C1" });
    assert_eq!(change, ["route53:GetChange arn:aws:route53:::change/C1"]);
    let tags = record! { "ResourceType" => "hostedzone", "ResourceIds" => vec!["Z1", "Z2"] };
    assert_eq!(asked("ListTagsForResources", tags).len(), 2);
    let listed = asked("ListHostedZonesByName", record! { "DNSName" => "a.test", "HostedZoneId" => "Z1" });
    assert_eq!(listed, ["route53:ListHostedZonesByName *"]);
    let made = asked("CreateHostedZone", record! { "VPC" => record! { "VPCId" => "vpc-1" } });
    assert_eq!(made, ["route53:CreateHostedZone *", "ec2:DescribeVpcs *"]);
}

/// Of the members by which requests ask for more than one thing, those that an operation has.
fn everything(model: &crate::model::Model, operation: &str, version: bool) -> crate::Value {
    let members = &model.input(&model.operations[operation]).members;
    let mut input = all(version);
    if let crate::Value::Record(given) = &mut input {
        given.retain(|name, _| members.contains_key(name));
    }
    input
}

fn all(version: bool) -> crate::Value {
    use crate::record;
    let tags = || vec![record! { "Key" => "team", "Value" => "blue" }];
    let mut input = record! {
        "Bucket" => "bucket",
        "Key" => "key",
        "CopySource" => "bucket/key",
        "ACL" => "private",
        "ObjectOwnership" => "BucketOwnerEnforced",
        "Tagging" => "team=blue",
        "CreateBucketConfiguration" => record! { "Tags" => tags() },
        "Tags" => tags(),
        "tags" => record! { "team" => "blue" },
        "BackupVaultTags" => record! { "team" => "blue" },
        "BackupPlanTags" => record! { "team" => "blue" },
        "ResourceTags" => tags(),
        "TagSpecifications" => vec![record! { "ResourceType" => "vpc", "Tags" => tags() }],
        "VPC" => record! { "VPCId" => "vpc-1" },
        "clusterName" => "cluster",
        "DBInstanceIdentifier" => "db",
        "LoadBalancerName" => "door",
        "LoadBalancerNames" => vec!["door".to_owned()],
    };
    input.set("VersionId", Some("v").filter(|_| version));
    input
}

#[test]
fn every_operation_asks_for_actions_that_iam_has() {
    use crate::world::{Principal, Scope, Tx};
    let client = Client::calm();
    let mut core = client.simulator.lock();
    let account = "000000000000".to_owned();
    let scope = Scope { account: account.clone(), region: "us-east-1".to_owned() };
    let arn = "arn:aws:iam::000000000000:user/administrator".to_owned();
    let principal = Principal { account, arn, user_id: "AIDA".to_owned(), access_key: "test".to_owned() };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut tx = Tx::begin(&mut core.state, scope, now, principal, "test", false);
    let bucket = serde_json::json!({
        "name": "bucket", "account": "000000000000", "region": "us-east-1", "created": now, "tags": [],
        "versioning": null, "public_access_block": null, "policy": null, "ownership": "BucketOwnerEnforced",
        "lifecycle": null, "replication": null,
        "encryption": { "algorithm": "AES256", "key": null, "bucket_key": false, "blocked": [] },
    });
    tx.put(serde_json::from_value::<crate::s3::bucket::Bucket>(bucket).unwrap());
    let mut seen = std::collections::BTreeSet::new();
    for service in crate::SERVICES {
        for (operation, _) in service.operations.iter().copied().flatten() {
            let given = |version| everything((service.model)(), operation, version);
            for input in [crate::Value::Absent, given(false), given(true)] {
                for ask in super::asks(&tx, service.name, operation, &input).unwrap() {
                    let known = fathuss_model::aws::policy::exists(&ask.action);
                    assert!(known, "{} {operation}: IAM has no {}", service.name, ask.action);
                    seen.insert(ask.action);
                }
            }
        }
    }
    assert!(seen.contains("s3:GetObjectVersionAttributes") && seen.len() > 400, "{}", seen.len());
}
