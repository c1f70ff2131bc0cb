//! What of an instance can be changed after its launch, one attribute at a time.

use crate::ec2::instance::{Instance, device_view, named, wrong_state};
use crate::ec2::instance_type;
use crate::ec2::network_interface::{self, NetworkInterface};
use crate::ec2::resource::{self, Listing, Resource, nothing};
use crate::ec2::security_group;
use crate::ec2::volume::Volume;
use crate::input::Input;
use crate::protocol::base64_encode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribeInstanceAttribute", describe_attribute),
    ("DescribeInstanceCreditSpecifications", describe_credits),
    ("ModifyInstanceAttribute", modify_attribute),
    ("ModifyInstanceCreditSpecification", modify_credits),
    ("ModifyInstanceMaintenanceOptions", modify_maintenance),
    ("ModifyInstanceMetadataOptions", modify_metadata_options),
    ("ModifyInstancePlacement", modify_placement),
    ("MonitorInstances", |tx, input| monitor(tx, input, true)),
    ("ResetInstanceAttribute", reset_attribute),
    ("UnmonitorInstances", |tx, input| monitor(tx, input, false)),
];

pub(super) const SPANS: &[Span] = &[Span::new("ec2.instance.metadata", 0.5, 3.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("ec2.instance.metadata_applied", |tx, pending| {
    tx.change::<Instance>(&pending.subject, |instance| instance.metadata.state = "applied".to_owned());
})];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.instance.modify.stopped",
        "type, user data and placement are changed while the instance is stopped",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
    ),
    Rule::new(
        "ec2.instance.modify.single",
        "one attribute is modified at a time",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
    ),
    Rule::new(
        "ec2.instance.credits",
        "only burstable instances have CPU credits",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceCreditSpecification.html",
    ),
    Rule::new(
        "ec2.instance.hop_limit",
        "the metadata service's answers go from 1 to 64 hops",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceMetadataOptionsRequest.html",
    ),
    Rule::new(
        "ec2.instance.reset",
        "kernel, RAM disk and source/destination check are what can be reset",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResetInstanceAttribute.html",
    ),
];

fn describe_credits(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let rows = resource::select::<Instance>(tx, input, "InstanceIds")?;
    let items = rows
        .iter()
        .filter_map(|instance| {
            let credits = instance.credits.as_ref()?;
            Some((instance.id.clone(), record! { "InstanceId" => &instance.id, "CpuCredits" => credits }))
        })
        .collect();
    let listing =
        Listing { ids: "InstanceIds", answer: "InstanceCreditSpecifications", ids_exclude_pages: Some("instancesSet") };
    resource::paged(tx, input, items, listing)
}

fn describe_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let attribute = input.required("Attribute");
    let text = |value: Option<&str>| record! { "Value" => value };
    let flag = |value: bool| record! { "Value" => value };
    let interface = network_interface::primary_of(tx, &instance.id);
    let devices = || {
        let rows = instance.volumes(tx);
        Value::List(rows.iter().map(|volume| device_view(volume)).collect())
    };
    let (name, value) = match attribute {
        "instanceType" => ("InstanceType", text(Some(&instance.kind))),
        "userData" => ("UserData", text(instance.user_data.as_deref())),
        "disableApiTermination" => ("DisableApiTermination", flag(instance.disable_termination)),
        "disableApiStop" => ("DisableApiStop", flag(instance.disable_stop)),
        "instanceInitiatedShutdownBehavior" => ("InstanceInitiatedShutdownBehavior", text(Some(&instance.on_shutdown))),
        "rootDeviceName" => ("RootDeviceName", text(Some(&instance.root_device))),
        "sourceDestCheck" => ("SourceDestCheck", flag(interface.is_none_or(|one| one.source_dest_check))),
        "groupSet" => ("Groups", interface.map_or_else(|| Value::List(Vec::new()), |one| one.group_views(tx))),
        "ebsOptimized" => ("EbsOptimized", flag(instance.ebs_optimized)),
        "enaSupport" => ("EnaSupport", flag(true)),
        "blockDeviceMapping" => ("BlockDeviceMappings", devices()),
        "kernel" => ("KernelId", text(None)),
        "ramdisk" => ("RamdiskId", text(None)),
        "productCodes" => ("ProductCodes", Value::List(Vec::new())),
        "enclaveOptions" => ("EnclaveOptions", record! { "Enabled" => false }),
        "sriovNetSupport" => ("SriovNetSupport", text(None)),
        other => return Err(Refusal::not_simulated(format!("the instance attribute {other}"))),
    };
    Ok(record! { "InstanceId" => &instance.id, name => value })
}

