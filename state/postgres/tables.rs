//! The tables as all runs share them: who holds the lease, and what a write changes.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use fathuss_model::Address;
use futures::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Row, query, query_scalar, raw_sql};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::rows::{self, Lock, Trouble, at, change};
use crate::audit::Log;
use crate::contents::{Contents, Delta, Write};
use crate::lease::{LAPSED, Moment, Tenure, Terms, locked, may_take};
use crate::place::Database;
use crate::seal::Opener;
use crate::shared::{Committed, Remote, Seen, Taken};
use crate::{Entry, Holder, Keys, Revision, RunId, Seal, Sealing, StateError};

/// The version of the tables.
const VERSION: i64 = 4;

const TABLES: &str = include_str!("tables.sql");

/// What brings tables of version 1 to version 2.
const UPGRADE_1: &str = include_str!("upgrade-1.sql");

/// What brings tables of version 2 to version 3.
const UPGRADE_2: &str = include_str!("upgrade-2.sql");

/// What brings tables of version 3 to version 4.
const UPGRADE_3: &str = include_str!("upgrade-3.sql");

/// How long one attempt may take, with connecting.
const ATTEMPT: Duration = Duration::from_secs(15);

/// What a session may do to others: hold rows for so long, and no longer, whatever becomes of its process.
const SESSION: [(&str, &str); 4] = [
    ("statement_timeout", "10000"),
    ("lock_timeout", "10000"),
    ("idle_in_transaction_session_timeout", "10000"),
    ("synchronous_commit", "on"),
];

/// The first wait before a transaction is tried again; it doubles up to the second.
const WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// The tables of a state, and this run's hold on them.
#[derive(Debug)]
pub struct Tables {
    database: Database,
    options: PgConnectOptions,
    terms: Terms,
    tenure: Tenure,
    connection: Mutex<Option<PgConnection>>,
    session: Mutex<Option<Session>>,
    opener: Arc<Opener>,
}

/// This run's lease.
#[derive(Clone, Debug)]
struct Session {
    holder: Holder,
    epoch: i64,
    renewed: Moment,
    /// What seals the state. Nobody seals it anew while a run holds a part of it.
    seal: Option<Seal>,
}

/// What became of a write under the lease.
enum Outcome {
    Kept,
    /// A run on another part has written since.
    Moved,
    /// The lease is this run's no more; who holds what, the own one among them where it has lapsed.
    Gone(Vec<Holder>),
}

/// A write, as often as it has to be tried.
struct Job {
    write: Write,
    delta: Delta,
    holder: String,
    epoch: i64,
    lease_ms: i64,
    /// Of the last write that this one comes after.
    known: String,
    nonce: String,
    seal: Option<Seal>,
    /// How the state is sealed by this write, where that changes.
    reseals: Option<Option<Seal>>,
    /// Whether a commit was asked for, so that it may be carried out whatever was answered.
    asked: AtomicBool,
}

/// What reads all that there is.
#[derive(Clone)]
struct Opening {
    opener: Arc<Opener>,
    place: String,
}

impl Opening {
    async fn load(&self, connection: &mut PgConnection) -> Result<(Seen, Option<Seal>), Trouble> {
        rows::load(connection, VERSION, (&self.opener, &self.place)).await
    }

    /// Asks for the data key ahead of a transaction that others wait for.
    async fn ask(&self, connection: &mut PgConnection) -> Result<(), Trouble> {
        rows::head(connection, VERSION, (&self.opener, &self.place)).await.map(drop)
    }
}

impl Session {
    /// Who has taken over what was this run's, as far as these show it.
    fn successor<'a>(&self, holders: &'a [Holder]) -> Option<&'a Holder> {
        holders.iter().find(|other| other.id != self.holder.id && other.overlaps(&self.holder))
    }
}

impl Tables {
    pub(super) fn open(database: &Database, terms: Terms, keys: &Keys) -> Result<Self, StateError> {
        let options = PgConnectOptions::from_str(&database.url).map_err(|error| StateError::Unfit {
            place: database.to_string(),
            reason: format!("its address can't be read ({error})"),
        })?;
        let options = options.application_name("fathuss").options(SESSION);
        let options = options.options([("search_path", &database.schema)]);
        Ok(Self {
            database: database.clone(),
            options,
            terms,
            tenure: Tenure::default(),
            connection: Mutex::default(),
            session: Mutex::default(),
            opener: Arc::new(Opener::new(keys)),
        })
    }

