//! Tables of typed rows.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How far a row is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Within its account and region.
    Region,
    /// In every region of its account, as IAM's are.
    Account,
    /// Everywhere: the simulator's own records.
    World,
}

/// A row of a table. One struct per thing that AWS keeps.
pub trait Row: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// The table's name, e.g. `ec2.vpc`. It is written into worlds: never change it.
    const TABLE: &'static str;
    /// How far its rows are seen.
    const REACH: Reach = Reach::Region;
    /// What it is found by, unique within its reach.
    fn id(&self) -> String;
    /// What it is looked for by besides, so often that all rows can't be looked through: a name, an address. Another row
    /// may have the same.
    fn key(&self) -> Option<&str> {
        None
    }
}

/// An account and a region. Either is empty where a row reaches further.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The account's twelve digits.
    pub account: String,
    /// The region's name.
    pub region: String,
}

impl Scope {
    /// The scope in which rows of this reach lie, seen from here.
    #[must_use]
    pub fn of(&self, reach: Reach) -> Scope {
        match reach {
            Reach::Region => self.clone(),
            Reach::Account => Scope { account: self.account.clone(), region: String::new() },
            Reach::World => Scope { account: String::new(), region: String::new() },
        }
    }
}

/// A row with the moment from which reads are sure to see it.
#[derive(Debug, Clone)]
pub(crate) struct Slot<T> {
    pub(crate) row: T,
    pub(crate) visible: Option<Timestamp>,
}

pub(crate) struct Table<T> {
    /// Rows come and go by [`Table::insert`] and [`Table::remove`] alone, which keep the keys.
    pub(crate) rows: BTreeMap<Scope, BTreeMap<String, Slot<T>>>,
    /// The keys that rows have, each with the row's id.
    keys: BTreeMap<Scope, BTreeSet<(String, String)>>,
}

impl<T: Row> Table<T> {
    /// Writes a row, and gives back the one that it takes the place of.
    pub(crate) fn insert(&mut self, scope: &Scope, id: &str, slot: Slot<T>) -> Option<Slot<T>> {
        let key = slot.row.key().map(str::to_owned);
        let rows = self.rows.entry(scope.clone()).or_default();
        let old = rows.insert(id.to_owned(), slot);
        let before = old.as_ref().and_then(|old| old.row.key());
        if before != key.as_deref() {
            self.forget(scope, id, before);
            if let Some(key) = key {
                self.keys.entry(scope.clone()).or_default().insert((key, id.to_owned()));
            }
        }
        old
    }

    /// Takes a row away.
    pub(crate) fn remove(&mut self, scope: &Scope, id: &str) -> Option<Slot<T>> {
        let old = self.rows.get_mut(scope)?.remove(id)?;
        self.forget(scope, id, old.row.key());
        Some(old)
    }

    fn forget(&mut self, scope: &Scope, id: &str, key: Option<&str>) {
        if let (Some(key), Some(keys)) = (key, self.keys.get_mut(scope)) {
            keys.remove(&(key.to_owned(), id.to_owned()));
        }
    }

    /// The rows with that key.
    pub(crate) fn keyed<'t>(&'t self, scope: &Scope, key: &'t str) -> impl Iterator<Item = &'t Slot<T>> + use<'t, T> {
        let (rows, keys) = (self.rows.get(scope), self.keys.get(scope));
        keys.into_iter()
            .flat_map(move |keys| keys.range((key.to_owned(), String::new())..))
            .take_while(move |(known, _)| known == key)
            .filter_map(move |(_, id)| rows?.get(id))
    }
}

/// What one changed row is after a transaction, as the journal writes it; no row means it is gone.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) table: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) visible: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<serde_json::Value>,
}

