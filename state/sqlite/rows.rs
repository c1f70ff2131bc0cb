//! What the rows of an SQLite state hold, written and read.
//!
//! Bodies are JSON text with a checksum beside them, so that a row that was
//! damaged or edited is named instead of believed.

use std::collections::BTreeMap;
use std::ops::Deref;

use fathuss_model::{Address, AddressError, Datum};
use rusqlite::types::{FromSql, Value};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::de::DeserializeOwned;

use super::Trouble;
use crate::audit::{Deed, Link, Log, LogEntry, digest, sum, text_sum};
use crate::history::{Revision, Was};
use crate::lock::Process;
use crate::seal::{self, Envelope, Seal};
use crate::{Begun, Entry, Holder, Identity, OperationId, Origin, Pending, ResourceRecord, Run, RunId, Snapshot};

type Result<T> = std::result::Result<T, Trouble>;

/// A connection, and what seals the texts in its tables where the state is sealed.
pub(super) struct Access<'a> {
    connection: &'a Connection,
    seal: Option<&'a Seal>,
}

impl<'a> Access<'a> {
    pub(super) fn new(connection: &'a Connection, seal: Option<&'a Seal>) -> Self {
        Self { connection, seal }
    }

    /// A text as it is to lie in this table, in the row of this key.
    fn close(&self, table: &'static str, key: &str, text: String) -> Result<String> {
        seal::close(self.seal, table, key, text)
            .map_err(|reason| Trouble::Row { row: format!("row {key} of {table}"), reason })
    }

    /// A text that lies in this table, in the row of this key.
    fn open(&self, table: &'static str, key: &str, text: String) -> Result<String> {
        seal::open(self.seal, table, key, text)
            .map_err(|reason| Trouble::Row { row: format!("row {key} of {table}"), reason })
    }
}

impl Deref for Access<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// What there is once in a state.
pub(super) struct Head {
    pub(super) lineage: String,
    pub(super) serial: i64,
    pub(super) next_operation: i64,
    /// The checksums of all rows with one, added up: a row that was taken away, or put back from an older copy, is
    /// missed.
    pub(super) total: i64,
    /// Whether what rows were is kept: what was before the first entry of the log is asked for by nobody.
    pub(super) revises: bool,
}

