//! Policies that AWS does not take: each is refused while the stack program runs, at the line that declared it.

mod refusing;

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::*;
use fathuss_model::{
    Arn, Document, Id, IntoValue, Ipv4Net, Json, Name, Stack, Value, actions, document, graph_of, json, template,
};
use refusing::{accepted, refused};

/// A policy of these statements, written without types.
fn of(statements: Document) -> Value<Json> {
    json(document!({ "Version": "2012-10-17", "Statement": statements }))
}

fn refused_in_identity(message: &str, policy: Value<Json>) {
    let again = policy.clone();
    refused(message, |stack| {
        stack.add("some", IamPolicy::new(policy));
        line!() - 1
    });
    refused(message, |stack| {
        stack.add("some", IamRolePolicy::new(Name::<IamRole>::existing("some"), again));
        line!() - 1
    });
}

fn accepted_in_identity(policy: Value<Json>) {
    accepted(|stack| {
        stack.add("some", IamPolicy::new(policy.clone()));
        stack.add("some", IamRolePolicy::new(Name::<IamRole>::existing("some"), policy));
    });
}

fn refused_in_trust(message: &str, policy: Value<Json>) {
    refused(message, |stack| {
        stack.add("some", IamRole::new(policy));
        line!() - 1
    });
}

fn accepted_in_trust(policy: Value<Json>) {
    accepted(|stack| {
        stack.add("some", IamRole::new(policy));
    });
}

fn reads() -> Statement {
    Statement::allow(actions!["s3:GetObject"])
}

fn typed(statement: Statement) -> Value<Json> {
    Policy::new([statement]).into_value()
}

#[test]
fn what_is_no_policy() {
    refused_in_identity("a policy has one statement at least", of(document!([])));
    refused_in_identity("a policy has one statement at least", json(document!({ "Version": "2012-10-17" })));
    refused_in_identity("a policy is an object", json(document!(["s3:GetObject"])));
    refused_in_identity("statement 1 is no object", of(document!(["s3:GetObject"])));
    refused_in_identity(
        "but no `Statements`",
        json(document!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
            "Statements": [],
        })),
    );
    refused_in_identity(
        "`Version` is \"2012-10-17\"",
        json(document!({
            "Version": "2024-01-01",
            "Statement": { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        })),
    );
}

