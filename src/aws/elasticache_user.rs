//! `aws_elasticache_user`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticache::types::{self, AuthenticationMode, InputAuthenticationType};
use fathuss_engine::provider::{
    Attributes, Desired, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{elasticache, mark};

/// The calls of `aws_elasticache_user`.
pub struct ElasticacheUser;

const SCHEMA: &Schema = fathuss_model::aws::ElasticacheUser::SCHEMA;

/// What AWS shows of a user that is known by its name alone, which its requests call otherwise.
const SHOWN_WITHOUT: &str = "no-password";

#[async_trait(?Send)]
impl Kind for ElasticacheUser {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeUsers` for all of a region, and one `ListTagsForResource` for each: it takes one ARN.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let users = match by_name(&ids(requests), false, types::User::user_id, page(client)).await {
            Ok(users) => users,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        Batch::each(requests, async |request| match users.get(&request.identity.0) {
            Some(user) if user.status() != Some("deleting") => {
                Ok(Some(observe(user, &elasticache::tags_of(client, user.arn()).await?)))
            }
            _ => Ok(None),
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let id = desired.text("user_id")?;
        let sending = client
            .elasticache
            .create_user()
            .user_id(id)
            .user_name(desired.text("user_name")?)
            .engine(desired.text("engine")?)
            .access_string(desired.text("access_string")?)
            .set_authentication_mode(authentication(&request.desired)?)
            .set_tags(Some(elasticache::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        client.send(Call::elasticache("CreateUser"), sending).await?;
        Ok(Identity(id.to_owned()))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let id = Fields::of(&request.desired.attributes).text("user_id")?.to_owned();
        let Some(user) = one(&id, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = elasticache::tags_of(client, user.arn()).await?;
        Ok(mark::owner(&request.mark, Some((id, tags))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(user) = one(&standing.identity.0, page(client)).await? else { return Ok(waiting("not visible yet")) };
        match user.status() {
            Some("active") => {}
            status => return Ok(waiting(status.unwrap_or("creating"))),
        }
        let tags = elasticache::tags_of(client, user.arn()).await?;
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(&user, &tags)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        elasticache::update_tags(client, standing, change).await?;
        let changes = |field: &str| change.changed.iter().any(|changed| changed.starts_with(field));
        let known = changes("authentication_mode") || changes("passwords_wo");
        if !(known || changes("access_string") || changes("engine")) {
            return Ok(());
        }
        let desired = Fields::of(&standing.desired.attributes);
        let mode = if known { authentication(&standing.desired)? } else { None };
        let sending = client
            .elasticache
            .modify_user()
            .user_id(&standing.identity.0)
            .access_string(desired.text("access_string")?)
            .set_engine(if changes("engine") { desired.maybe_string("engine")? } else { None })
            .set_authentication_mode(mode)
            .send();
        client.send(Call::elasticache("ModifyUser").expects("InvalidUserState", ""), sending).await.map(drop)
    }

    /// ElastiCache takes it out of its groups, but for one of the name `default`.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(user) = one(&standing.identity.0, page(client)).await? else { return Ok(Progress::Gone) };
        if user.status() == Some("deleting") {
            return Ok(waiting("deleting"));
        }
        let sending = client.elasticache.delete_user().user_id(&standing.identity.0).send();
        let call = Call::elasticache("DeleteUser")
            .expects("InvalidUserState", "")
            .expects("DefaultUserAssociatedToUserGroup", "");
        Ok(if there(client.send(call, sending).await)?.is_some() { waiting("deleting") } else { Progress::Gone })
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::User>, Failure> {
    async |which| {
        let (id, marker) = which.parameters();
        let describing = client.elasticache.describe_users().set_user_id(id).set_marker(marker);
        let answer = client.send(Call::elasticache("DescribeUsers"), describing.send()).await?;
        Ok((answer.users.unwrap_or_default(), answer.marker))
    }
}

/// How it is known, with its password where it has one.
fn authentication(desired: &Desired) -> Result<Option<AuthenticationMode>, Failure> {
    let Some(block) = Fields::of(&desired.attributes).block("authentication_mode")? else { return Ok(None) };
    let password = desired.secrets.get("passwords_wo").map(|password| vec![password.reveal().to_owned()]);
    let mode = AuthenticationMode::builder()
        .r#type(InputAuthenticationType::from(block.text("type")?))
        .set_passwords(password);
    Ok(Some(mode.build()))
}

fn observe(user: &types::User, tags: &BTreeMap<String, String>) -> Attributes {
    let known = user.authentication().and_then(|it| it.r#type.as_ref()).map(|known| match known.as_str() {
        SHOWN_WITHOUT => InputAuthenticationType::NoPassword.as_str().to_owned(),
        known => known.to_owned(),
    });
    Observed::new()
        .with("user_id", user.user_id.clone())
        .with("user_name", user.user_name.clone())
        .with("engine", user.engine.clone())
        .with("access_string", user.access_string.clone())
        .with_block("authentication_mode", Observed::new().with("type", known))
        .tagged(tags)
        .with("id", user.user_id.clone())
        .with("arn", user.arn.clone())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, FailureClass, Progress, SecretText, UpdateRequest};
    use serde_json::json;

    use crate::canned::{Canned, standing};

    const ADDRESS: &str = "s.aws_elasticache_user.app";

    fn wanted(mode: &str) -> Attributes {
        serde_json::from_value(json!({
            "user_id": "app", "user_name": "app", "engine": "redis", "access_string": "on ~app:* +@all",
            "authentication_mode": {"type": mode},
        }))
        .unwrap()
    }

    fn described(status: &str, known: &str) -> String {
        format!(
            "<Users><member><UserId>app</UserId><UserName>app</UserName><Status>{status}</Status><Engine>redis</Engine>\
             <AccessString>on ~app:* +@all</AccessString><Authentication><Type>{known}</Type></Authentication>\
             <ARN>arn:u</ARN></member></Users>"
        )
    }

    #[tokio::test]
    async fn a_user_without_a_password_is_as_it_was_asked_for() {
        let canned = Canned::new()
            .result("DescribeUsers", &described("modifying", "no-password"))
            .result("DescribeUsers", &described("active", "no-password"))
            .result("ListTagsForResource", "<TagList/>");
        let (aws, standing) = (canned.aws(), standing(ADDRESS, "app", wanted("no-password-required")));
        assert_eq!(aws.settle(&standing).await, Ok(Progress::Waiting { state: "modifying".to_owned() }));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
    }

    #[tokio::test]
    async fn a_password_is_sent_when_its_version_changes_and_shown_nowhere() {
        let canned = Canned::new().result("ModifyUser", "");
        let mut standing = standing(ADDRESS, "app", wanted("password"));
        standing.desired.secrets.insert("passwords_wo".to_owned(), SecretText::new("correct-horse-battery".to_owned()));
        let change = UpdateRequest { before: Attributes::new(), changed: vec!["passwords_wo_version".to_owned()] };
        canned.aws().update(&standing, &change).await.unwrap();
        let sent = &canned.seen()[0];
        assert_eq!(sent.get("AuthenticationMode.Passwords.member.1"), Some("correct-horse-battery"));
        assert!(!format!("{standing:?}").contains("correct-horse"));
    }

    #[tokio::test]
    async fn a_default_user_that_a_group_has_is_not_gone_yet() {
        let canned = Canned::new().result("DescribeUsers", &described("active", "password")).refuse_query(
            "DeleteUser",
            400,
            "DefaultUserAssociatedToUserGroup",
            "The default user app is associated with a user group.",
        );
        let refused = canned.aws().delete(&standing(ADDRESS, "app", wanted("password"))).await.unwrap_err();
        assert_eq!(refused.class, FailureClass::NotYet);
    }
}