/// What is wrapped for whom, where the state is sealed, and whether what was there before is to be wiped yet.
pub(super) fn envelope(connection: &Connection) -> Result<Option<(Envelope, bool)>> {
    if version(connection)? < 3 {
        return Ok(None);
    }
    let mut statement =
        connection.prepare_cached("SELECT envelope, wiped FROM encryption WHERE envelope IS NOT NULL")?;
    let found = statement.query_row([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()?;
    found.map(|(text, wiped)| Ok((parse(&text, || "the row of encryption".to_owned())?, wiped))).transpose()
}

/// Whether what was there before the state was sealed anew is to be wiped yet.
pub(super) fn is_wiped(connection: &Connection) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT wiped FROM encryption")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(true))
}

/// Says that nothing is left of what was there before.
pub(super) fn put_wiped(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE encryption SET wiped = TRUE", [])?;
    Ok(())
}

/// Seals all texts anew, or makes them plain.
pub(super) fn reseal(from: &Access<'_>, to: &Access<'_>, head: &mut Head) -> Result<()> {
    let runs = history(from, u32::MAX)?;
    from.execute("DELETE FROM runs", [])?;
    runs.iter().try_for_each(|run| put_run(to, run))?;
    for (kind, select, update) in [
        (
            "resources",
            "SELECT address, body, address FROM resources",
            "UPDATE resources SET body = ?2 WHERE address = ?1",
        ),
        ("outputs", "SELECT name, body, name FROM outputs", "UPDATE outputs SET body = ?2 WHERE name = ?1"),
        (
            "journal",
            "SELECT position, entry, CAST(position AS TEXT) FROM journal",
            "UPDATE journal SET entry = ?2 WHERE position = ?1",
        ),
        ("log", "SELECT number, entry, CAST(number AS TEXT) FROM log", "UPDATE log SET entry = ?2 WHERE number = ?1"),
        (
            "operations",
            "SELECT operation, begun, CAST(operation AS TEXT) FROM operations",
            "UPDATE operations SET begun = ?2 WHERE operation = ?1",
        ),
        (
            "identified",
            "SELECT operation, identified, CAST(operation AS TEXT) FROM operations WHERE identified IS NOT NULL",
            "UPDATE operations SET identified = ?2 WHERE operation = ?1",
        ),
        (
            "revisions",
            "SELECT serial || ' ' || address, body, serial || ' ' || address FROM revisions WHERE body IS NOT NULL",
            "UPDATE revisions SET body = ?2 WHERE serial || ' ' || address = ?1",
        ),
    ] {
        anew(from, to, kind, select, update)?;
    }
    sum_anew(to, head)?;
    let envelope = to.seal.map(|seal| serde_json::to_string(seal.envelope())).transpose()?;
    to.execute("INSERT OR REPLACE INTO encryption (one, envelope, wiped) VALUES (1, ?1, FALSE)", [envelope])?;
    Ok(())
}

/// Seals one column of a table anew: `select` gives the row's key, the text and what that is bound to.
fn anew(from: &Access<'_>, to: &Access<'_>, kind: &'static str, select: &str, update: &str) -> Result<()> {
    let mut statement = from.prepare(select)?;
    let texts = statement.query_map([], |row| Ok((row.get::<_, Value>(0)?, row.get(1)?, row.get(2)?)))?;
    let texts = texts.collect::<rusqlite::Result<Vec<(Value, String, String)>>>()?;
    let mut statement = to.prepare(update)?;
    for (row, text, key) in texts {
        let text = to.close(kind, &key, from.open(kind, &key, text)?)?;
        statement.execute(params![row, text])?;
    }
    Ok(())
}

/// Takes the checksums of all texts anew, and their total.
fn sum_anew(connection: &Access<'_>, head: &mut Head) -> Result<()> {
    for (table, key, columns) in [
        ("resources", "address", "address, body"),
        ("outputs", "name", "name, body"),
        ("operations", "operation", "CAST(operation AS TEXT), begun, coalesce(identified, '')"),
    ] {
        let mut statement = connection.prepare(&format!("SELECT {key}, {columns}, checksum FROM {table}"))?;
        let width = statement.column_count();
        let mut rows = statement.query([])?;
        let mut update = connection.prepare(&format!("UPDATE {table} SET checksum = ?2 WHERE {key} = ?1"))?;
        let mut changed = Vec::new();
        while let Some(row) = rows.next()? {
            let parts = (1..width - 1).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<String>>>()?;
            let sum = checksum(&parts.iter().map(String::as_str).collect::<Vec<_>>());
            head.take(row.get(width - 1)?);
            head.add(sum);
            changed.push((row.get::<_, Value>(0)?, sum));
        }
        for (row, sum) in changed {
            update.execute(params![row, sum])?;
        }
    }
    Ok(())
}

/// The version of the tables.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub(super) fn snapshot(connection: &Access<'_>) -> Result<Snapshot> {
    let Head { lineage, serial, total, .. } = head(connection)?;
    let mut found = 0;
    let snapshot = Snapshot {
        lineage,
        serial,
        resources: resources(connection, &mut found)?,
        outputs: outputs(connection, &mut found)?,
        pending: pending(connection, &mut found)?,
        generations: generations(connection, &mut found)?,
        durations_ms: durations(connection, &mut found)?,
    };
    if total == found {
        return Ok(snapshot);
    }
    let reason = "a row of another table is gone or an older one: something else than fathuss changed it";
    Err(Trouble::Row { row: "the row of head".to_owned(), reason: reason.to_owned() })
}

