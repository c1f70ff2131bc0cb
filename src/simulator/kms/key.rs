//! Keys: made enabled, disabled and enabled again, deleted after a window in which that can be taken back.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{alias::Alias, arn, invalid, key_policy, paged, rotation};
use crate::datastore::key::{ManagedKey, PREDEFINED, managed};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Transition};
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateKey", create),
    ("DescribeKey", describe),
    ("ListKeys", list),
    ("EnableKey", enable),
    ("DisableKey", disable),
    ("UpdateKeyDescription", set_description),
    ("ScheduleKeyDeletion", schedule),
    ("CancelKeyDeletion", cancel),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("kms.key.deleted", |tx, pending| {
    tx.remove::<Key>(&pending.subject);
    let aliases: Vec<String> =
        tx.rows::<Alias>().filter(|alias| alias.target == pending.subject).map(Row::id).collect();
    for alias in aliases {
        tx.remove::<Alias>(&alias);
    }
})];

const CREATE: &str = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("kms.key.usage", "a key is for what a key of its kind can be for", CREATE),
    Rule::new(
        "kms.key.id",
        "a key is named by its id or ARN, and by an alias where the operation says so",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html",
    ),
    Rule::new(
        "kms.key.managed",
        "AWS managed keys are changed by AWS alone",
        "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-cmk",
    ),
    Rule::new(
        "kms.key.window",
        "a key is deleted after 7 to 30 days",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
    ),
    Rule::new(
        "kms.key.quota",
        "an account has 100,000 keys in a region",
        "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
    ),
];

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It can be used.
    Enabled,
    /// It can be managed.
    Disabled,
    /// It waits for its end.
    PendingDeletion,
}

/// A key that a customer made: symmetric, of one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its state.
    pub state: State,
    /// Its description.
    pub description: String,
    /// Its policy.
    pub policy: String,
    /// Days between rotations, where it is rotated, and since when.
    pub rotation: Option<(i64, Timestamp)>,
    /// When it is deleted, with the days of the window.
    pub deletion: Option<(Timestamp, i64)>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for Key {
    const TABLE: &'static str = "kms.key";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Key {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &format!("key/{}", self.id))
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let state = match self.state {
            State::Enabled => "Enabled",
            State::Disabled => "Disabled",
            State::PendingDeletion => "PendingDeletion",
        };
        record! {
            "AWSAccountId" => tx.account(),
            "KeyId" => &self.id,
            "Arn" => self.arn(tx),
            "CreationDate" => self.created,
            "Enabled" => self.state == State::Enabled,
            "Description" => &self.description,
            "KeyUsage" => "ENCRYPT_DECRYPT",
            "KeyState" => state,
            "DeletionDate" => self.deletion.map(|(at, _)| at),
            "Origin" => "AWS_KMS",
            "KeyManager" => "CUSTOMER",
            "CustomerMasterKeySpec" => "SYMMETRIC_DEFAULT",
            "KeySpec" => "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms" => vec!["SYMMETRIC_DEFAULT"],
            "MultiRegion" => false,
        }
    }

    /// Refuses an operation that a key in this state does not allow.
    ///
    /// # Errors
    /// In that case.
    pub(super) fn usable_in(&self, tx: &Tx<'_>, states: &[State]) -> Result<(), Refusal> {
        tx.enforce("kms.key.state", states.contains(&self.state), || {
            let arn = self.arn(tx);
            match self.state {
                State::PendingDeletion => {
                    Refusal::new("KMSInvalidStateException", format!("{arn} is pending deletion."))
                }
                State::Disabled => Refusal::new("DisabledException", format!("{arn} is disabled.")),
                State::Enabled => Refusal::new("KMSInvalidStateException", format!("{arn} is not pending deletion.")),
            }
        })
    }
}

/// The states in which a key can be managed.
pub(super) const ALIVE: &[State] = &[State::Enabled, State::Disabled];

