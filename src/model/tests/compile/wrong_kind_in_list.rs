//! Security groups where subnets are wanted.

use fathuss_model::aws::{DbSubnetGroup, SecurityGroup};
use fathuss_model::{Handle, Stack};

fn data(stack: &mut Stack, groups: &Vec<Handle<SecurityGroup>>) {
    stack.add("main", DbSubnetGroup::new(groups));
}

fn main() {}
