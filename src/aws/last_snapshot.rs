//! The last snapshots that deletes make: one whose name is taken would stop a destroy half-way, when most is gone.

use fathuss_engine::proposal::{Objection, Proposal, Proposals};
use fathuss_engine::provider::Failure;
use fathuss_model::Address;
use futures::future::try_join_all;

use crate::client::Client;
use crate::fields::Fields;
use crate::snapshot::{of_cache, of_database};

/// One `DescribeDBSnapshots` for each database that leaves a last snapshot, one `DescribeSnapshots` for each cache.
pub(crate) async fn objections(client: &Client, deleted: &Proposals) -> Result<Vec<Objection>, Failure> {
    let here = deleted.iter().filter(|(_, proposal)| proposal.region == client.region);
    let asked = here.map(async |(address, proposal)| taken(client, address, proposal).await);
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

async fn taken(client: &Client, address: &Address, proposal: &Proposal) -> Result<Option<Objection>, Failure> {
    let was = Fields::of(&proposal.fields);
    let Some(name) = was.maybe_text("final_snapshot_identifier")? else { return Ok(None) };
    // One that is going already makes the snapshot itself.
    if was.maybe_text("status")? == Some("deleting") {
        return Ok(None);
    }
    let (exists, delete) = match address.kind() {
        "aws_db_instance" => {
            if was.bool_or("skip_final_snapshot", false)? || was.has("replicate_source_db") {
                return Ok(None);
            }
            (of_database(client, name).await?.is_some(), "aws rds delete-db-snapshot --db-snapshot-identifier")
        }
        "aws_elasticache_replication_group" => {
            (of_cache(client, name).await?.is_some(), "aws elasticache delete-snapshot --snapshot-name")
        }
        _ => return Ok(None),
    };
    let message = || {
        format!(
            "its delete makes a last snapshot {name}, and there is one of that name already: give another \
             `final_snapshot_identifier` and apply that first, or delete the old one with `{delete} {name}`"
        )
    };
    Ok(exists.then(|| Objection { address: address.clone(), message: message() }))
}
