//! Roles that a request hands to a service.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>

use std::cell::RefCell;
use std::collections::HashSet;

use super::ask::{Ask, held};
use crate::ec2::launch_template;
use crate::iam::instance_profile::InstanceProfile;
use crate::iam::role::Role;
use crate::iam::trust::role_name;
use crate::input::Input;
use crate::value::Value;
use crate::world::Tx;

/// `iam:PassRole` for each role that a request hands to a service.
pub(super) fn asks(tx: &Tx<'_>, service: &str, operation: &str, input: &Value) -> Vec<Ask> {
    let mut roles: Vec<(String, &str)> = Vec::new();
    let mut pass = |member: &Value, to| roles.extend(member.text().map(|arn| (arn.to_owned(), to)));
    match service {
        "ec2" => {
            pass(input.get("DeliverLogsPermissionArn"), "vpc-flow-logs.amazonaws.com");
            let of_template = template(tx, input).map(|data| data.get("IamInstanceProfile"));
            let own = Some(input.get("IamInstanceProfile")).filter(|own| !matches!(own, Value::Absent));
            let profile = own.or(of_template).unwrap_or(&Value::Absent);
            let name = profile.get("Name").text().or_else(|| profile.get("Arn").text()?.rsplit('/').next());
            let profile = name.and_then(|name| tx.get::<InstanceProfile>(&name.to_lowercase()));
            let role = profile.and_then(|profile| profile.role.as_deref());
            let arn = role.and_then(|role| tx.get::<Role>(&Role::id_of(role))).map(|role| role.arn.clone());
            roles.extend(arn.map(|arn| (arn, "ec2.amazonaws.com")));
        }
        "eks" => {
            let pods = operation.contains("PodIdentity");
            pass(input.get("roleArn"), if pods { "pods.eks.amazonaws.com" } else { "eks.amazonaws.com" });
            pass(input.get("nodeRole"), "eks.amazonaws.com");
            pass(input.get("serviceAccountRoleArn"), "eks.amazonaws.com");
            pass(input.get("podExecutionRoleArn"), "eks-fargate-pods.amazonaws.com");
            for association in input.get("podIdentityAssociations").list() {
                pass(association.get("roleArn"), "pods.eks.amazonaws.com");
            }
        }
        "backup" => {
            pass(input.get("BackupSelection").get("IamRoleArn"), "backup.amazonaws.com");
            pass(input.get("IamRoleArn"), "backup.amazonaws.com");
        }
        "rds" => pass(input.get("MonitoringRoleArn"), "monitoring.rds.amazonaws.com"),
        "s3" => pass(input.get("ReplicationConfiguration").get("Role"), "s3.amazonaws.com"),
        "iam" if operation == "AddRoleToInstanceProfile" => {
            let arn = super::iam::role_arn(tx, input.get("RoleName").text().unwrap_or_default());
            roles.push((arn, "ec2.amazonaws.com"));
        }
        _ => {}
    }
    let ask = |(arn, to): (String, &str)| {
        let role = role_name(&arn).and_then(|name| tx.get::<Role>(&Role::id_of(name)));
        let tags = role.map(|role| held(&role.tags)).unwrap_or_default();
        Ask::new("iam:PassRole", arn).told([("iam:PassedToService".to_owned(), to.to_owned())]).told(tags)
    };
    roles.into_iter().map(ask).collect()
}

/// What the launch template says that a request launches by; none where it names none that is there, which is
/// refused later and launches nothing.
fn template<'t>(tx: &'t Tx<'_>, input: &Value) -> Option<&'t Value> {
    let read = RefCell::new(HashSet::new());
    let named = Input::new(input.get("LaunchTemplate"), &read);
    let template = launch_template::named(tx, &named).ok()?;
    launch_template::version(tx, &template, named.text("Version")).ok().map(|version| &version.data)
}
