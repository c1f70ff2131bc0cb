//! Instances: what they are, and how they are shown.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ec2::instance_profile::ProfileAssociation;
use crate::ec2::network_interface::{self, NetworkInterface};
use crate::ec2::resource::{self, Kind, Listing, Resource};
use crate::ec2::security_group;
use crate::ec2::volume::Volume;
use crate::ec2::{instance_type, invalid_value, missing, tags};
use crate::input::Input;
use crate::protocol::base64_decode;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeInstances", describe), ("DescribeInstanceStatus", describe_status)];

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Its id, `i-...`.
    pub id: String,
    /// The request that launched it, `r-...`.
    pub reservation: String,
    /// Its place among those of one request.
    pub launch_index: i64,
    /// The image.
    pub image: String,
    /// Its type.
    pub kind: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// `pending`, `running`, `stopping`, `stopped`, `shutting-down` or `terminated`.
    pub state: String,
    /// Why it is so, where a user wanted it.
    pub reason: Option<(String, String)>,
    /// What DescribeInstances calls the reason for the last transition.
    pub transition_reason: String,
    /// The subnet.
    pub subnet: String,
    /// The VPC.
    pub vpc: String,
    /// The zone's name.
    pub zone: String,
    /// The private address; it stays with a terminated instance's record no longer.
    pub private_ip: Option<String>,
    /// `default` or `dedicated`.
    pub tenancy: String,
    /// The device of the root volume.
    pub root_device: String,
    /// Its user data.
    pub user_data: Option<String>,
    /// Whether EBS traffic has a path of its own.
    pub ebs_optimized: bool,
    /// Whether it is watched closely.
    pub monitoring: bool,
    /// Whether it recovers by itself: `default` or `disabled`.
    #[serde(default = "by_default")]
    pub auto_recovery: String,
    /// Whether a reboot moves it: `default` or `disabled`.
    #[serde(default = "by_default")]
    pub reboot_migration: String,
    /// Whether it is protected from being terminated.
    pub disable_termination: bool,
    /// Whether it is protected from being stopped.
    pub disable_stop: bool,
    /// `stop` or `terminate`.
    pub on_shutdown: String,
    /// `standard` or `unlimited`.
    pub credits: Option<String>,
    /// Whether it is a spot instance.
    pub spot: bool,
    /// How its metadata service answers.
    pub metadata: MetadataOptions,
    /// Its instance profile.
    pub profile: Option<ProfileAssociation>,
    /// The token of the request that launched it.
    pub client_token: String,
    /// When it was launched, or last started.
    pub launched: Timestamp,
    /// Since when its status checks run: its launch, or its last reboot.
    #[serde(default)]
    pub checked_since: Timestamp,
}

/// How an instance's metadata service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetadataOptions {
    /// `pending` or `applied`.
    pub state: String,
    /// `optional` or `required`.
    pub tokens: String,
    /// How many hops an answer goes.
    pub hop_limit: i64,
    /// `enabled` or `disabled`.
    pub endpoint: String,
    /// `enabled` or `disabled`.
    pub ipv6: String,
    /// `enabled` or `disabled`.
    pub tags: String,
}

impl MetadataOptions {
    /// What an instance has of which nothing else is said.
    pub(super) fn fresh() -> MetadataOptions {
        MetadataOptions {
            state: "pending".to_owned(),
            // Amazon Linux 2023 demands session tokens by itself.
            tokens: "required".to_owned(),
            hop_limit: 2,
            endpoint: "enabled".to_owned(),
            ipv6: "disabled".to_owned(),
            tags: "disabled".to_owned(),
        }
    }

    pub(super) fn view(&self) -> Value {
        record! {
            "State" => &self.state,
            "HttpTokens" => &self.tokens,
            "HttpPutResponseHopLimit" => self.hop_limit,
            "HttpEndpoint" => &self.endpoint,
            "HttpProtocolIpv6" => &self.ipv6,
            "InstanceMetadataTags" => &self.tags,
        }
    }

