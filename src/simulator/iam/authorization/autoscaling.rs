//! Auto Scaling's actions: what describes is asked for on all, the rest on the group.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html>

use std::collections::BTreeSet;

use super::ask::{Ask, held};
use crate::autoscaling::group;
use crate::eks::auto_scaling_group::AutoScalingGroup;
use crate::value::Value;
use crate::world::Tx;

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("autoscaling:{operation}");
    let tagged_groups = input.get("Tags").list().iter().map(|tag| tag.get("ResourceId"));
    let named = std::iter::once(input.get("AutoScalingGroupName")).chain(tagged_groups).filter_map(Value::text);
    let groups: BTreeSet<&str> = named.filter(|_| !operation.starts_with("Describe")).collect();
    if groups.is_empty() {
        return vec![Ask::new(action, "*")];
    }
    let ask = |name| {
        let tags = tx.get::<AutoScalingGroup>(name).map(|group| held(&group.tags)).unwrap_or_default();
        Ask::new(&action, group::arn(tx, name)).told(tags)
    };
    groups.into_iter().map(ask).collect()
}
