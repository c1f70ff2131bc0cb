//! Compares what is wanted with what is, field by field. Pure.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::schema::{Field, Schema, Type};
use fathuss_model::{Datum, Lifecycle, Partial};
use serde::{Deserialize, Serialize};

use crate::provider::Attributes;

/// A field that would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// The field, dotted inside blocks and maps: `tags.Tier`.
    pub path: String,
    /// What it is.
    pub before: Shown,
    /// What it becomes.
    pub after: Shown,
    /// Whether the change forces a replacement.
    pub forces_replacement: bool,
    /// Where the change comes from.
    pub cause: Cause,
}

/// A value as a plan shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Nothing.
    Absent,
    /// Known.
    Value(Datum),
    /// Known after apply.
    Unknown,
    /// There, and not to be shown.
    Sensitive,
}

/// Where a change comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The stack program says something else than before.
    Program,
    /// Someone or something changed it outside.
    Drift,
    /// Something that it refers to changes.
    Dependency,
}

/// A resource's fields as they are wanted: what the program gave, evaluated as far as known.
pub type Wanted = BTreeMap<String, Partial>;

/// What would change, in the order of the schema. `recorded` is what state says, `observed` what is.
#[must_use]
pub fn diff(
    schema: &Schema,
    wanted: &Wanted,
    recorded: &Attributes,
    observed: &Attributes,
    lifecycle: &Lifecycle,
) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for field in schema.fields {
        if lifecycle.ignore_changes.iter().any(|ignored| ignored == field.name) {
            continue;
        }
        let mut comparison = Comparison { changes: &mut changes, replace: false, sensitive: false };
        let absent = Datum::Null;
        let was = recorded.get(field.name).unwrap_or(&absent);
        let is = observed.get(field.name).unwrap_or(&absent);
        comparison.field(field.name, field, wanted.get(field.name), was, is);
    }
    changes
}

/// What a creation shows: every field that is given or given by AWS.
#[must_use]
pub fn creation(schema: &Schema, wanted: &Wanted) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for field in schema.fields {
        let after = match wanted.get(field.name) {
            Some(Partial::Secret(_)) => Shown::Sensitive,
            Some(_) if field.sensitive || field.write_only => Shown::Sensitive,
            Some(Partial::Known(Datum::Null)) => continue,
            Some(Partial::Known(datum)) => Shown::Value(datum.clone()),
            Some(partial @ (Partial::List(_) | Partial::Map(_))) => show(partial),
            Some(Partial::Unknown) => Shown::Unknown,
            None if field.computed => Shown::Unknown,
            None => continue,
        };
        changes.push(FieldChange {
            path: field.name.to_owned(),
            before: Shown::Absent,
            after,
            forces_replacement: false,
            cause: Cause::Program,
        });
    }
    changes
}

struct Comparison<'a> {
    changes: &'a mut Vec<FieldChange>,
    replace: bool,
    sensitive: bool,
}

