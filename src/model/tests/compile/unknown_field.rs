//! A field that a VPC does not have.

use fathuss_model::aws::Vpc;
use fathuss_model::{Ipv4Net, Stack};

fn network(stack: &mut Stack, range: Ipv4Net) {
    stack.add("main", Vpc::new(range).enable_dns_hostname(true));
}

fn main() {}
