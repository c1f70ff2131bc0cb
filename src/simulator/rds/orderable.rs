//! Which instance classes can be had with which version and storage.

use super::{engine, filters, instance, instance_class};
use crate::datastore::listing;
use crate::ec2::zone::zones;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribeOrderableDBInstanceOptions", describe),
    ("DescribeValidDBInstanceModifications", describe_modifications),
];

const STORAGE: &[&str] = &["gp2", "gp3", "io1", "io2"];

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    engine::check(tx, input.required("Engine"))?;
    let (version, class) = (input.text("EngineVersion"), input.text("DBInstanceClass"));
    let license = input.text("LicenseModel").is_none_or(|license| license == "postgresql-license");
    let vpc = input.bool("Vpc") != Some(false);
    let group = input.text("AvailabilityZoneGroup").is_none_or(|group| group == tx.region());
    let zones: Vec<Value> = zones(tx.region()).into_iter().map(|zone| record! { "Name" => zone.name }).collect();
    let mut items = Vec::new();
    for offered in engine::VERSIONS.iter().filter(|_| license && vpc && group) {
        if version.is_some_and(|wanted| wanted != offered.text() && wanted != offered.major.to_string()) {
            continue;
        }
        for size in instance_class::all().filter(|size| class.is_none_or(|wanted| size.name() == wanted)) {
            for kind in STORAGE {
                let key = format!("{}/{:05}.{:05}/{kind}", size.name(), offered.major, offered.minor);
                items.push((key, option(*offered, size, kind, &zones)));
            }
        }
    }
    listing::paged(tx, input, "rds.page.size", "OrderableDBInstanceOptions", items)
}

/// The storage that an instance can be changed to.
fn describe_modifications(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let instance = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    if instance.status == "deleting" {
        let message = format!("DB instance {} is being deleted.", instance.identifier);
        return Err(Refusal::new("InvalidDBInstanceState", message));
    }
    let range = |from: i64, to: i64| vec![record! { "From" => from, "To" => to, "Step" => 1_i64 }];
    let storage: Vec<Value> = STORAGE
        .iter()
        .map(|kind| {
            let (provisioned, gp3) = (*kind == "io1" || *kind == "io2", *kind == "gp3");
            // Storage never shrinks.
            let least = instance.storage.gigabytes.max(if provisioned { 100 } else { 20 });
            let iops = if provisioned { Some((1000, 256_000)) } else { gp3.then_some((12_000, 64_000)) };
            let ratio =
                if provisioned { Some(if *kind == "io1" { 50.0 } else { 1000.0 }) } else { gp3.then_some(500.0) };
            record! {
                "StorageType" => *kind,
                "StorageSize" => range(least, 65_536),
                "ProvisionedIops" => iops.map(|(from, to)| range(from, to)),
                "IopsToStorageRatio" => ratio.map(|to| vec![record! { "From" => 0.5, "To" => to }]),
                "ProvisionedStorageThroughput" => gp3.then(|| range(500, 4000)),
                "StorageThroughputToIopsRatio" => gp3.then(|| vec![record! { "From" => 0.0, "To" => 0.25 }]),
                "SupportsStorageAutoscaling" => true,
            }
        })
        .collect();
    Ok(record! { "ValidDBInstanceModificationsMessage" => record! {
        "Storage" => storage,
        "ValidProcessorFeatures" => Value::List(Vec::new()),
        "SupportsDedicatedLogVolume" => instance.storage.kind.starts_with("io"),
    } })
}

fn option(version: engine::Version, size: instance_class::InstanceClass, kind: &str, zones: &[Value]) -> Value {
    let provisioned = kind == "io1" || kind == "io2";
    let gp3 = kind == "gp3";
    record! {
        "Engine" => "postgres",
        "EngineVersion" => version.text(),
        "DBInstanceClass" => size.name(),
        "LicenseModel" => "postgresql-license",
        "AvailabilityZones" => Value::List(zones.to_vec()),
        "MultiAZCapable" => true,
        "ReadReplicaCapable" => true,
        "Vpc" => true,
        "SupportsStorageEncryption" => true,
        "StorageType" => kind,
        "SupportsIops" => provisioned || gp3,
        "SupportsStorageThroughput" => gp3,
        "SupportsEnhancedMonitoring" => true,
        "SupportsIAMDatabaseAuthentication" => true,
        "SupportsPerformanceInsights" => true,
        "MinStorageSize" => if provisioned { 100_i64 } else { 20 },
        "MaxStorageSize" => 65_536_i64,
        "MinIopsPerDbInstance" => provisioned.then_some(1000_i64).or(gp3.then_some(12_000)),
        "MaxIopsPerDbInstance" => provisioned.then_some(256_000_i64).or(gp3.then_some(64_000)),
        "MinIopsPerGib" => (provisioned || gp3).then_some(0.5),
        "MaxIopsPerGib" => provisioned.then_some(if kind == "io1" { 50.0 } else { 1000.0 }).or(gp3.then_some(500.0)),
        "MinStorageThroughputPerDbInstance" => gp3.then_some(500_i64),
        "MaxStorageThroughputPerDbInstance" => gp3.then_some(4000_i64),
        "MaxStorageThroughputPerIops" => gp3.then_some(0.25),
        "AvailableProcessorFeatures" => Value::List(Vec::new()),
        "SupportedEngineModes" => vec!["provisioned"],
        "SupportsStorageAutoscaling" => true,
        "SupportsKerberosAuthentication" => true,
        "OutpostCapable" => false,
        "SupportedActivityStreamModes" => Value::List(Vec::new()),
        "SupportsGlobalDatabases" => false,
        "SupportedNetworkTypes" => vec!["DUAL", "IPV4"],
        "SupportsClusters" => false,
        "SupportsDedicatedLogVolume" => provisioned,
        "SupportsHttpEndpoint" => false,
    }
}
