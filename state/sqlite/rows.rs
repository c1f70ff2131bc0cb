//! What the rows of an SQLite state hold, written and read.
//!
//! Bodies are JSON text with a checksum beside them, so that a row that was
//! damaged or edited is named instead of believed.

use std::collections::BTreeMap;

use fathuss_model::{Address, Datum};
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::Trouble;
use crate::lock::Process;
use crate::{Begun, Entry, Holder, Identity, Pending, ResourceRecord, Run, RunId, Snapshot};

type Result<T> = std::result::Result<T, Trouble>;

pub(super) fn snapshot(connection: &Connection) -> Result<Snapshot> {
    let (lineage, serial) =
        connection.query_row("SELECT lineage, serial FROM head", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Snapshot {
        lineage,
        serial,
        resources: resources(connection)?,
        outputs: outputs(connection)?,
        pending: pending(connection)?,
        generations: generations(connection)?,
        durations_ms: durations(connection)?,
    })
}

fn resources(connection: &Connection) -> Result<BTreeMap<Address, ResourceRecord>> {
    let mut resources = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT address, body, checksum FROM resources")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let named: String = get(row, 0, "resources")?;
        let table = || format!("row {named} of resources");
        let record: ResourceRecord = body(row, &named, 1, table)?;
        if record.address.to_string() != named {
            return Err(Trouble::Row { row: table(), reason: format!("it holds {}", record.address) });
        }
        resources.insert(record.address.clone(), record);
    }
    Ok(resources)
}

/// Operations that began and have not settled, in the order they began.
pub(super) fn pending(connection: &Connection) -> Result<Vec<Pending>> {
    let mut pending = Vec::new();
    let mut statement = connection
        .prepare_cached("SELECT operation, begun, checksum, identified FROM operations ORDER BY serial, place")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let operation: i64 = get(row, 0, "operations")?;
        let table = || format!("row {operation} of operations");
        let begun: Begun = body(row, &operation.to_string(), 1, table)?;
        if begun.operation.0 != operation {
            return Err(Trouble::Row { row: table(), reason: format!("it holds operation {}", begun.operation) });
        }
        let identified: Option<String> = get(row, 3, "operations")?;
        pending.push(Pending { begun, identified: identified.map(Identity) });
    }
    Ok(pending)
}

fn outputs(connection: &Connection) -> Result<BTreeMap<String, Datum>> {
    let mut outputs = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT name, body, checksum FROM outputs")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = get(row, 0, "outputs")?;
        let value = body(row, &name, 1, || format!("row {name} of outputs"))?;
        outputs.insert(name, value);
    }
    Ok(outputs)
}

fn generations(connection: &Connection) -> Result<BTreeMap<Address, u32>> {
    let mut generations = BTreeMap::new();
    let mut statement = connection.prepare_cached("SELECT address, generation FROM generations")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let named: String = get(row, 0, "generations")?;
        let address = named
            .parse::<Address>()
            .map_err(|error| Trouble::Row { row: format!("row {named} of generations"), reason: error.to_string() })?;
        generations.insert(address, get(row, 1, "generations")?);
    }
    Ok(generations)
}

fn durations(connection: &Connection) -> Result<BTreeMap<(String, String), i64>> {
    let mut statement = connection.prepare_cached("SELECT type, action, duration_ms FROM durations")?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn history(connection: &Connection, limit: u32) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT run, command, holder, started_ms, ended_ms, outcome, summary FROM runs ORDER BY run DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([limit])?;
    while let Some(row) = rows.next()? {
        let id: i64 = get(row, 0, "runs")?;
        let summary: String = get(row, 6, "runs")?;
        runs.push(Run {
            id: RunId(id),
            command: get(row, 1, "runs")?,
            holder: get(row, 2, "runs")?,
            started_ms: get(row, 3, "runs")?,
            ended_ms: get(row, 4, "runs")?,
            outcome: get(row, 5, "runs")?,
            summary: parse(&summary, || format!("row {id} of runs"))?,
        });
    }
    Ok(runs)
}

pub(super) fn entries(connection: &Connection, run: Option<RunId>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut statement = connection
        .prepare_cached("SELECT position, entry FROM journal WHERE ?1 IS NULL OR run = ?1 ORDER BY position")?;
    let mut rows = statement.query([run.map(|run| run.0)])?;
    while let Some(row) = rows.next()? {
        let position: i64 = get(row, 0, "journal")?;
        let text: String = get(row, 1, "journal")?;
        entries.push(parse(&text, || format!("row {position} of journal"))?);
    }
    Ok(entries)
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
            };
            Ok((holder, row.get::<_, String>(5)?))
        })
        .optional()?;
    let Some((holder, process)) = found else { return Ok(None) };
    let process = parse(&process, || "row of lock".to_owned())?;
    Ok(Some((holder, process)))
}

