//! Hosted zones, public ones and those of VPCs alone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::name::{Name, order};
use super::record::{Kept, RecordSet};
use super::{change, page_size, vpc};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateHostedZone", create),
    ("DeleteHostedZone", delete),
    ("GetHostedZone", get),
    ("GetHostedZoneCount", count),
    ("ListHostedZones", list),
    ("ListHostedZonesByName", list_by_name),
    ("UpdateHostedZoneComment", set_comment),
];

const CREATE: &str = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("route53.zone.reference", "a caller reference makes one hosted zone, ever", CREATE),
    Rule::new("route53.zone.name", "a hosted zone is of a domain", CREATE),
    Rule::new("route53.zone.top", "there is no public hosted zone of a top-level domain", CREATE),
    Rule::new("route53.zone.reserved", "there is no hosted zone of the domains that are for examples", CREATE),
    Rule::new(
        "route53.zone.quota",
        "an account has 500 hosted zones",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html",
    ),
    Rule::new(
        "route53.zone.empty",
        "a hosted zone is deleted when its own NS and SOA records alone are left",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html",
    ),
    Rule::new(
        "route53.zone.busy",
        "a hosted zone takes one change after the other",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
    ),
    Rule::new(
        "route53.zone.kind",
        "a list is of private zones or of all",
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html",
    ),
];

/// A hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its id, without what stands before it in answers.
    pub id: String,
    /// Its domain, with the dot at its end, escaped.
    pub name: String,
    /// What the caller named the request by.
    pub reference: String,
    /// What is said of it.
    pub comment: Option<String>,
    /// Whether VPCs alone see it.
    pub private: bool,
    /// Its name servers.
    pub servers: Vec<String>,
    /// The VPCs that see it, each with its region.
    pub vpcs: Vec<(String, String)>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Until when a change is being worked on.
    pub busy: Timestamp,
}

impl Row for Zone {
    const TABLE: &'static str = "route53.zone";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// A caller reference that was used: it is good for no other zone, even when the first is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The reference.
    pub text: String,
}

impl Row for Reference {
    const TABLE: &'static str = "route53.reference";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.text.clone()
    }
}

impl Zone {
    fn view(&self, tx: &Tx<'_>) -> Value {
        let under = RecordSet::ids_of(&self.id);
        record! {
            "Id" => format!("/hostedzone/{}", self.id),
            "Name" => &self.name,
            "CallerReference" => &self.reference,
            "Config" => record! { "Comment" => &self.comment, "PrivateZone" => self.private },
            "ResourceRecordSetCount" => i64::try_from(tx.rows_under::<RecordSet>(&under).count()).unwrap_or(i64::MAX),
        }
    }

    fn delegation(&self) -> Option<Value> {
        (!self.private).then(|| record! { "NameServers" => &self.servers })
    }

    /// Refuses what comes while a change is being worked on, and begins the next.
    ///
    /// # Errors
    /// `PriorRequestNotComplete`.
    pub(super) fn occupy(&mut self, tx: &mut Tx<'_>) -> Result<(), Refusal> {
        tx.enforce("route53.zone.busy", self.busy <= tx.now(), || {
            let message = "The request was rejected because Route 53 was still processing a prior request.";
            Refusal::new("PriorRequestNotComplete", message)
        })?;
        let wait = tx.draw("route53.zone", &self.id);
        self.busy = tx.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        Ok(())
    }
}

