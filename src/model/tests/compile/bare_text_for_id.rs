//! A text where a VPC is wanted.

use fathuss_model::aws::RouteTable;
use fathuss_model::Stack;

fn network(stack: &mut Stack) {
    stack.add("private", RouteTable::new("vpc-0123456789abcdef0"));
}

fn main() {}
