//! Tags of certificates.

use super::certificate::find;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AddTagsToCertificate", add), ("RemoveTagsFromCertificate", remove), ("ListTagsForCertificate", list)];

const PAGE: &str = "https://docs.aws.amazon.com/acm/latest/APIReference/API_AddTagsToCertificate.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("acm.tags.key", "tag keys are unique, and none begins with aws:", PAGE),
    Rule::new("acm.tags.limit", "a certificate has at most 50 tags", PAGE),
];

/// The tags of a request. No source has the words of its refusals.
///
/// # Errors
/// `InvalidTagException`, `InvalidParameterException`.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.text("Value").unwrap_or_default());
        tx.enforce("acm.tags.key", !key.to_ascii_lowercase().starts_with("aws:"), || {
            Refusal::new("InvalidTagException", "aws: prefixed tag key names are not allowed for external use.")
        })?;
        tx.enforce("acm.tags.key", tags.iter().all(|(known, _)| known != key), || {
            Refusal::new("InvalidParameterException", format!("Duplicate tag key: {key}"))
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut certificate = find(tx, input.required("CertificateArn"))?;
    for (key, value) in read(tx, input)? {
        match certificate.tags.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => certificate.tags.push((key, value)),
        }
    }
    tx.enforce("acm.tags.limit", certificate.tags.len() <= 50, || {
        Refusal::new("TooManyTagsException", "The request contains too many tags: a certificate has at most 50.")
    })?;
    tx.put(certificate);
    Ok(Value::Record(Record::new()))
}

/// A tag whose value is given goes only where it has that value.
fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut certificate = find(tx, input.required("CertificateArn"))?;
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.text("Value"));
        certificate.tags.retain(|(known, has)| known != key || value.is_some_and(|value| value != has));
    }
    tx.put(certificate);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let certificate = find(tx, input.required("CertificateArn"))?;
    let tags = certificate.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value });
    Ok(record! { "Tags" => tags.collect::<Vec<_>>() })
}
