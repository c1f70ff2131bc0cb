//! `aws_route53_zone`: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-working-with.html>

use super::Vpc;
use super::route53_name::{flaw, is_under_top};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A hosted zone: what answers for a domain, to everyone or in VPCs alone. A public one answers once its registrar names
/// its name servers.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// // With a VPC it is private; without one it is public, and its registrar is told its name servers.
/// let zone = Route53Zone::new("internal.shop.test").vpc([ZoneVpc::new(&vpc)]);
/// stack.add("internal", zone);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_route53_zone",
    service = "route53",
    creation = Token,
    create_seconds = 40,
    delete_seconds = 2,
    check = check
)]
pub struct Route53Zone {
    /// The domain.
    #[field(replace, case_insensitive, min_length = 1, max_length = 255)]
    name: Value<String>,
    /// What is said of it.
    #[field(default = "\"\"", max_length = 256)]
    comment: Option<Value<String>>,
    /// Whether a delete deletes the records in it; without it one that holds others than its own is kept.
    #[field(instruction, default = "false")]
    force_destroy: Option<Value<bool>>,
    /// The VPCs that alone see it. A zone with VPCs is private, one without is public.
    #[field(set, replace_presence, min_length = 1, max_length = 300)]
    vpc: Option<Value<Vec<ZoneVpc>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<Route53Zone>>,
    /// The id, by Terraform's other name for it.
    zone_id: Computed<Id<Route53Zone>>,
    /// The ARN.
    arn: Computed<Arn<Route53Zone>>,
    /// Its name servers: what a registrar has to name for the domain.
    name_servers: Computed<Vec<String>>,
    /// The one that its SOA record names.
    primary_name_server: Computed<String>,
}

/// A VPC that sees a private zone.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ZoneVpc {
    /// The VPC.
    #[field(holds = Free)]
    vpc_id: Value<Id<Vpc>>,
    /// Its region, where it is another than the stack's.
    #[field(computed)]
    vpc_region: Option<Value<String>>,
}

fn check(zone: &View<'_>, findings: &mut Findings<'_>) {
    let Some(name) = zone.text("name") else { return };
    if let Some(flaw) = flaw(name) {
        findings.refuse(format!("`name` {flaw}"));
    }
    let is_private = zone.part("vpc").map(Part::items).is_some();
    if !is_private && !is_under_top(name) {
        findings.refuse("`name` is a top-level domain, of which Route 53 makes no public zone");
    }
    if !is_private && ["example.com", "example.net", "example.org"].contains(&name.trim_end_matches('.')) {
        findings.refuse("`name` is reserved for examples, and Route 53 makes no zone of it");
    }
}
