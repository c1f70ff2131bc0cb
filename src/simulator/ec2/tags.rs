//! Tags: rows of their own, so that reads can miss one that was just written, as AWS's do.

use serde::{Deserialize, Serialize};

use crate::ec2::filters;
use crate::ec2::resource::{Listing, nothing, paged};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateTags", create), ("DeleteTags", delete), ("DescribeTags", describe)];

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.tags.reserved", "keys beginning with aws: are AWS's own", PAGE),
    Rule::new("ec2.tags.length", "keys have at most 127 letters, values 255", PAGE),
    Rule::new("ec2.tags.limit", "a resource has at most 50 tags", PAGE),
    Rule::new("ec2.tags.duplicate", "a request names a key once", PAGE),
    Rule::new(
        "ec2.tags.specification",
        "a tag specification is for what the operation makes",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html",
    ),
    Rule::new(
        "ec2.tags.resource",
        "only what exists can be tagged",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
];

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The resource's id.
    pub resource: String,
    /// The resource's type, as `DescribeTags` shows it.
    pub resource_type: String,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Row for Tag {
    const TABLE: &'static str = "ec2.tag";
    fn id(&self) -> String {
        format!("{}{}", Tag::ids_of(&self.resource), self.key)
    }
}

impl Tag {
    /// What the ids of a resource's tags begin with.
    #[must_use]
    pub fn ids_of(resource: &str) -> String {
        format!("{resource}/")
    }
}

/// A resource's tags, for its view.
#[must_use]
pub fn of(tx: &Tx<'_>, resource: &str) -> Value {
    let start = Tag::ids_of(resource);
    Value::List(tx.rows_under::<Tag>(&start).map(|tag| record! { "Key" => &tag.key, "Value" => &tag.value }).collect())
}

/// Key and value of each tag in a list of them.
///
/// # Errors
/// When a tag breaks AWS's restrictions.
pub fn read(tx: &Tx<'_>, tags: &[Input<'_>]) -> Result<Vec<(String, String)>, Refusal> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for tag in tags {
        let Some(key) = tag.text("Key").filter(|key| !key.is_empty()) else {
            return Err(Refusal::new("InvalidParameterValue", "Tag key cannot be empty"));
        };
        let value = tag.text("Value").unwrap_or_default();
        not_reserved(tx, key)?;
        tx.enforce("ec2.tags.length", key.chars().count() <= 127, || {
            Refusal::new(
                "InvalidParameterValue",
                format!("Tag key exceeds the maximum length of 127 characters: {key}"),
            )
        })?;
        tx.enforce("ec2.tags.length", value.chars().count() <= 255, || {
            let message = format!("Tag value exceeds the maximum length of 255 characters: {value}");
            Refusal::new("InvalidParameterValue", message)
        })?;
        tx.enforce("ec2.tags.duplicate", pairs.iter().all(|(known, _)| known != key), || {
            Refusal::new("InvalidParameterValue", format!("Duplicate tag key '{key}' specified."))
        })?;
        pairs.push((key.to_owned(), value.to_owned()));
    }
    Ok(pairs)
}

fn not_reserved(tx: &Tx<'_>, key: &str) -> Result<(), Refusal> {
    tx.enforce("ec2.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
        Refusal::new("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
    })
}

/// A resource type with the tags that a request specifies for it.
pub type Specified = (String, Vec<(String, String)>);

/// Reads what an operation shall tag, by its request's tag specifications, of which each has to name one of these types.
///
/// # Errors
/// When a specification is for something else, or a tag breaks AWS's restrictions.
pub fn specified(tx: &Tx<'_>, input: &Input<'_>, allowed: &[&str]) -> Result<Vec<Specified>, Refusal> {
    let mut specified = Vec::new();
    for specification in input.records("TagSpecifications") {
        let Some(kind) = specification.text("ResourceType") else {
            return Err(Refusal::new("InvalidParameterValue", "Tag specification resource type must have a value"));
        };
        tx.enforce("ec2.tags.specification", allowed.contains(&kind), || {
            let message = format!("'{kind}' is not a valid taggable resource type for this operation.");
            Refusal::new("InvalidParameterValue", message)
        })?;
        let tags = specification.records("Tags");
        if tags.is_empty() {
            return Err(Refusal::new("InvalidParameterValue", "Tag specification must have at least one tag"));
        }
        specified.push((kind.to_owned(), read(tx, &tags)?));
    }
    Ok(specified)
}

