//! A text where a range is wanted: it has to be read first.

use fathuss_model::aws::Vpc;
use fathuss_model::Stack;

fn network(stack: &mut Stack) {
    stack.add("main", Vpc::new("10.0.0.0/16"));
}

fn main() {}