#[test]
fn a_policy_of_its_own_has_its_version() {
    let old = || json(document!({ "Statement": { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" } }));
    refused("`Version` is \"2012-10-17\"", |stack| {
        stack.add("some", IamPolicy::new(old()));
        line!() - 1
    });
    accepted(|stack| {
        stack.add("some", IamRolePolicy::new(Name::<IamRole>::existing("some"), old()));
    });
}

#[test]
fn statements_that_do_nothing_known() {
    refused_in_identity(
        "statement 1 has the `Effect` \"Permit\"; it is Allow or Deny",
        of(document!([{ "Effect": "Permit", "Action": "s3:GetObject", "Resource": "*" }])),
    );
    refused_in_identity("has no `Effect`", of(document!([{ "Action": "s3:GetObject", "Resource": "*" }])));
    refused_in_identity("has no `Action`", of(document!([{ "Effect": "Allow", "Resource": "*" }])));
    refused_in_identity("has no `Action`", typed(Statement::allow([]).on("*")));
    refused_in_identity(
        "`Action` and `NotAction`: it is one or the other",
        of(document!([{ "Effect": "Allow", "Action": "s3:*", "NotAction": "s3:GetObject", "Resource": "*" }])),
    );
    refused_in_identity(
        "has `Resources`, which no statement has",
        of(document!([{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Resources": "*" }])),
    );
    accepted_in_identity(of(document!([{ "Effect": "Deny", "NotAction": ["s3:*", "kms:Decrypt"], "Resource": "*" }])));
}

#[test]
fn statements_by_name() {
    refused_in_identity("has a `Sid` with other than letters and digits", typed(reads().on("*").sid("reads objects")));
    let twice = Policy::new([reads().on("*").sid("Reads"), reads().on("*").sid("Reads")]);
    refused_in_identity("has the `Sid` of another statement", twice.into_value());
    refused_in_trust(
        "has a `Sid` with other than letters and digits",
        typed(Statement::assume_role(Principal::service("ec2.amazonaws.com")).sid("by-ec2")),
    );
    accepted(|stack| {
        let reads = reads().by(Principal::aws("*")).on("arn:aws:s3:::logs/*");
        let policy = Policy::new([reads.clone().sid("reads objects"), reads.sid("reads objects")]);
        stack.add("some", S3BucketPolicy::new(Id::<S3Bucket>::existing("logs"), policy));
    });
}

#[test]
fn conditions_that_compare_nothing() {
    for operator in ["StringEqual", "ForSomeValues:StringEquals", "StringLikeIfExist"] {
        refused_in_identity(
            "which no condition has",
            typed(reads().on("*").when(operator, "aws:PrincipalOrgID", ["o-1"])),
        );
    }
    for operator in ["StringEquals", "ForAnyValue:StringLikeIfExists", "ForAllValues:ArnNotLike", "Null", "stringlike"]
    {
        accepted_in_identity(typed(reads().on("*").when(operator, "aws:PrincipalOrgID", ["o-1"])));
    }
    refused_in_identity(
        "without a key to look at",
        of(document!([
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": { "Bool": "true" } }
        ])),
    );
}

#[test]
fn what_an_identity_may_do_and_on_what() {
    refused_in_identity("statement 1 has no `Resource`", typed(reads()));
    refused_in_identity("has `Principal`; a policy of an identity", typed(reads().by(Principal::aws("*")).on("*")));
    refused_in_identity("which is neither `*` nor an ARN", typed(reads().on("logs/*")));
    refused_in_identity("which is no whole ARN", typed(reads().on("arn:aws:s3:::logs").on("arn:aws:s3:logs")));
    refused_in_identity("whose partition is none", typed(reads().on("arn:asw:s3:::logs")));
    refused_in_identity("whose service is a pattern", typed(reads().on("arn:aws:s3*:::logs")));
    refused_in_identity("which has a region", typed(reads().on("arn:aws:iam:us-east-1:111122223333:role/some")));
    for resource in ["arn:aws:s3:*", "arn:aws:s3:::${aws:username}/*", "arn:aws-cn:s3:::logs", "arn:*:s3:::*", "*"] {
        accepted_in_identity(typed(reads().on(resource)));
    }
    accepted(|stack| {
        let bucket = stack.add("some", S3Bucket::new());
        let objects = template([bucket.arn().into_value(), "/*".into_value()]);
        stack.add("some", IamPolicy::new(Policy::new([reads().on(bucket.arn()).on(objects)])));
    });
}

#[test]
fn actions_without_a_service() {
    let bare = document!([{ "Effect": "Allow", "Action": ["s3:PutObject", "GetObject"], "Resource": "*" }]);
    refused_in_identity("which names no service", of(bare));
    // One that is newer than the table of actions is written so.
    for action in ["s3:GetObjectOfTomorrow", "S3:getobject", "s3:*Object", "s3:Get?bject", "s3:*"] {
        accepted_in_identity(of(document!([{ "Effect": "Allow", "Action": action, "Resource": "*" }])));
    }
}

#[test]
fn everything_without_a_reason() {
    let everything = "Statement::allow_everything(\"...\") says why";
    refused_in_identity(everything, of(document!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }])));
    refused_in_identity(everything, of(document!({ "Effect": "Allow", "Action": ["*"], "Resource": ["*"] })));
    accepted_in_identity(typed(Statement::allow_everything("the account's own administrators")));
    let graph = graph_of("test", |stack| {
        stack.place("us-east-1", "111122223333");
        stack.add("some", IamPolicy::new(Policy::new([Statement::allow_everything("for administrators")])));
        Ok(())
    });
    assert!(format!("{graph:?}").contains("for administrators"));
    accepted_in_identity(of(document!({ "Effect": "Deny", "Action": "*", "Resource": "*" })));
    accepted_in_identity(of(document!({ "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::logs" })));
}

#[test]
fn who_may_take_a_role() {
    let ec2 = || Principal::service("ec2.amazonaws.com");
    refused_in_trust("statement 1 has no `Principal`", typed(Statement::allow(actions!["sts:AssumeRole"])));
    refused_in_trust("a trust policy speaks of its role alone", typed(Statement::assume_role(ec2()).on("*")));
    refused_in_trust("a trust policy takes STS's alone", typed(reads().by(ec2())));
    refused_in_trust(
        "neither `*` nor an object",
        of(document!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "ec2.amazonaws.com" }])),
    );
    refused_in_trust(
        "has no `Principal`",
        of(document!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {} }])),
    );
    refused_in_trust(
        "of the kind `Services`",
        of(document!([
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Services": "ec2.amazonaws.com" } }
        ])),
    );
    accepted_in_trust(typed(Statement::allow(actions!["sts:AssumeRole", "sts:TagSession", "sts:Set*"]).by(ec2())));
    accepted_in_trust(typed(Statement::allow(actions!["sts:*"]).by(ec2())));
    accepted_in_trust(of(document!([{ "Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*" }])));
}

