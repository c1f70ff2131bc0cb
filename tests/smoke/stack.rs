//! The small stack: one of each kind of thing that costs nothing, and three that cost little.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    Ami, BlockDeviceMapping, EbsVolume, EgressRule, IamInstanceProfile, IamRole, IngressRule, Instance, InstanceType,
    LaunchTemplate, MetadataOptions, RootBlockDevice, SecurityGroup, Subnet, VolumeAttachment, Vpc,
};
use fathuss_model::graph::Graph;
use fathuss_model::{Ipv4Net, Result, Stack, Subnets, graph_of};

/// The region: all of its zones have every kind of thing in the stack, whichever of them an account calls `a`.
pub const REGION: &str = "us-east-2";
/// The tag that everything carries; its value is the run's id.
pub const TAG: &str = "fathuss-smoke";

/// The stack as it is first, or as it is after its change.
pub fn graph(run: &str, account: &str, changed: bool) -> Graph {
    graph_of("smoke", |stack| declare(stack, run, account, changed)).expect("nothing is wrong with it")
}

fn declare(stack: &mut Stack, run: &str, account: &str, changed: bool) -> Result<()> {
    stack.place(REGION, account);
    stack.default_tag(TAG, run.to_owned());
    let cidr: Ipv4Net = "10.97.0.0/24".parse()?;
    let vpc = stack.add("main", Vpc::new(cidr));
    let mut subnets = Vec::new();
    for (position, zone) in (0..).zip(["us-east-2a", "us-east-2b"]) {
        let subnet = Subnet::new(&vpc, cidr.subnet(26, position)?).availability_zone(zone);
        subnets.push(stack.add(("private", zone), subnet));
    }

    let group = stack.add("server", SecurityGroup::new(&vpc, "The instance of the smoke test"));
    stack.add("https", IngressRule::tcp(&group, 443).from_range(cidr));
    stack.add("all", EgressRule::all(&group).to_range(cidr));
    if changed {
        stack.add("metrics", IngressRule::tcp(&group, 9100).from_group(&group));
    }

    let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
    let purpose = if changed {
        "What the instance of the smoke test is allowed, nothing"
    } else {
        "The instance of the smoke test"
    };
    let role = stack.add("server", IamRole::new(trust).description(purpose));
    let profile = stack.add("server", IamInstanceProfile::new(&role));

    let template = LaunchTemplate::new()
        .instance_type(InstanceType::T3Nano)
        .metadata_options(MetadataOptions::v2_only())
        .block_device_mappings([BlockDeviceMapping::encrypted_root(if changed { 9 } else { 8 })]);
    stack.add("server", template);

    let image = stack.add("amazon_linux", Ami::amazon_linux_2023("x86_64"));
    let server = Instance::new(&image, InstanceType::T3Nano, &subnets[0])
        .security_group(&group)
        .iam_instance_profile(&profile)
        .associate_public_ip_address(false)
        .metadata_options(MetadataOptions::v2_only())
        .root_block_device(RootBlockDevice::encrypted_gp3(8))
        .tag("Name", if changed { "smoke-changed" } else { "smoke" });
    let server = stack.add("main", server);
    let volume = stack.add("data", EbsVolume::encrypted_gp3("us-east-2a", 1));
    stack.add("data", VolumeAttachment::new("/dev/sdf", &volume, &server));
    stack.output("vpc_id", vpc.id());
    Ok(())
}
