//! What the rows of a state in PostgreSQL hold, written and read.
//!
//! Each table is written by one statement, however many rows of it a write
//! changes: a round trip costs more than a row.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fathuss_model::{Address, AddressError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row, query};

use crate::audit::{Link, Log, LogEntry};
use crate::contents::{Contents, Delta, Write};
use crate::history::{Revision, Was};
use crate::seal::{self, Envelope, Opener, Seal};
use crate::shared::Seen;
use crate::{Entry, Holder, Identity, Origin, Part, Pending, ResourceRecord, Run, RunId, StateError};

/// A transaction that sees all tables as they are at one moment.
pub(super) const READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The locks, the oldest first, and how long ago the lease of each ended. Tables of version 1 have no `needs`.
const LOCKS: &str = "SELECT *, (extract(epoch FROM clock_timestamp() - expires_at) * 1000)::bigint AS over_ms
    FROM locks ORDER BY epoch";

/// A lock, how long its lease lasts, and how long ago it was renewed.
pub(super) struct Lock {
    pub(super) holder: Holder,
    pub(super) lease: Duration,
    pub(super) renewed_ago: Duration,
    /// Of the holder's last write.
    pub(super) nonce: String,
}

/// The locks, the oldest first.
pub(super) async fn locks(connection: &mut PgConnection) -> Result<Vec<Lock>, Trouble> {
    let rows = all(LOCKS, "locks", connection).await?;
    rows.iter().map(lock).collect()
}

/// What goes wrong between the tables and the records.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A statement about this table failed.
    Sql {
        table: &'static str,
        error: sqlx::Error,
    },
    /// A row that is not as it was written.
    Row {
        table: &'static str,
        reason: String,
    },
    /// The tables are of a newer release.
    Newer(i64),
    State(StateError),
}

/// Says which table a statement was about.
pub(super) fn at(table: &'static str) -> impl Fn(sqlx::Error) -> Trouble {
    move |error| Trouble::Sql { table, error }
}

fn lock(row: &PgRow) -> Result<Lock, Trouble> {
    let pid: i64 = get(row, "pid", "locks")?;
    let part = match addresses(row, "addresses")? {
        Some(own) => Some(Part { own, needs: addresses(row, "needs")?.unwrap_or_default() }),
        None => None,
    };
    let holder = Holder {
        id: get(row, "id", "locks")?,
        who: get(row, "who", "locks")?,
        pid: u32::try_from(pid).unwrap_or_default(),
        command: get(row, "command", "locks")?,
        since_ms: get(row, "since_ms", "locks")?,
        origin: Origin::default(),
        part,
    };
    let (lease_ms, over_ms): (i64, i64) = (get(row, "lease_ms", "locks")?, get(row, "over_ms", "locks")?);
    let time = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    let nonce = if row.try_get_raw("nonce").is_ok() { get(row, "nonce", "locks")? } else { String::new() };
    Ok(Lock { holder, lease: time(lease_ms), renewed_ago: time(lease_ms.saturating_add(over_ms)), nonce })
}

/// The addresses that a lock has in this column.
fn addresses(row: &PgRow, column: &'static str) -> Result<Option<BTreeSet<Address>>, Trouble> {
    if row.try_get_raw(column).is_err() {
        return Ok(None);
    }
    let texts: Option<Vec<String>> = get(row, column, "locks")?;
    let wrong = |error: AddressError| Trouble::Row { table: "locks", reason: error.to_string() };
    texts.map(|texts| texts.iter().map(|text| text.parse().map_err(wrong)).collect()).transpose()
}

