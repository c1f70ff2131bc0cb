//! Attributes, read with types and written from answers.
//!
//! [`Fields`] reads what is desired: a value of another type than expected is a
//! refusal that names the field. [`Observed`] collects what AWS answered, in the
//! form that desired values have, so that equal things compare equal.

use std::collections::BTreeMap;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Datum;
use fathuss_model::schema::{Field, Schema, Type};

use crate::failure::refused;
use crate::mark;

/// Attributes to read from.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    attributes: &'a Attributes,
    /// Where they lie: empty, or the dotted path of the block with a dot behind it.
    path: String,
}

impl<'a> Fields<'a> {
    /// A resource's attributes.
    #[must_use]
    pub fn of(attributes: &'a Attributes) -> Self {
        Self { attributes, path: String::new() }
    }

    /// The value, if one is given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Datum> {
        self.attributes.get(name).filter(|datum| !datum.is_null())
    }

    /// Whether a value is given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A text that must be there.
    pub fn text(&self, name: &str) -> Result<&'a str, Failure> {
        self.maybe_text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A text that may be there.
    pub fn maybe_text(&self, name: &str) -> Result<Option<&'a str>, Failure> {
        self.read(name, "a text", Datum::as_str)
    }

    /// The same, owned, as the SDK's builders take it.
    pub fn maybe_string(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.maybe_text(name)?.map(str::to_owned))
    }

    /// A number that may be there.
    pub fn maybe_integer(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.read(name, "a whole number", Datum::as_integer)
    }

    /// A number that may be there, of the size that most of AWS's APIs take.
    pub fn maybe_i32(&self, name: &str) -> Result<Option<i32>, Failure> {
        self.maybe_integer(name)?
            .map(|number| i32::try_from(number).map_err(|_| self.wrong(name, "a number of 32 bits")))
            .transpose()
    }

    /// A truth value that may be there.
    pub fn maybe_bool(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.read(name, "true or false", Datum::as_bool)
    }

    /// A truth value, or what holds where none is given.
    pub fn bool_or(&self, name: &str, default: bool) -> Result<bool, Failure> {
        Ok(self.maybe_bool(name)?.unwrap_or(default))
    }

    /// Texts; none where nothing is given.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        let Some(items) = self.read(name, "a list", Datum::as_list)? else { return Ok(Vec::new()) };
        items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "a list of texts")))
            .collect()
    }

    /// Texts by name; none where nothing is given.
    pub fn map(&self, name: &str) -> Result<BTreeMap<String, String>, Failure> {
        let Some(entries) = self.read(name, "a map", Datum::as_map)? else { return Ok(BTreeMap::new()) };
        entries
            .iter()
            .map(|(key, value)| {
                let text = value.as_str().ok_or_else(|| self.wrong(name, "a map of texts"))?;
                Ok((key.clone(), text.to_owned()))
            })
            .collect()
    }

    /// The fields of a block that may be there.
    pub fn block(&self, name: &str) -> Result<Option<Fields<'a>>, Failure> {
        let entries = self.read(name, "a block", Datum::as_map)?;
        Ok(entries.map(|attributes| Fields { attributes, path: format!("{}{name}.", self.path) }))
    }

    /// The fields of each block of a list; none where nothing is given.
    pub fn blocks(&self, name: &str) -> Result<Vec<Fields<'a>>, Failure> {
        let Some(items) = self.read(name, "a list", Datum::as_list)? else { return Ok(Vec::new()) };
        items
            .iter()
            .enumerate()
            .map(|(at, item)| {
                let attributes = item.as_map().ok_or_else(|| self.wrong(name, "a list of blocks"))?;
                Ok(Fields { attributes, path: format!("{}{name}.{at}.", self.path) })
            })
            .collect()
    }

    fn read<T>(&self, name: &str, expected: &str, read: impl Fn(&'a Datum) -> Option<T>) -> Result<Option<T>, Failure> {
        self.get(name).map(|datum| read(datum).ok_or_else(|| self.wrong(name, expected))).transpose()
    }

    fn missing(&self, name: &str) -> Failure {
        refused("MissingField", format!("{}{name} is needed and not given", self.path))
    }

    fn wrong(&self, name: &str, expected: &str) -> Failure {
        // The value itself is left out: it may be sensitive.
        refused("InvalidField", format!("{}{name} is not {expected}", self.path))
    }
}

/// Attributes as AWS answered them.
#[derive(Clone, Debug, Default)]
pub struct Observed(Attributes);

