//! `aws_security_group`: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use super::Vpc;
use super::form;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A firewall around what is in it. Each rule is a resource of its own: a new group lets nothing in and, its default
/// rule being revoked at creation, nothing out.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let cluster = stack.add("cluster", SecurityGroup::new(&vpc, "The nodes of the cluster"));
/// let database = stack.add("database", SecurityGroup::new(&vpc, "PostgreSQL, for the cluster"));
/// stack.add("postgres", IngressRule::tcp(&database, 5432).from_group(&cluster));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_security_group",
    service = "ec2",
    creation = Tag,
    create_seconds = 2,
    delete_seconds = 2,
    check = check
)]
pub struct SecurityGroup {
    /// The VPC it belongs to.
    #[field(replace)]
    vpc_id: Value<Id<Vpc>>,
    /// What it is for; AWS can't change it.
    #[field(
        replace,
        max_length = 255,
        form = form::GROUP_WORDS
    )]
    description: Value<String>,
    /// The name, unique in the VPC.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 255,
        form = form::GROUP_NAME
    )]
    name: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<SecurityGroup>>,
    /// The ARN.
    arn: Computed<Arn<SecurityGroup>>,
    /// The account that owns it.
    owner_id: Computed<String>,
}

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    let Some(name) = group.text("name") else { return };
    let named = |group: &View<'_>| group.text("name").map(str::to_owned);
    if let Some(other) = group.earlier_twins_in("vpc_id", named).first() {
        findings.refuse(format!("{} has the name {name} in the same VPC, which has one of it", other.named()));
    }
}
