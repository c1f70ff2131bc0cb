//! DHCP options: the set that every region has by itself, which new VPCs use, and those that users make.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::tags;
use crate::ec2::vpc::Vpc;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AssociateDhcpOptions", associate),
    ("CreateDhcpOptions", create),
    ("DeleteDhcpOptions", delete),
    ("DescribeDhcpOptions", |tx, input| {
        let listing = Listing { ids: "DhcpOptionsIds", answer: "DhcpOptions", ids_exclude_pages: None };
        resource::describe::<DhcpOptions>(tx, input, listing)
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.dhcp_options.key", "a set has the options that AWS knows, each once and with values", CREATE),
    Rule::new("ec2.dhcp_options.count", "a set has at most four servers of a kind, and one node type", CREATE),
    Rule::new("ec2.dhcp_options.value", "servers are addresses, and a node type is 1, 2, 4 or 8", CREATE),
    Rule::new(
        "ec2.dhcp_options.delete.in_use",
        "a set that a VPC uses is not deleted",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteDhcpOptions.html",
    ),
];

/// The options there are, in the order in which they are shown.
const KEYS: &[&str] = &[
    "domain-name",
    "domain-name-servers",
    "ntp-servers",
    "netbios-name-servers",
    "netbios-node-type",
    "ipv6-address-preferred-lease-time",
];

/// A set of DHCP options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DhcpOptions {
    /// Its id, `dopt-...`.
    pub id: String,
    /// The domain's name that the region's own set gives.
    #[serde(default)]
    pub domain_name: Option<String>,
    /// The name servers that the region's own set gives.
    #[serde(default)]
    pub domain_name_servers: Option<String>,
    /// The options of a set that a user made, with their values; none for the region's own.
    #[serde(default)]
    pub made: Option<BTreeMap<String, Vec<String>>>,
}

impl Row for DhcpOptions {
    const TABLE: &'static str = "ec2.dhcp_options";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl DhcpOptions {
    /// Its options with their values, as they are shown.
    fn options(&self) -> Vec<(&str, Vec<String>)> {
        let own = |key: &str| match key {
            "domain-name" => self.domain_name.iter().cloned().collect(),
            "domain-name-servers" => self.domain_name_servers.iter().cloned().collect(),
            _ => Vec::new(),
        };
        let values = |key: &str| match &self.made {
            Some(made) => made.get(key).cloned().unwrap_or_default(),
            None => own(key),
        };
        KEYS.iter().map(|key| (*key, values(key))).filter(|(_, values)| !values.is_empty()).collect()
    }
}

