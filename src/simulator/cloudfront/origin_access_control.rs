//! Origin access controls: how a distribution signs what it asks an origin.

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::{invalid, listed, matches, new_id};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateOriginAccessControl", create),
    ("GetOriginAccessControl", get),
    ("GetOriginAccessControlConfig", get_config),
    ("ListOriginAccessControls", list),
    ("UpdateOriginAccessControl", update),
    ("DeleteOriginAccessControl", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateOriginAccessControl.html";
const CONFIG: &str = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.control.name", "a name has 1 to 64 characters, and is of one control", CREATE),
    Rule::new("cloudfront.control.signing", "controls sign by sigv4, and of those words that there are", CONFIG),
    Rule::new(
        "cloudfront.control.quota",
        "an account has 100 origin access controls",
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html",
    ),
    Rule::new(
        "cloudfront.control.used",
        "a control that a distribution has is not deleted",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteOriginAccessControl.html",
    ),
];

/// An origin access control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginAccessControl {
    /// Its id.
    pub id: String,
    /// What it is named by to be changed.
    pub etag: String,
    /// Its name.
    pub name: String,
    /// What is said of it.
    pub description: String,
    /// `always`, `never` or `no-override`.
    pub signing: String,
    /// The kind of its origins.
    pub origin: String,
}

impl Row for OriginAccessControl {
    const TABLE: &'static str = "cloudfront.control";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl OriginAccessControl {
    fn config(&self) -> Value {
        record! {
            "Name" => &self.name,
            "Description" => &self.description,
            "SigningProtocol" => "sigv4",
            "SigningBehavior" => &self.signing,
            "OriginAccessControlOriginType" => &self.origin,
        }
    }

    fn view(&self) -> Value {
        record! { "Id" => &self.id, "OriginAccessControlConfig" => self.config() }
    }

    /// Takes what a request says over.
    fn set(&mut self, tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
        let config = input.record("OriginAccessControlConfig");
        let text = |name: &str| config.as_ref().and_then(|config| config.text(name)).unwrap_or_default();
        let name = text("Name");
        tx.enforce("cloudfront.control.name", (1..=64).contains(&name.chars().count()), || {
            invalid("The parameter Name is not valid: it has 1 to 64 characters.")
        })?;
        let taken = tx.rows::<OriginAccessControl>().any(|other| other.name == name && other.id != self.id);
        tx.enforce("cloudfront.control.name", !taken, || {
            let message = "An origin access control with the same name already exists.";
            Refusal::new("OriginAccessControlAlreadyExists", message)
        })?;
        let (protocol, signing) = (text("SigningProtocol"), text("SigningBehavior"));
        tx.enforce("cloudfront.control.signing", protocol == "sigv4" && signing != "always-amz-auth", || {
            invalid(format!("The parameter SigningProtocol or SigningBehavior is not valid: {protocol}, {signing}"))
        })?;
        name.clone_into(&mut self.name);
        text("Description").clone_into(&mut self.description);
        signing.clone_into(&mut self.signing);
        text("OriginAccessControlOriginType").clone_into(&mut self.origin);
        Ok(())
    }
}

fn find(tx: &Tx<'_>, id: &str) -> Result<OriginAccessControl, Refusal> {
    let missing = || Refusal::new("NoSuchOriginAccessControl", "The specified origin access control does not exist.");
    tx.get::<OriginAccessControl>(id).cloned().ok_or_else(missing)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (id, etag) = (new_id(tx), new_id(tx));
    let empty = String::new;
    let mut control =
        OriginAccessControl { id, etag, name: empty(), description: empty(), signing: empty(), origin: empty() };
    control.set(tx, input)?;
    let most = tx.quota("cloudfront.origin-access-controls");
    tx.enforce("cloudfront.control.quota", tx.count::<OriginAccessControl>() < most, || {
        let message =
            "The number of origin access controls in your Amazon Web Services account exceeds the maximum allowed.";
        Refusal::new("TooManyOriginAccessControls", message)
    })?;
    let answer = record! {
        "OriginAccessControl" => control.view(),
        "Location" => format!("https://cloudfront.amazonaws.com/2020-05-31/origin-access-control/{}", control.id),
        "ETag" => &control.etag,
    };
    tx.put(control);
    Ok(answer)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let control = find(tx, input.required("Id"))?;
    Ok(record! { "OriginAccessControl" => control.view(), "ETag" => &control.etag })
}

fn get_config(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let control = find(tx, input.required("Id"))?;
    Ok(record! { "OriginAccessControlConfig" => control.config(), "ETag" => &control.etag })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let item = |control: &OriginAccessControl| {
        let mut item = control.config();
        item.set("Id", control.id.as_str());
        (control.id.clone(), item)
    };
    let items = tx.rows::<OriginAccessControl>().map(item).collect();
    Ok(record! { "OriginAccessControlList" => listed(tx, input, items)? })
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut control = find(tx, input.required("Id"))?;
    matches(tx, input.text("IfMatch"), &control.etag)?;
    control.set(tx, input)?;
    control.etag = new_id(tx);
    let answer = record! { "OriginAccessControl" => control.view(), "ETag" => &control.etag };
    tx.put(control);
    Ok(answer)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let control = find(tx, input.required("Id"))?;
    matches(tx, input.text("IfMatch"), &control.etag)?;
    let used = tx.rows::<Distribution>().any(|distribution| distribution.controls().contains(&control.id.as_str()));
    tx.enforce("cloudfront.control.used", !used, || {
        let message = "Cannot delete the origin access control because it's in use by one or more distributions.";
        Refusal::new("OriginAccessControlInUse", message)
    })?;
    tx.remove::<OriginAccessControl>(&control.id);
    Ok(Value::Record(Record::new()))
}
