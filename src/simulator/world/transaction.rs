//! A request's view of the world: it reads and changes rows, draws ids and
//! durations, and starts transitions. All of it is undone when it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::journal::{Line, WorldError};
use super::table::{Change, Reach, Row, Scope, Slot, Tables};
use crate::eks::kubernetes::{ApiServer, ClusterId, Endpoints};
use crate::faults::Lag;
use crate::quota;
use crate::refusal::Refusal;
use crate::rules::Switches;
use crate::service::Span;

/// Everything behind the requests.
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) chance: Chance,
    pub(crate) sequence: u64,
    /// How often the world was opened again.
    pub(crate) reopened: u64,
    pub(crate) switches: Switches,
    pub(crate) spans: Vec<Span>,
    pub(crate) quotas: BTreeMap<String, i64>,
    pub(crate) lags: Vec<Lag>,
    pub(crate) instant: bool,
    pub(crate) endpoints: Option<Arc<dyn Endpoints>>,
}

impl State {
    /// Reads the lines of a world's file into the tables; each line counts as one more opening.
    pub(crate) fn load(&mut self, path: &Path, lines: Vec<Line>) -> Result<(), WorldError> {
        for (number, line) in lines.into_iter().enumerate() {
            self.chance = Chance::new(line.seed, line.drawn);
            self.sequence = line.sequence;
            self.reopened = line.reopened + 1;
            for change in line.rows {
                let name = change.table.clone();
                let unreadable = |why: String| WorldError::Unreadable { path: path.to_owned(), line: number + 2, why };
                let table = self.tables.named_mut(&name);
                let table = table.ok_or_else(|| unreadable(format!("there is no table {name}")))?;
                table.load(change).map_err(|error| unreadable(format!("{name}: {error}")))?;
            }
        }
        Ok(())
    }
}

/// The seed's random numbers, with how many have been used.
pub(crate) struct Chance {
    pub(crate) seed: u64,
    pub(crate) numbers: ChaCha8Rng,
}

impl Chance {
    pub(crate) fn new(seed: u64, drawn: u64) -> Chance {
        let mut numbers = ChaCha8Rng::seed_from_u64(seed);
        numbers.set_word_pos(u128::from(drawn));
        Chance { seed, numbers }
    }

    pub(crate) fn drawn(&self) -> u64 {
        // 2^64 draws are out of any world's reach.
        u64::try_from(self.numbers.get_word_pos()).unwrap_or(u64::MAX)
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The account's twelve digits.
    pub account: String,
    /// The ARN that `GetCallerIdentity` shows.
    pub arn: String,
    /// The unique id that `GetCallerIdentity` shows.
    pub user_id: String,
    /// The access key.
    pub access_key: String,
}

impl Principal {
    /// An account itself.
    pub(crate) fn root(account: &str) -> Principal {
        Principal {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.to_owned(),
            access_key: String::new(),
        }
    }
}

/// A change that is due at a time: data on the world, applied when the next request arrives after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// When it happens.
    pub due: Timestamp,
    /// Puts those due at one moment in order.
    pub sequence: u64,
    /// Which of a service's transitions, e.g. `ec2.nat_gateway.available`.
    pub kind: String,
    /// The row it happens to.
    pub subject: String,
    /// The row's account.
    pub account: String,
    /// The row's region.
    pub region: String,
}

impl Row for Pending {
    const TABLE: &'static str = "core.pending";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        // Sorted as text, ids are sorted by time.
        format!("{:020}-{:012}", self.due.as_nanosecond().max(0), self.sequence)
    }
    fn key(&self) -> Option<&str> {
        Some(&self.subject)
    }
}

/// A duration that was drawn, for whoever compares an apply with what it could at best take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// Counts the durations of a world.
    pub sequence: u64,
    /// What takes the time, e.g. `ec2.nat_gateway.create`.
    pub kind: String,
    /// The id or name of what it is for.
    pub subject: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it takes, in seconds.
    pub seconds: f64,
}

