//! DHCP options: the set that every region has by itself, which new VPCs use.

use serde::{Deserialize, Serialize};

use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::tags;
use crate::record;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeDhcpOptions", |tx, input| {
    let listing = Listing { ids: "DhcpOptionsIds", answer: "DhcpOptions", ids_exclude_pages: None };
    resource::describe::<DhcpOptions>(tx, input, listing)
})];

/// A set of DHCP options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DhcpOptions {
    /// Its id, `dopt-...`.
    pub id: String,
    /// The domain's name that instances get.
    pub domain_name: String,
    /// The name servers that instances get.
    pub domain_name_servers: String,
}

impl Row for DhcpOptions {
    const TABLE: &'static str = "ec2.dhcp_options";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for DhcpOptions {
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
            "key" => vec!["domain-name".to_owned(), "domain-name-servers".to_owned()],
            "value" => vec![self.domain_name.clone(), self.domain_name_servers.clone()],
            "owner-id" => vec![tx.account().to_owned()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let entry = |key: &str, value: &str| {
            record! { "Key" => key, "Values" => vec![record! { "Value" => value }] }
        };
        record! {
            "DhcpOptionsId" => &self.id,
            "OwnerId" => tx.account(),
            "Tags" => tags::of(tx, &self.id),
            "DhcpConfigurations" => vec![
                entry("domain-name", &self.domain_name),
                entry("domain-name-servers", &self.domain_name_servers),
            ],
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
    tx.put(DhcpOptions { id, domain_name, domain_name_servers: "AmazonProvidedDNS".to_owned() });
}

/// The set that new VPCs use.
#[must_use]
pub(super) fn default_id(tx: &Tx<'_>) -> String {
    tx.rows::<DhcpOptions>().next().map_or_else(|| "default".to_owned(), |options| options.id.clone())
}
