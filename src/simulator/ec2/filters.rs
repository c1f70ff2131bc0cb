//! The filters of Describe operations: all must fit, any of a filter's values, with `*` and `?`.

use crate::ec2::tags::Tag;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::world::Tx;

/// One filter of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What is compared.
    pub name: String,
    /// The patterns, of which one has to fit.
    pub values: Vec<String>,
}

/// A request's filters.
///
/// # Errors
/// When one has no name or no values.
pub fn read(input: &Input<'_>) -> Result<Vec<Filter>, Refusal> {
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
        filters.push(Filter { name: name.to_owned(), values });
    }
    Ok(filters)
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