fn missing(tx: &Tx<'_>, id: &str) -> Refusal {
    Refusal::new("NotFoundException", format!("Key '{}' does not exist", arn(tx, &format!("key/{id}"))))
}

/// The id that a request names a key by, by its id or ARN.
fn id_of<'g>(tx: &Tx<'_>, given: &'g str) -> Result<&'g str, Refusal> {
    let Some(rest) = given.strip_prefix("arn:") else {
        let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let of_one_region = given.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && given.split('-').all(hex);
        let of_several = given.strip_prefix("mrk-").is_some_and(|digits| digits.len() == 32 && hex(digits));
        let sound = of_one_region || of_several;
        tx.enforce("kms.key.id", sound, || Refusal::new("NotFoundException", format!("Invalid keyId '{given}'")))?;
        return Ok(given);
    };
    let parts: Vec<&str> = rest.splitn(5, ':').collect();
    let (region, account) = (tx.region(), tx.account());
    match parts[..] {
        ["aws", "kms", its_region, its_account, resource] => {
            tx.enforce("kms.key.id", its_region == region, || {
                Refusal::new("NotFoundException", format!("Invalid arn {its_region}"))
            })?;
            // Of a key of another account the caller is told before whether it may use it.
            if its_account != account {
                return Err(Refusal::new("NotFoundException", format!("Key '{given}' does not exist")));
            }
            match resource.strip_prefix("key/") {
                Some(id) => Ok(id),
                None => Err(Refusal::new("InvalidArnException", format!("{given} is not a valid key ARN."))),
            }
        }
        _ => Err(Refusal::new("InvalidArnException", format!("{given} is not a valid ARN."))),
    }
}

/// The customer's key that a request changes, named by id or ARN.
///
/// # Errors
/// When there is none, or it is AWS's own.
pub(super) fn find(tx: &Tx<'_>, given: &str) -> Result<Key, Refusal> {
    if given.starts_with("alias/") || given.contains(":alias/") {
        return Err(Refusal::new("InvalidArnException", format!("Invalid keyId {given}")));
    }
    let id = id_of(tx, given)?;
    let own = tx.rows::<ManagedKey>().any(|key| key.id == id);
    tx.enforce("kms.key.managed", !own, || {
        let message = format!("{} is an AWS managed key, which you can't change.", arn(tx, &format!("key/{id}")));
        Refusal::new("AccessDeniedException", message)
    })?;
    tx.get::<Key>(id).cloned().ok_or_else(|| missing(tx, id))
}

/// The key that a request only looks at, named by id or ARN: AWS's own too, as a key that nobody changed.
///
/// # Errors
/// When there is none.
pub(super) fn seen(tx: &Tx<'_>, given: &str) -> Result<Key, Refusal> {
    let id = given.rsplit_once('/').map_or(given, |(_, id)| id);
    match tx.rows::<ManagedKey>().find(|key| key.id == id) {
        Some(own) => Ok(Key {
            id: own.id.clone(),
            created: own.created,
            state: State::Enabled,
            description: own.description(),
            policy: key_policy::of_service(tx, own.service()),
            // AWS rotates its own keys every year.
            rotation: Some((rotation::YEAR, own.created)),
            deletion: None,
            tags: Vec::new(),
        }),
        None => find(tx, given),
    }
}

/// The ARN of the key that a service is to encrypt with or decrypt by, named by id, alias or ARN; one of AWS's own is
/// made when first needed.
///
/// # Errors
/// When there is none, or it can't be used now, in KMS's words.
pub fn usable(tx: &mut Tx<'_>, given: &str) -> Result<String, Refusal> {
    let name = given.rsplit_once(':').map_or(given, |(_, rest)| rest);
    let id = match name.strip_prefix("alias/") {
        Some(alias) if PREDEFINED.contains(&alias) => return Ok(managed(tx, alias)),
        Some(_) => super::alias::find(tx, name)?.target,
        None => id_of(tx, given)?.to_owned(),
    };
    let key = seen(tx, &id)?;
    key.usable_in(tx, &[State::Enabled])?;
    Ok(key.arn(tx))
}