impl Comparison<'_> {
    fn field(&mut self, path: &str, field: &Field, wanted: Option<&Partial>, was: &Datum, is: &Datum) {
        if field.write_only || field.ignored_after_creation {
            return;
        }
        let default;
        let wanted = match wanted {
            Some(wanted) => wanted,
            None if field.computed || (!field.optional && !field.required) => return,
            None => {
                default = Partial::Known(default_of(field));
                &default
            }
        };
        // What was given last is what an instruction is: no answer holds it.
        let untold;
        let is = if field.instruction && is.is_null() {
            untold = default_of(field);
            &untold
        } else {
            is
        };
        let (replace, sensitive) = (self.replace, self.sensitive);
        let appears = matches!(wanted, Partial::Known(Datum::Null)) != is.is_null();
        self.replace |= field.replace || (field.replace_presence && appears);
        self.sensitive |= field.sensitive;
        match (&field.ty, wanted) {
            (Type::Block(fields), Partial::Known(Datum::Map(entries))) if is.as_map().is_some() => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), Partial::Known(value.clone())));
                self.block(path, fields, &entries.collect(), was, is);
            }
            (Type::Block(fields), Partial::Map(entries)) if is.as_map().is_some() => {
                self.block(path, fields, entries, was, is);
            }
            (Type::Map(_), Partial::Known(Datum::Map(_) | Datum::Null) | Partial::Map(_)) => {
                self.map(path, wanted, was, is);
            }
            _ => self.whole(path, field, wanted, was, is),
        }
        (self.replace, self.sensitive) = (replace, sensitive);
    }

    fn block(&mut self, path: &str, fields: &[Field], wanted: &Wanted, was: &Datum, is: &Datum) {
        for field in fields {
            let was = was.at(field.name).unwrap_or(&Datum::Null);
            let is = is.at(field.name).unwrap_or(&Datum::Null);
            self.field(&format!("{path}.{}", field.name), field, wanted.get(field.name), was, is);
        }
    }

    fn map(&mut self, path: &str, wanted: &Partial, was: &Datum, is: &Datum) {
        let known;
        let empty = BTreeMap::new();
        let wanted = match wanted {
            Partial::Map(entries) => entries,
            Partial::Known(Datum::Map(entries)) => {
                known = entries.iter().map(|(key, value)| (key.clone(), Partial::Known(value.clone()))).collect();
                &known
            }
            _ => &empty,
        };
        let none = BTreeMap::new();
        let there = is.as_map().unwrap_or(&none);
        let keys: BTreeSet<&String> = wanted.keys().chain(there.keys()).collect();
        for key in keys {
            let was = was.as_map().and_then(|was| was.get(key)).unwrap_or(&Datum::Null);
            let is = there.get(key).unwrap_or(&Datum::Null);
            let wanted = wanted.get(key).unwrap_or(&Partial::Known(Datum::Null));
            let same = wanted.known().is_some_and(|wanted| wanted == is);
            if !same {
                let kept = wanted.known() == Some(was);
                self.push(format!("{path}.{key}"), wanted, kept && was != is, is);
            }
        }
    }

    fn whole(&mut self, path: &str, field: &Field, wanted: &Partial, was: &Datum, is: &Datum) {
        if let Partial::Known(wanted) = wanted
            && same(field, wanted, is)
        {
            return;
        }
        if let Partial::Secret(_) = wanted {
            return;
        }
        // As the program has it still, by what means the same in it.
        let kept = wanted.known().is_some_and(|wanted| same(field, wanted, was));
        let completed = wanted.known().map(|wanted| Partial::Known(completed(&field.ty, field, wanted, is)));
        self.push(path.to_owned(), completed.as_ref().unwrap_or(wanted), kept && was != is, is);
    }

    fn push(&mut self, path: String, wanted: &Partial, drifted: bool, is: &Datum) {
        let cause = match wanted {
            Partial::Known(_) if drifted => Cause::Drift,
            Partial::Known(_) | Partial::Secret(_) => Cause::Program,
            Partial::Unknown | Partial::List(_) | Partial::Map(_) => Cause::Dependency,
        };
        let hide = |shown: Shown| match shown {
            Shown::Absent => Shown::Absent,
            _ if self.sensitive => Shown::Sensitive,
            shown => shown,
        };
        let before = hide(if is.is_null() { Shown::Absent } else { Shown::Value(is.clone()) });
        let after = hide(show(wanted));
        self.changes.push(FieldChange { path, before, after, forces_replacement: self.replace, cause });
    }
}

fn show(partial: &Partial) -> Shown {
    match partial {
        Partial::Known(Datum::Null) => Shown::Absent,
        Partial::Known(datum) => Shown::Value(datum.clone()),
        Partial::Secret(_) => Shown::Sensitive,
        Partial::Unknown | Partial::List(_) | Partial::Map(_) => Shown::Unknown,
    }
}

/// What a field is where nothing was given.
#[must_use]
pub fn default_of(field: &Field) -> Datum {
    field.default.and_then(|default| serde_json::from_str(default).ok()).unwrap_or(Datum::Null)
}

/// Whether what is given, `one`, and what is, `other`, mean the same to the field.
#[must_use]
pub fn same(field: &Field, one: &Datum, other: &Datum) -> bool {
    same_in(&field.ty, field, one, other)
}

