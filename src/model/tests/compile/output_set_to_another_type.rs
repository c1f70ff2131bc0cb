//! An output that says VPC and is given a subnet.

use fathuss_model::aws::{Subnet, Vpc};
use fathuss_model::{Handle, Id, Output, Stack};

const VPC: Output<Id<Vpc>> = Output::new("network", "vpc");

fn network(stack: &mut Stack, subnet: &Handle<Subnet>) {
    stack.output(&VPC, subnet.id());
}

fn main() {}