pub(super) fn head(connection: &Connection) -> Result<Head> {
    let mut statement =
        connection.prepare_cached("SELECT lineage, serial, next_operation, total, checksum FROM head")?;
    let (head, sum) = statement.query_row([], |row| {
        let head = Head {
            lineage: row.get(0)?,
            serial: row.get(1)?,
            next_operation: row.get(2)?,
            total: row.get(3)?,
            revises: false,
        };
        Ok((head, row.get(4)?))
    })?;
    verify(head.checksum(), sum, || "the row of head".to_owned())?;
    Ok(head)
}

pub(super) fn put_head(connection: &Connection, head: &Head, created_ms: i64) -> rusqlite::Result<()> {
    let row = params![head.lineage, created_ms, head.serial, head.next_operation, head.total, head.checksum()];
    let insert = "INSERT INTO head (one, lineage, created_ms, serial, next_operation, total, checksum)
                  VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)";
    connection.execute(insert, row).map(drop)
}

pub(super) fn change_head(connection: &Connection, head: &Head) -> Result<()> {
    let change = "UPDATE head SET serial = ?1, next_operation = ?2, total = ?3, checksum = ?4";
    let row = params![head.serial, head.next_operation, head.total, head.checksum()];
    connection.prepare_cached(change)?.execute(row)?;
    Ok(())
}

fn resources(connection: &Access<'_>, total: &mut i64) -> Result<BTreeMap<Address, ResourceRecord>> {
    let mut resources = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT address, body, checksum FROM resources")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let named: String = get(row, 0, "resources")?;
        let record: ResourceRecord = body(connection, "resources", row, &named, total)?;
        if record.address.to_string() != named {
            let row = format!("row {named} of resources");
            return Err(Trouble::Row { row, reason: format!("it holds {}", record.address) });
        }
        resources.insert(record.address.clone(), record);
    }
    Ok(resources)
}

/// Operations that began and have not settled, in the order they began; their checksums are added to a total, as those
/// of the other tables are.
pub(super) fn pending(connection: &Access<'_>, total: &mut i64) -> Result<Vec<Pending>> {
    let mut pending = Vec::new();
    let mut statement = connection
        .prepare_cached("SELECT operation, begun, identified, checksum FROM operations ORDER BY serial, place")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let operation: i64 = get(row, 0, "operations")?;
        let named = || format!("row {operation} of operations");
        let text: String = get(row, 1, "operations")?;
        let identified: Option<String> = get(row, 2, "operations")?;
        let sum = operation_checksum(operation, &text, identified.as_deref());
        let key = operation.to_string();
        let begun: Begun = parse(&connection.open("operations", &key, text)?, named)?;
        let identified = identified.map(|text| connection.open("identified", &key, text)).transpose()?;
        *total = total.wrapping_add(verify(sum, get(row, 3, "operations")?, named)?);
        pending.push(Pending { begun, identified: identified.map(Identity) });
    }
    Ok(pending)
}

pub(super) fn outputs(connection: &Access<'_>, total: &mut i64) -> Result<BTreeMap<String, Datum>> {
    let mut outputs = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT name, body, checksum FROM outputs")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = get(row, 0, "outputs")?;
        let value = body(connection, "outputs", row, &name, total)?;
        outputs.insert(name, value);
    }
    Ok(outputs)
}

fn generations(connection: &Connection, total: &mut i64) -> Result<BTreeMap<Address, u32>> {
    let mut generations = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT address, generation, checksum FROM generations")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key: String = get(row, 0, "generations")?;
        let generation: u32 = get(row, 1, "generations")?;
        let named = || format!("row {key} of generations");
        let sum = verify(checksum(&[&key, &generation.to_string()]), get(row, 2, "generations")?, named)?;
        *total = total.wrapping_add(sum);
        generations.insert(address(&key, "generations")?, generation);
    }
    Ok(generations)
}

fn durations(connection: &Connection, total: &mut i64) -> Result<BTreeMap<(String, String), i64>> {
    let mut durations = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT type, action, duration_ms, checksum FROM durations")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let key: (String, String) = (get(row, 0, "durations")?, get(row, 1, "durations")?);
        let duration_ms: i64 = get(row, 2, "durations")?;
        let named = || format!("row {} {} of durations", key.0, key.1);
        let computed = checksum(&[&key.0, &key.1, &duration_ms.to_string()]);
        *total = total.wrapping_add(verify(computed, get(row, 3, "durations")?, named)?);
        durations.insert(key, duration_ms);
    }
    Ok(durations)
}

