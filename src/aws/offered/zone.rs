//! Zones: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>

use std::collections::BTreeSet;

use aws_sdk_ec2::types::AvailabilityZoneState;
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use super::{Asked, list, objection, zone};
use crate::call::Call;
use crate::client::Client;

const ZONE: &[&str] = &["availability_zone"];

/// The ids of the zones in which EKS puts no control plane:
/// <https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets>
const WITHOUT_EKS: &[&str] = &["use1-az3", "usw1-az2", "cac1-az3"];

/// The zones of a region that take something new, and what is to lie in which.
pub(super) struct Zones<'a> {
    open: Vec<String>,
    placed: Vec<(&'a Address, &'a str)>,
    without_eks: BTreeSet<String>,
    clusters: Vec<(&'a Address, BTreeSet<&'a str>)>,
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
    let mut clusters = Vec::new();
    for (address, proposal) in asked.changing("aws_eks_cluster", &["vpc_config"]) {
        let zones = asked.behind(proposal, "vpc_config").map(zone).collect::<Result<Vec<_>, _>>()?;
        clusters.push((address, zones.into_iter().flatten().collect::<BTreeSet<_>>()));
    }
    let is_named = !placed.is_empty() || clusters.iter().any(|(_, zones)| !zones.is_empty());
    if !is_named {
        return Ok(Zones { open: Vec::new(), placed, without_eks: BTreeSet::new(), clusters });
    }
    let asking = client.ec2.describe_availability_zones();
    let answer = client.send(Call::ec2("DescribeAvailabilityZones"), asking.send()).await?;
    let zones = answer.availability_zones.unwrap_or_default();
    let without_eks = zones.iter().filter(|zone| zone.zone_id().is_some_and(|id| WITHOUT_EKS.contains(&id)));
    let without_eks = without_eks.filter_map(|zone| zone.zone_name.clone()).collect();
    let open = zones.into_iter().filter(|zone| zone.state == Some(AvailabilityZoneState::Available));
    Ok(Zones { open: open.filter_map(|zone| zone.zone_name).collect(), placed, without_eks, clusters })
}

impl<'a> Zones<'a> {
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
        let stands = |(address, zones): &(&'a Address, BTreeSet<&'a str>)| {
            let without = zones.iter().filter(|zone| self.without_eks.contains(**zone)).copied();
            let without: Vec<&str> = without.collect();
            (!without.is_empty()).then(|| {
                let message = format!(
                    "`vpc_config.subnet_ids` has a subnet in {}, where EKS puts no control plane",
                    list(without)
                );
                objection(address, message)
            })
        };
        lacking.map(object).chain(self.clusters.iter().filter_map(stands)).collect()
    }
}