impl Row for Drawn {
    const TABLE: &'static str = "core.duration";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        format!("{:012}", self.sequence)
    }
}

/// Durations that a world remembers: those of many runs, so that one that lives long does not grow with them.
const REMEMBERED: usize = 10_000;

type Undo = Box<dyn FnOnce(&mut Tables) + Send>;

/// The rows that a transaction changed.
pub(crate) type Changes = BTreeSet<(&'static str, Scope, String)>;

/// A request's transaction.
pub struct Tx<'w> {
    state: &'w mut State,
    scope: Scope,
    now: Timestamp,
    principal: Principal,
    operation: String,
    reading: bool,
    undo: Vec<Undo>,
    changes: Changes,
    before: (u64, u64),
    doomed: bool,
    judged: bool,
    kept: bool,
}

impl<'w> Tx<'w> {
    pub(crate) fn begin(
        state: &'w mut State,
        scope: Scope,
        now: Timestamp,
        principal: Principal,
        operation: &str,
        reading: bool,
    ) -> Self {
        let before = (state.chance.drawn(), state.sequence);
        let operation = operation.to_owned();
        Tx {
            state,
            scope,
            now,
            principal,
            operation,
            reading,
            undo: Vec::new(),
            changes: Changes::new(),
            before,
            doomed: false,
            judged: false,
            kept: false,
        }
    }

