//! `aws_launch_template`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>
//!
//! A template's content is that of its newest version; a change makes another version.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, Filter, InstanceType, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMetadataEndpointState, LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateInstanceMetadataTagsState, LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest,
    RequestLaunchTemplateData, ResourceType, ResponseLaunchTemplateData, VolumeType,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gather::{Page, lineage_filter, ours, pages, strays};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, mark, name, tag};

/// The calls of `aws_launch_template`.
pub struct LaunchTemplate;

const SCHEMA: &Schema = fathuss_model::aws::LaunchTemplate::SCHEMA;

#[async_trait(?Send)]
impl Kind for LaunchTemplate {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeLaunchTemplates` for names and tags of all, by our tag, and one `DescribeLaunchTemplateVersions` for
    /// each: a version that is asked for by `$Latest` over all templates would bring those of every other owner, too.
    /// What our tag does not show is asked for by its id.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = crate::gather::ids(requests);
        let filters: Vec<Filter> = client.lineage.as_deref().map(lineage_filter).into_iter().collect();
        let shown = match filters.is_empty() {
            true => Ok(Vec::new()),
            false => pages(&filters, &page(client)).await,
        };
        let mut templates = match shown {
            Ok(shown) => shown
                .into_iter()
                .filter_map(|template| Some((template.launch_template_id.clone()?, template)))
                .collect::<BTreeMap<_, _>>(),
            Err(failure) => return Batch::failed(requests, &failure),
        };
        for id in wanted.iter().filter(|id| !templates.contains_key(*id)).cloned().collect::<Vec<_>>() {
            match by_id(client, &id).await {
                Ok(found) => templates.extend(found.map(|template| (id, template))),
                Err(failure) => return Batch::failed(requests, &failure),
            }
        }
        let tags = templates.iter().map(|(id, template)| (id, tag::read(template.tags())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        let account = client.account.clone().unwrap_or_default();
        let mut read = BTreeMap::new();
        for (id, template) in templates.iter().filter(|(id, _)| wanted.contains(*id)) {
            match latest(client, id).await {
                Ok(version) => read.extend(version.map(|version| (id, observe(client, &account, template, &version)))),
                Err(failure) => return Batch::failed(requests, &failure),
            }
        }
        Batch { strays, ..Batch::of(requests, |request| read.get(&request.identity.0).cloned().map(Ok)) }
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
            .launch_template_data(content(&desired)?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateLaunchTemplate").lagging(), sending).await?;
        let id = answer.launch_template.and_then(|template| template.launch_template_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateLaunchTemplate", "LaunchTemplateId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), |template: &types::LaunchTemplate| template.launch_template_id(), |_| true)
            .await
    }

    /// A new version is the default one only once it has been made so.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(template) = by_id(client, id).await? else { return Ok(waiting("not visible yet")) };
        let desired = Fields::of(&standing.desired.attributes);
        if desired.bool_or("update_default_version", true)?
            && let Some(newest) = template.latest_version_number
            && template.default_version_number != Some(newest)
        {
            let sending =
                client.ec2.modify_launch_template().launch_template_id(id).default_version(newest.to_string()).send();
            client.send(Call::ec2("ModifyLaunchTemplate"), sending).await?;
            return Ok(waiting("its new version becomes the default"));
        }
        let Some(version) = latest(client, id).await? else { return Ok(waiting("not visible yet")) };
        Ok(Progress::Ready(observe(client, &standing.account, &template, &version)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = &standing.identity.0;
        tag::update(client, id, standing, change).await?;
        if change.changed.iter().all(|name| ["tags", "update_default_version"].contains(&name.as_str())) {
            return Ok(());
        }
        let desired = Fields::of(&standing.desired.attributes);
        let sending = client
            .ec2
            .create_launch_template_version()
            .client_token(&standing.token)
            .launch_template_id(id)
            .set_version_description(desired.maybe_string("description")?)
            .launch_template_data(content(&desired)?)
            .send();
        client.send(Call::ec2("CreateLaunchTemplateVersion").lagging(), sending).await?;
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.ec2.delete_launch_template().launch_template_id(&standing.identity.0).send();
        once_accepted(client.send(Call::ec2("DeleteLaunchTemplate"), sending).await)
    }
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

async fn latest(client: &Client, id: &str) -> Result<Option<types::LaunchTemplateVersion>, Failure> {
    let sending = client.ec2.describe_launch_template_versions().launch_template_id(id).versions("$Latest").send();
    let answer = there(client.send(Call::ec2("DescribeLaunchTemplateVersions"), sending).await)?;
    Ok(answer.and_then(|answer| answer.launch_template_versions.unwrap_or_default().pop()))
}

fn content(desired: &Fields<'_>) -> Result<RequestLaunchTemplateData, Failure> {
    let groups = desired.texts("vpc_security_group_ids")?;
    let mut data = RequestLaunchTemplateData::builder()
        .set_image_id(desired.maybe_string("image_id")?)
        .set_instance_type(desired.maybe_text("instance_type")?.map(InstanceType::from))
        .set_key_name(desired.maybe_string("key_name")?)
        .set_user_data(desired.maybe_string("user_data")?)
        .set_ebs_optimized(desired.maybe_bool("ebs_optimized")?)
        .set_security_group_ids((!groups.is_empty()).then_some(groups));
    if let Some(profile) = desired.block("iam_instance_profile")? {
        let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name(profile.text("name")?);
        data = data.iam_instance_profile(profile.build());
    }
    if let Some(options) = desired.block("metadata_options")? {
        data = data.metadata_options(
            LaunchTemplateInstanceMetadataOptionsRequest::builder()
                .set_http_endpoint(
                    options.maybe_text("http_endpoint")?.map(LaunchTemplateInstanceMetadataEndpointState::from),
                )
                .set_http_tokens(options.maybe_text("http_tokens")?.map(LaunchTemplateHttpTokensState::from))
                .set_http_put_response_hop_limit(options.maybe_i32("http_put_response_hop_limit")?)
                .set_instance_metadata_tags(
                    options.maybe_text("instance_metadata_tags")?.map(LaunchTemplateInstanceMetadataTagsState::from),
                )
                .build(),
        );
    }
    if let Some(monitoring) = desired.block("monitoring")? {
        let enabled = monitoring.maybe_bool("enabled")?;
        data = data.monitoring(LaunchTemplatesMonitoringRequest::builder().set_enabled(enabled).build());
    }
    for mapping in desired.blocks("block_device_mappings")? {
        let mut device = LaunchTemplateBlockDeviceMappingRequest::builder().device_name(mapping.text("device_name")?);
        if let Some(ebs) = mapping.block("ebs")? {
            device = device.ebs(
                LaunchTemplateEbsBlockDeviceRequest::builder()
                    .set_volume_type(ebs.maybe_text("volume_type")?.map(VolumeType::from))
                    .set_volume_size(ebs.maybe_i32("volume_size")?)
                    .set_iops(ebs.maybe_i32("iops")?)
                    .set_throughput(ebs.maybe_i32("throughput")?)
                    .set_encrypted(ebs.maybe_bool("encrypted")?)
                    .set_kms_key_id(ebs.maybe_string("kms_key_id")?)
                    .set_delete_on_termination(ebs.maybe_bool("delete_on_termination")?)
                    .set_snapshot_id(ebs.maybe_string("snapshot_id")?)
                    .build(),
            );
        }
        data = data.block_device_mappings(device.build());
    }
    for specification in desired.blocks("tag_specifications")? {
        let tags = tag::written(specification.map("tags")?);
        data = data.tag_specifications(
            LaunchTemplateTagSpecificationRequest::builder()
                .resource_type(ResourceType::from(specification.text("resource_type")?))
                .set_tags(Some(tags))
                .build(),
        );
    }
    Ok(data.build())
}

fn observe(
    client: &Client,
    account: &str,
    template: &types::LaunchTemplate,
    version: &types::LaunchTemplateVersion,
) -> Attributes {
    let id = template.launch_template_id().unwrap_or_default();
    let empty = ResponseLaunchTemplateData::builder().build();
    let data = version.launch_template_data().unwrap_or(&empty);
    let mut observed = Observed::new()
        .with("name", template.launch_template_name())
        .with("description", version.version_description())
        .with("image_id", data.image_id())
        .with("instance_type", data.instance_type.as_ref().map(InstanceType::as_str))
        .with("key_name", data.key_name())
        .with("user_data", data.user_data())
        .with("ebs_optimized", data.ebs_optimized)
        .with_list("vpc_security_group_ids", data.security_group_ids().iter().map(String::as_str))
        .with("tags", mark::attribute(&tag::read(template.tags())))
        .with("id", id)
        .with("arn", arn::ec2(&client.region, account, &format!("launch-template/{id}")))
        .with("latest_version", template.latest_version_number)
        .with("default_version", template.default_version_number);
    if let Some(profile) = data.iam_instance_profile() {
        observed = observed.with_block("iam_instance_profile", Observed::new().with("name", profile.name()));
    }
    if let Some(options) = data.metadata_options() {
        let block = Observed::new()
            .with("http_endpoint", options.http_endpoint.as_ref().map(|word| word.as_str()))
            .with("http_tokens", options.http_tokens.as_ref().map(|word| word.as_str()))
            .with("http_put_response_hop_limit", options.http_put_response_hop_limit.map(i64::from))
            .with("instance_metadata_tags", options.instance_metadata_tags.as_ref().map(|word| word.as_str()));
        observed = observed.with_block("metadata_options", block);
    }
    if let Some(monitoring) = data.monitoring() {
        observed = observed.with_block("monitoring", Observed::new().with("enabled", monitoring.enabled));
    }
    let devices = data.block_device_mappings().iter().map(|mapping| {
        let mut block = Observed::new().with("device_name", mapping.device_name());
        if let Some(ebs) = mapping.ebs() {
            let volume = Observed::new()
                .with("volume_type", ebs.volume_type.as_ref().map(VolumeType::as_str))
                .with("volume_size", ebs.volume_size.map(i64::from))
                .with("iops", ebs.iops.map(i64::from))
                .with("throughput", ebs.throughput.map(i64::from))
                .with("encrypted", ebs.encrypted)
                .with("kms_key_id", ebs.kms_key_id())
                .with("delete_on_termination", ebs.delete_on_termination)
                .with("snapshot_id", ebs.snapshot_id());
            block = block.with_block("ebs", volume);
        }
        block.into_datum()
    });
    let specifications = data.tag_specifications().iter().map(|specification| {
        Observed::new()
            .with("resource_type", specification.resource_type.as_ref().map(ResourceType::as_str))
            .with("tags", Datum::from(tag::read(specification.tags())))
            .into_datum()
    });
    observed
        .with_list("block_device_mappings", devices.collect::<Vec<_>>())
        .with_list("tag_specifications", specifications.collect::<Vec<_>>())
        .finish(SCHEMA)
}
