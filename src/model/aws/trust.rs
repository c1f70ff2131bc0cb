//! Who may take a role: what a service acts with has to let it do so, and says it in its trust policy.

use crate::check::{Findings, Part, View};
use crate::{Expression, Resource as _};

use super::IamRole;

/// Refuses a role of the stack whose trust policy does not let a service take it, `eks` for `eks.amazonaws.com`.
///
/// Says nothing where the policy is not wholly written in place.
pub(super) fn check(node: &View<'_>, field: &str, service: &str, findings: &mut Findings<'_>) {
    let Some(role) = node.follow(field).filter(|role| role.node().address.kind() == IamRole::SCHEMA.kind) else {
        return;
    };
    let Some(Part::Expression(Expression::Json(document))) = role.part("assume_role_policy") else { return };
    let mut trusted = false;
    document.under("Principal", &mut |principal| {
        trusted |= match principal.literal().and_then(crate::Datum::as_str) {
            Some(name) => is(name, service) || name == "*",
            None => true,
        };
    });
    if !trusted {
        let role = role.named();
        findings.refuse(format!("`{field}`: {role} does not trust {service}.amazonaws.com, which is to take it"));
    }
}

/// A service has one name everywhere, or one for a region or a partition.
fn is(name: &str, service: &str) -> bool {
    let rest = name.strip_prefix(service).unwrap_or_default();
    rest.starts_with('.') && (rest.ends_with(".amazonaws.com") || rest.ends_with(".amazonaws.com.cn"))
}
