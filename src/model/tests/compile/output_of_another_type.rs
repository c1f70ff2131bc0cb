//! Another stack's subnet read where a VPC is wanted.

use fathuss_model::aws::{InternetGateway, Subnet};
use fathuss_model::{Id, Output, Stack};

const SUBNET: Output<Id<Subnet>> = Output::new("network", "subnet");

fn edge(stack: &mut Stack) {
    stack.add("main", InternetGateway::new(stack.read(&SUBNET)));
}

fn main() {}
