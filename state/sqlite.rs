//! State in one SQLite file: the embedded default.
//!
//! Written ahead and synced in full, so that a write is durable when it
//! returns, and a process that dies at any moment leaves all of a write or
//! nothing. One run writes, under a lock that lies in the file itself; anybody
//! reads at any time.

mod file;
mod rows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fathuss_model::Address;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use self::rows::{Access, Head};
use crate::audit::{Deed, Link};
use crate::contents::Contents;
use crate::journal::{Journal, Rows, carry_out};
use crate::lease::removed;
use crate::lock::{Process, is_dead, since};
use crate::seal::Opener;
use crate::shared::once;
use crate::{
    Backend, Begun, Document, Entry, History, Holder, Identity, Keys, Log, OperationId, ResourceRecord, Retention, Run,
    RunAction, RunEnd, RunId, Seal, Sealing, Snapshot, StateError, Store,
};

/// A stack's state in an SQLite file.
///
/// ```no_run
/// use fathuss_state::{Backend, Holder, Origin, Sqlite, Store};
///
/// # fn main() -> Result<(), fathuss_state::StateError> {
/// let now_ms = 1_767_225_600_000;
/// let mut state = Sqlite::open("staging.state".as_ref(), now_ms)?;
/// state.lock(&Holder {
///     id: "3f9a".to_owned(),
///     who: "mia@build-7".to_owned(),
///     pid: 4711,
///     command: "fathuss apply staging".to_owned(),
///     since_ms: now_ms,
///     origin: Origin::default(),
///     part: None,
/// }, now_ms)?;
/// let run = state.begin_run("apply", &[], now_ms)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    connection: Connection,
    held: Option<Holder>,
    taken_over: Option<Holder>,
    run: Option<RunId>,
    journal: Journal,
    opener: Arc<Opener>,
    seal: Option<Seal>,
}

impl Sqlite {
    /// Opens the state at this path to write; makes it, with a lineage of its own, where there is none.
    ///
    /// Writing needs the [lock](Self::lock) too.
    pub fn open(path: &Path, now_ms: i64) -> Result<Self, StateError> {
        Self::open_with(path, None, &Keys::default(), now_ms)
    }

    /// As [`open`](Self::open), but a state that is made gets this lineage.
    pub fn open_as(path: &Path, lineage: &str, now_ms: i64) -> Result<Self, StateError> {
        Self::open_with(path, Some(lineage), &Keys::default(), now_ms)
    }

    /// As [`open`](Self::open), with what opens it where it is sealed; a state that is made gets this lineage, if one is
    /// given.
    pub fn open_with(path: &Path, lineage: Option<&str>, keys: &Keys, now_ms: i64) -> Result<Self, StateError> {
        Self::over(path, file::open(path, lineage, now_ms)?, keys)
    }

    /// Opens the state at this path to read: takes no lock and makes nothing; none where there is no file.
    pub fn look(path: &Path) -> Result<Option<Self>, StateError> {
        Self::look_with(path, &Keys::default())
    }

    /// As [`look`](Self::look), with what opens it where it is sealed.
    pub fn look_with(path: &Path, keys: &Keys) -> Result<Option<Self>, StateError> {
        file::look(path)?.map(|connection| Self::over(path, connection, keys)).transpose()
    }

    /// All of the state at this path at one moment; none where there is no file.
    pub fn read(path: &Path) -> Result<Option<Snapshot>, StateError> {
        Self::look(path)?.map(|state| state.snapshot()).transpose()
    }

