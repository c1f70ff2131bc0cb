//! IAM's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagement.html>

use super::ask::{Ask, held, requested};
use crate::iam::instance_profile::InstanceProfile;
use crate::iam::role::Role;
use crate::value::Value;
use crate::world::Tx;

pub(super) fn role_arn(tx: &Tx<'_>, name: &str) -> String {
    let role = tx.get::<Role>(&Role::id_of(name)).map(|role| role.arn.clone());
    role.unwrap_or_else(|| format!("arn:aws:iam::{}:role/{name}", tx.account()))
}

/// The action is asked for on what the request names or makes.
pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let arn = |kind: &str, name: &str| {
        let path = text("Path").unwrap_or("/");
        format!("arn:aws:iam::{}:{kind}{path}{name}", tx.account())
    };
    let (resource, tags) = match operation {
        "CreateRole" => (arn("role", text("RoleName").unwrap_or_default()), Vec::new()),
        "CreatePolicy" => (arn("policy", text("PolicyName").unwrap_or_default()), Vec::new()),
        "CreateInstanceProfile" => {
            (arn("instance-profile", text("InstanceProfileName").unwrap_or_default()), Vec::new())
        }
        "CreateOpenIDConnectProvider" => {
            let url = text("Url").unwrap_or_default();
            (arn("oidc-provider", url.strip_prefix("https://").unwrap_or(url)), Vec::new())
        }
        "CreateServiceLinkedRole" => {
            let service = text("AWSServiceName").unwrap_or_default();
            (format!("arn:aws:iam::{}:role/aws-service-role/{service}/*", tx.account()), Vec::new())
        }
        "ListRoles" => (arn("role", ""), Vec::new()),
        "ListPolicies" => (arn("policy", ""), Vec::new()),
        "ListInstanceProfiles" => (arn("instance-profile", ""), Vec::new()),
        _ => match (text("InstanceProfileName"), text("RoleName"), text("PolicyArn"), text("OpenIDConnectProviderArn"))
        {
            (Some(name), ..) => {
                let profile = tx.get::<InstanceProfile>(&name.to_lowercase());
                let resource = profile.map_or_else(|| arn("instance-profile", name), |profile| profile.arn.clone());
                (resource, profile.map(|profile| held(&profile.tags)).unwrap_or_default())
            }
            (None, Some(name), ..) => {
                let role = tx.get::<Role>(&Role::id_of(name));
                (role_arn(tx, name), role.map(|role| held(&role.tags)).unwrap_or_default())
            }
            (None, None, Some(policy), _) => (policy.to_owned(), Vec::new()),
            (None, None, None, Some(provider)) => (provider.to_owned(), Vec::new()),
            (None, None, None, None) => ("*".to_owned(), Vec::new()),
        },
    };
    let given = requested(input.get(if operation.starts_with("Untag") { "TagKeys" } else { "Tags" }));
    let mut ask = Ask::new(format!("iam:{operation}"), &resource).told(tags).told(given.clone());
    if let Some(policy) = text("PolicyArn").filter(|_| text("RoleName").is_some()) {
        ask = ask.told([("iam:PolicyARN".to_owned(), policy.to_owned())]);
    }
    let boundary = text("PermissionsBoundary").map(str::to_owned).or_else(|| {
        tx.get::<Role>(&Role::id_of(text("RoleName").unwrap_or_default())).and_then(|role| role.boundary.clone())
    });
    ask = ask.told(boundary.map(|boundary| ("iam:PermissionsBoundary".to_owned(), boundary)));
    let mut asks = vec![ask];
    if let Some(kind) = operation.strip_prefix("Create").filter(|_| !given.is_empty()) {
        asks.push(Ask::new(format!("iam:Tag{kind}"), resource).told(given));
    }
    asks
}
