//! Instance types: the current general-purpose, compute and memory families, and where they are offered.

use crate::ec2::resource::{Listing, known_filters, paged};
use crate::ec2::zone::zones;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeInstanceTypes", describe), ("DescribeInstanceTypeOfferings", describe_offerings)];

/// An instance type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceType {
    /// Its name, e.g. `t3.medium`.
    pub name: String,
    /// Its virtual processors.
    pub vcpus: i64,
    /// Its memory, in MiB.
    pub memory: i64,
    /// `x86_64` or `arm64`.
    pub architecture: &'static str,
    /// Whether it earns and spends CPU credits.
    pub burstable: bool,
    /// How many network interfaces it takes.
    pub interfaces: i64,
    /// How many addresses each of them takes.
    pub addresses: i64,
    manufacturer: &'static str,
    threads: i64,
}

/// Family, processors' make, architecture, MiB of memory for each processor, burstable.
const FAMILIES: &[(&str, &str, &str, i64, bool)] = &[
    ("t3", "Intel", "x86_64", 0, true),
    ("t3a", "AMD", "x86_64", 0, true),
    ("t4g", "AWS", "arm64", 0, true),
    ("m5", "Intel", "x86_64", 4096, false),
    ("m6i", "Intel", "x86_64", 4096, false),
    ("m6a", "AMD", "x86_64", 4096, false),
    ("m6g", "AWS", "arm64", 4096, false),
    ("m7i", "Intel", "x86_64", 4096, false),
    ("m7g", "AWS", "arm64", 4096, false),
    ("c5", "Intel", "x86_64", 2048, false),
    ("c6i", "Intel", "x86_64", 2048, false),
    ("c6g", "AWS", "arm64", 2048, false),
    ("c7g", "AWS", "arm64", 2048, false),
    ("r5", "Intel", "x86_64", 8192, false),
    ("r6i", "Intel", "x86_64", 8192, false),
    ("r6g", "AWS", "arm64", 8192, false),
    ("r7g", "AWS", "arm64", 8192, false),
];

/// Size, processors, MiB of memory, interfaces, addresses on each.
const BURSTABLE_SIZES: &[(&str, i64, i64, i64, i64)] = &[
    ("nano", 2, 512, 2, 2),
    ("micro", 2, 1024, 2, 2),
    ("small", 2, 2048, 3, 4),
    ("medium", 2, 4096, 3, 6),
    ("large", 2, 8192, 3, 12),
    ("xlarge", 4, 16384, 4, 15),
    ("2xlarge", 8, 32768, 4, 15),
];

/// Size, processors, interfaces, addresses on each.
const SIZES: &[(&str, i64, i64, i64)] = &[
    ("large", 2, 3, 10),
    ("xlarge", 4, 4, 15),
    ("2xlarge", 8, 4, 15),
    ("4xlarge", 16, 8, 30),
    ("8xlarge", 32, 8, 30),
    ("12xlarge", 48, 8, 30),
    ("16xlarge", 64, 15, 50),
];

/// All types.
#[must_use]
pub fn all() -> Vec<InstanceType> {
    let mut types = Vec::new();
    for (family, manufacturer, architecture, per_vcpu, burstable) in FAMILIES {
        let mut push = |size: &str, vcpus: i64, memory: i64, interfaces: i64, addresses: i64| {
            types.push(InstanceType {
                name: format!("{family}.{size}"),
                vcpus,
                memory,
                architecture,
                burstable: *burstable,
                interfaces,
                addresses,
                manufacturer,
                threads: if *architecture == "arm64" { 1 } else { 2 },
            });
        };
        if *burstable {
            for (size, vcpus, memory, interfaces, addresses) in BURSTABLE_SIZES {
                push(size, *vcpus, *memory, *interfaces, *addresses);
            }
        } else {
            for (size, vcpus, interfaces, addresses) in SIZES {
                // c5 went from 4xlarge to 9xlarge.
                if *family == "c5" && matches!(*size, "8xlarge" | "16xlarge") {
                    continue;
                }
                push(size, *vcpus, vcpus * per_vcpu, *interfaces, *addresses);
            }
        }
    }
    types
}

/// The type of that name.
#[must_use]
pub fn find(name: &str) -> Option<InstanceType> {
    all().into_iter().find(|kind| kind.name == name)
}

/// Whether a zone has the type: the oldest zone of us-east-1 has none of these.
#[must_use]
pub fn offered_in(zone: &str) -> bool {
    zone != "us-east-1e"
}

impl InstanceType {
    /// How many devices can be attached to one: volumes alone from the seventh generation on, before it network
    /// interfaces with them.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html>
    #[must_use]
    pub fn attachments(&self) -> (i64, bool) {
        let shared = !self.name.contains('7');
        let most = match self.name.as_str() {
            _ if shared => 28,
            "m7i.16xlarge" => 48,
            _ => 32,
        };
        (most, shared)
    }

    fn filter(&self, name: &str) -> Vec<String> {
        vec![match name {
            "auto-recovery-supported" | "current-generation" => "true".to_owned(),
            "bare-metal" | "instance-storage-supported" => "false".to_owned(),
            "burstable-performance-supported" => self.burstable.to_string(),
            "hypervisor" => "nitro".to_owned(),
            "instance-type" => self.name.clone(),
            "memory-info.size-in-mib" => self.memory.to_string(),
            "processor-info.supported-architecture" => self.architecture.to_owned(),
            "supported-root-device-type" => "ebs".to_owned(),
            "supported-usage-class" => return vec!["on-demand".to_owned(), "spot".to_owned()],
            "supported-virtualization-type" => "hvm".to_owned(),
            "vcpu-info.default-cores" => (self.vcpus / self.threads).to_string(),
            "vcpu-info.default-vcpus" => self.vcpus.to_string(),
            _ => return Vec::new(),
        }]
    }

