//! `aws_ami`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>

use crate::{Arn, Computed, Id, Value};

/// A machine image, looked up once and pinned.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// stack.add("amazon_linux", Ami::amazon_linux_2023("arm64"));
/// // One's own, by its name.
/// let filters = [Filter::new("name", ["server-*"]), Filter::new("state", ["available"])];
/// stack.add("server", Ami::new(["self"]).filter(filters).most_recent(true));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_ami", service = "ec2", mode = Lookup)]
pub struct Ami {
    /// Whose images: account ids, `self`, `amazon` or `aws-marketplace`.
    #[field(set, min_length = 1)]
    owners: Value<Vec<String>>,
    /// What it must be like.
    #[field(set)]
    filter: Option<Value<Vec<Filter>>>,
    /// Whether the newest is taken where several fit; refused where not.
    #[field(default = "false")]
    most_recent: Option<Value<bool>>,
    /// The id.
    id: Computed<Id<Ami>>,
    /// The ARN.
    arn: Computed<Arn<Ami>>,
    /// The name.
    name: Computed<String>,
    /// What its owner says of it.
    description: Computed<String>,
    /// `x86_64` or `arm64`.
    architecture: Computed<String>,
    /// When it was made.
    creation_date: Computed<String>,
    /// The account that owns it.
    owner_id: Computed<String>,
    /// The name of its root device.
    root_device_name: Computed<String>,
    /// `ebs` or `instance-store`.
    root_device_type: Computed<String>,
    /// The size of its root volume in GiB, which an instance's cannot be below.
    root_volume_size: Computed<i64>,
    /// `available` where it can be used.
    state: Computed<String>,
}

/// A filter as EC2 takes it.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct Filter {
    /// What is looked at, for instance `name`.
    name: Value<String>,
    /// What it may be; `*` stands for anything.
    values: Value<Vec<String>>,
}

impl Ami {
    /// The newest Amazon Linux 2023 for an architecture, `x86_64` or `arm64`.
    #[must_use]
    pub fn amazon_linux_2023(architecture: &str) -> Self {
        Self::new(["amazon"]).most_recent(true).filter([
            Filter::new("name", [format!("al2023-ami-2023.*-kernel-6.1-{architecture}")]),
            Filter::new("architecture", [architecture.to_owned()]),
            Filter::new("state", ["available".to_owned()]),
        ])
    }
}
