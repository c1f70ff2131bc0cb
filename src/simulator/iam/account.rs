//! What IAM says of an account as a whole.

use super::attachment::{Attachment, attached};
use super::aws_managed;
use super::instance_profile::InstanceProfile;
use super::listing::{listed, paged};
use super::oidc_provider::OidcProvider;
use super::policy::{Managed, Policy};
use super::role::Role;
use super::role_policy::RolePolicy;
use super::{document, missing, tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("GetUser", user),
    ("ListAccountAliases", aliases),
    ("GetAccountSummary", summary),
    ("GetAccountAuthorizationDetails", details),
];

/// The users of an account are those that the simulator was told of; each sees itself.
fn user(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let principal = tx.principal();
    let own = principal.arn.split_once(":user/").map(|(_, name)| name.rsplit('/').next().unwrap_or(name));
    let wanted = input.text("UserName");
    let name = match (wanted, own) {
        (None, None) => {
            let message = "Must specify userName when calling with non-User credentials";
            return Err(Refusal::new("ValidationError", message));
        }
        (Some(wanted), own) if own != Some(wanted) => {
            return Err(missing(format!("The user with name {wanted} cannot be found.")));
        }
        (_, own) => own.unwrap_or_default(),
    };
    Ok(record! {
        "User" => record! {
            "Path" => "/",
            "UserName" => name,
            "UserId" => &principal.user_id,
            "Arn" => &principal.arn,
            "CreateDate" => aws_managed::made(),
        },
    })
}

fn aliases(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    listed(tx, input, "AccountAliases", Vec::new())
}

fn summary(tx: &mut Tx<'_>, _input: &Input<'_>) -> Result<Value, Refusal> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let versions = tx.rows::<Policy>().map(|policy| policy.versions.len()).sum();
    let map = record! {
        "Users" => 1_i64,
        "UsersQuota" => 5000_i64,
        "Groups" => 0_i64,
        "GroupsQuota" => 300_i64,
        "ServerCertificates" => 0_i64,
        "ServerCertificatesQuota" => 20_i64,
        "UserPolicySizeQuota" => 2048_i64,
        "GroupPolicySizeQuota" => 5120_i64,
        "RolePolicySizeQuota" => 10_240_i64,
        "GroupsPerUserQuota" => 10_i64,
        "SigningCertificatesPerUserQuota" => 2_i64,
        "AccessKeysPerUserQuota" => 2_i64,
        "MFADevices" => 0_i64,
        "MFADevicesInUse" => 0_i64,
        "AccountMFAEnabled" => 1_i64,
        "AccountAccessKeysPresent" => 0_i64,
        "AccountPasswordPresent" => 1_i64,
        "AccountSigningCertificatesPresent" => 0_i64,
        "AttachedPoliciesPerGroupQuota" => 10_i64,
        "AttachedPoliciesPerRoleQuota" => tx.quota("iam.policies_per_role"),
        "AttachedPoliciesPerUserQuota" => 10_i64,
        "Policies" => number(tx.rows::<Policy>().count()),
        "PoliciesQuota" => tx.quota("iam.policies"),
        "PolicySizeQuota" => 6144_i64,
        "PolicyVersionsInUse" => number(versions),
        "PolicyVersionsInUseQuota" => 10_000_i64,
        "VersionsPerPolicyQuota" => tx.quota("iam.policy_versions"),
        "GlobalEndpointTokenVersion" => 1_i64,
        "AssumeRolePolicySizeQuota" => tx.quota("iam.trust_policy"),
        "InstanceProfiles" => number(tx.rows::<InstanceProfile>().count()),
        "InstanceProfilesQuota" => tx.quota("iam.instance_profiles"),
        "Providers" => number(tx.rows::<OidcProvider>().count()),
        "Roles" => number(tx.rows::<Role>().count()),
        "RolesQuota" => tx.quota("iam.roles"),
    };
    Ok(record! { "SummaryMap" => map })
}

