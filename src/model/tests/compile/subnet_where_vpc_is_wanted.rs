//! A subnet's id where a VPC's is wanted.

use fathuss_model::aws::{SecurityGroup, Subnet};
use fathuss_model::{Handle, Stack};

fn firewall(stack: &mut Stack, subnet: &Handle<Subnet>) {
    stack.add("database", SecurityGroup::new(subnet.id(), "database"));
}

fn main() {}
