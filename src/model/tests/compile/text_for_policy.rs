//! A policy as a text, which nobody checked.

use fathuss_model::aws::IamRole;
use fathuss_model::Stack;

fn roles(stack: &mut Stack) {
    stack.add("main", IamRole::new(r#"{"Version":"2012-10-17"}"#));
}

fn main() {}