/// What there is once, and what seals the state; `opener` opens it where it lies at `place`.
pub(super) async fn head(
    connection: &mut PgConnection,
    version: i64,
    (opener, place): (&Opener, &str),
) -> Result<(PgRow, Option<Seal>), Trouble> {
    let head = query("SELECT * FROM head").fetch_one(connection).await.map_err(at("head"))?;
    let found: i64 = get(&head, "version", "head")?;
    if found > version {
        return Err(Trouble::Newer(found));
    }
    let lineage: String = get(&head, "lineage", "head")?;
    let envelope: Option<String> = if found < 3 { None } else { get(&head, "encryption", "head")? };
    let seal = match envelope {
        Some(text) => {
            let envelope: Envelope = parse(&text, "head", 1)?;
            Some(opener.open(place, &lineage, &envelope).await.map_err(Trouble::State)?)
        }
        None => None,
    };
    Ok((head, seal))
}

/// Everything that there is, and what seals it.
pub(super) async fn load(
    connection: &mut PgConnection,
    version: i64,
    opening: (&Opener, &str),
) -> Result<(Seen, Option<Seal>), Trouble> {
    let (head, kept) = head(&mut *connection, version, opening).await?;
    let (found, lineage): (i64, String) = (get(&head, "version", "head")?, get(&head, "lineage", "head")?);
    let seal = kept.as_ref();
    let mut contents = Contents::new(&lineage).with_pending(pending(connection, seal).await?);
    contents.serial = get(&head, "serial", "head")?;
    contents.next_operation = get(&head, "next_operation", "head")?;
    contents.forgotten = get(&head, "forgotten", "head")?;
    for row in all("SELECT address, body FROM resources", "resources", connection).await? {
        let (key, body): (String, String) = (get(&row, "address", "resources")?, get(&row, "body", "resources")?);
        let record: ResourceRecord = parse(&open(seal, "resources", &key, body)?, "resources", &key)?;
        if record.address.to_string() != key {
            let reason = format!("row {key} holds {}", record.address);
            return Err(Trouble::Row { table: "resources", reason });
        }
        contents.resources.insert(record.address.clone(), record);
    }
    for row in all("SELECT address, generation FROM generations", "generations", connection).await? {
        let (key, generation): (String, i64) =
            (get(&row, "address", "generations")?, get(&row, "generation", "generations")?);
        let wrong = |reason: String| Trouble::Row { table: "generations", reason: format!("row {key}: {reason}") };
        let address = key.parse().map_err(|error: AddressError| wrong(error.to_string()))?;
        let generation = u32::try_from(generation).map_err(|error| wrong(error.to_string()))?;
        contents.generations.insert(address, generation);
    }
    for row in all("SELECT name, body FROM outputs", "outputs", connection).await? {
        let (name, body): (String, String) = (get(&row, "name", "outputs")?, get(&row, "body", "outputs")?);
        let value = parse(&open(seal, "outputs", &name, body)?, "outputs", &name)?;
        contents.outputs.insert(name, value);
    }
    for row in all("SELECT type, action, duration_ms FROM durations", "durations", connection).await? {
        let key = (get(&row, "type", "durations")?, get(&row, "action", "durations")?);
        contents.durations_ms.insert(key, get(&row, "duration_ms", "durations")?);
    }
    contents.runs = runs(connection, found, seal).await?;
    if found > 1 {
        contents.log = log(connection, seal).await?;
    }
    Ok((Seen { mark: get(&head, "nonce", "head")?, contents }, kept))
}

/// The runs, oldest first, in tables of this version.
pub(super) async fn runs(
    connection: &mut PgConnection,
    version: i64,
    seal: Option<&Seal>,
) -> Result<Vec<Run>, Trouble> {
    let select = match version {
        1 => "SELECT *, '{}' AS origin, '[]' AS actions FROM runs ORDER BY run",
        _ => "SELECT * FROM runs ORDER BY run",
    };
    let mut runs = Vec::new();
    for row in all(select, "runs", connection).await? {
        let (id, summary): (i64, String) = (get(&row, "run", "runs")?, get(&row, "summary", "runs")?);
        let (origin, actions): (String, String) = (get(&row, "origin", "runs")?, get(&row, "actions", "runs")?);
        if seal.is_some() {
            // All of it is in one text.
            runs.push(parse(&open(seal, "runs", id, summary)?, "runs", id)?);
            continue;
        }
        runs.push(Run {
            id: RunId(id),
            command: get(&row, "command", "runs")?,
            holder: get(&row, "holder", "runs")?,
            started_ms: get(&row, "started_ms", "runs")?,
            ended_ms: get(&row, "ended_ms", "runs")?,
            outcome: get(&row, "outcome", "runs")?,
            summary: parse(&summary, "runs", id)?,
            origin: parse(&origin, "runs", id)?,
            actions: parse(&actions, "runs", id)?,
        });
    }
    Ok(runs)
}

