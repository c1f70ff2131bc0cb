//! Dashboards: an account's, in every region the same.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{dashboard_body, missing, paged, tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("PutDashboard", put), ("GetDashboard", get), ("ListDashboards", list), ("DeleteDashboards", delete)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "cloudwatch.dashboard.name",
    "a name has 1 to 255 letters, digits, - and _",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
)];

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// Its widgets, as JSON.
    pub body: String,
    /// When it was last put.
    pub modified: Timestamp,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for Dashboard {
    const TABLE: &'static str = "cloudwatch.dashboard";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.name.clone()
    }
}

/// The ARN of the dashboard of that name.
pub(super) fn arn(tx: &Tx<'_>, name: &str) -> String {
    format!("arn:aws:cloudwatch::{}:dashboard/{name}", tx.account())
}

fn named<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<&'i str, Refusal> {
    let name = input.required("DashboardName");
    let sound = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let is_name = (1..=255).contains(&name.len()) && name.chars().all(sound);
    tx.enforce("cloudwatch.dashboard.name", is_name, || {
        Refusal::new(
            "InvalidParameterValue",
            "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash \
             (-) and underscore (_).\n",
        )
    })?;
    Ok(name)
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = named(tx, input)?;
    let body = input.text("DashboardBody").unwrap_or_default();
    let remarks = dashboard_body::check(tx, body)?;
    let given = tags::read(tx, input)?;
    tags::within(tx, &given)?;
    // What is put again keeps the tags that it has.
    let tags = tx.get::<Dashboard>(name).map_or(given, |known| known.tags.clone());
    tx.put(Dashboard { name: name.to_owned(), body: body.to_owned(), modified: tx.now(), tags });
    Ok(record! { "DashboardValidationMessages" => remarks })
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = named(tx, input)?;
    let dashboard = tx.get::<Dashboard>(name);
    let dashboard = dashboard.ok_or_else(|| missing(format!("Dashboard {name} does not exist")))?;
    Ok(record! {
        "DashboardArn" => arn(tx, name),
        "DashboardBody" => &dashboard.body,
        "DashboardName" => name,
    })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let prefix = input.text("DashboardNamePrefix").unwrap_or_default();
    let found = tx.rows::<Dashboard>().filter(|dashboard| dashboard.name.starts_with(prefix));
    let items = found.map(|dashboard| {
        let entry = record! {
            "DashboardName" => &dashboard.name,
            "DashboardArn" => arn(tx, &dashboard.name),
            "LastModified" => dashboard.modified,
            "Size" => i64::try_from(dashboard.body.len()).unwrap_or(i64::MAX),
        };
        (dashboard.name.clone(), entry)
    });
    let items = items.collect();
    let page = paged(tx, input, items, 1_000)?;
    Ok(record! { "DashboardEntries" => page.items, "NextToken" => page.next })
}

/// The operation declares no error for what is not there.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    for name in input.texts("DashboardNames") {
        tx.remove::<Dashboard>(name);
    }
    Ok(Value::Record(Record::new()))
}
