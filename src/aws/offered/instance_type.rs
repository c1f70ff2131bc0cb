//! Instance types, by zone:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html>

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::LocationType;
use fathuss_engine::proposal::Objection;
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use super::zone::Zones;
use super::{Asked, list, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::by_values;

/// What wants instances of one of these types, in these zones where they are known.
struct Wanting<'a> {
    address: &'a Address,
    field: &'static str,
    types: Vec<String>,
    zones: Option<BTreeSet<&'a str>>,
}

/// What wants instances, and the zones that offer each of their types.
pub(super) struct Offers<'a> {
    wanting: Vec<Wanting<'a>>,
    zones: BTreeMap<String, BTreeSet<String>>,
}

/// One `DescribeInstanceTypeOfferings` for all types that something new, or changed, wants.
pub(super) async fn ask<'a>(client: &Client, asked: Asked<'a>) -> Result<Offers<'a>, Failure> {
    let wanting = wanting(asked)?;
    let types: BTreeSet<String> = wanting.iter().flat_map(|wanting| wanting.types.iter().cloned()).collect();
    let mut zones: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if types.is_empty() {
        return Ok(Offers { wanting, zones });
    }
    let offers = by_values("instance-type", types, &[], async |filters, token| {
        let asking = client
            .ec2
            .describe_instance_type_offerings()
            .location_type(LocationType::AvailabilityZone)
            .set_filters(Some(filters))
            .set_next_token(token);
        let answer = client.send(Call::ec2("DescribeInstanceTypeOfferings"), asking.send()).await?;
        Ok((answer.instance_type_offerings.unwrap_or_default(), answer.next_token))
    })
    .await?;
    for offer in offers {
        if let (Some(instance_type), Some(zone)) = (offer.instance_type, offer.location) {
            zones.entry(instance_type.as_str().to_owned()).or_default().insert(zone);
        }
    }
    Ok(Offers { wanting, zones })
}

impl Offers<'_> {
    /// What is wanted and not offered. A zone that the region does not have is objected to as that.
    pub(super) fn objections(&self, region: &str, known: &Zones<'_>) -> Vec<Objection> {
        self.wanting.iter().flat_map(|wanting| self.against(wanting, region, known)).collect()
    }

    /// Of a group's types, some zone has to offer one; every type has to be offered somewhere.
    fn against(&self, wanting: &Wanting<'_>, region: &str, known: &Zones<'_>) -> Vec<Objection> {
        let Wanting { address, field, types, zones } = wanting;
        let nowhere = types.iter().filter(|wanted| !self.zones.contains_key(*wanted));
        let mut objections: Vec<Objection> = nowhere
            .map(|wanted| objection(address, format!("`{field}` is {wanted}, which no zone of {region} offers")))
            .collect();
        let zones = zones.iter().flatten().copied().filter(|zone| known.takes(zone));
        let zones: BTreeSet<&str> = zones.collect();
        // Where none is given, EKS takes one of its own.
        if !types.is_empty() && !zones.is_empty() && objections.is_empty() {
            let places: BTreeSet<&str> =
                types.iter().filter_map(|wanted| self.zones.get(wanted)).flatten().map(String::as_str).collect();
            if zones.is_disjoint(&places) {
                let (types, zones) = (list(types.iter().map(String::as_str)), list(zones));
                let message =
                    format!("`{field}` is {types}, which {zones} does not offer: these zones do: {}", list(places));
                objections.push(objection(address, message));
            }
        }
        objections
    }
}

fn wanting(asked: Asked<'_>) -> Result<Vec<Wanting<'_>>, Failure> {
    let mut all = Vec::new();
    for (address, proposal) in asked.changing("aws_instance", &["instance_type", "availability_zone", "subnet_id"]) {
        let wanted = Fields::of(&proposal.fields).maybe_string("instance_type")?;
        let zones = asked.zone_of(proposal)?.map(|zone| BTreeSet::from([zone]));
        all.push(Wanting { address, field: "instance_type", types: wanted.into_iter().collect(), zones });
    }
    for (address, proposal) in asked.changing("aws_launch_template", &["instance_type"]) {
        let wanted = Fields::of(&proposal.fields).maybe_string("instance_type")?;
        all.push(Wanting { address, field: "instance_type", types: wanted.into_iter().collect(), zones: None });
    }
    for (address, proposal) in asked.changing("aws_eks_node_group", &["instance_types", "subnet_ids"]) {
        let types = Fields::of(&proposal.fields).texts("instance_types")?;
        let zones = asked.zones_of(proposal, "subnet_ids")?;
        all.push(Wanting { address, field: "instance_types", types, zones });
    }
    Ok(all)
}