/// One of the things that `GetAccountAuthorizationDetails` lists.
enum Detail {
    Role(Value),
    Policy(Value),
}

fn details(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let wanted = input.texts("Filter");
    let wants = |kind: &str| wanted.is_empty() || wanted.contains(&kind);
    let mut items: Vec<(String, Detail)> = Vec::new();
    if wants("Role") {
        items
            .extend(tx.rows::<Role>().map(|role| (format!("role/{}", role.id()), Detail::Role(role_detail(tx, role)))));
    }
    if wants("LocalManagedPolicy") {
        let own = tx.rows::<Policy>();
        items.extend(own.map(|policy| (format!("policy/{}", policy.id()), Detail::Policy(policy.detail(tx)))));
    }
    if wanted.contains(&"AWSManagedPolicy")
        && tx.rows::<Attachment>().any(|one| one.policy.starts_with("arn:aws:iam::aws:"))
    {
        // Their documents are not here.
        return Err(Refusal::not_simulated("iam GetAccountAuthorizationDetails with AWSManagedPolicy"));
    }
    let (page, rest) = paged(tx, input, items)?;
    let (mut roles, mut policies) = (Vec::new(), Vec::new());
    for detail in page {
        match detail {
            Detail::Role(view) => roles.push(view),
            Detail::Policy(view) => policies.push(view),
        }
    }
    let mut answer = Record::new();
    for (name, items) in [
        ("UserDetailList", Vec::new()),
        ("GroupDetailList", Vec::new()),
        ("RoleDetailList", roles),
        ("Policies", policies),
    ] {
        answer.insert(name.to_owned(), Value::List(items));
    }
    answer.extend(rest);
    Ok(Value::Record(answer))
}

fn role_detail(tx: &Tx<'_>, role: &Role) -> Value {
    let id = role.id();
    let profiles = tx.rows::<InstanceProfile>().filter(|profile| profile.role.as_ref() == Some(&id));
    let ids = RolePolicy::ids_of(&role.name);
    let inline = tx.rows_under::<RolePolicy>(&ids).map(|policy| {
        record! { "PolicyName" => &policy.name, "PolicyDocument" => document::encode(&policy.document) }
    });
    let mut view = role.summary();
    view.set("InstanceProfileList", Value::List(profiles.map(|profile| profile.summary(tx)).collect()));
    view.set("RolePolicyList", Value::List(inline.collect()));
    view.set("AttachedManagedPolicies", Value::List(attached(tx, role).iter().map(Managed::reference).collect()));
    view.set("PermissionsBoundary", role.boundary_view());
    view.set("Tags", tags::view(&role.tags));
    view.set("RoleLastUsed", Value::Record(Record::new()));
    view
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn the_details_of_an_account_hold_roles_with_all_that_is_on_them() {
        let client = Client::calm();
        client.role("worker", "ec2.amazonaws.com").await;
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;
        let arn = client.iam("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", document)]).await.one("Arn");
        client.iam("AttachRolePolicy", &[("RoleName", "worker"), ("PolicyArn", &arn)]).await;
        client.iam("CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
        client.iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "i"), ("RoleName", "worker")]).await;
        let details = client.iam("GetAccountAuthorizationDetails", &[("Filter.member.1", "Role")]).await;
        assert!(details.all("PolicyArn").contains(&arn));
        assert_eq!(details.all("InstanceProfileName"), ["i"]);
        let policies = client.iam("GetAccountAuthorizationDetails", &[("Filter.member.1", "LocalManagedPolicy")]).await;
        assert_eq!(policies.all("PolicyName"), ["p"]);
        assert_eq!(policies.all("IsDefaultVersion"), ["true"]);
        assert_eq!(client.iam("GetUser", &[]).await.one("UserName"), "administrator");
        assert!(client.iam("GetAccountSummary", &[]).await.text.contains("<key>Roles</key><value>3</value>"));
    }
}
