//! A reference that changes in place, and nothing that says what becomes of the resource when the other is replaced.

use fathuss_model::aws::Vpc;
use fathuss_model::{Computed, Id, Resource, Value};

/// Something in a VPC.
#[derive(Clone, Debug, Resource)]
#[resource(type = "aws_thing", service = "ec2", creation = Tag)]
pub struct Thing {
    /// The VPC.
    vpc_id: Value<Id<Vpc>>,
    /// The id.
    id: Computed<Id<Thing>>,
}

fn main() {}
