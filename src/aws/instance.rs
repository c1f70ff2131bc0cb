//! `aws_instance`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>
//!
//! Its root volume is made with it, and carries its mark and the tags of its block. What is
//! changed on a stopped instance alone stops it; settling starts it again.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    self, AttributeBooleanValue, AttributeValue, BlockDeviceMapping, EbsBlockDevice, Filter,
    IamInstanceProfileSpecification, InstanceAttributeName, InstanceMetadataOptionsRequest,
    InstanceNetworkInterfaceSpecification, InstanceStateName, MonitoringState, ResourceType,
    RunInstancesMonitoringEnabled, VolumeType,
};
use aws_smithy_types::Blob;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::{try_join, try_join_all};

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::{broken, refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, by_values, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, ebs_volume, mark, tag};

/// The calls of `aws_instance`.
pub struct Instance;

/// The family that volumes and attachments belong to, since a root volume is a volume.
pub(crate) const FAMILY: &str = SCHEMA.kind;

const SCHEMA: &Schema = fathuss_model::aws::Instance::SCHEMA;

/// What changes on a stopped instance alone.
const STOPPED: &[&str] = &["instance_type", "user_data_base64", "ebs_optimized"];

/// What `ModifyVolume` changes of the root volume.
const MODIFIED: &[&str] = &["volume_type", "volume_size", "iops", "throughput"];

