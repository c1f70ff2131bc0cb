//! Snapshots that something new begins as. What this run makes itself, as a snapshot or as the last one of what it
//! replaces, is not there yet and is not asked for.

use fathuss_engine::proposal::{Objection, Proposal};
use fathuss_engine::provider::Failure;

use super::{Asked, objection};
use crate::client::Client;
use crate::fields::Fields;
use crate::snapshot::{Snapshot, of_cache, of_database, of_volume};

/// The types that begin as a snapshot, with the field that names it.
const DATABASE: (&str, &str) = ("aws_db_instance", "snapshot_identifier");
const CACHE: (&str, &str) = ("aws_elasticache_replication_group", "snapshot_name");
const VOLUME: (&str, &str) = ("aws_ebs_volume", "snapshot_id");

/// One `DescribeDBSnapshots` or `DescribeSnapshots` for each snapshot that is named.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut objections = Vec::new();
    for (kind, field) in [DATABASE, CACHE, VOLUME] {
        for (address, proposal) in asked.changing(kind, &[field]) {
            let Some(named) = named(asked, proposal, field)? else { continue };
            let found = match kind {
                "aws_db_instance" => of_database(client, named).await?,
                "aws_elasticache_replication_group" => of_cache(client, named).await?,
                _ => of_volume(client, named).await?,
            };
            let against = against(proposal, (field, named), found)?;
            objections.extend(against.map(|message| objection(address, message)));
        }
    }
    Ok(objections)
}

/// The snapshot that is to be asked for; none of another account, which goes by ARN and need not be told of here.
fn named<'a>(asked: Asked<'a>, proposal: &'a Proposal, field: &str) -> Result<Option<&'a str>, Failure> {
    let named = Fields::of(&proposal.fields).maybe_text(field)?;
    let Some(named) = named.filter(|named| !named.starts_with("arn:") && !proposal.refers.contains_key(field)) else {
        return Ok(None);
    };
    let made = asked.all.values().any(|other| {
        ["final_snapshot_identifier", "db_snapshot_identifier"]
            .iter()
            .any(|field| other.fields.get(*field).and_then(|value| value.as_str()) == Some(named))
    });
    Ok((!made).then_some(named))
}

fn against(
    proposal: &Proposal,
    (field, named): (&str, &str),
    found: Option<Snapshot>,
) -> Result<Option<String>, Failure> {
    let Some(snapshot) = found else { return Ok(Some(format!("`{field}` is {named}, which is not there"))) };
    if !["available", "completed"].contains(&snapshot.state.as_str()) {
        return Ok(Some(format!(
            "`{field}` is {named}, which is {}: it can be used once it is complete",
            snapshot.state
        )));
    }
    let size = Fields::of(&proposal.fields).maybe_integer("size")?;
    Ok(match (size, snapshot.gigabytes) {
        (Some(size), Some(least)) if size < least => {
            Some(format!("`size` is {size}, and {named} is of a volume of {least}: no smaller one can be made of it"))
        }
        _ => None,
    })
}