    /// What there is; none where there are no tables.
    pub(super) async fn find(&self) -> Result<Option<Seen>, StateError> {
        let (schema, opening) = (self.database.schema.clone(), self.opening());
        self.read(move |connection| {
            let (schema, opening) = (schema.clone(), opening.clone());
            Box::pin(async move {
                let mut transaction = connection.begin_with(rows::READING).await.map_err(at("head"))?;
                let there = is_there(&mut transaction, &schema).await?;
                if there { Ok(Some(opening.load(&mut transaction).await?.0)) } else { Ok(None) }
            })
        })
        .await
    }

    /// What there is; the tables are made where there are none.
    pub(super) async fn find_or_make(&self, lineage: &str, now_ms: i64) -> Result<Option<Seen>, StateError> {
        if let Some(seen) = self.find().await? {
            return Ok(Some(seen));
        }
        self.probe().await?;
        let (schema, lineage) = (self.database.schema.clone(), lineage.to_owned());
        let deadline = Moment::now().after(self.terms.patience);
        self.persist("written", deadline, move |connection| {
            let (schema, lineage) = (schema.clone(), lineage.clone());
            Box::pin(async move {
                let mut transaction = connection.begin().await.map_err(at("head"))?;
                // Of several that make it at once, one does; the lock goes with the transaction.
                query("SELECT pg_advisory_xact_lock(hashtext($1))")
                    .bind(&schema)
                    .execute(&mut *transaction)
                    .await
                    .map_err(at("head"))?;
                let there = is_there(&mut transaction, &schema).await?;
                if there {
                    return Ok(());
                }
                // The address takes no other letters than a schema's name has unquoted.
                let make = format!("CREATE SCHEMA IF NOT EXISTS \"{schema}\"");
                raw_sql(AssertSqlSafe(make)).execute(&mut *transaction).await.map_err(at("head"))?;
                raw_sql(TABLES).execute(&mut *transaction).await.map_err(at("head"))?;
                query("INSERT INTO head VALUES (1, $1, $2, $3, 0, 1, -1, 0, '', NULL, FALSE)")
                    .bind(VERSION)
                    .bind(&lineage)
                    .bind(now_ms)
                    .execute(&mut *transaction)
                    .await
                    .map_err(at("head"))?;
                transaction.commit().await.map_err(at("head"))
            })
        })
        .await?;
        self.find().await
    }

    /// Whether the database takes writes, and this user may make what a state needs.
    pub(super) async fn probe(&self) -> Result<(), StateError> {
        let schema = self.database.schema.clone();
        let (replica, allowed) = self
            .read(move |connection| {
                let schema = schema.clone();
                Box::pin(async move {
                    let found = query(
                        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS replica,
                                CASE WHEN to_regnamespace($1) IS NULL
                                     THEN has_database_privilege(current_database(), 'CREATE')
                                     ELSE has_schema_privilege($1, 'CREATE, USAGE') END AS allowed",
                    )
                    .bind(schema)
                    .fetch_one(connection)
                    .await
                    .map_err(at("head"))?;
                    Ok((found.try_get("replica").map_err(at("head"))?, found.try_get("allowed").map_err(at("head"))?))
                })
            })
            .await?;
        let unfit = |reason: &str| StateError::Unfit { place: self.place(), reason: reason.to_owned() };
        match (replica, allowed) {
            (true, _) => Err(unfit("it can only be read; give the address of the primary")),
            (false, false) => Err(unfit("this user may not make its tables; grant what docs/state.md lists")),
            (false, true) => Ok(()),
        }
    }

    /// Reads; what goes wrong on the way is tried again for a while.
    async fn read<T: Send>(
        &self,
        work: impl for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Trouble>> + Send + Sync,
    ) -> Result<T, StateError> {
        self.persist("read", Moment::now().after(self.terms.patience), work).await
    }

