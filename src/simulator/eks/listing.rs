//! EKS's pages: `maxResults` and `nextToken`, the same for every list.

use super::invalid;
use crate::input::Input;
use crate::pagination::page;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "eks.page.token",
    "a token is one that a page of the same list ended with",
    "https://docs.aws.amazon.com/eks/latest/APIReference/API_ListClusters.html",
)];

/// The page of a list that a request asks for. The items come with what they are sorted by.
///
/// # Errors
/// When the token is of no page.
pub fn listed(tx: &Tx<'_>, input: &Input<'_>, name: &str, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let size = input.integer("maxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let token = input.text("nextToken").filter(|_| tx.rule("eks.page.token"));
    let page =
        page(&crate::pagination::asked(tx), items, token, Some(size)).map_err(|_| invalid("Invalid NextToken"))?;
    let mut answer = Record::new();
    answer.insert(name.to_owned(), Value::List(page.items));
    if let Some(next) = page.next {
        answer.insert("nextToken".to_owned(), Value::Text(next));
    }
    Ok(Value::Record(answer))
}

/// The same for a list of names.
///
/// # Errors
/// When the token is of no page.
pub fn named<'n>(
    tx: &Tx<'_>,
    input: &Input<'_>,
    name: &str,
    names: impl Iterator<Item = &'n String>,
) -> Result<Value, Refusal> {
    listed(tx, input, name, names.map(|one| (one.clone(), Value::from(one))).collect())
}
