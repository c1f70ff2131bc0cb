//! What still differs: the fields that a settling resource is asked for next.
//!
//! Compared as a plan compares them, so that what a plan calls unchanged is
//! never sent, and what it calls changed always is.

use std::sync::LazyLock;

use fathuss_engine::diff::{default_of, same};
use fathuss_engine::provider::{Attributes, Progress};
use fathuss_model::Datum;
use fathuss_model::schema::{Field, Schema, Type};

use crate::gone::waiting;

/// Ready once a read shows what was sent: an answer may come from before the change.
pub(crate) fn once_shown(schema: &'static Schema, desired: &Attributes, observed: Attributes) -> Progress {
    match Differences::of(schema, desired, &observed).first() {
        Some(field) => waiting(&format!("{field} not visible yet")),
        None => Progress::Ready(observed),
    }
}

/// The fields of a resource or a block, what they are to be and what they are.
#[derive(Clone, Copy)]
pub(crate) struct Differences<'a> {
    fields: &'static [Field],
    desired: &'a Attributes,
    observed: &'a Attributes,
}

static NOTHING: LazyLock<Attributes> = LazyLock::new(Attributes::new);

impl<'a> Differences<'a> {
    pub(crate) fn of(schema: &'static Schema, desired: &'a Attributes, observed: &'a Attributes) -> Self {
        Self { fields: schema.fields, desired, observed }
    }

    /// Inside a block.
    pub(crate) fn block(self, name: &str) -> Self {
        let fields: &'static [Field] = match self.field(name).map(|field| &field.ty) {
            Some(Type::Block(fields)) => fields,
            _ => &[],
        };
        let inside = |attributes: &'a Attributes| attributes.get(name).and_then(Datum::as_map).unwrap_or(&NOTHING);
        Self { fields, desired: inside(self.desired), observed: inside(self.observed) }
    }

    /// Whether the field is to be something else than it is. One that is not given and that AWS
    /// chooses is as it should be; any other that is not given is to be its default.
    pub(crate) fn has(self, name: &str) -> bool {
        let Some(field) = self.field(name) else { return false };
        let given = self.desired.get(name).filter(|value| !value.is_null());
        let default;
        let wanted = match given {
            Some(given) => given,
            None if field.computed => return false,
            None => {
                default = default_of(field);
                &default
            }
        };
        !same(field, wanted, self.observed.get(name).unwrap_or(&Datum::Null))
    }

    /// Whether any of these fields is to be something else than it is.
    pub(crate) fn any(self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// The first field that is to be something else than it is, of those that AWS answers. Tags
    /// that others put on are none of ours to wait for.
    pub(crate) fn first(self) -> Option<&'static str> {
        let told = |field: &&Field| !(field.write_only || field.instruction || field.ignored_after_creation);
        let differs = |name: &&str| if *name == "tags" { self.lacks_tags() } else { self.has(name) };
        self.fields.iter().filter(told).map(|field| field.name).find(differs)
    }

    fn lacks_tags(self) -> bool {
        let tags = |of: &'a Attributes| of.get("tags").and_then(Datum::as_map).unwrap_or(&NOTHING);
        let observed = tags(self.observed);
        tags(self.desired).iter().any(|(key, value)| observed.get(key) != Some(value))
    }

    fn field(self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