    fn over(path: &Path, connection: Connection, keys: &Keys) -> Result<Self, StateError> {
        connection.set_prepared_statement_cache_capacity(64);
        let opener = Arc::new(Opener::new(keys));
        let seal = unwrapped(path, &connection, &opener)?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            held: None,
            taken_over: None,
            run: None,
            journal: Journal::default(),
            opener,
            seal,
        })
    }

    /// One write: everything that `act` does, or nothing, and only under the lock and where the state is not elsewhere.
    fn write<T>(&mut self, act: impl FnOnce(&Access<'_>, &mut Head) -> Result<T, Trouble>) -> Result<T, StateError> {
        self.rewrite(|access, head| match rows::moved_to(access)? {
            Some(to) => Err(Trouble::State(StateError::Moved { to })),
            None => act(access, head),
        })
    }

    /// A write that the state takes wherever it has gone.
    fn rewrite<T>(&mut self, act: impl FnOnce(&Access<'_>, &mut Head) -> Result<T, Trouble>) -> Result<T, StateError> {
        let held = self.holding()?.id;
        let path = &self.path;
        let transaction = begin(&mut self.connection, path)?;
        match rows::lock(&transaction).map_err(|trouble| told(path, "written", trouble))? {
            Some((holder, _)) if holder.id == held => {}
            other => {
                let reason = removed(other.map(|(holder, _)| holder).as_ref());
                return Err(StateError::NotHeld { path: path.display().to_string(), reason });
            }
        }
        let fail = |trouble| told(path, "written", trouble);
        let mut head = rows::head(&transaction).map_err(fail)?;
        head.serial += 1;
        head.revises = rows::has_log(&transaction).map_err(fail)?;
        let done = act(&Access::new(&transaction, self.seal.as_ref()), &mut head).map_err(fail)?;
        rows::change_head(&transaction, &head).map_err(fail)?;
        transaction.commit().map_err(|error| file::failure(path, "written", error))?;
        Ok(done)
    }

    /// This run, under whose lock it writes.
    fn holding(&self) -> Result<Holder, StateError> {
        self.held.clone().ok_or_else(|| self.not_held("it has not taken the lock"))
    }

    /// All that it is at one moment, with the runs, oldest first, and the log.
    fn contents(&self, connection: &Access<'_>) -> Result<Contents, Trouble> {
        let Snapshot { lineage, serial, resources, outputs, pending, generations, durations_ms } =
            rows::snapshot(connection)?;
        let mut contents = Contents::new(&lineage).with_pending(pending);
        contents.serial = serial;
        contents.next_operation = rows::head(connection)?.next_operation;
        contents.resources = resources;
        contents.outputs = outputs;
        contents.generations = generations;
        contents.durations_ms = durations_ms;
        contents.runs = rows::history(connection, u32::MAX)?;
        contents.runs.reverse();
        (contents.log, contents.forgotten) = rows::log(connection)?;
        Ok(contents)
    }

    fn access<'a>(&'a self, connection: &'a Connection) -> Access<'a> {
        Access::new(connection, self.seal.as_ref())
    }

    /// Lets nothing be left in the file, or beside it, of what was there before the state was sealed.
    fn wipe(&self) -> Result<(), Trouble> {
        self.connection.execute_batch("VACUUM")?;
        let busy: bool = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        // Where somebody reads just now, the next lock does it.
        if busy { Ok(()) } else { rows::put_wiped(&self.connection) }
    }

    fn not_held(&self, reason: &str) -> StateError {
        StateError::NotHeld { path: self.path.display().to_string(), reason: reason.to_owned() }
    }

    fn trouble(&self, trouble: Trouble) -> StateError {
        told(&self.path, "written", trouble)
    }
}

impl Store for Sqlite {
    fn snapshot(&self) -> Result<Snapshot, StateError> {
        let fail = |error| file::failure(&self.path, "read", error);
        // All tables as they are at one moment, whoever is writing.
        let transaction = self.connection.unchecked_transaction().map_err(fail)?;
        rows::snapshot(&self.access(&transaction)).map_err(|trouble| told(&self.path, "read", trouble))
    }

    fn begin_run(&mut self, command: &str, actions: &[RunAction], now_ms: i64) -> Result<RunId, StateError> {
        let holder = self.holding()?;
        let run = self.write(|transaction, head| {
            let last = rows::history(transaction, 1)?.pop();
            if let Some(cut_off) = last.as_ref().filter(|run| run.ended_ms.is_none()) {
                rows::add_log(transaction, head, Deed::cut_off(cut_off, now_ms))?;
            }
            let run = Run {
                id: RunId(last.map_or(0, |run| run.id.0) + 1),
                command: command.to_owned(),
                holder: holder.who,
                started_ms: now_ms,
                ended_ms: None,
                outcome: None,
                summary: BTreeMap::new(),
                origin: holder.origin,
                actions: actions.to_vec(),
            };
            rows::put_run(transaction, &run)?;
            Ok(run.id)
        })?;
        self.run = Some(run);
        Ok(run)
    }

    fn reserve_operations(&mut self, count: u32) -> Result<OperationId, StateError> {
        let first = self.write(|_, head| {
            let first = head.next_operation;
            head.next_operation += i64::from(count);
            Ok(OperationId(first))
        })?;
        self.journal.reserve(first, count);
        Ok(first)
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.holding()?;
        let accepted = self.journal.judge(entries)?;
        let run = self.run;
        let effects = &accepted.effects;
        self.write(|transaction, head| {
            rows::add_entries(transaction, head.serial, run, entries)?;
            let mut tables = Tables { transaction, head, opened: 0 };
            effects.iter().try_for_each(|effect| carry_out(effect, &mut tables))
        })?;
        self.journal.keep(accepted.into_change());
        Ok(())
    }

    fn end_run(&mut self, run: RunId, mut end: RunEnd) -> Result<(), StateError> {
        self.write(|transaction, head| {
            if end.keeps_outputs {
                end.keep(&rows::outputs(transaction, &mut 0)?);
            }
            let open = rows::run(transaction, run)?.filter(|run| run.ended_ms.is_none());
            let open = open.ok_or_else(|| Trouble::State(crate::journal::no_such_run(run)))?;
            let deed = Deed::ended(&open, &end.outcome, end.now_ms);
            let (ended_ms, outcome) = (Some(end.now_ms), Some(end.outcome));
            rows::put_run(transaction, &Run { ended_ms, outcome, summary: end.summary, ..open })?;
            if let Some(outputs) = &end.outputs {
                rows::put_outputs(transaction, head, outputs)?;
            }
            for ((kind, action), duration_ms) in &end.durations_ms {
                rows::put_duration(transaction, head, kind, action, *duration_ms)?;
            }
            rows::add_log(transaction, head, deed)
        })
    }

    fn history(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        rows::history(&self.access(&self.connection), limit).map_err(|trouble| told(&self.path, "read", trouble))
    }
}

impl Backend for Sqlite {
    fn lock(&mut self, holder: &Holder, now_ms: i64) -> Result<(), StateError> {
        let process = Process::of(holder.pid);
        let facts = serde_json::to_string(&process).map_err(|error| self.trouble(error.into()))?;
        let transaction = begin(&mut self.connection, &self.path)?;
        let fail = |error| file::failure(&self.path, "written", error);
        let before = rows::lock(&transaction).map_err(|trouble| told(&self.path, "written", trouble))?;
        if let Some((other, its_process)) = &before
            && !is_dead(its_process, &process, Process::seen(other.pid))
        {
            let since = since(other.since_ms, now_ms);
            return Err(StateError::Locked { holder: Box::new(other.clone()), since });
        }
        transaction.execute("DELETE FROM lock", []).map_err(fail)?;
        transaction
            .execute(
                "INSERT INTO lock (id, who, pid, command, since_ms, process) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![holder.id, holder.who, holder.pid, holder.command, holder.since_ms, facts],
            )
            .map_err(fail)?;
        file::upgrade(&transaction).map_err(fail)?;
        let seal = unwrapped(&self.path, &transaction, &self.opener)?;
        let pending = rows::pending(&Access::new(&transaction, seal.as_ref()), &mut 0);
        let pending = pending.map_err(|trouble| told(&self.path, "read", trouble))?;
        let wiped = rows::is_wiped(&transaction).map_err(|trouble| told(&self.path, "read", trouble))?;
        transaction.commit().map_err(fail)?;
        self.seal = seal;
        self.journal = Journal::resume(&pending);
        self.held = Some(holder.clone());
        self.taken_over = before.map(|(other, _)| other);
        self.run = None;
        if !wiped {
            self.wipe().map_err(|trouble| self.trouble(trouble))?;
        }
        Ok(())
    }

    fn taken_over(&self) -> Option<&Holder> {
        self.taken_over.as_ref()
    }

    fn holders(&self) -> Result<Vec<Holder>, StateError> {
        let lock = rows::lock(&self.connection).map_err(|trouble| told(&self.path, "read", trouble))?;
        Ok(lock.map(|(holder, _)| holder).into_iter().collect())
    }

    fn unlock(&mut self, id: &str, by: &Holder) -> Result<Option<Holder>, StateError> {
        let transaction = begin(&mut self.connection, &self.path)?;
        let fail = |trouble| told(&self.path, "written", trouble);
        let Some((holder, _)) = rows::lock(&transaction).map_err(fail)? else { return Ok(None) };
        if holder.id != id {
            let since = since(holder.since_ms, by.since_ms);
            return Err(StateError::Locked { holder: Box::new(holder), since });
        }
        let seal = unwrapped(&self.path, &transaction, &self.opener)?;
        let remove = || {
            transaction.execute("DELETE FROM lock", [])?;
            file::upgrade(&transaction)?;
            let mut head = rows::head(&transaction)?;
            head.serial += 1;
            let access = Access::new(&transaction, seal.as_ref());
            let moved_to = rows::moved_to(&access)?;
            rows::add_log(&access, &head, Deed::unlocked(by, &holder, moved_to.as_deref()))?;
            rows::change_head(&transaction, &head)
        };
        remove().map_err(fail)?;
        transaction.commit().map_err(|error| file::failure(&self.path, "written", error))?;
        Ok(Some(holder))
    }

    fn release(&mut self) -> Result<(), StateError> {
        let Some(holder) = self.held.take() else { return Ok(()) };
        self.run = None;
        self.connection
            .execute("DELETE FROM lock WHERE id = ?1", [holder.id])
            .map(drop)
            .map_err(|error| file::failure(&self.path, "written", error))
    }

    fn entries(&self, run: Option<RunId>) -> Result<Vec<Entry>, StateError> {
        rows::entries(&self.access(&self.connection), run).map_err(|trouble| told(&self.path, "read", trouble))
    }

    fn past(&self) -> Result<History, StateError> {
        let fail = |trouble| told(&self.path, "read", trouble);
        let transaction = self.connection.unchecked_transaction().map_err(|error| fail(error.into()))?;
        let access = self.access(&transaction);
        let contents = self.contents(&access).map_err(fail)?;
        Ok(contents.past(rows::revisions(&access).map_err(fail)?))
    }

    fn log(&self) -> Result<Log, StateError> {
        let (log, _) =
            rows::log(&self.access(&self.connection)).map_err(|trouble| told(&self.path, "read", trouble))?;
        Ok(log)
    }

    fn close(&mut self, to: &str) -> Result<(), StateError> {
        let holder = self.holding()?;
        self.rewrite(|transaction, head| rows::add_log(transaction, head, Deed::moved(&holder, to)))
    }

    fn forget(&mut self, retention: &Retention, now_ms: i64) -> Result<(), StateError> {
        self.holding()?;
        let mut runs = self.history(u32::MAX)?;
        runs.reverse();
        let Some(run) = retention.forgets(&runs, now_ms) else { return Ok(()) };
        self.write(|transaction, _| {
            let (log, _) = rows::log(transaction)?;
            rows::forget(transaction, run, log.last_of(run))
        })
    }

    fn document(&self) -> Result<Document, StateError> {
        let fail = |trouble| told(&self.path, "read", trouble);
        let transaction = self.connection.unchecked_transaction().map_err(|error| fail(error.into()))?;
        let access = self.access(&transaction);
        let contents = self.contents(&access).map_err(fail)?;
        Ok(Document::of(&contents).with_revisions(rows::revisions(&access).map_err(fail)?))
    }

    fn replace(&mut self, document: &Document) -> Result<(), StateError> {
        let holder = self.holding()?;
        let Snapshot { lineage, serial, resources, .. } = self.snapshot()?;
        document.check(&self.path.display().to_string(), &lineage, serial)?;
        let wanted = document.clone().into_contents();
        self.rewrite(|transaction, head| {
            head.serial = head.serial.max(wanted.serial + 1);
            head.next_operation = head.next_operation.max(wanted.next_operation);
            for delete in [
                "DELETE FROM operations RETURNING checksum",
                "DELETE FROM generations RETURNING checksum",
                "DELETE FROM durations RETURNING checksum",
            ] {
                head.take_all(transaction, delete, &[])?;
            }
            let mut tables = Tables { transaction, head, opened: 0 };
            for pending in wanted.pending() {
                tables.open(&pending.begun)?;
                if let Some(identity) = &pending.identified {
                    tables.identify(pending.begun.operation, identity)?;
                }
            }
            let mut gone = resources.keys().filter(|address| !wanted.resources.contains_key(*address));
            gone.try_for_each(|address| tables.remove(address))?;
            wanted.resources.values().try_for_each(|record| tables.put(record))?;
            let mut generations = wanted.generations.iter();
            generations.try_for_each(|(address, generation)| tables.set_next_generation(address, *generation))?;
            for ((kind, action), duration_ms) in &wanted.durations_ms {
                rows::put_duration(transaction, head, kind, action, *duration_ms)?;
            }
            rows::put_outputs(transaction, head, &wanted.outputs)?;
            wanted.runs.iter().try_for_each(|run| rows::put_run(transaction, run))?;
            if rows::log(transaction)?.0.last == Link::default() {
                // The history comes along where there is none yet.
                rows::put_pruned(transaction, &wanted.log.pruned)?;
                rows::put_last(transaction, &wanted.log.last)?;
                wanted.log.entries.iter().try_for_each(|entry| rows::put_log(transaction, entry))?;
                document.revisions().iter().try_for_each(|revision| rows::put_revision(transaction, revision))?;
            }
            rows::add_log(transaction, head, Deed::replaced(&holder, wanted.serial))
        })?;
        self.journal = Journal::resume(&wanted.pending());
        Ok(())
    }

    fn seal(&self) -> Result<Option<Seal>, StateError> {
        Ok(self.seal.clone())
    }

    fn seal_by(&mut self, sealing: &Sealing) -> Result<(), StateError> {
        let holder = self.holding()?;
        let lineage = rows::head(&self.connection).map_err(|trouble| self.trouble(trouble))?.lineage;
        let (opener, wanted, place) = (Arc::clone(&self.opener), sealing.clone(), self.path.display().to_string());
        let seal = once(&place.clone(), async move { opener.another(&place, &lineage, &wanted, None).await })?;
        // What is overwritten leaves nothing behind on its page.
        self.connection
            .execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")
            .map_err(|error| file::failure(&self.path, "written", error))?;
        let new = seal.as_ref();
        self.write(|from, head| {
            let to = Access::new(from, new);
            rows::reseal(from, &to, head)?;
            // Where there is no history yet, one that is brought here goes before.
            if !head.revises {
                head.serial -= 1;
                return Ok(());
            }
            rows::add_log(&to, head, Deed::resealed(&holder, sealing.recipients()))
        })?;
        self.seal = seal;
        self.wipe().map_err(|trouble| self.trouble(trouble))
    }
}

/// What seals the state; none where it is plain.
fn unwrapped(path: &Path, connection: &Connection, opener: &Arc<Opener>) -> Result<Option<Seal>, StateError> {
    let fail = |trouble| told(path, "read", trouble);
    let Some((envelope, _)) = rows::envelope(connection).map_err(fail)? else { return Ok(None) };
    let head = rows::head(connection).map_err(fail)?;
    let (place, opener) = (path.display().to_string(), Arc::clone(opener));
    once(&place.clone(), async move { opener.open(&place, &head.lineage, &envelope).await }).map(Some)
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // A lock that can't be removed now is taken over once this process is gone.
        let _ = self.release();
    }
}

