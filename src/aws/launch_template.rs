//! `aws_launch_template`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>
//!
//! A change makes a new version, which becomes the default one where the program wants that.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, Filter, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateIamInstanceProfileSpecificationRequest, LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest, RequestLaunchTemplateData, ResourceType,
    ResponseLaunchTemplateData,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use futures::future::try_join_all;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids, lineage_filter, ours, pages, strays};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, name, tag};

/// The calls of `aws_launch_template`.
pub struct LaunchTemplate;

const SCHEMA: &Schema = fathuss_model::aws::LaunchTemplate::SCHEMA;

/// The fields that a version holds.
const VERSIONED: &[&str] = &[
    "description",
    "image_id",
    "instance_type",
    "key_name",
    "user_data",
    "ebs_optimized",
    "vpc_security_group_ids",
    "iam_instance_profile",
    "metadata_options",
    "monitoring",
    "block_device_mappings",
    "tag_specifications",
];

#[async_trait(?Send)]
impl Kind for LaunchTemplate {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeLaunchTemplates`, which has the tags, and one `DescribeLaunchTemplateVersions` for the newest and
    /// the default version of all, which has the rest. By id where tags do not show it: there is no filter for ids.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        match read(client, requests).await {
            Ok(batch) => batch,
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::LaunchTemplate, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_launch_template()
            .client_token(&request.token)
            .launch_template_name(name::of(SCHEMA, "name", request)?)
            .set_version_description(desired.maybe_string("description")?)
            .launch_template_data(data(&desired)?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateLaunchTemplate").lagging(), sending).await?;
        let id = answer.launch_template.and_then(|template| template.launch_template_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateLaunchTemplate", "LaunchTemplateId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, |_| true).await
    }

    /// Makes the newest version the default one where that is wanted and is not so.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(mut template) = by_id(client, id).await? else { return Ok(waiting("not visible yet")) };
        let desired = &standing.desired.attributes;
        let newest = template.latest_version_number;
        if Fields::of(desired).bool_or("update_default_version", true)? && template.default_version_number != newest {
            let version = newest.map(|version| version.to_string());
            let sending =
                client.ec2.modify_launch_template().launch_template_id(id).set_default_version(version).send();
            let answer = client.send(Call::ec2("ModifyLaunchTemplate").lagging(), sending).await?;
            // The answer has no tags.
            template.default_version_number = answer.launch_template.and_then(|answer| answer.default_version_number);
        }
        let versions = versions(client, Some(id)).await?;
        let Some(version) = versions.iter().find(|version| version.version_number == newest) else {
            return Ok(waiting("the newest version is not visible yet"));
        };
        let observed = observe(client, &standing.account, &template, Some(version));
        Ok(once_shown(SCHEMA, desired, observed))
    }

    /// Makes a new version, unless the newest is as it should be already: then an earlier attempt has made it.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = &standing.identity.0;
        if change.changed.iter().any(|field| VERSIONED.contains(&field.as_str())) {
            let versions = versions(client, Some(id)).await?;
            let newest = versions.iter().max_by_key(|version| version.version_number);
            let observed = newest.map(|version| observe_version(version).finish(SCHEMA)).unwrap_or_default();
            if Differences::of(SCHEMA, &standing.desired.attributes, &observed).any(VERSIONED) {
                let desired = Fields::of(&standing.desired.attributes);
                let sending = client
                    .ec2
                    .create_launch_template_version()
                    .client_token(&standing.token)
                    .launch_template_id(id)
                    .set_version_description(desired.maybe_string("description")?)
                    .launch_template_data(data(&desired)?)
                    .send();
                client.send(Call::ec2("CreateLaunchTemplateVersion").lagging(), sending).await?;
            }
        }
        tag::update(client, id, standing, change).await
    }

    /// Deleting by id can be repeated: an id is never given twice. Its versions go with it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_launch_template().launch_template_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteLaunchTemplate"), sending).await)
    }
}

async fn read(client: &Client, requests: &[ReadRequest]) -> Result<Batch, Failure> {
    let wanted = ids(requests);
    let marked = match &client.lineage {
        Some(lineage) => pages(&[lineage_filter(lineage)], &page(client)).await?,
        None => Vec::new(),
    };
    let shown: BTreeSet<&str> = marked.iter().filter_map(id_of).collect();
    let missing = wanted.iter().filter(|id| !shown.contains(id.as_str()));
    let others = try_join_all(missing.map(|id| by_id(client, id))).await?;
    let templates: BTreeMap<String, types::LaunchTemplate> = marked
        .into_iter()
        .chain(others.into_iter().flatten())
        .filter_map(|template| Some((template.launch_template_id.clone()?, template)))
        .collect();
    let present: Vec<&String> = wanted.iter().filter(|id| templates.contains_key(*id)).collect();
    let versions = match present.as_slice() {
        [] => Vec::new(),
        [id] => versions(client, Some(id)).await?,
        _ => versions(client, None).await?,
    };
    let tags = templates.iter().map(|(id, template)| (id, tag::read(template.tags())));
    let strays = strays(client, SCHEMA.kind, &wanted, tags);
    let batch = Batch::of(requests, |request| {
        let template = templates.get(&request.identity.0)?;
        // Where the newest is to be the default one, it is the default one that counts: a version that was made
        // and did not get that far shows as a difference.
        let follows = Fields::of(&request.recorded).bool_or("update_default_version", true).unwrap_or(true);
        let number = if follows { template.default_version_number } else { template.latest_version_number };
        let version = versions.iter().find(|version| {
            version.launch_template_id() == Some(&request.identity.0) && version.version_number == number
        });
        let account = account_of(client, &request.recorded);
        Some(Ok(observe(client, &account, template, version)))
    });
    Ok(Batch { strays, ..batch })
}

/// No answer holds the owner: it is the one that state or configuration names.
fn account_of(client: &Client, recorded: &Attributes) -> String {
    let recorded = recorded.get("arn").and_then(Datum::as_str).and_then(|arn| arn.split(':').nth(4));
    recorded.or(client.account.as_deref()).unwrap_or_default().to_owned()
}

fn id_of(template: &types::LaunchTemplate) -> Option<&str> {
    template.launch_template_id()
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::LaunchTemplate>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_launch_templates().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeLaunchTemplates"), sending).await?;
        Ok((answer.launch_templates.unwrap_or_default(), answer.next_token))
    }
}

async fn by_id(client: &Client, id: &str) -> Result<Option<types::LaunchTemplate>, Failure> {
    let sending = client.ec2.describe_launch_templates().launch_template_ids(id).send();
    let answer = there(client.send(Call::ec2("DescribeLaunchTemplates"), sending).await)?;
    Ok(answer.and_then(|answer| answer.launch_templates.unwrap_or_default().pop()))
}

/// The newest and the default version, of one template or of all.
async fn versions(client: &Client, id: Option<&str>) -> Result<Vec<types::LaunchTemplateVersion>, Failure> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let sending = client
            .ec2
            .describe_launch_template_versions()
            .set_launch_template_id(id.map(str::to_owned))
            .versions("$Latest")
            .versions("$Default")
            .set_next_token(token)
            .send();
        let Some(answer) = there(client.send(Call::ec2("DescribeLaunchTemplateVersions"), sending).await)? else {
            return Ok(all);
        };
        all.extend(answer.launch_template_versions.unwrap_or_default());
        match answer.next_token {
            Some(next) if !next.is_empty() => token = Some(next),
            _ => return Ok(all),
        }
    }
}

fn data(desired: &Fields<'_>) -> Result<RequestLaunchTemplateData, Failure> {
    let groups = desired.texts("vpc_security_group_ids")?;
    let profile = match desired.block("iam_instance_profile")? {
        Some(profile) => {
            Some(LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name(profile.text("name")?).build())
        }
        None => None,
    };
    let metadata = match desired.block("metadata_options")? {
        Some(options) => Some(
            LaunchTemplateInstanceMetadataOptionsRequest::builder()
                .set_http_endpoint(options.maybe_text("http_endpoint")?.map(Into::into))
                .set_http_tokens(options.maybe_text("http_tokens")?.map(Into::into))
                .set_http_put_response_hop_limit(options.maybe_i32("http_put_response_hop_limit")?)
                .set_instance_metadata_tags(options.maybe_text("instance_metadata_tags")?.map(Into::into))
                .build(),
        ),
        None => None,
    };
    let monitoring = match desired.block("monitoring")? {
        Some(monitoring) => {
            Some(LaunchTemplatesMonitoringRequest::builder().set_enabled(monitoring.maybe_bool("enabled")?).build())
        }
        None => None,
    };
    let mut request = RequestLaunchTemplateData::builder()
        .set_image_id(desired.maybe_string("image_id")?)
        .set_instance_type(desired.maybe_text("instance_type")?.map(Into::into))
        .set_key_name(desired.maybe_string("key_name")?)
        .set_user_data(desired.maybe_string("user_data")?)
        .set_ebs_optimized(desired.maybe_bool("ebs_optimized")?)
        .set_security_group_ids(Some(groups).filter(|groups| !groups.is_empty()))
        .set_iam_instance_profile(profile)
        .set_metadata_options(metadata)
        .set_monitoring(monitoring);
    for mapping in desired.blocks("block_device_mappings")? {
        let mut device = LaunchTemplateBlockDeviceMappingRequest::builder().device_name(mapping.text("device_name")?);
        if let Some(ebs) = mapping.block("ebs")? {
            let volume = LaunchTemplateEbsBlockDeviceRequest::builder()
                .set_volume_type(ebs.maybe_text("volume_type")?.map(Into::into))
                .set_volume_size(ebs.maybe_i32("volume_size")?)
                .set_iops(ebs.maybe_i32("iops")?)
                .set_throughput(ebs.maybe_i32("throughput")?)
                .set_encrypted(ebs.maybe_bool("encrypted")?)
                .set_kms_key_id(ebs.maybe_string("kms_key_id")?)
                .set_delete_on_termination(ebs.maybe_bool("delete_on_termination")?)
                .set_snapshot_id(ebs.maybe_string("snapshot_id")?)
                .build();
            device = device.ebs(volume);
        }
        request = request.block_device_mappings(device.build());
    }
    for specification in desired.blocks("tag_specifications")? {
        let tags = tag::written(specification.map("tags")?);
        let specification = LaunchTemplateTagSpecificationRequest::builder()
            .resource_type(specification.text("resource_type")?.into())
            .set_tags(Some(tags))
            .build();
        request = request.tag_specifications(specification);
    }
    Ok(request.build())
}

fn observe(
    client: &Client,
    account: &str,
    template: &types::LaunchTemplate,
    version: Option<&types::LaunchTemplateVersion>,
) -> Attributes {
    let id = template.launch_template_id().unwrap_or_default();
    version
        .map(observe_version)
        .unwrap_or_default()
        .with("name", template.launch_template_name())
        .tagged(&tag::read(template.tags()))
        .with("id", id)
        .with("arn", arn::ec2(&client.region, account, &format!("launch-template/{id}")))
        .with("latest_version", template.latest_version_number)
        .with("default_version", template.default_version_number)
        .finish(SCHEMA)
}

fn observe_version(version: &types::LaunchTemplateVersion) -> Observed {
    let none = ResponseLaunchTemplateData::builder().build();
    let data = version.launch_template_data().unwrap_or(&none);
    let profile = data.iam_instance_profile.as_ref();
    let metadata = data.metadata_options.as_ref().map_or_else(Observed::new, |options| {
        Observed::new()
            .with("http_endpoint", options.http_endpoint.as_ref().map(|it| it.as_str()))
            .with("http_tokens", options.http_tokens.as_ref().map(|it| it.as_str()))
            .with("http_put_response_hop_limit", options.http_put_response_hop_limit)
            .with("instance_metadata_tags", options.instance_metadata_tags.as_ref().map(|it| it.as_str()))
    });
    Observed::new()
        .with("description", version.version_description())
        .with("image_id", data.image_id())
        .with("instance_type", data.instance_type.as_ref().map(|it| it.as_str()))
        .with("key_name", data.key_name())
        .with("user_data", data.user_data())
        .with("ebs_optimized", data.ebs_optimized)
        .with_list("vpc_security_group_ids", data.security_group_ids().iter().map(String::as_str))
        .with_block("iam_instance_profile", Observed::new().with("name", profile.and_then(|profile| profile.name())))
        .with_block("metadata_options", metadata)
        .with_block(
            "monitoring",
            Observed::new().with("enabled", data.monitoring.as_ref().and_then(|monitoring| monitoring.enabled)),
        )
        .with_list("block_device_mappings", data.block_device_mappings().iter().map(mapping))
        .with_list("tag_specifications", data.tag_specifications().iter().map(specification))
}

fn mapping(mapping: &types::LaunchTemplateBlockDeviceMapping) -> Datum {
    let ebs = mapping.ebs.as_ref().map_or_else(Observed::new, |ebs| {
        Observed::new()
            .with("volume_type", ebs.volume_type.as_ref().map(|it| it.as_str()))
            .with("volume_size", ebs.volume_size)
            .with("iops", ebs.iops)
            .with("throughput", ebs.throughput)
            .with("encrypted", ebs.encrypted)
            .with("kms_key_id", ebs.kms_key_id())
            .with("delete_on_termination", ebs.delete_on_termination)
            .with("snapshot_id", ebs.snapshot_id())
    });
    Observed::new().with("device_name", mapping.device_name()).with_block("ebs", ebs).into_datum()
}

fn specification(specification: &types::LaunchTemplateTagSpecification) -> Datum {
    Observed::new()
        .with("resource_type", specification.resource_type.as_ref().map(|it| it.as_str()))
        .with("tags", tag::read(specification.tags()))
        .into_datum()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{change, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_launch_template.nodes";

    fn template(latest: u32, default: u32) -> String {
        format!(
            "<launchTemplates><item><launchTemplateId>lt-1</launchTemplateId><launchTemplateName>nodes</launchTemplateName>\
             <latestVersionNumber>{latest}</latestVersionNumber><defaultVersionNumber>{default}</defaultVersionNumber>{}</item></launchTemplates>",
            marked(AT)
        )
    }

    fn versions(numbers: &[(u32, &str)]) -> String {
        let items: String = numbers
            .iter()
            .map(|(number, size)| {
                format!(
                    "<item><launchTemplateId>lt-1</launchTemplateId><versionNumber>{number}</versionNumber>\
                     <launchTemplateData><instanceType>{size}</instanceType></launchTemplateData></item>"
                )
            })
            .collect();
        format!("<launchTemplateVersionSet>{items}</launchTemplateVersionSet>")
    }

    #[tokio::test]
    async fn a_version_that_did_not_become_the_default_one_shows_as_a_difference() {
        let canned = Canned::new()
            .answer("DescribeLaunchTemplates", &template(2, 1))
            .answer("DescribeLaunchTemplateVersions", &versions(&[(2, "t3.large"), (1, "t3.medium")]));
        let answer = canned.aws().read(&[read(AT, "lt-1")]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        assert_eq!(observed.get("instance_type").and_then(Datum::as_str), Some("t3.medium"));
    }

    #[tokio::test]
    async fn an_update_whose_version_is_made_already_makes_no_second_one() {
        let canned = Canned::new()
            .answer("DescribeLaunchTemplateVersions", &versions(&[(2, "t3.large"), (1, "t3.medium")]))
            .answer("CreateLaunchTemplateVersion", "<launchTemplateVersion/>");
        let changed = change(json!({ "instance_type": "t3.medium" }), &["instance_type"]);
        let update = async |size: &str| {
            let standing = standing(AT, "lt-1", json!({ "instance_type": size }));
            canned.aws().update(&standing, &changed).await.unwrap();
        };
        update("t3.large").await;
        assert_eq!(canned.operations(), ["DescribeLaunchTemplateVersions"]);
        update("t3.small").await;
        let made = canned.seen().pop().unwrap();
        assert_eq!(made.operation, "CreateLaunchTemplateVersion");
        assert_eq!(made.get("LaunchTemplateData.InstanceType"), Some("t3.small"));
        assert_eq!(made.get("ClientToken").map(str::len), Some(64));
    }

    #[tokio::test]
    async fn settling_makes_the_newest_version_the_default_one() {
        let canned = Canned::new()
            .answer("DescribeLaunchTemplates", &template(2, 1))
            .answer("DescribeLaunchTemplateVersions", &versions(&[(2, "t3.large")]))
            .answer(
                "ModifyLaunchTemplate",
                "<launchTemplate><defaultVersionNumber>2</defaultVersionNumber></launchTemplate>",
            );
        let standing = standing(AT, "lt-1", json!({ "instance_type": "t3.large" }));
        let Progress::Ready(observed) = canned.aws().settle(&standing).await.unwrap() else { panic!("not ready") };
        assert_eq!(observed.get("default_version"), Some(&Datum::Integer(2)));
        assert_eq!(canned.seen()[1].get("SetDefaultVersion"), Some("2"));
    }
}
