//! Copies of DB snapshots, within a region and from another one.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html>

use super::option_group;
use super::snapshot::{self, DbSnapshot};
use super::{arn, tags as limits};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{invalid_combination, invalid_value, key};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("CopyDBSnapshot", copy)];

const COPY: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBSnapshot.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.snapshot.copy.state", "what is copied is available", COPY),
    Rule::new(
        "rds.snapshot.copy.key",
        "an encrypted snapshot of another region is copied with a key of this one",
        COPY,
    ),
    Rule::new(
        "rds.snapshot.copy.quota",
        "an account copies at most 20 snapshots at a time into a region",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html",
    ),
    Rule::new("rds.snapshot.copy.target", "a copy lies in the region, and not in a zone", COPY),
];

/// Where a snapshot lies, and its name.
fn source(tx: &Tx<'_>, given: &str) -> Result<(String, String), Refusal> {
    if !given.starts_with("arn:") {
        return Ok((tx.region().to_owned(), given.to_ascii_lowercase()));
    }
    // The names of automated snapshots hold a colon.
    let parts: Vec<&str> = given.splitn(7, ':').collect();
    let ["arn", "aws", "rds", region, account, "snapshot", name] = parts[..] else {
        return Err(invalid_value(format!("Invalid source DB snapshot identifier: {given}")));
    };
    if account != tx.account() {
        return Err(Refusal::not_simulated("rds snapshots that other accounts share"));
    }
    Ok((region.to_owned(), name.to_ascii_lowercase()))
}

fn copy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (region, name) = source(tx, input.required("SourceDBSnapshotIdentifier"))?;
    // It is for GovCloud and China, and ignored elsewhere.
    let _ = input.text("PreSignedUrl");
    let target = input.text("SnapshotTarget").unwrap_or("region");
    tx.enforce("rds.snapshot.copy.target", target == "region", || {
        invalid_value(format!("Invalid snapshot target: {target}. A snapshot in a region is copied to a region."))
    })?;
    let found = tx.in_region(&region, |tx| {
        let found = tx.get::<DbSnapshot>(&name).cloned();
        found.map(|found| (found, arn(tx, "snapshot", &name))).ok_or_else(|| snapshot::not_found(&name))
    })?;
    let (from, from_arn) = found;
    tx.enforce("rds.snapshot.copy.state", from.status == "available", || {
        let message = format!("Cannot copy the snapshot because it is not currently in the available state: {name}");
        Refusal::new("InvalidDBSnapshotState", message)
    })?;
    let new = snapshot::new_identifier(tx, "TargetDBSnapshotIdentifier", input.required("TargetDBSnapshotIdentifier"))?;
    let (given, far) = (input.text("KmsKeyId"), region != tx.region());
    // A key is of one region: the words are of no source.
    tx.enforce("rds.snapshot.copy.key", given.is_some() || from.key.is_none() || !far, || {
        invalid_combination("KmsKeyId must be specified when an encrypted snapshot is copied from another AWS Region.")
    })?;
    if far {
        let here = tx.region().to_owned();
        let on_its_way = |it: &&DbSnapshot| {
            it.status == "creating" && it.source_region.as_ref().is_some_and(|region| *region != here)
        };
        let count = tx.rows::<DbSnapshot>().filter(on_its_way).count();
        let most = tx.quota("rds.snapshot-copies");
        tx.enforce("rds.snapshot.copy.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
            Refusal::new("SnapshotQuotaExceeded", format!("Cannot copy more than {most} snapshots across regions"))
        })?;
    }
    let key = match given {
        Some(_) => Some(key::granted(
            tx,
            super::instance_request::GRANTED,
            "rds.kms.exists",
            given,
            "aws/rds",
            super::instance_request::no_key,
        )?),
        None => from.key.clone(),
    };
    let options = match input.text("OptionGroupName") {
        Some(name) => Some(option_group::find(tx, name)?.name),
        None => from.options.clone().filter(|_| !far),
    };
    let mut tags = if input.flag("CopyTags") { from.tags.clone() } else { Tags::default() };
    tags.add(tags::read(tx, "rds.tags", input)?);
    limits::within(tx, &tags)?;
    let copied = DbSnapshot {
        name: new,
        kind: "manual".to_owned(),
        status: "creating".to_owned(),
        progress: 0,
        original: Some(from.original.unwrap_or(from.created)),
        created: tx.now(),
        key,
        source: Some(from_arn),
        source_region: Some(region),
        options,
        tags,
        ..from
    };
    tx.put(copied.clone());
    tx.transition("rds.snapshot.create", "rds.snapshot.available", &copied.name);
    Ok(record! { "DBSnapshot" => copied.view(tx) })
}