/// The audit log.
async fn log(connection: &mut PgConnection, seal: Option<&Seal>) -> Result<Log, Trouble> {
    let chain = query("SELECT pruned_number, pruned_hash, last_number, last_hash FROM chain")
        .fetch_one(&mut *connection)
        .await
        .map_err(at("chain"))?;
    let link = |number: &str, hash: &str| {
        Ok::<_, Trouble>(Link { number: get(&chain, number, "chain")?, hash: get(&chain, hash, "chain")? })
    };
    let (pruned, last) = (link("pruned_number", "pruned_hash")?, link("last_number", "last_hash")?);
    let mut entries = Vec::new();
    for row in all("SELECT number, entry FROM log ORDER BY number", "log", connection).await? {
        let (number, entry): (i64, String) = (get(&row, "number", "log")?, get(&row, "entry", "log")?);
        entries.push(parse::<LogEntry>(&open(seal, "log", number, entry)?, "log", number)?);
    }
    Ok(Log { pruned, entries, last })
}

/// What was before.
pub(super) async fn revisions(connection: &mut PgConnection, seal: Option<&Seal>) -> Result<Vec<Revision>, Trouble> {
    let select = "SELECT serial, address, body FROM revisions ORDER BY serial";
    let rows = all(select, "revisions", connection).await?;
    let revisions = rows.iter().map(|row| {
        let (serial, address): (i64, String) = (get(row, "serial", "revisions")?, get(row, "address", "revisions")?);
        let body: Option<String> = get(row, "body", "revisions")?;
        let body = body.map(|text| open(seal, "revisions", format!("{serial} {address}"), text)).transpose()?;
        let was = Was::of_row(&address, body.as_deref()).map_err(|reason| {
            let reason = format!("row {serial} {address}: {reason}");
            Trouble::Row { table: "revisions", reason }
        })?;
        Ok(Revision { serial, was })
    });
    revisions.collect()
}

async fn pending(connection: &mut PgConnection, seal: Option<&Seal>) -> Result<Vec<Pending>, Trouble> {
    let select = "SELECT operation, begun, identified FROM operations ORDER BY serial, place";
    let rows = all(select, "operations", connection).await?;
    let pending = rows.iter().map(|row| {
        let (operation, begun): (i64, String) =
            (get(row, "operation", "operations")?, get(row, "begun", "operations")?);
        let identified: Option<String> = get(row, "identified", "operations")?;
        let begun = parse(&open(seal, "operations", operation, begun)?, "operations", operation)?;
        let identified = identified.map(|text| open(seal, "identified", operation, text)).transpose()?;
        Ok(Pending { begun, identified: identified.map(Identity) })
    });
    pending.collect()
}

pub(super) async fn entries(
    connection: &mut PgConnection,
    forgotten: i64,
    seal: Option<&Seal>,
) -> Result<Vec<(RunId, Vec<Entry>)>, Trouble> {
    let rows = query("SELECT run, serial, place, entry FROM journal WHERE run > $1 ORDER BY serial, place")
        .bind(forgotten)
        .fetch_all(connection)
        .await
        .map_err(at("journal"))?;
    let entries = rows.iter().map(|row| {
        let (run, entry): (i64, String) = (get(row, "run", "journal")?, get(row, "entry", "journal")?);
        let (serial, place): (i64, i64) = (get(row, "serial", "journal")?, get(row, "place", "journal")?);
        let entry = open(seal, "journal", format!("{serial} {place}"), entry)?;
        Ok((RunId(run), vec![parse(&entry, "journal", run)?]))
    });
    entries.collect()
}