/// What the tables can do without knowing their rows' type.
pub(crate) trait AnyTable: Send {
    fn load(&mut self, change: Change) -> Result<(), serde_json::Error>;
    fn change(&self, table: &str, scope: &Scope, id: &str) -> Result<Change, serde_json::Error>;
    fn all(&self, table: &str) -> Result<Vec<Change>, serde_json::Error>;
    fn show(&mut self, scope: &Scope, id: &str);
    fn clear(&mut self);
    fn any(&self) -> &dyn Any;
    fn any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Row> AnyTable for Table<T> {
    fn load(&mut self, change: Change) -> Result<(), serde_json::Error> {
        let scope = Scope { account: change.account, region: change.region };
        match change.row {
            Some(row) => {
                let slot = Slot { row: serde_json::from_value(row)?, visible: change.visible };
                self.insert(&scope, &change.id, slot);
            }
            None => {
                self.remove(&scope, &change.id);
            }
        }
        Ok(())
    }

    fn change(&self, table: &str, scope: &Scope, id: &str) -> Result<Change, serde_json::Error> {
        let slot = self.rows.get(scope).and_then(|rows| rows.get(id));
        Ok(Change {
            table: table.to_owned(),
            account: scope.account.clone(),
            region: scope.region.clone(),
            id: id.to_owned(),
            visible: slot.and_then(|slot| slot.visible),
            row: slot.map(|slot| serde_json::to_value(&slot.row)).transpose()?,
        })
    }

    fn all(&self, table: &str) -> Result<Vec<Change>, serde_json::Error> {
        let every = self.rows.iter().flat_map(|(scope, rows)| rows.keys().map(move |id| (scope, id)));
        every.map(|(scope, id)| self.change(table, scope, id)).collect()
    }

    fn show(&mut self, scope: &Scope, id: &str) {
        if let Some(slot) = self.rows.get_mut(scope).and_then(|rows| rows.get_mut(id)) {
            slot.visible = None;
        }
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.keys.clear();
    }

    fn any(&self) -> &dyn Any {
        self
    }

    fn any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// All tables of a world. A service adds its own once, in its `tables` function.
#[derive(Default)]
pub struct Tables {
    by_type: HashMap<TypeId, Box<dyn AnyTable>>,
    by_name: BTreeMap<&'static str, TypeId>,
}

impl Tables {
    /// Adds the table of a row type.
    pub fn add<T: Row>(&mut self) {
        self.by_type.insert(TypeId::of::<T>(), Box::new(Table::<T> { rows: BTreeMap::new(), keys: BTreeMap::new() }));
        self.by_name.insert(T::TABLE, TypeId::of::<T>());
    }

    pub(crate) fn of<T: Row>(&self) -> Option<&Table<T>> {
        self.by_type.get(&TypeId::of::<T>()).and_then(|table| table.any().downcast_ref())
    }

    pub(crate) fn of_mut<T: Row>(&mut self) -> Option<&mut Table<T>> {
        self.by_type.get_mut(&TypeId::of::<T>()).and_then(|table| table.any_mut().downcast_mut())
    }

    pub(crate) fn named(&self, name: &str) -> Option<&dyn AnyTable> {
        self.by_type.get(self.by_name.get(name)?).map(AsRef::as_ref)
    }

    pub(crate) fn named_mut(&mut self, name: &str) -> Option<&mut Box<dyn AnyTable>> {
        self.by_type.get_mut(self.by_name.get(name)?)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.by_name.keys().copied()
    }

    pub(crate) fn clear(&mut self) {
        self.by_type.values_mut().for_each(|table| table.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Serialize, serde::Deserialize)]
    struct Named {
        id: String,
        name: Option<String>,
    }

    impl Row for Named {
        const TABLE: &'static str = "test.named";
        fn id(&self) -> String {
            self.id.clone()
        }
        fn key(&self) -> Option<&str> {
            self.name.as_deref()
        }
    }

    #[test]
    fn rows_are_found_by_their_keys_as_they_are_and_not_as_they_were() {
        let mut table = Table::<Named> { rows: BTreeMap::new(), keys: BTreeMap::new() };
        let here = Scope { account: "1".into(), region: "r".into() };
        let there = Scope { account: "1".into(), region: "s".into() };
        let put = |table: &mut Table<Named>, id: &str, name: Option<&str>| {
            let row = Named { id: id.to_owned(), name: name.map(str::to_owned) };
            table.insert(&here, id, Slot { row, visible: None });
        };
        let found = |table: &Table<Named>, scope: &Scope, key: &str| {
            table.keyed(scope, key).map(|slot| slot.row.id.clone()).collect::<Vec<_>>()
        };
        put(&mut table, "a", Some("web"));
        put(&mut table, "b", Some("web"));
        put(&mut table, "c", Some("webs"));
        put(&mut table, "d", None);
        assert_eq!(found(&table, &here, "web"), ["a", "b"]);
        assert!(found(&table, &there, "web").is_empty());
        put(&mut table, "a", Some("data"));
        put(&mut table, "b", None);
        assert!(found(&table, &here, "web").is_empty());
        assert_eq!(found(&table, &here, "data"), ["a"]);
        table.remove(&here, "a");
        table.remove(&here, "d");
        assert!(found(&table, &here, "data").is_empty());
        assert_eq!(found(&table, &here, "webs"), ["c"]);
        table.clear();
        assert!(found(&table, &here, "webs").is_empty());
    }
}
