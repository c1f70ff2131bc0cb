//! What EC2 makes with its VPC and keeps as long as the VPC: it is found, marked once it is as it is wanted, and let go.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Tag;
use fathuss_engine::provider::{Failure, FailureClass, Progress};
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::gone::once_accepted;
use crate::mark::{ADDRESS, GENERATION, LINEAGE};
use crate::tag;

/// The identity of what was found; of what is not visible yet that it is waited for, under this code and name.
pub(crate) fn found(id: Option<String>, code: &str, what: &str) -> Result<Identity, Failure> {
    id.map(Identity).ok_or_else(|| Failure {
        class: FailureClass::NotYet,
        ..refused(code, format!("the VPC's {what} is not visible yet"))
    })
}

/// Whether one of these tags lacks or has another value.
pub(crate) fn lacks(has: &[Tag], tags: &BTreeMap<String, String>) -> bool {
    let has = tag::read(has);
    tags.iter().any(|(key, value)| has.get(key) != Some(value))
}

/// Takes the mark off: the thing goes with its VPC.
pub(crate) async fn let_go(client: &Client, id: &Identity) -> Result<Progress, Failure> {
    let mark = [LINEAGE, ADDRESS, GENERATION].map(|key| Tag::builder().key(key).build());
    let sending = client.ec2.delete_tags().resources(&id.0).set_tags(Some(mark.to_vec())).send();
    once_accepted(client.send(Call::ec2("DeleteTags"), sending).await)
}
