//! An EC2 size where a database's is wanted.

use fathuss_model::aws::{DbInstance, InstanceType};
use fathuss_model::Stack;

fn data(stack: &mut Stack) {
    stack.add("main", DbInstance::postgres("17", InstanceType::T3Medium));
}

fn main() {}
