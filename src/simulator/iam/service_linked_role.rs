//! Service-linked roles: made for a service, by a user or by the service itself.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::role::Role;
use super::role_usage::{self, Usage};
use super::tags::Tags;
use super::{missing, role};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateServiceLinkedRole", create),
    ("DeleteServiceLinkedRole", delete),
    ("GetServiceLinkedRoleDeletionStatus", status),
];

pub(super) const SPANS: &[Span] = &[Span::new("iam.service_linked_role.delete", 1.0, 5.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("iam.service_linked_role.deleted", |tx, pending| {
        let Some(mut deletion) = tx.get::<Deletion>(&pending.subject).cloned() else { return };
        let role = tx.get::<Role>(&Role::id_of(&deletion.role));
        let service = role.and_then(|role| role.linked_to.clone());
        deletion.usage = service.map(|service| role_usage::of(tx, &service)).unwrap_or_default();
        if deletion.usage.is_empty() || !tx.rule("iam.service_linked_role.used") {
            deletion.usage.clear();
            remove(tx, &deletion.role);
        }
        deletion.done = true;
        tx.after(KEPT, "iam.service_linked_role.forgotten", &deletion.task);
        tx.put(deletion);
    }),
    ("iam.service_linked_role.forgotten", |tx, pending| {
        tx.remove::<Deletion>(&pending.subject);
    }),
];

/// How long a deletion that is over is told of. No page says it; AWS forgets some within seconds:
/// <https://github.com/gruntwork-io/cloud-nuke/issues/1143>.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "iam.service_linked_role.suffix",
        "a custom suffix is for the services that take one",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html",
    ),
    Rule::new(
        "iam.service_linked_role.used",
        "the deletion of a role that its service uses fails",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html",
    ),
    Rule::new(
        "iam.service_linked_role.taken",
        "a service has one service-linked role of a name",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html",
    ),
];

/// A service, its role's name and policy, and whether it takes a suffix.
const SERVICES: &[(&str, &str, &str, bool)] = &[
    ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy", true),
    ("batch.amazonaws.com", "AWSServiceRoleForBatch", "BatchServiceRolePolicy", false),
    ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy", false),
    (
        "eks-fargate.amazonaws.com",
        "AWSServiceRoleForAmazonEKSForFargate",
        "AmazonEKSForFargateServiceRolePolicy",
        false,
    ),
    (
        "eks-nodegroup.amazonaws.com",
        "AWSServiceRoleForAmazonEKSNodegroup",
        "AWSServiceRoleForAmazonEKSNodegroup",
        false,
    ),
    ("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache", "AmazonElastiCacheServiceRolePolicy", false),
    (
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
        "AWSElasticLoadBalancingServiceRolePolicy",
        false,
    ),
    ("rds.amazonaws.com", "AWSServiceRoleForRDS", "AmazonRDSServiceRolePolicy", false),
    ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot", "AWSEC2SpotServiceRolePolicy", false),
    ("support.amazonaws.com", "AWSServiceRoleForSupport", "AWSSupportServiceRolePolicy", false),
    ("trustedadvisor.amazonaws.com", "AWSServiceRoleForTrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy", false),
];

/// A deletion that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deletion {
    /// Its id.
    pub task: String,
    /// The role's name.
    pub role: String,
    /// Whether it is over.
    pub done: bool,
    /// What needed the role, where that made it fail.
    #[serde(default)]
    pub usage: Vec<Usage>,
}

impl Row for Deletion {
    const TABLE: &'static str = "iam.service_linked_role_deletion";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.task.clone()
    }
}

/// Every account has the roles of AWS's support.
pub(super) fn furnish(tx: &mut Tx<'_>) {
    ensure(tx, "support.amazonaws.com");
    ensure(tx, "trustedadvisor.amazonaws.com");
}

