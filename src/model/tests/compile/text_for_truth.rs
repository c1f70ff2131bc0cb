//! A text where true or false is wanted.

use fathuss_model::aws::Vpc;
use fathuss_model::{Ipv4Net, Stack};

fn network(stack: &mut Stack, range: Ipv4Net) {
    stack.add("main", Vpc::new(range).enable_dns_hostnames("yes"));
}

fn main() {}