#[test]
fn principals_that_can_be_no_one() {
    for name in ["worker", "1111", "arn:aws:s3:::logs", "arn:aws:iam::1111:root"] {
        refused_in_trust("has the AWS principal", typed(Statement::assume_role(Principal::aws(name))));
    }
    for name in ["arn:aws:iam::444455556666:role/*", "arn:aws:iam::444455556666:group/people"] {
        refused_in_trust("has the AWS principal", typed(Statement::assume_role(Principal::aws(name))));
    }
    for name in ["*", "444455556666", "arn:aws:iam::444455556666:root", "AROAEXAMPLEEXAMPLE123"] {
        accepted_in_trust(typed(Statement::assume_role(Principal::aws(name))));
    }
    accepted_in_trust(typed(Statement::assume_role(Principal::aws("arn:aws:sts::444455556666:assumed-role/a/b"))));
    for name in ["ec2", "ec2.amazon.org", "ec2 .amazonaws.com", ".amazonaws.com"] {
        refused_in_trust("has the service principal", typed(Statement::assume_role(Principal::service(name))));
    }
    for name in ["logs.us-east-1.amazonaws.com", "pods.eks.amazonaws.com", "ec2.amazonaws.com.cn"] {
        accepted_in_trust(typed(Statement::assume_role(Principal::service(name))));
    }
    let by = |provider: &str| {
        of(document!([{
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": { "Federated": provider },
        }]))
    };
    for provider in ["https://accounts.google.com", "google", "arn:aws:iam::111122223333:role/some"] {
        refused_in_trust("has the federated principal", by(provider));
    }
    for provider in ["accounts.google.com", "arn:aws:iam::111122223333:oidc-provider/issuer.example.com"] {
        accepted_in_trust(by(provider));
    }
}

#[test]
fn what_is_said_of_a_bucket() {
    let bucket_policy = |message: &str, statement: Statement| {
        refused(message, |stack| {
            let bucket = stack.add("some", S3Bucket::new().bucket("logs"));
            stack.add("some", S3BucketPolicy::new(&bucket, Policy::new([statement])));
            line!() - 1
        });
    };
    let all = || reads().by(Principal::aws("*"));
    bucket_policy("has no `Principal`", reads().on("arn:aws:s3:::logs/*"));
    bucket_policy("has no `Resource`", all());
    bucket_policy("which is neither a bucket", all().on("*"));
    bucket_policy("which is neither a bucket", all().on("arn:aws:sqs:us-east-1:111122223333:logs"));
    bucket_policy("and is set on logs", all().on("arn:aws:s3:::log/*"));
    let asks = Statement::allow(actions!["kms:Decrypt"]).by(Principal::aws("*"));
    bucket_policy("a bucket's policy takes S3's alone", asks.on("arn:aws:s3:::logs/*"));
    accepted(|stack| {
        let bucket = stack.add("some", S3Bucket::new().bucket("logs"));
        let policy = Policy::new([all().on("arn:aws:s3:::logs").on("arn:aws:s3:::logs/*")]);
        stack.add("some", S3BucketPolicy::new(&bucket, policy));
        let other = stack.add("other", S3Bucket::new());
        let policy = Policy::new([Statement::deny_everything().by(Principal::aws("*")).on("arn:aws:s3:::logs")]);
        stack.add("other", S3BucketPolicy::new(&other, policy));
    });
}

#[test]
fn what_is_said_of_a_topic() {
    let arn = "arn:aws:sns:us-east-1:111122223333:alarms";
    let topic = || Arn::<SnsTopic>::existing(arn);
    refused("has no `Principal`", |stack| {
        let publishes = Statement::allow(actions!["sns:Publish"]).on(arn);
        stack.add("some", SnsTopicPolicy::new(topic(), Policy::new([publishes])));
        line!() - 1
    });
    refused("a topic's policy takes SNS's alone", |stack| {
        stack.add("some", SnsTopicPolicy::new(topic(), Policy::new([reads().by(Principal::aws("*")).on(arn)])));
        line!() - 1
    });
    for action in ["sns:*", "sns:CreateTopic", "sns:Publisch"] {
        refused("which is none of a topic", |stack| {
            let statement =
                document!([{ "Effect": "Allow", "Action": action, "Principal": { "AWS": "*" }, "Resource": arn }]);
            stack.add("some", SnsTopicPolicy::new(topic(), of(statement)));
            line!() - 1
        });
    }
    for action in ["SNS:Publish", "sns:Receive", "sns:Get*"] {
        accepted(|stack| {
            let statement =
                document!([{ "Effect": "Allow", "Action": action, "Principal": { "AWS": "*" }, "Resource": arn }]);
            stack.add("some", SnsTopicPolicy::new(topic(), of(statement)));
        });
    }
}