/// Runs, newest first.
pub(super) fn history(connection: &Access<'_>, limit: u32) -> Result<Vec<Run>> {
    let select = match version(connection)? {
        1 => "SELECT *, '{}', '[]' FROM runs ORDER BY run DESC LIMIT ?1",
        _ => "SELECT * FROM runs ORDER BY run DESC LIMIT ?1",
    };
    runs(connection, select, limit.into())
}

/// The run of this number.
pub(super) fn run(connection: &Access<'_>, run: RunId) -> Result<Option<Run>> {
    Ok(runs(connection, "SELECT * FROM runs WHERE run = ?1", run.0)?.pop())
}

fn runs(connection: &Access<'_>, select: &str, parameter: i64) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query([parameter])?;
    while let Some(row) = rows.next()? {
        let id: i64 = get(row, 0, "runs")?;
        let named = || format!("row {id} of runs");
        let (summary, origin, actions): (String, String, String) =
            (get(row, 6, "runs")?, get(row, 7, "runs")?, get(row, 8, "runs")?);
        if connection.seal.is_some() {
            // All of it is in one text.
            runs.push(parse(&connection.open("runs", &id.to_string(), summary)?, named)?);
            continue;
        }
        runs.push(Run {
            id: RunId(id),
            command: get(row, 1, "runs")?,
            holder: get(row, 2, "runs")?,
            started_ms: get(row, 3, "runs")?,
            ended_ms: get(row, 4, "runs")?,
            outcome: get(row, 5, "runs")?,
            summary: parse(&summary, named)?,
            origin: parse(&origin, named)?,
            actions: parse(&actions, named)?,
        });
    }
    Ok(runs)
}

pub(super) fn entries(connection: &Access<'_>, run: Option<RunId>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut statement = connection
        .prepare_cached("SELECT position, entry FROM journal WHERE ?1 IS NULL OR run = ?1 ORDER BY position")?;
    let mut rows = statement.query([run.map(|run| run.0)])?;
    while let Some(row) = rows.next()? {
        let position: i64 = get(row, 0, "journal")?;
        let text = connection.open("journal", &position.to_string(), get(row, 1, "journal")?)?;
        entries.push(parse(&text, || format!("row {position} of journal"))?);
    }
    Ok(entries)
}

/// What was before.
pub(super) fn revisions(connection: &Access<'_>) -> Result<Vec<Revision>> {
    let mut revisions = Vec::new();
    if version(connection)? == 1 {
        return Ok(revisions);
    }
    let mut statement = connection.prepare_cached("SELECT serial, address, body FROM revisions ORDER BY serial")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (serial, address): (i64, String) = (get(row, 0, "revisions")?, get(row, 1, "revisions")?);
        let body: Option<String> = get(row, 2, "revisions")?;
        let body = body.map(|text| connection.open("revisions", &revision_key(serial, &address), text)).transpose()?;
        let was = Was::of_row(&address, body.as_deref())
            .map_err(|reason| Trouble::Row { row: format!("row {serial} {address} of revisions"), reason })?;
        revisions.push(Revision { serial, was });
    }
    Ok(revisions)
}

/// The audit log, and the last run that is forgotten.
pub(super) fn log(connection: &Access<'_>) -> Result<(Log, i64)> {
    if version(connection)? == 1 {
        // It kept the records of twenty runs.
        let last: i64 = connection.query_row("SELECT coalesce(max(run), 0) FROM runs", [], |row| row.get(0))?;
        return Ok((Log::default(), last - 20));
    }
    let (pruned, last, forgotten) = chain(connection)?;
    let mut entries = Vec::new();
    let mut statement = connection.prepare_cached("SELECT number, entry FROM log ORDER BY number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let number: i64 = get(row, 0, "log")?;
        let entry = connection.open("log", &number.to_string(), get(row, 1, "log")?)?;
        entries.push(parse::<LogEntry>(&entry, || format!("row {number} of log"))?);
    }
    Ok((Log { pruned, entries, last }, forgotten))
}

