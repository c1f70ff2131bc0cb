//! What the types of AWS Backup have in common: how tags are read and changed, and how it says that a vault is not there.

use std::collections::{BTreeMap, HashMap};

use fathuss_engine::provider::{Failure, FailureClass, Standing, UpdateRequest};

use crate::call::{Call, Service};
use crate::client::Client;
use crate::gone::there;
use crate::mark::{self, TagChange};

/// A call of AWS Backup.
pub(crate) fn call(operation: &'static str) -> Call {
    Call::new(Service::Backup, operation)
}

/// What AWS answers about a vault that is not there, so as not to tell that it isn't.
const UNTOLD: &str = "Insufficient privileges to perform this action";

/// A call about one vault.
pub(crate) fn call_on_vault(operation: &'static str) -> Call {
    call(operation).expects("AccessDeniedException", UNTOLD)
}

/// Whether a call about one vault was answered that it is not there.
pub(crate) fn is_no_vault(failure: &Failure) -> bool {
    failure.class == FailureClass::NotYet && failure.message.contains(UNTOLD)
}

/// The tags of what has this ARN; none where it is gone. A resource has 50 at most, which are one page.
pub(crate) async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let answer = there(client.send(call("ListTags"), client.backup.list_tags().resource_arn(arn).send()).await)?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

/// Tags as AWS Backup takes them.
pub(crate) fn written(tags: BTreeMap<String, String>) -> HashMap<String, String> {
    tags.into_iter().collect()
}

/// Makes the tags of what has this ARN those that are wanted.
pub(crate) async fn retag(
    client: &Client,
    arn: &str,
    standing: &Standing,
    change: &UpdateRequest,
) -> Result<(), Failure> {
    let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
    let sending = client.backup.tag_resource().resource_arn(arn).set_tags(Some(written(set))).send();
    client.send(call("TagResource"), sending).await?;
    if !gone.is_empty() {
        let sending = client.backup.untag_resource().resource_arn(arn).set_tag_key_list(Some(gone)).send();
        client.send(call("UntagResource"), sending).await?;
    }
    Ok(())
}