fn same_in(ty: &Type, field: &Field, one: &Datum, other: &Datum) -> bool {
    if one == other || (one.is_empty() && other.is_empty()) {
        return true;
    }
    match (ty, one, other) {
        (_, Datum::String(one), Datum::String(other)) if field.json => {
            let parse = serde_json::from_str::<serde_json::Value>;
            matches!((parse(one), parse(other)), (Ok(one), Ok(other)) if one == other)
        }
        (_, Datum::String(given), Datum::String(is)) if field.version_prefix => {
            is.strip_prefix(given.as_str()).is_some_and(|rest| rest.starts_with('.'))
        }
        (_, Datum::String(one), Datum::String(other)) if field.case_insensitive => one.eq_ignore_ascii_case(other),
        (Type::Block(fields), Datum::Map(_) | Datum::Null, Datum::Map(_) | Datum::Null) => fields.iter().all(|inner| {
            let other = other.at(inner.name).unwrap_or(&Datum::Null);
            match one.at(inner.name) {
                _ if inner.write_only || inner.ignored_after_creation => true,
                None | Some(Datum::Null) if inner.computed => true,
                None | Some(Datum::Null) => same(inner, &default_of(inner), other),
                Some(one) => same(inner, one, other),
            }
        }),
        (Type::List(inner), Datum::List(one), Datum::List(other)) if one.len() == other.len() => {
            if field.set {
                let mut left: Vec<&Datum> = other.iter().collect();
                return one.iter().all(|one| {
                    let found = left.iter().position(|other| same_in(inner, field, one, other));
                    found.map(|at| left.swap_remove(at)).is_some()
                });
            }
            one.iter().zip(other).all(|(one, other)| same_in(inner, field, one, other))
        }
        _ => false,
    }
}

/// What is given, with what the program leaves to AWS in its blocks, and in AWS's words what means the same: beside what
/// is, it shows what would change and nothing else.
fn completed(ty: &Type, field: &Field, given: &Datum, is: &Datum) -> Datum {
    if same_in(ty, field, given, is) {
        return is.clone();
    }
    match (ty, given, is) {
        (Type::Block(fields), Datum::Map(entries), Datum::Map(_)) => {
            let mut all = entries.clone();
            for inner in *fields {
                let is = is.at(inner.name).unwrap_or(&Datum::Null);
                let value = match given.at(inner.name) {
                    _ if inner.write_only || inner.ignored_after_creation => is.clone(),
                    None | Some(Datum::Null) if inner.computed => is.clone(),
                    None | Some(Datum::Null) => completed(&inner.ty, inner, &default_of(inner), is),
                    Some(given) => completed(&inner.ty, inner, given, is),
                };
                if value.is_null() {
                    all.remove(inner.name);
                } else {
                    all.insert(inner.name.to_owned(), value);
                }
            }
            Datum::Map(all)
        }
        (Type::List(inner), Datum::List(given), Datum::List(is)) => {
            // Elements that mean the same belong together, wherever they stand, and the rest in their order.
            let mut left: Vec<&Datum> = is.iter().collect();
            let mut take = |given: &Datum| {
                let at = left.iter().position(|is| same_in(inner, field, given, is))?;
                Some(left.remove(at))
            };
            let taken: Vec<Option<&Datum>> = given.iter().map(&mut take).collect();
            let mut left = left.into_iter();
            let complete = |(given, taken): (&Datum, Option<&Datum>)| match taken.or_else(|| left.next()) {
                Some(is) => completed(inner, field, given, is),
                None => given.clone(),
            };
            Datum::List(given.iter().zip(taken).map(complete).collect())
        }
        _ => given.clone(),
    }
}

#[cfg(test)]
mod tests {
    use fathuss_model::schema::{Creation, Hold, Limits, Mode, Volatile};

    use super::*;

    const FIELD: Field = Field {
        name: "",
        rust: "String",
        method: "",
        variants: &[],
        ty: Type::String,
        doc: "",
        required: false,
        computed: false,
        optional: true,
        replace: false,
        hold: Hold::Free,
        set: false,
        json: false,
        case_insensitive: false,
        default: None,
        sensitive: false,
        write_only: false,
        ignored_after_creation: false,
        volatile: Volatile::No,
        named: false,
        replace_presence: false,
        instruction: false,
        version_prefix: false,
        update_seconds: 1,
        windowed: false,
        limits: Limits { min_length: None, max_length: None, min: None, max: None, form: None },
    };

