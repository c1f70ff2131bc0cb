//! `aws_db_parameter_group`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html>

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_rds::operation::describe_db_parameters::builders::DescribeDBParametersFluentBuilder;
use aws_sdk_rds::types::{self, ApplyMethod, Filter, Parameter};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_model::transition::Becoming;
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
use crate::{mark, name, rds};

/// The calls of `aws_db_parameter_group`.
pub struct DbParameterGroup;

const SCHEMA: &Schema = fathuss_model::aws::DbParameterGroup::SCHEMA;

/// How many parameters one call changes.
const PARAMETERS: usize = 20;

#[async_trait(?Send)]
impl Kind for DbParameterGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeDBParameterGroups` for all of a region. One `DescribeDBParameters` for each,
    /// of what was set alone, and one `ListTagsForResource` for each: both take one group. Another one where what
    /// was given is not among what was set.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let groups = match by_name(
            &ids(requests),
            false,
            types::DbParameterGroup::db_parameter_group_name,
            page(client),
        )
        .await
        {
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
            .rds
            .create_db_parameter_group()
            .db_parameter_group_name(name::of(SCHEMA, "name", request)?)
            .db_parameter_group_family(desired.text("family")?)
            .set_description(desired.maybe_string("description")?)
            .set_tags(Some(rds::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let answer = client.send(Call::rds("CreateDBParameterGroup"), sending).await?;
        let name = answer.db_parameter_group.and_then(|group| group.db_parameter_group_name);
        name.map(Identity).ok_or_else(|| unreadable(Service::Rds, "CreateDBParameterGroup", "DBParameterGroupName"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let Some(group) = one(&name, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = rds::tags_of(client, group.db_parameter_group_arn()).await?;
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
        rds::update_tags(client, standing, change).await
    }

    /// Which parameters wait for a restart of the instances that have the group.
    fn remarks(&self, becoming: &Becoming<'_>) -> Vec<String> {
        if !becoming.changed.contains(&"parameter") {
            return Vec::new();
        }
        let of = |fields| parameters(&Fields::of(fields)).unwrap_or_default();
        let (is, wanted) = (of(becoming.is), of(becoming.wanted));
        let differs = |name: &&String| is.get(*name) != wanted.get(*name);
        let waits = |name: &&String| {
            let parameter = wanted.get(*name).or_else(|| is.get(*name));
            parameter.and_then(Parameter::apply_method) == Some(&ApplyMethod::PendingReboot)
        };
        let names: BTreeSet<&String> = is.keys().chain(wanted.keys()).filter(differs).filter(waits).collect();
        if names.is_empty() {
            return Vec::new();
        }
        let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
        vec![format!(
            "{} takes effect once the instances that have this group restart, and nothing here restarts them: \
             `aws rds reboot-db-instance` does.",
            names.join(", ")
        )]
    }

    /// RDS refuses while an instance uses it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.rds.delete_db_parameter_group().db_parameter_group_name(&standing.identity.0).send();
        once_accepted(client.send(Call::rds("DeleteDBParameterGroup"), sending).await)
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::DbParameterGroup>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let describing = client.rds.describe_db_parameter_groups().set_db_parameter_group_name(name);
        let answer = client.send(Call::rds("DescribeDBParameterGroups"), describing.set_marker(marker).send()).await?;
        Ok((answer.db_parameter_groups.unwrap_or_default(), answer.marker))
    }
}

/// Sends what has to change of the parameters.
async fn align(client: &Client, name: &str, desired: &Fields<'_>, is: &Fields<'_>) -> Result<(), Failure> {
    let (desired, is) = (parameters(desired)?, parameters(is)?);
    let set: Vec<&Parameter> =
        desired.iter().filter(|(name, wanted)| is.get(*name) != Some(wanted)).map(|it| it.1).collect();
    let gone: Vec<&Parameter> = is.iter().filter(|(name, _)| !desired.contains_key(*name)).map(|it| it.1).collect();
    // Another change of the group may still be under way.
    let expecting = |call: Call| call.expects("InvalidDBParameterGroupState", "");
    for some in set.chunks(PARAMETERS) {
        let modifying = client.rds.modify_db_parameter_group().db_parameter_group_name(name);
        let sending = modifying.set_parameters(Some(some.iter().copied().cloned().collect())).send();
        client.send(expecting(Call::rds("ModifyDBParameterGroup")), sending).await?;
    }
    for some in gone.chunks(PARAMETERS) {
        let resetting = client.rds.reset_db_parameter_group().db_parameter_group_name(name).reset_all_parameters(false);
        let mut some: Vec<Parameter> = some.iter().copied().cloned().collect();
        some.iter_mut().for_each(|parameter| parameter.parameter_value = None);
        let call = expecting(Call::rds("ResetDBParameterGroup"));
        client.send(call, resetting.set_parameters(Some(some)).send()).await?;
    }
    Ok(())
}

fn parameters(fields: &Fields<'_>) -> Result<BTreeMap<String, Parameter>, Failure> {
    let parameter = |block: &Fields<'_>| {
        let name = block.text("name")?;
        let apply = block.maybe_text("apply_method")?.unwrap_or("immediate");
        let built = Parameter::builder().parameter_name(name).parameter_value(block.text("value")?);
        Ok((name.to_owned(), built.apply_method(apply.into()).build()))
    };
    fields.blocks("parameter")?.iter().map(parameter).collect()
}

async fn look(
    client: &Client,
    group: Option<&types::DbParameterGroup>,
    given: &BTreeMap<String, Parameter>,
) -> Result<Option<Attributes>, Failure> {
    let Some(group) = group else { return Ok(None) };
    let Some(name) = group.db_parameter_group_name() else { return Ok(None) };
    let tags = rds::tags_of(client, group.db_parameter_group_arn());
    let (set, tags) = try_join(set_parameters(client, name, given), tags).await?;
    Ok(set.map(|set| observe(group, &set, &tags)))
}

/// What was set in the group, and of what was given that which is as given by default: RDS does not call it set, and
/// keeps no apply method of it. Nothing where the group is gone.
async fn set_parameters(
    client: &Client,
    name: &str,
    given: &BTreeMap<String, Parameter>,
) -> Result<Option<Vec<Parameter>>, Failure> {
    let Some(mut set) = listed(client, name, |all| all.source("user")).await? else { return Ok(None) };
    let is_set = |name: &String| set.iter().any(|parameter| parameter.parameter_name.as_ref() == Some(name));
    let unset: BTreeMap<&String, &Parameter> = given.iter().filter(|(name, _)| !is_set(name)).collect();
    if !unset.is_empty() {
        let names = unset.keys().map(|name| (*name).clone()).collect();
        let named = Filter::builder().name("parameter-name").set_values(Some(names)).build();
        let Some(all) = listed(client, name, |all| all.filters(named.clone())).await? else { return Ok(None) };
        set.extend(all.into_iter().filter_map(|mut parameter| {
            let given = unset.get(parameter.parameter_name.as_ref()?)?;
            parameter.apply_method.clone_from(&given.apply_method);
            Some(parameter)
        }));
    }
    Ok(Some(set))
}

/// Some of a group's parameters; nothing where the group is gone.
async fn listed(
    client: &Client,
    name: &str,
    some: impl Fn(DescribeDBParametersFluentBuilder) -> DescribeDBParametersFluentBuilder,
) -> Result<Option<Vec<Parameter>>, Failure> {
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let describing = some(client.rds.describe_db_parameters().db_parameter_group_name(name));
        let answer = client.send(Call::rds("DescribeDBParameters"), describing.set_marker(marker).send()).await;
        let Some(answer) = there(answer)? else { return Ok(None) };
        all.extend(answer.parameters.unwrap_or_default());
        match answer.marker {
            Some(next) if !next.is_empty() => marker = Some(next),
            _ => return Ok(Some(all)),
        }
    }
}

fn observe(group: &types::DbParameterGroup, set: &[Parameter], tags: &BTreeMap<String, String>) -> Attributes {
    let set = set.iter().filter(|parameter| parameter.parameter_value.is_some()).map(|parameter| {
        Observed::new()
            .with("name", parameter.parameter_name.clone())
            .with("value", parameter.parameter_value.clone())
            .with("apply_method", parameter.apply_method().map(types::ApplyMethod::as_str))
            .into_datum()
    });
    Observed::new()
        .with("family", group.db_parameter_group_family.clone())
        .with("name", group.db_parameter_group_name.clone())
        .with("description", group.description.clone())
        .with_list("parameter", set)
        .tagged(tags)
        .with("id", group.db_parameter_group_name.clone())
        .with("arn", group.db_parameter_group_arn.clone())
        .finish(SCHEMA)
}
