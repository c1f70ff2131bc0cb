//! What differs between two moments of a state.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use fathuss_engine::diff::{Cause, FieldChange, Shown};
use fathuss_engine::plan::{Change, OutputChange, PlannedAction};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum};
use fathuss_state::{Past, ResourceRecord};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::change::{Fields, fields, output};
use crate::line::{Line, count, harmless};
use crate::style::{Style, Tone};

/// What differs between two moments of a state. What a schema calls sensitive is hidden.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Difference<'a> {
    /// Resources that only the later one has.
    pub added: Vec<Resource<'a>>,
    /// Resources that both have, and not alike.
    pub changed: Vec<Changed<'a>>,
    /// Resources that only the earlier one has.
    pub removed: Vec<Resource<'a>>,
    /// Outputs that are not alike.
    pub outputs: BTreeMap<&'a str, Sides>,
}

/// A resource of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Resource<'a> {
    /// Its address.
    pub address: &'a Address,
    /// Its identity.
    pub identity: &'a str,
}

/// A resource of both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Changed<'a> {
    /// Its address.
    pub address: &'a Address,
    /// The fields that are not alike.
    pub fields: BTreeMap<String, Sides>,
}

/// What something was, and what it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sides {
    /// What it was.
    pub before: Shown,
    /// What it became.
    pub after: Shown,
}

impl<'a> Difference<'a> {
    /// Compares an earlier moment with a later one.
    #[must_use]
    pub fn between(before: &'a Past, after: &'a Past, schema: &dyn Fn(&str) -> Option<&'static Schema>) -> Self {
        let mut difference = Self::default();
        for (address, was) in &before.resources {
            match after.resources.get(address) {
                None => difference.removed.push(Resource { address, identity: &was.identity.0 }),
                Some(is) if is == was => {}
                Some(is) => {
                    let fields = compared(was, is, schema(address.kind()));
                    difference.changed.push(Changed { address, fields });
                }
            }
        }
        for (address, is) in &after.resources {
            if !before.resources.contains_key(address) {
                difference.added.push(Resource { address, identity: &is.identity.0 });
            }
        }
        let names: BTreeSet<&str> = before.outputs.keys().chain(after.outputs.keys()).map(String::as_str).collect();
        for name in names {
            let sides = Sides { before: shown(before.outputs.get(name)), after: shown(after.outputs.get(name)) };
            if sides.before != sides.after {
                difference.outputs.insert(name, sides);
            }
        }
        difference
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty() && self.outputs.is_empty()
    }

    /// The difference as a person reads it.
    #[must_use]
    pub fn text(&self, style: &Style) -> String {
        let mut out = String::new();
        let mut lines: BTreeMap<&Address, (Change, &str, Option<&Changed<'_>>)> = BTreeMap::new();
        for (resources, change) in [(&self.added, Change::Create), (&self.removed, Change::Delete)] {
            lines.extend(resources.iter().map(|one| (one.address, (change, one.identity, None))));
        }
        lines.extend(self.changed.iter().map(|one| (one.address, (Change::Update, "", Some(one)))));
        for (address, (change, identity, changed)) in lines {
            let line = Line::at(2).with(Tone::of(change), style.mark(change)).plain(" ");
            let line = line.with(Tone::Strong, address.local());
            let line = if identity.is_empty() { line } else { line.plain("   ").with(Tone::Faint, harmless(identity)) };
            line.write(style, &mut out);
            if let Some(changed) = changed {
                put_fields(changed, style, &mut out);
            }
        }
        if !self.outputs.is_empty() {
            let gap = if out.is_empty() { "" } else { "\n" };
            out.push_str(gap);
            Line::at(2).with(Tone::Strong, "outputs").write(style, &mut out);
            let widest = self.outputs.keys().map(|name| name.width()).max().unwrap_or(0).min(28);
            for (name, Sides { before, after }) in &self.outputs {
                let change = OutputChange { before: before.clone(), after: after.clone() };
                output(name, &change, widest, true, style, &mut out);
            }
        }
        let counts = [(self.added.len(), "added"), (self.changed.len(), "changed"), (self.removed.len(), "removed")];
        let counts: Vec<String> = counts.iter().map(|(number, what)| format!("{} {what}", count(*number))).collect();
        out.push_str(&format!("\n{}.\n", counts.join(", ")));
        out
    }
}

fn put_fields(changed: &Changed<'_>, style: &Style, out: &mut String) {
    let change = |(path, Sides { before, after }): (&String, &Sides)| FieldChange {
        path: path.clone(),
        before: before.clone(),
        after: after.clone(),
        forces_replacement: false,
        cause: Cause::Program,
    };
    let action = PlannedAction {
        address: changed.address.clone(),
        source: None,
        group: String::new(),
        change: Change::Update,
        fields: changed.fields.iter().map(change).collect(),
        waits: Vec::new(),
        brought_forward: Vec::new(),
        parts: Vec::new(),
        destroys_data: false,
        goes_with: None,
        after: Vec::new(),
    };
    let (renewed, shared) = (HashSet::new(), BTreeMap::new());
    let shown = Fields { node: None, renewed: &renewed, full: true, brief: false, shared: &shared, column: 6 };
    fields(&action, &shown, style, out);
}

/// The fields of a row that are not alike; what is the row's own beside its attributes stands under its name, too.
fn compared(was: &ResourceRecord, is: &ResourceRecord, schema: Option<&'static Schema>) -> BTreeMap<String, Sides> {
    let mut fields = BTreeMap::new();
    for (name, before, after) in [
        ("identity", Datum::from(was.identity.0.as_str()), Datum::from(is.identity.0.as_str())),
        ("region", Datum::from(was.region.as_str()), Datum::from(is.region.as_str())),
        ("account", Datum::from(was.account.as_str()), Datum::from(is.account.as_str())),
        ("generation", Datum::from(i64::from(was.generation)), Datum::from(i64::from(is.generation))),
        ("depends_on", addresses(&was.depends_on), addresses(&is.depends_on)),
        ("prevent_destroy", Datum::from(was.prevent_destroy), Datum::from(is.prevent_destroy)),
    ] {
        if before != after {
            fields.insert(name.to_owned(), Sides { before: Shown::Value(before), after: Shown::Value(after) });
        }
    }
    let names: BTreeSet<&String> = was.attributes.keys().chain(is.attributes.keys()).collect();
    for name in names {
        let (before, after) = (was.attributes.get(name), is.attributes.get(name));
        if before == after {
            continue;
        }
        let field = schema.and_then(|schema| schema.field(name));
        let sides = match field.is_some_and(|field| field.sensitive || field.write_only) {
            true => Sides { before: hidden(before), after: hidden(after) },
            false => Sides { before: shown(before), after: shown(after) },
        };
        fields.insert(name.clone(), sides);
    }
    fields
}

fn addresses(addresses: &[Address]) -> Datum {
    Datum::List(addresses.iter().map(|address| Datum::from(address.local())).collect())
}

fn shown(value: Option<&Datum>) -> Shown {
    value.map_or(Shown::Absent, |value| Shown::Value(value.clone()))
}

fn hidden(value: Option<&Datum>) -> Shown {
    value.map_or(Shown::Absent, |_| Shown::Sensitive)
}
