//! How long a backup is kept: in which days it goes to cold storage, and when it is deleted.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const PAGE: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("backup.rule.kept", "a backup is kept for 1 to 36,500 days", PAGE),
    Rule::new("backup.rule.cold", "what is moved to cold storage stays there for 90 days", PAGE),
];

/// How long a backup is kept, in days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// After how many it goes to cold storage.
    pub cold: Option<i64>,
    /// After how many it is deleted.
    pub deleted: Option<i64>,
    /// Whether what can be archived is.
    pub archives: Option<bool>,
}

impl Lifecycle {
    /// What a request gives. What takes away a lifetime is -1 of each.
    pub(super) fn read(given: &Input<'_>) -> Option<Lifecycle> {
        let lifecycle = given.record("Lifecycle")?;
        let days = |name: &str| lifecycle.integer(name).filter(|days| *days != -1);
        let read = Lifecycle {
            cold: days("MoveToColdStorageAfterDays"),
            deleted: days("DeleteAfterDays"),
            archives: lifecycle.bool("OptInToArchiveForSupportedResources"),
        };
        Some(read).filter(|read| *read != Lifecycle::default())
    }

    /// What a request for a job gives, where a backup can be kept so.
    ///
    /// # Errors
    /// Otherwise.
    pub(super) fn sound(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<Lifecycle>, Refusal> {
        let lifecycle = Self::read(input);
        if let Some(lifecycle) = &lifecycle {
            lifecycle.check(tx, &|why| super::invalid(why))?;
        }
        Ok(lifecycle)
    }

    /// Refuses what no backup can be kept for; `wrong` says where that stands.
    ///
    /// # Errors
    /// In that case.
    pub(super) fn check(&self, tx: &Tx<'_>, wrong: &dyn Fn(&str) -> Refusal) -> Result<(), Refusal> {
        // <https://github.com/hashicorp/terraform-provider-aws/issues/24960>
        tx.enforce("backup.rule.kept", self.deleted.is_none_or(|days| (1..=36_500).contains(&days)), || {
            wrong("Invalid lifecycle. DeleteAfterDays cannot be less than 1 or more than 36500 days")
        })?;
        // <https://github.com/hashicorp/terraform-provider-aws/pull/7350>
        let apart = match (self.cold, self.deleted) {
            (Some(cold), Some(deleted)) => deleted >= cold + 90,
            _ => true,
        };
        tx.enforce("backup.rule.cold", apart, || {
            wrong(
                "Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays",
            )
        })
    }

    pub(super) fn view(&self) -> Value {
        record! {
            "MoveToColdStorageAfterDays" => self.cold,
            "DeleteAfterDays" => self.deleted,
            "OptInToArchiveForSupportedResources" => self.archives,
        }
    }

    /// When a backup of that time goes to cold storage. Of what is simulated only volumes' backups can, and those where
    /// that is asked for: <https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html>.
    pub(super) fn cold_at(&self, made: Timestamp, kind: &str) -> Option<Timestamp> {
        let days = self.cold.filter(|_| kind == "EBS" && self.archives == Some(true))?;
        after(made, days)
    }

    /// When a backup of that time is deleted.
    pub(super) fn deleted_at(&self, made: Timestamp) -> Option<Timestamp> {
        after(made, self.deleted?)
    }
}

fn after(made: Timestamp, days: i64) -> Option<Timestamp> {
    made.checked_add(SignedDuration::from_hours(days.checked_mul(24)?)).ok()
}