    /// Does something that may be done twice, until the deadline, over a new connection where the old one broke.
    async fn persist<T: Send>(
        &self,
        doing: &'static str,
        deadline: Moment,
        work: impl for<'c> Fn(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Trouble>> + Send + Sync,
    ) -> Result<T, StateError> {
        let mut slot = self.connection.lock().await;
        let mut wait = WAIT;
        loop {
            let attempt = async {
                let connection = match slot.take() {
                    Some(connection) => slot.insert(connection),
                    None => slot.insert(PgConnection::connect_with(&self.options).await.map_err(at("head"))?),
                };
                let done = work(connection).await;
                // A transaction that was left open is only queued to be rolled back: until then others wait for it.
                if connection.should_flush() {
                    connection.ping().await.map_err(at("head"))?;
                }
                done
            };
            let slow = || Trouble::Sql { table: "head", error: sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()) };
            let limit = ATTEMPT.min(deadline.remaining().max(WAIT));
            let trouble = match timeout(limit, attempt).await.unwrap_or_else(|_| Err(slow())) {
                Ok(done) => return Ok(done),
                Err(trouble) => trouble,
            };
            match trouble {
                Trouble::State(error) => return Err(error),
                Trouble::Row { table, reason } => {
                    return Err(StateError::Damaged { path: self.named(table), reason });
                }
                Trouble::Newer(found) => {
                    return Err(StateError::Newer { path: self.named("head"), found, known: VERSION });
                }
                Trouble::Sql { table, error } => {
                    // Whatever it was in the middle of ends with it.
                    *slot = None;
                    if !is_passing(&error) || deadline.remaining() < wait {
                        return Err(self.failure(table, doing, &error));
                    }
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Until when a write may be tried; whose the state is where this run's lease is over.
    async fn until(&self, session: &Session) -> Result<Moment, StateError> {
        match self.tenure.until(Duration::ZERO) {
            Ok(until) => Ok(until.min(Moment::now().after(self.terms.patience))),
            Err(_) if self.tenure.lapsed() => Err(self.gone(session.successor(&self.holders().await?))),
            Err(reason) => Err(self.not_held(&reason)),
        }
    }

    /// Makes a write durable, under the lease; where `reseals` says so, the state is sealed so with it.
    async fn commit_as(
        &self,
        write: Write,
        delta: Delta,
        mark: &str,
        reseals: Option<Option<Seal>>,
    ) -> Result<Committed, StateError> {
        let mut session = self.session.lock().await;
        let session = session.as_mut().ok_or_else(|| self.not_held("it has not taken the lock"))?;
        let deadline = self.until(session).await?;
        let job = Arc::new(Job {
            write,
            delta,
            holder: session.holder.id.clone(),
            epoch: session.epoch,
            lease_ms: self.lease_ms(),
            known: mark.to_owned(),
            nonce: format!("{:032x}", rand::random::<u128>()),
            seal: session.seal.clone(),
            reseals,
            asked: AtomicBool::new(false),
        });
        let asked = Moment::now();
        let doing = Arc::clone(&job);
        let outcome = self.persist("written", deadline, move |connection| {
            let job = Arc::clone(&doing);
            Box::pin(async move { commit_once(connection, &job).await })
        });
        match outcome.await {
            Ok(Outcome::Kept) => {
                self.tenure.renewed(asked, self.terms.lease);
                session.renewed = asked;
            }
            Ok(Outcome::Moved) => return Ok(Committed::Moved),
            Ok(Outcome::Gone(holders)) => {
                if holders.iter().any(|holder| holder.id == session.holder.id) {
                    self.tenure.end(LAPSED);
                    return Err(self.not_held(LAPSED));
                }
                return Err(self.gone(session.successor(&holders)));
            }
            Err(error) if job.asked.load(Ordering::SeqCst) => {
                let reason = format!("{error}; whether that was kept is not known, and the next run reads it");
                self.tenure.end(&reason);
                return Err(self.not_held(&reason));
            }
            Err(error) => return Err(error),
        }
        match Arc::try_unwrap(job) {
            Ok(Job { delta, nonce, reseals, .. }) => {
                if let Some(seal) = reseals {
                    session.seal = seal;
                }
                Ok(Committed::Kept { delta: Box::new(delta), mark: nonce })
            }
            Err(_) => Err(self.not_held("what was written is still being written; this is a defect of fathuss")),
        }
    }

    fn opening(&self) -> Opening {
        Opening { opener: Arc::clone(&self.opener), place: self.place() }
    }

    /// Lets nothing be left in the tables of what was there before the state was sealed anew.
    async fn wipe(&self, deadline: Moment) -> Result<(), StateError> {
        self.persist("wiped", deadline, |connection| {
            Box::pin(async move {
                let vacuum = "VACUUM FULL resources, outputs, operations, journal, runs, revisions, log, head";
                raw_sql(vacuum).execute(&mut *connection).await.map_err(at("head"))?;
                query("UPDATE head SET wiped = TRUE").execute(connection).await.map(drop).map_err(at("head"))
            })
        })
        .await
        .map_err(|error| StateError::Storage {
            path: self.place(),
            doing: "wiped",
            reason: format!(
                "{error}; it is encrypted by now, and rows from before may lie in the database's files until a run that locks it can do this"
            ),
        })
    }

    /// Does so after a run that sealed the state died before it came to that, or found somebody reading. Where it can't be
    /// done now either, the next lock tries.
    async fn wipe_leftovers(&self) {
        let wiped = self.read(|connection| {
            let select = query_scalar("SELECT wiped FROM head");
            Box::pin(async move { select.fetch_one(connection).await.map_err(at("head")) })
        });
        if let Ok(false) = wiped.await {
            drop(self.wipe(Moment::now().after(ATTEMPT)).await);
        }
    }

    fn lease_ms(&self) -> i64 {
        i64::try_from(self.terms.lease.as_millis()).unwrap_or(i64::MAX)
    }

    fn named(&self, table: &str) -> String {
        format!("{}, table {table}", self.database)
    }

    fn not_held(&self, reason: &str) -> StateError {
        StateError::NotHeld { path: self.place(), reason: reason.to_owned() }
    }

    fn gone(&self, now: Option<&Holder>) -> StateError {
        self.not_held(&self.tenure.gone(now))
    }

    fn failure(&self, table: &str, doing: &'static str, error: &sqlx::Error) -> StateError {
        let (said, next) = match error {
            sqlx::Error::Database(told) => {
                let code = told.code().unwrap_or_default();
                let next = match code.as_ref() {
                    "28P01" | "28000" => "; give the password in PGPASSWORD or ~/.pgpass",
                    "3D000" => "; make the database first, as docs/state.md says",
                    "42501" => "; grant what docs/state.md lists",
                    "53100" => "; make room, and run this again",
                    "25006" => "; give the address of the primary",
                    _ => "",
                };
                (format!("the database answered {code}: {}", told.message()), next)
            }
            sqlx::Error::Tls(_) => (error.to_string(), "; is sslmode in the address right?"),
            error => (format!("no answer came ({error})"), "; are the network and the host in the address right?"),
        };
        StateError::Storage { path: self.named(table), doing, reason: format!("{said}{next}") }
    }
}

#[async_trait]
impl Remote for Tables {
    async fn newer_than(&self, mark: &str) -> Result<Option<Seen>, StateError> {
        let (mark, opening) = (mark.to_owned(), self.opening());
        self.read(move |connection| {
            let (mark, opening) = (mark.clone(), opening.clone());
            Box::pin(async move {
                let mut transaction = connection.begin_with(rows::READING).await.map_err(at("head"))?;
                let nonce: String =
                    query_scalar("SELECT nonce FROM head").fetch_one(&mut *transaction).await.map_err(at("head"))?;
                if nonce == mark { Ok(None) } else { Ok(Some(opening.load(&mut transaction).await?.0)) }
            })
        })
        .await
    }

    async fn lock(&self, holder: &Holder, _: &str, now_ms: i64) -> Result<Taken, StateError> {
        let asked = Moment::now();
        let deadline = asked.after(self.terms.patience.min(self.terms.lease));
        let (wanted, lease_ms, terms) = (holder.clone(), self.lease_ms(), self.terms);
        let opening = self.opening();
        let (epoch, taken, seal) = self
            .persist("written", deadline, move |connection| {
                let (wanted, opening) = (wanted.clone(), opening.clone());
                Box::pin(async move {
                    opening.ask(connection).await?;
                    take(connection, &wanted, lease_ms, &opening, (&terms, now_ms)).await
                })
            })
            .await?;
        self.tenure.renewed(asked, self.terms.lease);
        let is_sealed = seal.is_some();
        *self.session.lock().await = Some(Session { holder: holder.clone(), epoch, renewed: asked, seal });
        if is_sealed {
            self.wipe_leftovers().await;
        }
        Ok(taken)
    }

    async fn tidy(&self, _: &Contents, _: i64) -> Result<(), StateError> {
        Ok(())
    }

    async fn commit(&self, write: Write, delta: Delta, mark: &str) -> Result<Committed, StateError> {
        self.commit_as(write, delta, mark, None).await
    }

    async fn renew(&self) -> bool {
        let mut session = self.session.lock().await;
        let Some(session) = session.as_mut() else { return false };
        let Ok(deadline) = self.tenure.until(Duration::ZERO) else { return false };
        if session.renewed.after(self.terms.lease / 3).remaining() > Duration::ZERO {
            return true;
        }
        let (id, epoch, lease_ms, asked) = (session.holder.id.clone(), session.epoch, self.lease_ms(), Moment::now());
        let renewed = self.persist("written", deadline, move |connection| {
            let id = id.clone();
            Box::pin(async move { renew_once(connection, &id, epoch, lease_ms, None).await })
        });
        match renewed.await {
            Ok(true) => {
                self.tenure.renewed(asked, self.terms.lease);
                session.renewed = asked;
            }
            Ok(false) => {
                let now = self.holders().await.unwrap_or_default();
                self.tenure.gone(session.successor(&now));
                return false;
            }
            // It may pass before the lease does.
            Err(_) => {}
        }
        true
    }

    async fn holders(&self) -> Result<Vec<Holder>, StateError> {
        self.read(|connection| Box::pin(async move { holders(connection).await })).await
    }

    async fn seal(&self) -> Result<Option<Seal>, StateError> {
        if let Some(session) = self.session.lock().await.as_ref() {
            return Ok(session.seal.clone());
        }
        let opening = self.opening();
        self.read(move |connection| {
            let opening = opening.clone();
            Box::pin(async move {
                let mut transaction = connection.begin_with(rows::READING).await.map_err(at("head"))?;
                Ok(opening.load(&mut transaction).await?.1)
            })
        })
        .await
    }

    async fn reseal(
        &self,
        sealing: &Sealing,
        write: Write,
        delta: Delta,
        (lineage, mark): (&str, &str),
    ) -> Result<Committed, StateError> {
        let seal = self.opener.another(&self.place(), lineage, sealing, None).await?;
        let is_sealed = seal.is_some();
        let committed = self.commit_as(write, delta, mark, Some(seal)).await?;
        if is_sealed {
            self.wipe(Moment::now().after(self.terms.patience)).await?;
        }
        Ok(committed)
    }

    async fn unlock(&self, id: &str, by: &Holder) -> Result<Option<Holder>, StateError> {
        let (id, by, opening) = (id.to_owned(), by.clone(), self.opening());
        let deadline = Moment::now().after(self.terms.patience);
        self.persist("written", deadline, move |connection| {
            let (id, by, opening) = (id.clone(), by.clone(), opening.clone());
            Box::pin(async move {
                opening.ask(connection).await?;
                let mut transaction = connection.begin().await.map_err(at("head"))?;
                query("SELECT 1 FROM head FOR UPDATE").execute(&mut *transaction).await.map_err(at("head"))?;
                let holders = holders(&mut transaction).await?;
                let Some(other) = holders.first() else { return Ok(None) };
                let Some(holder) = holders.iter().find(|holder| holder.id == id).cloned() else {
                    return Err(Trouble::State(locked(other, by.since_ms)));
                };
                query("DELETE FROM locks WHERE id = $1")
                    .bind(&id)
                    .execute(&mut *transaction)
                    .await
                    .map_err(at("locks"))?;
                upgrade(&mut transaction).await?;
                let (Seen { contents, .. }, seal) = opening.load(&mut transaction).await?;
                let write = contents.unlocked(&by, &holder);
                let delta = contents.decide(&write).map_err(Trouble::State)?;
                query("UPDATE head SET serial = $1, nonce = $2")
                    .bind(delta.serial)
                    .bind(format!("{:032x}", rand::random::<u128>()))
                    .execute(&mut *transaction)
                    .await
                    .map_err(at("head"))?;
                change(&mut transaction, &write, &delta, seal.as_ref()).await?;
                transaction.commit().await.map_err(at("locks"))?;
                Ok(Some(holder))
            })
        })
        .await
    }

    async fn release(&self, id: &str) -> Result<(), StateError> {
        *self.session.lock().await = None;
        let id = id.to_owned();
        let deadline = Moment::now().after(self.terms.patience);
        self.persist("written", deadline, move |connection| {
            let id = id.clone();
            Box::pin(async move {
                let delete = query("DELETE FROM locks WHERE id = $1").bind(id);
                delete.execute(connection).await.map(drop).map_err(at("locks"))
            })
        })
        .await
    }

    async fn entries(&self, forgotten: i64) -> Result<Vec<(RunId, Vec<Entry>)>, StateError> {
        let opening = self.opening();
        self.read(move |connection| {
            let opening = opening.clone();
            Box::pin(async move {
                let mut transaction = connection.begin_with(rows::READING).await.map_err(at("head"))?;
                let (_, seal) = opening.load(&mut transaction).await?;
                rows::entries(&mut transaction, forgotten, seal.as_ref()).await
            })
        })
        .await
    }

    async fn past(&self) -> Result<(Contents, Vec<Revision>), StateError> {
        let opening = self.opening();
        self.read(move |connection| {
            let opening = opening.clone();
            Box::pin(async move {
                let mut transaction = connection.begin_with(rows::READING).await.map_err(at("head"))?;
                let (Seen { contents, .. }, seal) = opening.load(&mut transaction).await?;
                // Version 1 has none.
                let has_log = contents.log != Log::default();
                let seal = seal.as_ref();
                let revisions = if has_log { rows::revisions(&mut transaction, seal).await? } else { Vec::new() };
                Ok((contents, revisions))
            })
        })
        .await
    }

    fn locks_parts(&self) -> bool {
        true
    }

    fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn place(&self) -> String {
        self.database.to_string()
    }
}

/// Whether there are tables. The catalogue is read as a table: what is cached of it may be older than this statement.
async fn is_there(connection: &mut PgConnection, schema: &str) -> Result<bool, Trouble> {
    query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'head')")
        .bind(schema)
        .fetch_one(connection)
        .await
        .map_err(at("head"))
}

/// Takes the lease, in one transaction with what it finds: its epoch, and whose it was.
async fn take(
    connection: &mut PgConnection,
    wanted: &Holder,
    lease_ms: i64,
    opening: &Opening,
    (terms, now_ms): (&Terms, i64),
) -> Result<(i64, Taken, Option<Seal>), Trouble> {
    let mut transaction = connection.begin().await.map_err(at("head"))?;
    let epoch: i64 =
        query_scalar("SELECT epoch FROM head FOR UPDATE").fetch_one(&mut *transaction).await.map_err(at("head"))?;
    let (mut from, mut dead) = (None, Vec::new());
    for Lock { holder: other, lease, renewed_ago, .. } in rows::locks(&mut transaction).await? {
        if other.id == wanted.id {
            // The answer to this very request was lost.
            let (seen, seal) = opening.load(&mut transaction).await?;
            return Ok((epoch, Taken { from: None, seen: Some(seen) }, seal));
        }
        if other.overlaps(wanted) {
            may_take(&other, lease, renewed_ago, terms, now_ms).map_err(Trouble::State)?;
            dead.push(other.id.clone());
            from = from.or(Some(other));
        }
    }
    upgrade(&mut transaction).await?;
    query("DELETE FROM locks WHERE id = ANY($1)").bind(dead).execute(&mut *transaction).await.map_err(at("locks"))?;
    query("UPDATE head SET epoch = $1").bind(epoch + 1).execute(&mut *transaction).await.map_err(at("head"))?;
    query(
        "INSERT INTO locks (id, epoch, who, pid, command, since_ms, lease_ms, expires_at, addresses, needs)
         VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $7 * interval '1 millisecond', $8, $9)",
    )
    .bind(&wanted.id)
    .bind(epoch + 1)
    .bind(&wanted.who)
    .bind(i64::from(wanted.pid))
    .bind(&wanted.command)
    .bind(wanted.since_ms)
    .bind(lease_ms)
    .bind(wanted.part.as_ref().map(|part| texts(&part.own)))
    .bind(wanted.part.as_ref().map(|part| texts(&part.needs)))
    .execute(&mut *transaction)
    .await
    .map_err(at("locks"))?;
    // Nobody writes while this transaction has the head.
    let (seen, seal) = opening.load(&mut transaction).await?;
    transaction.commit().await.map_err(at("locks"))?;
    Ok((epoch + 1, Taken { from, seen: Some(seen) }, seal))
}

/// Brings tables of an earlier version to this one. Nobody else has the lock, and this transaction has the head.
async fn upgrade(connection: &mut PgConnection) -> Result<(), Trouble> {
    let version: i64 =
        query_scalar("SELECT version FROM head").fetch_one(&mut *connection).await.map_err(at("head"))?;
    let upgrades = [UPGRADE_1, UPGRADE_2, UPGRADE_3];
    let done = usize::try_from(version - 1).unwrap_or(upgrades.len());
    for upgrade in upgrades.into_iter().skip(done) {
        raw_sql(upgrade).execute(&mut *connection).await.map_err(at("head"))?;
    }
    if done < upgrades.len() {
        // They were prepared for other columns.
        connection.clear_cached_statements().await.map_err(at("head"))?;
    }
    Ok(())
}

fn texts(addresses: &BTreeSet<Address>) -> Vec<String> {
    addresses.iter().map(Address::to_string).collect()
}

async fn holders(connection: &mut PgConnection) -> Result<Vec<Holder>, Trouble> {
    Ok(rows::locks(connection).await?.into_iter().map(|lock| lock.holder).collect())
}

/// Lets the lease last from now on; a nonce is of a write that does it.
async fn renew_once(
    connection: &mut PgConnection,
    id: &str,
    epoch: i64,
    lease_ms: i64,
    nonce: Option<&str>,
) -> Result<bool, Trouble> {
    let renewed = query(
        "UPDATE locks SET expires_at = clock_timestamp() + $3 * interval '1 millisecond', nonce = coalesce($4, nonce)
         WHERE id = $1 AND epoch = $2 AND expires_at > clock_timestamp()",
    )
    .bind(id)
    .bind(epoch)
    .bind(lease_ms)
    .bind(nonce)
    .execute(connection)
    .await
    .map_err(at("locks"))?;
    Ok(renewed.rows_affected() == 1)
}

async fn commit_once(connection: &mut PgConnection, job: &Job) -> Result<Outcome, Trouble> {
    let mut transaction = connection.begin().await.map_err(at("head"))?;
    let delta = &job.delta;
    let moved = query(
        "UPDATE head SET serial = $1, next_operation = $2, forgotten = $3, nonce = $4
         WHERE nonce = $5",
    )
    .bind(delta.serial)
    .bind(delta.next_operation)
    .bind(delta.forgotten)
    .bind(&job.nonce)
    .bind(&job.known)
    .execute(&mut *transaction)
    .await
    .map_err(at("head"))?;
    // Whoever took the lease over, or writes another part, has waited for this row or moved the head.
    let holds = moved.rows_affected() == 1
        && renew_once(&mut transaction, &job.holder, job.epoch, job.lease_ms, Some(&job.nonce)).await?;
    if !holds {
        let locks = rows::locks(&mut transaction).await?;
        let own = locks.iter().find(|lock| lock.holder.id == job.holder);
        return Ok(match own {
            // It was carried out before, and the answer was lost.
            Some(own) if own.nonce == job.nonce => Outcome::Kept,
            Some(own) if own.renewed_ago < own.lease => Outcome::Moved,
            _ => Outcome::Gone(locks.into_iter().map(|lock| lock.holder).collect()),
        });
    }
    let seal = match &job.reseals {
        Some(to) => {
            let runs = rows::runs(&mut transaction, VERSION, job.seal.as_ref()).await?;
            rows::reseal(&mut transaction, &runs, job.seal.as_ref(), to.as_ref()).await?;
            to.as_ref()
        }
        None => job.seal.as_ref(),
    };
    change(&mut transaction, &job.write, delta, seal).await?;
    job.asked.store(true, Ordering::SeqCst);
    transaction.commit().await.map_err(at("head"))?;
    Ok(Outcome::Kept)
}

/// Whether the same transaction may go well later.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(told) => told.code().is_some_and(|code| {
            code.starts_with("08")
                || matches!(
                    code.as_ref(),
                    // Serialization, deadlock, timeouts, too many connections, a server that stops or starts, and a
                    // statement that was prepared before another run brought the tables to its version.
                    "0A000" | "40001" | "40P01" | "55P03" | "57014" | "25P03" | "53300" | "57P01" | "57P02" | "57P03"
                )
        }),
        _ => false,
    }
}
