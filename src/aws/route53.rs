//! What Route 53's types share: record sets as it lists and changes them, and names as it writes them.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
use fathuss_engine::provider::Failure;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::refused;

/// A call of Route 53.
pub(crate) fn call(operation: &'static str) -> Call {
    Call::new(Service::Route53, operation)
}

/// The answer, or nothing where there is no such zone.
pub(crate) fn in_zone<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.code == "NoSuchHostedZone" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// An id without what answers write before it.
pub(crate) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A name in one form: lower case, without the dot at its end, and without escapes that need not be.
pub(crate) fn plain(name: &str) -> String {
    let (mut text, mut rest) = (String::new(), name.strip_suffix('.').unwrap_or(name));
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let octal = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        rest = match octal {
            // A dot or a backslash that stands for itself has to stay an escape, as what no text shows.
            Some(byte) if byte.is_ascii_graphic() && !b".\\".contains(&byte) => {
                text.push(char::from(byte));
                &after[3..]
            }
            _ => {
                text.push('\\');
                after
            }
        };
    }
    text.push_str(rest);
    text.to_ascii_lowercase()
}

/// A name as it was given, where what is there is the same, and else as it is there.
pub(crate) fn shown(given: Option<&str>, there: &str) -> String {
    let there = plain(there);
    given.filter(|given| plain(given) == there).map_or(there, str::to_owned)
}

/// All record sets of a zone; none where it is gone.
pub(crate) async fn record_sets(client: &Client, zone: &str) -> Result<Option<Vec<ResourceRecordSet>>, Failure> {
    let mut found = Vec::new();
    let (mut name, mut kind, mut identifier) = (None, None, None);
    loop {
        let sending = client
            .route53
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .set_start_record_name(name)
            .set_start_record_type(kind)
            .set_start_record_identifier(identifier)
            .send();
        let Some(answer) = in_zone(client.send(call("ListResourceRecordSets"), sending).await)? else {
            return Ok(None);
        };
        found.extend(answer.resource_record_sets);
        if !answer.is_truncated {
            return Ok(Some(found));
        }
        (name, kind, identifier) = (answer.next_record_name, answer.next_record_type, answer.next_record_identifier);
    }
}

/// The record sets of a zone from one name and type on, as many as asked for; none where the zone is gone.
pub(crate) async fn record_sets_from(
    client: &Client,
    zone: &str,
    name: &str,
    kind: &str,
    identifier: Option<&str>,
    most: i32,
) -> Result<Option<Vec<ResourceRecordSet>>, Failure> {
    let sending = client
        .route53
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(name)
        .start_record_type(RrType::from(kind))
        .set_start_record_identifier(identifier.map(str::to_owned))
        .max_items(most)
        .send();
    let answer = in_zone(client.send(call("ListResourceRecordSets"), sending).await)?;
    Ok(answer.map(|answer| answer.resource_record_sets))
}

/// Sends changes of a zone's record sets, all or none of which are made.
pub(crate) async fn change(
    client: &Client,
    zone: &str,
    changes: Vec<(ChangeAction, ResourceRecordSet)>,
) -> Result<(), Failure> {
    let invalid = |error: aws_sdk_route53::error::BuildError| refused("InvalidField", error.to_string());
    let mut batch = ChangeBatch::builder();
    for (action, set) in changes {
        batch = batch.changes(Change::builder().action(action).resource_record_set(set).build().map_err(invalid)?);
    }
    let batch = batch.build().map_err(invalid)?;
    let sending = client.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send();
    client.send(call("ChangeResourceRecordSets"), sending).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form_whatever_their_case_end_and_escapes() {
        for (given, form) in [
            ("Example.COM.", "example.com"),
            ("\\052.example.com.", "*.example.com"),
            ("*.example.com", "*.example.com"),
            ("a\\056b.example.com", "a\\056b.example.com"),
            ("a\\040b.example.com.", "a\\040b.example.com"),
            ("_x.test", "_x.test"),
        ] {
            assert_eq!(plain(given), form);
        }
        assert_eq!(shown(Some("A.test."), "a.test."), "A.test.");
        assert_eq!(shown(Some("b.test"), "a.test."), "a.test");
    }
}
