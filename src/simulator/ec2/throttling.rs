//! How many requests EC2 takes: each operation has a bucket of its own, and those that launch, start, stop or end
//! instances have a second one, from which each instance takes a token.
//!
//! Sizes and rates are those of <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>. The console's
//! own buckets are left out: nothing here is the console.

use crate::throttle::Bucket;
use crate::value::Value;

/// Reads that have a smaller bucket where they ask for everything at once.
const LISTINGS: &[&str] = &[
    "DescribeInstanceStatus",
    "DescribeInstances",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSnapshots",
    "DescribeSpotInstanceRequests",
    "DescribeVolumes",
];

/// Operations with a size and a rate that are in no category.
const OWN: &[(&str, f64, f64)] = &[
    ("AssignPrivateIpAddresses", 100.0, 5.0),
    ("AssignPrivateNatGatewayAddress", 10.0, 1.0),
    ("AssociateIamInstanceProfile", 100.0, 5.0),
    ("AssociateNatGatewayAddress", 10.0, 1.0),
    ("CreateLaunchTemplateVersion", 100.0, 5.0),
    ("CreateNatGateway", 10.0, 1.0),
    ("CreateNetworkInterface", 100.0, 5.0),
    ("CreateSnapshot", 100.0, 5.0),
    ("CreateTags", 100.0, 10.0),
    ("CreateVolume", 100.0, 5.0),
    ("CreateVpcEndpoint", 4.0, 0.3),
    ("DeleteNatGateway", 10.0, 1.0),
    ("DeleteNetworkInterface", 100.0, 5.0),
    ("DeleteSnapshot", 100.0, 5.0),
    ("DeleteTags", 100.0, 10.0),
    ("DeleteVolume", 100.0, 5.0),
    ("DeleteVpcEndpoints", 4.0, 0.3),
    ("DescribeSecurityGroupReferences", 20.0, 5.0),
    ("DescribeStaleSecurityGroups", 20.0, 5.0),
    ("DisassociateIamInstanceProfile", 100.0, 5.0),
    ("DisassociateNatGatewayAddress", 10.0, 1.0),
    ("ModifyInstanceMetadataOptions", 100.0, 5.0),
    ("ModifyLaunchTemplate", 100.0, 5.0),
    ("ModifyNetworkInterfaceAttribute", 100.0, 5.0),
    ("ModifyVpcEndpoint", 4.0, 0.3),
    ("RunInstances", 5.0, 2.0),
    ("StartInstances", 5.0, 2.0),
    ("TerminateInstances", 100.0, 5.0),
    ("UnassignPrivateIpAddresses", 100.0, 5.0),
    ("UnassignPrivateNatGatewayAddress", 10.0, 1.0),
];

/// The bucket that a request takes a token from.
pub(super) fn bucket(operation: &str, input: &Value) -> Option<Bucket> {
    let own = OWN.iter().find(|(name, ..)| *name == operation).map(|(_, size, refill)| (*size, *refill));
    let reads = ["Describe", "Get", "List", "Search"].iter().any(|start| operation.starts_with(start));
    let everything = match input {
        Value::Record(members) => members.keys().all(|name| name == "DryRun"),
        _ => true,
    };
    let listing = everything && LISTINGS.contains(&operation);
    let (size, refill) = match own {
        Some(own) => own,
        None if listing => (50.0, 10.0),
        None if reads => (100.0, 20.0),
        // What AWS calls resource-intensive has a table of its own, with the same numbers.
        None => (50.0, 5.0),
    };
    let name = format!("ec2.{operation}{}", if listing { ".unfiltered" } else { "" });
    Some(Bucket { name, size, refill })
}

/// The bucket that each of a request's instances takes a token from, and how many those are.
pub(super) fn resources(operation: &str, input: &Value) -> Option<(Bucket, f64)> {
    let (refill, instances) = match operation {
        "RunInstances" => (2.0, input.get("MaxCount").integer().unwrap_or(1).max(1) as f64),
        "StartInstances" => (2.0, input.get("InstanceIds").list().len() as f64),
        "StopInstances" | "TerminateInstances" => (20.0, input.get("InstanceIds").list().len() as f64),
        _ => return None,
    };
    Some((Bucket { name: format!("ec2.{operation}.instances"), size: 1000.0, refill }, instances))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::record;
    use crate::{Config, Simulator};

    #[test]
    fn each_operation_has_the_bucket_of_its_category() {
        let of = |operation: &str, input: Value| bucket(operation, &input).map(|bucket| (bucket.size, bucket.refill));
        assert_eq!(of("DescribeVpcs", record! {}), Some((100.0, 20.0)));
        assert_eq!(of("GetLaunchTemplateData", record! { "InstanceId" => "i-1" }), Some((100.0, 20.0)));
        assert_eq!(of("DescribeInstances", record! {}), Some((50.0, 10.0)));
        assert_eq!(of("DescribeInstances", record! { "MaxResults" => 5_i64 }), Some((100.0, 20.0)));
        assert_eq!(of("CreateVpc", record! {}), Some((50.0, 5.0)));
        assert_eq!(of("AuthorizeSecurityGroupIngress", record! {}), Some((50.0, 5.0)));
        assert_eq!(of("CreateNatGateway", record! {}), Some((10.0, 1.0)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_instances_are_launched_at_once_and_then_two_a_second() {
        let client = Client::of(Simulator::open(Config { lags: Vec::new(), ..Config::new(7) }).unwrap());
        let launch = async |most: &str| {
            let parameters = [("ImageId", "ami-0123456789abcdef0"), ("MinCount", "1"), ("MaxCount", most)];
            client.try_ec2("RunInstances", &parameters).await.code
        };
        // The image is looked for after the tokens are taken.
        assert_eq!(launch("1001").await, "RequestLimitExceeded");
        assert_eq!(launch("999").await, "InvalidAMIID.NotFound");
        assert_eq!(launch("2").await, "RequestLimitExceeded");
        client.wait(1);
        assert_eq!(launch("2").await, "InvalidAMIID.NotFound");
        assert_eq!(launch("2").await, "RequestLimitExceeded");
    }
}
