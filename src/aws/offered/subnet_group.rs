//! Groups of subnets of databases and caches, which keep a subnet for as long as something stands in it:
//! <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html>,
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheSubnetGroup.html>

use std::collections::BTreeSet;

use fathuss_engine::proposal::{Objection, Proposal, Proposals};
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use super::{Asked, list, objection};
use crate::client::Client;
use crate::fields::Fields;
use crate::listing::all;
use crate::{db_instance, elasticache_replication_group};

/// What stands in the zone of a subnet of a group.
struct Standing {
    name: String,
    group: String,
    zones: Vec<String>,
}

/// One `DescribeDBInstances` and one `DescribeCacheClusters`, where a group that is there gets other subnets. What the
/// plan takes away does not count.
pub(super) async fn object(client: &Client, asked: Asked<'_>, deleted: &Proposals) -> Result<Vec<Objection>, Failure> {
    let of = |kind: &'static str| -> Vec<(&Address, &Proposal)> {
        let changing = asked.changing(kind, &["subnet_ids"]);
        changing.filter(|(_, group)| group.fields.contains_key("arn")).collect()
    };
    let (databases, caches) = (of("aws_db_subnet_group"), of("aws_elasticache_subnet_group"));
    let mut objections = Vec::new();
    if !databases.is_empty() {
        let standing = self::databases(client).await?;
        let going = going(asked, deleted, "aws_db_instance", "identifier");
        objections.extend(against(asked, &databases, &standing, &going)?);
    }
    if !caches.is_empty() {
        let standing = self::caches(client).await?;
        let going = going(asked, deleted, "aws_elasticache_replication_group", "replication_group_id");
        objections.extend(against(asked, &caches, &standing, &going)?);
    }
    Ok(objections)
}

fn against(
    asked: Asked<'_>,
    groups: &[(&Address, &Proposal)],
    standing: &[Standing],
    going: &BTreeSet<&str>,
) -> Result<Vec<Objection>, Failure> {
    let mut objections = Vec::new();
    for (address, group) in groups {
        let name = Fields::of(&group.fields).maybe_text("name")?;
        let Some(zones) = asked.zones_of(group, "subnet_ids")? else { continue };
        let held = standing.iter().filter(|one| Some(one.group.as_str()) == name && !going.contains(one.name.as_str()));
        for one in held {
            let without = one.zones.iter().map(String::as_str).filter(|zone| !zones.contains(zone));
            let without: BTreeSet<&str> = without.collect();
            if !without.is_empty() {
                let (without, has) = (list(without), list(zones.iter().copied()));
                let message = format!(
                    "`subnet_ids` has no subnet in {without} any more, where {} stands: it has some in {has}",
                    one.name
                );
                objections.push(objection(address, message));
            }
        }
    }
    Ok(objections)
}

/// What the plan takes away, or has another in the place of.
fn going<'a>(asked: Asked<'a>, deleted: &'a Proposals, kind: &str, name: &str) -> BTreeSet<&'a str> {
    let replaced = asked.all.iter().filter(|(_, proposal)| !proposal.fields.contains_key("arn"));
    let of_kind = replaced.chain(deleted).filter(|(address, _)| address.kind() == kind);
    of_kind.filter_map(|(_, proposal)| proposal.fields.get(name)?.as_str()).collect()
}

async fn databases(client: &Client) -> Result<Vec<Standing>, Failure> {
    let instances = all(&db_instance::page(client)).await?;
    let stands = instances.into_iter().filter_map(|instance| {
        Some(Standing {
            name: instance.db_instance_identifier?,
            group: instance.db_subnet_group?.db_subnet_group_name?,
            zones: instance.availability_zone.into_iter().chain(instance.secondary_availability_zone).collect(),
        })
    });
    Ok(stands.collect())
}

async fn caches(client: &Client) -> Result<Vec<Standing>, Failure> {
    let mut standing: Vec<Standing> = Vec::new();
    for node in all(&elasticache_replication_group::clusters(client)).await? {
        let (Some(name), Some(group)) = (node.replication_group_id, node.cache_subnet_group_name) else { continue };
        let zone = node.preferred_availability_zone;
        match standing.iter_mut().find(|one| one.name == name) {
            Some(one) => one.zones.extend(zone),
            None => standing.push(Standing { name, group, zones: zone.into_iter().collect() }),
        }
    }
    Ok(standing)
}
