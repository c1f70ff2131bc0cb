//! `aws_eip`: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>

use crate::{Arn, Computed, Id, Tags, Value, words};

words! {
    /// Where an address can be used.
    pub enum EipDomain {
        /// In a VPC; there is no other since EC2-Classic went.
        InVpc = "vpc",
    }
}

/// A public IPv4 address that stays the account's until it is released.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let address = stack.add("nat", Eip::new().tag("Name", "nat"));
/// stack.output("leaves_from", address.public_ip());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eip", service = "ec2", creation = Tag, create_seconds = 1, delete_seconds = 1)]
pub struct Eip {
    /// Where it can be used.
    #[field(replace, default = "\"vpc\"")]
    domain: Option<Value<EipDomain>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The allocation's id.
    id: Computed<Id<Eip>>,
    /// The allocation's id, by the name that other resources use.
    allocation_id: Computed<Id<Eip>>,
    /// The ARN.
    arn: Computed<Arn<Eip>>,
    /// The address.
    public_ip: Computed<String>,
}
