//! A zone that is written in place, and the region that it is used in.

use crate::check::{Findings, View};

/// Refuses an `availability_zone` of another region than the declaration's own.
///
/// A zone is its region and a letter, a local zone its region and more: `us-east-1a`, `us-east-1-bos-1a`.
pub(super) fn check(node: &View<'_>, findings: &mut Findings<'_>) {
    let Some(zone) = node.text("availability_zone") else { return };
    let region = &node.node().region;
    let rest = zone.strip_prefix(region.as_str()).unwrap_or_default();
    if !rest.starts_with(|first: char| first.is_ascii_lowercase() || first == '-') {
        findings.refuse(format!("`availability_zone` is {zone}, which is no zone of {region}"));
    }
}
