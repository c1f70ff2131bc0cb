//! Launching instances: what a request and its launch template say together, checked and made.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::ec2::block_device::{self, BlockDevice};
use crate::ec2::image::{self, Image};
use crate::ec2::instance::{self, Instance, MetadataOptions, is_encoded, is_short};
use crate::ec2::instance_profile::{self, ProfileAssociation};
use crate::ec2::instance_type::{self, InstanceType};
use crate::ec2::network_interface::{self, Attachment, NetworkInterface, Wanted};
use crate::ec2::subnet::Subnet;
use crate::ec2::volume::{self, VolumeAttachment};
use crate::ec2::{address, launch_template, missing, resource, security_group, tags, vpc, zone};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("RunInstances", run)];

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.run_instances.image", "an instance's image exists and fits its type", PAGE),
    Rule::new("ec2.run_instances.zone", "a zone offers the instance type", PAGE),
    Rule::new("ec2.run_instances.placement", "an instance stands in its subnet's zone", PAGE),
    Rule::new("ec2.run_instances.user_data", "user data is base64, of 16 KiB at most", PAGE),
    Rule::new("ec2.run_instances.key", "an instance's key pair exists", PAGE),
    Rule::new(
        "ec2.run_instances.groups",
        "security groups, a subnet or an address and interfaces are not given side by side",
        PAGE,
    ),
    Rule::new(
        "ec2.run_instances.interface",
        "an interface that is there already has its subnet, address and groups, and outlives the instance",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html",
    ),
    Rule::new("ec2.run_instances.several", "an address or an interface is given to one instance", PAGE),
    Rule::new("ec2.run_instances.count", "a request launches at least one instance", PAGE),
    Rule::new(
        "ec2.run_instances.credits",
        "CPU credits are standard or unlimited, and for types that have them",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreditSpecificationRequest.html",
    ),
    Rule::new(
        "ec2.run_instances.token.terminated",
        "a token of a terminated instance is refused",
        "https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html",
    ),
    Rule::new(
        "ec2.run_instances.quota",
        "an account's running on-demand instances have so many vCPUs",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html",
    ),
];

/// What a request and a launch template can both say.
const SHARED: &[&str] = &[
    "BlockDeviceMappings",
    "CapacityReservationSpecification",
    "CpuOptions",
    "CreditSpecification",
    "DisableApiStop",
    "DisableApiTermination",
    "EbsOptimized",
    "EnclaveOptions",
    "HibernationOptions",
    "IamInstanceProfile",
    "ImageId",
    "InstanceInitiatedShutdownBehavior",
    "InstanceMarketOptions",
    "InstanceType",
    "KeyName",
    "MaintenanceOptions",
    "MetadataOptions",
    "Monitoring",
    "NetworkInterfaces",
    "Placement",
    "PrivateDnsNameOptions",
    "SecurityGroupIds",
    "TagSpecifications",
    "UserData",
];

/// What a launch can tag.
pub(super) const TAGGED: &[&str] =
    &["instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"];

fn run(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (least, most) = count(tx, input)?;
    let mut specification = record! {};
    if let Some(named) = input.record("LaunchTemplate") {
        let template = launch_template::named(tx, &named)?;
        let version = launch_template::version(tx, &template, named.text("Version"))?;
        specification = version.data.clone();
    }
    let template_tags = specification.get("TagSpecifications").clone();
    for name in SHARED.iter().chain(&["SubnetId", "PrivateIpAddress", "ClientToken"]) {
        if input.has(name) {
            specification.set(name, input.whole(name));
        }
    }
    let mut instances = launch(tx, &specification, least, most)?;
    // The template's tags come first, the request's own overwrite them.
    for source in [&template_tags, input.whole("TagSpecifications")] {
        tag(tx, source, &instances)?;
    }
    instances = instances.iter().filter_map(|one| tx.get::<Instance>(&one.id).cloned()).collect();
    Ok(instance::reservation_view(tx, &instances))
}

/// Refuses a credit option that there is none of.
///
/// # Errors
/// In EC2's words, where the rule is on.
pub(super) fn check_credits(tx: &Tx<'_>, credits: &str) -> Result<(), Refusal> {
    tx.enforce("ec2.run_instances.credits", matches!(credits, "standard" | "unlimited"), || {
        Refusal::new("InvalidParameterValue", format!("Invalid value '{credits}' for cpuCredits."))
    })
}