    /// Takes over what a request names.
    pub(super) fn set(&mut self, tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
        let set = |name: &str, field: &mut String| {
            if let Some(text) = input.text(name) {
                text.clone_into(field);
            }
        };
        set("HttpTokens", &mut self.tokens);
        set("HttpEndpoint", &mut self.endpoint);
        set("HttpProtocolIpv6", &mut self.ipv6);
        set("InstanceMetadataTags", &mut self.tags);
        if let Some(hops) = input.integer("HttpPutResponseHopLimit") {
            // AWS's page has the bounds, no source the words.
            tx.enforce("ec2.instance.hop_limit", (1..=64).contains(&hops), || {
                invalid_value(hops, "HttpPutResponseHopLimit", "It must be between 1 and 64.")
            })?;
            self.hop_limit = hops;
        }
        Ok(())
    }
}

fn by_default() -> String {
    "default".to_owned()
}

impl Row for Instance {
    const TABLE: &'static str = "ec2.instance";
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// A state's name with its code.
pub(super) fn state_view(state: &str) -> Value {
    let code: i64 = match state {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        _ => 80,
    };
    record! { "Code" => code, "Name" => state }
}

impl Instance {
    /// The id of the request that a spot instance was launched by. The request itself can't be described here.
    pub(super) fn spot_request(&self) -> Option<String> {
        self.id.get(self.id.len().saturating_sub(8)..).filter(|_| self.spot).map(|digits| format!("sir-{digits}"))
    }

    pub(super) fn interfaces<'t>(&self, tx: &'t Tx<'_>) -> Vec<&'t NetworkInterface> {
        interfaces_of(tx, &self.id)
    }

    /// The interface that a request means which names the instance alone.
    ///
    /// # Errors
    /// When it could mean several.
    pub(super) fn sole_interface<'t>(&self, tx: &'t Tx<'_>) -> Result<Option<&'t NetworkInterface>, Refusal> {
        tx.enforce("ec2.network_interface.sole", self.interfaces(tx).len() <= 1, || {
            let message = format!(
                "There are multiple interfaces attached to instance '{}'. Please specify an interface ID for the \
                 operation instead.",
                self.id
            );
            Refusal::new("InvalidInstanceID", message)
        })?;
        Ok(network_interface::primary_of(tx, &self.id))
    }

    pub(super) fn volumes<'t>(&self, tx: &'t Tx<'_>) -> Vec<&'t Volume> {
        let held = |volume: &&Volume| volume.attachment.as_ref().is_some_and(|one| one.instance == self.id);
        tx.rows::<Volume>().filter(held).collect()
    }