impl Observed {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One attribute; nothing is kept of a null.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Datum>) -> Self {
        let value = value.into();
        if !value.is_null() {
            self.0.insert(name.to_owned(), value);
        }
        self
    }

    /// The resource's own tags, and beside them the mark among these, which [`mark::take`] takes out of an answer.
    #[must_use]
    pub fn tagged(self, tags: &BTreeMap<String, String>) -> Self {
        self.with("tags", mark::attribute(tags)).with(mark::CARRIED, mark::carried(tags))
    }

    /// Texts in the order given; an empty list is nothing.
    #[must_use]
    pub fn with_list<T: Into<Datum>>(self, name: &str, items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<Datum> = items.into_iter().map(Into::into).collect();
        if items.is_empty() {
            return self;
        }
        self.with(name, Datum::List(items))
    }

    /// A block; nothing is kept of an empty one.
    #[must_use]
    pub fn with_block(self, name: &str, block: Observed) -> Self {
        if block.0.is_empty() {
            return self;
        }
        self.with(name, Datum::Map(block.0))
    }

    /// As a value, for lists of blocks.
    #[must_use]
    pub fn into_datum(self) -> Datum {
        Datum::Map(self.0)
    }

    /// All of it in the schema's form: sets sorted, defaults where AWS said nothing, nothing that the schema lacks but
    /// the mark.
    #[must_use]
    pub fn finish(mut self, schema: &'static Schema) -> Attributes {
        let carried = self.0.remove_entry(mark::CARRIED);
        let mut attributes = normal(self.0, schema.fields);
        attributes.extend(carried);
        attributes
    }
}

/// Known attributes in the schema's form, for what comes from elsewhere than an answer.
fn normal(mut attributes: Attributes, fields: &'static [Field]) -> Attributes {
    let mut normal_form = Attributes::new();
    for field in fields {
        let value = match attributes.remove(field.name) {
            Some(value) if !value.is_null() => value,
            _ if field.is_untold() || field.write_only => continue,
            _ => match default(field) {
                Some(value) => value,
                None => continue,
            },
        };
        normal_form.insert(field.name.to_owned(), normal_value(value, &field.ty, field.set));
    }
    normal_form
}

fn normal_value(value: Datum, ty: &'static Type, set: bool) -> Datum {
    match (value, ty) {
        (Datum::Map(entries), Type::Block(fields)) => Datum::Map(normal(entries, fields)),
        (Datum::List(items), Type::List(inner)) => {
            let mut items: Vec<Datum> = items.into_iter().map(|item| normal_value(item, inner, false)).collect();
            if set {
                items.sort();
                items.dedup();
            }
            Datum::List(items)
        }
        (value, _) => value,
    }
}

/// A moment as Terraform writes it.
#[must_use]
pub(crate) fn instant(moment: Option<&DateTime>) -> Option<String> {
    moment?.fmt(Format::DateTime).ok()
}

fn default(field: &Field) -> Option<Datum> {
    // A default is written in the model as JSON; one that is not would have failed the model's own tests.
    field.default.and_then(|text| serde_json::from_str(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fathuss_model::Resource as _;
    use fathuss_model::aws::Vpc;

    #[test]
    fn a_value_of_another_type_is_refused_by_name_and_not_shown() {
        let attributes = Attributes::from([
            ("size".to_owned(), Datum::from("hunter2")),
            ("disk".to_owned(), Datum::List(vec![Datum::Map(Attributes::from([("kind".to_owned(), 3.into())]))])),
        ]);
        let fields = Fields::of(&attributes);
        assert_eq!(fields.maybe_integer("size").unwrap_err().message, "size is not a whole number");
        let disks = fields.blocks("disk").unwrap();
        assert_eq!(disks[0].text("kind").unwrap_err().message, "disk.0.kind is not a text");
        assert_eq!(fields.text("name").unwrap_err().message, "name is needed and not given");
        assert_eq!(fields.maybe_text("name").unwrap(), None);
    }

    #[test]
    fn an_answer_takes_the_form_of_the_schema() {
        let observed = Observed::new()
            .with("cidr_block", "10.0.0.0/16")
            .with("enable_dns_hostnames", true)
            .with("owner_id", None::<String>)
            .with("no_such_field", "x")
            .finish(Vpc::SCHEMA);
        assert_eq!(observed.get("enable_dns_support"), Some(&Datum::Bool(true)), "the default stands in");
        assert_eq!(observed.get("enable_dns_hostnames"), Some(&Datum::Bool(true)));
        assert!(!observed.contains_key("owner_id") && !observed.contains_key("no_such_field"));
    }
}
