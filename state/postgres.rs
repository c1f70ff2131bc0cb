//! State in a schema of a PostgreSQL database.
//!
//! A row per address and a journal, as in a file, and a lock row that carries
//! the epoch and the end of a lease by the database's own clock. Each write
//! checks that row, renews it and changes the state in one transaction; who
//! takes the lease over has to wait for that transaction.

mod rows;
mod tables;

use crate::lease::Terms;
use crate::place::Database;
use crate::postgres::tables::Tables;
use crate::shared::{Opened, Shared, once};
use crate::{Keys, StateError};

/// A stack's state in a database.
pub type Postgres = Shared<Tables>;

impl Postgres {
    /// Opens the state at this place to write; makes it where there is none, with this lineage or one of its own.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where the database takes no writes.
    pub fn open(
        database: &Database,
        terms: Terms,
        lineage: Option<&str>,
        keys: &Keys,
        now_ms: i64,
    ) -> Result<Self, StateError> {
        let lineage = lineage.map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned);
        let (place, keys) = (database.clone(), keys.clone());
        let opened = Self::over(&database.to_string(), Opened::ToWrite, async move {
            let tables = Tables::open(&place, terms, &keys)?;
            let seen = tables.find_or_make(&lineage, now_ms).await?;
            Ok(seen.map(|seen| (tables, seen)))
        });
        opened?.ok_or_else(|| StateError::Unfit { place: database.to_string(), reason: "no state was made".to_owned() })
    }

    /// Opens the state at this place to read: takes no lock and makes nothing; none where there is none.
    pub fn look(database: &Database, terms: Terms, keys: &Keys) -> Result<Option<Self>, StateError> {
        let (place, keys) = (database.clone(), keys.clone());
        Self::over(&database.to_string(), Opened::ToRead, async move {
            let tables = Tables::open(&place, terms, &keys)?;
            let seen = tables.find().await?;
            Ok(seen.map(|seen| (tables, seen)))
        })
    }

    /// Whether the database can be reached and takes what a state writes; changes nothing.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where it is a replica, or lacks a permission.
    pub fn check(database: &Database, terms: Terms) -> Result<(), StateError> {
        let place = database.clone();
        once(&database.to_string(), async move { Tables::open(&place, terms, &Keys::default())?.probe().await })
    }
}
