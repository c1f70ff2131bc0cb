//! `aws_route53_record`: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/rrsets-working-with.html>

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Route53Zone;
use super::route53_name::{flaw, lies_in};
use crate::check::{Findings, Part, View};
use crate::{Computed, Id, Value, words};

words! {
    /// A type of DNS record.
    pub enum RecordType {
        /// IPv4 addresses.
        A = "A",
        /// IPv6 addresses.
        Aaaa = "AAAA",
        /// Who may issue certificates.
        Caa = "CAA",
        /// Another name for which this one stands.
        Cname = "CNAME",
        /// The key of a signed zone below.
        Ds = "DS",
        /// How to reach a service over HTTPS.
        Https = "HTTPS",
        /// Who takes mail.
        Mx = "MX",
        /// Rules that make names of other names.
        Naptr = "NAPTR",
        /// Name servers.
        Ns = "NS",
        /// The name of an address.
        Ptr = "PTR",
        /// Where a zone begins.
        Soa = "SOA",
        /// Who may send mail; a text record is used instead.
        Spf = "SPF",
        /// Where a service is.
        Srv = "SRV",
        /// The fingerprint of an SSH key.
        Sshfp = "SSHFP",
        /// How to reach a service.
        Svcb = "SVCB",
        /// A certificate that a service has.
        Tlsa = "TLSA",
        /// Texts.
        Txt = "TXT",
    }
}

/// What a zone answers for a name and a type.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let zone = stack.add("main", Route53Zone::new("shop.test"));
/// let record = Route53Record::new(&zone, "www.shop.test", RecordType::A).ttl(300).records(["203.0.113.10"]);
/// stack.add("www", record);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_route53_record",
    service = "route53",
    creation = Relation,
    create_seconds = 40,
    delete_seconds = 40,
    check = check
)]
pub struct Route53Record {
    /// The zone.
    #[field(replace)]
    zone_id: Value<Id<Route53Zone>>,
    /// The whole name, with its domain.
    #[field(replace, case_insensitive, min_length = 1, max_length = 255)]
    name: Value<String>,
    /// The type.
    #[field(replace)]
    r#type: Value<RecordType>,
    /// How many seconds others may remember it.
    #[field(min = 0, max = 2_147_483_647)]
    ttl: Option<Value<i64>>,
    /// The values. Texts stand without quotation marks.
    #[field(set, min_length = 1, max_length = 400)]
    records: Option<Value<Vec<String>>>,
    /// What answers in its place: another record of the zone, or a service of AWS's.
    alias: Option<Value<RecordAlias>>,
    /// What tells it from others of its name and type.
    #[field(replace, min_length = 1, max_length = 128)]
    set_identifier: Option<Value<String>>,
    /// How often it is chosen among these.
    weighted_routing_policy: Option<Value<WeightedRouting>>,
    /// Whether one that is there already is taken over, whoever made it.
    #[field(instruction, default = "false")]
    allow_overwrite: Option<Value<bool>>,
    /// Zone, name, type and identifier: what it is known by.
    id: Computed<Id<Route53Record>>,
    /// The name, without the dot at its end.
    fqdn: Computed<String>,
}

/// What answers in a record's place.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct RecordAlias {
    /// The name that answers.
    #[field(case_insensitive)]
    name: Value<String>,
    /// The zone that it is in: of a service of AWS's the service's own.
    zone_id: Value<String>,
    /// Whether the other one's health counts.
    evaluate_target_health: Value<bool>,
}

/// How often a record is chosen among those of its name and type.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct WeightedRouting {
    /// Its share, of the sum of all.
    #[field(min = 0, max = 255)]
    weight: Value<i64>,
}

