//! Zones: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>

use aws_sdk_ec2::types::AvailabilityZoneState;
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use super::{Asked, list, objection, zone};
use crate::call::Call;
use crate::client::Client;

const ZONE: &[&str] = &["availability_zone"];

/// The zones of a region that take something new, and what is to lie in which.
pub(super) struct Zones<'a> {
    open: Vec<String>,
    placed: Vec<(&'a Address, &'a str)>,
}

/// One `DescribeAvailabilityZones`, where anything is to lie in a zone that is named.
pub(super) async fn ask<'a>(client: &Client, asked: Asked<'a>) -> Result<Zones<'a>, Failure> {
    let mut placed = Vec::new();
    for kind in ["aws_subnet", "aws_ebs_volume", "aws_instance", "aws_db_instance"] {
        for (address, proposal) in asked.changing(kind, ZONE) {
            if let Some(zone) = zone(proposal)? {
                placed.push((address, zone));
            }
        }
    }
    if placed.is_empty() {
        return Ok(Zones { open: Vec::new(), placed });
    }
    let asking = client.ec2.describe_availability_zones();
    let answer = client.send(Call::ec2("DescribeAvailabilityZones"), asking.send()).await?;
    let zones = answer.availability_zones.unwrap_or_default();
    let open = zones.into_iter().filter(|zone| zone.state == Some(AvailabilityZoneState::Available));
    Ok(Zones { open: open.filter_map(|zone| zone.zone_name).collect(), placed })
}

impl Zones<'_> {
    /// Whether a zone takes something new; true where that was not asked.
    pub(super) fn takes(&self, zone: &str) -> bool {
        self.placed.is_empty() || self.open.iter().any(|open| open == zone)
    }

    pub(super) fn objections(&self, region: &str) -> Vec<Objection> {
        let lacking = self.placed.iter().filter(|(_, zone)| !self.takes(zone));
        let object = |(address, zone): &(&Address, &str)| {
            let there = list(self.open.iter().map(String::as_str));
            objection(address, format!("`availability_zone` is {zone}, which {region} does not have: it has {there}"))
        };
        lacking.map(object).collect()
    }
}
