//! `aws_elasticache_subnet_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheSubnetGroup.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticache::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{elasticache, mark, name};

/// The calls of `aws_elasticache_subnet_group`.
pub struct ElasticacheSubnetGroup;

const SCHEMA: &Schema = fathuss_model::aws::ElasticacheSubnetGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for ElasticacheSubnetGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeCacheSubnetGroups` for all of a region. One `ListTagsForResource` for each:
    /// the description has no tags, and the call takes one ARN.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let name_of = types::CacheSubnetGroup::cache_subnet_group_name;
        let groups = match by_name(&ids(requests), false, name_of, page(client)).await {
            Ok(groups) => groups,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        Batch::each(requests, |request| look(client, groups.get(&request.identity.0))).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .elasticache
            .create_cache_subnet_group()
            .cache_subnet_group_name(name::of(SCHEMA, "name", request)?)
            .set_cache_subnet_group_description(desired.maybe_string("description")?)
            .set_subnet_ids(Some(desired.texts("subnet_ids")?))
            .set_tags(Some(elasticache::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        // ElastiCache sees a subnet that EC2 made a moment ago with a delay.
        let call = Call::elasticache("CreateCacheSubnetGroup").unseen("InvalidParameterValue", "Some input subnets in");
        let answer = client.send(call, sending).await?;
        let name = answer.cache_subnet_group.and_then(|group| group.cache_subnet_group_name);
        name.map(Identity)
            .ok_or_else(|| unreadable(Service::ElastiCache, "CreateCacheSubnetGroup", "CacheSubnetGroupName"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let Some(group) = one(&name, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = elasticache::tags_of(client, group.arn()).await?;
        Ok(mark::owner(&request.mark, Some((name, tags))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let group = one(&standing.identity.0, page(client)).await?;
        Ok(match look(client, group.as_ref()).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        if change.changed.iter().any(|field| field == "subnet_ids" || field == "description") {
            let desired = Fields::of(&standing.desired.attributes);
            let sending = client
                .elasticache
                .modify_cache_subnet_group()
                .cache_subnet_group_name(&standing.identity.0)
                .set_cache_subnet_group_description(desired.maybe_string("description")?)
                .set_subnet_ids(Some(desired.texts("subnet_ids")?))
                .send();
            let call =
                Call::elasticache("ModifyCacheSubnetGroup").unseen("InvalidParameterValue", "Some input subnets in");
            client.send(call, sending).await?;
        }
        elasticache::update_tags(client, standing, change).await
    }

    /// ElastiCache refuses while a cache uses it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let deleting = client.elasticache.delete_cache_subnet_group();
        let sending = deleting.cache_subnet_group_name(&standing.identity.0).send();
        once_accepted(client.send(Call::elasticache("DeleteCacheSubnetGroup"), sending).await)
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::CacheSubnetGroup>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let describing = client.elasticache.describe_cache_subnet_groups().set_cache_subnet_group_name(name);
        let sending = describing.set_marker(marker).send();
        let answer = client.send(Call::elasticache("DescribeCacheSubnetGroups"), sending).await?;
        Ok((answer.cache_subnet_groups.unwrap_or_default(), answer.marker))
    }
}

async fn look(client: &Client, group: Option<&types::CacheSubnetGroup>) -> Result<Option<Attributes>, Failure> {
    let Some(group) = group else { return Ok(None) };
    let tags = elasticache::tags_of(client, group.arn()).await?;
    Ok(Some(observe(group, &tags)))
}

fn observe(group: &types::CacheSubnetGroup, tags: &BTreeMap<String, String>) -> Attributes {
    Observed::new()
        .with_list("subnet_ids", group.subnets().iter().filter_map(|subnet| subnet.subnet_identifier.clone()))
        .with("name", group.cache_subnet_group_name.clone())
        .with("description", group.cache_subnet_group_description.clone())
        .tagged(tags)
        .with("id", group.cache_subnet_group_name.clone())
        .with("arn", group.arn.clone())
        .with("vpc_id", group.vpc_id.clone())
        .finish(SCHEMA)
}