/// Writes what a write changes, sealed where the state is.
pub(super) async fn change(
    connection: &mut PgConnection,
    write: &Write,
    delta: &Delta,
    seal: Option<&Seal>,
) -> Result<(), Trouble> {
    if let Write::Append { run, entries } = write {
        journal(connection, delta.serial, *run, entries, seal).await?;
    }
    resources(connection, delta, seal).await?;
    operations(connection, delta, seal).await?;
    generations(connection, delta).await?;
    for run in &delta.runs {
        write_run(connection, run, seal).await?;
    }
    write_log(connection, delta, seal).await?;
    write_revisions(connection, &delta.revisions, seal).await?;
    if let Some(run) = delta.forgets {
        forget(connection, run, delta.pruned.as_ref()).await?;
    }
    if let Some(outputs) = &delta.outputs {
        write_outputs(connection, outputs, seal).await?;
    }
    durations(connection, delta).await
}

async fn journal(
    connection: &mut PgConnection,
    serial: i64,
    run: RunId,
    entries: &[Entry],
    seal: Option<&Seal>,
) -> Result<(), Trouble> {
    let texts = (1..).zip(entries).map(|(place, entry)| text(seal, "journal", format!("{serial} {place}"), entry));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    query(
        "INSERT INTO journal (serial, place, run, entry)
         SELECT $1, place, $2, entry FROM unnest($3::text[]) WITH ORDINALITY AS added (entry, place)",
    )
    .bind(serial)
    .bind(run.0)
    .bind(texts)
    .execute(connection)
    .await
    .map(drop)
    .map_err(at("journal"))
}

async fn resources(connection: &mut PgConnection, delta: &Delta, seal: Option<&Seal>) -> Result<(), Trouble> {
    let (mut addresses, mut bodies, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (address, row) in &delta.resources {
        match row {
            Some(row) => {
                addresses.push(address.to_string());
                bodies.push(text(seal, "resources", address, row)?);
            }
            None => gone.push(address.to_string()),
        }
    }
    if !addresses.is_empty() {
        query(
            "INSERT INTO resources (address, revision, serial, body)
             SELECT address, 1, $1, body FROM unnest($2::text[], $3::text[]) AS written (address, body)
             ON CONFLICT (address) DO UPDATE SET
                 revision = resources.revision + 1, serial = excluded.serial, body = excluded.body",
        )
        .bind(delta.serial)
        .bind(addresses)
        .bind(bodies)
        .execute(&mut *connection)
        .await
        .map_err(at("resources"))?;
    }
    if !gone.is_empty() {
        query("DELETE FROM resources WHERE address = ANY($1)")
            .bind(gone)
            .execute(connection)
            .await
            .map_err(at("resources"))?;
    }
    Ok(())
}

async fn operations(connection: &mut PgConnection, delta: &Delta, seal: Option<&Seal>) -> Result<(), Trouble> {
    let (mut numbers, mut places, mut begun, mut identified, mut over) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (operation, pending) in &delta.operations {
        let Some(pending) = pending else {
            over.push(operation.0);
            continue;
        };
        let place = delta.opened.iter().position(|opened| opened == operation);
        if place.is_some() {
            // One of this number that was under way before has another place.
            over.push(operation.0);
        }
        numbers.push(operation.0);
        places.push(place.and_then(|place| i64::try_from(place).ok()).unwrap_or_default());
        begun.push(text(seal, "operations", operation, &pending.begun)?);
        let close = |identity: &Identity| close(seal, "identified", operation, identity.0.clone());
        identified.push(pending.identified.as_ref().map(close).transpose()?);
    }
    if !over.is_empty() {
        query("DELETE FROM operations WHERE operation = ANY($1)")
            .bind(over)
            .execute(&mut *connection)
            .await
            .map_err(at("operations"))?;
    }
    if !numbers.is_empty() {
        query(
            "INSERT INTO operations (operation, serial, place, begun, identified)
             SELECT operation, $1, place, begun, identified
             FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[])
                 AS written (operation, place, begun, identified)
             ON CONFLICT (operation) DO UPDATE SET identified = excluded.identified",
        )
        .bind(delta.serial)
        .bind(numbers)
        .bind(places)
        .bind(begun)
        .bind(identified)
        .execute(connection)
        .await
        .map_err(at("operations"))?;
    }
    Ok(())
}