/// Makes a service's role where there is none, as services do with their first resource in an account.
pub fn ensure(tx: &mut Tx<'_>, service: &str) {
    let Some((service, name, policy, _)) = SERVICES.iter().find(|(known, ..)| *known == service) else { return };
    if tx.get::<Role>(&Role::id_of(name)).is_none() {
        make(tx, service, name, policy, None);
    }
}

/// The id of a service's role, where it has one.
#[must_use]
pub fn id(tx: &Tx<'_>, service: &str) -> Option<String> {
    let (_, name, ..) = SERVICES.iter().find(|(known, ..)| *known == service)?;
    tx.get::<Role>(&Role::id_of(name)).map(|role| role.role_id.clone())
}

fn make(tx: &mut Tx<'_>, service: &str, name: &str, policy: &str, description: Option<&str>) -> Role {
    let path = format!("/aws-service-role/{service}/");
    let trust = format!(
        "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Principal\":{{\"Service\":\"{service}\"}},\
         \"Action\":\"sts:AssumeRole\"}}]}}"
    );
    let role = Role {
        name: name.to_owned(),
        role_id: format!("AROA{}", tx.capitals(17)),
        arn: format!("arn:aws:iam::{}:role{path}{name}", tx.account()),
        path,
        created: tx.now(),
        trust,
        description: description.map(str::to_owned),
        max_session: 3600,
        boundary: None,
        tags: Tags::new(),
        linked_to: Some(service.to_owned()),
    };
    tx.put(role.clone());
    let policy = format!("arn:aws:iam::aws:policy/aws-service-role/{policy}");
    tx.put(Attachment { role: name.to_owned(), policy });
    role
}

fn remove(tx: &mut Tx<'_>, name: &str) {
    let attached: Vec<String> = tx.rows_under::<Attachment>(&Attachment::ids_of(name)).map(Row::id).collect();
    for id in attached {
        tx.remove::<Attachment>(&id);
    }
    tx.remove::<Role>(&Role::id_of(name));
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let service = input.required("AWSServiceName");
    let Some((service, name, policy, suffixed)) = SERVICES.iter().find(|(known, ..)| *known == service) else {
        return Err(Refusal::not_simulated(format!("the service-linked role of {service}")));
    };
    let suffix = input.text("CustomSuffix");
    tx.enforce("iam.service_linked_role.suffix", suffix.is_none() || *suffixed, || {
        Refusal::new("InvalidInput", format!("Custom suffix is not allowed for {service}"))
    })?;
    let name = suffix.map_or_else(|| (*name).to_owned(), |suffix| format!("{name}_{suffix}"));
    tx.enforce("iam.service_linked_role.taken", tx.get::<Role>(&Role::id_of(&name)).is_none(), || {
        let message =
            format!("Service role name {name} has been taken in this account, please try a different suffix.");
        Refusal::new("InvalidInput", message)
    })?;
    let role = make(tx, service, &name, policy, input.text("Description"));
    Ok(record! { "Role" => role.summary() })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = role::find(tx, input.required("RoleName"))?;
    let Some(service) = &role.linked_to else {
        let message = format!("Role {} is not a service-linked role.", role.name);
        return Err(Refusal::new("InvalidInput", message));
    };
    // A deletion that is under way is the one that is told of.
    if let Some(earlier) = tx.rows::<Deletion>().find(|one| one.role == role.name && !one.done) {
        return Ok(record! { "DeletionTaskId" => &earlier.task });
    }
    let task = format!("task/aws-service-role/{service}/{}/{}", role.name, tx.uuid());
    tx.put(Deletion { task: task.clone(), role: role.name.clone(), done: false, usage: Vec::new() });
    tx.transition("iam.service_linked_role.delete", "iam.service_linked_role.deleted", &task);
    Ok(record! { "DeletionTaskId" => task })
}