fn modify_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    // The older form names the attribute in one member and has its value in another.
    let (attribute, plain) = (input.text("Attribute"), input.text("Value"));
    let text = |member: &str, name: &str| {
        let nested = input.record(member).and_then(|value| value.text("Value"));
        nested.or(plain.filter(|_| attribute == Some(name))).map(str::to_owned)
    };
    let flag = |member: &str, name: &str| {
        let nested = input.record(member).and_then(|value| value.bool("Value"));
        nested.or(plain.filter(|_| attribute == Some(name)).map(|value| value == "true"))
    };
    let kind = text("InstanceType", "instanceType");
    let on_shutdown = text("InstanceInitiatedShutdownBehavior", "instanceInitiatedShutdownBehavior");
    let user_data = match input.record("UserData").map(|data| data.whole("Value").clone()) {
        Some(Value::Blob(bytes)) => Some(base64_encode(&bytes)),
        _ => plain.filter(|_| attribute == Some("userData")).map(str::to_owned),
    };
    let termination = flag("DisableApiTermination", "disableApiTermination");
    let stop = flag("DisableApiStop", "disableApiStop");
    let check = flag("SourceDestCheck", "sourceDestCheck");
    let optimized = flag("EbsOptimized", "ebsOptimized");
    let groups = input.texts("Groups");
    let devices = input.records("BlockDeviceMappings");

    let given = [
        ("blockDeviceMapping", !devices.is_empty()),
        ("disableApiStop", stop.is_some()),
        ("disableApiTermination", termination.is_some()),
        ("ebsOptimized", optimized.is_some()),
        ("groupSet", !groups.is_empty()),
        ("instanceInitiatedShutdownBehavior", on_shutdown.is_some()),
        ("instanceType", kind.is_some()),
        ("sourceDestCheck", check.is_some()),
        ("userData", user_data.is_some()),
    ];
    resource::one_attribute(tx, input, "ec2.instance.modify.single", &given)?;
    let stopped = !(kind.is_some() || user_data.is_some() || optimized.is_some()) || instance.state == "stopped";
    tx.enforce("ec2.instance.modify.stopped", stopped, || {
        Refusal::new("IncorrectInstanceState", format!("The instance '{}' is not in the 'stopped' state.", instance.id))
    })?;
    if let Some(kind) = &kind {
        let Some(found) = instance_type::find(kind) else {
            return Err(Refusal::not_simulated(format!("the instance type {kind}")));
        };
        if found.architecture != instance.architecture {
            let message = format!(
                "The architecture '{}' of the specified instance type does not match the architecture '{}' of the instance.",
                found.architecture, instance.architecture
            );
            return Err(Refusal::new("InvalidParameterValue", message));
        }
    }
    let groups = security_group::check(tx, &groups, &instance.vpc)?;
    let changed = check.is_some() || !groups.is_empty();
    let interface = if changed { instance.sole_interface(tx)?.map(|one| one.id.clone()) } else { None };
    if let Some(interface) = interface {
        tx.change::<NetworkInterface>(&interface, |interface| {
            interface.source_dest_check = check.unwrap_or(interface.source_dest_check);
            if !groups.is_empty() {
                interface.groups = groups;
            }
        });
    }
    for device in devices {
        let name = device.required("DeviceName");
        let delete = device.record("Ebs").and_then(|ebs| {
            let _ = ebs.text("VolumeId");
            ebs.bool("DeleteOnTermination")
        });
        let held = instance
            .volumes(tx)
            .into_iter()
            .find(|volume| volume.attachment.as_ref().is_some_and(|attachment| attachment.device == name));
        let Some(held) = held.map(|volume| volume.id.clone()) else {
            let message = format!("No device is currently mapped at {name}");
            return Err(Refusal::new("InvalidInstanceAttributeValue", message));
        };
        tx.change::<Volume>(&held, |volume| {
            if let (Some(attachment), Some(delete)) = (volume.attachment.as_mut(), delete) {
                attachment.delete_on_termination = delete;
            }
        });
    }
    tx.change::<Instance>(&instance.id, |instance| {
        instance.kind = kind.unwrap_or_else(|| instance.kind.clone());
        instance.on_shutdown = on_shutdown.unwrap_or_else(|| instance.on_shutdown.clone());
        instance.user_data = user_data.or_else(|| instance.user_data.clone());
        instance.disable_termination = termination.unwrap_or(instance.disable_termination);
        instance.disable_stop = stop.unwrap_or(instance.disable_stop);
        instance.ebs_optimized = optimized.unwrap_or(instance.ebs_optimized);
    });
    Ok(nothing())
}

fn modify_metadata_options(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    if matches!(instance.state.as_str(), "shutting-down" | "terminated") {
        return Err(wrong_state(&instance, "modified"));
    }
    let mut metadata = instance.metadata.clone();
    metadata.set(tx, input)?;
    metadata.state = "pending".to_owned();
    let view = metadata.view();
    tx.change::<Instance>(&instance.id, |instance| instance.metadata = metadata);
    tx.transition("ec2.instance.metadata", "ec2.instance.metadata_applied", &instance.id);
    Ok(record! { "InstanceId" => &instance.id, "InstanceMetadataOptions" => view })
}

