//! `aws_internet_gateway`: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use super::Vpc;
use super::subnet::vpc_of;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// The way between a VPC and the internet.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// stack.add("main", InternetGateway::new(&vpc));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_internet_gateway", service = "ec2", creation = Tag, create_seconds = 2, delete_seconds = 2, check = check)]
pub struct InternetGateway {
    /// The VPC it is attached to; a VPC has one at most.
    #[field(holds = Along)]
    vpc_id: Value<Id<Vpc>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<InternetGateway>>,
    /// The ARN.
    arn: Computed<Arn<InternetGateway>>,
    /// The account that owns it.
    owner_id: Computed<String>,
}

fn check(gateway: &View<'_>, findings: &mut Findings<'_>) {
    let Some(vpc) = vpc_of(gateway) else { return };
    if let Some(first) = gateway.earlier_siblings_in("vpc_id").first() {
        findings.refuse(format!("a VPC has one internet gateway; {} has {}", vpc.named(), first.named()));
    }
}