/// Adds records to the journal, under this run or, where none has begun, the last one.
pub(super) fn add_entries(connection: &Connection, serial: i64, run: Option<RunId>, entries: &[Entry]) -> Result<()> {
    let run = match run {
        Some(run) => run.0,
        None => connection.query_row("SELECT coalesce(max(run), 0) FROM runs", [], |row| row.get(0))?,
    };
    let mut statement = connection.prepare_cached("INSERT INTO journal (serial, run, entry) VALUES (?1, ?2, ?3)")?;
    for entry in entries {
        statement.execute(params![serial, run, serde_json::to_string(entry)?])?;
    }
    Ok(())
}

pub(super) fn open(connection: &Connection, serial: i64, place: usize, begun: &Begun) -> Result<()> {
    let text = serde_json::to_string(begun)?;
    let operation = begun.operation.0;
    let sum = checksum(&operation.to_string(), &text);
    connection
        .prepare_cached(
            "INSERT INTO operations (operation, address, serial, place, begun, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![operation, begun.address.to_string(), serial, place, text, sum])?;
    Ok(())
}

pub(super) fn put(connection: &Connection, serial: i64, record: &ResourceRecord) -> Result<()> {
    let address = record.address.to_string();
    let text = serde_json::to_string(record)?;
    let sum = checksum(&address, &text);
    connection
        .prepare_cached(
            "INSERT INTO resources (address, revision, serial, generation, body, checksum)
             VALUES (?1, 1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET revision = revision + 1, serial = excluded.serial,
                 generation = excluded.generation, body = excluded.body, checksum = excluded.checksum",
        )?
        .execute(params![address, serial, record.generation, text, sum])?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, address: &str) -> Result<()> {
    connection.prepare_cached("DELETE FROM resources WHERE address = ?1")?.execute([address])?;
    Ok(())
}

/// The address's next generation is above this one, and above the one that was next.
pub(super) fn spend(connection: &Connection, address: &str, generation: u32) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO generations (address, generation) VALUES (?1, min(?2 + 1, ?3))
             ON CONFLICT DO UPDATE SET generation = min(max(generation, ?2) + 1, ?3)",
        )?
        .execute(params![address, generation, u32::MAX])?;
    Ok(())
}

pub(super) fn put_outputs(connection: &Connection, outputs: &BTreeMap<String, Datum>) -> Result<()> {
    connection.execute("DELETE FROM outputs", [])?;
    let mut statement = connection.prepare_cached("INSERT INTO outputs (name, body, checksum) VALUES (?1, ?2, ?3)")?;
    for (name, value) in outputs {
        let text = serde_json::to_string(value)?;
        let sum = checksum(name, &text);
        statement.execute(params![name, text, sum])?;
    }
    Ok(())
}

/// A column whose type is what this version writes there, or the table is damaged.
fn get<T: FromSql>(row: &Row<'_>, column: usize, table: &'static str) -> Result<T> {
    row.get(column).map_err(|error| Trouble::Row { row: format!("a row of {table}"), reason: error.to_string() })
}

/// The JSON in a column, with its checksum in the next.
fn body<T: DeserializeOwned>(row: &Row<'_>, key: &str, column: usize, named: impl Fn() -> String) -> Result<T> {
    let refuse = |error: rusqlite::Error| Trouble::Row { row: named(), reason: error.to_string() };
    let text = row.get_ref(column).map_err(refuse)?.as_str().map_err(|error| refuse(error.into()))?;
    let value = parse(text, &named)?;
    let sum: i64 = row.get(column + 1).map_err(refuse)?;
    if sum != checksum(key, text) {
        let reason = "it does not match its checksum: it is damaged, or something else than fathuss changed it";
        return Err(Trouble::Row { row: named(), reason: reason.to_owned() });
    }
    Ok(value)
}

fn parse<T: DeserializeOwned>(text: &str, named: impl Fn() -> String) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Trouble::Row { row: named(), reason: error.to_string() })
}

/// FNV-1a over the key, a zero byte and the body: 64 bits, against damage and not against malice.
fn checksum(key: &str, text: &str) -> i64 {
    let bytes = key.bytes().chain(std::iter::once(0)).chain(text.bytes());
    bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        .cast_signed()
}

#[cfg(test)]
mod tests {
    use super::checksum;

    #[test]
    fn the_checksum_is_fnv_1a() {
        // Of the bytes `a`, 0, `b`, computed apart.
        assert_eq!(checksum("a", "b").cast_unsigned(), 0xe5d2_9919_0426_66b2);
    }
}