async fn generations(connection: &mut PgConnection, delta: &Delta) -> Result<(), Trouble> {
    if delta.generations.is_empty() {
        return Ok(());
    }
    let addresses: Vec<String> = delta.generations.keys().map(ToString::to_string).collect();
    let generations: Vec<Option<i64>> = delta.generations.values().map(|next| next.map(i64::from)).collect();
    query("DELETE FROM generations WHERE address = ANY($1)")
        .bind(&addresses)
        .execute(&mut *connection)
        .await
        .map_err(at("generations"))?;
    query(
        "INSERT INTO generations (address, generation)
         SELECT * FROM unnest($1::text[], $2::bigint[]) AS written (address, generation)
         WHERE generation IS NOT NULL",
    )
    .bind(addresses)
    .bind(generations)
    .execute(connection)
    .await
    .map(drop)
    .map_err(at("generations"))
}

async fn write_run(connection: &mut PgConnection, run: &Run, seal: Option<&Seal>) -> Result<(), Trouble> {
    let id = run.id.0;
    let (shown, summary, origin, actions) = match seal {
        // All of it is in one text.
        Some(_) => (&Run::unnamed(run.id), text(seal, "runs", id, run)?, String::new(), String::new()),
        None => {
            let (summary, origin) = (text(None, "runs", id, &run.summary)?, text(None, "runs", id, &run.origin)?);
            (run, summary, origin, text(None, "runs", id, &run.actions)?)
        }
    };
    query(
        "INSERT INTO runs (run, command, holder, started_ms, ended_ms, outcome, summary, origin, actions)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (run) DO UPDATE SET
             command = excluded.command, holder = excluded.holder, started_ms = excluded.started_ms,
             ended_ms = excluded.ended_ms, outcome = excluded.outcome, summary = excluded.summary,
             origin = excluded.origin, actions = excluded.actions",
    )
    .bind(id)
    .bind(&shown.command)
    .bind(&shown.holder)
    .bind(shown.started_ms)
    .bind(shown.ended_ms)
    .bind(&shown.outcome)
    .bind(summary)
    .bind(origin)
    .bind(actions)
    .execute(connection)
    .await
    .map(drop)
    .map_err(at("runs"))
}

/// Writes entries of the log, and where it begins and ends.
async fn write_log(connection: &mut PgConnection, delta: &Delta, seal: Option<&Seal>) -> Result<(), Trouble> {
    let taken_over = delta.log.iter().flat_map(|log| &log.entries);
    let mut last = delta.log.as_ref().map(|log| log.last.clone());
    let (mut numbers, mut entries) = (Vec::new(), Vec::new());
    for entry in taken_over.chain(&delta.entry) {
        numbers.push(entry.number);
        entries.push(text(seal, "log", entry.number, entry)?);
        last = Some(entry.link());
    }
    if let Some(log) = &delta.log {
        write_link(connection, "UPDATE chain SET pruned_number = $1, pruned_hash = $2", &log.pruned).await?;
    }
    let Some(last) = last else { return Ok(()) };
    write_link(connection, "UPDATE chain SET last_number = $1, last_hash = $2", &last).await?;
    query("INSERT INTO log (number, entry) SELECT * FROM unnest($1::bigint[], $2::text[])")
        .bind(numbers)
        .bind(entries)
        .execute(connection)
        .await
        .map(drop)
        .map_err(at("log"))
}

