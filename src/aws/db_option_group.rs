//! `aws_db_option_group`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateOptionGroup.html>

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_rds::types::{self, OptionConfiguration, OptionSetting};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::{refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{mark, name, rds};

/// The calls of `aws_db_option_group`.
pub struct DbOptionGroup;

const SCHEMA: &Schema = fathuss_model::aws::DbOptionGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for DbOptionGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeOptionGroups` for all of a region, and one `ListTagsForResource` for each: it takes one ARN.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let name_of = types::OptionGroup::option_group_name;
        let groups = match by_name(&ids(requests), false, name_of, page(client)).await {
            Ok(groups) => groups,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        Batch::each(requests, async |request| match groups.get(&request.identity.0) {
            Some(group) => look(client, group, &Fields::of(&request.recorded)).await.map(Some),
            None => Ok(None),
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .rds
            .create_option_group()
            .option_group_name(name::of(SCHEMA, "name", request)?)
            .engine_name(desired.text("engine_name")?)
            .major_engine_version(desired.text("major_engine_version")?)
            .set_option_group_description(desired.maybe_string("option_group_description")?)
            .set_tags(Some(rds::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let answer = client.send(Call::rds("CreateOptionGroup"), sending).await?;
        let name = answer.option_group.and_then(|group| group.option_group_name);
        name.map(Identity).ok_or_else(|| unreadable(Service::Rds, "CreateOptionGroup", "OptionGroupName"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let Some(group) = one(&name, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = rds::tags_of(client, group.option_group_arn()).await?;
        Ok(mark::owner(&request.mark, Some((name, tags))))
    }

    /// Sets the options that differ: the creating call takes none.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(group) = one(&standing.identity.0, page(client)).await? else { return Ok(waiting("not visible yet")) };
        let desired = Fields::of(&standing.desired.attributes);
        let observed = look(client, &group, &desired).await?;
        if Differences::of(SCHEMA, &standing.desired.attributes, &observed).has("option") {
            align(client, &standing.identity.0, &desired, &group).await?;
            return Ok(waiting("options not visible yet"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// The options are settle's: it sets those that differ.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        rds::update_tags(client, standing, change).await
    }

    /// RDS refuses while an instance or a snapshot uses it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.rds.delete_option_group().option_group_name(&standing.identity.0).send();
        let call = Call::rds("DeleteOptionGroup").expects("InvalidOptionGroupStateFault", "");
        once_accepted(client.send(call, sending).await)
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::OptionGroup>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let describing = client.rds.describe_option_groups().set_option_group_name(name);
        let answer = client.send(Call::rds("DescribeOptionGroups"), describing.set_marker(marker).send()).await?;
        Ok((answer.option_groups_list.unwrap_or_default(), answer.marker))
    }
}

/// Sends what has to change of the options: all that are wanted, with each setting that is not its option's own, and
/// the names of those that are not.
async fn align(client: &Client, name: &str, desired: &Fields<'_>, is: &types::OptionGroup) -> Result<(), Failure> {
    let blocks = desired.blocks("option")?;
    let names = blocks.iter().map(|it| it.text("option_name")).collect::<Result<BTreeSet<_>, Failure>>()?;
    let there = is.options().iter().filter_map(|option| option.option_name.clone());
    let gone: Vec<String> = there.filter(|name| !names.contains(name.as_str())).collect();
    let mut wanted = Vec::new();
    for block in &blocks {
        let option = is.options().iter().find(|it| it.option_name() == block.text("option_name").ok());
        wanted.push(written(block, option)?);
    }
    let modifying = client.rds.modify_option_group().option_group_name(name).apply_immediately(true);
    let modifying = modifying
        .set_options_to_include(Some(wanted).filter(|it| !it.is_empty()))
        .set_options_to_remove(Some(gone).filter(|it| !it.is_empty()));
    let call = Call::rds("ModifyOptionGroup").expects("InvalidOptionGroupStateFault", "");
    client.send(call, modifying.send()).await.map(drop)
}

/// An option as it is to be; what was set and is no longer given goes back to its default.
fn written(block: &Fields<'_>, is: Option<&types::Option>) -> Result<OptionConfiguration, Failure> {
    let mut settings = settings(block)?;
    for setting in is.map(types::Option::option_settings).unwrap_or_default() {
        if let (Some(name), Some(default)) = (setting.name(), setting.default_value())
            && setting.value() != Some(default)
        {
            settings.entry(name.to_owned()).or_insert_with(|| default.to_owned());
        }
    }
    let settings = settings.into_iter().map(|(name, value)| OptionSetting::builder().name(name).value(value).build());
    let groups = block.texts("vpc_security_group_memberships")?;
    let configuration = OptionConfiguration::builder()
        .option_name(block.text("option_name")?)
        .set_port(block.maybe_i32("port")?)
        .set_vpc_security_group_memberships(Some(groups).filter(|groups| !groups.is_empty()))
        .set_option_settings(Some(settings.collect()))
        .build();
    Ok(configuration)
}

fn settings(block: &Fields<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let setting = |it: &Fields<'_>| Ok((it.text("name")?.to_owned(), it.text("value")?.to_owned()));
    block.blocks("option_settings")?.iter().map(setting).collect()
}

async fn look(client: &Client, group: &types::OptionGroup, given: &Fields<'_>) -> Result<Attributes, Failure> {
    let tags = rds::tags_of(client, group.option_group_arn()).await?;
    let mut known = BTreeMap::new();
    for block in given.blocks("option")? {
        let ports = block.maybe_integer("port")?.is_some();
        known.insert(block.text("option_name")?.to_owned(), (settings(&block)?, ports));
    }
    let mut options = Vec::new();
    for option in group.options() {
        let name =
            option.option_name().ok_or_else(|| refused("NoOptionName", "an option without a name".to_owned()))?;
        options.push(observe_option(name, option, known.get(name)));
    }
    Ok(Observed::new()
        .with("engine_name", group.engine_name.clone())
        .with("major_engine_version", group.major_engine_version.clone())
        .with("name", group.option_group_name.clone())
        .with("option_group_description", group.option_group_description.clone())
        .with_list("option", options)
        .tagged(&tags)
        .with("id", group.option_group_name.clone())
        .with("arn", group.option_group_arn.clone())
        .finish(SCHEMA))
}

/// What was given, and what is not as it is by itself: RDS answers each setting, and the port that an option listens
/// at by itself.
fn observe_option(name: &str, option: &types::Option, given: Option<&(BTreeMap<String, String>, bool)>) -> Datum {
    let is_given = |setting: &OptionSetting| {
        given.is_some_and(|(settings, _)| setting.name().is_some_and(|name| settings.contains_key(name)))
    };
    let set = option.option_settings().iter().filter(|setting| {
        setting.value().is_some() && (is_given(setting) || setting.value() != setting.default_value())
    });
    let set = set.map(|setting| {
        Observed::new().with("name", setting.name.clone()).with("value", setting.value.clone()).into_datum()
    });
    let groups = option.vpc_security_group_memberships().iter().filter_map(|it| it.vpc_security_group_id.clone());
    Observed::new()
        .with("option_name", name)
        .with("port", option.port.map(i64::from).filter(|_| given.is_some_and(|(_, port)| *port)))
        .with_list("vpc_security_group_memberships", groups)
        .with_list("option_settings", set)
        .into_datum()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, Observation, Progress};
    use serde_json::json;

    use crate::canned::{Canned, read, standing};

    const ADDRESS: &str = "s.aws_db_option_group.audited";

    fn described(value: &str) -> String {
        let setting = |name: &str, value: &str, default: &str| {
            format!(
                "<OptionSetting><Name>{name}</Name><Value>{value}</Value><DefaultValue>{default}</DefaultValue>\
                 </OptionSetting>"
            )
        };
        format!(
            "<OptionGroupsList><OptionGroup><OptionGroupName>audited</OptionGroupName><EngineName>mysql</EngineName>\
             <MajorEngineVersion>8.0</MajorEngineVersion><OptionGroupArn>arn:og</OptionGroupArn>\
             <OptionGroupDescription>Managed by Fathuss</OptionGroupDescription><Options>\
             <Option><OptionName>MARIADB_AUDIT_PLUGIN</OptionName><OptionSettings>{}{}</OptionSettings></Option>\
             </Options></OptionGroup></OptionGroupsList>",
            setting("SERVER_AUDIT_EVENTS", value, "CONNECT,QUERY"),
            setting("SERVER_AUDIT_FILE_ROTATIONS", "9", "9"),
        )
    }

    fn wanted() -> Attributes {
        let settings = json!([{"name": "SERVER_AUDIT_EVENTS", "value": "CONNECT"}]);
        serde_json::from_value(json!({
            "engine_name": "mysql", "major_engine_version": "8.0", "name": "audited",
            "option": [{"option_name": "MARIADB_AUDIT_PLUGIN", "option_settings": settings}],
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn settings_that_are_an_options_own_are_no_difference_and_others_are() {
        let canned = Canned::new()
            .result("DescribeOptionGroups", &described("CONNECT"))
            .result("ListTagsForResource", "<TagList/>");
        let settled = canned.aws().settle(&standing(ADDRESS, "audited", wanted())).await;
        assert!(matches!(settled, Ok(Progress::Ready(_))), "{settled:?}");
        let canned = Canned::new()
            .result("DescribeOptionGroups", &described("QUERY"))
            .result("ListTagsForResource", "<TagList/>");
        let answer = canned.aws().read(&[read(ADDRESS, "audited", Attributes::new())]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("{answer:?}") };
        let shown = serde_json::to_value(&observed["option"]).unwrap();
        assert_eq!(shown[0]["option_settings"], json!([{"name": "SERVER_AUDIT_EVENTS", "value": "QUERY"}]));
    }

    #[tokio::test]
    async fn what_differs_is_sent_and_what_is_no_longer_given_goes_back_to_its_default() {
        let mut desired = wanted();
        desired.insert(
            "option".to_owned(),
            serde_json::from_value(json!([{"option_name": "MARIADB_AUDIT_PLUGIN"}])).unwrap(),
        );
        let canned = Canned::new()
            .result("DescribeOptionGroups", &described("CONNECT"))
            .result("ListTagsForResource", "<TagList/>")
            .result("ModifyOptionGroup", "");
        let settled = canned.aws().settle(&standing(ADDRESS, "audited", desired)).await;
        assert!(matches!(settled, Ok(Progress::Waiting { .. })), "{settled:?}");
        let seen = canned.seen();
        let sent = seen.iter().find(|seen| seen.operation == "ModifyOptionGroup").expect("it is sent");
        let member = "OptionsToInclude.OptionConfiguration.1.OptionSettings.OptionSetting.1.";
        assert_eq!(sent.get(&format!("{member}Value")), Some("CONNECT,QUERY"));
    }
}
