//! Which VPCs see a private hosted zone.

use super::zone::{Zone, find};
use super::{change, page_size};
use crate::ec2::vpc::Vpc;
use crate::ec2::zone::zones;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AssociateVPCWithHostedZone", associate),
    ("DisassociateVPCFromHostedZone", disassociate),
    ("ListHostedZonesByVPC", list),
];

const ASSOCIATE: &str = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html";
const DISASSOCIATE: &str =
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("route53.vpc.given", "a VPC is named by its id and its region", ASSOCIATE),
    Rule::new("route53.vpc.exists", "the VPC exists, and is the caller's", ASSOCIATE),
    Rule::new("route53.vpc.public", "a public hosted zone has no VPCs", ASSOCIATE),
    Rule::new("route53.vpc.conflict", "a VPC sees one private hosted zone of a name", ASSOCIATE),
    Rule::new(
        "route53.vpc.quota",
        "a private hosted zone has 300 VPCs",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html",
    ),
    Rule::new("route53.vpc.associated", "a VPC that is taken away was there", DISASSOCIATE),
    Rule::new("route53.vpc.last", "a private hosted zone keeps one VPC", DISASSOCIATE),
    Rule::new(
        "route53.vpc.token",
        "a page's token is one of the operation's",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByVPC.html",
    ),
];

/// A VPC with its region, as answers have it.
pub(super) fn view((region, id): &(String, String)) -> Value {
    record! { "VPCRegion" => region, "VPCId" => id }
}

/// The VPC that a structure names, which is there: its region and its id.
///
/// # Errors
/// `InvalidInput`, `InvalidVPCId`.
pub(super) fn named(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<(String, String), Refusal> {
    let (region, id) = (input.text("VPCRegion"), input.text("VPCId"));
    tx.enforce("route53.vpc.given", region.is_some() && id.is_some(), || {
        Refusal::new("InvalidInput", "Both VPCId and VPCRegion must be specified.")
    })?;
    let (region, id) = (region.unwrap_or_default(), id.unwrap_or_default());
    let simulated = !zones(region).is_empty();
    let there = simulated && tx.in_region(region, |tx| tx.get::<Vpc>(id).is_some());
    // The page of the code says as much; no report shows its words.
    tx.enforce("route53.vpc.exists", there, || {
        Refusal::new("InvalidVPCId", format!("The VPC ID {id} in region {region} isn't valid."))
    })?;
    Ok((region.to_owned(), id.to_owned()))
}

/// Refuses a second private zone of one name for a VPC.
///
/// # Errors
/// `ConflictingDomainExists`.
/// The words are those of <https://github.com/hashicorp/terraform-provider-aws/issues/37783>.
pub(super) fn free(tx: &Tx<'_>, vpc: &(String, String), name: &str) -> Result<(), Refusal> {
    let other = tx.rows::<Zone>().find(|zone| zone.name == name && zone.vpcs.contains(vpc));
    tx.enforce("route53.vpc.conflict", other.is_none(), || {
        let ((region, id), other) = (vpc, other.map_or("", |zone| zone.id.as_str()));
        let message = format!(
            "The VPC {id} in region {region} has already been associated with the hosted zone {other} with the same \
             domain name."
        );
        Refusal::new("ConflictingDomainExists", message)
    })
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut zone = find(tx, input.required("HostedZoneId"))?.clone();
    let given = input.record("VPC");
    let vpc = given.map(|given| named(tx, &given)).transpose()?.unwrap_or_default();
    tx.enforce("route53.vpc.public", zone.private, || {
        let message = format!("Attempting to associate public zone: {} with vpc: {}", zone.id, vpc.1);
        Refusal::new("PublicZoneVPCAssociation", message)
    })?;
    free(tx, &vpc, &zone.name)?;
    let most = tx.quota("route53.vpcs-per-zone");
    tx.enforce("route53.vpc.quota", i64::try_from(zone.vpcs.len()).is_ok_and(|have| have < most), || {
        Refusal::new("LimitsExceeded", format!("A private hosted zone can't have more than {most} VPCs."))
    })?;
    zone.occupy(tx)?;
    zone.vpcs.push(vpc);
    let (view, _) = change::begin(tx, &zone.id, input.text("Comment"));
    tx.put(zone);
    Ok(record! { "ChangeInfo" => view })
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut zone = find(tx, input.required("HostedZoneId"))?.clone();
    let given = input.record("VPC");
    let of = |name: &str| given.as_ref().and_then(|given| given.text(name)).unwrap_or_default().to_owned();
    let vpc = (of("VPCRegion"), of("VPCId"));
    tx.enforce("route53.vpc.associated", zone.vpcs.contains(&vpc), || {
        let message =
            format!("The VPC {} in region {} is not associated with the hosted zone {}.", vpc.1, vpc.0, zone.id);
        Refusal::new("VPCAssociationNotFound", message)
    })?;
    tx.enforce("route53.vpc.last", zone.vpcs.len() > 1, || {
        let message = format!("The VPC {} is the last one of the private hosted zone {}.", vpc.1, zone.id);
        Refusal::new("LastVPCAssociation", message)
    })?;
    zone.vpcs.retain(|known| *known != vpc);
    let (view, _) = change::begin(tx, &zone.id, input.text("Comment"));
    tx.put(zone);
    Ok(record! { "ChangeInfo" => view })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let size = page_size(tx, input, 100)?;
    let vpc = (input.required("VPCRegion").to_owned(), input.required("VPCId").to_owned());
    let summary = |zone: &Zone| {
        let owner = record! { "OwningAccount" => tx.account() };
        record! { "HostedZoneId" => &zone.id, "Name" => &zone.name, "Owner" => owner }
    };
    let found = tx.rows::<Zone>().filter(|zone| zone.vpcs.contains(&vpc));
    let items = found.map(|zone| (zone.id.clone(), summary(zone))).collect();
    let token = input.text("NextToken").filter(|_| tx.rule("route53.vpc.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(size))
        .map_err(|_| Refusal::new("InvalidPaginationToken", "The pagination token is not valid."))?;
    Ok(record! {
        "HostedZoneSummaries" => page.items,
        "MaxItems" => size.to_string(),
        "NextToken" => page.next,
    })
}