fn check(record: &View<'_>, findings: &mut Findings<'_>) {
    let (values, ttl, alias) = (record.gives("records"), record.gives("ttl"), record.gives("alias"));
    if values == alias || ttl == alias {
        findings.refuse("a record has `records` with a `ttl`, or an `alias` without either");
    }
    if record.gives("set_identifier") != record.gives("weighted_routing_policy") {
        findings.refuse("`set_identifier` and `weighted_routing_policy` come together");
    }
    let kind = record.text("type").unwrap_or_default();
    named(record, kind, findings);
    alone(record, kind, findings);
    let values: Vec<&str> = record
        .part("records")
        .map(Part::items)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|item| item.literal()?.as_str())
        .collect();
    if ["CNAME", "SOA"].contains(&kind) && values.len() > 1 {
        findings.refuse(format!("a {kind} record has one value"));
    }
    for value in values {
        let says = match kind {
            "A" if value.parse::<Ipv4Addr>().is_err() => "no IPv4 address".to_owned(),
            "AAAA" if value.parse::<Ipv6Addr>().is_err() => "no IPv6 address".to_owned(),
            "MX" if !is_led(value, 1) => "no priority with a name".to_owned(),
            "SRV" if !is_led(value, 3) => "no priority, weight and port with a name".to_owned(),
            "CAA" if !is_caa(value) => "not of the form FLAGS TAG \"VALUE\"".to_owned(),
            "CNAME" | "NS" | "PTR" if flaw(value).is_some() => {
                format!("no name: it {}", flaw(value).unwrap_or_default())
            }
            "TXT" | "SPF" if value.len() > 4000 => "longer than 4,000 characters".to_owned(),
            _ => continue,
        };
        findings.refuse(format!("the value {value:?} is {says}"));
    }
}

/// What a record's name is held to.
fn named(record: &View<'_>, kind: &str, findings: &mut Findings<'_>) {
    let Some(name) = record.text("name") else { return };
    if let Some(flaw) = flaw(name) {
        findings.refuse(format!("`name` {flaw}"));
        return;
    }
    let zone = record.follow("zone_id");
    let Some(domain) = zone.as_ref().and_then(|zone| zone.text("name")) else { return };
    if !lies_in(name, domain) {
        findings.refuse(format!("`name` does not lie in {domain}: it is the whole name, with its domain"));
    }
    if kind == "CNAME" && lies_in(domain, name) {
        findings.refuse("a zone's own name has no CNAME: an `alias` does the same");
    }
}

/// Refuses another record of the name of a CNAME in its zone:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat>
fn alone(record: &View<'_>, kind: &str, findings: &mut Findings<'_>) {
    let plain = |record: &View<'_>| Some(record.text("name")?.trim_end_matches('.').to_ascii_lowercase());
    for other in record.earlier_twins_in("zone_id", plain) {
        let Some(known) = other.text("type").filter(|_| !kind.is_empty()) else { continue };
        if known != kind && [known, kind].contains(&"CNAME") {
            findings.refuse(format!("{} has the same name; a CNAME is the only record of its name", other.named()));
        }
    }
}

/// Whether a value is so many numbers of 16 bits, and a name behind them.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>
fn is_led(value: &str, numbers: usize) -> bool {
    let fields: Vec<&str> = value.split_ascii_whitespace().collect();
    let Some((name, before)) = fields.split_last() else { return false };
    let sound =
        before.iter().all(|field| field.bytes().all(|digit| digit.is_ascii_digit()) && field.parse::<u16>().is_ok());
    // A dot alone stands for no name.
    before.len() == numbers && sound && (*name == "." || flaw(name).is_none())
}

/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CAAFormat>
fn is_caa(value: &str) -> bool {
    let mut parts = value.trim().splitn(3, ' ');
    let (Some(flags), Some(tag), Some(quoted)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let quoted = quoted.trim();
    flags.parse::<u8>().is_ok()
        && !tag.is_empty()
        && tag.bytes().all(|letter| letter.is_ascii_alphanumeric())
        && quoted.len() >= 2
        && quoted.starts_with('"')
        && quoted.ends_with('"')
}
