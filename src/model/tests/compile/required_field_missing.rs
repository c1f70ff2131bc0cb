//! A subnet without its range.

use fathuss_model::aws::{Subnet, Vpc};
use fathuss_model::{Handle, Stack};

fn network(stack: &mut Stack, vpc: &Handle<Vpc>) {
    stack.add("private", Subnet::new(vpc));
}

fn main() {}
