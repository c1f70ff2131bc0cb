//! What AWS offers, asked before the first call that changes anything: zones, instance types, versions, classes, parameters,
//! services of endpoints, snapshots to begin as, images to start from, subnets that something stands in.
//!
//! Nothing is asked about what stays as it is, so a plan without changes sends none of these calls.

mod cache;
mod database;
mod endpoint;
mod image;
mod instance_type;
pub(crate) mod kubernetes;
mod parameter;
mod snapshot;
mod subnet_group;
mod zone;

use std::collections::BTreeSet;

use fathuss_engine::proposal::{Objection, Proposal, Proposals, Proposed};
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use crate::client::Client;
use crate::fields::Fields;

/// What would be made or changed in one region, with everything that it refers to.
#[derive(Clone, Copy)]
struct Asked<'a> {
    region: &'a str,
    all: &'a Proposals,
}

impl<'a> Asked<'a> {
    /// Those of a type that are new, or have one of these fields changed.
    fn changing(self, kind: &'a str, fields: &'a [&'a str]) -> impl Iterator<Item = (&'a Address, &'a Proposal)> {
        self.all.iter().filter(move |(address, proposal)| {
            address.kind() == kind && proposal.region == self.region && proposal.changes(fields)
        })
    }

    /// What a field refers to, where that is in the stack.
    fn behind(self, proposal: &'a Proposal, field: &str) -> impl Iterator<Item = &'a Proposal> {
        let addresses = proposal.refers.get(field).into_iter().flatten();
        addresses.filter_map(|address| self.all.get(address))
    }

    /// The zone of what lies in one subnet, where it is known.
    fn zone_of(self, proposal: &'a Proposal) -> Result<Option<&'a str>, Failure> {
        match zone(proposal)? {
            Some(named) => Ok(Some(named)),
            None => self.behind(proposal, "subnet_id").next().map_or(Ok(None), zone),
        }
    }

    /// The zones of the subnets that a field names; none where one of them is not known.
    fn zones_of(self, proposal: &'a Proposal, field: &str) -> Result<Option<BTreeSet<&'a str>>, Failure> {
        let zones = self.behind(proposal, field).map(zone).collect::<Result<Option<BTreeSet<_>>, _>>()?;
        Ok(zones.filter(|zones| !zones.is_empty()))
    }
}

fn zone(proposal: &Proposal) -> Result<Option<&str>, Failure> {
    Fields::of(&proposal.fields).maybe_text("availability_zone")
}

/// What is known against the proposals of one region.
pub(crate) async fn objections(client: &Client, proposed: &Proposed) -> Result<Vec<Objection>, Failure> {
    let asked = Asked { region: &client.region, all: &proposed.made };
    let (zones, types, databases, caches, parameters, kubernetes, endpoints, snapshots, groups) = futures::join!(
        zone::ask(client, asked),
        instance_type::ask(client, asked),
        database::object(client, asked),
        cache::object(client, asked),
        parameter::object(client, asked),
        kubernetes::object(client, asked),
        endpoint::object(client, asked),
        snapshot::object(client, asked),
        subnet_group::object(client, asked, &proposed.deleted),
    );
    let zones = zones?;
    let mut objections = zones.objections(asked.region);
    objections.extend(types?.objections(asked.region, &zones));
    objections.extend(databases?);
    objections.extend(caches?);
    objections.extend(parameters?);
    objections.extend(kubernetes?);
    objections.extend(endpoints?);
    objections.extend(snapshots?);
    objections.extend(groups?);
    objections.extend(image::object(asked)?);
    Ok(objections)
}

fn objection(address: &Address, message: String) -> Objection {
    Objection { address: address.clone(), message }
}

/// The words of a list, or `none`.
fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Whether a version is `wanted`, or of the line that `wanted` names: 17 has 17.4.
fn is_of(version: &str, wanted: &str) -> bool {
    version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
