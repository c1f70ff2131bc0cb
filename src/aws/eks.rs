//! What EKS's types share: identities of two parts, tags, health, and updates that take a while.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_eks::types::{Update, UpdateStatus};
use fathuss_engine::provider::{Failure, FailureClass, Progress, Standing, UpdateRequest};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::refused;
use crate::gone::waiting;
use crate::mark::{self, TagChange};

/// As EKS takes tags.
pub(crate) fn written(tags: BTreeMap<String, String>) -> HashMap<String, String> {
    tags.into_iter().collect()
}

/// As EKS answers tags.
pub(crate) fn read(tags: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    tags.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Sends what an update changes in the tags of `arn`, if it changes them.
pub(crate) async fn update_tags(
    client: &Client,
    arn: &str,
    standing: &Standing,
    change: &UpdateRequest,
) -> Result<(), Failure> {
    let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
    let sending = client.eks.tag_resource().resource_arn(arn).set_tags(Some(written(set))).send();
    client.send(Call::eks("TagResource"), sending).await?;
    if !gone.is_empty() {
        let sending = client.eks.untag_resource().resource_arn(arn).set_tag_keys(Some(gone)).send();
        client.send(Call::eks("UntagResource"), sending).await?;
    }
    Ok(())
}

/// A cluster's name and what is named inside it, as people type them at an import.
pub(crate) fn identity(cluster: &str, name: &str) -> Identity {
    Identity(format!("{cluster}:{name}"))
}

/// The two parts: a cluster's name holds no colon.
pub(crate) fn parts(identity: &Identity) -> Result<(&str, &str), Failure> {
    identity.0.split_once(':').ok_or_else(|| {
        refused("InvalidIdentity", format!("`{identity}` is not a cluster's name, a colon and what is in the cluster"))
    })
}

/// A call that names a role: one that was made a moment ago is unknown to EKS at first, or can't be assumed yet.
pub(crate) fn with_role(call: Call) -> Call {
    ["does not exist", "could not be", "cannot be assumed", "trust", "role params", "invalid principal"]
        .into_iter()
        .fold(call, |call, words| call.expects("InvalidParameterException", words))
}

/// A change while another one runs: EKS does one at a time.
pub(crate) fn one_at_a_time(call: Call) -> Call {
    call.expects("ResourceInUseException", "")
}

/// The token of one change: the operation's, and the change's own name, since an operation may take several calls.
pub(crate) fn token(standing: &Standing, change: &str) -> String {
    // EKS states no limit; 64 characters are what EC2 takes.
    let mut token = standing.token.clone();
    token.truncate(40);
    format!("{token}-{change}")
}

/// A creation that names what is there already, and was not this one: EKS would have answered the same token with success.
pub(crate) fn taken(failure: Failure, identity: &str) -> Failure {
    if failure.code != "ResourceInUseException" || !failure.message.contains("already") {
        return failure;
    }
    let hint = format!(
        "it exists and is not managed by this state: give another name, or take it over with its import id `{identity}`"
    );
    Failure { hint: Some(hint), ..failure }
}

/// How a change goes. The same token answers with the same update, so one that failed is not begun again.
pub(crate) fn progress(operation: &str, update: Option<Update>) -> Result<Progress, Failure> {
    let Some(update) = update else { return Ok(waiting("UPDATING")) };
    match update.status {
        Some(UpdateStatus::Failed | UpdateStatus::Cancelled) => {
            let reasons = update.errors.unwrap_or_default().into_iter().map(|error| {
                let code = error.error_code.map(|code| code.as_str().to_owned()).unwrap_or_default();
                issue(&code, error.error_message.as_deref(), error.resource_ids.unwrap_or_default())
            });
            let code = update.status.as_ref().map_or("Failed", UpdateStatus::as_str);
            Err(Failure {
                class: FailureClass::Refused,
                service: Service::Eks.name().to_owned(),
                operation: operation.to_owned(),
                code: format!("Update{code}"),
                message: said(reasons, "EKS gives no reason"),
                request_id: None,
                hint: None,
            })
        }
        Some(UpdateStatus::InProgress) | Some(_) | None => Ok(waiting("UPDATING")),
    }
}

/// One health issue in a line.
pub(crate) fn issue(code: &str, message: Option<&str>, resources: Vec<String>) -> String {
    let mut text = code.to_owned();
    if let Some(message) = message {
        text = format!("{text}: {message}");
    }
    if !resources.is_empty() {
        text = format!("{text} ({})", resources.join(", "));
    }
    text
}

/// Issues in a line, or what stands for none.
pub(crate) fn said(issues: impl IntoIterator<Item = String>, none: &str) -> String {
    let issues: Vec<String> = issues.into_iter().collect();
    if issues.is_empty() { none.to_owned() } else { issues.join("; ") }
}