/// The least and the most instances that a request asks for.
fn count(tx: &Tx<'_>, input: &Input<'_>) -> Result<(i64, i64), Refusal> {
    let (least, most) = (input.integer("MinCount").unwrap_or(1), input.integer("MaxCount").unwrap_or(1));
    tx.enforce("ec2.run_instances.count", least >= 1, || {
        super::invalid_value(least, "minCount", "It must be at least 1.")
    })?;
    tx.enforce("ec2.run_instances.count", most >= least, || {
        let message = format!("The parameter MinCount '{least}' may not be greater than MaxCount '{most}'.");
        Refusal::new("InvalidParameterCombination", message)
    })?;
    Ok((least.max(1), most.max(1)))
}

/// Whether any of a request's instances is still there.
pub(super) fn is_left(tx: &Tx<'_>, answer: &Value) -> bool {
    let mut ids = answer.get("Instances").list().iter().filter_map(|one| one.get("InstanceId").text());
    ids.any(|id| tx.get::<Instance>(id).is_some_and(|one| one.state != "terminated"))
}

/// Answers a request that comes again with its token.
pub(super) fn again(tx: &mut Tx<'_>, answer: &Value) -> Result<Value, Refusal> {
    let ids = answer.get("Instances").list().iter().filter_map(|one| one.get("InstanceId").text());
    let instances: Vec<Option<Instance>> = ids.map(|id| tx.get::<Instance>(id).cloned()).collect();
    let alive: Vec<Instance> = instances.iter().flatten().filter(|one| one.state != "terminated").cloned().collect();
    tx.enforce("ec2.run_instances.token.terminated", alive.len() == instances.len(), || {
        let message = "The client token you have provided is associated with a terminated instance. Please use a \
                       different client token.";
        Refusal::new("IdempotentInstanceTerminated", message)
    })?;
    if alive.is_empty() { Ok(answer.clone()) } else { Ok(instance::reservation_view(tx, &alive)) }
}