fn begin<'a>(connection: &'a mut Connection, path: &Path) -> Result<Transaction<'a>, StateError> {
    connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| file::failure(path, "written", error))
}

/// The tables within one write, and how many operations it has opened so far.
struct Tables<'a> {
    transaction: &'a Access<'a>,
    head: &'a mut Head,
    opened: usize,
}

impl Rows for Tables<'_> {
    type Trouble = Trouble;

    fn open(&mut self, begun: &Begun) -> Result<(), Trouble> {
        let place = self.opened;
        self.opened += 1;
        rows::open(self.transaction, self.head, place, begun)
    }

    fn identify(&mut self, operation: OperationId, identity: &Identity) -> Result<(), Trouble> {
        rows::identify(self.transaction, self.head, operation, identity)
    }

    fn close(&mut self, operation: OperationId) -> Result<(), Trouble> {
        rows::close(self.transaction, self.head, operation)
    }

    fn put(&mut self, record: &ResourceRecord) -> Result<(), Trouble> {
        rows::put(self.transaction, self.head, record)
    }

    fn remove(&mut self, address: &Address) -> Result<(), Trouble> {
        rows::remove(self.transaction, self.head, address)
    }

    fn generation(&self, address: &Address) -> Result<Option<u32>, Trouble> {
        let mut statement = self.transaction.prepare_cached("SELECT generation FROM resources WHERE address = ?1")?;
        Ok(statement.query_row([address.to_string()], |row| row.get(0)).optional()?)
    }

    fn next_generation(&self, address: &Address) -> Result<Option<u32>, Trouble> {
        let mut statement = self.transaction.prepare_cached("SELECT generation FROM generations WHERE address = ?1")?;
        Ok(statement.query_row([address.to_string()], |row| row.get(0)).optional()?)
    }

    fn set_next_generation(&mut self, address: &Address, generation: u32) -> Result<(), Trouble> {
        rows::set_next_generation(self.transaction, self.head, address, generation)
    }
}

