//! Regions and availability zones, as every account sees them.

use crate::ec2::filters;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribeAvailabilityZones", describe),
    ("DescribeRegions", describe_regions),
    ("DescribeAccountAttributes", describe_account_attributes),
];

/// Region, the start of its zones' ids, how many zones it has, where it lies, and whether accounts opt in.
const REGIONS: &[(&str, &str, u8, &str, bool)] = &[
    ("us-east-1", "use1", 6, "US East (N. Virginia)", false),
    ("us-east-2", "use2", 3, "US East (Ohio)", false),
    ("us-west-1", "usw1", 2, "US West (N. California)", false),
    ("us-west-2", "usw2", 4, "US West (Oregon)", false),
    ("ca-central-1", "cac1", 3, "Canada (Central)", false),
    ("eu-central-1", "euc1", 3, "Europe (Frankfurt)", false),
    ("eu-west-1", "euw1", 3, "Europe (Ireland)", false),
    ("eu-west-2", "euw2", 3, "Europe (London)", false),
    ("eu-west-3", "euw3", 3, "Europe (Paris)", false),
    ("eu-north-1", "eun1", 3, "Europe (Stockholm)", false),
    ("ap-northeast-1", "apne1", 3, "Asia Pacific (Tokyo)", false),
    ("ap-northeast-2", "apne2", 4, "Asia Pacific (Seoul)", false),
    ("ap-northeast-3", "apne3", 3, "Asia Pacific (Osaka)", false),
    ("ap-southeast-1", "apse1", 3, "Asia Pacific (Singapore)", false),
    ("ap-southeast-2", "apse2", 3, "Asia Pacific (Sydney)", false),
    ("ap-south-1", "aps1", 3, "Asia Pacific (Mumbai)", false),
    ("sa-east-1", "sae1", 3, "South America (Sao Paulo)", false),
];

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name, e.g. `us-east-1a`.
    pub name: String,
    /// Its id, the same in every account, e.g. `use1-az1`.
    pub id: String,
}

/// A region's zones; none where there is no such region.
#[must_use]
pub fn zones(region: &str) -> Vec<Zone> {
    let found = REGIONS.iter().find(|(name, ..)| *name == region);
    found.map_or_else(Vec::new, |(name, short, count, ..)| {
        (0..*count)
            .map(|at| {
                // Every account has its own order and, in the last two regions, some of them. In the first one the zone
                // without EKS is the fifth.
                let number = match (*name, at) {
                    ("us-east-1", 2) => 5,
                    ("us-east-1", 4) => 3,
                    ("us-west-1", 1) => 3,
                    ("ca-central-1", 2) => 4,
                    _ => at + 1,
                };
                Zone { name: format!("{name}{}", char::from(b'a' + at)), id: format!("{short}-az{number}") }
            })
            .collect()
    })
}

/// The regions' names.
pub fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(name, ..)| *name)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("AllAvailabilityZones");
    let region = tx.region().to_owned();
    let all = zones(&region);
    let (names, ids) = (input.texts("ZoneNames"), input.texts("ZoneIds"));
    if let Some(wrong) = names.iter().find(|name| all.iter().all(|zone| zone.name != **name)) {
        let message = format!("Invalid availability zone: [{wrong}]");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    if let Some(wrong) = ids.iter().find(|id| all.iter().all(|zone| zone.id != **id)) {
        return Err(Refusal::new("InvalidParameterValue", format!("Invalid availability zone-id: [{wrong}]")));
    }
    let place = REGIONS.iter().find(|(name, ..)| *name == region).map_or("", |(_, _, _, place, _)| place);
    let filters = filters::read(tx, input)?;
    let mut views = Vec::new();
    for (at, zone) in all.iter().enumerate() {
        let group = format!("{region}-zg-1");
        let mut fits = (names.is_empty() || names.contains(&zone.name.as_str()))
            && (ids.is_empty() || ids.contains(&zone.id.as_str()));
        for filter in &filters {
            let value = match filter.name.as_str() {
                "group-name" => &group,
                "opt-in-status" => "opt-in-not-required",
                "region-name" => &region,
                "state" => "available",
                "zone-id" => &zone.id,
                "zone-name" => &zone.name,
                "zone-type" => "availability-zone",
                name => return Err(filters::unknown(name)),
            };
            fits &= filter.fits(&[value.to_owned()]);
        }
        if fits {
            views.push(record! {
                "OptInStatus" => "opt-in-not-required",
                "Messages" => Value::List(Vec::new()),
                "RegionName" => &region,
                "ZoneName" => &zone.name,
                "ZoneId" => &zone.id,
                "GroupName" => &group,
                "NetworkBorderGroup" => &region,
                "ZoneType" => "availability-zone",
                "GroupLongName" => format!("{place} {}", at / 6 + 1),
                "State" => "available",
            });
        }
    }
    Ok(record! { "AvailabilityZones" => views })
}

fn describe_regions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = (tx.region(), input.flag("AllRegions"));
    let names = input.texts("RegionNames");
    if let Some(wrong) = names.iter().find(|name| REGIONS.iter().all(|(known, ..)| known != *name)) {
        return Err(Refusal::new("InvalidParameterValue", format!("Invalid region provided: [{wrong}]")));
    }
    let filters = filters::read(tx, input)?;
    let mut views = Vec::new();
    for (name, ..) in REGIONS {
        let endpoint = format!("ec2.{name}.amazonaws.com");
        let mut fits = names.is_empty() || names.contains(name);
        for filter in &filters {
            let value = match filter.name.as_str() {
                "endpoint" => endpoint.as_str(),
                "opt-in-status" => "opt-in-not-required",
                "region-name" => name,
                other => return Err(filters::unknown(other)),
            };
            fits &= filter.fits(&[value.to_owned()]);
        }
        if fits {
            views.push(
                record! { "RegionName" => *name, "Endpoint" => &endpoint, "OptInStatus" => "opt-in-not-required" },
            );
        }
    }
    Ok(record! { "Regions" => views })
}

fn describe_account_attributes(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let default_vpc = tx.rows::<super::vpc::Vpc>().find(|vpc| vpc.is_default).map_or("none", |vpc| vpc.id.as_str());
    let attributes = [
        ("supported-platforms", "VPC".to_owned()),
        ("default-vpc", default_vpc.to_owned()),
        ("max-instances", "20".to_owned()),
        ("vpc-max-security-groups-per-interface", tx.quota("ec2.security-groups-per-interface").to_string()),
        ("max-elastic-ips", tx.quota("ec2.addresses").to_string()),
        ("vpc-max-elastic-ips", tx.quota("ec2.addresses").to_string()),
    ];
    let wanted = input.texts("AttributeNames");
    let views: Vec<Value> = attributes
        .iter()
        .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
        .map(|(name, value)| {
            record! {
                "AttributeName" => *name,
                "AttributeValues" => vec![record! { "AttributeValue" => value }],
            }
        })
        .collect();
    Ok(record! { "AccountAttributes" => views })
}
