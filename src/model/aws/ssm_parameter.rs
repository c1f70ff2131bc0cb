//! `aws_ssm_parameter`: <https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html>

use super::Ami;
use crate::{Arn, Computed, Handle, Id, Value};

/// A parameter of Systems Manager, looked up once and pinned: one of the account's own, or a public one of AWS's, which
/// names for instance its newest images. A secure one is refused: its value is a secret, and a lookup's answer is none.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let nodes = stack.add("nodes", SsmParameter::eks_nodes("1.35", "x86_64"));
/// stack.add("nodes", LaunchTemplate::new().image_id(nodes.image_id()));
/// // One's own, as any text.
/// let host = stack.add("proxy", SsmParameter::new("/proxy/host"));
/// stack.output("proxy", host.value());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_ssm_parameter", service = "ssm", mode = Lookup)]
pub struct SsmParameter {
    /// The name, or the ARN where it is another account's; a version may stand behind a colon.
    #[field(min_length = 1, max_length = 2048)]
    name: Value<String>,
    /// The name.
    id: Computed<Id<SsmParameter>>,
    /// The ARN.
    arn: Computed<Arn<SsmParameter>>,
    /// `String` or `StringList`.
    r#type: Computed<String>,
    /// The value; a list's elements have commas between them.
    value: Computed<String>,
    /// The version that it was looked up in.
    version: Computed<i64>,
}

impl SsmParameter {
    /// The id of the newest Amazon Linux 2023 for an architecture, `x86_64` or `arm64`.
    #[must_use]
    pub fn amazon_linux_2023(architecture: &str) -> Self {
        Self::new(format!("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-{architecture}"))
    }

    /// The id of the newest image for the nodes of a cluster of that version, for instance `1.35`, and architecture,
    /// `x86_64` or `arm64`.
    #[must_use]
    pub fn eks_nodes(version: &str, architecture: &str) -> Self {
        let image = format!("{version}/amazon-linux-2023/{architecture}/standard/recommended/image_id");
        Self::new(format!("/aws/service/eks/optimized-ami/{image}"))
    }
}

impl Handle<SsmParameter> {
    /// The value, where it is the id of an image.
    #[must_use]
    pub fn image_id(&self) -> Value<Id<Ami>> {
        self.attribute("value")
    }
}
