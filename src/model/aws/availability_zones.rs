//! `aws_availability_zones`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>

use crate::{Computed, Id, Value, words};

words! {
    /// Whether a zone can be used.
    pub enum ZoneState {
        /// It can.
        Available = "available",
        /// It can in part.
        Impaired = "impaired",
        /// It can't.
        Unavailable = "unavailable",
    }
}

/// The zones of a region. A stack names its zones itself; this proves that they are there.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let zones = ["us-east-1a", "us-east-1b", "us-east-1c"];
/// // The program names its zones; this proves before the first change that they are there.
/// stack.add("all", AvailabilityZones::new().zone_names(zones));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_availability_zones", service = "ec2", mode = Lookup)]
pub struct AvailabilityZones {
    /// The zones that must be there: AWS refuses the request where one is not. All where none are given.
    #[field(set)]
    zone_names: Option<Value<Vec<String>>>,
    /// Only those in this state.
    state: Option<Value<ZoneState>>,
    /// The region.
    id: Computed<Id<AvailabilityZones>>,
    /// The zones' names, in order.
    names: Computed<Vec<String>>,
    /// The zones' ids, the same in every account, in the order of the names.
    zone_ids: Computed<Vec<String>>,
}
