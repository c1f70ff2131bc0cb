//! `aws_instance`: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Instances.html>

use super::form;
use super::instance_type::{InstanceType, MetadataOptions, RootBlockDevice, VolumeType, check_volume};
use super::launch_template::check_user_data;
use super::subnet::{check_addresses, check_free, check_groups, vpc_of};
use super::{Ami, IamInstanceProfile, NetworkInterface, SecurityGroup, Subnet, way_out};
use crate::check::{Findings, View};
use crate::value::pushed;
use crate::{Arn, Computed, Id, IntoId, Name, Resource as _, Tags, Value};

/// A virtual machine.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let subnet = stack.add("private", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// # let group = stack.add("server", SecurityGroup::new(&vpc, "The server"));
/// # let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// # let role = stack.add("server", IamRole::new(trust));
/// # let profile = stack.add("server", IamInstanceProfile::new(&role));
/// let image = stack.add("amazon_linux", Ami::amazon_linux_2023("x86_64"));
/// let start_up: Value<String> = "#!/bin/bash\ndnf install -y postgresql16\n".into_value();
/// let server = Instance::new(&image, InstanceType::T3Medium, &subnet)
///     .security_group(&group)
///     .iam_instance_profile(&profile)
///     .metadata_options(MetadataOptions::v2_only())
///     .root_block_device(RootBlockDevice::encrypted_gp3(20))
///     .user_data_base64(start_up.base64())
///     .tag("Name", "server");
/// stack.add("server", server);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_instance", service = "ec2", creation = Token, create_seconds = 30, delete_seconds = 45, check = check, waits = waits)]
pub struct Instance {
    /// The image; as a lookup's answer it is pinned, and a newer image is no change.
    #[field(replace)]
    ami: Value<Id<Ami>>,
    /// The size; another one stops and starts it.
    #[field(update_seconds = 65)]
    instance_type: Value<InstanceType>,
    /// The subnet it stands in.
    #[field(replace)]
    subnet_id: Value<Id<Subnet>>,
    /// The zone, where the subnet does not say it.
    #[field(replace, computed, form = form::ZONE)]
    availability_zone: Option<Value<String>>,
    /// The security groups.
    #[field(set, computed, holds = Firm)]
    vpc_security_group_ids: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// What hands it a role. IAM deletes a profile that an instance has without asking, and the instance is left without
    /// credentials, also where the next one has its name.
    #[field(holds = Firm)]
    iam_instance_profile: Option<Value<Name<IamInstanceProfile>>>,
    /// The key pair for SSH.
    #[field(replace)]
    key_name: Option<Value<String>>,
    /// User data in base64, see [`Value::base64`]; a change stops and starts it, and is run only where the image does
    /// so again.
    #[field(form = form::BASE64, update_seconds = 65)]
    user_data_base64: Option<Value<String>>,
    /// Whether other user data make another instance.
    #[field(instruction, default = "false")]
    user_data_replace_on_change: Option<Value<bool>>,
    /// How it reaches its metadata.
    #[field(computed)]
    metadata_options: Option<Value<MetadataOptions>>,
    /// The volume it starts from.
    #[field(computed)]
    root_block_device: Option<Value<RootBlockDevice>>,
    /// Whether traffic to volumes has bandwidth of its own.
    #[field(computed, update_seconds = 65)]
    ebs_optimized: Option<Value<bool>>,
    /// Whether metrics come each minute.
    #[field(default = "false")]
    monitoring: Option<Value<bool>>,
    /// Whether it has a public address; the subnet's choice where none is given.
    #[field(replace, computed)]
    associate_public_ip_address: Option<Value<bool>>,
    /// Its address in the subnet.
    #[field(replace, computed, form = form::IPV4_ADDRESS)]
    private_ip: Option<Value<String>>,
    /// Whether AWS refuses to terminate it.
    #[field(default = "false")]
    disable_api_termination: Option<Value<bool>>,
    /// Whether traffic that is neither from nor to it is dropped.
    #[field(default = "true")]
    source_dest_check: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<Instance>>,
    /// The ARN.
    arn: Computed<Arn<Instance>>,
    /// `running` once it can be used.
    instance_state: Computed<String>,
    /// Its name inside the VPC.
    private_dns: Computed<String>,
    /// Its public address, where it has one.
    #[field(volatile)]
    public_ip: Computed<String>,
    /// Its public name, where it has one.
    #[field(volatile)]
    public_dns: Computed<String>,
    /// Its first network interface.
    primary_network_interface_id: Computed<String>,
}

impl Instance {
    /// One more security group.
    #[must_use]
    pub fn security_group(mut self, group: impl IntoId<SecurityGroup>) -> Self {
        self.vpc_security_group_ids = Some(pushed(self.vpc_security_group_ids, group.into_value()));
        self
    }
}

impl RootBlockDevice {
    /// An encrypted gp3 volume of that many GiB.
    #[must_use]
    pub fn encrypted_gp3(gigabytes: i64) -> Self {
        Self::new().volume_type(VolumeType::Gp3).volume_size(gigabytes).encrypted(true)
    }
}

fn waits<'a>(instance: &View<'a>) -> Vec<View<'a>> {
    let subnet = instance.follow("subnet_id");
    way_out::machine(subnet.as_slice(), instance.truth("associate_public_ip_address"))
}

fn check(instance: &View<'_>, findings: &mut Findings<'_>) {
    super::zone::check(instance, findings);
    if let Some(vpc) = instance.follow("subnet_id").and_then(|subnet| vpc_of(&subnet)) {
        check_groups(instance, "vpc_security_group_ids", &vpc, findings);
    }
    if let Some(subnet) = instance.follow("subnet_id") {
        check_addresses(instance, &["private_ip"], &subnet, findings);
        let (own, zone) = (instance.text("availability_zone"), subnet.text("availability_zone"));
        if let (Some(own), Some(zone)) = (own, zone)
            && own != zone
        {
            findings.refuse(format!("`availability_zone` is {own}, and {} lies in {zone}", subnet.named()));
        }
    }
    check_free(instance, &[NetworkInterface::SCHEMA.kind], findings);
    if let Some(volume) = instance.part("root_block_device") {
        check_volume("the root volume", volume, "volume_type", "volume_size", findings);
    }
    check_user_data(instance, "user_data_base64", findings);
}
