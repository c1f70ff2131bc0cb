//! EC2's tags: set by the creating call, read from answers, changed in place.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use fathuss_engine::provider::{Attributes, Failure, Mark, Standing, UpdateRequest};

use crate::call::Call;
use crate::client::Client;
use crate::mark;

/// The tags that a creating call sets: the resource's own and the mark.
pub(crate) fn specification(
    kind: ResourceType,
    mark: &Mark,
    desired: &Attributes,
) -> Result<TagSpecification, Failure> {
    Ok(specification_of(kind, mark::tags_with(mark, desired)?))
}

/// These tags, for a creating call.
pub(crate) fn specification_of(kind: ResourceType, tags: BTreeMap<String, String>) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(written(tags))).build()
}

/// As EC2 takes them.
pub(crate) fn written(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// As EC2 answers them.
pub(crate) fn read(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default()))).collect()
}

/// Sends what an update changes in the tags of `id`, if it changes them. The mark is set again with them.
pub(crate) async fn update(
    client: &Client,
    id: &str,
    standing: &Standing,
    change: &UpdateRequest,
) -> Result<(), Failure> {
    let Some(change) = mark::tag_change(standing, change)? else { return Ok(()) };
    set(client, id, change.set).await?;
    if !change.gone.is_empty() {
        let gone = change.gone.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        let sending = client.ec2.delete_tags().resources(id).set_tags(Some(gone)).send();
        client.send(Call::ec2("DeleteTags"), sending).await?;
    }
    Ok(())
}

/// Sets these tags on `id`.
pub(crate) async fn set(client: &Client, id: &str, tags: BTreeMap<String, String>) -> Result<(), Failure> {
    let sending = client.ec2.create_tags().resources(id).set_tags(Some(written(tags))).send();
    client.send(Call::ec2("CreateTags").lagging(), sending).await?;
    Ok(())
}