/// The zone of that id, with or without what stands before it.
///
/// # Errors
/// `NoSuchHostedZone`.
pub(super) fn find<'t>(tx: &'t Tx<'_>, given: &str) -> Result<&'t Zone, Refusal> {
    let id = given.strip_prefix("/hostedzone/").unwrap_or(given);
    tx.get::<Zone>(id).ok_or_else(|| Refusal::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")))
}

/// Four name servers, one of each of the domains that they are in.
fn servers(tx: &mut Tx<'_>, private: bool) -> Vec<String> {
    let domains = ["com", "net", "org", "co.uk"];
    let mut numbered = |place: usize| if private { place * 512 } else { place * 512 + tx.below(512) };
    let named = |(place, domain): (usize, &&str)| {
        let number = numbered(place);
        format!("ns-{number}.awsdns-{:02}.{domain}", (number - place * 512) / 8)
    };
    domains.iter().enumerate().map(named).collect()
}

/// Domains that nobody has: <https://www.rfc-editor.org/rfc/rfc2606#section-3>
const RESERVED: &[&str] = &["example.com.", "example.net.", "example.org."];

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("Name");
    let parsed = Name::parse(given);
    let refused = |message: String| Refusal::new("InvalidDomainName", message);
    tx.enforce("route53.zone.name", parsed.is_ok(), || refused(parsed.clone().err().unwrap_or_default()))?;
    let name = parsed.map_or_else(|_| given.to_owned(), |name| name.text().to_owned());
    let reference = input.required("CallerReference");
    tx.enforce("route53.zone.reference", tx.get::<Reference>(reference).is_none(), || {
        let message = "A hosted zone has already been created with the specified caller reference.";
        Refusal::new("HostedZoneAlreadyExists", message)
    })?;
    let first = input.record("VPC").map(|given| vpc::named(tx, &given)).transpose()?;
    let config = input.record("HostedZoneConfig");
    let comment = config.as_ref().and_then(|config| config.text("Comment")).filter(|text| !text.is_empty());
    // What a zone is hangs on its VPC; that it is private is said in answers.
    let says_private = config.as_ref().is_some_and(|config| config.flag("PrivateZone"));
    let private = first.is_some();
    tx.enforce("route53.vpc.given", private || !says_private, || {
        let message = "When you're creating a private hosted zone (when you specify true for PrivateZone), you must \
                       also specify values for VPCId and VPCRegion.";
        Refusal::new("InvalidInput", message)
    })?;
    tx.enforce("route53.zone.top", private || name.trim_end_matches('.').contains('.'), || {
        refused(format!("{name} is a top-level domain."))
    })?;
    tx.enforce("route53.zone.reserved", private || !RESERVED.contains(&name.as_str()), || {
        refused(format!("{name} is reserved by AWS!"))
    })?;
    let most = tx.quota("route53.zones");
    tx.enforce("route53.zone.quota", tx.count::<Zone>() < most, || {
        Refusal::new(
            "TooManyHostedZones",
            format!("Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER - Cannot create more than {most} hosted zones."),
        )
    })?;
    if let Some(first) = &first {
        vpc::free(tx, first, &name)?;
    }
    let zone = made(tx, name, reference.to_owned(), comment.map(str::to_owned), first);
    let (view, _) = change::begin(tx, &zone.id, None);
    let answer = record! {
        "HostedZone" => zone.view(tx),
        "ChangeInfo" => view,
        "DelegationSet" => zone.delegation(),
        "VPC" => zone.vpcs.first().map(vpc::view),
        "Location" => format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{}", zone.id),
    };
    tx.put(zone);
    Ok(answer)
}

/// A new zone with the records of its own; its caller reference is used up.
pub(super) fn made(
    tx: &mut Tx<'_>,
    name: String,
    reference: String,
    comment: Option<String>,
    first: Option<(String, String)>,
) -> Zone {
    let private = first.is_some();
    let id = format!("Z{}", tx.capitals(20));
    let servers = servers(tx, private);
    tx.put(Reference { text: reference.clone() });
    let vpcs = first.into_iter().collect();
    let zone = Zone { id, name, reference, comment, private, servers, vpcs, tags: Vec::new(), busy: tx.now() };
    own_records(tx, &zone);
    zone
}

/// The records that each zone has of its own:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html>
fn own_records(tx: &mut Tx<'_>, zone: &Zone) {
    let dotted = |server: &String| format!("{server}.");
    let first = zone.servers.last().map(dotted).unwrap_or_default();
    let soa = format!("{first} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400");
    for (kind, ttl, values) in [("NS", 172_800, zone.servers.iter().map(dotted).collect()), ("SOA", 900, vec![soa])] {
        tx.put(RecordSet {
            zone: zone.id.clone(),
            name: zone.name.clone(),
            kind: kind.to_owned(),
            set: None,
            weight: None,
            kept: Kept::Values { ttl, values },
            since: tx.now(),
        });
    }
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let zone = find(tx, input.required("Id"))?;
    let vpcs: Vec<Value> = zone.vpcs.iter().map(vpc::view).collect();
    Ok(record! {
        "HostedZone" => zone.view(tx),
        "DelegationSet" => zone.delegation(),
        "VPCs" => Some(vpcs).filter(|_| zone.private),
    })
}