/// Launches instances as a specification in the API's own names says: as many as there is room for, up to `most`, and
/// none where there is no room for `least`. Services that launch instances for their customers (EKS's node groups) call
/// it with a launch template's data and a subnet.
///
/// # Errors
/// When the specification is wrong, holds something that is not simulated, or there is no room.
pub fn launch(tx: &mut Tx<'_>, specification: &Value, least: i64, most: i64) -> Result<Vec<Instance>, Refusal> {
    let read = RefCell::new(HashSet::new());
    let input = Input::new(specification, &read);
    let plan = Plan::read(tx, &input)?;
    // "You cannot specify this option if you're launching more than one instance in the request." The words are this
    // simulator's.
    let single = plan.private_ip.is_some() || plan.existing_interface.is_some();
    tx.enforce("ec2.run_instances.several", !single || most == 1, || {
        let message = "A private IP address or a network interface ID can't be given to more than one instance.";
        Refusal::new("InvalidParameterCombination", message)
    })?;
    let left = input.unread();
    if !left.is_empty() && tx.rule("unread") {
        return Err(Refusal::not_simulated(format!("ec2 RunInstances with {}", left.join(", "))));
    }
    let running: i64 = tx
        .rows::<Instance>()
        .filter(|one| matches!(one.state.as_str(), "pending" | "running"))
        .filter_map(|one| instance_type::find(&one.kind))
        .map(|kind| kind.vcpus)
        .sum();
    let quota = tx.quota("ec2.vcpus");
    let in_quota = (quota - running) / plan.kind.vcpus;
    tx.enforce("ec2.run_instances.quota", in_quota >= least, || {
        let message = format!(
            "You have requested more vCPU capacity than your current vCPU limit of {quota} allows for the instance \
             bucket that the specified instance type belongs to. Please visit \
             http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        );
        Refusal::new("VcpuLimitExceeded", message)
    })?;
    let in_subnet = if plan.existing_interface.is_some() { 1 } else { plan.subnet.free_addresses(tx) };
    let room = if tx.rule("ec2.run_instances.quota") { in_quota.min(in_subnet) } else { in_subnet };
    // Where there is no room for the least, the first that finds no address ends it all.
    let count = most.min(room).max(least);
    let reservation = tx.new_id("r");
    (0..count).map(|at| plan.make(tx, &reservation, at)).collect()
}

/// A specification, understood and checked.
struct Plan {
    image: Image,
    kind: InstanceType,
    subnet: Subnet,
    groups: Vec<String>,
    existing_interface: Option<NetworkInterface>,
    public_ip: bool,
    private_ip: Option<String>,
    interface_description: String,
    delete_interface: bool,
    devices: Vec<BlockDevice>,
    user_data: Option<String>,
    ebs_optimized: bool,
    monitoring: bool,
    auto_recovery: String,
    disable_termination: bool,
    disable_stop: bool,
    on_shutdown: String,
    credits: Option<String>,
    spot: bool,
    tenancy: String,
    metadata: MetadataOptions,
    profile: Option<ProfileAssociation>,
    client_token: String,
}

impl Plan {
    fn read(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Plan, Refusal> {
        let Some(image_id) = input.text("ImageId") else { return Err(missing("ImageId")) };
        let kind_name = input.text("InstanceType").unwrap_or("m1.small");
        image::KIND.check(tx, image_id)?;
        let Some(image) = image::find(tx, image_id) else { return Err(image::KIND.missing(&[image_id])) };
        let Some(kind) = instance_type::find(kind_name) else {
            return Err(Refusal::not_simulated(format!("the instance type {kind_name}")));
        };
        tx.enforce("ec2.run_instances.image", kind.architecture == image.architecture, || {
            let message = format!(
                "The architecture '{}' of the specified instance type does not match the architecture '{}' of the \
                 specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.",
                kind.architecture, image.architecture
            );
            Refusal::new("InvalidParameterValue", message)
        })?;
        let network = Network::read(tx, input)?;
        let offered = instance_type::offered_in(&network.subnet.zone);
        tx.enforce("ec2.run_instances.zone", offered, || {
            let zones = zone::zones(tx.region()).into_iter().map(|zone| zone.name);
            let offering: Vec<String> = zones.filter(|zone| instance_type::offered_in(zone)).collect();
            let message = format!(
                "Your requested instance type ({kind_name}) is not supported in your requested Availability Zone ({}). \
                 Please retry your request by not specifying an Availability Zone or choosing {}.",
                network.subnet.zone,
                offering.join(", ")
            );
            Refusal::new("Unsupported", message)
        })?;
        if let Some(key) = input.text("KeyName") {
            // No operation makes key pairs here, so none exists.
            tx.enforce("ec2.run_instances.key", false, || {
                Refusal::new("InvalidKeyPair.NotFound", format!("The key pair '{key}' does not exist"))
            })?;
        }
        let user_data = input.text("UserData").map(str::to_owned);
        let encoded = user_data.as_deref().is_none_or(is_encoded);
        tx.enforce("ec2.run_instances.user_data", encoded, || {
            Refusal::new("InvalidParameterValue", "Invalid BASE64 encoding of user data.")
        })?;
        let short = user_data.as_deref().is_none_or(is_short);
        tx.enforce("ec2.run_instances.user_data", short, || {
            Refusal::new("InvalidParameterValue", "User data is limited to 16384 bytes")
        })?;
        let mut metadata = MetadataOptions::fresh();
        if let Some(options) = input.record("MetadataOptions") {
            metadata.set(tx, &options)?;
            let _ = options.text("State");
        }
        let credits = input.record("CreditSpecification").and_then(|one| one.text("CpuCredits")).map(str::to_owned);
        if let Some(credits) = &credits {
            check_credits(tx, credits)?;
            tx.enforce("ec2.run_instances.credits", kind.burstable, || {
                let message = format!("The {kind_name} instance type does not support T2 Unlimited.");
                Refusal::new("InstanceCreditSpecification.NotSupported", message)
            })?;
        }
        let default_credits = if kind_name.starts_with("t2.") { "standard" } else { "unlimited" };
        let spot = match input.record("InstanceMarketOptions") {
            Some(options) => {
                spot_defaults(&options)?;
                options.text("MarketType") == Some("spot")
            }
            None => false,
        };
        if let Some(zone) = zone_of(input).filter(|zone| *zone != network.subnet.zone) {
            let message = format!(
                "The availability zone {zone} is not the one of the subnet {}: {}.",
                network.subnet.id, network.subnet.zone
            );
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        let tenancy =
            input.record("Placement").map(|placement| placement.text("Tenancy").unwrap_or("default").to_owned());
        defaults_only(tx, input)?;
        let profile = match input.record("IamInstanceProfile") {
            Some(one) => Some(instance_profile::specified(tx, &one)?),
            None => None,
        };
        let devices = block_device::all(tx, input, &image)?;
        let _ = input.whole("TagSpecifications");
        Ok(Plan {
            credits: kind.burstable.then(|| credits.unwrap_or_else(|| default_credits.to_owned())),
            image,
            kind,
            subnet: network.subnet,
            groups: network.groups,
            existing_interface: network.existing,
            public_ip: network.public_ip,
            private_ip: network.private_ip,
            interface_description: network.description,
            delete_interface: network.delete_on_termination,
            devices,
            user_data,
            ebs_optimized: input.flag("EbsOptimized"),
            monitoring: input.record("Monitoring").is_some_and(|one| one.flag("Enabled")),
            auto_recovery: input
                .record("MaintenanceOptions")
                .and_then(|one| one.text("AutoRecovery"))
                .unwrap_or("default")
                .to_owned(),
            disable_termination: input.flag("DisableApiTermination"),
            disable_stop: input.flag("DisableApiStop"),
            on_shutdown: input.text("InstanceInitiatedShutdownBehavior").unwrap_or("stop").to_owned(),
            spot,
            tenancy: tenancy.unwrap_or_else(|| "default".to_owned()),
            metadata,
            profile,
            client_token: input.text("ClientToken").unwrap_or_default().to_owned(),
        })
    }

    fn make(&self, tx: &mut Tx<'_>, reservation: &str, at: i64) -> Result<Instance, Refusal> {
        let id = tx.new_id("i");
        let interface = match &self.existing_interface {
            Some(existing) => existing.id.clone(),
            None => network_interface::make(
                tx,
                Wanted {
                    subnet: &self.subnet.id,
                    groups: self.groups.clone(),
                    description: &self.interface_description,
                    kind: "interface",
                    requester: None,
                    private_ip: self.private_ip.as_deref(),
                },
            )?,
        };
        let attachment = Attachment {
            id: tx.new_id("eni-attach"),
            instance: Some(id.clone()),
            owner: tx.account().to_owned(),
            device_index: 0,
            status: "attaching".to_owned(),
            delete_on_termination: self.delete_interface,
            since: tx.now(),
        };
        let public_ip = if self.public_ip { Some(address::new_public_ip(tx)) } else { None };
        tx.change::<NetworkInterface>(&interface, |row| {
            row.attachment = Some(attachment);
            row.public_ip = public_ip;
        });
        let private_ip = tx.get::<NetworkInterface>(&interface).map(|row| row.private_ip.clone());
        let mut usable = true;
        for device in &self.devices {
            let attachment = VolumeAttachment {
                instance: id.clone(),
                device: device.name.clone(),
                state: "attaching".to_owned(),
                delete_on_termination: device.delete_on_termination,
                since: tx.now(),
            };
            let zone = &self.subnet.zone;
            let disk = device.disk.clone();
            usable &= volume::make_attached(tx, disk, zone, &device.snapshot, &device.encryption, attachment)?;
        }
        let mut profile = self.profile.clone();
        if let (Some(profile), true) = (profile.as_mut(), at > 0) {
            profile.id = tx.new_id("iip-assoc");
        }
        let made = Instance {
            id: id.clone(),
            reservation: reservation.to_owned(),
            launch_index: at,
            image: self.image.id.clone(),
            kind: self.kind.name.clone(),
            architecture: self.kind.architecture.to_owned(),
            state: "pending".to_owned(),
            reason: None,
            transition_reason: String::new(),
            subnet: self.subnet.id.clone(),
            vpc: self.subnet.vpc.clone(),
            zone: self.subnet.zone.clone(),
            private_ip,
            tenancy: self.tenancy.clone(),
            root_device: image::ROOT_DEVICE.to_owned(),
            user_data: self.user_data.clone(),
            ebs_optimized: self.ebs_optimized,
            monitoring: self.monitoring,
            auto_recovery: self.auto_recovery.clone(),
            reboot_migration: "default".to_owned(),
            disable_termination: self.disable_termination,
            disable_stop: self.disable_stop,
            on_shutdown: self.on_shutdown.clone(),
            credits: self.credits.clone(),
            spot: self.spot,
            metadata: self.metadata.clone(),
            profile,
            client_token: self.client_token.clone(),
            launched: tx.now(),
            checked_since: tx.now(),
        };
        tx.put(made.clone());
        let end = if usable { "ec2.instance.running" } else { "ec2.instance.keyless" };
        tx.transition("ec2.instance.launch", end, &id);
        Ok(made)
    }
}

/// Refuses spot requests other than those that end with their instance.
fn spot_defaults(market: &Input<'_>) -> Result<(), Refusal> {
    let Some(options) = market.record("SpotOptions") else { return Ok(()) };
    for (member, default) in [("SpotInstanceType", "one-time"), ("InstanceInterruptionBehavior", "terminate")] {
        if options.text(member).is_some_and(|given| given != default) {
            return Err(Refusal::not_simulated(format!("ec2 RunInstances with SpotOptions.{member}")));
        }
    }
    Ok(())
}

/// Takes options whose default value means nothing, and refuses any other as not simulated.
fn defaults_only(_: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let defaults: &[(&str, &str, Value)] = &[
        ("CapacityReservationSpecification", "CapacityReservationPreference", Value::from("open")),
        ("EnclaveOptions", "Enabled", Value::from(false)),
        ("HibernationOptions", "Configured", Value::from(false)),
    ];
    for (name, member, default) in defaults {
        if let Some(options) = input.record(name) {
            let given = options.whole(member);
            if !given.is_absent() && given != default {
                return Err(Refusal::not_simulated(format!("ec2 RunInstances with {name}.{member}")));
            }
        }
    }
    Ok(())
}

/// Where a specification puts its instances.
struct Network {
    subnet: Subnet,
    groups: Vec<String>,
    existing: Option<NetworkInterface>,
    public_ip: bool,
    private_ip: Option<String>,
    description: String,
    delete_on_termination: bool,
}

impl Network {
    fn read(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Network, Refusal> {
        let interfaces = input.records("NetworkInterfaces");
        let (subnet, groups) = (input.text("SubnetId"), input.texts("SecurityGroupIds"));
        let Some(interface) = interfaces.first() else {
            let subnet = choose_subnet(tx, subnet, input)?;
            let groups = choose_groups(tx, &groups, &subnet.vpc)?;
            return Ok(Network {
                public_ip: subnet.map_public_ip,
                subnet,
                groups,
                existing: None,
                private_ip: input.text("PrivateIpAddress").map(str::to_owned),
                description: String::new(),
                delete_on_termination: true,
            });
        };
        if interfaces.len() > 1 {
            return Err(Refusal::not_simulated("ec2 RunInstances with several interfaces"));
        }
        let beside = [
            (subnet.is_some(), "subnet ID"),
            (!groups.is_empty(), "security groups"),
            (input.text("PrivateIpAddress").is_some(), "private IP address"),
        ];
        for (given, what) in beside {
            tx.enforce("ec2.run_instances.groups", !given, || {
                let message =
                    format!("Network interfaces and an instance-level {what} may not be specified on the same request");
                Refusal::new("InvalidParameterCombination", message)
            })?;
        }
        if interface.integer("DeviceIndex").unwrap_or(0) != 0 {
            let message = "When specifying network interfaces, you must include a device at index 0.";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        let delete = interface.bool("DeleteOnTermination");
        if let Some(id) = interface.text("NetworkInterfaceId") {
            check_existing(tx, interface)?;
            let existing: NetworkInterface = resource::find(tx, id)?;
            if existing.attachment.is_some() {
                let message = format!("Network interface '{id}' is currently in use.");
                return Err(Refusal::new("InvalidNetworkInterface.InUse", message));
            }
            let subnet: Subnet = resource::find(tx, &existing.subnet)?;
            return Ok(Network {
                subnet,
                groups: existing.groups.clone(),
                existing: Some(existing),
                public_ip: false,
                private_ip: None,
                description: String::new(),
                delete_on_termination: delete.unwrap_or(false),
            });
        }
        let subnet = choose_subnet(tx, interface.text("SubnetId").or(subnet), input)?;
        let groups = choose_groups(tx, &interface.texts("Groups"), &subnet.vpc)?;
        if interface.integer("NetworkCardIndex").is_some_and(|card| card != 0) {
            return Err(Refusal::not_simulated("ec2 RunInstances with a second network card"));
        }
        Ok(Network {
            groups,
            existing: None,
            public_ip: interface.bool("AssociatePublicIpAddress").unwrap_or(subnet.map_public_ip),
            private_ip: interface.text("PrivateIpAddress").map(str::to_owned),
            description: interface.text("Description").unwrap_or_default().to_owned(),
            delete_on_termination: delete.unwrap_or(true),
            subnet,
        })
    }
}

/// Refuses to say of an interface that is there already what only a new one is told.
fn check_existing(tx: &Tx<'_>, interface: &Input<'_>) -> Result<(), Refusal> {
    let given = [
        (
            interface.text("SubnetId").is_some(),
            "A network interface may not specify both a network interface ID and a subnet",
        ),
        (
            interface.text("PrivateIpAddress").is_some(),
            "A network interface may not specify both a network interface ID and a private IP address",
        ),
        (
            !interface.texts("Groups").is_empty(),
            "A network interface may not specify both a network interface ID and security groups",
        ),
        (
            interface.flag("DeleteOnTermination"),
            "A network interface may not specify a network interface ID and delete on termination as true",
        ),
        (
            interface.flag("AssociatePublicIpAddress"),
            "The associatePublicIPAddress parameter cannot be specified for a network interface with an ID.",
        ),
    ];
    let wrong = given.iter().find(|(given, _)| *given).map(|(_, message)| *message);
    tx.enforce("ec2.run_instances.interface", wrong.is_none(), || {
        Refusal::new("InvalidParameterCombination", wrong.unwrap_or_default())
    })
}

/// The zone that a request asks for; an empty text asks for none.
fn zone_of<'a>(input: &Input<'a>) -> Option<&'a str> {
    input.record("Placement")?.text("AvailabilityZone").filter(|zone| !zone.is_empty())
}

fn choose_subnet(tx: &mut Tx<'_>, named: Option<&str>, input: &Input<'_>) -> Result<Subnet, Refusal> {
    let zone = zone_of(input);
    if let Some(id) = named {
        let subnet: Subnet = resource::find(tx, id)?;
        // The words are those of hashicorp/terraform-provider-aws#13999.
        tx.enforce("ec2.run_instances.placement", zone.is_none_or(|zone| zone == subnet.zone), || {
            let (zone, is) = (zone.unwrap_or_default(), &subnet.zone);
            let message = format!(
                "Value ({zone}) for parameter availabilityZone is invalid. Subnet '{id}' is in the availability zone {is}"
            );
            Refusal::new("InvalidParameterValue", message)
        })?;
        return Ok(subnet);
    }
    let Some(vpc) = vpc::default(tx).map(|vpc| vpc.id.clone()) else {
        let message = "No default VPC for this user";
        return Err(Refusal::new("VPCIdNotSpecified", message));
    };
    let fits = |subnet: &&Subnet| {
        subnet.vpc == vpc
            && subnet.default_for_zone
            && zone.map_or_else(|| instance_type::offered_in(&subnet.zone), |zone| subnet.zone == zone)
    };
    let subnets: Vec<Subnet> = tx.rows::<Subnet>().filter(fits).cloned().collect();
    let chosen = tx.below(subnets.len());
    subnets.into_iter().nth(chosen).ok_or_else(|| {
        let message = format!("No subnets found for the default VPC '{vpc}'. Please specify a subnet.");
        Refusal::new("MissingInput", message)
    })
}

fn choose_groups(tx: &Tx<'_>, ids: &[&str], vpc: &str) -> Result<Vec<String>, Refusal> {
    let groups = security_group::check(tx, ids, vpc)?;
    Ok(if groups.is_empty() { security_group::default_of(tx, vpc).into_iter().collect() } else { groups })
}

/// Tags what was launched: instances, their volumes and their interfaces.
fn tag(tx: &mut Tx<'_>, specifications: &Value, instances: &[Instance]) -> Result<(), Refusal> {
    let read = RefCell::new(HashSet::new());
    let wrapped = record! { "TagSpecifications" => specifications };
    let input = Input::new(&wrapped, &read);
    for (kind, pairs) in tags::specified(tx, &input, TAGGED)? {
        for instance in instances {
            let ids: Vec<String> = match kind.as_str() {
                "instance" => vec![instance.id.clone()],
                "volume" => {
                    let held = |one: &&volume::Volume| {
                        one.attachment.as_ref().is_some_and(|attachment| attachment.instance == instance.id)
                    };
                    tx.rows::<volume::Volume>().filter(held).map(|one| one.id.clone()).collect()
                }
                "network-interface" => {
                    network_interface::primary_of(tx, &instance.id).map(|one| one.id.clone()).into_iter().collect()
                }
                "spot-instances-request" => instance.spot_request().into_iter().collect(),
                _ => Vec::new(),
            };
            for id in ids {
                tags::put(tx, &kind, &id, pairs.clone())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;
    use crate::protocol::base64_encode;

    pub(crate) async fn image(client: &Client) -> String {
        let filter =
            [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        client.ec2("DescribeImages", &filter).await.one("imageId")
    }

    async fn state(client: &Client, id: &str) -> String {
        client.ec2("DescribeInstances", &[("InstanceId.1", id)]).await.one("name")
    }

    #[tokio::test(start_paused = true)]
    async fn user_data_are_counted_before_they_are_encoded() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let image = image(&client).await;
        let launch = async |bytes: usize| {
            let data = base64_encode(&vec![b'x'; bytes]);
            let launch = [
                ("ImageId", image.as_str()),
                ("InstanceType", "t3.medium"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("SubnetId", &subnet),
                ("UserData", &data),
            ];
            client.try_ec2("RunInstances", &launch).await
        };
        assert_eq!(launch(16_384).await.status, 200);
        let refused = launch(16_385).await;
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            ("InvalidParameterValue", "User data is limited to 16384 bytes")
        );
    }

    // "You cannot specify this option if you're launching more than one instance in the request":
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>
    #[tokio::test(start_paused = true)]
    async fn an_address_and_an_interface_are_for_one_instance() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let image = image(&client).await;
        let made = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await.one("networkInterfaceId");
        let launch = async |most: &str, more: &[(&str, &str)]| {
            let image =
                [("ImageId", image.as_str()), ("InstanceType", "t3.micro"), ("MinCount", "1"), ("MaxCount", most)];
            client.try_ec2("RunInstances", &[&image[..], more].concat()).await
        };
        let address = [("SubnetId", subnet.as_str()), ("PrivateIpAddress", "10.0.0.50")];
        let fresh = [
            ("NetworkInterface.1.DeviceIndex", "0"),
            ("NetworkInterface.1.SubnetId", subnet.as_str()),
            ("NetworkInterface.1.PrivateIpAddress", "10.0.0.51"),
        ];
        let there = [("NetworkInterface.1.DeviceIndex", "0"), ("NetworkInterface.1.NetworkInterfaceId", made.as_str())];
        for one in [&address[..], &fresh, &there] {
            assert_eq!(launch("2", one).await.code, "InvalidParameterCombination", "{one:?}");
        }
        assert!(client.ec2("DescribeInstances", &[]).await.all("instanceId").is_empty());
        for one in [&address[..], &fresh, &there] {
            assert_eq!(launch("1", one).await.status, 200, "{one:?}");
        }
        let both = [&fresh[..2], &address[1..]].concat();
        let said =
            "Network interfaces and an instance-level private IP address may not be specified on the same request";
        assert_eq!(launch("1", &both).await.message, said);
    }

    // "Applies only if creating a network interface when launching an instance":
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html>
    #[tokio::test(start_paused = true)]
    async fn an_interface_that_is_there_is_told_nothing_new() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let image = image(&client).await;
        let made = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await;
        let (id, group) = (made.one("networkInterfaceId"), made.one("groupId"));
        for (name, value) in [
            ("SubnetId", subnet.as_str()),
            ("PrivateIpAddress", "10.0.0.50"),
            ("SecurityGroupId.1", &group),
            ("DeleteOnTermination", "true"),
            ("AssociatePublicIpAddress", "true"),
        ] {
            let launch = [
                ("ImageId", image.as_str()),
                ("InstanceType", "t3.micro"),
                ("MinCount", "1"),
                ("MaxCount", "1"),
                ("NetworkInterface.1.DeviceIndex", "0"),
                ("NetworkInterface.1.NetworkInterfaceId", &id),
                (&*format!("NetworkInterface.1.{name}"), value),
            ];
            let refused = client.refused("RunInstances", &launch, "InvalidParameterCombination").await;
            assert!(refused.message.contains("etwork interface"), "{name}: {}", refused.message);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_whose_disk_has_a_key_that_can_not_be_used_ends_and_says_why() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let image = image(&client).await;
        let launch = [
            ("ImageId", image.as_str()),
            ("InstanceType", "t3.medium"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("SubnetId", &subnet),
            ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
            ("BlockDeviceMapping.1.Ebs.Encrypted", "true"),
            ("BlockDeviceMapping.1.Ebs.KmsKeyId", "alias/absent"),
        ];
        let id = client.ec2("RunInstances", &launch).await.one("instanceId");
        client.wait(300);
        let shown = client.ec2("DescribeInstances", &[("InstanceId.1", &id)]).await;
        assert!(shown.text.contains("<code>Client.InvalidKMSKey.InvalidState</code>"), "{}", shown.text);
        assert_eq!(state(&client, &id).await, "terminated");
        assert!(client.simulator.switch("ec2.volume.key", false));
        let id = client.ec2("RunInstances", &launch).await.one("instanceId");
        client.wait(300);
        assert_eq!(state(&client, &id).await, "running");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_is_launched_runs_and_takes_its_parts_along() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let image = image(&client).await;
        let launch = [
            ("ImageId", image.as_str()),
            ("InstanceType", "t3.medium"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("SubnetId", &subnet),
            ("ClientToken", "only-one"),
            ("MetadataOptions.HttpTokens", "required"),
            ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
            ("BlockDeviceMapping.1.Ebs.VolumeSize", "20"),
            ("BlockDeviceMapping.1.Ebs.Encrypted", "true"),
            ("TagSpecification.1.ResourceType", "volume"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", "root"),
        ];
        let made = client.ec2("RunInstances", &launch).await;
        let id = made.one("instanceId");
        assert_eq!(made.one("name"), "pending");
        assert_eq!(client.ec2("RunInstances", &launch).await.one("instanceId"), id);
        client.wait(60);
        assert_eq!(state(&client, &id).await, "running");
        let root = [("Filter.1.Name", "tag:Name"), ("Filter.1.Value.1", "root")];
        let volume = client.ec2("DescribeVolumes", &root).await;
        assert_eq!(
            (volume.one("size"), volume.one("encrypted"), volume.one("device")),
            ("20".into(), "true".into(), "/dev/xvda".into())
        );
        client.refused("DeleteVolume", &[("VolumeId", &volume.one("volumeId"))], "VolumeInUse").await;
        client.refused("DeleteSubnet", &[("SubnetId", &subnet)], "DependencyViolation").await;

        let ended = client.ec2("TerminateInstances", &[("InstanceId.1", &id)]).await;
        assert_eq!(ended.all("name"), ["shutting-down", "running"]);
        client.wait(100);
        assert_eq!(state(&client, &id).await, "terminated");
        assert!(client.ec2("DescribeVolumes", &root).await.all("volumeId").is_empty());
        client.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await;
        client.refused("RunInstances", &launch, "IdempotentInstanceTerminated").await;
        client.wait(3700);
        client.refused("DescribeInstances", &[("InstanceId.1", &id)], "InvalidInstanceID.NotFound").await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_not_be_launched_is_refused() {
        let client = Client::calm();
        let image = image(&client).await;
        let counts = [("MinCount", "1"), ("MaxCount", "1")];
        let with = |more: &[(&'static str, &'static str)]| {
            let mut all = vec![("ImageId", image.as_str()), counts[0], counts[1]];
            all.extend(more);
            all
        };
        client.refused("RunInstances", &with(&[("InstanceType", "t4g.medium")]), "InvalidParameterValue").await;
        let profile = [("InstanceType", "t3.micro"), ("IamInstanceProfile.Name", "nobody")];
        let refused = client.refused("RunInstances", &with(&profile), "InvalidParameterValue").await;
        let said = "Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
        assert_eq!(refused.message, said);
        let key = [("InstanceType", "t3.micro"), ("KeyName", "mine")];
        client.refused("RunInstances", &with(&key), "InvalidKeyPair.NotFound").await;
        let unbuilt = [("InstanceType", "t3.micro"), ("LicenseSpecification.1.LicenseConfigurationArn", "x")];
        let refused = client.refused("RunInstances", &with(&unbuilt), "NotSimulated").await;
        assert_eq!(refused.status, 501);
        assert_eq!(client.ec2("DescribeInstances", &[]).await.all("instanceId").len(), 0, "a refusal changes nothing");
        let dry = [("InstanceType", "t3.micro"), ("DryRun", "true")];
        let refused = client.refused("RunInstances", &with(&dry), "DryRunOperation").await;
        assert_eq!(refused.status, 412);
        assert_eq!(client.ec2("DescribeInstances", &[]).await.all("instanceId").len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_launch_template_says_what_its_instances_are() {
        let client = Client::calm();
        let image = image(&client).await;
        let create = [
            ("LaunchTemplateName", "nodes"),
            ("LaunchTemplateData.ImageId", image.as_str()),
            ("LaunchTemplateData.InstanceType", "t3.large"),
            ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
            ("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "1"),
            ("LaunchTemplateData.TagSpecification.1.ResourceType", "instance"),
            ("LaunchTemplateData.TagSpecification.1.Tag.1.Key", "Name"),
            ("LaunchTemplateData.TagSpecification.1.Tag.1.Value", "node"),
        ];
        let id = client.ec2("CreateLaunchTemplate", &create).await.one("launchTemplateId");
        client.refused("CreateLaunchTemplate", &create, "InvalidLaunchTemplateName.AlreadyExistsException").await;
        let version = [
            ("LaunchTemplateId", id.as_str()),
            ("SourceVersion", "1"),
            ("LaunchTemplateData.InstanceType", "t3.xlarge"),
        ];
        assert_eq!(client.ec2("CreateLaunchTemplateVersion", &version).await.one("versionNumber"), "2");
        let run = [
            ("LaunchTemplate.LaunchTemplateName", "nodes"),
            ("LaunchTemplate.Version", "$Latest"),
            ("MinCount", "1"),
            ("MaxCount", "2"),
        ];
        let made = client.ec2("RunInstances", &run).await;
        assert_eq!(made.all("instanceType"), ["t3.xlarge", "t3.xlarge"]);
        assert_eq!(made.all("httpPutResponseHopLimit"), ["1", "1"]);
        assert_eq!(made.all("value"), ["node", "node"]);
        let absent = [("LaunchTemplateId", id.as_str()), ("SetDefaultVersion", "9")];
        let refused = client.refused("ModifyLaunchTemplate", &absent, "InvalidLaunchTemplateId.VersionNotFound").await;
        assert_eq!(refused.message, "The launch template version 9 is not found for the specified launch template.");
        let shown = client.ec2("DescribeLaunchTemplateVersions", &[("LaunchTemplateId", &id)]).await;
        assert_eq!(shown.all("versionNumber"), ["1", "2"]);
        client.ec2("DeleteLaunchTemplate", &[("LaunchTemplateId", &id)]).await;
        let gone = [("LaunchTemplateId.1", id.as_str())];
        client.refused("DescribeLaunchTemplates", &gone, "InvalidLaunchTemplateId.NotFound").await;
    }
}
