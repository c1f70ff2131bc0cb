//! KMS's actions: on the key, and for aliases on the alias as well. A key's policy decides.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>

use super::ask::{Ask, Guard, Shown, Told, account_of, held, pairs, request_tag, requested};
use crate::datastore::key::ManagedKey;
use crate::kms::{self, alias::Alias, data, key::Key, key_policy};
use crate::value::Value;
use crate::world::Tx;

/// What is done with a key from another account; the rest is done in its own alone, as each operation's page says.
const ABROAD: &[&str] = &[
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "GetKeyRotationStatus",
];

/// The account of the key that a request names by its ARN.
pub(super) fn owner(input: &Value) -> Option<&str> {
    account_of(key(input)?)
}

/// The key that a request names, or that has encrypted what it gives.
fn key(input: &Value) -> Option<&str> {
    let encrypted = || match input.get("CiphertextBlob") {
        Value::Blob(ciphertext) => data::key_of(ciphertext),
        _ => None,
    };
    input.get("TargetKeyId").text().or_else(|| input.get("KeyId").text()).or_else(encrypted)
}

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("kms:{operation}");
    let given = given(operation, input);
    let mut asks = Vec::new();
    if let Some(name) = input.get("AliasName").text() {
        asks.push(Ask::new(&action, kms::arn(tx, name)));
        let key = tx.get::<Alias>(name).map(|alias| alias.target.as_str());
        // Of an alias that is moved, the key that it leaves is asked for as well.
        asks.extend(key.map(|key| on_key(tx, &action, key)));
    }
    // A list of aliases is narrowed by a key, and asked for on no one.
    if let Some(key) = key(input).filter(|_| operation != "ListAliases") {
        let ask = on_key(tx, &action, key).told(given.clone()).told(context(input));
        let stays = !ABROAD.contains(&operation) && ask.is_foreign_to(&tx.principal().account);
        asks.push(if stays { ask.guarded(Guard::Key("{}".to_owned())) } else { ask });
    }
    if asks.is_empty() {
        asks.push(Ask::new(action, "*").told(given.clone()));
    }
    if operation == "CreateKey" && !given.is_empty() {
        asks.push(Ask::new("kms:TagResource", kms::arn(tx, "key/*")).told(given));
    }
    asks
}

/// An action on a key that a request names by id, by ARN or by an alias.
fn on_key(tx: &Tx<'_>, action: &str, given: &str) -> Ask {
    let name = given.rsplit_once(':').map_or(given, |(_, rest)| rest);
    let id = tx.get::<Alias>(name).map_or_else(|| name.strip_prefix("key/").unwrap_or(name), |alias| &alias.target);
    let aliases = tx.rows::<Alias>().filter(|alias| alias.target == id);
    let named = aliases.map(|alias| ("kms:ResourceAliases".to_owned(), alias.name.clone())).collect::<Vec<_>>();
    let caller = &tx.principal().account;
    let ask = Ask::new(action, kms::arn(tx, &format!("key/{id}")))
        .owned(tx.account())
        .told(named)
        .with("kms:CallerAccount", Some(caller));
    if let Some(key) = tx.get::<Key>(id) {
        return ask.told(held(pairs(&key.tags))).guarded(Guard::Key(key.policy.clone()));
    }
    let own = tx.rows::<ManagedKey>().find(|key| key.id == id || format!("alias/{}", key.alias) == name);
    match own {
        Some(own) => ask.guarded(Guard::Key(key_policy::of_service(tx, own.service()))),
        // Which key there is is no one's business in another account; in one's own it is told that there is none.
        None if caller != tx.account() => ask.guarded(Guard::Key("{}".to_owned())),
        None => ask,
    }
}

/// What a service asks of a key for its caller.
pub(super) fn through(tx: &Tx<'_>, service: &str, action: &str, key: &str, context: Option<(&str, &str)>) -> Ask {
    let region = tx.region();
    let ask = on_key(tx, action, key)
        .with("kms:ViaService", Some(&format!("{service}.{region}.amazonaws.com")))
        // What a service asks for a grant for is one of its resources:
        // <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource>
        .with("kms:GrantIsForAWSResource", Some("true").filter(|_| action == "kms:CreateGrant"))
        .shown(if service == "s3" { Shown::Key } else { Shown::Resource });
    match context {
        Some((name, value)) => ask.with(&format!("kms:EncryptionContext:{name}"), Some(value)),
        None => ask,
    }
}

/// The encryption context of a request, as condition keys.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context>
fn context(input: &Value) -> Told {
    let pairs = data::context(input).into_iter();
    let told = pairs.flat_map(|(name, value)| {
        [(format!("kms:EncryptionContext:{name}"), value), ("kms:EncryptionContextKeys".to_owned(), name)]
    });
    told.collect()
}

/// The tags that a request of KMS gives or takes: its members have names of their own.
fn given(operation: &str, input: &Value) -> Told {
    if operation == "UntagResource" {
        return requested(input.get("TagKeys"));
    }
    let tags = input.get("Tags").list().iter();
    let keys = tags
        .filter_map(|tag| Some(request_tag(tag.get("TagKey").text()?, tag.get("TagValue").text().unwrap_or_default())));
    keys.flatten().collect()
}
