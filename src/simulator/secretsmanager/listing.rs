//! Lists of secrets, and the pages that all lists here have.

use super::managed;
use super::secret::Secret;
use crate::input::Input;
use crate::pagination::{self, Page};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ListSecrets", list)];

const LIST: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("secretsmanager.page.token", "a page's token is one of the operation's", LIST),
    Rule::new("secretsmanager.filter.key", "a filter says what it is on, and has values", LIST),
];

/// One page, of 100 where nothing else is said.
///
/// # Errors
/// When the token is none.
pub(super) fn paged(tx: &Tx<'_>, input: &Input<'_>, items: Vec<(String, Value)>) -> Result<Page<Value>, Refusal> {
    let size = usize::try_from(input.integer("MaxResults").unwrap_or(100)).ok();
    let token = input.text("NextToken").filter(|_| tx.rule("secretsmanager.page.token"));
    pagination::page(&crate::pagination::asked(tx), items, token, size)
        .map_err(|_| Refusal::new("InvalidNextTokenException", "Invalid NextToken"))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let planned = input.flag("IncludePlannedDeletion");
    if input.has("SortBy") {
        return Err(Refusal::not_simulated("secretsmanager ListSecrets in another order than that of names"));
    }
    let falling = input.text("SortOrder") == Some("desc");
    if falling {
        return Err(Refusal::not_simulated("secretsmanager ListSecrets in falling order"));
    }
    let mut filters: Vec<(&str, Vec<&str>)> = Vec::new();
    for filter in input.records("Filters") {
        let (key, values) = (filter.text("Key"), filter.texts("Values"));
        // No source has the words.
        tx.enforce("secretsmanager.filter.key", key.is_some() && !values.is_empty(), || {
            super::invalid_parameter("Invalid filter.")
        })?;
        filters.push((key.unwrap_or("all"), values));
    }
    let mut all: Vec<Secret> = tx.rows::<Secret>().cloned().collect();
    all.extend(managed::all(tx));
    let region = tx.region().to_owned();
    let wanted = |secret: &&Secret| {
        (planned || secret.deletion.is_none()) && filters.iter().all(|(key, values)| fits(secret, key, values, &region))
    };
    let items = all.iter().filter(wanted).map(|secret| (secret.name.clone(), secret.view("SecretVersionsToStages")));
    let page = paged(tx, input, items.collect())?;
    Ok(record! { "SecretList" => page.items, "NextToken" => page.next })
}

/// Whether any of a filter's values, or with `!` before it none, is what the secret begins with there.
fn fits(secret: &Secret, key: &str, values: &[&str], region: &str) -> bool {
    let begins = |text: &str, value: &str| text.starts_with(value);
    let word = |text: &str, value: &str| {
        let value = value.to_lowercase();
        text.to_lowercase().split(|letter: char| !letter.is_alphanumeric()).any(|word| word.starts_with(&value))
    };
    let description = secret.description.as_deref().unwrap_or_default();
    let one = |value: &str| match key {
        "name" => begins(&secret.name, value),
        "description" => word(description, value),
        "tag-key" => secret.tags.iter().any(|(key, _)| begins(key, value)),
        "tag-value" => secret.tags.iter().any(|(_, tag)| begins(tag, value)),
        "primary-region" => begins(region, value),
        "owning-service" => secret.owner.as_ref().is_some_and(|(owner, _)| begins(owner, value)),
        _ => {
            word(&secret.name, value)
                || word(description, value)
                || secret.tags.iter().any(|(key, tag)| word(key, value) || word(tag, value))
        }
    };
    values.iter().any(|value| match value.strip_prefix('!') {
        Some(value) => !one(value),
        None => one(value),
    })
}