/// Where the log begins and ends, and the last run that is forgotten.
fn chain(connection: &Connection) -> Result<(Link, Link, i64)> {
    let mut statement =
        connection.prepare_cached("SELECT pruned_number, pruned_hash, last_number, last_hash, forgotten FROM chain")?;
    let chain = statement.query_row([], |row| {
        let pruned = Link { number: row.get(0)?, hash: row.get(1)? };
        let last = Link { number: row.get(2)?, hash: row.get(3)? };
        Ok((pruned, last, row.get(4)?))
    })?;
    Ok(chain)
}

/// Whether the log has an entry.
pub(super) fn has_log(connection: &Connection) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM log)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Where the state went, if it is written here no more.
pub(super) fn moved_to(connection: &Access<'_>) -> Result<Option<String>> {
    if version(connection)? == 1 {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached("SELECT number, entry FROM log ORDER BY number DESC LIMIT 1")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let number: i64 = get(row, 0, "log")?;
    let entry = connection.open("log", &number.to_string(), get(row, 1, "log")?)?;
    Ok(parse::<LogEntry>(&entry, || format!("row {number} of log"))?.moved_to)
}

/// Adds an entry to the log, which says that all is as it is.
pub(super) fn add_log(connection: &Access<'_>, head: &Head, deed: Deed) -> Result<()> {
    let mut rows = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT address, body FROM resources")?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let (key, body): (String, String) = (get(row, 0, "resources")?, get(row, 1, "resources")?);
        let body = connection.open("resources", &key, body)?;
        rows.insert(address(&key, "resources")?, text_sum(&body));
    }
    let (_, last, _) = chain(connection)?;
    let digest = digest(rows.values(), &sum(&outputs(connection, &mut 0)?));
    put_log(connection, &deed.after(&last, head.serial, digest))
}

/// Writes an entry of the log, the last from now on.
pub(super) fn put_log(connection: &Access<'_>, entry: &LogEntry) -> Result<()> {
    let text = connection.close("log", &entry.number.to_string(), serde_json::to_string(entry)?)?;
    connection.execute("INSERT INTO log (number, entry) VALUES (?1, ?2)", params![entry.number, text])?;
    put_last(connection, &entry.link())
}

/// Says which entry of the log was written last.
pub(super) fn put_last(connection: &Connection, last: &Link) -> Result<()> {
    connection.execute("UPDATE chain SET last_number = ?1, last_hash = ?2", params![last.number, last.hash])?;
    Ok(())
}

/// Says that the log's entries up to this one are kept no more.
pub(super) fn put_pruned(connection: &Connection, pruned: &Link) -> Result<()> {
    let update = "UPDATE chain SET pruned_number = ?1, pruned_hash = ?2";
    connection.execute(update, params![pruned.number, pruned.hash])?;
    Ok(())
}

pub(super) fn put_revision(connection: &Access<'_>, Revision { serial, was }: &Revision) -> Result<()> {
    let (address, body) = was.to_row()?;
    let close = |text| connection.close("revisions", &revision_key(*serial, &address), text);
    let body = body.map(close).transpose()?;
    let insert = "INSERT OR IGNORE INTO revisions (serial, address, body) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(insert)?.execute(params![serial, address, body])?;
    Ok(())
}

/// Lets the history of the runs up to this one go.
pub(super) fn forget(connection: &Connection, run: RunId, last: Option<&LogEntry>) -> Result<()> {
    connection.execute("DELETE FROM journal WHERE run <= ?1", [run.0])?;
    connection.execute("DELETE FROM runs WHERE run <= ?1", [run.0])?;
    connection.execute("UPDATE chain SET forgotten = max(forgotten, ?1)", [run.0])?;
    let Some(last) = last else { return Ok(()) };
    connection.execute("DELETE FROM log WHERE number <= ?1", [last.number])?;
    connection.execute("DELETE FROM revisions WHERE serial <= ?1", [last.serial])?;
    put_pruned(connection, &last.link())
}