fn monitor(tx: &mut Tx<'_>, input: &Input<'_>, on: bool) -> Result<Value, Refusal> {
    let mut shown = Vec::new();
    for instance in named(tx, input)? {
        tx.change::<Instance>(&instance.id, |instance| instance.monitoring = on);
        // The answer comes while it is being switched.
        let state = match (instance.monitoring, on) {
            (true, true) => "enabled",
            (false, true) => "pending",
            (true, false) => "disabling",
            (false, false) => "disabled",
        };
        shown.push(record! { "InstanceId" => &instance.id, "Monitoring" => record! { "State" => state } });
    }
    Ok(record! { "InstanceMonitorings" => shown })
}

fn modify_credits(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for wanted in input.records("InstanceCreditSpecifications") {
        let id = wanted.required("InstanceId");
        Instance::KIND.check(tx, id)?;
        let failure = |code: &str, message: String| {
            record! { "InstanceId" => id, "Error" => record! { "Code" => code, "Message" => message } }
        };
        let credits = wanted.text("CpuCredits");
        let Some(instance) = tx.get::<Instance>(id) else {
            failed.push(failure("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist")));
            continue;
        };
        if instance.credits.is_none() && tx.rule("ec2.instance.credits") {
            let message = format!("The instance '{id}' is not a burstable performance instance.");
            failed.push(failure("InstanceCreditSpecification.NotSupported", message));
            continue;
        }
        let Some(credits) = credits.filter(|credits| matches!(*credits, "standard" | "unlimited")) else {
            let message = format!("Invalid value '{}' for cpuCredits.", credits.unwrap_or_default());
            return Err(Refusal::new("InvalidParameterValue", message));
        };
        tx.change::<Instance>(id, |instance| instance.credits = Some(credits.to_owned()));
        done.push(record! { "InstanceId" => id });
    }
    Ok(record! {
        "SuccessfulInstanceCreditSpecifications" => done,
        "UnsuccessfulInstanceCreditSpecifications" => failed,
    })
}

fn modify_maintenance(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let (recovery, migration) = (input.text("AutoRecovery"), input.text("RebootMigration"));
    tx.change::<Instance>(&instance.id, |instance| {
        instance.auto_recovery = recovery.unwrap_or(&instance.auto_recovery).to_owned();
        instance.reboot_migration = migration.unwrap_or(&instance.reboot_migration).to_owned();
    });
    let instance: Instance = resource::find(tx, &instance.id)?;
    Ok(record! {
        "InstanceId" => &instance.id,
        "AutoRecovery" => &instance.auto_recovery,
        "RebootMigration" => &instance.reboot_migration,
    })
}

fn modify_placement(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let Some(tenancy) = input.text("Tenancy") else {
        if ["Affinity", "GroupId", "GroupName", "HostId", "HostResourceGroupArn", "PartitionNumber"]
            .iter()
            .any(|name| input.has(name))
        {
            return Err(Refusal::not_simulated("ec2 ModifyInstancePlacement of anything but the tenancy"));
        }
        let message = "The request must contain at least one of: affinity, tenancy, groupName, hostId.";
        return Err(Refusal::new("MissingParameter", message));
    };
    // A dedicated host is no tenancy that an instance without one can have.
    let possible = matches!((instance.tenancy.as_str(), tenancy), ("dedicated" | "host", "dedicated" | "host"))
        || instance.tenancy == tenancy;
    if !possible {
        let message = format!("The tenancy of instance '{}' cannot be changed to '{tenancy}'.", instance.id);
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    tx.enforce("ec2.instance.modify.stopped", instance.state == "stopped", || {
        Refusal::new("IncorrectInstanceState", format!("The instance '{}' is not in the 'stopped' state.", instance.id))
    })?;
    tx.change::<Instance>(&instance.id, |instance| tenancy.clone_into(&mut instance.tenancy));
    Ok(record! { "Return" => true })
}

fn reset_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let attribute = input.required("Attribute");
    tx.enforce("ec2.instance.reset", matches!(attribute, "kernel" | "ramdisk" | "sourceDestCheck"), || {
        Refusal::new("InvalidParameterValue", format!("Cannot reset the attribute {attribute}."))
    })?;
    if attribute == "sourceDestCheck" {
        if let Some(interface) = network_interface::primary_of(tx, &instance.id).map(|one| one.id.clone()) {
            tx.change::<NetworkInterface>(&interface, |interface| interface.source_dest_check = true);
        }
        return Ok(nothing());
    }
    // No image that is simulated has a kernel or a RAM disk of its own.
    Ok(nothing())
}
