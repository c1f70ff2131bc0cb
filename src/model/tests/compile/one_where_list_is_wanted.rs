//! One subnet where several are wanted.

use fathuss_model::aws::{DbSubnetGroup, Subnet};
use fathuss_model::{Handle, Stack};

fn data(stack: &mut Stack, subnet: &Handle<Subnet>) {
    stack.add("main", DbSubnetGroup::new(subnet));
}

fn main() {}
