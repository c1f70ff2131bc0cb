//! ARNs of what AWS answers without one.

/// The ARN of a thing of EC2, `resource` being for instance `vpc/vpc-1`.
#[must_use]
pub(crate) fn ec2(region: &str, account: &str, resource: &str) -> String {
    format!("arn:{}:ec2:{region}:{account}:{resource}", partition(region))
}

/// The ARN of a thing of IAM, `resource` being for instance `policy/reader`.
#[must_use]
pub(crate) fn iam(region: &str, account: &str, resource: &str) -> String {
    format!("arn:{}:iam::{account}:{resource}", partition(region))
}

/// The partition that a region lies in.
#[must_use]
pub(crate) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// What the names of services end in, in a region.
#[must_use]
pub(crate) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_partition_follows_the_region() {
        assert_eq!(super::ec2("us-east-1", "1", "vpc/v"), "arn:aws:ec2:us-east-1:1:vpc/v");
        assert_eq!(super::ec2("cn-north-1", "1", "vpc/v"), "arn:aws-cn:ec2:cn-north-1:1:vpc/v");
    }
}