#[async_trait(?Send)]
impl Kind for Instance {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeInstances` for all, and one `DescribeVolumes` for volumes, attachments and root volumes, which
    /// carry the mark of their instance. Two `DescribeInstanceAttribute` for each, since user data and the protection
    /// from termination are in no other answer, and that call has one attribute of one instance.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        match read(client, requests).await {
            Ok(batch) => batch,
            Err(failure) => Batch::failed(requests, &failure),
        }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let root_tags = match desired.block("root_block_device")? {
            Some(root) => root.map("tags")?,
            None => BTreeMap::new(),
        };
        let volume_tags = root_tags.into_iter().chain(mark::tags(&request.mark)).collect();
        let sending = run(client, &desired)
            .await?
            .client_token(&request.token)
            .tag_specifications(tag::specification(ResourceType::Instance, &request.mark, &request.desired.attributes)?)
            .tag_specifications(tag::specification_of(ResourceType::Volume, volume_tags))
            .send();
        let call = Call::ec2("RunInstances").lagging().unseen("InvalidParameterValue", "iamInstanceProfile");
        let answer = client.send(call, sending).await?;
        let id = answer.instances.unwrap_or_default().into_iter().find_map(|instance| instance.instance_id);
        id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "RunInstances", "InstanceId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, lives).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let Some(instance) = one("instance-id", id, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let stopped = match state(&instance) {
            Some(InstanceStateName::Running) => false,
            Some(InstanceStateName::Stopped) => true,
            Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown) => {
                let reason = instance.state_reason.as_ref();
                let code = reason.and_then(|reason| reason.code()).unwrap_or("Terminated");
                let message = reason.and_then(|reason| reason.message()).unwrap_or("AWS gives no reason");
                return Err(broken(Service::Ec2, code, message));
            }
            other => return Ok(waiting(other.as_ref().map_or("pending", InstanceStateName::as_str))),
        };
        let observed = observe(client, &standing.account, std::slice::from_ref(&instance), &BTreeMap::new()).await?;
        let observed = observed.get(id).cloned().unwrap_or_default();
        let differences = Differences::of(SCHEMA, &standing.desired.attributes, &observed);
        if stopped {
            modify_stopped(client, standing, differences).await?;
            let sending = client.ec2.start_instances().instance_ids(id).send();
            client.send(Call::ec2("StartInstances").expects("IncorrectInstanceState", ""), sending).await?;
            return Ok(waiting("starting"));
        }
        if differences.any(STOPPED) {
            let sending = client.ec2.stop_instances().instance_ids(id).send();
            client.send(Call::ec2("StopInstances").expects("IncorrectInstanceState", ""), sending).await?;
            return Ok(waiting("stopping"));
        }
        if differences.has("source_dest_check") {
            let value = Fields::of(&standing.desired.attributes).bool_or("source_dest_check", true)?;
            let sending =
                client.ec2.modify_instance_attribute().instance_id(id).source_dest_check(boolean(value)).send();
            client.send(Call::ec2("ModifyInstanceAttribute").lagging(), sending).await?;
            return Ok(waiting("setting attributes"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// What a running instance takes. What it takes stopped, and whether it checks addresses, is settle's.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let id = &standing.identity.0;
        let desired = Fields::of(&standing.desired.attributes);
        let changes = |field: &str| change.changed.iter().any(|changed| changed == field);
        if changes("vpc_security_group_ids") {
            let groups = desired.texts("vpc_security_group_ids")?;
            let sending = client.ec2.modify_instance_attribute().instance_id(id).set_groups(Some(groups)).send();
            client.send(Call::ec2("ModifyInstanceAttribute").lagging(), sending).await?;
        }
        if changes("disable_api_termination") {
            let value = boolean(desired.bool_or("disable_api_termination", false)?);
            let sending = client.ec2.modify_instance_attribute().instance_id(id).disable_api_termination(value).send();
            client.send(Call::ec2("ModifyInstanceAttribute"), sending).await?;
        }
        if changes("metadata_options")
            && let Some(options) = desired.block("metadata_options")?
        {
            let sending = client
                .ec2
                .modify_instance_metadata_options()
                .instance_id(id)
                .set_http_endpoint(options.maybe_text("http_endpoint")?.map(Into::into))
                .set_http_tokens(options.maybe_text("http_tokens")?.map(Into::into))
                .set_http_put_response_hop_limit(options.maybe_i32("http_put_response_hop_limit")?)
                .set_instance_metadata_tags(options.maybe_text("instance_metadata_tags")?.map(Into::into))
                .send();
            client.send(Call::ec2("ModifyInstanceMetadataOptions"), sending).await?;
        }
        if changes("monitoring") {
            if desired.bool_or("monitoring", false)? {
                let sending = client.ec2.monitor_instances().instance_ids(id).send();
                client.send(Call::ec2("MonitorInstances"), sending).await?;
            } else {
                let sending = client.ec2.unmonitor_instances().instance_ids(id).send();
                client.send(Call::ec2("UnmonitorInstances"), sending).await?;
            }
        }
        if changes("iam_instance_profile") {
            set_profile(client, id, desired.maybe_text("iam_instance_profile")?).await?;
        }
        if changes("root_block_device") {
            modify_root(client, standing, change).await?;
        }
        tag::update(client, id, standing, change).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let id = &standing.identity.0;
        let instance = one("instance-id", id, page(client)).await?;
        match instance.as_ref().map(state) {
            None | Some(Some(InstanceStateName::Terminated)) => return Ok(Progress::Gone),
            Some(Some(InstanceStateName::ShuttingDown)) => return Ok(waiting("shutting-down")),
            Some(_) => {}
        }
        let sending = client.ec2.terminate_instances().instance_ids(id).send();
        match client.send(Call::ec2("TerminateInstances"), sending).await {
            Ok(_) => Ok(waiting("shutting-down")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

type Running = aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;

/// The request without token and tags.
async fn run(client: &Client, desired: &Fields<'_>) -> Result<Running, Failure> {
    let groups = desired.texts("vpc_security_group_ids")?;
    let groups = Some(groups).filter(|groups| !groups.is_empty());
    let subnet = desired.text("subnet_id")?;
    let address = desired.maybe_string("private_ip")?;
    let mut running = client
        .ec2
        .run_instances()
        .min_count(1)
        .max_count(1)
        .image_id(desired.text("ami")?)
        .instance_type(desired.text("instance_type")?.into())
        .set_key_name(desired.maybe_string("key_name")?)
        .set_user_data(desired.maybe_string("user_data_base64")?)
        .set_ebs_optimized(desired.maybe_bool("ebs_optimized")?)
        .set_disable_api_termination(desired.maybe_bool("disable_api_termination")?)
        .monitoring(RunInstancesMonitoringEnabled::builder().enabled(desired.bool_or("monitoring", false)?).build());
    running = match desired.maybe_bool("associate_public_ip_address")? {
        // Whether it has a public address is said of its interface, and then so is all that an interface has.
        Some(public) => running.network_interfaces(
            InstanceNetworkInterfaceSpecification::builder()
                .device_index(0)
                .associate_public_ip_address(public)
                .subnet_id(subnet)
                .set_groups(groups)
                .set_private_ip_address(address)
                .build(),
        ),
        None => running.subnet_id(subnet).set_security_group_ids(groups).set_private_ip_address(address),
    };
    if let Some(zone) = desired.maybe_text("availability_zone")? {
        // The subnet has one already: EC2 refuses another.
        running = running.placement(types::Placement::builder().availability_zone(zone).build());
    }
    if let Some(profile) = desired.maybe_text("iam_instance_profile")? {
        running = running.iam_instance_profile(IamInstanceProfileSpecification::builder().name(profile).build());
    }
    if let Some(options) = desired.block("metadata_options")? {
        running = running.metadata_options(
            InstanceMetadataOptionsRequest::builder()
                .set_http_endpoint(options.maybe_text("http_endpoint")?.map(Into::into))
                .set_http_tokens(options.maybe_text("http_tokens")?.map(Into::into))
                .set_http_put_response_hop_limit(options.maybe_i32("http_put_response_hop_limit")?)
                .set_instance_metadata_tags(options.maybe_text("instance_metadata_tags")?.map(Into::into))
                .build(),
        );
    }
    if let Some(root) = desired.block("root_block_device")? {
        let volume = EbsBlockDevice::builder()
            .set_volume_type(root.maybe_text("volume_type")?.map(VolumeType::from))
            .set_volume_size(root.maybe_i32("volume_size")?)
            .set_iops(root.maybe_i32("iops")?)
            .set_throughput(root.maybe_i32("throughput")?)
            .set_encrypted(root.maybe_bool("encrypted")?)
            .set_kms_key_id(root.maybe_string("kms_key_id")?)
            .delete_on_termination(root.bool_or("delete_on_termination", true)?)
            .build();
        let device = root_device(client, desired.text("ami")?).await?;
        running = running.block_device_mappings(BlockDeviceMapping::builder().device_name(device).ebs(volume).build());
    }
    Ok(running)
}

/// The name of an image's root device: the mapping that says what the root volume is like has to name it.
async fn root_device(client: &Client, image: &str) -> Result<String, Failure> {
    let sending = client.ec2.describe_images().image_ids(image).send();
    let answer = client.send(Call::ec2("DescribeImages").lagging(), sending).await?;
    let image = answer.images.unwrap_or_default().pop();
    image.and_then(|image| image.root_device_name).ok_or_else(|| {
        refused("NoRootDevice", "the image names no root device, and `root_block_device` needs it".to_owned())
    })
}

async fn modify_stopped(client: &Client, standing: &Standing, differences: Differences<'_>) -> Result<(), Failure> {
    let desired = Fields::of(&standing.desired.attributes);
    let modifying = || client.ec2.modify_instance_attribute().instance_id(&standing.identity.0);
    let call = || Call::ec2("ModifyInstanceAttribute").expects("IncorrectInstanceState", "");
    if differences.has("instance_type") {
        let value = AttributeValue::builder().value(desired.text("instance_type")?).build();
        client.send(call(), modifying().instance_type(value).send()).await?;
    }
    if differences.has("ebs_optimized") {
        let value = boolean(desired.bool_or("ebs_optimized", false)?);
        client.send(call(), modifying().ebs_optimized(value).send()).await?;
    }
    if differences.has("user_data_base64") {
        // The SDK encodes what it is given.
        let text = desired.maybe_text("user_data_base64")?.unwrap_or_default();
        let data = aws_smithy_types::base64::decode(text)
            .map_err(|_| refused("InvalidField", "user_data_base64 is not base64".to_owned()))?;
        let value = types::SecureBlobAttributeValue::builder().value(Blob::new(data)).build();
        client.send(call(), modifying().user_data(value).send()).await?;
    }
    Ok(())
}

async fn set_profile(client: &Client, id: &str, wanted: Option<&str>) -> Result<(), Failure> {
    let by_instance = crate::gather::filter("instance-id", [id.to_owned()]);
    let sending = client.ec2.describe_iam_instance_profile_associations().filters(by_instance).send();
    let answer = client.send(Call::ec2("DescribeIamInstanceProfileAssociations"), sending).await?;
    let association = answer.iam_instance_profile_associations.unwrap_or_default().into_iter().find(|association| {
        let state = association.state.as_ref().map(|state| state.as_str());
        matches!(state, Some("associated" | "associating"))
    });
    let profile = |name: &str| IamInstanceProfileSpecification::builder().name(name).build();
    let held = association.as_ref().and_then(|it| it.iam_instance_profile.as_ref()).and_then(profile_name);
    match (association.as_ref().and_then(|association| association.association_id()), wanted) {
        (Some(_), Some(name)) if held == Some(name) => {}
        (Some(association), Some(name)) => {
            let sending = client
                .ec2
                .replace_iam_instance_profile_association()
                .association_id(association)
                .iam_instance_profile(profile(name))
                .send();
            let call = Call::ec2("ReplaceIamInstanceProfileAssociation").lagging();
            client.send(call.unseen("InvalidParameterValue", "iamInstanceProfile"), sending).await?;
        }
        (None, Some(name)) => {
            let sending =
                client.ec2.associate_iam_instance_profile().instance_id(id).iam_instance_profile(profile(name)).send();
            let call = Call::ec2("AssociateIamInstanceProfile").lagging();
            client.send(call.unseen("InvalidParameterValue", "iamInstanceProfile"), sending).await?;
        }
        (Some(association), None) => {
            let sending = client.ec2.disassociate_iam_instance_profile().association_id(association).send();
            client.send(Call::ec2("DisassociateIamInstanceProfile"), sending).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

async fn modify_root(client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
    let Some(root) = Fields::of(&standing.desired.attributes).block("root_block_device")? else { return Ok(()) };
    let Some(before) = Fields::of(&change.before).block("root_block_device")? else { return Ok(()) };
    let volume = before.text("volume_id")?;
    let differences = Differences::of(SCHEMA, &standing.desired.attributes, &change.before).block("root_block_device");
    if differences.any(MODIFIED) {
        let sizes = ["volume_size", "iops", "throughput"].map(|field| root.maybe_i32(field));
        ebs_volume::modify(client, volume, root.maybe_text("volume_type")?, sizes).await?;
    }
    if differences.has("delete_on_termination") {
        let ebs = types::EbsInstanceBlockDeviceSpecification::builder()
            .delete_on_termination(root.bool_or("delete_on_termination", true)?)
            .build();
        let mapping = types::InstanceBlockDeviceMappingSpecification::builder()
            .device_name(before.text("device_name")?)
            .ebs(ebs)
            .build();
        let modifying = client.ec2.modify_instance_attribute().instance_id(&standing.identity.0);
        client.send(Call::ec2("ModifyInstanceAttribute"), modifying.block_device_mappings(mapping).send()).await?;
    }
    if differences.has("tags") {
        let tags: BTreeMap<String, String> = root.map("tags")?.into_iter().chain(mark::tags(&standing.mark)).collect();
        let gone: Vec<types::Tag> = before
            .map("tags")?
            .into_keys()
            .filter(|key| !tags.contains_key(key))
            .map(|key| types::Tag::builder().key(key).build())
            .collect();
        tag::set(client, volume, tags).await?;
        if !gone.is_empty() {
            let sending = client.ec2.delete_tags().resources(volume).set_tags(Some(gone)).send();
            client.send(Call::ec2("DeleteTags"), sending).await?;
        }
    }
    Ok(())
}

fn boolean(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

fn id_of(instance: &types::Instance) -> Option<&str> {
    instance.instance_id()
}

/// In what state it is.
pub(crate) fn state(instance: &types::Instance) -> Option<InstanceStateName> {
    instance.state.as_ref().and_then(|state| state.name.clone())
}

/// A terminated instance is shown for about an hour.
fn lives(instance: &types::Instance) -> bool {
    !matches!(state(instance), Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
}

pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Instance>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_instances().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeInstances"), sending).await?;
        let reservations = answer.reservations.unwrap_or_default();
        let instances = reservations.into_iter().flat_map(|it| it.instances.unwrap_or_default()).collect();
        Ok((instances, answer.next_token))
    }
}

/// What `DescribeInstances` does not hold: user data in base64, and whether it may not be terminated.
async fn attributes(client: &Client, id: &str) -> Result<(Option<String>, bool), Failure> {
    let ask = async |name| {
        let sending = client.ec2.describe_instance_attribute().instance_id(id).attribute(name).send();
        client.send(Call::ec2("DescribeInstanceAttribute").lagging(), sending).await
    };
    let (data, protected) =
        try_join(ask(InstanceAttributeName::UserData), ask(InstanceAttributeName::DisableApiTermination)).await?;
    let data = data.user_data.and_then(|value| value.value).filter(|data| !data.is_empty());
    let protected = protected.disable_api_termination.and_then(|value| value.value);
    Ok((data, protected.unwrap_or(false)))
}

async fn read(client: &Client, requests: &[ReadRequest]) -> Result<Batch, Failure> {
    let (own, of_volumes): (Vec<ReadRequest>, Vec<ReadRequest>) =
        requests.iter().cloned().partition(|request| request.address.kind() == SCHEMA.kind);
    let wanted = ids(&own);
    let instances = async {
        if own.is_empty() {
            Ok(BTreeMap::new())
        } else {
            gather(client, &wanted, "instance-id", id_of, page(client)).await
        }
    };
    let (mut instances, volumes) = try_join(instances, ebs_volume::gathered(client, &of_volumes)).await?;
    instances.retain(|_, instance| lives(instance));
    let tags = instances.iter().map(|(id, instance)| (id, tag::read(instance.tags())));
    let mut strays = strays(client, SCHEMA.kind, &wanted, tags);
    strays.extend(ebs_volume::strays_among(client, &of_volumes, &volumes)?);
    let ours: Vec<_> = instances.into_iter().filter(|(id, _)| wanted.contains(id)).map(|(_, it)| it).collect();
    let observed = observe(client, client.account.as_deref().unwrap_or_default(), &ours, &volumes).await?;
    let batch = Batch::of(requests, |request| {
        if request.address.kind() == SCHEMA.kind {
            return observed.get(&request.identity.0).cloned().map(Ok);
        }
        ebs_volume::observed(client, request, &volumes)
    });
    Ok(Batch { strays, ..batch })
}

/// All attributes of these instances, by id; a root volume that is not among `known` is asked for.
async fn observe(
    client: &Client,
    account: &str,
    instances: &[types::Instance],
    known: &BTreeMap<String, types::Volume>,
) -> Result<BTreeMap<String, Attributes>, Failure> {
    let roots = instances.iter().filter_map(|it| root_of(it)?.volume_id.clone());
    let roots: Vec<String> = roots.filter(|root| !known.contains_key(root)).collect();
    let asked = try_join_all(instances.iter().filter_map(id_of).map(|id| attributes(client, id)));
    let volumes = by_values("volume-id", roots, &[], ebs_volume::page(client));
    let (asked, volumes) = try_join(asked, volumes).await?;
    let volumes: BTreeMap<&str, &types::Volume> =
        known.values().chain(&volumes).filter_map(|volume| Some((volume.volume_id()?, volume))).collect();
    let identified = instances.iter().filter_map(|instance| Some((instance.instance_id()?, instance)));
    Ok(identified
        .zip(asked)
        .map(|((id, instance), (data, protected))| {
            let root = root_of(instance).and_then(|root| root.volume_id());
            let root = root.and_then(|volume| volumes.get(volume)).copied();
            (id.to_owned(), observe_one(client, account, instance, root, data, protected))
        })
        .collect())
}

fn root_of(instance: &types::Instance) -> Option<&types::EbsInstanceBlockDevice> {
    let devices = instance.block_device_mappings().iter();
    devices.into_iter().find(|device| device.device_name() == instance.root_device_name())?.ebs.as_ref()
}

fn observe_one(
    client: &Client,
    account: &str,
    instance: &types::Instance,
    root: Option<&types::Volume>,
    data: Option<String>,
    protected: bool,
) -> Attributes {
    let id = instance.instance_id().unwrap_or_default();
    let interface = instance.network_interfaces().iter().find(|interface| {
        interface.attachment.as_ref().is_none_or(|attachment| attachment.device_index.unwrap_or(0) == 0)
    });
    let owner = interface.and_then(|interface| interface.owner_id()).unwrap_or(account);
    let present = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let monitored = matches!(
        instance.monitoring.as_ref().and_then(|it| it.state.clone()),
        Some(MonitoringState::Enabled | MonitoringState::Pending)
    );
    let options = instance.metadata_options.as_ref().map_or_else(Observed::new, |options| {
        Observed::new()
            .with("http_endpoint", options.http_endpoint.as_ref().map(|it| it.as_str()))
            .with("http_tokens", options.http_tokens.as_ref().map(|it| it.as_str()))
            .with("http_put_response_hop_limit", options.http_put_response_hop_limit)
            .with("instance_metadata_tags", options.instance_metadata_tags.as_ref().map(|it| it.as_str()))
    });
    let device = root_of(instance);
    let root = root.map_or_else(Observed::new, |volume| {
        Observed::new()
            .with("volume_type", volume.volume_type.as_ref().map(VolumeType::as_str))
            .with("volume_size", volume.size)
            .with("iops", volume.iops)
            .with("throughput", volume.throughput)
            .with("encrypted", volume.encrypted)
            .with("kms_key_id", volume.kms_key_id())
            .with("delete_on_termination", device.and_then(|device| device.delete_on_termination))
            .with("tags", mark::attribute(&tag::read(volume.tags())))
            .with("volume_id", volume.volume_id())
            .with("device_name", instance.root_device_name())
    });
    let zone = instance.placement.as_ref().and_then(|placement| placement.availability_zone());
    Observed::new()
        .with("ami", instance.image_id())
        .with("instance_type", instance.instance_type.as_ref().map(|it| it.as_str()))
        .with("subnet_id", instance.subnet_id())
        .with("availability_zone", zone)
        .with_list("vpc_security_group_ids", instance.security_groups().iter().filter_map(|group| group.group_id()))
        .with("iam_instance_profile", instance.iam_instance_profile.as_ref().and_then(profile_name))
        .with("key_name", present(instance.key_name()))
        .with("user_data_base64", data)
        .with_block("metadata_options", options)
        .with_block("root_block_device", root)
        .with("ebs_optimized", instance.ebs_optimized.unwrap_or(false))
        .with("monitoring", monitored)
        .with("associate_public_ip_address", present(instance.public_ip_address()).is_some())
        .with("private_ip", present(instance.private_ip_address()))
        .with("disable_api_termination", protected)
        .with("source_dest_check", instance.source_dest_check.unwrap_or(true))
        .tagged(&tag::read(instance.tags()))
        .with("id", id)
        .with("arn", arn::ec2(&client.region, owner, &format!("instance/{id}")))
        .with("instance_state", state(instance).map(|state| state.as_str().to_owned()))
        .with("private_dns", present(instance.private_dns_name()))
        .with("public_ip", present(instance.public_ip_address()))
        .with("public_dns", present(instance.public_dns_name()))
        .with("primary_network_interface_id", interface.and_then(|interface| interface.network_interface_id()))
        .finish(SCHEMA)
}

/// A profile's name: the last part of its ARN.
fn profile_name(profile: &types::IamInstanceProfile) -> Option<&str> {
    profile.arn().and_then(|arn| arn.rsplit('/').next())
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{FailureClass, Observation, Progress};
    use fathuss_model::Datum;
    use serde_json::json;

    use crate::asked::{change, make, marked, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_instance.clickhouse";

    fn instance(state: &str, size: &str) -> String {
        format!(
            "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><imageId>ami-1</imageId>\
             <instanceState><code>0</code><name>{state}</name></instanceState><instanceType>{size}</instanceType>\
             <subnetId>subnet-1</subnetId><rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item>\
             <deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-1</volumeId><deleteOnTermination>true</deleteOnTermination>\
             </ebs></item></blockDeviceMapping><stateReason><code>Client.InvalidKMSKey.InvalidState</code>\
             <message>The KMS key can't be used</message></stateReason>{}</item></instancesSet></item></reservationSet>",
            marked(AT)
        )
    }

    /// A world with one instance in these states, one after the other.
    fn world(states: &[(&str, &str)]) -> std::sync::Arc<Canned> {
        let canned = Canned::new()
            .answer(
                "DescribeVolumes",
                "<volumeSet><item><volumeId>vol-1</volumeId><size>20</size><volumeType>gp3</volumeType></item></volumeSet>",
            )
            .answer("DescribeInstanceAttribute", "<userData><value>aGVsbG8=</value></userData>")
            .answer("StopInstances", "<instancesSet/>")
            .answer("StartInstances", "<instancesSet/>")
            .answer("TerminateInstances", "<instancesSet/>")
            .answer("ModifyInstanceAttribute", "<return>true</return>");
        states.iter().fold(canned, |canned, (state, size)| canned.answer("DescribeInstances", &instance(state, size)))
    }

    #[tokio::test]
    async fn one_instance_is_run_with_the_token_and_both_it_and_its_root_volume_are_marked() {
        let canned = Canned::new()
            .answer("DescribeImages", "<imagesSet><item><imageId>ami-1</imageId><rootDeviceName>/dev/xvda</rootDeviceName></item></imagesSet>")
            .answer("RunInstances", "<instancesSet><item><instanceId>i-1</instanceId></item></instancesSet>");
        let request = make(
            AT,
            json!({ "ami": "ami-1", "instance_type": "t3.medium", "subnet_id": "subnet-1",
            "root_block_device": { "volume_size": 20, "tags": { "Tier": "data" } } }),
        );
        assert_eq!(canned.aws().create(&request).await.unwrap().0, "i-1");
        let run = canned.seen().pop().unwrap();
        assert_eq!((run.get("MinCount"), run.get("MaxCount")), (Some("1"), Some("1")));
        assert_eq!(run.get("ClientToken"), Some(request.token.as_str()));
        assert_eq!(run.get("BlockDeviceMapping.1.DeviceName"), Some("/dev/xvda"));
        assert_eq!(run.get("TagSpecification.2.ResourceType"), Some("volume"));
        assert_eq!(run.get("TagSpecification.2.Tag.1.Key"), Some("Tier"));
        assert_eq!(run.get("TagSpecification.2.Tag.2.Key"), Some("fathuss:address"));
    }

    #[tokio::test]
    async fn a_profile_made_a_moment_ago_is_not_there_yet() {
        let canned = Canned::new().refuse(
            "RunInstances",
            400,
            "InvalidParameterValue",
            "Value (p) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        );
        let request = make(AT, json!({ "ami": "ami-1", "instance_type": "t3.medium", "subnet_id": "subnet-1" }));
        assert_eq!(canned.aws().create(&request).await.unwrap_err().class, FailureClass::Unseen);
    }

    #[tokio::test]
    async fn another_size_stops_changes_and_starts_it() {
        let canned = world(&[("running", "t3.medium"), ("stopped", "t3.medium"), ("running", "t3.large")]);
        let desired = json!({ "ami": "ami-1", "subnet_id": "subnet-1",
            "instance_type": "t3.large", "user_data_base64": "aGVsbG8=" });
        let (aws, standing) = (canned.aws(), standing(AT, "i-1", desired));
        assert_eq!(aws.settle(&standing).await, Ok(Progress::Waiting { state: "stopping".to_owned() }));
        assert_eq!(aws.settle(&standing).await, Ok(Progress::Waiting { state: "starting".to_owned() }));
        let Progress::Ready(observed) = aws.settle(&standing).await.unwrap() else { panic!("not ready") };
        assert_eq!(observed.get("instance_type").and_then(Datum::as_str), Some("t3.large"));
        let acts: Vec<_> = canned.operations().into_iter().filter(|it| !it.starts_with("Describe")).collect();
        assert_eq!(acts, ["StopInstances", "ModifyInstanceAttribute", "StartInstances"]);
    }

    #[tokio::test]
    async fn a_root_volume_that_is_being_modified_is_waited_for() {
        let canned = world(&[("running", "t3.medium")])
            .refuse(
                "ModifyVolume",
                400,
                "IncorrectModificationState",
                "Volume vol-1 cannot be modified in modification state MODIFYING",
            )
            .answer(
                "DescribeVolumesModifications",
                "<volumeModificationSet><item><volumeId>vol-1</volumeId><targetSize>30</targetSize></item></volumeModificationSet>",
            );
        let desired = json!({ "ami": "ami-1", "instance_type": "t3.medium", "subnet_id": "subnet-1",
            "root_block_device": { "volume_size": 30 } });
        let before = json!({ "root_block_device": { "volume_id": "vol-1", "device_name": "/dev/xvda",
            "delete_on_termination": true, "volume_size": 20 } });
        let (aws, standing) = (canned.aws(), standing(AT, "i-1", desired));
        assert_eq!(aws.update(&standing, &change(before, &["root_block_device"])).await, Ok(()));
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
    }

    #[tokio::test]
    async fn an_instance_that_ends_at_its_launch_is_broken_with_the_reason() {
        let canned = world(&[("terminated", "t3.medium")]);
        let failure = canned.aws().settle(&standing(AT, "i-1", json!({}))).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Broken, "Client.InvalidKMSKey.InvalidState"));
    }

    #[tokio::test]
    async fn a_refresh_asks_for_instances_and_root_volumes_once_and_two_attributes_of_each() {
        let canned = world(&[("running", "t3.medium")]);
        let answer = canned.aws().read(&[read(AT, "i-1")]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("absent") };
        assert_eq!(
            observed.get("root_block_device").and_then(|root| root.at("volume_size")),
            Some(&Datum::Integer(20))
        );
        assert_eq!(observed.get("user_data_base64").and_then(Datum::as_str), Some("aGVsbG8="));
        let mut operations = canned.operations();
        operations.sort();
        assert_eq!(
            operations,
            ["DescribeInstanceAttribute", "DescribeInstanceAttribute", "DescribeInstances", "DescribeVolumes"]
        );
    }

    #[tokio::test]
    async fn a_termination_is_sent_once_and_waited_for() {
        let canned = world(&[("running", "t3.medium"), ("shutting-down", "t3.medium"), ("terminated", "t3.medium")]);
        let (aws, standing) = (canned.aws(), standing(AT, "i-1", json!({})));
        for _ in 0..2 {
            assert!(matches!(aws.delete(&standing).await, Ok(Progress::Waiting { .. })));
        }
        assert_eq!(aws.delete(&standing).await, Ok(Progress::Gone));
        assert_eq!(canned.operations().iter().filter(|it| *it == "TerminateInstances").count(), 1);
    }
}