/// Tags a resource that was just made with what its request specified for its type.
///
/// # Errors
/// See [`specified`].
pub fn on_create(tx: &mut Tx<'_>, input: &Input<'_>, kind: &str, resource: &str) -> Result<(), Refusal> {
    for (_, tags) in specified(tx, input, &[kind])? {
        put(tx, kind, resource, tags)?;
    }
    Ok(())
}

/// Writes tags onto a resource.
///
/// # Errors
/// When there would be too many.
pub fn put(tx: &mut Tx<'_>, kind: &str, resource: &str, tags: Vec<(String, String)>) -> Result<(), Refusal> {
    for (key, value) in tags {
        tx.put(Tag { resource: resource.to_owned(), resource_type: kind.to_owned(), key, value });
    }
    let count = tx.rows_under::<Tag>(&Tag::ids_of(resource)).filter(|tag| !tag.key.starts_with("aws:")).count();
    tx.enforce("ec2.tags.limit", count <= 50, || Refusal::new("TagLimitExceeded", "More than 50 tags specified"))
}

/// Removes the tags of a resource that is gone.
pub fn forget(tx: &mut Tx<'_>, resource: &str) {
    let ids: Vec<String> = tx.rows_under::<Tag>(&Tag::ids_of(resource)).map(Row::id).collect();
    for id in ids {
        tx.remove::<Tag>(&id);
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resources = input.texts("Resources");
    if resources.is_empty() {
        return Err(super::missing("resourceIdSet"));
    }
    let tags = read(tx, &input.records("Tags"))?;
    if tags.is_empty() {
        return Err(super::missing("tagSet"));
    }
    for resource in resources {
        let kind = super::taggable(tx, resource)?;
        put(tx, kind, resource, tags.clone())?;
    }
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resources = input.texts("Resources");
    if resources.is_empty() {
        return Err(super::missing("resourceIdSet"));
    }
    let wanted: Vec<(&str, Option<&str>)> =
        input.records("Tags").iter().map(|tag| (tag.text("Key").unwrap_or_default(), tag.text("Value"))).collect();
    for (key, _) in &wanted {
        not_reserved(tx, key)?;
    }
    for resource in resources {
        super::taggable(tx, resource)?;
        let goes = |tag: &&Tag| {
            !tag.key.starts_with("aws:")
                && (wanted.is_empty()
                    || wanted
                        .iter()
                        .any(|(key, value)| tag.key == *key && value.is_none_or(|value| tag.value == value)))
        };
        let ids: Vec<String> = tx.rows_under::<Tag>(&Tag::ids_of(resource)).filter(goes).map(Row::id).collect();
        for id in ids {
            tx.remove::<Tag>(&id);
        }
    }
    Ok(nothing())
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let filters = filters::read(tx, input)?;
    let mut items = Vec::new();
    for tag in tx.rows::<Tag>() {
        let mut fits = true;
        for filter in &filters {
            let value = match filter.name.as_str() {
                "key" => &tag.key,
                "value" => &tag.value,
                "resource-id" => &tag.resource,
                "resource-type" => &tag.resource_type,
                name => match name.strip_prefix("tag:") {
                    Some(key) if key == tag.key => &tag.value,
                    Some(_) => {
                        fits = false;
                        continue;
                    }
                    None => return Err(filters::unknown(name)),
                },
            };
            fits &= filter.fits(std::slice::from_ref(value));
        }
        if fits {
            let view = record! {
                "Key" => &tag.key,
                "ResourceId" => &tag.resource,
                "ResourceType" => &tag.resource_type,
                "Value" => &tag.value,
            };
            items.push((tag.id(), view));
        }
    }
    paged(tx, input, items, Listing { ids: "", answer: "Tags", ids_exclude_pages: None })
}