fn status(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let task = input.required("DeletionTaskId");
    let deletion = tx.get::<Deletion>(task).ok_or_else(|| missing(format!("Deletion task {task} cannot be found.")))?;
    let status = match deletion {
        Deletion { done: false, .. } => "IN_PROGRESS",
        Deletion { usage, .. } if usage.is_empty() => "SUCCEEDED",
        _ => "FAILED",
    };
    // The words are the service's, and no page has them.
    let reason = (status == "FAILED").then(|| {
        record! {
            "Reason" => format!("The role {} is in use by the resources of its service.", deletion.role),
            "RoleUsageList" => deletion.usage.iter().map(Usage::view).collect::<Vec<_>>(),
        }
    });
    Ok(record! { "Status" => status, "Reason" => reason })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn a_service_linked_role_is_made_once_is_protected_and_goes_after_a_while() {
        let client = Client::calm();
        let service = [("AWSServiceName", "batch.amazonaws.com")];
        client.iam("CreateServiceLinkedRole", &service).await;
        let message =
            "Service role name AWSServiceRoleForBatch has been taken in this account, please try a different suffix.";
        client.iam_refuses("CreateServiceLinkedRole", &service, "InvalidInput", message).await;
        let message = "Custom suffix is not allowed for batch.amazonaws.com";
        client
            .iam_refuses("CreateServiceLinkedRole", &[service[0], ("CustomSuffix", "x")], "InvalidInput", message)
            .await;
        let named = [("RoleName", "AWSServiceRoleForBatch")];
        let message = "Cannot perform the operation on the protected role 'AWSServiceRoleForBatch' - this role is only modifiable by AWS";
        client.iam_refuses("DeleteRole", &named, "UnmodifiableEntity", message).await;
        let task = client.iam("DeleteServiceLinkedRole", &named).await.one("DeletionTaskId");
        client.wait(10);
        let status = client.iam("GetServiceLinkedRoleDeletionStatus", &[("DeletionTaskId", &task)]).await;
        assert_eq!(status.one("Status"), "SUCCEEDED");
        let message = "The role with name AWSServiceRoleForBatch cannot be found.";
        client.iam_refuses("GetRole", &named, "NoSuchEntity", message).await;
    }

    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteServiceLinkedRole.html>
    #[tokio::test(start_paused = true)]
    async fn a_role_that_its_service_uses_stays_and_what_uses_it_is_told() {
        let client = Client::calm();
        let volume = [
            ("DBInstanceIdentifier", "store"),
            ("DBInstanceClass", "db.t4g.micro"),
            ("Engine", "postgres"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "keeper"),
            ("MasterUserPassword", "long-enough"),
        ];
        let made = client.query("rds", "2014-10-31", "CreateDBInstance", &volume).await;
        assert_eq!(made.status, 200, "{}", made.text);
        let named = [("RoleName", "AWSServiceRoleForRDS")];
        let task = client.iam("DeleteServiceLinkedRole", &named).await.one("DeletionTaskId");
        let again = client.iam("DeleteServiceLinkedRole", &named).await.one("DeletionTaskId");
        assert_eq!(task, again, "the deletion under way is the same");
        client.wait(10);
        let asked = [("DeletionTaskId", task.as_str())];
        let status = client.iam("GetServiceLinkedRoleDeletionStatus", &asked).await;
        assert_eq!((status.one("Status"), status.one("Region")), ("FAILED".to_owned(), "us-east-1".to_owned()));
        assert!(status.text.contains("arn:aws:rds:us-east-1:000000000000:db:store"), "{}", status.text);
        client.iam("GetRole", &named).await;
        let other = client.iam("DeleteServiceLinkedRole", &named).await.one("DeletionTaskId");
        assert_ne!(task, other, "what failed is tried anew");
        client.wait(25 * 3600);
        let message = format!("Deletion task {task} cannot be found.");
        client.iam_refuses("GetServiceLinkedRoleDeletionStatus", &asked, "NoSuchEntity", &message).await;
    }
}
