//! Zones: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>

use aws_sdk_ec2::types::AvailabilityZoneState;
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;

use super::{Asked, list, objection, zone};
use crate::call::Call;
use crate::client::Client;

const ZONE: &[&str] = &["availability_zone"];

/// One `DescribeAvailabilityZones`, where anything is to lie in a zone that is named.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut placed = Vec::new();
    for kind in ["aws_subnet", "aws_ebs_volume", "aws_instance", "aws_db_instance"] {
        for (address, proposal) in asked.changing(kind, ZONE) {
            if let Some(zone) = zone(proposal)? {
                placed.push((address, zone));
            }
        }
    }
    if placed.is_empty() {
        return Ok(Vec::new());
    }
    let asking = client.ec2.describe_availability_zones();
    let answer = client.send(Call::ec2("DescribeAvailabilityZones"), asking.send()).await?;
    let zones = answer.availability_zones.unwrap_or_default();
    let open = zones.iter().filter(|zone| zone.state == Some(AvailabilityZoneState::Available));
    let open: Vec<&str> = open.filter_map(|zone| zone.zone_name.as_deref()).collect();
    let lacking = placed.into_iter().filter(|(_, zone)| !open.contains(zone));
    let object = |(address, zone)| {
        let there = list(open.iter().copied());
        objection(
            address,
            format!("`availability_zone` is {zone}, which {} does not have: it has {there}", asked.region),
        )
    };
    Ok(lacking.map(object).collect())
}
