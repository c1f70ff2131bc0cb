//! Log groups: made by customers, and by the services that write to groups of their own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{arn, encryption, invalid, tags, writer};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateLogGroup", create),
    ("DescribeLogGroups", describe),
    ("DeleteLogGroup", delete),
    ("PutLogGroupDeletionProtection", protect),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html";
const DESCRIBE: &str =
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("logs.group.exists", "names are unique in account and region", CREATE),
    Rule::new("logs.group.reserved", "names that begin with aws/ are AWS's own", CREATE),
    Rule::new(
        "logs.group.quota",
        "an account has 1,000,000 log groups in a region",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html",
    ),
    Rule::new(
        "logs.group.protected",
        "a protected log group is not deleted",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html",
    ),
    Rule::new(
        "logs.group.identifier",
        "an identifier is a name, or an ARN of the account and region",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html",
    ),
    Rule::new("logs.group.selection", "groups are listed by one kind of name", DESCRIBE),
];

/// Which features a group has, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Class {
    /// All of them.
    Standard,
    /// Some of them, for less.
    InfrequentAccess,
    /// Only to pass on what functions write.
    Delivery,
}

impl Class {
    fn read(word: Option<&str>) -> Class {
        match word {
            Some("INFREQUENT_ACCESS") => Class::InfrequentAccess,
            Some("DELIVERY") => Class::Delivery,
            _ => Class::Standard,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Class::Standard => "STANDARD",
            Class::InfrequentAccess => "INFREQUENT_ACCESS",
            Class::Delivery => "DELIVERY",
        }
    }
}

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Its class, which never changes.
    pub class: Class,
    /// The days that events are kept; for ever where there are none.
    pub retention: Option<i64>,
    /// The ARN of its KMS key.
    pub key: Option<String>,
    /// Whether it is not deleted.
    pub protected: bool,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for LogGroup {
    const TABLE: &'static str = "logs.group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl LogGroup {
    /// A group as it is without any wish.
    #[must_use]
    pub fn plain(name: &str, created: Timestamp) -> LogGroup {
        LogGroup {
            name: name.to_owned(),
            created,
            class: Class::Standard,
            retention: None,
            key: None,
            protected: false,
            tags: Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let arn = arn(tx, &self.name);
        record! {
            "logGroupName" => &self.name,
            "creationTime" => self.created.as_millisecond(),
            "retentionInDays" => self.retention,
            "metricFilterCount" => 0_i64,
            "arn" => format!("{arn}:*"),
            "storedBytes" => 0_i64,
            "kmsKeyId" => self.key.clone(),
            "logGroupClass" => self.class.word(),
            "logGroupArn" => arn,
            "deletionProtectionEnabled" => self.protected,
        }
    }
}

/// The group of that name.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Result<LogGroup, Refusal> {
    let missing = || Refusal::new("ResourceNotFoundException", "The specified log group does not exist.");
    tx.get::<LogGroup>(name).cloned().ok_or_else(missing)
}

/// The name in an identifier, which is a name or an ARN.
fn name_in<'g>(tx: &Tx<'_>, identifier: &'g str) -> Result<&'g str, Refusal> {
    if !identifier.starts_with("arn:") {
        return Ok(identifier);
    }
    let own = arn(tx, "");
    let name = identifier.strip_prefix(own.as_str());
    // No page has the words for an ARN of elsewhere.
    tx.enforce("logs.group.identifier", name.is_some(), || invalid("The specified log group identifier is invalid."))?;
    Ok(name.unwrap_or(identifier))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("logGroupName");
    tx.enforce("logs.group.reserved", !name.to_ascii_lowercase().starts_with("aws/"), || {
        invalid("Log groups starting with AWS/ are reserved for AWS.")
    })?;
    let tags = tags::read(tx, input)?;
    let key = encryption::key(tx, input.text("kmsKeyId"), name)?;
    tx.enforce("logs.group.exists", tx.get::<LogGroup>(name).is_none(), || {
        Refusal::new("ResourceAlreadyExistsException", "The specified log group already exists")
    })?;
    let most = tx.quota("logs.groups");
    tx.enforce("logs.group.quota", tx.count::<LogGroup>() < most, || {
        Refusal::new("LimitExceededException", "Resource limit exceeded.")
    })?;
    let class = Class::read(input.text("logGroupClass"));
    tx.put(LogGroup {
        class,
        // What waits to be delivered is kept for as long as a delivery takes at most, and no other time is shown.
        retention: (class == Class::Delivery).then_some(2),
        key,
        protected: input.flag("deletionProtectionEnabled"),
        tags,
        ..LogGroup::plain(name, tx.now())
    });
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.flag("includeLinkedAccounts") {
        return Err(Refusal::not_simulated("logs DescribeLogGroups of linked accounts"));
    }
    let (prefix, pattern) = (input.text("logGroupNamePrefix"), input.text("logGroupNamePattern"));
    let rule = "logs.group.selection";
    tx.enforce(rule, prefix.is_none() || pattern.is_none(), || {
        invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    })?;
    let class = input.text("logGroupClass");
    let identifiers = input.texts("logGroupIdentifiers");
    let alone = prefix.is_none() && pattern.is_none() && class.is_none();
    tx.enforce(rule, identifiers.is_empty() || alone, || {
        invalid("LogGroup identifiers and other filters are mutually exclusive parameters.")
    })?;
    let names = identifiers.iter().map(|given| name_in(tx, given)).collect::<Result<Vec<_>, _>>()?;
    let wanted = |group: &&LogGroup| {
        prefix.is_none_or(|prefix| group.name.starts_with(prefix))
            && pattern.is_none_or(|pattern| group.name.contains(pattern))
            && class.is_none_or(|class| group.class.word() == class)
            && (names.is_empty() || names.contains(&group.name.as_str()))
    };
    let items = tx.rows::<LogGroup>().filter(wanted).map(|group| (group.name.clone(), group.view(tx))).collect();
    let size = usize::try_from(input.integer("limit").unwrap_or(50)).ok();
    let token = input.text("nextToken").filter(|_| tx.rule("logs.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, size)
        .map_err(|_| invalid("The specified nextToken is invalid."))?;
    Ok(record! { "logGroups" => page.items, "nextToken" => page.next })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = find(tx, input.required("logGroupName"))?;
    // The code is declared for this operation; no source has the words.
    tx.enforce("logs.group.protected", !group.protected, || {
        Refusal::new("ValidationException", "The log group cannot be deleted because deletion protection is enabled.")
    })?;
    tx.remove::<LogGroup>(&group.name);
    writer::goes_on(tx, &group.name);
    Ok(Value::Record(Record::new()))
}

fn protect(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = name_in(tx, input.required("logGroupIdentifier"))?;
    let mut group = find(tx, name)?;
    group.protected = input.flag("deletionProtectionEnabled");
    tx.put(group);
    Ok(Value::Record(Record::new()))
}
