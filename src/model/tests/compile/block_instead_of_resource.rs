//! A block added as if it were a resource.

use fathuss_model::aws::MetadataOptions;
use fathuss_model::Stack;

fn nodes(stack: &mut Stack) {
    stack.add("main", MetadataOptions::v2_only());
}

fn main() {}