    fn is_over(&self) -> bool {
        self.state == "terminated"
    }
}

pub(super) fn interfaces_of<'t>(tx: &'t Tx<'_>, instance: &str) -> Vec<&'t NetworkInterface> {
    let held = |interface: &&NetworkInterface| {
        interface.attachment.as_ref().is_some_and(|one| one.instance.as_deref() == Some(instance))
    };
    tx.rows::<NetworkInterface>().filter(held).collect()
}

impl Resource for Instance {
    const SHAPE: &'static str = "Instance";
    const KIND: Kind = Kind {
        prefix: "i",
        tagged_as: "instance",
        not_found: "InvalidInstanceID.NotFound",
        malformed: "InvalidInstanceID.Malformed",
        one: "The instance ID '{}' does not exist",
        several: "The instance IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "architecture",
        "availability-zone",
        "block-device-mapping.device-name",
        "block-device-mapping.volume-id",
        "client-token",
        "dns-name",
        "iam-instance-profile.arn",
        "iam-instance-profile.id",
        "image-id",
        "instance-id",
        "instance-lifecycle",
        "instance-state-code",
        "instance-state-name",
        "instance-type",
        "instance.group-id",
        "instance.group-name",
        "ip-address",
        "key-name",
        "launch-index",
        "metadata-options.http-endpoint",
        "metadata-options.http-tokens",
        "monitoring-state",
        "network-interface.network-interface-id",
        "network-interface.private-ip-address",
        "network-interface.subnet-id",
        "network-interface.vpc-id",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "reservation-id",
        "root-device-name",
        "root-device-type",
        "subnet-id",
        "tenancy",
        "virtualization-type",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        let over = self.is_over();
        let view = || self.view(tx);
        let shown = |member: &str| view().get(member).text().map(str::to_owned).into_iter().collect::<Vec<_>>();
        match name {
            "architecture" => vec![self.architecture.clone()],
            "availability-zone" => vec![self.zone.clone()],
            "block-device-mapping.device-name" => {
                self.volumes(tx).iter().filter_map(|volume| Some(volume.attachment.as_ref()?.device.clone())).collect()
            }
            "block-device-mapping.volume-id" => self.volumes(tx).iter().map(|volume| volume.id.clone()).collect(),
            "client-token" => vec![self.client_token.clone()],
            "dns-name" => shown("PublicDnsName"),
            "iam-instance-profile.arn" => self.profile.iter().map(|profile| profile.arn.clone()).collect(),
            "iam-instance-profile.id" => self.profile.iter().map(|profile| profile.profile_id.clone()).collect(),
            "image-id" => vec![self.image.clone()],
            "instance-id" => vec![self.id.clone()],
            "instance-lifecycle" if self.spot => vec!["spot".to_owned()],
            "spot-instance-request-id" => self.spot_request().into_iter().collect(),
            "instance-state-code" => {
                state_view(&self.state).get("Code").integer().map(|code| code.to_string()).into_iter().collect()
            }
            "instance-state-name" => vec![self.state.clone()],
            "instance-type" => vec![self.kind.clone()],
            "instance.group-id" => self.interfaces(tx).iter().flat_map(|interface| interface.groups.clone()).collect(),
            "instance.group-name" => {
                let groups = self.interfaces(tx).into_iter().flat_map(|interface| interface.groups.iter());
                groups.filter_map(|id| Some(tx.get::<security_group::SecurityGroup>(id)?.name.clone())).collect()
            }
            "ip-address" => shown("PublicIpAddress"),
            "launch-index" => vec![self.launch_index.to_string()],
            "metadata-options.http-endpoint" => vec![self.metadata.endpoint.clone()],
            "metadata-options.http-tokens" => vec![self.metadata.tokens.clone()],
            "monitoring-state" => vec![if self.monitoring { "enabled" } else { "disabled" }.to_owned()],
            "network-interface.network-interface-id" => {
                self.interfaces(tx).iter().map(|interface| interface.id.clone()).collect()
            }
            "network-interface.private-ip-address" => {
                self.interfaces(tx).iter().map(|interface| interface.private_ip.clone()).collect()
            }
            "network-interface.subnet-id" => {
                self.interfaces(tx).iter().map(|interface| interface.subnet.clone()).collect()
            }
            "network-interface.vpc-id" => self.interfaces(tx).iter().map(|interface| interface.vpc.clone()).collect(),
            "owner-id" => vec![tx.account().to_owned()],
            "private-dns-name" => shown("PrivateDnsName"),
            "private-ip-address" => self.private_ip.iter().cloned().collect(),
            "reservation-id" => vec![self.reservation.clone()],
            "root-device-name" => vec![self.root_device.clone()],
            "root-device-type" => vec!["ebs".to_owned()],
            "subnet-id" if !over => vec![self.subnet.clone()],
            "tenancy" => vec![self.tenancy.clone()],
            "virtualization-type" => vec!["hvm".to_owned()],
            "vpc-id" if !over => vec![self.vpc.clone()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let over = self.is_over();
        let interfaces = self.interfaces(tx);
        let primary = interfaces
            .iter()
            .find(|one| one.attachment.as_ref().is_some_and(|attachment| attachment.device_index == 0));
        let public = primary.map_or(Value::Absent, |primary| primary.association(tx));
        let kind = instance_type::find(&self.kind);
        let threads = if self.architecture == "arm64" { 1 } else { 2 };
        let cores = kind.map_or(1, |kind| kind.vcpus) / threads;
        let devices: Vec<Value> = self.volumes(tx).iter().map(|volume| device_view(volume)).collect();
        let shown: Vec<Value> = interfaces.iter().map(|one| interface_view(tx, one)).collect();
        record! {
            "InstanceId" => &self.id,
            "ImageId" => &self.image,
            "InstanceType" => &self.kind,
            "Architecture" => &self.architecture,
            "State" => state_view(&self.state),
            "StateReason" =>
                self.reason.as_ref().map(|(code, message)| record! { "Code" => code, "Message" => message }),
            "StateTransitionReason" => &self.transition_reason,
            "AmiLaunchIndex" => self.launch_index,
            "BlockDeviceMappings" => devices,
            "BootMode" => if self.architecture == "arm64" { "uefi" } else { "uefi-preferred" },
            "CurrentInstanceBootMode" => "uefi",
            "CapacityReservationSpecification" => record! { "CapacityReservationPreference" => "open" },
            "ClientToken" => &self.client_token,
            "CpuOptions" => record! { "CoreCount" => cores, "ThreadsPerCore" => threads },
            "EbsOptimized" => self.ebs_optimized,
            "EnaSupport" => true,
            "EnclaveOptions" => record! { "Enabled" => false },
            "HibernationOptions" => record! { "Configured" => false },
            "Hypervisor" => "xen",
            "IamInstanceProfile" => self.profile.as_ref().map(ProfileAssociation::profile_view),
            "InstanceLifecycle" => self.spot.then_some("spot"),
            "SpotInstanceRequestId" => self.spot_request(),
            "LaunchTime" => self.launched,
            "MaintenanceOptions" => record! {
                "AutoRecovery" => &self.auto_recovery,
                "RebootMigration" => &self.reboot_migration,
            },
            "MetadataOptions" => self.metadata.view(),
            "Monitoring" => record! { "State" => if self.monitoring { "enabled" } else { "disabled" } },
            "NetworkInterfaces" => shown,
            "NetworkPerformanceOptions" => record! { "BandwidthWeighting" => "default" },
            "Operator" => record! { "Managed" => false },
            "Placement" => record! {
                "AvailabilityZone" => &self.zone,
                "GroupName" => "",
                "Tenancy" => &self.tenancy,
            },
            "PlatformDetails" => "Linux/UNIX",
            "PrivateDnsName" => primary.map_or_else(String::new, |one| one.private_dns_name(tx)),
            "PrivateDnsNameOptions" => (!over).then(|| record! {
                "HostnameType" => "ip-name",
                "EnableResourceNameDnsARecord" => false,
                "EnableResourceNameDnsAAAARecord" => false,
            }),
            "PrivateIpAddress" => if over { None } else { self.private_ip.clone() },
            "PublicDnsName" => public.get("PublicDnsName").text().unwrap_or_default(),
            "PublicIpAddress" => public.get("PublicIp"),
            "RootDeviceName" => &self.root_device,
            "RootDeviceType" => "ebs",
            "SecurityGroups" => primary.map_or_else(|| Value::List(Vec::new()), |one| one.group_views(tx)),
            "SourceDestCheck" => primary.map(|one| one.source_dest_check),
            "SubnetId" => (!over).then_some(&*self.subnet),
            "Tags" => tags::of(tx, &self.id),
            "UsageOperation" => "RunInstances",
            "UsageOperationUpdateTime" => self.launched,
            "VirtualizationType" => "hvm",
            "VpcId" => (!over).then_some(&*self.vpc),
        }
    }
}

pub(super) fn device_view(volume: &Volume) -> Value {
    let Some(attachment) = &volume.attachment else { return Value::Absent };
    record! {
        "DeviceName" => &attachment.device,
        "Ebs" => record! {
            "AttachTime" => attachment.since,
            "DeleteOnTermination" => attachment.delete_on_termination,
            "Status" => &attachment.state,
            "VolumeId" => &volume.id,
        },
    }
}

fn interface_view(tx: &Tx<'_>, interface: &NetworkInterface) -> Value {
    let attachment = interface.attachment.as_ref().map(|one| {
        record! {
            "AttachmentId" => &one.id,
            "AttachTime" => one.since,
            "DeleteOnTermination" => one.delete_on_termination,
            "DeviceIndex" => one.device_index,
            "NetworkCardIndex" => 0_i64,
            "Status" => &one.status,
        }
    });
    let mut association = interface.association(tx);
    association.set("AllocationId", Value::Absent);
    association.set("AssociationId", Value::Absent);
    record! {
        "NetworkInterfaceId" => &interface.id,
        "Association" => &association,
        "Attachment" => attachment,
        "Description" => &interface.description,
        "Groups" => interface.group_views(tx),
        "InterfaceType" => &interface.kind,
        "Ipv6Addresses" => Value::List(Vec::new()),
        "MacAddress" => &interface.mac,
        "Operator" => record! { "Managed" => false },
        "OwnerId" => tx.account(),
        "PrivateDnsName" => interface.private_dns_name(tx),
        "PrivateIpAddress" => &interface.private_ip,
        "PrivateIpAddresses" => vec![record! {
            "Association" => &association,
            "Primary" => true,
            "PrivateDnsName" => interface.private_dns_name(tx),
            "PrivateIpAddress" => &interface.private_ip,
        }],
        "SourceDestCheck" => interface.source_dest_check,
        "Status" => "in-use",
        "SubnetId" => &interface.subnet,
        "VpcId" => &interface.vpc,
    }
}

pub(super) fn volumes_of(tx: &Tx<'_>, instance: &str) -> Vec<String> {
    let held = |volume: &&Volume| volume.attachment.as_ref().is_some_and(|one| one.instance == instance);
    tx.rows::<Volume>().filter(held).map(|volume| volume.id.clone()).collect()
}

/// The views of a reservation's instances.
pub(super) fn reservation_view(tx: &Tx<'_>, instances: &[Instance]) -> Value {
    record! {
        "ReservationId" => instances.first().map(|instance| instance.reservation.as_str()),
        "OwnerId" => tx.account(),
        "Groups" => Value::List(Vec::new()),
        "Instances" => instances.iter().map(|instance| instance.view(tx)).collect::<Vec<_>>(),
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("IncludeManagedResources");
    let mut rows = resource::select::<Instance>(tx, input, "InstanceIds")?;
    rows.sort_by(|left, right| (&left.reservation, left.launch_index).cmp(&(&right.reservation, right.launch_index)));
    let items = rows
        .chunk_by(|left, right| left.reservation == right.reservation)
        .map(|chunk| (chunk[0].reservation.clone(), reservation_view(tx, chunk)))
        .collect();
    let listing = Listing { ids: "InstanceIds", answer: "Reservations", ids_exclude_pages: Some("instancesSet") };
    resource::paged(tx, input, items, listing)
}

fn describe_status(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("IncludeManagedResources");
    let all = input.flag("IncludeAllInstances");
    let rows = resource::select::<Instance>(tx, input, "InstanceIds")?;
    let items = rows
        .iter()
        .filter(|instance| all || instance.state == "running")
        .map(|instance| {
            let age = tx.now().duration_since(instance.launched.max(instance.checked_since));
            let status = match instance.state.as_str() {
                // The status checks need a few minutes after the launch.
                "running" if age < SignedDuration::from_mins(3) => "initializing",
                "running" => "ok",
                _ => "not-applicable",
            };
            let word = if status == "ok" { "passed" } else { "initializing" };
            let details =
                (status != "not-applicable").then(|| vec![record! { "Name" => "reachability", "Status" => word }]);
            let summary = record! { "Status" => status, "Details" => details };
            let view = record! {
                "InstanceId" => &instance.id,
                "AvailabilityZone" => &instance.zone,
                "InstanceState" => state_view(&instance.state),
                "InstanceStatus" => &summary,
                "SystemStatus" => &summary,
                "AttachedEbsStatus" => &summary,
                "Operator" => record! { "Managed" => false },
            };
            (instance.id.clone(), view)
        })
        .collect();
    let listing = Listing { ids: "InstanceIds", answer: "InstanceStatuses", ids_exclude_pages: Some("instancesSet") };
    resource::paged(tx, input, items, listing)
}

/// The instances that a request names.
pub(super) fn named(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<Instance>, Refusal> {
    let ids = input.texts("InstanceIds");
    if ids.is_empty() {
        return Err(missing("InstanceId"));
    }
    for id in &ids {
        Instance::KIND.check(tx, id)?;
    }
    let absent: Vec<&str> = ids.iter().copied().filter(|id| tx.get::<Instance>(id).is_none()).collect();
    if !absent.is_empty() {
        return Err(Instance::KIND.missing(&absent));
    }
    Ok(ids.iter().filter_map(|id| tx.get::<Instance>(id).cloned()).collect())
}

pub(super) fn wrong_state(instance: &Instance, verb: &str) -> Refusal {
    let message = format!("The instance '{}' is not in a state from which it can be {verb}.", instance.id);
    Refusal::new("IncorrectInstanceState", message)
}

/// Whether a text is base64, as user data has to be.
pub(super) fn is_encoded(text: &str) -> bool {
    base64_decode(text).is_some()
}

/// The most that user data may have, in bytes before base64:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html>
const USER_DATA_BYTES: usize = 16 * 1024;

/// Whether user data, in base64, are short enough.
pub(super) fn is_short(text: &str) -> bool {
    base64_decode(text).is_none_or(|bytes| bytes.len() <= USER_DATA_BYTES)
}
