//! `aws_route53_zone_lookup`: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html>

use super::Route53Zone;
use crate::{Arn, Computed, Id, Tags, Value};

/// A hosted zone that is there, looked up once and pinned: people make and delegate it by hand.
///
/// Terraform calls the question by the name of the resource; here a type is made or asked.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// // Delegated by hand, and found by its name.
/// let zone = stack.add("main", Route53ZoneLookup::new("shop.test"));
/// let record = Route53Record::new(zone.zone_id(), "www.shop.test", RecordType::A).ttl(300);
/// stack.add("www", record.records(["203.0.113.10"]));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_route53_zone_lookup", service = "route53", mode = Lookup)]
pub struct Route53ZoneLookup {
    /// The domain.
    #[field(case_insensitive, min_length = 1, max_length = 255)]
    name: Value<String>,
    /// Whether it is the zone that VPCs alone see.
    #[field(default = "false")]
    private_zone: Option<Value<bool>>,
    /// Tags that it must have, where several are of the name.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<Route53Zone>>,
    /// The id, by Terraform's other name for it.
    zone_id: Computed<Id<Route53Zone>>,
    /// The ARN.
    arn: Computed<Arn<Route53Zone>>,
    /// What is said of it.
    comment: Computed<String>,
    /// Its name servers.
    name_servers: Computed<Vec<String>>,
    /// The one that its SOA record names.
    primary_name_server: Computed<String>,
}