impl Resource for DhcpOptions {
    const SHAPE: &'static str = "DhcpOptions";
    const KIND: Kind = Kind {
        prefix: "dopt",
        tagged_as: "dhcp-options",
        not_found: "InvalidDhcpOptionID.NotFound",
        malformed: "InvalidDhcpOptionsId.Malformed",
        one: "The dhcpOption ID '{}' does not exist",
        several: "The dhcpOption IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &["dhcp-options-id", "key", "owner-id", "value"];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        match name {
            "dhcp-options-id" => vec![self.id.clone()],
            "key" => self.options().into_iter().map(|(key, _)| key.to_owned()).collect(),
            "value" => self.options().into_iter().flat_map(|(_, values)| values).collect(),
            "owner-id" => vec![tx.account().to_owned()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let entry = |(key, values): (&str, Vec<String>)| {
            let values: Vec<Value> = values.iter().map(|value| record! { "Value" => value }).collect();
            record! { "Key" => key, "Values" => values }
        };
        record! {
            "DhcpOptionsId" => &self.id,
            "OwnerId" => tx.account(),
            "Tags" => tags::of(tx, &self.id),
            "DhcpConfigurations" => self.options().into_iter().map(entry).collect::<Vec<_>>(),
        }
    }
}

/// Makes the region's own set.
pub(super) fn furnish(tx: &mut Tx<'_>) {
    let id = tx.new_id("dopt");
    // us-east-1 is the one region with a domain of its own.
    let domain_name = match tx.region() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    let servers = "AmazonProvidedDNS".to_owned();
    tx.put(DhcpOptions { id, domain_name: Some(domain_name), domain_name_servers: Some(servers), made: None });
}

/// The set that new VPCs use.
#[must_use]
pub(super) fn default_id(tx: &Tx<'_>) -> String {
    let own = tx.rows::<DhcpOptions>().find(|options| options.made.is_none());
    own.map_or_else(|| "default".to_owned(), |options| options.id.clone())
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut made = BTreeMap::new();
    for option in input.records("DhcpConfigurations") {
        let key = option.text("Key").unwrap_or_default();
        let values: Vec<String> = option.texts("Values").into_iter().map(str::to_owned).collect();
        let rule = "ec2.dhcp_options.key";
        tx.enforce(rule, KEYS.contains(&key), || {
            let message = format!("Value ({key}) for parameter name is invalid. Unknown DHCP option");
            Refusal::new("InvalidParameterValue", message)
        })?;
        tx.enforce(rule, !values.is_empty() && !made.contains_key(key), || {
            let message = format!("Value ({}) for parameter {key} is invalid.", values.join(", "));
            Refusal::new("InvalidParameterValue", message)
        })?;
        // Several names, as of servers, may also come in one text.
        let values: Vec<String> =
            values.iter().flat_map(|text| text.split(',')).map(|text| text.trim().to_owned()).collect();
        let refuse = || {
            let message =
                format!("Value ({}) for parameter value is invalid. Invalid DHCP option value.", values.join(","));
            Refusal::new("InvalidParameterValue", message)
        };
        tx.enforce("ec2.dhcp_options.count", is_few(key, &values), refuse)?;
        tx.enforce("ec2.dhcp_options.value", values.iter().all(|value| is_value(key, value)), refuse)?;
        made.insert(key.to_owned(), values);
    }
    if made.is_empty() {
        return Err(super::missing("dhcpConfigurationSet"));
    }
    let id = tx.new_id("dopt");
    tx.put(DhcpOptions { id: id.clone(), domain_name: None, domain_name_servers: None, made: Some(made) });
    tags::on_create(tx, input, "dhcp-options", &id)?;
    Ok(record! { "DhcpOptions" => resource::find::<DhcpOptions>(tx, &id)?.view(tx) })
}

/// Whether there are no more values than an option takes: four servers of a kind, of NTP servers four of each family of
/// addresses, and one node type or lease time.
fn is_few(key: &str, values: &[String]) -> bool {
    match key {
        "ntp-servers" => {
            let newer = values.iter().filter(|value| value.contains(':')).count();
            newer <= 4 && values.len() - newer <= 4
        }
        "netbios-node-type" | "ipv6-address-preferred-lease-time" => values.len() == 1,
        _ => values.len() <= 4,
    }
}

/// Whether an option can have this value.
fn is_value(key: &str, value: &str) -> bool {
    match key {
        "domain-name-servers" => value == "AmazonProvidedDNS" || value.parse::<IpAddr>().is_ok(),
        "ntp-servers" => value.parse::<IpAddr>().is_ok(),
        "netbios-name-servers" => value.parse::<Ipv4Addr>().is_ok(),
        "netbios-node-type" => matches!(value, "1" | "2" | "4" | "8"),
        "ipv6-address-preferred-lease-time" => value.parse::<u32>().is_ok(),
        _ => !value.is_empty(),
    }
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let named = input.required("DhcpOptionsId");
    // "default" is no set at all.
    let id = if named == "default" { named.to_owned() } else { resource::find::<DhcpOptions>(tx, named)?.id };
    tx.change::<Vpc>(&vpc.id, |vpc| vpc.dhcp_options = id);
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let options: DhcpOptions = resource::find(tx, input.required("DhcpOptionsId"))?;
    let used = tx.rows::<Vpc>().any(|vpc| vpc.dhcp_options == options.id);
    tx.enforce("ec2.dhcp_options.delete.in_use", !used, || {
        let message = format!("The dhcpOptions '{}' has dependencies and cannot be deleted.", options.id);
        Refusal::new("DependencyViolation", message)
    })?;
    tags::forget(tx, &options.id);
    tx.remove::<DhcpOptions>(&options.id);
    Ok(nothing())
}
