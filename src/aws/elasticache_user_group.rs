//! `aws_elasticache_user_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUserGroup.html>

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_elasticache::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{elasticache, mark};

/// The calls of `aws_elasticache_user_group`.
pub struct ElasticacheUserGroup;

const SCHEMA: &Schema = fathuss_model::aws::ElasticacheUserGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for ElasticacheUserGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeUserGroups` for all of a region, and one `ListTagsForResource` for each: it takes one ARN.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let groups = match by_name(&ids(requests), false, types::UserGroup::user_group_id, page(client)).await {
            Ok(groups) => groups,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        Batch::each(requests, async |request| match groups.get(&request.identity.0) {
            Some(group) if group.status() != Some("deleting") => {
                Ok(Some(observe(group, &elasticache::tags_of(client, group.arn()).await?)))
            }
            _ => Ok(None),
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let id = desired.text("user_group_id")?;
        let sending = client
            .elasticache
            .create_user_group()
            .user_group_id(id)
            .engine(desired.text("engine")?)
            .set_user_ids(Some(desired.texts("user_ids")?))
            .set_tags(Some(elasticache::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        client.send(Call::elasticache("CreateUserGroup").unseen("UserNotFound", ""), sending).await?;
        Ok(Identity(id.to_owned()))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let id = Fields::of(&request.desired.attributes).text("user_group_id")?.to_owned();
        let Some(group) = one(&id, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = elasticache::tags_of(client, group.arn()).await?;
        Ok(mark::owner(&request.mark, Some((id, tags))))
    }

    /// Waits until nothing changes, then sends what is due.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(group) = one(&standing.identity.0, page(client)).await? else { return Ok(waiting("not visible yet")) };
        match group.status() {
            Some("active") => {}
            status => return Ok(waiting(status.unwrap_or("creating"))),
        }
        let observed = observe(&group, &elasticache::tags_of(client, group.arn()).await?);
        if Differences::of(SCHEMA, &standing.desired.attributes, &observed).any(&["user_ids", "engine"]) {
            modify(client, standing, &observed).await?;
            return Ok(waiting("modifying"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// Tags; who is in is settle's.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        elasticache::update_tags(client, standing, change).await
    }

    /// ElastiCache refuses while a cache has it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(group) = one(&standing.identity.0, page(client)).await? else { return Ok(Progress::Gone) };
        if group.status() == Some("deleting") {
            return Ok(waiting("deleting"));
        }
        let sending = client.elasticache.delete_user_group().user_group_id(&standing.identity.0).send();
        let call = Call::elasticache("DeleteUserGroup").expects("InvalidUserGroupState", "");
        Ok(if there(client.send(call, sending).await)?.is_some() { waiting("deleting") } else { Progress::Gone })
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::UserGroup>, Failure> {
    async |which| {
        let (id, marker) = which.parameters();
        let describing = client.elasticache.describe_user_groups().set_user_group_id(id).set_marker(marker);
        let answer = client.send(Call::elasticache("DescribeUserGroups"), describing.send()).await?;
        Ok((answer.user_groups.unwrap_or_default(), answer.marker))
    }
}

/// Lets in who is to be in, and out who is not, in one call: at no moment is the group without its default user.
async fn modify(client: &Client, standing: &Standing, observed: &Attributes) -> Result<(), Failure> {
    let (desired, is) = (Fields::of(&standing.desired.attributes), Fields::of(observed));
    let set = |fields: &Fields<'_>| -> Result<BTreeSet<String>, Failure> {
        Ok(fields.texts("user_ids")?.into_iter().collect())
    };
    let (wanted, have) = (set(&desired)?, set(&is)?);
    let some = |ids: Vec<String>| Some(ids).filter(|ids| !ids.is_empty());
    let engine = desired.maybe_string("engine")?.filter(|engine| is.get("engine") != Some(&engine.as_str().into()));
    let sending = client
        .elasticache
        .modify_user_group()
        .user_group_id(&standing.identity.0)
        .set_user_ids_to_add(some(wanted.difference(&have).cloned().collect()))
        .set_user_ids_to_remove(some(have.difference(&wanted).cloned().collect()))
        .set_engine(engine)
        .send();
    let call = Call::elasticache("ModifyUserGroup").expects("InvalidUserGroupState", "").unseen("UserNotFound", "");
    client.send(call, sending).await.map(drop)
}

fn observe(group: &types::UserGroup, tags: &BTreeMap<String, String>) -> Attributes {
    Observed::new()
        .with("user_group_id", group.user_group_id.clone())
        .with("engine", group.engine.clone())
        .with_list("user_ids", group.user_ids().iter().cloned())
        .tagged(tags)
        .with("id", group.user_group_id.clone())
        .with("arn", group.arn.clone())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Progress};
    use serde_json::json;

    use crate::canned::{Canned, standing};

    const ADDRESS: &str = "s.aws_elasticache_user_group.apps";
    const GROUP: &str = "<UserGroups><member><UserGroupId>apps</UserGroupId><Status>active</Status>\
        <Engine>redis</Engine><UserIds><member>one</member><member>two</member></UserIds><ARN>arn:g</ARN></member>\
        </UserGroups>";

    #[tokio::test]
    async fn who_joins_and_who_leaves_goes_in_one_call_and_a_group_in_use_is_not_gone_yet() {
        let wanted = json!({"user_group_id": "apps", "engine": "redis", "user_ids": ["one", "three"]});
        let standing = standing(ADDRESS, "apps", serde_json::from_value(wanted).unwrap());
        let canned = Canned::new()
            .result("DescribeUserGroups", GROUP)
            .result("ListTagsForResource", "<TagList/>")
            .result("ModifyUserGroup", "")
            .refuse_query("DeleteUserGroup", 400, "InvalidUserGroupState", "is associated with the replication groups");
        let aws = canned.aws();
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        let seen = canned.seen();
        let sent = seen.iter().find(|seen| seen.operation == "ModifyUserGroup").expect("it is sent");
        assert_eq!(sent.get("UserIdsToAdd.member.1"), Some("three"));
        assert_eq!(sent.get("UserIdsToRemove.member.1"), Some("two"));
        assert_eq!(aws.delete(&standing).await.unwrap_err().class, FailureClass::NotYet);
    }
}