async fn write_link(connection: &mut PgConnection, update: &'static str, link: &Link) -> Result<(), Trouble> {
    let Link { number, hash } = link;
    query(update).bind(number).bind(hash).execute(connection).await.map(drop).map_err(at("chain"))
}

async fn write_revisions(
    connection: &mut PgConnection,
    revisions: &[Revision],
    seal: Option<&Seal>,
) -> Result<(), Trouble> {
    if revisions.is_empty() {
        return Ok(());
    }
    let (mut serials, mut addresses, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for Revision { serial, was } in revisions {
        let row = was.to_row().map_err(|error| Trouble::Row { table: "revisions", reason: error.to_string() });
        let (address, body) = row?;
        let body = body.map(|text| close(seal, "revisions", format!("{serial} {address}"), text)).transpose()?;
        serials.push(*serial);
        addresses.push(address);
        bodies.push(body);
    }
    query(
        "INSERT INTO revisions (serial, address, body)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])",
    )
    .bind(serials)
    .bind(addresses)
    .bind(bodies)
    .execute(connection)
    .await
    .map(drop)
    .map_err(at("revisions"))
}

/// Lets the history of the runs up to this one go.
async fn forget(connection: &mut PgConnection, run: RunId, last: Option<&LogEntry>) -> Result<(), Trouble> {
    for (delete, table) in
        [("DELETE FROM journal WHERE run <= $1", "journal"), ("DELETE FROM runs WHERE run <= $1", "runs")]
    {
        query(delete).bind(run.0).execute(&mut *connection).await.map_err(at(table))?;
    }
    let Some(last) = last else { return Ok(()) };
    for (delete, table, up_to) in [
        ("DELETE FROM log WHERE number <= $1", "log", last.number),
        ("DELETE FROM revisions WHERE serial <= $1", "revisions", last.serial),
    ] {
        query(delete).bind(up_to).execute(&mut *connection).await.map_err(at(table))?;
    }
    write_link(connection, "UPDATE chain SET pruned_number = $1, pruned_hash = $2", &last.link()).await
}

async fn write_outputs(
    connection: &mut PgConnection,
    outputs: &BTreeMap<String, fathuss_model::Datum>,
    seal: Option<&Seal>,
) -> Result<(), Trouble> {
    let names: Vec<String> = outputs.keys().cloned().collect();
    let bodies = outputs.iter().map(|(name, value)| text(seal, "outputs", name, value));
    let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
    query("DELETE FROM outputs").execute(&mut *connection).await.map_err(at("outputs"))?;
    query("INSERT INTO outputs (name, body) SELECT * FROM unnest($1::text[], $2::text[])")
        .bind(names)
        .bind(bodies)
        .execute(connection)
        .await
        .map(drop)
        .map_err(at("outputs"))
}

async fn durations(connection: &mut PgConnection, delta: &Delta) -> Result<(), Trouble> {
    if delta.durations_ms.is_empty() {
        return Ok(());
    }
    let (kinds, actions): (Vec<String>, Vec<String>) = delta.durations_ms.keys().cloned().unzip();
    let durations: Vec<Option<i64>> = delta.durations_ms.values().copied().collect();
    query("DELETE FROM durations WHERE (type, action) IN (SELECT * FROM unnest($1::text[], $2::text[]))")
        .bind(&kinds)
        .bind(&actions)
        .execute(&mut *connection)
        .await
        .map_err(at("durations"))?;
    query(
        "INSERT INTO durations (type, action, duration_ms)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) AS written (type, action, duration_ms)
         WHERE duration_ms IS NOT NULL",
    )
    .bind(kinds)
    .bind(actions)
    .bind(durations)
    .execute(connection)
    .await
    .map(drop)
    .map_err(at("durations"))
}

async fn all(select: &'static str, table: &'static str, connection: &mut PgConnection) -> Result<Vec<PgRow>, Trouble> {
    query(select).fetch_all(connection).await.map_err(at(table))
}

fn get<'r, T>(row: &'r PgRow, column: &str, table: &'static str) -> Result<T, Trouble>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(|error| Trouble::Row { table, reason: error.to_string() })
}

