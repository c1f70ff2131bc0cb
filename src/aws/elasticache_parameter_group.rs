//! `aws_elasticache_parameter_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticache::types::{self, Parameter, ParameterNameValue};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::try_join;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{elasticache, mark, name};

/// The calls of `aws_elasticache_parameter_group`.
pub struct ElasticacheParameterGroup;

const SCHEMA: &Schema = fathuss_model::aws::ElasticacheParameterGroup::SCHEMA;

/// How many parameters one call changes.
const PARAMETERS: usize = 20;

#[async_trait(?Send)]
impl Kind for ElasticacheParameterGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeCacheParameterGroups` for all of a region. One `DescribeCacheParameters` for
    /// each, of what was set alone, and one `ListTagsForResource` for each: both take one group.
    /// Another one where what was given is not among what was set.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let name_of = types::CacheParameterGroup::cache_parameter_group_name;
        let groups = match by_name(&ids(requests), false, name_of, page(client)).await {
            Ok(groups) => groups,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        Batch::each(requests, |request| async {
            look(client, groups.get(&request.identity.0), &parameters(&Fields::of(&request.recorded))?).await
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .elasticache
            .create_cache_parameter_group()
            .cache_parameter_group_name(name::of(SCHEMA, "name", request)?)
            .cache_parameter_group_family(desired.text("family")?)
            .set_description(desired.maybe_string("description")?)
            .set_tags(Some(elasticache::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let answer = client.send(Call::elasticache("CreateCacheParameterGroup"), sending).await?;
        let name = answer.cache_parameter_group.and_then(|group| group.cache_parameter_group_name);
        name.map(Identity)
            .ok_or_else(|| unreadable(Service::ElastiCache, "CreateCacheParameterGroup", "CacheParameterGroupName"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let Some(group) = one(&name, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = elasticache::tags_of(client, group.arn()).await?;
        Ok(mark::owner(&request.mark, Some((name, tags))))
    }

    /// Sets the parameters that differ: the creating call takes none.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(group) = one(name, page(client)).await? else { return Ok(waiting("not visible yet")) };
        let given = parameters(&Fields::of(&standing.desired.attributes))?;
        let Some(observed) = look(client, Some(&group), &given).await? else { return Ok(waiting("not visible yet")) };
        if Differences::of(SCHEMA, &standing.desired.attributes, &observed).has("parameter") {
            align(client, name, &Fields::of(&standing.desired.attributes), &Fields::of(&observed)).await?;
            let Some(observed) = look(client, Some(&group), &given).await? else {
                return Ok(waiting("not visible yet"));
            };
            return Ok(once_shown(SCHEMA, &standing.desired.attributes, observed));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// The parameters are settle's: it sets those that differ.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        elasticache::update_tags(client, standing, change).await
    }

    /// ElastiCache refuses while a cache uses it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let deleting = client.elasticache.delete_cache_parameter_group();
        let sending = deleting.cache_parameter_group_name(&standing.identity.0).send();
        once_accepted(client.send(Call::elasticache("DeleteCacheParameterGroup"), sending).await)
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::CacheParameterGroup>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let describing = client.elasticache.describe_cache_parameter_groups().set_cache_parameter_group_name(name);
        let sending = describing.set_marker(marker).send();
        let answer = client.send(Call::elasticache("DescribeCacheParameterGroups"), sending).await?;
        Ok((answer.cache_parameter_groups.unwrap_or_default(), answer.marker))
    }
}

/// Sends what has to change of the parameters.
async fn align(client: &Client, name: &str, desired: &Fields<'_>, is: &Fields<'_>) -> Result<(), Failure> {
    let (desired, is) = (parameters(desired)?, parameters(is)?);
    let pair = |(name, value): (&String, &String)| {
        ParameterNameValue::builder().parameter_name(name).parameter_value(value).build()
    };
    let set: Vec<_> = desired.iter().filter(|(name, value)| is.get(*name) != Some(value)).map(pair).collect();
    let gone: Vec<_> = is.iter().filter(|(name, _)| !desired.contains_key(*name)).map(pair).collect();
    for some in set.chunks(PARAMETERS) {
        let modifying = client.elasticache.modify_cache_parameter_group().cache_parameter_group_name(name);
        let call = elasticache::at_rest(Call::elasticache("ModifyCacheParameterGroup"));
        client.send(call, modifying.set_parameter_name_values(Some(some.to_vec())).send()).await?;
    }
    for some in gone.chunks(PARAMETERS) {
        let resetting = client.elasticache.reset_cache_parameter_group().cache_parameter_group_name(name);
        let resetting = resetting.reset_all_parameters(false).set_parameter_name_values(Some(some.to_vec()));
        let call = elasticache::at_rest(Call::elasticache("ResetCacheParameterGroup"));
        client.send(call, resetting.send()).await?;
    }
    Ok(())
}

fn parameters(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let parameter = |block: &Fields<'_>| Ok((block.text("name")?.to_owned(), block.text("value")?.to_owned()));
    fields.blocks("parameter")?.iter().map(parameter).collect()
}

async fn look(
    client: &Client,
    group: Option<&types::CacheParameterGroup>,
    given: &BTreeMap<String, String>,
) -> Result<Option<Attributes>, Failure> {
    let Some(group) = group else { return Ok(None) };
    let Some(name) = group.cache_parameter_group_name() else { return Ok(None) };
    let tags = elasticache::tags_of(client, group.arn());
    let (set, tags) = try_join(set_parameters(client, name, given), tags).await?;
    Ok(set.map(|set| observe(group, &set, &tags)))
}

/// What was set in the group, and of what was given that which is as given by default: ElastiCache does not call it
/// set. Nothing where the group is gone.
async fn set_parameters(
    client: &Client,
    name: &str,
    given: &BTreeMap<String, String>,
) -> Result<Option<Vec<Parameter>>, Failure> {
    let Some(mut set) = listed(client, name, Some("user")).await? else { return Ok(None) };
    let is_set = |name: &String| set.iter().any(|parameter| parameter.parameter_name.as_ref() == Some(name));
    let unset: Vec<&String> = given.keys().filter(|name| !is_set(name)).collect();
    if !unset.is_empty() {
        let Some(all) = listed(client, name, None).await? else { return Ok(None) };
        let is_given = |parameter: &Parameter| parameter.parameter_name.as_ref().is_some_and(|it| unset.contains(&it));
        set.extend(all.into_iter().filter(is_given));
    }
    Ok(Some(set))
}

/// A group's parameters, all or those from one source; nothing where the group is gone.
async fn listed(client: &Client, name: &str, source: Option<&str>) -> Result<Option<Vec<Parameter>>, Failure> {
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let describing = client.elasticache.describe_cache_parameters().cache_parameter_group_name(name);
        let sending = describing.set_source(source.map(str::to_owned)).set_marker(marker).send();
        let answer = client.send(Call::elasticache("DescribeCacheParameters"), sending).await;
        let Some(answer) = there(answer)? else { return Ok(None) };
        all.extend(answer.parameters.unwrap_or_default());
        match answer.marker {
            Some(next) if !next.is_empty() => marker = Some(next),
            _ => return Ok(Some(all)),
        }
    }
}

fn observe(group: &types::CacheParameterGroup, set: &[Parameter], tags: &BTreeMap<String, String>) -> Attributes {
    let set = set.iter().filter(|parameter| parameter.parameter_value.is_some()).map(|parameter| {
        Observed::new()
            .with("name", parameter.parameter_name.clone())
            .with("value", parameter.parameter_value.clone())
            .into_datum()
    });
    Observed::new()
        .with("family", group.cache_parameter_group_family.clone())
        .with("name", group.cache_parameter_group_name.clone())
        .with("description", group.description.clone())
        .with_list("parameter", set)
        .tagged(tags)
        .with("id", group.cache_parameter_group_name.clone())
        .with("arn", group.arn.clone())
        .finish(SCHEMA)
}