fn count(tx: &mut Tx<'_>, _input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "HostedZoneCount" => tx.count::<Zone>() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let size = page_size(tx, input, 100)?;
    let marker = input.text("Marker");
    let private = input.text("HostedZoneType").is_some();
    let wanted = |zone: &&Zone| (!private || zone.private) && marker.is_none_or(|marker| zone.id.as_str() >= marker);
    let mut zones = tx.rows::<Zone>().filter(wanted);
    let page: Vec<Value> = zones.by_ref().take(size).map(|zone| zone.view(tx)).collect();
    let next = zones.next().map(|zone| zone.id.clone());
    Ok(record! {
        "HostedZones" => page,
        "Marker" => marker,
        "IsTruncated" => next.is_some(),
        "NextMarker" => next,
        "MaxItems" => size.to_string(),
    })
}

fn list_by_name(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let size = page_size(tx, input, 100)?;
    let (from, id) = (input.text("DNSName"), input.text("HostedZoneId"));
    let parsed = from.map(Name::parse).transpose();
    tx.enforce("route53.zone.name", parsed.is_ok(), || {
        Refusal::new("InvalidDomainName", parsed.clone().err().unwrap_or_default())
    })?;
    tx.enforce("route53.zone.kind", from.is_some() || id.is_none(), || {
        Refusal::new("InvalidInput", "The hosted zone ID can't be specified without a DNS name.")
    })?;
    let start =
        parsed.ok().flatten().map(|name| (name.order(), id.map_or("", |id| id.trim_start_matches("/hostedzone/"))));
    let mut zones: Vec<&Zone> = tx.rows::<Zone>().collect();
    zones.sort_by_cached_key(|zone| (order(&zone.name), zone.id.clone()));
    let behind = |zone: &Zone| {
        start.as_ref().is_some_and(|(name, id)| (order(&zone.name).as_str(), zone.id.as_str()) < (name.as_str(), *id))
    };
    let mut zones = zones.into_iter().skip_while(|zone| behind(zone));
    let page: Vec<Value> = zones.by_ref().take(size).map(|zone| zone.view(tx)).collect();
    let next = zones.next();
    Ok(record! {
        "HostedZones" => page,
        "DNSName" => from,
        "HostedZoneId" => id,
        "IsTruncated" => next.is_some(),
        "NextDNSName" => next.map(|zone| zone.name.as_str()),
        "NextHostedZoneId" => next.map(|zone| zone.id.as_str()),
        "MaxItems" => size.to_string(),
    })
}

fn set_comment(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut zone = find(tx, input.required("Id"))?.clone();
    zone.comment = input.text("Comment").filter(|text| !text.is_empty()).map(str::to_owned);
    let view = zone.view(tx);
    tx.put(zone);
    Ok(record! { "HostedZone" => view })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut zone = find(tx, input.required("Id"))?.clone();
    let under = RecordSet::ids_of(&zone.id);
    let records: Vec<RecordSet> = tx.rows_under::<RecordSet>(&under).cloned().collect();
    let own = |set: &RecordSet| set.name == zone.name && ["NS", "SOA"].contains(&set.kind.as_str());
    tx.enforce("route53.zone.empty", records.iter().all(own), || {
        // The two spaces are AWS's.
        let message = "The specified hosted zone contains non-required resource record sets  and so cannot be deleted.";
        Refusal::new("HostedZoneNotEmpty", message)
    })?;
    zone.occupy(tx)?;
    for set in records {
        tx.remove::<RecordSet>(&set.id());
    }
    tx.remove::<Zone>(&zone.id);
    let (view, _) = change::begin(tx, &zone.id, None);
    Ok(record! { "ChangeInfo" => view })
}