/// Who holds the lock, and what is known of the process.
pub(super) fn lock(connection: &Connection) -> Result<Option<(Holder, Process)>> {
    let mut statement = connection.prepare_cached("SELECT id, who, pid, command, since_ms, process FROM lock")?;
    let found = statement
        .query_row([], |row| {
            let holder = Holder {
                id: row.get(0)?,
                who: row.get(1)?,
                pid: row.get(2)?,
                command: row.get(3)?,
                since_ms: row.get(4)?,
                origin: Origin::default(),
                part: None,
            };
            Ok((holder, row.get::<_, String>(5)?))
        })
        .optional()?;
    let Some((holder, process)) = found else { return Ok(None) };
    let process = parse(&process, || "row of lock".to_owned())?;
    Ok(Some((holder, process)))
}

/// Adds records to the journal, under this run or, where none has begun, the last one.
pub(super) fn add_entries(connection: &Access<'_>, serial: i64, run: Option<RunId>, entries: &[Entry]) -> Result<()> {
    let run = match run {
        Some(run) => run.0,
        None => connection.query_row("SELECT coalesce(max(run), 0) FROM runs", [], |row| row.get(0))?,
    };
    let last = "SELECT coalesce(max(position), 0) FROM journal";
    let last: i64 = connection.prepare_cached(last)?.query_row([], |row| row.get(0))?;
    let insert = "INSERT INTO journal (position, serial, run, entry) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = connection.prepare_cached(insert)?;
    for (position, entry) in (last + 1..).zip(entries) {
        let text = connection.close("journal", &position.to_string(), serde_json::to_string(entry)?)?;
        statement.execute(params![position, serial, run, text])?;
    }
    Ok(())
}