/// What goes wrong between the tables and the records.
#[derive(Debug)]
enum Trouble {
    Statement(rusqlite::Error),
    /// A record that can't be written as JSON.
    Unwritable(serde_json::Error),
    /// A row that is not as it was written: which, and what is wrong with it.
    Row {
        row: String,
        reason: String,
    },
    State(StateError),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Statement(error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Unwritable(error)
    }
}

fn told(path: &Path, doing: &'static str, trouble: Trouble) -> StateError {
    match trouble {
        Trouble::Statement(error) => file::failure(path, doing, error),
        Trouble::Unwritable(error) => file::storage(path, doing, error.to_string()),
        Trouble::Row { row, reason } => file::damaged(path, format!("{row}: {reason}")),
        Trouble::State(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use fathuss_model::Address;

    use super::*;
    use crate::{Identity, Origin, ResourceRecord};

    #[test]
    fn a_full_disk_refuses_the_whole_group_and_the_next_one_with_room_goes_on() -> Result<(), Box<dyn std::error::Error>>
    {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("state");
        let mut state = Sqlite::open(&path, 0)?;
        let holder = Holder {
            id: "lock-1".to_owned(),
            who: "mia@build-7".to_owned(),
            pid: std::process::id(),
            command: "fathuss apply staging".to_owned(),
            since_ms: 0,
            origin: Origin::default(),
            part: None,
        };
        state.lock(&holder, 0)?;
        let group = (0..300)
            .map(|number| {
                let address = Address::new("staging", "terraform_data", &format!("r{number}"), None)?;
                Ok(Entry::Recorded(Box::new(ResourceRecord {
                    address,
                    region: "us-east-1".to_owned(),
                    account: "111122223333".to_owned(),
                    identity: Identity("i-1".to_owned()),
                    attributes: std::collections::BTreeMap::new(),
                    generation: 0,
                    depends_on: Vec::new(),
                    prevent_destroy: false,
                    unsettled: false,
                })))
            })
            .collect::<Result<Vec<_>, fathuss_model::AddressError>>()?;
        let before = state.snapshot()?;
        let pages: i64 = state.connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        // SQLite answers SQLITE_FULL past this, as it does where the system has no space.
        state.connection.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(()))?;

        let error = state.append(&group).err().map(|error| error.to_string());
        assert_eq!(error, Some(format!("{} can't be written: the disk is full", path.display())));
        assert_eq!(state.snapshot()?, before);

        state.connection.pragma_update_and_check(None, "max_page_count", pages + 4000, |_| Ok(()))?;
        state.append(&group)?;
        assert_eq!(state.snapshot()?.resources.len(), 300);
        Ok(())
    }
}
