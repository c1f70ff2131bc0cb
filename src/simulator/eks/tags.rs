//! EKS's tags: a map on each cluster, node group, addon, access entry and association, reached by its ARN.

use indexmap::IndexMap;

use super::access_entry::AccessEntry;
use super::addon::Addon;
use super::cluster::Cluster;
use super::fargate_profile::FargateProfile;
use super::invalid;
use super::node_group::NodeGroup;
use super::pod_identity::PodIdentityAssociation;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

const PAGE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/eks-using-tags.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.tags.reserved", "keys beginning with aws: are AWS's own", PAGE),
    Rule::new("eks.tags.limit", "a resource has at most 50 tags", PAGE),
];

/// Tags by key.
pub type Tags = IndexMap<String, String>;

/// A request's tags.
///
/// # Errors
/// When a key is AWS's own, or there are too many.
pub fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    if let Value::Record(given) = input.whole("tags") {
        for (key, value) in given {
            tx.enforce("eks.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
                invalid("Tag keys beginning with aws: are reserved for system use.")
            })?;
            tags.insert(key.clone(), value.text().unwrap_or_default().to_owned());
        }
    }
    within(tx, &tags)?;
    Ok(tags)
}

fn within(tx: &Tx<'_>, tags: &Tags) -> Result<(), Refusal> {
    tx.enforce("eks.tags.limit", tags.len() <= 50, || {
        Refusal::new("BadRequestException", "The number of tags exceeds the limit of 50.")
    })
}

/// The tags as answers show them.
#[must_use]
pub fn view(tags: &Tags) -> Value {
    Value::Record(tags.iter().map(|(key, value)| (key.clone(), Value::from(value))).collect())
}

/// Changes the tags of what an ARN names; gives the ones it has then.
fn on(tx: &mut Tx<'_>, arn: &str, change: &dyn Fn(&mut Tags)) -> Result<Tags, Refusal> {
    let home = format!("arn:aws:eks:{}:{}:", tx.region(), tx.account());
    let Some(resource) = arn.strip_prefix(&home) else {
        return Err(Refusal::new("BadRequestException", format!("Invalid resource ARN: {arn}")));
    };
    let parts: Vec<&str> = resource.split('/').collect();
    let found = match parts.as_slice() {
        ["cluster", name] => tx.change_part::<Cluster, _>(name, |row| &mut row.tags, change),
        ["nodegroup", cluster, name, _] => {
            tx.change_part::<NodeGroup, _>(&format!("{cluster}/{name}"), |row| &mut row.tags, change)
        }
        ["fargateprofile", cluster, name, _] => {
            tx.change_part::<FargateProfile, _>(&format!("{cluster}/{name}"), |row| &mut row.tags, change)
        }
        ["addon", cluster, name, _] => {
            tx.change_part::<Addon, _>(&format!("{cluster}/{name}"), |row| &mut row.tags, change)
        }
        ["podidentityassociation", cluster, id] => {
            tx.change_part::<PodIdentityAssociation, _>(&format!("{cluster}/{id}"), |row| &mut row.tags, change)
        }
        ["access-entry", cluster, ..] => {
            let id = tx.rows_under::<AccessEntry>(&format!("{cluster}/")).find(|entry| entry.arn == arn).map(Row::id);
            id.and_then(|id| tx.change_part::<AccessEntry, _>(&id, |row| &mut row.tags, change))
        }
        _ => return Err(Refusal::new("BadRequestException", format!("Invalid resource ARN: {arn}"))),
    };
    found.ok_or_else(|| Refusal::new("NotFoundException", format!("No resource found for ARN: {arn}")))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = read(tx, input)?;
    let tags = on(tx, input.required("resourceArn"), &|tags| tags.extend(given.clone()))?;
    within(tx, &tags)?;
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gone = input.texts("tagKeys");
    on(tx, input.required("resourceArn"), &|tags| tags.retain(|key, _| !gone.contains(&key.as_str())))?;
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let tags = on(tx, input.required("resourceArn"), &|_| {})?;
    Ok(record! { "tags" => view(&tags) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    #[tokio::test(start_paused = true)]
    async fn tags_are_set_listed_and_taken_away_by_arn() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let path = "/tags/arn%3Aaws%3Aeks%3Aus-east-1%3A000000000000%3Acluster%2Fc";
        client.eks("POST", path, Some(json!({"tags": {"a": "1", "b": "2"}}))).await;
        client.eks("DELETE", &format!("{path}?tagKeys=a"), None).await;
        assert_eq!(client.eks("GET", path, None).await["tags"], json!({"b": "2"}));
        assert_eq!(ground.shown("c").await["tags"], json!({"b": "2"}));
        let none = path.replace("%2Fc", "%2Fnone");
        let refused = client.rest("eks", "GET", &none, None).await;
        assert_eq!((refused.status, refused.code.as_str()), (404, "NotFoundException"));
        let reserved = Some(json!({"tags": {"aws:x": "1"}}));
        let refused = client.rest("eks", "POST", path, reserved).await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidParameterException"));
    }
}
