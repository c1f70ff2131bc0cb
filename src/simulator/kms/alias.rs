//! Aliases: names for keys, of the customer's and of AWS's own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{arn, invalid, key, paged};
use crate::datastore::key::{ManagedKey, PREDEFINED};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateAlias", create), ("UpdateAlias", update), ("DeleteAlias", delete), ("ListAliases", list)];

const CREATE: &str = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("kms.alias.name", "a name begins with alias/, and not with alias/aws/", CREATE),
    Rule::new("kms.alias.exists", "names are unique in account and region", CREATE),
    Rule::new(
        "kms.alias.quota",
        "a key has 50 aliases",
        "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
    ),
];

/// An alias of a customer's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// Its name, with `alias/`.
    pub name: String,
    /// The key's id.
    pub target: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last pointed elsewhere.
    pub updated: Timestamp,
}

impl Row for Alias {
    const TABLE: &'static str = "kms.alias";
    fn id(&self) -> String {
        self.name.clone()
    }
}

/// The alias of that name.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Result<Alias, Refusal> {
    tx.get::<Alias>(name)
        .cloned()
        .ok_or_else(|| Refusal::new("NotFoundException", format!("Alias {} is not found.", arn(tx, name))))
}

fn named(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    let rule = "kms.alias.name";
    tx.enforce(rule, name.starts_with("alias/") && name.len() > "alias/".len(), || {
        invalid(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        )
    })?;
    tx.enforce(rule, !name.contains(':'), || invalid(format!("{name} contains invalid characters for an alias")))?;
    tx.enforce(rule, !name.starts_with("alias/aws/"), || Refusal::new("NotAuthorizedException", "").status(400))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AliasName");
    named(tx, name)?;
    let key = target(tx, input)?;
    tx.enforce("kms.alias.exists", tx.get::<Alias>(name).is_none(), || {
        let message = format!("An alias with the name {} already exists", arn(tx, name));
        Refusal::new("AlreadyExistsException", message)
    })?;
    room(tx, &key)?;
    tx.put(Alias { name: name.to_owned(), target: key, created: tx.now(), updated: tx.now() });
    Ok(Value::Record(Record::new()))
}

/// The id of the key that an alias is to name, which can be used.
fn target(tx: &Tx<'_>, input: &Input<'_>) -> Result<String, Refusal> {
    let key = key::find(tx, input.required("TargetKeyId"))?;
    key.usable_in(tx, key::ALIVE)?;
    Ok(key.id)
}

fn room(tx: &Tx<'_>, key: &str) -> Result<(), Refusal> {
    let most = tx.quota("kms.aliases");
    let have = tx.rows::<Alias>().filter(|alias| alias.target == key).count();
    tx.enforce("kms.alias.quota", i64::try_from(have).is_ok_and(|have| have < most), || {
        Refusal::new("LimitExceededException", format!("You have reached the limit of {most} aliases for this key."))
    })
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AliasName");
    named(tx, name)?;
    let mut alias = find(tx, name)?;
    let key = target(tx, input)?;
    if alias.target != key {
        room(tx, &key)?;
    }
    (alias.target, alias.updated) = (key, tx.now());
    tx.put(alias);
    Ok(Value::Record(Record::new()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("AliasName");
    named(tx, name)?;
    let alias = find(tx, name)?;
    tx.remove::<Alias>(&alias.name);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let only = match input.text("KeyId") {
        Some(given) => Some(key::seen(tx, given)?.id),
        None => None,
    };
    let wanted = |target: &str| only.as_deref().is_none_or(|only| only == target);
    let view = |name: &str, key: &str, created: Timestamp, updated: Timestamp| {
        let view = record! {
            "AliasName" => name,
            "AliasArn" => arn(tx, name),
            "TargetKeyId" => key,
            "CreationDate" => created,
            "LastUpdatedDate" => updated,
        };
        (name.to_owned(), view)
    };
    let own = tx.rows::<Alias>().filter(|alias| wanted(&alias.target));
    let own = own.map(|alias| view(&alias.name, &alias.target, alias.created, alias.updated));
    // A service's own key has its alias from the service.
    let managed = tx.rows::<ManagedKey>().filter(|key| wanted(&key.id));
    let managed = managed.map(|key| view(&format!("alias/{}", key.alias), &key.id, key.created, key.created));
    let mut items: Vec<(String, Value)> = own.chain(managed).collect();
    // What no service has needed yet has a name and no key.
    for alias in PREDEFINED.iter().filter(|alias| only.is_none() && tx.get::<ManagedKey>(alias).is_none()) {
        let name = format!("alias/{alias}");
        items.push((name.clone(), record! { "AliasName" => &name, "AliasArn" => arn(tx, &name) }));
    }
    paged(tx, input, "Aliases", 50, items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::Client;

    /// <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>
    #[tokio::test(start_paused = true)]
    async fn a_predefined_alias_has_no_key_until_somebody_looks_at_it() {
        let client = Client::calm();
        let listed = async || {
            let aliases = client.kms("ListAliases", json!({})).await;
            aliases["Aliases"].as_array().unwrap().iter().find(|it| it["AliasName"] == "alias/aws/s3").unwrap().clone()
        };
        assert_eq!(listed().await.get("TargetKeyId"), None);
        let key = client.kms("DescribeKey", json!({ "KeyId": "alias/aws/s3" })).await;
        assert_eq!(listed().await["TargetKeyId"], key["KeyMetadata"]["KeyId"]);
        assert_eq!(client.kms("DescribeKey", json!({ "KeyId": "alias/aws/s3" })).await, key, "it stays the same key");
    }
}
