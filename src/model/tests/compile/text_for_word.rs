//! A text where one of a set of words is wanted.

use fathuss_model::aws::{DbEngine, DbInstance};
use fathuss_model::Stack;

fn data(stack: &mut Stack) {
    stack.add("main", DbInstance::new(DbEngine::Postgres, "db.t3.medium"));
}

fn main() {}