    const RULE: &[Field] = &[
        Field { name: "name", ..FIELD },
        Field { name: "days", ty: Type::Integer, ..FIELD },
        Field { name: "window", ty: Type::Integer, default: Some("180"), ..FIELD },
        Field { name: "id", computed: true, ..FIELD },
        Field { name: "copy", ty: Type::List(&Type::Block(COPY)), ..FIELD },
    ];
    const COPY: &[Field] =
        &[Field { name: "to", ..FIELD }, Field { name: "kept", ty: Type::Bool, default: Some("false"), ..FIELD }];

    const THING: &Schema = &Schema {
        kind: "x_thing",
        rust: "Thing",
        provider: "x",
        service: "x",
        doc: "",
        example: "",
        mode: Mode::Managed,
        creation: Creation::Local,
        holds_data: false,
        create_seconds: 1,
        delete_seconds: 1,
        fields: &[
            Field { name: "version", computed: true, version_prefix: true, ..FIELD },
            Field { name: "at_once", ty: Type::Bool, instruction: true, default: Some("false"), ..FIELD },
            Field { name: "template", replace_presence: true, ..FIELD },
            Field { name: "rule", ty: Type::List(&Type::Block(RULE)), set: true, ..FIELD },
        ],
        check: None,
        waits: None,
        transition: None,
        updates_after: &[],
        rolling: false,
    };

    fn attributes<const N: usize>(pairs: [(&str, Datum); N]) -> Attributes {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn changes(wanted: &Attributes, is: &Attributes) -> Vec<(String, bool)> {
        let wanted = wanted.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        diff(THING, &wanted, is, is, &Lifecycle::default())
            .into_iter()
            .map(|change| (change.path, change.forces_replacement))
            .collect()
    }

    #[test]
    fn a_version_covers_those_that_begin_with_its_parts() {
        let version = |text: &str| attributes([("version", text.into())]);
        assert!(changes(&version("17"), &version("17.6")).is_empty());
        assert!(changes(&version("17.6"), &version("17.6")).is_empty());
        assert_eq!(changes(&version("17"), &version("170.1")).len(), 1);
        assert_eq!(changes(&version("17.7"), &version("17.6")).len(), 1);
        assert_eq!(changes(&version("17.6"), &version("17")).len(), 1);
    }

    #[test]
    fn an_instruction_is_what_was_given_last_and_its_default_before_that() {
        let told = |at_once: bool| attributes([("at_once", at_once.into())]);
        assert!(changes(&told(false), &Attributes::new()).is_empty());
        assert!(changes(&Attributes::new(), &Attributes::new()).is_empty());
        assert_eq!(changes(&told(true), &told(false)), [("at_once".to_owned(), false)]);
    }

    #[test]
    fn giving_what_was_not_given_replaces_where_the_schema_says_so() {
        let template = |text: &str| attributes([("template", text.into())]);
        assert_eq!(changes(&template("a"), &template("b")), [("template".to_owned(), false)]);
        assert_eq!(changes(&template("a"), &Attributes::new()), [("template".to_owned(), true)]);
        assert_eq!(changes(&Attributes::new(), &template("a")), [("template".to_owned(), true)]);
    }

    #[test]
    fn of_blocks_in_a_list_what_was_left_to_aws_is_no_difference() {
        let datum = |json: &str| serde_json::from_str::<Datum>(json).expect("it is JSON");
        let rules = |json: &str| attributes([("rule", datum(json))]);
        let is = rules(
            r#"[{ "name": "a", "days": 7, "window": 180, "id": "r-1", "copy": [{ "to": "x", "kept": false }] },
                { "name": "b", "days": 7, "window": 180, "id": "r-2" }]"#,
        );
        let given = rules(
            r#"[{ "name": "b", "days": 7 },
                { "name": "a", "days": 14, "copy": [{ "to": "y" }] },
                { "name": "c", "days": 1 }]"#,
        );
        let wanted = given.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let changes = diff(THING, &wanted, &is, &is, &Lifecycle::default());
        let [change] = changes.as_slice() else { panic!("{changes:?}") };
        assert_eq!(change.before, Shown::Value(is["rule"].clone()));
        let completed = datum(
            r#"[{ "name": "b", "days": 7, "window": 180, "id": "r-2" },
                { "name": "a", "days": 14, "window": 180, "id": "r-1", "copy": [{ "to": "y", "kept": false }] },
                { "name": "c", "days": 1 }]"#,
        );
        assert_eq!(change.after, Shown::Value(completed));
    }
}