/// A value as text, as it is to lie in this table, in the row of this key.
fn text(
    seal: Option<&Seal>,
    table: &'static str,
    key: impl std::fmt::Display,
    value: &impl Serialize,
) -> Result<String, Trouble> {
    let text = serde_json::to_string(value).map_err(|error| Trouble::Row { table, reason: error.to_string() })?;
    close(seal, table, key, text)
}

/// A text as it is to lie there.
fn close(
    seal: Option<&Seal>,
    table: &'static str,
    key: impl std::fmt::Display,
    text: String,
) -> Result<String, Trouble> {
    let key = key.to_string();
    seal::close(seal, table, &key, text)
        .map_err(|reason| Trouble::Row { table, reason: format!("row {key}: {reason}") })
}

/// A text as it was before it was written there.
fn open(
    seal: Option<&Seal>,
    table: &'static str,
    key: impl std::fmt::Display,
    text: String,
) -> Result<String, Trouble> {
    let key = key.to_string();
    seal::open(seal, table, &key, text).map_err(|reason| Trouble::Row { table, reason: format!("row {key}: {reason}") })
}

/// The columns that are sealed, with the kind and the key that each text is bound to.
const SEALED: [(&str, &str, &str, &str); 7] = [
    ("resources", "body", "resources", "address"),
    ("outputs", "body", "outputs", "name"),
    ("journal", "entry", "journal", "serial || ' ' || place"),
    ("log", "entry", "log", "number::text"),
    ("operations", "begun", "operations", "operation::text"),
    ("operations", "identified", "identified", "operation::text"),
    ("revisions", "body", "revisions", "serial || ' ' || address"),
];

/// Seals all texts anew, or makes them plain.
pub(super) async fn reseal(
    connection: &mut PgConnection,
    runs: &[Run],
    from: Option<&Seal>,
    to: Option<&Seal>,
) -> Result<(), Trouble> {
    for run in runs {
        write_run(connection, run, to).await?;
    }
    for (table, column, kind, key) in SEALED {
        let select = format!("SELECT {key} AS key, {column} AS text FROM {table} WHERE {column} IS NOT NULL");
        let rows = query(AssertSqlSafe(select)).fetch_all(&mut *connection).await.map_err(at(table))?;
        let (mut keys, mut texts) = (Vec::new(), Vec::new());
        for row in rows {
            let (key, text): (String, String) = (get(&row, "key", table)?, get(&row, "text", table)?);
            texts.push(close(to, kind, &key, open(from, kind, &key, text)?)?);
            keys.push(key);
        }
        let update = format!(
            "UPDATE {table} SET {column} = anew.text FROM unnest($1::text[], $2::text[]) AS anew (key, text)
             WHERE {key} = anew.key"
        );
        query(AssertSqlSafe(update)).bind(keys).bind(texts).execute(&mut *connection).await.map_err(at(table))?;
    }
    let envelope = to.map(|seal| serde_json::to_string(seal.envelope())).transpose();
    let envelope = envelope.map_err(|error| Trouble::Row { table: "head", reason: error.to_string() })?;
    let update = query("UPDATE head SET encryption = $1, wiped = FALSE").bind(envelope);
    update.execute(connection).await.map(drop).map_err(at("head"))
}

fn parse<T: DeserializeOwned>(text: &str, table: &'static str, key: impl std::fmt::Display) -> Result<T, Trouble> {
    serde_json::from_str(text).map_err(|error| Trouble::Row { table, reason: format!("row {key}: {error}") })
}
