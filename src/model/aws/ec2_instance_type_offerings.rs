//! `aws_ec2_instance_type_offerings`:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html>

use super::Filter;
use crate::{Computed, Id, Value, words};

words! {
    /// What a place is.
    pub enum OfferingLocation {
        /// A region.
        Region = "region",
        /// A zone, by its name.
        AvailabilityZone = "availability-zone",
        /// A zone, by its id, which is the same in every account.
        AvailabilityZoneId = "availability-zone-id",
    }
}

/// Which types of instances are offered where. The three lists belong together: the first of each is one offer.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let offerings = Ec2InstanceTypeOfferings::new()
///     .location_type(OfferingLocation::AvailabilityZone)
///     .filter([Filter::new("instance-type", ["m7g.large"])]);
/// let offerings = stack.add("m7g", offerings);
/// stack.output("zones", offerings.locations());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_ec2_instance_type_offerings", service = "ec2", mode = Lookup)]
pub struct Ec2InstanceTypeOfferings {
    /// What places are.
    #[field(default = "\"region\"")]
    location_type: Option<Value<OfferingLocation>>,
    /// What is asked: by `instance-type`, by `location`, or both.
    #[field(set)]
    filter: Option<Value<Vec<Filter>>>,
    /// The region.
    id: Computed<Id<Ec2InstanceTypeOfferings>>,
    /// The types, in order.
    instance_types: Computed<Vec<String>>,
    /// Where each is offered.
    locations: Computed<Vec<String>>,
    /// What kind of place that is.
    location_types: Computed<Vec<String>>,
}