/// What a key of that kind can be for: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html>
fn usages(spec: &str) -> &'static [&'static str] {
    match spec {
        "SYMMETRIC_DEFAULT" => &["ENCRYPT_DECRYPT"],
        "ECC_NIST_P256" | "ECC_NIST_P384" | "ECC_NIST_P521" => &["SIGN_VERIFY", "KEY_AGREEMENT"],
        "SM2" => &["ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"],
        spec if spec.starts_with("HMAC_") => &["GENERATE_VERIFY_MAC"],
        spec if spec.starts_with("RSA_") => &["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
        _ => &["SIGN_VERIFY"],
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let spec = input.text("KeySpec").or_else(|| input.text("CustomerMasterKeySpec")).unwrap_or("SYMMETRIC_DEFAULT");
    if input.has("KeySpec") && input.has("CustomerMasterKeySpec") {
        return Err(invalid(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.",
        ));
    }
    let usage = input.text("KeyUsage");
    tx.enforce("kms.key.usage", usage.is_some() || spec == "SYMMETRIC_DEFAULT", || {
        invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
    })?;
    tx.enforce("kms.key.usage", usage.is_none_or(|usage| usages(spec).contains(&usage)), || {
        invalid(format!("KeyUsage {} is not compatible with KeySpec {spec}", usage.unwrap_or_default()))
    })?;
    if spec != "SYMMETRIC_DEFAULT" {
        return Err(Refusal::not_simulated(format!("kms CreateKey with KeySpec {spec}")));
    }
    let origin = input.text("Origin").unwrap_or("AWS_KMS");
    // Key stores are not simulated, so none is there.
    if let Some(store) = input.text("CustomKeyStoreId") {
        return Err(Refusal::new("CustomKeyStoreNotFoundException", format!("Custom key store {store} is not found.")));
    }
    if input.has("XksKeyId") && origin != "EXTERNAL_KEY_STORE" {
        return Err(invalid("XksKeyId is valid only for keys with Origin EXTERNAL_KEY_STORE."));
    }
    if origin != "AWS_KMS" || input.flag("MultiRegion") {
        return Err(Refusal::not_simulated(format!("kms CreateKey of origin {origin} or for several regions")));
    }
    let most = tx.quota("kms.keys");
    let have = i64::try_from(tx.rows::<Key>().count()).unwrap_or(i64::MAX);
    tx.enforce("kms.key.quota", have < most, || {
        Refusal::new("LimitExceededException", format!("You have reached the limit of {most} keys in this Region."))
    })?;
    let bypass = input.flag("BypassPolicyLockoutSafetyCheck");
    let policy = match input.text("Policy") {
        Some(given) => key_policy::checked(tx, given, bypass)?,
        None => key_policy::usual(tx),
    };
    let tags = super::tags::read(tx, input)?;
    super::tags::within(tx, &tags)?;
    let key = Key {
        id: tx.uuid(),
        created: tx.now(),
        state: State::Enabled,
        description: input.text("Description").unwrap_or_default().to_owned(),
        policy,
        rotation: None,
        deletion: None,
        tags,
    };
    tx.put(key.clone());
    Ok(record! { "KeyMetadata" => key.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if !input.texts("GrantTokens").is_empty() {
        return Err(Refusal::not_simulated("kms DescribeKey with GrantTokens"));
    }
    let given = input.required("KeyId");
    let name = given.rsplit_once(':').map_or(given, |(_, rest)| rest);
    if let Some(alias) = name.strip_prefix("alias/") {
        // "If you specify a predefined AWS alias (an AWS alias with no key ID), AWS KMS associates the alias with an AWS
        // managed key and returns its KeyId and Arn": API_DescribeKey.
        if PREDEFINED.contains(&alias) {
            managed(tx, alias);
        }
        if let Some(managed) = tx.get::<ManagedKey>(alias).cloned() {
            return Ok(record! { "KeyMetadata" => managed_view(tx, &managed) });
        }
        let alias = super::alias::find(tx, name)?;
        let key = tx.get::<Key>(&alias.target).cloned().ok_or_else(|| missing(tx, &alias.target))?;
        return Ok(record! { "KeyMetadata" => key.view(tx) });
    }
    let id = id_of(tx, given)?;
    if let Some(managed) = tx.rows::<ManagedKey>().find(|key| key.id == id).cloned() {
        return Ok(record! { "KeyMetadata" => managed_view(tx, &managed) });
    }
    let key = find(tx, given)?;
    Ok(record! { "KeyMetadata" => key.view(tx) })
}

/// What is shown of a key that AWS made for one of its services.
fn managed_view(tx: &Tx<'_>, key: &ManagedKey) -> Value {
    record! {
        "AWSAccountId" => tx.account(),
        "KeyId" => &key.id,
        "Arn" => arn(tx, &format!("key/{}", key.id)),
        "CreationDate" => key.created,
        "Enabled" => true,
        "Description" => key.description(),
        "KeyUsage" => "ENCRYPT_DECRYPT",
        "KeyState" => "Enabled",
        "Origin" => "AWS_KMS",
        "KeyManager" => "AWS",
        "CustomerMasterKeySpec" => "SYMMETRIC_DEFAULT",
        "KeySpec" => "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms" => vec!["SYMMETRIC_DEFAULT"],
        "MultiRegion" => false,
    }
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // Keys of other accounts are shared by RAM, which is not simulated.
    let owners = input.texts("ResourceOwners");
    if !owners.is_empty() && !owners.contains(&"SELF") {
        return paged(tx, input, "Keys", 100, Vec::new());
    }
    let ids = tx.rows::<Key>().map(Row::id).chain(tx.rows::<ManagedKey>().map(|key| key.id.clone()));
    let items = ids.map(|id| {
        let key = record! { "KeyId" => &id, "KeyArn" => arn(tx, &format!("key/{id}")) };
        (id, key)
    });
    let items = items.collect();
    paged(tx, input, "Keys", 100, items)
}

fn enable(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = find(tx, input.required("KeyId"))?;
    key.usable_in(tx, ALIVE)?;
    key.state = State::Enabled;
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn disable(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = find(tx, input.required("KeyId"))?;
    key.usable_in(tx, ALIVE)?;
    key.state = State::Disabled;
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn set_description(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = find(tx, input.required("KeyId"))?;
    key.usable_in(tx, ALIVE)?;
    key.description = input.required("Description").to_owned();
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn schedule(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let days = input.integer("PendingWindowInDays").unwrap_or(30);
    tx.enforce("kms.key.window", (7..=30).contains(&days), || {
        let bound = if days < 7 { "greater than or equal to 7" } else { "less than or equal to 30" };
        invalid(format!(
            "1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: \
             Member must have value {bound}"
        ))
    })?;
    let mut key = find(tx, input.required("KeyId"))?;
    key.usable_in(tx, ALIVE)?;
    let wait = SignedDuration::from_hours(24 * days);
    key.state = State::PendingDeletion;
    key.deletion = Some((tx.now() + wait, days));
    tx.after(wait, "kms.key.deleted", &key.id);
    tx.put(key.clone());
    Ok(record! {
        "KeyId" => key.arn(tx),
        "DeletionDate" => key.deletion.map(|(at, _)| at),
        "KeyState" => "PendingDeletion",
        "PendingWindowInDays" => days,
    })
}

fn cancel(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = find(tx, input.required("KeyId"))?;
    // A disabled key says that it waits for nothing too.
    tx.enforce("kms.key.state", key.state == State::PendingDeletion, || {
        Refusal::new("KMSInvalidStateException", format!("{} is not pending deletion.", key.arn(tx)))
    })?;
    // <https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html>: it is disabled afterwards.
    key.state = State::Disabled;
    key.deletion = None;
    tx.cancel("kms.key", &key.id);
    let arn = key.arn(tx);
    tx.put(key);
    Ok(record! { "KeyId" => arn })
}
