//! A password in the program.

use fathuss_model::aws::{DbInstance, DbInstanceClass};
use fathuss_model::Stack;

fn data(stack: &mut Stack) {
    stack.add("main", DbInstance::postgres("17", DbInstanceClass::T3Medium).password_wo("hunter2"));
}

fn main() {}