#[test]
fn what_is_said_of_a_key() {
    let account = || Principal::aws("arn:aws:iam::111122223333:root");
    let key = |message: &str, statements: Vec<Statement>| {
        refused(message, |stack| {
            stack.add("some", KmsKey::new().policy(Policy::new(statements)));
            line!() - 1
        });
    };
    let manages = || Statement::allow(actions!["kms:*"]).by(account()).on("*");
    let decrypts = || Statement::allow(actions!["kms:Decrypt"]);
    key("has no `Principal`", vec![manages(), decrypts().on("*")]);
    key("has no `Resource`", vec![manages(), decrypts().by(account())]);
    key("no statement allows anyone of an account kms:PutKeyPolicy", vec![decrypts().by(account()).on("*")]);
    let logs = Principal::service("logs.us-east-1.amazonaws.com");
    let by_service = Statement::allow(actions!["kms:*"]).by(logs).on("*");
    key("no statement allows anyone of an account kms:PutKeyPolicy", vec![by_service]);
    key(
        "no statement allows anyone of an account kms:PutKeyPolicy",
        vec![Statement::deny(actions!["kms:*"]).by(account()).on("*")],
    );
    accepted(|stack| {
        let puts = Statement::allow(actions!["kms:Put*"]).by(account()).on("*").sid("Allow it all, by IAM");
        stack.add("some", KmsKey::new().policy(Policy::new([decrypts().by(account()).on("*"), puts])));
        stack.add("other", KmsKey::new().policy(Policy::new([manages()])));
    });
}

#[test]
fn what_is_said_of_a_secret_or_an_endpoint() {
    let gets = || Statement::allow(actions!["secretsmanager:GetSecretValue"]);
    refused("has no `Principal`", |stack| {
        stack.add("some", SecretsmanagerSecret::new().policy(Policy::new([gets().on("*")])));
        line!() - 1
    });
    accepted(|stack| {
        let policy = Policy::new([gets().by(Principal::aws("111122223333")).on("*")]);
        stack.add("some", SecretsmanagerSecret::new().policy(policy));
    });
    let endpoint = |stack: &mut Stack, statement: Statement| {
        let range: Ipv4Net = "10.0.0.0/16".parse().unwrap();
        let vpc = stack.add("main", Vpc::new(range));
        let table = stack.add("main", RouteTable::new(&vpc));
        VpcEndpoint::gateway(&vpc, "com.amazonaws.us-east-1.s3", [&table]).policy(Policy::new([statement]))
    };
    refused("has no `Principal`", |stack| {
        let endpoint = endpoint(stack, reads().on("*"));
        stack.add("s3", endpoint);
        line!() - 1
    });
    refused("has no `Resource`", |stack| {
        let endpoint = endpoint(stack, reads().by(Principal::aws("*")));
        stack.add("s3", endpoint);
        line!() - 1
    });
    accepted(|stack| {
        let endpoint = endpoint(stack, reads().by(Principal::aws("*")).on("*"));
        stack.add("s3", endpoint);
    });
}

#[test]
fn what_is_not_known_yet_is_passed_over() {
    accepted(|stack| {
        let bucket = stack.add("some", S3Bucket::new());
        let name = || -> Value<String> { bucket.id().into_value() };
        let odd = name();
        stack.add(
            "some",
            IamPolicy::new(of(document!([{
                "Effect": (name()),
                "Action": (name()),
                "Resource": (name()),
                odd: "else",
            }]))),
        );
        let trusted = document!({ "Effect": "Allow", "Action": [(name())], "Principal": { "Service": [(name())] } });
        stack.add("some", IamRole::new(of(trusted)));
        let odd = name();
        stack.add("other", IamRole::new(of(document!([{ odd: "Allow" }]))));
        stack.add("some", KmsKey::new().policy(of(document!([(name())]))));
    });
}

#[test]
fn words_that_iam_does_not_take() {
    let role = || IamRole::new(Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]));
    refused("signs of Latin-1 alone", |stack| {
        stack.add("some", role().description("What it is for \u{2014} as we say"));
        line!() - 1
    });
    accepted(|stack| {
        stack.add("some", role().description("Für alle,\nso (or else)"));
    });
}

#[test]
fn issuers_that_are_none() {
    let urls =
        ["https://not a host/", "https://issuer", "https://issuer.example.com:8443", "https://issuer.example.com/?a=b"];
    for url in urls.into_iter().chain(["http://issuer.example.com", "https://"]) {
        refused("an issuer's URL is https://", |stack| {
            stack.add("some", IamOpenidConnectProvider::new(url, ["sts.amazonaws.com"]));
            line!() - 1
        });
    }
    for url in ["https://issuer.example.com", "https://oidc.eks.us-east-1.amazonaws.com/id/1A2B", "https://a.example/"]
    {
        accepted(|stack| {
            stack.add("some", IamOpenidConnectProvider::new(url, ["sts.amazonaws.com"]));
        });
    }
}
