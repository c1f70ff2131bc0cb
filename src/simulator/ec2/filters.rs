//! The filters of Describe operations: all must fit, any of a filter's values, with `*` and `?`.

use crate::ec2::tags::Tag;
use crate::input::Input;
use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

/// One filter of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What is compared.
    pub name: String,
    /// The patterns, of which one has to fit.
    pub values: Vec<String>,
}

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.filter.limit", "a request has 50 filters, each of 200 values", PAGE),
    Rule::new("ec2.filter.length", "a filter's values have at most 255 characters", PAGE),
];

/// A request's filters.
///
/// # Errors
/// When one has no name, no values or too many, or there are too many of them.
pub fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<Filter>, Refusal> {
    let mut filters = Vec::new();
    // DescribeNatGateways alone calls them by the singular.
    for filter in input.records("Filters").into_iter().chain(input.records("Filter")) {
        let values: Vec<String> = filter.texts("Values").into_iter().map(str::to_owned).collect();
        let Some(name) = filter.text("Name") else {
            return Err(super::missing("filter.name"));
        };
        if values.is_empty() {
            return Err(Refusal::new("InvalidParameterValue", format!("The filter '{name}' has no values")));
        }
        too_many(tx, "filter values", values.len(), 200)?;
        // AWS's page has the length, no source what is answered.
        let long = values.iter().find(|value| value.chars().count() > 255);
        tx.enforce("ec2.filter.length", long.is_none(), || {
            super::invalid_value(long.map_or("", String::as_str), "filter", "It must not be longer than 255.")
        })?;
        filters.push(Filter { name: name.to_owned(), values });
    }
    too_many(tx, "filters", filters.len(), 50)?;
    Ok(filters)
}

/// Refuses more than AWS takes, in the words that others saw for values.
fn too_many(tx: &Tx<'_>, what: &str, have: usize, most: usize) -> Result<(), Refusal> {
    tx.enforce("ec2.filter.limit", have <= most, || {
        let message = format!("The maximum number of {what} specified on a single call is {most}");
        Refusal::new("FilterLimitExceeded", message)
    })
}

/// The refusal of a filter that the operation does not have.
#[must_use]
pub fn unknown(name: &str) -> Refusal {
    Refusal::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))
}

/// What the filters on tags compare; none for any other filter.
#[must_use]
pub fn tag_values(tx: &Tx<'_>, resource: &str, name: &str) -> Option<Vec<String>> {
    let start = Tag::ids_of(resource);
    if name == "tag-key" {
        return Some(tx.rows_under::<Tag>(&start).map(|tag| tag.key.clone()).collect());
    }
    let key = name.strip_prefix("tag:")?;
    Some(tx.rows_under::<Tag>(&start).filter(|tag| tag.key == key).map(|tag| tag.value.clone()).collect())
}

/// The filters that AWS documents for the operation that is served.
#[must_use]
pub fn documented(tx: &Tx<'_>) -> &'static [String] {
    (super::SERVICE.model)().operations.get(tx.operation()).map_or(&[], |operation| &operation.filters)
}

/// The members that a filter's name leads through, where it is named as what it selects is shown:
/// `metadata-options.http-tokens` of an instance is the member `HttpTokens` of its `MetadataOptions`.
#[must_use]
pub fn path(shape: &str, name: &str) -> Option<Vec<&'static str>> {
    let model: &'static Model = (super::SERVICE.model)();
    let mut shape = model.shapes.get(shape)?;
    let mut path = Vec::new();
    for part in name.split('.') {
        let wanted = part.replace('-', "").to_lowercase();
        let is_it = |member: &String| {
            let member = member.to_lowercase();
            member == wanted || member.strip_suffix('s') == Some(&wanted) || member.strip_suffix("set") == Some(&wanted)
        };
        let (member, next) = shape.members.iter().find(|(member, _)| is_it(member))?;
        path.push(member.as_str());
        shape = model.shapes.get(&next.shape)?;
        if let Some(item) = &shape.member {
            shape = model.shapes.get(&item.shape)?;
        }
    }
    // What ends at a structure selects nothing that can be compared.
    shape.members.is_empty().then_some(path)
}

/// The values that a view has at the end of a path.
#[must_use]
pub fn shown(view: &Value, path: &[&str]) -> Vec<String> {
    match (view, path) {
        (Value::List(items), _) => items.iter().flat_map(|item| shown(item, path)).collect(),
        (view, [member, rest @ ..]) => shown(view.get(member), rest),
        (Value::Text(text), []) => vec![text.clone()],
        (Value::Bool(truth), []) => vec![truth.to_string()],
        (Value::Integer(number), []) => vec![number.to_string()],
        (Value::Time(at), []) => vec![at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()],
        (_, []) => Vec::new(),
    }
}

impl Filter {
    /// Whether one of the values fits one of the patterns.
    #[must_use]
    pub fn fits(&self, values: &[String]) -> bool {
        self.values.iter().any(|pattern| values.iter().any(|value| matches(pattern.as_bytes(), value.as_bytes())))
    }
}

/// `*` stands for any text, `?` for one letter, and `\` takes their meaning away.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        [b'?', rest @ ..] => !text.is_empty() && matches(rest, &text[1..]),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            text.first() == Some(literal) && matches(rest, &text[1..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_found_by_how_things_are_shown() {
        assert_eq!(path("Instance", "metadata-options.http-tokens"), Some(vec!["MetadataOptions", "HttpTokens"]));
        assert_eq!(path("Instance", "network-interface.description"), Some(vec!["NetworkInterfaces", "Description"]));
        assert_eq!(path("Instance", "network-interface"), None);
        assert_eq!(path("Instance", "affinity"), None);
    }

    #[test]
    fn patterns_know_stars_and_question_marks() {
        let fits = |pattern: &str, text: &str| matches(pattern.as_bytes(), text.as_bytes());
        assert!(fits("al2023-ami-*-x86_64", "al2023-ami-2023.6-kernel-x86_64"));
        assert!(fits("a?c", "abc"));
        assert!(!fits("a?c", "ac"));
        assert!(!fits("abc", "abcd"));
        assert!(fits(r"a\*", "a*"));
        assert!(!fits(r"a\*", "ab"));
    }
}
