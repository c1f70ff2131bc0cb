//! `aws_instance`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, AttributeBooleanValue, AttributeValue, BlockDeviceMapping, EbsBlockDevice, Filter, HttpTokensState,
    IamInstanceProfileSpecification, InstanceAttributeName, InstanceMetadataEndpointState,
    InstanceMetadataOptionsRequest, InstanceMetadataTagsState, InstanceNetworkInterfaceSpecification,
    InstanceStateName, InstanceType, MonitoringState, ResourceType, RunInstancesMonitoringEnabled, VolumeType,
};
use aws_smithy_types::Blob;
use base64::Engine as _;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::ebs_volume::{page as volume_page, resize};
use crate::failure::{broken, refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, by_values, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, there, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, mark, tag};

/// The calls of `aws_instance`.
pub struct Instance;

const SCHEMA: &Schema = fathuss_model::aws::Instance::SCHEMA;

#[async_trait(?Send)]
impl Kind for Instance {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeInstances` for all and one `DescribeVolumes` for all their root volumes. User data and the protection
    /// from termination are in no list: two `DescribeInstanceAttribute` for each instance.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let mut instances = match gather(client, &wanted, "instance-id", id_of, page(client)).await {
            Ok(instances) => instances,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        instances.retain(|_, instance| lives(instance));
        // What a node group launched may carry tags of ours; it is not this type's.
        let tags = instances.iter().map(|(id, instance)| (id, tag::read(instance.tags())));
        let strays = strays(client, SCHEMA.kind, &wanted, tags);
        let ours = || instances.iter().filter(|(id, _)| wanted.contains(*id));
        let roots = ours().filter_map(|(_, instance)| root_volume(instance)).map(str::to_owned);
        let volumes = match by_values("volume-id", roots, &[], volume_page(client)).await {
            Ok(volumes) => volumes,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let mut read = BTreeMap::new();
        for (id, instance) in ours() {
            let root = volumes.iter().find(|volume| volume.volume_id() == root_volume(instance));
            match Told::of(client, id).await {
                Ok(Some(told)) => read.insert(id.clone(), observe(client, instance, root, &told)),
                Ok(None) => continue,
                Err(failure) => return Batch::failed(requests, &failure),
            };
        }
        Batch { strays, ..Batch::of(requests, |request| read.get(&request.identity.0).cloned().map(Ok)) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let image = desired.text("ami")?;
        let mut sending = client
            .ec2
            .run_instances()
            .client_token(&request.token)
            .min_count(1)
            .max_count(1)
            .image_id(image)
            .instance_type(InstanceType::from(desired.text("instance_type")?))
            .set_key_name(desired.maybe_string("key_name")?)
            .set_user_data(desired.maybe_string("user_data_base64")?)
            .set_ebs_optimized(desired.maybe_bool("ebs_optimized")?)
            .disable_api_termination(desired.bool_or("disable_api_termination", false)?)
            .monitoring(monitoring(desired.bool_or("monitoring", false)?))
            .tag_specifications(tag::specification(
                ResourceType::Instance,
                &request.mark,
                &request.desired.attributes,
            )?);
        if let Some(zone) = desired.maybe_text("availability_zone")? {
            sending = sending.placement(types::Placement::builder().availability_zone(zone).build());
        }
        if let Some(profile) = desired.maybe_text("iam_instance_profile")? {
            sending = sending.iam_instance_profile(IamInstanceProfileSpecification::builder().name(profile).build());
        }
        if let Some(options) = desired.block("metadata_options")? {
            sending = sending.metadata_options(
                InstanceMetadataOptionsRequest::builder()
                    .set_http_endpoint(options.maybe_text("http_endpoint")?.map(InstanceMetadataEndpointState::from))
                    .set_http_tokens(options.maybe_text("http_tokens")?.map(HttpTokensState::from))
                    .set_http_put_response_hop_limit(options.maybe_i32("http_put_response_hop_limit")?)
                    .set_instance_metadata_tags(
                        options.maybe_text("instance_metadata_tags")?.map(InstanceMetadataTagsState::from),
                    )
                    .build(),
            );
        }
        if let Some(root) = desired.block("root_block_device")? {
            let device = root_device(client, image).await?;
            sending = sending.block_device_mappings(
                BlockDeviceMapping::builder().device_name(device).ebs(root_request(&root)?).build(),
            );
            let tags = root.map("tags")?;
            if !tags.is_empty() {
                sending = sending.tag_specifications(tag::specification_of(ResourceType::Volume, tags));
            }
        }
        let (subnet, groups) = (desired.text("subnet_id")?, desired.texts("vpc_security_group_ids")?);
        let groups = (!groups.is_empty()).then_some(groups);
        let private = desired.maybe_string("private_ip")?;
        sending = match desired.maybe_bool("associate_public_ip_address")? {
            // A public address is a matter of the interface, which then has subnet and groups, too.
            Some(public) => sending.network_interfaces(
                InstanceNetworkInterfaceSpecification::builder()
                    .device_index(0)
                    .subnet_id(subnet)
                    .set_groups(groups)
                    .set_private_ip_address(private)
                    .associate_public_ip_address(public)
                    .build(),
            ),
            None => sending.subnet_id(subnet).set_security_group_ids(groups).set_private_ip_address(private),
        };
        // A young instance profile is unknown to EC2 for some seconds.
        let call = Call::ec2("RunInstances").lagging().expects("InvalidParameterValue", "iamInstanceProfile");
        let answer = client.send(call, sending.send()).await?;
        let id = answer.instances.unwrap_or_default().pop().and_then(|instance| instance.instance_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "RunInstances", "InstanceId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, lives).await
    }

    /// What needs a stopped instance (its size, its user data) is done here, step by step: stop, change, start.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(instance) = one("instance-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let desired = Fields::of(&standing.desired.attributes);
        let name = instance.state.as_ref().and_then(|state| state.name.clone());
        match &name {
            Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown) => {
                let reason = instance.state_reason.as_ref();
                let code = reason.and_then(|reason| reason.code()).unwrap_or("Terminated");
                let message = reason.and_then(|reason| reason.message()).unwrap_or("it was terminated");
                return Err(broken(Service::Ec2, code, message));
            }
            Some(InstanceStateName::Running | InstanceStateName::Stopped) => {}
            state => return Ok(waiting(state.as_ref().map_or("pending", InstanceStateName::as_str))),
        }
        let Some(told) = Told::of(client, id).await? else { return Ok(waiting("not visible yet")) };
        let stopped = name == Some(InstanceStateName::Stopped);
        if let Some(change) = stopped_change(&desired, &instance, &told)? {
            if !stopped {
                client.send(Call::ec2("StopInstances"), client.ec2.stop_instances().instance_ids(id).send()).await?;
                return Ok(waiting("stopping"));
            }
            change.send(client, id).await?;
            return Ok(waiting("changing while stopped"));
        }
        if stopped {
            client.send(Call::ec2("StartInstances"), client.ec2.start_instances().instance_ids(id).send()).await?;
            return Ok(waiting("starting"));
        }
        let checks = desired.bool_or("source_dest_check", true)?;
        if instance.source_dest_check.is_some_and(|is| is != checks) {
            let value = AttributeBooleanValue::builder().value(checks).build();
            let sending = client.ec2.modify_instance_attribute().instance_id(id).source_dest_check(value).send();
            client.send(Call::ec2("ModifyInstanceAttribute"), sending).await?;
            return Ok(waiting("its interface changes"));
        }
        let root = match root_volume(&instance) {
            Some(volume) => one("volume-id", volume, volume_page(client)).await?,
            None => None,
        };
        Ok(Progress::Ready(observe(client, &instance, root.as_ref(), &told)))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = &standing.identity.0;
        let desired = Fields::of(&standing.desired.attributes);
        tag::update(client, id, standing, change).await?;
        for name in &change.changed {
            match name.as_str() {
                "vpc_security_group_ids" => {
                    let groups = desired.texts("vpc_security_group_ids")?;
                    let sending =
                        client.ec2.modify_instance_attribute().instance_id(id).set_groups(Some(groups)).send();
                    client.send(Call::ec2("ModifyInstanceAttribute"), sending).await?;
                }
                "disable_api_termination" => {
                    let value = desired.bool_or("disable_api_termination", false)?;
                    let value = AttributeBooleanValue::builder().value(value).build();
                    let sending =
                        client.ec2.modify_instance_attribute().instance_id(id).disable_api_termination(value).send();
                    client.send(Call::ec2("ModifyInstanceAttribute"), sending).await?;
                }
                "metadata_options" => metadata(client, id, &desired).await?,
                "monitoring" => {
                    if desired.bool_or("monitoring", false)? {
                        let sending = client.ec2.monitor_instances().instance_ids(id).send();
                        client.send(Call::ec2("MonitorInstances"), sending).await?;
                    } else {
                        let sending = client.ec2.unmonitor_instances().instance_ids(id).send();
                        client.send(Call::ec2("UnmonitorInstances"), sending).await?;
                    }
                }
                "iam_instance_profile" => profile(client, id, desired.maybe_text("iam_instance_profile")?).await?,
                "root_block_device" => root(client, id, &desired, &change.before).await?,
                // Size, user data and the like are the business of `settle`.
                _ => {}
            }
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        match state(client, id).await? {
            None | Some(InstanceStateName::Terminated) => return Ok(Progress::Gone),
            Some(InstanceStateName::ShuttingDown) => return Ok(waiting("shutting-down")),
            Some(_) => {}
        }
        match client
            .send(Call::ec2("TerminateInstances"), client.ec2.terminate_instances().instance_ids(id).send())
            .await
        {
            Ok(_) => Ok(waiting("shutting-down")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

/// The state of an instance, if it is there.
pub(crate) async fn state(client: &Client, id: &str) -> Result<Option<InstanceStateName>, Failure> {
    let instance = one("instance-id", id, page(client)).await?;
    Ok(instance.and_then(|instance| instance.state).and_then(|state| state.name))
}

fn id_of(instance: &types::Instance) -> Option<&str> {
    instance.instance_id()
}

fn lives(instance: &types::Instance) -> bool {
    let name = instance.state.as_ref().and_then(|state| state.name.as_ref());
    !matches!(name, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
}

fn page(client: &Client) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Instance>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_instances().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeInstances"), sending).await?;
        let reservations = answer.reservations.unwrap_or_default();
        let instances = reservations.into_iter().flat_map(|one| one.instances.unwrap_or_default()).collect();
        Ok((instances, answer.next_token))
    }
}

/// What an instance tells of itself only when asked for it by name.
struct Told {
    user_data: Option<String>,
    protected: bool,
}

impl Told {
    async fn of(client: &Client, id: &str) -> Result<Option<Self>, Failure> {
        let asking = |attribute| client.ec2.describe_instance_attribute().instance_id(id).attribute(attribute).send();
        let call = || Call::ec2("DescribeInstanceAttribute");
        let Some(data) = there(client.send(call(), asking(InstanceAttributeName::UserData)).await)? else {
            return Ok(None);
        };
        let protection = asking(InstanceAttributeName::DisableApiTermination);
        let Some(protection) = there(client.send(call(), protection).await)? else { return Ok(None) };
        Ok(Some(Self {
            user_data: data.user_data.and_then(|data| data.value),
            protected: protection.disable_api_termination.and_then(|value| value.value).unwrap_or(false),
        }))
    }
}

/// A change that needs a stopped instance.
enum StoppedChange {
    Type(String),
    UserData(String),
    EbsOptimized(bool),
}

fn stopped_change(
    desired: &Fields<'_>,
    instance: &types::Instance,
    told: &Told,
) -> Result<Option<StoppedChange>, Failure> {
    if let Some(wanted) = desired.maybe_text("instance_type")?
        && instance.instance_type.as_ref().map(InstanceType::as_str) != Some(wanted)
    {
        return Ok(Some(StoppedChange::Type(wanted.to_owned())));
    }
    if let Some(wanted) = desired.maybe_text("user_data_base64")?
        && told.user_data.as_deref() != Some(wanted)
    {
        return Ok(Some(StoppedChange::UserData(wanted.to_owned())));
    }
    if let Some(wanted) = desired.maybe_bool("ebs_optimized")?
        && instance.ebs_optimized != Some(wanted)
    {
        return Ok(Some(StoppedChange::EbsOptimized(wanted)));
    }
    Ok(None)
}

impl StoppedChange {
    async fn send(self, client: &Client, id: &str) -> Result<(), Failure> {
        let changing = client.ec2.modify_instance_attribute().instance_id(id);
        let changing = match self {
            Self::Type(value) => changing.instance_type(AttributeValue::builder().value(value).build()),
            Self::EbsOptimized(value) => changing.ebs_optimized(AttributeBooleanValue::builder().value(value).build()),
            Self::UserData(value) => {
                // The SDK encodes a blob itself.
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(value)
                    .map_err(|_| refused("InvalidField", "user_data_base64 is no base64".to_owned()))?;
                changing.user_data(types::SecureBlobAttributeValue::builder().value(Blob::new(bytes)).build())
            }
        };
        client.send(Call::ec2("ModifyInstanceAttribute"), changing.send()).await?;
        Ok(())
    }
}

fn monitoring(enabled: bool) -> RunInstancesMonitoringEnabled {
    RunInstancesMonitoringEnabled::builder().enabled(enabled).build()
}

fn root_request(root: &Fields<'_>) -> Result<EbsBlockDevice, Failure> {
    Ok(EbsBlockDevice::builder()
        .set_volume_type(root.maybe_text("volume_type")?.map(VolumeType::from))
        .set_volume_size(root.maybe_i32("volume_size")?)
        .set_iops(root.maybe_i32("iops")?)
        .set_throughput(root.maybe_i32("throughput")?)
        .set_encrypted(root.maybe_bool("encrypted")?)
        .set_kms_key_id(root.maybe_string("kms_key_id")?)
        .delete_on_termination(root.bool_or("delete_on_termination", true)?)
        .build())
}

/// The name of an image's root device, which a mapping of it must have.
async fn root_device(client: &Client, image: &str) -> Result<String, Failure> {
    let answer = client.send(Call::ec2("DescribeImages"), client.ec2.describe_images().image_ids(image).send()).await?;
    let device = answer.images.unwrap_or_default().pop().and_then(|image| image.root_device_name);
    device.ok_or_else(|| unreadable(Service::Ec2, "DescribeImages", "RootDeviceName"))
}

async fn metadata(client: &Client, id: &str, desired: &Fields<'_>) -> Result<(), Failure> {
    let Some(options) = desired.block("metadata_options")? else { return Ok(()) };
    let sending = client
        .ec2
        .modify_instance_metadata_options()
        .instance_id(id)
        .set_http_endpoint(options.maybe_text("http_endpoint")?.map(InstanceMetadataEndpointState::from))
        .set_http_tokens(options.maybe_text("http_tokens")?.map(HttpTokensState::from))
        .set_http_put_response_hop_limit(options.maybe_i32("http_put_response_hop_limit")?)
        .set_instance_metadata_tags(options.maybe_text("instance_metadata_tags")?.map(InstanceMetadataTagsState::from))
        .send();
    client.send(Call::ec2("ModifyInstanceMetadataOptions"), sending).await?;
    Ok(())
}

async fn profile(client: &Client, id: &str, wanted: Option<&str>) -> Result<(), Failure> {
    let filters = crate::gather::filter("instance-id", [id.to_owned()]);
    let asking = client.ec2.describe_iam_instance_profile_associations().filters(filters).send();
    let answer = client.send(Call::ec2("DescribeIamInstanceProfileAssociations"), asking).await?;
    let association = answer
        .iam_instance_profile_associations
        .unwrap_or_default()
        .into_iter()
        .find(|one| one.state.as_ref().is_some_and(|state| state.as_str().starts_with("associat")))
        .and_then(|one| one.association_id);
    let named = |name: &str| IamInstanceProfileSpecification::builder().name(name).build();
    match (association, wanted) {
        (Some(association), Some(wanted)) => {
            let sending = client
                .ec2
                .replace_iam_instance_profile_association()
                .association_id(association)
                .iam_instance_profile(named(wanted))
                .send();
            client.send(Call::ec2("ReplaceIamInstanceProfileAssociation").lagging(), sending).await?;
        }
        (None, Some(wanted)) => {
            let sending =
                client.ec2.associate_iam_instance_profile().instance_id(id).iam_instance_profile(named(wanted)).send();
            client.send(Call::ec2("AssociateIamInstanceProfile").lagging(), sending).await?;
        }
        (Some(association), None) => {
            let sending = client.ec2.disassociate_iam_instance_profile().association_id(association).send();
            client.send(Call::ec2("DisassociateIamInstanceProfile"), sending).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

async fn root(client: &Client, id: &str, desired: &Fields<'_>, before: &Attributes) -> Result<(), Failure> {
    let Some(wanted) = desired.block("root_block_device")? else { return Ok(()) };
    let Some(instance) = one("instance-id", id, page(client)).await? else { return Ok(()) };
    let Some(volume) = root_volume(&instance) else { return Ok(()) };
    let was = before.get("root_block_device").cloned().unwrap_or_default();
    let differs = |name: &str| {
        let wanted = wanted.get(name);
        wanted.is_some() && wanted != was.at(name)
    };
    if ["volume_size", "volume_type", "iops", "throughput"].into_iter().any(differs) {
        resize(client, volume, &wanted, ["volume_size", "volume_type"]).await?;
    }
    if wanted.get("tags") != was.at("tags") {
        let tags = wanted.map("tags")?;
        let none = BTreeMap::new();
        let gone: Vec<_> = was
            .at("tags")
            .and_then(Datum::as_map)
            .unwrap_or(&none)
            .keys()
            .filter(|key| !tags.contains_key(*key))
            .map(|key| types::Tag::builder().key(key).build())
            .collect();
        if !tags.is_empty() {
            tag::set(client, volume, tags).await?;
        }
        if !gone.is_empty() {
            let sending = client.ec2.delete_tags().resources(volume).set_tags(Some(gone)).send();
            client.send(Call::ec2("DeleteTags"), sending).await?;
        }
    }
    Ok(())
}

fn root_volume(instance: &types::Instance) -> Option<&str> {
    let root = instance.root_device_name()?;
    let mapping = instance.block_device_mappings().iter().find(|one| one.device_name() == Some(root))?;
    mapping.ebs()?.volume_id()
}

fn observe(client: &Client, instance: &types::Instance, root: Option<&types::Volume>, told: &Told) -> Attributes {
    let id = instance.instance_id().unwrap_or_default();
    let interface = instance.network_interfaces().first();
    let owner = interface.and_then(|one| one.owner_id()).or(client.account.as_deref()).unwrap_or_default();
    let profile =
        instance.iam_instance_profile().and_then(|profile| profile.arn()).and_then(|arn| arn.rsplit('/').next());
    let state = instance.state.as_ref().and_then(|state| state.name.as_ref()).map(InstanceStateName::as_str);
    let watched = instance.monitoring.as_ref().and_then(|monitoring| monitoring.state.as_ref());
    let mut observed = Observed::new()
        .with("ami", instance.image_id())
        .with("instance_type", instance.instance_type.as_ref().map(InstanceType::as_str))
        .with("subnet_id", instance.subnet_id())
        .with("availability_zone", instance.placement().and_then(|placement| placement.availability_zone()))
        .with_list(
            "vpc_security_group_ids",
            instance.security_groups().iter().filter_map(|group| group.group_id()).collect::<Vec<_>>(),
        )
        .with("iam_instance_profile", profile)
        .with("key_name", instance.key_name())
        .with("user_data_base64", told.user_data.as_deref())
        .with("ebs_optimized", instance.ebs_optimized)
        .with("monitoring", matches!(watched, Some(MonitoringState::Enabled | MonitoringState::Pending)))
        .with("associate_public_ip_address", instance.public_ip_address().is_some_and(|address| !address.is_empty()))
        .with("private_ip", instance.private_ip_address())
        .with("disable_api_termination", told.protected)
        .with("source_dest_check", instance.source_dest_check)
        .with("tags", mark::attribute(&tag::read(instance.tags())))
        .with("id", id)
        .with("arn", arn::ec2(&client.region, owner, &format!("instance/{id}")))
        .with("instance_state", state)
        .with("private_dns", instance.private_dns_name())
        .with("public_ip", instance.public_ip_address())
        .with("public_dns", instance.public_dns_name().filter(|name| !name.is_empty()))
        .with("primary_network_interface_id", interface.and_then(|one| one.network_interface_id()));
    if let Some(options) = instance.metadata_options() {
        let block = Observed::new()
            .with("http_endpoint", options.http_endpoint.as_ref().map(|word| word.as_str()))
            .with("http_tokens", options.http_tokens.as_ref().map(|word| word.as_str()))
            .with("http_put_response_hop_limit", options.http_put_response_hop_limit.map(i64::from))
            .with("instance_metadata_tags", options.instance_metadata_tags.as_ref().map(|word| word.as_str()));
        observed = observed.with_block("metadata_options", block);
    }
    if let Some(volume) = root {
        let kept = volume.attachments().first().and_then(|attachment| attachment.delete_on_termination);
        let block = Observed::new()
            .with("volume_type", volume.volume_type.as_ref().map(VolumeType::as_str))
            .with("volume_size", volume.size.map(i64::from))
            .with("iops", volume.iops.map(i64::from))
            .with("throughput", volume.throughput.map(i64::from))
            .with("encrypted", volume.encrypted)
            .with("kms_key_id", volume.kms_key_id())
            .with("delete_on_termination", kept)
            .with("tags", mark::attribute(&tag::read(volume.tags())));
        observed = observed.with_block("root_block_device", block);
    }
    observed.finish(SCHEMA)
}
