//! What other hands do between two runs: they strip a tag, switch something, take something away. They know the
//! things by what the state says of them, and leave the state alone.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use fathuss_aws::Aws;
use fathuss_engine::Provider;
use fathuss_engine::provider::{Desired, Failure, FailureClass, Mark, Progress, Standing, UpdateRequest};
use fathuss_model::schema::Mode;
use fathuss_model::{Address, Datum};
use fathuss_state::{ResourceRecord, Snapshot};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// How often others look, each ten seconds, before they give up.
const LOOKS: usize = 1000;

/// What was done to what.
pub type Deed = (Address, &'static str);

/// Does up to that many things that an apply has to put right.
pub async fn meddle(aws: &Aws, snapshot: &Snapshot, most: usize, chance: &mut ChaCha8Rng) -> Result<Vec<Deed>, String> {
    let held: BTreeSet<&Address> = snapshot.resources.values().flat_map(|record| &record.depends_on).collect();
    let records: Vec<&ResourceRecord> = snapshot.resources.values().filter(|record| is_made(aws, record)).collect();
    let (mut deeds, mut touched) = (Vec::new(), BTreeSet::new());
    for _ in 0..most {
        let Some(record) = records.choose(chance).copied() else { break };
        if !touched.insert(&record.address) {
            continue;
        }
        let what = match chance.random_range(0..3) {
            0 if !held.contains(&record.address) => take_away(aws, snapshot, record).await?,
            1 if record.attributes.contains_key("enable_dns_hostnames") => {
                let on = record.attributes.get("enable_dns_hostnames") == Some(&Datum::Bool(true));
                set(aws, snapshot, record, "enable_dns_hostnames", Datum::Bool(!on)).await?
            }
            _ => {
                let Some(Datum::Map(tags)) = record.attributes.get("tags") else { continue };
                let mut tags = tags.clone();
                tags.pop_first();
                tags.insert("ByHand".to_owned(), "yes".into());
                set(aws, snapshot, record, "tags", Datum::Map(tags)).await?
            }
        };
        deeds.push((record.address.clone(), what));
    }
    Ok(deeds)
}

/// Whether it is AWS's, and can be taken away: that a certificate is issued can't be.
pub fn is_made(aws: &Aws, record: &ResourceRecord) -> bool {
    record.address.kind() != "aws_acm_certificate_validation"
        && aws.schema(record.address.kind()).is_some_and(|schema| schema.mode == Mode::Managed)
}

/// Deletes it, as far as what holds it lets.
pub async fn take_away(aws: &Aws, snapshot: &Snapshot, record: &ResourceRecord) -> Result<&'static str, String> {
    let standing = standing(snapshot, record);
    let held = Cell::new(false);
    let taken = until(&record.address, async || match aws.delete(&standing).await {
        Ok(progress) => {
            held.set(false);
            Ok(progress == Progress::Gone)
        }
        Err(failure) if failure.class.is_early() || failure.class == FailureClass::Throttled => {
            held.set(failure.class.is_early());
            Ok(false)
        }
        Err(failure) => Err(failure),
    })
    .await;
    match taken {
        // What the snapshot has no dependency on holds it: public addresses hold the gateway of their VPC.
        Err(_) if held.get() => Ok("held against hands"),
        taken => taken.map(|()| "taken away by hand"),
    }
}

/// Gives a field another value.
pub async fn set(
    aws: &Aws,
    snapshot: &Snapshot,
    record: &ResourceRecord,
    field: &str,
    value: Datum,
) -> Result<&'static str, String> {
    let mut standing = standing(snapshot, record);
    // What AWS alone says may be another by now.
    let given = |name: &str| {
        let field = aws.schema(record.address.kind()).and_then(|schema| schema.field(name));
        field.is_some_and(|field| field.required || field.optional)
    };
    standing.desired.attributes.retain(|name, _| given(name));
    standing.desired.attributes.insert(field.to_owned(), value);
    let change = UpdateRequest { before: record.attributes.clone(), changed: vec![field.to_owned()] };
    until(&record.address, async || aws.update(&standing, &change).await.map(|()| true)).await?;
    until(&record.address, async || {
        Ok(matches!(aws.settle(&standing).await?, Progress::Ready(_) | Progress::Deferred { .. }))
    })
    .await?;
    Ok("changed by hand")
}

/// Repeats a step until it is done; one that was sent too fast is none.
async fn until(address: &Address, step: impl AsyncFn() -> Result<bool, Failure>) -> Result<(), String> {
    for _ in 0..LOOKS {
        match step().await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(failure) if failure.class == FailureClass::Throttled => {}
            Err(failure) => return Err(format!("{address}: {failure}")),
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    Err(format!("{address} is never done"))
}

/// What a row says, for calls that no run makes.
pub fn standing(snapshot: &Snapshot, record: &ResourceRecord) -> Standing {
    let mark =
        Mark { lineage: snapshot.lineage.clone(), address: record.address.clone(), generation: record.generation };
    Standing {
        address: record.address.clone(),
        region: record.region.clone(),
        account: record.account.clone(),
        mark,
        identity: record.identity.clone(),
        desired: Desired { attributes: record.attributes.clone(), ..Desired::default() },
        token: "b".repeat(64),
    }
}