pub(super) fn open(connection: &Access<'_>, head: &mut Head, place: usize, begun: &Begun) -> Result<()> {
    let operation = begun.operation.0;
    let text = connection.close("operations", &operation.to_string(), serde_json::to_string(begun)?)?;
    let sum = operation_checksum(operation, &text, None);
    connection
        .prepare_cached(
            "INSERT INTO operations (operation, address, serial, place, begun, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![operation, begun.address.to_string(), head.serial, place, text, sum])?;
    head.add(sum);
    Ok(())
}

pub(super) fn identify(
    connection: &Access<'_>,
    head: &mut Head,
    operation: OperationId,
    identity: &Identity,
) -> Result<()> {
    let (text, before): (String, i64) = connection
        .prepare_cached("SELECT begun, checksum FROM operations WHERE operation = ?1")?
        .query_row([operation.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let identified = connection.close("identified", &operation.to_string(), identity.0.clone())?;
    let sum = operation_checksum(operation.0, &text, Some(&identified));
    connection
        .prepare_cached("UPDATE operations SET identified = ?2, checksum = ?3 WHERE operation = ?1")?
        .execute(params![operation.0, identified, sum])?;
    head.take(before);
    head.add(sum);
    Ok(())
}

pub(super) fn close(connection: &Connection, head: &mut Head, operation: OperationId) -> Result<()> {
    let delete = "DELETE FROM operations WHERE operation = ?1 RETURNING checksum";
    head.take_all(connection, delete, &[&operation.0])
}

pub(super) fn put(connection: &Access<'_>, head: &mut Head, record: &ResourceRecord) -> Result<()> {
    let address = record.address.to_string();
    let text = serde_json::to_string(record)?;
    revise(connection, head, &address, Some(&text))?;
    let text = connection.close("resources", &address, text)?;
    let sum = checksum(&[&address, &text]);
    head.take_all(connection, "SELECT checksum FROM resources WHERE address = ?1", &[&address])?;
    connection
        .prepare_cached(
            "INSERT INTO resources (address, revision, serial, generation, body, checksum)
             VALUES (?1, 1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET revision = revision + 1, serial = excluded.serial,
                 generation = excluded.generation, body = excluded.body, checksum = excluded.checksum",
        )?
        .execute(params![address, head.serial, record.generation, text, sum])?;
    head.add(sum);
    Ok(())
}

pub(super) fn remove(connection: &Access<'_>, head: &mut Head, address: &Address) -> Result<()> {
    let address = address.to_string();
    revise(connection, head, &address, None)?;
    let delete = "DELETE FROM resources WHERE address = ?1 RETURNING checksum";
    head.take_all(connection, delete, &[&address])
}

/// Notes what a row was that is about to be written; of several writes in one group, the first counts.
fn revise(connection: &Access<'_>, head: &Head, address: &str, becomes: Option<&str>) -> Result<()> {
    if !head.revises {
        return Ok(());
    }
    let select = "SELECT body FROM resources WHERE address = ?1";
    let was = connection.prepare_cached(select)?.query_row([address], |row| row.get::<_, String>(0)).optional()?;
    let was = was.map(|text| connection.open("resources", address, text)).transpose()?;
    if was.as_deref() == becomes {
        return Ok(());
    }
    let close = |text| connection.close("revisions", &revision_key(head.serial, address), text);
    let was = was.map(close).transpose()?;
    connection
        .prepare_cached("INSERT OR IGNORE INTO revisions (serial, address, body) VALUES (?1, ?2, ?3)")?
        .execute(params![head.serial, address, was])?;
    Ok(())
}

pub(super) fn set_next_generation(
    connection: &Connection,
    head: &mut Head,
    address: &Address,
    generation: u32,
) -> Result<()> {
    let address = address.to_string();
    let sum = checksum(&[&address, &generation.to_string()]);
    head.take_all(connection, "SELECT checksum FROM generations WHERE address = ?1", &[&address])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO generations (address, generation, checksum) VALUES (?1, ?2, ?3)")?
        .execute(params![address, generation, sum])?;
    head.add(sum);
    Ok(())
}

pub(super) fn put_duration(
    connection: &Connection,
    head: &mut Head,
    kind: &str,
    action: &str,
    duration_ms: i64,
) -> Result<()> {
    let sum = checksum(&[kind, action, &duration_ms.to_string()]);
    head.take_all(connection, "SELECT checksum FROM durations WHERE type = ?1 AND action = ?2", &[&kind, &action])?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO durations (type, action, duration_ms, checksum) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![kind, action, duration_ms, sum])?;
    head.add(sum);
    Ok(())
}

pub(super) fn put_run(connection: &Access<'_>, run: &Run) -> Result<()> {
    let insert = "INSERT OR REPLACE INTO runs
                  (run, command, holder, started_ms, ended_ms, outcome, summary, origin, actions)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    if connection.seal.is_some() {
        let text = connection.close("runs", &run.id.0.to_string(), serde_json::to_string(run)?)?;
        connection.execute(insert, params![run.id.0, "", "", 0, None::<i64>, None::<String>, text, "", ""])?;
        return Ok(());
    }
    let Run { id, command, holder, started_ms, ended_ms, outcome, summary, origin, actions } = run;
    let summary = serde_json::to_string(summary)?;
    let (origin, actions) = (serde_json::to_string(origin)?, serde_json::to_string(actions)?);
    connection
        .execute(insert, params![id.0, command, holder, started_ms, ended_ms, outcome, summary, origin, actions])?;
    Ok(())
}

pub(super) fn put_outputs(connection: &Access<'_>, head: &mut Head, outputs: &BTreeMap<String, Datum>) -> Result<()> {
    if head.revises {
        let before = self::outputs(connection, &mut 0)?;
        if before != *outputs {
            put_revision(connection, &Revision { serial: head.serial, was: Was::Outputs(before) })?;
        }
    }
    head.take_all(connection, "DELETE FROM outputs RETURNING checksum", &[])?;
    let mut statement = connection.prepare_cached("INSERT INTO outputs (name, body, checksum) VALUES (?1, ?2, ?3)")?;
    for (name, value) in outputs {
        let text = connection.close("outputs", name, serde_json::to_string(value)?)?;
        let sum = checksum(&[name, &text]);
        statement.execute(params![name, text, sum])?;
        head.add(sum);
    }
    Ok(())
}

/// The address that is a row's key.
fn address(key: &str, table: &'static str) -> Result<Address> {
    let row = || format!("row {key} of {table}");
    key.parse().map_err(|error: AddressError| Trouble::Row { row: row(), reason: error.to_string() })
}

/// A column whose type is what this version writes there, or the table is damaged.
fn get<T: FromSql>(row: &Row<'_>, column: usize, table: &'static str) -> Result<T> {
    row.get(column).map_err(|error| Trouble::Row { row: format!("a row of {table}"), reason: error.to_string() })
}

/// A column of a row that can be named.
fn get_of<T: FromSql>(row: &Row<'_>, column: usize, named: impl Fn() -> String) -> Result<T> {
    row.get(column).map_err(|error| Trouble::Row { row: named(), reason: error.to_string() })
}

/// What a revision is bound to.
fn revision_key(serial: i64, address: &str) -> String {
    format!("{serial} {address}")
}

/// The JSON in the second column, with its checksum in the next, which is added to a total.
fn body<T: DeserializeOwned>(
    connection: &Access<'_>,
    table: &'static str,
    row: &Row<'_>,
    key: &str,
    total: &mut i64,
) -> Result<T> {
    let named = || format!("row {key} of {table}");
    let text: String = get_of(row, 1, named)?;
    let sum = checksum(&[key, &text]);
    let value = parse(&connection.open(table, key, text)?, named)?;
    *total = total.wrapping_add(verify(sum, get_of(row, 2, named)?, named)?);
    Ok(value)
}

fn parse<T: DeserializeOwned>(text: &str, named: impl Fn() -> String) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Trouble::Row { row: named(), reason: error.to_string() })
}

/// The checksum, which is the one that was stored.
fn verify(computed: i64, stored: i64, named: impl Fn() -> String) -> Result<i64> {
    if computed == stored {
        return Ok(stored);
    }
    let reason = "it does not match its checksum: it is damaged, or something else than fathuss changed it";
    Err(Trouble::Row { row: named(), reason: reason.to_owned() })
}

impl Head {
    fn checksum(&self) -> i64 {
        let numbers = [self.serial, self.next_operation, self.total].map(|number| number.to_string());
        checksum(&[&self.lineage, &numbers[0], &numbers[1], &numbers[2]])
    }

    /// A row with this checksum is there from now on.
    fn add(&mut self, sum: i64) {
        self.total = self.total.wrapping_add(sum);
    }

    /// The row with this checksum is there no more.
    fn take(&mut self, sum: i64) {
        self.total = self.total.wrapping_sub(sum);
    }

    /// The rows whose checksums this statement gives are there no more.
    pub(super) fn take_all(&mut self, connection: &Connection, statement: &str, key: &[&dyn ToSql]) -> Result<()> {
        let mut statement = connection.prepare_cached(statement)?;
        let mut rows = statement.query(key)?;
        while let Some(row) = rows.next()? {
            self.take(row.get(0)?);
        }
        Ok(())
    }
}

fn operation_checksum(operation: i64, begun: &str, identified: Option<&str>) -> i64 {
    checksum(&[&operation.to_string(), begun, identified.unwrap_or_default()])
}

/// FNV-1a over the parts with a zero byte after each: 64 bits, against damage and not against malice.
fn checksum(parts: &[&str]) -> i64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain(std::iter::once(0)));
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        .cast_signed()
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn the_checksum_is_fnv_1a() {
        // Of the bytes `a`, 0, `b`, 0, computed apart.
        assert_eq!(checksum(&["a", "b"]).cast_unsigned(), 0xab40_d782_0d40_8076);
    }
}