    /// The world's time at this request.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The account that the request is about: the caller's, or that of what it names where it was let in there.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.scope.account
    }

    /// The region called.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.scope.region
    }

    /// Who calls.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Lets what this request makes fail, by a fault on order.
    pub(crate) fn doom(&mut self, doomed: bool) {
        self.doomed = doomed;
    }

    /// Lets this request be judged by policies, also within its account.
    pub(crate) fn judge(&mut self, judged: bool) {
        self.judged = judged;
    }

    /// Whether this request is judged by policies, also within its account.
    pub(crate) fn is_judged(&self) -> bool {
        self.judged
    }

    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed
    }

    /// Whether what is made is to fail, by a fault on order. Who asks sees to it.
    pub fn fails(&mut self) -> bool {
        std::mem::take(&mut self.doomed)
    }

    /// The operation's name; for a transition, its kind.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    // ---- rows

    fn sees<T>(&self, slot: &Slot<T>) -> bool {
        !(self.reading && slot.visible.is_some_and(|from| from > self.now))
    }

    /// The row of that id. A reading operation may not see a row that was just made.
    #[must_use]
    pub fn get<T: Row>(&self, id: &str) -> Option<&T> {
        let slot = self.state.tables.of::<T>()?.rows.get(&self.scope.of(T::REACH))?.get(id)?;
        self.sees(slot).then_some(&slot.row)
    }

    /// The row, if it has reached this service too: what IAM made seconds ago may not have.
    #[must_use]
    pub fn propagated<T: Row>(&self, id: &str) -> Option<&T> {
        let slot = self.state.tables.of::<T>()?.rows.get(&self.scope.of(T::REACH))?.get(id)?;
        (slot.visible.is_none_or(|from| from <= self.now)).then_some(&slot.row)
    }

    /// All rows of a type in this account and region (as far as they reach), by id.
    pub fn rows<T: Row>(&self) -> impl Iterator<Item = &T> {
        let rows = self.state.tables.of::<T>().and_then(|table| table.rows.get(&self.scope.of(T::REACH)));
        rows.into_iter().flatten().filter(|(_, slot)| self.sees(slot)).map(|(_, slot)| &slot.row)
    }

    /// How many rows of a type there are in this account and region (as far as they reach), seen by reads or not yet.
    #[must_use]
    pub fn count<T: Row>(&self) -> i64 {
        let rows = self.state.tables.of::<T>().and_then(|table| table.rows.get(&self.scope.of(T::REACH)));
        rows.map_or(0, |rows| i64::try_from(rows.len()).unwrap_or(i64::MAX))
    }

    /// The rows with that key ([`Row::key`]), by id.
    pub fn keyed<'t, T: Row>(&'t self, key: &'t str) -> impl Iterator<Item = &'t T> {
        let table = self.state.tables.of::<T>();
        let slots = table.into_iter().flat_map(move |table| table.keyed(&self.scope.of(T::REACH), key));
        slots.filter(|slot| self.sees(slot)).map(|slot| &slot.row)
    }

    /// The rows whose id begins so.
    pub fn rows_under<'t, T: Row>(&'t self, prefix: &'t str) -> impl Iterator<Item = &'t T> {
        let rows = self.state.tables.of::<T>().and_then(|table| table.rows.get(&self.scope.of(T::REACH)));
        rows.into_iter()
            .flat_map(move |rows| rows.range(prefix.to_owned()..))
            .take_while(move |(id, _)| id.starts_with(prefix))
            .filter(|(_, slot)| self.sees(slot))
            .map(|(_, slot)| &slot.row)
    }

    /// All rows of a type, of every account and region: what anyone sees of it.
    pub fn everywhere<T: Row>(&self) -> impl Iterator<Item = &T> {
        let table = self.state.tables.of::<T>();
        table.into_iter().flat_map(|table| table.rows.values()).flatten().map(|(_, slot)| &slot.row)
    }

    /// Writes a row, new or not.
    pub fn put<T: Row>(&mut self, row: T) {
        let (scope, id) = (self.scope.of(T::REACH), row.id());
        let is_new = self.state.tables.of::<T>().and_then(|table| table.rows.get(&scope)?.get(&id)).is_none();
        let visible = if is_new { self.lag(T::TABLE) } else { None };
        let Some(table) = self.state.tables.of_mut::<T>() else {
            debug_assert!(false, "{} is in no service's tables", T::TABLE);
            return;
        };
        let known = || table.rows.get(&scope)?.get(&id)?.visible;
        let visible = visible.or_else(known);
        let old = table.insert(&scope, &id, Slot { row, visible });
        self.note::<T>(scope, id, old);
    }

    /// Lets new rows be seen when another is: what AWS answers as one thing does not lag behind itself.
    pub fn shows_with<T: Row, P: Row>(&mut self, ids: &[String], whole: &str) {
        let seen = |tables: &Tables, scope| tables.of::<P>()?.rows.get(scope)?.get(whole).map(|slot| slot.visible);
        let Some(visible) = seen(&self.state.tables, &self.scope.of(P::REACH)) else { return };
        let scope = self.scope.of(T::REACH);
        let Some(rows) = self.state.tables.of_mut::<T>().and_then(|table| table.rows.get_mut(&scope)) else { return };
        for id in ids {
            if let Some(slot) = rows.get_mut(id) {
                slot.visible = visible;
            }
        }
    }

    /// Changes the row of that id; false where there is none.
    pub fn change<T: Row>(&mut self, id: &str, change: impl FnOnce(&mut T)) -> bool {
        let Some(mut row) = self.get::<T>(id).cloned() else {
            return false;
        };
        change(&mut row);
        debug_assert_eq!(row.id(), id, "a row's id never changes");
        self.put(row);
        true
    }

    /// Changes a part of the row of that id, and gives the part; one that stays as it was is not written again.
    pub fn change_part<T: Row, P: Clone + PartialEq>(
        &mut self,
        id: &str,
        part: impl Fn(&mut T) -> &mut P,
        change: impl FnOnce(&mut P),
    ) -> Option<P> {
        let mut row = self.get::<T>(id).cloned()?;
        let before = part(&mut row).clone();
        change(part(&mut row));
        let after = part(&mut row).clone();
        if after != before {
            self.put(row);
        }
        Some(after)
    }

    /// Removes the row of that id, and gives it back.
    pub fn remove<T: Row>(&mut self, id: &str) -> Option<T> {
        let scope = self.scope.of(T::REACH);
        let old = self.state.tables.of_mut::<T>()?.remove(&scope, id)?;
        let row = old.row.clone();
        self.note(scope, id.to_owned(), Some(old));
        Some(row)
    }

    fn note<T: Row>(&mut self, scope: Scope, id: String, old: Option<Slot<T>>) {
        self.changes.insert((T::TABLE, scope.clone(), id.clone()));
        self.undo.push(Box::new(move |tables| {
            let Some(table) = tables.of_mut::<T>() else {
                return;
            };
            match old {
                Some(slot) => table.insert(&scope, &id, slot),
                None => table.remove(&scope, &id),
            };
        }));
    }

    /// Does something in another region of the same account, within the same transaction.
    pub fn in_region<R>(&mut self, region: &str, act: impl FnOnce(&mut Tx<'w>) -> R) -> R {
        let home = std::mem::replace(&mut self.scope.region, region.to_owned());
        let result = act(self);
        self.scope.region = home;
        result
    }

    /// Looks at another account, as AWS's own services do.
    pub fn in_account<R>(&mut self, account: &str, act: impl FnOnce(&mut Tx<'w>) -> R) -> R {
        let home = std::mem::replace(&mut self.scope.account, account.to_owned());
        let result = act(self);
        self.scope.account = home;
        result
    }

    /// Goes on in another account, which lets the caller in.
    pub(crate) fn enter(&mut self, account: String) {
        self.scope.account = account;
    }

    // ---- rules, quotas

    /// Whether the rule is enforced.
    #[must_use]
    pub fn rule(&self, id: &str) -> bool {
        self.state.switches.is_on(id)
    }

    /// Refuses when the rule is on and its condition does not hold.
    ///
    /// # Errors
    /// The refusal, in that case.
    pub fn enforce(&self, id: &str, holds: bool, refusal: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
        if !holds && self.rule(id) { Err(refusal()) } else { Ok(()) }
    }

    /// The account's quota of that name: the one that was set, else AWS's default.
    #[must_use]
    pub fn quota(&self, name: &str) -> i64 {
        let known = quota::named(name);
        debug_assert!(known.is_some(), "{name} stands in no table of quotas");
        self.quota_set(name).or(known.map(|known| known.default)).unwrap_or(i64::MAX)
    }

    /// The account's quota of that name where it was set.
    #[must_use]
    pub fn quota_set(&self, name: &str) -> Option<i64> {
        self.state.quotas.get(name).copied()
    }

    /// The API server of a cluster, where a real one runs.
    pub(crate) fn api_server(&self, cluster: &ClusterId) -> Option<ApiServer> {
        self.state.endpoints.as_ref()?.of(cluster)
    }

    // ---- chance

    /// A number that counts up over the whole world.
    pub fn sequence(&mut self) -> u64 {
        self.state.sequence += 1;
        self.state.sequence
    }

    /// A new id as EC2 makes them: the prefix, a dash and 17 hexadecimal digits.
    pub fn new_id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{:016x}", self.state.chance.numbers.next_u64())
    }

    /// So many random hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16)])).collect()
    }

    /// So many random capitals and digits, as IAM's unique ids have them after their prefix.
    pub fn capitals(&mut self, letters: usize) -> String {
        (0..letters).map(|_| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[self.below(32)])).collect()
    }

    /// A random number from 0 up to, not including, the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state.chance.numbers.random_range(0..bound.max(1))
    }

    /// A random UUID.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.state.chance.numbers.next_u64(), self.state.chance.numbers.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            8 + (low >> 62),
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }

    fn lag(&mut self, table: &str) -> Option<Timestamp> {
        if self.state.instant || !self.state.switches.is_on("consistency") {
            return None;
        }
        let most = self.state.lags.iter().find(|lag| lag.covers(table)).map(|lag| lag.max_seconds)?;
        let numbers = &mut self.state.chance.numbers;
        // Most reads are right at once; the rest come within the range.
        let seconds = if numbers.random_bool(0.5) {
            return None;
        } else {
            numbers.random_range(0.0..=most)
        };
        self.now.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()
    }

    // ---- time

    /// Draws how long something takes, and records it for [`crate::Simulator::durations`], which has the last
    /// `REMEMBERED`.
    pub fn draw(&mut self, kind: &str, subject: &str) -> SignedDuration {
        let Some(span) = self.state.spans.iter().find(|span| span.kind == kind).copied() else {
            debug_assert!(false, "{kind} stands in no table of durations");
            return SignedDuration::ZERO;
        };
        let seconds = if self.state.instant { 0.0 } else { span.draw(&mut self.state.chance.numbers) };
        let sequence = self.sequence();
        let (account, region) = (self.scope.account.clone(), self.scope.region.clone());
        let (kind, subject) = (kind.to_owned(), subject.to_owned());
        self.put(Drawn { sequence, kind, subject, account, region, started: self.now, seconds });
        let drawn = self.state.tables.of::<Drawn>().and_then(|table| table.rows.get(&self.scope.of(Drawn::REACH)));
        let oldest = drawn.filter(|rows| rows.len() > REMEMBERED).and_then(|rows| rows.keys().next().cloned());
        if let Some(oldest) = oldest {
            self.remove::<Drawn>(&oldest);
        }
        SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO)
    }

    /// Makes a transition happen to a row after a time.
    pub fn after(&mut self, wait: SignedDuration, transition: &str, subject: &str) {
        let due = self.now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let sequence = self.sequence();
        self.put(Pending {
            due,
            sequence,
            kind: transition.to_owned(),
            subject: subject.to_owned(),
            account: self.scope.account.clone(),
            region: self.scope.region.clone(),
        });
    }

    /// Draws a duration and makes a transition happen at its end.
    pub fn transition(&mut self, duration: &str, transition: &str, subject: &str) {
        let wait = self.draw(duration, subject);
        self.after(wait, transition, subject);
    }

    /// Takes back what was to happen to a row: the transitions of a table (`rds.instance`) or one of them
    /// (`rds.instance.restarts`). Rows of other tables may have the same name.
    pub fn cancel(&mut self, transitions: &str, subject: &str) {
        let is_of = |kind: &str| {
            let rest = kind.strip_prefix(transitions);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let is_it = |pending: &&Pending| {
            pending.subject == subject
                && pending.account == self.scope.account
                && pending.region == self.scope.region
                && is_of(&pending.kind)
        };
        let ids: Vec<String> = self.keyed::<Pending>(subject).filter(is_it).map(Row::id).collect();
        for id in ids {
            self.remove::<Pending>(&id);
        }
    }

    // ---- the end

    /// Makes every changed row visible at once: what AWS put there long ago does not lag.
    pub(crate) fn all_visible(&mut self) {
        for (table, scope, id) in &self.changes {
            if let Some(table) = self.state.tables.named_mut(table) {
                table.show(scope, id);
            }
        }
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    pub(crate) fn state(&self) -> &State {
        self.state
    }

    /// The changed rows as they are now.
    pub(crate) fn written(&self) -> Result<Vec<Change>, serde_json::Error> {
        let mut rows = Vec::with_capacity(self.changes.len());
        for (table, scope, id) in &self.changes {
            if let Some(any) = self.state.tables.named(table) {
                rows.push(any.change(table, scope, id)?);
            }
        }
        Ok(rows)
    }

    /// Keeps what was done. Without it, dropping the transaction undoes everything.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Tx<'_> {
    /// Undoes everything, the draws included: after a refusal, and after a handler that panicked too.
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        while let Some(undo) = self.undo.pop() {
            undo(&mut self.state.tables);
        }
        let (drawn, sequence) = self.before;
        self.state.chance = Chance::new(self.state.chance.seed, drawn);
        self.state.sequence = sequence;
    }
}
