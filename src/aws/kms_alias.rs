//! `aws_kms_alias`: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_kms::types::AliasListEntry;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};

/// The calls of `aws_kms_alias`.
pub struct KmsAlias;

const SCHEMA: &Schema = fathuss_model::aws::KmsAlias::SCHEMA;

#[async_trait(?Send)]
impl Kind for KmsAlias {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `ListAliases` for all of a region.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        match aliases(client).await {
            Ok(aliases) => Batch::of(requests, |request| aliases.get(&request.identity.0).map(|it| Ok(observe(it)))),
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = desired.text("name")?;
        let sending = client.kms.create_alias().alias_name(name).target_key_id(desired.text("target_key_id")?).send();
        // The key was perhaps made a moment ago.
        client.send(Call::kms("CreateAlias").lagging(), sending).await?;
        Ok(Identity(name.to_owned()))
    }

    /// An alias has no tags: one of that name that names the same key is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = desired.text("name")?.to_owned();
        let target = desired.text("target_key_id")?;
        Ok(match aliases(client).await?.get(&name) {
            None => Found::Nothing,
            Some(alias) if alias.target_key_id() == Some(target) => Found::Ours(Identity(name)),
            Some(_) => Found::Foreign(Identity(name)),
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match aliases(client).await?.get(&standing.identity.0) {
            Some(alias) => once_shown(SCHEMA, &standing.desired.attributes, observe(alias)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        let target = Fields::of(&standing.desired.attributes).text("target_key_id")?;
        let sending = client.kms.update_alias().alias_name(&standing.identity.0).target_key_id(target).send();
        client.send(Call::kms("UpdateAlias").lagging(), sending).await.map(drop)
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.kms.delete_alias().alias_name(&standing.identity.0).send();
        once_accepted(client.send(Call::kms("DeleteAlias"), sending).await)
    }
}

/// All aliases of the region, by name.
async fn aliases(client: &Client) -> Result<BTreeMap<String, AliasListEntry>, Failure> {
    let (mut found, mut marker) = (BTreeMap::new(), None);
    loop {
        let sending = client.kms.list_aliases().limit(100).set_marker(marker).send();
        let answer = client.send(Call::kms("ListAliases"), sending).await?;
        let named = answer.aliases.unwrap_or_default().into_iter().filter_map(|it| Some((it.alias_name.clone()?, it)));
        found.extend(named);
        marker = answer.next_marker;
        if marker.is_none() {
            return Ok(found);
        }
    }
}

fn observe(alias: &AliasListEntry) -> Attributes {
    // An alias's ARN is its key's, but for what it names.
    let arn = alias.alias_arn.as_deref().unwrap_or_default();
    let key = alias.target_key_id.as_deref().unwrap_or_default();
    let target = arn.split_once(":alias/").map(|(base, _)| format!("{base}:key/{key}"));
    Observed::new()
        .with("name", alias.alias_name.clone())
        .with("target_key_id", alias.target_key_id.clone())
        .with("id", alias.alias_name.clone())
        .with("arn", alias.alias_arn.clone())
        .with("target_key_arn", target)
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Found, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{change, make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_kms_alias.data";
    const NAME: &str = "alias/data";

    fn listed(target: &str) -> Value {
        let arn = "arn:aws:kms:us-east-1:111122223333:alias/data";
        json!({ "Aliases": [{ "AliasName": NAME, "AliasArn": arn, "TargetKeyId": target }], "Truncated": false })
    }

    fn wanted(target: &str) -> Value {
        json!({ "name": NAME, "target_key_id": target })
    }

    #[tokio::test]
    async fn aliases_are_one_call_with_the_pages_that_it_takes() {
        let first = json!({ "Aliases": [], "Truncated": true, "NextMarker": "next" });
        let canned = Canned::new().json("ListAliases", 200, &first).json("ListAliases", 200, &listed("key-1"));
        let requests = [read(AT, NAME), read("s.aws_kms_alias.other", "alias/other")];
        let answer = canned.aws().read(&requests).await;
        let Ok(Observation::Present(attributes)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(attributes["target_key_arn"], "arn:aws:kms:us-east-1:111122223333:key/key-1".into());
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
        assert_eq!(canned.operations(), ["ListAliases", "ListAliases"]);
    }

    #[tokio::test]
    async fn one_of_its_name_is_ours_where_it_names_our_key() {
        let canned = Canned::new().json("ListAliases", 200, &listed("key-1"));
        let found = canned.aws().find(&make(AT, wanted("key-1"))).await;
        assert_eq!(found, Ok(Found::Ours(Identity(NAME.to_owned()))));
        let found = canned.aws().find(&make(AT, wanted("key-2"))).await;
        assert_eq!(found, Ok(Found::Foreign(Identity(NAME.to_owned()))));
    }

    #[tokio::test]
    async fn a_key_that_kms_does_not_show_yet_is_waited_for() {
        let refused = json!({ "__type": "NotFoundException", "message": "Key 'key-1' does not exist" });
        let canned = Canned::new().json("CreateAlias", 400, &refused);
        let failure = canned.aws().create(&make(AT, wanted("key-1"))).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Unseen);
    }

    #[tokio::test]
    async fn an_alias_moves_to_another_key_in_place_and_one_that_is_gone_is_deleted() {
        let canned = Canned::new().json("UpdateAlias", 200, &json!({}));
        let standing = standing(AT, NAME, wanted("key-2"));
        canned.aws().update(&standing, &change(wanted("key-1"), &["target_key_id"])).await.unwrap();
        let sent: Value = serde_json::from_str(canned.seen()[0].get("body").unwrap()).unwrap();
        assert_eq!(sent, json!({ "AliasName": NAME, "TargetKeyId": "key-2" }));
        let gone = json!({ "__type": "NotFoundException", "message": "Alias is not found." });
        let canned = Canned::new().json("DeleteAlias", 400, &gone);
        assert_eq!(canned.aws().delete(&standing).await, Ok(Progress::Gone));
    }
}
