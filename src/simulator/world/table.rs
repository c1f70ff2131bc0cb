//! Tables of typed rows.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};

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
    pub(crate) rows: BTreeMap<Scope, BTreeMap<String, Slot<T>>>,
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
        let rows = self.rows.entry(Scope { account: change.account, region: change.region }).or_default();
        match change.row {
            Some(row) => {
                rows.insert(change.id, Slot { row: serde_json::from_value(row)?, visible: change.visible });
            }
            None => {
                rows.remove(&change.id);
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
        self.by_type.insert(TypeId::of::<T>(), Box::new(Table::<T> { rows: BTreeMap::new() }));
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
