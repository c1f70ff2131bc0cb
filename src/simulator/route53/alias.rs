//! Aliases: a name that answers what another of its zone does, or what one of AWS's services has.

use super::name::lies_in;
use super::record::{Kept, RecordSet};
use super::zone::Zone;
use crate::rules::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "route53.alias.target",
        "an alias's target is a record set of its own zone, or of a service's",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html",
    ),
    Rule::new(
        "route53.alias.cloudfront",
        "CloudFront is no target in a private zone, nor one whose health counts",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html",
    ),
    Rule::new(
        "route53.alias.kind",
        "an alias to a service is of the types that it answers",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html",
    ),
];

/// CloudFront's zone: <https://docs.aws.amazon.com/general/latest/gr/cf_region.html>
const CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

/// The zones of services, each with what the names in it end with. Of the load balancers, S3's websites and the
/// endpoints of VPCs those of four regions are here.
///
/// <https://docs.aws.amazon.com/general/latest/gr/elb.html>, <https://docs.aws.amazon.com/general/latest/gr/s3.html>
const SERVICES: &[(&str, &str)] = &[
    (CLOUDFRONT, ".cloudfront.net."),
    ("Z35SXDOTRQ7X7K", ".us-east-1.elb.amazonaws.com."),
    ("Z26RNL4JYFTOTI", ".elb.us-east-1.amazonaws.com."),
    ("Z3AADJGX6KTTL2", ".us-east-2.elb.amazonaws.com."),
    ("ZLMOA37VPKANP", ".elb.us-east-2.amazonaws.com."),
    ("Z1H1FL5HABSF5", ".us-west-2.elb.amazonaws.com."),
    ("Z18D5FSROUN65G", ".elb.us-west-2.amazonaws.com."),
    ("Z32O12XQLNTSW2", ".eu-west-1.elb.amazonaws.com."),
    ("Z2IFOLAFXWLO4F", ".elb.eu-west-1.amazonaws.com."),
    ("Z3AQBSTGFJSTF", "s3-website-us-east-1.amazonaws.com."),
    ("Z2O1EMRO9K5GLX", "s3-website.us-east-2.amazonaws.com."),
    ("Z3BJ6K6RIION7M", "s3-website-us-west-2.amazonaws.com."),
    ("Z1BKCTXD74EZPE", "s3-website-eu-west-1.amazonaws.com."),
    ("Z7HUB22UULQXV", ".us-east-1.vpce.amazonaws.com."),
    ("Z1YSA3EXCYUU9Z", ".us-west-2.vpce.amazonaws.com."),
];

/// What is wrong with an alias among the record sets that a batch leaves, each with the rule that says so.
pub(super) fn flaws(zone: &Zone, set: &RecordSet, all: &[RecordSet]) -> Vec<(&'static str, String)> {
    let Kept::Alias { zone: target_zone, name: target, evaluate } = &set.kept else { return Vec::new() };
    let kind = &set.kind;
    let aimed = format!("Tried to create an alias that targets {target}, type {kind} in zone {target_zone}");
    let outside =
        ("route53.alias.target", format!("{aimed}, but the alias target name does not lie within the target zone"));
    let nothing = ("route53.alias.target", format!("{aimed}, but that target was not found"));
    if *target_zone == zone.id {
        let found = all.iter().any(|other| other.name == *target && other.kind == *kind && other.name != set.name);
        return match (lies_in(target, &zone.name), found) {
            (false, _) => vec![outside, nothing],
            (true, false) => vec![nothing],
            (true, true) => Vec::new(),
        };
    }
    let Some((_, end)) = SERVICES.iter().find(|(id, _)| id == target_zone) else { return vec![outside, nothing] };
    let mut found = Vec::new();
    if !target.ends_with(end) {
        found.push(outside);
    }
    // No report shows the words of these.
    if !["A", "AAAA", "HTTPS"].contains(&kind.as_str()) {
        found.push(("route53.alias.kind", format!("{aimed}, but the target has no records of that type")));
    }
    if target_zone == CLOUDFRONT && (zone.private || *evaluate) {
        let why = if zone.private { "in a private hosted zone" } else { "with EvaluateTargetHealth set to true" };
        found.push((
            "route53.alias.cloudfront",
            format!("{aimed}, but a CloudFront distribution can't be the target {why}"),
        ));
    }
    found
}