    fn view(&self) -> Value {
        record! {
            "InstanceType" => &self.name,
            "CurrentGeneration" => true,
            "FreeTierEligible" => matches!(self.name.as_str(), "t3.micro" | "t4g.micro"),
            "SupportedUsageClasses" => vec!["on-demand", "spot"],
            "SupportedRootDeviceTypes" => vec!["ebs"],
            "SupportedVirtualizationTypes" => vec!["hvm"],
            "BareMetal" => false,
            "Hypervisor" => "nitro",
            "ProcessorInfo" => record! {
                "SupportedArchitectures" => vec![self.architecture],
                "Manufacturer" => self.manufacturer,
            },
            "VCpuInfo" => record! {
                "DefaultVCpus" => self.vcpus,
                "DefaultCores" => self.vcpus / self.threads,
                "DefaultThreadsPerCore" => self.threads,
            },
            "MemoryInfo" => record! { "SizeInMiB" => self.memory },
            "InstanceStorageSupported" => false,
            "EbsInfo" => record! {
                "EbsOptimizedSupport" => "default",
                "EncryptionSupport" => "supported",
                "NvmeSupport" => "required",
                "MaximumEbsAttachments" => self.attachments().0,
                "AttachmentLimitType" => if self.attachments().1 { "shared" } else { "dedicated" },
            },
            "NetworkInfo" => record! {
                "MaximumNetworkInterfaces" => self.interfaces,
                "Ipv4AddressesPerInterface" => self.addresses,
                "Ipv6AddressesPerInterface" => self.addresses,
                "Ipv6Supported" => true,
                "EnaSupport" => "required",
            },
            "BurstablePerformanceSupported" => self.burstable,
            "AutoRecoverySupported" => true,
        }
    }
}

const FILTERS: &[&str] = &[
    "auto-recovery-supported",
    "bare-metal",
    "burstable-performance-supported",
    "current-generation",
    "hypervisor",
    "instance-storage-supported",
    "instance-type",
    "memory-info.size-in-mib",
    "processor-info.supported-architecture",
    "supported-root-device-type",
    "supported-usage-class",
    "supported-virtualization-type",
    "vcpu-info.default-cores",
    "vcpu-info.default-vcpus",
];

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("InstanceTypes");
    let types = all();
    if let Some(name) = names.iter().find(|name| types.iter().all(|kind| kind.name != **name)) {
        // The model's enum has let it pass, so AWS has it.
        return Err(Refusal::not_simulated(format!("the instance type {name}")));
    }
    let filters = known_filters(tx, input, FILTERS)?;
    let items = types
        .iter()
        .filter(|kind| names.is_empty() || names.contains(&kind.name.as_str()))
        .filter(|kind| filters.iter().all(|filter| filter.fits(&kind.filter(&filter.name))))
        .map(|kind| (kind.name.clone(), kind.view()))
        .collect();
    let listing = Listing { ids: "InstanceTypes", answer: "InstanceTypes", ids_exclude_pages: Some("instanceTypes") };
    paged(tx, input, items, listing)
}

fn describe_offerings(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let kind = input.text("LocationType").unwrap_or("region");
    let filters = known_filters(tx, input, &["instance-type", "location"])?;
    let places: Vec<(String, bool)> = match kind {
        "region" => vec![(tx.region().to_owned(), true)],
        "availability-zone" => {
            zones(tx.region()).into_iter().map(|zone| (zone.name.clone(), offered_in(&zone.name))).collect()
        }
        "availability-zone-id" => {
            zones(tx.region()).into_iter().map(|zone| (zone.id, offered_in(&zone.name))).collect()
        }
        other => return Err(Refusal::not_simulated(format!("ec2 DescribeInstanceTypeOfferings by {other}"))),
    };
    let mut items = Vec::new();
    for (place, _) in places.iter().filter(|(_, offered)| *offered) {
        for offered in all() {
            let fits = filters.iter().all(|filter| match filter.name.as_str() {
                "instance-type" => filter.fits(std::slice::from_ref(&offered.name)),
                _ => filter.fits(std::slice::from_ref(place)),
            });
            if fits {
                let view = record! { "InstanceType" => &offered.name, "LocationType" => kind, "Location" => place };
                items.push((format!("{} {place}", offered.name), view));
            }
        }
    }
    let listing = Listing { ids: "", answer: "InstanceTypeOfferings", ids_exclude_pages: None };
    paged(tx, input, items, listing)
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn every_type_is_one_of_awss_and_is_listed_page_by_page() {
        let client = Client::calm();
        let (mut names, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut parameters = vec![("MaxResults", "50")];
            parameters.extend(token.as_deref().map(|token| ("NextToken", token)));
            let answer = client.ec2("DescribeInstanceTypes", &parameters).await;
            names.extend(answer.all("instanceType"));
            token = answer.all("nextToken").pop();
            if token.is_none() {
                break;
            }
        }
        assert_eq!(names.len(), super::all().len());
        assert!(names.contains(&"t3.medium".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_zone_without_a_type_says_so() {
        let client = Client::calm();
        let offered = [
            ("LocationType", "availability-zone"),
            ("Filter.1.Name", "instance-type"),
            ("Filter.1.Value.1", "t3.medium"),
        ];
        let zones = client.ec2("DescribeInstanceTypeOfferings", &offered).await.all("location");
        assert_eq!(zones, ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"]);
    }
}
